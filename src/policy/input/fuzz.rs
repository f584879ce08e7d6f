//! Arbitrary schemas before arbitrary arguments, for fuzzers.

use super::Admission;
use crate::json::{Document, Kind};
use crate::policy::arguments::is_valid;

/// Reads arbitrary text as a schema and, after a NUL, as arguments: what is valid must be admitted.
///
/// For fuzzers; panics only when an invariant of this room is broken.
pub fn fuzz_input(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (schema, arguments) = text.split_once('\0').unwrap_or((&text, "{}"));
    let Some(input) = Admission::parse(schema) else { return };
    let Ok(document) = Document::parse(arguments.as_bytes()) else { return };
    let arguments = document.root();
    if arguments.kind() == Kind::Object && is_valid(schema, arguments) {
        assert_eq!(input.admit(Some(arguments)), Ok(()), "what is valid is admitted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_a_schema_against_a_validator() {
        fuzz_input(b"{\"properties\":{\"a\":{\"type\":\"string\"}}}\0{\"a\":\"b\"}");
        let document = Document::parse(br#"{"a":1}"#).expect("a test is JSON");
        assert!(!is_valid(r#"{"properties":{"a":{"type":"string"}}}"#, document.root()));
    }
}
