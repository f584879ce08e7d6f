//! Every limit of the program, each with its unit and its reason.
//!
//! A bound is tested one below, at, and one above.

use std::time::Duration;

mod asking;
mod callers;
mod cases;
mod conversing;
mod counting;
mod credentials;
mod flows;
mod http2;
mod injecting;
mod keeping;
mod lifetime;
mod limits;
mod linting;
mod pinning;
mod piping;
mod policy;
mod reading;
mod recording;
mod redirecting;
mod registry;
mod resting;
mod reviewing;
mod sandboxing;
mod scanning;
mod senders;
mod sharing;
mod traces;
mod trail;
mod versioning;
mod watching;

pub use asking::*;
pub use callers::*;
pub use cases::*;
pub use conversing::*;
pub use counting::*;
pub use credentials::*;
pub use flows::*;
pub use http2::*;
pub use injecting::*;
pub use keeping::*;
pub use lifetime::*;
pub use limits::*;
pub use linting::*;
pub use pinning::*;
pub use piping::*;
pub use policy::*;
pub use reading::*;
pub use recording::*;
pub use redirecting::*;
pub use registry::*;
pub use resting::*;
pub use reviewing::*;
pub use sandboxing::*;
pub use scanning::*;
pub use senders::*;
pub use sharing::*;
pub use traces::*;
pub use trail::*;
pub use versioning::*;
pub use watching::*;

/// Nesting of a JSON message: objects and arrays inside each other. Deeper than any tool schema
/// seen, shallow enough that no recursive parser behind the gate overflows.
pub const JSON_DEPTH_MAX: usize = 64;

/// Keys in one object. A map of 10,000 entries is data, not arguments.
pub const JSON_KEYS_MAX: u32 = 10_000;

/// Keys and values in one message: 16 MiB of tape.
pub const JSON_TOKENS_MAX: usize = 1_000_000;

/// The greatest magnitude of a number: just below the greatest double, since some readers round the last
/// few before it up to infinity.
pub const JSON_NUMBER_MAX: f64 = 1.797_693_134_862_315e308;

/// How long a client may keep a filtered list, in milliseconds: a change of the policy shows within.
pub const LIST_TTL_MS_MAX: i64 = 60_000;

/// Bytes of a target's name (tool, prompt, URI) in a record.
pub const TARGET_BYTES_MAX: usize = 256;

/// Bytes of a client's `User-Agent` in a record.
pub const USER_AGENT_BYTES_MAX: usize = 128;

/// Findings in one record; further ones are merged into the last of their detector.
pub const RECORD_FINDINGS_MAX: usize = 64;

/// The body of a request, in bytes. SDK servers take 100 kB to 4 MiB.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// The body of an answer that is one JSON message, in bytes. The largest that SDK clients take.
pub const ANSWER_BYTES_MAX: usize = 16 << 20;

/// What is read of a body that will not be handed over, in bytes, so that its connection may be kept.
pub const FOREIGN_BODY_BYTES_MAX: usize = 64 << 10;

/// The head of a request, in bytes.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// What the HTTP codec buffers of a connection, in bytes: a head at its bound and what came with it.
pub const CODEC_BYTES_MAX: usize = 2 * HEAD_BYTES_MAX;

/// Connections of clients at once; new ones beyond it are closed. An idle one costs some 20 KiB,
/// one with an open event stream less than 10 (`benches/streams`).
pub const CONNECTIONS_MAX: usize = 10_000;

/// How long a client's connection may lie idle; it ends before twice that.
pub const CONNECTION_IDLE_MAX: Duration = Duration::from_secs(60);

/// Connections that the system holds for us until they are accepted.
pub const LISTEN_BACKLOG: i32 = 1024;

/// How long a connection to the server may lie idle: servers close theirs after 5 s.
pub const UPSTREAM_IDLE_MAX: Duration = Duration::from_secs(4);

/// Idle connections to the server that one thread keeps.
pub const UPSTREAM_IDLE_CONNECTIONS_MAX: usize = 512;

/// A JSON-RPC id that is a string, unescaped. Clients send a counter or a UUID; ids are kept while a
/// request runs and stand in every record.
pub const ID_BYTES_MAX: usize = 256;

/// The greatest magnitude of an integer id: beyond 2^53 - 1 some readers see another number.
pub const ID_INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// The name of a method. The longest known has 39 bytes.
pub const METHOD_BYTES_MAX: usize = 128;

/// One server-sent event, framing included. As large as the largest message.
pub const EVENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The `id` of a server-sent event. It comes back in a `Last-Event-ID` header.
pub const EVENT_ID_BYTES_MAX: usize = 1024;

/// The least and the greatest `retry` of a server-sent event, in milliseconds: a server may neither make
/// its clients hammer nor keep them away.
pub const EVENT_RETRY_MS: std::ops::RangeInclusive<u64> = 100..=60_000;

/// One line on the standard input or output of a server. As large as the largest message.
pub const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Arguments of one call that are compared with a header that repeats one of them.
pub const MIRRORED_LEAVES_MAX: usize = 10_000;

/// Locks over the cells of limits: enough that two cores seldom meet.
pub const CELL_SHARDS: usize = 256;

/// Cells under one lock. With [`CELL_SHARDS`]: a million in all, 30 to 60 MB; a shard is swept
/// in well under 0.1 ms.
pub const CELLS_PER_SHARD_MAX: usize = 4_096;

/// Shards that one sweep looks at: less than 0.2 ms if all are full and every cell goes.
pub const SHARDS_PER_SWEEP: usize = 2;

/// How much older than a sweep the time of a message in flight may be: its body may take half a minute, and a
/// place among those in flight another.
pub const SWEEP_SLACK: Duration = Duration::from_secs(70);

/// Redaction rules in one direction: one bit each in a hit's mask.
pub const SCAN_RULES_MAX: usize = 64;

/// Bytes of a field pattern. Longer than any key path that people write.
pub const SCAN_PATTERN_BYTES_MAX: usize = 256;

/// Names in a field pattern: a path deeper than this is found by its last names as well.
pub const SCAN_PATTERN_SEGMENTS_MAX: usize = 8;

/// Roles of one policy: a set of them is four words, copied with every message.
pub const POLICY_ROLES_MAX: usize = 256;

/// How long something may be in shadow before `check` warns, in days: a month sees every kind of day, and after two
/// nobody remembers what was being tried. A policy may say otherwise.
pub const SHADOW_DAYS_MAX: u32 = 30;

/// One file of a bundle, in bytes. A thousand rules have about 200 KB.
pub const POLICY_FILE_BYTES_MAX: usize = 1024 * 1024;

/// Files of a bundle. A ConfigMap holds 1 MiB in all.
pub const POLICY_FILES_MAX: usize = 256;

/// Bytes in a policy bundle, all files together. A ConfigMap holds 1 MiB; pinned tools and keys
/// delivered by other ways may need more.
pub const POLICY_BYTES_MAX: usize = 4 << 20;

/// Rest after the last change of a bundle before it is read: longer than an editor or a kubelet takes
/// between its steps, shorter than a person's patience.
pub const RELOAD_QUIET: Duration = Duration::from_millis(200);

/// Longest wait from the first change of a bundle, where changes never rest.
pub const RELOAD_DELAY_MAX: Duration = Duration::from_secs(2);

/// Pause between two looks at a bundle without an event: the net under inotify.
pub const RELOAD_POLL: Duration = Duration::from_secs(10);

/// Children of the stdio bridge at once, in all sessions: each is a process with its memory.
pub const BRIDGE_CHILDREN_MAX: usize = 64;

/// Messages that wait for one client to read them, and that are kept while it does not listen.
pub const BRIDGE_EVENTS_QUEUED_MAX: usize = 64;

/// Requests that wait for one child of the stdio bridge.
pub const BRIDGE_IN_FLIGHT_MAX: usize = 256;

/// One line from a child, and one message to it: 4 MiB, as much as one event may hold.
pub const BRIDGE_LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Lines that wait for a child to read them.
pub const BRIDGE_LINES_QUEUED_MAX: usize = 32;

/// Children of one caller at once: enough for a person with many windows, a quarter of all.
pub const BRIDGE_CHILDREN_PER_CALLER_MAX: usize = 16;

/// How long a session must have been silent before it may make room for another of its caller.
pub const BRIDGE_YIELD_IDLE: Duration = Duration::from_secs(60);

/// A child that ends by itself before this has not really started.
pub const RESTART_STEADY: Duration = Duration::from_secs(10);

/// Pause before a child is started again: the first, and the longest after it has doubled each time.
pub const RESTART_PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// Pauses up to this are waited out by the request that needs the child; SDK clients wait a minute.
pub const RESTART_WAIT_MAX: Duration = Duration::from_secs(1);

/// Callers whose children keep ending, remembered at once; further ones share one memory.
pub const RESTART_CALLERS_MAX: usize = 1024;

/// Children in a row that may end under one listening request before they acknowledge it.
pub const LISTEN_RENEWALS_MAX: u32 = 5;

/// One line that a child writes to stderr; a longer one is told, not logged.
pub const STDERR_LINE_BYTES_MAX: usize = 4 * 1024;

/// Lines of one child's stderr that are logged in one window: a stack trace or a banner has fewer.
pub const STDERR_LINES_MAX: u32 = 100;

/// See [`STDERR_LINES_MAX`].
pub const STDERR_WINDOW: Duration = Duration::from_secs(1);

/// Lines of a private key without an end: an RSA key of 8192 bits has 99.
pub const STDERR_KEY_LINES_MAX: u32 = 128;

/// Audit lines that wait to be written, in bytes: some 10,000 records, a second of full load while a
/// disk stalls. Beyond it messages are refused.
pub const AUDIT_QUEUE_BYTES_MAX: usize = 8 << 20;

/// One audit line. The kubelet splits longer ones.
pub const AUDIT_LINE_BYTES_MAX: usize = 16 << 10;

/// The findings of one audit line; the rest is counted.
pub const AUDIT_FINDINGS_BYTES_MAX: usize = 6 << 10;

/// The `detail` of an audit line.
pub const AUDIT_DETAIL_BYTES_MAX: usize = 1 << 10;

/// Any name in an audit line: a user, a tool, a rule, a path.
pub const AUDIT_NAME_BYTES_MAX: usize = 512;

/// Users whose hashed names are kept at hand: a few for each connection of a busy sidecar.
pub const AUDIT_ACTORS_MAX: usize = 1024;

/// Pause between two sweeps of a few shards of limits: all of them are seen within a minute or so.
pub const SWEEP_PAUSE: Duration = Duration::from_millis(500);

/// Bytes of a key that are compared with names of fields: the last of a longer key.
pub const SCAN_KEY_BYTES_MAX: usize = 96;

/// Bytes before a colon that are searched for the beginning of a key.
pub const SCAN_KEY_REACH_MAX: usize = 1024;

/// How often the bytes of a message may be walked for patterns of several names; past it a field that
/// the first name fits is redacted whole, so that no nesting makes the cost quadratic.
pub const SCAN_WALKS_MAX: usize = 8;

/// Bytes of a string that is read without its separators: numbers in longer texts would run together.
pub const SCAN_JOIN_BYTES_MAX: usize = 120;

/// Bytes on either side of a seam between two blocks of text that are read as one.
pub const SCAN_SEAM_BYTES: usize = 64;

/// Names of people that are looked for again in the rest of their message. A page of records has as many.
pub const SCAN_ECHOES_MAX: usize = 64;

/// Bytes that are read for it, all names together: some milliseconds.
pub const SCAN_ECHO_BYTES_MAX: usize = 64 << 20;

/// Words of names that are looked for by themselves: a letter or a chat speaks of a few people. A message with more is
/// a list, in which hardly anybody is called by a part of a name.
pub const SCAN_CALLED_MAX: usize = 24;

/// Bytes of a message in which they are looked for: so many words in it take less than a millisecond.
pub const SCAN_CALLED_BYTES_MAX: usize = 256 << 10;

/// Bytes of a run that is decoded to look into it: a longer one is a file, not a value.
pub const SCAN_VIEW_BYTES_MAX: usize = 4096;

/// Encodings inside encodings that are looked into.
pub const SCAN_VIEW_DEPTH_MAX: u32 = 2;

/// Bytes of a text in base64 that is read: as large as the largest event. A longer one is withheld where a
/// rule acts.
pub const SCAN_BLOB_BYTES_MAX: usize = 4 << 20;

/// Bytes of heap that a scan and its edits take for each byte of a message, at most: with values everywhere a
/// list of them, the edits, and the text with the edits made.
pub const SCAN_HEAP_BYTES_PER_BYTE: usize = 32;

/// Findings told apart by path in one message; further ones count under `$`, by rule and detector.
pub const SCAN_FINDINGS_MAX: usize = 128;

/// How long a connection to the server may take, where the policy says nothing.
pub const UPSTREAM_CONNECT_MAX: Duration = Duration::from_secs(2);

/// How long the server may take to answer, where neither tool nor policy says. SDK clients give up
/// after as long themselves.
pub const UPSTREAM_ANSWER_MAX: Duration = Duration::from_secs(60);

/// Requests of one session in flight, in each direction. Clients have a few; 64 is the cap of most.
pub const CALLS_PER_SESSION_MAX: usize = 1_024;

/// Sessions remembered: about 0.3 KB each while nothing is in flight. The least used is forgotten.
pub const SESSIONS_MAX: usize = 65_536;

/// Tasks remembered: about 0.1 KB each. One that is forgotten is judged as a task of an unknown tool.
pub const TASKS_MAX: usize = 65_536;

/// How long a task is remembered whose server keeps it longer, or does not say.
pub const TASK_LIFE_MAX: Duration = Duration::from_hours(24);

/// Messages in one batch. Source: rule S10 of the strict profile.
pub const BATCH_MESSAGES_MAX: usize = 32;

/// Fields in the head of a request. Clients send about 15.
pub const HEAD_FIELDS_MAX: usize = 100;

/// How long a client may take nothing of an answer before its connection is given up.
pub const STALL_WAIT: Duration = Duration::from_secs(60);

/// What is thrown away of a request that was refused before its end, in bytes, so that the client gets
/// to read the refusal.
pub const LINGER_BYTES_MAX: usize = 1 << 20;

/// How long it is waited for such bytes.
pub const LINGER_WAIT: Duration = Duration::from_secs(1);

/// Header names that are looked at in one preflight; there are eight that may be granted.
pub const PREFLIGHT_FIELDS_MAX: usize = 32;

/// How long the body of a request may come as slowly as it likes.
pub const BODY_GRACE: Duration = Duration::from_secs(10);

/// Bytes that the body of a request must bring in each second beyond [`BODY_GRACE`], on average.
pub const BODY_PACE_BYTES: usize = 1024;

/// How many bytes a coded byte may become. Text of calls packs 5 to 20 times; the most that DEFLATE can is 1,032.
pub const CODING_RATIO_MAX: u64 = 100;

/// What may be unpacked before the ratio counts, in bytes: a small message may be very regular.
pub const CODING_FREE_BYTES: u64 = 64 << 10;

/// The URI that a server of HTTP+SSE wants to be posted to, in bytes. Servers say less than 100.
pub const ENDPOINT_BYTES_MAX: usize = 2048;

/// Streams of HTTP+SSE at once: as many as connections, of which each holds one or more.
pub const PAIRS_MAX: usize = 10_000;

/// Words of ours that wait for one client of HTTP+SSE to read them, and as many for its server to take.
pub const PAIR_WORDS_QUEUED_MAX: usize = 64;

/// Requests in flight on one carrier, each with the ticket that its answer is judged by.
pub const TICKETS_PER_CARRIER_MAX: usize = CALLS_PER_SESSION_MAX;

/// Objections to a server's requests on their way at once, of one stream. A tool asks one thing at a time.
pub const OBJECTIONS_MAX: usize = 16;
