//! The words that people type: a mistake in a policy has a place and a suggestion, and nothing starts with it.

use std::process::Output;

use crate::support::bundle::{self, Bundle};
use crate::support::gate::sluicegate;

fn said(words: &[&str], bundle: &Bundle) -> (Option<i32>, String) {
    let mut command = sluicegate();
    let Output { status, stdout, stderr } =
        command.args(words).arg(bundle.path()).output().expect("the binary under test can be started");
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

const RUN: &[&str] = &[
    "run",
    "--listen",
    "127.0.0.1:0",
    "--admin",
    "127.0.0.1:0",
    "--upstream",
    "http://127.0.0.1:9/mcp",
    "--policy",
];

#[test]
fn takes_a_good_bundle() {
    let (code, text) = said(&["check"], &Bundle::new(&bundle::clinic()));
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn shows_place_and_suggestion_for_a_typo_and_does_not_start() {
    let good = bundle::with("deny:\n  - { id: no-delete, tools: delete_all, roles: [reader] }");
    let cases = [
        ("a key", good.replace("\nallow:", "\nalow:"), "alow", "allow"),
        ("a role", good.replace("roles: [reader] }", "roles: [raeder] }"), "raeder", "reader"),
        ("a tool", good.replace("tools: delete_all", "tools: delete_al"), "delete_al", "delete_all"),
        ("a detector", good.replace("us_ssn", "us_snn"), "us_snn", "us_ssn"),
        ("a class", good.replace("classes: [read]", "classes: [raed]"), "raed", "read"),
        ("an action", good.replace("action: mask", "action: maks"), "maks", "mask"),
    ];
    for (name, policy, typo, meant) in cases {
        let line = policy[..policy.rfind(typo).expect("the typo is in it")].matches('\n').count() + 1;
        let bundle = Bundle::new(&policy);
        for words in [&["check"][..], RUN] {
            let (code, text) = said(words, &bundle);
            assert_eq!(code, Some(1), "{name}: {text}");
            assert!(text.contains(&format!("policy.yaml:{line}:")), "{name}: no place in {text}");
            assert!(
                text.contains(typo) && text.contains(&format!("`{meant}`")),
                "{name}: no suggestion in {text}"
            );
        }
    }
}

#[test]
fn shows_every_fault_at_once() {
    let policy = bundle::clinic().replace("us_ssn", "us_snn").replace("action: mask", "action: maks");
    let (code, text) = said(&["check"], &Bundle::new(&policy));
    assert_eq!(code, Some(1));
    assert!(text.contains("us_snn") && text.contains("maks"), "{text}");
}

#[test]
fn cannot_check_what_is_not_there() {
    let bundle = Bundle::empty();
    let missing = bundle.file("missing");
    let output =
        sluicegate().arg("check").arg(&missing).output().expect("the binary under test can be started");
    assert_eq!(output.status.code(), Some(3), "could not is not the same as has findings");
}

#[test]
fn runs_the_tests_of_a_bundle() {
    let bundle = Bundle::new(&bundle::clinic());
    let case = |decision: &str| {
        format!(
            "cases:\n  - name: readers may echo\n    as: {{ user: alice, scopes: [read] }}\n    call: {{ tool: echo, args: {{}} }}\n    expect: {{ decision: {decision} }}\n"
        )
    };
    bundle.write("echo.test.yaml", &case("allow"));
    let (code, text) = said(&["test"], &bundle);
    assert_eq!(code, Some(0), "{text}");
    bundle.write("echo.test.yaml", &case("deny"));
    let (code, text) = said(&["test"], &bundle);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("readers may echo"), "{text}");
}

#[test]
fn names_the_address_that_is_taken() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = held.local_addr().expect("it is bound").to_string();
    let words = [
        "run",
        "--listen",
        &address,
        "--admin",
        "127.0.0.1:0",
        "--upstream",
        "http://127.0.0.1:9/mcp",
        "--policy",
    ];
    let (code, text) = said(&words, &Bundle::new(&bundle::clinic()));
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains(&address), "{text}");
}
