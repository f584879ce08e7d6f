//! How the gate stands, gathered when somebody looks: what `/status` tells and the page shows.

use std::sync::Arc;

use serde_json::{Value, json};

use super::readiness;
use crate::bounds::{AUDIT_QUEUE_BYTES_MAX, CELL_SHARDS, CELLS_PER_SHARD_MAX, ROWS_SHOWN_MAX};
use crate::gate::{Branch, Crowd, Quarantined};
use crate::limit::breaker::{BreakerStanding, BreakerState};
use crate::limit::{Kind, Rule, Standing};
use crate::names::{Mode, hex};
use crate::report::{AuditSink, AuditStanding, Counts, RuleCount, ToolCount, Totals};
use crate::serve::drain::Phase;
use crate::serve::house::{House, Listening};
use crate::serve::sandbox;
use crate::store::{KeyStanding, RegistryState, Status};

/// How the gate stands.
#[derive(Debug)]
pub struct State {
    /// When this was gathered, in milliseconds since 1970.
    pub now_unix_ms: u64,
    /// When the process began.
    pub started_unix_ms: u64,
    /// Whether a call that the policy allows would be forwarded now.
    pub is_ready: bool,
    /// How far it is on its way out.
    pub phase: Phase,
    /// Where clients connect.
    pub listening: Option<Listening>,
    /// The server, as the policy calls it.
    pub server: String,
    /// Whether decisions take effect.
    pub mode: Mode,
    /// How the last reload went.
    pub policy: Arc<Status>,
    /// Tools that the policy knows.
    pub tools_known: usize,
    /// The audit.
    pub audit: AuditStanding,
    /// Where the keys of issuers come from.
    pub keys: Vec<KeyStanding>,
    /// When the certificate that is served ends; `None` where none is.
    pub certificate_ends_unix_s: Option<i64>,
    /// The limits of the policy, the fullest first.
    pub limits: Vec<LimitState>,
    /// Cells of limits in memory, and how many may be.
    pub cells: (usize, usize),
    /// Which sandboxes are in force.
    pub sandboxes: sandbox::Standing,
    /// The breakers that are not closed, of the server first.
    pub breakers: Vec<(Branch, BreakerStanding)>,
    /// Tools that are not what was approved.
    pub quarantined: Vec<Quarantined>,
    /// Breakers that were asked of late.
    pub breakers_used: usize,
    /// How much is with each server.
    pub crowds: Vec<Crowd>,
    /// Whether the server could be reached the last time it was asked.
    pub is_upstream_up: bool,
    /// Requests that are being judged or answered.
    pub in_flight: u64,
    /// The last minute of the whole gate.
    pub counts: Counts,
    /// Since the start.
    pub totals: Totals,
    /// The last minute of each tool.
    pub tools: Vec<ToolCount>,
    /// Where the registry is, and how it stands.
    pub registry: Option<(Box<str>, Arc<RegistryState>)>,
    /// What rules and limits refused since the start.
    pub rules: Vec<RuleCount>,
    /// The number of the last decision.
    pub last: u64,
}

/// One limit.
#[derive(Debug, Clone)]
pub struct LimitState {
    /// Its name.
    pub id: String,
    /// What it says: `60/min`, `8 at once`.
    pub terms: String,
    /// For whom it counts: `user, tool`.
    pub per: String,
    /// Whether it refuses or only tells.
    pub mode: Mode,
    /// How it stands.
    pub standing: Standing,
}

impl State {
    /// Looks at everything once.
    pub fn of(house: &House) -> Self {
        let (policy, now) = (house.live.policy(), house.clock.now());
        let limit = |rule: &Arc<Rule>| LimitState {
            id: rule.id().to_string(),
            terms: terms(rule),
            per: rule.per().iter().map(|level| level.as_str()).collect::<Vec<_>>().join(", "),
            mode: rule.mode(),
            standing: house.gate.ledger().standing(rule, now),
        };
        let mut limits: Vec<LimitState> = policy.all_limits().iter().map(limit).collect();
        limits.sort_by_key(|limit| std::cmp::Reverse(limit.standing.used));
        let mut breakers = house.gate.breakers(&policy, now);
        let breakers_used = breakers.len();
        breakers.retain(|(_, standing)| standing.state != BreakerState::Closed);
        let age_ms = now.unix_ms.saturating_sub(house.decisions.started_unix_ms());
        let within = |counts: Counts| counts.within(age_ms);
        let mut tools = house.decisions.tools(now.unix_ms);
        tools.iter_mut().for_each(|tool| tool.counts = within(tool.counts));
        let tally = house.gate.tally();
        Self {
            now_unix_ms: now.unix_ms,
            started_unix_ms: house.decisions.started_unix_ms(),
            is_ready: readiness(house).status().is_success(),
            phase: house.drain.phase(),
            listening: house.settings.listening,
            server: policy.server.to_string(),
            mode: policy.mode,
            policy: house.live.status(),
            registry: house.registry.as_ref().map(|registry| (registry.place.clone(), registry.state())),
            tools_known: policy.tools().len(),
            audit: house.audit.standing(),
            keys: house.keys.standings(),
            certificate_ends_unix_s: house.tls.as_ref().and_then(|tls| tls.ends_unix_s()),
            limits,
            sandboxes: house.settings.sandboxes.clone(),
            cells: (house.gate.ledger().cells(), CELL_SHARDS * CELLS_PER_SHARD_MAX),
            breakers,
            quarantined: house.gate.quarantined(&policy, now),
            breakers_used,
            crowds: house.gate.crowds(&policy),
            is_upstream_up: house.metrics.is_upstream_up(),
            in_flight: tally.opened().saturating_sub(tally.settled()),
            counts: within(house.decisions.counts(now.unix_ms)),
            totals: house.decisions.totals(),
            tools,
            rules: house.decisions.rules(),
            last: house.decisions.last(),
        }
    }

    /// As JSON. Tables are cut to `ROWS_SHOWN_MAX` rows, the worst first.
    pub fn json(&self) -> Value {
        let age_ms = |unix_ms: u64| self.now_unix_ms.saturating_sub(unix_ms);
        let Totals { allowed, denied, failed, redacted, would_deny } = self.totals;
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "revision": option_env!("SLUICEGATE_REVISION").unwrap_or("unknown"),
            "now_unix_ms": self.now_unix_ms,
            "uptime_ms": age_ms(self.started_unix_ms),
            "is_ready": self.is_ready,
            "phase": phase_word(self.phase),
            "listen": self.listening.map(|listening| json!({
                "address": listening.address.to_string(), "is_redirected": listening.is_redirected,
            })),
            "server": self.server,
            "policy": {
                "sha256": hex(&self.policy.sha256),
                "mode": self.mode.as_str(),
                "age_ms": age_ms(self.policy.published_unix_ms),
                "tried_age_ms": age_ms(self.policy.tried_unix_ms),
                "error": self.policy.error,
                "tools": self.tools_known,
            },
            "registry": self.registry.as_ref().map(|(place, registry)| json!({
                "place": place,
                "is_connected": registry.is_connected,
                "revision": registry.revision,
                "agreed_age_ms": (registry.agreed_unix_ms > 0).then(|| age_ms(registry.agreed_unix_ms)),
                "tenants": registry.extent.0,
                "tools": registry.extent.1,
                "error": registry.error,
            })),
            "audit": self.audit_json(),
            "keys": self.keys.iter().map(|key| json!({
                "issuer": key.issuer,
                "url": key.url,
                "answered_unix_s": key.answered_unix_s,
                "is_filled": key.is_filled,
            })).collect::<Vec<_>>(),
            "certificate": self.certificate_ends_unix_s.map(|ends| json!({ "ends_unix_s": ends })),
            "upstream": {
                "is_up": self.is_upstream_up,
                "places": self.crowds.iter().map(|crowd| json!({
                    "upstream": crowd.branch.as_str(), "taken": crowd.taken, "limit": crowd.limit,
                })).collect::<Vec<_>>(),
            },
            "breakers": { "used": self.breakers_used, "resting": self.rows(&self.breakers, breaker) },
            "quarantined": self.rows(&self.quarantined, quarantined),
            "limits": self.rows(&self.limits, limit),
            "limit_cells": { "used": self.cells.0, "limit": self.cells.1 },
            "sandbox": self.sandboxes.json(),
            "traffic": {
                "in_flight": self.in_flight,
                "window": counts(&self.counts, "overhead"),
                "total": {
                    "allow": allowed, "deny": denied, "error": failed, "redact": redacted, "shadow_deny": would_deny,
                },
            },
            "tools": self.rows(&self.tools, |tool| {
                let mut told = counts(&tool.counts, "duration");
                told["name"] = json!(tool.name);
                told
            }),
            "rules": self.rows(&self.rules, |rule| json!({
                "rule": rule.rule.as_str(), "deny": rule.denied, "shadow_deny": rule.would_deny,
            })),
            "last": self.last,
        })
    }

    fn audit_json(&self) -> Value {
        let AuditStanding { sink, is_healthy, is_on_disk, records, bytes, written_unix_s, dropped } =
            &self.audit;
        json!({
            "is_healthy": is_healthy,
            "sink": sink_word(sink),
            "file": match sink { AuditSink::File(path) => Some(path.to_string_lossy()), AuditSink::Stderr | AuditSink::Stdout => None },
            "is_on_disk": is_on_disk,
            "queue_records": records,
            "queue_bytes": bytes,
            "queue_bytes_limit": AUDIT_QUEUE_BYTES_MAX,
            "written_unix_s": written_unix_s,
            "dropped": dropped,
        })
    }

    fn rows<T>(&self, all: &[T], row: impl Fn(&T) -> Value) -> Vec<Value> {
        all.iter().take(ROWS_SHOWN_MAX).map(row).collect()
    }
}

fn counts(counts: &Counts, times: &str) -> Value {
    let mut told = json!({
        "messages": counts.messages,
        "deny": counts.denied,
        "error": counts.failed,
        "shadow_deny": counts.would_deny,
        "window_ms": counts.window_ms,
        "rate": (counts.rate() * 1000.0).round() / 1000.0,
    });
    told[format!("{times}_p50_us")] = json!(counts.p50_us);
    told[format!("{times}_p99_us")] = json!(counts.p99_us);
    told
}

fn limit(limit: &LimitState) -> Value {
    let Standing { cells, allowed, denied, near, shadowed, used } = limit.standing;
    json!({
        "id": limit.id,
        "terms": limit.terms,
        "per": limit.per,
        "mode": limit.mode.as_str(),
        "used_permille": used,
        "keys": cells,
        "allow": allowed,
        "near": near,
        "deny": denied,
        "shadow_deny": shadowed,
    })
}

fn breaker((branch, standing): &(Branch, BreakerStanding)) -> Value {
    json!({
        "upstream": branch.as_str(),
        "tool": standing.tool,
        "state": standing.state.as_str(),
        "rest_ms": standing.rest.map(|rest| u64::try_from(rest.as_millis()).unwrap_or(u64::MAX)),
    })
}

fn quarantined(tool: &Quarantined) -> Value {
    json!({
        "tool": tool.tool,
        "kind": tool.kind.as_str(),
        "action": tool.action.as_str(),
        "detail": tool.summary,
        "is_cloaked": tool.is_cloaked,
    })
}

/// What a limit says.
fn terms(rule: &Rule) -> String {
    let unit = match rule.unit().to_string().as_str() {
        "calls" => String::new(),
        unit => format!(" {unit}"),
    };
    match rule.kind() {
        Kind::Budget(budget) => format!("{budget}{unit}"),
        Kind::Concurrency(concurrency) => format!("{} at once", concurrency.most),
        Kind::Rate { rate, burst } => format!("{rate}{unit}, burst {burst}"),
    }
}

/// The word for a phase.
pub(super) fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Serving => "serving",
        Phase::Quiet | Phase::Parting => "draining",
        Phase::Stopping => "stopping",
        Phase::Closing => "closing",
    }
}

/// The word for where audit records go.
pub(super) fn sink_word(sink: &AuditSink) -> &'static str {
    match sink {
        AuditSink::File(_) => "file",
        AuditSink::Stderr => "stderr",
        AuditSink::Stdout => "stdout",
    }
}
