//! The steps of a translation as they are written.

use super::Reader;
use crate::policy::advice::did_you_mean;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Span, shown};
use crate::policy::scalar::Scalar;
use crate::policy::versions::{Facet, Pointer, Step};
use crate::policy::walker;
use crate::policy::yaml::{Content, Entry, Node};

/// The words for a step.
pub(in crate::policy) const STEP_KEYS: &[&str] = &["rename", "move", "default", "const", "drop", "enum"];

/// How far a step may take a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Anywhere,
    Beside,
}

impl Reader<'_, '_> {
    pub(super) fn steps(&mut self, node: &Node, facet: fn(Option<usize>) -> Facet) -> Vec<Step> {
        self.places.push((facet(None), node.span));
        let mut steps = Vec::new();
        for item in walker::list(node, "a translation", self.findings).unwrap_or_default() {
            for entry in walker::map(item, "a step", self.findings).unwrap_or_default() {
                let before = steps.len();
                if STEP_KEYS.contains(&&*entry.key) {
                    self.step(entry, &mut steps);
                } else {
                    let message = format!("there is no step `{}`", shown(&entry.key));
                    let help = did_you_mean(&entry.key, "steps", STEP_KEYS.iter().copied());
                    self.findings.advise(Code::UnknownKey, entry.key_span, message, help);
                }
                self.places.extend((before..steps.len()).map(|index| (facet(Some(index)), entry.value.span)));
            }
        }
        steps
    }

    fn step(&mut self, entry: &Entry, steps: &mut Vec<Step>) {
        let node = &entry.value;
        match &*entry.key {
            "drop" => {
                for place in walker::texts(node, "a place", self.findings) {
                    let at = self.pointer(&place.value, place.span);
                    at.iter().for_each(|at| self.want_member(at, place.span));
                    steps.extend(at.map(Step::Drop));
                }
            }
            "rename" => self.moves(node, Reach::Beside, steps),
            "move" => self.moves(node, Reach::Anywhere, steps),
            "enum" => {
                for one in walker::map(node, "`enum`", self.findings).unwrap_or_default() {
                    let words =
                        walker::map(&one.value, "the words of `enum`", self.findings).unwrap_or_default();
                    let mut to = |word: &Entry| {
                        let text = walker::text(&word.value, "a word", self.findings)?;
                        Some((word.key.clone(), text.into()))
                    };
                    let words: Box<[_]> = words.iter().filter_map(&mut to).collect();
                    let at = self.pointer(&one.key, one.key_span);
                    steps.extend(at.map(|at| Step::Enum(at, words)));
                }
            }
            word => {
                for one in walker::map(node, "a step", self.findings).unwrap_or_default() {
                    let Some(at) = self.pointer(&one.key, one.key_span) else { continue };
                    let json: Box<str> = one.value.json().into();
                    if word == "default" {
                        self.want_member(&at, one.key_span);
                    }
                    steps.push(if word == "const" { Step::Const(at, json) } else { Step::Default(at, json) });
                }
            }
        }
    }

    /// Reads `{ old: new }`, or `old -> new` as one text.
    fn moves(&mut self, node: &Node, reach: Reach, steps: &mut Vec<Step>) {
        let pairs: Vec<(Box<str>, Box<str>, Span)> = match &node.content {
            Content::Scalar(Scalar::Text(text)) => {
                let pair =
                    text.split_once("->").map(|(from, to)| (from.trim().into(), to.trim().into(), node.span));
                if pair.is_none() {
                    let help = "write `{ OLD: NEW }`";
                    self.findings.advise(Code::BadValue, node.span, "this says not where it goes", help);
                }
                pair.into_iter().collect()
            }
            Content::List(_) | Content::Map(_) | Content::Scalar(_) | Content::Unreadable => {
                let entries = walker::map(node, "a step", self.findings).unwrap_or_default();
                let mut pair = |entry: &Entry| {
                    let to = walker::text(&entry.value, "a place", self.findings)?;
                    Some((entry.key.clone(), to.into(), entry.key_span))
                };
                entries.iter().filter_map(&mut pair).collect()
            }
        };
        for (from, to, span) in pairs {
            let (Some(from), Some(to)) = (self.pointer(&from, span), self.pointer(&to, span)) else {
                continue;
            };
            if reach == Reach::Beside && !from.is_beside(&to) {
                let message = format!("`{to}` is in another object than `{from}`");
                self.findings.advise(Code::BadValue, span, message, "write `move` in place of `rename`");
            } else if !from.is_within_reach(&to) {
                let message = format!("`{from}` and `{to}` do not lie in the same element of an array");
                let help = "move within one element, as in `/items/*/name -> /items/*/about/title`";
                self.findings.advise(Code::BadValue, span, message, help);
            }
            self.want_member(&from, span);
            self.want_member(&to, span);
            steps.push(Step::Move(from, to));
        }
    }

    /// Notes a place that is every element of an array, where a step is about a member of an object.
    fn want_member(&mut self, at: &Pointer, span: Span) {
        if !at.is_member() {
            let message =
                format!("`{at}` is every element of an array, and this step is about a member of an object");
            let help = "name a member of the elements, as in `/items/*/name`";
            self.findings.advise(Code::BadValue, span, message, help);
        }
    }

    fn pointer(&mut self, text: &str, span: Span) -> Option<Pointer> {
        let pointer =
            Pointer::parse(text).filter(|at| at.keys().len() <= crate::bounds::TRANSLATION_DEPTH_MAX);
        if pointer.is_none() {
            let message = format!("`{}` is no place in an object", shown(text));
            self.findings.advise(
                Code::BadValue,
                span,
                message,
                "write the name of a member, `/outer/inner`, or `/items/*/name` for each element of an array",
            );
        }
        pointer
    }
}
