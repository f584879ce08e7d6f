//! The keys of one issuer, read from the text of a JWK set.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

use super::{Algorithm, KeyFaultKind, digest};
use crate::bounds::{JWKS_KEYS_MAX, RSA_BITS_MAX, RSA_BITS_MIN};
use crate::json::{Document, Value};

/// What becomes of a set with a key that is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rigour {
    /// The key is passed over: who fetches a set cannot mend it.
    Lenient,
    /// The set is refused: its author is at hand.
    Strict,
}

/// A public key, and the algorithms it may verify.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// Of the `kid` and the key itself, however the set spells them.
    print: [u8; 32],
    kid: Option<Box<str>>,
    algorithms: Vec<Algorithm>,
    pub public: DecodingKey,
}

/// The keys of one issuer that its algorithms can use.
#[derive(Debug, Clone)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Reads a JWK set. Keys of other types, curves, uses or algorithms are passed over.
    ///
    /// # Errors
    /// A set that is none, that has no usable key, or that holds a private one; where `rigour` is strict,
    /// any key that is malformed, and two of one `kid`.
    pub fn parse(jwks: &str, algorithms: &[Algorithm], rigour: Rigour) -> Result<Self, KeyFaultKind> {
        let document = Document::parse(jwks.as_bytes()).map_err(KeyFaultKind::Json)?;
        let set = document.root().get("keys").ok_or(KeyFaultKind::Set)?;
        if !set.raw().starts_with('[') || set.elements().count() > JWKS_KEYS_MAX {
            return Err(KeyFaultKind::Set);
        }
        let mut keys: Vec<Key> = Vec::new();
        for (at, jwk) in set.elements().enumerate() {
            let read = Key::read(jwk, at, algorithms).and_then(|key| match key {
                Some(key) if keys.iter().any(|other| key.kid.is_some() && other.kid == key.kid) => {
                    Err(KeyFaultKind::SameKid(at))
                }
                key => Ok(key),
            });
            match (read, rigour) {
                (Ok(key), _) => keys.extend(key),
                (Err(fault @ KeyFaultKind::Private(_)), _) | (Err(fault), Rigour::Strict) => {
                    return Err(fault);
                }
                (Err(_), Rigour::Lenient) => {}
            }
        }
        if keys.is_empty() { Err(KeyFaultKind::NoKey) } else { Ok(Self(keys)) }
    }

    /// The key for a token's header. Without a `kid` only an only key can be meant.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let key = match (kid, self.0.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        key.filter(|key| key.algorithms.contains(&algorithm)).map(|key| &key.public)
    }

    /// Whether there is a key of this `kid`, given as its digest, whatever it may verify.
    pub fn knows(&self, name: [u8; 32]) -> bool {
        self.0.iter().any(|key| key.kid.as_deref().map(digest) == Some(name))
    }

    /// Whether every key stands in `other` too.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|key| other.0.iter().any(|theirs| theirs.print == key.print))
    }
}

impl Key {
    /// Reads one JWK; `None` where it is meant for something else.
    pub fn read(jwk: Value<'_>, at: usize, algorithms: &[Algorithm]) -> Result<Option<Self>, KeyFaultKind> {
        let text = |name: &str| match jwk.get(name) {
            Some(value) => value.string().map(Some).ok_or(KeyFaultKind::Member(at)),
            None => Ok(None),
        };
        let kty = text("kty")?.ok_or(KeyFaultKind::Member(at))?;
        let (usage, alg, crv, kid) = (text("use")?, text("alg")?, text("crv")?, text("kid")?);
        let mut fitting: Vec<Algorithm> = match (kty.as_ref(), crv.as_deref()) {
            ("EC", Some("P-256")) => vec![Algorithm::Es256],
            ("OKP", Some("Ed25519")) => vec![Algorithm::EdDsa],
            ("RSA", None) => vec![Algorithm::Ps256, Algorithm::Rs256],
            _ => return Ok(None),
        };
        if jwk.get("d").is_some() {
            return Err(KeyFaultKind::Private(at));
        }
        fitting.retain(|algorithm| algorithms.contains(algorithm));
        fitting.retain(|algorithm| alg.as_deref().is_none_or(|alg| alg == algorithm.as_str()));
        let may_verify = jwk.get("key_ops").is_none_or(|operations| {
            operations.elements().any(|operation| operation.string().as_deref() == Some("verify"))
        });
        if fitting.is_empty() || !may_verify || usage.is_some_and(|usage| usage != "sig") {
            return Ok(None);
        }
        let public = public(jwk, at, &kty)?;
        let members = ["crv", "x", "y", "n", "e"].map(|name| text(name).ok().flatten().unwrap_or_default());
        let print = digest(&format!("{kid:?} {members:?} {fitting:?}"));
        Ok(Some(Self { print, kid: kid.map(|kid| kid.as_ref().into()), algorithms: fitting, public }))
    }
}

fn public(jwk: Value<'_>, at: usize, kty: &str) -> Result<DecodingKey, KeyFaultKind> {
    match kty {
        "EC" => {
            let (x, y) = (coordinate(jwk, "x", at)?, coordinate(jwk, "y", at)?);
            Ok(DecodingKey::from_ec_der(&[&[4], x.as_slice(), y.as_slice()].concat()))
        }
        "OKP" => Ok(DecodingKey::from_ed_der(&coordinate(jwk, "x", at)?)),
        _ => {
            let (n, e) = (number(jwk, "n", at)?, number(jwk, "e", at)?);
            // INVARIANT: `number` returns no leading zero and at least one byte.
            let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
            if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
                return Err(KeyFaultKind::Size(at));
            }
            Ok(DecodingKey::from_rsa_raw_components(&n, &e))
        }
    }
}

/// A member of 32 bytes.
fn coordinate(jwk: Value<'_>, name: &str, at: usize) -> Result<Vec<u8>, KeyFaultKind> {
    let bytes = member(jwk, name, at)?;
    if bytes.len() == 32 { Ok(bytes) } else { Err(KeyFaultKind::Member(at)) }
}

/// A member that is a positive integer, without the leading zeros that some providers write.
fn number(jwk: Value<'_>, name: &str, at: usize) -> Result<Vec<u8>, KeyFaultKind> {
    let bytes = member(jwk, name, at)?;
    let digits: Vec<u8> = bytes.into_iter().skip_while(|&byte| byte == 0).collect();
    if digits.is_empty() { Err(KeyFaultKind::Member(at)) } else { Ok(digits) }
}

fn member(jwk: Value<'_>, name: &str, at: usize) -> Result<Vec<u8>, KeyFaultKind> {
    let text = jwk.get(name).and_then(|value| value.string()).ok_or(KeyFaultKind::Member(at))?;
    URL_SAFE_NO_PAD.decode(text.as_ref()).map_err(|_| KeyFaultKind::Member(at))
}
