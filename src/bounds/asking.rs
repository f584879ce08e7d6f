//! Limits of what is asked out of band: key sets, authorization servers, introspection.

use std::time::Duration;

/// A URL that the gate asks, in bytes: what proxies and servers take.
pub const ENDPOINT_URL_BYTES_MAX: usize = 2_048;

/// How long asking a key endpoint, an authorization server or an introspection may take in all. A caller
/// waits for it at worst, and healthy ones answer in a tenth of it.
pub const FETCH_WAIT: Duration = Duration::from_secs(3);

/// How long connecting to one may take, TLS included: leaves a third of [`FETCH_WAIT`] for the answer.
pub const FETCH_CONNECT_MAX: Duration = Duration::from_secs(2);

/// How long a connection to one is kept for the next question: introspections come in bursts.
pub const FETCH_IDLE_MAX: Duration = Duration::from_secs(20);

/// What one may answer, in bytes. A key set of 64 RSA keys has about 30 KB.
pub const FETCH_BYTES_MAX: usize = 64 << 10;

/// Pause between two questions for keys that unknown `kid`s make us ask, for each issuer: junk may not make
/// us a burden to a key endpoint.
pub const KEYS_ASK_PAUSE: Duration = Duration::from_secs(30);

/// How long a `kid` that its issuer did not know makes nobody ask again.
pub const KID_STRANGER_LIFE: Duration = Duration::from_mins(1);

/// Unknown `kid`s kept for each issuer, waiting or refused.
pub const KIDS_KEPT_MAX: usize = 64;

/// How long one round of asking for keys may take: three places of metadata and the set, each
/// [`FETCH_WAIT`].
pub const KEYS_ROUND_MAX: Duration = Duration::from_secs(12);

/// How long fetched keys are believed while their endpoint does not answer.
pub const KEYS_STALE_MAX: Duration = Duration::from_hours(24);

/// Pause between two fetches of a key set: the least and the most, whatever `Cache-Control` says.
pub const KEYS_PAUSES: (Duration, Duration) = (Duration::from_mins(5), Duration::from_hours(24));

/// How long a key set is good for whose answer does not say.
pub const KEYS_AGE_DEFAULT: Duration = Duration::from_hours(1);

/// Pause before a key endpoint that failed is asked again: the first, and the longest after it has doubled
/// each time.
pub const KEYS_RETRY_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// The most that an issuer may grant its own clock. Source: RFC 7519, section 4.1.4, "a few minutes".
pub const CLOCK_LEEWAY_MAX: Duration = Duration::from_mins(5);

/// A file that holds one secret, in bytes: the longest token, and room for a line break.
pub const SECRET_FILE_BYTES_MAX: u64 = 16 << 10;
