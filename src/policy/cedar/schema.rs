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
    let version = subject.docket.is_of_versions().then_some("version?: Long");
    let members = target.iter().chain(&version).map(|&member| member.to_owned()).chain([
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

/// The names in a record of the context: `[]` is the context itself, `["args", "filter"]` a record of an
/// argument; `None` if there is no such record.
pub(super) fn members(subject: &Subject<'_>, path: &[String]) -> Option<Vec<String>> {
    let texts = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let (first, rest) = match path.split_first() {
        None => {
            let target: &[&str] = match subject.kind {
                Kind::Tool(_) => &[],
                Kind::Free(_) | Kind::Ruled(_) => &["target", "target_is_doubtful"],
            };
            let version: &[&str] = if subject.docket.is_of_versions() { &["version"] } else { &[] };
            return texts(&[&["now", "args", "facts", "missing", "times"], target, version].concat());
        }
        Some(parts) => parts,
    };
    match (first.as_str(), rest) {
        ("args", steps) => {
            let found = steps.iter().try_fold(subject.declared, |declared, step| {
                let Declared::Object(members) = declared else { return None };
                members.iter().find(|(name, _)| **name == **step).map(|(_, declared)| declared)
            })?;
            match found {
                Declared::Object(members) => {
                    let typed = members.iter().filter(|(_, declared)| type_of(declared).is_some());
                    Some(typed.map(|(name, _)| name.to_string()).collect())
                }
                Declared::Opaque if steps.is_empty() => Some(Vec::new()),
                Declared::Boolean
                | Declared::Integer
                | Declared::List(_)
                | Declared::Opaque
                | Declared::Text => None,
            }
        }
        ("facts", []) => {
            let named = subject.vocabulary.paths().filter(|path| fact_names(subject, path).next().is_some());
            Some(named.map(str::to_owned).collect())
        }
        ("facts", [path]) => {
            let names: Vec<String> = fact_names(subject, path).map(str::to_owned).collect();
            (!names.is_empty()).then_some(names)
        }
        ("missing", []) => Some(subject.vocabulary.paths().map(str::to_owned).collect()),
        ("times", []) => {
            let named = subject.vocabulary.hearings().filter_map(|(_, hearing)| match hearing {
                Hearing::Time(name) => Some(name.to_string()),
                Hearing::Compared | Hearing::Fact(..) => None,
            });
            Some(named.collect())
        }
        _ => None,
    }
}

/// The attributes of a caller.
pub(super) fn caller_attributes() -> Vec<String> {
    ["user", "tenant", "agent", "workload", "scopes", "groups"].map(str::to_owned).to_vec()
}

fn fact_names<'s>(subject: &'s Subject<'_>, path: &'s str) -> impl Iterator<Item = &'s str> {
    subject.vocabulary.hearings().filter_map(move |(_, hearing)| match hearing {
        Hearing::Fact(of, name) if **of == *path => Some(&**name),
        Hearing::Compared | Hearing::Fact(..) | Hearing::Time(_) => None,
    })
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
        let named: Vec<String> = fact_names(subject, path).map(|name| optional(name, "Bool")).collect();
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
