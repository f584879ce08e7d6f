//! How the server behind is kept from harm: when it is left alone, how much it gets at once, what is asked again.

use std::time::Duration;

use super::lock::{Definition, Hint};
use super::snapshot::{Class, Tool};
use crate::bounds::{
    LISTENS_MAX, REPLICA_STICKY, REQUESTS_PER_CONVERSATION_MAX, REQUESTS_PER_SERVER_MAX,
    REQUESTS_PER_TOOL_MAX, RETRY_BUDGET_PER_SECOND, RETRY_BUDGET_PERCENT,
};
use crate::limit::breaker::{BreakerPlan, Drive};
use crate::names::{Label, Mode};

/// How a server is kept from harm.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerCare {
    /// When it is left alone.
    pub breaker: BreakerPlan,
    /// How much it gets at once.
    pub concurrency: ConcurrencyPlan,
    /// What it is asked again.
    pub retries: RetryPlan,
    /// A second server that only reads.
    pub replica: Option<ReplicaPlan>,
    /// Whether the gate finds out by itself how much the server can take.
    pub is_adaptive: bool,
}

/// How a tool is kept from harm.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCare {
    /// When it is left alone.
    pub breaker: BreakerPlan,
    /// How many calls of it there may be at once; `None` leaves the server's number.
    pub concurrency: Option<u32>,
    /// Whether the author says that calling it twice is as calling it once.
    pub is_idempotent: bool,
    /// Allow rules that ask of its arguments that SQL only reads.
    pub sql_rules: Box<[Label]>,
}

/// How much there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConcurrencyPlan {
    /// Requests to the server.
    pub server: u32,
    /// Calls of one tool.
    pub tool: u32,
    /// Requests of one conversation; `None` where the policy does not say how a conversation is known.
    pub conversation: Option<u32>,
    /// Streams that only listen.
    pub listens: u32,
}

/// What is asked again where no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPlan {
    /// How often at most, after the first time; 0 for never.
    pub attempts: u32,
    /// Of a hundred calls that went well, so many may be asked again.
    pub budget_percent: u32,
    /// And so many more in each second.
    pub per_second: u32,
}

/// A second server that only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaPlan {
    /// Where it is: `http://127.0.0.1:8081/mcp`.
    pub url: Box<str>,
    /// What goes there.
    pub takes: Takes,
    /// How long whoever wrote something stays with the first server.
    pub sticky: Duration,
    /// What happens while it rests.
    pub fallback: Fallback,
}

/// Which calls go to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Takes {
    /// Those of tools that are approved as reading.
    pub read: bool,
    /// Those that a rule allowed for SQL that only reads.
    pub sql: bool,
}

/// What happens to a call whose replica rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fallback {
    /// It goes to the first server.
    #[default]
    Primary,
    /// It is refused: the first server could not take the load.
    Refuse,
}

impl Default for ConcurrencyPlan {
    fn default() -> Self {
        Self {
            server: REQUESTS_PER_SERVER_MAX,
            tool: REQUESTS_PER_TOOL_MAX,
            conversation: None,
            listens: LISTENS_MAX,
        }
    }
}

impl Default for RetryPlan {
    fn default() -> Self {
        Self { attempts: 0, budget_percent: RETRY_BUDGET_PERCENT, per_second: RETRY_BUDGET_PER_SECOND }
    }
}

impl ReplicaPlan {
    /// How long it is stuck to the first server where the policy says nothing.
    pub const STICKY: Duration = REPLICA_STICKY;
}

impl ConcurrencyPlan {
    /// The bound of one conversation where the policy names none.
    pub const CONVERSATION: u32 = REQUESTS_PER_CONVERSATION_MAX;
}

impl Fallback {
    /// Both ways.
    pub const ALL: &[Self] = &[Self::Primary, Self::Refuse];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Refuse => "refuse",
        }
    }
}

impl ServerCare {
    /// With its breaker as it acts in a policy of this mode. How much there may be at once stays as it is: whoever
    /// counts that refuses only where the policy enforces.
    pub(super) fn lowered(mut self, mode: Mode) -> Self {
        self.breaker = lowered(self.breaker, mode);
        self
    }
}

/// The plan of a breaker as it acts in a policy of this mode: in shadow it refuses nothing.
pub(super) fn lowered(plan: BreakerPlan, mode: Mode) -> BreakerPlan {
    let drive = match (mode, plan.drive) {
        (Mode::Shadow, Drive::Auto | Drive::ForcedOpen | Drive::Observe) => Drive::Observe,
        (Mode::Shadow, Drive::ForcedClosed) => Drive::ForcedClosed,
        (Mode::Enforce, drive) => drive,
    };
    BreakerPlan { drive, ..plan }
}

/// What says of a tool whether it may be called twice, and whether it changes anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Approval<'t> {
    /// The class that is written; it counts before annotations.
    pub class: Option<Class>,
    /// What was approved of it.
    pub definition: Option<&'t Definition>,
    /// Whether the author says that calling it twice is as calling it once.
    pub is_idempotent: bool,
}

impl Approval<'_> {
    fn claims(self, hint: Hint) -> bool {
        self.definition.is_some_and(|definition| definition.annotations.says(hint))
    }

    /// Whether it is approved as changing nothing. Where a class is written, that counts, and no annotation.
    pub fn reads(self) -> bool {
        match self.class {
            Some(Class::Read) => true,
            Some(Class::Destructive | Class::Write) => false,
            None => self.claims(Hint::ReadOnly),
        }
    }

    /// Whether calling it twice is approved to be as calling it once.
    pub fn is_repeatable(self) -> bool {
        self.is_idempotent || self.reads() || self.claims(Hint::Idempotent)
    }
}

impl Tool {
    /// Whether calling it to see what happens does no harm: it is approved as reading, or as doing nothing more when
    /// it is called twice, and not as destructive.
    pub fn is_harmless(&self) -> bool {
        self.class != Some(Class::Destructive) && self.is_repeatable()
    }

    /// Whether calling it twice is approved to be as calling it once.
    pub fn is_repeatable(&self) -> bool {
        self.approval().is_repeatable()
    }

    /// Whether it is approved as changing nothing. Where a class is written, that counts, and no annotation.
    pub fn reads(&self) -> bool {
        self.approval().reads()
    }

    fn approval(&self) -> Approval<'_> {
        let (class, is_idempotent) = (self.class, self.care.is_idempotent);
        Approval { class, definition: self.definition.as_deref(), is_idempotent }
    }
}
