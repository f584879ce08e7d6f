//! What test cases may ask for.

/// How often one test case may send its message: enough for any limit that a test is about.
pub const CASE_REPEATS_MAX: u32 = 10_000;

/// How many days one test case may come after another: a leap year and some.
pub const CASE_DAYS_MAX: u64 = 400;
