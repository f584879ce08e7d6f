//! What a bundle says of keeping its server from harm, and does not come true, or comes true for too long.

use super::surroundings::sql_rules;
use crate::limit::breaker::Drive;
use crate::policy::care::Approval;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span};
use crate::policy::parts::{BreakerPart, Bundle, ToolPart};
use crate::policy::snapshot::Class;

/// Warns of breakers, retries and replicas.
pub(in crate::policy) fn check(bundle: &Bundle, tools: &[ToolPart], findings: &mut Findings) {
    check_breaker(&bundle.breaker, bundle.upstream.timeout, findings);
    for tool in tools {
        if let Some(breaker) = &tool.breaker {
            check_breaker(breaker, tool.timeout.or(bundle.upstream.timeout), findings);
        }
        check_idempotent(tool, findings);
    }
    check_retries(bundle.retries, tools, findings);
    check_replica(bundle, tools, findings);
}

fn check_breaker(breaker: &BreakerPart, timeout: Option<std::time::Duration>, findings: &mut Findings) {
    match &breaker.drive {
        Some(drive) if matches!(drive.value, Drive::ForcedClosed | Drive::ForcedOpen) => {
            let message = format!("this breaker is `{}`, whatever it sees", drive.value.as_str());
            let help = "remove `state` once the reason is gone; `observe` looks and refuses nothing";
            findings.advise(Code::BreakerForced, drive.span, message, help);
        }
        Some(_) | None => {}
    }
    if let (Some(after), Some(timeout)) = (&breaker.slow_after, timeout)
        && after.value >= timeout
    {
        let message = "a call is given up before it would count as slow";
        findings.advise(Code::NeverSlow, after.span, message, "let `slow_after` be shorter than the timeout");
    }
}

fn check_idempotent(tool: &ToolPart, findings: &mut Findings) {
    let Some(said) = tool.idempotent.as_ref().filter(|said| said.value) else { return };
    let name = &tool.name.value;
    let claims = tool.definition.as_ref().and_then(|definition| definition.annotations.idempotent);
    let message = if claims == Some(false) {
        format!("`{name}` was approved as a tool that is not idempotent")
    } else if tool.class == Some(Class::Destructive) {
        format!("`{name}` destroys, and may be called twice")
    } else {
        return;
    };
    let help = "remove `idempotent`, unless somebody has made sure that a second call does nothing more";
    findings.advise(Code::IdempotentDoubtful, said.span, message, help);
}

fn approval(tool: &ToolPart) -> Approval<'_> {
    Approval {
        class: tool.class,
        definition: tool.definition.as_deref(),
        is_idempotent: tool.idempotent.as_ref().is_some_and(|said| said.value),
    }
}

fn check_retries(span: Option<Span>, tools: &[ToolPart], findings: &mut Findings) {
    if let Some(span) = span.filter(|_| !tools.iter().any(|tool| approval(tool).is_repeatable())) {
        let message = "no tool may be called twice, so nothing is tried again";
        let help = "give a tool the class `read`, or say `idempotent: true` of it; or remove `retries`";
        findings.advise(Code::RetriesOfNothing, span, message, help);
    }
}

fn check_replica(bundle: &Bundle, tools: &[ToolPart], findings: &mut Findings) {
    let Some((span, replica)) = bundle.replica.zip(bundle.upstream.care.replica.as_ref()) else { return };
    let reads = |tool: &ToolPart| approval(tool).reads();
    let has_sql = tools.iter().any(|tool| sql_rules(bundle, tool.name.value.as_str()).next().is_some());
    if !(replica.takes.read && tools.iter().any(reads) || replica.takes.sql && has_sql) {
        let message = "no call goes to this replica";
        let help = "give the tools that read the class `read`, or let a rule ask `sql: { read_only: true }`";
        findings.advise(Code::ReplicaOfNothing, span, message, help);
    }
}
