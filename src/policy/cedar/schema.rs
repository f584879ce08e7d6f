//! The Cedar schema of a policy: what rules may look at.
//!
//! Every attribute of `context.args` is optional, for a call may lack it or give it another type; so strict
//! validation makes each policy ask `has` first. Records are closed: an argument, a fact or a time that is
//! not declared is an error of the policy.

use std::fmt::Write as _;

use super::lowering::optional;
use super::subject::{Hearing, Kind, Subject};
use super::words::{Quoted, key};
use crate::policy::declared::Declared;

const CALLER: &str = "    entity Caller = {
        user: String,
        tenant?: String,
        agent?: String,
        workload?: String,
        scopes: Set<String>,
        groups: Set<String>
    };
    entity Server;
";

/// Writes the schema of everything that `subjects` may be asked.
pub(super) fn text(subjects: &[Subject<'_>]) -> String {
    let is_tool = |subject: &&Subject<'_>| matches!(subject.kind, Kind::Tool(_));
    let mut text = format!("namespace Mcp {{\n{CALLER}");
    subjects.iter().filter(is_tool).for_each(|subject| action(subject, &mut text));
    text.push_str("}\n\nnamespace Mcp::Method {\n");
    subjects.iter().filter(|subject| !is_tool(subject)).for_each(|subject| action(subject, &mut text));
    text.push_str("}\n");
    text
}

fn action(subject: &Subject<'_>, text: &mut String) {
    let name = Quoted(subject.kind.name());
    // A `String` takes whatever is written to it.
    let _ = write!(
        text,
        "    action {name} appliesTo {{\n        principal: [Mcp::Caller],\n        resource: [Mcp::Server],\n        context: {{\n            now: __cedar::datetime"
    );
    let target: &[&str] = match subject.kind {
        Kind::Tool(_) => &[],
        Kind::Free(_) | Kind::Ruled(_) => &["target?: String", "target_is_doubtful: Bool"],
    };
    let members = target.iter().map(|&member| member.to_owned()).chain([
        format!("args: {}", record(subject.declared)),
        format!("facts: {}", facts(subject)),
        format!("missing: {}", braced(&missing(subject))),
        format!("times: {}", braced(&times(subject))),
    ]);
    for member in members {
        let _ = write!(text, ",\n            {member}");
    }
    text.push_str("\n        }\n    };\n");
}

/// The type that Cedar has for a declared one; `None` where it has none, and so only facts can tell.
fn type_of(declared: &Declared) -> Option<String> {
    match declared {
        Declared::Boolean => Some("Bool".to_owned()),
        Declared::Integer => Some("Long".to_owned()),
        Declared::Text => Some("String".to_owned()),
        Declared::Object(_) => Some(record(declared)),
        Declared::List(of) => match **of {
            Declared::Boolean | Declared::Integer | Declared::Text => Some(format!("Set<{}>", type_of(of)?)),
            Declared::List(_) | Declared::Object(_) | Declared::Opaque => None,
        },
        Declared::Opaque => None,
    }
}

fn record(declared: &Declared) -> String {
    let Declared::Object(members) = declared else { return "{}".to_owned() };
    let typed = members.iter().filter_map(|(name, declared)| Some(optional(name, &type_of(declared)?)));
    braced(&typed.collect::<Vec<_>>())
}

fn facts(subject: &Subject<'_>) -> String {
    let mut members = Vec::new();
    for path in subject.vocabulary.paths() {
        let named = subject.vocabulary.hearings().filter_map(|(_, hearing)| match hearing {
            Hearing::Fact(of, name) if **of == *path => Some(optional(name, "Bool")),
            Hearing::Compared | Hearing::Fact(..) | Hearing::Time(_) => None,
        });
        let named: Vec<String> = named.collect();
        if !named.is_empty() {
            members.push(format!("{}: {}", key(path), braced(&named)));
        }
    }
    braced(&members)
}

fn missing(subject: &Subject<'_>) -> Vec<String> {
    subject.vocabulary.paths().map(|path| format!("{}: Bool", key(path))).collect()
}

fn times(subject: &Subject<'_>) -> Vec<String> {
    let named = subject.vocabulary.hearings().filter_map(|(_, hearing)| match hearing {
        Hearing::Time(name) => Some(format!("{}: Bool", key(name))),
        Hearing::Compared | Hearing::Fact(..) => None,
    });
    named.collect()
}

fn braced(members: &[String]) -> String {
    if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
}
