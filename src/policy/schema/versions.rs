//! The shapes of versions of tools, and of what turns calls of one into calls of another.

use serde_json::{Value, json};

use super::Shape;
use super::forms::{date, map, shape, some, text, word};
use super::sections::of_tool;
use crate::policy::parts::keys::{BROWNOUT_KEYS, PINS_KEYS, STEP_KEYS, VERSION_KEYS};
use crate::policy::versions::{Hide, State};

/// What may be said of all versions of a tool.
pub(super) fn of_family(tool: Shape) -> Shape {
    let share = json!({ "type": "integer", "minimum": 0, "maximum": 100 });
    tool.row("default", number(), "the version of callers that nothing else is said of")
        .row("canary", map(&share), "which share of those callers has another version, in percent: `2: 10`")
        .row("pins", shape("pins"), "who is on which version, whatever the others are on")
        .row("hide", word(Hide::ALL, Hide::as_str), "from whom deprecated versions are hidden in lists; `new`: from whose tenant or agent is not pinned to them")
}

pub(super) fn shapes() -> [Shape; 4] {
    let steps = json!({ "type": "array", "items": shape("step") });
    let version = of_tool(Shape::new("version", VERSION_KEYS, &[]))
        .row(
            "state",
            word(State::ALL, State::as_str),
            "where it is in its life; `active` where nothing is said",
        )
        .row("deprecated", date(), "since when it is deprecated, or from when on; callers are told")
        .row("sunset", date(), "from the beginning of this day (UTC) on it is refused")
        .row("successor", number(), "the version to call in its place, and that its calls become")
        .row("upstream", text(), "the tool of the server that it is; without one that of the same name")
        .row("request", steps.clone(), "what makes its arguments those of its successor")
        .row("response", steps, "what makes the structured result of its successor its own")
        .row("brownout", shape("brownout"), "how it fails in `state: brownout`");
    [version, pins(), brownout(), step()]
}

/// A version as `2` or `search@2`.
fn number() -> Value {
    json!({ "anyOf": [
        { "type": "integer", "minimum": 1 },
        { "type": "string", "pattern": "^([A-Za-z0-9_.-]+@)?[1-9][0-9]*$" },
    ] })
}

fn pins() -> Shape {
    Shape::new("pins", PINS_KEYS, &[])
        .row("tenants", map(&number()), "the version of a tenant; it counts before that of the agent")
        .row("agents", map(&number()), "the version of an agent")
}

fn brownout() -> Shape {
    let percent = json!({ "type": "integer", "minimum": 1, "maximum": 100 });
    let minutes = json!({ "type": "string", "pattern": "^[0-5]?[0-9](-[0-5]?[0-9])?$" });
    Shape::new("brownout", BROWNOUT_KEYS, &[])
        .some_of(&[BROWNOUT_KEYS])
        .row("percent", percent, "so many of a hundred calls fail")
        .row("minutes", some(&minutes), "calls fail in these minutes of every hour: `0-9`")
}

fn step() -> Shape {
    let way = json!({ "anyOf": [map(&text()), { "type": "string", "pattern": "->" }] });
    Shape::new("step", STEP_KEYS, &[])
        .some_of(&[STEP_KEYS])
        .row("rename", way.clone(), "another name for a member of the same object")
        .row("move", way, "another place: `{ /old/place: /new/place }`")
        .row("default", map(&json!({})), "a value where none is")
        .row("const", map(&json!({})), "a value, whatever there was")
        .row("drop", some(&text()), "what is taken out")
        .row("enum", map(&map(&text())), "other words for words: `{ sort: { rel: relevance } }`")
}
