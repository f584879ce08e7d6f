//! Numbers and codes by how they are written: which forms of the catalogue may stand at a place.
//!
//! A form is found by its *anchor*, the first run of three digits or more in it, since the first pass
//! marks just these: an index by the length of a run and the kind of byte behind it gives the few
//! forms that can stand there, and a look at which of the next sixteen bytes are digits and capitals leaves one
//! or none of them. Forms without an anchor, such as a vehicle's number, are found by the
//! length of their run of capitals and digits.

use std::ops::Range;

use super::classes::digits_and_capitals;
use super::ground::Ground;
use crate::scan::Detector;
use crate::scan::catalogue::{Needs, Spelling};
use crate::scan::spelling::edges::{before, byte, closes_number, is_open, is_word, opens_number};

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
pub(in crate::scan) struct Forms {
    /// By length: forms of digits alone.
    digits: Vec<Vec<Entry>>,
    /// By length of the anchor and kind of the byte behind it.
    anchored: Vec<Vec<Entry>>,
    /// By length.
    codes: Vec<Vec<Entry>>,
}

/// A form and whose it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Entry {
    pub detector: Detector,
    pub form: Spelling,
    /// Bytes of the form before its anchor.
    lead: usize,
    /// What it looks like from its anchor on, and what of that is settled.
    look: Look,
    settled: Look,
}

/// Which of sixteen bytes are digits, one bit each from the lowest; and above these bits, which are capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::scan) struct Look(u32);

impl Look {
    /// Bytes that it shows.
    pub(in crate::scan) const BYTES: usize = 16;

    /// What stands at `at`.
    #[inline]
    pub(in crate::scan) fn at(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        let filled;
        let window = match rest.first_chunk() {
            Some(window) => window,
            None => {
                let mut window = [0; Self::BYTES];
                window.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
                filled = window;
                &filled
            }
        };
        Self(digits_and_capitals(window))
    }

    /// Digits that it begins with; of more than it shows, as many as it shows.
    #[inline]
    pub(in crate::scan) fn digits(self) -> usize {
        (self.0 & 0xFFFF).trailing_ones() as usize
    }

    fn set(&mut self, place: usize, byte: u8) {
        if byte.is_ascii_digit() {
            self.0 |= 1 << place;
        } else if byte.is_ascii_uppercase() {
            self.0 |= 1 << (place + Self::BYTES);
        }
    }
}

impl Forms {
    /// Makes the forms of `active` detectors ready.
    pub(in crate::scan) fn new(active: impl Iterator<Item = Detector>) -> Self {
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
                entries.push(Entry {
                    detector,
                    form,
                    lead: 0,
                    look: Look::default(),
                    settled: Look::default(),
                });
            }
            return;
        };
        let (look, settled) = looks(&text[lead..]);
        let entry = Entry { detector, form, lead, look, settled };
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
    pub(in crate::scan) fn digits(&self, length: usize) -> &[Entry] {
        self.digits.get(length).map_or(&[], Vec::as_slice)
    }

    /// The forms that a run of digits may be the anchor of, by what follows it.
    #[inline]
    pub(in crate::scan) fn at(&self, length: usize, next: u8) -> &[Entry] {
        let entries = self.anchored.get(length * KINDS + kind(next));
        entries.filter(|_| length <= RUN_MAX).map_or(&[], Vec::as_slice)
    }

    /// The forms that a run of capitals and digits of this length may be.
    pub(in crate::scan) fn codes(&self, length: usize) -> &[Entry] {
        self.codes.get(length).map_or(&[], Vec::as_slice)
    }

    /// Whether some form is looked for by its run of capitals and digits.
    pub(in crate::scan) fn has_codes(&self) -> bool {
        self.codes.iter().any(|entries| !entries.is_empty())
    }
}

/// What a form looks like, and what of that is settled: neither a digit nor a capital stands behind it.
fn looks(form: &[u8]) -> (Look, Look) {
    let (mut look, mut settled) = (Look::default(), Look::default());
    for (place, byte) in form.iter().copied().chain([b' ']).take(Look::BYTES).enumerate() {
        if byte != b'X' {
            look.set(place, byte);
            settled.0 |= (1 | 1 << Look::BYTES) << place;
        }
    }
    (look, settled)
}

/// What stands behind a run of digits; forms tell these kinds apart.
#[inline]
fn kind(byte: u8) -> usize {
    usize::from(KIND[usize::from(byte)])
}

/// The kind of each byte.
static KIND: [u8; 256] = {
    let mut kinds = [7; 256];
    let mut letter = 0;
    while letter < 26 {
        kinds[b'A' as usize + letter] = 0;
        kinds[b'a' as usize + letter] = 0;
        letter += 1;
    }
    kinds[b'-' as usize] = 1;
    kinds[b' ' as usize] = 2;
    kinds[b'.' as usize] = 3;
    kinds[b'/' as usize] = 4;
    kinds[b'(' as usize] = 5;
    kinds[b'_' as usize] = 5;
    kinds[b'+' as usize] = 5;
    kinds[b'\\' as usize] = 6;
    kinds
};

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
    pub(in crate::scan) fn needs_words(&self) -> bool {
        self.form.needs == Needs::Words
    }

    /// Why what it finds is a finding.
    pub(in crate::scan) fn ground(&self) -> Ground {
        if self.needs_words() { Ground::Word } else { Ground::Form }
    }

    /// Whether the form may stand where `look` was taken, which is where its anchor begins.
    #[inline]
    pub(in crate::scan) fn fits(&self, look: Look) -> bool {
        (look.0 ^ self.look.0) & self.settled.0 == 0
    }

    /// Whether the form stands where its anchor begins at `at`, free on both sides, and passes its check.
    pub(in crate::scan) fn verify(&self, bytes: &[u8], at: usize) -> Option<Range<usize>> {
        let start = at.checked_sub(self.lead)?;
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
    use super::*;
    use crate::scan::catalogue::TABLE;

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
