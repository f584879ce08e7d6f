//! One sweep over a text: candidates, verifiers, fields; what it leaves is a list of hits.

use std::ops::{ControlFlow, Range};

use super::Detector;
use super::candidates::{self, Candidate};
use super::edges::{self, before, byte, digits_end, skip_escape};
use super::fields::Folded;
use super::names::Class;
use super::rules::Ruleset;
use super::walk::{Because, Leaf};
use super::{shapes, spelled, tokens};
use crate::bounds::{SCAN_KEY_REACH_MAX, SCAN_WALKS_MAX};

/// Something that a detector or a rule's field found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its bytes in the text that was swept; of a string the content alone.
    pub span: Range<usize>,
    pub detector: Detector,
    /// One bit for each rule that asked for it.
    pub rules: u64,
    pub form: Form,
}

/// How a hit stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A number or a word that is a whole value, at this level.
    Bare(u32),
    /// Found by its own form, inside whatever it stands in.
    Part,
    /// The whole content of a string of this level.
    Whole(u32),
}

/// The text spells ASCII in `\u` escapes: it must be swept in plain spelling.
#[derive(Debug)]
pub(super) struct Spelled;

/// A sweep under way.
pub(super) struct Sweep<'t> {
    pub bytes: &'t [u8],
    pub rules: &'t Ruleset,
    pub hits: Vec<Hit>,
    /// How far values below a telling key are taken already, by detector.
    pub taken: [usize; Detector::ALL.len()],
    /// How far whole fields of these rules are taken already.
    pub fields_taken: (usize, u64),
    /// Bytes that may still be walked for patterns of several names.
    pub budget: usize,
    /// How far a private key without an end was read.
    key_until: usize,
    /// Whether escapes are in plain spelling already.
    is_plain: bool,
}

impl<'t> Sweep<'t> {
    /// Finds everything in `bytes`. Allocates nothing where nothing is found.
    ///
    /// # Errors
    /// [`Spelled`] at the first ASCII character in a `\u` escape.
    pub(super) fn raw(bytes: &'t [u8], rules: &'t Ruleset) -> Result<Vec<Hit>, Spelled> {
        let mut sweep = Self::new(bytes, rules);
        match candidates::each(bytes, |candidate| sweep.look(candidate)) {
            ControlFlow::Continue(()) => Ok(sweep.hits),
            ControlFlow::Break(()) => Err(Spelled),
        }
    }

    /// As [`raw`](Self::raw), for a text in plain spelling.
    pub(super) fn plain(bytes: &'t [u8], rules: &'t Ruleset) -> Vec<Hit> {
        let mut sweep = Self { is_plain: true, ..Self::new(bytes, rules) };
        // A plain sweep never breaks off.
        let _: ControlFlow<()> = candidates::each(bytes, |candidate| sweep.look(candidate));
        sweep.hits
    }

    fn new(bytes: &'t [u8], rules: &'t Ruleset) -> Self {
        Self {
            bytes,
            rules,
            hits: Vec::new(),
            taken: [0; Detector::ALL.len()],
            fields_taken: (0, 0),
            budget: bytes.len().saturating_mul(SCAN_WALKS_MAX),
            key_until: 0,
            is_plain: false,
        }
    }

    #[inline]
    fn look(&mut self, candidate: Candidate) -> ControlFlow<()> {
        match candidate {
            Candidate::Digits(at) => self.digits(at),
            Candidate::Special(at) => match self.bytes[at] {
                b':' => self.key(at),
                b'u' if !self.is_plain && spelled::is_spelled(self.bytes, at - 1) => {
                    return ControlFlow::Break(());
                }
                _ => self.special(at),
            },
        }
        ControlFlow::Continue(())
    }

    fn digits(&mut self, at: usize) {
        let bytes = self.bytes;
        let end = digits_end(bytes, at);
        let at = if before(bytes, at).is_ascii_alphabetic() { skip_escape(bytes, at) } else { at };
        let next = byte(bytes, end);
        match end.saturating_sub(at) {
            3 if matches!(next, b'-' | b' ' | b'.' | b')') => {
                self.part(Detector::UsSsn, || shapes::ssn(bytes, at));
                self.part(Detector::Phone, || shapes::grouped_phone(bytes, at));
            }
            4 if matches!(next, b'-' | b' ') => self.part(Detector::Pan, || shapes::grouped_card(bytes, at)),
            13..=16 => self.part(Detector::Pan, || shapes::card(bytes, at, end)),
            _ => {}
        }
    }

    fn special(&mut self, at: usize) {
        let bytes = self.bytes;
        match bytes[at] {
            b'@' => self.part(Detector::Email, || shapes::email(bytes, at)),
            b'+' => self.part(Detector::Phone, || shapes::plus_phone(bytes, at)),
            b'J' if at >= 2 && bytes[at - 2] == b'e' => {
                self.part(Detector::Jwt, || tokens::jwt(bytes, at - 2));
            }
            b'A' if at >= 3 => self.part(Detector::AwsAccessKey, || tokens::aws_key(bytes, at - 3)),
            b'_' => self.part(Detector::GithubToken, || tokens::github(bytes, at)),
            b'B' if at >= self.key_until && self.rules.by_detector(Detector::PemPrivateKey) != 0 => {
                let found = tokens::pem(bytes, at);
                self.key_until = found.as_ref().map_or(0, |span| span.end);
                self.part(Detector::PemPrivateKey, || found);
            }
            b'0'..=b'9' if before(bytes, at) == b'.' => {
                self.part(Detector::Ipv4, || shapes::ipv4(bytes, at));
            }
            b'3' if byte(bytes, at + 1) == b'T' => {
                self.part(Detector::AwsAccessKey, || tokens::aws_key(bytes, at.saturating_sub(1)));
            }
            b'0'..=b'9'
                if at >= 2 && bytes[at - 2].is_ascii_uppercase() && byte(bytes, at + 1).is_ascii_digit() =>
            {
                self.part(Detector::Iban, || shapes::iban(bytes, at - 2));
            }
            _ => {}
        }
    }

    /// Notes what `find` finds, if any rule asks for it; else does not look.
    #[inline]
    fn part(&mut self, detector: Detector, find: impl FnOnce() -> Option<Range<usize>>) {
        let rules = self.rules.by_detector(detector);
        if rules == 0 {
            return;
        }
        if let Some(span) = find().filter(|span| !span.is_empty()) {
            self.hits.push(Hit { span, detector, rules, form: Form::Part });
        }
    }

    /// Looks whether a key ends before the colon at `colon`, and what it says of its value.
    fn key(&mut self, colon: usize) {
        let bytes = self.bytes;
        let past = if before(bytes, colon) == b'"' { colon } else { edges::skip_space_back(bytes, colon) };
        if before(bytes, past) != b'"' {
            return;
        }
        let level = edges::level(bytes, past - 1);
        let end = (past - 1).saturating_sub(edges::lead(level));
        let tail = bytes.get(end.saturating_sub(12)..end).unwrap_or_default();
        if !self.rules.fields.may_be(tail) {
            return;
        }
        let Some(start) = edges::opening(bytes, past - 1, level, SCAN_KEY_REACH_MAX) else { return };
        let Some(name) = bytes.get(start..end) else { return };
        let name = Folded::new(name);
        let value = edges::skip_space(bytes, colon + 1);
        if let Some(Class::Of(detector, tier)) = self.rules.fields.class(&name) {
            self.value(Leaf { at: value, level }, Because::Class(detector, tier));
        }
        self.patterns(&name, Leaf { at: value, level });
    }
}
