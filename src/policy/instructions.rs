//! Results that speak to the model: what becomes of them.
//!
//! Off where a policy says nothing. What is looked for are the signatures that come with the program, as far as
//! they are meant for results; `sluicegate lint` looks for the same in descriptions. What is found can also give a
//! label to the conversation, for flows; see `marks`.

use std::sync::Arc;

use super::code::Code;
use super::diagnostic::{Findings, Span};
use super::marks::{self, MarkPart};
use super::walker::{self, Fields};
use super::yaml::Node;
use crate::lint::Signatures;

/// The keys of `results`.
pub(super) const RESULTS_KEYS: &[&str] = &["instructions", "labels"];

/// What a policy says of results that speak to the model. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InstructionsPlan {
    /// What becomes of them; nothing, where they only give a label.
    pub action: Option<Instructed>,
    /// What is looked for.
    pub signatures: Arc<Signatures>,
}

/// What becomes of a result that speaks to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructed {
    /// A text before it says what it is.
    Annotate,
    /// It is withheld.
    Block,
    /// The passages are taken out.
    Strip,
}

impl Instructed {
    /// Every word.
    pub const ALL: &[Self] = &[Self::Annotate, Self::Block, Self::Strip];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Annotate => "annotate",
            Self::Block => "block",
            Self::Strip => "strip",
        }
    }
}

/// Reads the section: what is looked for, if anything is, and the labels that what is found gives.
pub(super) fn read(node: &Node, findings: &mut Findings) -> (Option<InstructionsPlan>, Vec<MarkPart>) {
    let Some(fields) = Fields::open(node, "`results`", RESULTS_KEYS, findings) else {
        return (None, Vec::new());
    };
    let marks = fields.get("labels").map(|node| marks::read(node, findings)).unwrap_or_default();
    let node = match fields.get("labels") {
        Some(_) => fields.get("instructions"),
        None => fields.need("instructions", findings),
    };
    let action = node.and_then(|node| {
        walker::word(node, "what becomes of instructions", Instructed::ALL, Instructed::as_str, findings)
    });
    let is_sought = action.is_some() || marks.iter().any(|mark| mark.by_instructions);
    (is_sought.then(|| plan(action, fields.span(), findings)).flatten(), marks)
}

fn plan(action: Option<Instructed>, span: Span, findings: &mut Findings) -> Option<InstructionsPlan> {
    let signatures = super::signatures(&[]).ok().and_then(|all| all.for_results().ok());
    if signatures.is_none() {
        // They come with the program and are tested; but what decides may not be missing in silence.
        findings.raise(Code::BadValue, span, "the signatures of the program cannot be read");
    }
    Some(InstructionsPlan { action, signatures: Arc::new(signatures?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Source, compile};

    #[test]
    fn reads_each_word_and_no_other() {
        crate::identity::install_crypto();
        let read = |said: &str| {
            let text = format!("version: 1\nserver: {{ id: db }}\ncallers: {{ anonymous: allow }}\n{said}\n");
            compile(&[Source { name: "policy.yaml".into(), text }], 0)
                .map(|policy| policy.instructions.map(|plan| (plan.action, plan.signatures.iter().count())))
                .map_err(|faults| faults.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>())
        };
        assert_eq!(read(""), Ok(None));
        for action in Instructed::ALL {
            let plan = read(&format!("results: {{ instructions: {} }}", action.as_str()));
            assert!(matches!(plan, Ok(Some((read, 10..))) if read == Some(*action)), "{plan:?}");
        }
        for (said, code) in [
            ("results: { instructions: drop }", "SG0008"),
            ("results: {}", "SG0006"),
            ("results: { labels: [{ label: a }] }", "SG0176"),
            ("results: { labels: [{ label: a, rules: [b] }] }", "SG0176"),
            ("results: { labels: [{ label: a, detectors: [email] }] }", "SG0176"),
            ("results: { labels: [{ label: a, detector: [email] }] }", "SG0005"),
            ("results: { instruction: strip }", "SG0005"),
            ("results: strip", "SG0007"),
        ] {
            let codes = read(said).expect_err("a fault");
            assert!(codes.contains(&code), "{said}: {codes:?}");
        }
    }
}
