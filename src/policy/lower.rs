//! Handing parts of a bundle to the rooms that carry them out.

use std::sync::Arc;

use super::care::{self, ConcurrencyPlan, ToolCare};
use super::catalog::Catalog;
use super::code::Code;
use super::diagnostic::{Findings, Spanned, shown};
use super::flows::Flow;
use super::input::InputSchema;
use super::lint;
use super::marks::{self, ContentMark, MarkPart};
use super::parts::{Bundle, ConversationPart, FlowPart, LimitPart, RedactPart, RulePart, SharedPart};
use super::places::Places;
use super::plans::{ConversationPlan, UpstreamPlan};
use super::prose::ProsePlan;
use super::registry::TenantOverlay;
use super::rules::Rule;
use super::sharing;
use crate::names::{Label, Mode};
use crate::{limit, scan};

/// How each tool is kept from harm; warns of what says nothing, or too much.
pub(super) fn cares(
    bundle: &Bundle,
    catalog: &Catalog,
    mode: Mode,
    findings: &mut Findings,
) -> Vec<ToolCare> {
    let server = &bundle.upstream.care.breaker;
    let cares = catalog.tools.iter().map(|tool| ToolCare {
        breaker: match &tool.breaker {
            Some(part) => care::lowered(part.over(server, findings), mode),
            None => care::lowered(server.clone(), mode),
        },
        concurrency: tool.concurrency,
        is_idempotent: tool.idempotent.as_ref().is_some_and(|said| said.value),
        sql_rules: lint::sql_rules(bundle, tool.name.value.as_str()).cloned().collect(),
    });
    let cares = cares.collect();
    lint::check_care(bundle, &catalog.tools, findings);
    lint::check_flows(bundle, &catalog.tools, findings);
    marks::check(bundle, findings);
    cares
}

/// How the server is spoken to; a conversation has a bound where the bundle says how one is known.
pub(super) fn upstream(plan: UpstreamPlan, has_conversation: bool, mode: Mode) -> UpstreamPlan {
    let mut care = plan.care.lowered(mode);
    if has_conversation {
        care.concurrency.conversation.get_or_insert(ConcurrencyPlan::CONVERSATION);
    }
    UpstreamPlan { care, ..plan }
}

/// The limits of a policy.
#[derive(Debug)]
pub(super) struct Limits {
    pub rules: Vec<Arc<limit::Rule>>,
    /// For each tool, the limits it is charged to.
    pub by_tool: Vec<Vec<usize>>,
    /// The limits without a condition on tools.
    pub of_all: Vec<usize>,
}

/// A rule as far as judgements name it. `None` only where a fault has been noted.
fn rule(part: &RulePart, places: &Places<'_>) -> Option<Rule> {
    Some(Rule {
        id: part.id.as_ref()?.value.clone(),
        effect: part.effect,
        message: part.message.clone(),
        owner: part.owner.clone(),
        place: places.of(part.span),
    })
}

/// The rules as far as judgements name them.
pub(super) fn rules(parts: &[RulePart], places: &Places<'_>) -> Vec<Rule> {
    parts.iter().filter_map(|part| rule(part, places)).collect()
}

/// A flow as it is judged by.
pub(super) fn flow(part: FlowPart, mode: Mode) -> Flow {
    let labels = |labels: Vec<Spanned<Label>>| labels.into_iter().map(|label| label.value).collect();
    Flow {
        id: part.id.value,
        after: labels(part.after),
        deny: labels(part.deny),
        message: part.message,
        mode: effective(mode, part.mode),
    }
}

/// The labels for what is found that some flow waits for.
pub(super) fn marks(parts: Vec<MarkPart>, flows: &[FlowPart]) -> Vec<ContentMark> {
    let is_awaited = |part: &MarkPart| {
        flows.iter().flat_map(|flow| &flow.after).any(|label| label.value == part.label.value)
    };
    parts.into_iter().filter(is_awaited).map(ContentMark::from).collect()
}

/// Whether a bundle enforces, where `given` does.
pub(super) fn mode_of(bundle: &Bundle, given: Mode) -> Mode {
    effective(given, bundle.server.as_ref().map(|server| server.value.mode).unwrap_or_default())
}

/// In shadow everything is in shadow.
pub(super) fn effective(bundle: Mode, own: Mode) -> Mode {
    match bundle {
        Mode::Enforce => own,
        Mode::Shadow => Mode::Shadow,
    }
}

/// What a limit says, for those who hold it. `None` where a fault has been noted.
pub(super) fn limit(
    part: &LimitPart,
    shared: Option<&SharedPart>,
    mode: Mode,
    findings: &mut Findings,
) -> Option<limit::Terms> {
    Some(limit::Terms {
        id: part.id.as_ref()?.value.clone(),
        per: part.per.clone(),
        unit: part.unit.value.clone(),
        kind: part.kind.clone()?,
        requests: part.requests,
        estimate: part.estimate,
        counts_calls_once: part.counts_calls_once,
        mode: effective(mode, part.mode),
        shared: sharing::of_limit(part, shared, findings),
    })
}

/// The limits of a policy, each entered at the tools that it is about; those of `overlay` are held by whoever knows
/// the tenant.
pub(super) fn limits(
    bundle: &Bundle,
    mode: Mode,
    (inputs, overlay): (&[Option<InputSchema>], Option<&TenantOverlay>),
    catalog: &mut Catalog,
    findings: &mut Findings,
) -> Limits {
    let (parts, shared) = (&bundle.limits, bundle.shared.as_ref());
    let mut limits =
        Limits { rules: Vec::new(), by_tool: vec![Vec::new(); catalog.tools.len()], of_all: Vec::new() };
    let mut reach = Vec::with_capacity(parts.len());
    for part in parts {
        let selected = catalog.select(&part.selector, part.span, findings);
        check_argument(part, &selected, inputs, catalog, findings);
        let is_of_all = part.selector.tools.is_none() && part.selector.classes.is_none();
        reach.push((!is_of_all).then(|| selected.clone()));
        let Some(terms) = limit(part, shared, mode, findings) else { continue };
        let index = limits.rules.len();
        for tool in selected {
            if let Some(indices) = limits.by_tool.get_mut(tool) {
                indices.push(index);
            }
        }
        if is_of_all {
            limits.of_all.push(index);
        }
        limits.rules.push(Arc::new(limit::Rule::new(terms)));
    }
    limits.rules.extend(overlay.into_iter().flat_map(TenantOverlay::quotas).cloned());
    let reach: Vec<_> = parts.iter().zip(reach).collect();
    lint::check_conversation_limits(&reach, catalog.tools.len(), findings);
    sharing::check(shared, &limits.rules, findings);
    limits
}

/// Notes a limit on an argument that one of its tools does not have, or not as a number: it would refuse every
/// call of that tool.
fn check_argument(
    part: &LimitPart,
    selected: &[usize],
    inputs: &[Option<InputSchema>],
    catalog: &Catalog,
    findings: &mut Findings,
) {
    let limit::Unit::Argument(path) = &part.unit.value else { return };
    let lacks = |tool: &&usize| {
        let input = inputs.get(**tool).and_then(Option::as_ref);
        input.is_some_and(|input| !input.may_be_number(path))
    };
    let lacking = selected.iter().find(lacks).and_then(|tool| catalog.tools.get(*tool));
    if let Some(tool) = lacking {
        let message = format!("`{}` has no argument `{}` that is a number", tool.name.value, shown(path));
        let help = "name an argument of every tool that the limit is about, or other tools";
        findings.advise(Code::LimitArgument, part.unit.span, message, help);
    }
}

/// What tells conversations apart, by default where the policy does not say.
pub(super) fn conversation(part: Option<&ConversationPart>) -> ConversationPlan {
    let plan = ConversationPlan::default();
    let Some(part) = part else { return plan };
    let sources =
        part.sources.as_ref().map(|sources| sources.iter().map(|each| each.value.clone()).collect());
    ConversationPlan {
        sources: sources.unwrap_or(plan.sources),
        idle_gap: part.idle_gap,
        new_max: part.new_max.unwrap_or(plan.new_max),
    }
}

pub(super) fn redaction(bundle: &Bundle, mode: Mode, findings: &mut Findings) -> Option<scan::Plan> {
    let parts = &bundle.redact;
    let lower = |part: &RedactPart| {
        Some(scan::Rule {
            id: part.id.as_ref()?.value.clone(),
            on: part.on?,
            detectors: part.detectors.clone(),
            fields: part.fields.clone(),
            action: part.action?,
            keep_last: part.keep_last,
            confidence: part.confidence,
            allow_pan: part.allow_pan,
            mode: effective(mode, part.mode),
        })
    };
    let rules: Vec<scan::Rule> = parts.iter().filter_map(lower).collect();
    let is_whole = rules.len() == parts.len() && !findings.has_errors();
    match scan::Plan::new(rules) {
        Ok(plan) => Some(plan.with_binary(bundle.binary.clone(), mode)),
        Err(fault) => {
            if let Some(span) =
                parts.last().and_then(|part| part.id.as_ref()).map(|id| id.span).filter(|_| is_whole)
            {
                findings.raise(Code::TooLarge, span, fault.to_string());
            }
            None
        }
    }
}

/// What a model reads results for. Warns of kinds that no rule asks for, and of what passes unread.
pub(super) fn prose(bundle: &Bundle, places: &Places<'_>, findings: &mut Findings) -> Option<ProsePlan> {
    let part = bundle.prose.as_ref()?;
    let in_results = |rule: &&RedactPart| rule.on == Some(scan::Direction::Results);
    for &Spanned { span, value } in &part.detectors {
        if !bundle
            .redact
            .iter()
            .filter(in_results)
            .any(|rule| rule.detectors.contains(&value) && rule.confidence == scan::Confidence::Possible)
        {
            let message = format!(
                "prose is read for `{0}`, and no rule takes `{0}` in results from a model",
                value.as_str()
            );
            let help = "name it in a rule under `redact` with `on: results`, and without a `confidence` above `possible`";
            findings.advise(Code::ProseOfNothing, span, message, help);
        }
    }
    if let Some(span) = part.passes {
        let message = "what is too long to be read, or not read in time, passes unread";
        findings.advise(Code::UnreadProse, span, message, "write `beyond: withhold`, unless that is meant");
    }
    Some(ProsePlan { place: places.of(part.span), ..part.plan.clone() })
}
