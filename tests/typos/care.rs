//! Mistakes in what keeps a server from falling over.

use super::Row;

pub const CARE: &[Row] = &[
    Row("key of a breaker", "failures: 5,", "«failurs»: 5,", "SG0005"),
    Row("state of a breaker", "failures: 5,", "state: «observ»,", "SG0008"),
    Row("percent of a breaker", "failed_percent: 50", "failed_percent: «101»", "SG0009"),
    Row("rest beyond the longest", "{ failures: 5, rest: 5s,", "{ «failures»: 5, rest: 6min,", "SG0009"),
    Row("rest without a unit", "rest: 5s,", "rest: «5»,", "SG0009"),
    Row("key of tool errors", "{ percent: 90 }", "{ «percents»: 90 }", "SG0005"),
    Row("code of a failure", "tool_errors: {", "failure_codes: [«none»], tool_errors: {", "SG0009"),
    Row(
        "key of a tool's breaker",
        "  db_query: { class: read,",
        "  db_query: { breaker: { «tools_percent»: 5 }, class: read,",
        "SG0005",
    ),
    Row(
        "idempotent",
        "  db_query: { class: read,",
        "  db_query: { idempotent: «\"yes\"», class: read,",
        "SG0007",
    ),
    Row("key of concurrency", "concurrency: { server:", "concurrency: { «servers»:", "SG0005"),
    Row("none at once", "tool: 32", "tool: «0»", "SG0009"),
    Row("attempts", "attempts: 1", "attempts: «4»", "SG0009"),
    Row("URL of a replica", "\"http://127.0.0.1:8081/mcp\"", "«\"ftp://127.0.0.1/mcp\"»", "SG0009"),
    Row("user of a replica", "\"http://127.0.0.1:8081/mcp\"", "«\"http://a:b@127.0.0.1/mcp\"»", "SG0009"),
    Row("what goes to a replica", "for: [read, sql]", "for: [«reed», sql]", "SG0008"),
    Row("way out of a replica", "fallback: refuse", "fallback: «refuze»", "SG0008"),
];
