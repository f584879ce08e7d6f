//! Policies and configurations that the pages show work as they stand there.

use std::path::Path;
use std::process::Command;

use super::pages;

/// Errors that a part of a policy may have, for it names what another part declares: a tool, a file, an issuer.
const OF_NAMES: &[&str] = &["SG0013", "SG0024", "SG0050", "SG0065", "SG0077"];

/// The errors of a policy by their number, with what they say.
fn errors(policy: &str) -> Vec<(String, String)> {
    let bundle = tempfile::tempdir().expect("a folder");
    std::fs::write(bundle.path().join("policy.yaml"), policy).expect("written");
    std::fs::copy("policies/stories/clinic/idp.jwks.json", bundle.path().join("idp.jwks.json"))
        .expect("copied");
    let mut check = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    let output = check.args(["check", "-o", "json"]).arg(bundle.path()).output().expect("the binary runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let findings = report["findings"].as_array().expect("findings").iter();
    let word = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let errors = findings.filter(|finding| finding["severity"] == "error");
    let errors: Vec<_> = errors.map(|finding| (word(finding, "code"), word(finding, "message"))).collect();
    assert_eq!(report["ok"], errors.is_empty(), "{report}");
    errors
}

/// A whole policy has no error. A part has no key and no word that policies do not know.
#[test]
fn shows_policies_that_hold() {
    let (mut wholes, mut parts, mut wrong) = (0, 0, Vec::new());
    for page in pages::all() {
        for shown in pages::blocks(&pages::text(&page), "yaml") {
            // Of Kubernetes.
            if shown.starts_with("lifecycle:") {
                continue;
            }
            let is_whole = shown.starts_with("version:");
            let callers = if shown.starts_with("callers:") { "" } else { "callers: { anonymous: allow }\n" };
            let (head, allowed) = if is_whole {
                (String::new(), &[][..])
            } else {
                (format!("version: 1\nserver: {{ id: s }}\n{callers}"), OF_NAMES)
            };
            let errors = errors(&format!("{head}{shown}"));
            let strange = errors.into_iter().filter(|(code, _)| !allowed.contains(&code.as_str()));
            wrong.extend(strange.map(|(code, said)| format!("{}: {code} {said}\n{shown}", page.display())));
            *(if is_whole { &mut wholes } else { &mut parts }) += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(wholes >= 2 && parts >= 15, "too few policies: {wholes} whole, {parts} in part");
}

/// The configuration for desktop clients works as it is, but for the server, which needs a network.
#[test]
fn shows_a_configuration_that_works() {
    use std::io::{BufRead, BufReader, Write};
    let page = pages::text(Path::new("docs/servers.md"));
    let shown =
        page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a configuration");
    let shown: serde_json::Value = serde_json::from_str(shown).expect("JSON");
    let server = &shown["mcpServers"]["everything"];
    assert_eq!(server["command"], "sluicegate");
    let words = server["args"].as_array().expect("words").iter().filter_map(|word| word.as_str());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    command.args(words.take_while(|word| *word != "--")).args([
        "--",
        "python3",
        "-u",
        "src/serve/bridge/child.py",
    ]);
    command.env("SLUICEGATE_TOKEN", server["env"]["SLUICEGATE_TOKEN"].as_str().expect("a token"));
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut gate = command.spawn().expect("the binary runs");
    let mut input = gate.stdin.take().expect("piped");
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
    writeln!(input, "{hello}").expect("it reads");
    let mut line = String::new();
    BufReader::new(gate.stdout.take().expect("piped")).read_line(&mut line).expect("it answers");
    assert!(line.contains(r#""name":"child""#), "{line}");
    drop(input);
    assert!(gate.wait().expect("it ends").success());
}
