//! `sluicegate stdio` between this test and a server, for as long as the value lives.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::Value;
use tempfile::TempDir;

use super::bundle::Bundle;
use super::gate::below;
use super::{PATIENCE, wait_for};

/// A running gate on pipes.
pub struct Pipe {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    log: Arc<Mutex<String>>,
    audit: PathBuf,
    /// Its policy.
    pub bundle: Bundle,
    _directory: TempDir,
}

/// The bridge's own test server, which splits its input at a lone CR, too.
pub fn careless(habits: &[&str]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/serve/bridge/child.py");
    ["python3", "-u", script].iter().chain(habits).map(|word| (*word).to_owned()).collect()
}

impl Pipe {
    /// Starts the gate as the holder of `token`, with more words on its command line.
    pub fn start(policy: &str, token: &str, words: &[&str], server: &[String]) -> Self {
        Self::below("", policy, token, words, server)
    }

    /// [`Pipe::start`] in a shell that does `first` before.
    pub fn below(first: &str, policy: &str, token: &str, words: &[&str], server: &[String]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let (bundle, audit) = (Bundle::new(policy), directory.path().join("audit.jsonl"));
        let mut command = below(first);
        command.args(["stdio", "--policy"]).arg(bundle.path()).arg("--audit").arg(&audit).args(words);
        command.arg("--").args(server).env("SLUICEGATE_TOKEN", token);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary under test can be started");
        let log = Arc::new(Mutex::new(String::new()));
        let (mut errors, noted) = (child.stderr.take().expect("piped"), Arc::clone(&log));
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = errors.read(&mut chunk) {
                let text = String::from_utf8_lossy(&chunk[..length]);
                noted.lock().expect("no thread panicked with it").push_str(&text);
            }
        });
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.split(b'\n').map_while(Result::ok) {
                let _ = tell.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines, log, audit, bundle, _directory: directory }
    }

    /// Writes bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the gate reads");
    }

    /// Writes a line.
    pub fn say(&mut self, line: &str) {
        self.send(format!("{line}\n").as_bytes());
    }

    /// The next message, which must be one line of printable ASCII; `None` at the end.
    #[track_caller]
    pub fn hear(&mut self) -> Option<Value> {
        let line = match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => panic!("waited in vain for a line; the log:\n{}", self.log()),
        };
        assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "not canonical: {line:?}");
        Some(serde_json::from_str(&line).unwrap_or_else(|fault| panic!("`{line}`: {fault}")))
    }

    /// Says a request, and hears messages until its answer.
    #[track_caller]
    pub fn ask(&mut self, request: &str) -> Value {
        let asked: Value = serde_json::from_str(request).expect("a request");
        self.say(request);
        self.answer(&asked["id"])
    }

    /// Hears messages until the answer to `id`.
    #[track_caller]
    pub fn answer(&mut self, id: &Value) -> Value {
        loop {
            let message =
                self.hear().unwrap_or_else(|| panic!("no answer to {id}; the log:\n{}", self.log()));
            if message["id"] == *id && message["method"].is_null() {
                return message;
            }
        }
    }

    /// Shakes hands in the way of `revision`.
    #[track_caller]
    pub fn initialize(&mut self, revision: &str) {
        let hello = format!(
            r#"{{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{{"protocolVersion":"{revision}","capabilities":{{}},"clientInfo":{{"name":"t","version":"1"}}}}}}"#
        );
        assert_eq!(self.ask(&hello)["result"]["protocolVersion"], revision);
        self.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    }

    /// Ends its input.
    pub fn close(&mut self) {
        self.input = None;
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "the gate could not be signalled");
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        wait_for("the gate to end", || self.child.try_wait().ok().flatten())
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        self.log.lock().expect("no thread panicked with it").clone()
    }

    /// The audit file.
    pub fn audit(&self) -> &Path {
        &self.audit
    }

    /// The audit records of judged messages.
    pub fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.audit).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|record| record["stage"] == "decision").collect()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the gate\n{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
