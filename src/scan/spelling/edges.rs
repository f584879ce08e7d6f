//! Where words and strings end in raw JSON, at any depth of JSON inside strings.
//!
//! A quote that ends a string carries one backslash less than half of what the next depth needs:
//! `"` delimits at level 1, `\"` at level 2, `\\\"` at level 3. So the level of any quote follows from
//! the run of backslashes before it, without a stack: a run of `r` belongs to the level whose power
//! of two divides `r + 1`.

use memchr::{memchr, memchr2, memrchr};

/// Bytes that are compared at once where a string is likely short.
const WORD: usize = 8;
/// Words in which short strings end; what goes on is left to `memchr`.
const WORDS_MAX: usize = 3;

/// The byte before `at`; 0 at the start of the text.
pub(in crate::scan) fn before(bytes: &[u8], at: usize) -> u8 {
    at.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(0)
}

/// The byte at `at`; 0 past the end.
pub(in crate::scan) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// Whether a byte continues a word. Stars do, so that what is masked opens no boundary.
pub(in crate::scan) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'*'
}

/// One past the run of digits at `at`.
pub(in crate::scan) fn digits_end(bytes: &[u8], at: usize) -> usize {
    bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .map_or(bytes.len(), |n| at + n)
}

/// Moves `at` out of an escape that it stands in: `\n`, `\u00e9`. At most five bytes forward.
pub(in crate::scan) fn skip_escape(bytes: &[u8], at: usize) -> usize {
    for back in 1..=5 {
        let Some(slash) = at.checked_sub(back) else { break };
        match (byte(bytes, slash), byte(bytes, slash + 1)) {
            (b'\\', b'u') if slash + 6 > at => return (slash + 6).min(bytes.len()),
            (b'\\', _) if back == 1 => return (at + 1).min(bytes.len()),
            _ => {}
        }
    }
    at
}

/// Whether what stands before `at` ends no word: an edge, punctuation, or an escape such as `\n`.
pub(in crate::scan) fn is_open(bytes: &[u8], at: usize) -> bool {
    let last = before(bytes, at);
    if !is_word(last) {
        return true;
    }
    let slash = |back: usize| at.checked_sub(back).is_some_and(|place| bytes[place] == b'\\');
    matches!(last, b'n' | b'r' | b't' | b'b' | b'f') && slash(2) || slash(6) && byte(bytes, at - 5) == b'u'
}

/// Whether a number may begin at `at`: not inside a word, a dashed code or a decimal. What stands
/// before it may be written over, so stars and tokens count as the digits that they hide.
pub(in crate::scan) fn opens_number(bytes: &[u8], at: usize) -> bool {
    let second = at.checked_sub(1).map_or(0, |at| before(bytes, at));
    match before(bytes, at) {
        b'-' => !is_word(second) && second != b']',
        b'.' => !second.is_ascii_digit() && !matches!(second, b'*' | b']'),
        _ => is_open(bytes, at),
    }
}

/// Whether a number may end at `at`; as [`opens_number`].
pub(in crate::scan) fn closes_number(bytes: &[u8], at: usize) -> bool {
    let next = byte(bytes, at + 1);
    match byte(bytes, at) {
        b'-' => !is_word(next) && next != b'[',
        b'.' => !next.is_ascii_digit() && !matches!(next, b'*' | b'['),
        last => !is_word(last),
    }
}

/// How many backslashes stand before `at`.
pub(in crate::scan) fn slashes(bytes: &[u8], at: usize) -> usize {
    bytes.get(..at).unwrap_or_default().iter().rev().take_while(|&&byte| byte == b'\\').count()
}

/// The depth of strings that the quote at `at` delimits; 1 is the message itself.
#[inline]
pub(in crate::scan) fn level(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(..at) {
        Some([.., b'\\', b'\\']) => {}
        Some([.., b'\\']) => return 2,
        _ => return 1,
    }
    (slashes(bytes, at) + 1).trailing_zeros() + 1
}

/// How many backslashes belong to a delimiting quote of `level`.
pub(in crate::scan) fn lead(level: u32) -> usize {
    (1_usize << (level - 1).min(20)) - 1
}

/// The end of a string's content, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum End {
    /// Before its own closing quote, which ends at the second offset.
    Closed(usize, usize),
    /// Before a quote of an outer string: the inner text is no whole JSON.
    Cut(usize),
}

impl End {
    /// One past the content.
    pub(in crate::scan) fn content(self) -> usize {
        match self {
            Self::Closed(at, _) | Self::Cut(at) => at,
        }
    }
}

/// The bytes of a word that are `wanted`, the highest bit of each.
#[inline]
fn same(word: [u8; WORD], wanted: u8) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7F; WORD]);
    let zero = u64::from_le_bytes(word) ^ u64::from_le_bytes([wanted; WORD]);
    // No carry leaves its byte, so every bit is exact.
    !(((zero & LOW) + LOW) | zero | LOW)
}

/// The first quote from `from` on.
#[inline]
fn quote_from(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    for _ in 0..WORDS_MAX {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) else { break };
        let found = same(*word, b'"');
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += WORD;
    }
    memchr(b'"', bytes.get(at..)?).map(|offset| at + offset)
}

/// The last quote in `floor..to`.
#[inline]
fn quote_before(bytes: &[u8], floor: usize, to: usize) -> Option<usize> {
    let mut at = to;
    for _ in 0..WORDS_MAX {
        let Some(word) = bytes.get(floor..at).and_then(<[u8]>::last_chunk) else { break };
        let found = same(*word, b'"');
        if found != 0 {
            return Some(at - 1 - found.leading_zeros() as usize / 8);
        }
        at -= WORD;
    }
    memrchr(b'"', bytes.get(floor..at)?).map(|offset| floor + offset)
}

/// The first quote or backslash of `text`.
#[inline]
pub(in crate::scan) fn stop(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..WORDS_MAX {
        let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) else { break };
        let found = same(*word, b'"') | same(*word, b'\\');
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += WORD;
    }
    memchr2(b'"', b'\\', text.get(at..)?).map(|offset| at + offset)
}

/// Finds the end of the string of `level` whose content begins at `from`.
pub(in crate::scan) fn closing(bytes: &[u8], from: usize, wanted: u32) -> End {
    let mut at = from;
    while let Some(quote) = quote_from(bytes, at) {
        let found = level(bytes, quote);
        let content = quote.saturating_sub(lead(found)).max(from);
        if found == wanted {
            return End::Closed(content, quote + 1);
        }
        if found < wanted {
            return End::Cut(content);
        }
        at = quote + 1;
    }
    End::Cut(bytes.len())
}

/// Finds where the content begins that the quote at `quote`, of `level`, ends; looks back `reach` bytes.
#[inline]
pub(in crate::scan) fn opening(bytes: &[u8], quote: usize, wanted: u32, reach: usize) -> Option<usize> {
    let content = quote.checked_sub(lead(wanted))?;
    let floor = content.saturating_sub(reach);
    let mut to = content;
    while let Some(quote) = quote_before(bytes, floor, to) {
        let found = level(bytes, quote);
        if found <= wanted {
            return (found == wanted).then_some(quote + 1);
        }
        to = quote;
    }
    None
}

/// Skips white space at `at`; inside strings also `\n`, `\t` and `\r`, however often escaped.
#[inline]
pub(in crate::scan) fn skip_space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..) {
        Some([b'\\', b'"', ..]) => at,
        Some([b' ' | b'\n' | b'\t' | b'\r' | b'\\', ..]) => past_space(bytes, at),
        _ => at,
    }
}

fn past_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match byte(bytes, at) {
            b' ' | b'\n' | b'\t' | b'\r' => at += 1,
            b'\\' => {
                let rest = bytes.get(at..).unwrap_or_default();
                let run = rest.iter().take_while(|&&byte| byte == b'\\').count();
                if !matches!(rest.get(run), Some(b'n' | b't' | b'r')) {
                    return at;
                }
                at += run + 1;
            }
            _ => return at,
        }
    }
}

/// Skips white space before `at`, backwards, as [`skip_space`] does; at most 64 bytes.
pub(in crate::scan) fn skip_space_back(bytes: &[u8], at: usize) -> usize {
    let mut to = at;
    while at - to < 64 {
        match before(bytes, to) {
            b' ' | b'\n' | b'\t' | b'\r' => to -= 1,
            b'n' | b't' | b'r' if before(bytes, to - 1) == b'\\' => to -= 1 + slashes(bytes, to - 1),
            _ => break,
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_level_of_a_quote_from_its_backslashes() {
        for (text, wanted) in [(r#"""#, 1), (r#"\""#, 2), (r#"\\""#, 1), (r#"\\\""#, 3), (r#"\\\\\""#, 2)] {
            assert_eq!(level(text.as_bytes(), text.len() - 1), wanted, "{text}");
        }
    }

    #[test]
    fn finds_both_ends_of_a_string_at_each_level() {
        let text = r#""{\"a\":\"x\\\"y\\\\\",\"b\":1}""#.as_bytes();
        let content = memchr(b'x', text).unwrap();
        let End::Closed(end, past) = closing(text, content, 2) else { panic!("not closed") };
        assert_eq!(&text[content..end], br#"x\\\"y\\\\"#);
        assert_eq!(opening(text, past - 1, 2, 100), Some(content));
        assert_eq!(closing(text, content, 1).content(), text.len() - 1);
        assert_eq!(closing(br#"x","y"#, 0, 2), End::Cut(1));
    }

    #[test]
    fn finds_quotes_however_far() {
        for far in 0..70 {
            let text = [vec![b'\"'], vec![b'!'; far], vec![b'\"', 0xA2]].concat();
            assert_eq!((quote_from(&text, 1), stop(&text[1..])), (Some(far + 1), Some(far)));
            assert_eq!((quote_before(&text, 0, far + 1), quote_before(&text, 1, far + 1)), (Some(0), None));
            assert_eq!((quote_from(&text, far + 2), stop(&text[far + 2..])), (None, None));
            let text = [vec![b'!'; far], vec![b'\\']].concat();
            assert_eq!(stop(&text), Some(far));
        }
    }

    #[test]
    fn sees_a_boundary_after_an_escape_and_none_inside_a_word() {
        for (text, wanted) in
            [("\\n", true), ("an", false), ("\\\\n", true), ("\\u00e9", true), ("u00e9", false), ("", true)]
        {
            assert_eq!(is_open(text.as_bytes(), text.len()), wanted, "{text}");
        }
        assert_eq!(skip_escape(br"\u2019123", 2), 6);
        assert_eq!(skip_escape(br"\nbob", 1), 2);
    }
}
