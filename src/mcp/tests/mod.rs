//! What is read and what is refused, as tables.

mod call;
mod claims;
mod endpoint;
mod envelope;
mod lines;
mod near;
mod sse;

use proptest::prelude::*;

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\u0000",
    "\\ud83d\\ude00",
    "\\u017f",
    "1",
    "-0",
    "1.0",
    "1e3",
    "null",
    "true",
    "\"jsonrpc\":\"2.0\",",
    "\"id\":1,",
    "\"id\":\"\\u0061\",",
    "\"method\":\"tools/call\",",
    "\"method\":\"ping\"",
    "\"params\":{",
    "\"name\":\"a\",",
    "\"NAME\":\"b\",",
    "\"arguments\":{\"x\":1}",
    "\"_meta\":{\"progressToken\":7}",
    "\"result\":{}",
    "\"error\":{\"code\":1}",
    "\"ref\":{\"uri\":\"a:b\"}",
    "=?base64?",
    "?=",
    "SGVsbG8=",
    "\u{212A}",
    "\u{FEFF}",
    "data: ",
    "id: ",
    "event: ",
    "http://[::1]:81",
    "//",
    "/..",
    "?",
    "%2e",
    "@",
    "\\",
    "\r",
    "\n",
    "\0",
    " ",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_input_breaks_an_invariant(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        let bytes = pieces.concat().into_bytes();
        super::call::fuzz_call(&bytes);
        super::envelope::fuzz_envelope(&bytes);
        super::fuzz_endpoint(&bytes);
        super::lines::fuzz_lines(&bytes);
        super::sse::fuzz_sse(&bytes);
        super::fuzz_id(&bytes);
        super::fuzz_mirror(&bytes);
        super::fuzz_near(&bytes);
    }
}
