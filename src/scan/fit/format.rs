//! Formats of strings: whether a text is in one, and texts in it that are nobody's.
//!
//! Narrower than the standards: a text passes only where every validator would pass it.
//!
//! Source: JSON Schema 2020-12, validation 7.3; RFC 2606 and RFC 6761 for `.invalid`; RFC 5737 and RFC 3849
//! for addresses; RFC 9562 for version 8 of UUIDs.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::mold::Ruling;

/// A format of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Base64, as OpenAPI has it.
    Byte,
    /// A day: `1980-05-17`.
    Date,
    /// A day and a time with its zone.
    DateTime,
    /// An e-mail address.
    Email,
    /// A name of a host.
    Hostname,
    /// An address of version 4.
    Ipv4,
    /// An address of version 6.
    Ipv6,
    /// What this gate knows no text for.
    Other,
    /// A time with its zone.
    Time,
    /// A URI, or a URL.
    Uri,
    /// A UUID.
    Uuid,
}

/// The domain of everything written here. Nobody can have it.
const DOMAIN: &str = "redacted.invalid";
/// How a UUID of ours begins.
const UUID_HEAD: &str = "00000000-0000-8000-8000-";
/// Bytes of a name that is put into an address.
const STEM_BYTES_MAX: usize = 48;

impl Format {
    /// The format called `name`; `None` for words that no validator asks anything by.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "byte" => Self::Byte,
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            "email" | "idn-email" => Self::Email,
            "hostname" | "idn-hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "time" => Self::Time,
            "iri" | "iri-reference" | "uri" | "uri-reference" | "url" => Self::Uri,
            "uuid" => Self::Uuid,
            "binary" | "password" | "double" | "float" | "int32" | "int64" => return None,
            _ => Self::Other,
        })
    }

    /// Whether a text is in the format.
    pub(super) fn admits(self, text: &str) -> Ruling {
        let is_so = match self {
            Self::Byte => {
                let body = text.trim_end_matches('=');
                text.len().is_multiple_of(4)
                    && text.len() - body.len() <= 2
                    && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
            }
            Self::Date => is_date(text),
            Self::DateTime => {
                text.is_char_boundary(10)
                    && text.get(..10).is_some_and(is_date)
                    && text.get(10..).and_then(|rest| rest.strip_prefix('T')).is_some_and(is_time)
            }
            Self::Email => text.split_once('@').is_some_and(|(local, domain)| {
                let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
                local.len() <= 64 && local.split('.').all(is_atom) && domain.contains('.') && is_host(domain)
            }),
            Self::Hostname => is_host(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Other => return Ruling::Unknown,
            Self::Time => is_time(text),
            Self::Uri => is_url(text),
            Self::Uuid => is_uuid(text),
        };
        if is_so { Ruling::Fits } else { Ruling::Unfit }
    }

    /// The text in the format that stands for the `number`th value; `stem` is what the action would write.
    pub(super) fn surrogate(self, original: &str, number: usize, stem: &str) -> Option<String> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_stem = (1..=STEM_BYTES_MAX).contains(&stem.len()) && stem.bytes().all(is_name);
        let name = if is_stem { stem.to_ascii_lowercase() } else { format!("r{number}") };
        let year = original.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
        Some(match self {
            Self::Byte | Self::Other => return None,
            Self::Date => format!("{}-01-01", year?),
            Self::DateTime => format!("{}-01-01T00:00:00Z", year?),
            Self::Email => format!("{name}@{DOMAIN}"),
            Self::Hostname => format!("{}.{DOMAIN}", name.replace('_', "-").trim_matches('-')),
            Self::Ipv4 => format!("203.0.113.{}", (number - 1) % 254 + 1),
            Self::Ipv6 => format!("2001:db8::{:x}", (number - 1) % 0xFFFF + 1),
            Self::Time => "00:00:00Z".into(),
            Self::Uri => format!("https://{DOMAIN}/{name}"),
            Self::Uuid => format!("{UUID_HEAD}{number:012x}"),
        })
    }

    /// A day or a time that says nothing at all, where even the year may not be told.
    pub(super) fn blank(self) -> Option<&'static str> {
        match self {
            Self::Date => Some("0001-01-01"),
            Self::DateTime => Some("0001-01-01T00:00:00Z"),
            Self::Byte
            | Self::Email
            | Self::Hostname
            | Self::Ipv4
            | Self::Ipv6
            | Self::Other
            | Self::Time
            | Self::Uri
            | Self::Uuid => None,
        }
    }

    /// Whether a text is one of ours.
    pub(super) fn is_surrogate(self, text: &str) -> bool {
        let is_name = |name: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            !name.is_empty() && name.len() <= STEM_BYTES_MAX && name.bytes().all(is_part)
        };
        match self {
            Self::Byte | Self::Other => false,
            Self::Date => is_date(text) && text.ends_with("-01-01"),
            Self::DateTime => text.ends_with("-01-01T00:00:00Z"),
            Self::Email => text.strip_suffix(DOMAIN).and_then(|it| it.strip_suffix('@')).is_some_and(is_name),
            Self::Hostname => {
                text.strip_suffix(DOMAIN).and_then(|it| it.strip_suffix('.')).is_some_and(is_name)
            }
            Self::Ipv4 => text.starts_with("203.0.113."),
            Self::Ipv6 => text.starts_with("2001:db8::") && text.len() <= 14,
            Self::Time => text == "00:00:00Z",
            Self::Uri => {
                let rest = text.strip_prefix("https://").and_then(|it| it.strip_prefix(DOMAIN));
                rest.and_then(|it| it.strip_prefix('/')).is_some_and(is_name)
            }
            Self::Uuid => text.starts_with(UUID_HEAD),
        }
    }
}

/// Whether a value is one of ours by its domain or its head, wherever it stands. Days, times and addresses of
/// documentation are somebody's until their place tells.
pub(in crate::scan) fn is_ours(content: &[u8]) -> bool {
    let formats = [Format::Email, Format::Hostname, Format::Uri, Format::Uuid];
    let is_candidate = content.ends_with(DOMAIN.as_bytes())
        || content.starts_with(b"https://redacted.")
        || content.starts_with(UUID_HEAD.as_bytes());
    let text = std::str::from_utf8(content).ok().filter(|_| is_candidate);
    text.is_some_and(|text| formats.iter().any(|format| format.is_surrogate(text)))
}

fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    matches!(scheme, "http" | "https") && is_host(host) && path.bytes().all(is_part)
}

fn is_uuid(text: &str) -> bool {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, u8)| if is_dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// The number that a text of two digits is.
fn pair(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A day that every calendar has: none past the 28th.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let year = parts.next().is_some_and(|year| {
        year.len() == 4 && year != "0000" && year.bytes().all(|byte| byte.is_ascii_digit())
    });
    let month = parts.next().and_then(pair).is_some_and(|month| (1..=12).contains(&month));
    let day = parts.next().and_then(pair).is_some_and(|day| (1..=28).contains(&day));
    year && month && day && parts.next().is_none()
}

fn is_time(text: &str) -> bool {
    let Some(bare) = text.strip_suffix('Z') else { return false };
    let mut parts = bare.split(':');
    let mut within = |max| parts.next().and_then(pair).is_some_and(|number| number <= max);
    within(23) && within(59) && within(59) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &["date", "date-time", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"];

    #[test]
    fn writes_what_is_in_the_format_and_knows_it_again() {
        for name in ALL {
            let format = Format::parse(name).unwrap();
            for (number, stem) in [(1, ""), (255, "PII_SSN_4H7Q2M9XKT5"), (70_000, "not a name")] {
                let text = format.surrogate("1980-05-17T10:11:12Z", number, stem).unwrap();
                assert_eq!(format.admits(&text), Ruling::Fits, "{name}: {text}");
                assert!(format.is_surrogate(&text), "{name}: {text}");
            }
            assert!(format.surrogate("later", 1, "").is_none() == matches!(*name, "date" | "date-time"));
            assert!(format.blank().is_none_or(|text| format.admits(text) == Ruling::Fits));
        }
        let email = Format::Email.surrogate("a@b.io", 1, "PII_SSN_4H7Q2M9XKT5");
        assert_eq!(email.as_deref(), Some("pii_ssn_4h7q2m9xkt5@redacted.invalid"));
    }

    #[test]
    fn takes_no_near_miss_for_a_format_or_for_one_of_ours() {
        for (name, fits, other) in [
            ("byte", "MTIz", "MTI"),
            ("date", "2024-02-28", "2024-13-01"),
            ("date-time", "2024-02-28T23:59:59Z", "2024-02-28 23:59:59"),
            ("email", "a***@b.io", "a@b"),
            ("hostname", "a-1.b", "-a.b"),
            ("ipv4", "8.8.8.8", "8.8.8"),
            ("ipv6", "::1", "1::2::3"),
            ("time", "23:59:59Z", "24:00:00Z"),
            ("uri", "https://a.io/x", "a.io/x"),
            ("uuid", "0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165_70867728950e"),
        ] {
            let format = Format::parse(name).unwrap();
            assert_eq!(format.admits(fits), Ruling::Fits, "{name}");
            assert_eq!(format.admits(other), Ruling::Unfit, "{name}");
            assert!(!format.is_surrogate(fits), "{name}");
        }
        assert!(is_ours(b"r1@redacted.invalid") && is_ours(b"https://redacted.invalid/r1"));
        for other in
            ["ann@acme.redacted.invalid", "redacted.invalid", "203.0.113.1", "r1@redacted.invalid.io"]
        {
            assert!(!is_ours(other.as_bytes()), "{other}");
        }
        assert_eq!(Format::parse("int32"), None);
    }
}
