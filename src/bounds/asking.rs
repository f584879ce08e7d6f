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

/// A file that holds one secret, in bytes: the longest token, and room for a line break.
pub const SECRET_FILE_BYTES_MAX: u64 = 16 << 10;
