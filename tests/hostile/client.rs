//! A client that has no patience: it sends bytes as they are, and says within five seconds what came back.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// What takes longer hangs.
const HANG: Duration = Duration::from_secs(5);

const HTTP2: &[u8] = b"PRI * HTTP/2";

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The HTTP status of the first answer; `None` if there was none, or over HTTP/2.
    pub status: Option<u16>,
    /// Everything that came back, as it came.
    pub bytes: Vec<u8>,
    /// Whether the peer neither answered nor closed in time.
    pub is_hung: bool,
}

impl Told {
    /// The head of the first answer.
    pub fn head(&self) -> String {
        let end = find(&self.bytes, b"\r\n\r\n").unwrap_or(self.bytes.len());
        String::from_utf8_lossy(&self.bytes[..end]).into_owned()
    }

    /// The body of the first answer as text, with its framing where it comes in chunks.
    pub fn text(&self) -> String {
        let start = find(&self.bytes, b"\r\n\r\n").map_or(0, |at| at + 4);
        let length = self.header("content-length").and_then(|text| text.parse::<usize>().ok());
        let end = length.map_or(self.bytes.len(), |length| (start + length).min(self.bytes.len()));
        String::from_utf8_lossy(&self.bytes[start..end]).into_owned()
    }

    /// The body of the first answer, unframed, as far as it came.
    pub fn body(&self) -> Vec<u8> {
        let start = find(&self.bytes, b"\r\n\r\n").map_or(0, |at| at + 4);
        let rest = &self.bytes[start..];
        if self.header("transfer-encoding").is_none() {
            let length = self.header("content-length").and_then(|text| text.parse().ok());
            return rest[..length.unwrap_or(rest.len()).min(rest.len())].to_vec();
        }
        unchunk(rest).0
    }

    /// The JSON of the first answer: the whole body, or the last event in it.
    pub fn json(&self) -> Option<serde_json::Value> {
        let text = self.text();
        let from_event = text.lines().rev().find_map(|line| line.strip_prefix("data:"));
        let from_body = || text.get(text.find('{')?..=text.rfind('}')?);
        serde_json::from_str(from_event.or_else(from_body)?).ok()
    }

    /// The value of a header of the first answer.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.head();
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find_map(|(field, value)| field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned()))
    }
}

/// Sends `bytes` on a new connection, reads the first answer, ends, and reads to the end.
///
/// So everything that the peer makes of the bytes has happened when this returns.
pub fn visit(address: SocketAddr, bytes: &[u8]) -> Told {
    let deadline = Instant::now() + HANG;
    let Ok(mut stream) = TcpStream::connect_timeout(&address, HANG) else {
        return Told { is_hung: true, ..Told::default() };
    };
    let _ = stream.set_nodelay(true);
    let _ = stream.set_write_timeout(Some(HANG));
    // A peer that refuses early closes while we send; what it said is still read.
    let _ = stream.write_all(bytes);
    let mut told = Told::default();
    let is_whole = if bytes.starts_with(HTTP2) { is_whole_http2 } else { is_whole_http1 };
    if read_until(&mut stream, &mut told, deadline, is_whole) {
        let _ = stream.shutdown(Shutdown::Write);
        read_until(&mut stream, &mut told, deadline, |_| false);
    }
    told.status = status(&told.bytes);
    told
}

/// Reads until what came `is_enough`; false when the peer has closed or time is up.
fn read_until(
    stream: &mut TcpStream,
    told: &mut Told,
    deadline: Instant,
    is_enough: impl Fn(&[u8]) -> bool,
) -> bool {
    let mut chunk = vec![0; 64 * 1024];
    while !is_enough(&told.bytes) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            told.is_hung = true;
            return false;
        }
        let _ = stream.set_read_timeout(Some(left));
        match stream.read(&mut chunk) {
            Ok(0) => return false,
            Ok(length) => told.bytes.extend_from_slice(&chunk[..length]),
            Err(fault) if matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
    true
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

fn status(bytes: &[u8]) -> Option<u16> {
    let line = bytes.strip_prefix(b"HTTP/1.")?;
    let word = std::str::from_utf8(line.get(2..5)?).ok()?;
    let status = word.parse().ok()?;
    if !(100..200).contains(&status) {
        return Some(status);
    }
    // Interim answers stand before the answer.
    self::status(&bytes[find(bytes, b"\r\n\r\n")? + 4..])
}

fn is_whole_http1(bytes: &[u8]) -> bool {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let body = &bytes[end + 4..];
    if head.starts_with("http/1.1 1") {
        return is_whole_http1(body);
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    match length.and_then(|text| text.trim().parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None if head.contains("transfer-encoding:") => unchunk(body).1,
        None => head.starts_with("http/1.1 202") || head.starts_with("http/1.1 204"),
    }
}

/// The bytes of a chunked body as far as they came, and whether that is all.
fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = find(rest, b"\r\n") {
        let size =
            std::str::from_utf8(&rest[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let chunk = size.and_then(|size| rest.get(end + 2..end + 2 + size));
        match chunk {
            Some([]) => return (body, find(&rest[end..], b"\r\n\r\n").is_some()),
            Some(chunk) => body.extend_from_slice(chunk),
            None => break,
        }
        rest = rest.get(end + 4 + size.unwrap_or_default()..).unwrap_or_default();
    }
    (body, false)
}

/// Whether the stream has ended, was reset, or the connection was given up.
fn is_whole_http2(bytes: &[u8]) -> bool {
    const END_STREAM: u8 = 1;
    let mut rest = bytes;
    while let [a, b, c, kind, flags, _, _, _, _, tail @ ..] = rest {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        match (*kind, flags & END_STREAM) {
            (0 | 1, END_STREAM) | (3 | 7, _) => return true,
            _ => {}
        }
        let Some(next) = tail.get(length..) else { return false };
        rest = next;
    }
    false
}
