//! One record as JSON: everything of a line but its id, number, time and chain, which the writer adds.

use std::net::{IpAddr, SocketAddr};

use super::Place;
use super::actor::Naming;
use super::text::Text;
use super::unlisted;
use super::version;
use crate::bounds::{
    AUDIT_DETAIL_BYTES_MAX, AUDIT_FACTS_BYTES_MAX, AUDIT_FINDINGS_BYTES_MAX, AUDIT_NAME_BYTES_MAX,
    AUDIT_RESTORES_BYTES_MAX,
};
use crate::gate::{Action, Branch, Outcome, Record, Restore, RestoreResult};
use crate::identity::Proof;
use crate::limit::Share;
use crate::mcp::{Method, Revision, Subject};
use crate::names::Label;
use crate::policy::{Class, Policy};
use crate::scan::{Direction, Finding};

/// The part of a line that tells where this gate runs, made once.
#[derive(Debug)]
pub(super) struct Resource(Box<[u8]>);

impl Resource {
    pub(super) fn new(place: &Place) -> Self {
        let mut text = Text::over(Vec::new());
        text.member(",\"namespace\":", place.namespace.as_deref(), AUDIT_NAME_BYTES_MAX);
        text.member(",\"pod\":", place.pod.as_deref(), AUDIT_NAME_BYTES_MAX);
        if let Some(port) = place.port {
            text.raw(",\"port\":");
            text.number(port.into());
        }
        Self(text.into_bytes().into())
    }

    pub(super) fn write(&self, text: &mut Text, policy: &Policy) {
        text.raw(",\"resource\":{\"server\":");
        text.string(policy.server.as_str(), AUDIT_NAME_BYTES_MAX);
        text.bytes(&self.0);
        text.raw("}");
    }
}

/// Writes the members of a decision, from `"stage"` on.
pub(super) fn write(text: &mut Text, record: &Record, naming: &Naming, resource: &Resource) {
    text.raw("\"stage\":\"decision\"");
    if let Some(admitted) = record.admitted {
        text.raw(",\"admitted\":\"");
        text.ulid(admitted);
        text.raw("\"");
    }
    write_question(text, record, naming, resource);
    write_findings(text, &record.findings);
    write_restores(text, &record.restores);
    unlisted::write(text, record);
    write_result(text, record);
    write_trial(text, record);
    write_testimony(text, record);
    text.raw(",\"content\":{\"level\":\"");
    text.raw(record.policy.audit.level.as_str());
    text.raw("\"}");
    write_trace(text, record);
}

/// Writes the members of what is about to be forwarded, from `"stage"` on.
pub(super) fn write_admit(text: &mut Text, record: &Record, naming: &Naming, resource: &Resource) {
    text.raw("\"stage\":\"admit\"");
    write_question(text, record, naming, resource);
    write_findings(text, &record.findings);
    write_restores(text, &record.restores);
    write_trace(text, record);
}

/// Writes which trace it belongs to, and our span of it, where there is one.
fn write_trace(text: &mut Text, record: &Record) {
    let Some(server) = record.trace.as_ref().map(|trace| trace.server()) else { return };
    text.raw(",\"trace\":{\"trace_id\":\"");
    text.hex(&server.trace_id.bytes());
    text.raw("\",\"span_id\":\"");
    text.hex(&server.span_id.bytes());
    text.raw("\"}");
}

/// Writes who asked for what, and what the rules said.
fn write_question(text: &mut Text, record: &Record, naming: &Naming, resource: &Resource) {
    write_actor(text, record, naming);
    write_source(text, record);
    write_conversation(text, record, naming);
    write_action(text, record);
    resource.write(text, &record.policy);
    write_decision(text, record);
}

/// Writes the members of a change of policy, from `"stage"` on.
pub(super) fn write_swap(text: &mut Text, previous: Option<&Policy>, current: &Policy, resource: &Resource) {
    text.raw("\"stage\":\"policy.swap\"");
    resource.write(text, current);
    text.raw(",\"policy\":{");
    if let Some(previous) = previous {
        text.raw("\"previous_sha256\":\"");
        text.hex(&previous.sha256);
        text.raw("\",");
    }
    text.raw("\"sha256\":\"");
    text.hex(&current.sha256);
    text.raw("\",\"mode\":\"");
    text.raw(current.mode.as_str());
    text.raw("\"}");
}

fn write_actor(text: &mut Text, record: &Record, naming: &Naming) {
    text.raw(",\"actor\":{\"type\":");
    let Some(caller) = &record.caller else { return text.raw("\"unknown\"}") };
    text.raw(match caller.proof() {
        Proof::Anonymous => "\"anonymous\",\"id\":",
        Proof::Certificate => "\"workload\",\"id\":",
        Proof::Introspection | Proof::Key | Proof::Token => "\"user\",\"id\":",
    });
    naming.write(text, caller);
    text.raw(",\"proof\":\"");
    text.raw(caller.proof().as_str());
    text.raw("\"");
    text.member(",\"bound_to\":", caller.bond().as_str(), AUDIT_NAME_BYTES_MAX);
    text.member(",\"issuer\":", caller.issuer(), AUDIT_NAME_BYTES_MAX);
    text.member(",\"client\":", caller.agent(), AUDIT_NAME_BYTES_MAX);
    text.member(",\"tenant\":", caller.tenant(), AUDIT_NAME_BYTES_MAX);
    text.member(",\"workload\":", caller.workload(), AUDIT_NAME_BYTES_MAX);
    text.raw("}");
}

fn write_source(text: &mut Text, record: &Record) {
    write_peer(text, record.peer);
    let lead = if record.peer.is_some() { ",\"user_agent\":" } else { "\"user_agent\":" };
    text.member(lead, record.user_agent.as_deref(), AUDIT_NAME_BYTES_MAX);
    text.raw("}");
}

/// Writes the beginning of `"source"`, which stays open: where somebody connected from.
pub(super) fn write_peer(text: &mut Text, peer: Option<SocketAddr>) {
    text.raw(",\"source\":{");
    let Some(peer) = peer else { return };
    text.raw("\"ip\":\"");
    match peer.ip().to_canonical() {
        IpAddr::V4(ip) => text.octets(ip.octets()),
        IpAddr::V6(ip) => text.raw(&ip.to_string()),
    }
    text.raw("\",\"port\":");
    text.number(peer.port().into());
}

/// Writes the conversation, where one is known, and whether it shares the count of its caller's others.
fn write_conversation(text: &mut Text, record: &Record, naming: &Naming) {
    let Some(conversation) = &record.conversation else { return };
    text.raw(",\"conversation\":{\"id\":");
    naming.write_conversation(text, &conversation.id);
    text.member(",\"source\":", Some(&conversation.source(&record.policy)), AUDIT_NAME_BYTES_MAX);
    text.raw(match conversation.share {
        Share::Common => ",\"shared\":true}",
        Share::Own => "}",
    });
}

fn write_action(text: &mut Text, record: &Record) {
    text.raw(",\"action\":{\"method\":");
    match record.method {
        Some(method) => {
            text.raw("\"");
            text.raw(method.as_str());
            text.raw("\"");
            text.member(",\"target_type\":", target_type(method), AUDIT_NAME_BYTES_MAX);
        }
        None => text.raw("null"),
    }
    text.member(",\"target\":", record.target.as_deref(), AUDIT_NAME_BYTES_MAX);
    version::write(text, record);
    text.member(",\"class\":", record.class().map(Class::as_str), AUDIT_NAME_BYTES_MAX);
    if let Some(id) = &record.request_id {
        text.raw(",\"request_id\":");
        text.lexeme(id.raw());
    }
    text.member(",\"protocol\":", record.revision.map(Revision::as_str), AUDIT_NAME_BYTES_MAX);
    text.raw("}");
}

fn target_type(method: Method) -> Option<&'static str> {
    match method.subject() {
        Subject::Nothing => None,
        Subject::Prompt => Some("prompt"),
        Subject::Reference => Some("reference"),
        Subject::Resource => Some("resource"),
        Subject::Skill => Some("skill"),
        Subject::Task => Some("task"),
        Subject::Tool => Some("tool"),
    }
}

fn write_decision(text: &mut Text, record: &Record) {
    text.raw(",\"decision\":{\"verdict\":\"");
    text.raw(record.verdict.as_str());
    text.raw("\",\"action\":\"");
    text.raw(match record.action {
        Action::Allow | Action::ShadowDeny => "allow",
        Action::Deny => "deny",
        Action::Error => "error",
        Action::Redact => "redact",
    });
    text.raw("\",\"mode\":\"");
    text.raw(record.mode.as_str());
    text.raw("\",\"reason\":\"");
    text.raw(record.reason.as_str());
    text.raw("\"");
    text.member(",\"rule\":", record.rule.as_ref().map(Label::as_str), AUDIT_NAME_BYTES_MAX);
    text.member(",\"detail\":", record.detail.as_deref(), AUDIT_DETAIL_BYTES_MAX);
    text.raw(",\"policy_sha256\":\"");
    text.hex(&record.policy.sha256[..4]);
    text.raw("\"}");
}

/// Writes as many findings as there is room for, and how many were left out.
fn write_findings(text: &mut Text, findings: &[(Direction, Finding)]) {
    text.raw(",\"findings\":[");
    let end = text.len() + AUDIT_FINDINGS_BYTES_MAX;
    let mut written = 0;
    for (direction, finding) in findings {
        if text.len() > end {
            break;
        }
        text.raw(if written == 0 { "{\"rule\":" } else { ",{\"rule\":" });
        text.string(finding.rule.as_str(), AUDIT_NAME_BYTES_MAX);
        for (lead, word) in [
            (",\"detector\":\"", finding.detector.as_str()),
            ("\",\"direction\":\"", direction.as_str()),
            ("\",\"action\":\"", finding.action.as_str()),
            ("\",\"mode\":\"", finding.mode.as_str()),
        ] {
            text.raw(lead);
            text.raw(word);
        }
        text.raw("\",\"count\":");
        text.number(finding.count.into());
        text.raw(",\"path\":");
        text.string(&finding.path, AUDIT_NAME_BYTES_MAX);
        text.raw("}");
        written += 1;
    }
    text.raw("]");
    if written < findings.len() {
        text.raw(",\"findings_cut\":");
        text.number((findings.len() - written) as u64);
    }
}

/// Writes which tokens the client sent and what became of them, where it sent any; as many as there is room
/// for, and how many were left out.
fn write_restores(text: &mut Text, restores: &[Restore]) {
    if restores.is_empty() {
        return;
    }
    text.raw(",\"restores\":[");
    let end = text.len() + AUDIT_RESTORES_BYTES_MAX;
    let mut written = 0;
    for restore in restores {
        if text.len() > end {
            break;
        }
        text.raw(if written == 0 { "{\"type\":\"" } else { ",{\"type\":\"" });
        text.raw(restore.kind);
        text.raw("\",\"result\":\"");
        text.raw(restore.result.as_str());
        text.raw("\"");
        if let RestoreResult::Restored(rule) = &restore.result {
            text.member(",\"rule\":", Some(rule.as_str()), AUDIT_NAME_BYTES_MAX);
        }
        text.raw(",\"count\":");
        text.number(restore.count.into());
        text.raw(",\"path\":");
        text.string(&restore.path, AUDIT_NAME_BYTES_MAX);
        text.raw("}");
        written += 1;
    }
    text.raw("]");
    if written < restores.len() {
        text.raw(",\"restores_cut\":");
        text.number((restores.len() - written) as u64);
    }
}

/// Writes what the candidate says, where it says something else.
fn write_trial(text: &mut Text, record: &Record) {
    let Some(trial) = record.trial.as_ref().filter(|trial| trial.verdict != trial.live) else { return };
    text.raw(",\"candidate\":{\"verdict\":\"");
    text.raw(trial.verdict.as_str());
    text.raw("\"");
    text.member(",\"reason\":", trial.reason, AUDIT_NAME_BYTES_MAX);
    text.member(",\"rule\":", trial.rule.as_ref().map(Label::as_str), AUDIT_NAME_BYTES_MAX);
    text.raw(",\"policy_sha256\":\"");
    text.hex(&trial.sha256);
    text.raw("\"}");
}

/// Writes who called as far as roles ask, and what rules asked about the arguments: what it takes to judge the
/// call again.
fn write_testimony(text: &mut Text, record: &Record) {
    let Some(testimony) = &record.testimony else { return };
    text.raw(",\"facts\":{\"scopes\":");
    let end = text.len() + AUDIT_FACTS_BYTES_MAX;
    let mut is_cut = testimony.is_cut;
    let (scopes, groups) =
        record.caller.as_ref().map_or((&[][..], &[][..]), |caller| (caller.scopes(), caller.groups()));
    is_cut |= write_names(text, scopes, end);
    text.raw(",\"groups\":");
    is_cut |= write_names(text, groups, end);
    text.raw(",\"answers\":[");
    for (index, fact) in testimony.answers.iter().enumerate() {
        if text.len() > end {
            is_cut = true;
            break;
        }
        text.raw(if index == 0 { "{\"path\":" } else { ",{\"path\":" });
        text.string(&fact.path, AUDIT_NAME_BYTES_MAX);
        text.raw(",\"asked\":");
        text.string(&fact.asked, AUDIT_DETAIL_BYTES_MAX);
        text.raw(",\"answer\":\"");
        text.raw(fact.answer.as_str());
        text.raw("\"}");
    }
    text.raw("],\"values\":{");
    for (index, (path, json)) in testimony.values.iter().enumerate() {
        if text.len() > end {
            is_cut = true;
            break;
        }
        if index > 0 {
            text.raw(",");
        }
        text.string(path, AUDIT_NAME_BYTES_MAX);
        text.raw(":");
        text.lexeme(json);
    }
    text.raw(if is_cut { "},\"is_cut\":true}" } else { "}}" });
}

/// Writes names as a list while there is room; whether some had to be left out.
fn write_names(text: &mut Text, names: &[Box<str>], end: usize) -> bool {
    text.raw("[");
    let mut written = 0;
    for name in names {
        if text.len() > end {
            break;
        }
        if written > 0 {
            text.raw(",");
        }
        text.string(name, AUDIT_NAME_BYTES_MAX);
        written += 1;
    }
    text.raw("]");
    written < names.len()
}

fn write_result(text: &mut Text, record: &Record) {
    text.raw(",\"result\":{\"outcome\":");
    match record.outcome {
        Outcome::Cancelled => text.raw("\"cancelled\""),
        Outcome::Error(code) => {
            text.raw("\"failure\",\"jsonrpc_code\":");
            text.signed(code);
        }
        Outcome::Success => text.raw("\"success\""),
        Outcome::ToolError => text.raw("\"failure\",\"is_error\":true"),
    }
    if record.branch == Branch::Replica {
        text.raw(",\"upstream\":\"replica\"");
    }
    let overhead = record.overhead_us.request.saturating_add(record.overhead_us.response);
    for (lead, number) in [
        (",\"http_status\":", u64::from(record.http_status)),
        (",\"duration_us\":", record.duration_us),
        (",\"overhead_us\":", overhead),
        ("},\"size\":{\"request\":", record.bytes.request),
        (",\"response\":", record.bytes.response),
    ] {
        text.raw(lead);
        text.number(number);
    }
    text.raw("}");
}
