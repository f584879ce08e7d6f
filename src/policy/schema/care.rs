//! The shapes of what keeps a server from harm.

use serde_json::{Value, json};

use super::Shape;
use super::forms::{count, duration, list, shape, some, text, word};
use crate::bounds::RETRY_ATTEMPTS_MAX;
use crate::limit::breaker::Drive;
use crate::policy::care::Fallback;
use crate::policy::parts::keys::{
    BREAKER_KEYS, CONCURRENCY_KEYS, REPLICA_KEYS, REPLICA_WORDS, RETRIES_KEYS, TOOL_BREAKER_KEYS,
    TOOL_ERRORS_KEYS,
};

pub(super) fn shapes() -> [Shape; 6] {
    let of_server = breaker("breaker", BREAKER_KEYS).row(
        "tools_percent",
        percent(),
        "the server rests when so many of a hundred tools in use do; 60",
    );
    [
        of_server,
        breaker("tool_breaker", TOOL_BREAKER_KEYS),
        tool_errors(),
        concurrency(),
        retries(),
        replica(),
    ]
}

fn breaker(name: &'static str, keys: &'static [&'static str]) -> Shape {
    Shape::new(name, keys, &[])
        .row(
            "state",
            word(Drive::ALL, Drive::as_str),
            "`auto`; `observe` looks and refuses nothing; `forced_open` and `forced_closed` whatever it sees",
        )
        .row("window", duration(), "how far back it looks; 10s")
        .row("calls", count(), "calls in the window below which no rate says anything; 20")
        .row("failed_percent", percent(), "it opens when so many of a hundred calls failed; 50")
        .row("slow_percent", percent(), "it opens when so many of a hundred calls were slow; 80")
        .row(
            "slow_after",
            duration(),
            "from when on a call is slow; when its time is up where it is left out",
        )
        .row("failures", count(), "it opens when there was no answer so often in a row; 5")
        .row("rest", duration(), "how long it is open at first, twice as long each time; 5s")
        .row("rest_max", duration(), "how long it is open at most; 5min")
        .row("probes", count(), "how many calls try the server after that, and must go well; 3")
        .row("tool_errors", shape("tool_errors"), "lets results with `isError` count; they do not else")
        .row(
            "failure_codes",
            list(&json!({ "type": "integer" })),
            "codes of JSON-RPC errors that are failures of the server, beside -32603",
        )
}

fn tool_errors() -> Shape {
    Shape::new("tool_errors", TOOL_ERRORS_KEYS, &[])
        .row("percent", percent(), "so many of a hundred results; 90")
        .row("calls", count(), "of at least so many in the window; 50")
}

fn concurrency() -> Shape {
    Shape::new("concurrency", CONCURRENCY_KEYS, &[])
        .row("server", count(), "requests to the server at once; 1024")
        .row("tool", count(), "calls of one tool at once; 64")
        .row("conversation", count(), "requests of one conversation at once; 8 where `conversation` is said")
        .row("listens", count(), "streams that only listen, at once; 10000")
}

fn retries() -> Shape {
    let attempts = json!({ "type": "integer", "minimum": 1, "maximum": RETRY_ATTEMPTS_MAX });
    Shape::new("retries", RETRIES_KEYS, &["attempts"])
        .row(
            "attempts",
            attempts,
            "how often a call is sent again at most, of tools that may be called twice",
        )
        .row("budget_percent", percent(), "of a hundred calls that went well, so many may be sent again; 10")
        .row("per_second", count(), "and so many more in each second; 1")
}

fn replica() -> Shape {
    let kind = json!({ "enum": REPLICA_WORDS });
    Shape::new("replica", REPLICA_KEYS, &["url"])
        .row("url", text(), "a second server that only reads: `http://HOST:PORT/PATH`")
        .row("for", some(&kind), "what goes there: calls of tools that read, or that a rule allowed for SQL")
        .row("sticky", duration(), "how long whoever wrote something stays with the first server; 5s")
        .row(
            "fallback",
            word(Fallback::ALL, Fallback::as_str),
            "where its calls go while it rests: to the first server, or nowhere",
        )
}

/// A number of a hundred.
fn percent() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 100 })
}
