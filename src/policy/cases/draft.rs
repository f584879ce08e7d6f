//! What a case takes from the one above, and what it changes of it.
//!
//! ```yaml
//! - name: analyst may read
//!   as: { user: alice, scopes: [db:query] }
//!   call: { tool: db_query, args: { limit: 500 } }
//!   expect: { decision: allow }
//! - with: { args.limit: 5000 }               # the same caller and call, but for the limit
//!   expect: { decision: deny, reason: argument }
//! - with: { args.limit: null }               # without one
//!   expect: { decision: deny, failed: args.limit }
//! ```
//!
//! A case without `as` has the caller of the case above, `as: anonymous` ends that. One without `call`
//! and `method` sends what the case above sent, at the same time, and gets the `result` that it got.
//! `repeat` and `expect` are never handed down. `with` changes what was handed down: paths that begin with `as`,
//! `args`, `tool`, `target`, `result` or `at`.

use super::path::{Path, Step};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, did_you_mean, shown};
use crate::policy::scalar::Scalar;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Entry, Node};

/// The parts of a case that are handed down, as they are written.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub name: Box<str>,
    pub caller: Option<Node>,
    pub tool: Option<Tool>,
    pub args: Option<Node>,
    pub method: Option<Node>,
    pub target: Option<Node>,
    pub result: Option<Node>,
    pub at: Option<Node>,
    /// When messages are sent that do not say.
    pub at_of_file: Option<Node>,
    /// Something in it is at fault, which has been noted where it stands; so nothing is judged by it.
    pub is_unsound: bool,
}

/// A tool as a case names it.
#[derive(Debug, Clone)]
pub(super) enum Tool {
    /// One that the policy knows.
    Known(Node),
    /// One that it must not know.
    Unknown(Node),
}

/// The keys of a call.
pub(in crate::policy) const CALL_KEYS: &[&str] = &["tool", "unknown_tool", "args"];

/// Where a path of `with` may begin.
pub(in crate::policy) const ROOTS: &[&str] = &["args", "as", "at", "result", "target", "tool"];

impl Draft {
    /// Whether it says what is sent.
    pub fn says_something(&self) -> bool {
        self.tool.is_some() || self.method.is_some()
    }

    /// Puts what a case says itself over what was handed down. Faults mark the draft.
    pub fn take(&mut self, fields: &Fields<'_>, findings: &mut Findings) {
        let before = findings.len();
        match (fields.entry("call"), fields.entry("method")) {
            (Some(_), Some(method)) => {
                findings.raise(Code::BadValue, method.key_span, "a case has `call` or `method`, not both");
            }
            (Some(call), None) => {
                self.send_nothing();
                self.call(&call.value, findings);
            }
            (None, Some(method)) => {
                self.send_nothing();
                self.method = Some(method.value.clone());
            }
            (None, None) => {}
        }
        for (key, part) in [
            ("as", &mut self.caller),
            ("target", &mut self.target),
            ("result", &mut self.result),
            ("at", &mut self.at),
        ] {
            if let Some(node) = fields.get(key) {
                *part = Some(node.clone());
            }
        }
        if let Some(with) = fields.get("with") {
            for entry in walker::map(with, "`with`", findings).unwrap_or_default() {
                self.change(entry, findings);
            }
        }
        self.is_unsound |= findings.len() > before;
    }

    fn send_nothing(&mut self) {
        (self.tool, self.args, self.method, self.target, self.result) = (None, None, None, None, None);
        self.at = self.at_of_file.clone();
        self.is_unsound = false;
    }

    fn call(&mut self, node: &Node, findings: &mut Findings) {
        let Some(call) = Fields::open(node, "`call`", CALL_KEYS, findings) else {
            return;
        };
        self.args = call.get("args").cloned();
        self.tool = match (call.get("tool"), call.entry("unknown_tool")) {
            (Some(_), Some(entry)) => {
                let message = "a call has a `tool` or an `unknown_tool`, not both";
                findings.raise(Code::BadValue, entry.key_span, message);
                None
            }
            (None, Some(entry)) => Some(Tool::Unknown(entry.value.clone())),
            (Some(_) | None, None) => call.need("tool", findings).cloned().map(Tool::Known),
        };
    }

    fn change(&mut self, entry: &Entry, findings: &mut Findings) {
        let path = Path::parse(&entry.key);
        let Some((root, rest)) = path.as_ref().and_then(Path::split) else {
            let message = format!("`{}` is no path", shown(&entry.key));
            findings.advise(Code::CasePath, entry.key_span, message, "write `args.limit` or `as.scopes`");
            return;
        };
        let mut tool = match &self.tool {
            Some(Tool::Known(node) | Tool::Unknown(node)) => Some(node.clone()),
            None => None,
        };
        let part = match root {
            "args" => &mut self.args,
            "as" => &mut self.caller,
            "at" => &mut self.at,
            "result" => &mut self.result,
            "target" => &mut self.target,
            "tool" => &mut tool,
            _ => {
                let message = format!("a case has no `{}` to change", shown(root));
                let help = did_you_mean(root, "parts", ROOTS.iter().copied());
                findings.advise(Code::CasePath, entry.key_span, message, help);
                return;
            }
        };
        if let Err(why) = put(part, rest, entry) {
            let message = format!("`{}` leads nowhere: {why}", shown(&entry.key));
            findings.raise(Code::CasePath, entry.key_span, message);
        } else if root == "tool" {
            self.tool = tool.map(Tool::Known);
        }
    }
}

/// Puts the value of an entry at the end of a path; null takes away what is there.
///
/// # Errors
/// Why the path does not lead to the end.
fn put(part: &mut Option<Node>, steps: &[Step], entry: &Entry) -> Result<(), &'static str> {
    let is_null = matches!(entry.value.content, Content::Scalar(Scalar::Null));
    let Some((step, rest)) = steps.split_first() else {
        if is_null && part.is_none() {
            return Err("there is nothing to take away");
        }
        *part = (!is_null).then(|| entry.value.clone());
        return Ok(());
    };
    let node = part.get_or_insert_with(|| Node { span: entry.key_span, content: Content::Map(Vec::new()) });
    match (step, &mut node.content) {
        (Step::Key(key), Content::Map(entries)) => {
            let place = entries.iter().position(|known| known.key == *key);
            let mut value = place.map(|place| entries.remove(place).value);
            put(&mut value, rest, entry)?;
            if let Some(value) = value {
                let entry = Entry { key: key.clone(), key_span: entry.key_span, value };
                entries.insert(place.unwrap_or(entries.len()), entry);
            }
            Ok(())
        }
        (Step::Item(index), Content::List(items)) if *index < items.len() => {
            let mut value = Some(items.remove(*index));
            put(&mut value, rest, entry)?;
            if let Some(value) = value {
                items.insert(*index, value);
            }
            Ok(())
        }
        (Step::Item(_), Content::List(_)) => Err("the list is not that long"),
        (Step::Item(_), _) => Err("it goes into something that is no list"),
        (Step::Key(_), _) => Err("it goes into something that is no map"),
    }
}
