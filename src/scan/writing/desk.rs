//! What surrogates hang on beside the value: who keeps it, for whom, and what was given back before.

use std::borrow::Cow;
use std::ops::Range;

use super::pseudonym::PseudonymKey;
use super::{generalise, write};
use crate::json;
use crate::names::Now;
use crate::scan::echo::Echo;
use crate::scan::people::told::Told;
use crate::scan::rules::Asked;
use crate::scan::sieve::sweep::Form;
use crate::scan::vault::{Deposit, Reading, Scope, Token, Vault, WORD_BYTES_MAX, Written};
use crate::scan::{Action, Detector};

/// Where a message stands for a scan. With nothing in it, what cannot be kept or named is replaced.
#[derive(Debug, Clone, Copy, Default)]
pub struct Desk<'a> {
    /// Where tokens come from.
    pub drawer: Option<Drawer<'a>>,
    /// To whose tenant pseudonyms are said, empty for one without; `None` where that is not known.
    pub tenant: Option<&'a str>,
    /// The tool whose answer it is; `None` where it is no tool's.
    pub origin: Option<&'a str>,
    /// What was given back to the server in this conversation.
    pub echoes: &'a [Echo],
    /// What a model saw in the message; `None` where none has read it.
    pub told: Option<&'a Told>,
}

/// The drawer of one conversation, now.
#[derive(Debug, Clone, Copy)]
pub struct Drawer<'a> {
    /// The vault that it is in.
    pub vault: &'a Vault,
    /// Which it is.
    pub scope: Scope,
    /// The time of the message.
    pub now: Now,
}

/// What a hit covers: in the spelling that was swept, and as it came.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Spelling<'t> {
    pub plain: &'t [u8],
    pub raw: &'t [u8],
}

/// A desk, and the key of the policy.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Surrogates<'a> {
    pub desk: &'a Desk<'a>,
    pub key: Option<&'a PseudonymKey>,
}

impl Surrogates<'_> {
    /// The text that a rule wants over `content`; the typed placeholder where it cannot have that.
    pub(in crate::scan) fn text(
        &self,
        asked: &Asked,
        detector: Detector,
        spelling: Spelling<'_>,
        form: Form,
    ) -> String {
        let content = spelling.plain;
        let found = match asked.action {
            Action::Generalise => generalise::coarser(detector, content, form),
            Action::Pseudonym => {
                self.pseudonym(detector, content, form).map(|name| write::placed(&name, form))
            }
            Action::Tokenize => {
                self.token(asked, detector, spelling, form).map(|token| write::placed(&token, form))
            }
            Action::Block | Action::Drop | Action::Mask | Action::Replace => {
                return write::over(detector, asked.action, asked.keep_last, content, form);
            }
        };
        found.unwrap_or_else(|| write::over(detector, Action::Replace, None, content, form))
    }

    /// A token for `content`; `None` where it cannot be kept, or not be read back exactly.
    pub(in crate::scan) fn token(
        &self,
        asked: &Asked,
        detector: Detector,
        spelling: Spelling<'_>,
        form: Form,
    ) -> Option<String> {
        let Drawer { vault, scope, now } = self.desk.drawer?;
        if detector.is_card() && !asked.allow_pan {
            return None;
        }
        let (value, form) = exact(spelling, form)?;
        let (rule, origin) = (&asked.id, self.desk.origin);
        let token = vault.mint(scope, Deposit { detector, rule, origin, value: &value, form }, now)?;
        Some(token.to_string())
    }

    fn pseudonym(&self, detector: Detector, content: &[u8], form: Form) -> Option<String> {
        let (key, tenant) = (self.key?, self.desk.tenant?);
        let (value, _) = exact(Spelling { plain: content, raw: content }, form)?;
        Some(key.name(detector, tenant, &value))
    }

    /// Whether what stands at a place is a token or a pseudonym already, or a part of one.
    pub(in crate::scan) fn made(&self, bytes: &[u8], span: Range<usize>) -> bool {
        let is_made = |word: &[u8]| {
            let word = std::str::from_utf8(word).unwrap_or_default();
            matches!(Token::read(word), Some(Reading::Whole(_))) || self.key.is_some_and(|key| key.made(word))
        };
        // Signs around it are no part of a value.
        let content = bytes.get(span.clone()).unwrap_or_default();
        let Some(first) = content.iter().position(is_part) else { return false };
        let last = content.iter().rposition(is_part).unwrap_or(first);
        let span = span.start + first..span.start + last + 1;
        let mut starts = starts(bytes, span.start);
        starts.any(|start| ends(bytes, span.end).any(|end| bytes.get(start..end).is_some_and(is_made)))
    }
}

/// Where a surrogate may begin that reaches to `at`: behind the next few underscores, and at the edge.
fn starts(bytes: &[u8], at: usize) -> impl Iterator<Item = usize> {
    let floor = at.saturating_sub(WORD_BYTES_MAX);
    let is_edge = move |at: &usize| at.checked_sub(1).is_none_or(|at| !bytes[at].is_ascii_alphanumeric());
    let is_inside = move |from: &usize| bytes[*from..at].iter().all(is_part);
    (floor..=at.min(bytes.len())).rev().take_while(is_inside).filter(is_edge).take(UNDERSCORES_MAX)
}

/// Where it may end: before the next few underscores, and at the edge.
fn ends(bytes: &[u8], at: usize) -> impl Iterator<Item = usize> {
    let ceiling = (at + WORD_BYTES_MAX).min(bytes.len());
    let is_edge = move |at: &usize| bytes.get(*at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let is_inside = move |end: &usize| bytes[at..*end].iter().all(is_part);
    (at..=ceiling).take_while(is_inside).filter(is_edge).take(UNDERSCORES_MAX)
}

fn is_part(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// Underscores of the longest token: two of its own, and those in its type.
const UNDERSCORES_MAX: usize = 6;

/// The value that is spelled by a text as it came, and how it stands; `None` where it cannot be told exactly.
fn exact(spelling: Spelling<'_>, form: Form) -> Option<(Cow<'_, str>, Written)> {
    let raw = std::str::from_utf8(spelling.raw).ok()?;
    Some(match form {
        Form::Bare(_) => (Cow::Borrowed(raw), Written::Number),
        // What goes on elsewhere is no value that could be given back.
        Form::Piece => return None,
        // At which depth a part stands is not known, and without a backslash it does not matter.
        Form::Part if !raw.contains('\\') => (Cow::Borrowed(raw), Written::Text),
        Form::Part => {
            let plain = std::str::from_utf8(spelling.plain).ok()?;
            let is_plain = |levels: &u32| decoded(raw, *levels) == plain;
            (1..=DEPTHS_MAX).find(is_plain).map(|_| (Cow::Borrowed(plain), Written::Text))?
        }
        Form::Whole(level) => (decoded(raw, level), Written::Text),
    })
}

/// Depths of JSON in strings at which a part of a text is looked for.
const DEPTHS_MAX: u32 = 3;

/// The text whose JSON strings in strings are `raw`, so many levels deep.
fn decoded(raw: &str, levels: u32) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(raw);
    for _ in 0..levels {
        if !text.contains('\\') {
            break;
        }
        text = Cow::Owned(json::decode(&text).into_owned());
    }
    text
}

#[cfg(test)]
mod tests;
