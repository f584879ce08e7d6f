//! What people see of a running gate: the page in a real browser, the state and the decisions.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::Value;
use sluicegate::bounds::PAGE_BYTES_MAX;

use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::Upstream;
use crate::support::wait_for;
use crate::support::wire::Wire;

/// A name that would be markup and the end of an attribute. What moves a cursor gets into no name at all.
const HOSTILE: &str = r#"<img src=x onerror=alert(1)>\"'&"#;

/// A policy in which a user is called like markup, and a rule in shadow would deny.
fn policy() -> String {
    bundle::with(
        "deny:\n  - { id: no-slow, tools: slow }\n  - { id: soon, tools: lookup, mode: shadow }\n\
         limits:\n  - { id: calls, per: [user], rate: 10/hour, burst: 10 }",
    )
    .replace("user: bob", "user: \"<script>alert(2)</script>\"")
}

pub(super) fn gate(upstream: &Upstream) -> Gate {
    Gate::with(Bundle::new(&policy()), &["--upstream", &upstream.url(), "--plain-actors"])
}

/// A decision of each kind.
pub(super) fn work(gate: &Gate) {
    for (bearer, tool, times) in [
        (ALICE, "echo", 5),
        (ALICE, "slow", 2),
        (BOB, "lookup", 1),
        (BOB, "made-up", 1),
        ("wrong", "echo", 1),
    ] {
        (0..times).for_each(|id| drop(gate.post(bearer, &call(id, tool, "{}"))));
    }
    let prompt =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{{"name":"{HOSTILE}"}}}}"#);
    gate.post(BOB, &prompt);
    wait_for("every decision to be told", || {
        (json(gate, "/status")["last"].as_u64() == Some(11)).then_some(())
    });
}

pub(super) fn json(gate: &Gate, path: &str) -> Value {
    let page = gate.page(path);
    assert_eq!(page.status(), 200, "{path}: {}", page.text());
    serde_json::from_slice(&page.body).expect("JSON")
}

#[test]
fn tells_how_the_gate_stands() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let state = json(&gate, "/status");
    assert_eq!(
        (&state["server"], &state["is_ready"], &state["phase"]),
        (&"clinic".into(), &true.into(), &"serving".into())
    );
    assert_eq!(state["policy"]["sha256"].as_str().map(str::len), Some(64));
    assert_eq!((&state["audit"]["sink"], &state["upstream"]["is_up"]), (&"file".into(), &true.into()));
    let total = &state["traffic"]["total"];
    assert_eq!(
        (&total["allow"], &total["deny"], &total["shadow_deny"]),
        (&5.into(), &5.into(), &1.into()),
        "{total}"
    );
    let tools = state["tools"].as_array().expect("tools");
    assert_eq!((&tools[0]["name"], &tools[0]["messages"]), (&"echo".into(), &5.into()), "{tools:?}");
    assert!(tools.iter().any(|tool| tool["name"].is_null()), "unknown tools are one: {tools:?}");
    assert!(!state.to_string().contains("onerror"), "no caller names anything here");
    let rules = state["rules"].as_array().expect("rules");
    assert_eq!((&rules[0]["rule"], &rules[0]["deny"]), (&"no-slow".into(), &2.into()), "{rules:?}");
    assert_eq!((&rules[1]["rule"], &rules[1]["shadow_deny"]), (&"soon".into(), &1.into()), "{rules:?}");
    assert_eq!(state["limits"][0]["id"], "calls");
    assert!(state["limits"][0]["used_permille"].as_u64() >= Some(400), "{}", state["limits"]);
}

#[test]
fn gives_the_decisions_that_somebody_wants() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let seqs = |path: &str| -> Vec<u64> {
        let told = json(&gate, path);
        told["decisions"].as_array().expect("a list").iter().filter_map(|one| one["seq"].as_u64()).collect()
    };
    assert_eq!(seqs("/decisions"), (1..=11).collect::<Vec<_>>());
    assert_eq!(seqs("/decisions?limit=2"), [10, 11]);
    assert_eq!(seqs("/decisions?since=3&limit=2"), [4, 5]);
    assert_eq!(seqs("/decisions?tool=slow&verdict=deny"), [6, 7]);
    assert_eq!(seqs("/decisions?tool=s*"), [6, 7]);
    assert_eq!(seqs("/decisions?rule=soon"), [8]);
    assert_eq!(seqs("/decisions?user=alice&since=5"), [6, 7]);
    let denied = &json(&gate, "/decisions?rule=no-slow&limit=1")["decisions"][0];
    for (key, value) in [
        ("verdict", "deny"),
        ("method", "tools/call"),
        ("target", "slow"),
        ("reason", "tool_not_allowed"),
        ("user", "alice"),
        ("tenant", "acme"),
    ] {
        assert_eq!(denied[key], value, "{denied}");
    }
    for path in ["/decisions?verdict=no", "/decisions?nonsense=1", "/?limit=x"] {
        assert_eq!(gate.page(path).status(), 400, "{path}");
    }
}

/// A page that somebody here has open must not read it through a name that leads here.
#[test]
fn answers_people_by_its_own_names_alone() {
    let upstream = Upstream::echo();
    let gate = Gate::with(
        Bundle::new(&bundle::clinic()),
        &["--upstream", &upstream.url(), "--admin-host", "gate.example"],
    );
    let ask = |path: &str, host: &str| {
        let mut wire = Wire::connect(gate.admin);
        wire.send(format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n").as_bytes());
        wire.answer().status()
    };
    for path in ["/", "/status", "/decisions", "/decisions/live"] {
        for host in ["", "Host: evil.example\r\n", "Host: localhost\r\nHost: localhost\r\n"] {
            assert_eq!(ask(path, host), 403, "{path} {host}");
        }
    }
    for host in
        ["Host: 127.0.0.1:15820\r\n", "Host: LOCALHOST\r\n", "Host: [::1]:9\r\n", "Host: gate.example\r\n"]
    {
        assert_eq!(ask("/", host), 200, "{host}");
    }
    assert_eq!(ask("/metrics", "Host: evil.example\r\n"), 200, "Prometheus calls it by any name");
    assert_eq!(ask("/livez", ""), 200, "the kubelet too");
}

#[test]
fn streams_decisions_as_they_are_taken() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    gate.call(ALICE, "echo", "{}");
    let mut stream = TcpStream::connect(gate.admin).expect("it listens");
    stream.write_all(b"GET /decisions/live?verdict=deny HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("it goes on"));
    assert_eq!(lines.next().as_deref(), Some("HTTP/1.1 200 OK"));
    assert!(lines.by_ref().any(|line| line == ": following"));
    gate.call(ALICE, "echo", "{}");
    gate.call(ALICE, "slow", "{}");
    let data =
        lines.by_ref().find_map(|line| line.strip_prefix("data: ").map(String::from)).expect("an event");
    let decision: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!((&decision["seq"], &decision["target"]), (&3.into(), &"slow".into()));
}

#[test]
fn lets_only_so_many_follow() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    let follow = || {
        let mut stream = TcpStream::connect(gate.admin).expect("it listens");
        stream.write_all(b"GET /decisions/live HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        (stream, String::from_utf8_lossy(&head).into_owned())
    };
    let mut followers: Vec<_> = (0..16).map(|_| follow()).collect();
    assert!(followers.iter().all(|(_, head)| head == "HTTP/1.1 200"), "{followers:?}");
    assert_eq!(follow().1, "HTTP/1.1 503");
    followers.pop();
    wait_for("a place that is free again", || (follow().1 == "HTTP/1.1 200").then_some(()));
}

/// Prints the document that Chromium made of the page; `None` where there is no Chromium.
fn dom(url: &str) -> Option<String> {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("chromium");
    command.args(BROWSER).arg(format!("--user-data-dir={}", home.path().display()));
    let output = command.args(["--dump-dom", url]).stderr(Stdio::null()).output();
    match output {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            let _ = std::fs::create_dir_all("target/summaries");
            let line = "page of operators: skipped, there is no chromium\n";
            std::fs::write("target/summaries/page.txt", line).expect("the summary is written");
            None
        }
    }
}

const BROWSER: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

#[test]
fn shows_a_page_in_which_no_name_becomes_markup() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let page = gate.page("/");
    let security = page.head.header("content-security-policy").expect("a policy");
    assert!(
        security.starts_with("default-src 'none'; style-src 'sha256-") && !security.contains("unsafe"),
        "{security}"
    );
    assert_eq!(page.head.header("cache-control"), Some("no-store"));
    let Some(dom) = dom(&format!("http://{}/", gate.admin)) else { return };
    for part in [
        "clinic",
        "enforcing",
        "ready",
        "no-slow",
        "would be denied",
        "tools/call",
        "&lt;script&gt;alert(2)&lt;/script&gt;",
        "&lt;img src=x onerror=alert(1)&gt;",
        "This gate",
    ] {
        assert!(dom.contains(part), "{part} is missing:\n{dom}");
    }
    for part in ["<script", "<img", "\u{1b}", "\u{202e}"] {
        assert!(!dom.contains(part), "{part} is there:\n{dom}");
    }
    let filtered =
        self::dom(&format!("http://{}/?verdict=deny&tool=slow&refresh=0", gate.admin)).unwrap_or_default();
    assert!(filtered.contains("no-slow") && !filtered.contains("http-equiv=\"refresh\""), "{filtered}");
    let rows = filtered.matches("class=\"pill deny\"").count();
    assert_eq!(rows, 2, "{filtered}");
}

/// The longest names, everywhere, as many as there is room for.
#[test]
fn the_page_stays_small() {
    let upstream = Upstream::echo();
    let tools: String =
        (0..40).map(|number| format!("  t{number}{}: {{ class: destructive }}\n", "x".repeat(100))).collect();
    let rules: String = (0..40)
        .map(|number| format!("  - {{ id: r{number}{}, tools: t{number}* }}\n", "y".repeat(100)))
        .collect();
    let limits: String = (0..40)
        .map(|number| {
            format!("  - {{ id: l{number}{}, per: [user, tool], rate: 1000/hour }}\n", "z".repeat(100))
        })
        .collect();
    let policy = bundle::with(&format!("deny:\n{rules}limits:\n{limits}"))
        .replace("tools:\n", &format!("tools:\n{tools}"))
        .replace("user: alice", &format!("user: \"{}\"", "&".repeat(120)));
    let gate = Gate::with(Bundle::new(&policy), &["--upstream", &upstream.url(), "--plain-actors"]);
    for number in 0..40 {
        gate.call(ALICE, &format!("t{number}{}", "x".repeat(100)), "{}");
    }
    let page = gate.page("/");
    assert_eq!(page.status(), 200);
    assert!(page.body.len() <= PAGE_BYTES_MAX, "{} bytes", page.body.len());
    assert!(page.text().matches("class=\"pill deny\"").count() >= 10);
}
