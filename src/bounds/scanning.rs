//! Bounds of the scanner on the command line.

use super::ANSWER_BYTES_MAX;

/// A file that `scan` reads whole, in bytes. What is longer is lines, or can be cut into them.
pub const SCAN_FILE_BYTES_MAX: usize = 64 << 20;

/// A line of JSON that `scan` reads, in bytes: the longest message that the gate lets through.
pub const SCAN_LINE_BYTES_MAX: usize = ANSWER_BYTES_MAX;

/// Characters of a value's shape that `scan` shows; of longer ones only the length.
pub const SCAN_SHAPE_CHARS_MAX: usize = 40;
