//! What becomes of a tool that is no longer what was approved.
//!
//! **Why.** A tool that was harmless when somebody looked at it can be another one tomorrow, for everybody or for
//! one caller only. The lock file says what was approved; this says what a difference means while calls go on.
//!
//! **How.** Each difference is of a kind ([`DriftKind`]), and each kind has an action ([`PinAction`]); of several
//! differences of one tool the strictest action counts. A tool alone is concerned, never its server.
//!
//! **What it is not.** No judgement of what the server *does*: a server that says what was approved and does
//! something else is not found out here.

use std::sync::Arc;
use std::time::Duration;

use super::lock::{Change, Definition, DriftClass, changes_between};
use super::snapshot::{Policy, Tool};
use crate::bounds::{PIN_BEFORE_CALL, PIN_EVERY};
use crate::json::{Document, Kind, Value};

/// How the gate keeps to what was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinPlan {
    /// How often the gate asks for the list by itself; `None` for never.
    pub every: Option<Duration>,
    /// How old what a caller was shown may be when it calls; `None` for any age.
    pub before_call: Option<Duration>,
    /// A claim about what the tool does to the world was loosened, or its class would be another.
    pub annotations: PinAction,
    /// A change with which calls go on as they did, such as an optional argument that was added.
    pub minor: PinAction,
    /// A change with which a call that was right may fail.
    pub schema: PinAction,
    /// A text that a model reads, or a value that it may choose.
    pub text: PinAction,
}

/// What is done about a tool that differs from what was approved, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinAction {
    /// It is told, and nothing else.
    Warn,
    /// Callers are shown what was approved, and calls have to fit that.
    Freeze,
    /// It is in no list; who knows it may call it.
    Hide,
    /// It is in no list, and no call reaches it.
    Block,
}

/// What kind of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DriftKind {
    /// See [`PinPlan::annotations`].
    Annotations,
    /// See [`PinPlan::minor`].
    Minor,
    /// See [`PinPlan::schema`].
    Schema,
    /// See [`PinPlan::text`].
    Text,
}

impl Default for PinPlan {
    fn default() -> Self {
        Self {
            every: Some(PIN_EVERY),
            before_call: Some(PIN_BEFORE_CALL),
            annotations: PinAction::Block,
            minor: PinAction::Freeze,
            schema: PinAction::Block,
            text: PinAction::Block,
        }
    }
}

impl PinPlan {
    /// What is done about a difference of this kind.
    pub fn action(&self, kind: DriftKind) -> PinAction {
        match kind {
            DriftKind::Annotations => self.annotations,
            DriftKind::Minor => self.minor,
            DriftKind::Schema => self.schema,
            DriftKind::Text => self.text,
        }
    }
}

impl PinAction {
    /// All, by their words.
    pub const ALL: &[Self] = &[Self::Block, Self::Freeze, Self::Hide, Self::Warn];

    /// The word for it in policies, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Freeze => "freeze",
            Self::Hide => "hide",
            Self::Warn => "warn",
        }
    }
}

impl DriftKind {
    /// All.
    pub const ALL: &[Self] = &[Self::Annotations, Self::Minor, Self::Schema, Self::Text];

    /// The key for it in policies, and the word in records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Annotations => "annotations",
            Self::Minor => "minor",
            Self::Schema => "schema",
            Self::Text => "text",
        }
    }

    /// Of which kind a change is.
    pub fn of(change: &Change) -> Self {
        let is_claim = change.path.starts_with("annotations");
        match change.class {
            DriftClass::Low => Self::Minor,
            DriftClass::Breaking => Self::Schema,
            DriftClass::High if is_claim => Self::Annotations,
            DriftClass::High => Self::Text,
        }
    }
}

/// In what a tool differs from what was approved, and what the policy does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The kind whose action is the strictest.
    pub kind: DriftKind,
    /// The action.
    pub action: PinAction,
    /// What changed, in words for an operator; of paths only, and never what a server wrote.
    pub summary: Box<str>,
}

/// Changes of one tool that are named in a summary.
const NAMED_MAX: usize = 4;

impl Policy {
    /// Whether something was approved that a server's list can be held against.
    pub fn has_pins(&self) -> bool {
        self.tools.iter().any(|tool| tool.sha256.is_some())
    }

    /// In what `now` differs from what was approved of `tool`; `None` where it does not. `None` for `now` where the
    /// server's words were no definition at all.
    pub fn deviation(&self, tool: &Tool, now: Option<&Definition>) -> Option<Deviation> {
        let approved = tool.sha256.as_ref()?;
        let Some(now) = now else {
            let (kind, summary) = (DriftKind::Schema, "it is no definition of a tool any more".into());
            return Some(Deviation { kind, action: self.pins.action(kind), summary });
        };
        if now.sha256 == *approved {
            return None;
        }
        let changes = changes_between(tool.definition.as_deref(), approved, now);
        let kinds = changes.iter().map(DriftKind::of);
        // A digest differs, so something does.
        let kind = kinds.max_by_key(|&kind| (self.pins.action(kind), kind)).unwrap_or(DriftKind::Text);
        let mut action = self.pins.action(kind);
        if action == PinAction::Freeze && tool.definition.is_none() {
            // Of an older lock file there is nothing to show in its place.
            action = PinAction::Block;
        }
        Some(Deviation { kind, action, summary: summary(&changes) })
    }
}

impl Tool {
    /// What was approved of it; `None` where it is not pinned, or by an older lock file.
    pub fn definition(&self) -> Option<&Arc<Definition>> {
        self.definition.as_ref()
    }

    /// The digest of what was approved, to be compared with that of what a server says.
    pub fn pinned_sha256(&self) -> Option<&[u8; 32]> {
        self.sha256.as_ref()
    }

    /// The first argument, by its path, that was not approved, unless the tool was approved to take any.
    ///
    /// What a schema leaves open by saying nothing is closed here: it is asked of tools that have changed, whose
    /// new arguments nobody has seen.
    pub fn unapproved(&self, arguments: Option<Value<'_>>) -> Option<String> {
        let schema = self.definition.as_ref()?.input_schema.as_deref()?;
        let schema = Document::parse(schema.as_bytes()).ok()?;
        unapproved(schema.root(), arguments?, "$")
    }
}

/// No deeper than JSON may be.
fn unapproved(schema: Value<'_>, value: Value<'_>, path: &str) -> Option<String> {
    if let (Kind::Array, Some(items)) = (value.kind(), schema.get("items")) {
        return value.elements().find_map(|element| unapproved(items, element, path));
    }
    let properties = schema.get("properties").filter(|_| value.kind() == Kind::Object)?;
    let takes_more = schema.get("additionalProperties").is_some_and(|more| more.boolean() != Some(false));
    value.members().find_map(|(key, value)| {
        let name = key.name();
        match properties.get(&name) {
            Some(schema) => unapproved(schema, value, &format!("{path}.{name}")),
            None if takes_more => None,
            None => Some(format!("{path}.{}", super::visible(&name).replace('\n', " "))),
        }
    })
}

fn summary(changes: &[Change]) -> Box<str> {
    let name = |change: &Change| match &*change.path {
        "" => "its digest".to_owned(),
        path => super::visible(path).replace('\n', " "),
    };
    let named: Vec<String> = changes.iter().take(NAMED_MAX).map(name).collect();
    let more = match changes.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("changed: {}{more}", named.join(", ")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_argument_that_nobody_approved_at_any_depth() {
        let closed =
            r#"{"properties":{"a":{},"o":{"properties":{"b":{}}},"l":{"items":{"properties":{"c":{}}}}}}"#;
        let open = r#"{"properties":{"a":{}},"additionalProperties":true}"#;
        let cases = [
            (closed, r#"{"a":1,"o":{"b":2},"l":[{"c":3},{}]}"#, None),
            (closed, r#"{"a":1,"z":2}"#, Some("$.z")),
            (closed, r#"{"o":{"b":2,"z":3}}"#, Some("$.o.z")),
            (closed, r#"{"l":[{"c":3},{"z":4}]}"#, Some("$.l.z")),
            (closed, r#"{"\u200b":1}"#, Some("$.\\u{200b}")),
            (open, r#"{"z":2}"#, None),
            ("{}", r#"{"z":2}"#, None),
        ];
        for (schema, arguments, wanted) in cases {
            let (schema, arguments) =
                (Document::parse(schema.as_bytes()), Document::parse(arguments.as_bytes()));
            let found = unapproved(schema.expect("JSON").root(), arguments.expect("JSON").root(), "$");
            assert_eq!(found.as_deref(), wanted);
        }
    }
}
