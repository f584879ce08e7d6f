//! What a policy says about callers, and what can be wrong with it.

use std::fmt;
use std::time::Duration;

use ring::digest::SHA256;

use super::{AuthorityFault, CertificateHolder, Dpop, Endpoint, Introspection, VisibleUrl};
use crate::bounds::{CLOCK_LEEWAY, TOKEN_LIFE_MAX, VERIFIED_LIFE};
use crate::{json, names::Label};

/// Everybody who may be a caller.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whose tokens are believed.
    pub issuers: Vec<Issuer>,
    /// Keys that stand for one caller each.
    pub keys: Vec<StaticKey>,
    /// Certificates that stand for callers.
    pub certificates: Vec<CertificateHolder>,
    /// The endpoint's URL as clients know it; proofs of possession speak of it.
    pub visible: Option<VisibleUrl>,
    /// What becomes of callers who show nothing.
    pub anonymous: Anonymous,
}

/// One issuer of tokens.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its name, as `iss` spells it, to the last slash.
    pub issuer: Box<str>,
    /// What this server is called in `aud`; one must match exactly.
    pub audiences: Vec<Box<str>>,
    /// How its tokens may be signed.
    pub algorithms: Vec<Algorithm>,
    /// Where its keys come from.
    pub keys: KeySource,
    /// Where its tokens say who calls.
    pub claims: ClaimNames,
    /// What its tokens must be like.
    pub terms: Terms,
    /// Whom to ask about tokens of it that say nothing themselves. One issuer of a policy has this at most.
    pub introspection: Option<Introspection>,
}

/// Where the keys of an issuer come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// From a place that is asked again and again.
    Fetched {
        /// The place.
        place: KeyPlace,
        /// The text of a JWK set to begin with, until the place has answered.
        seed: Option<Box<str>>,
    },
    /// The text of the JWK set itself.
    Given(Box<str>),
    /// From nowhere: it signs nothing.
    None,
}

/// A place that is asked for keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyPlace {
    /// Whose keys it has.
    pub issuer: Box<str>,
    /// What is asked.
    pub at: KeysAt,
    /// A file with the token to show there.
    pub bearer_file: Option<Box<str>>,
    /// A file with the only authorities to believe there, in PEM.
    pub ca_file: Option<Box<str>>,
}

/// What is asked for keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeysAt {
    /// The issuer, whose metadata say where its key set is. Source: RFC 8414; OpenID Connect Discovery.
    Discovery(Endpoint),
    /// The key set.
    Url(Endpoint),
}

/// What an issuer's tokens must be like, beyond what all must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which `typ` the header may have.
    pub token_type: TokenType,
    /// How far the issuer's clock may be off.
    pub leeway: Duration,
    /// How long a token may live in all.
    pub life_max: Duration,
    /// Whether a token must be bound to its sender.
    pub binding: Binding,
    /// Whether a token may be bound to a key.
    pub dpop: Dpop,
    /// How long a verified token is believed without another look; zero means never. This is the lag
    /// of a revocation.
    pub belief: Duration,
}

/// Which `typ` the header of an access token may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenType {
    /// `at+jwt` alone: nothing else that the issuer signs is taken for an access token. Source: RFC 9068.
    AccessToken,
    /// `at+jwt`, `JWT`, or none.
    #[default]
    Any,
}

/// Whether a token must be bound to its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Binding {
    /// Where it says so itself, by `cnf`.
    #[default]
    AsClaimed,
    /// Always.
    Required,
}

/// How a token may be signed. There is no other way: no HMAC, no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `EdDSA`, with Ed25519.
    EdDsa,
    /// `ES256`: ECDSA on P-256.
    Es256,
    /// `PS256`: RSA-PSS.
    Ps256,
    /// `RS256`: RSA PKCS #1 v1.5.
    Rs256,
}

/// Where a token says who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The user; the claim is required.
    pub user: ClaimPath,
    /// The organisation; without it, callers have none.
    pub tenant: Option<ClaimPath>,
    /// The program that speaks for the user.
    pub agent: Option<ClaimPath>,
    /// The groups: an array of strings, or one string.
    pub groups: Option<ClaimPath>,
    /// The scopes; by default `scope`, and where that is missing `scp`.
    pub scopes: Option<ClaimPath>,
    /// The workload that the token was given to.
    pub workload: WorkloadClaim,
    /// Claims that are kept as they are, for whoever asks: strings at the top level that could be a name.
    pub kept: Vec<Box<str>>,
}

/// The name of a claim, or the names on the way down to it. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath {
    /// The claim at the top level.
    pub first: Box<str>,
    /// The members on the way down from there.
    pub rest: Box<[Box<str>]>,
}

/// Where a token says which workload holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WorkloadClaim {
    /// Nowhere.
    #[default]
    None,
    /// In a claim.
    Path(ClaimPath),
    /// In the claim `kubernetes.io`, as the service account
    /// `system:serviceaccount:NAMESPACE:NAME`; the claim is required.
    ServiceAccount,
}

/// A key that stands for one caller; only its hash is known.
#[derive(Debug, Clone)]
pub struct StaticKey {
    /// What the policy calls it.
    pub id: Label,
    /// SHA-256 of the key as it is sent; see [`digest`].
    pub sha256: [u8; 32],
    /// The user it stands for.
    pub user: Box<str>,
    /// The user's organisation.
    pub tenant: Option<Box<str>>,
    /// The program that holds it.
    pub agent: Option<Box<str>>,
    /// What the program runs as.
    pub workload: Option<Box<str>>,
    /// What the caller may ask for.
    pub scopes: Vec<Box<str>>,
    /// Where the caller belongs.
    pub groups: Vec<Box<str>>,
}

/// Whether a caller who shows nothing is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anonymous {
    /// Yes, with no tenant, agent, scope or group.
    Allow,
    /// No.
    #[default]
    Deny,
}

/// Something in the settings that no directory can be made of; the policy author's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFault {
    /// Where it is.
    pub culprit: Culprit,
    /// What it is.
    pub kind: KeyFaultKind,
}

/// Which part of the settings is at fault, by its place in [`Settings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Culprit {
    /// An issuer.
    Issuer(usize),
    /// A static key.
    Key(usize),
    /// A caller by certificate.
    Certificate(usize),
}

/// What is wrong with an issuer or a static key. Numbers are places in the JWK set, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFaultKind {
    /// The issuer names no algorithm.
    Algorithms,
    /// The issuer names no audience.
    Audiences,
    /// The file of authorities holds none.
    Authority(AuthorityFault),
    /// The same issuer, or the same static key, was there before.
    Double,
    /// An issuer, user, tenant, agent, scope or group is empty or too long.
    Empty,
    /// The JWK set is no strict JSON.
    Json(json::Fault),
    /// A JWK of a known type lacks a member, or it has the wrong form.
    Member(usize),
    /// The JWK set has no usable key for the issuer's algorithms.
    NoKey,
    /// A JWK holds a private key, which has no place here.
    Private(usize),
    /// Two JWKs have the same `kid`.
    SameKid(usize),
    /// The JWK set is no object with an array `keys`, or has more than `JWKS_KEYS_MAX`.
    Set,
    /// An RSA key is smaller or larger than the bounds.
    Size(usize),
}

/// The hash under which a static key is known: SHA-256 of what follows `Bearer`.
pub fn digest(key: &str) -> [u8; 32] {
    let mut sha256 = [0; 32];
    for (to, from) in sha256.iter_mut().zip(ring::digest::digest(&SHA256, key.as_bytes()).as_ref()) {
        *to = *from;
    }
    sha256
}

impl Algorithm {
    /// Every algorithm, in alphabetical order.
    pub const ALL: &[Self] = &[Self::EdDsa, Self::Es256, Self::Ps256, Self::Rs256];

    /// Reads the name of RFC 7518 and RFC 8037, exactly.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == name)
    }

    /// The name of RFC 7518 and RFC 8037.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

/// `sub`, no tenant, `azp` and `groups`.
impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            user: "sub".into(),
            tenant: None,
            agent: Some("azp".into()),
            groups: Some("groups".into()),
            scopes: None,
            workload: WorkloadClaim::None,
            kept: Vec::new(),
        }
    }
}

/// A claim at the top level.
impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self { first: name.into(), rest: Box::default() }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            token_type: TokenType::default(),
            leeway: CLOCK_LEEWAY,
            life_max: TOKEN_LIFE_MAX,
            binding: Binding::default(),
            dpop: Dpop::default(),
            belief: VERIFIED_LIFE,
        }
    }
}

impl fmt::Display for KeyFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithms => f.write_str("an issuer needs at least one algorithm"),
            Self::Audiences => f.write_str("an issuer needs at least one audience"),
            Self::Authority(fault) => write!(f, "the file of authorities cannot be used: {fault}"),
            Self::Double => f.write_str("the same issuer or key stands here twice"),
            Self::Empty => f.write_str("a name is empty or longer than 256 bytes"),
            Self::Json(fault) => write!(f, "the JWK set is not JSON: {fault}"),
            Self::Member(at) => write!(f, "key {at} of the JWK set lacks a member or has a malformed one"),
            Self::NoKey => f.write_str("the JWK set has no key for these algorithms"),
            Self::Private(at) => write!(f, "key {at} of the JWK set is a private key"),
            Self::SameKid(at) => write!(f, "key {at} of the JWK set has the `kid` of another"),
            Self::Set => f.write_str("a JWK set is an object with an array `keys` of at most 64"),
            Self::Size(at) => write!(f, "key {at} of the JWK set has not 2048 to 8192 bits"),
        }
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.culprit {
            Culprit::Issuer(at) => write!(f, "issuer {at}: {}", self.kind),
            Culprit::Key(at) => write!(f, "static key {at}: {}", self.kind),
            Culprit::Certificate(at) => write!(f, "certificate {at}: {}", self.kind),
        }
    }
}

impl std::error::Error for KeyFault {}
