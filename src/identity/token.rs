//! One JWT, from its text to a caller: every check, in order.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::caller::{Caller, Proof, set};
use super::jwks::Keys;
use super::{Algorithm, Flaw, Issuer, KeyFaultKind};
use crate::bounds::{CLAIM_BYTES_MAX, CLOCK_LEEWAY, TOKEN_LIFE_MAX};
use crate::json::{Document, Kind, Value};

/// An issuer with its keys read.
#[derive(Debug)]
pub(super) struct Trusted {
    pub issuer: Issuer,
    keys: Keys,
}

/// A caller, and until when the token says so.
#[derive(Debug)]
pub(super) struct Verified {
    pub caller: Caller,
    /// `exp`, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// The three parts of a token, the first two decoded.
struct Parts<'t> {
    signed: &'t str,
    signature: &'t str,
    header: Vec<u8>,
    payload: Vec<u8>,
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
        let keys = Keys::parse(&issuer.jwks, &issuer.algorithms)?;
        Ok(Self { issuer, keys })
    }
}

/// Whether a text has the outline of a JWT: three parts.
pub(super) fn is_jwt(token: &str) -> bool {
    token.bytes().filter(|&byte| byte == b'.').count() == 2
}

/// Checks a token against the issuers and reads the caller out of it.
///
/// Header and payload are parsed strictly, so that a claim that stands there twice is no claim.
/// What the header says about keys (`jku`, `x5u`, `jwk`, `x5c`) is never looked at.
pub(super) fn verify(token: &str, issuers: &[Trusted], unix_ms: u64) -> Result<Verified, Flaw> {
    let parts = Parts::split(token).ok_or(Flaw::Shape)?;
    let header = Document::parse(&parts.header).map_err(|_| Flaw::Shape)?;
    let payload = Document::parse(&parts.payload).map_err(|_| Flaw::Shape)?;
    let (header, claims) = (header.root(), payload.root());
    if header.kind() != Kind::Object || claims.kind() != Kind::Object {
        return Err(Flaw::Shape);
    }
    check_type(header)?;
    let name = claims.get("iss").and_then(|iss| iss.string()).ok_or(Flaw::Issuer)?;
    let trusted = issuers.iter().find(|trusted| *trusted.issuer.issuer == *name).ok_or(Flaw::Issuer)?;
    check_signature(&parts, header, trusted)?;
    check_audience(claims, &trusted.issuer)?;
    if claims.get("cnf").is_some() {
        return Err(Flaw::Sender);
    }
    let expires_ms = check_times(claims, unix_ms)?;
    Ok(Verified { caller: read_caller(claims, &trusted.issuer)?, expires_ms })
}

impl<'t> Parts<'t> {
    fn split(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.decode(part).ok());
        Some(Self { signed, signature, header: header?, payload: payload? })
    }
}

fn check_type(header: Value<'_>) -> Result<(), Flaw> {
    if header.get("crit").is_some() {
        return Err(Flaw::Critical);
    }
    let Some(typ) = header.get("typ") else { return Ok(()) };
    let typ = typ.string().ok_or(Flaw::Type)?.to_ascii_lowercase();
    let is_access_token = matches!(typ.strip_prefix("application/").unwrap_or(&typ), "at+jwt" | "jwt");
    if is_access_token { Ok(()) } else { Err(Flaw::Type) }
}

fn check_signature(parts: &Parts<'_>, header: Value<'_>, trusted: &Trusted) -> Result<(), Flaw> {
    let alg = header.get("alg").and_then(|alg| alg.string()).ok_or(Flaw::Algorithm)?;
    let algorithm = Algorithm::parse(&alg).ok_or(Flaw::Algorithm)?;
    if !trusted.issuer.algorithms.contains(&algorithm) {
        return Err(Flaw::Algorithm);
    }
    let kid = match header.get("kid") {
        Some(kid) => Some(kid.string().ok_or(Flaw::Key)?),
        None => None,
    };
    let key = trusted.keys.find(kid.as_deref(), algorithm).ok_or(Flaw::Key)?;
    let signed = parts.signed.as_bytes();
    match jsonwebtoken::crypto::verify(parts.signature, signed, key, wire(algorithm)) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(Flaw::Signature),
    }
}

fn wire(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
    }
}

fn check_audience(claims: Value<'_>, issuer: &Issuer) -> Result<(), Flaw> {
    let names = claims.get("aud").and_then(strings).ok_or(Flaw::Audience)?;
    if names.iter().any(|name| issuer.audiences.contains(name)) { Ok(()) } else { Err(Flaw::Audience) }
}

/// Compares the times with now; returns `exp` in milliseconds.
fn check_times(claims: Value<'_>, unix_ms: u64) -> Result<u64, Flaw> {
    let [exp, nbf, iat] = ["exp", "nbf", "iat"].map(|name| claims.get(name).map(milliseconds));
    let expires_ms = exp.ok_or(Flaw::Time)??;
    let (not_before_ms, issued_ms) = (nbf.transpose()?, iat.transpose()?);
    let [leeway_ms, life_ms] =
        [CLOCK_LEEWAY, TOKEN_LIFE_MAX].map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
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
fn milliseconds(value: Value<'_>) -> Result<u64, Flaw> {
    if let Some(seconds) = value.integer().and_then(|seconds| u64::try_from(seconds).ok()) {
        return Ok(seconds.saturating_mul(1000));
    }
    let number = (value.kind() == Kind::Number).then(|| value.raw().parse::<f64>().ok()).flatten();
    let time = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(Flaw::Time)?;
    u64::try_from(time.as_millis()).map_err(|_| Flaw::Time)
}

fn read_caller(claims: Value<'_>, issuer: &Issuer) -> Result<Caller, Flaw> {
    let names = &issuer.claims;
    let optional = |name: &Option<Box<str>>| match name {
        Some(name) => claims.get(name).map(named).transpose(),
        None => Ok(None),
    };
    let groups = match names.groups.as_deref().and_then(|name| claims.get(name)) {
        Some(groups) => bounded(strings(groups).ok_or(Flaw::Caller)?)?,
        None => Vec::new(),
    };
    // Where both are there, `scope` is the standard's (RFC 9068, section 2.2.3).
    let scopes = match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(scopes) => {
            let lines = strings(scopes).ok_or(Flaw::Caller)?;
            bounded(lines.iter().flat_map(|line| line.split_ascii_whitespace()).map(Box::from).collect())?
        }
        None => Vec::new(),
    };
    Ok(Caller {
        user: named(claims.get(&names.user).ok_or(Flaw::Caller)?)?,
        tenant: optional(&names.tenant)?,
        agent: optional(&names.agent)?,
        workload: None,
        issuer: Some(issuer.issuer.clone()),
        scopes: set(scopes),
        groups: set(groups),
        proof: Proof::Token,
    })
}

/// Looks at what a token claims, in every way that a token is looked at.
pub(super) fn fuzz_claims(claims: Value<'_>, issuer: &Issuer) {
    let _ = (check_type(claims), check_audience(claims, issuer), check_times(claims, 0));
    if let Ok(caller) = read_caller(claims, issuer) {
        assert!(is_name(&caller.user) && caller.scopes.is_sorted() && caller.groups.is_sorted());
    }
}

/// A string, or an array of nothing but strings.
fn strings(value: Value<'_>) -> Option<Vec<Box<str>>> {
    match value.kind() {
        Kind::String => Some(vec![value.string()?.into()]),
        Kind::Array => value.elements().map(|element| Some(element.string()?.into())).collect(),
        Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::Object | Kind::True => None,
    }
}

fn bounded(names: Vec<Box<str>>) -> Result<Vec<Box<str>>, Flaw> {
    if names.iter().all(|name| is_name(name)) { Ok(names) } else { Err(Flaw::Caller) }
}

fn named(value: Value<'_>) -> Result<Box<str>, Flaw> {
    let name = value.string().ok_or(Flaw::Caller)?;
    if is_name(&name) { Ok(name.into()) } else { Err(Flaw::Caller) }
}

/// Whether a claim or a setting may stand for somebody: not empty, bounded, no control characters.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= CLAIM_BYTES_MAX && !name.chars().any(char::is_control)
}
