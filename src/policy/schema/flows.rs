//! The shapes of what becomes of changed tools, and of what conversations may not do.

use serde_json::json;

use super::Shape;
use super::forms::{date, label, shape, some, text, word};
use crate::names::Mode;
use crate::policy::parts::keys::{FLOW_KEYS, PIN_KEYS, PIN_KINDS};
use crate::policy::pins::PinAction;

pub(super) fn shapes() -> [Shape; 3] {
    [pins(), kinds(), flow()]
}

fn time(words: &str, example: &str) -> serde_json::Value {
    let pattern = format!("^({words}|[0-9]+(ms|s|min|hour))$");
    json!({ "type": "string", "pattern": pattern, "examples": [example] })
}

fn pins() -> Shape {
    Shape::new("pins", PIN_KEYS, &[])
        .row(
            "every",
            time("never", "5min"),
            "how often the gate itself asks for the list, with its own credential",
        )
        .row(
            "before_call",
            time("always|never", "1min"),
            "how old what a caller was shown may be when it calls; an older list is asked for first",
        )
        .row("on", shape("pin_kinds"), "what is done about a changed tool, by what has changed")
}

fn kinds() -> Shape {
    let action = || word(PinAction::ALL, PinAction::as_str);
    Shape::new("pin_kinds", PIN_KINDS, &[])
        .row("annotations", action(), "a claim was loosened, or the class would be another; `block`")
        .row("minor", action(), "calls go on as they did, as with an optional argument more; `freeze`")
        .row("schema", action(), "a call that was right may fail; `block`")
        .row("text", action(), "what a model reads, or may choose; `block`")
}

fn flow() -> Shape {
    Shape::new("flow", FLOW_KEYS, &["id", "after", "deny"])
        .row("id", label(), "its name in audit records")
        .row("after", some(&label()), "labels that a conversation has seen, all of them")
        .row("deny", some(&label()), "labels of the tools that are closed to it from then on")
        .row("message", text(), "what the caller is told beside the reason")
        .row(
            "mode",
            word(&[Mode::Enforce, Mode::Shadow], Mode::as_str),
            "`shadow`: only reports what it would do",
        )
        .row("since", date(), "the day since which it is in shadow")
}
