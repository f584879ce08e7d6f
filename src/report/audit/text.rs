//! A JSON line in the making: strings escaped and cut, numbers without a formatter.

use time::OffsetDateTime;

/// A growing piece of JSON text.
///
/// Everything that came from outside goes through [`Text::string`]. Besides what JSON asks for, that
/// escapes what a terminal or a line-based tool could take for a command or a line end.
#[derive(Debug)]
pub(super) struct Text(Vec<u8>);

const HEX: &[u8; 16] = b"0123456789abcdef";
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Text {
    /// Starts an empty text in the room that `buffer` has.
    pub(super) fn over(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self(buffer)
    }

    /// Goes on behind what `buffer` holds.
    pub(super) fn with(buffer: Vec<u8>) -> Self {
        Self(buffer)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds text of our own making as it is.
    pub(super) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Adds `,"key":"text"`, or nothing without a text.
    pub(super) fn member(&mut self, lead: &str, text: Option<&str>, bytes_max: usize) {
        if let Some(text) = text {
            self.raw(lead);
            self.string(text, bytes_max);
        }
    }

    /// Adds `text` as a JSON string of at most `bytes_max` bytes between its quotes; `…` stands for a rest
    /// that was cut.
    pub(super) fn string(&mut self, text: &str, bytes_max: usize) {
        self.0.push(b'"');
        if text.len() <= bytes_max && text.bytes().all(is_plain) {
            self.raw(text);
        } else {
            self.escaped(text, bytes_max);
        }
        self.0.push(b'"');
    }

    fn escaped(&mut self, text: &str, bytes_max: usize) {
        let end = self.0.len().saturating_add(bytes_max);
        for character in text.chars() {
            let before = self.0.len();
            self.character(character);
            if self.0.len() > end {
                self.0.truncate(before);
                return self.raw("…");
            }
        }
    }

    fn character(&mut self, character: char) {
        match character {
            '"' => self.raw("\\\""),
            '\\' => self.raw("\\\\"),
            '\n' => self.raw("\\n"),
            '\r' => self.raw("\\r"),
            '\t' => self.raw("\\t"),
            ' '..='~' => self.0.push(character as u8),
            _ if misleads(character) => {
                let mut units = [0; 2];
                character.encode_utf16(&mut units).iter().for_each(|&unit| self.unit(unit));
            }
            _ => {
                let mut utf8 = [0; 4];
                self.bytes(character.encode_utf8(&mut utf8).as_bytes());
            }
        }
    }

    fn unit(&mut self, unit: u16) {
        self.raw("\\u");
        self.hex(&unit.to_be_bytes());
    }

    /// Adds a JSON value that a strict parser has passed, its misleading characters escaped.
    pub(super) fn lexeme(&mut self, lexeme: &str) {
        for character in lexeme.chars() {
            match character {
                '"' | '\\' => self.0.push(character as u8),
                _ => self.character(character),
            }
        }
    }

    pub(super) fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.bytes(&digits[at..]);
    }

    pub(super) fn signed(&mut self, number: i64) {
        if number < 0 {
            self.0.push(b'-');
        }
        self.number(number.unsigned_abs());
    }

    pub(super) fn hex(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0.push(HEX[usize::from(byte >> 4)]);
            self.0.push(HEX[usize::from(byte & 15)]);
        }
    }

    /// Adds the octets of an IPv4 address, dotted.
    pub(super) fn octets(&mut self, octets: [u8; 4]) {
        for (index, octet) in octets.into_iter().enumerate() {
            if index > 0 {
                self.raw(".");
            }
            self.number(octet.into());
        }
    }

    /// Adds a ULID: 26 characters that sort like the number.
    pub(super) fn ulid(&mut self, id: u128) {
        for place in (0..26).rev() {
            self.0.push(CROCKFORD[(id >> (5 * place)) as usize & 31]);
        }
    }

    /// Adds a time as RFC 3339 with milliseconds, `2026-11-22T13:05:12.482Z`.
    pub(super) fn time(&mut self, unix_ms: u64) {
        let seconds = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
        let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        self.padded(u64::from(time.year().unsigned_abs()), 4);
        let parts = [
            ("-", u8::from(time.month())),
            ("-", time.day()),
            ("T", time.hour()),
            (":", time.minute()),
            (":", time.second()),
        ];
        for (lead, part) in parts {
            self.raw(lead);
            self.padded(part.into(), 2);
        }
        self.raw(".");
        self.padded(unix_ms % 1000, 3);
        self.raw("Z");
    }

    fn padded(&mut self, number: u64, digits: u32) {
        for place in (0..digits).rev() {
            self.0.push(b'0' + (number / 10_u64.pow(place) % 10) as u8);
        }
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Controls, line ends beyond ASCII, and what turns the direction of text or cannot be seen.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(character, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(make: impl FnOnce(&mut Text)) -> String {
        let mut text = Text::over(b"left over".to_vec());
        make(&mut text);
        String::from_utf8(text.into_bytes()).unwrap()
    }

    #[test]
    fn escapes_what_json_terminals_and_line_tools_act_on() {
        let cases = [
            ("plain text", r#""plain text""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\n\r\t\0\x1b[2J", r#""\n\r\t\u0000\u001b[2J""#),
            ("\x7f\u{85}\u{9b}\u{2028}", r#""\u007f\u0085\u009b\u2028""#),
            ("\u{202e}\u{e0041}", r#""\u202e\udb40\udc41""#),
            ("é 漢 😀", "\"é 漢 😀\""),
        ];
        for (text, wanted) in cases {
            let found = made(|line| line.string(text, 100));
            assert_eq!(found, wanted);
            assert_eq!(serde_json::from_str::<String>(&found).unwrap(), text);
        }
        assert_eq!(made(|line| line.lexeme("\"a\\u0041\u{2028}\"")), "\"a\\u0041\\u2028\"");
    }

    #[test]
    fn cuts_between_characters_and_never_inside_an_escape() {
        for (text, bytes_max, wanted) in [
            ("abc", 3, "\"abc\""),
            ("abcd", 3, "\"abc…\""),
            ("ab\n", 3, "\"ab…\""),
            ("ab\n", 4, "\"ab\\n\""),
            ("aé", 2, "\"a…\""),
            ("aé", 3, "\"aé\""),
            ("\0\0", 11, "\"\\u0000…\""),
        ] {
            assert_eq!(made(|line| line.string(text, bytes_max)), wanted);
        }
    }

    #[test]
    fn writes_numbers_times_and_ids() {
        let numbers = [0, 7, 10, 1234, u64::MAX];
        for number in numbers {
            assert_eq!(made(|line| line.number(number)), number.to_string());
        }
        for number in [0, -31001, i64::MIN, i64::MAX] {
            assert_eq!(made(|line| line.signed(number)), number.to_string());
        }
        assert_eq!(made(|line| line.time(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(made(|line| line.time(1_795_352_712_482)), "2026-11-22T13:05:12.482Z");
        assert_eq!(made(|line| line.ulid(0)), "0".repeat(26));
        assert_eq!(made(|line| line.ulid(u128::MAX)), format!("7{}", "Z".repeat(25)));
    }
}
