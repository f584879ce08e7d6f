//! Patterns of texts that speak to a model in place of describing something.
//!
//! **How.** Every pattern is a regular expression without back-references, so that a text is read in linear
//! time whatever it says. They are tried one by one on the folded text: each looks for its rare words first, which
//! is ten times as fast as one automaton of all of them. A word boundary is one of ASCII, for the other kind is slow
//! where a text is not. What is said in other words is left to the `wordings` that they may have with them.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::fold::Folded;
use super::wordings::{Framed, Wordings};
use super::{Rule, Seen};
use crate::bounds::{SIGNATURE_PROGRAM_BYTES_MAX, SIGNATURES_MAX};

/// One kind of text, as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Its name.
    pub id: Box<str>,
    /// The rule that it is an example of.
    pub rule: Rule,
    /// What a text says that has it, as in `tells the model to ...`.
    pub says: Box<str>,
    /// Whether it is looked for in the results of tools as well.
    pub in_results: bool,
    /// Regular expressions, any of which is enough; case does not count, nor what is not seen.
    pub any: Vec<Box<str>>,
    /// A regular expression for what must stand at most 100 bytes before it.
    pub behind: Option<Box<str>>,
}

/// Bytes before a place in which the words are looked for behind which it counts.
const BEHIND_BYTES: usize = 100;

/// Why signatures cannot be used: their author's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// A pattern is no regular expression, or too big a one.
    #[error("signature `{id}`: {cause}")]
    Pattern {
        /// Of which signature.
        id: Box<str>,
        /// What is wrong with it.
        cause: String,
    },
    /// There are more patterns than the bounds allow.
    #[error("there may be {SIGNATURES_MAX} patterns at most")]
    TooMany,
}

/// Signatures, ready to be looked for. Cheap to share, expensive to make.
#[derive(Debug)]
pub struct Signatures {
    all: Vec<Signature>,
    patterns: Vec<Pattern>,
    wordings: Option<Wordings>,
}

/// One of the patterns of a signature.
#[derive(Debug)]
struct Pattern {
    /// The index of its signature.
    of: usize,
    what: Regex,
    behind: Option<Regex>,
}

impl Signatures {
    /// Compiles signatures. Milliseconds; not for a thread that answers calls.
    ///
    /// # Errors
    /// [`SignatureFault`]: the author's.
    pub fn new(all: Vec<Signature>) -> Result<Self, SignatureFault> {
        if all.iter().map(|signature| signature.any.len()).sum::<usize>() > SIGNATURES_MAX {
            return Err(SignatureFault::TooMany);
        }
        let mut patterns = Vec::new();
        for (of, signature) in all.iter().enumerate() {
            for text in &signature.any {
                let behind = signature.behind.as_deref().map(|text| compile(signature, text)).transpose()?;
                patterns.push(Pattern { of, what: compile(signature, text)?, behind });
            }
        }
        Ok(Self { all, patterns, wordings: None })
    }

    /// With what says the same in other words.
    #[must_use]
    pub fn with_wordings(self, wordings: Wordings) -> Self {
        Self { wordings: Some(wordings), ..self }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Signature> {
        self.all.iter()
    }

    /// Those that are looked for in the results of tools, on their own.
    ///
    /// # Errors
    /// As [`Signatures::new`].
    pub fn for_results(&self) -> Result<Self, SignatureFault> {
        let own = Self::new(self.all.iter().filter(|signature| signature.in_results).cloned().collect())?;
        Ok(Self { wordings: self.wordings.as_ref().map(Wordings::for_results), ..own })
    }

    /// What of them is in a text, each signature once, with its place in the text. Linear.
    pub fn find(&self, text: &str) -> Vec<(&Signature, Range<usize>)> {
        let folded = Folded::new(text);
        let mut found: Vec<(usize, Range<usize>)> = Vec::new();
        for pattern in &self.patterns {
            if found.iter().any(|(known, _)| *known == pattern.of) {
                continue;
            }
            if let Some(place) = pattern.places(&folded.text).next() {
                found.push((pattern.of, folded.origin(&place)));
            }
        }
        found.into_iter().filter_map(|(index, place)| Some((self.all.get(index)?, place))).collect()
    }

    /// Every place of a text where one of them is, in their order, joined where they meet. Linear for each of
    /// those that are found.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let folded = Folded::new(text);
        let places = self.patterns.iter().flat_map(|pattern| pattern.places(&folded.text));
        let mut places: Vec<Range<usize>> = places.map(|place| folded.origin(&place)).collect();
        places.extend(self.framed(&folded).into_iter().map(|framed| framed.place));
        places.sort_by_key(|place| place.start);
        places.dedup_by(|next, last| {
            let meets = next.start <= last.end;
            if meets {
                last.end = last.end.max(next.end);
            }
            meets
        });
        places
    }

    pub(super) fn seen(&self, text: &str) -> Vec<Seen> {
        let each = self.find(text).into_iter().map(|(signature, place)| Seen {
            rule: signature.rule,
            what: format!("it {}: `{}`", signature.says, text.get(place).unwrap_or_default()),
            signature: Some(signature.id.clone()),
        });
        let mut seen: Vec<Seen> = each.collect();
        for Framed { frame, words, .. } in self.framed(&Folded::new(text)) {
            // What a pattern has told already, and what another sentence says again, is not told twice.
            if seen.iter().any(|known| known.rule == frame.rule) {
                continue;
            }
            let said = words.into_iter().filter_map(|place| text.get(place));
            let said: Vec<String> = said.map(|word| format!("`{}`", word.trim_matches('`'))).collect();
            let what = format!("it {}: {}", frame.says, said.join(", "));
            seen.push(Seen { rule: frame.rule, what, signature: Some(frame.id.clone()) });
        }
        seen
    }

    fn framed(&self, folded: &Folded) -> Vec<Framed<'_>> {
        self.wordings.as_ref().map(|wordings| wordings.find(folded)).unwrap_or_default()
    }
}

impl Pattern {
    /// Where it is in a text, with the words behind which it counts.
    fn places<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        self.what.find_iter(text).filter_map(move |place| {
            let Some(behind) = &self.behind else { return Some(place.range()) };
            let from = text.floor_char_boundary(place.start().saturating_sub(BEHIND_BYTES));
            let before = behind.find(text.get(from..place.start())?)?;
            Some(from + before.start()..place.end())
        })
    }
}

fn compile(signature: &Signature, text: &str) -> Result<Regex, SignatureFault> {
    let built = RegexBuilder::new(&plain_boundaries(text))
        .case_insensitive(true)
        .size_limit(SIGNATURE_PROGRAM_BYTES_MAX)
        .build();
    built.map_err(|cause| SignatureFault::Pattern { id: signature.id.clone(), cause: cause.to_string() })
}

/// A pattern whose word boundaries are those of ASCII.
fn plain_boundaries(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() * 2);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            (_, Some('b')) if !chars.as_str().starts_with('{') => plain.push_str(r"(?-u:\b)"),
            (c, next) => plain.extend(std::iter::once(c).chain(next)),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_only_behind_the_words_that_it_needs() {
        let signature = Signature {
            id: "files".into(),
            rule: Rule::Exfiltration,
            says: "asks".into(),
            in_results: true,
            any: vec![r"\.ssh\b".into()],
            behind: Some(r"\bread\b".into()),
        };
        let signatures = Signatures::new(vec![signature]).expect("a signature");
        let near = format!("read {}.ssh", "x".repeat(BEHIND_BYTES - 5));
        let far = format!("read {}.ssh", "x".repeat(BEHIND_BYTES - 4));
        for (text, wanted) in
            [("it uses .ssh", 0), ("Read é .ssh, then .ssh", 1), ("spread .ssh", 0), (&near, 1), (&far, 0)]
        {
            assert_eq!(signatures.places(text).len(), wanted, "{text}");
        }
        assert_eq!(signatures.places("then read a .ssh").first(), Some(&(5..16)));
    }

    #[test]
    fn makes_boundaries_plain() {
        assert_eq!(plain_boundaries(r"\ba\\b\.\b"), r"(?-u:\b)a\\b\.(?-u:\b)");
    }
}
