//! What conversations may not do after what they have seen.

use super::shadow::ModePart;
use super::{Bundle, Spanned, note_double};
use crate::bounds::{FLOW_LABELS_MAX, FLOWS_MAX, POLICY_MESSAGE_BYTES_MAX};
use crate::names::{Label, Mode};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

/// The keys of a flow.
pub(in crate::policy) const FLOW_KEYS: &[&str] = &["id", "after", "deny", "message", "mode", "since"];

/// A flow as it is written.
#[derive(Debug)]
pub(in crate::policy) struct FlowPart {
    pub id: Spanned<Label>,
    pub after: Vec<Spanned<Label>>,
    pub deny: Vec<Spanned<Label>>,
    pub message: Option<Box<str>>,
    pub mode: Mode,
    /// Since which day it is in shadow; see [`ModePart`].
    pub since: Option<Spanned<u64>>,
    pub span: Span,
}

impl Bundle {
    pub(super) fn read_flows(&mut self, node: &Node, findings: &mut Findings) {
        for item in walker::list(node, "`flows`", findings).unwrap_or_default() {
            let Some(flow) = read_flow(item, findings) else { continue };
            match self.flows.iter().find(|known| known.id.value == flow.id.value) {
                Some(twin) => {
                    note_double("flow", flow.id.value.as_str(), flow.id.span, twin.id.span, findings);
                }
                None => self.flows.push(flow),
            }
        }
        if let Some(beyond) = self.flows.get(FLOWS_MAX) {
            findings.raise(
                Code::TooLarge,
                beyond.span,
                format!("a policy may have {FLOWS_MAX} flows at most"),
            );
        }
    }
}

fn read_flow(node: &Node, findings: &mut Findings) -> Option<FlowPart> {
    let fields = Fields::open(node, "a flow", FLOW_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a flow id", findings));
    let mut labels = |key: &str| {
        let node = fields.need(key, findings)?;
        Some(walker::labels(node, "a label", findings))
    };
    let (after, deny) = (labels("after"), labels("deny"));
    let message = fields
        .get("message")
        .and_then(|node| Some(walker::line(node, "`message`", POLICY_MESSAGE_BYTES_MAX, findings)?.value));
    let ModePart { mode, since } = ModePart::read(&fields, findings);
    let span = fields.span();
    Some(FlowPart { id: id?, after: after?, deny: deny?, message, mode, since, span })
}

/// The labels of a tool, each once.
pub(super) fn read_labels(node: &Node, findings: &mut Findings) -> Vec<Spanned<Label>> {
    let mut labels: Vec<Spanned<Label>> = Vec::new();
    for label in walker::labels(node, "a label", findings) {
        match labels.iter().find(|known| known.value == label.value) {
            Some(twin) => note_double("label", label.value.as_str(), label.span, twin.span, findings),
            None => labels.push(label),
        }
    }
    if labels.len() > FLOW_LABELS_MAX {
        findings.raise(
            Code::TooLarge,
            node.span,
            format!("a tool may have {FLOW_LABELS_MAX} labels at most"),
        );
    }
    labels
}
