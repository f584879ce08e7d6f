//! The shapes of what is told of tools, and of results that speak to the model.

use super::Shape;
use super::forms::{boolean, map, shape, text, word};
use crate::policy::describe::{DESCRIBE_KEYS, HINTS};
use crate::policy::instructions::{Instructed, RESULTS_KEYS};

pub(super) fn shapes() -> [Shape; 3] {
    [
        Shape::new("describe", DESCRIBE_KEYS, &[])
            .some_of(&[DESCRIBE_KEYS])
            .row("title", text(), "its name for people")
            .row("description", text(), "what a model is told that it does")
            .row(
                "annotations",
                shape("hints"),
                "what clients are told that it does to the world; rules go by its class",
            )
            .row("arguments", map(&text()), "what is said of its arguments, by name"),
        Shape::new("hints", HINTS, &[])
            .row("readOnlyHint", boolean(), "it changes nothing")
            .row("destructiveHint", boolean(), "what it changes cannot be got back")
            .row("idempotentHint", boolean(), "calling it twice is as calling it once")
            .row("openWorldHint", boolean(), "it deals with things beyond its server"),
        Shape::new("results", RESULTS_KEYS, &["instructions"]).row(
            "instructions",
            word(Instructed::ALL, Instructed::as_str),
            "what becomes of a result with a text that gives the model orders",
        ),
    ]
}
