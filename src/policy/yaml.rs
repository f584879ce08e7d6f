//! One file of a bundle as a tree in which every node knows where it stands.
//!
//! **Why.** A fault that says file, line and column is worth ten that do not, and the usual YAML
//! readers lose the positions on the way to a struct. So the events of `granit-parser` are kept as a
//! tree, and typed later.
//!
//! **What is refused.** Anchors, aliases, tags, directives, merge keys, keys that are no plain text,
//! several documents, and words that YAML 1.1 and 1.2 read differently: a policy says what it says.

use granit_parser::{Event, Options, Parser, ScalarStyle, StrInput, options};

use super::Source;
use super::code::Code;
use super::diagnostic::{Findings, Span, shown};
use super::scalar::{Ambiguity, Scalar};
use crate::bounds::{POLICY_DEPTH_MAX, POLICY_FILE_BYTES_MAX};
use crate::json::quote;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub span: Span,
    pub content: Content,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    List(Vec<Node>),
    Map(Vec<Entry>),
    Scalar(Scalar),
    /// Something that has been found at fault already; no more is to be said about it.
    Unreadable,
}

/// A key of a map and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: Box<str>,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    /// What it is, with its article, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
            Content::Scalar(scalar) => scalar.kind(),
            Content::Unreadable => "unreadable",
        }
    }

    /// Writes it as JSON on one line, numbers as they are spelled; null for what is unreadable.
    pub fn json(&self) -> String {
        match &self.content {
            Content::List(items) => {
                format!("[{}]", items.iter().map(Self::json).collect::<Vec<_>>().join(","))
            }
            Content::Map(entries) => {
                let members =
                    entries.iter().map(|entry| format!("{}:{}", quote(&entry.key), entry.value.json()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
            Content::Scalar(Scalar::Boolean(value)) => value.to_string(),
            Content::Scalar(Scalar::Null) | Content::Unreadable => "null".to_owned(),
            Content::Scalar(Scalar::Number(text)) => text.to_string(),
            Content::Scalar(Scalar::Text(text)) => quote(text),
        }
    }
}

/// Reads one file. `None` when there is no tree to go on with; the reason is among the findings.
///
/// Whatever a tree can be made of in spite of a fault is made, so that one run shows all faults.
pub(crate) fn parse(file: usize, source: &Source, findings: &mut Findings) -> Option<Node> {
    parse_within(Room::POLICY, file, source, findings)
}

/// As [`parse`], with bounds of its own.
pub(super) fn parse_within(
    room: Room,
    file: usize,
    source: &Source,
    findings: &mut Findings,
) -> Option<Node> {
    let nowhere = Span { file, start: 0, end: 0 };
    if source.text.len() > room.bytes_max {
        let message = format!("`{}` may have {} bytes at most", source.name, room.bytes_max);
        findings.raise(Code::TooLarge, nowhere, message);
        return None;
    }
    let parser = parser(&source.text, room.depth_max);
    let mut reader = Reader { file, text: &source.text, parser, findings };
    reader.documents().unwrap_or_default()
}

/// How large and how deep a file may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub bytes_max: usize,
    pub depth_max: usize,
}

impl Room {
    /// Of a file that people write.
    pub const POLICY: Self = Self { bytes_max: POLICY_FILE_BYTES_MAX, depth_max: POLICY_DEPTH_MAX };
}

/// Reading cannot go on; the reason is among the findings.
struct Stop;

struct Reader<'t, 'f> {
    file: usize,
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    findings: &'f mut Findings,
}

fn parser(text: &str, depth_max: usize) -> Parser<'_, StrInput<'_>> {
    let options: Options = options! {
        strict_indentation: true,
        disallow_directives: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: depth_max,
        block_nesting_limit: depth_max,
    };
    Parser::new_from_str_with_options(text, options)
}

impl<'t> Reader<'t, '_> {
    fn documents(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    let help = "put it into a file of its own, or remove the line `---`";
                    self.findings.advise(Code::YamlFeature, span, "a file holds one document only", help);
                    return Ok(root);
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                other => root = Some(self.node(other, span)?),
            }
        }
        if root.is_none() {
            let nowhere = Span { file: self.file, start: 0, end: 0 };
            self.findings.raise(Code::BundleIncomplete, nowhere, "the file is empty");
        }
        Ok(root)
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or(0..0);
                Ok((event, Span { file: self.file, start: range.start, end: range.end }))
            }
            Some(Err(fault)) => {
                let at = fault.marker().byte_offset().unwrap_or(self.text.len());
                let span = Span { file: self.file, start: at, end: at };
                self.findings.raise(Code::Syntax, span, format!("not readable as YAML: {}", fault.info()));
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, Stop> {
        self.refuse_features(&event, span);
        let content = match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, span),
            Event::SequenceStart(..) => Content::List(self.list()?),
            Event::MappingStart(..) => Content::Map(self.map()?),
            _ => Content::Unreadable,
        };
        Ok(Node { span, content })
    }

    fn refuse_features(&mut self, event: &Event<'t>, span: Span) {
        if event.is_alias() {
            let help = "write the value out where it is used";
            self.findings.advise(Code::YamlFeature, span, "an alias `*` may not be used in a policy", help);
        } else if event.anchor_id().is_some() {
            let help = "remove the anchor, and write values out where they are used";
            self.findings.advise(Code::YamlFeature, span, "an anchor `&` may not be used in a policy", help);
        }
        if event.tag().is_some() {
            let help = "remove the tag; a text that looks like a number is written in quotes";
            self.findings.advise(Code::YamlFeature, span, "a tag `!` may not be used in a policy", help);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> Content {
        if style != ScalarStyle::Plain {
            return Content::Scalar(Scalar::Text(text.into()));
        }
        let word = shown(text);
        let ambiguity = match Scalar::plain(text) {
            Ok(scalar) => return Content::Scalar(scalar),
            Err(ambiguity) => ambiguity,
        };
        let (message, help) = match ambiguity {
            Ambiguity::Boolean(meant) => (
                format!("`{word}` is a boolean to some readers of YAML and a text to others"),
                format!("write `{meant}` for a boolean, or `\"{word}\"` for a text"),
            ),
            Ambiguity::Number => (
                format!("`{word}` is a number to some readers of YAML and a text to others"),
                format!("write a plain decimal number, or `\"{word}\"` for a text"),
            ),
        };
        self.findings.advise(Code::AmbiguousScalar, span, message, help);
        Content::Unreadable
    }

    fn list(&mut self) -> Result<Vec<Node>, Stop> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Vec<Entry>, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, key_span) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(entries),
                next => next,
            };
            let key = self.key(event, key_span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            let Some(key) = key else { continue };
            match entries.iter().find(|entry| entry.key == key) {
                Some(twin) => {
                    let message = format!("`{}` stands here twice", shown(&key));
                    self.findings.raise_twin(Code::DuplicateKey, key_span, twin.key_span, message);
                }
                None => entries.push(Entry { key, key_span, value }),
            }
        }
    }

    /// A key; `None` where it is none, and its value is of no use.
    fn key(&mut self, event: Event<'t>, span: Span) -> Result<Option<Box<str>>, Stop> {
        self.refuse_features(&event, span);
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                let help = "write the keys out";
                self.findings.advise(
                    Code::YamlFeature,
                    span,
                    "a merge key `<<` may not be used in a policy",
                    help,
                );
                Ok(None)
            }
            Event::Scalar(text, ..) => Ok(Some(text.as_ref().into())),
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                self.findings.raise(Code::YamlFeature, span, "a key must be a plain text");
                self.node(event, span).map(|_| None)
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::diagnostic::Faults;

    fn read(text: &str) -> (Option<Node>, Faults) {
        let source = Source { name: "policy.yaml".into(), text: text.into() };
        let mut findings = Findings::default();
        let node = parse(0, &source, &mut findings);
        (node, findings.settle(&[source]))
    }

    #[test]
    fn refuses_what_a_policy_does_not_use() {
        let cases = [
            ("a: &x 1\nb: 2", Code::YamlFeature, 1, 7),
            ("a: *x", Code::YamlFeature, 1, 4),
            ("a: !!str 1", Code::YamlFeature, 1, 10),
            ("a: 1\n<<: {b: 2}", Code::YamlFeature, 2, 1),
            ("? {a: 1}\n: 2", Code::YamlFeature, 1, 3),
            ("a: 1\n---\nb: 2", Code::YamlFeature, 2, 1),
            ("%YAML 1.1\n---\na: 1", Code::Syntax, 1, 1),
            ("a: 1\nb: 2\na: 3", Code::DuplicateKey, 3, 1),
            ("a: {b: 1, \"b\": 2}", Code::DuplicateKey, 1, 11),
            ("a: [yes]", Code::AmbiguousScalar, 1, 5),
            ("a: 0x10", Code::AmbiguousScalar, 1, 4),
            ("", Code::BundleIncomplete, 1, 1),
            ("# only a comment\n", Code::BundleIncomplete, 1, 1),
        ];
        for (text, code, line, column) in cases {
            let (_, faults) = read(text);
            let found: Vec<_> = faults.iter().map(|fault| (fault.code, fault.line, fault.column)).collect();
            assert!(found.contains(&(code, line, column)), "{text:?} gave {found:?}");
        }
    }

    #[test]
    fn says_where_the_syntax_breaks() {
        for text in ["a: [1, 2", "a: b: c", "a: 'x", "a: @x", "a:\n  - b\n c: 1"] {
            let (node, faults) = read(text);
            assert!(node.is_none(), "{text:?}");
            assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::Syntax], "{text:?}");
        }
    }

    #[test]
    fn refuses_deep_nesting_and_large_files() {
        for (depth, is_refused) in [(POLICY_DEPTH_MAX, false), (POLICY_DEPTH_MAX + 1, true), (100_000, true)]
        {
            let (_, faults) = read(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
            assert_eq!(!faults.is_empty(), is_refused, "{depth}");
        }
        let (_, faults) = read(&format!("a: {}", "x".repeat(POLICY_FILE_BYTES_MAX - 3)));
        assert!(faults.is_empty());
        let (_, faults) = read(&format!("a: {}", "x".repeat(POLICY_FILE_BYTES_MAX - 2)));
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::TooLarge]);
    }

    #[test]
    fn keeps_places_beyond_ascii() {
        let (node, _) = read("# größe\nä: {b: [1, zwei]}\n");
        let Some(Node { content: Content::Map(entries), .. }) = node else {
            unreachable!("a map was written")
        };
        let Content::Map(inner) = &entries[0].value.content else { unreachable!("a map was written") };
        let Content::List(items) = &inner[0].value.content else { unreachable!("a list was written") };
        assert_eq!(&"# größe\nä: {b: [1, zwei]}\n"[items[1].span.start..items[1].span.end], "zwei");
    }
}
