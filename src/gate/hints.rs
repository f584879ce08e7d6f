//! What the head of an answer tells of a limit: its numbers, what is left, and when there is more.
//!
//! Limits that count for a level of the policy's `expose` (by default a user or a conversation) show their
//! numbers, for they count what this caller did. Of others, which callers share, only the wait is told: what is
//! left of a tenant's or a server's share is the sum of what others do.
//!
//! An HTTP answer shows at most one limit: the one that refused, or of those that are nearly used up the
//! tightest. Where every limit is far, nothing is said: the draft advises so where fields cost something
//! (section 6.2), and these would cost every answer. What has no head of its own (a batch, an event of
//! the transport of 2024-11-05, a line) says it in the text of the refusal alone.
//!
//! Source: draft-ietf-httpapi-ratelimit-headers-11, sections 3, 4 and 6; RFC 9110, section 10.2.3.

use std::fmt::Write as _;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::words::seconds;
use crate::identity::{Caller, Proof};
use crate::limit::{Kind, Left, Rule, Unit};
use crate::names::Label;
use crate::policy::{HintHeaders, HintPlan};

/// A limit as its caller may see it in the head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    name: Label,
    quota: u64,
    /// What is counted, in the words of the draft; `None` for requests.
    unit: Option<Box<str>>,
    window: Option<Duration>,
    left: Left,
    headers: HintHeaders,
}

impl Hint {
    /// What `rule` looks like to a caller that may have no more than `left` of it.
    pub(super) fn new(rule: &Rule, left: Left, plan: &HintPlan) -> Self {
        let (quota, window) = match rule.kind() {
            Kind::Budget(budget) => (budget.amount(), Some(budget.period().longest())),
            Kind::Concurrency(concurrency) => (concurrency.most.get().into(), None),
            Kind::Rate { rate, .. } => (rate.calls.get().into(), Some(rate.period)),
        };
        let unit = match (rule.kind(), rule.unit()) {
            (Kind::Concurrency(_), _) => Some("concurrent-requests".into()),
            (Kind::Budget(_) | Kind::Rate { .. }, Unit::Calls) => None,
            (Kind::Budget(_) | Kind::Rate { .. }, Unit::RequestBytes | Unit::ResponseBytes) => {
                Some("content-bytes".into())
            }
            // The draft's registry has no word for these.
            (Kind::Budget(_) | Kind::Rate { .. }, Unit::Argument(_)) => Some("argument".into()),
            (Kind::Budget(_) | Kind::Rate { .. }, Unit::Tokens) => Some("tokens".into()),
        };
        Self { name: rule.id().clone(), quota, unit, window, left, headers: plan.headers }
    }

    /// The tightest of the limits that a call has nearly used up, among those that `caller` may know.
    ///
    /// Nothing for anonymous callers: they are one user to every limit, and strangers to each other.
    pub(super) fn tightest<'r>(
        limits: impl Iterator<Item = (&'r Rule, Left)>,
        plan: &HintPlan,
        caller: &Caller,
    ) -> Option<Self> {
        if plan.headers == HintHeaders::None || caller.proof() == Proof::Anonymous {
            return None;
        }
        let share = |rule: &Rule, left: &Left| (u128::from(left.amount), u128::from(rule.most().max(1)));
        let near = limits.filter(|(rule, left)| {
            let (left, most) = share(rule, left);
            is_exposed(rule, plan) && left * 5 <= most
        });
        // Of two that are used up alike, the one that takes longer to come back.
        let tightest = near.min_by(|(rule, left), (other, others)| {
            let ((left_here, most_here), (left_there, most_there)) =
                (share(rule, left), share(other, others));
            let order = (left_here * most_there).cmp(&(left_there * most_here));
            order.then(others.reset.cmp(&left.reset))
        });
        tightest.map(|(rule, left)| Self::new(rule, left, plan))
    }

    /// Adds it to the head of an answer.
    pub fn write(&self, headers: &mut HeaderMap) {
        let (is_ietf, is_older) = match self.headers {
            HintHeaders::Both => (true, true),
            HintHeaders::Ietf => (true, false),
            HintHeaders::None => (false, false),
            HintHeaders::XRatelimit => (false, true),
        };
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        let reset = self.left.reset.map(seconds);
        if is_ietf {
            // A label has neither quotes nor backslashes.
            let mut policy = format!("\"{}\";q={}", self.name, self.quota.min(INTEGER_MAX));
            if let Some(unit) = &self.unit {
                let _ = write!(policy, ";qu=\"{unit}\"");
            }
            if let Some(window) = self.window.map(seconds) {
                let _ = write!(policy, ";w={}", window.max(1));
            }
            set("ratelimit-policy", policy);
            let mut limit = format!("\"{}\";r={}", self.name, self.left.amount.min(INTEGER_MAX));
            if let Some(reset) = reset {
                let _ = write!(limit, ";t={reset}");
            }
            set("ratelimit", limit);
        }
        if is_older {
            set("x-ratelimit-limit", self.quota.to_string());
            set("x-ratelimit-remaining", self.left.amount.to_string());
            if let Some(reset) = reset {
                set("x-ratelimit-reset", reset.to_string());
            }
        }
    }
}

/// The greatest integer of a structured field. Source: RFC 9651, section 3.3.1.
const INTEGER_MAX: u64 = 999_999_999_999_999;

/// Whether callers may know the numbers of a limit.
pub(super) fn is_exposed(rule: &Rule, plan: &HintPlan) -> bool {
    rule.per().iter().any(|level| plan.expose.contains(level))
}
