//! What was read before: a server that lists the same notes again does not pay for them twice.
//!
//! Kept are places in a text, by a digest of it that only this process can make; never a text, nor a part of one.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use ring::hmac;
use ring::rand::SystemRandom;

use crate::bounds::{PROSE_REMEMBERED_GUESSES_MAX, PROSE_REMEMBERED_MAX};
use crate::scan::Guess;

/// What was seen in texts, by their digest.
pub(super) struct Memory {
    key: hmac::Key,
    seen: Cache<[u8; 32], Arc<[Guess]>, ByGuesses>,
}

/// A text counts as one more than what was seen in it.
#[derive(Debug, Clone, Copy)]
struct ByGuesses;

impl Weighter<[u8; 32], Arc<[Guess]>> for ByGuesses {
    fn weight(&self, _: &[u8; 32], seen: &Arc<[Guess]>) -> u64 {
        u64::try_from(seen.len()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

impl Memory {
    pub(super) fn new() -> Self {
        // INVARIANT: the system's generator works; ring blocks at boot until it is seeded.
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .expect("the system gives random bits");
        let seen = Cache::with_weighter(PROSE_REMEMBERED_MAX, PROSE_REMEMBERED_GUESSES_MAX, ByGuesses);
        Self { key, seen }
    }

    /// What was seen in a text by a model that had to be so sure.
    pub(super) fn recall(&self, text: &str, threshold: f32) -> Option<Arc<[Guess]>> {
        self.seen.get(&self.digest(text, threshold))
    }

    /// Keeps what was seen in a text; hands it back.
    pub(super) fn keep(&self, text: &str, threshold: f32, guesses: Vec<Guess>) -> Arc<[Guess]> {
        let guesses: Arc<[Guess]> = guesses.into();
        self.seen.insert(self.digest(text, threshold), Arc::clone(&guesses));
        guesses
    }

    fn digest(&self, text: &str, threshold: f32) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&threshold.to_bits().to_le_bytes());
        context.update(text.as_bytes());
        let mut digest = [0; 32];
        digest.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Detector;

    #[test]
    fn remembers_by_text_and_threshold_and_forgets_beyond_its_bound() {
        let memory = Memory::new();
        let guess = Guess { span: 0..3, detector: Detector::PERSON };
        memory.keep("Ann came", 0.5, vec![guess.clone()]);
        assert_eq!(memory.recall("Ann came", 0.5).as_deref(), Some(&[guess.clone()][..]));
        assert!(memory.recall("Ann came", 0.6).is_none());
        assert!(memory.recall("Ann went", 0.5).is_none());
        let many = usize::try_from(PROSE_REMEMBERED_GUESSES_MAX).expect("a small number");
        memory.keep("full", 0.5, vec![guess; many]);
        assert!(memory.recall("full", 0.5).is_none(), "it weighs more than there is room");
        for number in 0..2 * PROSE_REMEMBERED_GUESSES_MAX {
            memory.keep(&number.to_string(), 0.5, Vec::new());
        }
        assert!(memory.seen.weight() <= PROSE_REMEMBERED_GUESSES_MAX);
    }
}
