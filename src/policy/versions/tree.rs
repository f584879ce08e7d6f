//! JSON that is taken apart only where something in it is changed; the rest keeps its bytes.

use crate::json::{Kind, Value, quote};

/// The key that stands for every element of an array.
pub(super) const EACH: &str = "*";

/// A value that can be changed inside.
#[derive(Debug, Clone)]
pub(super) enum Tree<'d> {
    /// An array that was opened.
    Array(Vec<Tree<'d>>),
    /// An object that was opened: its members in order.
    Object(Vec<(Box<str>, Tree<'d>)>),
    /// JSON that comes from a policy.
    Text(Box<str>),
    /// As it came.
    Value(Value<'d>),
}

impl<'d> Tree<'d> {
    /// An object without members.
    pub fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// The members, if it is an object: opens it.
    fn members(&mut self) -> Option<&mut Vec<(Box<str>, Self)>> {
        if let Self::Value(value) = self
            && value.kind() == Kind::Object
        {
            let members = value.members().map(|(key, value)| (key.name().into(), Self::Value(value)));
            *self = Self::Object(members.collect());
        }
        match self {
            Self::Object(members) => Some(members),
            Self::Array(_) | Self::Text(_) | Self::Value(_) => None,
        }
    }

    /// The elements, if it is an array: opens it.
    fn elements(&mut self) -> Option<&mut Vec<Self>> {
        if let Self::Value(value) = self
            && value.kind() == Kind::Array
        {
            *self = Self::Array(value.elements().map(Self::Value).collect());
        }
        match self {
            Self::Array(elements) => Some(elements),
            Self::Object(_) | Self::Text(_) | Self::Value(_) => None,
        }
    }

    /// Does something with each value that `way` leads to, where [`EACH`] is every element of an array.
    pub fn each(&mut self, way: &[Box<str>], act: &mut dyn FnMut(&mut Self)) {
        let Some((first, rest)) = way.split_first() else { return act(self) };
        if **first == *EACH {
            for element in self.elements().into_iter().flatten() {
                element.each(rest, act);
            }
        } else if let Some(member) = self.member(first) {
            member.each(rest, act);
        }
    }

    fn member(&mut self, name: &str) -> Option<&mut Self> {
        self.members()?.iter_mut().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// What stands at a place.
    pub fn at(&mut self, path: &[Box<str>]) -> Option<&mut Self> {
        path.iter().try_fold(self, |tree, name| tree.member(name))
    }

    /// Takes out what stands at a place.
    pub fn take(&mut self, path: &[Box<str>]) -> Option<Self> {
        let (last, way) = path.split_last()?;
        let members = self.at(way)?.members()?;
        let index = members.iter().position(|(known, _)| known == last)?;
        Some(members.remove(index).1)
    }

    /// Puts `value` at a place, in place of whatever stands there or on the way and is no object.
    pub fn put(&mut self, path: &[Box<str>], value: Self) {
        let Some((name, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if self.members().is_none() {
            *self = Self::empty();
        }
        let Some(members) = self.members() else { return };
        let index = members.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            members.push((name.clone(), Self::empty()));
            members.len() - 1
        });
        if let Some((_, inner)) = members.get_mut(index) {
            inner.put(rest, value);
        }
    }

    /// A string, without escapes.
    pub fn string(&self) -> Option<String> {
        match self {
            Self::Value(value) => value.string().map(Into::into),
            Self::Array(_) | Self::Object(_) | Self::Text(_) => None,
        }
    }

    /// Writes it as JSON; what was not opened as it came.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Value(value) => out.push_str(value.raw()),
            Self::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    out.push_str(&quote(name));
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}
