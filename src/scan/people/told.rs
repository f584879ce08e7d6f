//! What a model took parts of texts for, so that a scan can take them for it too.
//!
//! The model reads before the scan does, and elsewhere: it takes milliseconds, a scan takes microseconds. What it
//! says hangs on the text alone, so it is found again wherever the text stands.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::scan::Detector;

/// A part of a text, and what a model takes it for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// Its bytes in the text, unescaped.
    pub span: Range<usize>,
    /// What it is.
    pub detector: Detector,
}

/// The texts of a message in which a model saw something. Holds them for as long as the message is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told(BTreeMap<Box<str>, Box<[Guess]>>);

impl Told {
    /// Notes what was seen in `text`. A guess that is no part of it is left out.
    pub fn note(&mut self, text: Box<str>, guesses: impl IntoIterator<Item = Guess>) {
        let is_part = |guess: &Guess| text.get(guess.span.clone()).is_some_and(|part| !part.is_empty());
        let guesses: Box<[Guess]> = guesses.into_iter().filter(is_part).collect();
        if !guesses.is_empty() {
            self.0.insert(text, guesses);
        }
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was seen in a text.
    pub(in crate::scan) fn of(&self, text: &str) -> &[Guess] {
        self.0.get(text).map_or(&[], |guesses| guesses)
    }
}
