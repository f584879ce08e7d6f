//! Where values that were kept may be given back, and what pseudonyms are made with.

use std::path::Path;

use super::measures::read_detector;
use super::upstream::{file, open};
use super::{Bundle, Findings, Spanned};
use crate::names::Label;
use crate::policy::diagnostic::Span;
use crate::policy::keeping::{PseudonymPlan, Unbound};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;
use crate::scan::Detector;

/// A restore rule, with the names in it not yet looked up.
#[derive(Debug)]
pub(in crate::policy) struct RestorePart {
    pub id: Option<Spanned<Label>>,
    pub span: Span,
    pub tool: Option<Spanned<Box<str>>>,
    /// The path of the argument.
    pub argument: Option<Spanned<Box<str>>>,
    pub detectors: Option<Vec<Detector>>,
    /// Redaction rules.
    pub rules: Option<Vec<Spanned<Label>>>,
    /// Tools.
    pub from: Option<Vec<Spanned<Box<str>>>>,
    pub embed: bool,
}

/// The keys of `restore`.
pub(in crate::policy) const RESTORE_KEYS: &[&str] = &["on_unbound", "rules"];

/// The keys of a restore rule.
pub(in crate::policy) const BINDING_KEYS: &[&str] =
    &["id", "tool", "argument", "detectors", "rules", "from", "embed"];

/// The keys of `pseudonyms`.
pub(in crate::policy) const PSEUDONYM_KEYS: &[&str] = &["key_file", "epoch"];

/// Keys that would put the secret itself into the policy, and what to write instead.
const INLINE: &[(&str, &str)] = &[("key", "key_file"), ("secret", "key_file")];

/// Bytes of an epoch: a year, a quarter, a project.
const EPOCH_BYTES_MAX: usize = 64;

/// Bytes of the path of an argument.
const PATH_BYTES_MAX: usize = crate::bounds::SCAN_PATTERN_BYTES_MAX;

impl Bundle {
    pub(super) fn read_restore(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(node, "`restore`", RESTORE_KEYS, findings) else { return };
        if let Some(node) = fields.get("on_unbound") {
            let word = walker::word(node, "a word for `on_unbound`", Unbound::ALL, Unbound::as_str, findings);
            // Of several files the strictest counts, so that none takes back what another asks for.
            self.on_unbound = self.on_unbound.max(word.unwrap_or_default());
        }
        let Some(node) = fields.need("rules", findings) else { return };
        let items = walker::list(node, "`rules`", findings).unwrap_or_default();
        self.restore.extend(items.iter().filter_map(|item| read_binding(item, findings)));
    }

    pub(super) fn read_pseudonyms(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = open(node, "`pseudonyms`", PSEUDONYM_KEYS, INLINE, findings) else { return };
        let key_file = fields.need("key_file", findings).and_then(|node| file(node, "`key_file`", findings));
        let epoch =
            fields.get("epoch").and_then(|node| walker::line(node, "`epoch`", EPOCH_BYTES_MAX, findings));
        let epoch = epoch.map(|epoch| epoch.value).unwrap_or_default();
        self.has_pseudonyms = true;
        self.pseudonyms = key_file.map(|key_file: Box<Path>| PseudonymPlan { key_file, epoch });
    }
}

fn read_binding(node: &Node, findings: &mut Findings) -> Option<RestorePart> {
    let fields = Fields::open(node, "a restore rule", BINDING_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a rule id", findings));
    let span = id.as_ref().map_or(fields.span(), |id| id.span);
    let mut line = |key: &str, what: &str| {
        let node = fields.need(key, findings)?;
        walker::line(node, what, PATH_BYTES_MAX, findings)
    };
    let (tool, argument) = (line("tool", "a tool"), line("argument", "an argument"));
    if fields.get("detectors").is_none() && fields.get("rules").is_none() {
        let help = "name `detectors`, the redaction `rules` that keep them, or both";
        let message = "a restore rule must say which values it gives back";
        findings.advise(crate::policy::code::Code::MissingKey, span, message, help);
    }
    let detectors = fields.get("detectors").map(|node| {
        let items = walker::some(node, "`detectors`", findings).unwrap_or_default();
        items.iter().filter_map(|item| read_detector(item, findings)).collect()
    });
    let rules = fields.get("rules").map(|node| walker::labels(node, "a redaction rule", findings));
    let from = fields.get("from").map(|node| walker::texts(node, "a tool", findings));
    let embed = fields.get("embed").and_then(|node| walker::boolean(node, "`embed`", findings));
    let embed = embed.unwrap_or_default();
    Some(RestorePart { id, span, tool, argument, detectors, rules, from, embed })
}
