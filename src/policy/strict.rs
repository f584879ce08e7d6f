//! How strict the gate is with a text that two readers could take differently.
//!
//! The default of each is the strict word. What is loosened here is loosened for the whole server, by
//! the policy's author, in a file that is reviewed: nothing that a message says loosens anything.

use crate::bounds::BODY_BYTES_MAX;

pub use crate::json::{DuplicateKeys, Output};

/// How strict the gate is with messages, beyond what no policy can loosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrictPlan {
    /// Several messages in one body.
    pub batches: Batches,
    /// A key that stands twice in one object.
    pub duplicate_keys: DuplicateKeys,
    /// Keys of arguments that are nearly a name which some rule uses.
    pub argument_near_misses: ArgumentNearMisses,
    /// Keys of arguments beside each other that some reader takes for one.
    pub argument_collisions: ArgumentCollisions,
    /// Calls that do not fit the pinned `inputSchema` of their tool.
    pub input_schema: SchemaFit,
    /// How a JSON body goes on; events and lines are always ASCII.
    pub output: Output,
    /// A request with a content coding.
    pub request_coding: RequestCoding,
    /// An answer with a content coding.
    pub answer_coding: AnswerCoding,
    /// The handles that the server gives to its callers.
    pub seal: Seal,
    /// The body of a request, in bytes; at most [`BODY_BYTES_MAX`].
    pub body_bytes_max: usize,
}

/// What becomes of several messages in one body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batches {
    /// Each is judged by itself, in a session of the one revision that has batches.
    #[default]
    Explode,
    /// Refused whatever the revision.
    Reject,
}

/// What becomes of an argument whose key folds to a name that some rule uses, and is not that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArgumentNearMisses {
    /// It is an argument like any other.
    Allow,
    /// The call is refused: a lenient server may read the name that the rule is about.
    #[default]
    Reject,
}

/// What becomes of arguments beside each other whose keys fold to the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArgumentCollisions {
    /// Counted: maps of people's data may well hold `a` and `A`.
    #[default]
    Note,
    /// The call is refused.
    Reject,
}

/// What becomes of a call that does not fit the pinned `inputSchema` of its tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchemaFit {
    /// The rules judge it as any other, and the server says what is wrong.
    Allow,
    /// It is refused before any rule is asked.
    #[default]
    Reject,
    /// The rules judge it, and where they allow it, the record says that it would be refused.
    Shadow,
}

/// What becomes of a request with a content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestCoding {
    /// It is decoded within bounds, judged, and goes on without a coding.
    Decode,
    /// Refused with status 415.
    #[default]
    Refuse,
}

/// What becomes of an answer with a content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnswerCoding {
    /// It is decoded within bounds, judged, and goes on without a coding.
    #[default]
    Decode,
    /// Withheld: the gate never asks for a coding.
    Withhold,
}

/// Which handles are sealed to the caller they were given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seal {
    /// Session ids, task ids, request states, cursors and event ids.
    #[default]
    All,
    /// None: whoever knows a handle may use it.
    None,
}

impl Default for StrictPlan {
    fn default() -> Self {
        Self {
            batches: Batches::default(),
            duplicate_keys: DuplicateKeys::default(),
            argument_near_misses: ArgumentNearMisses::default(),
            argument_collisions: ArgumentCollisions::default(),
            input_schema: SchemaFit::default(),
            output: Output::default(),
            request_coding: RequestCoding::default(),
            answer_coding: AnswerCoding::default(),
            seal: Seal::default(),
            body_bytes_max: BODY_BYTES_MAX,
        }
    }
}

impl Batches {
    /// Both.
    pub const ALL: &[Self] = &[Self::Explode, Self::Reject];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Explode => "explode",
            Self::Reject => "reject",
        }
    }
}

impl ArgumentNearMisses {
    /// Both.
    pub const ALL: &[Self] = &[Self::Allow, Self::Reject];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Reject => "reject",
        }
    }
}

impl ArgumentCollisions {
    /// Both.
    pub const ALL: &[Self] = &[Self::Note, Self::Reject];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Reject => "reject",
        }
    }
}

impl SchemaFit {
    /// Every word.
    pub const ALL: &[Self] = &[Self::Allow, Self::Reject, Self::Shadow];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Reject => "reject",
            Self::Shadow => "shadow",
        }
    }
}

impl RequestCoding {
    /// Both.
    pub const ALL: &[Self] = &[Self::Decode, Self::Refuse];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Refuse => "refuse",
        }
    }
}

impl AnswerCoding {
    /// Both.
    pub const ALL: &[Self] = &[Self::Decode, Self::Withhold];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Withhold => "withhold",
        }
    }
}

impl Seal {
    /// Both.
    pub const ALL: &[Self] = &[Self::All, Self::None];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::None => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policy, Source, compile};

    fn plan(strict: &str) -> StrictPlan {
        crate::identity::install_crypto();
        let head = "version: 1\nserver: { id: db }\n";
        let source = Source { name: "policy.yaml".into(), text: format!("{head}{strict}") };
        compile(&[source], 0).map(|Policy { strict, .. }| strict).expect("a fair bundle")
    }

    #[test]
    fn is_strict_where_nothing_is_said() {
        let strict = StrictPlan {
            batches: Batches::Explode,
            duplicate_keys: DuplicateKeys::Reject,
            argument_near_misses: ArgumentNearMisses::Reject,
            argument_collisions: ArgumentCollisions::Note,
            input_schema: SchemaFit::Reject,
            output: Output::Utf8,
            request_coding: RequestCoding::Refuse,
            answer_coding: AnswerCoding::Decode,
            seal: Seal::All,
            body_bytes_max: 4_194_304,
        };
        assert_eq!([plan(""), plan("strict: {}\n")], [strict, strict]);
    }

    #[test]
    fn takes_the_word_of_the_author() {
        let loosened =
            "strict: { batches: reject, duplicate_keys: reject_protocol, argument_near_misses: allow,
            argument_collisions: reject, input_schema: shadow, output: ascii, request_coding: decode, answer_coding: withhold,
            seal: none, body_bytes_max: 4194303 }\n";
        let strict = StrictPlan {
            batches: Batches::Reject,
            duplicate_keys: DuplicateKeys::RejectProtocol,
            argument_near_misses: ArgumentNearMisses::Allow,
            argument_collisions: ArgumentCollisions::Reject,
            input_schema: SchemaFit::Shadow,
            output: Output::Ascii,
            request_coding: RequestCoding::Decode,
            answer_coding: AnswerCoding::Withhold,
            seal: Seal::None,
            body_bytes_max: 4_194_303,
        };
        assert_eq!(plan(loosened), strict);
        assert_eq!(plan("strict: { body_bytes_max: 4194304 }\n"), StrictPlan::default());
    }
}
