//! What is in shadow, since when, and for how long it may be.

use super::{Bundle, Fields, Findings, Node, Spanned};
use crate::names::Mode;
use crate::policy::code::Code;
use crate::policy::hours;
use crate::policy::walker;

/// The keys of `shadow`.
pub(in crate::policy) const SHADOW_KEYS: &[&str] = &["max_days"];

/// Whether something takes effect, and since when it does not.
#[derive(Debug)]
pub(in crate::policy) struct ModePart {
    pub mode: Mode,
    /// The first millisecond after the day since which it is in shadow.
    pub since: Option<Spanned<u64>>,
}

impl ModePart {
    /// Reads `mode` and `since`.
    pub(super) fn read(fields: &Fields<'_>, findings: &mut Findings) -> Self {
        let mode = walker::mode(fields, findings);
        let since = fields.entry("since").and_then(|entry| {
            let date = hours::date(&entry.value, "since", findings)?;
            if mode == Mode::Enforce {
                let help = "write `mode: shadow` beside it, or remove it";
                let message = "`since` is about what is in shadow, and this is not";
                findings.advise(Code::BadValue, entry.key_span, message, help);
                return None;
            }
            Some(Spanned { span: entry.value.span, value: hours::end_of(date).unwrap_or_default() })
        });
        Self { mode, since }
    }
}

impl Bundle {
    pub(super) fn read_shadow(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(node, "`shadow`", SHADOW_KEYS, findings) else { return };
        self.shadow_days_max =
            fields.need("max_days", findings).and_then(|node| walker::count(node, "`max_days`", findings));
    }
}
