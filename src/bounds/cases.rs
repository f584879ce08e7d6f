//! What test cases may ask for.

/// How often one test case may send its message: enough for any limit that a test is about.
pub const CASE_REPEATS_MAX: u32 = 10_000;
