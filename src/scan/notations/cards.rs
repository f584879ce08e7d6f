//! Cards and calendars: `FN:Ann Lee`, `ADR;TYPE=home:;;Main St 5;Bern;;3000;CH`, `ATTENDEE;CN="Ann Lee":mailto:…`.
//!
//! `BEGIN:V…` leads here; the lines up to the end of the text are read by the names of their properties. Of a name and
//! an address each component is a value. The card of an organisation names nobody, nor does the attendee that is a room.
//!
//! Source: RFC 6350, 6.2 (names), 6.3 (addresses), 6.1.4 (KIND); RFC 5545, 3.8.4 (attendees), 3.2.2 (CN), 3.2.3
//! (CUTYPE); lines that are folded, RFC 6350, 3.2.

use std::ops::Range;

use super::notation::{Lines, Said, plain_end};
use crate::scan::Detector;
use crate::scan::named::names::Tier;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{byte, slashes};

/// Bytes of a line that are read.
const LINE_BYTES_MAX: usize = 1024;
/// Bytes of one card or calendar.
const CARD_BYTES_MAX: usize = 1 << 20;

/// What a property holds.
#[derive(Debug, Clone, Copy)]
enum Property {
    /// Components, of which these hold what is said; parted by semicolons.
    Parts(Said, &'static [usize]),
    /// One value.
    Whole(Said),
    /// Somebody, by the parameter `CN`.
    Attendee,
    /// What the card is about.
    Kind,
}

/// What the properties of cards and calendars hold that tells of a person.
const PROPERTIES: [(&[u8], Property); 15] = [
    (b"FN", Property::Whole(strong("person_name"))),
    (b"N", Property::Parts(strong("person_name"), &[0, 1, 2])),
    (b"NICKNAME", Property::Whole(strong("person_name"))),
    (b"X-PHONETIC-FIRST-NAME", Property::Whole(strong("person_name"))),
    (b"X-PHONETIC-LAST-NAME", Property::Whole(strong("person_name"))),
    (b"X-MAIDENNAME", Property::Whole(strong("person_name"))),
    (b"ADR", Property::Parts(strong("address"), &[0, 1, 2, 3, 5])),
    (b"LABEL", Property::Whole(strong("address"))),
    (b"TEL", Property::Whole(strong("phone"))),
    (b"BDAY", Property::Whole(strong("dob"))),
    (b"DEATHDATE", Property::Whole(strong("dob"))),
    (b"GEO", Property::Whole(strong("geo"))),
    (b"KIND", Property::Kind),
    (b"ATTENDEE", Property::Attendee),
    (b"ORGANIZER", Property::Attendee),
];

const fn strong(id: &str) -> Said {
    (Detector::named(id), Tier::Strong)
}

impl Sweep<'_> {
    /// Reads the card or calendar whose `BEGIN` ends before the colon at `at`, if it does.
    #[inline]
    pub(in crate::scan) fn card(&mut self, at: usize) {
        let bytes = self.bytes;
        let is_card = |kind: &&[u8]| bytes[at + 1..].starts_with(kind);
        let kinds: [&[u8]; 2] = [b"VCARD", b"VCALENDAR"];
        if byte(bytes, at + 1) == b'V'
            && at >= self.cards_until
            && bytes[..at].ends_with(b"BEGIN")
            && kinds.iter().any(is_card)
        {
            self.content_lines(at + 1);
        }
    }

    fn content_lines(&mut self, at: usize) {
        let bytes = self.bytes;
        let mut is_person = true;
        let mut last = None;
        let mut lines = Lines::new(bytes, at, (at + CARD_BYTES_MAX).min(bytes.len()));
        lines.next();
        for line in lines {
            self.cards_until = line.end;
            // A line that begins with a blank goes on with the one before.
            if matches!(byte(bytes, line.start), b' ' | b'\t') {
                if let Some(said) = last {
                    self.named_value(said, line.start..plain_end(bytes, &line));
                }
                continue;
            }
            let Some((name, parameters, value)) = parts(bytes, line) else { return };
            last = None;
            let text = &bytes[name];
            if text == b"END" && bytes[value.clone()].starts_with(b"VC") || text == b"BEGIN" {
                is_person = true;
                if bytes[value].starts_with(b"VCA") {
                    return;
                }
                continue;
            }
            let Some((_, property)) = PROPERTIES.iter().find(|row| row.0.eq_ignore_ascii_case(text)) else {
                continue;
            };
            match *property {
                Property::Kind => is_person = bytes[value].eq_ignore_ascii_case(b"individual"),
                Property::Attendee => self.attendee(parameters),
                Property::Whole((Detector::PERSON, _)) | Property::Parts((Detector::PERSON, _), _)
                    if !is_person => {}
                Property::Whole(said) => {
                    self.named_value(said, behind_scheme(bytes, value));
                    last = Some(said);
                }
                Property::Parts(said, places) => {
                    self.components(said, places, value);
                    last = (said.0 == Detector::ADDRESS).then_some(said);
                }
            }
        }
    }

    /// Takes the components at these places of a value in parts.
    fn components(&mut self, said: Said, places: &[usize], value: Range<usize>) {
        let bytes = self.bytes;
        let (mut place, mut from) = (0, value.start);
        for at in value.clone() {
            let is_mark = bytes[at] == b';' && bytes[at - 1] != b'\\';
            if !is_mark && at + 1 < value.end {
                continue;
            }
            let end = if is_mark { at } else { value.end };
            if places.contains(&place) {
                self.named_value(said, from..end);
            }
            place += 1;
            from = at + 1;
        }
    }

    /// Takes the name of an attendee, who may be a room.
    fn attendee(&mut self, parameters: Range<usize>) {
        let bytes = self.bytes;
        let text = bytes[parameters.clone()].to_ascii_uppercase();
        let holds = |what: &[u8]| memchr::memmem::find(&text, what);
        if [b"CUTYPE=ROOM".as_slice(), b"CUTYPE=RESOURCE", b"CUTYPE=GROUP"]
            .iter()
            .any(|kind| holds(kind).is_some())
        {
            return;
        }
        let Some(place) = holds(b";CN=") else { return };
        let start = parameters.start + place + 4;
        let quotes = bytes[start..parameters.end].iter().take_while(|byte| matches!(byte, b'"' | b'\\'));
        let is_quoted =
            byte(bytes, start) == b'"' || byte(bytes, start) == b'\\' && byte(bytes, start + 1) != b'u';
        let start = start + if is_quoted { quotes.count() } else { 0 };
        let rest = &bytes[start..parameters.end];
        let is_end = |byte: &u8| if is_quoted { *byte == b'"' } else { *byte == b';' };
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        // A mailbox in place of a name is found by its form.
        if !rest[..length].contains(&b'@') {
            self.named_value(strong("person_name"), start..start + length - slashes(rest, length));
        }
    }
}

/// The name of a content line, what stands from there to its colon, and its value; `None` for what is no such line.
fn parts(bytes: &[u8], line: Range<usize>) -> Option<(Range<usize>, Range<usize>, Range<usize>)> {
    let text = bytes.get(line.start..line.end.min(line.start + LINE_BYTES_MAX))?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let length = text.iter().take_while(|byte| is_name(byte)).count();
    let group = memchr::memrchr(b'.', &text[..length]).map_or(0, |dot| dot + 1);
    let mut is_quoted = false;
    let mut colon = length;
    while let Some(byte) = text.get(colon) {
        match byte {
            b'"' => is_quoted ^= true,
            b':' if !is_quoted => break,
            _ => {}
        }
        colon += 1;
    }
    if length == 0 || !matches!(text.get(length)?, b':' | b';') || text.get(colon) != Some(&b':') {
        return None;
    }
    let value = line.start + colon + 1;
    let name = line.start + group..line.start + length;
    Some((name, line.start + length..line.start + colon, value..plain_end(bytes, &(value..line.end))))
}

/// A value behind the scheme of a URI: `tel:+1…`.
fn behind_scheme(bytes: &[u8], value: Range<usize>) -> Range<usize> {
    let schemes: [&[u8]; 3] = [b"tel:", b"geo:", b"sms:"];
    let length = schemes
        .iter()
        .find(|scheme| bytes[value.clone()].starts_with(scheme))
        .map_or(0, |scheme| scheme.len());
    value.start + length..value.end
}

#[cfg(test)]
mod tests {
    use crate::scan::Action;
    use crate::scan::tests::{check, everything};

    #[test]
    fn reads_the_properties_of_a_card() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (
                r#"{"t":"BEGIN:VCARD\r\nFN:Aro Quix\r\nN:Quix;Aro;;;\r\nORG:Acme\r\nitem1.ADR;TYPE=home:;;Hof 5;Bern;;3000;CH\r\nBDAY:19800229\r\nEND:VCARD"}"#,
                r#"{"t":"BEGIN:VCARD\r\nFN:[NAME]\r\nN:[NAME];[NAME];;;\r\nORG:Acme\r\nitem1.ADR;TYPE=home:;;[ADDRESS];[ADDRESS];;[ADDRESS];CH\r\nBDAY:[DOB]\r\nEND:VCARD"}"#,
            ),
            (
                r#"{"t":"{\"v\":\"BEGIN:VCARD\\nFN:Aro\\\\, Quix\\nTEL:tel:202 555 0143\\nEND:VCARD\"}"}"#,
                r#"{"t":"{\"v\":\"BEGIN:VCARD\\nFN:[NAME]\\nTEL:tel:[PHONE]\\nEND:VCARD\"}"}"#,
            ),
            (
                r#"["BEGIN:VCARD\nN:Quix\n zot;Aro\nFN:Aro"]"#,
                r#"["BEGIN:VCARD\nN:[NAME]\n zot;Aro\nFN:[NAME]"]"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
        for text in [
            r#"["BEGIN:VCARD\nKIND:org\nFN:Acme Works\nORG:Acme\nEND:VCARD"]"#,
            r#"["BEGIN:VERSE\nFN:Aro Quix\nN:Quix;Aro"]"#,
            r#"["FN:Aro Quix\nN:Quix;Aro"]"#,
            r#"["BEGIN:VCARD","FN:Aro Quix"]"#,
        ] {
            check(&plan, text, text);
        }
    }

    #[test]
    fn reads_who_attends() {
        let plan = everything(Action::Replace);
        for (text, wanted) in [
            (
                r#"{"t":"BEGIN:VCALENDAR\r\nORGANIZER;CN=Zoé Quix:mailto:z@example.com\r\nATTENDEE;CN=\"Aro Quix\";PARTSTAT=X:mailto:a@example.com"}"#,
                r#"{"t":"BEGIN:VCALENDAR\r\nORGANIZER;CN=[NAME]:mailto:[EMAIL]\r\nATTENDEE;CN=\"[NAME]\";PARTSTAT=X:mailto:[EMAIL]"}"#,
            ),
            (
                r#"["BEGIN:VCALENDAR\nATTENDEE;CUTYPE=ROOM;CN=Orion:urn:x\nATTENDEE;CN=Orion:urn:x"]"#,
                r#"["BEGIN:VCALENDAR\nATTENDEE;CUTYPE=ROOM;CN=Orion:urn:x\nATTENDEE;CN=[NAME]:urn:x"]"#,
            ),
        ] {
            check(&plan, text, wanted);
        }
    }
}
