//! The first pass: where a value may be, found by byte classes in blocks of 64.
//!
//! Each block becomes one bit mask for each class of byte (`classes`); what leads to a value is then said in
//! shifts of these masks, with the bits of the block before carried over: the third digit of a run, a digit
//! after a dot after a digit, the sixteenth of a run of word characters. All else is skipped without a branch.
//! What no rule looks for is masked off.
//!
//! Most blocks of prose are *plain*: letters, blanks and what ends a sentence. Of these four masks are made in
//! place of fifteen; the others are made up for where the next block is none, since it looks back.

use std::ops::ControlFlow;

use super::classes::{BLOCK, Plain, Rest, Text, bits, is, is_plain, lanes};

/// A place worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum Candidate {
    /// A colon or an equals sign, perhaps behind the name of a field.
    Assign(Assign),
    /// A capital letter after a blank or an escape: perhaps a name.
    Capital(Capital),
    /// The first digit of a run of three or more.
    Digits(usize),
    /// The eighth of a run of capitals and digits.
    Code(usize),
    /// The sixteenth of a run of word characters: perhaps a credential or an encoding.
    Long(usize),
    /// A special byte; what it may belong to follows from the byte.
    Special(usize),
}

/// A colon or an equals sign, and the quotes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) struct Assign {
    pub at: usize,
    /// Which of the 64 bytes before it are quotes, the highest bit for the nearest.
    quotes: u64,
}

impl Assign {
    /// The last quote before `to`, which lies at most 64 bytes before the sign; `None` if that one lies further.
    #[inline]
    pub(in crate::scan) fn quote_before(&self, to: usize) -> Option<usize> {
        let quotes = self.quotes.checked_shl(u32::try_from(self.at - to).ok()?)?;
        (quotes != 0).then(|| to - 1 - quotes.leading_zeros() as usize)
    }
}

/// A capital letter, and the ASCII letters around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) struct Capital {
    pub at: usize,
    /// One past the run of letters that it begins.
    pub end: usize,
    /// Which of the 63 bytes before the blank before it are letters, the highest bit for the nearest.
    letters: u64,
}

impl Capital {
    /// Letters in the run that ends `gap` bytes before the blank before it; of long runs at least 48.
    #[inline]
    pub(in crate::scan) fn lead(&self, gap: usize) -> usize {
        (self.letters << gap).leading_ones() as usize
    }
}

/// Which candidates somebody looks for; the rest is masked off.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::scan) struct Wanted {
    /// Capitals after blanks.
    pub capitals: bool,
    /// Runs of capitals and digits.
    pub codes: bool,
    /// Runs of word characters.
    pub long: bool,
}

/// Runs of a class, by how many of it stand in a row up to each byte.
#[derive(Clone, Copy, Default)]
struct Runs {
    one: u64,
    two: u64,
    four: u64,
    eight: u64,
    sixteen: u64,
}

/// Calls `visit` for each candidate of `bytes`: block by block, in a block kind by kind.
#[inline]
pub(in crate::scan) fn each(
    bytes: &[u8],
    wanted: Wanted,
    mut visit: impl FnMut(Candidate) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut runs = (Runs::default(), Runs::default());
    // Of the block before; of a plain one there is no rest.
    let (mut last, mut last_rest) = (Plain::default(), Some(Rest::default()));
    let mut start = 0;
    while start < bytes.len() {
        let text = lanes(bytes, start);
        let now = Plain::of(&text);
        let mut quotes = (0, 0);
        let marks = if is_plain(&text, last_rest.as_ref()) {
            last_rest = None;
            Marks::plain(&text, &now, &last, &mut runs)
        } else {
            let before = last_rest.unwrap_or_else(|| Rest::of(&lanes(bytes, start - BLOCK)));
            let rest = Rest::of(&text);
            last_rest = Some(rest);
            quotes = (rest.quote, before.quote);
            Marks::new((&now, &rest), (&last, &before), &mut runs)
        };
        let beside = Beside { letters: (now.letter, last.letter), quotes };
        last = now;
        marks.only(wanted).visit(bytes, start, &beside, &mut visit)?;
        start += BLOCK;
    }
    ControlFlow::Continue(())
}

impl Runs {
    /// The runs of `class` in a block, from those of the block before.
    #[inline(always)]
    fn next(self, class: u64) -> Self {
        let two = class & back(class, self.one, 1);
        if two == 0 {
            return Self { one: class, ..Self::default() };
        }
        let four = two & back(two, self.two, 2);
        let eight = four & back(four, self.four, 4);
        let sixteen = eight & back(eight, self.eight, 8);
        Self { one: class, two, four, eight, sixteen }
    }

    /// The eighth bytes of runs of `class` in the next block.
    #[inline(always)]
    fn eighth(&mut self, class: u64) -> u64 {
        let last = std::mem::replace(self, self.next(class)).eight;
        self.eight & !back(self.eight, last, 1)
    }

    /// The sixteenth bytes of runs of `class` in the next block.
    #[inline(always)]
    fn sixteenth(&mut self, class: u64) -> u64 {
        let last = std::mem::replace(self, self.next(class)).sixteen;
        self.sixteen & !back(self.sixteen, last, 1)
    }
}

/// The mask moved `count` bytes on, so that a bit tells of the byte so many before it.
#[inline(always)]
fn back(now: u64, last: u64, count: u32) -> u64 {
    now << count | last >> (64 - count)
}

/// The marks of one block, by kind.
struct Marks {
    digits: u64,
    assigns: u64,
    specials: u64,
    codes: u64,
    long: u64,
    capitals: u64,
}

impl Marks {
    /// The marks of a plain block.
    #[inline(always)]
    fn plain(text: &Text, now: &Plain, last: &Plain, (words, codes): &mut (Runs, Runs)) -> Self {
        let slash = back(now.backslash, last.backslash, 1);
        let escape = if slash == 0 { 0 } else { slash & bits(text, |text| is(text, b'u')) };
        Self {
            digits: 0,
            assigns: 0,
            specials: escape,
            codes: codes.eighth(now.upper),
            long: words.sixteenth(now.letter),
            capitals: capitals(now, last),
        }
    }

    /// The marks of any block, by its classes and those of the block before.
    #[inline(always)]
    fn new(
        (now, rest): (&Plain, &Rest),
        (last, last_rest): (&Plain, &Rest),
        (words, codes): &mut (Runs, Runs),
    ) -> Self {
        let upper = |count| back(now.upper, last.upper, count);
        let space = |count| back(now.space, last.space, count);
        let digit = |count| back(rest.digit, last_rest.digit, count);
        let dash = |count| back(rest.dash, last_rest.dash, count);
        let colon = |count| back(rest.colon, last_rest.colon, count);
        let dot = |count| back(rest.dot, last_rest.dot, count);
        let slash = back(rest.slash, last_rest.slash, 1);
        // `d.d` of an address, `UUd` of an account, `A3T` of a key.
        let number = rest.digit & (dot(1) & digit(2) | upper(1) & upper(2));
        let escape = rest.u & back(now.backslash, last.backslash, 1);
        let pem = rest.b & dash(1);
        // A dash of an option, behind a blank.
        let option = rest.dash & space(1);
        let authority = rest.slash & slash & colon(2);
        // `dd:dd:dd:` of a hardware address, `::` and `:dddd:` of an address of version 6.
        let hardware = rest.dash & dash(3) & dash(6)
            | rest.colon & (colon(3) & colon(6) | colon(1) | colon(5) & !colon(2) & !colon(3));
        // `dUXd-` of a Medicare number, `UU dd ` of a national insurance number, `.XXX.XXX/` of a company.
        let groups = rest.slash & dot(4) & dot(8)
            | rest.dash & digit(1) & upper(3) & digit(4)
            | now.space & digit(1) & digit(2) & space(3) & upper(4) & upper(5);
        // The first byte of a character that is not ASCII, behind one that is.
        let foreign = rest.high & !back(rest.high, last_rest.high, 1);
        Self {
            digits: rest.digit & digit(1) & digit(2) & !digit(3),
            // A key ends in a quote or a letter; the colon of a time follows a digit.
            assigns: rest.colon & !digit(1) & !colon(1) | rest.equals,
            specials: rest.rare | number | escape | option | pem | authority | hardware | groups | foreign,
            codes: codes.eighth(rest.digit | now.upper),
            long: words.sixteenth(now.letter | rest.digit | rest.dash | rest.underscore),
            capitals: capitals(now, last),
        }
    }

    /// Those that somebody looks for.
    #[inline(always)]
    fn only(self, wanted: Wanted) -> Self {
        let on = |wanted: bool| if wanted { u64::MAX } else { 0 };
        Self {
            codes: self.codes & on(wanted.codes),
            long: self.long & on(wanted.long),
            capitals: self.capitals & on(wanted.capitals),
            ..self
        }
    }

    #[inline(always)]
    fn visit(
        self,
        bytes: &[u8],
        start: usize,
        beside: &Beside,
        visit: &mut impl FnMut(Candidate) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let all = self.digits | self.assigns | self.specials | self.codes | self.long | self.capitals;
        if all == 0 {
            return ControlFlow::Continue(());
        }
        each_bit(self.specials, |at| visit(Candidate::Special(start + at)))?;
        each_bit(self.digits, |at| visit(Candidate::Digits((start + at).saturating_sub(2))))?;
        each_bit(self.assigns, |at| visit(Candidate::Assign(beside.assign(start, at))))?;
        each_bit(self.codes, |at| visit(Candidate::Code(start + at)))?;
        each_bit(self.long, |at| visit(Candidate::Long(start + at)))?;
        each_bit(self.capitals, |at| visit(Candidate::Capital(beside.capital(bytes, start, at))))
    }
}

/// Capitals after a blank, or after the letter of an escape.
#[inline(always)]
fn capitals(now: &Plain, last: &Plain) -> u64 {
    now.upper & (back(now.space, last.space, 1) | back(now.backslash, last.backslash, 2))
}

/// What is told of a candidate beside its place: classes of its block and of the one before.
struct Beside {
    letters: (u64, u64),
    quotes: (u64, u64),
}

impl Beside {
    #[inline(always)]
    fn assign(&self, start: usize, at: usize) -> Assign {
        Assign { at: start + at, quotes: ahead(self.quotes, at) }
    }

    #[inline(always)]
    fn capital(&self, bytes: &[u8], start: usize, at: usize) -> Capital {
        let mut end = start + at + (self.letters.0 >> at).trailing_ones() as usize;
        if end == start + BLOCK {
            let rest = bytes.get(end..).unwrap_or_default();
            end += rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        }
        Capital { at: start + at, end, letters: ahead(self.letters, at) << 1 }
    }
}

/// The bits of the 64 bytes before the one at the bit `at`, by the mask of its block and of the one before.
#[inline(always)]
fn ahead((now, last): (u64, u64), at: usize) -> u64 {
    match at {
        0 => last,
        _ => now << (BLOCK - at) | last >> at,
    }
}

#[inline(always)]
fn each_bit(mut marks: u64, mut visit: impl FnMut(usize) -> ControlFlow<()>) -> ControlFlow<()> {
    while marks != 0 {
        visit(marks.trailing_zeros() as usize)?;
        marks &= marks - 1;
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests;
