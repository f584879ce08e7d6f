//! From a JSON Schema to a [`Shape`] that holds at least what the schema does.

use std::cmp::Ordering;

use super::{Member, Range, Shape};
use crate::bounds::{INPUT_DEPTH_MAX, INPUT_SHAPES_MAX};
use crate::json::{Document, Key, Kind, Value, decimal};
use crate::policy::arguments::{Kinds, type_kinds};

/// What it means that a schema lists members and does not say whether there may be others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Silence {
    /// That there are no others, as its author thinks: what a rule names beside them is a typo.
    Closes,
    /// That there may be, as the specification has it.
    Opens,
}

/// Reads a schema.
pub(in crate::policy) fn parse(json: &str, silence: Silence) -> Shape {
    match Document::parse(json.as_bytes()) {
        Ok(document) => Reader::new(document.root(), silence).shape(document.root(), 0),
        Err(_) => Shape::any(),
    }
}

struct Reader<'d> {
    root: Value<'d>,
    silence: Silence,
    /// Whether the draft is one in which nothing counts beside `$ref`.
    is_old: bool,
    /// Whether parts have names of their own, which references may start from.
    has_names: bool,
    /// Shapes that may still be made: references may repeat what they lead to.
    left: usize,
}

/// Keywords by which members may be known that `properties` does not name.
const OPENING: &[&str] = &["patternProperties", "unevaluatedProperties", "$dynamicRef"];

impl<'d> Reader<'d> {
    fn new(root: Value<'d>, silence: Silence) -> Self {
        let is_new = |draft: &str| draft.contains("2020-12") || draft.contains("2019-09");
        let draft = root.get("$schema").and_then(|draft| draft.string());
        Self {
            root,
            silence,
            is_old: draft.is_some_and(|draft| !is_new(&draft)),
            has_names: has_inner_names(root),
            left: INPUT_SHAPES_MAX,
        }
    }

    fn shape(&mut self, schema: Value<'d>, depth: usize) -> Shape {
        if schema.kind() != Kind::Object || depth > INPUT_DEPTH_MAX || self.left == 0 {
            return Shape::any();
        }
        self.left -= 1;
        let reference = schema.get("$ref");
        let target = reference.map(|reference| match self.follow(reference) {
            Some(target) => self.shape(target, depth + 1),
            None => Shape::any(),
        });
        let mut shape = match target {
            Some(target) if self.is_old => return target,
            Some(target) => {
                let mut own = self.own(schema, depth);
                own.narrow(target);
                own
            }
            None => self.own(schema, depth),
        };
        for part in schema.get("allOf").into_iter().flat_map(|all| all.elements()) {
            let part = self.shape(part, depth + 1);
            shape.narrow(part);
        }
        for union in ["anyOf", "oneOf"] {
            let parts = schema.get(union).into_iter().flat_map(|any| any.elements());
            let parts: Vec<Shape> = parts.map(|part| self.shape(part, depth + 1)).collect();
            if let Some(joined) = parts.into_iter().reduce(Shape::join) {
                shape.narrow(joined);
            }
        }
        shape
    }

    /// What the keywords of a schema itself say.
    fn own(&mut self, schema: Value<'d>, depth: usize) -> Shape {
        let required: Vec<_> =
            schema.get("required").into_iter().flat_map(|names| names.elements()).collect();
        let is_required = |name: &str| required.iter().any(|one| one.string().is_some_and(|one| one == name));
        let mut members = Vec::new();
        let properties = schema.get("properties");
        for (key, value) in properties.into_iter().flat_map(|properties| properties.members()) {
            let name: Box<str> = key.name().into();
            members.push(Member {
                is_required: is_required(&name),
                shape: self.shape(value, depth + 1),
                name,
            });
        }
        for name in required.iter().filter_map(Value::string) {
            if members.iter().all(|member| *member.name != *name) {
                members.push(Member { name: (*name).into(), is_required: true, shape: Shape::any() });
            }
        }
        let additional = schema.get("additionalProperties");
        let is_open = properties.is_none()
            || additional.map_or(self.silence == Silence::Opens, |more| more.kind() != Kind::False)
            || OPENING.iter().any(|keyword| schema.get(keyword).is_some());
        let items = schema.get("items").filter(|items| items.kind() == Kind::Object);
        // Beside those, `items` is about the rest only.
        let items = items.filter(|_| schema.get("prefixItems").is_none());
        Shape {
            kinds: kinds(schema),
            values: values(schema),
            number: Range {
                min: tighter(
                    number(schema, "minimum"),
                    number(schema, "exclusiveMinimum"),
                    Ordering::Greater,
                ),
                max: tighter(number(schema, "maximum"), number(schema, "exclusiveMaximum"), Ordering::Less),
            },
            length: range(schema, "minLength", "maxLength"),
            count: range(schema, "minItems", "maxItems"),
            members,
            is_open,
            items: items.map(|items| Box::new(self.shape(items, depth + 1))),
        }
    }

    /// The part of the schema that a reference such as `#/$defs/colour` leads to.
    fn follow(&self, reference: Value<'d>) -> Option<Value<'d>> {
        follow(self.root, reference).filter(|_| !self.has_names)
    }
}

/// Whether parts of a schema have names of their own, which references in them start from.
pub(in crate::policy) fn has_inner_names(root: Value<'_>) -> bool {
    // A name is a string; what is called `id` and is something else is a property.
    fn is_named(value: Value<'_>) -> bool {
        let named = |(key, value): (Key<'_>, Value<'_>)| {
            (key.is("$id") || key.is("id")) && value.kind() == Kind::String || is_named(value)
        };
        value.elements().any(is_named) || value.members().any(named)
    }
    root.elements().any(is_named) || root.members().any(|(_, value)| is_named(value))
}

/// The part of a schema that a reference such as `#/$defs/colour` leads to; `#` is all of it.
pub(in crate::policy) fn follow<'d>(root: Value<'d>, reference: Value<'d>) -> Option<Value<'d>> {
    let text = reference.string()?;
    let pointer = match &*text {
        "#" => return Some(root),
        other => other.strip_prefix("#/")?,
    };
    // Escapes of pointers and of URIs stand for names that no generator writes.
    if pointer.contains(['~', '%']) {
        return None;
    }
    pointer.split('/').try_fold(root, |value, step| value.get(step))
}

/// The kinds that `type` names, and the listed values have; all where nothing is said.
fn kinds(schema: Value<'_>) -> Kinds {
    let listed = match (schema.get("const"), schema.get("enum")) {
        (Some(only), _) => kind_of(only),
        (None, Some(listed)) if listed.kind() == Kind::Array => {
            listed.elements().fold(Kinds::NONE, |kinds, value| kinds.or(kind_of(value)))
        }
        (None, _) => Kinds::ALL,
    };
    named_kinds(schema).and(listed)
}

fn kind_of(value: Value<'_>) -> Kinds {
    match value.kind() {
        Kind::Array => Kinds::ARRAY,
        Kind::False | Kind::True => Kinds::BOOLEAN,
        Kind::Key => Kinds::NONE,
        Kind::Null => Kinds::NULL,
        Kind::Number if decimal::is_integral(value.raw()) => Kinds::INTEGER,
        Kind::Number => Kinds::FRACTION,
        Kind::Object => Kinds::OBJECT,
        Kind::String => Kinds::STRING,
    }
}

/// The kinds that `type` names; all where it names none.
pub(in crate::policy) fn named_kinds(schema: Value<'_>) -> Kinds {
    let Some(of) = schema.get("type") else { return Kinds::ALL };
    let one = |of: Value<'_>| of.string().and_then(|name| type_kinds(&name));
    match of.kind() {
        Kind::Array => of.elements().try_fold(Kinds::NONE, |kinds, of| Some(kinds.or(one(of)?))),
        _ => one(of),
    }
    .unwrap_or(Kinds::ALL)
}

/// The values that `enum` or `const` lists.
pub(in crate::policy) fn values(schema: Value<'_>) -> Option<Vec<Box<str>>> {
    let spelled = |value: Value<'_>| value.raw().into();
    if let Some(only) = schema.get("const") {
        return Some(vec![spelled(only)]);
    }
    let listed = schema.get("enum").filter(|listed| listed.kind() == Kind::Array)?;
    Some(listed.elements().map(spelled).collect())
}

/// The number that a keyword has, as it is spelled.
pub(in crate::policy) fn number(schema: Value<'_>, keyword: &str) -> Option<Box<str>> {
    let value = schema.get(keyword).filter(|value| value.kind() == Kind::Number)?;
    Some(value.raw().into())
}

fn range(schema: Value<'_>, min: &str, max: &str) -> Range {
    Range { min: number(schema, min), max: number(schema, max) }
}

/// The bound that lets less through: the one that compares as `wanted` with the other.
fn tighter(left: Option<Box<str>>, right: Option<Box<str>>, wanted: Ordering) -> Option<Box<str>> {
    match (left, right) {
        (Some(left), Some(right)) => {
            Some(if decimal::compare(&left, &right) == wanted { left } else { right })
        }
        (left, right) => left.or(right),
    }
}

/// The bound that lets more through; none where one side has none.
fn looser(left: Option<Box<str>>, right: Option<Box<str>>, wanted: Ordering) -> Option<Box<str>> {
    let (left, right) = (left?, right?);
    Some(if decimal::compare(&left, &right) == wanted { left } else { right })
}

impl Range {
    fn narrow(&mut self, other: Self) {
        self.min = tighter(self.min.take(), other.min, Ordering::Greater);
        self.max = tighter(self.max.take(), other.max, Ordering::Less);
    }

    fn join(self, other: Self) -> Self {
        Self {
            min: looser(self.min, other.min, Ordering::Less),
            max: looser(self.max, other.max, Ordering::Greater),
        }
    }
}

impl Shape {
    /// Takes on what `other` says beside what it says itself.
    fn narrow(&mut self, other: Self) {
        self.kinds = self.kinds.and(other.kinds);
        self.values = self.values.take().or(other.values);
        self.number.narrow(other.number);
        self.length.narrow(other.length);
        self.count.narrow(other.count);
        for member in other.members {
            match self.members.iter_mut().find(|own| own.name == member.name) {
                Some(own) => {
                    own.is_required |= member.is_required;
                    own.shape.narrow(member.shape);
                }
                None => self.members.push(member),
            }
        }
        // What one part leaves open the other may name, so only both together close it.
        self.is_open &= other.is_open;
        self.items = self.items.take().or(other.items);
    }

    /// What either says.
    pub fn join(self, other: Self) -> Self {
        // A bound of one kind says nothing about a side without that kind.
        let sides = |kind: Kinds| (!self.kinds.and(kind).is_empty(), !other.kinds.and(kind).is_empty());
        let (of_numbers, of_strings) = (sides(Kinds::NUMBER), sides(Kinds::STRING));
        let (of_arrays, of_objects) = (sides(Kinds::ARRAY), sides(Kinds::OBJECT));
        let (members, is_open) = match of_objects {
            (true, true) => join_members(&self, &other),
            (true, false) => (self.members.clone(), self.is_open),
            (false, _) => (other.members.clone(), other.is_open),
        };
        let items = either(of_arrays, self.items.clone(), other.items.clone(), |left, right| {
            Some(Box::new(Shape::join(*left?, *right?)))
        });
        Self {
            kinds: self.kinds.or(other.kinds),
            values: self.listed().zip(other.listed()).map(|(left, right)| [left, right].concat()),
            number: either(of_numbers, self.number, other.number, Range::join),
            length: either(of_strings, self.length, other.length, Range::join),
            count: either(of_arrays, self.count, other.count, Range::join),
            members,
            is_open,
            items,
        }
    }

    /// Every value there may be, where there are few.
    fn listed(&self) -> Option<Vec<Box<str>>> {
        match &self.values {
            Some(values) => Some(values.clone()),
            None if self.kinds == Kinds::NULL => Some(vec!["null".into()]),
            None => None,
        }
    }
}

fn either<T>(sides: (bool, bool), left: T, right: T, join: impl FnOnce(T, T) -> T) -> T {
    match sides {
        (true, true) => join(left, right),
        (true, false) => left,
        (false, _) => right,
    }
}

fn join_members(left: &Shape, right: &Shape) -> (Vec<Member>, bool) {
    let mut members = Vec::new();
    for (own, other) in [(left, right), (right, left)] {
        for member in &own.members {
            let twin = other.members.iter().find(|twin| twin.name == member.name);
            if members.iter().any(|known: &Member| known.name == member.name) {
                continue;
            }
            let shape = match twin {
                Some(twin) => member.shape.clone().join(twin.shape.clone()),
                None if other.is_open => Shape::any(),
                None => member.shape.clone(),
            };
            let is_required = member.is_required && twin.is_some_and(|twin| twin.is_required);
            members.push(Member { name: member.name.clone(), is_required, shape });
        }
    }
    (members, left.is_open || right.is_open)
}
