//! What may not be said, and how the rest of the gate behaves.

use super::{Bundle, Findings, ModePart, Spanned};
use crate::names::{Label, Mode};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Span, did_you_mean, shown};
use crate::policy::plans::{AuditLevel, AuditPlan, Durabilities, Durability};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};
use crate::scan::{Action, Confidence, Detector, Direction, FieldPattern, Pack};

/// A redaction rule.
#[derive(Debug)]
pub(in crate::policy) struct RedactPart {
    pub id: Option<Spanned<Label>>,
    pub on: Option<Direction>,
    pub detectors: Vec<Detector>,
    pub fields: Vec<FieldPattern>,
    pub action: Option<Action>,
    pub keep_last: Option<u8>,
    pub confidence: Confidence,
    pub allow_pan: bool,
    pub mode: Mode,
    /// Since which day it is in shadow; see [`ModePart`].
    pub since: Option<Spanned<u64>>,
}

/// The keys of a redaction rule.
pub(in crate::policy) const REDACT_KEYS: &[&str] = &[
    "id",
    "on",
    "packs",
    "detectors",
    "fields",
    "confidence",
    "action",
    "keep_last",
    "allow_pan",
    "mode",
    "since",
];

impl Bundle {
    pub(super) fn read_redact(&mut self, node: &Node, findings: &mut Findings) {
        let items = walker::list(node, "`redact`", findings).unwrap_or_default();
        self.redact.extend(items.iter().filter_map(|item| read_redaction(item, findings)));
    }
}

fn read_redaction(node: &Node, findings: &mut Findings) -> Option<RedactPart> {
    let fields = Fields::open(node, "a redaction rule", REDACT_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a rule id", findings));
    let directions = &[Direction::Arguments, Direction::Results];
    let on = fields.need("on", findings);
    let on = on.and_then(|node| walker::word(node, "a direction", directions, Direction::as_str, findings));
    let action = fields.need("action", findings);
    let action =
        action.and_then(|node| walker::word(node, "an action", Action::ALL, Action::as_str, findings));
    if ["packs", "detectors", "fields"].iter().all(|key| fields.get(key).is_none()) {
        let help = "name `packs`, `detectors` or `fields`";
        findings.advise(Code::MissingKey, fields.span(), "a redaction rule looks for nothing", help);
    }
    let mut items = |key: &str, what: &str| {
        let node = fields.get(key);
        node.and_then(|node| walker::some(node, what, findings)).unwrap_or_default()
    };
    let (detectors, patterns) = (items("detectors", "`detectors`"), items("fields", "`fields`"));
    let packs = items("packs", "`packs`");
    let mut detectors: Vec<(Detector, Span)> =
        detectors.iter().filter_map(|item| Some((read_detector(item, findings)?, item.span))).collect();
    for item in packs {
        let pack = walker::word(item, "a pack", Pack::ALL, Pack::as_str, findings);
        for detector in pack.into_iter().flat_map(Detector::of) {
            if !detectors.iter().any(|(known, _)| *known == detector) {
                detectors.push((detector, item.span));
            }
        }
    }
    let patterns = patterns.iter().filter_map(|item| read_pattern(item, action, findings)).collect();
    let keep_last = read_keep_last(&fields, action, findings);
    let confidence = fields
        .get("confidence")
        .and_then(|node| walker::word(node, "a confidence", Confidence::ALL, Confidence::as_str, findings));
    let allow_pan = read_allow_pan(&fields, action, &detectors, findings);
    let detectors = detectors.into_iter().map(|(detector, _)| detector).collect();
    let ModePart { mode, since } = ModePart::read(&fields, findings);
    let confidence = confidence.unwrap_or_default();
    Some(RedactPart {
        id,
        on,
        detectors,
        fields: patterns,
        action,
        keep_last,
        confidence,
        allow_pan,
        mode,
        since,
    })
}

/// How many digits a mask leaves: four at most, as the last four of a card may be shown.
fn read_keep_last(fields: &Fields<'_>, action: Option<Action>, findings: &mut Findings) -> Option<u8> {
    let entry = fields.entry("keep_last")?;
    let found = walker::number(&entry.value).filter(|digits| *digits <= 4_u8);
    if found.is_none() {
        findings.raise(
            Code::BadValue,
            entry.value.span,
            "`keep_last` must be a whole number of digits from 0 to 4",
        );
    }
    if action.is_some_and(|action| action != Action::Mask) {
        let help = "write `action: mask`, or remove `keep_last`";
        findings.advise(Code::BadValue, entry.key_span, "only a mask leaves digits", help);
    }
    found
}

/// Whether cards may be kept. What may never be kept is a fault, and so is a card without that word.
fn read_allow_pan(
    fields: &Fields<'_>,
    action: Option<Action>,
    detectors: &[(Detector, Span)],
    findings: &mut Findings,
) -> bool {
    let entry = fields.entry("allow_pan");
    let allowed =
        entry.and_then(|entry| walker::boolean(&entry.value, "`allow_pan`", findings)).unwrap_or_default();
    let is_kept = action == Some(Action::Tokenize);
    if let Some(entry) = entry.filter(|_| action.is_some() && !is_kept) {
        let help = "write `action: tokenize`, or remove `allow_pan`";
        findings.advise(Code::BadValue, entry.key_span, "only a token keeps card numbers", help);
    }
    for (detector, span) in detectors.iter().filter(|_| is_kept) {
        if !detector.may_be_kept() {
            let message = format!("values of kind `{}` may never be kept", detector.as_str());
            findings.advise(Code::BadValue, *span, message, NEVER_KEPT);
        } else if detector.is_card() && !allowed {
            let help =
                "replace or mask them; or write `allow_pan: true` and keep the gate as PCI DSS wants it";
            findings.advise(Code::BadValue, *span, "card numbers are not kept without `allow_pan`", help);
        } else if detector.is_card() {
            let message = "card numbers are kept, so this gate belongs to the cardholder data environment";
            findings.advise(Code::CardsKept, *span, message, "mask them, if nothing has to give them back");
        }
    }
    allowed
}

const NEVER_KEPT: &str = "write another rule that drops or replaces it";

pub(in crate::policy) fn read_detector(node: &Node, findings: &mut Findings) -> Option<Detector> {
    let text = walker::text(node, "a detector", findings)?;
    let detector = Detector::parse(text);
    if detector.is_none() {
        let names = Detector::ALL.iter().map(|detector| detector.as_str());
        let help = did_you_mean(text, "detectors", names.filter(|name| Detector::parse(name).is_some()));
        findings.advise(
            Code::UnknownDetector,
            node.span,
            format!("there is no detector `{}`", shown(text)),
            help,
        );
    }
    detector
}

fn read_pattern(node: &Node, action: Option<Action>, findings: &mut Findings) -> Option<FieldPattern> {
    let text = walker::text(node, "a field", findings)?;
    let pattern = FieldPattern::parse(text);
    if let Err(fault) = &pattern {
        findings.raise(Code::BadValue, node.span, format!("`{}` names no field: {fault}", shown(text)));
    }
    if let (Some(Action::Tokenize), Ok(Some(name))) =
        (action, pattern.as_ref().map(FieldPattern::authentication_name))
    {
        let message = format!("what a field `{}` holds may never be kept", shown(name));
        findings.advise(Code::BadValue, node.span, message, NEVER_KEPT);
    }
    pattern.ok()
}

/// The keys of `audit`.
pub(in crate::policy) const AUDIT_KEYS: &[&str] = &["level", "values", "durability"];

/// The keys of `durability` in its long form.
pub(in crate::policy) const DURABILITY_KEYS: &[&str] = &["read", "write", "destructive", "other"];

pub(super) fn read_audit(node: &Node, findings: &mut Findings) -> AuditPlan {
    let Some(fields) = Fields::open(node, "`audit`", AUDIT_KEYS, findings) else {
        return AuditPlan::default();
    };
    let level = match fields.get("durability") {
        Some(_) => fields.get("level"),
        None => fields.need("level", findings),
    };
    let level = match level {
        Some(node) => walker::word(node, "an audit level", AuditLevel::ALL, AuditLevel::as_str, findings),
        None => Some(AuditLevel::default()),
    };
    let values = fields.get("values").map(|node| walker::texts(node, "an argument", findings));
    if let (Some(entry), Some(AuditLevel::Metadata | AuditLevel::None)) = (fields.entry("values"), level) {
        let help = "write `level: facts`, or remove `values`";
        findings.advise(Code::BadValue, entry.key_span, "only the level `facts` tells of arguments", help);
    }
    let values = values.unwrap_or_default().into_iter().map(|value| value.value).collect();
    let durability = fields.get("durability").map(|node| read_durability(node, findings)).unwrap_or_default();
    if let (Some(entry), Some(AuditLevel::None), Durability::Strict) =
        (fields.entry("durability"), level, durability.surest())
    {
        let help = "write `level: metadata`, or remove `durability`";
        findings.advise(
            Code::BadValue,
            entry.key_span,
            "the level `none` writes nothing that could be durable",
            help,
        );
    }
    AuditPlan { level: level.unwrap_or_default(), values, durability }
}

/// A word for everything, or one for each class of tools and for what is no call.
fn read_durability(node: &Node, findings: &mut Findings) -> Durabilities {
    let word = |node: &Node, findings: &mut Findings| {
        walker::word(node, "a durability", Durability::ALL, Durability::as_str, findings).unwrap_or_default()
    };
    if !matches!(node.content, Content::Map(_)) {
        return Durabilities::all(word(node, findings));
    }
    let Some(fields) = Fields::open(node, "`durability`", DURABILITY_KEYS, findings) else {
        return Durabilities::default();
    };
    let mut of = |key| fields.get(key).map(|node| word(node, findings)).unwrap_or_default();
    Durabilities { read: of("read"), write: of("write"), destructive: of("destructive"), other: of("other") }
}
