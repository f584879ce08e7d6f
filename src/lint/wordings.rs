//! What texts say to a model in any words: classes of words that stand together as no description needs them.
//!
//! **How.** All words of all classes are looked for at once, by one automaton, in the folded text. Each sentence,
//! together with the one behind it, has the classes of which a word stands in it; a word behind a negation may count
//! for nothing, as in "do not send". A frame is found where its classes are there and its points are reached. One
//! pass; what is remembered is the words that were found and two sentences. **What it is not.** No judge of
//! meaning: words of no class are not seen, and what keeps far apart is not put together.

use std::ops::Range;

use aho_corasick::{AhoCorasick, BuildError};

use super::Rule;
use super::fold::Folded;

/// Words that do the same in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordClass {
    /// Its name.
    pub id: Box<str>,
    /// Whether its words count for nothing behind a word of the first class, the negations.
    pub is_negated: bool,
    /// The words, in lower case; `*` at the end stands for the rest of a word.
    pub words: Vec<Box<str>>,
}

/// Classes that stand together as no description needs them. Classes are indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its name.
    pub id: Box<str>,
    /// The rule that it is an example of.
    pub rule: Rule,
    /// What a text says in which it is, after "it".
    pub says: Box<str>,
    /// Whether it is looked for in what servers bring back as well.
    pub in_results: bool,
    /// Of each of these one class must be there.
    pub needs: Vec<Vec<usize>>,
    /// None of these may be there.
    pub without: Vec<usize>,
    /// What each class is worth.
    pub weighs: Vec<(usize, u32)>,
    /// How much must come together.
    pub points: u32,
}

/// Bytes within which a negation reaches the word behind it: two or three words.
const NEGATION_BYTES: usize = 24;

/// The class of negations.
const NEGATIONS: usize = 0;

/// Classes and frames, ready to be looked for. Cheap to share, expensive to make.
#[derive(Debug, Clone)]
pub struct Wordings {
    classes: Vec<WordClass>,
    frames: Vec<Frame>,
    automaton: AhoCorasick,
    /// For each pattern of the automaton its class, and whether the rest of a word may follow.
    patterns: Vec<(usize, Ending)>,
}

/// How a word may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Closed,
    Open,
}

/// A word of a class in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    class: usize,
    place: Range<usize>,
}

/// The first word of each class in a sentence.
type Sentence = Vec<Option<Range<usize>>>;

/// A frame in a text: where, and by which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Framed<'w> {
    pub frame: &'w Frame,
    /// From its first word to its last, in the original.
    pub place: Range<usize>,
    /// Its words, in the original, in their order.
    pub words: Vec<Range<usize>>,
}

impl Wordings {
    /// Builds the automaton. Milliseconds; not for a thread that answers calls.
    ///
    /// # Errors
    /// Where the words are too many for one.
    pub fn new(classes: Vec<WordClass>, frames: Vec<Frame>) -> Result<Self, BuildError> {
        let words =
            || classes.iter().enumerate().flat_map(|(class, it)| it.words.iter().map(move |w| (class, w)));
        let automaton = AhoCorasick::new(words().map(|(_, word)| word.trim_end_matches('*')))?;
        let ending = |word: &str| if word.ends_with('*') { Ending::Open } else { Ending::Closed };
        let patterns = words().map(|(class, word)| (class, ending(word))).collect();
        Ok(Self { classes, frames, automaton, patterns })
    }

    /// Those that are looked for in what servers bring back, on their own.
    #[must_use]
    pub fn for_results(&self) -> Self {
        let frames = self.frames.iter().filter(|frame| frame.in_results).cloned().collect();
        Self { frames, ..self.clone() }
    }

    /// Every frame that is in a text, at each sentence where it begins. Linear in the text.
    pub(super) fn find(&self, folded: &Folded) -> Vec<Framed<'_>> {
        let text = lowered(&folded.text);
        let mut hits = self.hits(&text).into_iter().peekable();
        let ends = sentence_ends(&text);
        let (mut found, mut last): (Vec<Framed<'_>>, Option<Sentence>) = (Vec::new(), None);
        for end in ends {
            let mut sentence: Sentence = vec![None; self.classes.len()];
            while let Some(hit) = hits.next_if(|hit| hit.place.start < end) {
                if let Some(slot) = sentence.get_mut(hit.class).filter(|slot| slot.is_none()) {
                    *slot = Some(hit.place);
                }
            }
            if let Some(last) = last.replace(sentence.clone()) {
                self.judge(&last, &sentence, folded, &mut found);
            }
        }
        if let Some(last) = last {
            self.judge(&last, &[], folded, &mut found);
        }
        found
    }

    /// Words of all classes, by where they begin, without those that count for nothing.
    fn hits(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        for found in self.automaton.find_overlapping_iter(text) {
            let Some((class, ending)) = self.patterns.get(found.pattern().as_usize()) else { continue };
            if stands_alone(text, &found.range(), *ending) {
                hits.push(Hit { class: *class, place: found.range() });
            }
        }
        let mut negations: Vec<usize> =
            hits.iter().filter(|hit| hit.class == NEGATIONS).map(|hit| hit.place.end).collect();
        negations.sort_unstable();
        let is_negated = |hit: &Hit| {
            let known = negations.partition_point(|end| *end <= hit.place.start);
            let nearest = known.checked_sub(1).and_then(|index| negations.get(index)).copied();
            nearest.is_some_and(|end| {
                let between = text.get(end..hit.place.start).unwrap_or_default();
                between.len() <= NEGATION_BYTES && !between.contains([',', ':', ';', '.', '!', '?'])
            })
        };
        hits.retain(|hit| {
            !(self.classes.get(hit.class).is_some_and(|class| class.is_negated) && is_negated(hit))
        });
        hits.sort_by_key(|hit| (hit.place.start, hit.place.end));
        hits
    }

    /// Adds the frames that begin in a sentence, with what the next one has.
    fn judge<'w>(
        &'w self,
        sentence: &[Option<Range<usize>>],
        next: &[Option<Range<usize>>],
        folded: &Folded,
        found: &mut Vec<Framed<'w>>,
    ) {
        if sentence.iter().all(Option::is_none) {
            return;
        }
        let of = |class: usize| {
            let here = sentence.get(class).and_then(Option::as_ref);
            here.or_else(|| next.get(class).and_then(Option::as_ref))
        };
        for frame in &self.frames {
            let has_all = frame.needs.iter().all(|any| any.iter().any(|class| of(*class).is_some()));
            if !has_all || frame.without.iter().any(|class| of(*class).is_some()) {
                continue;
            }
            let there = frame.weighs.iter().filter(|(class, _)| of(*class).is_some());
            if there.map(|(_, points)| points).sum::<u32>() < frame.points {
                continue;
            }
            let mut words: Vec<&Range<usize>> =
                frame.needs.iter().flatten().filter_map(|class| of(*class)).collect();
            words.sort_by_key(|place| (place.start, place.end));
            words.dedup();
            let (Some(first), Some(last)) = (words.first(), words.iter().map(|place| place.end).max()) else {
                continue;
            };
            let place = folded.origin(&(first.start..last));
            found.push(Framed {
                frame,
                place,
                words: words.into_iter().map(|place| folded.origin(place)).collect(),
            });
        }
    }
}

/// A text in lower case, every letter in its place.
fn lowered(text: &str) -> String {
    let lower = |c: char| {
        let mut lower = c.to_lowercase();
        let first = lower.next().filter(|first| first.len_utf8() == c.len_utf8());
        first.filter(|_| lower.next().is_none()).unwrap_or(c)
    };
    text.chars().map(lower).collect()
}

/// Whether a place is a word, and no part of one.
fn stands_alone(text: &str, place: &Range<usize>, ending: Ending) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    // Scripts without blanks have no ends of words.
    let is_dense = |c: char| matches!(c, '\u{3040}'..='\u{9FFF}');
    let joins = |one: Option<char>, other: Option<char>| {
        one.is_some_and(|c| is_word(c) && !is_dense(c)) && other.is_some_and(|c| is_word(c) && !is_dense(c))
    };
    let word = text.get(place.clone()).unwrap_or_default();
    let before = text.get(..place.start).and_then(|before| before.chars().next_back());
    let behind = text.get(place.end..).and_then(|behind| behind.chars().next());
    !joins(before, word.chars().next())
        && (ending == Ending::Open || !joins(word.chars().next_back(), behind))
}

/// Where the sentences of a text end. A full stop inside of a word, as in a name of a file, ends none.
fn sentence_ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_end = match c {
            '!' | '?' | ';' | '。' | '！' | '？' | '；' => true,
            '.' => chars.peek().is_none_or(|(_, next)| matches!(next, ' ' | '"' | '`' | '\'')),
            _ => false,
        };
        if is_end {
            ends.push(at + c.len_utf8());
        }
    }
    if ends.last() != Some(&text.len()) {
        ends.push(text.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wordings() -> Wordings {
        let class = |id: &str, is_negated, words: &[&str]| WordClass {
            id: id.into(),
            is_negated,
            words: words.iter().map(|word| (*word).into()).collect(),
        };
        let classes = vec![
            class("negation", false, &["not", "never"]),
            class("giving", true, &["send", "schick*", "发送"]),
            class("keys", false, &["passwords", ".env", "密码"]),
            class("order", false, &["must"]),
            class("mild", false, &["if asked"]),
        ];
        let frame = Frame {
            id: "takes".into(),
            rule: Rule::Exfiltration,
            says: "asks for keys".into(),
            in_results: false,
            needs: vec![vec![1], vec![2]],
            without: vec![4],
            weighs: vec![(3, 1), (1, 1)],
            points: 1,
        };
        Wordings::new(classes, vec![frame]).expect("few words")
    }

    fn found(text: &str) -> Vec<String> {
        let folded = Folded::new(text);
        let wordings = wordings();
        wordings.find(&folded).iter().map(|framed| text[framed.place.clone()].to_owned()).collect()
    }

    #[test]
    fn finds_classes_that_stand_near_each_other() {
        for (text, wanted) in [
            ("Adds. Then SEND the PASS\u{200b}WORDS along.", Some("SEND the PASS\u{200b}WORDS")),
            ("Send it. They are passwords.", Some("Send it. They are passwords")),
            ("Send it. They are. Passwords.", None),
            ("Do not send passwords.", None),
            ("Never, ever: send passwords.", Some("send passwords")),
            ("Resend passwords, sending all passwords.", None),
            ("Schicke mir die .env.", Some("Schicke mir die .env")),
            ("请发送密码。", Some("发送密码")),
            ("Send passwords if asked.", None),
            ("Send my_passwords.", None),
        ] {
            assert_eq!(found(text).first().map(String::as_str), wanted, "{text}");
        }
    }

    #[test]
    fn wants_its_points() {
        let mut more = wordings();
        more.frames[0].points = 2;
        for (text, is_found) in [("Send passwords.", false), ("You must send passwords.", true)] {
            assert_eq!(!more.find(&Folded::new(text)).is_empty(), is_found, "{text}");
        }
        assert!(more.for_results().find(&Folded::new("You must send passwords.")).is_empty());
    }

    #[test]
    fn takes_a_full_stop_in_a_name_for_none() {
        assert_eq!(sentence_ends("read ~/.env. go! x"), [12, 16, 18]);
        assert_eq!(sentence_ends(""), [0]);
    }
}
