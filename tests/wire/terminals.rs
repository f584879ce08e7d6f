//! What the command line shows of a running gate: `status`, `top`, `tap` and `doctor`.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::viewers::{gate, json, work};
use crate::support::bundle;
use crate::support::gate::{Gate, sluicegate};
use crate::support::upstream::Upstream;
use crate::support::wait_for;

fn run(words: &[&str], gate: &Gate) -> Output {
    let mut command = sluicegate();
    command.args(words).args(["--admin", &gate.admin.to_string()]).env("NO_COLOR", "1");
    command.output().expect("the binary runs")
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn tells_its_state_on_one_screen() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let status = run(&["status"], &gate);
    let text = printed(&status);
    assert!(status.status.success(), "{text}");
    for part in ["clinic  ready, enforcing, serving", "policy", "server      answers", "audit", "45 % denied"]
    {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert!(text.lines().count() <= 24, "{text}");
    let told: Value = serde_json::from_slice(&run(&["status", "--json"], &gate).stdout).expect("JSON");
    assert_eq!(told["server"], "clinic");
    let mut gone = sluicegate();
    let gone = gone.args(["status", "--admin", "127.0.0.1:1"]).output().expect("the binary runs");
    assert_eq!(gone.status.code(), Some(3), "{}", printed(&gone));
    assert!(printed(&gone).contains("cannot be reached"), "{}", printed(&gone));
}

/// A gate whose keys never came is not ready.
#[test]
fn says_when_it_is_not_ready() {
    let upstream = Upstream::echo();
    let issuer = "callers:\n  issuers:\n    - { issuer: \"https://idp.example\", audience: a, algorithms: [ES256], \
                  jwks: \"http://127.0.0.1:1/jwks\", claims: { user: sub } }\n";
    let policy = bundle::clinic().replace("callers:\n", issuer);
    let gate = Gate::start(&policy, &upstream.url());
    let status = run(&["status"], &gate);
    assert_eq!(status.status.code(), Some(1), "{}", printed(&status));
    assert!(printed(&status).contains("not ready"), "{}", printed(&status));
    let doctor = run(&["doctor", "--json"], &gate);
    assert_eq!(doctor.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&doctor.stdout).expect("JSON");
    for (code, mark) in
        [("SG2001", "ok"), ("SG2002", "failure"), ("SG2009", "failure"), ("SG2014", "unchecked")]
    {
        let finding = told["findings"].as_array().and_then(|all| all.iter().find(|one| one["code"] == code));
        assert_eq!(finding.map(|finding| &finding["mark"]), Some(&mark.into()), "{code}: {told}");
    }
}

#[test]
fn taps_decisions_as_lines() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let tap = run(&["tap", "--deny", "--last", "11", "--count", "5"], &gate);
    let text = printed(&tap);
    assert!(tap.status.success(), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines[0].contains("DENY tools/call slow rule=no-slow reason=tool_not_allowed user=alice tenant=acme"),
        "{text}"
    );
    assert!(lines[4].contains("<img src=x onerror=alert(1)>") && !text.contains('\u{1b}'), "{text}");
    let json = run(&["tap", "--json", "--tool", "lookup", "--last", "10", "--count", "1"], &gate);
    let decision: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(decision["verdict"], "shadow_deny", "{decision}");
}

#[test]
fn shows_itself_in_a_terminal() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let top = run(&["top", "--once", "--size", "120x36"], &gate);
    let text = printed(&top);
    assert!(top.status.success(), "{text}");
    for part in [
        "clinic",
        "enforcing",
        "45 %",
        "echo",
        "(unknown to the policy)",
        "calls",
        "DENY",
        "no-slow",
        "WOULD",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert!(!text.contains('\u{1b}') && text.lines().count() == 36, "{text}");
}

#[test]
fn finds_nothing_wrong_with_a_gate_that_is_well() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let bundle = gate.bundle.path().display().to_string();
    let doctor = run(&["doctor", "--policy", &bundle, "--upstream", &upstream.url()], &gate);
    let text = printed(&doctor);
    assert!(doctor.status.success(), "{text}");
    for part in [
        "√ SG2001",
        "√ SG2002",
        "– SG2003",
        "√ SG2004",
        "√ SG2006",
        "√ SG2007",
        "√ SG2010",
        "√ SG2013",
        "0 wrong",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let own = gate.address.to_string();
    let around = run(&["doctor", "--around", &own], &gate);
    assert!(printed(&around).contains("‼ SG2003"), "{}", printed(&around));
}

/// The commands of docs/operations.md, beside a gate of ours; what goes on for ever ends at once.
#[test]
fn does_what_the_page_shows() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    work(&gate);
    let page = std::fs::read_to_string("docs/operations.md").expect("the page is there");
    let section = page.split("\n## Watch it\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let section = section.expect("a section");
    let commands: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("sluicegate ")).collect();
    assert_eq!(commands.len(), 4, "{section}");
    for command in commands {
        let command = command.split('#').next().unwrap_or_default();
        let command = command
            .replace("http://127.0.0.1:8081/mcp", &upstream.url())
            .replace("10.1.2.3:8081", "127.0.0.1:1");
        let words: Vec<String> = command.split_whitespace().map(|word| word.replace(['\''], "")).collect();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[0] {
            "top" => words.push("--once"),
            "tap" => {
                words.iter_mut().for_each(|word| {
                    if *word == "pay*" {
                        *word = "slo*";
                    }
                });
                words.extend(["--last", "9", "--count", "1"]);
            }
            _ => {}
        }
        let output = run(&words, &gate);
        assert!(output.status.success(), "{words:?}: {}", printed(&output));
    }
    let readme = std::fs::read_to_string("README.md").expect("the README is there");
    for picture in ["admin.png", "top.png"] {
        let path = format!("deploy/pictures/{picture}");
        assert!(readme.contains(&path), "{path}");
        let bytes = std::fs::metadata(&path).map(|file| file.len()).unwrap_or_default();
        assert!((10_000..200_000).contains(&bytes), "{path}: {bytes} bytes");
    }
}

#[test]
fn a_bundle_that_no_longer_holds_is_told() {
    let upstream = Upstream::echo();
    let gate = gate(&upstream);
    gate.bundle.write("policy.yaml", "version: 2\n");
    gate.signal("HUP");
    let told = wait_for("the reload to be refused", || {
        let state = json(&gate, "/status");
        state["policy"]["error"].is_string().then_some(state)
    });
    assert!(told["policy"]["error"].as_str().is_some_and(|error| error.contains("version")), "{told}");
    assert!(gate.page("/").text().contains("The last reload was refused"));
    let bundle = gate.bundle.path().display().to_string();
    let doctor = run(&["doctor", "--policy", &bundle], &gate);
    assert_eq!(doctor.status.code(), Some(1));
    let text = printed(&doctor);
    assert!(text.contains("× SG2006") && text.contains("× SG2007"), "{text}");
    assert!(Path::new("deploy/doctor.md").exists(), "every finding names it");
}
