//! Values that the member beside them names: `{"name":"ssn","value":"…"}`.

use super::Detector;
use super::edges::{End, byte, skip_space};
use super::names::{Class, Tier};
use super::sweep::Sweep;
use super::walk::{Leaf, Token, past};

/// Bytes behind a value in which its name may stand.
const PAIR_BYTES_MAX: usize = 256;

/// Whether a member holds a value whose name stands beside it.
#[inline]
fn is_value(name: &[u8]) -> bool {
    matches!(name, b"value" | b"val" | b"values" | b"valor" | b"valeur" | b"wert")
}

/// Whether a member names the value beside it.
#[inline]
fn is_naming(name: &[u8]) -> bool {
    matches!(
        name,
        b"name"
            | b"key"
            | b"field"
            | b"label"
            | b"type"
            | b"system"
            | b"code"
            | b"attribute"
            | b"property"
            | b"question"
    )
}

impl Sweep<'_> {
    /// Looks whether the member `name` at `leaf` names the value beside it, or is named by its neighbour.
    #[inline]
    pub(super) fn pair(&mut self, name: &[u8], leaf: Leaf) {
        if is_naming(name) {
            if let Some((detector, tier)) = self.said(leaf) {
                self.named = Some((leaf, detector, tier));
            }
        } else if is_value(name) {
            let before =
                self.named.filter(|(from, ..)| from.level == leaf.level && self.is_level(*from, leaf.at));
            let found = before.map(|(_, detector, tier)| (detector, tier)).or_else(|| self.named_after(leaf));
            if let Some((detector, tier)) = found.filter(|(_, tier)| *tier != Tier::Beside) {
                self.classed(leaf, detector, tier);
            }
        }
    }

    /// What the string at `leaf` says as a name; of a URI its last part.
    fn said(&mut self, leaf: Leaf) -> Option<(Detector, Tier)> {
        let Some(Token::Content(start, End::Closed(end, _))) = self.token(leaf) else { return None };
        let content = self.bytes.get(start..end).filter(|content| content.len() <= 128)?;
        let part = content.iter().rposition(|byte| matches!(byte, b'/' | b'#' | b':')).map_or(0, |at| at + 1);
        match self.class(start + part..end) {
            Some(Class::Of(detector, tier)) => Some((detector, tier)),
            Some(Class::Harmless) | None => None,
        }
    }

    /// What the members behind the value at `leaf` name it.
    fn named_after(&mut self, leaf: Leaf) -> Option<(Detector, Tier)> {
        let (mut at, mut depth) = (leaf.at, 0_usize);
        while at - leaf.at < PAIR_BYTES_MAX {
            let token = self.token(Leaf { at, ..leaf })?;
            let next = skip_space(self.bytes, past(token, at));
            match token {
                Token::Open => depth += 1,
                Token::Close => depth = depth.checked_sub(1)?,
                Token::Content(start, End::Closed(end, _))
                    if depth == 0 && byte(self.bytes, next) == b':' =>
                {
                    if self.bytes.get(start..end).is_some_and(is_naming) {
                        let value = Leaf { at: skip_space(self.bytes, next + 1), ..leaf };
                        if let Some(said) = self.said(value) {
                            return Some(said);
                        }
                    }
                }
                Token::Bare(_) | Token::Content(..) | Token::Null(_) | Token::Part => {}
            }
            at = next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::super::tests::{check, everything};

    #[test]
    fn lets_a_neighbour_name_a_value() {
        let plan = everything(Action::Mask);
        for (text, wanted) in [
            (r#"{"name":"ssn","value":"123456780"}"#, r#"{"name":"ssn","value":"*********"}"#),
            (
                r#"[{"value":"hunter-2","name":"db_password"}]"#,
                r#"[{"value":"********","name":"db_password"}]"#,
            ),
            (
                r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"123456780"}"#,
                r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"*********"}"#,
            ),
            (r#"{"name":"qty","value":"123456780"}"#, r#"{"name":"qty","value":"123456780"}"#),
            (
                r#"[{"name":"ssn","value":null},{"value":"123456780"}]"#,
                r#"[{"name":"ssn","value":null},{"value":"123456780"}]"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
    }
}
