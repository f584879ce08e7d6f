//! A server that knows version 2 of `search` alone, and a policy that keeps version 1 for those who need it.

use serde_json::{Value, json};
use sluicegate::json::Document;
use sluicegate::policy::{Class, Definition, Lock, LockedTool};

use crate::support::bundle::{Bundle, callers};
use crate::support::gate::Gate;
use crate::support::upstream::{After, Upstream, result, send_head, send_json};

/// What version 1 was.
pub fn old() -> Value {
    json!({
        "name": "search", "title": "Search (old)", "description": "Looks for notes.",
        "inputSchema": { "type": "object", "required": ["q"],
            "properties": { "q": { "type": "string", "x-mcp-header": "Q" }, "order": { "enum": ["rel", "date"] }, "debug": { "type": "boolean" } } },
        "outputSchema": { "type": "object", "required": ["items"], "additionalProperties": false,
            "properties": { "items": { "type": "array", "items": { "type": "string" } } } },
        "annotations": { "readOnlyHint": true },
    })
}

/// What the server has.
pub fn new() -> Value {
    json!({
        "name": "search", "description": "Searches notes.", "_meta": { "acme/team": "notes" },
        "execution": { "taskSupport": "optional" },
        "inputSchema": { "type": "object", "required": ["query", "limit"],
            "properties": { "query": { "type": "string", "x-mcp-header": "Query" },
                "limit": { "type": "integer", "x-mcp-header": "Limit" },
                "sort": { "enum": ["relevance", "date"] } } },
        "outputSchema": { "type": "object", "required": ["results", "total"],
            "properties": { "results": { "type": "array", "items": { "type": "string" } }, "total": { "type": "integer" } } },
        "annotations": { "readOnlyHint": true },
    })
}

/// Another tool of the server: version 3.
pub fn next() -> Value {
    json!({ "name": "search-v3", "description": "Searches everything.", "inputSchema": { "type": "object" },
        "annotations": { "readOnlyHint": true } })
}

pub const STEPS: &str = "request: [{ rename: { q: query } }, { default: { limit: 20 } }, { drop: debug },
        { enum: { order: { rel: relevance } } }, { rename: { order: sort } }],
      response: [{ rename: { results: items } }, { drop: total }]";

fn tool(json: &Value, version: Option<u32>) -> LockedTool {
    let text = json.to_string();
    let definition = Definition::read(Document::parse(text.as_bytes()).expect("JSON").root());
    let definition = definition.expect("a definition").into();
    LockedTool { version, ..LockedTool::approved(definition, Some(Class::Read)) }
}

pub fn lock() -> String {
    let tools = vec![tool(&new(), None), tool(&old(), Some(1)), tool(&next(), None)];
    Lock { tools, ..Lock::default() }.render()
}

/// A lock file with these tools.
#[allow(dead_code, reason = "shared with the tests of versions in a registry")]
pub fn lock_of(tools: &[Value]) -> String {
    let tools = tools.iter().map(|json| tool(json, None)).collect();
    Lock { tools, ..Lock::default() }.render()
}

/// A policy with versions, and more sections.
pub fn bundle(tools: &str, more: &str) -> Bundle {
    let callers = callers();
    let allow =
        if more.contains("allow:") { "" } else { "allow: [{ id: read, roles: [reader], tools: '*' }]" };
    let bundle = Bundle::new(&format!(
        "version: 1\nserver: {{ id: notes }}\n{callers}roles: {{ reader: {{ scopes: [read] }} }}\ntools:\n{tools}\n{allow}\n{more}\n"
    ));
    bundle.write("tools.lock.yaml", &lock());
    bundle
}

/// Version 1 for `acme`, which is alice, version 2 for all others.
pub fn transition(sunset: &str) -> String {
    format!(
        "  search@1: {{ state: deprecated, deprecated: 2026-06-01, sunset: {sunset}, successor: search@2, {STEPS} }}\n  \
           search@2: {{ class: read }}\n  \
           search: {{ pins: {{ tenants: {{ acme: 1 }} }} }}"
    )
}

/// Answers like a server that knows version 2 alone: other arguments are an error.
pub fn server() -> Upstream {
    Upstream::start(|got, stream| {
        let asked: Value = serde_json::from_str(&got.body).unwrap_or_default();
        let params = &asked["params"];
        let arguments = &params["arguments"];
        let is_modern = params["_meta"]["io.modelcontextprotocol/protocolVersion"].is_string();
        let mut said = match asked["method"].as_str() {
            _ if asked["id"].is_null() => {
                send_head(stream, 202, "", "");
                return After::Keep;
            }
            Some("initialize") => json!({
                "protocolVersion": params["protocolVersion"], "capabilities": { "tools": {} },
                "serverInfo": { "name": "notes", "version": "2" },
            }),
            Some("server/discover") => json!({
                "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
                "serverInfo": { "name": "notes", "version": "2" },
            }),
            Some("tools/list") if is_modern => {
                json!({ "tools": [new(), next()], "ttlMs": 60_000, "cacheScope": "public" })
            }
            Some("tools/list") => json!({ "tools": [new(), next()] }),
            Some("tools/call") if params["task"].is_object() => json!({ "task": {
                "taskId": "t-1", "status": "working", "ttl": 60_000,
                "createdAt": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:00Z",
            } }),
            Some("tools/call") if arguments["query"] == "task" => json!({
                "resultType": "task", "taskId": "t-2", "status": "working", "ttlMs": 60_000,
                "createdAt": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:00Z",
            }),
            Some("tasks/result") => later(),
            Some("tasks/get") => json!({
                "taskId": params["taskId"], "status": "completed", "ttlMs": 60_000, "result": later(),
                "createdAt": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:00Z",
            }),
            Some("tools/call") if params["name"] == "search-v3" => {
                json!({ "content": [{ "type": "text", "text": "third" }] })
            }
            Some("tools/call") if params["name"] == "search" && arguments["query"] == "fail" => {
                json!({ "isError": true, "content": [{ "type": "text", "text": "no" }], "structuredContent": { "results": 1 } })
            }
            Some("tools/call")
                if params["name"] == "search"
                    && arguments["limit"].is_u64()
                    && arguments["query"].is_string()
                    && arguments.get("debug").is_none() =>
            {
                let found =
                    json!({ "results": [format!("{}", arguments["query"]), "a@acme.example"], "total": 2 });
                json!({
                    "content": [{ "type": "text", "text": found.to_string() }, { "type": "text", "text": "two notes" }],
                    "structuredContent": found,
                })
            }
            _ => {
                let error = json!({ "jsonrpc": "2.0", "id": asked["id"], "error": { "code": -32602, "message": "unknown" } });
                send_json(stream, 200, &error.to_string());
                return After::Keep;
            }
        };
        if is_modern && said["resultType"].is_null() {
            said["resultType"] = json!("complete");
        }
        send_json(stream, 200, &result(&got.body, &said.to_string()));
        After::Keep
    })
}

/// What a task comes to.
fn later() -> Value {
    let found = json!({ "results": ["later"], "total": 1 });
    json!({ "content": [{ "type": "text", "text": found.to_string() }], "structuredContent": found })
}

/// A gate with versions in front of such a server.
pub fn gate(tools: &str, more: &str) -> (Gate, Upstream) {
    let upstream = server();
    let gate = Gate::with(bundle(tools, more), &["--upstream", &upstream.url(), "--plain-actors"]);
    (gate, upstream)
}

/// The tools that a caller is shown.
pub fn listed(gate: &Gate, bearer: &str) -> Vec<Value> {
    let answer = gate.post(bearer, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()["result"]["tools"].as_array().cloned().unwrap_or_default()
}

/// Whether a call was refused or failed, and its text.
pub fn told(gate: &Gate, bearer: &str, tool: &str, arguments: &str) -> (bool, String) {
    let answer = gate.call(bearer, tool, arguments);
    let result = &answer.json()["result"];
    (result["isError"] == true, result["content"][0]["text"].as_str().unwrap_or_default().to_owned())
}

/// What the server got of the last call.
pub fn sent(upstream: &Upstream) -> Value {
    let got = upstream.got();
    let calls = got.iter().rev().filter_map(|got| serde_json::from_str::<Value>(&got.body).ok());
    calls
        .filter(|body| body["method"] == "tools/call")
        .map(|body| body["params"].clone())
        .next()
        .unwrap_or_default()
}
