//! What the programs expose after traffic that touches everything rules and dashboard ask about, and what promtool says.

use std::collections::{BTreeMap, BTreeSet};

use crate::summary;
use crate::support::bundle::{self, ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::provider::Provider;
use crate::support::upstream::{After, Upstream, result, send_json};
use crate::support::wait_for;
use crate::tools::{program, run, text};

/// Every program to scrape, by name, with its page after traffic. A program that begins to expose something joins here.
pub const PROGRAMS: &[(&str, Scrape)] =
    &[("a gate", gate), ("a gate with TLS and an issuer", with_issuer), ("the injector", injector)];

/// Starts a program, and gives its page.
type Scrape = fn() -> String;

/// The page of an injector that counts pods: it has every other series from the start.
fn injector() -> String {
    let metrics = sluicegate::report::InjectorMetrics::new();
    metrics.counted_pods(0);
    metrics.render()
}

/// Series that one gate may have after traffic of every kind, the names of its policy aside: a scrape of 60 KB.
const SERIES_MAX: usize = 1_100;

/// The kinds of messages that are sent to a gate; the upstream breaks off after `slow`.
pub fn touch(gate: &Gate) {
    for tool in ["echo", "lookup", "delete_all", "made_up", "slow", "echo"] {
        gate.call(ALICE, tool, r#"{"note":"a"}"#);
    }
    gate.call(BOB, "echo", "{}");
    gate.call("wrong", "echo", "{}");
    gate.post(ALICE, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    gate.post(ALICE, r#"{"jsonrpc":"2.0","id":1,"method":"made/up"}"#);
    gate.post(ALICE, "{");
    gate.page("/other");
}

/// A server of which `lookup` tells personal data, and `slow` breaks off.
pub fn server() -> Upstream {
    Upstream::start(|got, stream| {
        if got.subject() == "slow" {
            return After::Close;
        }
        let text = if got.subject() == "lookup" { "SSN 536-22-8726" } else { "ok" };
        let content = format!(r#"{{"content":[{{"type":"text","text":"{text}"}}],"tools":[]}}"#);
        send_json(stream, 200, &result(&got.body, &content));
        After::Keep
    })
}

/// The policy of [`gate`]: the usual one, and a limit that refuses bob.
pub fn policy() -> String {
    bundle::with(
        "limits:\n  - { id: calls, per: [user], rate: 600000/min }\n  \
         - { id: few, per: [user], match: { tools: [lookup] }, rate: 600000/min }",
    )
}

/// A gate in front of `upstream` that counts by names of its policy too.
pub fn start(upstream: &Upstream) -> Gate {
    let url = upstream.url();
    Gate::with(Bundle::new(&policy()), &["--upstream", &url, "--metrics-by", "rule", "--metrics-by", "tool"])
}

fn gate() -> String {
    let upstream = server();
    let gate = start(&upstream);
    touch(&gate);
    wait_for("the audit to be written", || {
        (gate.metric("sluicegate_audit_queue_events", "") == 0.0).then_some(())
    });
    gate.page("/metrics").text()
}

fn with_issuer() -> String {
    let (upstream, provider) = (server(), Provider::start());
    let files = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let path = |name: &str| files.path().join(name).display().to_string();
    std::fs::write(path("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).expect("written");
    let issuer = &provider.issuer;
    let policy = bundle::clinic().replace(
        "callers:\n",
        &format!(
            "callers:\n  resource: https://mcp.example.com/mcp\n  issuers:\n    - {{ issuer: \"{issuer}\", jwks: \"{issuer}/jwks\" }}\n"
        ),
    );
    let (url, cert, key) = (upstream.url(), path("cert.pem"), path("key.pem"));
    let words = ["--upstream", &url, "--tls-cert", &cert, "--tls-key", &key];
    let gate = Gate::with(Bundle::new(&policy), &words);
    wait_for("the keys to be there", || {
        (gate.metric("sluicegate_jwks_last_refresh_success_timestamp_seconds", "") > 0.0).then_some(())
    });
    gate.page("/metrics").text()
}

/// The families of a page: the kind of each, and the labels of its series.
pub fn families(page: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut families = BTreeMap::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and a kind");
        families.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
    }
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let series = line.rsplit_once(' ').map_or("", |(series, _)| series);
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let family = families.get_mut(family(name));
        let (_, known) = family.unwrap_or_else(|| panic!("`{name}` has no type"));
        let labels = labels.trim_end_matches('}').split("\",").filter_map(|label| label.split_once('='));
        known.extend(labels.map(|(label, _)| label.to_owned()));
    }
    families
}

/// The family that a series is of.
pub fn family(series: &str) -> &str {
    let ends = ["_bucket", "_count", "_sum"];
    let parts = ends.iter().find_map(|end| series.strip_suffix(end));
    parts.filter(|name| name.ends_with("_seconds") || name.ends_with("_bytes")).unwrap_or(series)
}

#[test]
fn promtool_has_nothing_to_say_about_a_page() {
    for (name, page) in PROGRAMS {
        let Some(mut promtool) = program("exposition", "promtool") else { return };
        let output = run(promtool.args(["check", "metrics"]), &page());
        assert!(output.status.success() && text(&output).is_empty(), "{name}: {}", text(&output));
    }
}

/// Of the page after traffic, as promtool counts it.
#[test]
fn a_page_has_no_more_series_than_it_may() {
    let Some(mut promtool) = program("series", "promtool") else { return };
    let page = gate();
    let output = run(promtool.args(["check", "metrics", "--extended"]), &page);
    assert!(output.status.success(), "{}", text(&output));
    let rows = text(&output);
    // Names of the policy are bounded by bounds of their own; the last row is the sum.
    let others = ["sluicegate_rule_hits_total", "sluicegate_tool_calls_total", "Total"];
    let counts = rows.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, count) = (words.next()?, words.next()?.parse::<usize>().ok()?);
        Some((name, count)).filter(|(name, _)| !others.contains(name))
    });
    let counts: Vec<(&str, usize)> = counts.collect();
    assert!(counts.len() > 40, "{rows}");
    let total: usize = counts.iter().map(|(_, count)| count).sum();
    assert!(total <= SERIES_MAX, "{total} series:\n{rows}");
    let line = format!("{total} series in {} families, {} bytes", counts.len(), page.len());
    summary::tell("observability-page", &format!("a page of metrics after traffic: {line}"));
}

#[test]
fn counts_what_a_request_costs_stage_by_stage() {
    let upstream = server();
    let gate = start(&upstream);
    let mut wire = gate.connect();
    // One message in 17 of each thread is looked at: enough of them, that each stage is.
    for id in 0..17 * 64 {
        wire.post(ALICE, &[], &call(id, "lookup", "{}"));
    }
    for stage in ["authn", "parse", "policy", "ratelimit", "dlp", "audit"] {
        let count = gate.metric("sluicegate_stage_duration_seconds_count", &format!("\"{stage}\""));
        assert!(count > 0.0, "{stage}");
    }
    let tokens = |direction: &str| {
        let page = gate.page("/metrics").text();
        let name = format!(r#"sluicegate_tokens_total{{direction="{direction}",method="estimate"}} "#);
        let line = page.lines().find_map(|line| line.strip_prefix(&name)?.parse::<f64>().ok());
        line.unwrap_or_default()
    };
    assert!(tokens("request") > 1_000.0 && tokens("response") > 1_000.0);
    assert_eq!(gate.metric("sluicegate_rule_hits_total", r#"rule="few""#), 0.0);
    assert_eq!(gate.metric("sluicegate_rule_hits_total", r#"rule="read""#), 1088.0);
    assert_eq!(gate.metric("sluicegate_tool_calls_total", r#"action="redact",tool="lookup""#), 1088.0);
}

#[test]
fn says_how_the_server_failed_and_when_it_is_there_again() {
    let upstream = server();
    let gate = start(&upstream);
    assert!(!gate.page("/metrics").text().contains("\nsluicegate_upstream_up "), "nobody has asked it");
    gate.call(ALICE, "slow", "{}");
    assert_eq!(gate.metric("sluicegate_upstream_errors_total", r#"kind="reset""#), 1.0);
    assert_eq!(gate.metric("sluicegate_upstream_errors_total", ""), 1.0);
    gate.call(ALICE, "echo", "{}");
    assert_eq!(gate.metric("sluicegate_upstream_up", ""), 1.0);
    let address = upstream.address;
    drop(upstream);
    wait_for("a refused connection", || {
        gate.call(ALICE, "echo", "{}");
        (gate.metric("sluicegate_upstream_errors_total", r#"kind="connect""#) >= 1.0).then_some(())
    });
    assert_eq!(gate.metric("sluicegate_upstream_up", ""), 0.0);
    let _listening = wait_for("the address to be free", || std::net::TcpListener::bind(address).ok());
    // Without a call: an idle gate finds out by itself.
    wait_for("the server to be there", || (gate.metric("sluicegate_upstream_up", "") == 1.0).then_some(()));
}
