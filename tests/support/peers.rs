//! Real servers and real clients, from the lock files in `tests/peers`.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use serde_json::Value;
use tempfile::TempDir;

use super::{PATIENCE, wait_for};

/// A client of an SDK, and what it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Python, 2026-07-28 first, `initialize` otherwise.
    PythonAuto,
    /// Python, `initialize`.
    PythonLegacy,
    /// TypeScript, second line, 2026-07-28 and nothing else.
    TypeScriptModern,
    /// TypeScript, first line.
    TypeScriptV1,
    /// TypeScript, second line, `initialize`.
    TypeScriptV2,
}

impl Client {
    /// Every client.
    pub const ALL: &[Self] = &[
        Self::PythonAuto,
        Self::PythonLegacy,
        Self::TypeScriptModern,
        Self::TypeScriptV1,
        Self::TypeScriptV2,
    ];

    /// Gets tokens by the SDK's own OAuth code, and calls `echo`, `delete_all` and `echo` at `url`.
    pub fn consent(self, url: &str) -> Value {
        let (program, script, mode) = self.script("consent");
        let mut command = Command::new(program);
        command.arg(home().join(script)).args([mode, url]);
        self.printed(command)
    }

    /// Carries out `steps` at `url`; see `tests/peers/client.mjs` for the words.
    pub fn run(self, url: &str, bearer: &str, steps: &Value) -> Value {
        let (program, script, mode) = self.script("client");
        let mut command = Command::new(program);
        command.arg(home().join(script)).args([mode, url, bearer, &steps.to_string()]);
        self.printed(command)
    }

    /// Its interpreter, the file of a script, and its mode.
    fn script(self, name: &str) -> (PathBuf, String, &'static str) {
        let (program, extension, mode) = match self {
            Self::PythonAuto => (python(), "py", "auto"),
            Self::PythonLegacy => (python(), "py", "legacy"),
            Self::TypeScriptModern => (node(), "mjs", "modern"),
            Self::TypeScriptV1 => (node(), "mjs", "v1"),
            Self::TypeScriptV2 => (node(), "mjs", "v2"),
        };
        (program, format!("{name}.{extension}"), mode)
    }

    fn printed(self, command: Command) -> Value {
        let text = output(command);
        let last = text.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|fault| panic!("{self:?} printed `{text}`: {fault}"))
    }
}

/// A server of an SDK.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Its endpoint.
    pub url: String,
    marker: PathBuf,
    _directory: TempDir,
}

impl Server {
    /// The one on the Python SDK.
    pub fn python() -> Self {
        Self::start(python(), &["server.py"], "/mcp")
    }

    /// The one on the Python SDK, over HTTP+SSE of 2024-11-05.
    pub fn python_sse() -> Self {
        Self::start(python(), &["server.py"], "/sse")
    }

    /// The one on the Python SDK whose tools advertise what they give.
    pub fn python_records() -> Self {
        Self::start(python(), &["records.py"], "/mcp")
    }

    /// The one on the TypeScript SDK.
    pub fn typescript() -> Self {
        Self::start(node(), &["server.mjs"], "/mcp")
    }

    /// The one that the conformance suite asks for.
    pub fn conformance() -> Self {
        Self::start(node(), &["../conformance/fixture-ts.mjs"], "/mcp")
    }

    /// `server-everything` over Streamable HTTP.
    pub fn everything() -> Self {
        Self::start(node(), &["--import", "./loopback.mjs", EVERYTHING, "streamableHttp"], "/mcp")
    }

    /// `server-everything` over HTTP+SSE of 2024-11-05.
    pub fn everything_sse() -> Self {
        Self::start(node(), &["--import", "./loopback.mjs", EVERYTHING, "sse"], "/sse")
    }

    /// Whether its `delete_all` was ever run.
    pub fn was_deleted(&self) -> bool {
        self.marker.exists()
    }

    /// Removes the marker of its `delete_all`.
    pub fn forget(&self) {
        let _ = std::fs::remove_file(&self.marker);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        let address = self.url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/mcp"));
        address.and_then(|address| address.parse().ok()).expect("its URL was made of an address")
    }

    fn start(program: PathBuf, words: &[&str], path: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let marker = directory.path().join("deleted");
        let mut command = Command::new(program);
        command.current_dir(home()).args(words).env("MARKER", &marker);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().expect("the peer can be started");
        let out = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some(port) = line.strip_prefix("port ") {
                    let _ = tell.send(port.to_owned());
                }
            }
        });
        let port = told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{words:?} did not start"));
        Self { url: format!("http://127.0.0.1:{port}{path}"), child, marker, _directory: directory }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command of `server-everything` over standard input and output.
pub fn everything() -> Vec<String> {
    let script = home().join(EVERYTHING);
    vec![node().display().to_string(), script.display().to_string(), "stdio".into()]
}

/// The command of the server on the Python SDK over standard input and output.
pub fn python_stdio() -> Vec<String> {
    let script = home().join("server.py");
    vec![python().display().to_string(), script.display().to_string(), "stdio".into()]
}

const EVERYTHING: &str = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";

fn home() -> PathBuf {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let is_there = home.join("node_modules/.digest").exists() && home.join(".venv/.digest").exists();
    assert!(is_there, "the peers are not installed: run `bash tests/setup.sh test`");
    home
}

/// The interpreter that has the SDK.
pub fn python() -> PathBuf {
    home().join(".venv/bin/python")
}

fn node() -> PathBuf {
    let pinned = home().join(".node/bin/node");
    if pinned.exists() { pinned } else { "node".into() }
}

/// Runs a command to its end, within a bound, and returns what it printed.
pub fn output(mut command: Command) -> String {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the command can be started");
    let mut out = child.stdout.take().expect("standard output is piped");
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = out.read_to_string(&mut text);
        text
    });
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wait_for("a command to end", || child.try_wait().ok().flatten());
    }));
    if ended.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let text = reading.join().unwrap_or_default();
    assert!(ended.is_ok(), "{command:?} did not end; it printed `{text}`");
    text
}
