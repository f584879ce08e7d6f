//! Holding a call against what its tool takes, before any rule is asked.
//!
//! **Why.** A call that its tool cannot take is judged by rules that were written for those that it can, and a
//! server that converts what it gets may read something else than the rules did. Its model is told here which
//! argument is wrong, and can mend it.
//!
//! **How.** The pinned schema becomes a tree of [`Form`]s, wider than the schema: type, required members and
//! lists of values, at every depth; what else it says is left to the server. So nothing is ever refused that
//! the schema allows. An integer may be spelled `1.0`.
//!
//! **What is left out on purpose**: arguments that `additionalProperties: false` forbids. Generators write it
//! for servers that drop what they do not know, and those calls work.
//!
//! **What it is not.** No word to strangers: where a tool is not shown to the caller, its arguments are not
//! spoken of, and the rules refuse as if there were no such tool.
//!
//! Source: JSON Schema 2020-12; MCP 2026-07-28, `Tool.inputSchema`.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::read::{self, Silence};
use super::{Member, Shape};
use crate::json::{Document, Kind, Value, decimal};
use crate::names::Label;
use crate::policy::advice::shown;
use crate::policy::arguments::{Kinds, Standing as Standpoint};
use crate::policy::decision::{Forbid, Listing, Why};
use crate::policy::roles::Standing;
use crate::policy::snapshot::{Policy, Tool};
use crate::policy::strict::SchemaFit;

/// What the arguments of a call must be like to be of a tool.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Admission(Box<[Field]>);

/// What a value must be like; at least one thing is asked.
#[derive(Debug, Clone)]
struct Form {
    kinds: Kinds,
    /// One of these, where there is a list.
    values: Option<Box<[Listed]>>,
    /// Of an object.
    fields: Box<[Field]>,
    /// Of each element of an array.
    items: Option<Box<Form>>,
}

/// A member of an object.
#[derive(Debug, Clone)]
struct Field {
    name: Box<str>,
    is_required: bool,
    /// `None` for any value.
    form: Option<Form>,
}

/// A value that an argument may have.
#[derive(Debug, Clone)]
struct Listed {
    /// As JSON, as the schema spells it.
    json: Box<str>,
    /// Of a string, without escapes.
    text: Option<Box<str>>,
}

/// Why a call cannot be one of a tool; the client's fault. Arguments are named in the words of the schema, never
/// of the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaDoubt {
    /// It lacks an argument.
    #[error("argument `{path}` is missing")]
    Missing {
        /// Where it should be: `filter.tags[2].name`.
        path: Box<str>,
    },
    /// An argument is none of those that there may be.
    #[error("argument `{path}` must be one of {wanted}")]
    NotListed {
        /// Where it is.
        path: Box<str>,
        /// What it may be, as JSON.
        wanted: Box<str>,
    },
    /// An argument is of another type.
    #[error("argument `{path}` must be {wanted}")]
    WrongType {
        /// Where it is.
        path: Box<str>,
        /// What it must be.
        wanted: Kinds,
    },
}

/// A doubt whose way from the arguments is still to be put before it.
struct Misfit<'f> {
    /// Innermost first.
    steps: Vec<Step<'f>>,
    fault: Fault<'f>,
}

enum Fault<'f> {
    Missing,
    NotListed(&'f [Listed]),
    WrongType(Kinds),
}

enum Step<'f> {
    Element(usize),
    Member(&'f str),
}

/// More values than these help nobody.
const VALUES_TOLD_MAX: usize = 12;

impl Policy {
    /// What a refusal says of a call that its tool cannot take, to a caller who may see the tool.
    ///
    /// One walk over the arguments; allocates only to refuse.
    pub(in crate::policy) fn misfit(
        &self,
        tool: &Tool,
        standing: &Standing,
        arguments: Option<Value<'_>>,
    ) -> Option<Forbid<'_>> {
        match self.strict.input_schema {
            SchemaFit::Reject => {
                let doubt = self.doubt(tool, standing, arguments)?;
                Some(Forbid::plain(Why::Schema(Box::new(doubt))))
            }
            SchemaFit::Allow | SchemaFit::Shadow => None,
        }
    }

    /// What is wrong with an allowed call where the policy only looks, and what stands for a rule then.
    pub fn shadowed_misfit(
        &self,
        standing: &Standing,
        tool: &str,
        arguments: Option<Value<'_>>,
    ) -> Option<(&Label, SchemaDoubt)> {
        match self.strict.input_schema {
            SchemaFit::Shadow => {
                Some((&self.built_in_schema, self.doubt(self.tool(tool)?, standing, arguments)?))
            }
            SchemaFit::Allow | SchemaFit::Reject => None,
        }
    }

    fn doubt(&self, tool: &Tool, standing: &Standing, arguments: Option<Value<'_>>) -> Option<SchemaDoubt> {
        let doubt = tool.admission.as_ref()?.admit(arguments).err()?;
        // Who is not shown the tool is refused by the rules whatever the arguments, and learns nothing here.
        (self.lists(standing, tool.name.as_str()) == Listing::Shown).then_some(doubt)
    }
}

impl Admission {
    /// Reads a pinned `inputSchema`; `None` where it asks for nothing that is understood.
    pub fn parse(json: &str) -> Option<Self> {
        let fields = fields(read::parse(json, Silence::Opens).members);
        (!fields.is_empty()).then_some(Self(fields))
    }

    /// Holds the arguments of a call against the schema; no arguments are an empty object.
    ///
    /// # Errors
    /// The first that is wrong. Allocates only then, and where a string that is compared has escapes.
    pub fn admit(&self, arguments: Option<Value<'_>>) -> Result<(), SchemaDoubt> {
        admit(&self.0, arguments).map_err(SchemaDoubt::from)
    }
}

fn admit<'f>(fields: &'f [Field], object: Option<Value<'_>>) -> Result<(), Misfit<'f>> {
    for field in fields {
        let mut is_there = false;
        // Where keys may repeat, nobody knows which one the server reads.
        for (_, value) in object.iter().flat_map(Value::members).filter(|(key, _)| key.is(&field.name)) {
            is_there = true;
            if let Some(form) = &field.form {
                form.admit(value).map_err(|misfit| misfit.inside(Step::Member(&field.name)))?;
            }
        }
        if field.is_required && !is_there {
            return Err(Misfit { steps: vec![Step::Member(&field.name)], fault: Fault::Missing });
        }
    }
    Ok(())
}

impl Form {
    /// What a shape asks; `None` where that is nothing.
    fn of(shape: Shape) -> Option<Self> {
        let items = shape.items.and_then(|items| Self::of(*items)).map(Box::new);
        let form =
            Self { kinds: shape.kinds, values: listed(shape.values), fields: fields(shape.members), items };
        let asks = form.kinds != Kinds::ALL
            || form.values.is_some()
            || !form.fields.is_empty()
            || form.items.is_some();
        asks.then_some(form)
    }

    fn admit<'f>(&'f self, value: Value<'_>) -> Result<(), Misfit<'f>> {
        let refuse = |fault| Err(Misfit { steps: Vec::new(), fault });
        if self.kinds.judge(value) == Standpoint::Fails {
            return refuse(Fault::WrongType(self.kinds));
        }
        if let Some(values) = &self.values
            && !values.iter().any(|one| one.is(value))
        {
            return refuse(Fault::NotListed(values));
        }
        if let Some(items) = &self.items {
            for (index, element) in value.elements().enumerate() {
                items.admit(element).map_err(|misfit| misfit.inside(Step::Element(index)))?;
            }
        }
        match value.kind() {
            Kind::Object => admit(&self.fields, Some(value)),
            _ => Ok(()),
        }
    }
}

/// What a schema asks of members; those of which it asks nothing are left out.
fn fields(members: Vec<Member>) -> Box<[Field]> {
    let field = |member: Member| {
        let form = Form::of(member.shape);
        (member.is_required || form.is_some()).then_some(Field {
            name: member.name,
            is_required: member.is_required,
            form,
        })
    };
    members.into_iter().filter_map(field).collect()
}

/// The list of values; `None` where one of them is an array or an object, which can be spelled in many ways.
fn listed(values: Option<Vec<Box<str>>>) -> Option<Box<[Listed]>> {
    let one = |json: Box<str>| {
        let document = Document::parse(json.as_bytes()).ok()?;
        let value = document.root();
        let text = value.string().map(|text| text.as_ref().into());
        let is_plain = !matches!(value.kind(), Kind::Array | Kind::Object);
        is_plain.then_some((text, json.clone()))
    };
    let read: Option<Vec<_>> = values?.into_iter().map(one).collect();
    Some(read?.into_iter().map(|(text, json)| Listed { json, text }).collect())
}

impl Listed {
    fn is(&self, value: Value<'_>) -> bool {
        match value.kind() {
            Kind::String => self.text.as_deref().is_some_and(|text| match value.content() {
                Some(content) if !value.is_escaped() => content == text,
                _ => value.string().as_deref() == Some(text),
            }),
            Kind::Number => {
                decimal::is_number(&self.json) && decimal::compare(&self.json, value.raw()) == Ordering::Equal
            }
            Kind::False | Kind::Null | Kind::True => *self.json == *value.raw(),
            Kind::Array | Kind::Key | Kind::Object => false,
        }
    }
}

impl<'f> Misfit<'f> {
    fn inside(mut self, step: Step<'f>) -> Self {
        self.steps.push(step);
        self
    }
}

impl From<Misfit<'_>> for SchemaDoubt {
    fn from(misfit: Misfit<'_>) -> Self {
        let mut path = String::new();
        for step in misfit.steps.iter().rev() {
            // A `String` takes whatever is written to it.
            let _ = match step {
                Step::Element(index) => write!(path, "[{index}]"),
                Step::Member(name) if path.is_empty() => write!(path, "{}", shown(name)),
                Step::Member(name) => write!(path, ".{}", shown(name)),
            };
        }
        let path = path.into();
        match misfit.fault {
            Fault::Missing => Self::Missing { path },
            Fault::NotListed(values) => Self::NotListed { path, wanted: told(values) },
            Fault::WrongType(wanted) => Self::WrongType { path, wanted },
        }
    }
}

/// Some values in words: `"analytics", "reporting" and 3 more`.
fn told(values: &[Listed]) -> Box<str> {
    let some: Vec<_> = values.iter().take(VALUES_TOLD_MAX).map(|one| shown(&one.json)).collect();
    let some = some.join(", ");
    match values.len().saturating_sub(VALUES_TOLD_MAX) {
        0 => some.into(),
        more => format!("{some} and {more} more").into(),
    }
}

impl SchemaDoubt {
    /// Where the argument is, or should be.
    pub fn path(&self) -> &str {
        match self {
            Self::Missing { path } | Self::NotListed { path, .. } | Self::WrongType { path, .. } => path,
        }
    }
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
