//! Handles of another caller, of another purpose, or bent: none of them reaches a server that would take
//! any, whoever brings it.

use serde_json::Value;

use crate::case::{Era, Post};
use crate::client::{Told, visit};
use crate::stage::{self, CAROL};
use crate::summary;
use crate::support::bundle::{ALICE, BOB};
use crate::support::gate::Gate;
use crate::support::upstream::{After, Got, Upstream, open_events, result, send_chunk, send_json};
use crate::tokens::Pen;

/// What a server hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cursor,
    Event,
    Session,
    State,
    Task,
}

const KINDS: [Kind; 5] = [Kind::Cursor, Kind::Event, Kind::Session, Kind::State, Kind::Task];

/// The `_meta` of a client that takes tasks.
const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}}"#;

impl Kind {
    /// The server's own handle.
    fn own(self) -> &'static str {
        match self {
            Self::Cursor => "careless-cursor",
            Self::Event => "careless-event",
            Self::Session => "careless-session",
            Self::State => "careless-state",
            Self::Task => "careless-task",
        }
    }

    /// A request that brings `token` in the place of this kind.
    fn bring(self, key: &str, session: &str, token: &str) -> Vec<u8> {
        let modern = |method: &str, name: Option<&str>, params: &str| {
            let body =
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params},{META}}}}}"#);
            let post =
                Post::new(Era::Modern, "echo", body.into()).set("Mcp-Method", method).without("Mcp-Name");
            name.into_iter().fold(post, |post, name| post.add("Mcp-Name", name))
        };
        let quoted = Value::from(token).to_string();
        let post = match self {
            Self::Cursor => modern("tools/list", None, &format!(r#""cursor":{quoted}"#)),
            Self::Task => modern("tasks/get", Some(token), &format!(r#""taskId":{quoted}"#)),
            Self::State => modern(
                "tools/call",
                Some("echo"),
                &format!(
                    r#""name":"echo","arguments":{{"message":"hi"}},"inputResponses":{{}},"requestState":{quoted}"#
                ),
            ),
            Self::Session => Post::allowed(Era::Legacy).set("Mcp-Session-Id", token),
            Self::Event => Post::allowed(Era::Legacy)
                .to("GET /mcp")
                .set("Mcp-Session-Id", session)
                .add("Last-Event-ID", token)
                .body(""),
        };
        post.set("Authorization", format!("Bearer {key}")).bytes()
    }
}

/// A server that hands out the same handles to everybody and takes them from anybody.
fn careless() -> Upstream {
    Upstream::start(|got, stream| {
        let says = |what: &str| got.body.contains(&format!("\"message\":\"{what}\""));
        let text = if got.head.starts_with("GET ") {
            send_json(stream, 405, "");
            return After::Keep;
        } else if says("event") {
            open_events(stream);
            let answer = result(&got.body, r#"{"content":[]}"#);
            send_chunk(stream, &format!("id: {}\ndata: {answer}\n\n", Kind::Event.own()));
            crate::support::upstream::end_chunks(stream);
            return After::Keep;
        } else if got.body.contains("\"initialize\"") {
            stage::open_session(stream, &got.body, Kind::Session.own());
            return After::Keep;
        } else if got.body.contains("\"notifications/") {
            send_json(stream, 202, "");
            return After::Keep;
        } else if says("task") {
            r#"{"resultType":"task","taskId":"careless-task","status":"working","createdAt":"2026-11-22T00:00:00Z","lastUpdatedAt":"2026-11-22T00:00:00Z","ttlMs":60000}"#
        } else if says("state") {
            r#"{"resultType":"input_required","requestState":"careless-state"}"#
        } else if got.body.contains("\"tools/list\"") {
            r#"{"resultType":"complete","tools":[],"nextCursor":"careless-cursor","ttlMs":0,"cacheScope":"private"}"#
        } else if got.body.contains("\"tasks/get\"") {
            r#"{"resultType":"complete","taskId":"careless-task","status":"working","createdAt":"2026-11-22T00:00:00Z","lastUpdatedAt":"2026-11-22T00:00:00Z","ttlMs":60000}"#
        } else {
            r#"{"resultType":"complete","content":[]}"#
        };
        send_json(stream, 200, &result(&got.body, text));
        After::Keep
    })
}

/// Asks for one handle of a kind, and returns the token that the gate made of it.
fn obtain(gate: &Gate, kind: Kind, session: &str) -> String {
    let call = |message: &str, era: Era| {
        let meta = if era == Era::Modern { format!(",{META}") } else { String::new() };
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"message":"{message}"}}{meta}}}}}"#
        );
        let post = Post::new(era, "echo", body.into());
        if era == Era::Legacy { post.set("Mcp-Session-Id", session) } else { post }
    };
    let list = Post::new(
        Era::Modern,
        "",
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{{META}}}}}"#).into(),
    );
    let post = match kind {
        Kind::Cursor => list.set("Mcp-Method", "tools/list").without("Mcp-Name"),
        Kind::Event => call("event", Era::Legacy),
        Kind::Session => return session.to_owned(),
        Kind::State => call("state", Era::Modern),
        Kind::Task => call("task", Era::Modern),
    };
    let told = visit(gate.address, &post.bytes());
    let result = told.json().unwrap_or_default()["result"].clone();
    let text = |key: &str| result[key].as_str().map(str::to_owned);
    let found = match kind {
        Kind::Cursor => text("nextCursor"),
        Kind::Event => told.text().lines().find_map(|line| line.strip_prefix("id: ").map(str::to_owned)),
        Kind::Session => None,
        Kind::State => text("requestState"),
        Kind::Task => text("taskId"),
    };
    let found =
        found.unwrap_or_else(|| panic!("{kind:?} is not handed out: {} {}", told.head(), told.text()));
    assert!(!told.text().contains(kind.own()), "{kind:?} is handed out in clear: {}", told.text());
    found
}

/// `token` with one letter changed to another.
fn changed(token: &str, at: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("tokens are ASCII")
}

/// Ways to bend a token.
fn bent(kind: Kind, token: &str) -> Vec<(String, String)> {
    let length = token.len();
    let mut all: Vec<_> =
        [0, 2, 3, 4, 5, 6, 8, 12, 20, 24, length / 2, length - 30, length - 12, length - 4, length - 2]
            .into_iter()
            .map(|at| (format!("changed-at-{at}"), changed(token, at)))
            .collect();
    let rows = [
        ("the-servers-own", kind.own().to_owned()),
        ("cut-by-1", token[..length - 1].to_owned()),
        ("cut-by-4", token[..length - 4].to_owned()),
        ("cut-by-half", token[..length / 2].to_owned()),
        ("prefix-alone", "sg1.".to_owned()),
        ("prefix-and-own", format!("sg1.{}", kind.own())),
        ("without-prefix", token[4..].to_owned()),
        ("prefix-in-capitals", token.replacen("sg1.", "SG1.", 1)),
        ("other-version", token.replacen("sg1.", "sg2.", 1)),
        ("prefix-twice", format!("sg1.{token}")),
        ("longer", format!("{token}A")),
        ("longer-by-4", format!("{token}AAAA")),
        ("padded", format!("{token}=")),
        ("twice", format!("{token}{token}")),
        ("twice-with-comma", format!("{token},{token}")),
        ("own-behind", format!("{token}.{}", kind.own())),
        ("standard-alphabet", token.replacen(|c: char| c.is_ascii_digit(), "+", 1)),
        ("turned", token.chars().rev().collect()),
        ("lower-case", token.to_ascii_lowercase()),
    ];
    all.extend(rows.into_iter().map(|(way, text)| (way.to_owned(), text)));
    // Where nothing was changed, as in a text that was small before, there is no case.
    all.retain(|(_, text)| text != token);
    all
}

/// Whether an answer says no.
fn is_refused(told: &Told) -> bool {
    let is_error =
        told.json().is_some_and(|json| json["error"].is_object() || json["result"]["isError"] == true);
    told.status.is_some_and(|status| (400..500).contains(&status)) || is_error
}

/// Everything that may not open: id and request.
fn cases(
    tokens: &[(Kind, String)],
    foreign: &[(Kind, String)],
    alice: &str,
    bob: &str,
    carol: &str,
) -> Vec<(String, Vec<u8>)> {
    let mut cases = Vec::new();
    for (kind, token) in tokens {
        for (way, text) in bent(*kind, token) {
            cases.push((format!("seal/{kind:?}/{way}"), kind.bring(ALICE, alice, &text)));
        }
        cases.push((format!("seal/{kind:?}/of-another-caller"), kind.bring(BOB, bob, token)));
        cases.push((format!("seal/{kind:?}/of-a-colleague"), kind.bring(CAROL, carol, token)));
        cases.push((format!("seal/{kind:?}/own-of-another-caller"), kind.bring(BOB, bob, kind.own())));
        for (other, token) in tokens.iter().filter(|(other, _)| other != kind) {
            cases.push((format!("seal/{kind:?}/a-{other:?}"), kind.bring(ALICE, alice, token)));
        }
    }
    for (kind, token) in foreign {
        cases.push((format!("seal/{kind:?}/of-another-gate"), kind.bring(ALICE, alice, token)));
    }
    cases
}

#[test]
fn no_handle_opens_for_another_caller_purpose_or_text() {
    let upstream = careless();
    let pen = Pen::ed25519();
    let (gate, other) = (stage::gate(&upstream.url(), &[&pen]), stage::gate(&upstream.url(), &[&pen]));
    let (alice, bob) = (stage::begin(gate.address), stage::begin_as(gate.address, BOB));
    let carol = stage::begin_as(gate.address, CAROL);
    let tokens: Vec<_> = KINDS.map(|kind| (kind, obtain(&gate, kind, &alice))).to_vec();
    let session = stage::begin(other.address);
    let foreign: Vec<_> = KINDS.map(|kind| (kind, obtain(&other, kind, &session))).to_vec();
    let cases = cases(&tokens, &foreign, &alice, &bob, &carol);
    let mut faults = Vec::new();
    for (id, bytes) in &cases {
        let before = upstream.got().len();
        let told = visit(gate.address, bytes);
        if !is_refused(&told) || told.is_hung {
            faults.push(format!("{id}: not refused: {} {}", told.head(), told.text()));
        }
        let arrived: Vec<Got> = upstream.got().split_off(before);
        faults
            .extend(arrived.iter().map(|got| format!("{id}: reached the server: {}{}", got.head, got.body)));
    }
    // The same tokens, as they were given, still open: each reaches the server as its own handle.
    for (kind, token) in &tokens {
        visit(gate.address, &kind.bring(ALICE, &alice, token));
        let last = upstream.got().pop().map(|got| format!("{}{}", got.head, got.body)).unwrap_or_default();
        assert!(last.contains(kind.own()) && !last.contains("sg1."), "{kind:?} does not open: {last}");
    }
    summary::tell(
        "hostile-handles",
        &format!("hostile handles: {} cases, {} opened or passed", cases.len(), faults.len()),
    );
    assert!(cases.len() >= 60, "{} cases", cases.len());
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}
