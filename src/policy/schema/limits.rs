//! The shapes of `limits`.

use serde_json::json;

use super::forms::{budget, count, date, duration, label, rate, shape, some, text, tool, word};
use super::{Shape, Tools, sharing};
use crate::bounds::LIMIT_QUEUE_MAX;
use crate::limit::{Level, Requests, Unit};
use crate::names::Mode;
use crate::policy::parts::keys::{GLOBAL, KINDS, LIMIT_KEYS, MATCH_KEYS, QUEUE_KEYS, ROUNDS};
use crate::policy::snapshot::Class;

/// The shapes of a limit.
pub(super) fn shapes(tools: &Tools) -> [Shape; 3] {
    [limit(), about(tools), queue()]
}

fn limit() -> Shape {
    let levels: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).chain([GLOBAL]).collect();
    let units = json!({ "anyOf": [
        { "enum": Unit::WORDS },
        { "type": "string", "pattern": "^arg:[^.]+(\\.[^.]+)*$" },
    ] });
    let percent = json!({ "type": "string", "pattern": "^([1-9]|[1-9][0-9]|100)%$", "examples": ["10%"] });
    Shape::new("limit", LIMIT_KEYS, &["id", "per"])
        .some_of(&[KINDS])
        .row("id", label(), "its name in audit records and metrics")
        .row("per", some(&json!({ "enum": levels })), "each of what has a count of its own; `global` for one of all")
        .row("match", shape("match"), "the tools and kinds of requests it is about; all calls where it is left out")
        .row("unit", units, "what is counted: calls where it is left out; `arg:NAME` for an argument that is a number")
        .row("rate", rate(), "how fast it fills up again: `60/min`")
        .row("burst", count(), "with `rate`: how much it holds; as much as the rate says where it is left out")
        .row("budget", budget(), "how much there is in each window of the calendar: `2_000_000/day`")
        .row("tz", text(), "with `budget`: by whose clock; UTC where it is left out")
        .row("overdraft", percent, "with `budget`: how much more a request may take that begins while something is left")
        .row("concurrency", count(), "how many may be in flight at once")
        .row("queue", shape("queue"), "with `concurrency`: who may wait for a place")
        .row("estimate", count(), "what an answer is taken to cost until it has come; by default what the tool's answers cost so far")
        .row(
            "input_required",
            json!({ "enum": ROUNDS }),
            "whether the next round of a call, with what the server asked for, is a call of its own",
        )
        .row(
            "mode",
            word(&[Mode::Enforce, Mode::Shadow], Mode::as_str),
            "`shadow`: only reports what it would do",
        )
        .row("since", date(), "the day since which it is in shadow")
        .row(
            "shared",
            sharing::of_limit(),
            "how it is held together with other gates, in place of what `shared` says of all; `false`: not at all",
        )
        .row("on_store_error", sharing::on_store_error(), "what it does while the store cannot be asked")
}

fn about(tools: &Tools) -> Shape {
    Shape::new("match", MATCH_KEYS, &[])
        .some_of(&[MATCH_KEYS])
        .row("tools", json!({ "anyOf": [some(&tool(tools)), shape("marked")] }), "tools by name or pattern")
        .row("classes", some(&word(Class::ALL, Class::as_str)), "tools by class")
        .row(
            "requests",
            some(&word(Requests::ALL, Requests::as_str)),
            "kinds of requests; calls where it is left out",
        )
}

fn queue() -> Shape {
    let most = json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_QUEUE_MAX });
    Shape::new("queue", QUEUE_KEYS, &["max", "timeout"]).row("max", most, "how many may wait").row(
        "timeout",
        duration(),
        "for how long, 30s at most",
    )
}
