//! How strict the gate is with messages.

use super::Fields;
use crate::bounds::BODY_BYTES_MAX;
use crate::policy::code::Code;
use crate::policy::diagnostic::Findings;
use crate::policy::strict::{
    AnswerCoding, ArgumentCollisions, ArgumentNearMisses, Batches, DuplicateKeys, Output, RequestCoding,
    SchemaFit, Seal, StrictPlan,
};
use crate::policy::walker;
use crate::policy::yaml::Node;

/// The keys of `strict`.
pub(in crate::policy) const STRICT_KEYS: &[&str] = &[
    "batches",
    "duplicate_keys",
    "argument_near_misses",
    "argument_collisions",
    "input_schema",
    "output",
    "request_coding",
    "answer_coding",
    "seal",
    "body_bytes_max",
];

/// Reads the section; what it does not say, or says wrongly, stays strict.
pub(super) fn read_strict(node: &Node, findings: &mut Findings) -> StrictPlan {
    let strict = StrictPlan::default();
    let Some(fields) = Fields::open(node, "`strict`", STRICT_KEYS, findings) else { return strict };
    StrictPlan {
        batches: word(&fields, "batches", Batches::ALL, Batches::as_str, findings),
        duplicate_keys: word(&fields, "duplicate_keys", DuplicateKeys::ALL, DuplicateKeys::as_str, findings),
        argument_near_misses: word(
            &fields,
            "argument_near_misses",
            ArgumentNearMisses::ALL,
            ArgumentNearMisses::as_str,
            findings,
        ),
        argument_collisions: word(
            &fields,
            "argument_collisions",
            ArgumentCollisions::ALL,
            ArgumentCollisions::as_str,
            findings,
        ),
        input_schema: word(&fields, "input_schema", SchemaFit::ALL, SchemaFit::as_str, findings),
        output: word(&fields, "output", Output::ALL, Output::as_str, findings),
        request_coding: word(&fields, "request_coding", RequestCoding::ALL, RequestCoding::as_str, findings),
        answer_coding: word(&fields, "answer_coding", AnswerCoding::ALL, AnswerCoding::as_str, findings),
        seal: word(&fields, "seal", Seal::ALL, Seal::as_str, findings),
        body_bytes_max: body_bytes_max(&fields, findings).unwrap_or(strict.body_bytes_max),
    }
}

fn word<T: Copy + Default>(
    fields: &Fields<'_>,
    key: &'static str,
    known: &[T],
    spell: impl Fn(T) -> &'static str,
    findings: &mut Findings,
) -> T {
    let what = format!("a word for `{key}`");
    let read = |node| walker::word(node, &what, known, spell, findings);
    fields.get(key).and_then(read).unwrap_or_default()
}

fn body_bytes_max(fields: &Fields<'_>, findings: &mut Findings) -> Option<usize> {
    let node = fields.get("body_bytes_max")?;
    let count = walker::count(node, "`body_bytes_max`", findings)?;
    let bytes_max = usize::try_from(count.get()).ok().filter(|&bytes| bytes <= BODY_BYTES_MAX);
    if bytes_max.is_none() {
        let message = format!("`body_bytes_max` may be {BODY_BYTES_MAX} at most");
        findings.raise(Code::TooLarge, node.span, message);
    }
    bytes_max
}
