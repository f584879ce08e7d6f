//! What turns the arguments, or the result, of one version of a tool into those of another.
//!
//! Six steps and no more: each is total, so that a translation cannot fail when a call comes, and each can be
//! followed through a schema, so that a wrong one is found when the policy is read. What needs more belongs into
//! a server.

use super::tree::{EACH, Tree};
use crate::json::Value;

/// The keys that lead to a place inside an object, outermost first; never empty. `*` leads to every element of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Box<[Box<str>]>);

/// One step of a translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Puts a value there, whatever there was.
    Const(Pointer, Box<str>),
    /// Puts a value there where nothing is.
    Default(Pointer, Box<str>),
    /// Takes out what is there.
    Drop(Pointer),
    /// Puts one text for another; others stay.
    Enum(Pointer, Box<[(Box<str>, Box<str>)]>),
    /// Takes what is at one place to another; a rename where only the last key differs.
    Move(Pointer, Pointer),
}

impl Pointer {
    /// Reads a JSON pointer, or the name of a member of the outermost object.
    ///
    /// `None` for a text that leads nowhere: empty, or with an escape that RFC 6901 does not have.
    pub fn parse(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix('/') else {
            return (!text.is_empty() && !text.contains('/')).then(|| Self(Box::new([text.into()])));
        };
        let key = |step: &str| {
            let is_escaped = step.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
            is_escaped.then(|| step.replace("~1", "/").replace("~0", "~").into_boxed_str())
        };
        rest.split('/').map(key).collect::<Option<_>>().map(Self)
    }

    /// The keys, outermost first.
    pub fn keys(&self) -> &[Box<str>] {
        &self.0
    }

    /// The way to the elements that it lies in, up to the innermost, and the rest of it inside each of them.
    fn split(&self) -> (&[Box<str>], &[Box<str>]) {
        let end = self.0.iter().rposition(|key| **key == *EACH).map_or(0, |place| place + 1);
        self.0.split_at(end)
    }

    /// Whether both lie in the same element of the same arrays, so that something can be taken from one to the other.
    pub fn is_within_reach(&self, other: &Self) -> bool {
        self.split().0 == other.split().0
    }

    /// Whether it leads to a member of an object, rather than to elements of an array.
    pub fn is_member(&self) -> bool {
        !self.split().1.is_empty()
    }

    /// Whether both lie in the same object.
    pub fn is_beside(&self, other: &Self) -> bool {
        match (self.0.split_last(), other.0.split_last()) {
            (Some((_, way)), Some((_, others))) => way == others,
            _ => false,
        }
    }
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|key| write!(f, "/{}", key.replace('~', "~0").replace('/', "~1")))
    }
}

impl Step {
    fn take(&self, tree: &mut Tree<'_>) {
        let (Self::Const(at, _)
        | Self::Default(at, _)
        | Self::Drop(at)
        | Self::Enum(at, _)
        | Self::Move(at, _)) = self;
        tree.each(at.split().0, &mut |inner| self.take_inside(inner));
    }

    /// Takes the step inside one element, or the whole object where it leads into no array.
    fn take_inside(&self, tree: &mut Tree<'_>) {
        let text = |json: &str| Tree::Text(json.into());
        match self {
            Self::Const(at, json) => tree.put(at.split().1, text(json)),
            Self::Default(at, json) => {
                if tree.at(at.split().1).is_none() {
                    tree.put(at.split().1, text(json));
                }
            }
            Self::Drop(at) => drop(tree.take(at.split().1)),
            Self::Enum(at, words) => {
                let Some(value) = tree.at(at.split().1) else { return };
                let said = value.string();
                if let Some((_, word)) = words.iter().find(|(from, _)| Some(&**from) == said.as_deref()) {
                    *value = text(&crate::json::quote(word));
                }
            }
            Self::Move(from, to) => {
                if let Some(value) = tree.take(from.split().1) {
                    tree.put(to.split().1, value);
                }
            }
        }
    }
}

/// Takes all `steps` over an object; none is an empty one. Returns it as JSON: what no step touches as it came.
pub(super) fn translate<'s>(object: Option<Value<'_>>, steps: impl Iterator<Item = &'s Step>) -> String {
    let mut tree = object.map_or_else(Tree::empty, Tree::Value);
    steps.for_each(|step| step.take(&mut tree));
    let mut out = String::new();
    tree.write(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn at(text: &str) -> Pointer {
        Pointer::parse(text).expect("a pointer")
    }

    #[track_caller]
    fn check(steps: &[Step], from: &str, to: &str) {
        let document = Document::parse(from.as_bytes()).expect("a test is JSON");
        assert_eq!(translate(Some(document.root()), steps.iter()), to, "{steps:?}");
    }

    #[test]
    fn each_step_does_one_thing_and_keeps_every_other_spelling() {
        let renamed = Step::Move(at("q"), at("/query"));
        check(
            std::slice::from_ref(&renamed),
            r#"{"n":1e2, "q" : "\u0041","x":[1, 2]}"#,
            r#"{"n":1e2,"x":[1, 2],"query":"\u0041"}"#,
        );
        check(&[renamed], r#"{ "n": 1 }"#, r#"{"n":1}"#);
        check(
            &[Step::Move(at("/a/b"), at("/c/d"))],
            r#"{"a":{"b":1,"x":2}}"#,
            r#"{"a":{"x":2},"c":{"d":1}}"#,
        );
        check(&[Step::Default(at("/limit"), "20".into())], r#"{"q":1}"#, r#"{"q":1,"limit":20}"#);
        check(&[Step::Default(at("/limit"), "20".into())], r#"{"limit":null}"#, r#"{"limit":null}"#);
        check(&[Step::Const(at("/o/mode"), "\"fast\"".into())], r#"{"o":7}"#, r#"{"o":{"mode":"fast"}}"#);
        check(&[Step::Drop(at("/o/x")), Step::Drop(at("gone"))], r#"{"o":{"x":1}}"#, r#"{"o":{}}"#);
        let words = Step::Enum(at("sort"), Box::new([("rel".into(), "relevance".into())]));
        check(std::slice::from_ref(&words), r#"{"sort":"\u0072el"}"#, r#"{"sort":"relevance"}"#);
        check(std::slice::from_ref(&words), r#"{"sort":"date"}"#, r#"{"sort":"date"}"#);
        check(&[words], r#"{"sort":7}"#, r#"{"sort":7}"#);
        assert_eq!(translate(None, [Step::Const(at("a"), "1".into())].iter()), r#"{"a":1}"#);
    }

    #[test]
    fn a_step_that_leads_into_an_array_is_taken_in_every_element() {
        let renamed = Step::Move(at("/items/*/name"), at("/items/*/about/title"));
        check(
            std::slice::from_ref(&renamed),
            r#"{"items":[{"name":"a","x":1e0},{},7,{"name":"b"}],"n":[ 1 ]}"#,
            r#"{"items":[{"x":1e0,"about":{"title":"a"}},{},7,{"about":{"title":"b"}}],"n":[ 1 ]}"#,
        );
        for same in [r#"{"items":{"name":"a"}}"#, r#"{"items":"*"}"#, "{}", r#"{"items":[]}"#] {
            check(std::slice::from_ref(&renamed), same, same);
        }
        check(
            &[
                Step::Const(at("/l/*/k"), "1".into()),
                Step::Drop(at("/l/*/x")),
                Step::Default(at("/l/*/d"), "2".into()),
            ],
            r#"{"l":[{"x":0},{"d":3}]}"#,
            r#"{"l":[{"k":1,"d":2},{"d":3,"k":1}]}"#,
        );
        let words = Step::Enum(at("/l/*"), Box::new([("a".into(), "b".into())]));
        check(&[words], r#"{"l":["a","c",1]}"#, r#"{"l":["b","c",1]}"#);
        check(&[Step::Drop(at("/l/*/*/x"))], r#"{"l":[[{"x":1},{"y":2}],[]]}"#, r#"{"l":[[{},{"y":2}],[]]}"#);
        assert!(at("/a/*/b").is_within_reach(&at("/a/*/c/d")) && !at("/a/*/b").is_within_reach(&at("/a/b")));
        assert!(
            !at("/a/*/b").is_within_reach(&at("/c/*/b"))
                && at("/a/*/b").is_member()
                && !at("/a/*").is_member()
        );
    }

    #[test]
    fn a_pointer_is_one_of_rfc_6901_or_a_name() {
        for (text, keys) in
            [("q", vec!["q"]), ("/a/b", vec!["a", "b"]), ("/a~1b/~0", vec!["a/b", "~"]), ("/", vec![""])]
        {
            let pointer = at(text);
            assert_eq!(pointer.keys().iter().map(|key| &**key).collect::<Vec<_>>(), keys, "{text}");
            assert_eq!(Pointer::parse(&pointer.to_string()), Some(pointer), "{text}");
        }
        for text in ["", "a/b", "/~2", "/a~"] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
        assert!(at("/a/b").is_beside(&at("/a/c")) && !at("/a/b").is_beside(&at("b")));
    }
}
