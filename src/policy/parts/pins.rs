//! What becomes of tools that are no longer what was approved.

use std::time::Duration;

use super::Bundle;
use crate::bounds::PIN_EVERY_MIN;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, shown};
use crate::policy::pins::{DriftKind, PinAction, PinPlan};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::Node;

/// The keys of `pins`.
pub(in crate::policy) const PIN_KEYS: &[&str] = &["every", "before_call", "on"];

/// The keys of `on` in it.
pub(in crate::policy) const PIN_KINDS: &[&str] = &["annotations", "minor", "schema", "text"];

/// The section, with the places that a lint may speak of.
#[derive(Debug)]
pub(in crate::policy) struct PinPart {
    pub plan: PinPlan,
    pub span: Span,
    /// Kinds of which only is told, though a model would read them.
    pub loose: Vec<(DriftKind, Span)>,
}

impl Bundle {
    pub(super) fn read_pins(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(node, "`pins`", PIN_KEYS, findings) else { return };
        let mut part = PinPart { plan: PinPlan::default(), span: fields.span(), loose: Vec::new() };
        if let Some(node) = fields.get("every") {
            part.plan.every = read_time(node, Wanted::Every, findings);
            if let Some(every) = part.plan.every.filter(|every| *every < PIN_EVERY_MIN) {
                let message = format!("`every` may be {} s at least", PIN_EVERY_MIN.as_secs());
                let help =
                    format!("{every:?} would ask the server too often; a call is looked at by `before_call`");
                findings.advise(Code::BadValue, node.span, message, help);
            }
        }
        if let Some(node) = fields.get("before_call") {
            part.plan.before_call = read_time(node, Wanted::BeforeCall, findings);
        }
        if let Some(node) = fields.get("on") {
            part.read_actions(node, findings);
        }
        self.pins = Some(part);
    }
}

impl PinPart {
    fn read_actions(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(node, "`on`", PIN_KINDS, findings) else { return };
        for &kind in DriftKind::ALL {
            let Some(node) = fields.get(kind.as_str()) else { continue };
            let read = walker::word(node, "an action", PinAction::ALL, PinAction::as_str, findings);
            let Some(action) = read else { continue };
            let place = match kind {
                DriftKind::Annotations => &mut self.plan.annotations,
                DriftKind::Minor => &mut self.plan.minor,
                DriftKind::Schema => &mut self.plan.schema,
                DriftKind::Text => &mut self.plan.text,
            };
            *place = action;
            if action == PinAction::Warn && kind != DriftKind::Minor {
                self.loose.push((kind, node.span));
            }
        }
    }
}

/// Which of the two times is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    BeforeCall,
    Every,
}

/// A time, or a word in its place.
fn read_time(node: &Node, wanted: Wanted, findings: &mut Findings) -> Option<Duration> {
    let (key, words) = match wanted {
        Wanted::BeforeCall => ("before_call", "`always`, `never` or a time from 1ms to 24hour"),
        Wanted::Every => ("every", "`never` or a time from 30s to 24hour"),
    };
    let text = walker::text(node, &format!("`{key}`"), findings)?;
    match (text, wanted) {
        ("never", _) => None,
        ("always", Wanted::BeforeCall) => Some(Duration::ZERO),
        (text, _) => {
            let time = walker::duration_of(text);
            if time.is_none() {
                let message = format!("`{}` is not {words}", shown(text));
                findings.advise(Code::BadValue, node.span, message, format!("write `{key}: 5min`"));
            }
            time
        }
    }
}
