//! Credentials known by their form: prefix, alphabet, check.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;

use super::set::Set;
use crate::scan::Detector;
use crate::scan::catalogue::{SECRETS, Secret};
use crate::scan::spelling::edges::{before, byte, is_open, is_word, skip_escape};

/// Bytes of a token's header that are decoded: it names an algorithm and a key, no more.
const JWT_HEADER_BYTES_MAX: usize = 1024;
/// Bytes of a run of word characters that are searched for the beginning of a credential.
const RUN_BYTES_MAX: usize = 512;
/// Bytes of the user and password of a URL.
const USERINFO_BYTES_MAX: usize = 256;

/// Whether a byte belongs to a run of word characters, as the first pass has it.
fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The run of word characters around `at`, without the letter of an escape before it.
pub(in crate::scan) fn run(bytes: &[u8], at: usize) -> Range<usize> {
    let floor = at.saturating_sub(RUN_BYTES_MAX);
    let back = bytes[floor..at].iter().rev().take_while(|byte| is_run(**byte)).count();
    let ahead = bytes[at..].iter().take_while(|byte| is_run(**byte)).count();
    skip_escape(bytes, at - back).min(at)..at + ahead
}

/// The spellings of credentials that some rule asks for, by their first byte.
#[derive(Debug, Clone, Default)]
pub(in crate::scan) struct Spellings {
    secrets: Vec<&'static Secret>,
    /// By byte, where its spellings begin; one more at the end.
    starts: Vec<u8>,
}

impl Spellings {
    /// Makes the spellings of `active` detectors ready.
    pub(in crate::scan) fn new(active: Set) -> Self {
        let mut secrets: Vec<_> = SECRETS.iter().filter(|secret| active.holds(secret.detector)).collect();
        secrets.sort_by_key(|secret| secret.first());
        let starts = (0..=128).map(|first| secrets.partition_point(|secret| secret.first() < first));
        let starts = starts.map(|start| u8::try_from(start).unwrap_or(u8::MAX)).collect();
        Self { secrets, starts }
    }

    /// The credential in a run of word characters. It begins where the run does, or behind a dash or an
    /// underscore in it.
    pub(in crate::scan) fn find(&self, bytes: &[u8], run: &Range<usize>) -> Option<(Detector, Range<usize>)> {
        let mut at = run.start;
        while at < run.end.min(run.start + RUN_BYTES_MAX) {
            // A prefix that ends outside of the run is found by the byte before it.
            let outside = self.at(before(bytes, at)).iter().filter(|secret| secret.is_outside());
            let inside = self.at(bytes[at]).iter().filter(|secret| !secret.is_outside());
            let found = inside.chain(outside).find_map(|secret| {
                let start = secret.start(bytes, at)?;
                secret.span(bytes, start).map(|span| (secret.detector, span))
            });
            if found.is_some() {
                return found;
            }
            let rest = &bytes[at..run.end];
            let length = rest.iter().position(|byte| matches!(byte, b'-' | b'_'));
            at += length.map_or(rest.len(), |offset| offset + 1);
        }
        None
    }

    #[inline]
    fn at(&self, first: u8) -> &[&'static Secret] {
        let bound =
            |place: usize| self.starts.get(place).map_or(self.secrets.len(), |start| usize::from(*start));
        let first = usize::from(first);
        self.secrets.get(bound(first)..bound(first + 1)).unwrap_or_default()
    }
}

impl Secret {
    /// Whether the prefix ends in what is no word character, so that the run begins behind it.
    fn is_outside(&self) -> bool {
        self.prefix.bytes().last().is_some_and(|last| !is_run(last))
    }

    /// The byte by which it is found: the first of the prefix, or the last of one that ends outside.
    fn first(&self) -> u8 {
        let mut bytes = self.prefix.bytes();
        let byte = if self.is_outside() { bytes.next_back() } else { bytes.next() };
        byte.unwrap_or(0)
    }

    /// Where the credential begins whose run, or a part of it, begins at `at`: the prefix stands there, or
    /// it ends there if it holds what is no word character.
    #[inline]
    fn start(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let prefix = self.prefix.as_bytes();
        let start = if self.is_outside() { at.checked_sub(prefix.len())? } else { at };
        bytes.get(start..)?.starts_with(prefix).then_some(start)
    }

    /// The credential that begins at `start` with the prefix, if the rest of it fits.
    fn span(&self, bytes: &[u8], start: usize) -> Option<Range<usize>> {
        let from = start + self.prefix.len();
        let rest = bytes.get(from..)?;
        let length = rest.iter().take(self.most + 1).take_while(|byte| (self.body)(**byte)).count();
        let body = &rest[..length];
        let lead = self.lead(bytes, start)?;
        let is_free = is_open(bytes, start - lead);
        let fits = (self.least..=self.most).contains(&length) && !is_word(byte(rest, length));
        if !is_free || !fits || !(self.check)(body) {
            return None;
        }
        Some(start - lead..from + length)
    }

    /// Bytes before the prefix that belong to the credential: digits of a bot, a name of a key.
    fn lead(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let head = &bytes[..start];
        let length = match self.prefix {
            ":" => head.iter().rev().take(11).take_while(|byte| byte.is_ascii_digit()).count(),
            "Q~" => 4,
            ".atlasv1." => 14,
            _ => return Some(0),
        };
        let lead = &head[head.len().checked_sub(length)?..];
        ((4..=14).contains(&length) && lead.iter().all(u8::is_ascii_alphanumeric)).then_some(length)
    }
}

fn base64_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_other = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_');
    rest.iter().position(is_other).map_or(bytes.len(), |length| at + length)
}

/// A JSON web token that begins at `at`: two dots or more, and a header that names an algorithm.
pub(in crate::scan) fn jwt(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !bytes.get(at..)?.starts_with(b"eyJ") || !is_open(bytes, at) {
        return None;
    }
    let header = bytes.get(at..(at + JWT_HEADER_BYTES_MAX).min(bytes.len()))?;
    let header = &header[..base64_end(header, 0)];
    if byte(bytes, at + header.len()) != b'.' {
        return None;
    }
    let mut decoded = [0; JWT_HEADER_BYTES_MAX];
    let length = URL_SAFE_NO_PAD.decode_slice(header, &mut decoded).ok()?;
    memmem::find(&decoded[..length], b"\"alg\"")?;
    let (mut end, mut dots) = (at + header.len(), 0);
    while byte(bytes, end) == b'.' && dots < 4 {
        end = base64_end(bytes, end + 1);
        dots += 1;
    }
    (dots >= 2).then_some(at..end)
}

/// The path of a webhook whose last part is the run: what follows the host is a secret.
pub(in crate::scan) fn webhook(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
    const HOST: &[u8] = b"hooks.slack.com/services/";
    if before(bytes, run.start) != b'/' {
        return None;
    }
    let floor = run.start.saturating_sub(64);
    let start = floor + memmem::rfind(bytes.get(floor..run.start)?, HOST)?;
    let path = bytes.get(start + HOST.len()..run.start)?;
    let is_path =
        path.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'/') && path.ends_with(b"/");
    (is_path && is_open(bytes, start)).then_some(start..run.end)
}

/// What follows `Bearer ` or `Basic ` of an `Authorization` header, if the run is all of it.
pub(in crate::scan) fn bearer(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
    let head = bytes[..run.start].strip_suffix(b" ")?;
    let is_header =
        [b"Bearer".as_slice(), b"bearer", b"Basic", b"basic"].iter().any(|word| head.ends_with(word));
    let is_part = |byte: &u8| is_run(*byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=');
    let length = bytes[run.start..].iter().take_while(|byte| is_part(byte)).count();
    is_header.then_some(run.start..run.start + length)
}

/// The password, or else the user, of a URL whose second slash is at `at`.
pub(in crate::scan) fn userinfo(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    (before(bytes, at) == b'/').then(|| credentials(bytes, at))?
}

/// As [`userinfo`], for a URL with escaped slashes, whose authority holds the `@` at `at`: `postgres:\/\/app:…@db`.
pub(in crate::scan) fn escaped_userinfo(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let floor = at.saturating_sub(USERINFO_BYTES_MAX);
    let slash = floor + memchr::memrchr(b'/', &bytes[floor..at])?;
    bytes[..=slash].ends_with(br":\/\/").then(|| credentials(bytes, slash))?
}

/// The credentials in the authority behind the slash at `at`.
fn credentials(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = bytes.get(at + 1..(at + 1 + USERINFO_BYTES_MAX).min(bytes.len()))?;
    let is_other = |byte: &u8| {
        byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\\' | b'?' | b'#' | b'<' | b'>')
    };
    let authority = &rest[..rest.iter().position(is_other).unwrap_or(rest.len())];
    let end = memchr::memrchr(b'@', authority)?;
    let start = memchr::memchr(b':', &authority[..end]).map_or(0, |colon| colon + 1);
    let secret = &authority[start..end];
    // A user without a password is a secret where it looks like a token.
    let is_secret = start > 0 || secret.len() >= 8 && secret.iter().any(u8::is_ascii_digit);
    // What is hidden already, as credentials or as the mailbox that they looked like.
    let is_masked = secret.iter().skip(usize::from(secret.len() > 3)).all(|byte| *byte == b'*');
    let is_open = !is_masked && !secret.starts_with(b"[");
    (is_secret && is_open).then_some(at + 1 + start..at + 1 + end)
}

/// The first or second track of a card's stripe. At `at` stands the `%` of the first, or the `=` of the
/// second behind the number. Source: ISO/IEC 7813.
pub(in crate::scan) fn track(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let digits = |from: usize| {
        bytes.get(from..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count())
    };
    if byte(bytes, at) == b'%' {
        let number = (byte(bytes, at + 1) == b'B').then(|| digits(at + 2))?;
        let name = at + 2 + number;
        let rest = bytes.get(name..)?;
        let end = rest.iter().take(160).position(|byte| matches!(byte, b'?' | b'"' | b'\\'))?;
        let carets = rest[..end].iter().filter(|byte| **byte == b'^').count();
        let is_closed = usize::from(rest[end] == b'?');
        return ((12..=19).contains(&number) && carets == 2).then_some(at..name + end + is_closed);
    }
    let number = bytes[..at].iter().rev().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    let start = at.checked_sub(number + 1)?;
    let tail = digits(at + 1);
    let is_track = byte(bytes, start) == b';' && (12..=19).contains(&number) && tail >= 7;
    let end = at + 1 + tail;
    is_track.then_some(start..end + usize::from(byte(bytes, end) == b'?'))
}

/// A private key in PEM form; `at` is the `B` of its `BEGIN`. Without an end it reaches to the next
/// quote, which is the end of its string at whatever depth.
pub(in crate::scan) fn pem(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(5)?;
    let label = bytes.get(start..)?.strip_prefix(b"-----BEGIN ")?;
    let label = &label[..memmem::find(&label[..label.len().min(64)], b"-----")?];
    if !label.ends_with(b"PRIVATE KEY") && !label.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let quote = memchr::memchr(b'"', &bytes[at..]).map_or(bytes.len(), |offset| at + offset);
    let body = &bytes[at..quote];
    let slashes = body.iter().rev().take_while(|&&byte| byte == b'\\').count();
    let end = memmem::find(body, b"-----END ").and_then(|end| {
        let tail = end + 9;
        memmem::find(&body[tail..], b"-----").map(|offset| at + tail + offset + 5)
    });
    Some(start..end.unwrap_or(quote - slashes))
}

/// Whether what stands before `at` is the bare name of a key: `db_password` of `db_password=…`. Where
/// it begins.
pub(in crate::scan) fn name_before(bytes: &[u8], at: usize) -> Option<usize> {
    let floor = at.saturating_sub(64);
    let head = &bytes[floor..at];
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let count = head.iter().rev().take_while(|byte| is_part(byte)).count();
    let start = skip_escape(bytes, at - count).min(at);
    (at - start >= 2 && before(bytes, at) != b'-').then_some(start)
}
