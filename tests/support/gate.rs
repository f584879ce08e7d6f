//! The real binary in front of a server, for as long as the value lives.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::Value;
use tempfile::TempDir;

use super::bundle::{ALICE, BOB, Bundle, EVE};
use super::wire::{Answer, Wire};
use super::{PATIENCE, wait_for};

/// Personal data that no log, metric or record may hold.
pub const SECRETS: &[&str] = &["536-22-8726", "4111 1111 1111 1111", "maria.lopez@example.org"];

/// A running gate. Dropping it checks what must hold after every test, and ends it.
#[derive(Debug)]
pub struct Gate {
    child: Child,
    /// Where MCP is served.
    pub address: SocketAddr,
    /// Where operators are served.
    pub admin: SocketAddr,
    /// Its policy.
    pub bundle: Bundle,
    audit: PathBuf,
    log: Arc<Mutex<String>>,
    directory: Option<TempDir>,
}

/// The binary under test in a shell that does `first` before; without one where that is nothing.
pub fn below(first: &str) -> Command {
    if first.is_empty() {
        return sluicegate();
    }
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{first}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_sluicegate")]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command line of the binary under test.
pub fn sluicegate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Gate {
    /// Starts the gate in front of the server at `upstream`.
    pub fn start(policy: &str, upstream: &str) -> Self {
        Self::with(Bundle::new(policy), &["--upstream", upstream])
    }

    /// Starts the gate with more words on its command line; `words` name the server.
    pub fn with<W: AsRef<OsStr>>(bundle: Bundle, words: &[W]) -> Self {
        Self::below("", bundle, words)
    }

    /// [`Gate::with`] in a shell that does `first` before.
    pub fn below<W: AsRef<OsStr>>(first: &str, bundle: Bundle, words: &[W]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mut gate = Self::onto(bundle, &directory.path().join("audit.jsonl"), first, words);
        gate.directory = Some(directory);
        gate
    }

    /// [`Gate::with`] with an audit file that outlives it, in a shell that does `first` before.
    pub fn onto<W: AsRef<OsStr>>(bundle: Bundle, audit: &Path, first: &str, words: &[W]) -> Self {
        let mut command = below(first);
        command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--policy"]);
        command.arg(bundle.path()).arg("--audit").arg(audit).args(words);
        let mut child = command.spawn().expect("the binary under test can be started");
        let log = Arc::new(Mutex::new(String::new()));
        keep(child.stderr.take().expect("standard error is piped"), Arc::clone(&log));
        let (address, admin) = ready(&mut child, &log);
        Self { child, address, admin, bundle, audit: audit.into(), log, directory: None }
    }

    /// The URL for clients.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// A new connection to the endpoint.
    pub fn connect(&self) -> Wire {
        Wire::connect(self.address)
    }

    /// Posts `body` as `bearer`, on a connection of its own.
    pub fn post(&self, bearer: &str, body: &str) -> Answer {
        self.connect().post(bearer, &[], body)
    }

    /// Calls a tool as `bearer`.
    pub fn call(&self, bearer: &str, tool: &str, arguments: &str) -> Answer {
        self.post(bearer, &call(1, tool, arguments))
    }

    /// Gets a page from the operators' listener.
    pub fn page(&self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut wire = Wire::connect(self.admin);
        wire.send(request.as_bytes());
        wire.answer()
    }

    /// The sum of a metric over the series whose labels hold `label`.
    pub fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.page("/metrics").text();
        let series = text.lines().filter(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with([' ', '{']) && rest.contains(label))
        });
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The audit file.
    pub fn audit(&self) -> &Path {
        &self.audit
    }

    /// The audit records of judged messages, as written so far.
    pub fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.audit).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|record| record["stage"] == "decision").collect()
    }

    /// Waits for an audit record that `fits`.
    #[track_caller]
    pub fn record(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || self.records().into_iter().find(&fits))
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        self.log.lock().expect("no thread panicked with it").clone()
    }

    /// The most that it ever held in memory, in KiB.
    pub fn memory_peak_kib(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        kib.expect("the process has a resident set")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by its process id.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "the gate could not be signalled");
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> ExitStatus {
        wait_for("the gate to end", || self.child.try_wait().ok().flatten())
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Opened minus settled tickets is zero, and nothing secret was written down.
    fn check(&self) {
        wait_for("every ticket to be settled", || {
            (self.metric("sluicegate_inflight_requests", "") == 0.0).then_some(())
        });
        let metrics = self.page("/metrics").text();
        let audit = std::fs::read_to_string(&self.audit).unwrap_or_default();
        for (place, text) in [("log", self.log()), ("audit", audit), ("metrics", metrics)] {
            for secret in SECRETS.iter().chain(&[ALICE, BOB, EVE]) {
                assert!(!text.contains(secret), "the {place} holds `{secret}`:\n{text}");
            }
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let is_running = self.is_running();
        if std::thread::panicking() {
            eprintln!("--- log of the gate\n{}", self.log());
        } else if is_running {
            let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.check()));
            self.end();
            if let Err(fault) = checked {
                std::panic::resume_unwind(fault);
            }
            return;
        }
        self.end();
    }
}

impl Gate {
    /// Ends it at once, as a crash does.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `tools/call` without claims, as clients up to 2025-11-25 send it.
pub fn call(id: u32, tool: &str, arguments: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    )
}

/// Collects what a process writes.
pub fn keep(mut source: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = source.read(&mut chunk) {
            let text = String::from_utf8_lossy(&chunk[..length]);
            log.lock().expect("no thread panicked with it").push_str(&text);
        }
    });
}

/// Waits for the line that says where it listens.
pub fn ready(child: &mut Child, log: &Mutex<String>) -> (SocketAddr, SocketAddr) {
    let out = BufReader::new(child.stdout.take().expect("standard output is piped"));
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        // An audit on standard output has lines before it, and after.
        for line in out.lines().map_while(Result::ok).filter(|line| line.contains("listen=")) {
            let _ = tell.send(line);
        }
    });
    let line = told.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let _ = child.kill();
        let _ = child.wait();
        panic!("the gate did not start:\n{}", log.lock().expect("no thread panicked with it"))
    });
    let address = |name: &str| {
        let rest =
            line.split_once(name).and_then(|(_, rest)| Some(rest.split_once("://")?.1)).unwrap_or_default();
        let end = rest.find(['/', ' ']).unwrap_or(rest.len());
        rest[..end].parse().unwrap_or_else(|_| panic!("`{line}` names no {name}"))
    };
    (address("listen="), address("admin="))
}
