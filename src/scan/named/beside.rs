//! What stands around a value: whether its object is about a person, and whether its own key says that it
//! tells of nobody.
//!
//! A name that is trusted little, such as `name` or `city`, is trusted more beside a field that tells of a
//! person by itself. A form that proves little is not believed under a key such as `build` or `order`.

use super::folded::Folded;
use super::names::{Class, Tier};
use super::veto;
use super::walk::{Because, Leaf, Token, past};
use crate::bounds::SCAN_KEY_REACH_MAX;
use crate::scan::Detector;
use crate::scan::catalogue::Needs;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::sieve::tokens;
use crate::scan::spelling::edges::{self, End, byte, skip_space};

/// Bytes of an object that are looked at for a field that tells of a person.
const BESIDE_BYTES_MAX: usize = 2048;

/// Whether a value of this kind makes its object one about a person.
pub(in crate::scan) fn tells(detector: Detector) -> bool {
    use crate::scan::catalogue::Pack::{Gdpr, Hipaa, Pci};
    let is_host = detector == Detector::named("ipv4") || detector == Detector::MAC;
    let packs = detector.row().packs;
    !is_host && (packs.contains(&Hipaa) || packs.contains(&Gdpr) || packs.contains(&Pci))
}

impl Sweep<'_> {
    /// Takes the value at `leaf`, whose key has a class. Beside a field that tells of a person by itself, a
    /// name that is trusted less is trusted more.
    pub(in crate::scan) fn classed(&mut self, leaf: Leaf, detector: Detector, tier: Tier) {
        let count = self.hits.len();
        if tier == Tier::Beside {
            if self.is_beside(leaf) {
                self.value(leaf, Because::Class(detector, tier));
            }
            return;
        }
        self.value(leaf, Because::Class(detector, tier));
        let is_found = self.hits.len() > count;
        if tier == Tier::Strong {
            if is_found && tells(detector) {
                self.told = Some(leaf);
            }
        } else if !is_found && !detector.is_secret() && self.may_lift(leaf, detector) && self.is_beside(leaf)
        {
            self.value(leaf, Because::Class(detector, Tier::Beside));
        }
    }

    /// Whether the value at `leaf` is a scalar that would be taken beside a telling field.
    fn may_lift(&self, leaf: Leaf, detector: Detector) -> bool {
        let span = match self.token(leaf) {
            Some(Token::Bare(end)) if byte(self.bytes, leaf.at) < b':' => leaf.at..end,
            Some(Token::Content(start, End::Closed(end, _))) => start..end,
            _ => return false,
        };
        self.bytes.get(span).is_some_and(|content| !veto::is_harmless(detector, Tier::Beside, content))
    }

    /// Whether a value found by a form that proves little is the value of a field that tells of nobody:
    /// `"build":"10.4.2.88"`. What a checksum or a prefix proves is never quiet.
    pub(in crate::scan) fn is_quiet(&self, detector: Detector, span: &std::ops::Range<usize>) -> bool {
        const SURE: [Detector; 5] =
            [Detector::EMAIL, Detector::IBAN, Detector::PAN, Detector::TRACK, Detector::BITCOIN];
        const LOOSE: [&str; 3] = ["cn_resident_id", "es_dni", "sg_nric"];
        let row = detector.row();
        let is_loose = row.forms.iter().all(|form| form.needs == Needs::Words) || LOOSE.contains(&row.id);
        if !is_loose || SURE.contains(&detector) || detector.is_secret() {
            return false;
        }
        let bytes = self.bytes;
        let quote = span.start.checked_sub(1).filter(|at| bytes[*at] == b'"');
        let value = quote.map_or(span.start, |at| at.saturating_sub(edges::lead(edges::level(bytes, at))));
        let sign = edges::skip_space_back(bytes, value);
        let name = match edges::before(bytes, sign) {
            b':' => {
                let past = edges::skip_space_back(bytes, sign - 1);
                let Some(quote) = past.checked_sub(1).filter(|at| bytes[*at] == b'"') else { return false };
                let level = edges::level(bytes, quote);
                let end = quote.saturating_sub(edges::lead(level));
                edges::opening(bytes, quote, level, SCAN_KEY_REACH_MAX).map(|start| start..end)
            }
            b'=' => tokens::name_before(bytes, sign - 1).map(|start| start..sign - 1),
            _ => None,
        };
        let name = name.and_then(|name| bytes.get(name));
        name.is_some_and(|name| self.rules.fields.class(&Folded::new(name)) == Some(Class::Harmless))
    }

    /// Whether the object around the value at `leaf` has a field that tells of a person by itself: the last
    /// one before it, or any after it; looks a short way.
    fn is_beside(&self, leaf: Leaf) -> bool {
        self.told.is_some_and(|told| told.level == leaf.level && self.is_level(told, leaf.at))
            || self.tells_after(leaf)
    }

    /// Whether `to` stands in the same object as the value at `from`.
    pub(in crate::scan) fn is_level(&self, from: Leaf, to: usize) -> bool {
        if to < from.at || to - from.at > BESIDE_BYTES_MAX {
            return false;
        }
        let (mut at, mut depth) = (from.at, 0_usize);
        while at < to {
            let Some(token) = self.token(Leaf { at, ..from }) else { return false };
            match token {
                Token::Open => depth += 1,
                Token::Close if depth == 0 => return false,
                Token::Close => depth -= 1,
                Token::Bare(_) | Token::Content(..) | Token::Null(_) | Token::Part => {}
            }
            at = skip_space(self.bytes, past(token, at));
        }
        depth == 0
    }

    /// Whether a field that tells of a person follows in the object around the value at `leaf`.
    fn tells_after(&self, leaf: Leaf) -> bool {
        let (mut at, mut depth) = (leaf.at, 0_usize);
        while at - leaf.at < BESIDE_BYTES_MAX {
            let Some(token) = self.token(Leaf { at, ..leaf }) else { return false };
            let next = skip_space(self.bytes, past(token, at));
            match token {
                Token::Open => depth += 1,
                Token::Close if depth == 0 => return false,
                Token::Close => depth -= 1,
                Token::Content(start, End::Closed(end, _))
                    if depth == 0 && byte(self.bytes, next) == b':' =>
                {
                    let value = Leaf { at: skip_space(self.bytes, next + 1), ..leaf };
                    if self.is_telling(start..end, value) {
                        return true;
                    }
                }
                Token::Bare(_) | Token::Content(..) | Token::Null(_) | Token::Part => {}
            }
            at = next;
        }
        false
    }

    /// Whether a key tells of a person by itself, and its value is not harmless.
    fn is_telling(&self, key: std::ops::Range<usize>, value: Leaf) -> bool {
        let Some(key) = self.bytes.get(key) else { return false };
        if !self.rules.fields.may_be(key) {
            return false;
        }
        match self.rules.fields.class(&Folded::new(key)) {
            Some(Class::Of(detector, Tier::Strong)) => tells(detector) && self.may_lift(value, detector),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{check, rule};
    use crate::scan::{Action, Detector, Plan};

    fn plan() -> Plan {
        let all = Detector::ALL.iter().filter(|detector| **detector != Detector::FIELD);
        Plan::new(vec![rule("r", &all.copied().collect::<Vec<_>>(), &[], Action::Replace)]).unwrap()
    }

    #[test]
    fn trusts_a_weak_name_more_beside_one_that_tells_of_a_person() {
        let plan = plan();
        for (text, wanted) in [
            (r#"{"name":"Ann","dob":"1980-02-29"}"#, r#"{"name":"[NAME]","dob":"[DOB]"}"#),
            (
                r#"{"dob":"1980-02-29","x":{"y":[1]},"city":"Oslo"}"#,
                r#"{"dob":"[DOB]","x":{"y":[1]},"city":"[ADDRESS]"}"#,
            ),
            (
                r#"{"t":"{\"name\":\"Ann\",\"mrn\":\"A 1020304\"}"}"#,
                r#"{"t":"{\"name\":\"[NAME]\",\"mrn\":\"[MRN]\"}"}"#,
            ),
            (
                r#"{"name":[{"family":"Lee","given":["Ann"],"use":"Old"}]}"#,
                r#"{"name":[{"family":"[NAME]","given":["[NAME]"],"use":"Old"}]}"#,
            ),
            (
                r#"{"name":{"family":"Lee","given":["Ann"]}}"#,
                r#"{"name":{"family":"[NAME]","given":["[NAME]"]}}"#,
            ),
            (
                r#"{"patient":{"name":"Ann Lee","ward":"North Wing"}}"#,
                r#"{"patient":{"name":"[NAME]","ward":"North Wing"}}"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"{"name":"Ann","dob":null}"#,
            r#"{"name":"Ann","x":{"dob":null}}"#,
            r#"{"city":"Oslo","count":3}"#,
            r#"{"name":"payments-api","city":"open"}"#,
        ] {
            check(&plan, text, text);
        }
        check(&plan, r#"[{"dob":"1980-02-29"},{"name":"Ann"}]"#, r#"[{"dob":"[DOB]"},{"name":"Ann"}]"#);
        check(
            &plan,
            r#"{"name":"payments-api","dob":"1980-02-29"}"#,
            r#"{"name":"payments-api","dob":"[DOB]"}"#,
        );
    }

    #[test]
    fn believes_no_loose_form_under_a_name_that_tells_of_nobody() {
        let plan = plan();
        for text in [
            r#"{"build":"8.8.8.8","t":"{\"order_id\":\"202-555-0143\"}"}"#,
            r#"{"t":"build=8.8.8.8 sku=202-555-0143"}"#,
        ] {
            check(&plan, text, text);
        }
        check(&plan, r#"{"host":"8.8.8.8"}"#, r#"{"host":"[IP]"}"#);
        check(&plan, r#"{"order_id":"4111111111111111"}"#, r#"{"order_id":"[PAN]"}"#);
    }
}
