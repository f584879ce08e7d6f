//! The first pass: where a value may be, found by byte classes in blocks of 64.
//!
//! Each block becomes one bit mask for each class of byte, sixteen bytes at a time in vector registers;
//! what leads to a value is then said in shifts of these masks, with the bits of the block before
//! carried over: the third digit of a run, a digit after a dot after a digit, the sixteenth of a run of
//! word characters. All else is skipped without a branch. What no rule looks for is masked off.
//!
//! Source: Langdale and Lemire, "Parsing gigabytes of JSON per second", section 3.1, for classes as masks.

use std::ops::ControlFlow;

use wide::i8x16;

const BLOCK: usize = 64;
const LANE: usize = 16;

/// A place worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Candidate {
    /// A colon or an equals sign, perhaps behind the name of a field.
    Assign(usize),
    /// A capital letter after a blank: perhaps a name.
    Capital(usize),
    /// The first digit of a run of three or more.
    Digits(usize),
    /// The eighth of a run of capitals and digits.
    Code(usize),
    /// The sixteenth of a run of word characters: perhaps a credential or an encoding.
    Long(usize),
    /// A special byte; what it may belong to follows from the byte.
    Special(usize),
}

/// Which candidates somebody looks for; the rest is masked off.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    /// Capitals after blanks.
    pub capitals: bool,
    /// Runs of capitals and digits.
    pub codes: bool,
    /// Runs of word characters.
    pub long: bool,
}

/// The classes of 64 bytes, one bit a byte.
#[derive(Clone, Copy, Default)]
struct Classes {
    digit: u64,
    upper: u64,
    dash: u64,
    dot: u64,
    space: u64,
    slash: u64,
    backslash: u64,
    colon: u64,
    equals: u64,
    /// `@`, `+`, `%`, `&`: rare, and each a reason to look.
    rare: u64,
    high: u64,
    u: u64,
    b: u64,
    /// Digits, letters, dashes and underscores.
    word: u64,
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
pub(super) fn each(
    bytes: &[u8],
    wanted: Wanted,
    mut visit: impl FnMut(Candidate) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (mut last, mut words, mut codes) = (Classes::default(), Runs::default(), Runs::default());
    let mut start = 0;
    while start < bytes.len() {
        let now = match bytes.get(start..).and_then(|rest| rest.first_chunk()) {
            Some(block) => Classes::of(block),
            None => Classes::of(&padded(&bytes[start..])),
        };
        let all = Marks::new(&now, &last, wanted, (&mut words, &mut codes));
        last = now;
        all.visit(start, &mut visit)?;
        start += BLOCK;
    }
    ControlFlow::Continue(())
}

/// The last block, filled up with zeros.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
    block
}

impl Classes {
    #[inline(always)]
    fn of(block: &[u8; BLOCK]) -> Self {
        let (lanes, _) = block.as_chunks::<LANE>();
        // INVARIANT: a block is four lanes.
        let text: [i8x16; BLOCK / LANE] =
            std::array::from_fn(|place| i8x16::new(lanes[place].map(u8::cast_signed)));
        let rare = |text| is(text, b'@') | is(text, b'+') | is(text, b'%') | is(text, b'&');
        // Few blocks have any of these.
        let odd = bits(&text, |text| rare(text) | is(text, b'/') | is(text, b'=') | text);
        let word = |text| {
            let letter = within(text | i8x16::splat(0x20), b'a', 26);
            letter | within(text, b'0', 10) | is(text, b'-') | is(text, b'_')
        };
        let all = Self {
            digit: bits(&text, |text| within(text, b'0', 10)),
            upper: bits(&text, |text| within(text, b'A', 26)),
            word: bits(&text, word),
            dash: bits(&text, |text| is(text, b'-')),
            dot: bits(&text, |text| is(text, b'.')),
            space: bits(&text, |text| is(text, b' ')),
            backslash: bits(&text, |text| is(text, b'\\')),
            colon: bits(&text, |text| is(text, b':')),
            u: bits(&text, |text| is(text, b'u')),
            b: bits(&text, |text| is(text, b'B')),
            ..Self::default()
        };
        if odd == 0 {
            return all;
        }
        Self {
            slash: bits(&text, |text| is(text, b'/')),
            equals: bits(&text, |text| is(text, b'=')),
            rare: bits(&text, rare),
            high: bits(&text, |text| text),
            ..all
        }
    }
}

/// One bit for each byte of a block that is of a class.
#[inline(always)]
fn bits(text: &[i8x16; BLOCK / LANE], class: impl Fn(i8x16) -> i8x16) -> u64 {
    let lanes = text.iter().enumerate();
    lanes.fold(0, |all, (place, lane)| all | u64::from(class(*lane).to_bitmask()) << (place * LANE))
}

/// Whether each byte is this one.
#[inline(always)]
fn is(text: i8x16, byte: u8) -> i8x16 {
    text.simd_eq(i8x16::splat(byte.cast_signed()))
}

/// Whether each byte is one of `count` from `low` on.
#[inline(always)]
fn within(text: i8x16, low: u8, count: u8) -> i8x16 {
    // Moved so that `low` is the least of all signed bytes: one comparison does.
    let least = 0x80_u8;
    let moved = text + i8x16::splat(least.wrapping_sub(low).cast_signed());
    moved.simd_lt(i8x16::splat(least.wrapping_add(count).cast_signed()))
}

impl Runs {
    /// The runs of `class` in a block, from those of the block before.
    #[inline(always)]
    fn next(self, class: u64) -> Self {
        let two = class & back(class, self.one, 1);
        let four = two & back(two, self.two, 2);
        let eight = four & back(four, self.four, 4);
        let sixteen = eight & back(eight, self.eight, 8);
        Self { one: class, two, four, eight, sixteen }
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
    #[inline(always)]
    fn new(now: &Classes, last: &Classes, wanted: Wanted, (words, codes): (&mut Runs, &mut Runs)) -> Self {
        let digit = |count| back(now.digit, last.digit, count);
        let upper = |count| back(now.upper, last.upper, count);
        let dash = |count| back(now.dash, last.dash, count);
        let colon = |count| back(now.colon, last.colon, count);
        let space = |count| back(now.space, last.space, count);
        let dot = |count| back(now.dot, last.dot, count);
        let slash = back(now.slash, last.slash, 1);
        let backslash = back(now.backslash, last.backslash, 1);
        // `d.d` of an address, `UUd` of an account, `A3T` of a key.
        let number = now.digit & (dot(1) & digit(2) | upper(1) & upper(2));
        let escape = now.u & backslash;
        let pem = now.b & dash(1);
        let authority = now.slash & slash & colon(2);
        // `dd:dd:dd:` of a hardware address, `::` and `:dddd:` of an address of version 6.
        let hardware = now.dash & dash(3) & dash(6)
            | now.colon & (colon(3) & colon(6) | colon(1) | colon(5) & !colon(2) & !colon(3));
        // `dUXd-` of a Medicare number, `UU dd ` of a national insurance number, `.XXX.XXX/` of a company.
        let groups = now.slash & dot(4) & dot(8)
            | now.dash & digit(1) & upper(3) & digit(4)
            | now.space & digit(1) & digit(2) & space(3) & upper(4) & upper(5);
        // The first byte of a character that is not ASCII, behind one that is.
        let foreign = now.high & !back(now.high, last.high, 1);
        let (past, code) = (*words, *codes);
        *words = words.next(now.word);
        *codes = codes.next(now.digit | now.upper);
        let on = |wanted: bool| if wanted { u64::MAX } else { 0 };
        Self {
            digits: now.digit & digit(1) & digit(2) & !digit(3),
            // A key ends in a quote or a letter; the colon of a time follows a digit.
            assigns: now.colon & !digit(1) & !colon(1) | now.equals,
            specials: now.rare | number | escape | pem | authority | hardware | groups | foreign,
            codes: codes.eight & !back(codes.eight, code.eight, 1) & on(wanted.codes),
            long: words.sixteen & !back(words.sixteen, past.sixteen, 1) & on(wanted.long),
            capitals: now.upper & (space(1) | back(now.backslash, last.backslash, 2)) & on(wanted.capitals),
        }
    }

    #[inline(always)]
    fn visit(self, start: usize, visit: &mut impl FnMut(Candidate) -> ControlFlow<()>) -> ControlFlow<()> {
        let all = self.digits | self.assigns | self.specials | self.codes | self.long | self.capitals;
        if all == 0 {
            return ControlFlow::Continue(());
        }
        each_bit(self.specials, |at| visit(Candidate::Special(start + at)))?;
        each_bit(self.digits, |at| visit(Candidate::Digits((start + at).saturating_sub(2))))?;
        each_bit(self.assigns, |at| visit(Candidate::Assign(start + at)))?;
        each_bit(self.codes, |at| visit(Candidate::Code(start + at)))?;
        each_bit(self.long, |at| visit(Candidate::Long(start + at)))?;
        each_bit(self.capitals, |at| visit(Candidate::Capital(start + at)))
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
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Vec<Candidate> {
        let mut found = Vec::new();
        let wanted = Wanted { capitals: true, codes: true, long: true };
        let flow = each(bytes, wanted, |candidate| {
            found.push(candidate);
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        found.sort_by_key(|candidate| format!("{candidate:?}"));
        found
    }

    /// The same rules, one byte at a time.
    fn scalar(bytes: &[u8]) -> Vec<Candidate> {
        let mut found = Vec::new();
        for (at, &byte) in bytes.iter().enumerate() {
            let before = |by: usize| at.checked_sub(by).map_or(0, |place| bytes[place]);
            let run = |is_part: fn(u8) -> bool| {
                bytes[..=at].iter().rev().take_while(|byte| is_part(**byte)).count()
            };
            let is_digit = |by: usize| before(by).is_ascii_digit();
            let is_upper = |by: usize| before(by).is_ascii_uppercase();
            let special = match byte {
                b'@' | b'+' | b'%' | b'&' => true,
                b'u' => before(1) == b'\\',
                b'B' => before(1) == b'-',
                b'/' => before(1) == b'/' && before(2) == b':' || before(4) == b'.' && before(8) == b'.',
                b':' => {
                    before(3) == b':' && before(6) == b':'
                        || before(1) == b':'
                        || before(5) == b':' && before(2) != b':' && before(3) != b':'
                }
                b'-' => is_digit(1) && is_upper(3) && is_digit(4) || before(3) == b'-' && before(6) == b'-',
                b' ' => is_digit(1) && is_digit(2) && before(3) == b' ' && is_upper(4) && is_upper(5),
                b'0'..=b'9' => before(1) == b'.' && is_digit(2) || is_upper(1) && is_upper(2),
                0x80.. => before(1) < 0x80,
                _ => false,
            };
            if special {
                found.push(Candidate::Special(at));
            }
            if run(|byte| byte.is_ascii_digit()) == 3 {
                found.push(Candidate::Digits(at - 2));
            }
            if byte == b':' && !is_digit(1) && before(1) != b':' || byte == b'=' {
                found.push(Candidate::Assign(at));
            }
            if run(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) == 8 {
                found.push(Candidate::Code(at));
            }
            if run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) == 16 {
                found.push(Candidate::Long(at));
            }
            if byte.is_ascii_uppercase() && before(1) == b' ' {
                found.push(Candidate::Capital(at));
            }
        }
        found.sort_by_key(|candidate| format!("{candidate:?}"));
        found
    }

    #[test]
    fn finds_at_every_offset_what_a_walk_byte_by_byte_finds() {
        let pieces = [
            "123-45-6789",
            "\"k\":1",
            "eyJhbGciOiJub25lIn0",
            "--B",
            "AKIA3",
            "gh_+1.2\\u00@",
            "d3:9a:b8:50",
            "00-1B-44-11",
            "a::b 2001:0db8:",
            "1EG4-TE5",
            "12.ABC.345/",
            "AB 12 34",
            "http://x",
            "ABCDEFGH1",
            "caf\u{e9}\u{e9}",
            "x= y: 1: %20&",
            " Ann Lee",
        ];
        for lead in 0..70 {
            for piece in pieces {
                let mut text = vec![b' '; lead];
                text.extend_from_slice(piece.as_bytes());
                text.extend_from_slice(&[b'7'; 130]);
                assert_eq!(found(&text), scalar(&text), "{lead} {piece}");
            }
        }
    }
}
