//! Why nobody was found: what the caller is told, and what the operator is told.

use super::ProofFlaw;

/// Why there is no caller. Holds nothing of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is more than one `Authorization`, or more than one credential in it: 400.
    Double,
    /// There is a token in the URL, where it is logged on its way: 400.
    InQuery,
    /// There is a token or key, and it is not accepted: 401 with `invalid_token`.
    Invalid(Flaw),
    /// The header is no `Bearer` with one token of bearable size: 400.
    Malformed,
    /// There is no header: 401 with a bare challenge.
    Missing,
    /// The token is bound to a key, and nothing shows that the caller holds it: 401 with a challenge of DPoP's.
    Proof(ProofFlaw),
    /// So many tokens from there did not hold that no other is looked at now: 429.
    TooOften,
    /// Whoever vouches for the caller cannot be asked now: 503, and nobody's fault here.
    Unavailable,
}

/// The first check that a token or key failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// The algorithm is not one of the issuer's.
    Algorithm,
    /// `aud` is missing, or names somebody else.
    Audience,
    /// No caller of the policy has this certificate.
    Certificate,
    /// A claim that names the caller is missing, too long or of the wrong kind.
    Caller,
    /// The header has a `crit`.
    Critical,
    /// `exp` has passed.
    Expired,
    /// The token is bound to another certificate than the connection's.
    Holder,
    /// The issuer says that the token is none of its own in force.
    Inactive,
    /// The issuer is not one of the policy's.
    Issuer,
    /// No key of the issuer fits `kid` and algorithm.
    Key,
    /// The header brings a key along, or says where one is.
    KeyInHeader,
    /// The token lives longer than allowed.
    Lifetime,
    /// `nbf` or `iat` lies in the future.
    NotYet,
    /// It is shown as bound to a key, and is not.
    Scheme,
    /// The token is bound to its sender in a way that is not checked here.
    Sender,
    /// It is no JWT of strict JSON.
    Shape,
    /// The signature is not the key's.
    Signature,
    /// `exp`, `nbf` or `iat` is missing where required, or is no time.
    Time,
    /// `typ` is not that of an access token, or the claims are an ID token's.
    Type,
    /// The token is not bound to its sender as the issuer's must be.
    Unbound,
    /// It is no JWT, and no static key of the policy.
    UnknownKey,
}

impl Refused {
    /// The sentence for the caller; says as little as a client needs to get a better token.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Double => "send one authorization header with one credential",
            Self::InQuery => "a token may not be in the URL; send it in the authorization header",
            Self::Invalid(flaw) => flaw.sentence(),
            Self::Malformed => "the authorization header must be: Bearer <token>",
            Self::Missing => "a bearer token is required",
            Self::Proof(flaw) => flaw.sentence(),
            Self::TooOften => "too many tokens from this address were not accepted; retry in a second",
            Self::Unavailable => {
                "the token cannot be checked now, so nothing was done; retry in a few seconds"
            }
        }
    }

    /// The sentence for the operator, for records and logs.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Double => "more than one authorization header or credential",
            Self::InQuery => "a token in the query",
            Self::Invalid(flaw) => flaw.detail(),
            Self::Malformed => "authorization header is not one token, `Bearer` or `DPoP`, of at most 8 KB",
            Self::Missing => "no authorization header",
            Self::Proof(flaw) => flaw.detail(),
            Self::TooOften => "too many tokens from this address did not hold, so this one was not looked at",
            Self::Unavailable => "what the issuer says of the token could not be asked",
        }
    }
}

impl Flaw {
    /// The sentence for the caller: a fixed `error_description`.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Audience => "the token was not issued for this server",
            Self::Expired => "the token has expired",
            Self::NotYet => "the token is not valid yet",
            Self::Certificate => "the client certificate is none of a known caller",
            Self::Holder => "the token is bound to another client certificate",
            Self::Scheme => "the token is not bound to a key: send it as Bearer",
            Self::Unbound => "the token must be bound to its sender",
            Self::Algorithm
            | Self::Caller
            | Self::Critical
            | Self::Inactive
            | Self::Issuer
            | Self::Key
            | Self::KeyInHeader
            | Self::Lifetime
            | Self::Sender
            | Self::Shape
            | Self::Signature
            | Self::Time
            | Self::Type
            | Self::UnknownKey => "the token is not accepted",
        }
    }

    /// The sentence for the operator.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Algorithm => "token `alg` is not among the issuer's algorithms",
            Self::Audience => "token `aud` is missing or names none of the issuer's audiences",
            Self::Certificate => "client certificate is that of no caller of the policy",
            Self::Caller => "token claim for user, tenant, agent, groups or scope is missing or ill-typed",
            Self::Critical => "token header has `crit`",
            Self::Expired => "token `exp` has passed",
            Self::Holder => {
                "token is bound to a client certificate (`cnf`) that the connection does not have"
            }
            Self::Inactive => "token is not active, says the issuer",
            Self::Issuer => "token `iss` is not a configured issuer",
            Self::Key => "no key of the issuer fits the token's `kid` and `alg`",
            Self::KeyInHeader => "token header has `jwk`, `jku`, `x5c` or `x5u`, which are not believed",
            Self::Lifetime => "token lives longer than the issuer's tokens may",
            Self::NotYet => "token `nbf` or `iat` lies in the future",
            Self::Scheme => "token is bound to no key and comes as `DPoP`",
            Self::Sender => "token is sender-constrained (`cnf`) in a way that is not checked here",
            Self::Shape => "token is not a JWT of strict JSON",
            Self::Signature => "token signature does not verify",
            Self::Time => "token `exp` is missing, or `exp`, `nbf` or `iat` is no time",
            Self::Type => "token is no access token by its `typ`, or an ID token by its claims",
            Self::Unbound => "token is not bound to its sender (`cnf`), and the policy wants it to be",
            Self::UnknownKey => "neither a JWT nor a known static key",
        }
    }
}
