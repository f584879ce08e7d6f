//! Class I: a server behind pipes, that reads its lines in every careless way; see `splitter.py`.

use std::path::{Path, PathBuf};

use crate::answers::{self, SSN, answer, stray};
use crate::case::{ALLOWED, DENIED, Era, Post, SESSION};
use crate::client::visit;
use crate::known::sift;
use crate::support::gate::Gate;
use crate::support::{peers, wait_for};
use crate::{stage, summary};

/// A gate around the careless server.
struct Pipes {
    gate: Gate,
    marker: PathBuf,
    _directory: tempfile::TempDir,
}

fn script() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/splitter.py").display().to_string()
}

impl Pipes {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let marker = directory.path().join("deleted");
        let python = peers::python().display().to_string();
        let gate = stage::gate_around(&marker, &[&python, "-u", &script()]);
        Self { gate, marker, _directory: directory }
    }

    /// What the careless server saw, if it saw the denied call.
    fn seen(&self) -> Option<String> {
        let seen = std::fs::read_to_string(&self.marker).ok();
        let _ = std::fs::remove_file(&self.marker);
        seen
    }
}

fn inputs() -> Vec<(String, Vec<u8>)> {
    [spaces(), texts(), doubles()].concat()
}

/// Messages that pass, with the denied call where white space may stand.
fn spaces() -> Vec<(String, Vec<u8>)> {
    let ends = [
        ("cr", "\r"),
        ("cr-cr", "\r\r"),
        ("cr-lf", "\r\n"),
        ("lf", "\n"),
        ("lf-lf", "\n\n"),
        ("lf-cr", "\n\r"),
        ("tab-cr", "\t\r \t"),
        ("cr-lf-cr-lf", "\r\n\r\n"),
    ];
    let places = [
        (
            "in-argument",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi","x":[<>DENIED<>]}@}}"#,
        ),
        (
            "in-object",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hi","x":<>DENIED<>}@}}"#,
        ),
        (
            "in-meta",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"x":[<>DENIED<>]}}}"#,
        ),
        (
            "among-others",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"x":[1,<>DENIED<>,{"a":<>DENIED<>}]}@}}"#,
        ),
        (
            "pretty",
            r#"{<>"jsonrpc"<>:<>"2.0"<>,<>"id":1,"method":"tools/call","params":<>{"name":"echo","arguments":{"x":<>[<>DENIED<>]<>}@}<>}<>"#,
        ),
    ];
    let mut inputs = Vec::new();
    for (end, text) in ends {
        for (place, template) in places {
            let body = template.replace("DENIED", &DENIED.replace('@', "")).replace("<>", text);
            inputs.push((format!("lines/space/{end}/{place}"), body.into_bytes()));
        }
    }
    inputs
}

/// Breaks inside texts, raw where JSON lets them stand raw, and escaped.
fn texts() -> Vec<(String, Vec<u8>)> {
    let mut inputs = Vec::new();
    let denied = DENIED.replace('@', "").replace('"', "\\\"");
    for (name, mark) in [
        ("line-separator", "\u{2028}"),
        ("paragraph-separator", "\u{2029}"),
        ("next-line", "\u{85}"),
        ("delete", "\u{7f}"),
        ("mark", "\u{feff}"),
        ("escaped-lf", "\\n"),
        ("escaped-cr", "\\r"),
        ("escaped-cr-lf", "\\r\\n"),
        ("escaped-next-line", "\\u0085"),
        ("escaped-line-separator", "\\u2028"),
        ("escaped-vertical-tab", "\\u000b"),
        ("escaped-record-separator", "\\u001e"),
        ("escaped-nul", "\\u0000"),
        ("lsp", "\\r\\nContent-Length: 93\\r\\n\\r\\n"),
        ("event", "\\n\\ndata: "),
    ] {
        let body = ALLOWED.replace("hi", &format!("a{mark}{denied}{mark}b"));
        inputs.push((format!("lines/text/{name}"), body.into_bytes()));
        let key = ALLOWED.replace("\"message\"", &format!("\"k{mark}{denied}\":1,\"message\""));
        inputs.push((format!("lines/key/{name}"), key.into_bytes()));
    }
    inputs
}

/// What is no message at all must not become a line.
fn doubles() -> Vec<(String, Vec<u8>)> {
    let mut inputs = Vec::new();
    for (name, between) in [
        ("nothing", ""),
        ("cr", "\r"),
        ("lf", "\n"),
        ("cr-lf", "\r\n"),
        ("nul", "\0"),
        ("record-separator", "\x1e"),
        ("line-separator", "\u{2028}"),
        ("next-line", "\u{85}"),
        ("vertical-tab", "\x0b"),
        ("form-feed", "\x0c"),
        ("lsp", "Content-Length: 93\r\n\r\n"),
        ("event", "\n\ndata: "),
        ("mark", "\u{feff}"),
        ("comma", ","),
        ("text-line", "\nnot JSON\n"),
    ] {
        let denied = DENIED.replace('@', "");
        inputs.push((format!("lines/two/{name}"), format!("{ALLOWED}{between}{denied}").into_bytes()));
        inputs.push((format!("lines/before/{name}"), format!("{between}{denied}").into_bytes()));
    }
    inputs
}

#[test]
fn no_reading_of_a_line_shows_the_denied_call() {
    let pipes = Pipes::start();
    let session = stage::begin(pipes.gate.address);
    let inputs = inputs();
    assert!(inputs.len() >= 30, "{} cases", inputs.len());
    let mut faults = Vec::new();
    for (id, body) in &inputs {
        for era in Era::BOTH {
            let is_list = id.contains("in-meta");
            let name = if id.contains("/before/") { "delete_all" } else { "echo" };
            let body = if is_list {
                let meta = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"#;
                let text = String::from_utf8_lossy(body).into_owned();
                if era == Era::Modern {
                    text.replace("{\"_meta\":{", meta).into_bytes()
                } else {
                    body.clone()
                }
            } else {
                era.text(body)
            };
            let mut post = Post::new(era, name, body);
            if is_list && era == Era::Modern {
                post = post.set("Mcp-Method", "tools/list").without("Mcp-Name");
            }
            let bytes = String::from_utf8_lossy(&post.bytes()).replace(SESSION, &session).into_bytes();
            let told = visit(pipes.gate.address, &bytes);
            let is_good =
                id.starts_with("lines/space") || id.starts_with("lines/text") || id.starts_with("lines/key");
            if told.is_hung {
                faults.push(format!("{id}: hangs"));
            } else if is_good && told.status != Some(200) {
                faults.push(format!("{id}: a good message is refused: {} {}", told.head(), told.text()));
            }
            // The answer came behind all that the careless server read of it.
            faults.extend(pipes.seen().map(|seen| format!("{id}: {era:?}: seen by {seen}")));
        }
    }
    let panics = pipes.gate.metric("sluicegate_panics_total", "");
    let markers = faults.iter().filter(|fault| fault.contains(": seen by")).count();
    summary::tell(
        "hostile-lines",
        &format!(
            "hostile lines: {} cases, {markers} markers, {} other faults, {panics} crashes",
            inputs.len(),
            faults.len() - markers
        ),
    );
    let ids: Vec<_> = inputs.into_iter().map(|(id, _)| id).collect();
    let faults = sift(faults, &ids);
    assert!(faults.is_empty() && panics == 0.0, "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// What a server may write where one line with one answer is due; `<ID>` is the id it was asked with.
fn outputs() -> Vec<(&'static str, String)> {
    let with_id = |text: String| text.replace(":41,", ":<ID>,");
    let (good, evil) = (with_id(answer("fine")), with_id(answer(SSN)));
    let (stray, wrong) = (stray(), with_id(answer("STRAY")));
    let line = |text: &str| format!("{text}\n");
    let mut outputs = vec![
        ("secret", line(&evil)),
        ("garbage-before", format!("STRAY {SSN}\n{good}\n")),
        ("terminal-codes-before", format!("\x1b[2J\x1b[1;31mSTRAY\x1b[0m\n{good}\n")),
        ("blank-lines-before", format!("\n\n \n\r\n{good}\n")),
        ("mark-before", format!("\u{feff}{wrong}\n{good}\n")),
        ("nul-before", format!("\0{wrong}\n{good}\n")),
        ("stray-before", format!("{stray}\n{good}\n")),
        ("stray-on-the-line", format!("{stray}{good}\n{good}\n")),
        ("stray-behind-cr", format!(": x\r{stray}\r\n{good}\n")),
        (
            "stray-in-white-space",
            line(
                &good
                    .replacen("{\"content\"", &format!("{{\"x\":[\r{stray}\r],\"content\""), 1)
                    .replace("STRAY", "x"),
            ),
        ),
        ("cr-lf", format!("{evil}\r\n")),
        ("cr-between-tokens", line(&evil.replacen(",\"result\"", ",\r\"result\"", 1))),
        ("id-as-text", format!("{}\n{good}\n", wrong.replace(":<ID>,", ":\"<ID>\","))),
        ("id-as-float", format!("{}\n{good}\n", wrong.replace(":<ID>,", ":<ID>.0,"))),
        ("id-null", format!("{}\n{good}\n", wrong.replace(":<ID>,", ":null,"))),
        ("id-beyond", format!("{}\n{good}\n", wrong.replace(":<ID>,", ":1<ID>0000,"))),
        ("twice", format!("{good}\n{wrong}\n")),
        (
            "error-behind",
            format!("{good}\n{}\n", r#"{"jsonrpc":"2.0","id":<ID>,"error":{"code":1,"message":"STRAY"}}"#),
        ),
        ("batch", format!("[{wrong}]\n{good}\n")),
        ("keys-twice", format!("{}\n{good}\n", wrong.replacen("\"result\"", "\"result\":{},\"result\"", 1))),
        ("not-utf-8-escape", format!("{}\n{good}\n", wrong.replace("STRAY", "STRAY\\ud800"))),
        ("lsp", format!("Content-Length: {}\r\n\r\n{evil}\n", evil.len())),
        ("event", format!("data: {wrong}\n\n{good}\n")),
        ("over-several-lines", wrong.replacen(",\"result\"", ",\n\"result\"", 1) + "\n" + &good + "\n"),
        ("line-separator-in-text", line(&evil.replace("536", "a\u{2028}data: x\u{2028}\u{2028}536"))),
        ("next-line-in-text", line(&evil.replace("536", "a\u{85}data: x\u{85}\u{85}536"))),
    ];
    outputs.extend(intrusions(&good));
    outputs
}

/// What a server says beside its answer.
fn intrusions(good: &str) -> Vec<(&'static str, String)> {
    let line = |text: &str| format!("{text}\n");
    vec![
        (
            "call-of-ours",
            format!(
                "{}\n{good}\n",
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"STRAY"}}"#
            ),
        ),
        ("unknown-method", format!("{}\n{good}\n", r#"{"jsonrpc":"2.0","method":"notifications/STRAY"}"#)),
        (
            "log-with-secret",
            format!(
                "{}\n{good}\n",
                r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"STRAY"}}"#
            ),
        ),
        (
            "progress-of-nobody",
            format!(
                "{}\n{good}\n",
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"STRAY","progress":1}}"#
            ),
        ),
        ("line-of-6-MB", format!("{}\n{good}\n", answer(&"STRAY".repeat(1_300_000)))),
        ("20000-lines", format!("{}{good}\n", "STRAY\n".repeat(20_000))),
        (
            "error-with-secret",
            line(&format!(
                r#"{{"jsonrpc":"2.0","id":<ID>,"error":{{"code":1,"message":"{SSN}","data":"{SSN}"}}}}"#
            )),
        ),
    ]
}

#[test]
fn nothing_that_a_server_writes_on_its_pipe_goes_unjudged() {
    let pipes = Pipes::start();
    let mut faults = Vec::new();
    let mut ids = Vec::new();
    let mut ask = |id: &str, text: &str, exit: bool| {
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        // An argument has room for 4 MB: what is longer the server is told to make itself.
        let arguments = format!(r#"{{"emit":"{hex}","exit":{exit}}}"#);
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":41,"method":"tools/call","params":{{"name":"echo","arguments":{arguments}@}}}}"#
        );
        let told = visit(
            pipes.gate.address,
            &Post::new(Era::Modern, "echo", Era::Modern.text(body.as_bytes())).bytes(),
        );
        let id = format!("lines/output/{id}");
        faults.extend(answers::fault(&told).map(|fault| format!("{id}: {fault}")));
        ids.push(id);
    };
    for (id, text) in outputs() {
        if text.len() < 1 << 20 {
            ask(id, &text, false);
        }
    }
    // Last, since each of these costs a process.
    ask("nothing-and-end", "", true);
    let half = answer("STRAY");
    ask("half-a-line-and-end", &half[..half.len() / 2], true);
    let panics = pipes.gate.metric("sluicegate_panics_total", "");
    wait_for("every ticket to be settled", || {
        (pipes.gate.metric("sluicegate_inflight_requests", "") == 0.0).then_some(())
    });
    summary::tell(
        "hostile-pipes",
        &format!("hostile pipes: {} outputs, {} let through, {panics} crashes", ids.len(), faults.len()),
    );
    let faults = sift(faults, &ids);
    assert!(faults.is_empty() && panics == 0.0, "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// The oracle can fail: the careless server, told the same without a gate, sees the denied call.
#[test]
fn the_careless_server_sees_what_is_put_before_it() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let inputs = inputs();
    for id in [
        "lines/space/cr/in-argument",
        "lines/space/lf/in-argument",
        "lines/two/nothing",
        "lines/two/line-separator",
        "lines/two/lsp",
        "lines/before/event",
    ] {
        let marker = directory.path().join("deleted");
        let (_, body) = inputs.iter().find(|(known, _)| known == id).expect("there is such a case");
        let mut child = Command::new(peers::python())
            .arg(script())
            .env("MARKER", &marker)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the careless server can be started");
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(&[&Era::Legacy.text(body)[..], b"\n"].concat()).expect("it reads");
        drop(input);
        child.wait().expect("it ends with its input");
        assert!(marker.exists(), "{id} is not seen");
        std::fs::remove_file(&marker).expect("it is there");
    }
}
