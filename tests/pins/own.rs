//! The gate's own looks at servers that are child processes: each process is asked for itself, and none is started.

use serde_json::json;

use crate::pipes::{self, Turncoat, said};
use crate::support::bundle::{ALICE, BOB, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::wait_for;
use crate::support::wire::{Answer, Wire};
use crate::turncoat::{honest, policy, turned};
use crate::{Session, drift};

fn wrapped(server: &Turncoat, more: &str) -> Gate {
    let bundle = Bundle::new(&policy(more));
    server.pin(bundle.path());
    let command = server.command();
    let words: Vec<&str> = std::iter::once("--").chain(command.iter().map(String::as_str)).collect();
    Gate::with(bundle, &words)
}

#[test]
fn the_gate_looks_by_itself_at_every_process_of_a_wrapped_server() {
    let server = Turncoat::new();
    let gate = wrapped(&server, "pins: { before_call: never }");
    let (alice, bob) = (Session::begin(&gate, ALICE, "alice"), Session::begin(&gate, BOB, "bob"));
    for session in [&alice, &bob] {
        let told = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        assert_eq!(session.post(told).status(), 202);
    }
    let started = server.started();
    server.say(&[turned("send_mail", |tool| tool["description"] = json!("poison"))]);
    server.announce();
    assert!(alice.post(&call(1, "add", "{}")).tool_error().is_none(), "it says that its list changed");
    drift(&gate, "send_mail", "text");
    assert!(gate.metric("sluicegate_pin_checks_total", "by=\"own\"") >= 1.0);
    assert!(bob.post(&call(2, "send_mail", "{}")).tool_error().is_some());
    assert_eq!(
        (server.called(), server.started()),
        (vec!["add".to_owned()], started),
        "none was started for it"
    );
    server.say(&[honest()]);
    server.announce();
    assert!(alice.post(&call(3, "add", "{}")).tool_error().is_none());
    drift(&gate, "send_mail", "restored");
    assert!(bob.post(&call(4, "send_mail", "{}")).tool_error().is_none());
}

/// A call of the modern era, which knows no session.
fn modern(gate: &Gate, id: u32, tool: &str) -> Answer {
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" } });
    let params = json!({ "name": tool, "arguments": {}, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string();
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", tool)];
    Wire::connect(gate.address).post(ALICE, &headers, &body)
}

#[test]
fn a_process_that_follows_another_is_not_believed_for_what_that_said() {
    let server = Turncoat::new();
    let gate = wrapped(&server, "pins: { before_call: 1hour, every: never }");
    for id in 1..=2 {
        let answer = modern(&gate, id, "add");
        assert!(answer.tool_error().is_none(), "{}", answer.text());
    }
    let listed = server.listed();
    server.say(&[turned("add", |tool| tool["description"] = json!("poison"))]);
    server.die();
    let lost = modern(&gate, 3, "send_mail");
    assert!(!lost.json()["error"].is_null(), "its process has ended: {}", lost.text());
    let refused = wait_for("another process", || modern(&gate, 4, "add").tool_error());
    assert!(refused.contains("not available"), "{refused}");
    assert!(server.listed() > listed, "it was asked anew");
    assert_eq!(server.called(), ["add", "add", "send_mail"]);
}

#[test]
fn the_gate_looks_by_itself_between_pipes() {
    let server = Turncoat::new();
    let mut pipe = pipes::pipe(&server, "pins: { before_call: never }");
    let listed = server.listed();
    server.say(&[turned("send_mail", |tool| tool["description"] = json!("poison"))]);
    server.announce();
    pipe.say(&call(1, "add", "{}"));
    let mut heard: Vec<_> = (0..2).filter_map(|_| pipe.hear()).collect();
    heard.sort_by_key(|message| message["method"].is_null());
    assert_eq!(heard[0]["method"], "notifications/tools/list_changed");
    assert_eq!(said(&heard[1]), "done");
    wait_for("the gate to see it", || pipe.log().contains("is not what was approved").then_some(()));
    assert!(server.listed() > listed);
    assert!(said(&pipe.ask(&call(2, "send_mail", "{}"))).contains("not available"));
    assert_eq!(
        (server.called(), server.started()),
        (vec!["add".to_owned()], 2),
        "one to be pinned, one to serve"
    );
    pipe.close();
    assert!(pipe.ended().success(), "{}", pipe.log());
}

#[test]
fn a_list_that_never_comes_holds_up_no_end() {
    let server = Turncoat::new();
    let mut pipe = pipes::pipe(&server, "pins: { before_call: never }");
    server.announce();
    server.stall(true);
    let listed = server.listed();
    pipe.say(&call(1, "add", "{}"));
    wait_for("the gate to ask", || (server.listed() > listed).then_some(()));
    pipe.close();
    let ended = std::time::Instant::now();
    assert!(pipe.ended().success(), "{}", pipe.log());
    assert!(ended.elapsed() < crate::support::PATIENCE / 2);
}
