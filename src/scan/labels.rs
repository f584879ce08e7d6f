//! Values that a word before them names: `MRN 4711-08`, `cvc=190`, `DOB 27.04.1958`.
//!
//! What has a form of its own is left to its form; here are the kinds that have none, so the word is all
//! there is. A weak word needs more of its value.

use std::ops::Range;

use super::Detector;
use super::catalogue::Veto;
use super::context;
use super::named::names::Tier;
use super::named::veto;
use super::people::words::Lexicon;
use super::spelling::edges::{before, byte, is_word, skip_escape, skip_space};

/// Bytes of such a value.
const VALUE_BYTES_MAX: usize = 64;

/// The value that begins at `start` and whose first digits are at `at`, behind a word that names a kind of
/// this tier.
pub(super) fn value(
    bytes: &[u8],
    (start, at): (usize, usize),
    detector: Detector,
    tier: Tier,
) -> Option<Range<usize>> {
    let row = detector.row();
    if !row.by_word || !row.forms.is_empty() {
        return None;
    }
    let is_date = row.veto == Veto::Date;
    // What is too long with the groups that follow it may be the value by itself.
    let ends = [(is_date || row.veto == Veto::Digits, is_date), (false, false)];
    let mut ends = ends.into_iter().map(|(is_grouped, is_date)| token_end(bytes, at, is_grouped, is_date));
    ends.find_map(|end| fitting(bytes, (start, at, end), detector, tier))
}

/// The value that ends at `end`, if it is one of this kind.
fn fitting(
    bytes: &[u8],
    (start, at, end): (usize, usize, usize),
    detector: Detector,
    tier: Tier,
) -> Option<Range<usize>> {
    let row = detector.row();
    let content = bytes.get(start..end)?;
    // Of a time stamp the date counts: `1980-02-29T00`.
    let part = if row.veto == Veto::Date { content.split(|byte| *byte == b'T').next() } else { None };
    let digits = part.unwrap_or(content).iter().filter(|byte| byte.is_ascii_digit()).count();
    let fits = match row.veto {
        Veto::Short => start == at && (3..=4).contains(&digits) && digits == content.len(),
        Veto::Date => (4..=8).contains(&digits),
        _ => digits >= if tier == Tier::Weak { 6 } else { 4 },
    };
    (fits && !is_word(byte(bytes, end)) && !veto::is_harmless(detector, tier, content)).then_some(start..end)
}

/// Where the word of letters, digits and dashes around the digits at `at` begins, if a label may stand
/// before it: at a blank, a colon or another sign that people write between the two.
#[inline]
pub(super) fn token_start(bytes: &[u8], at: usize) -> Option<usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'(' | b'+');
    // Most numbers stand right behind a quote, or by themselves behind the name of their field.
    let last = before(bytes, at);
    let is_open = matches!(last, b' ' | b':' | b'=' | b'#' | b'.' | b',');
    if !is_open && !is_part(&last) || context::is_first(bytes, at) {
        return None;
    }
    let floor = at.saturating_sub(VALUE_BYTES_MAX);
    let count = bytes[floor..at].iter().rev().take_while(|byte| is_part(byte)).count();
    let start = date_start(bytes, skip_escape(bytes, at - count).min(at));
    let is_cell = bytes[..start].ends_with(b"\\t");
    (is_cell || matches!(before(bytes, start), b' ' | b':' | b'=' | b'#')).then_some(start)
}

/// Where the date begins whose year is at `start`: behind a day and a month in digits or letters, perhaps
/// with `de` or `of` between them.
#[inline]
fn date_start(bytes: &[u8], mut start: usize) -> usize {
    if !matches!(bytes.get(start..), Some([b'1', b'9', ..] | [b'2', b'0', ..])) {
        return start;
    }
    let mut parts = 0;
    for _ in 0..4 {
        let head = bytes.get(start.saturating_sub(20)..start).unwrap_or_default();
        let gap = head.iter().rev().take(2).take_while(|byte| matches!(byte, b'.' | b' ' | b',')).count();
        let rest = &head[..head.len() - gap];
        let (before, word) = last_word(rest);
        let is_link = matches!(word, b"de" | b"of" | b"del");
        let is_linked = || before.strip_suffix(b" ").is_some_and(|text| is_part(last_word(text).1));
        if gap == 0 || parts == 2 || !(is_part(word) || is_link && is_linked()) {
            break;
        }
        parts += usize::from(!is_link);
        start = skip_escape(bytes, start - gap - word.len()).min(start);
    }
    start
}

/// The letters and digits at the end of a text, and what stands before them.
fn last_word(text: &[u8]) -> (&[u8], &[u8]) {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte >= 0x80;
    text.split_at(text.len() - text.iter().rev().take_while(is_word).count())
}

/// Whether a word is the day or the month of a date.
fn is_part(word: &[u8]) -> bool {
    is_day(word) || is_month(word, 0)
}

/// `3`, `03`, `3rd`, `1er`.
fn is_day(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=2).contains(&digits) && matches!(&word[digits..], b"" | b"st" | b"nd" | b"rd" | b"th" | b"er")
}

/// Where it ends: letters, digits, single separators before either, and blanks before digits or, in a
/// date, before the name of a month.
fn token_end(bytes: &[u8], at: usize, is_grouped: bool, is_date: bool) -> usize {
    let mut end = at;
    while end - at < VALUE_BYTES_MAX {
        let (this, next) = (byte(bytes, end), byte(bytes, end + 1));
        let joins = match this {
            b'-' | b'/' | b'.' => next.is_ascii_alphanumeric(),
            b' ' if is_date => next.is_ascii_digit() || is_month(bytes, end + 1),
            b' ' => is_grouped && next.is_ascii_digit(),
            b')' => is_grouped && !is_date && matches!(next, b' ' | b'-' | b'0'..=b'9'),
            _ => this.is_ascii_alphanumeric(),
        };
        if !joins {
            break;
        }
        end += 1;
    }
    end
}

/// Where a date ends that begins with its day and spells its month: `29 February 1980`, `3. März 1980`, `3 de mayo de
/// 1980`.
pub(super) fn written(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = bytes.get(at..)?.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let mut month = at + digits + usize::from(byte(bytes, at + digits) == b'.');
    let link = |at: usize| {
        [b" de ".as_slice(), b" of "].iter().any(|link| bytes[at.min(bytes.len())..].starts_with(link))
    };
    month += if link(month) { 4 } else { 1 };
    if !is_month(bytes, month) {
        return None;
    }
    let word = bytes[month..]
        .iter()
        .take(20)
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    let mut year = month + word + usize::from(byte(bytes, month + word) == b'.');
    year += if link(year) { 4 } else { 1 };
    let digits = bytes.get(year..)?.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    (digits == 4).then_some(year + 4)
}

/// Where the date begins whose last digits are at `at`: its year, or all of it.
pub(super) fn date_first(bytes: &[u8], at: usize) -> usize {
    let head = &bytes[at.saturating_sub(8)..at];
    let length = head
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'/' | b'-'))
        .count();
    if length > 0 { at - length } else { date_start(bytes, at) }
}

/// Whether the name of a month, or its first three letters, begin at `at`; in English, German, French,
/// Spanish, Portuguese, Italian, Dutch, Polish or Swedish.
pub(super) fn is_month(bytes: &[u8], at: usize) -> bool {
    static MONTHS: Lexicon = Lexicon::new(
        "jan feb mar apr may jun jul aug sep oct nov dec mai okt dez fev avr jui aou ene abr ago dic gen mag giu maa ott \
         set out maj sty lut kwi cze lip sie wrz lis gru paz",
    );
    const FOREIGN: [&str; 7] = ["mär", "fév", "aoû", "déc", "jän", "lug", "paź"];
    let Some(word) = bytes.get(at..at + 3) else { return false };
    let rest = &bytes[at..];
    let is_same = |month: &&str| {
        let head = rest.get(..month.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(month.as_bytes())
    };
    MONTHS.holds(word) || !rest[..3].is_ascii() && FOREIGN.iter().any(is_same)
}

/// What stands behind the equals sign or colon at `at`, behind a name of this kind; it may be harmless.
pub(super) fn assigned(bytes: &[u8], at: usize, detector: Detector) -> Option<Range<usize>> {
    let is_colon = bytes[at] == b':';
    let veto = detector.row().veto;
    if is_expansion(bytes, at) {
        return None;
    }
    // Behind a colon a sentence may follow: only a secret is taken whatever it looks like.
    if is_colon && veto != Veto::Secret && byte(bytes, skip_space(bytes, at + 1)) != b'\'' {
        return None;
    }
    // `password = hunter2`, with blanks on both sides.
    let is_spaced =
        !is_colon && before(bytes, at) == b' ' && byte(bytes, at + 1) == b' ' && veto == Veto::Secret;
    // `name == value`, and padding: signs that follow the first belong to it, or what is written behind them would.
    let signs = if is_colon { 1 } else { bytes[at..].iter().take_while(|byte| **byte == b'=').count() };
    let mut start = if is_colon || is_spaced { skip_space(bytes, at + signs) } else { at + signs };
    let quote = match byte(bytes, start) {
        b'\'' => Some(b'\''),
        b'\\' if byte(bytes, start + 1) == b'"' => Some(b'\\'),
        _ => None,
    };
    start += match quote {
        Some(b'\'') => 1,
        Some(_) => 2,
        None => 0,
    };
    for scheme in [b"Bearer ".as_slice(), b"Basic ", b"Token "] {
        start += if bytes.get(start..)?.starts_with(scheme) { scheme.len() } else { 0 };
    }
    let rest = bytes.get(start..(start + VALUE_BYTES_MAX * 8).min(bytes.len()))?;
    // In the query of a URL the next name follows; elsewhere the sign may belong to a password.
    let is_inner = veto == Veto::Secret && {
        let past = memchr::memchr(b'&', rest).map_or(rest.len(), |place| place + 1);
        let tail = rest[past..]
            .iter()
            .take(32)
            .take_while(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        !tail.clone().any(|byte| *byte == b'=') && tail.count() > 0
    };
    let is_end = |byte: &u8| match quote {
        Some(quote) => *byte == quote || *byte == b'"',
        None => {
            byte.is_ascii_whitespace()
                || *byte == b'&' && !is_inner
                || matches!(
                    byte,
                    b';' | b',' | b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>' | b')' | b'}' | b'|'
                )
        }
    };
    // An escaped slash belongs to the value.
    let is_slash = |place: usize| rest[place] == b'\\' && byte(rest, place + 1) == b'/';
    let mut end = start
        + (0..rest.len()).find(|place| is_end(&rest[*place]) && !is_slash(*place)).unwrap_or(rest.len());
    while end > start && matches!(bytes[end - 1], b'.' | b':' | b'?' | b'!') {
        end -= 1;
    }
    let content = bytes.get(start..end).filter(|content| !content.is_empty())?;
    // What was written over a value is all of it, whatever the text behind it looks like now.
    if let Some(length) = context::surrogate_end(content) {
        return Some(start..start + length);
    }
    let is_call = is_spaced && (content.contains(&b'(') || !content.iter().any(u8::is_ascii_digit));
    // In code a call stands there: `password: z.string()`.
    let is_code = is_colon && quote.is_none() && is_called(content);
    let is_plain = is_code || is_colon && quote.is_none() && is_prose(content) || quote.is_none() && is_call;
    (!is_plain).then_some(start..end)
}

/// Whether the colon at `at` belongs to an expansion of the shell.
///
/// `${NAME:?message}` says what is missing, `${NAME:+word}` what stands for a value that is set. Source: POSIX.1,
/// Shell Command Language, 2.6.2.
fn is_expansion(bytes: &[u8], at: usize) -> bool {
    if !matches!(byte(bytes, at + 1), b'?' | b'+') {
        return false;
    }
    let name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let head = &bytes[at.saturating_sub(VALUE_BYTES_MAX)..at];
    let length = head.iter().rev().take_while(name).count();
    head[..head.len() - length].ends_with(b"${")
}

/// Whether a value is the name of a function, with the bracket that opens its arguments.
fn is_called(content: &[u8]) -> bool {
    let Some((b'(', name)) = content.split_last() else { return false };
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_');
    name.len() > 1 && name.iter().all(is_part)
}

/// Whether a value behind a colon is rather a word of a sentence: letters alone, or hardly anything.
fn is_prose(content: &[u8]) -> bool {
    content.len() < 4
        || content.iter().all(u8::is_ascii_alphabetic)
        || matches!(content[0], b'{' | b'[' | b'(' | b'<' | b'$')
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::super::tests::{check, everything};

    #[test]
    fn takes_what_is_assigned_and_no_code() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (r#"["DB_PASSWORD=a\/b-1 x"]"#, r#"["DB_PASSWORD=[SECRET] x"]"#),
            (
                r#"["x postgres:\/\/app:secret-1@10.2.0.4:5432 x"]"#,
                r#"["x postgres:\/\/app:[URL_CREDENTIALS]@10.2.0.4:5432 x"]"#,
            ),
            (r#"["password: hunter(2"]"#, r#"["password: [SECRET]"]"#),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"["password: z.string().min(12)"]"#,
            r#"["x: ${API_TOKEN:?missing}, ${API_TOKEN:+set-1}"]"#,
            r#"["Cache key: linux-aB3dEfGh1jKlM4nO"]"#,
        ] {
            check(&plan, text, text);
        }
    }

    #[test]
    fn reads_dates_in_words_and_takes_no_bracket_with_them() {
        let plan = everything(Action::Replace);
        for date in [
            "DOB 1980-02-29",
            "born on 29 February 1980",
            "born February 29th, 1980",
            "date of birth is 29th of February 1980",
            "geboren am 29. Februar 1980",
            "geb. 3. März 1980",
            "né le 29 février 1980",
            "nacida el 29 de febrero de 1980",
            "nascido em 3 de março de 1980",
            "nata il 29/02/1980",
            "född 1980-02-29",
        ] {
            let digit = date.find(|c: char| c.is_ascii_digit()).unwrap();
            let start = date.find("February").unwrap_or(digit).min(digit);
            check(&plan, &format!("[\"x {date}.\"]"), &format!("[\"x {}[DOB].\"]", &date[..start]));
            check(&plan, &format!("[\"({date}) y\"]"), &format!("[\"({}[DOB]) y\"]", &date[..start]));
        }
        check(&plan, r#"["PATIENT_DATEOFBIRTH 1980-02-29"]"#, r#"["PATIENT_DATEOFBIRTH [DOB]"]"#);
        check(&plan, r#"["lives at 12a Main Street"]"#, r#"["lives at [ADDRESS]"]"#);
        let text = r#"["we opened in March 1980, and again on 29 de facto days of 1980"]"#;
        check(&plan, text, text);
    }
}
