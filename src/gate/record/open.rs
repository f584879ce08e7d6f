//! How records begin: of a message that came, and of what the gate itself says and asks.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::USER_AGENT;

use super::super::ask::{Ask, Errand, field};
use super::super::ending::{Outcome, Overhead, Sizes};
use super::super::reason::Reason;
use super::super::trace::Trace;
use super::super::ward::Branch;
use super::{Action, Record, Unlisted, Verdict, cut};
use crate::bounds::USER_AGENT_BYTES_MAX;
use crate::identity::Caller;
use crate::mcp::Method;
use crate::policy::Policy;
use crate::scan::fit::Fitting;

impl Record {
    /// Starts the record of a message of which nothing is known but where it comes from.
    pub fn open(policy: &Arc<Policy>, caller: Option<&Arc<Caller>>, ask: &Ask<'_>) -> Box<Self> {
        let request = match &ask.errand {
            Errand::Say(body) => body.len() as u64,
            Errand::Leave | Errand::Listen => 0,
        };
        let peer = ask.origin.peer;
        Box::new(Self {
            user_agent: field(ask.headers, USER_AGENT).map(|text| cut(text, USER_AGENT_BYTES_MAX).into()),
            bytes: Sizes { request, response: 0 },
            trace: Trace::begin(ask),
            ..Self::blank(ask.now.unix_ms, policy, caller.cloned(), peer)
        })
    }

    /// Starts the record of what the gate itself tells the server, in the name of the same caller.
    pub(in crate::gate) fn about_the_server(&self) -> Box<Self> {
        Box::new(Self {
            revision: self.revision,
            conversation: self.conversation,
            verdict: Verdict::Deny,
            action: Action::Deny,
            mode: self.mode,
            reason: Reason::ToolNotAllowed,
            detail: Some("a request of the server was not passed on".into()),
            ..Self::blank(self.unix_ms, &self.policy, self.caller.clone(), self.peer)
        })
    }

    /// Starts the record of a question of the gate itself.
    pub(in crate::gate) fn of_a_question(unix_ms: u64, policy: &Arc<Policy>, method: Method) -> Box<Self> {
        let detail = Some("a question of the gate itself: whether the server is there".into());
        Box::new(Self { method: Some(method), detail, ..Self::blank(unix_ms, policy, None, None) })
    }

    /// Starts the record of the gate's question for a list, in the place of whoever calls.
    pub(in crate::gate) fn of_an_inventory(
        unix_ms: u64,
        policy: &Arc<Policy>,
        (caller, peer): (Option<Arc<Caller>>, Option<SocketAddr>),
    ) -> Box<Self> {
        let detail = Some("a question of the gate itself: what its caller is shown".into());
        let blank = Self::blank(unix_ms, policy, caller, peer);
        Box::new(Self { method: Some(Method::ToolsList), detail, ..blank })
    }

    /// A record of an allowed message of which nothing else is known.
    fn blank(
        unix_ms: u64,
        policy: &Arc<Policy>,
        caller: Option<Arc<Caller>>,
        peer: Option<SocketAddr>,
    ) -> Self {
        Self {
            unix_ms,
            policy: Arc::clone(policy),
            caller,
            peer,
            user_agent: None,
            method: None,
            target: None,
            called: None,
            request_id: None,
            revision: None,
            conversation: None,
            verdict: Verdict::Allow,
            action: Action::Allow,
            mode: policy.mode,
            reason: Reason::None,
            rule: None,
            detail: None,
            findings: Vec::new(),
            restores: Vec::new(),
            fitting: Fitting::default(),
            testimony: None,
            trial: None,
            inquiry: None,
            has_colliding_keys: false,
            is_unjudged: false,
            hint: None,
            course: None,
            admitted: None,
            branch: Branch::Primary,
            notices: Vec::new(),
            drifts: Vec::new(),
            unlisted: Unlisted::default(),
            resting_tool: None,
            trace: None,
            places: Vec::new(),
            outcome: Outcome::Cancelled,
            http_status: 0,
            duration_us: 0,
            overhead_us: Overhead::default(),
            bytes: Sizes::default(),
            tokens: None,
        }
    }
}
