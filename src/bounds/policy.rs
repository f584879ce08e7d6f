//! Bounds of policies, and of what they ask of arguments.

use super::JSON_DEPTH_MAX;

/// Nesting of YAML in a bundle; the language itself needs seven.
pub const POLICY_DEPTH_MAX: usize = 32;

/// Bytes of `tools.lock.yaml`: the definitions of a few hundred tools, and room in a bundle for the rest.
pub const LOCK_BYTES_MAX: usize = 3 << 20;

/// Nesting in a lock file: its own four levels, and a schema as deep as a message may be.
pub const LOCK_DEPTH_MAX: usize = JSON_DEPTH_MAX + 4;

/// Rules of one policy, allow and deny together: each stands in the list of every tool it concerns.
pub const POLICY_RULES_MAX: usize = 4_096;

/// Tools of one server. Models lose their way in far fewer.
pub const POLICY_TOOLS_MAX: usize = 4_096;

/// A text of a policy that goes to callers, in bytes: a paragraph.
pub const POLICY_MESSAGE_BYTES_MAX: usize = 1_024;

/// A regular expression of a policy, in bytes: longer ones are lists, which `in` and `glob` say better.
pub const REGEX_BYTES_MAX: usize = 1_024;

/// A compiled regular expression, in bytes; `[a-z]{1,1000}` has about 200 KB.
pub const REGEX_PROGRAM_BYTES_MAX: usize = 1 << 20;

/// The states that one regular expression keeps at hand, in bytes, for each thread that uses it.
pub const REGEX_CACHE_BYTES_MAX: usize = 1 << 20;

/// Nesting of groups in a regular expression; the compiler calls itself for each.
pub const REGEX_NESTING_MAX: u32 = 50;

/// A schema written in a policy, in bytes of JSON.
pub const JSON_SCHEMA_BYTES_MAX: usize = 16 << 10;

/// A value that is validated by such a schema, in bytes: some 100 us.
pub const JSON_SCHEMA_VALUE_BYTES_MAX: usize = 64 << 10;

/// Nesting of such a value: a schema that refers to itself twice doubles its cost with each level.
pub const JSON_SCHEMA_VALUE_DEPTH_MAX: usize = 12;

/// Nesting of an `inputSchema`, references included, that rules are held against; deeper places are open.
pub const INPUT_DEPTH_MAX: usize = 16;

/// Places of one `inputSchema` that rules are held against: schemas made by hand or from code have
/// tens. References repeat what they lead to.
pub const INPUT_SHAPES_MAX: usize = 2_048;

/// SQL in an argument, in bytes. Source: the strict guard of the reference of policies, 11.1.
pub const SQL_BYTES_MAX: usize = 16 << 10;

/// Words and signs of SQL in an argument: a sum of thousands of terms, or an `IN` of thousands of
/// values, is parsed for milliseconds, and nests as deep as it is long.
pub const SQL_TOKENS_MAX: usize = 1_000;

/// Nesting of SQL while it is parsed. Source: the strict guard of the reference of policies, 11.1.
pub const SQL_NESTING_MAX: usize = 40;

/// A URL in an argument, in bytes. Source: RFC 9110, section 4.1, which asks for at least as many.
pub const URL_BYTES_MAX: usize = 8_000;
