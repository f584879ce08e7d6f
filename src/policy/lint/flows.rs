//! What a bundle says of changed tools and of flows, and does not come true.

use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Spanned, did_you_mean};
use crate::policy::parts::{Bundle, ToolPart};

/// Warns of `pins`; faults labels of flows that no tool has.
pub(in crate::policy) fn check(bundle: &Bundle, tools: &[ToolPart], findings: &mut Findings) {
    check_pins(bundle, tools, findings);
    check_flows(bundle, tools, findings);
}

fn check_pins(bundle: &Bundle, tools: &[ToolPart], findings: &mut Findings) {
    let Some(pins) = &bundle.pins else { return };
    if !tools.iter().any(|tool| tool.sha256.is_some()) {
        let message = "no tool was approved, so none can differ from what was";
        let help = "write down what the server says with `sluicegate pin`, or remove `pins`";
        findings.advise(Code::PinsOfNothing, pins.span, message, help);
        return;
    }
    for (kind, span) in &pins.loose {
        let message = format!("a tool whose {} changed is still called and shown", kind.as_str());
        let help = "write `block`, or `freeze` to go on showing what was approved";
        findings.advise(Code::ChangePasses, *span, message, help);
    }
}

fn check_flows(bundle: &Bundle, tools: &[ToolPart], findings: &mut Findings) {
    let of_tools = || tools.iter().flat_map(|tool| &tool.labels);
    let given = || of_tools().chain(bundle.marks.iter().map(|mark| &mark.label));
    let known = || given().map(|label| label.value.as_str());
    let used = |label: &Label| {
        bundle.flows.iter().flat_map(|flow| flow.after.iter().chain(&flow.deny)).any(|it| it.value == *label)
    };
    let after = bundle
        .flows
        .iter()
        .flat_map(|flow| &flow.after)
        .filter(|label| !known().any(|name| name == label.value.as_str()));
    for label in after {
        let message = format!("no tool has the label `{}`, and no result is given it", label.value);
        let help = did_you_mean(label.value.as_str(), "labels", known());
        findings.advise(Code::UnknownLabel, label.span, message, help);
    }
    // What a result is given closes nothing: only tools can be closed.
    let known = || of_tools().map(|label| label.value.as_str());
    for label in bundle.flows.iter().flat_map(|flow| &flow.deny) {
        if !known().any(|name| name == label.value.as_str()) {
            let message = format!("no tool has the label `{}`", label.value);
            let help = did_you_mean(label.value.as_str(), "labels", known());
            findings.advise(Code::UnknownLabel, label.span, message, help);
        }
    }
    let unused = |label: &&Spanned<Label>| !used(&label.value);
    for label in given().filter(unused) {
        let message = format!("no flow speaks of the label `{}`", label.value);
        let help = "name it in `flows` under `after` or `deny`, or remove it";
        findings.advise(Code::UnusedLabel, label.span, message, help);
    }
    if let (Some(flow), None) = (bundle.flows.first(), &bundle.conversation) {
        let message = "nothing says what tells conversations apart; where clients name none as is usual, a user has one";
        let help = "add `conversation: { sources: [meta:KEY, session] }`, as your clients name theirs";
        findings.advise(Code::FlowPerUser, flow.span, message, help);
    }
}
