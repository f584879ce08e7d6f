//! The gate on pipes alone: what a client, a hostile line, a server that misbehaves and an operator see.

use std::fs;

use serde_json::{Value, json};

use super::support::bundle::{ALICE, callers};
use super::support::gate::call;
use super::support::pipe::{Pipe, careless};
use super::support::wait_for;

/// Everything that the careless server can do is allowed, but `crash` and `delete_all`.
pub fn policy(more: &str) -> String {
    let callers = callers();
    let tools =
        ["announce", "ask", "cancelled", "count", "echo", "environment", "garbage", "huge", "progress"];
    let tools = tools.into_iter().chain(["seen", "twice", "unclean"]);
    let tools: String = tools.map(|tool| format!("  {tool}: {{ class: read }}\n")).collect();
    format!(
        "version: 1\nserver: {{ id: careless }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\ntools:\n{tools}  \
           hang: {{ class: read, timeout: 200ms }}\n  crash: {{ class: destructive }}\n  delete_all: {{ class: destructive }}\n\
         allow:\n  - {{ id: read, roles: [reader], classes: [read] }}\n\
         redact:\n  - {{ id: personal, on: results, detectors: [us_ssn, email], action: mask }}\n{more}"
    )
}

fn start(habits: &[&str]) -> Pipe {
    Pipe::start(&policy(""), ALICE, &[], &careless(habits))
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {answer}"))
}

fn modern(id: u32, tool: &str) -> String {
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{}},"_meta":{meta}}}}}"#
    )
}

#[test]
fn judges_what_goes_in_and_what_comes_out() {
    let mut pipe = start(&[]);
    pipe.initialize("2025-11-25");
    let list = pipe.ask(r#"{"jsonrpc":"2.0","id":"l\u0069st","method":"tools/list"}"#);
    assert_eq!(list["result"]["tools"][0]["name"], "echo");
    let answer = pipe.ask(&call(2, "echo", r#"{"text":"SSN 536-22-8726, mail maria.lopez@example.org"}"#));
    assert_eq!(text(&answer), "SSN ***-**-****, mail m***@example.org");
    let refused = pipe.ask(&call(3, "delete_all", "{}"));
    assert!(refused["result"]["isError"] == true && text(&refused).contains("not available"), "{refused}");
    let seen = pipe.ask(&call(4, "seen", "{}"));
    assert_eq!(text(&seen).matches("tools/call").count(), 2, "the server never saw the refused call: {seen}");
    let environment = pipe.ask(&call(5, "environment", "{}"));
    assert!(
        text(&environment).contains("PATH") && !text(&environment).contains("SLUICEGATE"),
        "{environment}"
    );
    pipe.say(r#"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"echo","name":"crash"}}"#);
    pipe.close();
    assert_eq!(pipe.hear(), None, "a line that two parsers read differently has no clear id");
    assert_eq!(pipe.ended().code(), Some(0));
    let refused = pipe.records().iter().filter(|record| record["decision"]["verdict"] == "deny").count();
    assert_eq!(refused, 2, "{:?}", pipe.records());
    assert!(!pipe.log().contains("maria.lopez") && !pipe.log().contains(ALICE), "{}", pipe.log());
}

/// Lines that some reader takes for more, for less or for something else than we do. `D` stands for a
/// call that would end the server.
const HOSTILE: &[&str] = &[
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"text\":\"A\",\"x\":[\rD\r]}}}",
    "\rD",
    "{}\rD\r\n",
    "\u{feff}D",
    "D D",
    "[D]",
    "D\u{0}",
    "\u{1e}D",
    "data: D",
    "Content-Length: 140\r\n\r\nD",
    "nonsense\nD",
    "{\n\"jsonrpc\":\"2.0\",\n\"id\":9,\n\"method\":\"tools/call\",\n\"params\":{\"name\":\"crash\"}}",
    "{\"jsonrpc\":\"2.0\",\"id\":9.0,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"Name\":\"crash\"}}",
    "{\"jsonrpc\":\"2.0\",\"id\":\"\u{85}D\u{2028}\",\"method\":\"ping\"}",
];
const SMUGGLED: &str = r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"crash"}}"#;

#[test]
fn no_line_smuggles_a_call_past_the_gate() {
    let mut pipe = start(&[]);
    pipe.initialize("2025-11-25");
    for (number, line) in HOSTILE.iter().enumerate() {
        pipe.say(&line.replace('D', SMUGGLED));
        let id = 100 + number as u32;
        let echo = pipe.ask(&call(id, "echo", r#"{"text":"alive"}"#));
        assert_eq!(text(&echo), "alive", "{line:?}");
    }
    for bytes in
        [&b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xff\xfeing\"}\n"[..], &[b'x'; 5_000_000], b"\n"]
    {
        pipe.send(bytes);
    }
    let unclean = pipe.ask(&call(200, "unclean", "{}"));
    assert_eq!(text(&unclean), "[]", "the server reads printable ASCII and line feeds");
    pipe.send(SMUGGLED.as_bytes());
    pipe.close();
    assert_eq!(pipe.ended().code(), Some(0), "half a line is no line");
}

/// The oracle above can fail: without the gate the first hostile line ends the server.
#[test]
fn a_hostile_line_ends_the_server_alone() {
    use std::io::Write as _;
    let words = careless(&[]);
    let mut server = std::process::Command::new(&words[0]);
    server.args(&words[1..]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut server = server.spawn().expect("the server starts");
    let line = format!("{}\n", HOSTILE[1].replace('D', SMUGGLED));
    server.stdin.take().expect("piped").write_all(line.as_bytes()).expect("it reads");
    assert_eq!(wait_for("its end", || server.try_wait().ok().flatten()).code(), Some(3));
}

#[test]
fn holds_out_against_a_server_that_talks_nonsense() {
    let mut pipe = start(&[]);
    pipe.initialize("2025-11-25");
    assert_eq!(text(&pipe.ask(&call(1, "garbage", "{}"))), "clean");
    for (id, tool) in [(2, "twice"), (3, "huge")] {
        let answer = pipe.ask(&call(id, tool, "{}"));
        assert_eq!(answer["error"]["code"], -31502, "{tool}: {answer}");
    }
    assert_eq!(text(&pipe.ask(&call(4, "count", "{}"))), "1");
    let log = wait_for("what it said on standard error", || {
        Some(pipe.log()).filter(|log| log.contains("forged") && log.contains("more than 4096 bytes"))
    });
    assert!(!log.contains("\u{1b}[2J") && !log.contains("xxxx"), "{log}");
}

#[test]
fn tells_both_sides_of_a_call_that_took_too_long_and_carries_cancellations() {
    let mut pipe = start(&[]);
    pipe.initialize("2025-11-25");
    let late = pipe.ask(&call(7, "hang", "{}"));
    assert_eq!(late["error"]["code"], -31504, "{late}");
    pipe.say(&call(8, "hang", "{}"));
    pipe.say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":8}}"#);
    pipe.say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}"#);
    let cancelled = pipe.ask(&call(9, "cancelled", "{}"));
    assert_eq!(text(&cancelled), "[7, 8]");
    // An id in use is refused without a word, for the words would be taken for the first one's answer.
    pipe.say(&call(10, "hang", "{}"));
    pipe.say(&call(10, "echo", r#"{"text":"twice"}"#));
    assert_eq!(pipe.answer(&json!(10))["error"]["code"], -31504);
    let token = r#"{"jsonrpc":"2.0","id":11,"method":"tools/call","params":{"name":"progress","arguments":{},"_meta":{"progressToken":"t"}}}"#;
    pipe.say(token);
    let steps: Vec<_> = std::iter::repeat_with(|| pipe.hear().expect("a message")).take(3).collect();
    assert!(steps[..2].iter().all(|step| step["params"]["progressToken"] == "t"), "{steps:?}");
    assert_eq!(steps[2]["id"], 11);
}

#[test]
fn leaves_a_tool_that_hangs_alone_and_no_other() {
    let care = "upstream: { breaker: { rest: 300ms, rest_max: 300ms } }\n";
    let mut pipe = Pipe::start(&policy(care), ALICE, &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    for id in 1..=5 {
        let late = pipe.ask(&call(id, "hang", "{}"));
        assert_eq!(late["error"]["code"], -31504, "{late}");
    }
    let refused = pipe.ask(&call(6, "hang", "{}"));
    assert!(text(&refused).contains("the tool `hang` is temporarily unavailable, retry in "), "{refused}");
    assert!(text(&refused).ends_with(" s; other tools work"), "{refused}");
    assert_eq!(text(&pipe.ask(&call(7, "echo", r#"{"text":"alive"}"#))), "alive");
    let mut ids = 8..;
    wait_for("it to be tried again", || {
        let id = ids.next()?;
        (pipe.ask(&call(id, "hang", "{}"))["error"]["code"] == -31504).then_some(())
    });
    let cancelled = pipe.ask(&call(999, "cancelled", "{}"));
    let reached = text(&cancelled).matches(',').count() + 1;
    assert_eq!(reached, 6, "what is refused reaches no server: {cancelled}");
}

#[test]
fn asks_the_client_only_what_the_policy_lets_the_server_ask() {
    let mut pipe = start(&[]);
    pipe.initialize("2025-11-25");
    let refused = pipe.ask(&call(1, "ask", "{}"));
    assert!(text(&refused).contains("-31403"), "the server was told: {refused}");
    let allowed = "  - { id: ask, roles: [reader], methods: [sampling/createMessage] }\n";
    let policy = policy("").replace("redact:", &format!("{allowed}redact:"));
    let mut pipe = Pipe::start(&policy, ALICE, &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    pipe.say(&call(2, "ask", "{}"));
    assert_eq!(pipe.hear().expect("a question")["method"], "sampling/createMessage");
    pipe.say(r#"{"jsonrpc":"2.0","id":"server-1","result":{"role":"assistant","model":"m","content":{"type":"text","text":"yes"}}}"#);
    assert!(text(&pipe.answer(&json!(2))).contains("yes"));
}

#[test]
fn speaks_the_modern_era_and_batches_where_they_were_agreed_on() {
    let mut pipe = start(&["modern"]);
    assert_eq!(text(&pipe.ask(&modern(1, "count"))), "1");
    pipe.say(&modern(2, "hang"));
    pipe.say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#);
    assert_eq!(text(&pipe.ask(&modern(3, "cancelled"))), "[2]");
    let mut pipe = start(&[]);
    pipe.initialize("2025-03-26");
    let parts = [call(1, "count", "{}"), call(2, "delete_all", "{}"), call(3, "echo", r#"{"text":"x"}"#)];
    pipe.say(&format!("[{}]", parts.join(",")));
    let answers = pipe.hear().expect("one answer");
    let mut ids: Vec<_> =
        answers.as_array().expect("a batch").iter().map(|answer| answer["id"].as_u64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [Some(1), Some(2), Some(3)], "{answers}");
}

#[test]
fn ends_with_its_server_and_ends_its_server() {
    let crash = policy("").replace("crash: { class: destructive }", "crash: { class: read }");
    let mut pipe = Pipe::start(&crash, ALICE, &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    let lost = pipe.ask(&call(1, "crash", "{}"));
    assert_eq!(lost["error"]["code"], -31502, "{lost}");
    assert_eq!(pipe.ended().code(), Some(3), "the server's own code");
    for way in ["its input ends", "TERM"] {
        let mut pipe = start(&["deaf"]);
        pipe.initialize("2025-11-25");
        let id = pipe.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let server = children.split_whitespace().next().expect("a server runs").to_owned();
        match way {
            "TERM" => pipe.signal("TERM"),
            _ => pipe.close(),
        }
        assert_eq!(pipe.ended().code(), Some(0), "{way}");
        assert!(!fs::exists(format!("/proc/{server}")).unwrap_or(true), "{way}: the server is gone");
    }
    let mut none = Pipe::start(&policy(""), ALICE, &[], &["/nonexistent/server".to_owned()]);
    assert_eq!(none.ended().code(), Some(3));
    wait_for("the reason", || none.log().contains("cannot start `/nonexistent/server`").then_some(()));
}

#[test]
fn lets_in_whom_the_policy_knows_and_opens_no_socket() {
    for (token, why) in [("", "SLUICEGATE_TOKEN"), ("wrong", "SLUICEGATE_TOKEN")] {
        let mut pipe = Pipe::start(&policy(""), token, &[], &careless(&[]));
        assert_eq!(pipe.ended().code(), Some(3));
        wait_for("the reason", || pipe.log().contains(why).then_some(()));
        assert!(!pipe.log().contains("server started"), "{}", pipe.log());
    }
    let anonymous = policy("").replace("anonymous: deny", "anonymous: allow");
    let mut pipe = Pipe::start(&anonymous, "", &[], &careless(&[]));
    pipe.initialize("2025-11-25");
    assert_eq!(pipe.ask(&call(1, "count", "{}"))["result"]["isError"], true, "nobody has no scope");
    let holds = |pipe: &Pipe| {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", pipe.id())).expect("it runs");
        let links = descriptors.filter_map(|it| fs::read_link(it.ok()?.path()).ok());
        let tables = ["tcp", "tcp6", "udp", "udp6"]
            .map(|it| fs::read_to_string(format!("/proc/net/{it}")).unwrap_or_default());
        let inodes =
            links.filter_map(|it| Some(it.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()));
        inodes.filter(|inode| tables.iter().any(|table| table.contains(&format!(" {inode} ")))).count()
    };
    assert_eq!(holds(&pipe), 0);
    let mut pipe = Pipe::start(&policy(""), ALICE, &["--admin", "127.0.0.1:0"], &careless(&[]));
    pipe.initialize("2025-11-25");
    assert_eq!(holds(&pipe), 1, "the one that was asked for");
    let log = pipe.log();
    let address = log.split(r#""address":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("told");
    let mut wire = super::support::wire::Wire::connect(address.parse().expect("an address"));
    wire.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(wire.answer().text().contains("sluicegate_decisions_total"));
}

#[test]
fn takes_a_changed_policy_over_while_the_pipe_is_open() {
    let mut pipe = start(&[]);
    pipe.initialize("2025-11-25");
    assert_eq!(text(&pipe.ask(&call(1, "count", "{}"))), "1");
    pipe.bundle
        .write("policy.yaml", &policy("").replace("count: { class: read }", "count: { class: destructive }"));
    pipe.signal("HUP");
    let mut id = 1;
    wait_for("the new policy", || {
        id += 1;
        (pipe.ask(&call(id, "count", "{}"))["result"]["isError"] == true).then_some(())
    });
}
