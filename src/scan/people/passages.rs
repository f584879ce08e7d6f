//! The prose of a message: the texts that a model reads, and the way back from what it says to their bytes.
//!
//! A *passage* is a string value of several words, unescaped. JSON in a string is taken apart first, to two levels:
//! judged whole it would be no prose, and cost five times as much. Keys are never read, nor ids, numbers and encoded
//! bytes, which have no words.

use std::collections::BTreeSet;
use std::iter;
use std::ops::ControlFlow;

use super::told::Told;
use crate::bounds::{PROSE_CHARS_MIN, PROSE_WORDS_MIN, SCAN_VIEW_DEPTH_MAX};
use crate::json::{Document, Kind, Value, quote};
use crate::scan::rules::Ruleset;
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::{Form, Hit};
use crate::scan::spelling::media;
use crate::scan::spelling::unescaped::Unescaped;
use crate::scan::{Detector, Direction, Plan, echoes};

/// There is more prose than may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuchProse;

/// Hands over every passage of `value`, until told to stop.
fn each(
    value: Value<'_>,
    around: Option<&Unescaped<'_>>,
    depth: u32,
    take: &mut dyn FnMut(&Unescaped<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let inside = value.containers().flat_map(|it| it.elements().chain(it.members().map(|(_, value)| value)));
    for string in iter::once(value).chain(inside).filter(|value| value.kind() == Kind::String) {
        if !string.content().is_some_and(may_be_prose) {
            continue;
        }
        let Some(passage) = Unescaped::of(string, around) else { continue };
        let is_inner = depth < SCAN_VIEW_DEPTH_MAX && passage.text.trim_start().starts_with(['{', '[']);
        if is_inner && let Ok(document) = Document::parse(passage.text.as_bytes()) {
            each(document.root(), Some(&passage), depth + 1, take)?;
        } else if is_prose(&passage.text) {
            take(&passage)?;
        }
    }
    ControlFlow::Continue(())
}

/// Whether the content of a string may be prose; it may be escaped. Cheap, for every string is asked.
fn may_be_prose(content: &str) -> bool {
    content.len() >= PROSE_CHARS_MIN
        && content.bytes().any(|byte| matches!(byte, b' ' | b'\\') || !byte.is_ascii())
}

/// Whether a text has words enough to be prose.
fn is_prose(text: &str) -> bool {
    let is_word = |word: &&str| word.as_bytes().windows(2).any(|pair| pair.iter().all(is_letter));
    text.chars().nth(PROSE_CHARS_MIN - 1).is_some()
        && text.split_whitespace().filter(is_word).nth(PROSE_WORDS_MIN - 1).is_some()
}

/// Whether a byte is a letter, or a part of a character that is none of ASCII.
fn is_letter(byte: &u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}

impl Plan {
    /// The prose of `carrier`, the part of a message that its sender fills, each text once; for a model to read.
    /// Texts in base64 are read too.
    ///
    /// # Errors
    /// [`TooMuchProse`]: the texts together have more than `bytes_max` bytes. Nothing of them is kept then.
    pub fn passages(&self, carrier: Value<'_>, bytes_max: usize) -> Result<BTreeSet<Box<str>>, TooMuchProse> {
        let (mut texts, mut bytes) = (BTreeSet::new(), 0);
        let mut take = |passage: &Unescaped<'_>| {
            if !texts.contains(&*passage.text) {
                bytes += passage.text.len();
                if bytes > bytes_max {
                    return ControlFlow::Break(());
                }
                texts.insert(Box::from(&*passage.text));
            }
            ControlFlow::Continue(())
        };
        let mut whole = each(carrier, None, 0, &mut take);
        for text in media::texts(carrier) {
            let quoted = quote(&text);
            if let (true, Ok(document)) = (whole.is_continue(), Document::parse(quoted.as_bytes())) {
                whole = each(document.root(), None, 0, &mut take);
            }
        }
        if whole.is_continue() { Ok(texts) } else { Err(TooMuchProse) }
    }

    /// Whether a rule that does more than report takes what a model says of one of `detectors` in `direction`.
    pub fn acts_on(&self, direction: Direction, detectors: &[Detector]) -> bool {
        let rules = self.ruleset(direction);
        let asked =
            detectors.iter().fold(0, |asked, detector| asked | rules.taking(*detector, Ground::Model));
        asked & rules.acting() != 0
    }

    /// Whether any rule, in shadow too, takes what a model says of one of `detectors` in `direction`.
    pub fn looks_for(&self, direction: Direction, detectors: &[Detector]) -> bool {
        detectors.iter().any(|detector| self.ruleset(direction).taking(*detector, Ground::Model) != 0)
    }
}

/// What a model saw in `carrier`, and the same people elsewhere in `bytes`, the text that is swept. `place` leads
/// from places in the whole message to those.
pub(in crate::scan) fn hits(
    carrier: Value<'_>,
    told: &Told,
    bytes: &[u8],
    rules: &Ruleset,
    place: impl Fn(usize) -> usize,
) -> Vec<Hit> {
    let mut hits = Vec::new();
    // It goes on to the end.
    let _: ControlFlow<()> = each(carrier, None, 0, &mut |passage| {
        hits.extend(told.of(&passage.text).iter().filter_map(|guess| {
            let asking = Some(rules.taking(guess.detector, Ground::Model)).filter(|asking| *asking != 0)?;
            let back = |at| place(passage.back(at));
            let span = back(guess.span.start)..back(guess.span.end);
            Some(Hit {
                span,
                detector: guess.detector,
                rules: asking,
                form: Form::Part,
                ground: Ground::Model,
            })
        }));
        ControlFlow::Continue(())
    });
    let again = echoes::again(bytes, &hits);
    hits.extend(again);
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::tests::rule;
    use crate::scan::{Action, Desk, Guess};

    /// A model that knows one person and nothing else.
    fn told(plan: &Plan, text: &str) -> Told {
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut told = Told::default();
        for passage in plan.passages(document.root(), usize::MAX).unwrap() {
            let found = ["Zo\u{eb} Roe", "Al \"X\" Po"].iter().flat_map(|name| passage.match_indices(name));
            let guess =
                |(at, name): (usize, &str)| Guess { span: at..at + name.len(), detector: Detector::PERSON };
            let guesses: Vec<_> = found.map(guess).collect();
            told.note(passage, guesses);
        }
        told
    }

    fn plan() -> Plan {
        Plan::new(vec![rule("r", &[Detector::PERSON], &[], Action::Replace)]).unwrap()
    }

    fn edited(plan: &Plan, text: &str, told: &Told) -> String {
        let document = Document::parse(text.as_bytes()).unwrap();
        let desk = Desk { told: Some(told), ..Desk::default() };
        let sighting = plan.scan_at(&desk, Direction::Results, document.root());
        String::from_utf8(sighting.splice.apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn finds_the_way_back_from_every_spelling() {
        let plan = plan();
        for (text, wanted) in [
            (
                r#"{"a":"before that Zoë Roe came and went again"}"#,
                r#"{"a":"before that [NAME] came and went again"}"#,
            ),
            (
                r#"{"a":"before that Zo\u00eb\u0020\u0052oe came and went again"}"#,
                r#"{"a":"before that [NAME] came and went again"}"#,
            ),
            (
                r#"{"a":"é\n\"so\" before that Al \"X\" Po\tcame and went again"}"#,
                r#"{"a":"é\n\"so\" before that [NAME]\tcame and went again"}"#,
            ),
            (
                r#"{"a":"{\"b\":[\"then it was Zo\\u00eb Roe who came again\"]}"}"#,
                r#"{"a":"{\"b\":[\"then it was [NAME] who came again\"]}"}"#,
            ),
            (
                r#"{"a":"{\"b\":\"{\\\"c\\\":\\\"then it was Zoë Roe who came again\\\"}\"}"}"#,
                r#"{"a":"{\"b\":\"{\\\"c\\\":\\\"then it was [NAME] who came again\\\"}\"}"}"#,
            ),
            (
                r#"{"a":"before that Zoë Roe came and went again","b":"Zoë Roe","c":["by Zoë Roe"]}"#,
                r#"{"a":"before that [NAME] came and went again","b":"[NAME]","c":["by [NAME]"]}"#,
            ),
            (
                r#"{"a":"\uff11\uff12 before that Zoë Roe came and went again"}"#,
                r#"{"a":"\uff11\uff12 before that [NAME] came and went again"}"#,
            ),
            (
                r#"{"nextCursor":"before that Zoë Roe came and went again"}"#,
                r#"{"nextCursor":"before that Zoë Roe came and went again"}"#,
            ),
        ] {
            let told = told(&plan, text);
            let once = edited(&plan, text, &told);
            assert_eq!(once, wanted, "{text}");
            assert_eq!(edited(&plan, &once, &told), once, "twice");
        }
    }

    #[test]
    fn reads_texts_in_base64() {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let around = |text: &str| {
            let blob = encode(text);
            format!(r#"{{"contents":[{{"uri":"a:b","mimeType":"text/plain","blob":"{blob}"}}]}}"#)
        };
        let plan = plan();
        let text = around("before that Zo\u{eb} Roe came and went again");
        let told = told(&plan, &text);
        assert_eq!(edited(&plan, &text, &told), around("before that [NAME] came and went again"));
    }

    #[test]
    fn leaves_what_is_no_prose_and_takes_each_text_once() {
        let plan = plan();
        let texts = |text: &str, most: usize| {
            let document = Document::parse(text.as_bytes()).unwrap();
            plan.passages(document.root(), most)
                .map(|texts| texts.into_iter().map(String::from).collect::<Vec<_>>())
        };
        let prose = "here are five plain words";
        assert_eq!(prose.len(), PROSE_CHARS_MIN);
        let both = format!(r#"{{"a":"{prose}","b":["{prose}"],"{prose} that is a key":1}}"#);
        assert_eq!(texts(&both, prose.len()), Ok(vec![prose.to_owned()]));
        assert_eq!(texts(&both, prose.len() - 1), Err(TooMuchProse));
        assert_eq!(texts(&format!("\"{prose}\""), usize::MAX), Ok(vec![prose.to_owned()]));
        for text in [
            "here are five plain word",
            "just four wordies 12345 67890 here",
            "2026-11-23 2026-11-24 2026-11-25 2026-11-26 2026-11-27",
            "VGhpcyBpcyBubyBwcm9zZSBidXQgYSBydW4gb2YgYmFzZTY0IHRoYXQgaGFzIG5vIHdvcmRz",
            "/usr/share/doc/some/path/that/is/long/enough",
        ] {
            assert_eq!(texts(&format!(r#"["{text}"]"#), usize::MAX), Ok(vec![]), "{text}");
        }
    }

    #[test]
    fn is_asked_for_by_rules_that_act_and_by_those_in_shadow() {
        let mut shadow = rule("s", &[Detector::PERSON], &[], Action::Replace);
        shadow.mode = crate::names::Mode::Shadow;
        let plan = Plan::new(vec![shadow, rule("r", &[Detector::EMAIL], &[], Action::Replace)]).unwrap();
        let is = |detector| {
            let one = [detector];
            (plan.looks_for(Direction::Results, &one), plan.acts_on(Direction::Results, &one))
        };
        assert_eq!(is(Detector::PERSON), (true, false));
        assert_eq!(is(Detector::EMAIL), (true, true));
        assert_eq!(is(Detector::ADDRESS), (false, false));
        assert!(!plan.looks_for(Direction::Arguments, &[Detector::PERSON]));
    }
}
