//! Who calls: from what a request and its connection show to a [`Caller`], or to a fixed refusal.
//!
//! **Why.** Every decision hangs on the caller, and the server behind the gate is never asked. So
//! the gate is the OAuth resource server: it verifies, it challenges, and the token ends here.
//!
//! **How.** [`Directory::verify`] looks in this order: static keys by SHA-256; tokens verified or
//! refused a moment ago, by SHA-256; then the whole check of a JWT, in the order of its cost and
//! trust: shape, header, key, signature, claims, caller. Every unknown thing refuses: an issuer, a
//! key, an algorithm, a critical header, a sender constraint, a claim of the wrong kind. Where the keys of
//! an issuer are fetched, an unknown one makes it ask for an [`Inquiry`] first; so does a token that is no
//! JWT, where an issuer can be asked about it. What a token is bound to ([`Bond`]) is checked last, and with
//! each request anew. Who shows no token may be known by the certificate of the connection.
//!
//! | from the token, unverified | compared with | from the policy |
//! |---|---|---|
//! | `iss` | exactly | one of the issuers; nothing that a token names is ever fetched |
//! | `cnf` | all of it | nothing: the key of the proof, the certificate of the connection |
//! | `kid`, `alg` | exactly | the key's id, its type and its algorithms |
//! | `jku` `x5u` `jwk` `x5c` | never | refused |
//!
//! **What it is not.** It fetches no keys (that is the store's), holds no token and has no clock.
//!
//! Source: MCP 2026-07-28 basic/authorization; RFC 6750, 7515, 7517, 7519, 7662, 7800, 8705,
//! 8707, 9068, 9449; SPIFFE X509-SVID.

mod bearer;
mod bond;
mod caller;
mod certificate;
mod challenge;
mod claims;
mod directory;
mod dpop;
mod endpoint;
mod evidence;
mod expiry;
mod holders;
mod introspection;
mod jwks;
mod provider;
mod refused;
mod replays;
mod ring;
mod settings;
mod spiffe;
mod statement;
mod supposed;
mod tally;
mod token;

use std::time::Duration;

use crate::names::Now;
use jwks::Rigour;

pub use bearer::token as bearer_token;
pub use bond::{Bond, Dpop};
pub use caller::{Caller, Proof};
pub use certificate::{Authority, AuthorityFault, PeerCertificate, San, ends_unix_s};
pub use challenge::{Complaint, challenge};
pub use directory::Directory;
pub use dpop::{ProofFlaw, VisibleUrl};
pub use endpoint::{Endpoint, EndpointFault};
pub use evidence::{Evidence, Finding, Inquiry};
pub use expiry::expires_ms;
pub use holders::{CertificateHolder, Named};
pub use introspection::{Introspection, TokenInquiry, is_introspection};
pub use provider::{RING, install_crypto};
pub use refused::{Flaw, Refused};
pub use replays::Replays;
pub use ring::{Learned, Ring};
pub use settings::{
    Algorithm, Anonymous, Binding, ClaimNames, ClaimPath, Culprit, Issuer, KeyFault, KeyFaultKind, KeyPlace,
    KeySource, KeysAt, Settings, StaticKey, Terms, TokenType, WorkloadClaim, digest,
};
pub use spiffe::{SpiffeFault, SpiffeId, SpiffePattern};
pub use statement::{STATEMENT_TYPE, Statement};
pub use supposed::{Supposed, SupposedProof};
pub use tally::{Memory, Outcome, Tally};

/// Takes arbitrary bytes for a header, a URL, a key set and a token's claims.
///
/// For fuzzers; panics only when an invariant of this module is broken.
pub fn fuzz_identity(bytes: &[u8]) {
    certificate::fuzz_certificate(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(credential) = bearer::Credential::read(text) {
        let now = Now { steady: Duration::ZERO, unix_ms: 0 };
        assert!(token::verify(credential.token, &[], now).is_err(), "nobody issued it");
    }
    let _ = Endpoint::parse(text);
    for rigour in [Rigour::Lenient, Rigour::Strict] {
        let _ = jwks::Keys::parse(text, Algorithm::ALL, rigour);
    }
    dpop::fuzz_proof(text);
    let issuer = Issuer {
        issuer: "https://idp.example.com".into(),
        audiences: vec!["mcp".into()],
        algorithms: Algorithm::ALL.to_vec(),
        keys: KeySource::Given("".into()),
        claims: ClaimNames::default(),
        terms: Terms { dpop: Dpop::Allow, ..Terms::default() },
        introspection: None,
    };
    introspection::fuzz_introspection(bytes, &issuer);
    if let Ok(document) = crate::json::Document::parse(bytes) {
        token::fuzz_claims(document.root(), &issuer);
    }
}

#[cfg(test)]
mod tests;
