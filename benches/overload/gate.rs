//! The gate under test, as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running gate; it ends with the value.
pub struct Gate {
    child: Child,
    pub address: SocketAddr,
    _bundle: TempDir,
}

impl Gate {
    /// Starts the gate in front of `upstream`, with so many places there.
    pub fn start(upstream: &str, places: usize) -> Self {
        let bundle = tempfile::tempdir().expect("a temporary directory can be made");
        let policy = format!(
            "version: 1\nserver: {{ id: bench }}\ncallers: {{ anonymous: allow }}\ntools: {{ work: {{ class: read }} }}\n\
             allow: [{{ id: all, tools: [work] }}]\naudit: {{ level: none }}\n\
             upstream: {{ concurrency: {{ server: {places}, tool: {places} }} }}\n"
        );
        std::fs::write(bundle.path().join("policy.yaml"), policy).expect("the bundle can be written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
            .args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--threads", "1"])
            .args(["--upstream", upstream, "--policy"])
            .arg(bundle.path())
            .args(["--audit", "/dev/null"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the gate can be started");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        out.read_line(&mut line).expect("the gate says where it listens");
        let address = line
            .split_once("listen=")
            .and_then(|(_, rest)| rest.split_once("://"))
            .and_then(|(_, rest)| rest.split(['/', ' ']).next()?.parse().ok())
            .expect("the line names an address");
        Self { child, address, _bundle: bundle }
    }

    /// What it holds in memory, in KiB.
    pub fn rss_kib(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it ever held, in KiB.
    pub fn peak_kib(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
