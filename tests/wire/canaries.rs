//! Secrets planted wherever a caller or a server can put one show up in nothing that operators read.

use std::io::Write as _;

use super::audit::{audit, keys, verified};
use crate::support::bundle::{ALICE, Bundle, callers};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, result, send_head, send_json};
use crate::support::wire::request;

/// Where each is planted, and what it is.
const CANARIES: &[(&str, &str)] = &[
    ("a good bearer token", ALICE),
    ("a bad bearer token", "canary-bearer-01"),
    ("an API key in a header", "canary-header-02"),
    ("a cookie", "canary-cookie-03"),
    ("a card in an argument", "4111111111111111"),
    ("an SSN in an argument", "536-22-8726"),
    ("a password in an argument", "canary-password-04"),
    ("the name of an argument", "canary-key-05"),
    ("a result", "maria.lopez@example.org"),
    ("an error of the server", "canary-error-06"),
    ("a header of the server", "canary-set-cookie-07"),
    ("an answer that is no message", "canary-html-08"),
    ("the query of the URL", "canary-query-09"),
    ("the name of an unknown tool", "5555555555554444"),
    ("the URI of a resource", "canary-uri-10"),
    ("a session", "canary-session-11"),
    ("a body that is no JSON", "canary-body-12"),
    ("a progress token", "canary-progress-13"),
    ("a prompt's argument", "canary-prompt-14"),
];

fn policy(level: &str) -> String {
    let callers = callers();
    format!(
        "version: 1\nserver: {{ id: clinic }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  look: {{ class: read }}\n  note: {{ class: write }}\n  fail: {{ class: read }}\n  odd: {{ class: read }}\n\
         allow:\n  - {{ id: all, roles: [reader], classes: [read, write] }}\n  \
           - {{ id: reads, roles: [reader], methods: [resources/read, prompts/get] }}\n\
         deny:\n  - {{ id: frozen, tools: [note], args: {{ note: {{ project: {{ equals: prod }} }} }} }}\n\
         redact:\n  - {{ id: personal, on: results, detectors: [us_ssn, pan, email], action: mask }}\n\
         audit: {{ level: {level}, durability: strict }}\n"
    )
}

fn server() -> Upstream {
    Upstream::start(|got, stream| {
        match got.subject().as_str() {
            "fail" => {
                let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no canary-error-06 there"}}"#;
                send_json(stream, 200, error);
            }
            "odd" => {
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n<p>canary-html-08</p>",
                );
            }
            _ => {
                let text = r#"{"content":[{"type":"text","text":"mail maria.lopez@example.org"}]}"#;
                let fields = "Content-Type: application/json\r\nSet-Cookie: s=canary-set-cookie-07\r\n";
                send_head(stream, 200, fields, &result(&got.body, text));
            }
        }
        After::Keep
    })
}

fn plant(gate: &Gate) {
    let arguments = r#"{"card":"4111111111111111","ssn":"536-22-8726","password":"canary-password-04","canary-key-05":1}"#;
    let headers = [("X-Api-Key", "canary-header-02"), ("Cookie", "s=canary-cookie-03")];
    let say = |body: &str| gate.connect().post(ALICE, &headers, body);
    for tool in ["look", "note", "fail", "odd", "refund_5555555555554444"] {
        say(&call(1, tool, arguments));
    }
    say(&call(1, "note", r#"{"project":"prod","password":"canary-password-04"}"#));
    let method = |method: &str, params: &str| {
        say(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#));
    };
    method("resources/read", r#"{"uri":"https://acme.example/x?password=canary-uri-10"}"#);
    method("resources/read", r#"{"uri":"https://ann:canary-uri-10@acme.example/x"}"#);
    method("prompts/get", r#"{"name":"greet","arguments":{"who":"canary-prompt-14"}}"#);
    method("tools/call", r#"{"name":"look","arguments":{},"_meta":{"progressToken":"canary-progress-13"}}"#);
    say(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"password":"canary-body-12""#);
    say(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look"},"canary-body-12":1}"#);
    gate.post("canary-bearer-01", &call(1, "look", arguments));
    gate.connect().post(ALICE, &[("Mcp-Session-Id", "canary-session-11")], &call(1, "look", "{}"));
    let query = String::from_utf8(request(ALICE, &[], call(1, "look", "{}").as_bytes())).expect("text");
    for place in ["/mcp?access_token=canary-query-09", "/mcp/canary-query-09?x=canary-query-09"] {
        let mut wire = gate.connect();
        wire.send(query.replacen("/mcp", place, 1).as_bytes());
        wire.try_answer();
    }
}

#[test]
fn no_planted_secret_shows_up_anywhere() {
    for level in ["metadata", "facts"] {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let file = directory.path().join("audit.jsonl");
        let (private, public) = keys(directory.path(), "key");
        let upstream = server();
        let url = upstream.url();
        let words = ["--upstream", url.as_str(), "--audit-sign-key", &private];
        let mut gate = Gate::onto(Bundle::new(&policy(level)), &file, "", &words);
        plant(&gate);
        let pages = ["/metrics", "/readyz", "/livez", "/keys", "/"].map(|page| gate.page(page).text());
        gate.signal("TERM");
        assert!(gate.ended().success());
        let path = file.to_string_lossy();
        let mut outputs: Vec<(&str, String)> =
            vec![("log", gate.log()), ("audit", std::fs::read_to_string(&file).expect("text"))];
        outputs.extend(pages.into_iter().map(|page| ("page", page)));
        outputs.push(("verify", verified(&file, &["--key", &public])));
        for form in ["ocsf", "ecs"] {
            outputs.push((form, audit(&["convert", "--to", form, &path]).1));
        }
        for (output, text) in &outputs {
            for (place, canary) in CANARIES {
                assert!(!text.contains(canary), "{level}: {place} is in the {output}:\n{text}");
            }
        }
        // They were planted: the server got what the rules let through, and every message has its record.
        let got: String = upstream.got().iter().map(|got| got.body.clone()).collect();
        for canary in ["4111111111111111", "canary-password-04", "canary-key-05", "canary-prompt-14"] {
            assert!(got.contains(canary), "{level}: the server never got {canary}");
        }
        let decisions = outputs[1].1.matches(r#""stage":"decision""#).count();
        assert!(decisions >= 14 && outputs[1].1.contains("audit.checkpoint"), "{decisions} decisions");
        assert!(outputs[1].1.contains(r#""target":"look""#) && !outputs[0].1.is_empty());
    }
}
