//! How a request to the server ended, and what that means: one table.
//!
//! Source: the reference of limits, section 7, "what counts"; MCP 2026-07-28, basic, "error codes".

/// How a request to the server ended, as far as the server's health goes; the closed set of the `class` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeClass {
    /// A result, or the acknowledgement of a notification.
    Answered,
    /// The client took the request back, or went away; or the gate did.
    Cancelled,
    /// A 4xx that is none of the others.
    ClientError,
    /// No connection, no TLS, or a connection that ended before the first byte of an answer.
    ConnectFailed,
    /// The server did not take the credential of the gate.
    CredentialRefused,
    /// An answer that ended before it was whole.
    Cut,
    /// A JSON-RPC error with a code that the policy calls a failure.
    DeclaredError,
    /// An answer that is none of the protocol.
    Foreign,
    /// HTTP 502 or 504.
    GatewayError,
    /// A result that asks the client for something: `resultType: input_required`.
    InputRequired,
    /// The JSON-RPC error -32603.
    InternalError,
    /// A JSON-RPC error that says that the request is wrong, or belongs to the application.
    ProtocolError,
    /// Nothing was sent: the policy, a limit or the gate itself refused.
    Refused,
    /// HTTP 500, or a 5xx that is none of the others.
    ServerError,
    /// HTTP 429.
    Throttled,
    /// No answer in the time that it had.
    TimedOut,
    /// A result with `isError: true`.
    ToolError,
    /// HTTP 503.
    Unavailable,
}

/// What an outcome says to a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toll {
    /// The server failed.
    Failure {
        /// Whether it was the gate that found out, without an answer: no connection, or no answer in time.
        is_local: bool,
    },
    /// It says nothing about the server's health, but that there was an answer.
    Neutral,
    /// It is not recorded: the server had no part in it, or must not be judged by it.
    Nothing,
    /// The server did its work.
    Success,
}

/// What an outcome says to the adaptive limit of concurrency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressure {
    /// The server has too much to do.
    Decrease,
    /// Nothing.
    Nothing,
    /// It took as long as it took.
    Sample,
}

/// Whether the gate may send a request again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Never.
    Never,
    /// Where doing it twice is as doing it once, and the policy and its budget allow it.
    Repeatable,
    /// Where not a byte of it was sent.
    Unsent,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// For the breaker.
    pub toll: Toll,
    /// Whether it counts as slow, however long it took.
    pub is_slow: bool,
    /// For the adaptive limit.
    pub pressure: Pressure,
    /// For retries.
    pub again: Again,
}

impl OutcomeClass {
    /// Every class, in the order of [`OutcomeClass::index`].
    pub const ALL: &[Self] = &[
        Self::Answered,
        Self::Cancelled,
        Self::ClientError,
        Self::ConnectFailed,
        Self::CredentialRefused,
        Self::Cut,
        Self::DeclaredError,
        Self::Foreign,
        Self::GatewayError,
        Self::InputRequired,
        Self::InternalError,
        Self::ProtocolError,
        Self::Refused,
        Self::ServerError,
        Self::Throttled,
        Self::TimedOut,
        Self::ToolError,
        Self::Unavailable,
    ];

    /// What it means.
    ///
    /// Our own timeout counts as found out by the gate, as in Envoy: five in a row open a breaker that sees too
    /// few calls for a rate.
    pub fn effect(self) -> Effect {
        let failure = Toll::Failure { is_local: false };
        let local = Toll::Failure { is_local: true };
        let row = |toll, pressure, again| Effect { toll, is_slow: false, pressure, again };
        match self {
            Self::Answered | Self::InputRequired => row(Toll::Success, Pressure::Sample, Again::Never),
            Self::Cancelled | Self::Refused => row(Toll::Nothing, Pressure::Nothing, Again::Never),
            // Another token is another request: whoever holds the credentials asks once more.
            Self::CredentialRefused => row(Toll::Nothing, Pressure::Nothing, Again::Never),
            Self::ClientError | Self::ProtocolError | Self::ToolError => {
                row(Toll::Neutral, Pressure::Nothing, Again::Never)
            }
            Self::Foreign => row(Toll::Neutral, Pressure::Nothing, Again::Never),
            Self::ConnectFailed => row(local, Pressure::Nothing, Again::Unsent),
            Self::Cut | Self::DeclaredError | Self::InternalError | Self::ServerError => {
                row(failure, Pressure::Nothing, Again::Never)
            }
            Self::GatewayError => row(failure, Pressure::Nothing, Again::Repeatable),
            Self::Throttled => row(Toll::Nothing, Pressure::Decrease, Again::Never),
            Self::TimedOut => Effect { is_slow: true, ..row(local, Pressure::Decrease, Again::Repeatable) },
            Self::Unavailable => row(failure, Pressure::Decrease, Again::Repeatable),
        }
    }

    /// What the HTTP status of an answer says by itself; `None` where its message has to be read.
    pub fn of_status(http_status: u16) -> Option<Self> {
        match http_status {
            429 => Some(Self::Throttled),
            502 | 504 => Some(Self::GatewayError),
            503 => Some(Self::Unavailable),
            500..=599 => Some(Self::ServerError),
            _ => None,
        }
    }

    /// What the code of a JSON-RPC error says; `declared` are those that the policy calls failures.
    pub fn of_code(code: i64, declared: &[i64]) -> Self {
        match code {
            _ if declared.contains(&code) => Self::DeclaredError,
            -32_603 => Self::InternalError,
            _ => Self::ProtocolError,
        }
    }

    /// Its place in [`OutcomeClass::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The word for it in metrics and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Cancelled => "cancelled",
            Self::ClientError => "client_error",
            Self::ConnectFailed => "connect_failed",
            Self::CredentialRefused => "credential_refused",
            Self::Cut => "cut",
            Self::DeclaredError => "declared_error",
            Self::Foreign => "foreign",
            Self::GatewayError => "gateway_error",
            Self::InputRequired => "input_required",
            Self::InternalError => "internal_error",
            Self::ProtocolError => "protocol_error",
            Self::Refused => "refused",
            Self::ServerError => "server_error",
            Self::Throttled => "throttled",
            Self::TimedOut => "timed_out",
            Self::ToolError => "tool_error",
            Self::Unavailable => "unavailable",
        }
    }
}
