//! Numbers that people dial, written as in their country, behind a word of calling: `call us on 020 7946 0944`,
//! `bereikbaar op 06-12345678`.
//!
//! Nothing in such a number proves it, so it must have groups, nine digits at least, and the word shortly before. What
//! has the form of a date is none.

use std::ops::Range;

use super::people::words::Lexicon;
use super::spelling::edges::{before, byte, is_word};

/// Words between the word of calling and the number.
const WORDS_MAX: usize = 5;
/// Bytes in which they stand.
const REACH: usize = 40;

/// Words of calling, in the languages of the table of names.
static CALLS: Lexicon = Lexicon::new(
    "call called calling phone phoned ring rang reach reached reachable dial text sms voicemail line fax contact \
     erreichbar erreichen anrufen angerufen ruckruf zuruckrufen durchwahl rufen joignable appeler appelez rappeler \
     rappelez joindre llamar llame llamada llamarme telefonear ligar ligue contactar chiamare chiami richiamare \
     richiamera reperibile contattare bellen gebeld bereikbaar terugbellen zadzwonic dzwonic telefonicznie kontakt \
     ringa ringde nas ring ringe soita tavoittaa ara arayin",
);

/// The number whose first group of three digits or more is at `at`.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !matches!(before(bytes, at), b' ' | b'(' | b'-') {
        return None;
    }
    let start = start(bytes, at)?;
    let rest = &bytes[start..(start + 24).min(bytes.len())];
    let is_part = |byte: &&u8| byte.is_ascii_digit() || b" -/()".contains(byte);
    let run = rest.iter().take_while(is_part).count();
    let trail = rest[..run].iter().rev().take_while(|byte| !byte.is_ascii_digit()).count();
    let text = &rest[..run - trail];
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let groups = text.split(|byte| !byte.is_ascii_digit()).filter(|group| !group.is_empty()).count();
    let is_date = matches!(text, [b'1' | b'2', b'9' | b'0', _, _, b'-', ..]) || text.contains(&b':');
    let is_national = matches!(text, [b'0' | b'(', ..]) || groups >= 3;
    let end = start + text.len();
    let fits = (9..=13).contains(&digits) && groups >= 2 && is_national && !is_date;
    (fits && !is_word(byte(bytes, end)) && is_called(bytes, start)).then_some(start..end)
}

/// Where the number begins, with short groups and a bracket before its first long one.
fn start(bytes: &[u8], at: usize) -> Option<usize> {
    let head = &bytes[at.saturating_sub(8)..at];
    let is_part = |byte: &&u8| byte.is_ascii_digit() || b" -/()".contains(byte);
    let run = head.iter().rev().take_while(is_part).count();
    let lead = bytes[at - run..].iter().take_while(|byte| !byte.is_ascii_digit() && **byte != b'(').count();
    let start = at - run + lead;
    matches!(before(bytes, start), b' ' | b'(').then_some(start)
}

/// Whether a word of calling stands shortly before.
fn is_called(bytes: &[u8], at: usize) -> bool {
    let head = &bytes[at.saturating_sub(REACH)..at];
    // Nothing reaches over what stands for a value, `[PHONE]` or `PII_PHONE_4H7Q2M9XKTG`: it is no word, and not as
    // long as the value was.
    let is_edge = |byte: &u8| matches!(byte, b'"' | b'\\' | b'.' | b';' | b']' | b'_');
    let from = head.iter().rposition(is_edge).map_or(0, |edge| edge + 1);
    let mut words = head[from..].rsplit(|byte| !byte.is_ascii_alphabetic() && *byte < 0x80);
    words.by_ref().filter(|word| !word.is_empty()).take(WORDS_MAX).any(|word| CALLS.holds(word))
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::super::tests::{check, everything};

    #[test]
    fn takes_numbers_behind_words_of_calling() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (r#"["please call us on 020 7946 0944."]"#, r#"["please call us on [PHONE]."]"#),
            (r#"["is bereikbaar op 06-12345678, x"]"#, r#"["is bereikbaar op [PHONE], x"]"#),
            (r#"["we could not reach you on 660 48 25 00"]"#, r#"["we could not reach you on [PHONE]"]"#),
            (r#"["reperibile al 06 7993 5517"]"#, r#"["reperibile al [PHONE]"]"#),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"["we called on 2026-03-14 10:20 and 2026-03-14 12"]"#,
            r#"["call 1234567890 times, call order 12 345 678"]"#,
            r#"["called it a day. Then 020 7946 0944"]"#,
            r#"["call 020 7946 0944x"]"#,
        ] {
            check(&plan, text, text);
        }
    }

    #[test]
    fn is_called_by_nothing_that_stands_for_a_value() {
        let plan = everything(Action::Replace);
        for text in [r#"["[PHONE], 020 7946 0944"]"#, r#"["PII_PHONE_4H7Q2M9XKTG, 020 7946 0944"]"#] {
            check(&plan, text, text);
        }
        let text = r#"["text268-22-8726SN 268-272-826, card 4111N 268-272-826, x"]"#;
        check(&plan, text, r#"["text268-22-8726SN [PHONE], card 4111N 268-272-826, x"]"#);
        let text = r#"["SSN 806-422-8713, 1111 1 1111111"]"#;
        check(&plan, text, r#"["SSN [PHONE], 1111 1 1111111"]"#);
    }
}
