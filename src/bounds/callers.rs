//! Limits of tokens and of what is known of callers.

use std::time::Duration;

/// Bytes of a bearer token. A token of an identity provider with 100 groups has about 6 KB.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Bytes of a claim that becomes a name: user, tenant, agent, group, scope.
pub const CLAIM_BYTES_MAX: usize = 256;

/// Bits of an RSA modulus: fewer are broken, more are slow to verify. Source: NIST SP 800-131A.
pub const RSA_BITS_MIN: usize = 2048;

/// See [`RSA_BITS_MIN`]; ring's own bound.
pub const RSA_BITS_MAX: usize = 8192;

/// Keys in one JWK set: ten times what a provider that rotates weekly shows.
pub const JWKS_KEYS_MAX: usize = 64;

/// How far a token issuer's clock may be off.
pub const CLOCK_LEEWAY: Duration = Duration::from_secs(30);

/// How long a token may live in all: longer ones are keys, and should be kept as such.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_hours(24);

/// How long a verified token is believed without another look: the lag of a revocation.
pub const VERIFIED_LIFE: Duration = Duration::from_mins(2);

/// Verified tokens remembered: about 0.5 KB each.
pub const VERIFIED_TOKENS_MAX: usize = 65_536;

/// How long a refused token is refused without another look.
pub const REFUSED_LIFE: Duration = Duration::from_secs(5);

/// Refused tokens remembered, apart from the verified ones: about 0.1 KB each.
pub const REFUSED_TOKENS_MAX: usize = 8_192;

/// Tokens from one source address that may be verified in vain at once: a fleet with an expired token behind
/// one proxy.
pub const SUSPECT_BURST: u32 = 200;

/// How often one more may be, in the long run: 50 a second take a third of a percent of a core.
pub const SUSPECT_INTERVAL: Duration = Duration::from_millis(20);

/// Source addresses with failed tokens that are remembered: about 50 bytes each.
pub const SUSPECTS_MAX: usize = 8_192;

/// Scopes that a caller has and is told of again in a challenge, in bytes: half of what clients take for a
/// header.
pub const CHALLENGE_SCOPES_BYTES_MAX: usize = 4_096;
