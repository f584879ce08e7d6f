//! The lines of a head: their grammar, and what they say about the body.

use memchr::memchr;

use super::Fault;
use crate::bounds::HEAD_FIELDS_MAX;

/// The header in which the guard tells the rest of the gate what was wrong. Clients may not send it.
pub const FAULT_HEADER: &str = "x-sluicegate-framing-fault";

/// What the lines of one head have said so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    has_request_line: bool,
    is_http_10: bool,
    has_no_body: bool,
    is_chunked: bool,
    length: Option<u64>,
    fields: usize,
}

/// How the body behind a head is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// In chunks.
    Chunked,
    /// By its length; 0 where there is none.
    Length(u64),
}

impl Lines {
    /// A head of which nothing has come.
    pub const NONE: Self = Self {
        has_request_line: false,
        is_http_10: false,
        has_no_body: false,
        is_chunked: false,
        length: None,
        fields: 0,
    };

    /// Reads one line, its line end taken off. `Some` at the blank line that ends the head.
    ///
    /// # Errors
    /// The first fault of the line; final, the client's.
    pub fn read(&mut self, line: &[u8]) -> Result<Option<Frame>, Fault> {
        if !self.has_request_line {
            self.has_request_line = true;
            return self.request_line(line).map(|()| None);
        }
        if line.is_empty() {
            return self.frame().map(Some);
        }
        self.fields += 1;
        if self.fields > HEAD_FIELDS_MAX {
            return Err(Fault::HeadFields);
        }
        self.field(line).map(|()| None)
    }

    fn request_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Fault::RequestLine);
        };
        if method.is_empty() || !method.iter().all(|byte| is_token(*byte)) {
            return Err(Fault::RequestLine);
        }
        match version {
            b"HTTP/1.1" => {}
            b"HTTP/1.0" => self.is_http_10 = true,
            _ => return Err(Fault::Version),
        }
        match method {
            b"CONNECT" | b"TRACE" => return Err(Fault::Method),
            b"DELETE" | b"GET" | b"HEAD" | b"OPTIONS" => self.has_no_body = true,
            _ => {}
        }
        if is_target(target) { Ok(()) } else { Err(Fault::Target) }
    }

    fn field(&mut self, line: &[u8]) -> Result<(), Fault> {
        if matches!(line[0], b' ' | b'\t') {
            return Err(Fault::ObsoleteFold);
        }
        let colon = memchr(b':', line).ok_or(Fault::HeaderName)?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return Err(Fault::HeaderName);
        }
        // Without a way out of the loop the compiler looks at many bytes at once.
        if value.iter().fold(false, |is_bad, byte| is_bad | is_foreign(*byte)) {
            return Err(Fault::HeaderValue);
        }
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        match name.len() {
            7 if is("upgrade") => Err(Fault::Upgrade),
            14 if is("content-length") => self.content_length(bare(value)),
            14 if is("http2-settings") => Err(Fault::Upgrade),
            17 if is("transfer-encoding") => self.transfer_encoding(bare(value)),
            26 if is(FAULT_HEADER) => Err(Fault::Forged),
            _ => Ok(()),
        }
    }

    fn content_length(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.length.is_some() {
            return Err(Fault::LengthTwice);
        }
        let is_plain = match value {
            [] => false,
            [b'0', _, ..] => false,
            digits => digits.iter().all(u8::is_ascii_digit),
        };
        let text = std::str::from_utf8(value).ok().filter(|_| is_plain).ok_or(Fault::Length)?;
        self.length = Some(text.parse().map_err(|_| Fault::Length)?);
        self.check_one_frame()
    }

    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), Fault> {
        if self.is_chunked {
            return Err(Fault::TransferCodingTwice);
        }
        if value != b"chunked" {
            return Err(Fault::TransferCoding);
        }
        if self.is_http_10 {
            return Err(Fault::Http10);
        }
        self.is_chunked = true;
        self.check_one_frame()
    }

    fn check_one_frame(&self) -> Result<(), Fault> {
        if self.is_chunked && self.length.is_some() { Err(Fault::LengthAndCoding) } else { Ok(()) }
    }

    fn frame(&self) -> Result<Frame, Fault> {
        let frame = if self.is_chunked { Frame::Chunked } else { Frame::Length(self.length.unwrap_or(0)) };
        if self.has_no_body && frame != Frame::Length(0) { Err(Fault::Body) } else { Ok(frame) }
    }
}

/// The value behind its one usual space: of the fields that frame a body nothing else is trimmed.
fn bare(value: &[u8]) -> &[u8] {
    value.strip_prefix(b" ").unwrap_or(value)
}

/// Whether a byte may not stand in a value: controls but the tab, and what is not ASCII.
fn is_foreign(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') | (byte > b'~')
}

/// Whether a byte may stand in a method or a name. Source: RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a target is a path, or a URL whose host will be compared with `Host`.
///
/// `#` is refused here, since the codec cuts it off, and `\`, since some readers take it for a `/`.
fn is_target(target: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(byte);
    if !target.iter().all(is_plain) {
        return false;
    }
    target.starts_with(b"/") || {
        let url = std::str::from_utf8(target).ok().and_then(|text| text.parse::<http::Uri>().ok());
        url.is_some_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.authority().is_some())
    }
}
