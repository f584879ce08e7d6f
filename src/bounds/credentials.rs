//! Bounds of what the gate shows to the server behind it, and of its own secrets.

use std::time::Duration;

/// A file with a secret, in bytes: as long as the longest token.
pub const CREDENTIAL_FILE_BYTES_MAX: usize = 8 * 1024;

/// How often files with secrets are looked at. Reading a few bytes costs nothing, and whoever rotates
/// a credential withdraws the old one soon.
pub const SECRET_LOOK_PAUSE: Duration = Duration::from_secs(2);

/// How long a statement about a caller holds, where the policy does not say: one request, and clocks
/// that are not quite right.
pub const IDENTITY_LIFE: Duration = Duration::from_secs(60);

/// The longest that a statement about a caller may hold: it cannot be called back.
pub const IDENTITY_LIFE_MAX: Duration = Duration::from_mins(10);

/// A signed statement about a caller, in bytes. Servers take 8 KiB to 16 KiB of head, and a token of
/// the longest that is taken says less.
pub const IDENTITY_BYTES_MAX: usize = 12 * 1024;

/// Exchanged tokens kept at a time, some 2 KB each: as many as callers of a busy sidecar in an hour.
pub const EXCHANGED_TOKENS_MAX: usize = 4_096;

/// A token is renewed in the background after this part of its life, in percent.
pub const CREDENTIAL_FRESH_PERCENT: u32 = 80;

/// A token is not sent any more this long before it ends, or a tenth of its life where that is less:
/// the request is under way, and clocks are not quite right.
pub const CREDENTIAL_LEEWAY: Duration = Duration::from_secs(10);

/// How long a token is kept whose end nobody has told.
pub const CREDENTIAL_LIFE_UNTOLD: Duration = Duration::from_mins(1);

/// The longest that a token is kept, whatever its issuer says.
pub const CREDENTIAL_LIFE_MAX: Duration = Duration::from_hours(24);

/// Pause after a token endpoint failed before it is asked again; doubled with each failure.
pub const CREDENTIAL_REST_MIN: Duration = Duration::from_secs(1);

/// The longest such pause: how long a repaired endpoint may go unnoticed.
pub const CREDENTIAL_REST_MAX: Duration = Duration::from_secs(30);

/// How long a caller is refused at once whose token the authorization server would not exchange.
pub const EXCHANGE_REFUSED_LIFE: Duration = Duration::from_secs(5);

/// How old a token must be for the server's refusal to make the gate get another: a server that
/// refuses fresh ones would have one fetched for each call.
pub const CREDENTIAL_REJECTED_AGE: Duration = Duration::from_secs(5);

/// Bytes of a sealing secret: as many as the keys that are made of it. Source: NIST SP 800-107, 5.3.4.
pub const SEAL_SECRET_BYTES_MIN: usize = 32;

/// How long the sealing key before the current one still opens: sessions end within a working day.
pub const SEAL_PREVIOUS_LIFE: Duration = Duration::from_hours(24);

/// How often the file with the sealing secret is looked at: Kubernetes swaps secrets within a minute or two.
pub const SEAL_LOOK_PAUSE: Duration = Duration::from_secs(10);
