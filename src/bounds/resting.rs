//! The limits of what protects a sick or busy server.

use std::time::Duration;

/// Slices of the window of a breaker: it forgets a tenth at a time.
pub const BREAKER_SLICES: usize = 10;

/// How far back a breaker looks, where the policy says nothing.
pub const BREAKER_WINDOW: Duration = Duration::from_secs(10);

/// Calls in the window, below which a rate says nothing.
pub const BREAKER_CALLS_MIN: u32 = 20;

/// Failures of a hundred calls that open a breaker.
pub const BREAKER_FAILED_PERCENT: u32 = 50;

/// Slow ones of a hundred calls that open a breaker.
pub const BREAKER_SLOW_PERCENT: u32 = 80;

/// Requests in a row without an answer that open a breaker: an agent alone never makes twenty calls in ten seconds.
pub const BREAKER_FAILURES: u32 = 5;

/// The first rest.
pub const BREAKER_REST: Duration = Duration::from_secs(5);

/// The longest rest: a server that comes back is seen within five minutes.
pub const BREAKER_REST_MAX: Duration = Duration::from_secs(5 * 60);

/// How much a rest is spread, in percent either way, so that replicas do not come back at once.
pub const BREAKER_JITTER_PERCENT: u32 = 20;

/// Calls that try a server after a rest, at once.
pub const BREAKER_PROBES: u32 = 3;

/// What a caller waits at least while others try the server.
pub const BREAKER_PROBE_WAIT: Duration = Duration::from_secs(1);

/// Pause between two looks for what rests and no call may try.
pub const BREAKER_PROBE_PAUSE: Duration = Duration::from_secs(1);

/// How long an answer to a question of the gate itself may take.
pub const BREAKER_PROBE_MAX: Duration = Duration::from_secs(5);

/// Tools of a hundred in use whose rest is the server's.
pub const BREAKER_TOOLS_PERCENT: u32 = 60;

/// Tools that must rest before the server does: one tool is no server, even if it is the only one in use.
pub const BREAKER_TOOLS_OPEN_MIN: u32 = 2;

/// Results with `isError` of a hundred that open the breaker of a tool, where the policy wants that.
pub const BREAKER_TOOL_ERRORS_PERCENT: u32 = 90;

/// Results below which the share of those with `isError` says nothing.
pub const BREAKER_TOOL_ERRORS_MIN: u32 = 50;

/// Tools with a breaker: as many as a policy may have, and as many again of those before a reload.
pub const BREAKER_TOOLS_MAX: usize = 2 * super::POLICY_TOOLS_MAX;

/// Addresses of one server whose failures are remembered.
pub const BREAKER_ENDPOINTS_MAX: usize = 256;

/// Codes of JSON-RPC errors that a policy may call failures.
pub const FAILURE_CODES_MAX: usize = 64;

/// Requests to one server at once, where the policy says nothing.
pub const REQUESTS_PER_SERVER_MAX: u32 = 1_024;

/// Calls of one tool at once, where the policy says nothing: a sixteenth of the server's.
pub const REQUESTS_PER_TOOL_MAX: u32 = 64;

/// Requests of one conversation at once, where the policy says how one is known: a model calls a handful.
pub const REQUESTS_PER_CONVERSATION_MAX: u32 = 8;

/// Streams at once that only listen: as many as connections.
pub const LISTENS_MAX: u32 = 10_000;

/// Of a hundred calls that went well, so many may be asked again.
pub const RETRY_BUDGET_PERCENT: u32 = 10;

/// And so many more in each second, so that a quiet server is asked again at all.
pub const RETRY_BUDGET_PER_SECOND: u32 = 1;

/// Attempts after the first one, that a policy may ask for.
pub const RETRY_ATTEMPTS_MAX: u32 = 3;

/// How long a writer stays with the first server, where the policy says nothing: longer than a replica lags.
pub const REPLICA_STICKY: Duration = Duration::from_secs(5);

/// The least that an adaptive limit of concurrency becomes: enough to learn that the server is well again.
pub const ADAPTIVE_LIMIT_MIN: u32 = 4;

/// How long the shortest time of an answer is believed: a server that becomes slower for good is taken so.
pub const ADAPTIVE_WINDOW: Duration = Duration::from_secs(60);

/// Callers and conversations that wrote something lately, remembered for the replica: about 3 MB.
pub const WRITERS_MAX: usize = 65_536;

/// Body bytes of requests that are held at once, in all: beyond it requests are refused before they are read.
/// With the answers they make, some twice that: a fifth of what a usual sidecar may have.
pub const HELD_BYTES_MAX: usize = 64 << 20;

/// Requests in flight at once, of any kind but open streams: beyond it they are refused before they are read.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 4_096;

/// Addresses of the server that are looked at: a headless service has one for each pod.
pub const UPSTREAM_ADDRESSES_MAX: usize = 64;

/// Addresses of the server that one request tries before it fails: each may take the time of a connection.
pub const UPSTREAM_ADDRESSES_TRIED_MAX: usize = 3;
