//! Strict JSON: one pass, spans instead of values, nothing that two parsers could read differently.
//!
//! **Why.** Servers disagree on duplicate keys, byte-order marks, lone surrogates, numbers beyond
//! 64 bits and what follows the first value. A gate that reads one of those one way, before a server
//! that reads it another way, can be talked around. So this parser accepts only text that every
//! parser reads alike, and hands out *spans* of the original bytes, never copies: whatever is not
//! edited leaves exactly as it came.
//!
//! **How.** [`Document::parse`] checks the text once and lays a flat tape of [`Value`]s over it;
//! [`Splice`] replaces spans and copies every other byte; [`canonical()`] writes anew what is no hazard to
//! parsers but may be one to carriers.
//!
//! **What it is not.** No serde model: struct decoding skips what it does not know, unchecked.
//!
//! Source: RFC 8259, RFC 7493 (I-JSON), rules S1-S4, S11, S12 and S14 of the strict profile.

mod canonical;
mod cursor;
pub mod decimal;
mod document;
mod fault;
mod jcs;
mod splice;
mod strictness;
mod string;

pub use canonical::{canonical, compact, is_canonical, unmarked};
pub use document::{Document, Elements, Key, Kind, Members, Value};
pub use fault::{Fault, FaultKind};
pub use jcs::write_jcs;
pub use splice::{Splice, fuzz_splice};
pub use strictness::{DuplicateKeys, Output};
pub use string::{decode, decode_noting, encode, quote};

#[cfg(test)]
mod tests;

/// Parses arbitrary bytes, and checks what must hold of everything that is accepted.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_json(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    let seen = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    assert!(seen.is_some(), "no laxer than serde_json");
    for output in Output::ALL {
        let line = canonical(&document, *output).unwrap_or_else(|| bytes.to_vec());
        let text = String::from_utf8_lossy(&line);
        assert!(!text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')), "one line");
        assert!(*output == Output::Utf8 || line.is_ascii(), "ASCII where it is wanted");
        assert_eq!(serde_json::from_slice(&line).ok(), seen, "every reader sees what it saw");
        let again = Document::parse(&line).map(|document| canonical(&document, *output));
        assert_eq!(again, Ok(None), "what is canonical stays as it is");
    }
    let lax = Document::parse_with(bytes, DuplicateKeys::RejectProtocol);
    assert_eq!(lax.map(|document| document.root().repeats()), Ok(false), "no key stands twice");
}
