//! Labels that an answer gets by what is found in it.
//!
//! **Why.** A tool that reads tickets brings back the private and the harmless, and nobody knows before. What
//! redaction found in an answer says more of it than the name of the tool, and so do orders to the model. **What it
//! is not.** No tracking of data: what no rule looks for is not seen, and what was hidden was seen all the same, for
//! what stood around it was not hidden.

use super::code::Code;
use super::diagnostic::{Findings, Span, Spanned, did_you_mean};
use super::parts::Bundle;
use super::parts::measures::read_detector;
use super::walker::{self, Fields};
use super::yaml::Node;
use crate::names::Label;
use crate::scan::{Detector, Direction, Finding, Pack};

/// The keys of a label for what is found.
pub(super) const MARK_KEYS: &[&str] = &["label", "packs", "detectors", "rules", "instructions"];

/// A label, and what gives it to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentMark {
    /// The label.
    pub label: Label,
    /// Kinds of values, any of which gives it.
    pub detectors: Box<[Detector]>,
    /// Redaction rules, a finding of any of which gives it.
    pub rules: Box<[Label]>,
    /// Whether a text that gives the model orders gives it.
    pub by_instructions: bool,
}

/// A label for what is found, as it is written.
#[derive(Debug)]
pub(super) struct MarkPart {
    pub label: Spanned<Label>,
    pub detectors: Vec<Spanned<Detector>>,
    pub rules: Vec<Spanned<Label>>,
    pub by_instructions: bool,
}

impl ContentMark {
    /// Whether an answer gets the label.
    pub fn fits(&self, findings: &[(Direction, Finding)], has_orders: bool) -> bool {
        let is_meant = |finding: &Finding| {
            self.detectors.contains(&finding.detector) || self.rules.contains(&finding.rule)
        };
        self.by_instructions && has_orders
            || findings.iter().any(|(on, finding)| *on == Direction::Results && is_meant(finding))
    }
}

impl From<MarkPart> for ContentMark {
    fn from(part: MarkPart) -> Self {
        Self {
            label: part.label.value,
            detectors: part.detectors.into_iter().map(|detector| detector.value).collect(),
            rules: part.rules.into_iter().map(|rule| rule.value).collect(),
            by_instructions: part.by_instructions,
        }
    }
}

/// Reads the labels for what is found.
pub(super) fn read(node: &Node, findings: &mut Findings) -> Vec<MarkPart> {
    let items = walker::some(node, "`labels`", findings).unwrap_or_default();
    items.iter().filter_map(|item| read_one(item, findings)).collect()
}

fn read_one(node: &Node, findings: &mut Findings) -> Option<MarkPart> {
    let fields = Fields::open(node, "a label for what is found", MARK_KEYS, findings)?;
    let label = fields.need("label", findings).and_then(|node| walker::label(node, "a label", findings));
    let mut items = |key: &str| {
        let node = fields.get(key);
        node.and_then(|node| walker::some(node, "the list", findings)).unwrap_or_default()
    };
    let (named, packs) = (items("detectors"), items("packs"));
    let spanned = |value: Detector, span: Span| Spanned { value, span };
    let mut detectors: Vec<Spanned<Detector>> =
        named.iter().filter_map(|item| Some(spanned(read_detector(item, findings)?, item.span))).collect();
    for item in packs {
        let pack = walker::word(item, "a pack", Pack::ALL, Pack::as_str, findings);
        detectors
            .extend(pack.into_iter().flat_map(Detector::of).map(|detector| spanned(detector, item.span)));
    }
    let rules = fields.get("rules").map(|node| walker::labels(node, "a redaction rule", findings));
    let by_instructions =
        fields.get("instructions").and_then(|node| walker::boolean(node, "`instructions`", findings));
    let (rules, by_instructions) = (rules.unwrap_or_default(), by_instructions.unwrap_or_default());
    if detectors.is_empty() && rules.is_empty() && !by_instructions {
        let help = "name `detectors`, `packs` or `rules`, or write `instructions: true`";
        findings.advise(Code::MarkOfNothing, fields.span(), "nothing ever gives this label", help);
    }
    Some(MarkPart { label: label?, detectors, rules, by_instructions })
}

/// Notes labels for what no rule looks for in results.
pub(super) fn check(bundle: &Bundle, findings: &mut Findings) {
    let looks = || bundle.redact.iter().filter(|rule| rule.on == Some(Direction::Results));
    for part in &bundle.marks {
        let ids = || looks().filter_map(|rule| Some(rule.id.as_ref()?.value.as_str()));
        for rule in part.rules.iter().filter(|rule| !ids().any(|id| id == rule.value.as_str())) {
            let message = format!("no rule of `redact` for results is called `{}`", rule.value);
            let help = did_you_mean(rule.value.as_str(), "rules", ids());
            findings.advise(Code::MarkOfNothing, rule.span, message, help);
        }
        let is_sought = |detector: Detector| looks().any(|rule| rule.detectors.contains(&detector));
        // Of a pack some are enough: a rule may look for a part of it.
        let mut spans: Vec<Span> = part.detectors.iter().map(|detector| detector.span).collect();
        spans.dedup();
        for span in spans {
            let mut of_it = part.detectors.iter().filter(|detector| detector.span == span);
            if !of_it.any(|detector| is_sought(detector.value)) {
                let message = "no rule of `redact` looks for this in results";
                let help = "add a rule with `on: results`, or name what one looks for";
                findings.advise(Code::MarkOfNothing, span, message, help);
            }
        }
    }
}
