//! Redirected connections, with the real kernel: nothing reaches the server but through the gate, by no address of the
//! pod, from outside and from inside; and the gate itself does.
//!
//! Needs root, for network namespaces; elsewhere it says so and checks nothing.

#[path = "../hostile/summary.rs"]
mod summary;
#[path = "../support/mod.rs"]
mod support;

mod pod;

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use pod::{Namespace, Network, POD, Process, finished, start};
use support::bundle::{self, ALICE, Bundle};
use support::gate::call;
use support::{PATIENCE, wait_for};

const GATE: &str = env!("CARGO_BIN_EXE_sluicegate");
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redirect/server.py");
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redirect/client.py");

/// The users of the pod's containers.
const GATE_USER: u32 = 2102;
const SERVER_USER: u32 = 1000;

/// What an init container runs.
const REDIRECT: &[&str] =
    &[GATE, "redirect", "--port", "8080", "--to", "15001", "--except", "15820", "--uid", "2102"];

/// What the gate's container runs, but for where its files are.
const GATE_WORDS: &[&str] = &[
    "run",
    "--original-destination",
    "--listen",
    "[::]:15001",
    "--upstream",
    "http://127.0.0.1:8080/mcp",
    "--admin",
    "0.0.0.0:15820",
];

/// As an init container is run: user 0 with one capability, and no way to more.
const ONLY_NET_ADMIN: &[&str] =
    &["setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all", "--no-new-privs"];

/// A Python that every user may run: one that was installed for root alone would not do.
fn python() -> &'static str {
    let is_for_all = |path: &&str| {
        let mut probe = Command::new("setpriv");
        probe.args(["--reuid", "1000", "--clear-groups", path, "-c", ""]);
        finished(probe).0
    };
    ["python3", "/usr/bin/python3", "/usr/local/bin/python3"]
        .into_iter()
        .find(is_for_all)
        .unwrap_or("python3")
}

/// Says why nothing is checked; whether anything can be.
fn is_able() -> bool {
    let has = |tool: &str| Command::new("which").arg(tool).output().is_ok_and(|out| out.status.success());
    let missing: Vec<_> =
        ["ip", "nft", "nsenter", "setpriv", "unshare", "python3"].into_iter().filter(|it| !has(it)).collect();
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
    let why = match (is_root, missing.is_empty()) {
        (true, true) => return true,
        (false, _) => "redirect: skipped, network namespaces need root".to_owned(),
        (true, false) => format!("redirect: skipped, missing: {}", missing.join(", ")),
    };
    summary::tell("redirect", &why);
    false
}

/// A pod with a server, a table and a gate.
struct Pod {
    network: Network,
    _server: Process,
    gate: Process,
    files: Files,
}

/// What the gate's user may read and write.
struct Files {
    bundle: Bundle,
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self {
            bundle: Bundle::new(&bundle::clinic()),
            folder: tempfile::tempdir().expect("a temporary directory can be made"),
        };
        for folder in [files.bundle.path(), files.folder.path()] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        chown(files.folder.path(), Some(GATE_USER), Some(GATE_USER)).expect("root may");
        files
    }

    fn audit(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    /// The gate of a pod as `uid`.
    fn gate(&self, pod: &Namespace, uid: u32) -> Command {
        let (policy, audit) = (self.bundle.path().to_string_lossy(), self.audit());
        let log = self.folder.path().join("log");
        let audit = audit.to_string_lossy().into_owned();
        let place = ["--policy", &policy, "--audit", &audit];
        let words = [&[GATE], GATE_WORDS, &place].concat();
        let mut command = pod.command_as(uid, &words);
        command.stderr(std::fs::File::create(log).expect("the folder can be written"));
        command
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Pod {
    fn new() -> Self {
        let network = Network::new();
        let server = start(network.pod.command_as(SERVER_USER, &[python(), SERVER, "8080"]), "listening");
        let (files, load) = (Files::new(), [ONLY_NET_ADMIN, REDIRECT].concat());
        network.pod.must(&load);
        let gate = start(files.gate(&network.pod, GATE_USER), "sluicegate ready");
        Self { network, _server: server, gate, files }
    }

    /// The records of calls from `ip`, by the tool.
    fn records(&self, ip: &str, tool: &str) -> usize {
        let text = std::fs::read_to_string(self.files.audit()).unwrap_or_default();
        let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        records
            .filter(|record| record["source"]["ip"] == ip && record["action"]["target"] == tool)
            .filter(|record| record["stage"] == "decision")
            .count()
    }

    fn metric(&self, series: &str) -> f64 {
        let (_, text) =
            finished(self.network.pod.command(&[python(), CLIENT, "GET", "http://127.0.0.1:15820/metrics"]));
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("no {series} in {text}"))
    }

    /// What becomes of a call of `tool`.
    fn call(&self, client: Command, tool: &str) -> String {
        let mut client = client;
        client.args([ALICE, &call(1, tool, "{}")]);
        finished(client).1
    }
}

/// A client as `uid` that posts to `host` at `port`; what it says follows.
fn client(namespace: &Namespace, uid: u32, host: &str, port: u16) -> Command {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    namespace.command_as(uid, &[python(), CLIENT, "POST", &format!("http://{host}:{port}/mcp")])
}

#[test]
fn nothing_reaches_the_server_but_through_the_gate() {
    if !is_able() {
        return;
    }
    let pod = Pod::new();
    let (inside, outside) = (&pod.network.pod, &pod.network.neighbour);
    let everywhere = [
        (outside, POD[0], "10.231.7.1"),
        (outside, POD[1], "fd00:231:7::1"),
        (inside, "127.0.0.1", "127.0.0.1"),
        (inside, "127.8.8.8", "127.0.0.1"),
        (inside, "::1", "::1"),
        (inside, POD[0], POD[0]),
        (inside, POD[1], POD[1]),
    ];
    for (from, to, source) in everywhere {
        let told = pod.call(client(from, SERVER_USER, to, 8080), "echo");
        assert!(
            told.starts_with("200 ") && told.contains("served echo"),
            "{to}: {told}\n{}",
            pod.files.log()
        );
        let told = pod.call(client(from, SERVER_USER, to, 8080), "delete_all");
        assert!(told.contains("not available to you"), "{to}: {told}");
        for tool in ["echo", "delete_all"] {
            wait_for(&format!("the record of {tool} to {to}"), || {
                (pod.records(source, tool) > 0).then_some(())
            });
        }
    }
    let is_past = |to: &str| pod.call(client(inside, GATE_USER, to, 8080), "delete_all");
    let before = pod.records("127.0.0.1", "delete_all");
    for to in ["127.0.0.1", "::1"] {
        assert!(is_past(to).contains("served delete_all"), "the gate's own way is open");
    }
    assert_eq!(pod.records("127.0.0.1", "delete_all"), before);
}

#[test]
fn what_is_for_no_server_is_closed_counted_and_told_seldom() {
    if !is_able() {
        return;
    }
    let pod = Pod::new();
    let (inside, outside) = (&pod.network.pod, &pod.network.neighbour);
    let _other = start(inside.command_as(SERVER_USER, &[python(), SERVER, "9000"]), "listening");
    let direct = "sluicegate_misdirected_connections_total{reason=\"direct\"}";
    let port = "sluicegate_misdirected_connections_total{reason=\"port\"}";
    assert_eq!((pod.metric(direct), pod.metric(port)), (0.0, 0.0));
    for (from, to) in [(outside, POD[0]), (outside, POD[1]), (inside, "127.0.0.1"), (inside, "::1")] {
        let told = pod.call(client(from, SERVER_USER, to, 15001), "echo");
        assert!(told.starts_with("closed "), "{to}: {told}");
    }
    assert_eq!((pod.metric(direct), pod.metric(port)), (4.0, 0.0));
    for to in POD {
        let told = pod.call(client(outside, SERVER_USER, to, 9000), "echo");
        assert!(told.starts_with("closed "), "a server that nobody listed is not reachable: {told}");
    }
    assert_eq!(pod.metric(port), 2.0);
    let flood = "import socket\nfor _ in range(300): socket.create_connection(('10.231.7.2', 9001)).close()";
    outside.must(&[python(), "-c", flood]);
    wait_for("all of them to be counted", || (pod.metric(port) == 302.0).then_some(()));
    let lines = pod.files.log().matches("for no server here").count();
    assert!((1..30).contains(&lines), "{lines} lines");
    let told = pod.call(client(inside, SERVER_USER, "127.0.0.1", 8080), "echo");
    assert!(told.contains("served echo"), "{told}");
}

#[test]
fn operators_look_from_anywhere_and_change_from_inside() {
    if !is_able() {
        return;
    }
    let mut pod = Pod::new();
    let (inside, outside) = (&pod.network.pod, &pod.network.neighbour);
    let at = |path: &str| format!("http://{}:15820{path}", POD[0]);
    for page in ["/readyz", "/livez", "/startupz", "/metrics"] {
        assert!(outside.must(&[python(), CLIENT, "GET", &at(page)]).starts_with("200 "), "{page}");
    }
    for (method, page) in [("POST", "/drain"), ("POST", "/-/reload"), ("PUT", "/log-level")] {
        let told = outside.must(&[python(), CLIENT, method, &at(page), "", "debug"]);
        assert!(told.starts_with("403 ") && told.contains("127.0.0.1"), "{page}: {told}");
    }
    assert!(outside.must(&[python(), CLIENT, "GET", &at("/readyz")]).starts_with("200 "));
    inside.must(&[GATE, "drain", "--wait", "0s"]);
    assert!(outside.must(&[python(), CLIENT, "GET", &at("/readyz")]).starts_with("503 "));
    let id = pod.gate.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().is_ok_and(|status| status.success()));
    let status = wait_for("the gate to end", || pod.gate.0.try_wait().ok().flatten());
    assert!(status.success(), "{status} within {PATIENCE:?}");
}

#[test]
fn loads_one_table_however_often_and_as_nft_would() {
    if !is_able() {
        return;
    }
    let network = Network::new();
    let pod = &network.pod;
    let load = [ONLY_NET_ADMIN, REDIRECT].concat();
    let printed = pod.must(&[REDIRECT, &["--print"]].concat());
    assert_eq!(pod.must(&["nft", "list", "ruleset"]), "", "printing changes nothing");
    for _ in 0..3 {
        pod.must(&load);
    }
    let golden = include_str!("table.nft");
    assert_eq!(printed, golden);
    assert_eq!(pod.must(&["nft", "list", "ruleset"]), golden);
    // What nft makes of the printed table is what was loaded, to the byte.
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), &printed).expect("it is ours");
    let path = file.path().to_string_lossy();
    network.neighbour.must(&["nft", "-f", &path]);
    let bytes = |namespace: &Namespace| {
        let told = namespace.must(&["nft", "--debug=netlink", "list", "ruleset"]);
        told.lines().filter(|line| line.trim_start().starts_with('[')).map(str::to_owned).collect::<Vec<_>>()
    };
    let loaded = bytes(pod);
    assert!(loaded.len() > 10, "{loaded:?}");
    assert_eq!(loaded, bytes(&network.neighbour));
    // Another load with other ports leaves nothing of the first, and nothing of others' tables is touched.
    pod.must(&["nft", "add table inet other"]);
    let other = ["--port", "3000", "--port", "3001", "--to", "15002", "--uid", "2103"];
    pod.must(&[&[GATE, "redirect"], &other[..]].concat());
    let listed = pod.must(&["nft", "list", "ruleset"]);
    assert!(listed.contains("table inet other") && !listed.contains("8080"), "{listed}");
    assert_eq!(listed.matches("redirect to :15002").count(), 3, "{listed}");
}

#[test]
fn runs_what_the_page_shows() {
    let page = include_str!("../../docs/servers.md");
    let shown = |words: &[&str]| page.contains(&words.join(" "));
    assert!(shown(&[&["sluicegate"], &REDIRECT[1..]].concat()));
    assert!(shown(&[&["sluicegate"], GATE_WORDS].concat()));
}

#[test]
fn says_what_is_missing() {
    if !is_able() {
        return;
    }
    let network = Network::new();
    let pod = &network.pod;
    let without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];
    let (is_well, told) = pod.run(&[&without, REDIRECT].concat());
    assert!(!is_well && told.contains("NET_ADMIN") && told.contains("runAsUser"), "{told}");
    assert_eq!(pod.must(&["nft", "list", "ruleset"]), "");
    let same = [GATE, "redirect", "--port", "8080", "--to", "8080", "--uid", "2102"];
    let (is_well, told) = pod.run(&same);
    assert!(!is_well && told.contains("circle"), "{told}");
}

#[test]
fn a_gate_that_would_call_itself_does_not_start() {
    if !is_able() {
        return;
    }
    let network = Network::new();
    network.pod.must(REDIRECT);
    let files = Files::new();
    chown(files.folder.path(), Some(SERVER_USER), Some(SERVER_USER)).expect("root may");
    let (is_well, _) = finished(files.gate(&network.pod, SERVER_USER));
    let log = files.log();
    assert!(!is_well && log.contains("comes back to it") && log.contains("runAsUser"), "{log}");
}
