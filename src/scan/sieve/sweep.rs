//! One sweep over a text: candidates, verifiers, fields; what it leaves is a list of hits.

use std::ops::{ControlFlow, Range};

use super::candidates::{self, Candidate};
use super::forms::Look;
use super::ground::Ground;
use super::set::Set;
use super::{shapes, tokens};
use crate::bounds::SCAN_WALKS_MAX;
use crate::scan::Detector;
use crate::scan::context;
use crate::scan::named::keys::Known;
use crate::scan::named::names::Tier;
use crate::scan::named::walk::Leaf;
use crate::scan::notations::columns::Columns;
use crate::scan::notations::headers;
use crate::scan::people::{births, prose};
use crate::scan::rules::Ruleset;
use crate::scan::spared::Spared;
use crate::scan::spelling::edges::{self, before, byte, digits_end, skip_escape};
use crate::scan::spelling::{spelled, views};
use crate::scan::{dialled, labels};

/// Something that a detector or a rule's field found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scan) struct Hit {
    /// Its bytes in the text that was swept; of a string the content alone.
    pub span: Range<usize>,
    pub detector: Detector,
    /// One bit for each rule that asked for it.
    pub rules: u64,
    pub form: Form,
    pub ground: Ground,
}

/// How a hit stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum Form {
    /// A number or a word that is a whole value, at this level.
    Bare(u32),
    /// Found by its own form, inside whatever it stands in.
    Part,
    /// A piece of a value that goes on elsewhere.
    Piece,
    /// The whole content of a string of this level.
    Whole(u32),
}

/// The words before a place, read when they are first asked for.
struct Words {
    at: usize,
    /// Whether something stands before the place in its string.
    may_name: Option<bool>,
    near: Option<Set>,
}

/// The text spells what it says in escapes or foreign characters: it must be swept in plain spelling.
#[derive(Debug)]
pub(in crate::scan) struct Spelled;

/// A sweep under way.
pub(in crate::scan) struct Sweep<'t> {
    pub bytes: &'t [u8],
    pub rules: &'t Ruleset,
    pub hits: Vec<Hit>,
    /// How far values below a telling key are taken already, by detector.
    pub taken: [usize; Detector::COUNT],
    /// How far whole fields of these rules are taken already.
    pub fields_taken: (usize, u64),
    /// Bytes that may still be walked for patterns of several names.
    pub budget: usize,
    /// The value of the last field that tells of a person by itself, and its level.
    pub told: Option<Leaf>,
    /// The last member that names the value beside it, and what it says.
    pub named: Option<(Leaf, Detector, Tier)>,
    /// The last columns that were named, for the rows beside them.
    pub columns: Option<Box<Columns>>,
    /// How far markup was read.
    pub markup_until: usize,
    /// How far cards were read.
    pub cards_until: usize,
    /// What the last names of fields said.
    pub known: Known,
    /// The last value that stays although its field has a class.
    pub spared: Option<Spared>,
    /// Values that were to stay, and in which something was found.
    pub doubtful: Vec<Spared>,
    /// Where the last person found in prose ends.
    pub person_until: usize,
    /// How far a private key without an end was read.
    key_until: usize,
    /// How far an encoded run was read.
    view_until: usize,
    /// Whether escapes are in plain spelling already.
    is_plain: bool,
    /// How many encodings lie around this text.
    depth: u32,
}

impl<'t> Sweep<'t> {
    /// Finds everything in `bytes`. Allocates nothing where nothing is found.
    ///
    /// # Errors
    /// [`Spelled`] at the first character that must be respelled to be seen.
    pub(in crate::scan) fn raw(bytes: &'t [u8], rules: &'t Ruleset) -> Result<Vec<Hit>, Spelled> {
        let mut sweep = Self::new(bytes, rules);
        match candidates::each(bytes, rules.wanted, |candidate| sweep.look(candidate)) {
            ControlFlow::Continue(()) => Ok(sweep.end()),
            ControlFlow::Break(()) => Err(Spelled),
        }
    }

    /// As [`raw`](Self::raw), for a text in plain spelling that lies in `depth` encodings.
    pub(in crate::scan) fn plain(bytes: &'t [u8], rules: &'t Ruleset, depth: u32) -> Vec<Hit> {
        let mut sweep = Self { is_plain: true, depth, ..Self::new(bytes, rules) };
        // A plain sweep never breaks off.
        let _: ControlFlow<()> = candidates::each(bytes, rules.wanted, |candidate| sweep.look(candidate));
        sweep.end()
    }

    fn end(mut self) -> Vec<Hit> {
        self.judge_again();
        self.births();
        self.born();
        self.towns();
        self.echo();
        self.called();
        // What no rule is content with stood only to tell of what is beside it.
        self.hits.retain(|hit| hit.rules != 0);
        self.hits
    }

    fn new(bytes: &'t [u8], rules: &'t Ruleset) -> Self {
        Self {
            bytes,
            rules,
            hits: Vec::new(),
            taken: [0; Detector::COUNT],
            fields_taken: (0, 0),
            budget: bytes.len().saturating_mul(SCAN_WALKS_MAX),
            told: None,
            named: None,
            columns: None,
            markup_until: 0,
            cards_until: 0,
            known: Known::default(),
            spared: None,
            doubtful: Vec::new(),
            person_until: 0,
            key_until: 0,
            view_until: 0,
            is_plain: false,
            depth: 0,
        }
    }

    #[inline(always)]
    fn look(&mut self, candidate: Candidate) -> ControlFlow<()> {
        match candidate {
            Candidate::Assign(sign) => self.assign(sign),
            Candidate::Capital(capital) => self.capital(capital),
            Candidate::Code(at) => self.code(at),
            Candidate::Digits(at) => self.digits(at),
            Candidate::Long(at) => self.long(at),
            Candidate::Special(at) if !self.is_plain && spelled::is_spelled(self.bytes, at) => {
                return ControlFlow::Break(());
            }
            Candidate::Special(at) => self.special(at),
        }
        ControlFlow::Continue(())
    }

    fn digits(&mut self, at: usize) {
        let bytes = self.bytes;
        let mut look = Look::at(bytes, at);
        let end = if look.digits() < Look::BYTES { at + look.digits() } else { digits_end(bytes, at) };
        let at = if before(bytes, at).is_ascii_alphabetic() {
            let past = skip_escape(bytes, at);
            look = Look::at(bytes, past);
            past
        } else {
            at
        };
        let length = end.saturating_sub(at);
        let rules = self.rules;
        let (mut words, mut is_found) = (Words::new(at), false);
        for entry in rules.forms.at(length, byte(bytes, end)) {
            if entry.fits(look)
                && (!entry.needs_words() || words.may_name(self))
                && let Some(span) = entry.verify(bytes, at)
                && (!entry.needs_words() || words.name(self, entry.detector))
            {
                is_found = true;
                self.part_by(entry.ground(), entry.detector, span);
            }
        }
        let plain = rules.forms.digits(length);
        if !plain.is_empty() && edges::opens_number(bytes, at) && edges::closes_number(bytes, end) {
            for entry in plain {
                if (!entry.needs_words() || words.may_name(self))
                    && (entry.form.check)(&bytes[at..end])
                    && (!entry.needs_words() || words.name(self, entry.detector))
                {
                    is_found = true;
                    self.part_by(entry.ground(), entry.detector, at..end);
                }
            }
        }
        if length == 3 {
            self.maybe(Detector::PHONE, || shapes::grouped_phone(bytes, at));
        }
        if (13..=16).contains(&length) && !is_found {
            self.maybe(Detector::PAN, || shapes::odd_card(bytes, at, end));
        }
        if is_found {
            return;
        }
        self.maybe(Detector::PHONE, || dialled::number(bytes, at));
        if let Some(start) = labels::token_start(bytes, at)
            && let Some((detector, tier)) = context::label(bytes, start, &rules.fields)
            && let Some(span) = labels::value(bytes, (start, at), detector, tier)
        {
            self.part_by(Ground::Word, detector, span);
        } else if length == 4 && births::is_year(bytes, at) {
            self.birth(labels::date_first(bytes, at));
        }
    }

    /// Looks at the run of capitals and digits whose eighth is at `at`.
    fn code(&mut self, at: usize) {
        let bytes = self.bytes;
        let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let start = skip_escape(bytes, at.saturating_sub(7)).min(at);
        let length = bytes[start..].iter().take(64).take_while(|byte| is_part(byte)).count();
        let rules = self.rules;
        let mut words = Words::new(start);
        for entry in rules.forms.codes(length) {
            if (!entry.needs_words() || words.may_name(self))
                && let Some(span) = entry.verify(bytes, start)
                && (!entry.needs_words() || words.name(self, entry.detector))
            {
                self.part_by(entry.ground(), entry.detector, span);
            }
        }
    }

    /// Looks at the run of word characters whose sixteenth is at `at`.
    fn long(&mut self, at: usize) {
        let bytes = self.bytes;
        if at < self.view_until {
            return;
        }
        let run = tokens::run(bytes, at);
        if let Some((detector, span)) = self.rules.spellings.find(bytes, &run) {
            self.part(detector, span);
            return;
        }
        self.told_secret(&run);
        self.maybe(Detector::JWT, || tokens::jwt(bytes, run.start));
        self.maybe(Detector::SECRET, || tokens::bearer(bytes, &run));
        self.maybe(Detector::WEBHOOK, || tokens::webhook(bytes, &run));
        self.maybe(Detector::ETHEREUM, || shapes::ethereum(bytes, &run));
        self.maybe(Detector::BITCOIN, || shapes::bitcoin(bytes, &run));
        self.view(&run);
    }

    /// Reads an encoded run; what is found in it takes the whole run.
    fn view(&mut self, run: &Range<usize>) {
        let Some((decoded, span)) = views::decode(self.bytes, run, self.depth) else { return };
        self.view_until = span.end;
        let inner = Sweep::plain(&decoded, self.rules, self.depth + 1);
        if let Some(first) = inner.first() {
            let rules = inner.iter().fold(0, |rules, hit| rules | hit.rules);
            self.hits.push(Hit { span, rules, form: Form::Part, ..first.clone() });
        }
    }

    fn special(&mut self, at: usize) {
        let bytes = self.bytes;
        match bytes[at] {
            b'@' => {
                self.maybe(Detector::USERINFO, || tokens::escaped_userinfo(bytes, at));
                let found = shapes::email(bytes, at).filter(|span| !headers::is_message_id(bytes, span));
                if let Some(span) = &found {
                    self.maybe(Detector::PERSON, || prose::owner(bytes, span.start));
                }
                self.maybe(Detector::EMAIL, || found);
            }
            b'+' => self.maybe(Detector::PHONE, || shapes::plus_phone(bytes, at)),
            b'%' => self.maybe(Detector::TRACK, || tokens::track(bytes, at)),
            b'/' => {
                self.maybe(Detector::USERINFO, || tokens::userinfo(bytes, at));
                self.maybe(Detector::CNPJ, || shapes::cnpj(bytes, at));
            }
            b'<' => self.markup(at),
            b'-' if before(bytes, at) == b' ' => self.option(at),
            b'-' => {
                self.maybe(Detector::MBI, || shapes::mbi(bytes, at));
                self.maybe(Detector::MAC, || shapes::mac(bytes, at));
            }
            b' ' => self.maybe(Detector::NINO, || shapes::nino(bytes, at)),
            b':' => {
                self.maybe(Detector::MAC, || shapes::mac(bytes, at));
                self.maybe(Detector::IPV6, || shapes::ipv6(bytes, at));
            }
            b'B' if at >= self.key_until && self.rules.by_detector(Detector::PEM) != 0 => {
                let found = tokens::pem(bytes, at);
                self.key_until = found.as_ref().map_or(0, |span| span.end);
                self.maybe(Detector::PEM, || found);
            }
            b'0'..=b'9' if before(bytes, at) == b'.' => {
                self.maybe(Detector::IPV4, || shapes::ipv4(bytes, at));
            }
            b'0'..=b'9' if at >= 2 && byte(bytes, at + 1).is_ascii_digit() => {
                if let Some(span) = shapes::iban(bytes, at - 2) {
                    self.maybe(Detector::PERSON, || prose::holder(bytes, span.start));
                    self.maybe(Detector::IBAN, || Some(span));
                }
            }
            _ => {}
        }
    }

    /// Notes what `find` finds, if any rule asks for it; else does not look.
    #[inline]
    pub(in crate::scan) fn maybe(&mut self, detector: Detector, find: impl FnOnce() -> Option<Range<usize>>) {
        if self.rules.by_detector(detector) != 0
            && let Some(span) = find().filter(|span| !span.is_empty())
        {
            self.part(detector, span);
        }
    }

    /// Notes a value found by what it looks like.
    pub(in crate::scan) fn part(&mut self, detector: Detector, span: Range<usize>) {
        self.part_by(Ground::of_look(detector), detector, span);
    }

    /// Notes a part of a text that is a value on this ground.
    pub(in crate::scan) fn part_by(&mut self, ground: Ground, detector: Detector, span: Range<usize>) {
        let rules = self.rules.taking(detector, ground);
        if rules != 0 && !self.is_quiet(detector, &span) {
            self.doubt(&span);
            self.hits.push(Hit { span, detector, rules, form: Form::Part, ground });
        }
    }
}

impl Words {
    fn new(at: usize) -> Self {
        Self { at, may_name: None, near: None }
    }

    /// Whether there can be a word at all: a value that its field's quote or colon opens has none.
    #[inline]
    fn may_name(&mut self, sweep: &Sweep<'_>) -> bool {
        *self.may_name.get_or_insert_with(|| !context::is_first(sweep.bytes, self.at))
    }

    /// Whether they name a kind.
    fn name(&mut self, sweep: &Sweep<'_>, detector: Detector) -> bool {
        let near = || context::near(sweep.bytes, self.at, &sweep.rules.fields);
        self.near.get_or_insert_with(near).holds(detector)
    }
}
