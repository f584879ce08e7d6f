//! The same values elsewhere in the same result: what became of a value in `structuredContent` becomes of its
//! copies in text blocks, as JSON in a string or as words.

use std::collections::HashMap;
use std::ops::Range;

use super::Edit;
use super::fitter::{Fate, Original, Told, Way, inside};
use super::surgery::{covers, cuts, united};
use super::view::Step;
use crate::json::{Document, Kind, Value, decode, encode};
use crate::scan::spelling::unescaped::Unescaped;

type Made = Vec<(Range<usize>, String)>;

/// The fates of values: by way and value, by name and value, and by value alone.
struct Fates<'t> {
    placed: HashMap<(Way, &'t Original), &'t Fate>,
    named: HashMap<(Way, &'t Original), &'t Fate>,
    any: HashMap<&'t Original, &'t Fate>,
}

/// The edits outside of `structuredContent`, so that copies agree with it.
pub(super) fn follow(told: &[Told], result: Value<'_>, edits: &[Edit]) -> Made {
    let fates = Fates::new(told);
    let blocks = result.get("content").into_iter().flat_map(|blocks| blocks.elements());
    let texts: Vec<_> = blocks.filter_map(|block| block.get("text")).collect();
    let spans: Vec<_> = texts.iter().map(Value::span).collect();
    let is_text = |edit: &&Edit| covers(&spans, edit.span.start);
    let mut made: Made =
        edits.iter().filter(|edit| !is_text(edit)).map(|edit| fates.word(result, edit)).collect();
    for text in texts {
        let own = inside(edits, &text.span());
        let is_json = text.content().unwrap_or_default().trim_start().starts_with(['{', '[']);
        if !own.is_empty() || is_json {
            made.extend(fates.text(result, text, own));
        }
    }
    made
}

impl<'t> Fates<'t> {
    fn new(told: &'t [Told]) -> Self {
        let mut fates = Self { placed: HashMap::new(), named: HashMap::new(), any: HashMap::new() };
        for told in told {
            fates.placed.entry((told.way, &told.original)).or_insert(&told.fate);
            if let Some(name) = told.name {
                fates.named.entry((name, &told.original)).or_insert(&told.fate);
            }
            // In words the action has its way, unless the ladder chose otherwise.
            if told.is_special {
                fates.any.entry(&told.original).or_insert(&told.fate);
            }
        }
        fates
    }

    fn of(&self, name: Option<Way>, original: &Original) -> Option<&'t Fate> {
        let named = name.and_then(|name| self.named.get(&(name, original)));
        named.or_else(|| self.any.get(original)).copied()
    }

    /// The edits of one text block.
    fn text(&self, result: Value<'_>, text: Value<'_>, edits: &[Edit]) -> Made {
        if let Some(Fate::Written(json)) = self.of(None, &Original::of(text)) {
            return vec![(text.span(), json.clone())];
        }
        let inner = Unescaped::of(text, None);
        let json = inner.as_ref().and_then(|inner| Document::parse(inner.text.as_bytes()).ok());
        let Some((inner, document)) = inner.as_ref().zip(json) else {
            return edits.iter().map(|edit| self.word(result, edit)).collect();
        };
        let outer = |span: &Range<usize>| inner.back(span.start)..inner.back(span.end);
        let is_edited = |span: &Range<usize>| !inside(edits, &outer(span)).is_empty();
        let mut copied = Copied { made: Vec::new(), taken: Vec::new(), is_edited: &is_edited };
        self.copy(document.root(), None, Way::default(), &mut copied);
        let taken = united(copied.taken.iter().map(outer).collect());
        let kept = edits.iter().filter(|edit| !covers(&taken, edit.span.start));
        let kept = kept.map(|edit| self.word(result, edit));
        kept.chain(copied.made.iter().map(|(span, json)| (outer(span), encode(json)))).collect()
    }

    /// Finds the copies in JSON; whether the value itself goes.
    fn copy(&self, value: Value<'_>, name: Option<Way>, way: Way, copied: &mut Copied<'_>) -> bool {
        match value.kind() {
            Kind::Array => {
                for (index, element) in value.elements().enumerate() {
                    self.copy(element, name, way.step(Step::Index(index)), copied);
                }
            }
            Kind::Object => {
                let mut parts = Vec::new();
                for (key, child) in value.members() {
                    let name = key.name();
                    let own = Way::default().step(Step::Name(&name));
                    let goes = self.copy(child, Some(own), way.step(Step::Name(&name)), copied);
                    parts.push((key.span().start..child.span().end, goes));
                }
                for cut in cuts(&parts) {
                    copied.taken.push(cut.clone());
                    copied.made.push((cut, String::new()));
                }
            }
            Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::String | Kind::True => {
                let original = Original::of(value);
                let placed = self.placed.get(&(way, &original)).copied();
                // Elsewhere than in its place it is a copy only if the scan found it there.
                let found = || self.of(name, &original).filter(|_| (copied.is_edited)(&value.span()));
                let Some(fate) = placed.or_else(found) else { return false };
                match fate {
                    Fate::Dropped => return name.is_some(),
                    Fate::Stuck => {}
                    Fate::Kept => copied.taken.push(value.span()),
                    Fate::Written(json) => {
                        copied.taken.push(value.span());
                        copied.made.push((value.span(), json.clone()));
                    }
                }
            }
        }
        false
    }

    /// An edit in words: where it covers a value that was written over elsewhere, the same is written.
    fn word(&self, result: Value<'_>, edit: &Edit) -> (Range<usize>, String) {
        let from = result.span().start;
        let own = edit.span.start.saturating_sub(from)..edit.span.end.saturating_sub(from);
        let content = result.raw().get(own).unwrap_or_default();
        let text = Original::Text(decode(content).into_owned());
        let fate = self.of(None, &text).or_else(|| self.of(None, &Original::Bare(content.to_owned())));
        let written = match fate {
            Some(Fate::Kept) => content,
            Some(Fate::Written(json)) => {
                let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
                let number = json.starts_with(|c: char| c.is_ascii_digit()).then_some(&**json);
                inner.or(number).unwrap_or(&edit.text)
            }
            Some(Fate::Dropped | Fate::Stuck) | None => &edit.text,
        };
        (edit.span.clone(), written.to_owned())
    }
}

/// What is to be done in JSON in a string, in offsets of that JSON.
struct Copied<'e> {
    made: Made,
    /// What other edits may not touch.
    taken: Vec<Range<usize>>,
    /// Whether the scan itself edits there.
    is_edited: &'e dyn Fn(&Range<usize>) -> bool,
}
