//! The shapes of the files beside a policy: tests and the lock file.

use serde_json::{Value, json};

use super::forms::{
    boolean, count, duration, label, list, map, sha256, shape, size, some, text, version, word,
};
use super::{Shape, Tools};
use crate::identity::SupposedProof;
use crate::mcp::{Method, Sender};
use crate::policy::cases::{
    CALL_KEYS, CALLER_KEYS, CASE_KEYS, EXPECT_KEYS, HTTP_KEYS, REASONS, REPEAT_KEYS, ROOTS, TESTS_KEYS,
    WAIT_KEYS,
};
use crate::policy::lock;
use crate::policy::snapshot::Class;
use crate::scan::Detector;

/// The shapes of `*.test.yaml`.
pub(super) fn tests(tools: &Tools) -> Vec<Shape> {
    // A list of tools is completed from those that are known, and may name others.
    let known: Vec<&str> = tools.names.iter().flatten().map(crate::names::ToolName::as_str).collect();
    let tool = json!({ "anyOf": [{ "enum": known }, { "type": "string" }] });
    let tool = if known.is_empty() { text() } else { tool };
    vec![
        Shape::new("tests", TESTS_KEYS, &["cases"])
            .row("at", time(), "when the messages are sent of cases that do not say")
            .row("cases", list(&shape("case")), "messages with what the policy is expected to do"),
        case(),
        caller(),
        Shape::new("call", CALL_KEYS, &[])
            .some_of(&[&["tool", "unknown_tool"]])
            .row("tool", tool.clone(), "the tool")
            .row("unknown_tool", text(), "in place of `tool`: one that the policy must not know")
            .row("args", json!({ "type": "object" }), "its arguments, as the client would send them"),
        Shape::new("repeat", REPEAT_KEYS, &["times"])
            .row("times", count(), "how often the message is sent")
            .row("every", span(), "how much later each one is than the one before")
            .row("together", boolean(), "whether all are in flight before the first is answered"),
        expect(&tool),
        Shape::new("as_http", HTTP_KEYS, &[])
            .row("status", json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX }), "the HTTP status")
            .row("code", json!({ "type": "integer" }), "the JSON-RPC error code")
            .row("challenge", text(), "a part of `WWW-Authenticate`"),
        Shape::new("retry_after", WAIT_KEYS, &["between"]).row(
            "between",
            json!({ "type": "array", "minItems": 2, "maxItems": 2, "items": duration() }),
            "the shortest and the longest wait that may be told",
        ),
    ]
}

fn case() -> Shape {
    let methods = Method::ALL.iter().filter(|method| method.is_sent_by(Sender::Client));
    let methods: Vec<&str> =
        methods.filter(|method| **method != Method::ToolsCall).map(|method| method.as_str()).collect();
    let roots = format!("^({})($|[.\\[])", ROOTS.join("|"));
    // A case without a message changes the one above, and may be called after it.
    Shape::new("case", CASE_KEYS, &["expect"])
        .row("name", text(), "what must stay so, in words")
        .row(
            "as",
            json!({ "anyOf": [{ "const": "anonymous" }, shape("caller")] }),
            "who calls; whoever called above, or somebody anonymous, where it is left out",
        )
        .row("at", time(), "when; as above, or at the time of the file, where it is left out")
        .row("after", span(), "how long after the case above, with limits as that one left them")
        .row("call", shape("call"), "a call of a tool")
        .row("method", json!({ "enum": methods }), "any other message, in place of `call`")
        .row("target", text(), "with `method`: which resource, prompt or template")
        .row(
            "with",
            json!({ "type": "object", "propertyNames": { "pattern": roots } }),
            "what is otherwise than above, by path: `args.limit: 5`; null takes it away",
        )
        .row("result", json!({}), "what the server answers")
        .row("repeat", shape("repeat"), "to send the message more than once, for limits")
        .row(
            "seen",
            some(&label()),
            "labels that the conversation has seen before, for `flows`; not handed down",
        )
        .row("expect", shape("expect"), "what the policy is expected to do")
}

fn caller() -> Shape {
    let names = || json!({ "anyOf": [text(), list(&text())] });
    Shape::new("caller", CALLER_KEYS, &[])
        .row("user", text(), "the user")
        .row("tenant", text(), "the user's tenant")
        .row("agent", text(), "the agent that calls for the user")
        .row("workload", text(), "the workload that the agent runs in")
        .row("scopes", names(), "the scopes of the token")
        .row("groups", names(), "the groups of the user")
        .row("by", word(SupposedProof::ALL, SupposedProof::as_str), "by what the caller is known")
}

fn expect(tool: &Value) -> Shape {
    let detectors = Detector::ALL.iter().map(|detector| detector.as_str());
    let detectors: Vec<&str> = detectors.filter(|name| Detector::parse(name).is_some()).collect();
    Shape::new("expect", EXPECT_KEYS, &[])
        .some_of(&[EXPECT_KEYS])
        .row("decision", json!({ "enum": ["allow", "deny"] }), "what comes out")
        .row("rule", label(), "the rule that decides, or that comes nearest")
        .row("nearest", label(), "the allow that comes nearest where no rule decides")
        .row("reason", word(REASONS, |reason| reason), "why it is denied")
        .row("failed", some(&text()), "the arguments that the decision turned on")
        .row("message", text(), "a part of what the caller is told")
        .row("scopes", some(&text()), "the scopes that the caller is asked to get")
        .row("shadow", label(), "the deny in shadow mode that would have refused")
        .row("redacted", map(&json!({})), "what stands at a path when it is passed on: `args.note`, `content[0].text`")
        .row(
            "found",
            json!({ "type": "object", "propertyNames": { "enum": detectors }, "additionalProperties": size() }),
            "how many values each detector finds",
        )
        .row("as_http", shape("as_http"), "how the refusal looks on the wire")
        .row("lists", list(tool), "all tools that `tools/list` shows to the caller")
        .row("allowed", size(), "with `repeat`: how many go through")
        .row("denied_by", text(), "the rule that refuses, or `limit/ID`")
        .row("retry_after", shape("retry_after"), "with `repeat`: how long refused callers are told to wait")
}

/// A length of time; also none, or in days.
fn span() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+(ms|s|min|hour|day)$", "examples": ["61s", "1day"] })
}

/// A time with its offset. Source: RFC 3339, section 5.6.
fn time() -> Value {
    json!({
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]+([Zz]|[+-][0-9])",
        "examples": ["2026-11-23T10:00:00+01:00"],
    })
}

/// The shapes of `tools.lock.yaml`.
pub(super) fn lock() -> Vec<Shape> {
    let object = || json!({ "type": "object" });
    vec![
        Shape::new("lock", lock::KEYS, &["version", "tools"])
            .row("version", version(), "the version of the file")
            .row("server", shape("server"), "what the server calls itself; says nothing to a rule")
            .row("sha256", sha256(), "of the names and digests of all tools")
            .row("tools", list(&shape("tool")), "the tools that somebody approved"),
        Shape::new("server", lock::SERVER_KEYS, &["name"]).row("name", text(), "its name").row(
            "version",
            text(),
            "its version",
        ),
        Shape::new("tool", lock::TOOL_KEYS, &["name"])
            .row("version", count(), "which version it is, of those that the server has no more")
            .row(
                "name",
                json!({ "type": "string", "pattern": "^[0-9A-Za-z_.-]{1,128}$" }),
                "its name on the wire",
            )
            .row("sha256", sha256(), "of its definition; an edited definition is a fault")
            .row("title", json!({ "type": ["string", "null"] }), "its name for people")
            .row("description", json!({ "type": ["string", "null"] }), "what a model is told that it does")
            .row("inputSchema", object(), "the JSON Schema of its arguments")
            .row("outputSchema", object(), "the JSON Schema of its structured results")
            .row("annotations", object(), "what it claims to do to the world")
            .row(
                "class",
                word(Class::ALL, Class::as_str),
                "its class, only where the annotations are not to be followed",
            ),
    ]
}
