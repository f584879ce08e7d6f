//! What kinds of requests there are to count, and which of them a limit counts.
//!
//! A list, a handshake or a look at a task costs a server other things than a call, and a client that may
//! not even list tools learns nothing. So a limit counts calls unless it says otherwise.

/// A set of kinds of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Requests(u8);

impl Requests {
    /// `tools/call`.
    pub const CALLS: Self = Self(1);
    /// What opens or tests a connection: `initialize`, `server/discover`, `ping`, `logging/setLevel`.
    pub const HANDSHAKES: Self = Self(2);
    /// Streams of messages that the server sends by itself: `subscriptions/listen`, and a `GET`.
    pub const LISTENS: Self = Self(4);
    /// What lists tools, prompts, resources, skills or tasks.
    pub const LISTS: Self = Self(8);
    /// Everything else that a client says: notifications, completions, subscriptions, answers.
    pub const OTHER: Self = Self(16);
    /// What asks after a task, or ends one.
    pub const POLLS: Self = Self(32);
    /// What reads a prompt, a resource or a skill.
    pub const READS: Self = Self(64);

    /// Every kind alone, in the order of their words.
    pub const ALL: &[Self] =
        &[Self::CALLS, Self::HANDSHAKES, Self::LISTENS, Self::LISTS, Self::OTHER, Self::POLLS, Self::READS];

    /// No kind.
    pub const NONE: Self = Self(0);

    /// Whether one of `kinds` is in it.
    pub fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Those that are in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The word of a single kind in policies.
    pub fn as_str(self) -> &'static str {
        const WORDS: &[&str] = &["calls", "handshakes", "listens", "lists", "other", "polls", "reads"];
        Self::ALL.iter().zip(WORDS).find(|(kind, _)| **kind == self).map_or("", |(_, word)| word)
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self::CALLS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_bit_and_a_word_of_its_own() {
        for (at, kind) in Requests::ALL.iter().enumerate() {
            assert!(!kind.as_str().is_empty());
            for other in &Requests::ALL[..at] {
                assert!(!kind.has(*other) && kind.as_str() != other.as_str());
            }
            assert!(kind.or(Requests::CALLS).has(*kind) && !Requests::NONE.has(*kind));
        }
    }
}
