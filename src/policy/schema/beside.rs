//! The shapes of the files beside a policy: tests and the lock file.

use serde_json::json;

use super::forms::{label, list, sha256, shape, some, text, version, word};
use super::{Shape, Tools};
use crate::mcp::Method;
use crate::policy::cases::{CALL_KEYS, CALLER_KEYS, CASE_KEYS, EXPECT_KEYS, TESTS_KEYS};
use crate::policy::decision::Why;
use crate::policy::lock;
use crate::policy::snapshot::Class;

/// The shapes of `*.test.yaml`.
pub(super) fn tests(tools: &Tools) -> Vec<Shape> {
    // A case may call what does not exist, to see that it is refused.
    let known: Vec<&str> = tools.names.iter().flatten().map(crate::names::ToolName::as_str).collect();
    let tool = json!({ "anyOf": [{ "enum": known }, { "type": "string" }] });
    let tool = if known.is_empty() { text() } else { tool };
    let methods: Vec<&str> = Method::ALL.iter().map(|method| method.as_str()).collect();
    vec![
        Shape::new("tests", TESTS_KEYS, &["cases"]).row(
            "cases",
            list(&shape("case")),
            "calls with the decision that the policy is expected to take",
        ),
        Shape::new("case", CASE_KEYS, &["name", "expect"])
            .some_of(&[&["call", "method"]])
            .row("name", text(), "what must stay so, in words")
            .row("as", shape("caller"), "who calls; somebody anonymous where it is left out")
            .row("call", shape("call"), "a call of a tool")
            .row("method", json!({ "enum": methods }), "any other request, in place of `call`")
            .row("target", text(), "with `method`: which resource, prompt or template")
            .row("expect", shape("expect"), "what the policy is expected to decide"),
        Shape::new("caller", CALLER_KEYS, &[])
            .row("user", text(), "the user")
            .row("tenant", text(), "the user's tenant")
            .row("agent", text(), "the agent that calls for the user")
            .row("workload", text(), "the workload that the agent runs in")
            .row("scopes", some(&text()), "the scopes of the token")
            .row("groups", some(&text()), "the groups of the user"),
        Shape::new("call", CALL_KEYS, &["tool"]).row("tool", tool, "the tool").row(
            "args",
            json!({ "type": "object" }),
            "its arguments, as the client would send them",
        ),
        Shape::new("expect", EXPECT_KEYS, &["decision"])
            .row("decision", json!({ "enum": ["allow", "deny"] }), "what comes out")
            .row("rule", label(), "the rule that decides, or that comes nearest")
            .row("reason", word(Why::REASONS, |reason| reason), "why it is denied"),
    ]
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
