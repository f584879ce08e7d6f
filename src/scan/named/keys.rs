//! Names of fields in the text: JSON keys, `name=value`, `name: value`.

use std::ops::Range;

use super::folded::Folded;
use super::names::{Class, Tier};
use super::pairs::Part;
use super::walk::Leaf;
use super::{lines, veto};
use crate::bounds::{SCAN_KEY_REACH_MAX, SCAN_VIEW_DEPTH_MAX};
use crate::scan::Detector;
use crate::scan::labels;
use crate::scan::notations::interchange;
use crate::scan::sieve::candidates::Assign;
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::{Form, Hit, Sweep};
use crate::scan::sieve::tokens;
use crate::scan::spared::Spared;
use crate::scan::spelling::edges::{self, End, before};
use crate::scan::spelling::joined;

impl Sweep<'_> {
    /// Looks whether the name of a field stands before a colon or an equals sign.
    #[inline]
    pub(in crate::scan) fn assign(&mut self, sign: Assign) {
        let (bytes, at) = (self.bytes, sign.at);
        let past = if before(bytes, at) == b'"' { at } else { edges::skip_space_back(bytes, at) };
        if bytes[at] == b':' && before(bytes, past) == b'"' {
            self.key(sign, past);
        } else {
            self.bare_key(at);
        }
    }

    /// Looks what the key that ends at `past`, before a colon, says of its value.
    fn key(&mut self, colon: Assign, past: usize) {
        let bytes = self.bytes;
        let level = edges::level(bytes, past - 1);
        let end = (past - 1).saturating_sub(edges::lead(level));
        let value = edges::skip_space(bytes, colon.at + 1);
        let content = value + edges::lead(level) + 1;
        if bytes.get(content.wrapping_sub(1)) == Some(&b'"') {
            self.content(content, level);
        }
        // Nearly always the last quote is the one that opens the key.
        let quote = colon.quote_before(end).filter(|quote| edges::level(bytes, *quote) == level);
        let opening = quote.map(|quote| quote + 1);
        let Some(start) = opening.or_else(|| edges::opening(bytes, past - 1, level, SCAN_KEY_REACH_MAX))
        else {
            return;
        };
        let leaf = Leaf { at: value, level };
        let Said { class, part } = self.said(start..end);
        if part != Part::Other {
            self.pair(part, start, leaf);
        }
        if let Some(Class::Of(detector, tier)) = class {
            self.classed(leaf, detector, tier);
        }
        if !self.rules.patterns.is_empty()
            && let Some(name) = bytes.get(start..end)
        {
            self.patterns(&Folded::new(name), leaf);
        }
    }

    /// Looks whether the string whose content begins at `start` is groups or a table. Most are short, and end at once.
    fn content(&mut self, start: usize, level: u32) {
        let bytes = self.bytes;
        let rest = bytes.get(start..).unwrap_or_default();
        let Some(length) = edges::stop(rest) else { return };
        let is_end = match rest[length..] {
            [b'"', ..] => true,
            [b'\\', b'"', ..] => level == 2,
            _ => false,
        };
        if (!is_end || length >= joined::GROUPED_MIN) && joined::may_be_groups(bytes, start) {
            self.groups(start, level);
        }
        if !is_end || length >= interchange::BYTES_MIN {
            self.interchange(start, level);
        }
        if !is_end {
            self.table(start, length, level);
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
        if bytes[at] == b':' {
            self.card(at);
            self.payment(at);
            self.speaker(at);
        }
        let label_end = lines::label_end(bytes, at);
        let is_label = self.may_end(label_end);
        if is_label {
            self.line(at, label_end);
        }
        let name_end = if before(bytes, at) == b'\'' { at - 1 } else { at };
        // `name = value` has a blank before its sign.
        let name_end = name_end - usize::from(bytes[at] == b'=' && before(bytes, name_end) == b' ');
        let is_name = if name_end == label_end { is_label } else { self.may_end(name_end) };
        if !is_name || !before(bytes, name_end).is_ascii_alphanumeric() {
            return;
        }
        let Some(start) = tokens::name_before(bytes, name_end) else { return };
        if let Some(Class::Of(detector, tier)) = self.class(start..name_end)
            && tier != Tier::Beside
            && (tier == Tier::Strong || self.label_class(name_end) != Some(Class::Harmless))
            && let Some(span) = labels::assigned(bytes, at, detector)
        {
            if veto::is_harmless(detector, tier, &bytes[span.clone()]) {
                self.spare(Spared { span, detector, tier, form: Form::Part, hits: 0 });
            } else {
                self.part_by(Ground::of_field(tier), detector, span);
            }
        }
    }

    /// Whether the name of a field may end at `end`.
    fn may_end(&self, end: usize) -> bool {
        let last = before(self.bytes, end);
        let tail = self.bytes.get(end.saturating_sub(12)..end).unwrap_or_default();
        (last.is_ascii_alphanumeric() || last >= 0x80) && self.rules.fields.may_be(tail)
    }

    /// What the name of a field says of its value.
    pub(in crate::scan) fn class(&mut self, name: Range<usize>) -> Option<Class> {
        self.said(name).class
    }

    /// What the name of a field says. Records repeat their names, so the last few are remembered.
    #[inline]
    fn said(&mut self, name: Range<usize>) -> Said {
        let (bytes, fields) = (self.bytes, &self.rules.fields);
        let Some(content) = bytes.get(name.clone()) else { return Said::default() };
        let packed = Packed::new(content);
        let slot = &mut self.known.0[packed.slot()];
        if slot.packed == packed && (packed.is_whole() || bytes.get(slot.name.clone()) == Some(content)) {
            return slot.said;
        }
        let tail = &content[content.len().saturating_sub(FIELD_TAIL)..];
        let class = fields.may_be(tail).then(|| fields.class(&Folded::new(content))).flatten();
        let said = Said { class, part: Part::of(content) };
        *slot = Slot { name, packed, said };
        said
    }
}

/// Bytes at the end of a name by which most are told apart.
const FIELD_TAIL: usize = 12;
/// Names that are remembered; a power of two.
const SLOTS: usize = 64;

/// What the last names of fields said.
#[derive(Debug)]
pub(in crate::scan) struct Known([Slot; SLOTS]);

impl Default for Known {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Slot::default()))
    }
}

/// A name of this text, and what it says.
#[derive(Debug, Default)]
struct Slot {
    name: Range<usize>,
    packed: Packed,
    said: Said,
}

/// What the name of a field says.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    class: Option<Class>,
    part: Part,
}

/// A name as two numbers: its first and last bytes, and its length. Of a short one that is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Packed {
    length: usize,
    head: u64,
    tail: u64,
}

impl Packed {
    #[inline]
    fn new(name: &[u8]) -> Self {
        let (head, tail) = if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
            (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
        } else if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
            (u64::from(u32::from_le_bytes(*head)), u64::from(u32::from_le_bytes(*tail)))
        } else {
            (name.iter().fold(0, |head, byte| head << 8 | u64::from(*byte)), 0)
        };
        Self { length: name.len(), head, tail }
    }

    /// Whether it holds every byte of the name.
    #[inline]
    fn is_whole(self) -> bool {
        self.length <= 16
    }

    /// A place among those that are remembered, by a multiplicative hash.
    #[inline]
    fn slot(self) -> usize {
        let mixed = (self.head ^ self.tail.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (u64::BITS - SLOTS.trailing_zeros())) as usize
    }
}
