//! Values that stay although their field has a telling name, and in which something else is found.
//!
//! `"name":"ask ann@example.com about it"` is a sentence, and stays but for the mail. What is written over a
//! part may turn the rest into what the field is for, so that a second reading of the result would take
//! it: then the whole value is taken at once.

use std::ops::Range;

use super::Detector;
use super::named::names::Tier;
use super::named::veto;
use super::sieve::ground::Ground;
use super::sieve::sweep::{Form, Hit, Sweep};

/// A value that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spared {
    pub span: Range<usize>,
    /// What its field is for.
    pub detector: Detector,
    pub tier: Tier,
    pub form: Form,
    /// How many hits there were before those in it.
    pub hits: usize,
}

/// Bytes of a text within which hits may stand in any order.
const ORDER_BYTES: usize = 256;

/// How each action writes over a part of a text; a mask is as long as what it hides.
const STAND_INS: [&[u8]; 4] = [b"", b"[REDACTED]", b"EMAIL_1K0SSM9GSZNAPE", b"PII_SSN_4H7Q2M9XKTG"];

impl Spared {
    fn holds(&self, found: &Range<usize>) -> bool {
        self.span.start <= found.start && found.end <= self.span.end
    }
}

impl Sweep<'_> {
    /// Remembers a value that stays, until the next. What was found in it may have been found before: a
    /// block of the text is looked at by kinds of candidates.
    pub(super) fn spare(&mut self, spared: Spared) {
        let is_later = |hit: &&Hit| hit.span.start + ORDER_BYTES >= spared.span.start;
        let later = self.hits.iter().rev().take_while(is_later);
        let (mut count, mut is_doubtful) = (0, false);
        for hit in later {
            count += 1;
            is_doubtful |= spared.holds(&hit.span);
        }
        let spared = Spared { hits: self.hits.len() - count, ..spared };
        if is_doubtful {
            self.doubtful.push(spared);
        } else {
            self.spared = Some(spared);
        }
    }

    /// Notes that something was found: if it lies in the value that was to stay, that is judged again.
    #[inline]
    pub(super) fn doubt(&mut self, found: &Range<usize>) {
        if self.spared.as_ref().is_some_and(|spared| spared.holds(found)) {
            self.doubtful.extend(self.spared.take());
        }
    }

    /// Takes whole what would not stay once its parts are written over.
    pub(super) fn judge_again(&mut self) {
        for spared in std::mem::take(&mut self.doubtful) {
            let ground = Ground::of_field(spared.tier);
            let rules = self.rules.taking(spared.detector, ground);
            if rules != 0 && STAND_INS.iter().any(|stand_in| !self.stays(&spared, stand_in)) {
                self.hits.push(Hit {
                    span: spared.span,
                    detector: spared.detector,
                    rules,
                    form: spared.form,
                    ground,
                });
            }
        }
    }

    /// Whether a value is still harmless with `stand_in` in place of what was found in it.
    fn stays(&self, spared: &Spared, stand_in: &[u8]) -> bool {
        let mut content = Vec::with_capacity(spared.span.len() + stand_in.len());
        let mut at = spared.span.start;
        let hits =
            self.hits[spared.hits..].iter().take_while(|hit| hit.span.start < spared.span.end + ORDER_BYTES);
        let is_inside = |hit: &&Hit| at <= hit.span.start && hit.span.end <= spared.span.end;
        let mut parts: Vec<_> = hits.filter(is_inside).map(|hit| hit.span.clone()).collect();
        parts.sort_by_key(|part| part.start);
        for part in parts {
            content.extend_from_slice(self.bytes.get(at..part.start).unwrap_or_default());
            if part.start >= at && stand_in.is_empty() {
                content.extend(std::iter::repeat_n(b'*', part.len()));
            } else if part.start >= at {
                content.extend_from_slice(stand_in);
            }
            at = at.max(part.end);
        }
        content.extend_from_slice(self.bytes.get(at..spared.span.end).unwrap_or_default());
        veto::is_harmless(spared.detector, spared.tier, &content)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::super::tests::{check, everything};

    #[test]
    fn takes_whole_what_a_part_written_over_would_turn_into_more() {
        let mask = everything(Action::Mask);
        check(&mask, r#"{"token":"x-----BEGIN PRIVATE KEY-----"}"#, r#"{"token":"********"}"#);
        check(&mask, r#"{"mac":"h@c.de/25"}"#, r#"{"mac":"*@*.**/**"}"#);
        let text = r#"{"name":"ask ann@example.com about it"}"#;
        check(&mask, text, r#"{"name":"ask a***@example.com about it"}"#);
    }

    #[test]
    fn takes_whole_whatever_was_found_before_it() {
        let text = r#"{"customer_id":"0","patient":{"dob":"a@examp.com"}}"#;
        check(&everything(Action::Mask), text, r#"{"customer_id":"*","patient":{"dob":"*@*****.***"}}"#);
    }

    #[test]
    fn lets_a_word_name_one_value_only() {
        let mask = everything(Action::Mask);
        check(&mask, r#""Passport 027209 177319""#, r#""Passport ****** 177319""#);
        check(&mask, r#""dob 9800 -7937""#, r#""dob **** -7937""#);
        check(&mask, r#""dob 1980 4403707433282600""#, r#""dob **** ************2600""#);
        check(
            &mask,
            r#""**MRN:** 55988139, **Passport** 027209177""#,
            r#""**MRN:** ********, **Passport** *********""#,
        );
        let replace = everything(Action::Replace);
        check(&replace, r#""MRN 6558813 6558814""#, r#""MRN [MRN] 6558814""#);
    }

    #[test]
    fn drops_nothing_into_what_follows() {
        let drop = everything(Action::Drop);
        let text = r#"{"t":"{\"password\":\"x1\"pageToken\":1}"}"#;
        check(&drop, text, r#"{"t":"{\"password\":\"[REDACTED]\"pageToken\":1}"}"#);
        check(&drop, r#"{"t":"{\"password\":\"x1\"}"}"#, r#"{"t":"{\"password\":null}"}"#);
    }
}
