//! Capitals in running text: which of them may begin the name of a person or of a street.
//!
//! There is one every few words, and nearly none begins either: it opens a sentence or names a thing. So each is
//! told by a few bytes before anything is read. What introduces a name ends right before it, in one of a few
//! words or signs; and behind most of these a name has two words, so that a small letter behind the first word
//! settles it. Or it begins the second word of a name that is known, and then the first stands right before it, with a
//! capital too. Only what is left is read (`prose`, `streets`). Says no where those two would find nothing, and never
//! where they would find something.

use super::words::{Key, Sieve};
use super::{prose, streets};
use crate::scan::Detector;
use crate::scan::sieve::candidates::Capital;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::byte;

/// Letters of the word before a capital that are looked at; as `words::word_before` has it.
const LEAD_MAX: usize = 20;

/// The words before a capital that may tell what it begins; most tell nothing.
static LEADS: Sieve = prose::CUES.and(&streets::FRONTS);
/// Those behind which one word may be enough.
static SURE_LEADS: Sieve = prose::SURE_CUES.and(&streets::FRONTS);
/// Those, and the small words between the words of a name.
static ALL_LEADS: Sieve = LEADS.with(&prose::PARTICLES);

/// What a capital may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// A name of somebody, or a street.
    Name,
    /// Nothing.
    Nothing,
    /// One word that is a street in itself, before its number.
    Street,
}

impl Sweep<'_> {
    /// Looks whether a capital begins a name or a street.
    #[inline]
    pub(in crate::scan) fn capital(&mut self, capital: Capital) {
        if !is_idle(self.bytes, capital) {
            self.led(capital);
        } else if is_compound(self.bytes, capital) {
            self.maybe(Detector::ADDRESS, || streets::compound(self.bytes, capital.at));
        }
    }

    /// Looks whether a capital behind a word that may lead to a name, or behind a sign, begins one.
    #[inline(never)]
    fn led(&mut self, capital: Capital) {
        let (bytes, at) = (self.bytes, capital.at);
        let lead = &Lead::new(bytes, capital, 0);
        let may = may_begin(bytes, capital, lead);
        if self.rules.by_detector(Detector::PERSON) != 0 && at >= self.person_until {
            let until = self.person_until;
            let told = if may == May::Name { prose::person(bytes, at, until) } else { None };
            let is_second = told.is_none() && may_be_second(bytes, capital, lead);
            let found = if is_second { prose::known(bytes, at, until) } else { told };
            if let Some(span) = found {
                self.person_until = span.end;
                self.part(Detector::PERSON, span);
            }
        }
        match may {
            May::Nothing => {}
            May::Street => self.maybe(Detector::ADDRESS, || streets::compound(bytes, at)),
            May::Name => self.maybe(Detector::ADDRESS, || streets::street(bytes, at)),
        }
    }
}

/// Whether the word before a capital is one of sentences that leads to nothing, nor begins a name of which the capital
/// begins the second word. So are most words, and these few bytes settle it.
#[inline]
fn is_idle(bytes: &[u8], capital: Capital) -> bool {
    let length = capital.lead(0);
    let Some((b' ', head)) = bytes.get(..capital.at).and_then(<[u8]>::split_last) else { return false };
    let Some((rest, word @ [first, ..])) = head.split_at_checked(head.len().wrapping_sub(length)) else {
        return false;
    };
    let key = Key::last(head, length);
    let is_apart = rest.last() == Some(&b' ') && length <= LEAD_MAX;
    if !is_apart || !head[head.len() - 1].is_ascii_lowercase() || ALL_LEADS.may_hold(key) {
        return false;
    }
    first.is_ascii_lowercase()
        || length > 1 && !prose::may_be_known((word, key), bytes, capital.at..capital.end)
}

/// The word before a capital.
#[derive(Clone, Copy)]
struct Lead<'t> {
    /// Its letters of ASCII, without the letter of an escape.
    word: &'t [u8],
    key: Key,
    /// The bytes before those letters; the last is the nearest.
    rest: &'t [u8],
}

impl<'t> Lead<'t> {
    /// The word that ends `gap` bytes before the blank before a capital.
    #[inline]
    fn new(bytes: &'t [u8], capital: Capital, gap: usize) -> Self {
        let head = bytes.get(..capital.at - (1 + gap)).unwrap_or_default();
        let length = capital.lead(gap).min(LEAD_MAX).min(head.len());
        let (rest, mut word) = head.split_at(head.len() - length);
        if rest.last() == Some(&b'\\') {
            word = word.get(1..).unwrap_or_default();
        }
        Self { word, key: Key::last(head, word.len()), rest }
    }

    /// Whether it has a letter that is not of ASCII before the others, or for its last.
    #[inline]
    fn is_foreign(&self) -> bool {
        let Some((last, head)) = self.rest.split_last() else { return false };
        let is_letter = |lead: &u8| !self.word.is_empty() || matches!(lead, 0xC3..=0xC9);
        *last >= 0x80 && head.last().is_some_and(is_letter)
    }

    /// Whether it is the last part of a double word.
    #[inline]
    fn is_part(&self) -> bool {
        matches!(self.rest, [.., b'-' | b'\''])
    }
}

/// Whether the word that a capital begins may be a street in itself, before its number.
#[inline]
fn is_compound(bytes: &[u8], Capital { at, end, .. }: Capital) -> bool {
    let sign = byte(bytes, end);
    let number = end + 1 + usize::from(sign == b'.');
    is_open(sign) || byte(bytes, number).is_ascii_digit() && end - at >= 4
}

/// What a capital may begin, by the bytes around it.
#[inline]
fn may_begin(bytes: &[u8], capital: Capital, lead: &Lead<'_>) -> May {
    if introduces(bytes, capital, lead) {
        May::Name
    } else if is_compound(bytes, capital) {
        May::Street
    } else {
        May::Nothing
    }
}

/// Whether what stands before a capital may introduce as many words as it begins.
#[inline]
fn introduces(bytes: &[u8], capital: Capital, lead: &Lead<'_>) -> bool {
    let Capital { at, end, .. } = capital;
    // Nothing stands before the first bytes of a message.
    let Some([.., third, second, last, gap]) = bytes.get(..at) else { return true };
    let sign = byte(bytes, end);
    if *gap != b' ' {
        // The first word of a line: alone if it is all of the line, or of the sentence.
        return matches!(sign, b'\\' | b'"' | b',' | b'.') || goes_on(bytes, capital);
    }
    // A street has its number before it: `12a Main street`, `Flat 6, Main street`.
    let may_go_on = || sign == b' ' || is_open(sign);
    match last {
        b'a'..=b'z' | b'A'..=b'Z' => {
            LEADS.may_hold(lead.key) && (SURE_LEADS.may_hold(lead.key) || goes_on(bytes, capital))
                || second.is_ascii_digit() && may_go_on()
                || lead.is_foreign()
        }
        b'0'..=b'9' => may_go_on(),
        // In the order of a register a comma follows.
        b'.' | b':' => {
            goes_on(bytes, capital) || *last == b':' && sign == b',' || {
                let lead = Lead::new(bytes, capital, 1 + usize::from(*second == b' '));
                SURE_LEADS.may_hold(lead.key) || lead.is_foreign()
            }
        }
        b',' => {
            second.is_ascii_alphanumeric() && may_go_on() && is_numbered(*third, *second)
                || goes_on(bytes, capital)
        }
        b';' | b'-' | b'\\' => goes_on(bytes, capital),
        0x80.. => lead.is_foreign(),
        _ => false,
    }
}

/// Whether a capital may begin the second word of a name that is known, by the word before it.
#[inline]
fn may_be_second(bytes: &[u8], capital: Capital, lead: &Lead<'_>) -> bool {
    let Capital { at, end, .. } = capital;
    let Some([.., third, second, last, b' ']) = bytes.get(..at) else { return false };
    match last {
        b'a'..=b'z' if second.is_ascii_lowercase() => match lead.word.first() {
            Some(b'A'..=b'Z') => {
                lead.is_foreign()
                    || lead.is_part() && prose::may_be_double(lead.word, &bytes[at..end])
                    || prose::may_be_known((lead.word, lead.key), bytes, at..end)
            }
            _ => lead.is_foreign() || prose::is_particle(lead.word),
        },
        b'A'..=b'Z' => {
            // In capitals, a name has them in both words.
            let is_shouted = second.is_ascii_uppercase() && third.is_ascii_uppercase();
            !is_shouted || !byte(bytes, at + 1).is_ascii_lowercase() || lead.is_foreign()
        }
        // Behind an initial.
        b'.' => {
            let lead = Lead::new(bytes, capital, 1);
            lead.word.len() == 1 || prose::is_particle(lead.word) || lead.is_foreign()
        }
        // In the order of a register the given name is the second.
        b',' => {
            is_open(byte(bytes, end))
                || prose::may_be_given(&bytes[at..end])
                || prose::is_particle(Lead::new(bytes, capital, 1).word)
        }
        0x80.. => lead.is_foreign(),
        _ => false,
    }
}

/// Whether a number ends in these two bytes, perhaps with a letter: `12`, `2a`.
fn is_numbered(second: u8, last: u8) -> bool {
    last.is_ascii_digit() || last.is_ascii_alphabetic() && second.is_ascii_digit()
}

/// Whether a word may go on behind its ASCII letters.
#[inline]
fn is_open(sign: u8) -> bool {
    matches!(sign, b'-' | b'\'' | b'\\' | 0x80..)
}

/// Whether another word of a name may follow the one that a capital begins.
#[inline]
fn goes_on(bytes: &[u8], Capital { at, end, .. }: Capital) -> bool {
    match byte(bytes, end) {
        b' ' => match byte(bytes, end + 1) {
            b'A'..=b'Z' | b'\\' | 0x80.. => true,
            b'a'..=b'z' => prose::begins_particle(bytes, end + 1),
            _ => false,
        },
        b'.' => byte(bytes, end + 1) == b' ' && (end - at == 1 || prose::is_title(&bytes[at..end])),
        // What is no escape of a letter ends the word.
        b'\\' => matches!(byte(bytes, end + 1), b'u' | b'\\'),
        sign => is_open(sign),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::scan::sieve::candidates::{Candidate, Wanted, each};

    /// What may begin at each capital of a text, and whether it does.
    fn capitals(text: &[u8]) -> Vec<(May, bool, bool)> {
        let mut found = Vec::new();
        let wanted = Wanted { capitals: true, ..Wanted::default() };
        let flow = each(text, wanted, |candidate| {
            if let Candidate::Capital(capital) = candidate {
                let at = capital.at;
                // Behind a person right before, a little before, and behind none.
                let people = [0, at.saturating_sub(5), at.saturating_sub(40)];
                let is_person = people.iter().any(|known| prose::person(text, at, *known).is_some());
                let street = streets::street(text, at);
                let compound = streets::compound(text, at);
                let lead = Lead::new(text, capital, 0);
                let may = match (is_idle(text, capital), is_compound(text, capital)) {
                    (false, _) => may_begin(text, capital, &lead),
                    (true, true) => May::Street,
                    (true, false) => May::Nothing,
                };
                found.push((may, is_person || street != compound, compound.is_some()));
                let is_short =
                    at > 3 && !text[at - 3].is_ascii_alphanumeric() && text[at - 2].is_ascii_lowercase();
                let is_known = !is_short && prose::known(text, at, 0).is_some();
                let may_be_known = !is_idle(text, capital) && may_be_second(text, capital, &lead);
                assert!(!is_known || may_be_known, "{}", String::from_utf8_lossy(text));
            }
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        found
    }

    /// What may stand before a capital, begin with one, and stand behind; parted by bars.
    const BEFORE: &str = concat!(
        r"Dr. |Dr |mr |M. |M |Patient |patient: |Patient: |name |Dear |hello |Hi, |signed by |by |",
        r"Ann Lee and |Regards,\n|Mrs\n|x.\nHerr |\n |x; |x. |x - |the patient, |12 |12a |Flat 6, |rue |ul. |",
        r"rue de la |a Señora |file_name |From:\n|n |at |Dr . |Officer : |Officer: |officer |user |Bill to\n|",
        r"Señor. |réunion: |née |signé |José |Ólaf |Lee, |J. |Anna van der |ANNA ",
    );
    const NAMES: &str = concat!(
        r"Ann|Lee|A|J. Lee|DOE|DOE, JANE|Lee, Ann|Anna van der Berg|O'Brien|Müller|M\u00fcller|Dr. Lee|",
        r"Main Street|Main street|Jean Roe|Hauptstrasse 5|Bahnhofstr. 12|Calle Mayor 5|Report|Main-Straat 7|",
        r"Ann Lee|Hauptstrasse|Anna Kowalski|Peter",
    );
    const BEHIND: &str = " called about it|, 45,| <ann@example.com>| went|.|\\n|\"|!|: x| 12| (45F)|";

    #[test]
    fn says_no_only_where_nothing_is() {
        let (mut found, mut others) = (0, 0);
        let names = || NAMES.split('|').flat_map(|name| BEHIND.split('|').map(move |behind| (name, behind)));
        for (before, (name, behind)) in
            BEFORE.split('|').flat_map(|before| names().map(move |name| (before, name)))
        {
            for lead in [0, 47] {
                let text = format!("{}{before}{name}{behind}", "x ".repeat(lead / 2));
                for (place, (may, is_name, is_compound)) in capitals(text.as_bytes()).into_iter().enumerate()
                {
                    assert!(may == May::Name || !is_name, "{text} {place}");
                    assert!(may != May::Nothing || !is_compound, "{text} {place}");
                    found += usize::from(is_name);
                    others += usize::from(may == May::Nothing);
                }
            }
        }
        assert!(found > 1000 && others > 1000, "{found} {others}");
    }

    #[test]
    fn reads_no_further_where_one_word_settles_it() {
        for (text, wanted) in [
            ("and The patient", May::Nothing),
            ("in Boston and", May::Nothing),
            ("for Boston and", May::Nothing),
            ("for Ann Lee", May::Name),
            ("dr. Lee went", May::Name),
            (". The patient", May::Nothing),
            (". Ann Lee went", May::Name),
            ("in Hauptstrasse 5", May::Street),
        ] {
            let all = capitals(format!("we said {text}").as_bytes());
            assert_eq!(all.first().map(|one| one.0), Some(wanted), "{text}");
        }
    }
}
