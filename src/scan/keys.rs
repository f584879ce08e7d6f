//! Names of fields in the text: JSON keys, `name=value`, `name: value`.

use std::ops::Range;

use super::Detector;
use super::edges::{self, End, before};
use super::folded::Folded;
use super::ground::Ground;
use super::names::{Class, Tier};
use super::spared::Spared;
use super::sweep::{Form, Hit, Sweep};
use super::walk::Leaf;
use super::{joined, labels, tokens, veto};
use crate::bounds::{SCAN_KEY_REACH_MAX, SCAN_VIEW_DEPTH_MAX};

impl Sweep<'_> {
    /// Looks whether the name of a field stands before the colon or equals sign at `at`.
    #[inline]
    pub(super) fn assign(&mut self, at: usize) {
        let bytes = self.bytes;
        let past = if before(bytes, at) == b'"' { at } else { edges::skip_space_back(bytes, at) };
        if bytes[at] == b':' && before(bytes, past) == b'"' {
            self.key(at, past);
        } else {
            self.bare_key(at);
        }
    }

    /// Looks what the key that ends at `past`, before the colon at `colon`, says of its value.
    fn key(&mut self, colon: usize, past: usize) {
        let bytes = self.bytes;
        let level = edges::level(bytes, past - 1);
        let end = (past - 1).saturating_sub(edges::lead(level));
        let value = edges::skip_space(bytes, colon + 1);
        let content = value + edges::lead(level) + 1;
        if bytes.get(content.wrapping_sub(1)) == Some(&b'"') {
            if joined::may_be_groups(bytes, content) {
                self.groups(content, level);
            }
            self.table(content, level);
        }
        let Some(start) = edges::opening(bytes, past - 1, level, SCAN_KEY_REACH_MAX) else { return };
        let leaf = Leaf { at: value, level };
        self.pair(bytes.get(start..end).unwrap_or_default(), start, leaf);
        if let Some(Class::Of(detector, tier)) = self.class(start..end) {
            self.classed(leaf, detector, tier);
        }
        if !self.rules.patterns.is_empty()
            && let Some(name) = bytes.get(start..end)
        {
            self.patterns(&Folded::new(name), leaf);
        }
    }

    /// Reads the string whose content begins at `start` without its separators, if it is all groups.
    fn groups(&mut self, start: usize, level: u32) {
        let End::Closed(end, _) = edges::closing(self.bytes, start, level) else { return };
        let Some(text) = self.bytes.get(start..end).and_then(joined::groups) else { return };
        let inner = Sweep::plain(&text, self.rules, SCAN_VIEW_DEPTH_MAX);
        let hits = inner.into_iter().map(|hit| Hit { span: start..end, form: Form::Part, ..hit });
        self.hits.extend(hits);
    }

    /// Looks at `name=value` and `name: value` outside of quotes.
    fn bare_key(&mut self, at: usize) {
        let bytes = self.bytes;
        if bytes[at] == b'=' && before(bytes, at).is_ascii_digit() {
            self.maybe(Detector::TRACK, || tokens::track(bytes, at));
        }
        let name_end = if before(bytes, at) == b'\'' { at - 1 } else { at };
        let tail = bytes.get(name_end.saturating_sub(12)..name_end).unwrap_or_default();
        if !before(bytes, name_end).is_ascii_alphanumeric() || !self.rules.fields.may_be(tail) {
            return;
        }
        let Some(start) = tokens::name_before(bytes, name_end) else { return };
        if let Some(Class::Of(detector, tier)) = self.class(start..name_end)
            && tier != Tier::Beside
            && let Some(span) = labels::assigned(bytes, at, detector)
        {
            if veto::is_harmless(detector, tier, &bytes[span.clone()]) {
                self.spare(Spared { span, detector, tier, form: Form::Part, hits: 0 });
            } else {
                self.part_by(Ground::of_field(tier), detector, span);
            }
        }
    }

    /// What the name of a field says. Records repeat their names, so the last few are remembered.
    pub(super) fn class(&mut self, name: Range<usize>) -> Option<Class> {
        let (bytes, fields) = (self.bytes, &self.rules.fields);
        let content = bytes.get(name.clone())?;
        let slot = self.known.slot(content);
        if bytes.get(slot.name.clone()) == Some(content) {
            return slot.class;
        }
        let tail = &content[content.len().saturating_sub(FIELD_TAIL)..];
        let class = fields.may_be(tail).then(|| fields.class(&Folded::new(content))).flatten();
        *slot = Slot { name, class };
        class
    }
}

/// Bytes at the end of a name by which most are told apart.
const FIELD_TAIL: usize = 12;
/// Names that are remembered.
const SLOTS: usize = 64;

/// What the last names of fields said, by a cheap hash of the name.
#[derive(Debug)]
pub(super) struct Known([Slot; SLOTS]);

impl Default for Known {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Slot::default()))
    }
}

/// A name of this text, and what it says.
#[derive(Debug, Default)]
struct Slot {
    name: Range<usize>,
    class: Option<Class>,
}

impl Known {
    #[inline]
    fn slot(&mut self, name: &[u8]) -> &mut Slot {
        let byte = |place: usize| name.get(place).map_or(0, |byte| usize::from(*byte));
        let (first, middle, last) = (byte(0), byte(name.len() / 2), byte(name.len().wrapping_sub(1)));
        let hash = name.len() + 7 * first + 17 * middle + 29 * last;
        &mut self.0[hash % SLOTS]
    }
}
