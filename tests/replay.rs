//! An hour of calls, written down by the writer that `run` uses, and judged again by the real binary: the same policy
//! changes nothing, and one with planted differences exactly what they are about.
//!
//! The hour passes on a clock of its own, from 07:30 to 08:30 on a Monday in Berlin. What a planted difference is
//! about is said here in plain words about callers and arguments, and not by asking a policy.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use sluicegate::gate::{Ask, Ending, Errand, Gate, Origin, Outcome, Overhead, Record, Refusal, SealKey, Way};
use sluicegate::identity::{Caller, Supposed, SupposedProof};
use sluicegate::json::Document;
use sluicegate::limit::StoreWord;
use sluicegate::names::{Now, hex};
use sluicegate::policy::{Paint, Policy, Source, compile, definition_sha256};
use sluicegate::report::{Actors, Audit, AuditSettings, AuditSink, Metrics};
use sluicegate::scan::Vault;
use tempfile::TempDir;

/// 2026-11-23, 07:30 in Berlin.
const BEGIN_UNIX_MS: u64 = 1_795_392_000_000 + 6 * 3_600_000 + 1_800_000;

/// One call each second.
const CALLS: usize = 3_600;

const POLICY: &str = r#"version: 1
server: { id: bank }
callers: { anonymous: allow }
scopes: [read]
tenants: [acme, globex]
groups: [tellers, staff]
roles:
  analyst: { scopes: [read], tenants: [acme] }
  teller: { groups: [tellers] }
  staff: { groups: [staff] }
allow:
  - { id: status, tools: [status] }
  - { id: queries, roles: [analyst], tools: [query], args: { query: { database: { in: [analytics, reporting] }, limit: { max: 1000, required: true } } } }
  - { id: pays, roles: [teller], tools: [pay], args: { pay: { amount: { max: 500 } } }, time: { tz: Europe/Berlin, days: mon-fri, between: ["08:00", "18:00"] } }
  - { id: reports, roles: [staff], tools: [report.daily] }
deny:
  - { id: no-prod, tools: [query], args: { query: { database: { equals: prod } } }, when_missing: ignore, owner: o }
limits:
  - { id: calls, per: [user], match: { tools: [status] }, rate: 1/min }
redact:
  - { id: cards, on: arguments, detectors: [pan], action: block }
audit: { level: facts, values: [database, limit, amount] }
"#;

const TOOLS: &[&str] = &[
    r#"{"name":"pay","inputSchema":{"type":"object","required":["amount"],"properties":{"amount":{"type":"number"}}}}"#,
    r#"{"name":"query","inputSchema":{"type":"object","required":["database"],"properties":{"database":{"type":"string"},"limit":{"type":"integer"},"note":{"type":"string"}}}}"#,
    r#"{"name":"report.daily","inputSchema":{"type":"object"}}"#,
    r#"{"name":"status","inputSchema":{"type":"object"}}"#,
];

/// What is asked of `query`.
const QUERIES: &[&str] = &[
    r#"{"database":"analytics","limit":10}"#,
    r#"{"database":"analytics","limit":500}"#,
    r#"{"database":"analytics","limit":501}"#,
    r#"{"database":"reporting","limit":1000}"#,
    r#"{"database":"reporting","limit":1001}"#,
    r#"{"database":"prod","limit":5}"#,
    r#"{"database":"elsewhere","limit":700}"#,
    r#"{"database":"analytics"}"#,
    r#"{"database":"reporting","limit":900,"note":"4111 1111 1111 1111"}"#,
    r#"{"limit":5}"#,
    r#"{"database":"analytics","limit":"5"}"#,
    r#"{"database":"reporting","limit":null}"#,
];

/// What is asked of `pay`.
const PAYMENTS: &[&str] = &[
    r#"{"amount":5}"#,
    r#"{"amount":500}"#,
    r#"{"amount":500.01}"#,
    r#"{"amount":"5"}"#,
    "{}",
    r#"{"amount":0.5}"#,
];

/// One call of the hour.
#[derive(Debug, Clone, Copy)]
struct Call {
    second: usize,
    user: &'static str,
    tool: &'static str,
    arguments: &'static str,
}

/// Everybody calls everything with all kinds of arguments, ten times over.
fn hour() -> impl Iterator<Item = Call> {
    let users = ["alice", "bob", "carol", "tim", "dana", "anonymous"];
    let tools = ["query", "pay", "status", "report.daily", "no_such_tool"];
    (0..CALLS).map(move |second| {
        let tool = tools[second / 6 % 5];
        let round = second / 30;
        let arguments = match tool {
            "query" => QUERIES[round % QUERIES.len()],
            "pay" => PAYMENTS[round % PAYMENTS.len()],
            _ => "{}",
        };
        Call { second, user: users[second % 6], tool, arguments }
    })
}

fn callers() -> BTreeMap<&'static str, Arc<Caller>> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect();
    let known = |user: &str, tenant: &str, scopes: &[&str], groups: &[&str], by| Supposed {
        user: user.into(),
        tenant: Some(tenant.into()),
        scopes: texts(scopes),
        groups: texts(groups),
        by,
        ..Supposed::default()
    };
    let (key, token) = (SupposedProof::Key, SupposedProof::Token);
    let all = [
        ("alice", Some(known("alice", "acme", &["read"], &[], token))),
        ("bob", Some(known("bob", "globex", &["read"], &[], key))),
        ("carol", Some(known("carol", "acme", &[], &[], token))),
        ("tim", Some(known("tim", "acme", &[], &["tellers"], key))),
        ("dana", Some(known("dana", "acme", &[], &["staff"], key))),
        ("anonymous", None),
    ];
    all.map(|(user, supposed)| (user, Supposed::caller(supposed.as_ref()).expect("a caller"))).into()
}

fn lock() -> String {
    let mut text = "version: 1\ntools:\n".to_owned();
    for tool in TOOLS {
        let document = Document::parse(tool.as_bytes()).expect("a definition is JSON");
        let sha256 = hex(&definition_sha256(document.root()).expect("a definition"));
        text += &format!("  - {}\n", tool.replacen('{', &format!("{{\"sha256\":\"{sha256}\","), 1));
    }
    text
}

fn policy() -> Arc<Policy> {
    sluicegate::identity::install_crypto();
    let source = |name: &str, text: String| Source { name: name.into(), text };
    let sources = [source("policy.yaml", POLICY.into()), source("tools.lock.yaml", lock())];
    Arc::new(
        compile(&sources, BEGIN_UNIX_MS).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain))),
    )
}

/// What the gate writes down of one call.
fn judged(gate: &Gate, policy: &Arc<Policy>, caller: &Arc<Caller>, call: Call) -> Box<Record> {
    let second = u64::try_from(call.second).expect("an hour is short");
    let now = Now { steady: Duration::from_secs(second), unix_ms: BEGIN_UNIX_MS + second * 1_000 };
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{second},"method":"tools/call","params":{{"name":"{}","arguments":{}}}}}"#,
        call.tool, call.arguments
    );
    let headers = HeaderMap::new();
    let errand = Errand::Say(Bytes::from(body));
    let ask = Ask {
        errand,
        headers: &headers,
        origin: Origin::default(),
        way: Way::Streamable,
        now,
        word: StoreWord::Never,
        trace: None,
    };
    match gate.admit(policy, caller, &ask) {
        Ok(ticket) => {
            let ending = Ending {
                outcome: Outcome::Success,
                http_status: 200,
                duration: Duration::from_millis(3),
                bytes: 40,
                overhead: Overhead::default(),
            };
            gate.settle(ticket, ending)
        }
        Err(Refusal { record, .. }) => record,
    }
}

/// The hour, written down; how often each reason stands there.
fn recorded(file: &Path) -> BTreeMap<&'static str, usize> {
    let (policy, callers) = (policy(), callers());
    let key = SealKey::derive(b"handles of an hour that nobody ever sees").expect("a long secret");
    let gate = Gate::new(key, Vault::new(&[7; 32]));
    let sink = AuditSink::File(file.to_owned());
    let settings = AuditSettings::new(sink, Actors::Plain);
    let audit = Audit::open(settings, &Metrics::new()).expect("a file can be made");
    let mut reasons = BTreeMap::new();
    for call in hour() {
        let record = judged(&gate, &policy, &callers[call.user], call);
        *reasons.entry(record.reason.as_str()).or_default() += 1;
        while audit.offer(&record).is_err() {
            audit.flush(Duration::from_secs(30)).expect("the writer writes");
        }
    }
    audit.close().expect("all of it is written");
    reasons
}

/// The report of `replay` under a policy, and its exit code.
fn replayed(policy: &str, file: &Path) -> (i32, Value) {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("policy.yaml"), policy).expect("written");
    std::fs::write(folder.path().join("tools.lock.yaml"), lock()).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    let command = command.arg("replay").arg(folder.path()).arg("--from").arg(file).args(["-o", "json"]);
    let output = command.output().expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&text).unwrap_or_else(|_| {
        panic!("{text}{}", String::from_utf8_lossy(&output.stderr));
    });
    (output.status.code().unwrap_or(-1), report)
}

/// How often each tool's calls came out otherwise, and how.
fn changes(report: &Value) -> BTreeMap<(String, String, String), u64> {
    let text = |change: &Value, key: &str| change[key].as_str().unwrap_or_default().to_owned();
    let mut all = BTreeMap::new();
    for change in report["changes"].as_array().expect("a list") {
        let how = (text(change, "target"), text(change, "from"), text(change, "to"));
        *all.entry(how).or_default() += change["count"].as_u64().expect("a count");
    }
    all
}

const ALLOW: &str = "allow";
const ARGUMENT: &str = "deny (argument)";
const NOT_ALLOWED: &str = "deny (tool_not_allowed)";
const SCOPE: &str = "deny (scope)";

/// What is planted in place of what, and what that does to a call of the hour.
type Planted = (&'static str, &'static str, fn(&Call) -> Option<(&'static str, &'static str)>);

const PLANTED: &[Planted] = &[
    ("max: 1000", "max: 500", |call| {
        let number = |part: &str| part.split([',', '}']).next()?.parse::<u32>().ok();
        let limit = call.arguments.split("\"limit\":").nth(1).and_then(number)?;
        let is_meant = call.arguments.contains("analytics") || call.arguments.contains("reporting");
        let is_between = is_meant && (501..=1_000).contains(&limit);
        match (call.tool, call.user) {
            ("query", "alice") if is_between => Some((ALLOW, ARGUMENT)),
            // A scope would not help her any more.
            ("query", "carol") if is_between => Some((SCOPE, NOT_ALLOWED)),
            _ => None,
        }
    }),
    ("tenants: [acme] }", "tenants: [acme, globex] }", |call| match (call.tool, call.user) {
        ("query", "bob") if call.arguments.contains("prod") => None,
        ("query", "bob") => {
            let refused =
                ["1001", "elsewhere", "null", "\"5\"", r#"{"limit":5}"#, r#"{"database":"analytics"}"#];
            let is_refused = refused.iter().any(|part| call.arguments.contains(part));
            Some((NOT_ALLOWED, if is_refused { ARGUMENT } else { ALLOW }))
        }
        _ => None,
    }),
    ("\"08:00\"", "\"08:10\"", |call| {
        let is_then = (1_800..2_400).contains(&call.second);
        match (call.tool, call.user, call.arguments) {
            ("pay", "tim", r#"{"amount":500.01}"#) if is_then => Some((ARGUMENT, NOT_ALLOWED)),
            // These are refused by the schema, which no rule has a part in.
            ("pay", "tim", r#"{"amount":"5"}"# | "{}") => None,
            ("pay", "tim", _) if is_then => Some((ALLOW, NOT_ALLOWED)),
            _ => None,
        }
    }),
    ("  - { id: status, tools: [status] }\n", "", |call| {
        (call.tool == "status").then_some((ALLOW, NOT_ALLOWED))
    }),
    (
        "owner: o }\n",
        "owner: o }\n  - { id: quiet, tools: [report.daily], roles: [staff], unless: { roles: [teller] }, owner: o }\n",
        |call| (call.tool == "report.daily" && call.user == "dana").then_some((ALLOW, NOT_ALLOWED)),
    ),
];

#[test]
fn a_recorded_hour_changes_under_another_policy_only() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let reasons = recorded(&file);
    for reason in ["none", "argument", "scope", "tool_not_allowed", "rate_limit", "pii", "schema"] {
        assert!(reasons.get(reason).is_some_and(|&count| count >= 5), "{reason}: {reasons:?}");
    }
    let written = std::fs::read_to_string(&file).expect("the audit");
    assert!(written.contains(r#""time":"2026-11-23T06:30:00.000Z""#), "the hour begins");
    assert!(written.contains(r#""time":"2026-11-23T07:29:59.000Z""#), "the hour ends");

    let by_rules = CALLS - reasons["schema"];
    let (code, same) = replayed(POLICY, &file);
    assert_eq!((code, &same["compared"], &same["changes"]), (0, &json!(by_rules), &json!([])), "{same}");
    assert_eq!(same["unknowable"], json!([]));
    assert_eq!(same["unjudged"], json!({ "schema": reasons["schema"] }));

    let mut all = POLICY.to_owned();
    let mut wanted_of_all = BTreeMap::new();
    for (was, planted, effect) in PLANTED {
        assert_eq!(POLICY.matches(was).count(), 1, "`{was}` is one place");
        all = all.replace(was, planted);
        let mut wanted = BTreeMap::new();
        for call in hour() {
            if let Some((from, to)) = effect(&call) {
                let how = (call.tool.to_owned(), from.to_owned(), to.to_owned());
                *wanted.entry(how.clone()).or_default() += 1;
                *wanted_of_all.entry(how).or_default() += 1;
            }
        }
        assert!(!wanted.is_empty(), "`{planted}` is about some call");
        let (code, report) = replayed(&POLICY.replace(was, planted), &file);
        assert_eq!((code, changes(&report)), (1, wanted), "{planted}: {report:#}");
        assert_eq!((&report["compared"], &report["unknowable"]), (&json!(by_rules), &json!([])), "{planted}");
    }
    // Together they meet in one call only where bob, who is an analyst now, asks for more than the new bound.
    let met = hour().filter(|call| call.user == "bob" && call.tool == "query");
    let met = met.filter(|call| ["501", "1000", "900"].iter().any(|part| call.arguments.contains(part)));
    let met = u64::try_from(met.count()).expect("a few");
    let how = |to: &str| ("query".to_owned(), NOT_ALLOWED.to_owned(), to.to_owned());
    *wanted_of_all.entry(how(ALLOW)).or_default() -= met;
    *wanted_of_all.entry(how(ARGUMENT)).or_default() += met;
    let (code, report) = replayed(&all, &file);
    assert_eq!((code, changes(&report)), (1, wanted_of_all), "{report:#}");
}
