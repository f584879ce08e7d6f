//! Proofs of possession: who shows a token that is bound to a key, shows that it holds the key.
//!
//! **How.** A proof is a JWT that the client makes for one request, signed by the key in its own header. It
//! holds when the key is the one that the token was bound to, when it speaks of this method, this URL, this
//! token and this minute, and when it was not shown before.
//!
//! | of the proof | compared with |
//! |---|---|
//! | `typ` | `dpop+jwt` |
//! | `alg` | one of ours, and what its key can do |
//! | `jwk`, by its thumbprint | `cnf.jkt` of the token |
//! | `htm`, `htu` | the method, and the URL that the policy gives: never the `Host` of the request |
//! | `iat` | now, within `DPOP_PROOF_WINDOW` either way |
//! | `ath` | the SHA-256 of the token |
//! | `jti` | what was shown before: [`Replays`](super::Replays) |
//!
//! **What it is not.** It hands out no nonces, so a client may make its proofs ahead, by as much as the window.
//!
//! Source: RFC 9449, section 4.3; RFC 7638 for the thumbprint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;

use super::replays::Once;
use super::token::{Parts, milliseconds, wire};
use super::{Algorithm, digest, jwks};
use crate::bounds::{CLAIM_BYTES_MAX, DPOP_PROOF_BYTES_MAX, DPOP_PROOF_WINDOW};
use crate::json::{Document, Kind, Value, quote};

/// The first check that a proof failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofFlaw {
    /// `alg` is none of ours.
    Algorithm,
    /// It was made by another key than the token is bound to.
    Holder,
    /// `jwk` is no public key that fits `alg`.
    Key,
    /// `htm` is another method.
    Method,
    /// There is no proof.
    Missing,
    /// It was shown before.
    Replay,
    /// It is no JWT of strict JSON with a `jti`, or too long.
    Shape,
    /// The signature is not the key's.
    Signature,
    /// `iat` is missing, or too far from now.
    Time,
    /// `ath` is missing, or that of another token.
    Token,
    /// `typ` is not `dpop+jwt`.
    Type,
    /// `htu` is another URL.
    Url,
}

/// What a proof must speak of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub method: &'a str,
    pub url: &'a VisibleUrl,
    /// The token that comes with it.
    pub token: &'a str,
    /// The thumbprint that the token is bound to.
    pub thumbprint: &'a [u8; 32],
    pub unix_ms: u64,
}

/// The URL by which clients know an endpoint, in the form in which two are compared.
///
/// Scheme and host in lower case, the port always there, the path as it is written; query and fragment do not
/// count. Source: RFC 9449, section 4.3, number 9; RFC 3986, section 6.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleUrl {
    scheme: Box<str>,
    host: Box<str>,
    port: u16,
    path: Box<str>,
}

impl VisibleUrl {
    /// Reads an absolute `http` or `https` URL without credentials in it; `None` for anything else.
    pub fn parse(url: &str) -> Option<Self> {
        let end = url.find(['?', '#']).unwrap_or(url.len());
        let uri: Uri = url.get(..end)?.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?.to_ascii_lowercase(), uri.authority()?);
        let port = match (scheme.as_str(), authority.port()) {
            (_, Some(port)) => port.as_str().parse().ok()?,
            ("https", None) => 443,
            ("http", None) => 80,
            _ => return None,
        };
        let is_plain = matches!(scheme.as_str(), "http" | "https") && !authority.as_str().contains('@');
        let host = authority.host().to_ascii_lowercase();
        (is_plain && !host.is_empty()).then(|| Self {
            scheme: scheme.into(),
            host: host.into(),
            port,
            path: uri.path().into(),
        })
    }
}

/// Checks a proof in all but whether it was shown before; returns the hash to ask that by.
pub(super) fn verify(proof: &str, subject: &Subject<'_>) -> Result<Once, ProofFlaw> {
    if proof.len() > DPOP_PROOF_BYTES_MAX {
        return Err(ProofFlaw::Shape);
    }
    let parts = Parts::split(proof).ok_or(ProofFlaw::Shape)?;
    let header = Document::parse(&parts.header).map_err(|_| ProofFlaw::Shape)?;
    let claims = Document::parse(&parts.payload).map_err(|_| ProofFlaw::Shape)?;
    let (header, claims) = (header.root(), claims.root());
    if header.kind() != Kind::Object || claims.kind() != Kind::Object || header.get("crit").is_some() {
        return Err(ProofFlaw::Shape);
    }
    if text(header, "typ").is_none_or(|typ| !typ.eq_ignore_ascii_case("dpop+jwt")) {
        return Err(ProofFlaw::Type);
    }
    let algorithm = text(header, "alg").and_then(|alg| Algorithm::parse(&alg)).ok_or(ProofFlaw::Algorithm)?;
    let jwk = header.get("jwk").ok_or(ProofFlaw::Key)?;
    // The thumbprint is compared first: it is the cheaper check, and fails whoever stole the token alone.
    if thumbprint(jwk).ok_or(ProofFlaw::Key)? != *subject.thumbprint {
        return Err(ProofFlaw::Holder);
    }
    check_claims(claims, subject)?;
    let jti = text(claims, "jti").filter(|jti| (1..=CLAIM_BYTES_MAX).contains(&jti.len()));
    let jti = jti.ok_or(ProofFlaw::Shape)?;
    check_signature(&parts, jwk, algorithm)?;
    Ok(once(subject.thumbprint, &jti))
}

fn check_claims(claims: Value<'_>, subject: &Subject<'_>) -> Result<(), ProofFlaw> {
    if text(claims, "htm").is_none_or(|method| *method != *subject.method) {
        return Err(ProofFlaw::Method);
    }
    let url = text(claims, "htu").and_then(|url| VisibleUrl::parse(&url));
    if url.is_none_or(|url| url != *subject.url) {
        return Err(ProofFlaw::Url);
    }
    let issued_ms = claims.get("iat").and_then(|iat| milliseconds(iat).ok()).ok_or(ProofFlaw::Time)?;
    let window_ms = u64::try_from(DPOP_PROOF_WINDOW.as_millis()).unwrap_or(u64::MAX);
    if issued_ms.abs_diff(subject.unix_ms) > window_ms {
        return Err(ProofFlaw::Time);
    }
    let bound_to = URL_SAFE_NO_PAD.encode(digest(subject.token));
    if text(claims, "ath").is_none_or(|ath| *ath != *bound_to) { Err(ProofFlaw::Token) } else { Ok(()) }
}

fn check_signature(parts: &Parts<'_>, jwk: Value<'_>, algorithm: Algorithm) -> Result<(), ProofFlaw> {
    let key = jwks::Key::read(jwk, 0, &[algorithm]).ok().flatten().ok_or(ProofFlaw::Key)?;
    let signed = parts.signed.as_bytes();
    match jsonwebtoken::crypto::verify(parts.signature, signed, &key.public, wire(algorithm)) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(ProofFlaw::Signature),
    }
}

/// The members that say which key it is, in the order of RFC 7638, hashed.
///
/// `None` for keys of other types, and for those that hold a secret. The texts are taken as they are written:
/// a second spelling of the same key is another key.
fn thumbprint(jwk: Value<'_>) -> Option<[u8; 32]> {
    const SECRETS: &[&str] = &["d", "dp", "dq", "k", "oth", "p", "q", "qi"];
    if SECRETS.iter().any(|name| jwk.get(name).is_some()) {
        return None;
    }
    let names: &[&str] = match text(jwk, "kty")?.as_ref() {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    let members: Option<Vec<String>> =
        names.iter().map(|name| Some(format!("\"{name}\":{}", quote(&text(jwk, name)?)))).collect();
    Some(digest(&format!("{{{}}}", members?.join(","))))
}

fn once(thumbprint: &[u8; 32], jti: &str) -> Once {
    let sha256 = digest(&format!("{}.{jti}", URL_SAFE_NO_PAD.encode(thumbprint)));
    let mut once = Once::default();
    once.iter_mut().zip(sha256).for_each(|(to, from)| *to = from);
    once
}

fn text<'d>(object: Value<'d>, name: &str) -> Option<std::borrow::Cow<'d, str>> {
    object.get(name)?.string()
}

impl ProofFlaw {
    /// The sentence for the caller: a fixed `error_description`.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Missing => "the token is bound to a key, so each request needs a new DPoP proof",
            Self::Replay => "the DPoP proof was used before; make one for each request",
            Self::Time => "the DPoP proof was not made within the last minute",
            Self::Method | Self::Url => "the DPoP proof was made for another request",
            Self::Token => "the DPoP proof was made for another token",
            Self::Algorithm | Self::Holder | Self::Key | Self::Shape | Self::Signature | Self::Type => {
                "the DPoP proof is not accepted"
            }
        }
    }

    /// The sentence for the operator.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Algorithm => "DPoP proof `alg` is not one of ES256, EdDSA, PS256, RS256",
            Self::Holder => "DPoP proof is by another key than the token's `cnf.jkt`",
            Self::Key => "DPoP proof `jwk` is no public key that fits its `alg`",
            Self::Method => "DPoP proof `htm` is not the method of the request",
            Self::Missing => "token is bound to a key (`cnf.jkt`) and comes without a DPoP proof",
            Self::Replay => "DPoP proof was shown before",
            Self::Shape => "DPoP proof is not a JWT of strict JSON with a `jti`",
            Self::Signature => "DPoP proof signature does not verify",
            Self::Time => "DPoP proof `iat` is missing or more than 60 s from now",
            Self::Token => "DPoP proof `ath` is missing or not the hash of the token",
            Self::Type => "DPoP proof `typ` is not `dpop+jwt`",
            Self::Url => "DPoP proof `htu` is not the URL that the policy gives (`callers.resource`)",
        }
    }
}

/// A proof, a URL and a SPIFFE-like text from anybody; for fuzzers.
pub(super) fn fuzz_proof(text: &str) {
    if let Some(url) = VisibleUrl::parse(text) {
        let subject = Subject { method: "POST", url: &url, token: text, thumbprint: &[0; 32], unix_ms: 0 };
        assert!(verify(text, &subject).is_err(), "a URL is no proof");
    }
    let url = VisibleUrl { scheme: "https".into(), host: "a".into(), port: 443, path: "/".into() };
    let subject = Subject { method: "POST", url: &url, token: "a", thumbprint: &[0; 32], unix_ms: 0 };
    assert!(verify(text, &subject).is_err(), "no key has this thumbprint");
}
