//! The classes of bytes of a block, as masks: sixteen bytes at a time in vector registers.
//!
//! Source: Langdale and Lemire, "Parsing gigabytes of JSON per second", section 3.1, for classes as masks.

use wide::i8x16;

/// Bytes of a block: one bit each of a mask.
pub(in crate::scan) const BLOCK: usize = 64;
const LANE: usize = 16;

/// The classes of 64 bytes that every block has, one bit a byte.
#[derive(Clone, Copy, Default)]
pub(in crate::scan) struct Plain {
    pub upper: u64,
    pub letter: u64,
    pub space: u64,
    pub backslash: u64,
}

/// The other classes of 64 bytes; a plain block has none of them but quotes and dots, and `u` and `B` that lead to
/// nothing.
#[derive(Clone, Copy, Default)]
pub(in crate::scan) struct Rest {
    pub digit: u64,
    pub dash: u64,
    pub dot: u64,
    pub slash: u64,
    pub colon: u64,
    pub equals: u64,
    /// `@`, `+`, `%`, `&`, `<`: rare, and each a reason to look.
    pub rare: u64,
    pub high: u64,
    pub quote: u64,
    pub underscore: u64,
    pub u: u64,
    pub b: u64,
}

/// The bytes of a block.
pub(in crate::scan) type Text = [i8x16; BLOCK / LANE];

/// The block that begins at `start`; of the last one the rest is zeros.
#[inline(always)]
pub(in crate::scan) fn lanes(bytes: &[u8], start: usize) -> Text {
    let rest = bytes.get(start..).unwrap_or_default();
    let filled;
    let block: &[u8; BLOCK] = match rest.first_chunk() {
        Some(block) => block,
        None => {
            filled = padded(rest);
            &filled
        }
    };
    let (lanes, _) = block.as_chunks::<LANE>();
    // INVARIANT: a block is four lanes.
    std::array::from_fn(|place| i8x16::new(lanes[place].map(u8::cast_signed)))
}

/// The last block, filled up with zeros.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
    block
}

impl Plain {
    #[inline(always)]
    pub(in crate::scan) fn of(text: &Text) -> Self {
        Self {
            upper: bits(text, |text| within(text, b'A', 26)),
            letter: bits(text, |text| within(text | i8x16::splat(0x20), b'a', 26)),
            space: bits(text, |text| is(text, b' ')),
            backslash: bits(text, |text| is(text, b'\\')),
        }
    }
}

impl Rest {
    #[inline(always)]
    pub(in crate::scan) fn of(text: &Text) -> Self {
        Self {
            digit: bits(text, |text| within(text, b'0', 10)),
            dash: bits(text, |text| is(text, b'-')),
            dot: bits(text, |text| is(text, b'.')),
            slash: bits(text, |text| is(text, b'/')),
            colon: bits(text, |text| is(text, b':')),
            equals: bits(text, |text| is(text, b'=')),
            rare: bits(text, |text| is_rare(text) | is(text, b'<')),
            high: bits(text, |text| text),
            quote: bits(text, |text| is(text, b'"')),
            underscore: bits(text, |text| is(text, b'_')),
            u: bits(text, |text| is(text, b'u')),
            b: bits(text, |text| is(text, b'B')),
        }
    }
}

/// Whether a block leads to nothing but capitals, runs of letters and escapes, the block before it included.
#[inline(always)]
pub(in crate::scan) fn is_plain(text: &Text, last: Option<&Rest>) -> bool {
    let odd = text.iter().fold(i8x16::splat(0), |odd, lane| odd | is_odd(*lane));
    // What ends in a digit or a dash may go on with letters and blanks.
    let goes_on = last.map_or(0, |last| (last.digit | last.dash) >> (BLOCK - 1));
    odd.to_bitmask() == 0 && goes_on == 0
}

#[inline(always)]
fn is_rare(text: i8x16) -> i8x16 {
    is(text, b'@') | is(text, b'+') | within(text, b'%', 2)
}

/// Whether each byte may lead to a candidate other than a capital, a run of letters or an escape.
#[inline(always)]
fn is_odd(text: i8x16) -> i8x16 {
    // From the dash to the colon there is one more, the dot.
    let number = within(text, b'-', 14) & !is(text, b'.');
    // A smaller than stands right before the equals sign.
    number | is_rare(text) | within(text, b'<', 2) | is(text, b'_') | text
}

/// One bit for each digit among sixteen bytes, from the lowest; and above these one for each capital.
#[inline]
pub(in crate::scan) fn digits_and_capitals(bytes: &[u8; LANE]) -> u32 {
    let text = i8x16::new(bytes.map(u8::cast_signed));
    within(text, b'0', 10).to_bitmask() | within(text, b'A', 26).to_bitmask() << LANE
}

/// One bit for each byte of a block that is of a class.
#[inline(always)]
pub(in crate::scan) fn bits(text: &Text, class: impl Fn(i8x16) -> i8x16) -> u64 {
    let lanes = text.iter().enumerate();
    lanes.fold(0, |all, (place, lane)| all | u64::from(class(*lane).to_bitmask()) << (place * LANE))
}

/// Whether each byte is this one.
#[inline(always)]
pub(in crate::scan) fn is(text: i8x16, byte: u8) -> i8x16 {
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
