//! The shapes of what is told of tools, and of results that speak to the model.

use super::Shape;
use super::forms::{boolean, label, map, shape, some, text, word};
use super::sections::detector;
use crate::policy::describe::{DESCRIBE_KEYS, HINTS};
use crate::policy::instructions::{Instructed, RESULTS_KEYS};
use crate::policy::marks::MARK_KEYS;
use crate::scan::Pack;

pub(super) fn shapes() -> [Shape; 4] {
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
        Shape::new("results", RESULTS_KEYS, &[])
            .some_of(&[RESULTS_KEYS])
            .row(
                "instructions",
                word(Instructed::ALL, Instructed::as_str),
                "what becomes of an answer with a text that gives the model orders",
            )
            .row(
                "labels",
                some(&shape("mark")),
                "what a conversation has seen that got an answer with it, for `flows`",
            ),
        Shape::new("mark", MARK_KEYS, &["label"])
            .some_of(&[&["packs", "detectors", "rules", "instructions"]])
            .row("label", label(), "a label that flows wait for")
            .row(
                "packs",
                some(&word(Pack::ALL, Pack::as_str)),
                "kinds of values by group; one that was found is enough",
            )
            .row("detectors", some(&detector()), "kinds of values; one that was found is enough")
            .row("rules", some(&label()), "redaction rules; one that found something is enough")
            .row("instructions", boolean(), "whether a text that gives the model orders gives it"),
    ]
}
