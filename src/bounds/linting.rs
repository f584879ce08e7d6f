//! The bounds of what is looked for in the words of servers.

/// Characters of a description that every client hands on: the longest that the strictest API of a model takes.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 1024;

/// Patterns of signatures, those of a team included: eight times what comes with the program.
pub const SIGNATURES_MAX: usize = 1024;

/// Bytes of one pattern when it is compiled: what the longest of ours takes, eight times over.
pub const SIGNATURE_PROGRAM_BYTES_MAX: usize = 4 << 20;

/// Bytes of a list that is read from a file: as much as one answer of a server may have.
pub const LISTING_BYTES_MAX: usize = super::ANSWER_BYTES_MAX;

/// Bytes of a text that stands in place of what a server says of a tool: four times what clients hand on.
pub const DESCRIBE_BYTES_MAX: usize = 4 * DESCRIPTION_CHARACTERS_MAX;

/// Cases of one evaluation: more than anybody pays a model for at one go.
pub const EVAL_CASES_MAX: usize = 1_000;

/// Bytes of one answer of whoever chooses: a call of a tool with large arguments, a hundred times over.
pub const EVAL_ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Tokens that a model may answer with: enough for a few words and a call.
pub const EVAL_TOKENS_MAX: u32 = 1_024;

/// How often one question is asked of an endpoint that is busy.
pub const EVAL_TRIES: u32 = 3;

/// How long to wait at most before it is asked again.
pub const EVAL_PAUSE_MAX: std::time::Duration = std::time::Duration::from_secs(20);

/// Texts of which vectors are asked for at once: of 4,096 numbers each they fit the bound of an answer.
pub const EVAL_EMBEDDED_TOGETHER: usize = 8;
