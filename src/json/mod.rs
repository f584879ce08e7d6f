//! Strict JSON: one pass, spans instead of values, nothing that two parsers could read differently.
//!
//! **Why.** Servers disagree on duplicate keys, byte-order marks, lone surrogates, numbers beyond
//! 64 bits and what follows the first value. A gate that reads one of those one way, before a server
//! that reads it another way, can be talked around. So this parser accepts only text that every
//! parser reads alike, and hands out *spans* of the original bytes, never copies: whatever is not
//! edited leaves exactly as it came.
//!
//! **How.** [`Document::parse`] checks the text once and lays a flat tape of [`Value`]s over it;
//! [`Splice`] replaces spans and copies every other byte; [`compact()`] writes a document as one line.
//!
//! **What it is not.** No serde model: struct decoding skips what it does not know, unchecked.
//!
//! Source: RFC 8259, RFC 7493 (I-JSON), rules S1-S4, S11, S12 and S14 of the strict profile.

mod compact;
mod cursor;
mod document;
mod fault;
mod splice;
mod strictness;
mod string;

pub use compact::compact;
pub use document::{Document, Elements, Key, Kind, Members, Value};
pub use fault::{Fault, FaultKind};
pub use splice::Splice;
pub use strictness::{DuplicateKeys, Output};
pub use string::{decode, quote};

#[cfg(test)]
mod tests;

/// Parses arbitrary bytes, and checks what must hold of everything that is accepted.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_json(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    let line = compact(&document);
    assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
    let again = Document::parse(&line).map(|document| compact(&document));
    assert_eq!(again.as_deref(), Ok(line.as_slice()), "compact is a fixed point");
    assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_ok(), "no laxer than serde_json");
}
