//! Limits of what is known of conversations.

/// Characters of a conversation's id. A UUID has 36; the longest id of a client that was seen has 64.
pub const CONVERSATION_CHARS_MAX: usize = 128;

/// Conversations that one caller may begin in an hour, where the policy does not say: one a minute. Clients
/// with a session for each call begin more, and then share one count, which is what such ids are worth.
pub const CONVERSATIONS_NEW_PER_HOUR: u32 = 60;

/// Conversations that are remembered, some 60 bytes each: 4 MB. One that is forgotten begins anew.
pub const CONVERSATIONS_MAX: usize = 65_536;

/// Callers whose conversations are counted, some 150 bytes each. One that is forgotten may begin as many again.
pub const CONVERSERS_MAX: usize = 16_384;

/// W3C baggage in bytes: what the specification wants to be carried at least. Source: W3C Baggage, 3.3.2.
pub const BAGGAGE_BYTES_MAX: usize = 8_192;

/// How much longer than it must be a refused caller may be told to wait, in thousandths: callers that were
/// refused together come back spread over a tenth of their wait.
pub const RETRY_JITTER_PERMILLE: u64 = 100;
