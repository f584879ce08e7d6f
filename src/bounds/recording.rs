//! What audit records tell of arguments.

/// Questions that a record leaves open and that are tried with every answer: 4 to this power judgements.
pub const RECORDED_DOUBTS_MAX: usize = 5;

/// Answers in one record. A tool has a few dozen questions in a large policy.
pub const RECORD_FACTS_MAX: usize = 128;

/// A value of an argument in a record, in bytes of JSON: numbers, names and ids, not documents.
pub const RECORD_VALUE_BYTES_MAX: usize = 256;

/// What all answers and values of one record may take, so that a line stays below 16 KiB.
pub const AUDIT_FACTS_BYTES_MAX: usize = 6 << 10;

/// Records that one replay holds in memory. A busy hour; larger files are split.
pub const HISTORY_RECORDS_MAX: usize = 1_000_000;

/// Distinct texts that a suggested rule lists; more of them are rather a pattern.
pub const SUGGESTED_WORDS_MAX: usize = 8;

/// The shortest folder that a suggested rule gives as a prefix, in bytes: `/` alone says nothing.
pub const SUGGESTED_PREFIX_BYTES_MIN: usize = 3;
