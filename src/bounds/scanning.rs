//! Bounds of the scanner on the command line, and of fitting what is redacted to schemas.

use super::ANSWER_BYTES_MAX;

/// A file that `scan` reads whole, in bytes. What is longer is lines, or can be cut into them.
pub const SCAN_FILE_BYTES_MAX: usize = 64 << 20;

/// A line of JSON that `scan` reads, in bytes: the longest message that the gate lets through.
pub const SCAN_LINE_BYTES_MAX: usize = ANSWER_BYTES_MAX;

/// Characters of a value's shape that `scan` shows; of longer ones only the length.
pub const SCAN_SHAPE_CHARS_MAX: usize = 40;

/// Places of one `outputSchema` that redacted results are fitted to: schemas made from code have tens.
pub const FIT_MOLDS_MAX: usize = 2_048;

/// Nesting of the schemas that speak of one place, references included.
pub const FIT_DEPTH_MAX: usize = 16;

/// Schemas that speak of one place through `$ref`, `allOf` and unions; of more nothing is understood.
pub const FIT_EXPANSION_MAX: usize = 256;

/// Alternatives that are followed to one place of a result. Unions in unions multiply them.
pub const FIT_ALTERNATIVES_MAX: usize = 64;

/// Characters of a string that is written anew one by one to fit a pattern: each costs some ten matches.
pub const FIT_PATTERN_CHARS_MAX: usize = 128;

/// Shapes of strings in one message for which a text that fits a pattern is looked for, some 100 us each.
pub const FIT_SHAPES_MAX: usize = 64;

/// A structured result that is validated as a whole after redaction, in bytes: some 10 ms.
pub const FIT_CHECK_BYTES_MAX: usize = 1 << 20;
