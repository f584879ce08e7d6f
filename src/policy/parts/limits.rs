//! `limits`: how much, of what, counted for whom.
//!
//! ```yaml
//! limits:
//!   - { id: user, per: [tenant, user], rate: 60/min, burst: 20 }
//!   - { id: tokens, per: [tenant], unit: tokens, budget: 2_000_000/day, tz: Europe/Berlin, overdraft: 10% }
//!   - { id: hot, per: [tool], match: { tools: [db_query] }, concurrency: 8, queue: { max: 16, timeout: 500ms } }
//! ```
//!
//! A limit is of one kind: `rate`, `budget` or `concurrency`, and the other keys go with some kinds only. What
//! can never let a request through, or can never count one, is a fault.

use super::rules::Selector;
use super::{Bundle, Findings, LimitShare, ModePart, Spanned};
use crate::bounds::{LIMIT_QUEUE_MAX, LIMIT_QUEUE_WAIT_MAX};
use crate::limit::{Budget, Concurrency, Kind, Level, Queue, Requests, Unit};
use crate::names::{Label, Mode};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Span, did_you_mean, shown};
use crate::policy::hours;
use crate::policy::scalar::Scalar;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Entry, Node};

/// A limit.
#[derive(Debug)]
pub(in crate::policy) struct LimitPart {
    pub id: Option<Spanned<Label>>,
    pub span: Span,
    pub per: Vec<Level>,
    pub selector: Selector,
    pub requests: Requests,
    pub unit: Spanned<Unit>,
    pub kind: Option<Kind>,
    pub estimate: Option<u64>,
    pub counts_calls_once: bool,
    pub mode: Mode,
    /// Since which day it is in shadow; see [`ModePart`].
    pub since: Option<Spanned<u64>>,
    pub share: LimitShare,
}

/// The keys of a limit.
pub(in crate::policy) const LIMIT_KEYS: &[&str] = &[
    "id",
    "per",
    "match",
    "unit",
    "rate",
    "burst",
    "budget",
    "tz",
    "overdraft",
    "concurrency",
    "queue",
    "estimate",
    "input_required",
    "mode",
    "since",
    "shared",
    "on_store_error",
];

/// The kinds of a limit, of which it has one.
pub(in crate::policy) const KINDS: &[&str] = &["rate", "budget", "concurrency"];

/// The keys of what a limit is about.
pub(in crate::policy) const MATCH_KEYS: &[&str] = &["tools", "classes", "requests"];

/// The keys of a queue.
pub(in crate::policy) const QUEUE_KEYS: &[&str] = &["max", "timeout"];

/// What stands for no level at all: one cell for everybody.
pub(in crate::policy) const GLOBAL: &str = "global";

/// How the later rounds of a call count.
pub(in crate::policy) const ROUNDS: &[&str] = &["count_each", "count_once"];

/// Keys that go with some kinds only.
const OF_KINDS: &[(&str, &[&str])] = &[
    ("burst", &["rate"]),
    ("estimate", &["rate", "budget"]),
    ("input_required", &["rate", "budget"]),
    ("overdraft", &["budget"]),
    ("queue", &["concurrency"]),
    ("tz", &["budget"]),
    ("unit", &["rate", "budget"]),
];

impl Bundle {
    pub(super) fn read_limits(&mut self, node: &Node, findings: &mut Findings) {
        let items = walker::list(node, "`limits`", findings).unwrap_or_default();
        self.limits.extend(items.iter().filter_map(|item| read_limit(item, findings)));
    }
}

fn read_limit(node: &Node, findings: &mut Findings) -> Option<LimitPart> {
    let fields = Fields::open(node, "a limit", LIMIT_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a limit id", findings));
    let per = fields.need("per", findings).map(|node| read_levels(node, findings)).unwrap_or_default();
    let part = read_terms(&fields, id, per, findings);
    if let (Unit::Argument(_), None) = (&part.unit.value, &part.selector.tools) {
        let help = "add `match: { tools: [...] }`, for a call without that argument is refused";
        let message = "a limit on an argument does not say which tools have it";
        findings.advise(Code::LimitArgument, part.unit.span, message, help);
    }
    Some(part)
}

/// What a limit says beside its name and whom it counts for.
pub(super) fn read_terms(
    fields: &Fields<'_>,
    id: Option<Spanned<Label>>,
    per: Vec<Level>,
    findings: &mut Findings,
) -> LimitPart {
    let span = id.as_ref().map_or(fields.span(), |id| id.span);
    let inner = fields.get("match").and_then(|node| Fields::open(node, "`match`", MATCH_KEYS, findings));
    let unit = fields.get("unit").map(|node| read_unit(node, findings));
    let is_unit_known = unit.as_ref().is_none_or(Option::is_some);
    let unit = unit.flatten().unwrap_or(Spanned { span, value: Unit::Calls });
    let mut part = LimitPart {
        id,
        span,
        per,
        selector: inner.as_ref().map(|inner| Selector::read(inner, findings)).unwrap_or_default(),
        requests: Requests::default(),
        unit,
        kind: read_kind(fields, span, findings),
        estimate: None,
        counts_calls_once: false,
        mode: Mode::default(),
        since: None,
        share: LimitShare::read(fields, findings),
    };
    if is_unit_known {
        part.read_estimate(fields, findings);
        part.read_rounds(fields, findings);
    }
    if let Some(inner) = &inner {
        part.read_requests(inner, findings);
    }
    ModePart { mode: part.mode, since: part.since } = ModePart::read(fields, findings);
    part
}

fn read_levels(node: &Node, findings: &mut Findings) -> Vec<Level> {
    let items = walker::some(node, "`per`", findings).unwrap_or_default();
    let is_global =
        |item: &Node| matches!(&item.content, Content::Scalar(Scalar::Text(text)) if **text == *GLOBAL);
    let mut per = Vec::new();
    for item in items {
        if is_global(item) {
            if items.len() > 1 {
                let help = "write `per: [global]`, or only the others";
                findings.advise(Code::BadValue, item.span, "`global` is one cell for all of them", help);
            }
            continue;
        }
        let Some(level) = walker::word(item, "a level", Level::ALL, Level::as_str, findings) else {
            continue;
        };
        if per.contains(&level) {
            let message = format!("`{}` stands here twice", level.as_str());
            findings.raise(Code::DuplicateName, item.span, message);
        }
        per.push(level);
    }
    per
}

fn read_unit(node: &Node, findings: &mut Findings) -> Option<Spanned<Unit>> {
    let text = walker::text(node, "`unit`", findings);
    let unit = text.and_then(Unit::parse);
    if let (Some(text), None) = (text, &unit) {
        let help = did_you_mean(text, "units", Unit::WORDS.iter().copied());
        let message = format!("limits do not count in `{}`", shown(text));
        let help = format!("{help} (or write `arg:limit` for an argument that is a number)");
        findings.advise(Code::LimitUnit, node.span, message, help);
    }
    Some(Spanned { span: node.span, value: unit? })
}

/// The one kind of a limit, and what goes with it.
fn read_kind(fields: &Fields<'_>, span: Span, findings: &mut Findings) -> Option<Kind> {
    let mut kinds = KINDS.iter().filter_map(|kind| Some((*kind, fields.entry(kind)?)));
    let Some((kind, entry)) = kinds.next() else {
        let help = "write `rate: 60/min`, `budget: 1000/day` or `concurrency: 8`";
        findings.advise(Code::LimitKind, span, "a limit without `rate`, `budget` or `concurrency`", help);
        return None;
    };
    if let Some((other, second)) = kinds.next() {
        let message = format!("a limit has `{kind}` or `{other}`, not both");
        findings.advise(Code::LimitKind, second.key_span, message, "make two limits of it");
        return None;
    }
    for (key, of) in OF_KINDS {
        if let Some(foreign) = fields.entry(key).filter(|_| !of.contains(&kind)) {
            let of: Vec<String> = of.iter().map(|kind| format!("`{kind}`")).collect();
            let message = format!("`{key}` goes with {}, not with `{kind}`", of.join(" or "));
            findings.advise(Code::LimitKey, foreign.key_span, message, format!("remove `{key}`"));
        }
    }
    match kind {
        "rate" => read_rate(fields, entry, findings),
        "budget" => read_budget(fields, entry, findings),
        _ => {
            let most = walker::count(&entry.value, "`concurrency`", findings)?;
            let queue = fields.get("queue").and_then(|node| read_queue(node, findings));
            Some(Kind::Concurrency(Concurrency { most, queue }))
        }
    }
}

fn read_rate(fields: &Fields<'_>, entry: &Entry, findings: &mut Findings) -> Option<Kind> {
    let rate = walker::rate(&entry.value, "`rate`", findings);
    let burst = fields.get("burst").map(|node| walker::count(node, "`burst`", findings));
    let rate = rate?;
    Some(Kind::Rate { rate, burst: burst.unwrap_or(Some(rate.calls))? })
}

fn read_budget(fields: &Fields<'_>, entry: &Entry, findings: &mut Findings) -> Option<Kind> {
    let text = walker::text(&entry.value, "`budget`", findings)?;
    let read = Budget::parse(text);
    if let Err(fault) = &read {
        let message = format!("`{}` is no budget: {fault}", shown(text));
        findings.raise(Code::BadValue, entry.value.span, message);
    }
    let zone = fields.get("tz").map(|node| hours::read_zone(node, findings));
    let overdraft = fields.get("overdraft").map(|node| read_percent(node, findings));
    let mut budget = read.ok()?;
    if let Some(zone) = zone {
        budget = budget.in_zone(zone?);
    }
    Some(Kind::Budget(match overdraft {
        Some(percent) => budget.with_overdraft(percent?),
        None => budget,
    }))
}

/// `10%`.
fn read_percent(node: &Node, findings: &mut Findings) -> Option<u8> {
    let text = match &node.content {
        Content::Scalar(Scalar::Text(text) | Scalar::Number(text)) => &**text,
        Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => "",
    };
    let percent = text.strip_suffix('%').and_then(|number| number.parse().ok());
    let percent = percent.filter(|percent| (1..=100_u8).contains(percent));
    if percent.is_none() {
        let message = "`overdraft` must be a whole share of the budget from 1% to 100%";
        findings.advise(Code::BadValue, node.span, message, "write `overdraft: 10%`");
    }
    percent
}

fn read_queue(node: &Node, findings: &mut Findings) -> Option<Queue> {
    let fields = Fields::open(node, "`queue`", QUEUE_KEYS, findings)?;
    let max = fields.need("max", findings).and_then(|node| {
        let max = walker::count(node, "`max`", findings)?;
        if max.get() > LIMIT_QUEUE_MAX {
            let message = format!("at most {LIMIT_QUEUE_MAX} requests may wait under one limit");
            findings.raise(Code::TooLarge, node.span, message);
            return None;
        }
        Some(max)
    });
    let timeout = fields.need("timeout", findings).and_then(|node| {
        let timeout = walker::duration(node, "time to wait", findings)?;
        if timeout > LIMIT_QUEUE_WAIT_MAX {
            let message = format!("a request may wait {} s at most", LIMIT_QUEUE_WAIT_MAX.as_secs());
            findings.raise(Code::TooLarge, node.span, message);
            return None;
        }
        Some(timeout)
    });
    Some(Queue { max: max?, timeout: timeout? })
}

impl LimitPart {
    /// What an answer is taken to cost until it has come.
    fn read_estimate(&mut self, fields: &Fields<'_>, findings: &mut Findings) {
        let Some(entry) = fields.entry("estimate") else { return };
        let Some(estimate) = walker::count(&entry.value, "`estimate`", findings) else { return };
        let estimate = u64::from(estimate.get());
        if !self.unit.value.is_settled_by_answers() {
            let message = format!("what a request costs in `{}` needs no estimate", self.unit.value);
            let help = "remove it, or write `unit: tokens` or `unit: response_bytes`";
            findings.advise(Code::LimitKey, entry.key_span, message, help);
        }
        let most = self.kind.as_ref().map(Kind::most);
        if let Some(most) = most.filter(|most| estimate > *most) {
            let message = format!("a request would cost {estimate}, and the limit holds {most}");
            let help = "give it a greater `burst` or `budget`, or a smaller `estimate`";
            findings.advise(Code::LimitCost, entry.value.span, message, help);
        }
        self.estimate = Some(estimate);
    }

    fn read_rounds(&mut self, fields: &Fields<'_>, findings: &mut Findings) {
        let Some(entry) = fields.entry("input_required") else { return };
        let word = walker::word(&entry.value, "a way to count", ROUNDS, |word| word, findings);
        self.counts_calls_once = word == Some("count_once");
        if self.counts_calls_once && self.unit.value != Unit::Calls {
            let message = format!("only calls can be counted once, not `{}`", self.unit.value);
            findings.advise(Code::LimitKey, entry.key_span, message, "remove `input_required`");
        }
    }

    /// Which requests it counts; what never comes is a fault.
    fn read_requests(&mut self, inner: &Fields<'_>, findings: &mut Findings) {
        let is_about_tools = inner.get("tools").is_some() || inner.get("classes").is_some();
        let Some(entry) = inner.entry("requests") else {
            if !is_about_tools {
                let message = "`match` needs `tools`, `classes` or `requests`";
                findings.raise(Code::MissingKey, inner.span(), message);
            }
            return;
        };
        let items = walker::some(&entry.value, "`requests`", findings).unwrap_or_default();
        let kinds = items.iter().filter_map(|item| {
            walker::word(item, "a kind of request", Requests::ALL, Requests::as_str, findings)
        });
        let requests = kinds.fold(Requests::NONE, Requests::or);
        let mut fault = |code, message: &str, help: &str| {
            findings.advise(code, entry.key_span, message, help);
        };
        if requests == Requests::NONE {
            return;
        }
        if is_about_tools && !requests.has(Requests::CALLS.or(Requests::POLLS)) {
            let help = "remove `tools` and `classes`, or count `calls`";
            fault(Code::LimitCountsNothing, "only calls and polls are about a tool", help);
        }
        let is_of_calls = matches!(self.unit.value, Unit::Argument(_));
        if is_of_calls && requests != Requests::CALLS {
            fault(Code::LimitArgument, "only calls have arguments", "write `requests: [calls]`");
        }
        let in_flight = matches!(self.kind, Some(Kind::Concurrency(_)) | None);
        if requests.has(Requests::LISTENS) && !in_flight {
            let help = "write `concurrency: 4` in place of it, in a limit of its own";
            fault(Code::LimitCountsNothing, "streams are counted by how many are open", help);
        }
        self.requests = requests;
    }
}
