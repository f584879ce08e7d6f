//! What introduces a person: the word, the mark or the line before a capital.

use super::super::words::{Key, plain, word, word_before, word_start};
use super::lexicons::{
    CLOSINGS, CUES, GREETINGS, HEADINGS, HEADS, JOINTS, LABELS, LINES, LINKS, ROLES, SMALL, TITLES,
};
use crate::scan::spelling::edges::before;

/// How a person is introduced, and how much is asked of the words behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
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
    /// Two words, or a family name that is known.
    Role,
    /// Two words, which may stand in capitals or in the order of a register.
    Form,
}

/// What introduces the capital at `at`; `known` is where the last person before ended.
pub(super) fn cue(bytes: &[u8], at: usize, known: usize) -> Option<Cue> {
    let gap = at.checked_sub(1)?;
    if bytes[gap] != b' ' {
        return (before(bytes, gap) == b'\\').then(|| line_cue(bytes, gap - 1));
    }
    let last = before(bytes, gap);
    let mark = usize::from(matches!(last, b'.' | b':'));
    let end = gap - mark - usize::from(mark == 1 && before(bytes, gap - 1) == b' ');
    let mut buffer = [0; 48];
    let (lead, start) = lead(bytes, end, &mut buffer);
    if lead.is_empty() {
        let is_told = last == b',' && LABELS.holds(word_before(bytes, gap - 1));
        let is_title = || word(bytes, at).is_some_and(|first| TITLES.holds(&bytes[at..first.end]));
        let is_listed = last == b',' && known > 0 && gap == known + 1 && !is_title();
        let is_clause = matches!(last, b',' | b';' | b'.' | b'-' | b'\\');
        return if is_told || is_listed { Some(Cue::Label) } else { is_clause.then_some(Cue::Clause) };
    }
    if matches!(before(bytes, start), b'_' | b'/' | b'=' | b'@' | b'0'..=b'9') {
        return None;
    }
    if !CUES.may_hold(Key::of(lead)) {
        return matches!(last, b'.' | b':').then_some(Cue::Clause);
    }
    let first = word(bytes, start).is_some_and(|word| word.is_capital);
    titled(lead, first, last, before(bytes, start)).or_else(|| {
        let head = || {
            let end = start.saturating_sub(1);
            let mut buffer = [0; 48];
            let (head, _) = self::lead(bytes, end, &mut buffer);
            HEADS.holds(head)
        };
        match () {
            () if last != b'.' && LABELS.holds(lead) => {
                Some(if last == b':' { Cue::Form } else { Cue::Label })
            }
            () if last == b' ' && !first && SMALL.holds(lead) => Some(Cue::Label),
            () if last != b'.' && ROLES.holds(lead) => Some(Cue::Role),
            () if last == b':' && HEADINGS.holds(lead) => Some(Cue::Label),
            () if GREETINGS.holds(lead) && (first && last == b' ' || last != b'.' && last != b':') => {
                Some(if lead.eq_ignore_ascii_case(b"dear") { Cue::Title } else { Cue::Greeting })
            }
            () if mark == 0 && JOINTS.holds(lead) && start == known + 1 => Some(Cue::Label),
            () if mark == 0 && LINKS.holds(lead) && head() => Some(Cue::Label),
            () => matches!(last, b'.' | b':').then_some(Cue::Clause),
        }
    })
}

/// The word that ends at `end`, as lexicons have theirs, and where it begins.
fn lead<'w>(bytes: &'w [u8], end: usize, buffer: &'w mut [u8; 48]) -> (&'w [u8], usize) {
    let lead = word_before(bytes, end);
    let start = end - lead.len();
    if before(bytes, start) < 0x80 {
        return (lead, start);
    }
    let start = word_start(bytes, end);
    (plain(&bytes[start..end], buffer).unwrap_or_default(), start)
}

/// Whether the word `lead` is a title, with the mark `last` behind it and `front` before it.
fn titled(lead: &[u8], is_capital: bool, last: u8, front: u8) -> Option<Cue> {
    if !TITLES.holds(lead) || last == b':' || front == b'.' {
        return None;
    }
    if is_capital || lead.len() == 1 && lead[0].is_ascii_uppercase() {
        return (lead.len() > 1 || last == b'.').then_some(if lead.len() == 1 {
            Cue::Label
        } else {
            Cue::Title
        });
    }
    // Written small, only those of a language that does so, or shortened with a dot.
    static LOWER: super::super::words::Lexicon = super::super::words::Lexicon::new(
        "senora senor senorita senhora senhor signora signore signor sig dott mevrouw meneer heer pani panu panem \
         panie madame monsieur mme herr herrn frau fru dna dr prof",
    );
    static DOTTED: super::super::words::Lexicon =
        super::super::words::Lexicon::new("med lek mgr inz dipl dent habil mr mrs ms");
    (LOWER.holds(lead) || last == b'.' && DOTTED.holds(lead)).then_some(Cue::Title)
}

/// What introduces the first word of a line, by the line before; its escape begins at `end`.
fn line_cue(bytes: &[u8], mut end: usize) -> Cue {
    while end >= 2 && matches!(bytes[end - 2..end], [b'\\', b'n' | b'r']) {
        end -= 2;
    }
    let last = before(bytes, end);
    let mark = usize::from(matches!(last, b',' | b'!' | b':' | b'.'));
    let mut buffer = [0; 48];
    let (word, start) = lead(bytes, end - mark, &mut buffer);
    match last {
        b':' if LABELS.holds(word) || HEADINGS.holds(word) => Cue::Label,
        b':' => Cue::Clause,
        // Below the dashes of a signature. Source: RFC 3676, 4.3.
        b' ' if bytes[..end].ends_with(b"\\n-- ") => Cue::Label,
        _ if CLOSINGS.holds(word) => Cue::Closing,
        // The head of a form: `BILL TO`, and the person below.
        _ if mark == 0 && LINES.holds(word) && HEADS.holds(word_before(bytes, start.saturating_sub(1))) => {
            Cue::Label
        }
        _ => Cue::Clause,
    }
}
