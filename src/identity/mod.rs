//! Who calls: from one `Authorization` value to a [`Caller`], or to a fixed refusal.
//!
//! **Why.** Every decision hangs on the caller, and the server behind the gate is never asked. So
//! the gate is the OAuth resource server: it verifies, it challenges, and the token ends here.
//!
//! **How.** [`Directory::verify`] looks in this order: static keys by SHA-256; tokens verified or
//! refused a moment ago, by SHA-256; then the whole check of a JWT, in the order of its cost and
//! trust: shape, header, key, signature, claims, caller. Every unknown thing refuses: an issuer, a
//! key, an algorithm, a critical header, a sender constraint, a claim of the wrong kind. Where the keys of
//! an issuer are fetched, an unknown one makes it ask for an [`Inquiry`] first.
//!
//! | from the token, unverified | compared with | from the policy |
//! |---|---|---|
//! | `iss` | exactly | one of the issuers; nothing that a token names is ever fetched |
//! | `kid`, `alg` | exactly | the key's id, its type and its algorithms |
//! | `jku` `x5u` `jwk` `x5c` | never | refused |
//!
//! **What it is not.** It fetches no keys (that is the store's), holds no token and has no clock.
//!
//! Source: MCP 2026-07-28 basic/authorization; RFC 6750, 7515, 7517, 7519, 8707, 9068.

mod bearer;
mod caller;
mod challenge;
mod claims;
mod directory;
mod endpoint;
mod evidence;
mod jwks;
mod provider;
mod refused;
mod ring;
mod settings;
mod tally;
mod token;

use std::time::Duration;

use crate::names::Now;
use jwks::Rigour;

pub use caller::{Caller, Proof};
pub use challenge::{Complaint, challenge};
pub use directory::Directory;
pub use endpoint::{Endpoint, EndpointFault};
pub use evidence::{Evidence, Finding, Inquiry, PeerCertificate};
pub use provider::{RING, install_crypto};
pub use refused::{Flaw, Refused};
pub use ring::{Learned, Ring};
pub use settings::{
    Algorithm, Anonymous, Binding, ClaimNames, ClaimPath, Culprit, Issuer, KeyFault, KeyFaultKind, KeyPlace,
    KeySource, KeysAt, Settings, StaticKey, Terms, TokenType, WorkloadClaim, digest,
};
pub use tally::{Memory, Outcome, Tally};

/// Takes arbitrary bytes for a header, a URL, a key set and a token's claims.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_identity(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(token) = bearer::token(text) {
        let now = Now { steady: Duration::ZERO, unix_ms: 0 };
        assert!(token::verify(token, &[], now).is_err(), "nobody issued it");
    }
    let _ = Endpoint::parse(text);
    for rigour in [Rigour::Lenient, Rigour::Strict] {
        let _ = jwks::Keys::parse(text, Algorithm::ALL, rigour);
    }
    let issuer = Issuer {
        issuer: "https://idp.example.com".into(),
        audiences: vec!["mcp".into()],
        algorithms: Algorithm::ALL.to_vec(),
        keys: KeySource::Given("".into()),
        claims: ClaimNames::default(),
        terms: Terms::default(),
    };
    if let Ok(document) = crate::json::Document::parse(bytes) {
        token::fuzz_claims(document.root(), &issuer);
    }
}

#[cfg(test)]
mod tests;
