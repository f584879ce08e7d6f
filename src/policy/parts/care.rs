//! How the server behind is kept from harm, as a bundle says it.

use std::time::Duration;

use super::{Bundle, Fields, Findings, Node};
use crate::bounds::{FAILURE_CODES_MAX, RETRY_ATTEMPTS_MAX};
use crate::limit::breaker::{BreakerPlan, Drive, ToolErrors};
use crate::policy::care::{ConcurrencyPlan, Fallback, ReplicaPlan, RetryPlan, ServerCare, Takes};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Span, Spanned, shown};
use crate::policy::walker;

/// The keys of `breaker` under `upstream`.
pub(in crate::policy) const BREAKER_KEYS: &[&str] = &[
    "state",
    "window",
    "calls",
    "failed_percent",
    "slow_percent",
    "slow_after",
    "failures",
    "rest",
    "rest_max",
    "probes",
    "tools_percent",
    "tool_errors",
    "failure_codes",
];

/// The keys of `breaker` under a tool: all but what is about other tools.
pub(in crate::policy) const TOOL_BREAKER_KEYS: &[&str] = &[
    "state",
    "window",
    "calls",
    "failed_percent",
    "slow_percent",
    "slow_after",
    "failures",
    "rest",
    "rest_max",
    "probes",
    "tool_errors",
    "failure_codes",
];

/// The keys of `tool_errors`.
pub(in crate::policy) const TOOL_ERRORS_KEYS: &[&str] = &["percent", "calls"];

/// The keys of `concurrency`.
pub(in crate::policy) const CONCURRENCY_KEYS: &[&str] = &["server", "tool", "conversation", "listens"];

/// The keys of `retries`.
pub(in crate::policy) const RETRIES_KEYS: &[&str] = &["attempts", "budget_percent", "per_second"];

/// The keys of `replica`.
pub(in crate::policy) const REPLICA_KEYS: &[&str] = &["url", "for", "sticky", "fallback"];

/// What may stand in `for` of a replica.
pub(in crate::policy) const REPLICA_WORDS: &[&str] = &["read", "sql"];

/// What a bundle says of a breaker; what it leaves out is said elsewhere.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct BreakerPart {
    pub span: Option<Span>,
    pub drive: Option<Spanned<Drive>>,
    pub slow_after: Option<Spanned<Duration>>,
    window: Option<Duration>,
    calls: Option<u32>,
    failed_percent: Option<u32>,
    slow_percent: Option<u32>,
    failures: Option<u32>,
    rest: Option<Duration>,
    rest_max: Option<Duration>,
    probes: Option<u32>,
    tools_percent: Option<u32>,
    tool_errors: Option<ToolErrors>,
    failure_codes: Option<Box<[i64]>>,
}

impl Bundle {
    /// Reads how the server is kept from harm.
    pub(super) fn read_care(&mut self, fields: &Fields<'_>, findings: &mut Findings) -> ServerCare {
        let part = fields.get("breaker").and_then(|node| BreakerPart::read(node, BREAKER_KEYS, findings));
        self.breaker = part.unwrap_or_default();
        let retries = fields.get("retries").and_then(|node| read_retries(node, findings));
        let replica = fields.get("replica").and_then(|node| read_replica(node, findings));
        self.retries = retries.as_ref().map(|retries| retries.span);
        self.replica = replica.as_ref().map(|replica| replica.span);
        let concurrency = fields.get("concurrency").and_then(|node| read_concurrency(node, findings));
        let is_adaptive =
            fields.get("adaptive").and_then(|node| walker::boolean(node, "`adaptive`", findings));
        ServerCare {
            breaker: self.breaker.over(&BreakerPlan::default(), findings),
            concurrency: concurrency.unwrap_or_default(),
            retries: retries.map(|retries| retries.value).unwrap_or_default(),
            replica: replica.map(|replica| replica.value),
            is_adaptive: is_adaptive.unwrap_or_default(),
        }
    }
}

impl BreakerPart {
    pub fn read(node: &Node, keys: &[&str], findings: &mut Findings) -> Option<Self> {
        let fields = Fields::open(node, "`breaker`", keys, findings)?;
        let word = |node: &Node, findings: &mut Findings| {
            let value = walker::word(node, "a state of a breaker", Drive::ALL, Drive::as_str, findings)?;
            Some(Spanned { span: node.span, value })
        };
        let drive = fields.get("state").and_then(|node| word(node, findings));
        let slow_after = fields.get("slow_after").and_then(|node| {
            Some(Spanned { span: node.span, value: walker::duration(node, "time", findings)? })
        });
        let mut time = |key| fields.get(key).and_then(|node| walker::duration(node, "time", findings));
        let (window, rest, rest_max) = (time("window"), time("rest"), time("rest_max"));
        let mut number = |key| fields.get(key).and_then(|node| count(node, key, findings));
        let (calls, failures, probes) = (number("calls"), number("failures"), number("probes"));
        let mut percent = |key| fields.get(key).and_then(|node| percent(node, key, findings));
        let failed_percent = percent("failed_percent");
        let (slow_percent, tools_percent) = (percent("slow_percent"), percent("tools_percent"));
        let tool_errors = fields.get("tool_errors").and_then(|node| read_tool_errors(node, findings));
        let failure_codes = fields.get("failure_codes").and_then(|node| read_codes(node, findings));
        Some(Self {
            span: Some(fields.span()),
            drive,
            slow_after,
            window,
            calls,
            failed_percent,
            slow_percent,
            failures,
            rest,
            rest_max,
            probes,
            tools_percent,
            tool_errors,
            failure_codes,
        })
    }

    /// The plan, where what is left out is as in `base`; a fault where it rests for longer than it may.
    pub fn over(&self, base: &BreakerPlan, findings: &mut Findings) -> BreakerPlan {
        let plan = BreakerPlan {
            drive: self.drive.as_ref().map_or(base.drive, |drive| drive.value),
            window: self.window.unwrap_or(base.window),
            calls: self.calls.unwrap_or(base.calls),
            failed_percent: self.failed_percent.unwrap_or(base.failed_percent),
            slow_percent: self.slow_percent.unwrap_or(base.slow_percent),
            slow_after: self.slow_after.as_ref().map(|after| after.value).or(base.slow_after),
            failures: self.failures.unwrap_or(base.failures),
            rest: self.rest.unwrap_or(base.rest),
            rest_max: self.rest_max.unwrap_or(base.rest_max),
            probes: self.probes.unwrap_or(base.probes),
            tools_percent: self.tools_percent.unwrap_or(base.tools_percent),
            tool_errors: self.tool_errors.or(base.tool_errors),
            failure_codes: self.failure_codes.clone().unwrap_or_else(|| base.failure_codes.clone()),
        };
        if let Some(span) = self.span.filter(|_| plan.rest > plan.rest_max) {
            let help = "let `rest_max` be as long as `rest`, or longer";
            findings.advise(Code::BadValue, span, "the first rest is longer than the longest", help);
        }
        plan
    }
}

/// A whole number from 1 on.
fn count(node: &Node, key: &str, findings: &mut Findings) -> Option<u32> {
    walker::count(node, &format!("`{key}`"), findings).map(std::num::NonZeroU32::get)
}

/// A whole number from 1 to 100.
fn percent(node: &Node, key: &str, findings: &mut Findings) -> Option<u32> {
    let found = count(node, key, findings)?;
    if found > 100 {
        findings.raise(Code::BadValue, node.span, format!("`{key}` is of a hundred: from 1 to 100"));
        return None;
    }
    Some(found)
}

fn read_tool_errors(node: &Node, findings: &mut Findings) -> Option<ToolErrors> {
    let fields = Fields::open(node, "`tool_errors`", TOOL_ERRORS_KEYS, findings)?;
    let usual = ToolErrors::default();
    Some(ToolErrors {
        percent: match fields.get("percent") {
            Some(node) => percent(node, "percent", findings)?,
            None => usual.percent,
        },
        calls: match fields.get("calls") {
            Some(node) => count(node, "calls", findings)?,
            None => usual.calls,
        },
    })
}

/// Codes of JSON-RPC errors.
fn read_codes(node: &Node, findings: &mut Findings) -> Option<Box<[i64]>> {
    let items = walker::list(node, "`failure_codes`", findings)?;
    if let Some(beyond) = items.get(FAILURE_CODES_MAX) {
        let message = format!("`failure_codes` may have {FAILURE_CODES_MAX} numbers at most");
        findings.raise(Code::TooLarge, beyond.span, message);
    }
    let mut codes = Vec::new();
    for item in items {
        match walker::number(item) {
            Some(code) => codes.push(code),
            None => {
                let help = "write the code of a JSON-RPC error, such as `-32050`";
                findings.advise(Code::BadValue, item.span, "a code must be a whole number", help);
            }
        }
    }
    Some(codes.into())
}

/// How much there may be at once.
fn read_concurrency(node: &Node, findings: &mut Findings) -> Option<ConcurrencyPlan> {
    let fields = Fields::open(node, "`concurrency`", CONCURRENCY_KEYS, findings)?;
    let usual = ConcurrencyPlan::default();
    let mut number = |key| fields.get(key).and_then(|node| count(node, key, findings));
    Some(ConcurrencyPlan {
        server: number("server").unwrap_or(usual.server),
        tool: number("tool").unwrap_or(usual.tool),
        conversation: number("conversation"),
        listens: number("listens").unwrap_or(usual.listens),
    })
}

fn read_retries(node: &Node, findings: &mut Findings) -> Option<Spanned<RetryPlan>> {
    let fields = Fields::open(node, "`retries`", RETRIES_KEYS, findings)?;
    let usual = RetryPlan::default();
    let attempts = fields.need("attempts", findings)?;
    let found = count(attempts, "attempts", findings)?;
    if found > RETRY_ATTEMPTS_MAX {
        let message = format!("`attempts` may be {RETRY_ATTEMPTS_MAX} at most");
        findings.raise(Code::BadValue, attempts.span, message);
    }
    let budget_percent = match fields.get("budget_percent") {
        Some(node) => percent(node, "budget_percent", findings)?,
        None => usual.budget_percent,
    };
    let per_second = match fields.get("per_second") {
        Some(node) => count(node, "per_second", findings)?,
        None => usual.per_second,
    };
    let value = RetryPlan { attempts: found, budget_percent, per_second };
    Some(Spanned { span: fields.span(), value })
}

fn read_replica(node: &Node, findings: &mut Findings) -> Option<Spanned<ReplicaPlan>> {
    let fields = Fields::open(node, "`replica`", REPLICA_KEYS, findings)?;
    let url = fields.need("url", findings).and_then(|node| read_url(node, findings));
    let takes = match fields.get("for") {
        Some(node) => read_takes(node, findings),
        None => Some(Takes { read: true, sql: false }),
    };
    let sticky = match fields.get("sticky") {
        Some(node) => walker::duration(node, "time", findings),
        None => Some(ReplicaPlan::STICKY),
    };
    let fallback = match fields.get("fallback") {
        Some(node) => walker::word(node, "a way out", Fallback::ALL, Fallback::as_str, findings),
        None => Some(Fallback::default()),
    };
    let value = ReplicaPlan { url: url?, takes: takes?, sticky: sticky?, fallback: fallback? };
    Some(Spanned { span: fields.span(), value })
}

fn read_takes(node: &Node, findings: &mut Findings) -> Option<Takes> {
    let items = walker::some(node, "`for`", findings)?;
    let mut takes = Takes::default();
    for item in items {
        match walker::word(item, "a kind of call", REPLICA_WORDS, |word| word, findings)? {
            "read" => takes.read = true,
            _ => takes.sql = true,
        }
    }
    Some(takes)
}

/// The URL of a server, without a user, a query or a fragment.
fn read_url(node: &Node, findings: &mut Findings) -> Option<Box<str>> {
    let text = walker::text(node, "`url`", findings)?;
    let url = url::Url::parse(text).ok();
    if url.as_ref().is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
        findings.hide(node.span);
    }
    let is_good = |url: &url::Url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.has_host()
    };
    // Written as it was understood: other readers of URLs forgive less.
    if let Some(url) = url.as_ref().filter(|url| is_good(url) && text.is_ascii()) {
        return Some(url.as_str().into());
    }
    let help = "write `http://HOST:PORT/PATH` or `https://HOST:PORT/PATH`, without a user or a query";
    let message = match url {
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            "the URL of a replica may not hold a user or a password".to_owned()
        }
        Some(_) | None => format!("`{}` is no URL of a replica", shown(text)),
    };
    findings.advise(Code::BadValue, node.span, message, help);
    None
}
