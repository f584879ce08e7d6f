//! From the text of a file to its documents.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, StrInput, options};
use serde_json::{Map, Value};

use super::scalar;
use crate::bounds::{MANIFEST_BYTES_MAX, MANIFEST_DEPTH_MAX, MANIFEST_NODES_MAX};

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON (RFC 8259).
    Json,
    /// YAML, as kubectl reads it.
    Yaml,
}

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// How it is written.
    pub form: Form,
    /// Where it is written, in bytes: from its `---`, where it has one, to the next document.
    pub place: Range<usize>,
    /// Whether it begins with `---`.
    pub is_marked: bool,
}

/// Why a file cannot be read: its author's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Unreadable {
    /// Where, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Reads the documents of a file: YAML, parted by `---`, or JSON.
///
/// # Errors
/// The first place that cannot be read.
pub fn read(text: &str) -> Result<Vec<Document>, Unreadable> {
    if text.len() > MANIFEST_BYTES_MAX {
        let message = format!("a file may have {MANIFEST_BYTES_MAX} bytes at most; split it");
        return Err(Unreadable { line: 1, message });
    }
    if text.trim_start().starts_with('{')
        && let Some(documents) = json(text)
    {
        return Ok(documents);
    }
    let options: Options = options! {
        emit_unresolved_aliases: false,
        flow_nesting_limit: MANIFEST_DEPTH_MAX,
        block_nesting_limit: MANIFEST_DEPTH_MAX,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    Reader { text, parser, anchors: HashMap::new(), nodes: 0, line: 1 }.documents()
}

/// Several values of JSON, one behind the other; `None` where it is none.
fn json(text: &str) -> Option<Vec<Document>> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut documents: Vec<Document> = Vec::new();
    let mut start = 0;
    while let Some(value) = values.next() {
        let end = values.byte_offset();
        documents.push(Document {
            value: value.ok()?,
            form: Form::Json,
            place: start..end,
            is_marked: false,
        });
        start = end;
    }
    if let Some(last) = documents.last_mut() {
        last.place.end = text.len();
    }
    Some(documents)
}

struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// What may be repeated, by the number that the parser gives it.
    anchors: HashMap<usize, Value>,
    /// So far; what is repeated counts each time.
    nodes: usize,
    /// Of the event at hand.
    line: usize,
}

impl<'t> Reader<'t> {
    fn documents(mut self) -> Result<Vec<Document>, Unreadable> {
        let mut documents: Vec<Document> = Vec::new();
        loop {
            let (event, start) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(is_marked, _) => {
                    let start = if documents.is_empty() { 0 } else { start };
                    if let Some(last) = documents.last_mut() {
                        last.place.end = start;
                    }
                    self.anchors.clear();
                    let (event, _) = self.next()?;
                    let value = match event {
                        Event::DocumentEnd => Value::Null,
                        event => self.node(event, 0)?,
                    };
                    let place = start..self.text.len();
                    documents.push(Document { value, form: Form::Yaml, place, is_marked });
                }
                _ => {}
            }
        }
        Ok(documents)
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, Unreadable> {
        Err(Unreadable { line: self.line, message: message.into() })
    }

    fn next(&mut self) -> Result<(Event<'t>, usize), Unreadable> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok((event, span.byte_range().map_or(0, |range| range.start)))
            }
            Some(Err(fault)) => {
                self.line = fault.marker().line();
                let message = format!("not readable as YAML: {}", fault.info());
                self.fault(message)
            }
            None => self.fault("the file ends too early"),
        }
    }

    fn node(&mut self, event: Event<'t>, depth: usize) -> Result<Value, Unreadable> {
        self.nodes += 1;
        if self.nodes > MANIFEST_NODES_MAX || depth > MANIFEST_DEPTH_MAX {
            return self.fault("the file says too much, or nests too deep");
        }
        let anchor = event.anchor_id();
        let is_text = match event.tag() {
            None => false,
            Some(tag) if tag.suffix() == "str" => true,
            Some(_) => return self.fault("a tag other than `!!str` is not read; remove it"),
        };
        let value = match event {
            Event::Scalar(text, style, ..) if style != ScalarStyle::Plain || is_text => {
                Value::String(text.into_owned())
            }
            Event::Scalar(text, ..) => match scalar::resolve(&text) {
                Some(value) => value,
                None => {
                    return self.fault(format!("`{text}` is no number that JSON has; write it in quotes"));
                }
            },
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(value) => {
                    let value = value.clone();
                    self.nodes += size(&value);
                    value
                }
                None => return self.fault("an alias within what it stands for"),
            },
            _ => return self.fault("not readable as YAML"),
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, _) => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut members = Map::new();
        let mut merged = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                (Event::Scalar(text, ScalarStyle::Plain, ..), _) if text == "<<" => None,
                (event, _) => match self.node(event, depth + 1)? {
                    Value::String(text) => Some(text),
                    key @ (Value::Bool(_) | Value::Number(_)) => Some(key.to_string()),
                    Value::Array(_) | Value::Null | Value::Object(_) => {
                        return self.fault("a key is no text");
                    }
                },
            };
            let (event, _) = self.next()?;
            let value = self.node(event, depth + 1)?;
            match key {
                None => merged.push(value),
                Some(key) if members.contains_key(&key) => {
                    return self.fault(format!("the key `{key}` stands twice in one map; remove one"));
                }
                Some(key) => drop(members.insert(key, value)),
            }
        }
        for map in merged {
            let maps = if let Value::Array(maps) = map { maps } else { vec![map] };
            for map in maps {
                let Value::Object(map) = map else {
                    return self.fault("`<<` takes a map, or a list of maps");
                };
                for (key, value) in map {
                    members.entry(key).or_insert(value);
                }
            }
        }
        Ok(Value::Object(members))
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => 1,
    }
}
