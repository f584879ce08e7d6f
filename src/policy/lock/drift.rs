//! What a server says now against what was approved, and how bad each difference is.

use std::sync::Arc;

use super::definition::{Annotations, Definition};
use super::schema::{self, join};
use super::{Hint, Lock, LockedTool};
use crate::json::{Document, Fault, quote};
use crate::names::ToolName;

/// How bad a difference is, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DriftClass {
    /// Calls go on as they did: an argument that may be left out, a safer claim that leaves the class.
    Low,
    /// Calls that were right may fail: a type, a bound, an argument that must be given.
    Breaking,
    /// A model may be led elsewhere, other rules may hold, or a promise was taken back: texts, values to
    /// choose from, claims.
    High,
}

/// One difference in a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where: `description`, `inputSchema.properties.path.type`. Empty where all that is known is a digest.
    pub path: String,
    /// How bad it is.
    pub class: DriftClass,
    /// What was approved, as JSON; `None` where there was nothing.
    pub before: Option<String>,
    /// What the server says now.
    pub after: Option<String>,
}

/// What happened to one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// The server has it, and nobody approved it.
    Added(Arc<Definition>),
    /// Its definition is another.
    Changed {
        /// Which tool.
        name: ToolName,
        /// How its definition changed, most of it in the order of the file; at least one.
        changes: Vec<Change>,
    },
    /// It was approved, and the server has it no more.
    Gone(ToolName),
}

impl DriftClass {
    /// The word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Breaking => "breaking",
            Self::High => "high",
        }
    }
}

impl Drift {
    /// The tool that it is about.
    pub fn name(&self) -> &ToolName {
        match self {
            Self::Added(definition) => &definition.name,
            Self::Changed { name, .. } | Self::Gone(name) => name,
        }
    }

    /// How bad it is; `None` for a tool that came or went, which is for people to say.
    pub fn class(&self) -> Option<DriftClass> {
        match self {
            Self::Added(_) | Self::Gone(_) => None,
            Self::Changed { changes, .. } => changes.iter().map(|change| change.class).max(),
        }
    }

    /// The word for it in reports.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Changed { .. } => "changed",
            Self::Gone(_) => "gone",
        }
    }
}

/// Everything in which `offered` differs from what was approved, by the names of tools.
///
/// A tool whose entry in the lock was edited by hand is compared with what stands there. No two of
/// `offered` may have one name.
pub fn drift(lock: &Lock, offered: &[Arc<Definition>]) -> Vec<Drift> {
    let mut drifts = Vec::new();
    // The server is not asked for older versions, so it cannot differ from them.
    let current = || lock.tools.iter().filter(|tool| tool.version.is_none());
    for tool in current() {
        match offered.iter().find(|now| now.name == tool.name) {
            None => drifts.push(Drift::Gone(tool.name.clone())),
            Some(now) => {
                let changes = changes(tool, now);
                if !changes.is_empty() {
                    drifts.push(Drift::Changed { name: tool.name.clone(), changes });
                }
            }
        }
    }
    let is_new = |now: &&Arc<Definition>| current().all(|tool| tool.name != now.name);
    drifts.extend(offered.iter().filter(is_new).map(|now| Drift::Added(Arc::clone(now))));
    drifts.sort_by(|left, right| left.name().cmp(right.name()));
    drifts
}

fn changes(tool: &LockedTool, now: &Definition) -> Vec<Change> {
    match (&tool.definition, &tool.sha256) {
        (None, None) => vec![unknown()],
        (Some(then), None) => compare(then, now),
        (then, Some(sha256)) => changes_between(then.as_deref(), sha256, now),
    }
}

/// In what `now` differs from what was approved: from `then`, or where there is no more than that, from the digest.
pub(in crate::policy) fn changes_between(
    then: Option<&Definition>,
    sha256: &[u8; 32],
    now: &Definition,
) -> Vec<Change> {
    match then {
        Some(then) => compare(then, now),
        None if *sha256 == now.sha256 => Vec::new(),
        None => vec![unknown()],
    }
}

/// All that older files have is the digest, or not even that.
fn unknown() -> Change {
    Change { path: String::new(), class: DriftClass::High, before: None, after: None }
}

fn compare(then: &Definition, now: &Definition) -> Vec<Change> {
    let mut changes = Vec::new();
    texts("title", then.title.as_deref(), now.title.as_deref(), &mut changes);
    texts("description", then.description.as_deref(), now.description.as_deref(), &mut changes);
    schemas("inputSchema", then.input_schema.as_deref(), now.input_schema.as_deref(), &mut changes);
    schemas("outputSchema", then.output_schema.as_deref(), now.output_schema.as_deref(), &mut changes);
    annotations(then, now, &mut changes);
    changes
}

fn texts(path: &str, then: Option<&str>, now: Option<&str>, changes: &mut Vec<Change>) {
    if then != now {
        let (before, after) = (then.map(quote), now.map(quote));
        changes.push(Change { path: path.into(), class: DriftClass::High, before, after });
    }
}

fn schemas(path: &str, then: Option<&str>, now: Option<&str>, changes: &mut Vec<Change>) {
    match (then.map(parse), now.map(parse)) {
        (Some(Ok(then)), Some(Ok(now))) => schema::compare(path, then.root(), now.root(), changes),
        _ if then != now => {
            let (before, after) = (then.map(str::to_owned), now.map(str::to_owned));
            changes.push(Change { path: path.into(), class: DriftClass::Breaking, before, after });
        }
        _ => {}
    }
}

fn parse(text: &str) -> Result<Document<'_>, Fault> {
    Document::parse(text.as_bytes())
}

/// How dangerous a tool is that claims so, seen by one hint alone.
fn danger(annotations: &Annotations, hint: Hint) -> bool {
    match hint {
        Hint::Destructive | Hint::OpenWorld => annotations.says(hint),
        Hint::Idempotent | Hint::ReadOnly => !annotations.says(hint),
    }
}

fn annotations(then: &Definition, now: &Definition, changes: &mut Vec<Change>) {
    let is_same_class = then.class() == now.class();
    let (then, now) = (&then.annotations, &now.annotations);
    let text = |annotations: &Annotations| annotations.text.as_deref().unwrap_or("{}").to_owned();
    let (before, after) = (text(then), text(now));
    let (Ok(before), Ok(after)) = (parse(&before), parse(&after)) else { return };
    let first = changes.len();
    schema::compare("annotations", before.root(), after.root(), changes);
    for &hint in Hint::ALL {
        // With another class, other rules hold for the tool, though it be a safer one: it is only a claim.
        let is_kept = is_same_class || matches!(hint, Hint::Idempotent | Hint::OpenWorld);
        let is_low = is_kept && danger(now, hint) <= danger(then, hint);
        let class = if is_low { DriftClass::Low } else { DriftClass::High };
        let path = join("annotations", hint.as_str());
        let own = changes.iter_mut().skip(first).filter(|change| change.path == path);
        own.for_each(|change| change.class = class);
    }
    if changes.len() == first && then.text.is_some() != now.text.is_some() {
        let (before, after) =
            (then.text.as_deref().map(str::to_owned), now.text.as_deref().map(str::to_owned));
        // Where nothing is claimed there is no class, either.
        changes.push(Change { path: "annotations".into(), class: DriftClass::High, before, after });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(json: &str) -> Arc<Definition> {
        Arc::new(Definition::read(parse(json).expect("a test is JSON").root()).expect("a definition"))
    }

    fn lock(tools: &[&str]) -> Lock {
        let tools = tools.iter().map(|json| LockedTool::approved(definition(json), None)).collect();
        Lock { tools, ..Lock::default() }
    }

    /// `PATH CLASS BEFORE -> AFTER`, one a line.
    #[track_caller]
    fn check(then: &str, now: &str, wanted: &[&str]) {
        let tool = |members: &str| format!(r#"{{"name":"a",{members}}}"#);
        let drifts = drift(&lock(&[&tool(then)]), &[definition(&tool(now))]);
        let changes = drifts.iter().flat_map(|drift| match drift {
            Drift::Changed { changes, .. } => changes.clone(),
            Drift::Added(_) | Drift::Gone(_) => Vec::new(),
        });
        let found: Vec<String> = changes
            .map(|Change { path, class, before, after }| {
                let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
                format!("{path} {} {before} -> {after}", class.as_str())
            })
            .collect();
        assert_eq!(found, wanted, "{then} / {now}");
    }

    #[test]
    fn weighs_each_change_of_a_schema() {
        let cases: &[(&str, &str, &[&str])] = &[
            (r#"{"a":1,"b":[1.0]}"#, r#"{"b":[1],"a":1e0}"#, &[]),
            (r#"{"description":"x"}"#, r#"{"description":"y"}"#, &[r#".description high "x" -> "y""#]),
            (r#"{"properties":{}}"#, r#"{"properties":{"p":{}}}"#, &[".properties.p low  -> {}"]),
            (r#"{}"#, r#"{"properties":{"a b":{}}}"#, &[r#".properties["a b"] low  -> {}"#]),
            (r#"{"properties":{"p":{}}}"#, r#"{"properties":{}}"#, &[".properties.p breaking {} -> "]),
            (
                r#"{"properties":{}}"#,
                r#"{"properties":{"p":{}},"required":["p"]}"#,
                &[".properties.p low  -> {}", r#".required breaking  -> "p""#],
            ),
            (r#"{"required":["p","q"]}"#, r#"{"required":["q"]}"#, &[r#".required low "p" -> "#]),
            (
                r#"{"enum":["p","q"]}"#,
                r#"{"enum":["q","r"]}"#,
                &[r#".enum breaking "p" -> "#, r#".enum high  -> "r""#],
            ),
            (r#"{"enum":["p","q"]}"#, r#"{"enum":["q","p"]}"#, &[r#".enum high ["p","q"] -> ["q","p"]"#]),
            (
                r#"{"properties":{"description":{"type":"string"}}}"#,
                r#"{"properties":{"description":{"type":["string","null"]}}}"#,
                &[r#".properties.description.type breaking "string" -> ["string","null"]"#],
            ),
            (
                r#"{"properties":{"p":{"items":{"anyOf":[{"default":1},{}]}}}}"#,
                r#"{"properties":{"p":{"items":{"anyOf":[{"default":2}]}}}}"#,
                &[
                    ".properties.p.items.anyOf[0].default high 1 -> 2",
                    ".properties.p.items.anyOf[1] breaking {} -> ",
                ],
            ),
            (
                r#"{"maximum":1}"#,
                r#"{"x-note":"hi"}"#,
                &[".maximum breaking 1 -> ", r#".x-note high  -> "hi""#],
            ),
            (r#"{"additionalProperties":false}"#, r#"{}"#, &[".additionalProperties breaking false -> "]),
            (
                r#"{"properties":{"p":true}}"#,
                r#"{"properties":{"p":{"type":"null"}}}"#,
                &[r#".properties.p breaking true -> {"type":"null"}"#],
            ),
        ];
        for (then, now, wanted) in cases {
            for member in ["inputSchema", "outputSchema"] {
                let wanted: Vec<String> = wanted.iter().map(|line| format!("{member}{line}")).collect();
                let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
                check(&format!(r#""{member}":{then}"#), &format!(r#""{member}":{now}"#), &wanted);
            }
        }
    }

    #[test]
    fn weighs_each_change_of_what_a_tool_claims() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                r#""title":"x""#,
                r#""description":"y""#,
                &[r#"title high "x" -> "#, r#"description high  -> "y""#],
            ),
            (r#""x":1"#, r#""inputSchema":{}"#, &["inputSchema breaking  -> {}"]),
            (
                r#""annotations":{"readOnlyHint":true}"#,
                r#""annotations":{"readOnlyHint":false}"#,
                &["annotations.readOnlyHint high true -> false"],
            ),
            (
                r#""annotations":{"readOnlyHint":true}"#,
                r#""x":1"#,
                &["annotations.readOnlyHint high true -> "],
            ),
            (
                r#""annotations":{"destructiveHint":false}"#,
                r#""annotations":{}"#,
                &["annotations.destructiveHint high false -> "],
            ),
            (
                r#""annotations":{}"#,
                r#""annotations":{"destructiveHint":false,"openWorldHint":true}"#,
                &["annotations.destructiveHint high  -> false", "annotations.openWorldHint low  -> true"],
            ),
            (
                r#""annotations":{"readOnlyHint":true}"#,
                r#""annotations":{"readOnlyHint":true,"destructiveHint":false,"idempotentHint":true}"#,
                &["annotations.destructiveHint low  -> false", "annotations.idempotentHint low  -> true"],
            ),
            (
                r#""annotations":{"idempotentHint":true,"openWorldHint":false}"#,
                r#""annotations":{"idempotentHint":false}"#,
                &[
                    "annotations.idempotentHint high true -> false",
                    "annotations.openWorldHint high false -> ",
                ],
            ),
            (
                r#""annotations":{"title":"x"}"#,
                r#""annotations":{"title":"y"}"#,
                &[r#"annotations.title high "x" -> "y""#],
            ),
            (r#""annotations":{}"#, r#""x":1"#, &["annotations high {} -> "]),
        ];
        for (then, now, wanted) in cases {
            check(then, now, wanted);
        }
    }

    #[test]
    fn tells_what_came_what_went_and_what_is_known_by_its_digest_alone() {
        let (a, b, c) = (r#"{"name":"a"}"#, r#"{"name":"b"}"#, r#"{"name":"c"}"#);
        let mut lock = lock(&[c, b]);
        let found = drift(&lock, &[definition(b), definition(a)]);
        let words: Vec<_> = found.iter().map(|drift| (drift.name().as_str(), drift.kind())).collect();
        assert_eq!(words, [("a", "added"), ("c", "gone")]);
        assert!(found.iter().all(|drift| drift.class().is_none()));
        assert_eq!(drift(&lock, &[definition(b), definition(c)]), []);
        lock.tools.iter_mut().for_each(|tool| tool.definition = None);
        assert_eq!(drift(&lock, &[definition(b), definition(c)]), []);
        let found = drift(&lock, &[definition(b), definition(r#"{"name":"c","title":"C"}"#)]);
        assert_eq!(found.iter().map(Drift::class).collect::<Vec<_>>(), [Some(DriftClass::High)]);
    }
}
