//! Characters that nobody sees, and two spellings of what looks the same.

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Why a text of the protocol may be taken for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Not in Unicode's composed form, NFC.
    Form,
    /// A control, a character without width, a mark that turns the direction of text, a tag.
    Unseen,
}

/// Checks that a text of the protocol reads as it looks. Source: rule S13 of the strict profile.
pub(super) fn check(text: &str) -> Result<(), Flaw> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_control()) { Err(Flaw::Unseen) } else { Ok(()) };
    }
    if text.chars().any(is_unseen) {
        return Err(Flaw::Unseen);
    }
    if is_nfc(text) { Ok(()) } else { Err(Flaw::Form) }
}

/// Whether nobody sees `c`: a control, no width, a mark that turns the direction of text, a tag.
///
/// The two selectors that people type, for a sign as text or as picture, do no harm.
pub fn is_unseen(c: char) -> bool {
    let is_separator = matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}');
    is_separator || is_ignorable(c) && !matches!(c, '\u{FE0E}' | '\u{FE0F}')
}

/// Controls, and what Unicode calls default-ignorable. Source: Unicode 17, DerivedCoreProperties.
fn is_ignorable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// The characters of a name as a reader may see them who does not look closely: what nobody sees, white
/// space at the ends and what joins words gone; compatibility forms as what they stand for; one case.
///
/// Source: rule S5 of the strict profile; Unicode, NFKC_Casefold.
pub(super) fn fold(name: &str) -> impl Iterator<Item = char> {
    let is_edge = |c: char| c.is_whitespace() || is_ignorable(c);
    let name = name.trim_matches(is_edge);
    // Nearly all names are ASCII, where all of it is one step.
    let (ascii, other) = if name.is_ascii() { (name, "") } else { ("", name) };
    let ascii = ascii.chars().map(|c| c.to_ascii_lowercase());
    let other = other.chars().filter(|c| !is_ignorable(*c)).nfkc().flat_map(caseless);
    ascii.chain(other).filter(|c| !is_ignorable(*c) && !is_joiner(*c))
}

fn is_joiner(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// A character in no case. By way of the capital, so that a long s and a final sigma are what they are.
fn caseless(c: char) -> impl Iterator<Item = char> {
    // Turkish readers know two more letters as `i`.
    let c = if matches!(c, '\u{130}' | '\u{131}') { 'i' } else { c };
    c.to_uppercase().flat_map(char::to_lowercase)
}
