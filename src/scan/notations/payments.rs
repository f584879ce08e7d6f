//! Orders of payment and statements as banks exchange them: `:86:…?32Ann Lee`, `:59:/DE89…` and the lines below.
//!
//! A field begins a line with its tag between colons. What stands in a structured narrative is told by two digits
//! behind a question mark, or by a word between slashes; of a party the first line is the account, the next the name,
//! and what follows the address. Firms are parties too, so a name must look like one of a person.
//!
//! Source: SWIFT Standards MT, category 1 (fields 50a, 59a) and category 9 (field 86); Deutsche Kreditwirtschaft,
//! DFÜ-Abkommen, annex 3, 8.2 (the keys of field 86).

use std::ops::Range;

use super::notation::{Lines, Said, plain_end, trimmed};
use crate::scan::Detector;
use crate::scan::named::names::Tier;
use crate::scan::people::prose;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::byte;

/// Bytes of a field: six lines of 65, with room for escapes.
const FIELD_BYTES_MAX: usize = 1024;
/// Lines of a party.
const PARTY_LINES_MAX: usize = 6;

const ACCOUNT: Said = (Detector::named("bank_account"), Tier::Strong);

impl Sweep<'_> {
    /// Reads the field of a message of payments whose tag the colon at `at` opens, if it does.
    #[inline]
    pub(in crate::scan) fn payment(&mut self, at: usize) {
        let bytes = self.bytes;
        let is_line = matches!(&bytes[..at], [.., b'\\', b'n' | b'r'] | [.., b'"']);
        if !byte(bytes, at + 1).is_ascii_digit() || !is_line {
            return;
        }
        let Some([b':', tens, ones, option, rest @ ..]) = bytes.get(at..at + 6) else { return };
        let value = match (option, rest) {
            (b':', _) => at + 4,
            (b'A'..=b'Z', [b':', ..]) => at + 5,
            _ => return,
        };
        let field = value..field_end(bytes, value);
        match (tens, ones) {
            (b'8', b'6') => self.narrative(field),
            (b'5', b'0' | b'9') => self.party(field),
            _ => {}
        }
    }

    /// Takes what a narrative holds in parts.
    fn narrative(&mut self, field: Range<usize>) {
        let bytes = self.bytes;
        let key = |at: usize| match bytes[at..field.end] {
            [b'?', tens, ones, ..] if tens.is_ascii_digit() && ones.is_ascii_digit() => Some((tens, ones)),
            _ => None,
        };
        let next = |from: usize| (from..field.end).find(|at| key(*at).is_some());
        let mut at = next(field.start);
        while let Some(start) = at {
            at = next(start + 1);
            let part = start + 3..at.unwrap_or(field.end);
            match key(start) {
                Some((b'3', b'0')) => {
                    self.named_value((Detector::named("bic"), Tier::Strong), part);
                }
                Some((b'3', b'1')) => self.account(part),
                Some((b'3', b'2' | b'3')) => self.somebody(part),
                _ => {}
            }
        }
        if let Some(place) = memchr::memmem::find(&bytes[field.clone()], b"/NAME/") {
            let start = field.start + place + 6;
            let length = memchr::memchr(b'/', &bytes[start..field.end]).unwrap_or(field.end - start);
            self.somebody(start..start + length);
        }
    }

    /// Takes a party that has the name of a person, which may be in capitals: two words, and none that makes a firm.
    fn somebody(&mut self, span: Range<usize>) {
        let span = trimmed(self.bytes, span);
        let content = &self.bytes[span.clone()];
        if content.contains(&b' ') && !prose::is_thing(content) {
            self.named_value((Detector::PERSON, Tier::Beside), span);
        }
    }

    /// Takes an account, of whatever country.
    fn account(&mut self, span: Range<usize>) {
        let is_iban =
            matches!(self.bytes[span.clone()], [b'A'..=b'Z', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', ..]);
        let said = if is_iban { (Detector::IBAN, Tier::Strong) } else { ACCOUNT };
        self.named_value(said, span);
    }

    /// Takes the account, the name and the address of a party.
    fn party(&mut self, field: Range<usize>) {
        let bytes = self.bytes;
        let mut is_named = false;
        for line in Lines::new(bytes, field.start, field.end).take(PARTY_LINES_MAX) {
            match bytes[line.clone()] {
                [b'/', ..] => self.account(line.start + 1..line.end),
                [] => {}
                _ => {
                    // Of option F each line has a number: 1 and 2 are names and streets.
                    let lead = match bytes[line.clone()] {
                        [b'1'..=b'8', b'/', ..] => 2,
                        _ => 0,
                    };
                    let value = line.start + lead..line.end;
                    if is_named {
                        self.named_value((Detector::ADDRESS, Tier::Weak), value);
                    } else {
                        self.somebody(value);
                    }
                    is_named = true;
                }
            }
        }
    }
}

/// Where a field ends that begins at `from`: before the next tag or the end of the block, at the start of a line, or
/// before a quote.
fn field_end(bytes: &[u8], from: usize) -> usize {
    let end = plain_end(bytes, &(from..(from + FIELD_BYTES_MAX).min(bytes.len())));
    let mut last = from;
    for line in Lines::new(bytes, from, end) {
        if line.start > from && matches!(byte(bytes, line.start), b':' | b'-') {
            return last;
        }
        last = line.end;
    }
    end
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn reads_the_fields_of_payments() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (
                r#"{"t":":61:x\r\n:86:105?00SEPA?20EREF+40791429?30DEUTDEFF?31DE89370400440532013000?32Aro Quix\r\n:62F:C"}"#,
                r#"{"t":":61:x\r\n:86:105?00SEPA?20EREF+40791429?30[BIC]?31[IBAN]?32[NAME]\r\n:62F:C"}"#,
            ),
            (
                r#"["x\n:50K:/0532013000\nARO QUIX\nHOF 5 BERN\n:59:/x"]"#,
                r#"["x\n:50K:/[ACCOUNT]\n[NAME]\n[ADDRESS]\n:59:/x"]"#,
            ),
            (r#"["x\n:86:/TRTP/SEPA/NAME/Aro Quix/REMI/x"]"#, r#"["x\n:86:/TRTP/SEPA/NAME/[NAME]/REMI/x"]"#),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"["x\n:86:105?00SEPA?32Acme Logistics GmbH\n:20:x"]"#,
            r#"["at 12:86:105?32Aro Quix"]"#,
            r#"["x\n:61:105?32Aro Quix"]"#,
        ] {
            check(&plan, text, text);
        }
    }
}
