//! Keys of arguments that a lenient server may take for another one.
//!
//! A rule about `path` says nothing of `PATH`, and a server that ignores case reads both. So the names
//! that rules use are watched: what folds to one of them, and is not it, is refused. A redaction rule
//! finds a name in most of its spellings anyway; what it finds is no doubt.
//!
//! Only rules in force watch: one in shadow changes nothing. The schema of a tool is its server's, and
//! names that no rule uses are not known here.
//!
//! Source: rule S6 of the strict profile.

use super::parts::RedactPart;
use super::predicates::Requirement;
use super::rules::{Docket, When};
use super::snapshot::Policy;
use super::strict::{ArgumentCollisions, ArgumentNearMisses};
use crate::json::Value;
use crate::mcp::{WatchedNames, colliding_key};
use crate::names::Mode;
use crate::scan::{self, Direction};

/// The names that the rules about one tool use.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// By constraints, which compare exactly.
    judged: WatchedNames,
    /// By redaction, which knows most spellings.
    hidden: WatchedNames,
}

/// How some arguments read to those who do not look closely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys<'p> {
    /// As they do to everybody.
    Clear,
    /// Two keys beside each other fold alike, which the policy lets be: to be counted.
    Colliding,
    /// In a way that the policy refuses.
    Doubtful(KeyDoubt<'p>),
}

/// What is doubtful about a key of some arguments; the client's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyDoubt<'p> {
    /// It folds to the same as another key beside it.
    #[error("two keys of one object in `params.arguments` differ by case, `-`, `_` or invisible characters")]
    Collision,
    /// It is nearly a name that a rule uses.
    #[error("a key in `params.arguments` is nearly, but not exactly, `{0}`")]
    NearMiss(&'p str),
}

impl Watch {
    /// Gathers the names that `docket` and the redaction of arguments use.
    pub(super) fn new(docket: &Docket, redaction: &[RedactPart], mode: Mode) -> Self {
        let mut watch = Self::default();
        if mode == Mode::Shadow {
            return watch;
        }
        for clause in docket.allow.iter().chain(&docket.deny).filter(|clause| clause.mode == Mode::Enforce) {
            let When::Arguments(constraints) = &clause.when else { continue };
            let steps = constraints.iter().flat_map(Requirement::steps);
            steps.for_each(|step| watch.judged.insert(step));
        }
        let is_acting =
            |part: &&RedactPart| part.on == Some(Direction::Arguments) && part.mode == Mode::Enforce;
        for field in redaction.iter().filter(is_acting).flat_map(|part| &part.fields) {
            field.plain_names().for_each(|name| watch.hidden.insert(name));
        }
        watch
    }

    fn near_miss(&self, arguments: Value<'_>) -> Option<&str> {
        if let Some((_, known)) = self.judged.near_in(arguments).next() {
            return Some(known);
        }
        self.hidden
            .near_in(arguments)
            .find(|(key, known)| !scan::is_same_field(&key.name(), known))
            .map(|(_, known)| known)
    }
}

impl Policy {
    /// Looks at the keys of the arguments of a call, at all depths, before any rule is asked.
    ///
    /// Acts whatever the mode of the policy where the policy refuses colliding keys: what two readers
    /// take for different messages cannot be judged. One pass for the names of rules, one for collisions.
    pub fn keys(&self, tool: &str, arguments: Option<Value<'_>>) -> Keys<'_> {
        let Some(arguments) = arguments else { return Keys::Clear };
        if self.strict.argument_near_misses == ArgumentNearMisses::Reject
            && let Some(known) = self.tool(tool).and_then(|tool| tool.watch.near_miss(arguments))
        {
            return Keys::Doubtful(KeyDoubt::NearMiss(known));
        }
        match (colliding_key(arguments), self.strict.argument_collisions) {
            (None, _) => Keys::Clear,
            (Some(_), ArgumentCollisions::Note) => Keys::Colliding,
            (Some(_), ArgumentCollisions::Reject) => Keys::Doubtful(KeyDoubt::Collision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;
    use crate::policy::{Paint, Source, compile};

    const RULES: &str = "
version: 1
callers: { anonymous: allow }
tools:
  read: { class: read }
  other: { class: read }
allow:
  - { id: reads, tools: [read], args: { read: { limit: { max: 10 }, filter.owner: { in: [me] } } } }
  - { id: others, tools: [other] }
  - { id: trial, tools: [other], mode: shadow, args: { other: { shade: { max: 10 } } } }
redact:
  - { id: hidden, on: arguments, fields: [customer_id, '*.secret_*'], action: mask }
  - { id: shown, on: results, fields: [account], action: mask }
";

    #[track_caller]
    fn check(extra: &str, tool: &str, arguments: &str, wanted: &Keys<'_>) {
        crate::identity::install_crypto();
        let source = Source { name: "policy.yaml".into(), text: format!("{RULES}{extra}") };
        let policy = compile(&[source], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
        assert_eq!(policy.keys(tool, Some(document.root())), *wanted, "{extra} {tool} {arguments}");
    }

    fn near(name: &str) -> Keys<'_> {
        Keys::Doubtful(KeyDoubt::NearMiss(name))
    }

    #[test]
    fn refuses_what_passes_for_a_name_of_a_rule() {
        let enforced = "server: { id: db }\n";
        let cases = [
            ("read", r#"{"limit":1,"filter":{"owner":"me"}}"#, Keys::Clear),
            ("read", r#"{"limit":1,"LIMIT":9}"#, near("limit")),
            ("read", r#"{"limit\u0000":9}"#, near("limit")),
            ("read", r#"{"filter":[{"Owner":"you"}]}"#, near("owner")),
            ("read", r#"{"a":{"li\u200bmit":9}}"#, near("limit")),
            ("read", r#"{"limits":9,"Shade":1}"#, Keys::Clear),
            ("other", r#"{"LIMIT":9,"SHADE":1,"ACCOUNT":1}"#, Keys::Clear),
            ("other", r#"{"customerId":1,"Customer-ID":{"customer id":1}}"#, Keys::Colliding),
            ("other", r#"{"customer\u200b_id":1}"#, near("customer_id")),
            ("other", r#"{"secret-x":1}"#, Keys::Clear),
            ("unknown", r#"{"LIMIT":9}"#, Keys::Clear),
        ];
        for (tool, arguments, wanted) in cases {
            check(enforced, tool, arguments, &wanted);
        }
        let shadow = "server: { id: db, mode: shadow }\n";
        check(shadow, "read", r#"{"LIMIT":9}"#, &Keys::Clear);
        check(
            &format!("{enforced}strict: {{ argument_near_misses: allow }}\n"),
            "read",
            r#"{"LIMIT":9}"#,
            &Keys::Clear,
        );
    }

    #[test]
    fn notes_or_refuses_siblings_that_fold_alike() {
        let arguments = r#"{"x":[{"a":1,"A":2}]}"#;
        check("server: { id: db }\n", "read", arguments, &Keys::Colliding);
        let strict = "server: { id: db }\nstrict: { argument_collisions: reject }\n";
        check(strict, "read", arguments, &Keys::Doubtful(KeyDoubt::Collision));
        check(strict, "read", r#"{"a":1,"x":{"A":2}}"#, &Keys::Clear);
    }
}
