//! What to do about a fault: in words, and where one word was meant for another, as a change of the text.

use std::borrow::Cow;
use std::fmt;

use super::diagnostic::Span;
use super::scalar::Scalar;
use crate::json::quote;

/// What to do about a fault.
#[derive(Debug, Clone)]
pub(crate) struct Help {
    text: Box<str>,
    /// The word that stands there, and the one that was probably meant.
    swap: Option<(Box<str>, Box<str>)>,
}

/// A change of one file that would mend a fault, for editors and reviewers that can apply one.
///
/// It is what was probably meant, so a person should look at it: a suggested scope is still a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// First byte to replace.
    pub start: usize,
    /// One past the last byte to replace.
    pub end: usize,
    /// What to write there.
    pub replacement: Box<str>,
}

impl Help {
    /// Says that `meant` was meant where `wrong` stands.
    pub fn meant(wrong: &str, meant: &str) -> Self {
        Self { text: format!("did you mean `{meant}`?").into(), swap: Some((wrong.into(), meant.into())) }
    }

    /// The words.
    pub fn into_text(self) -> String {
        self.text.into()
    }

    /// The change, if `text` has at `span` just the wrong word, with or without quotes.
    ///
    /// A place that holds anything else, such as an escape, is left to people.
    pub fn suggest(&self, text: &str, span: Span) -> Option<Suggestion> {
        let (wrong, meant) = self.swap.as_ref()?;
        let written = text.get(span.start..span.end)?;
        let quoted = ['"', '\''].iter().find_map(|&mark| {
            let inner = written.strip_prefix(mark)?.strip_suffix(mark)?;
            (*inner == **wrong && is_literal(meant)).then_some(())
        });
        let (inset, replacement) = match quoted {
            Some(()) => (1, meant.clone()),
            None if *written != **wrong => return None,
            None if is_bare(meant) => (0, meant.clone()),
            None => (0, quote(meant).into()),
        };
        Some(Suggestion { start: span.start + inset, end: span.end - inset, replacement })
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        Self { text: text.into(), swap: None }
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self { text: text.into(), swap: None }
    }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether `word` reads the same inside either kind of quotes.
fn is_literal(word: &str) -> bool {
    !word.chars().any(|c| c.is_control() || matches!(c, '"' | '\'' | '\\'))
}

/// Whether `word` may stand without quotes anywhere, also inside brackets, and stays a text.
fn is_bare(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(is_plain)
        && matches!(Scalar::plain(word), Ok(Scalar::Text(_)))
}

/// What somebody may have meant by `word`: the nearest of `known`, if any is near.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let reach = (word.chars().count() / 3).clamp(1, 3);
    let folded = word.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
    // One that begins like the other is as near as a wrong letter: `maximum` and `max`.
    let begins = |candidate: &str| {
        candidate.len() > 2 && (folded.starts_with(candidate) || candidate.starts_with(&folded))
    };
    let score = |candidate: &str| distance(candidate).min(if begins(candidate) { reach } else { usize::MAX });
    let scored = known.into_iter().map(|candidate| (score(candidate), candidate));
    scored.filter(|&(score, _)| score <= reach).min_by_key(|&(score, _)| score).map(|(_, known)| known)
}

/// The help for a word that is not among `known`: what was meant, or else what there is.
pub(crate) fn did_you_mean<'k>(word: &str, kind: &str, known: impl IntoIterator<Item = &'k str>) -> Help {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(meant) = nearest(word, known.iter().copied()) {
        return Help::meant(word, meant);
    }
    let text = match known.len() {
        0 => format!("there is no {kind}"),
        1..=NAMED_IN_HELP_MAX => format!("known {kind}: {}", quoted(known.iter().copied())),
        more => {
            let some = quoted(known.iter().take(NAMED_IN_HELP_MAX).copied());
            format!("known {kind}: {some} and {} more", more - NAMED_IN_HELP_MAX)
        }
    };
    Help::from(text)
}

const NAMED_IN_HELP_MAX: usize = 12;

/// Words in backticks, parted by commas.
pub(super) fn quoted<'k>(words: impl Iterator<Item = &'k str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// User text as it may stand in a message: one line, cut where it is long, no controls.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control();
    if text.chars().all(is_plain) && text.chars().count() <= SHOWN_CHARACTERS_MAX {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().take(SHOWN_CHARACTERS_MAX).map(|c| if is_plain(c) { c } else { '\u{fffd}' });
    Cow::Owned(kept.chain("...".chars()).collect())
}

const SHOWN_CHARACTERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_a_change_that_keeps_the_quotes_and_the_meaning() {
        let cases = [
            ("tools: [db_qurey]", "db_qurey", "db_query", Some("tools: [db_query]")),
            ("tools: ['db_qurey']", "db_qurey", "db_query", Some("tools: ['db_query']")),
            ("tools: [\"rep.*\"]", "rep.*", "report.*", Some("tools: [\"report.*\"]")),
            ("tools: [x*]", "x*", "*", Some("tools: [\"*\"]")),
            ("scopes: [db]", "db", "db:query", Some("scopes: [\"db:query\"]")),
            ("tools: [yess]", "yess", "yes", Some("tools: [\"yes\"]")),
            ("tools: [\"a\\u0062\"]", "ab", "abc", None),
            ("tools: ['x']", "x", "it's", None),
        ];
        for (text, wrong, meant, wanted) in cases {
            let start = text.find(['[']).map_or(0, |at| at + 1);
            let span = Span { file: 0, start, end: text.len() - 1 };
            let suggestion = Help::meant(wrong, meant).suggest(text, span);
            let changed = suggestion.map(|change| {
                format!("{}{}{}", &text[..change.start], change.replacement, &text[change.end..])
            });
            assert_eq!(changed.as_deref(), wanted, "{text}");
        }
    }
}
