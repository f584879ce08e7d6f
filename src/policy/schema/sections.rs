//! The shapes of a policy file, section by section.

use serde_json::{Value, json};

use super::forms::{
    boolean, by_tool, count, date, duration, label, list, map, rooted, shape, some, text, tool, version, word,
};
use super::{
    Shape, Tools, callers, care, conversation, describe, flows, limits, rules, sandbox, sharing, upstream,
    versions,
};
use crate::bounds::{BODY_BYTES_MAX, PROSE_BYTES_MAX};
use crate::names::Mode;
use crate::policy::keeping::Unbound;
use crate::policy::parts::keys::{
    AUDIT_KEYS, BINARY_WORDS, BINDING_KEYS, DURABILITY_KEYS, FAMILY_KEYS, MEDIA_KINDS, POLICY_KEYS,
    PROSE_KEYS, PSEUDONYM_KEYS, REDACT_KEYS, RESTORE_KEYS, ROLE_KEYS, SERVER_KEYS, SHADOW_KEYS, STRICT_KEYS,
    THRESHOLDS,
};
use crate::policy::plans::{AuditLevel, DenyAs, Durability};
use crate::policy::prose::Beyond;
use crate::policy::snapshot::Class;
use crate::policy::strict::{
    AnswerCoding, ArgumentCollisions, ArgumentNearMisses, Batches, DuplicateKeys, Output, RequestCoding,
    SchemaFit, Seal,
};
use crate::scan::{Action, Confidence, Detector, Direction, Pack};

/// The shapes of a policy file.
pub(super) fn shapes(tools: &Tools) -> Vec<Shape> {
    let mut shapes = vec![policy(tools), server()];
    shapes.extend(callers::shapes());
    shapes.push(role());
    shapes.push(declared_tool());
    shapes.extend(describe::shapes());
    shapes.extend(versions::shapes());
    shapes.extend(rules::shapes(tools));
    shapes.extend(limits::shapes(tools));
    shapes.extend(measures());
    shapes.push(prose());
    shapes.extend(restoring(tools));
    shapes.extend(upstream::shapes());
    shapes.extend(care::shapes());
    shapes.extend(sandbox::shapes());
    shapes.extend(sharing::shapes());
    shapes.extend([strict(), shadow()]);
    shapes.extend(conversation::shapes());
    shapes.extend(flows::shapes());
    shapes
}

fn policy(tools: &Tools) -> Shape {
    Shape::new("policy", POLICY_KEYS, &["version"])
        .row("version", version(), "the version of the language")
        .row("server", shape("server"), "the server that this bundle is about; in one file of the bundle")
        .row("callers", shape("callers"), "who may call at all, and how that is proven")
        .row("scopes", list(&label()), "every scope that may be used: a closed list, so that typos are found")
        .row("tenants", list(&label()), "every tenant that may be used: a closed list")
        .row("groups", list(&text()), "every group that may be used: a closed list")
        .row("agents", list(&text()), "every agent that may be used: a closed list")
        .row("workloads", list(&text()), "every workload that may be used: a closed list")
        .row("roles", map(&shape("role")), "who callers are to the rules, by name")
        .row(
            "tools",
            versioned(by_tool(tools, &shape("tool"))),
            "the tools of the server: their class, time, tenants and versions",
        )
        .row("allow", list(&shape("allow")), "what may be done; without one, nothing")
        .row("deny", list(&shape("deny")), "what may not be done, whatever is allowed")
        .row(
            "limits",
            list(&shape("limit")),
            "how often; a call is charged to all limits that concern it, or to none",
        )
        .row(
            "shared",
            shape("shared"),
            "the store by which several gates hold limits together; in one file of the bundle",
        )
        .row("redact", list(&shape("redaction")), "what may not be said in results or arguments")
        .row("binary", binary(), "pictures, sounds and files of the server, which no scan can read; all pass")
        .row(
            "prose",
            shape("prose"),
            "what a model reads the prose of results for; in one file of the bundle",
        )
        .row(
            "results",
            shape("results"),
            "what becomes of results that speak to the model; in one file of the bundle",
        )
        .row("restore", shape("restoring"), "where values behind tokens are given back; nowhere else")
        .row("pseudonyms", shape("pseudonyms"), "what pseudonyms are made with; in one file of the bundle")
        .row("upstream", shape("upstream"), "the server: how long it may take, and what it is shown")
        .row(
            "sandbox",
            shape("sandbox"),
            "the place in which the server runs that the gate starts; the command line may only be stricter",
        )
        .row("audit", shape("audit"), "what is written down")
        .row(
            "deny_as",
            word(DenyAs::ALL, DenyAs::as_str),
            "how a client hears of a refusal: as the result of its call, or by HTTP",
        )
        .row(
            "strict",
            shape("strict"),
            "how strictly messages are read; all of it is strict where nothing is said",
        )
        .row("shadow", shape("shadow"), "how long something may only report")
        .row("conversation", shape("conversation"), "what tells the conversations of a caller apart")
        .row("limit_hints", shape("limit_hints"), "what callers are told of the limits that they meet")
        .row("pins", shape("pins"), "what becomes of a tool that is no longer what was approved")
        .row("flows", list(&shape("flow")), "what a conversation may not do after what it has seen")
}

/// A word, or the media types that pass.
fn binary() -> Value {
    let pattern = format!("^({})/([a-z0-9._+-]+|[*])$", MEDIA_KINDS.join("|"));
    let media = json!({ "type": "string", "pattern": pattern });
    json!({ "anyOf": [{ "enum": BINARY_WORDS }, { "type": "array", "items": media, "minItems": 1 }] })
}

fn server() -> Shape {
    Shape::new("server", SERVER_KEYS, &["id"])
        .row("id", label(), "its name in audit records and metrics")
        .row(
            "mode",
            word(&[Mode::Enforce, Mode::Shadow], Mode::as_str),
            "`shadow`: the whole bundle only reports what it would do",
        )
        .row("since", date(), "the day since which it is in shadow")
}

fn role() -> Shape {
    Shape::new("role", ROLE_KEYS, &[])
        .some_of(&[ROLE_KEYS])
        .row("scopes", some(&label()), "any of these scopes; a caller who lacks only a scope is told which")
        .row("groups", some(&text()), "any of these groups")
        .row("tenants", some(&label()), "any of these tenants")
        .row("agents", some(&text()), "any of these agents")
        .row("workloads", some(&text()), "any of these workloads")
        .row("users", some(&text()), "any of these users")
}

/// A map whose keys may also be versions: `search@2`.
fn versioned(mut tools: Value) -> Value {
    tools["patternProperties"] = json!({ "^[A-Za-z0-9_.-]+@[1-9][0-9]*$": shape("version") });
    tools
}

fn declared_tool() -> Shape {
    let told = "what clients are told of it in place of what the server says";
    versions::of_family(of_tool(Shape::new("tool", FAMILY_KEYS, &[]))).row(
        "describe",
        shape("describe"),
        told,
    )
}

/// What may be said of a tool, and of a version that is a tool of the server.
pub(super) fn of_tool(shaped: Shape) -> Shape {
    let switch = json!({ "enum": ["enabled", "disabled"] });
    shaped
        .row("class", word(Class::ALL, Class::as_str), "what it does to the world")
        .row("timeout", duration(), "how long a call may take")
        .row("tenants", map(&switch), "for whom it is there; `*` for all that are not named")
        .row("labels", some(&label()), "what a conversation has seen that got an answer of it, for `flows`")
        .row(
            "breaker",
            shape("tool_breaker"),
            "when it is left alone; as under `upstream` where it says nothing",
        )
        .row("concurrency", count(), "how many calls of it there may be at once")
        .row("idempotent", boolean(), "whether calling it twice is as calling it once")
}

fn measures() -> [Shape; 3] {
    [
        Shape::new("redaction", REDACT_KEYS, &["id", "on", "action"])
            .some_of(&[&["packs", "detectors", "fields"]])
            .row("id", label(), "its name in audit records and metrics")
            .row("on", word(&[Direction::Arguments, Direction::Results], Direction::as_str), "where it looks")
            .row("packs", some(&word(Pack::ALL, Pack::as_str)), "detectors that belong together")
            .row("detectors", some(&detector()), "what it looks for")
            .row("fields", some(&text()), "keys whose values it takes: `customer_id`, `*.secret_*`")
            .row("action", word(Action::ALL, Action::as_str), "what happens to what is found")
            .row(
                "keep_last",
                json!({ "type": "integer", "minimum": 0, "maximum": 4 }),
                "with `mask`: how many of the last digits stay; of cards four, else none",
            )
            .row(
                "confidence",
                word(Confidence::ALL, Confidence::as_str),
                "how sure it must be of a value: `certain` by form and check, `likely` also by the name of a field or a word, \
                 `possible` all that it can find",
            )
            .row("allow_pan", boolean(), "with `tokenize`: whether card numbers may be kept at all")
            .row(
                "mode",
                word(&[Mode::Enforce, Mode::Shadow], Mode::as_str),
                "`shadow`: only reports what it would do",
            )
            .row("since", date(), "the day since which it is in shadow"),
        Shape::new("audit", AUDIT_KEYS, &[])
            .some_of(&[&["level", "durability"]])
            .row(
                "level",
                word(AuditLevel::ALL, AuditLevel::as_str),
                "who, what, when and why; `facts` also what rules asked of arguments; or nothing",
            )
            .row("values", some(&text()), "with `facts`: arguments whose values may be written down")
            .row(
                "durability",
                json!({ "oneOf": [durable(), shape("durability")] }),
                "how sure it is, before a message is forwarded, that it was written down: one word for all, or by class",
            ),
        Shape::new("durability", DURABILITY_KEYS, &[])
            .row("read", durable(), "calls of tools that change nothing")
            .row("write", durable(), "calls of tools that change something")
            .row("destructive", durable(), "calls of tools that change what cannot be got back")
            .row("other", durable(), "what is no call"),
    ]
}

fn durable() -> Value {
    word(Durability::ALL, Durability::as_str)
}

pub(super) fn detector() -> Value {
    let names = Detector::ALL.iter().map(|detector| detector.as_str());
    let detectors: Vec<&str> = names.filter(|name| Detector::parse(name).is_some()).collect();
    json!({ "enum": detectors })
}

fn prose() -> Shape {
    let detectors: Vec<&str> = Detector::READ.iter().map(|detector| detector.as_str()).collect();
    // The shortest decimals, and not the digits of the nearest double.
    let [least, most] = [THRESHOLDS.0, THRESHOLDS.1].map(|bound| f64::from((bound * 100.0).round()) / 100.0);
    Shape::new("prose", PROSE_KEYS, &["detectors"])
        .row(
            "detectors",
            some(&json!({ "enum": detectors })),
            "what it looks for; rules say what becomes of that",
        )
        .row(
            "threshold",
            json!({ "type": "number", "minimum": least, "maximum": most }),
            "how sure it must be; half where it is left out",
        )
        .row(
            "bytes_max",
            json!({ "type": "integer", "minimum": 1, "maximum": PROSE_BYTES_MAX }),
            "how much prose of one message is read, in bytes",
        )
        .row("wait", duration(), "how long a message waits for it")
        .row(
            "beyond",
            word(Beyond::ALL, Beyond::as_str),
            "what becomes of a message that is longer, or not read in time",
        )
}

fn restoring(tools: &Tools) -> [Shape; 3] {
    [
        Shape::new("restoring", RESTORE_KEYS, &["rules"])
            .row(
                "on_unbound",
                word(Unbound::ALL, Unbound::as_str),
                "what becomes of a call with a token that stands for nothing where it is",
            )
            .row("rules", list(&shape("binding")), "the places where values are given back"),
        Shape::new("binding", BINDING_KEYS, &["id", "tool", "argument"])
            .some_of(&[&["detectors", "rules"]])
            .row("id", label(), "its name in audit records")
            .row("tool", tool(tools), "the one tool that may have the values")
            .row("argument", text(), "the argument that they stand in: `to`, `customer.id`")
            .row("detectors", some(&detector()), "the kinds of value")
            .row("rules", some(&label()), "the redaction rules that kept them")
            .row(
                "from",
                some(&tool(tools)),
                "the tools whose answers they stood in; any where it is left out",
            )
            .row("embed", boolean(), "whether a token may stand inside of a longer text"),
        Shape::new("pseudonyms", PSEUDONYM_KEYS, &["key_file"])
            .row("key_file", rooted(), "a file of 32 bytes or more that keys them")
            .row("epoch", text(), "what the key is for; another one gives every value another name"),
    ]
}

fn strict() -> Shape {
    Shape::new("strict", STRICT_KEYS, &[])
        .row("batches", word(Batches::ALL, Batches::as_str), "what is done with batches of 2025-03-26")
        .row(
            "duplicate_keys",
            word(DuplicateKeys::ALL, DuplicateKeys::as_str),
            "where a key that stands twice is refused",
        )
        .row(
            "argument_near_misses",
            word(ArgumentNearMisses::ALL, ArgumentNearMisses::as_str),
            "keys that pass for a name that a rule uses",
        )
        .row(
            "argument_collisions",
            word(ArgumentCollisions::ALL, ArgumentCollisions::as_str),
            "keys beside each other that differ by case or invisible characters only",
        )
        .row(
            "input_schema",
            word(SchemaFit::ALL, SchemaFit::as_str),
            "calls that do not fit what the lock file says that their tool takes",
        )
        .row("output", word(Output::ALL, Output::as_str), "how events and lines are written")
        .row(
            "request_coding",
            word(RequestCoding::ALL, RequestCoding::as_str),
            "requests that are compressed",
        )
        .row("answer_coding", word(AnswerCoding::ALL, AnswerCoding::as_str), "answers that are compressed")
        .row("seal", word(Seal::ALL, Seal::as_str), "handles that are bound to their caller")
        .row(
            "body_bytes_max",
            json!({ "type": "integer", "minimum": 1, "maximum": BODY_BYTES_MAX }),
            "how long a message may be, in bytes",
        )
}

fn shadow() -> Shape {
    Shape::new("shadow", SHADOW_KEYS, &["max_days"]).row(
        "max_days",
        count(),
        "days after which `check` warns of what is in shadow, counted from its `since`",
    )
}
