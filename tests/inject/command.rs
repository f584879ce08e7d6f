//! `sluicegate inject` and `sluicegate install`, as people and pipelines use them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use sluicegate::inject::manifest::read;

const SETTINGS: &str = "version: 1\nimage: acme/sluicegate:1\npolicy: { default: base }\n";

const DEPLOYMENT: &str = "# the server
apiVersion: apps/v1
kind: Deployment
metadata: {name: weather, namespace: tools}
spec:
  selector: {matchLabels: {app: weather}}
  template:
    metadata:
      labels: {app: weather}
      annotations: {sluicegate.dev/inject: enabled}
    spec:
      containers:
      - name: server
        image: registry.example/acme/weather-mcp:1.2.3
        ports: [{name: mcp, containerPort: 8080}]
";

const SERVICE: &str = "---
# stays as it is
apiVersion: v1
kind: Service
metadata: {name: weather, namespace: tools}
spec: {selector: {app: weather}, ports: [{port: 80,   targetPort: mcp}]}
";

fn sluicegate(words: &[&str], input: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("injector.yaml");
    fs::write(&settings, SETTINGS).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
        .args(["inject", "--settings"])
        .arg(&settings)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn changes_templates_and_leaves_the_rest_byte_for_byte() {
    let input = format!("{DEPLOYMENT}{SERVICE}");
    let ran = sluicegate(&["-f", "-"], &input);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let out = text(&ran.stdout);
    assert!(out.ends_with(SERVICE), "{out}");
    assert_eq!(text(&ran.stderr), "Deployment tools/weather: injected, mode named-port\n");
    let documents = read(&out).expect("YAML");
    let template = &documents[0].value["spec"]["template"]["spec"];
    assert_eq!(template["initContainers"][0]["name"], "sluicegate");
    let again = sluicegate(&["-f", "-"], &out);
    assert_eq!(text(&again.stdout), out, "a second time changes nothing");
}

#[test]
fn json_comes_back_as_json() {
    let value = &read(DEPLOYMENT).expect("YAML")[0].value;
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": [value] });
    let ran = sluicegate(&["-f", "-"], &list.to_string());
    let out: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!(out["items"][0]["spec"]["template"]["spec"]["initContainers"][0]["name"], "sluicegate");
}

#[test]
fn writes_nothing_where_one_pod_may_not_run() {
    let bad = DEPLOYMENT
        .replace("sluicegate.dev/inject: enabled", "sluicegate.dev/inject: enabled, sluicegate.dev/mdoe: x");
    let ran = sluicegate(&["-f", "-"], &format!("{SERVICE}---\n{bad}"));
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(1), String::new()));
    let told = text(&ran.stderr);
    assert!(told.contains("Deployment tools/weather: refused: SG0404: there is no annotation `sluicegate.dev/mdoe`; did you mean `mode`?"), "{told}");
}

#[test]
fn shows_the_difference_and_no_more() {
    let ran = sluicegate(&["-f", "-", "--diff"], &format!("{DEPLOYMENT}{SERVICE}"));
    let diff = text(&ran.stdout);
    assert!(diff.contains("-        - name: mcp\n") || diff.contains("mcp-app"), "{diff}");
    assert!(
        diff.lines().filter(|line| line.starts_with('-') && !line.starts_with("---")).count() <= 2,
        "{diff}"
    );
    assert!(!diff.contains("kind: Service"), "{diff}");
}

#[test]
fn tells_a_pipeline_what_is_not_as_it_should_be() {
    let verify = |input: &str| {
        let ran = sluicegate(&["-f", "-", "--verify"], input);
        (ran.status.code(), text(&ran.stdout))
    };
    let (code, told) = verify(DEPLOYMENT);
    assert_eq!(code, Some(1));
    assert!(
        told.starts_with("-: Deployment tools/weather: SG0460: it asks for a gate and has none"),
        "{told}"
    );
    let injected = text(&sluicegate(&["-f", "-"], &format!("{DEPLOYMENT}{SERVICE}")).stdout);
    assert_eq!(verify(&injected), (Some(0), String::new()));
    let (code, told) = verify(&injected.replace("acme/sluicegate:1", "acme/sluicegate:0"));
    assert_eq!(code, Some(1));
    assert!(told.contains("SG0461"), "{told}");
    for target in ["targetPort: 8080", "targetPort: mcp-app"] {
        let (code, told) = verify(&injected.replace("targetPort: mcp", target));
        assert_eq!(code, Some(1));
        assert!(told.contains("Service tools/weather: SG0462: its target port"), "{told}");
    }
}

#[test]
fn says_what_it_cannot_read() {
    for (words, input, code, wanted) in [
        (vec!["-f", "gone.yaml"], "", 3, "cannot read gone.yaml"),
        (vec!["-f", "-"], "a: [", 3, "-: line 1: not readable as YAML"),
        (vec!["-f", "-"], "a: 1\na: 2\n", 3, "the key `a` stands twice"),
        (vec!["-f", "-", "--diff", "--verify"], "", 2, "cannot be used with"),
        (vec![], "", 2, "--file"),
    ] {
        let ran = sluicegate(&words, input);
        assert_eq!(ran.status.code(), Some(code), "{words:?}");
        assert!(text(&ran.stderr).contains(wanted), "{}", text(&ran.stderr));
    }
}

#[test]
fn the_program_is_copied_whole_and_may_be_run_by_anybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let install = |directory: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
        command.arg("install").arg(directory).output().expect("it runs")
    };
    for _ in 0..2 {
        let ran = install(folder.path());
        assert!(ran.status.success(), "{}", text(&ran.stderr));
    }
    let target = folder.path().join("sluicegate");
    let (copy, own) = (
        fs::metadata(&target).expect("a copy"),
        fs::metadata(env!("CARGO_BIN_EXE_sluicegate")).expect("it is there"),
    );
    assert_eq!((copy.len(), copy.permissions().mode() & 0o7777), (own.len(), 0o555));
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing unfinished is left");
    let version = Command::new(&target).arg("--version").output().expect("it runs");
    assert!(version.status.success());
    let ran = install(&folder.path().join("gone"));
    assert_eq!(ran.status.code(), Some(3));
    assert!(text(&ran.stderr).contains("cannot write"), "{}", text(&ran.stderr));
}

/// A gate that is started, and ended with the test.
struct Gate(Child);

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_endpoint_is_where_the_server_has_it() {
    let words =
        "run --listen 127.0.0.1:0 --admin 127.0.0.1:0 --path /api/mcp --upstream http://127.0.0.1:1/api/mcp";
    let folder = tempfile::tempdir().expect("a folder");
    let gate = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
        .args(words.split(' '))
        .arg("--audit")
        .arg(folder.path().join("audit.jsonl"))
        .args(["--policy", "policies/quickstart"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut gate = Gate(gate.expect("the binary starts"));
    let mut line = String::new();
    BufReader::new(gate.0.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it is");
    let place = line.split("listen=http://").nth(1).and_then(|rest| rest.split(' ').next()).expect("a place");
    let (address, path) = place.split_once('/').expect("a path");
    assert_eq!(path, "api/mcp");
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(address).expect("it listens");
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    };
    let elsewhere = ask("/mcp");
    assert!(elsewhere.starts_with("HTTP/1.1 404 ") && elsewhere.contains("at /api/mcp"), "{elsewhere}");
    assert!(!ask("/api/mcp").starts_with("HTTP/1.1 404 "));
}
