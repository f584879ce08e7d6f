//! People in prose, without a model: capitalised words behind what introduces a person.
//!
//! A title (`Dr`, `Herr`), a label (`Patient`, `name`), a greeting or the end of a letter, a phrase (`spoke
//! with`, `invoice for`), a person just before (`and`), a mailbox or an age behind, or what only people do
//! (`… called about`). Behind a title one word is enough, behind most others there are two. Words such as
//! `Report` or `Team` belong to no name. Someone whom nothing introduces is not found: that needs a model.

use std::ops::Range;

use super::edges::{before, byte, is_word, skip_escape};
use super::words::{word, word_before};

mod lexicons;

use lexicons::{
    CALLED, CLOSINGS, DEEDS, GREETINGS, HEADINGS, JOINTS, LABELS, NOUNS, PARTICLES, PHRASES, TAILS, TITLES,
    VERBS,
};
pub(super) use lexicons::{CUES, SURE_CUES};

/// Words of one name, particles not counted.
const NAME_WORDS_MAX: usize = 6;
/// Bytes of the longest particle.
const PARTICLE_BYTES_MAX: usize = 5;
/// Bytes in which one person leads to the next.
const REACH: usize = 240;

/// How a person is introduced, and how much is asked of the words behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cue {
    /// One word is enough.
    Title,
    /// Two words.
    Label,
    /// One word, if a comma or the end of the line follows.
    Greeting,
    /// Two words, and what only people do behind them.
    Clause,
    /// One word, if the line ends with it.
    Closing,
    /// Two words, which may stand in capitals or in the order of a register.
    Form,
}

/// The person whose name begins with the capital at `at`. `known` is where the last person before ended.
pub(super) fn person(bytes: &[u8], at: usize, known: usize) -> Option<Range<usize>> {
    let cue = cue(bytes, at, known)?;
    if cue == Cue::Form
        && let Some(end) = registered(bytes, at)
    {
        return Some(at..end);
    }
    let (end, count, full) = name(bytes, at)?;
    let next = byte(bytes, end);
    let is_enough = match cue {
        Cue::Title => full >= 1,
        Cue::Label | Cue::Form => full >= 2 || full == 1 && count >= 2,
        Cue::Greeting => matches!(next, b',' | b'!' | b':' | b'\\' | b'"') || full >= 2,
        Cue::Clause => full >= 2 && acts(bytes, end, known, at),
        Cue::Closing => full >= 1 && matches!(next, b'\\' | b'"'),
    };
    (is_enough && !is_word(next) && next != b'_' && next != b'@').then_some(at..end)
}

/// Whether one of the small words between the words of a name begins at `at`.
pub(super) fn is_particle(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let length =
        rest.iter().take(PARTICLE_BYTES_MAX + 1).take_while(|byte| byte.is_ascii_alphabetic()).count();
    PARTICLES.holds(&rest[..length])
}

/// Whether a word stands before a name as a title.
pub(super) fn is_title(word: &[u8]) -> bool {
    TITLES.holds(word)
}

/// What introduces the capital at `at`.
fn cue(bytes: &[u8], at: usize, known: usize) -> Option<Cue> {
    let gap = at.checked_sub(1)?;
    if bytes[gap] != b' ' {
        return (before(bytes, gap) == b'\\').then(|| line_cue(bytes, gap - 1));
    }
    let last = before(bytes, gap);
    let mark = usize::from(matches!(last, b'.' | b':'));
    let lead = word_before(bytes, gap - mark);
    let start = gap - mark - lead.len();
    if lead.is_empty() {
        let is_told = last == b',' && LABELS.holds(word_before(bytes, gap - 1));
        let is_clause = matches!(last, b',' | b';' | b'.' | b'-' | b'\\');
        return if is_told { Some(Cue::Label) } else { is_clause.then_some(Cue::Clause) };
    }
    if before(bytes, start) >= 0x80 {
        let is_title =
            TAILS.holds(lead) && LONG_TITLES.iter().any(|title| bytes[..gap].ends_with(title.as_bytes()));
        return is_title.then_some(Cue::Title);
    }
    if matches!(before(bytes, start), b'_' | b'/' | b'=' | b'@' | b'0'..=b'9') {
        return None;
    }
    if !CUES.may_hold(lead) {
        return matches!(last, b'.' | b':').then_some(Cue::Clause);
    }
    let is_capital = lead[0].is_ascii_uppercase() && !lead[1..].iter().any(u8::is_ascii_uppercase);
    if is_capital && last != b':' && TITLES.holds(lead) && before(bytes, start) != b'.' {
        return (lead.len() > 1 || last == b'.').then_some(match lead.len() {
            1 => Cue::Label,
            _ => Cue::Title,
        });
    }
    if last != b'.' && LABELS.holds(lead) {
        return Some(if last == b':' { Cue::Form } else { Cue::Label });
    }
    if last == b':' && HEADINGS.holds(lead) {
        return Some(Cue::Label);
    }
    if GREETINGS.holds(lead) && is_capital && last == b' '
        || GREETINGS.holds(lead) && last != b'.' && last != b':'
    {
        return Some(if lead.eq_ignore_ascii_case(b"dear") { Cue::Title } else { Cue::Greeting });
    }
    if mark == 0 && JOINTS.holds(lead) && start == known + 1 {
        return Some(Cue::Label);
    }
    if mark == 0
        && let Some((_, heads)) = PHRASES.iter().find(|row| row.0.holds(lead))
    {
        let head = word_before(bytes, start.saturating_sub(1));
        return (heads.holds(head)).then_some(Cue::Label);
    }
    matches!(last, b'.' | b':').then_some(Cue::Clause)
}

/// Titles whose letters are not all of ASCII.
const LONG_TITLES: [&str; 5] = ["Señora", "Señor", "Señorita", "Fräulein", "Señoras"];

/// What introduces the first word of a line, by the line before; its escape begins at `end`.
fn line_cue(bytes: &[u8], mut end: usize) -> Cue {
    while end >= 2 && bytes[end - 2..end] == *b"\\n" {
        end -= 2;
    }
    let last = before(bytes, end);
    let mark = usize::from(matches!(last, b',' | b'!' | b':' | b'.'));
    let word = word_before(bytes, end - mark);
    match last {
        b':' if LABELS.holds(word) || HEADINGS.holds(word) => Cue::Label,
        b':' => Cue::Clause,
        _ if CLOSINGS.holds(word) || bytes[..end - mark].ends_with("Grüßen".as_bytes()) => Cue::Closing,
        _ => Cue::Clause,
    }
}

/// Where a name ends that is written as in a register: `DOE, JANE`, `Lee, Ann`, `JANE DOE`.
fn registered(bytes: &[u8], at: usize) -> Option<usize> {
    let part = |from: usize| {
        let part = word(bytes, from).filter(|word| word.letters >= 2 && bytes[from].is_ascii_uppercase())?;
        let text = &bytes[from..part.end];
        let is_shouted = text.iter().all(|byte| !byte.is_ascii_lowercase());
        (!NOUNS.holds(text) && (part.is_capital || is_shouted)).then_some((part.end, is_shouted))
    };
    let (first, is_shouted) = part(at)?;
    let comma = usize::from(byte(bytes, first) == b',');
    if comma == 0 && !is_shouted || byte(bytes, first + comma) != b' ' {
        return None;
    }
    let (end, is_other) = part(first + comma + 1)?;
    (is_shouted == is_other && !is_word(byte(bytes, end)) && byte(bytes, end) != b'_').then_some(end)
}

/// The words of a name that begins at `at`: its end, how many words, and how many of them are no initials.
fn name(bytes: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let (mut from, mut end, mut count, mut full) = (at, at, 0, 0);
    while count < NAME_WORDS_MAX {
        let Some(word) = word(bytes, from).filter(|word| word.is_capital) else { break };
        let text = &bytes[from..word.end];
        let is_title = count == 0 && full == 0 && TITLES.holds(text) && word.letters > 1;
        if NOUNS.holds(text) && !is_title {
            break;
        }
        count += usize::from(!is_title);
        full += usize::from(!is_title && word.letters > 1);
        let is_short = is_title || word.letters == 1;
        let dot = usize::from(is_short && byte(bytes, word.end) == b'.' && byte(bytes, word.end + 1) == b' ');
        if !is_title {
            end = word.end;
        }
        match next_word(bytes, word.end + dot) {
            Some(next) => from = next,
            None => break,
        }
    }
    (count > 0).then_some((end, count, full))
}

/// Where the next word of a name begins: after a blank, perhaps behind particles.
fn next_word(bytes: &[u8], at: usize) -> Option<usize> {
    let mut from = at;
    for _ in 0..4 {
        if byte(bytes, from) != b' ' {
            return None;
        }
        let next = word(bytes, from + 1)?;
        if next.is_capital {
            return Some(from + 1);
        }
        if !PARTICLES.holds(&bytes[from + 1..next.end]) {
            return None;
        }
        from = next.end;
    }
    None
}

/// Whether what follows a name at `end` says that it is one of a person.
fn acts(bytes: &[u8], end: usize, known: usize, at: usize) -> bool {
    let following = |from: usize| {
        let next = (byte(bytes, from) == b' ').then(|| word(bytes, from + 1)).flatten();
        next.map(|next| (&bytes[from + 1..next.end], next.end))
    };
    if has_mailbox(bytes, end) || has_age(bytes, end) {
        return true;
    }
    let Some((verb, past)) = following(end) else { return false };
    if DEEDS.holds(verb) || known > 0 && at - known < REACH && VERBS.holds(verb) {
        return true;
    }
    verb == b"called" && following(past).is_some_and(|(word, _)| CALLED.holds(word))
}

/// The name before the mailbox at `at`, where it stands in angle brackets: `Ann Lee <ann@example.com>`, `"Lee, Ann"
/// <ann@example.com>`. Source: RFC 5322, 3.4.
pub(super) fn owner(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = bytes[..at].strip_suffix(b"<")?;
    let head = head.strip_suffix(b" ").unwrap_or(head);
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\\');
    let quotes = head.iter().rev().take_while(|byte| is_quote(byte)).count();
    let head = &head[..head.len() - quotes];
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || b" .'-,".contains(byte);
    let length = head.iter().rev().take(64).take_while(|byte| is_part(byte)).count();
    let mut start = skip_escape(bytes, head.len() - length);
    // Behind a comma the next of a list begins, but within quotes the given name.
    if quotes == 0
        && let Some(comma) = memchr::memrchr(b',', &head[start.min(head.len())..])
    {
        start += comma + 1;
    }
    start += head.get(start..)?.iter().take_while(|byte| **byte == b' ').count();
    let (mut from, mut count) = (start, 0);
    while let Some(part) = word(bytes, from).filter(|part| part.end <= head.len()) {
        let text = &bytes[from..part.end];
        if NOUNS.holds(text) || !part.is_capital && !PARTICLES.holds(text) {
            return None;
        }
        count += usize::from(part.is_capital);
        from = part.end + head[part.end..].iter().take_while(|byte| b" .,".contains(byte)).count();
    }
    (from == head.len() && (2..=NAME_WORDS_MAX).contains(&count)).then_some(start..from)
}

/// Whether a mailbox in angle brackets follows: `Ann Lee <ann@example.com>`.
fn has_mailbox(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).and_then(|rest| rest.strip_prefix(b" <")).unwrap_or_default();
    let mailbox = rest.iter().take(64).position(|byte| matches!(byte, b'>' | b' ' | b'"')).unwrap_or(0);
    rest[..mailbox].contains(&b'@')
}

/// Whether an age follows, as nothing but people has it: `, 45,`, `, a 45-year-old`, ` (45F)`.
fn has_age(bytes: &[u8], end: usize) -> bool {
    let rest = bytes.get(end..).unwrap_or_default();
    let Some(rest) = rest.strip_prefix(b", a ").or(rest.strip_prefix(b", ")).or(rest.strip_prefix(b" ("))
    else {
        return false;
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let tail = &rest[digits..];
    let is_closed = matches!(
        tail,
        [b',', b' ', ..] | [b')', ..] | [b'F' | b'M' | b'f' | b'm' | b'y', b')' | b',' | b'o', ..]
    );
    (1..=3).contains(&digits) && (is_closed || tail.starts_with(b"-year") || tail.starts_with(b" year"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The people found in a text, one after the other, as the sweep calls.
    fn people(text: &str) -> Vec<&str> {
        let bytes = text.as_bytes();
        let (mut found, mut known) = (Vec::new(), 0);
        for at in 1..bytes.len() {
            let is_hook =
                bytes[at].is_ascii_uppercase() && (bytes[at - 1] == b' ' || at > 1 && bytes[at - 2] == b'\\');
            if is_hook
                && at >= known
                && let Some(span) = person(bytes, at, known)
            {
                known = span.end;
                found.push(&text[span]);
            }
        }
        found
    }

    #[test]
    fn finds_whom_something_introduces() {
        for (text, wanted) in [
            ("Dear Dr. Anna van der Berg, we", vec!["Dr. Anna van der Berg"]),
            ("to Herr Müller today", vec!["Müller"]),
            (r"to Herr M\u00fcller today", vec![r"M\u00fcller"]),
            ("Patient Ann O'Brien-Lee (DOB", vec!["Ann O'Brien-Lee"]),
            ("name: Ann J. Lee, 41", vec!["Ann J. Lee"]),
            ("I spoke with Ann Lee and Bob Roe yesterday", vec!["Ann Lee", "Bob Roe"]),
            ("spoke with Ann Lee; Bob Roe will send it", vec!["Ann Lee", "Bob Roe"]),
            ("Hi team, Ann Lee called about it", vec!["Ann Lee"]),
            ("Hello Ann, thanks", vec!["Ann"]),
            ("signed by Ann Lee on", vec!["Ann Lee"]),
            ("M. Jean Roe, Sr. Juan de la Cruz", vec!["Jean Roe", "Juan de la Cruz"]),
            (r"ok\nAnn Lee called about it", vec!["Ann Lee"]),
        ] {
            assert_eq!(people(text), wanted, "{text}");
        }
    }

    #[test]
    fn finds_whom_a_line_or_a_list_names() {
        for (text, wanted) in [
            ("Patient: DOE, JANE DOB", vec!["DOE, JANE"]),
            ("Patient: Lee, Ann (F)", vec!["Lee, Ann"]),
            ("From: Ann Lee, To: Bob Roe", vec!["Ann Lee", "Bob Roe"]),
            (r"x. Kind regards,\nAnn Lee\nAcme", vec!["Ann Lee"]),
            (r"x. Thanks!\n\nAnn\n", vec!["Ann"]),
            (r"Ship to:\nAnn Lee\n12", vec!["Ann Lee"]),
            ("x. Ann Lee, 45, presented", vec!["Ann Lee"]),
            ("x. Ann Lee (45F) fell", vec!["Ann Lee"]),
            ("the patient, Ann Lee, is", vec!["Ann Lee"]),
            ("invoice for Ann Lee", vec!["Ann Lee"]),
            ("a Señora Lee x", vec!["Lee"]),
        ] {
            assert_eq!(people(text), wanted, "{text}");
        }
        for text in [
            "From: Sales Team, To: Support",
            r"x. Kind regards,\nSupport\n",
            r"x. Steps:\nOpen Settings",
            "Patient: IN STOCK",
            "x. Release Notes, 45, page",
            "ready for New York",
        ] {
            assert_eq!(people(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn names_the_owner_of_a_mailbox() {
        for (text, wanted) in [
            ("\"Ann Lee <", Some("Ann Lee")),
            (r#""\"Lee, Ann\" <"#, Some("Lee, Ann")),
            ("\"Bob Roe <b@x.de>, Ann van der Lee <", Some("Ann van der Lee")),
            (r"x\nAnn Lee <", Some("Ann Lee")),
            ("\"Acme Support <", None),
            ("\"ann <", None),
            ("see <", None),
            ("<", None),
        ] {
            let found = owner(text.as_bytes(), text.len()).map(|span| &text[span]);
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn leaves_words_that_are_no_names() {
        for text in [
            "Patient Records and Patient Safety Report",
            "PATIENT ANN LEE",
            "Customer Service, Employee Handbook, Driver License",
            "see the Jordan River and Victoria Station pages",
            "Contact Support, Dear Customer, Hi Team,",
            "Hello World, the Apple Store is open",
            "Sr Software Engineer, Sr. Director",
            "file_name Ann Lee, user_name Ann Lee",
            "name=Ann Lee",
            "at 9 A.M. Monday Night",
            "updated. Apple Maps will follow",
            "HR Department, 12 ms Latency",
        ] {
            assert_eq!(people(text), Vec::<&str>::new(), "{text}");
        }
    }
}
