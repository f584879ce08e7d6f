//! Messages that belong to nobody: dropped, and counted by kind.

/// Why a message was dropped without a word to its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stray {
    /// An answer to a request that was taken back.
    AnswerCancelled,
    /// A second answer to one request.
    AnswerRepeated,
    /// An answer to a request that was never made, or not on this stream.
    AnswerUnknown,
    /// A word on a stream whose request has been answered.
    AfterAnswer,
    /// A cancellation of a request that does not wait.
    CancelUnknown,
    /// A message with content that may not pass, where nothing could be said in its place.
    Content,
    /// A second word of the server on where to post, or a message before the first.
    EndpointOrder,
    /// Progress of something that nobody waits for.
    ProgressUnknown,
    /// A client's answer to something that the server never asked.
    ReplyUnknown,
    /// A request of the server that the policy does not allow.
    RequestDenied,
    /// A request of the server in a place or an era that has none.
    RequestForbidden,
    /// More requests of the server than one session may have in flight.
    RequestsFull,
    /// A notification for another subscription.
    SubscriptionForeign,
    /// Not a message of the protocol.
    Unreadable,
}

impl Stray {
    /// Every kind, in the order of [`Stray::index`].
    pub const ALL: &[Self] = &[
        Self::AnswerCancelled,
        Self::AnswerRepeated,
        Self::AnswerUnknown,
        Self::AfterAnswer,
        Self::CancelUnknown,
        Self::Content,
        Self::EndpointOrder,
        Self::ProgressUnknown,
        Self::ReplyUnknown,
        Self::RequestDenied,
        Self::RequestForbidden,
        Self::RequestsFull,
        Self::SubscriptionForeign,
        Self::Unreadable,
    ];

    /// Its place in [`Stray::ALL`], for arrays resolved at start.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The word for it in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnswerCancelled => "answer_cancelled",
            Self::AnswerRepeated => "answer_repeated",
            Self::AnswerUnknown => "answer_unknown",
            Self::AfterAnswer => "after_answer",
            Self::CancelUnknown => "cancel_unknown",
            Self::Content => "content",
            Self::EndpointOrder => "endpoint_order",
            Self::ProgressUnknown => "progress_unknown",
            Self::ReplyUnknown => "reply_unknown",
            Self::RequestDenied => "request_denied",
            Self::RequestForbidden => "request_forbidden",
            Self::RequestsFull => "requests_full",
            Self::SubscriptionForeign => "subscription_foreign",
            Self::Unreadable => "unreadable",
        }
    }
}

impl std::fmt::Display for Stray {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
