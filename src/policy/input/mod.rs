//! What a tool takes: its pinned `inputSchema`, as far as rules can be held against it.
//!
//! **Why.** A rule about an argument that no tool has, or about a number where the tool takes a text,
//! loads in most policy languages and does nothing. Here it is a fault of the bundle.
//!
//! **How.** The schema becomes a tree of [`Shape`]s, each *wider* than the schema: what is not
//! understood narrows nothing. So "no value can be that" is always true when it is said, and silence
//! promises nothing. References inside the schema are followed; unions are joined.
//!
//! [`Admission`] holds each call against the same schema before any rule is asked, read wider still.
//!
//! **What it is not.** No validator: what it does not understand it lets pass, and the server validates.
//!
//! Source: JSON Schema 2020-12; MCP 2026-07-28, `Tool.inputSchema`.

mod admission;
mod check;
mod fuzz;
mod read;

pub(super) use admission::Admission;
pub use admission::SchemaDoubt;
pub(super) use check::{check, check_path};
pub use fuzz::fuzz_input;
pub(super) use read::{Silence, follow, has_inner_names, named_kinds, number, parse as shape_of, values};

use super::arguments::Kinds;
use super::parts::ToolPart;

/// What a tool takes as arguments.
#[derive(Debug, Clone)]
pub(super) struct InputSchema(Shape);

/// What stands at one place of the arguments, or a set that holds all of that.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub kinds: Kinds,
    /// Every value there may be, as JSON; `None` where there is no list.
    pub values: Option<Vec<Box<str>>>,
    number: Range,
    /// Of characters of a string.
    length: Range,
    /// Of elements of an array.
    count: Range,
    pub members: Vec<Member>,
    /// Whether there may be members beside `members`.
    pub is_open: bool,
    /// Of an element of an array, if they are alike.
    pub items: Option<Box<Shape>>,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub name: Box<str>,
    pub is_required: bool,
    pub shape: Shape,
}

/// Numbers from one to another, both of them inside; spelled as in JSON.
#[derive(Debug, Clone, Default)]
struct Range {
    min: Option<Box<str>>,
    max: Option<Box<str>>,
}

/// What a schema says about a path.
enum Entry<'s> {
    /// Its step of this number leads nowhere; the names that there are in its place.
    Missing(usize, Vec<&'s str>),
    /// It cannot be said.
    Open,
    /// This is there, and whether it is there in every call.
    Shape(&'s Shape, bool),
}

/// What each tool takes, in their order; `None` of one whose definition is not pinned.
pub(super) fn of_tools(tools: &[ToolPart]) -> Vec<Option<InputSchema>> {
    let one = |tool: &ToolPart| {
        let json = tool.definition.as_ref()?.input_schema.as_deref()?;
        Some(InputSchema::parse(json))
    };
    tools.iter().map(one).collect()
}

impl InputSchema {
    /// Reads a schema; what is not understood of it, or no JSON, says nothing.
    pub fn parse(json: &str) -> Self {
        Self(read::parse(json, Silence::Closes))
    }

    fn find(&self, path: &str) -> Entry<'_> {
        self.follow(path, |shape| shape)
    }

    /// As [`find`](Self::find), with the elements of arrays in their place.
    fn find_inside(&self, path: &str) -> Entry<'_> {
        self.follow(path, |shape| {
            let mut shape = shape;
            while let (true, Some(items)) = (shape.kinds.and(Kinds::OBJECT).is_empty(), &shape.items) {
                shape = items;
            }
            shape
        })
    }

    fn follow<'s>(&'s self, path: &str, enter: impl Fn(&'s Shape) -> &'s Shape) -> Entry<'s> {
        let (mut shape, mut is_required) = (&self.0, true);
        for (number, step) in path.split('.').enumerate() {
            shape = enter(shape);
            if shape.kinds.and(Kinds::OBJECT).is_empty() {
                return Entry::Missing(number, Vec::new());
            }
            let Some(member) = shape.members.iter().find(|member| *member.name == *step) else {
                if shape.is_open {
                    return Entry::Open;
                }
                let names = shape.members.iter().map(|member| &*member.name).collect();
                return Entry::Missing(number, names);
            };
            is_required &= member.is_required;
            shape = &member.shape;
        }
        Entry::Shape(shape, is_required)
    }
}

impl Shape {
    /// What anything is.
    pub fn any() -> Self {
        Self {
            kinds: Kinds::ALL,
            values: None,
            number: Range::default(),
            length: Range::default(),
            count: Range::default(),
            members: Vec::new(),
            is_open: true,
            items: None,
        }
    }
}

#[cfg(test)]
mod tests;
