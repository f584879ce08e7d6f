//! Where in a document an offset lies: one walk along the tape, only as far as there are hits.

use std::fmt::Write as _;

use crate::json::{Elements, Key, Kind, Members, Value};

use crate::scan::Direction;
use crate::scan::spelling::media;

/// What stands at an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scan) enum Place {
    /// In the name of a member.
    Key,
    /// In a number, at the top level of the message.
    Number,
    /// In a string.
    Text,
    /// Elsewhere: between values.
    Between,
}

/// A walk from the carrier inwards; offsets must not go back.
pub(in crate::scan) struct Walker<'d> {
    root: Value<'d>,
    frames: Vec<Frame<'d>>,
}

struct Frame<'d> {
    value: Value<'d>,
    rest: Rest<'d>,
    /// The name or the place of the child at hand.
    step: Step<'d>,
    child: Option<Value<'d>>,
}

enum Rest<'d> {
    Elements(Elements<'d>),
    Members(Members<'d>),
}

#[derive(Clone, Copy)]
enum Step<'d> {
    Name(Key<'d>),
    Index(usize),
    Start,
}

/// Members that peers hand back as they got them: an edit would break them.
const OPAQUE: [&str; 5] = ["cursor", "nextCursor", "progressToken", "requestState", "taskId"];
/// Members of the protocol that hold other members of the protocol.
const ENVELOPES: [&str; 5] = ["_meta", "params", "result", "task", "tasks"];
/// Members of a listed tool that hold a JSON Schema.
const SCHEMAS: [&str; 2] = ["inputSchema", "outputSchema"];
/// Words of a JSON Schema that hold values.
const SAMPLES: [&str; 4] = ["const", "default", "example", "examples"];
/// Members of the protocol whose own members have names that are no data.
const NAMED: [&str; 13] = [
    "argument",
    "clientInfo",
    "content",
    "contents",
    "icons",
    "messages",
    "prompts",
    "ref",
    "resource",
    "resourceTemplates",
    "resources",
    "serverInfo",
    "tools",
];
/// Members of the protocol below which everything is data.
const DATA: [&str; 6] = ["_meta", "arguments", "data", "input", "requestedSchema", "structuredContent"];
/// Members of the protocol that say what something is called.
const NAMES: [&str; 2] = ["name", "title"];
/// Members of a request that it was judged by.
const JUDGED: [&str; 3] = ["name", "ref", "uri"];

impl<'d> Walker<'d> {
    pub(in crate::scan) fn new(root: Value<'d>) -> Self {
        Self { root, frames: Frame::new(root).into_iter().collect() }
    }

    /// Goes forward to `offset`.
    pub(in crate::scan) fn seek(&mut self, offset: usize) -> Place {
        while let Some(frame) = self.frames.last_mut() {
            if let Some(child) = frame.child.filter(|child| offset < child.span().end) {
                let from = match frame.step {
                    Step::Name(key) if offset >= key.span().start && offset < key.span().end => {
                        return Place::Key;
                    }
                    Step::Name(_) | Step::Index(_) | Step::Start => child.span().start,
                };
                match Frame::new(child) {
                    _ if offset < from => return Place::Between,
                    Some(inner) => self.frames.push(inner),
                    None => return scalar(child),
                }
            } else if !frame.advance() {
                if self.frames.len() == 1 {
                    return Place::Between;
                }
                self.frames.pop();
            }
        }
        scalar(self.root)
    }

    /// The first byte of the value last sought, or of the value whose key it was.
    pub(in crate::scan) fn leaf(&self) -> usize {
        self.value().span().start
    }

    /// Whether the value last sought is all of `span`.
    pub(in crate::scan) fn is_whole(&self, span: &std::ops::Range<usize>) -> bool {
        self.value().span() == *span
    }

    /// The value last sought, or the value whose key it was.
    pub(in crate::scan) fn value(&self) -> Value<'d> {
        self.frames.last().and_then(|frame| frame.child).unwrap_or(self.root)
    }

    /// The names above the place last sought, outermost first.
    fn names(&self) -> impl DoubleEndedIterator<Item = Key<'d>> {
        self.frames.iter().filter_map(|frame| match frame.step {
            Step::Name(key) => Some(key),
            Step::Index(_) | Step::Start => None,
        })
    }

    /// Whether the place last sought is echoed byte for byte, or holds encoded bytes.
    pub(in crate::scan) fn is_opaque(&self) -> bool {
        let mut names = self.names();
        let Some(last) = names.next_back() else { return false };
        let is_blob = (last.is("blob") || last.is("data")) && self.frames.last().is_some_and(Frame::is_media);
        let is_echoed = OPAQUE.iter().any(|name| last.is(name));
        is_blob || is_echoed && names.all(|key| ENVELOPES.iter().any(|name| key.is(name)))
    }

    /// Whether the place last sought is the name of a tool, a prompt, a resource or a peer: no field of data,
    /// whatever it is called.
    pub(in crate::scan) fn is_named(&self, direction: Direction) -> bool {
        let is_one = |key: Key<'_>, list: &[&str]| list.iter().any(|name| key.is(name));
        let mut names = self.names().skip_while(|key| is_one(*key, &["params", "result"])).peekable();
        let Some(first) = names.next() else { return false };
        let Some(last) = self.names().next_back().filter(|_| names.peek().is_some()) else {
            return direction == Direction::Arguments && is_one(first, &NAMES);
        };
        // What a user typed stands in an object, what a tool said in an array.
        let is_form =
            first.is("content") && !self.frames.iter().any(|frame| matches!(frame.step, Step::Index(_)));
        let is_listed = first.is("prompts") && names.peek().is_some_and(|key| key.is("arguments"));
        is_one(first, &NAMED)
            && is_one(last, &NAMES)
            && !is_form
            && (is_listed || !names.any(|key| is_one(key, &DATA)))
    }

    /// Whether a request was judged by the place last sought, so that only blocking is left.
    pub(in crate::scan) fn is_judged(&self, direction: Direction) -> bool {
        let first = self.names().next();
        let is_judged = first.is_some_and(|key| JUDGED.iter().any(|name| key.is(name)));
        direction == Direction::Arguments && is_judged
    }

    /// Whether the place last sought lies in the schema of a listed tool, where keys below `properties`
    /// name types; below the schema's own examples they name values again.
    pub(in crate::scan) fn is_schema(&self, direction: Direction) -> bool {
        let mut names = self.names();
        let is_listed = direction == Direction::Results
            && names.next().is_some_and(|key| key.is("tools"))
            && names.next().is_some_and(|key| SCHEMAS.iter().any(|name| key.is(name)));
        let mut is_property = false;
        is_listed
            && names.all(|key| {
                let is_value = !is_property && SAMPLES.iter().any(|name| key.is(name));
                is_property = !is_property && key.is("properties");
                !is_value
            })
    }

    /// Writes the path of the place last sought to `path`: `$.content[0].text`. Keys that may be data are
    /// a star, and so are positions in arrays below the first.
    pub(in crate::scan) fn path(&self, path: &mut String) {
        path.clear();
        path.push('$');
        let mut arrays = 0;
        for frame in &self.frames {
            match frame.step {
                Step::Name(key) if is_plain(key.content()) => {
                    path.push('.');
                    path.push_str(key.content());
                }
                Step::Name(_) => path.push_str(".*"),
                Step::Index(place) => {
                    arrays += 1;
                    // Writing to a string does not fail.
                    let _ = if arrays == 1 { write!(path, "[{place}]") } else { write!(path, "[*]") };
                }
                Step::Start => {}
            }
        }
    }
}

impl<'d> Frame<'d> {
    /// A frame for an object or array; `None` for scalars.
    fn new(value: Value<'d>) -> Option<Self> {
        let rest = match value.kind() {
            Kind::Array => Rest::Elements(value.elements()),
            Kind::Object => Rest::Members(value.members()),
            Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::String | Kind::True => return None,
        };
        Some(Self { value, rest, step: Step::Start, child: None })
    }

    /// Goes on to the next child; says whether there is one.
    fn advance(&mut self) -> bool {
        let next = match &mut self.rest {
            Rest::Members(members) => members.next().map(|(key, child)| (Step::Name(key), child)),
            Rest::Elements(elements) => {
                let place = match self.step {
                    Step::Index(place) => place + 1,
                    Step::Name(_) | Step::Start => 0,
                };
                elements.next().map(|child| (Step::Index(place), child))
            }
        };
        self.child = next.map(|(_, child)| child);
        if let Some((step, _)) = next {
            self.step = step;
        }
        self.child.is_some()
    }

    fn is_media(&self) -> bool {
        self.child.is_some_and(|child| media::is_opaque(self.value, child))
    }
}

fn scalar(value: Value<'_>) -> Place {
    match value.kind() {
        Kind::Number => Place::Number,
        Kind::String => Place::Text,
        Kind::Key => Place::Key,
        Kind::Array | Kind::False | Kind::Null | Kind::Object | Kind::True => Place::Between,
    }
}

/// Whether a key is the name of a field, and no data: a word with few digits.
fn is_plain(key: &str) -> bool {
    let is_word = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'));
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    is_word && !key.is_empty() && key.len() <= 64 && digits <= 4
}

#[cfg(test)]
mod tests {
    use crate::scan::tests::{check, rule};
    use crate::scan::{Action, Detector, Plan};

    #[test]
    fn takes_names_of_people_and_leaves_those_of_the_protocol() {
        let plan =
            Plan::new(vec![rule("r", &[Detector::PERSON, Detector::US_SSN], &[], Action::Mask)]).unwrap();
        for (text, is_data) in [
            (r#"{"tools":[{"name":"Ann Lee","title":"Ann Lee"}]}"#, false),
            (r#"{"prompts":[{"name":"a","arguments":[{"name":"Ann Lee"}]}]}"#, false),
            (r#"{"serverInfo":{"name":"Ann Lee"}}"#, false),
            (r#"{"content":[{"type":"resource_link","name":"Ann Lee"}]}"#, false),
            (r#"{"tools":[{"inputSchema":{"properties":{"name":{"title":"Ann Lee"}}}}]}"#, false),
            (r#"{"tools":[{"inputSchema":{"properties":{"ssn":{"minimum":123456789}}}}]}"#, false),
            (r#"{"content":{"name":"Ann Lee"}}"#, true),
            (r#"{"content":[{"type":"text","_meta":{"name":"Ann Lee"}}]}"#, true),
            (r#"{"structuredContent":{"tools":[{"name":"Ann Lee"}]}}"#, true),
            (r#"{"messages":[{"content":{"input":{"name":"Ann Lee"}}}]}"#, true),
            (r#"{"name":"Ann Lee"}"#, true),
        ] {
            let wanted = if is_data { text.replace("Ann Lee", "*** ***") } else { text.to_owned() };
            check(&plan, text, &wanted);
        }
    }

    #[test]
    fn leaves_the_words_of_a_tool_schema_to_fields_and_takes_its_values() {
        let plan = Plan::new(vec![rule(
            "r",
            &[Detector::US_SSN],
            &["customer_id", "title", "patient.*"],
            Action::Mask,
        )])
        .unwrap();
        let property = r#"{"type":"string","enum":["abc-1"],"default":"abc-2"}"#;
        let masked = property.replace("abc-2", "***-*");
        for (text, wanted) in [
            (r#"{"tools":[{"inputSchema":{"title":"Find","properties":{"customer_id":@}}}]}"#, &*masked),
            (r#"{"tools":[{"outputSchema":{"properties":{"patient":{"properties":{"id":@}}}}}]}"#, &masked),
            (
                r#"{"tools":[{"inputSchema":{"properties":{"default":{"properties":{"customer_id":@}}}}}]}"#,
                &masked,
            ),
        ] {
            check(&plan, &text.replace('@', property), &text.replace('@', wanted));
        }
        let elsewhere = r#"{"structuredContent":{"tools":[{"inputSchema":{"customer_id":"abc-1"}}]}}"#;
        check(&plan, elsewhere, &elsewhere.replace("abc-1", "***-*"));
        let by_form =
            r#"{"tools":[{"inputSchema":{"properties":{"customer_id":{"description":"123-45-6789"}}}}]}"#;
        check(&plan, by_form, &by_form.replace("123-45-6789", "***-**-****"));
    }
}
