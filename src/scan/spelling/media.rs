//! Content in base64: texts in it are read like any other, pictures and sounds pass or are withheld.
//!
//! A blob that decodes to text is scanned as text, and encoded again where something was written over;
//! nothing else of it changes. What is no text cannot be read here: a policy says whether it may pass,
//! and what may not leaves a line of text in its place. What only claims to be base64 is a text like any
//! other.
//!
//! Source: MCP, `ImageContent`, `AudioContent`, `BlobResourceContents`.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::views::{BASE64, BASE64_URL};
use crate::bounds::{SCAN_BLOB_BYTES_MAX, SCAN_FINDINGS_MAX};
use crate::json::{Document, Key, Kind, Value, quote};
use crate::names::{Label, Mode};
use crate::scan::writing::place::Walker;
use crate::scan::{Action, Desk, Detector, Direction, Finding, Plan, Sight, Sighting};

/// What becomes of content that is no text, on its way to a client: nobody reads what a picture shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Binary {
    /// Only these media types pass: `image/png`, or all of a kind, `image/*`.
    Only(Box<[Box<str>]>),
    /// All of it passes.
    #[default]
    Pass,
    /// None of it passes.
    Withhold,
}

/// What a plan does with content that is no text.
#[derive(Debug, Clone, Default)]
pub(in crate::scan) struct Rule {
    pub binary: Binary,
    pub mode: Mode,
}

/// Content in base64, and what is said of it.
struct Media<'d> {
    object: Value<'d>,
    /// The name of the member that holds it.
    key: Key<'d>,
    value: Value<'d>,
    mime: Option<Cow<'d, str>>,
    kind: Is,
    /// Whether a text stands beside it.
    has_text: bool,
}

/// What kind of content it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Audio,
    Blob,
    Image,
}

/// What content in base64 turns out to be.
enum Content {
    /// No text: a picture, a file.
    Binary,
    Text(String),
    /// Text, or called so, and more than is read.
    TooLong,
}

/// Characters that are decoded to see whether it is text.
const TASTE: usize = 64;

/// Characters of what is taken for a picture without a look at what it shows: shorter is a word or a number.
const OPAQUE_MIN: usize = 64;

/// The rule that findings name when content was withheld because it is no text.
const RULE: &str = "binary";

impl Binary {
    /// Whether a media type may pass; one that is not told passes only if all do.
    fn lets(&self, mime: Option<&str>) -> bool {
        let mime = mime.map(|mime| mime.split(';').next().unwrap_or_default().trim());
        match self {
            Self::Pass => true,
            Self::Withhold => false,
            Self::Only(types) => types.iter().any(|wanted| {
                let Some(mime) = mime else { return false };
                match wanted.strip_suffix('*') {
                    Some(kind) => mime.get(..kind.len()).is_some_and(|head| head.eq_ignore_ascii_case(kind)),
                    None => mime.eq_ignore_ascii_case(wanted),
                }
            }),
        }
    }
}

impl<'d> Media<'d> {
    /// The content of a block or of a resource, if `object` is one that holds some.
    fn of(object: Value<'d>) -> Option<Self> {
        if object.kind() != Kind::Object {
            return None;
        }
        let (mut held, mut mime, mut kind) = ([None, None], None, None);
        let (mut has_text, mut has_uri) = (false, false);
        for (key, member) in object.members() {
            let is_string = member.kind() == Kind::String;
            match &*key.name() {
                "blob" if is_string => held[0] = Some((key, member)),
                "data" if is_string => held[1] = Some((key, member)),
                "mimeType" => mime = member.string(),
                "text" => has_text = true,
                "type" => {
                    kind = match member.string().as_deref() {
                        Some("audio") => Some(Is::Audio),
                        Some("image") => Some(Is::Image),
                        Some(_) | None => None,
                    }
                }
                "uri" => has_uri = true,
                _ => {}
            }
        }
        let [blob, data] = held;
        let (kind, (key, value)) = match (kind, data, blob.filter(|_| has_uri)) {
            (Some(kind), Some(data), _) => (kind, data),
            (_, _, Some(blob)) => (Is::Blob, blob),
            _ => return None,
        };
        Some(Self { object, key, value, mime, kind, has_text })
    }

    fn says_text(&self) -> bool {
        let Some(mime) = self.mime.as_deref() else { return false };
        let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_named = |name: &str| {
            let word = mime.rsplit(['/', '+']).next().unwrap_or_default();
            word == name
        };
        mime.starts_with("text/")
            || ["json", "xml", "yaml", "csv", "javascript", "x-ndjson", "sql"]
                .iter()
                .any(|name| is_named(name))
    }

    /// Reads it; `None` if it is not base64.
    fn read(&self) -> Option<Content> {
        let content = self.value.string()?;
        let content = packed(&content);
        let bytes = content.as_bytes();
        let engine = if bytes.iter().any(|byte| matches!(byte, b'-' | b'_')) { &BASE64_URL } else { &BASE64 };
        let taste = engine.decode(bytes.get(..TASTE).unwrap_or(bytes)).ok()?;
        if !self.says_text() && !begins_as_text(&taste) {
            return Some(Content::Binary);
        }
        if bytes.len() / 4 * 3 > SCAN_BLOB_BYTES_MAX {
            return Some(Content::TooLong);
        }
        let decoded = engine.decode(bytes).ok()?;
        Some(match String::from_utf8(decoded) {
            Ok(text) if self.says_text() || !text.contains('\0') => Content::Text(text),
            Err(fault) if self.says_text() => Content::Text(String::from_utf8_lossy(fault.as_bytes()).into()),
            Ok(_) | Err(_) => Content::Binary,
        })
    }

    /// Whether what stands in it is not to be read as it is spelled.
    fn is_opaque(&self) -> bool {
        let content = self.value.content().unwrap_or_default();
        let is_part = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\\')
        };
        content.bytes().all(is_part)
            && match self.read() {
                Some(Content::Binary | Content::TooLong) => content.len() >= OPAQUE_MIN,
                Some(Content::Text(_)) => true,
                None => false,
            }
    }

    /// The edit that leaves a line of text in its place.
    fn withheld(&self, is_structured: bool, sighting: &mut Sighting) {
        let what = match self.kind {
            Is::Audio => "audio",
            Is::Blob => "binary content",
            Is::Image => "image",
        };
        let text = format!("[{what} withheld by policy]");
        let splice = &mut sighting.splice;
        match self.kind {
            Is::Audio | Is::Image if !is_structured => {
                splice.replace(self.object.span(), format!(r#"{{"type":"text","text":"{text}"}}"#));
            }
            Is::Blob if !is_structured && !self.has_text => {
                splice.replace(self.key.span(), "\"text\"");
                splice.replace(self.value.span(), format!("\"{text}\""));
            }
            Is::Blob if self.has_text => splice.replace(self.value.span(), "\"\""),
            Is::Audio | Is::Blob | Is::Image => splice.replace(self.value.span(), format!("\"{text}\"")),
        }
    }
}

/// Whether `value`, a member of `object`, holds content that is not to be read as it is spelled.
pub(in crate::scan) fn is_opaque(object: Value<'_>, value: Value<'_>) -> bool {
    Media::of(object).is_some_and(|media| media.value.span() == value.span() && media.is_opaque())
}

/// Whether something in `carrier` may hold content in base64.
fn may_hold(carrier: Value<'_>) -> bool {
    carrier.keys().any(|key| key.is_escaped() || matches!(key.content(), "blob" | "data"))
}

/// All content in base64 of `carrier`, in the order of the text.
fn all(carrier: Value<'_>) -> Vec<Media<'_>> {
    if !may_hold(carrier) {
        return Vec::new();
    }
    let mut found: Vec<_> = carrier.containers().filter_map(Media::of).collect();
    found.sort_by_key(|media| media.value.span().start);
    found
}

/// Adds to a sighting what content in base64 holds, and what of it may not pass.
pub(in crate::scan) fn scan(
    plan: &Plan,
    desk: &Desk<'_>,
    direction: Direction,
    carrier: Value<'_>,
    sighting: &mut Sighting,
) {
    let found = all(carrier);
    if found.is_empty() {
        return;
    }
    let mut walker = Walker::new(carrier);
    for media in found {
        walker.seek(media.value.span().start);
        let Some(content) = media.read() else { continue };
        let is_picture = media.kind != Is::Blob;
        let is_free = direction == Direction::Arguments
            || matches!(content, Content::Text(_) | Content::TooLong) && !is_picture
            || plan.media.binary.lets(media.mime.as_deref());
        match content {
            _ if !is_free => withhold(&media, plan.media.mode, &walker, sighting),
            Content::TooLong if plan.acts(direction) => {
                withhold(&media, Mode::Enforce, &walker, sighting);
            }
            Content::Text(text) => {
                let quoted = quote(&text);
                match Document::parse(quoted.as_bytes()) {
                    Ok(document) => {
                        let inner = plan.scan_at(desk, direction, document.root());
                        add(&media, &document, inner, &walker, sighting);
                    }
                    Err(_) => withhold(&media, Mode::Enforce, &walker, sighting),
                }
            }
            Content::Binary | Content::TooLong => {}
        }
    }
}

/// Every text of content in base64.
pub(in crate::scan) fn texts(carrier: Value<'_>) -> impl Iterator<Item = String> {
    all(carrier).into_iter().filter_map(|media| match media.read()? {
        Content::Text(text) => Some(text),
        Content::Binary | Content::TooLong => None,
    })
}

/// Every value in content in base64, each as wide as its content.
pub(in crate::scan) fn sights(
    plan: &Plan,
    desk: &Desk<'_>,
    direction: Direction,
    carrier: Value<'_>,
) -> Vec<Sight> {
    let mut walker = Walker::new(carrier);
    let mut sights = Vec::new();
    let mut path = String::new();
    for media in all(carrier) {
        let Some(Content::Text(text)) = media.read() else { continue };
        let quoted = quote(&text);
        let Ok(document) = Document::parse(quoted.as_bytes()) else { continue };
        let span = media.value.span();
        walker.seek(span.start);
        walker.path(&mut path);
        let span = span.start + 1..span.end - 1;
        for sight in plan.sights_at(desk, direction, document.root()) {
            crate::scan::writing::sight::note(
                &mut sights,
                0,
                Sight { span: span.clone(), path: path.as_str().into(), ..sight },
            );
        }
    }
    sights
}

/// Adds what was found in a text, and the text with the edits made, encoded again.
fn add(
    media: &Media<'_>,
    document: &Document<'_>,
    inner: Sighting,
    walker: &Walker<'_>,
    sighting: &mut Sighting,
) {
    if inner.findings.is_empty() {
        return;
    }
    let mut path = String::new();
    walker.path(&mut path);
    for (index, finding) in inner.findings.into_iter().enumerate() {
        let place = note(sighting, Finding { path: path.as_str().into(), ..finding });
        if inner.blocked == Some(index) {
            sighting.blocked.get_or_insert(place);
        }
    }
    if !inner.splice.is_empty() {
        let edited = inner.splice.apply(document.text().as_bytes());
        // INVARIANT: edits keep JSON whole; were it not so, nothing of the text is handed over.
        let text =
            Document::parse(&edited).ok().and_then(|edited| Some(edited.root().string()?.into_owned()));
        let encoded = STANDARD.encode(text.unwrap_or_default());
        sighting.splice.replace(media.value.span(), format!("\"{encoded}\""));
    }
}

fn withhold(media: &Media<'_>, mode: Mode, walker: &Walker<'_>, sighting: &mut Sighting) {
    let mut path = String::new();
    walker.path(&mut path);
    if mode == Mode::Enforce {
        media.withheld(path.starts_with("$.structuredContent"), sighting);
    }
    let Ok(rule) = Label::parse(RULE) else { return };
    let (rule, path) = (Arc::new(rule), path.into());
    note(
        sighting,
        Finding { rule, detector: Detector::FIELD, action: Action::Replace, count: 1, path, mode },
    );
}

/// Adds a finding to those that are told; past their bound to one of its kind. Returns its place.
fn note(sighting: &mut Sighting, finding: Finding) -> usize {
    let findings = &mut sighting.findings;
    let is_full = findings.len() > SCAN_FINDINGS_MAX;
    let is_same = |known: &Finding| {
        known.rule == finding.rule
            && known.detector == finding.detector
            && (is_full || known.path == finding.path)
    };
    if let Some(place) = findings.iter().position(is_same) {
        findings[place].count = findings[place].count.saturating_add(finding.count);
        return place;
    }
    findings.push(finding);
    findings.len() - 1
}

/// The characters of base64 without the line ends between them.
fn packed(content: &str) -> Cow<'_, str> {
    if content.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return content.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    }
    Cow::Borrowed(content)
}

/// Whether bytes may be the beginning of a text: UTF-8, perhaps cut, without control characters that no text has.
fn begins_as_text(bytes: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(fault) => fault.error_len().is_none(),
    };
    let is_text = |byte: &u8| !matches!(byte, 0..=8 | 14..=26 | 28..=31);
    is_utf8 && !bytes.is_empty() && bytes.iter().all(is_text)
}

#[cfg(test)]
mod tests;
