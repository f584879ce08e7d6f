//! An explanation as one JSON object. Members may be added; those that are there keep their meaning while
//! `version` is 1. Lines and columns count from 1, columns in characters.

use serde_json::{Map, Value, json};

use super::flows;
use crate::names::Label;
use crate::policy::{About, Flip, FlipStep, Place, Policy, RuleOutcome, RuleTrace};
use crate::trial::{Account, Question, seen, story, told, when};

/// The whole object.
pub(super) fn of(policy: &Policy, question: &Question, account: &Account<'_>) -> Value {
    let came = &account.came;
    let caller = &question.caller;
    let rule = came.record.rule.as_ref();
    let reply = came.reply.as_ref().map(|reply| {
        json!({
            "http_status": reply.http_status,
            "code": reply.code,
            "challenge": reply.challenge,
            "text": told(&reply.body),
        })
    });
    let findings: Vec<Value> = came
        .record
        .findings
        .iter()
        .map(|(direction, finding)| {
            json!({
                "direction": direction.as_str(),
                "detector": finding.detector.as_str(),
                "path": finding.path,
                "count": finding.count,
                "action": finding.action.as_str(),
                "rule": finding.rule.as_str(),
            })
        })
        .collect();
    let conversation = came
        .record
        .conversation
        .map(|conversation| json!({ "id": conversation.name(), "source": conversation.source(policy) }));
    let tool = came.record.target.as_deref().and_then(|name| policy.tool(name));
    let rules = account.explanation.as_ref().map(|explanation| {
        explanation.rules.iter().map(|trace| of_rule(policy, question, trace)).collect::<Vec<_>>()
    });
    json!({
        "version": 1,
        "decision": came.verdict.as_str(),
        "reason": came.record.reason.as_str(),
        "rule": rule.map(|rule| named(policy, rule, policy.rule_place(rule))),
        "shadow": came.shadow.as_ref().map(Label::as_str),
        "story": story(policy, question, came, account.explanation.as_ref()),
        "at": when(question.unix_ms),
        "caller": {
            "user": caller.user(),
            "tenant": caller.tenant(),
            "agent": caller.agent(),
            "workload": caller.workload(),
            "scopes": caller.scopes(),
            "groups": caller.groups(),
            "proof": caller.proof().as_str(),
        },
        "reply": reply,
        "conversation": conversation,
        "findings": findings,
        "flows": flows::json(policy, tool),
        "rules": rules,
        "flips": account.flips.iter().map(|flip| of_flip(policy, flip)).collect::<Vec<_>>(),
    })
}

fn of_rule(policy: &Policy, question: &Question, trace: &RuleTrace<'_>) -> Value {
    let (outcome, by) = match &trace.outcome {
        RuleOutcome::Applies => ("applies", None),
        RuleOutcome::Foreign => ("not_for_caller", None),
        RuleOutcome::Released(by) => ("taken_back", Some(by)),
        RuleOutcome::Unmet => ("not_met", None),
        RuleOutcome::Untimely => ("not_its_time", None),
    };
    let checks: Vec<Value> = trace
        .checks
        .iter()
        .map(|check| {
            let (about, argument) = match check.about {
                About::Argument(path) => ("argument", Some(path)),
                About::Caller => ("caller", None),
                About::Target => ("target", None),
                About::Time => ("time", None),
            };
            let of = check.release.map(|of| of.map_or("unless", Label::as_str));
            let mut value = placed(policy, check.place);
            value.insert("asked".to_owned(), json!(check.asked));
            value.insert("answer".to_owned(), json!(check.answer.as_str()));
            value.insert("met".to_owned(), json!(check.is_met));
            value.insert("about".to_owned(), json!(about));
            value.insert("argument".to_owned(), json!(argument));
            let raw = argument.and_then(|path| seen(&question.body, path));
            value.insert("seen".to_owned(), json!(raw));
            value.insert("of".to_owned(), json!(of));
            Value::Object(value)
        })
        .collect();
    let mut value = placed(policy, trace.place);
    value.insert("rule".to_owned(), json!(trace.rule.as_str()));
    value.insert("effect".to_owned(), json!(if trace.is_allow { "allow" } else { "deny" }));
    value.insert("mode".to_owned(), json!(trace.mode.as_str()));
    value.insert("outcome".to_owned(), json!(outcome));
    let by = by.map(|by| {
        let mut value = placed(policy, by.place);
        value.insert("exception".to_owned(), json!(by.exception.map(Label::as_str)));
        Value::Object(value)
    });
    value.insert("taken_back_by".to_owned(), json!(by));
    value.insert("checks".to_owned(), json!(checks));
    Value::Object(value)
}

fn of_flip(policy: &Policy, flip: &Flip<'_>) -> Value {
    let steps: Vec<Value> = flip
        .steps
        .iter()
        .map(|step| match step {
            FlipStep::Check { asked, argument, holds, place } => {
                let mut value = placed(policy, *place);
                value.insert("asked".to_owned(), json!(asked));
                value.insert("argument".to_owned(), json!(argument));
                value.insert("holds".to_owned(), json!(holds));
                Value::Object(value)
            }
            FlipStep::Role { role, lacks } => {
                let lacks: Vec<Value> =
                    lacks.iter().map(|lack| json!({ "kind": lack.kind, "any_of": lack.any_of })).collect();
                json!({ "role": role.as_str(), "lacks": lacks })
            }
        })
        .collect();
    json!({ "steps": steps })
}

/// The name of a rule or limit, with its place where it is a rule.
fn named(policy: &Policy, rule: &Label, place: Option<Place>) -> Value {
    let mut value = place.map(|place| placed(policy, place)).unwrap_or_default();
    value.insert("id".to_owned(), json!(rule.as_str()));
    Value::Object(value)
}

fn placed(policy: &Policy, place: Place) -> Map<String, Value> {
    let mut value = Map::new();
    value.insert("file".to_owned(), json!(policy.file(place)));
    value.insert("line".to_owned(), json!(place.line));
    value.insert("column".to_owned(), json!(place.column));
    value
}
