//! Bounds of HTTP/2: what one connection may open, hold and reset.

use std::time::Duration;

/// Streams in one HTTP/2 connection. SDK clients have a handful of calls and one stream open.
pub const HTTP2_STREAMS_MAX: u32 = 100;

/// The payload of one HTTP/2 frame, in bytes: the least that the protocol allows.
pub const HTTP2_FRAME_BYTES_MAX: u32 = 16 << 10;

/// Streams that a client opened and reset before we looked at them; one more ends the connection.
/// Honest cancellation is seen at once, so only a flood of resets (CVE-2023-44487) gets there.
pub const HTTP2_PENDING_RESETS_MAX: usize = 20;

/// Streams that we reset for a client's faults; one more ends the connection (CVE-2025-8671).
pub const HTTP2_LOCAL_RESETS_MAX: usize = 100;

/// What a client may send on one HTTP/2 stream before we have read it, in bytes.
pub const HTTP2_STREAM_WINDOW_BYTES: u32 = 256 << 10;

/// The same for all streams of a connection: what one connection can make us hold unread.
pub const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 1 << 20;

/// What waits to be sent on one HTTP/2 stream, in bytes, while its client takes nothing.
pub const HTTP2_SEND_BYTES_MAX: usize = 64 << 10;

/// How often the client at the other end of an HTTP/2 connection is asked whether it is there.
pub const HTTP2_PING_PAUSE: Duration = Duration::from_secs(30);

/// How long it may take to say so.
pub const HTTP2_PING_WAIT: Duration = Duration::from_secs(10);
