//! Numbers and codes by how they are written: which forms of the catalogue may stand at a place.
//!
//! A form is found by its *anchor*, the first run of three digits or more in it, since the first pass
//! marks just these: an index by the length of a run and the kind of byte behind it gives the few
//! forms that can stand there. Forms without an anchor, such as a vehicle's number, are found by the
//! length of their run of capitals and digits.

use std::ops::Range;

use super::Detector;
use super::catalogue::{Needs, Spelling};
use super::edges::{before, byte, closes_number, is_open, is_word, opens_number};
use super::ground::Ground;

/// Bytes of the longest form.
const FORM_BYTES_MAX: usize = 32;
/// Digits of the longest run that is a number of somebody.
const RUN_MAX: usize = 20;
/// Lengths of runs of capitals and digits.
const CODE_MAX: usize = 24;
/// Kinds of bytes behind a run.
const KINDS: usize = 8;

/// The forms of the detectors that some rule asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Forms {
    /// By length: forms of digits alone.
    digits: Vec<Vec<Entry>>,
    /// By length of the anchor and kind of the byte behind it.
    anchored: Vec<Vec<Entry>>,
    /// By length.
    codes: Vec<Vec<Entry>>,
}

/// A form and whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub detector: Detector,
    pub form: Spelling,
    /// Bytes of the form before its anchor.
    lead: usize,
    /// The second separator behind the anchor, and where it stands: one look tells most texts apart.
    probe: Option<(usize, u8)>,
}

impl Forms {
    /// Makes the forms of `active` detectors ready.
    pub(super) fn new(active: impl Iterator<Item = Detector>) -> Self {
        let mut forms = Self {
            digits: vec![Vec::new(); RUN_MAX + 1],
            anchored: vec![Vec::new(); (RUN_MAX + 1) * KINDS],
            codes: vec![Vec::new(); CODE_MAX + 1],
        };
        for detector in active {
            for &form in detector.row().forms {
                forms.add(detector, form);
            }
        }
        forms
    }

    fn add(&mut self, detector: Detector, form: Spelling) {
        let text = form.text.as_bytes();
        let Some((lead, length)) = anchor(text) else {
            if let Some(entries) = self.codes.get_mut(text.len()) {
                entries.push(Entry { detector, form, lead: 0, probe: None });
            }
            return;
        };
        let past = lead + length + 1;
        let rest = text.get(past..).unwrap_or_default();
        let probe =
            rest.iter().position(|byte| !matches!(byte, b'9' | b'A' | b'X')).map(|at| (at + past, rest[at]));
        let entry = Entry { detector, form, lead, probe };
        if length == text.len() {
            if let Some(entries) = self.digits.get_mut(length) {
                entries.push(entry);
            }
            return;
        }
        // At its end anything but a letter may follow, and `verify` looks closer.
        let kinds = match text.get(lead + length) {
            Some(b'A' | b'X') => 0..1,
            Some(&next) => kind(next)..kind(next) + 1,
            None => 1..KINDS,
        };
        for kind in kinds {
            if let Some(entries) = self.anchored.get_mut(length * KINDS + kind) {
                entries.push(entry);
            }
        }
    }

    /// The forms that are a run of digits of this length and nothing else.
    #[inline]
    pub(super) fn digits(&self, length: usize) -> &[Entry] {
        self.digits.get(length).map_or(&[], Vec::as_slice)
    }

    /// The forms that a run of digits may be the anchor of, by what follows it.
    #[inline]
    pub(super) fn at(&self, length: usize, next: u8) -> &[Entry] {
        let entries = self.anchored.get(length * KINDS + kind(next));
        entries.filter(|_| length <= RUN_MAX).map_or(&[], Vec::as_slice)
    }

    /// The forms that a run of capitals and digits of this length may be.
    pub(super) fn codes(&self, length: usize) -> &[Entry] {
        self.codes.get(length).map_or(&[], Vec::as_slice)
    }

    /// Whether some form is looked for by its run of capitals and digits.
    pub(super) fn has_codes(&self) -> bool {
        self.codes.iter().any(|entries| !entries.is_empty())
    }
}

/// What stands behind a run of digits; forms tell these kinds apart.
fn kind(byte: u8) -> usize {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' => 0,
        b'-' => 1,
        b' ' => 2,
        b'.' => 3,
        b'/' => 4,
        b'(' | b'_' | b'+' => 5,
        b'\\' => 6,
        _ => 7,
    }
}

/// The first run of three digits or more in a form that no letter-or-digit touches: where and how long.
fn anchor(form: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    while at < form.len() {
        let length = form[at..].iter().take_while(|byte| **byte == b'9').count();
        let is_loose = before(form, at) == b'X' || byte(form, at + length) == b'X';
        if length >= 3 && !is_loose {
            return Some((at, length));
        }
        at += length.max(1);
    }
    None
}

impl Entry {
    /// Whether a word must name it.
    pub(super) fn needs_words(&self) -> bool {
        self.form.needs == Needs::Words
    }

    /// Why what it finds is a finding.
    pub(super) fn ground(&self) -> Ground {
        if self.needs_words() { Ground::Word } else { Ground::Form }
    }

    /// Whether the form stands where its anchor begins at `at`, free on both sides, and passes its check.
    #[inline]
    pub(super) fn verify(&self, bytes: &[u8], at: usize) -> Option<Range<usize>> {
        let start = at.checked_sub(self.lead)?;
        if let Some((place, wanted)) = self.probe
            && byte(bytes, start + place) != wanted
        {
            return None;
        }
        self.verify_from(bytes, start)
    }

    fn verify_from(&self, bytes: &[u8], start: usize) -> Option<Range<usize>> {
        let text = self.form.text.as_bytes();
        let content = bytes.get(start..start + text.len())?;
        let mut is_spelled = true;
        for (byte, wanted) in content.iter().zip(text) {
            let fits = match wanted {
                b'9' => byte.is_ascii_digit(),
                b'A' => byte.is_ascii_uppercase(),
                b'X' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
                other => byte == other,
            };
            if !fits {
                is_spelled = false;
                break;
            }
        }
        let span = start..start + text.len();
        (is_spelled
            && self.is_free(bytes, &span)
            && (self.form.check)(bare(content, &mut [0; FORM_BYTES_MAX])))
        .then_some(span)
    }

    /// Whether nothing touches it that would make it a part of something else.
    fn is_free(&self, bytes: &[u8], span: &Range<usize>) -> bool {
        let text = self.form.text.as_bytes();
        let is_grouped = text.iter().any(|byte| !matches!(byte, b'9' | b'A' | b'X'));
        // A dot beside it makes no decimal of a number in groups.
        let left = if is_grouped && before(bytes, span.start) == b'.' {
            true
        } else if text.first() == Some(&b'9') {
            opens_number(bytes, span.start)
        } else {
            is_open(bytes, span.start)
        };
        let right = match byte(bytes, span.end) {
            b'.' if is_grouped => true,
            _ if text.last() == Some(&b'9') => closes_number(bytes, span.end),
            next => !is_word(next),
        };
        left && right
    }
}

/// A value without its separators, in capitals.
fn bare<'b>(content: &[u8], buffer: &'b mut [u8; FORM_BYTES_MAX]) -> &'b [u8] {
    let mut length = 0;
    let mut rest = content.iter();
    while let Some(&byte) = rest.next() {
        if byte == b'\\' {
            // The letter of an escape is no part of the value.
            rest.next();
        } else if byte.is_ascii_alphanumeric()
            && let Some(slot) = buffer.get_mut(length)
        {
            *slot = byte.to_ascii_uppercase();
            length += 1;
        }
    }
    &buffer[..length]
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::TABLE;
    use super::*;

    #[test]
    fn finds_the_anchor_of_every_form_or_its_length() {
        for form in TABLE.iter().flat_map(|row| row.forms) {
            let text = form.text.as_bytes();
            assert!(text.len() <= FORM_BYTES_MAX, "{}", form.text);
            let is_code =
                text.len() >= 8 && text.iter().all(|byte| matches!(byte, b'0' | b'9' | b'A' | b'X'));
            assert!(anchor(text).is_some_and(|(_, length)| length <= RUN_MAX) || is_code, "{}", form.text);
        }
        assert_eq!(
            (anchor(b"99-9999999"), anchor(b"XXXXXXXX"), anchor(b"A999999X")),
            (Some((3, 7)), None, None)
        );
    }
}
