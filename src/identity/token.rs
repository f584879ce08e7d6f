//! One JWT, from its text to a caller: every check, in order.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::caller::{Caller, Proof};
use super::claims;
use super::jwks::{Keys, Rigour};
use super::ring::{Found, Ring};
use super::{Algorithm, Bond, Flaw, Issuer, KeyFaultKind, KeyPlace, KeySource, Terms, TokenType};
use crate::json::{Document, Kind, Value};
use crate::names::Now;

/// An issuer with its keys.
#[derive(Debug)]
pub(super) struct Trusted {
    pub issuer: Issuer,
    keys: TrustedKeys,
}

#[derive(Debug)]
enum TrustedKeys {
    Fetched(Arc<Ring>),
    Given(Keys),
    /// It signs nothing: its tokens are asked about.
    None,
}

/// A caller, and until when the token says so.
#[derive(Debug)]
pub(super) struct Verified {
    pub caller: Caller,
    /// `exp`, in milliseconds since 1970.
    pub expires_ms: u64,
    /// The place of the issuer.
    pub issuer: usize,
    /// Of the issuer's keys; see [`Trusted::epoch`].
    pub epoch: u64,
}

/// Why a token makes no caller, or none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The keys of the issuer at this place have to be asked for.
    Ask(usize),
    /// It never will.
    Flaw(Flaw),
    /// Nobody can tell now.
    Unavailable,
}

impl From<Flaw> for Stop {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

/// The three parts of a token, the first two decoded.
pub(super) struct Parts<'t> {
    pub signed: &'t str,
    pub signature: &'t str,
    pub header: Vec<u8>,
    pub payload: Vec<u8>,
}

impl Trusted {
    pub fn new(issuer: Issuer) -> Result<Self, KeyFaultKind> {
        if issuer.algorithms.is_empty() {
            return Err(KeyFaultKind::Algorithms);
        }
        if issuer.audiences.is_empty() {
            return Err(KeyFaultKind::Audiences);
        }
        if issuer.issuer.is_empty() || issuer.audiences.iter().any(|audience| audience.is_empty()) {
            return Err(KeyFaultKind::Empty);
        }
        let keys = match &issuer.keys {
            KeySource::Given(jwks) => {
                TrustedKeys::Given(Keys::parse(jwks, &issuer.algorithms, Rigour::Strict)?)
            }
            KeySource::Fetched { seed, .. } => {
                let ring = Ring::default();
                if let Some(jwks) = seed {
                    Keys::parse(jwks, &issuer.algorithms, Rigour::Strict)?;
                    ring.seed(jwks)?;
                }
                TrustedKeys::Fetched(Arc::new(ring))
            }
            KeySource::None => TrustedKeys::None,
        };
        Ok(Self { issuer, keys })
    }

    /// The place that is asked for its keys, and the ring that holds them.
    pub fn fetched(&mut self) -> Option<(&KeyPlace, &mut Arc<Ring>)> {
        match (&self.issuer.keys, &mut self.keys) {
            (KeySource::Fetched { place, .. }, TrustedKeys::Fetched(ring)) => Some((place, ring)),
            (
                KeySource::Fetched { .. } | KeySource::Given(_) | KeySource::None,
                TrustedKeys::Fetched(_) | TrustedKeys::Given(_) | TrustedKeys::None,
            ) => None,
        }
    }

    /// The ring that holds its keys, where they are fetched.
    pub fn ring(&self) -> Option<&Arc<Ring>> {
        match &self.keys {
            TrustedKeys::Fetched(ring) => Some(ring),
            TrustedKeys::Given(_) | TrustedKeys::None => None,
        }
    }

    /// Changes whenever one of its keys is gone: what was verified before it is not verified now.
    pub fn epoch(&self) -> u64 {
        self.ring().map_or(0, |ring| ring.epoch())
    }

    /// Finds the key for a token's header, and the epoch that it is of.
    fn key(&self, kid: Option<&str>, algorithm: Algorithm, now: Now) -> Found {
        match &self.keys {
            TrustedKeys::Fetched(ring) => ring.find(kid, algorithm, now.steady),
            TrustedKeys::Given(keys) => {
                keys.find(kid, algorithm).map_or(Found::None, |key| Found::Key(Box::new(key.clone()), 0))
            }
            TrustedKeys::None => Found::None,
        }
    }
}

/// Whether a text has the outline of a JWT: three parts.
pub(super) fn is_jwt(token: &str) -> bool {
    token.bytes().filter(|&byte| byte == b'.').count() == 2
}

/// Checks a token against the issuers and reads the caller out of it.
///
/// Header and payload are parsed strictly, so that a claim that stands there twice is no claim.
/// A header that brings a key along (`jwk`, `x5c`), or says where one is (`jku`, `x5u`), is refused: whoever
/// reads those behind us would believe the caller's own word.
pub(super) fn verify(token: &str, issuers: &[Trusted], now: Now) -> Result<Verified, Stop> {
    let parts = Parts::split(token).ok_or(Flaw::Shape)?;
    let header = Document::parse(&parts.header).map_err(|_| Flaw::Shape)?;
    let payload = Document::parse(&parts.payload).map_err(|_| Flaw::Shape)?;
    let (header, claims) = (header.root(), payload.root());
    if header.kind() != Kind::Object || claims.kind() != Kind::Object {
        return Err(Flaw::Shape.into());
    }
    check_header(header)?;
    let name = claims.get("iss").and_then(|iss| iss.string()).ok_or(Flaw::Issuer)?;
    let found = issuers.iter().enumerate().find(|(_, trusted)| *trusted.issuer.issuer == *name);
    let (place, trusted) = found.ok_or(Flaw::Issuer)?;
    let Issuer { terms, .. } = &trusted.issuer;
    check_type(header, claims, terms.token_type)?;
    let epoch = check_signature(&parts, header, (place, trusted), now)?;
    let (caller, expires_ms) = judge(claims, &trusted.issuer, Proof::Token, now.unix_ms)?;
    Ok(Verified { caller, expires_ms, issuer: place, epoch })
}

/// Judges what an issuer says, wherever it says it; returns the caller, and `exp` in milliseconds since 1970.
pub(super) fn judge(
    claims: Value<'_>,
    issuer: &Issuer,
    proof: Proof,
    unix_ms: u64,
) -> Result<(Caller, u64), Flaw> {
    check_audience(claims, issuer)?;
    let bond = Bond::read(claims, &issuer.terms)?;
    let expires_ms = check_times(claims, &issuer.terms, unix_ms)?;
    Ok((Caller { proof, bond, ..claims::read(claims, issuer)? }, expires_ms))
}

impl<'t> Parts<'t> {
    pub fn split(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        Some(Self { signed, signature, header: header?, payload: payload? })
    }
}

fn check_header(header: Value<'_>) -> Result<(), Flaw> {
    if header.get("crit").is_some() {
        return Err(Flaw::Critical);
    }
    let has_key = ["jku", "jwk", "x5c", "x5u"].iter().any(|name| header.get(name).is_some());
    if has_key { Err(Flaw::KeyInHeader) } else { Ok(()) }
}

/// Tells access tokens from what else an issuer signs. Source: RFC 9068, section 4; RFC 8725, section 3.11.
fn check_type(header: Value<'_>, claims: Value<'_>, wanted: TokenType) -> Result<(), Flaw> {
    let typ = match header.get("typ") {
        Some(typ) => Some(typ.string().ok_or(Flaw::Type)?.to_ascii_lowercase()),
        None => None,
    };
    let is_fit = match (typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ)), wanted) {
        (Some("at+jwt"), _) => true,
        // Hashes of what an ID token was issued with stand in no access token.
        (Some("jwt") | None, TokenType::Any) => {
            !["at_hash", "c_hash"].iter().any(|name| claims.get(name).is_some())
        }
        (Some(_) | None, _) => false,
    };
    if is_fit { Ok(()) } else { Err(Flaw::Type) }
}

/// Returns the epoch of the keys that it was checked with.
fn check_signature(
    parts: &Parts<'_>,
    header: Value<'_>,
    (place, trusted): (usize, &Trusted),
    now: Now,
) -> Result<u64, Stop> {
    let alg = header.get("alg").and_then(|alg| alg.string()).ok_or(Flaw::Algorithm)?;
    let algorithm = Algorithm::parse(&alg).ok_or(Flaw::Algorithm)?;
    if !trusted.issuer.algorithms.contains(&algorithm) {
        return Err(Flaw::Algorithm.into());
    }
    let kid = match header.get("kid") {
        Some(kid) => Some(kid.string().ok_or(Flaw::Key)?),
        None => None,
    };
    let (key, epoch) = match trusted.key(kid.as_deref(), algorithm, now) {
        Found::Key(key, epoch) => (key, epoch),
        Found::Ask => return Err(Stop::Ask(place)),
        Found::None => return Err(Flaw::Key.into()),
        Found::Unavailable => return Err(Stop::Unavailable),
    };
    let signed = parts.signed.as_bytes();
    match jsonwebtoken::crypto::verify(parts.signature, signed, &key, wire(algorithm)) {
        Ok(true) => Ok(epoch),
        Ok(false) | Err(_) => Err(Flaw::Signature.into()),
    }
}

pub(super) fn wire(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    }
}

fn check_audience(claims: Value<'_>, issuer: &Issuer) -> Result<(), Flaw> {
    let names = claims.get("aud").and_then(claims::strings).ok_or(Flaw::Audience)?;
    if names.iter().any(|name| issuer.audiences.contains(name)) { Ok(()) } else { Err(Flaw::Audience) }
}

/// Compares the times with now; returns `exp` in milliseconds.
fn check_times(claims: Value<'_>, terms: &Terms, unix_ms: u64) -> Result<u64, Flaw> {
    let [exp, nbf, iat] = ["exp", "nbf", "iat"].map(|name| claims.get(name).map(milliseconds));
    let expires_ms = exp.ok_or(Flaw::Time)??;
    let (not_before_ms, issued_ms) = (nbf.transpose()?, iat.transpose()?);
    let [leeway_ms, life_ms] =
        [terms.leeway, terms.life_max].map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    if unix_ms >= expires_ms.saturating_add(leeway_ms) {
        return Err(Flaw::Expired);
    }
    let starts = [not_before_ms, issued_ms];
    if starts.iter().flatten().any(|&start_ms| start_ms > unix_ms.saturating_add(leeway_ms)) {
        return Err(Flaw::NotYet);
    }
    let since_ms = issued_ms.or(not_before_ms).unwrap_or(unix_ms);
    if expires_ms.saturating_sub(since_ms) > life_ms { Err(Flaw::Lifetime) } else { Ok(expires_ms) }
}

/// A `NumericDate`, cut to milliseconds. Source: RFC 7519, section 2.
pub(super) fn milliseconds(value: Value<'_>) -> Result<u64, Flaw> {
    if let Some(seconds) = value.integer().and_then(|seconds| u64::try_from(seconds).ok()) {
        return Ok(seconds.saturating_mul(1000));
    }
    let number = (value.kind() == Kind::Number).then(|| value.raw().parse::<f64>().ok()).flatten();
    let time = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(Flaw::Time)?;
    u64::try_from(time.as_millis()).map_err(|_| Flaw::Time)
}

/// Looks at what a token claims, in every way that a token is looked at.
pub(super) fn fuzz_claims(claims: Value<'_>, issuer: &Issuer) {
    let _ =
        (check_header(claims), check_type(claims, claims, TokenType::Any), check_audience(claims, issuer));
    let _ = check_times(claims, &issuer.terms, 0);
    if let Ok(caller) = claims::read(claims, issuer) {
        assert!(claims::is_name(caller.user()) && caller.scopes().is_sorted() && caller.groups().is_sorted());
    }
}
