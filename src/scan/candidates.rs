//! The first pass: where a value may be, found by byte classes in blocks of 64.
//!
//! Each block becomes a bit mask: third digits of runs, and *special* bytes that stand in every value
//! of some kind together with the bytes before them. All else is skipped without a branch. The
//! compiler turns the byte arithmetic into vector instructions; the mask is packed by multiplication,
//! since safe code has no `movemask`, and not at all where it is empty.

use std::ops::ControlFlow;

const BLOCK: usize = 64;
/// Bytes before a block that its rules look at.
const LEAD: usize = 3;
const WINDOW: usize = BLOCK + LEAD;

/// A place worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Candidate {
    /// The first digit of a run of three or more.
    Digits(usize),
    /// A special byte; what it may belong to follows from the byte.
    Special(usize),
}

/// Calls `visit` for each candidate of `bytes`, in their order.
pub(super) fn each(bytes: &[u8], mut visit: impl FnMut(Candidate) -> ControlFlow<()>) -> ControlFlow<()> {
    for start in (0..bytes.len()).step_by(BLOCK) {
        let mut marks = match start.checked_sub(LEAD).and_then(|from| bytes[from..].first_chunk()) {
            Some(window) => classify(window),
            None => classify(&padded(bytes, start)),
        };
        while marks != 0 {
            visit(candidate(bytes, start + marks.trailing_zeros() as usize))?;
            marks &= marks - 1;
        }
    }
    ControlFlow::Continue(())
}

/// What a marked byte is: the third digit of a run, or special.
#[inline]
fn candidate(bytes: &[u8], at: usize) -> Candidate {
    match at.checked_sub(2) {
        Some(first) if is_digit(bytes[at]) && is_digit(bytes[at - 1]) => Candidate::Digits(first),
        Some(_) | None => Candidate::Special(at),
    }
}

/// The window of a block at the edge of the text, filled up with zeros.
fn padded(bytes: &[u8], start: usize) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    for (place, slot) in window.iter_mut().enumerate() {
        let at = (start + place).checked_sub(LEAD);
        *slot = at.and_then(|at| bytes.get(at)).copied().unwrap_or(0);
    }
    window
}

/// One bit for each byte of a block that is marked.
fn classify(window: &[u8; WINDOW]) -> u64 {
    let mut flags = [0; BLOCK];
    for at in 0..BLOCK {
        flags[at] = u8::from(is_marked([window[at], window[at + 1], window[at + 2], window[at + 3]]));
    }
    let words: [u64; BLOCK / 8] = std::array::from_fn(|place| {
        flags.as_chunks().0.get(place).map_or(0, |chunk| u64::from_le_bytes(*chunk))
    });
    // Most blocks of prose hold nothing, and to see that is cheaper than to pack.
    if words.iter().fold(0, |all, word| all | word) == 0 { 0 } else { pack(words) }
}

#[inline(always)]
fn is_digit(byte: u8) -> bool {
    byte.wrapping_sub(b'0') < 10
}

#[inline(always)]
fn is_upper(byte: u8) -> bool {
    byte.wrapping_sub(b'A') < 26
}

/// Whether the last of four bytes may belong to a value. Without branches, so that it vectorises.
#[inline(always)]
fn is_marked([third, second, first, byte]: [u8; 4]) -> bool {
    // A key ends in a quote or white space; the colon of a time follows a digit.
    let name = (byte == b':') & !is_digit(first);
    let email = byte == b'@';
    let phone = byte == b'+';
    let jwt = (byte == b'J') & (first == b'y');
    let pem = (byte == b'B') & (first == b'-');
    let aws = (byte == b'A') & (third == b'A');
    let github = (byte == b'_') & ((second == b'h') | (second == b'a'));
    let escape = (byte == b'u') & (first == b'\\');
    // `d.d` of an address, `UUd` of an IBAN, `A3` of `A3T`, the third of a run.
    let address = (first == b'.') & is_digit(second);
    let account = is_upper(first) & (is_upper(second) | (byte == b'3'));
    let run = is_digit(first) & is_digit(second) & !is_digit(third);
    let number = is_digit(byte) & (address | account | run);
    name | email | phone | jwt | pem | aws | github | escape | number
}

/// One bit a byte; each byte is 0 or 1.
fn pack(words: [u64; BLOCK / 8]) -> u64 {
    words
        .iter()
        .enumerate()
        .fold(0, |mask, (place, word)| mask | word.wrapping_mul(0x0102_0408_1020_4080) >> 56 << (8 * place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Vec<Candidate> {
        let mut found = Vec::new();
        let flow = each(bytes, |candidate| {
            found.push(candidate);
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        found
    }

    /// The same rules, one byte at a time.
    fn scalar(bytes: &[u8]) -> Vec<Candidate> {
        let at = |place: Option<usize>| place.and_then(|place| bytes.get(place)).copied().unwrap_or(0);
        let mut found = Vec::new();
        for (place, &byte) in bytes.iter().enumerate() {
            let before = |by| at(place.checked_sub(by));
            let is_run = is_digit(before(2)) && is_digit(before(1)) && is_digit(byte);
            if is_run && !is_digit(before(3)) {
                found.push(Candidate::Digits(place - 2));
            } else if is_marked([before(3), before(2), before(1), byte]) {
                found.push(Candidate::Special(place));
            }
        }
        found
    }

    #[test]
    fn finds_at_every_offset_what_a_walk_byte_by_byte_finds() {
        let pieces: [&[u8]; 6] = [b"123-45-6789", b"\"k\":1", b"eyJ", b"--B", b"AKIA3", b"gh_+1.2\\u00@"];
        for lead in 0..70 {
            for piece in pieces {
                let mut text = vec![b' '; lead];
                text.extend_from_slice(piece);
                text.extend_from_slice(&[b'7'; 130]);
                assert_eq!(found(&text), scalar(&text), "{lead}");
            }
        }
    }
}
