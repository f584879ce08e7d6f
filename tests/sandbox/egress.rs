//! The way out of a sandbox with a network: real clients reach the hosts of the list, and nothing else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sluicegate::policy::Hosts;
use sluicegate::report::{Egress, EgressReason, RefusedEgress};
use sluicegate::serve::sandbox::{Door, Witness};

use super::policy;
use super::probes::launcher;
use super::support::bundle::{ALICE, Bundle};
use super::support::gate::{Gate, sluicegate};
use super::support::peers::{Client, python_stdio};
use super::support::wait_for;

/// A host outside, which answers every request with the same words. Its port.
fn host() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("a client comes");
            let _ = client.read(&mut [0; 4096]);
            let _ = client
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\nfrom outside");
        }
    });
    port
}

struct Way {
    door: Door,
    hosts: Vec<String>,
    heard: Arc<Heard>,
}

/// What was told of connections to the outside.
#[derive(Default)]
struct Heard {
    left: Mutex<Vec<Egress>>,
    refused: Mutex<Vec<RefusedEgress>>,
}

impl Witness for Heard {
    fn left(&self, result: Egress) {
        self.left.lock().expect("no thread panicked with it").push(result);
    }

    fn refused(&self, what: RefusedEgress) {
        self.refused.lock().expect("no thread panicked with it").push(what);
    }
}

impl Way {
    fn to(hosts: &[String], private: &[&str]) -> Self {
        let private: Vec<_> = private.iter().map(|text| text.parse().expect("it is well formed")).collect();
        let list = Hosts::parse(hosts, &private).expect("these are hosts");
        let (heard, exact) = (Arc::<Heard>::default(), list.exact());
        let door = Door::open(list, Arc::clone(&heard) as _).expect("a socket can be opened");
        Self { door, hosts: exact, heard }
    }

    /// What a program in a sandbox with this way out prints.
    fn run(&self, words: &[&str]) -> String {
        let mut options = vec!["--net".to_owned(), format!("--door={}", self.door.name())];
        options.extend(self.hosts.iter().map(|host| format!("--host={host}")));
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let said = launcher(&options).args(words).stdin(Stdio::null()).output().expect("it can be started");
        format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr))
    }

    fn told(&self) -> Vec<Egress> {
        std::mem::take(&mut self.heard.left.lock().expect("no thread panicked with it"))
    }

    /// Where nobody was let to, and why.
    fn refused(&self) -> Vec<(String, u16, EgressReason)> {
        let refused = std::mem::take(&mut *self.heard.refused.lock().expect("no thread panicked with it"));
        refused.into_iter().map(|what| (what.host.into(), what.port, what.reason)).collect()
    }
}

const NODE: &str =
    "fetch(process.argv[1]).then(a => a.text()).then(console.log, f => console.log(f.cause.code))";
const PYTHON: &str = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())";
/// By the variable, as clients that know a proxy do.
const TUNNEL: &str = "
import http.client, os, sys, urllib.parse
proxy = urllib.parse.urlparse(os.environ['HTTPS_PROXY'])
client = http.client.HTTPConnection(proxy.hostname, proxy.port)
client.set_tunnel(sys.argv[1], int(sys.argv[2]))
try:
    client.request('GET', '/')
    print(client.getresponse().read().decode())
except OSError as fault:
    print(fault)
";

#[test]
fn real_clients_reach_the_hosts_of_the_list() {
    let port = host();
    let way = Way::to(&[format!("localhost:{port}")], &["127.0.0.0/8"]);
    let url = format!("http://localhost:{port}/");
    for words in [
        &["node", "-e", NODE, &url][..],
        &["/usr/bin/python3", "-c", PYTHON, &url],
        &["/usr/bin/python3", "-c", TUNNEL, "localhost", &port.to_string()],
    ] {
        assert_eq!(way.run(words).trim(), "from outside", "{words:?}");
    }
    assert_eq!(way.told(), [Egress::Allowed; 3]);
}

#[test]
fn nothing_else_is_reached() {
    let port = host();
    let way = Way::to(&[format!("localhost:{port}"), "*.example.com".into()], &["127.0.0.0/8"]);
    let tunnel =
        |host: &str, port: u16| way.run(&["/usr/bin/python3", "-c", TUNNEL, host, &port.to_string()]);
    for (host, port) in [("example.net", 443), ("localhost", port ^ 1), ("127.0.0.1", port)] {
        assert!(tunnel(host, port).contains("403"), "{host}:{port}");
    }
    assert_eq!(way.told(), [Egress::Refused; 3]);
    let unlisted = |host: &str, port: u16| (host.to_owned(), port, EgressReason::Unlisted);
    assert_eq!(
        way.refused(),
        [unlisted("example.net", 443), unlisted("localhost", port ^ 1), unlisted("127.0.0.1", port)]
    );
    // Words that are no host's are not handed on.
    let script = "import http.client, os, sys, urllib.parse\n\
        proxy = urllib.parse.urlparse(os.environ['HTTPS_PROXY'])\n\
        client = http.client.HTTPConnection(proxy.hostname, proxy.port)\n\
        client.request('GET', sys.argv[1])\nprint(client.getresponse().status)\n";
    assert_eq!(way.run(&["/usr/bin/python3", "-c", script, "http://example.net/secret-1"]).trim(), "405");
    assert_eq!(way.told(), [Egress::Refused]);
    assert_eq!(way.refused(), [("-".to_owned(), 0, EgressReason::Malformed)]);
    // Not by the address of the host either, whatever the sandbox calls it: there is nobody.
    let direct = way.run(&["node", "-e", NODE, &format!("http://127.0.0.1:{}/", host())]);
    assert!(direct.contains("EACCES") || direct.contains("ECONNREFUSED"), "{direct}");
    assert_eq!(way.told(), []);
}

#[test]
fn a_name_on_the_list_does_not_lead_to_the_neighbours() {
    let port = host();
    let way = Way::to(&[format!("localhost:{port}")], &[]);
    let answer = way.run(&["/usr/bin/python3", "-c", TUNNEL, "localhost", &port.to_string()]);
    assert!(answer.contains("403"), "{answer}");
    let answer = way.run(&["node", "-e", NODE, &format!("http://localhost:{port}/")]);
    assert!(!answer.contains("from outside"), "{answer}");
    assert_eq!(way.told(), [Egress::Refused; 2]);
    assert_eq!(
        way.refused(),
        [
            ("localhost".to_owned(), port, EgressReason::Private),
            ("localhost".to_owned(), port, EgressReason::Private)
        ]
    );
}

#[test]
fn the_gate_lays_and_counts_the_way_out() {
    let port = host();
    let folder = std::fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers")).unwrap();
    let (host, read) = (format!("localhost:{port}"), format!("--sandbox-read={}", folder.display()));
    let private = "--sandbox-private=127.0.0.0/8";
    let server = python_stdio();
    // It asks outside before it serves.
    let script = format!(
        "import sys, urllib.request as r, runpy\n\
         print(r.urlopen('http://{host}/').read().decode(), file=sys.stderr, flush=True)\n\
         sys.argv = sys.argv[1:]\nsys.path.insert(0, '{folder}')\n\
         runpy.run_path(sys.argv[0], run_name='__main__')\n",
        folder = folder.display()
    );
    let words = [
        "--sandbox=net",
        "--sandbox-host",
        &host,
        private,
        &read,
        "--",
        &server[0],
        "-c",
        &script,
        &server[1],
        "stdio",
    ];
    let gate = Gate::with(Bundle::new(&policy(&["echo"], &[])), &words);
    let steps = json!([{"call": "echo", "args": {"message": "from inside"}}]);
    let outcome = Client::PythonLegacy.run(&gate.url(), ALICE, &steps);
    assert!(outcome["steps"][0].to_string().contains("from inside"), "{outcome}\n{}", gate.log());
    wait_for("the words from outside", || gate.log().contains("from outside").then_some(()));
    let allowed = gate.metric("sluicegate_sandbox_egress_total", "result=\"allowed\"");
    assert!((allowed - 1.0).abs() < f64::EPSILON, "{allowed}");
    let status: Value = serde_json::from_str(&gate.page("/status").text()).unwrap();
    assert_eq!(status["sandbox"]["server"]["seccomp"], true, "{status}");
    assert_eq!(status["sandbox"]["server"]["missing"], json!([]), "{status}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for (words, said) in [
        (&["--sandbox=net", "--", "cat"][..], "--sandbox-host"),
        (&["--sandbox=strict", "--sandbox-host=a.example.com", "--", "cat"], "--sandbox=net"),
        (&["--sandbox=net", "--sandbox-host=https://a", "--", "cat"], "is no host"),
    ] {
        let bundle = Bundle::new(&policy(&["echo"], &[]));
        let mut command = sluicegate();
        command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--policy"]);
        let ended = command.arg(bundle.path()).args(words).output().unwrap();
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.code() == Some(3) && text.contains(said), "{text}");
    }
}

#[test]
fn a_way_out_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = Bundle::new(&policy(&["echo"], &[]));
    let words = ["--sandbox=net", "--sandbox-host=a.example.com", "--", "cat"];
    let gate = Gate::below(&format!("export TMPDIR='{}'", folder.path().display()), bundle, &words);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert!(left.is_empty(), "while it runs: {left:?}");
    drop(gate);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert!(left.is_empty(), "afterwards: {left:?}");
}

#[test]
fn a_way_out_that_nobody_answers_for_is_told() {
    // By a name that no gate has, and by none at all: whoever changes the launcher must not open a network.
    for door in [&["--door=sluicegate-no-such"][..], &[]] {
        let words: Vec<&str> = ["--net", "--host=a.example.com:443"].iter().chain(door).copied().collect();
        let said = launcher(&words).arg("true").output().expect("it can be started");
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(3), "{text}");
        assert!(
            text.starts_with("SG0437: the server has no way out") && text.contains("log of the gate"),
            "{text}"
        );
    }
}

#[test]
fn another_user_gets_no_answer_at_the_door() {
    use super::probes::{Who, as_who, can_be};
    if !can_be(Who::Root) {
        return;
    }
    let way = Way::to(&["a.example.com".into()], &[]);
    let words = ["--net", &format!("--door={}", way.door.name()), "--host=a.example.com:443"];
    let tried = |who: Who| {
        let mut command = launcher(&words);
        as_who(&mut command, who);
        let said = command.arg("true").output().expect("it can be started");
        (said.status.code(), String::from_utf8_lossy(&said.stderr).into_owned())
    };
    assert_eq!(tried(Who::Root), (Some(0), String::new()));
    let (code, text) = tried(Who::Nobody);
    assert!(code == Some(3) && text.starts_with("SG0437: "), "{text}");
}

/// The records of refused ways out, as written so far.
fn refusals(gate: &Gate) -> Vec<Value> {
    let text = std::fs::read_to_string(gate.audit()).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|record| record["stage"] == "egress.refused").collect()
}

#[test]
fn the_audit_tells_what_was_refused_and_is_not_flooded() {
    // A hundred times one host, and once another, before it ends without an answer.
    let script = "import http.client, os, sys, urllib.parse\n\
        proxy = urllib.parse.urlparse(os.environ['HTTPS_PROXY'])\n\
        def reach(host):\n\
        \x20   client = http.client.HTTPSConnection(proxy.hostname, proxy.port)\n\
        \x20   client.set_tunnel(host, 443)\n\
        \x20   try: client.request('GET', '/')\n\
        \x20   except OSError: pass\n\
        for _ in range(100): reach('evil.example.net')\n\
        reach('other.example.net')\n";
    let words = ["--sandbox=net", "--sandbox-host=a.example.com", "--", "/usr/bin/python3", "-c", script];
    let mut gate = Gate::with(Bundle::new(&policy(&["echo"], &[])), &words);
    // Whoever comes makes the gate start it.
    let hello = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "acme", "version": "1"}}
    });
    gate.post(ALICE, &hello.to_string());
    let first = wait_for("a record of each host", || Some(refusals(&gate)).filter(|all| all.len() >= 2));
    for (record, host) in first.iter().zip(["evil.example.net", "other.example.net"]) {
        let egress = &record["egress"];
        assert_eq!((&egress["host"], &egress["port"]), (&json!(host), &json!(443)), "{record}");
        assert_eq!((&egress["reason"], &egress["count"]), (&json!("not_listed"), &json!(1)), "{record}");
        assert_eq!(record["resource"]["server"], "peer", "{record}");
    }
    // What was not written yet is written at the end.
    gate.signal("TERM");
    assert!(gate.ended().success());
    let all = refusals(&gate);
    let counts = |host: &str| {
        let of_host = all.iter().filter(|record| record["egress"]["host"] == host);
        of_host.map(|record| record["egress"]["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert!(counts("evil.example.net") >= 100 && all.len() <= 4, "{all:?}");
    let said = sluicegate().args(["audit", "verify"]).arg(gate.audit()).output().unwrap();
    assert!(said.status.success(), "{said:?}");
}
