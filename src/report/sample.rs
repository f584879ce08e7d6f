//! Records for tests.

use std::sync::Arc;
use std::time::Duration;

use crate::gate::{Action, Outcome, Overhead, Reason, Record, Sizes, Verdict};
#[cfg(feature = "otel")]
use crate::gate::{Forwarded, Sampler, Seed, Share, Trace, Transport, Wire};
use crate::identity::{Evidence, digest};
use crate::json::Document;
use crate::mcp::{Id, Method, Revision};
#[cfg(feature = "otel")]
use crate::mcp::{SpanId, TraceId};
use crate::names::{Label, Mode, Now, hex};
use crate::policy::{self, Policy, Source};
use crate::scan::{self, Detector, Direction, Finding};

/// A policy of the server `id` that knows one caller, with `more` at its end.
pub(super) fn policy(id: &str, more: &str) -> Arc<Policy> {
    let sha256 = hex(&digest("key-1"));
    let text = format!(
        "version: 1\nserver: {{ id: {id}, mode: enforce }}\ncallers:\n  anonymous: allow\n  keys:\n    - {{ id: k, \
         sha256: \"{sha256}\", user: alice, tenant: acme, agent: agent-a }}\n{more}"
    );
    let compiled = policy::compile(&[Source { name: "a.yaml".into(), text }], 0);
    Arc::new(compiled.unwrap_or_else(|faults| panic!("{faults}")))
}

/// An allowed call by alice, as it is settled when all went well.
pub(super) fn record() -> Record {
    let policy = policy("payments", "");
    let now = Now { steady: Duration::ZERO, unix_ms: 1_795_352_712_482 };
    let caller = policy.directory.verify(&Evidence::header(Some("Bearer key-1")), now).settled().ok();
    Record {
        unix_ms: now.unix_ms,
        caller,
        testimony: None,
        trial: None,
        inquiry: None,
        policy,
        peer: Some("10.1.2.3:51522".parse().unwrap()),
        user_agent: Some("agent/1.0".into()),
        method: Some(Method::ToolsCall),
        target: Some("payments.refund".into()),
        called: None,
        request_id: Some(id("17")),
        revision: Some(Revision::V2026_07_28),
        conversation: None,
        verdict: Verdict::Allow,
        action: Action::Allow,
        mode: Mode::Enforce,
        reason: Reason::None,
        rule: Some(Label::parse("refund-any").unwrap()),
        detail: None,
        findings: Vec::new(),
        restores: Vec::new(),
        fitting: scan::fit::Fitting::default(),
        has_colliding_keys: false,
        is_unjudged: false,
        hint: None,
        course: None,
        admitted: None,
        branch: crate::gate::Branch::Primary,
        notices: Vec::new(),
        drifts: Vec::new(),
        unlisted: crate::gate::Unlisted::default(),
        resting_tool: None,
        trace: None,
        places: Vec::new(),
        outcome: Outcome::Success,
        http_status: 200,
        duration_us: 412,
        overhead_us: Overhead { request: 80, response: 38 },
        bytes: Sizes { request: 842, response: 1200 },
        tokens: None,
    }
}

/// An id by its JSON.
pub(super) fn id(json: &str) -> Id {
    Id::read(Document::parse(json.as_bytes()).unwrap().root()).unwrap()
}

/// A payment card that was found at `path`.
pub(super) fn finding(direction: Direction, action: scan::Action, path: &str) -> (Direction, Finding) {
    let rule = Arc::new(Label::parse("pci").unwrap());
    let mode = Mode::Enforce;
    (direction, Finding { rule, detector: Detector::PAN, action, count: 2, path: path.into(), mode })
}

/// Where the spans of a kept call stand that was sent on after 80 us and answered after 380.
#[cfg(feature = "otel")]
pub(super) fn trace() -> Option<Box<Trace>> {
    let mut trace = Trace::of(seed(Share::ALL));
    let (sent, heard) = (Duration::from_micros(80), Duration::from_micros(380));
    trace.forwarded = Some(Forwarded { transport: Transport::Unix, sent, heard });
    Some(Box::new(trace))
}

/// The same of one that is not kept.
#[cfg(feature = "otel")]
pub(super) fn dropped_trace() -> Option<Box<Trace>> {
    Some(Box::new(Trace::of(seed(Share::NONE))))
}

#[cfg(feature = "otel")]
fn seed(share: Share) -> Seed {
    Seed {
        trace_id: TraceId::new([1; 16]).unwrap(),
        server: SpanId::new([2; 8]).unwrap(),
        client: SpanId::new([3; 8]).unwrap(),
        sampler: Sampler::ParentBased(share),
        unix_ns: 1_795_352_712_482_000_000,
        wire: Wire::Http { verb: "POST", version: "1.1" },
    }
}
