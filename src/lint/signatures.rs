//! Patterns of texts that speak to a model in place of describing something.
//!
//! **How.** Every pattern is a regular expression without back-references, so that a text is read in linear
//! time whatever it says; all of them are tried at once on the folded text, and only those that are found are
//! looked for a second time, for their place. **What it is not.** No judge of meaning: what is said in other
//! words is not found.

use std::ops::Range;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::fold::Folded;
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
}

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
    /// Each with the index of its signature.
    patterns: Vec<(usize, Regex)>,
    set: RegexSet,
}

impl Signatures {
    /// Compiles signatures. Milliseconds; not for a thread that answers calls.
    ///
    /// # Errors
    /// [`SignatureFault`]: the author's.
    pub fn new(all: Vec<Signature>) -> Result<Self, SignatureFault> {
        let texts: Vec<(usize, &str)> = all
            .iter()
            .enumerate()
            .flat_map(|(index, signature)| signature.any.iter().map(move |text| (index, &**text)))
            .collect();
        if texts.len() > SIGNATURES_MAX {
            return Err(SignatureFault::TooMany);
        }
        let mut patterns = Vec::with_capacity(texts.len());
        for (index, text) in &texts {
            let built = RegexBuilder::new(text)
                .case_insensitive(true)
                .size_limit(SIGNATURE_PROGRAM_BYTES_MAX)
                .build();
            let fault = |cause: regex::Error| SignatureFault::Pattern {
                id: all.get(*index).map(|signature| signature.id.clone()).unwrap_or_default(),
                cause: cause.to_string(),
            };
            patterns.push((*index, built.map_err(fault)?));
        }
        let set = RegexSetBuilder::new(texts.iter().map(|(_, text)| *text))
            .case_insensitive(true)
            .size_limit(SIGNATURE_PROGRAM_BYTES_MAX * 8)
            .build()
            .map_err(|cause| SignatureFault::Pattern {
                id: "all of them".into(),
                cause: cause.to_string(),
            })?;
        Ok(Self { all, patterns, set })
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
        Self::new(self.all.iter().filter(|signature| signature.in_results).cloned().collect())
    }

    /// What of them is in a text, each signature once, with its place in the text. Linear.
    pub fn find(&self, text: &str) -> Vec<(&Signature, Range<usize>)> {
        let folded = Folded::new(text);
        let mut found: Vec<(usize, Range<usize>)> = Vec::new();
        for index in self.set.matches(&folded.text) {
            let Some((signature, pattern)) = self.patterns.get(index) else { continue };
            let Some(place) = pattern.find(&folded.text) else { continue };
            if found.iter().all(|(known, _)| known != signature) {
                found.push((*signature, folded.origin(&place.range())));
            }
        }
        found.into_iter().filter_map(|(index, place)| Some((self.all.get(index)?, place))).collect()
    }

    /// Every place of a text where one of them is, in their order, joined where they meet. Linear for each of
    /// those that are found.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let folded = Folded::new(text);
        let found = self.set.matches(&folded.text);
        let patterns = found.iter().filter_map(|index| self.patterns.get(index));
        let mut places: Vec<Range<usize>> = patterns
            .flat_map(|(_, pattern)| {
                pattern.find_iter(&folded.text).map(|place| folded.origin(&place.range()))
            })
            .collect();
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
        each.collect()
    }
}
