//! An explanation for people: the decision, what each rule had to say, and what would turn it.

use std::fmt::Write as _;

use super::flows;
use crate::names::Mode;
use crate::policy::{
    About, Answer, Check, Flip, FlipStep, Lack, Place, Policy, RuleOutcome, RuleTrace, Verdict,
};
use crate::trial::{Account, Question, seen, story, told};

/// The whole text.
pub(super) fn of(policy: &Policy, question: &Question, account: &Account<'_>) -> String {
    let came = &account.came;
    let mut text = format!("{}\n", story(policy, question, came, account.explanation.as_ref()));
    if let Some(reply) = &came.reply {
        let words = told(&reply.body).unwrap_or_default();
        let _ = writeln!(text, "the caller is told (HTTP {}): {words}", reply.http_status);
        if let Some(challenge) = &reply.challenge {
            let _ = writeln!(text, "  WWW-Authenticate: {challenge}");
        }
    }
    if let Some(conversation) = &came.record.conversation {
        let (id, source) = (conversation.name(), conversation.source(policy));
        let _ = writeln!(text, "conversation: {id}, told by `{source}`");
    }
    if let Some(called) = came.record.called.as_deref()
        && let Some((tool, number)) = policy.versions().named(called.chosen)
    {
        let upstream = came.record.target.as_deref().unwrap_or_default();
        let state = called.state.as_str();
        let _ = writeln!(text, "version: `{tool}@{number}`, {state}; the server gets a call of `{upstream}`");
    }
    let tool = came.record.target.as_deref().and_then(|name| policy.tool(name));
    if let Some(describe) = tool.and_then(|tool| tool.describe()) {
        let _ = writeln!(text, "told otherwise than by the server (`describe`): {}", describe.told());
    }
    for line in tool.map(|tool| flows::lines(policy, tool)).unwrap_or_default() {
        let _ = writeln!(text, "{line}");
    }
    for (_, finding) in &came.record.findings {
        let (detector, count) = (finding.detector.as_str(), finding.count);
        let (action, rule) = (finding.action.as_str(), &finding.rule);
        let _ =
            writeln!(text, "found: {count} of kind {detector} at {}: {action}, by `{rule}`", finding.path);
    }
    if let Some(explanation) = &account.explanation {
        let body = &question.body;
        rules(&mut text, policy, &explanation.rules, &|path| seen(body, path));
    }
    flips(&mut text, policy, came.verdict, &account.flips);
    text
}

/// Every rule about the message, those that apply first; `value` tells what an argument is.
pub(super) fn rules(
    text: &mut String,
    policy: &Policy,
    rules: &[RuleTrace<'_>],
    value: &dyn Fn(&str) -> Option<String>,
) {
    if rules.is_empty() {
        text.push_str("\nno rule is about it\n");
        return;
    }
    text.push_str("\nrules about it:\n");
    let mut sorted: Vec<&RuleTrace<'_>> = rules.iter().collect();
    sorted.sort_by_key(|trace| distance(&trace.outcome));
    for trace in sorted {
        let effect = if trace.is_allow { "allow" } else { "deny" };
        let mode = if trace.mode == Mode::Shadow { ", in shadow" } else { "" };
        let at = place(policy, trace.place);
        let _ =
            writeln!(text, "  {effect} `{}` ({at}{mode}): {}", trace.rule, outcome(policy, &trace.outcome));
        for check in &trace.checks {
            let _ = writeln!(text, "    {}", line(policy, check, value));
        }
    }
}

/// How far a rule is from applying.
pub(super) fn distance(outcome: &RuleOutcome<'_>) -> u8 {
    match outcome {
        RuleOutcome::Applies => 0,
        RuleOutcome::Released(_) => 1,
        RuleOutcome::Unmet => 2,
        RuleOutcome::Untimely => 3,
        RuleOutcome::Foreign => 4,
    }
}

fn outcome(policy: &Policy, outcome: &RuleOutcome<'_>) -> String {
    match outcome {
        RuleOutcome::Applies => "applies".to_owned(),
        RuleOutcome::Foreign => "is not for this caller".to_owned(),
        RuleOutcome::Released(by) => {
            let at = place(policy, by.place);
            match by.exception {
                Some(exception) => format!("taken back by the exception `{exception}` ({at})"),
                None => format!("taken back by its `unless` ({at})"),
            }
        }
        RuleOutcome::Unmet => "does not apply".to_owned(),
        RuleOutcome::Untimely => "does not apply at this time".to_owned(),
    }
}

/// `no   limit max: 1000, which is 5000 (policy.yaml:15:9)`.
fn line(policy: &Policy, check: &Check<'_>, value: &dyn Fn(&str) -> Option<String>) -> String {
    let whose = match check.release {
        None => String::new(),
        Some(None) => "unless: ".to_owned(),
        Some(Some(exception)) => format!("exception `{exception}`: "),
    };
    let which = match (check.about, check.answer) {
        (About::Argument(_), Answer::Absent) => ", which is missing".to_owned(),
        (About::Argument(path), _) => {
            value(path).map(|value| format!(", which is {value}")).unwrap_or_default()
        }
        (About::Caller | About::Target | About::Time, _) => String::new(),
    };
    let counts = match (check.answer, check.is_met) {
        (Answer::Absent | Answer::Unknown, true) => "; counts as yes",
        (Answer::Absent | Answer::Unknown, false) => "; counts as no",
        (Answer::No | Answer::Yes, _) => "",
    };
    let at = place(policy, check.place);
    format!("{:<8}{whose}{}{which}{counts} ({at})", check.answer.as_str(), check.asked)
}

fn flips(text: &mut String, policy: &Policy, verdict: Verdict, flips: &[Flip<'_>]) {
    if flips.is_empty() {
        return;
    }
    let other = match verdict {
        Verdict::Allow => "denied",
        Verdict::Deny => "allowed",
    };
    let _ = writeln!(text, "\nthe rules would have it {other} with:");
    for (at, flip) in flips.iter().enumerate() {
        let steps: Vec<String> = flip.steps.iter().map(|step| words(policy, step)).collect();
        let _ = writeln!(text, "  {}{}", if at > 0 { "or " } else { "" }, steps.join(", and "));
    }
}

/// One step in words: `the scope db:query (role analyst)`.
pub(super) fn words(policy: &Policy, step: &FlipStep<'_>) -> String {
    match step {
        FlipStep::Check { asked, argument, holds, place: at } => {
            let at = place(policy, *at);
            match (argument, holds) {
                (Some(path), true) => format!("another `{path}`, that meets `{asked}` ({at})"),
                (Some(path), false) => format!("another `{path}`, that does not meet `{asked}` ({at})"),
                (None, true) => format!("another time, in `{asked}` ({at})"),
                (None, false) => format!("another time, out of `{asked}` ({at})"),
            }
        }
        FlipStep::Role { role, lacks } => {
            let each: Vec<String> = lacks.iter().map(lack).collect();
            format!("{} (role `{role}`)", each.join(" and "))
        }
    }
}

fn lack(lack: &Lack<'_>) -> String {
    let names: Vec<String> = lack.any_of.iter().map(|name| format!("`{name}`")).collect();
    format!("the {} {}", lack.kind, names.join(" or "))
}

/// `policy.yaml:10:5`.
pub(super) fn place(policy: &Policy, at: Place) -> String {
    format!("{}:{}:{}", policy.file(at), at.line, at.column)
}
