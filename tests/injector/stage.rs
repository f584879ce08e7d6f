//! An injector, and an API server that asks it.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::mount::Mount;
use crate::support::authority::{Authority, Certified, Usage};
use crate::support::gate::{keep, ready, sluicegate};
use crate::support::wire::{Answer, Conduit, Wire};
use crate::support::{PATIENCE, wait_for};

/// The name that the API server calls.
pub const SERVICE: &str = "sluicegate-injector.sluicegate-system.svc";

/// What no log and no metric may hold: it stands in every pod of these tests.
pub const INSIDE: &str = "inside-the-pod";

pub const IMAGE: &str = "registry.example/acme/sluicegate@sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The operator's settings, with `more` lines.
pub fn settings(more: &str) -> String {
    format!(
        "version: 1
image: {IMAGE}
policy: {{ default: weather-policy, allowed: [weather-policy, \"team-*\"] }}
service_accounts: [\"system:serviceaccount:kube-system:*\", kubernetes-admin]
namespaces:
  closed: {{ inject: every-pod, opt_out: refuse }}
  open: {{ inject: every-pod, opt_out: allow }}
{more}"
    )
}

/// A running injector. Dropping it checks what must hold after every test, and ends it.
pub struct Stage {
    child: Child,
    /// Where the API server connects.
    pub listen: SocketAddr,
    /// Where operators connect.
    pub admin: SocketAddr,
    /// Its settings.
    pub settings: Mount,
    /// Its certificate.
    pub tls: Mount,
    /// Who certified it.
    pub authority: Authority,
    log: Arc<Mutex<String>>,
    _files: TempDir,
}

impl Stage {
    /// Starts an injector by these settings, with more words on its command line.
    pub fn new(settings: &str, words: &[&str]) -> Self {
        let files = tempfile::tempdir().expect("a temporary directory can be made");
        let authority = Authority::new("cluster");
        let Certified { pem, key, .. } = certify(&authority, 2040);
        let tls = Mount::new(&files.path().join("tls"), &[("tls.crt", &pem), ("tls.key", &key)]);
        let settings = Mount::new(&files.path().join("settings"), &[("settings.yaml", settings)]);
        let mut command = sluicegate();
        command.args(["injector", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command.arg("--settings").arg(settings.path("settings.yaml"));
        command.arg("--tls-cert").arg(tls.path("tls.crt")).arg("--tls-key").arg(tls.path("tls.key"));
        let mut child = command.args(words).spawn().expect("the binary under test can be started");
        let log = Arc::new(Mutex::new(String::new()));
        keep(child.stderr.take().expect("standard error is piped"), Arc::clone(&log));
        let (listen, admin) = ready(&mut child, &log);
        Self { child, listen, admin, settings, tls, authority, log, _files: files }
    }

    /// A new connection, encrypted, to whoever the stage's authority certified.
    pub fn connect(&self) -> Wire {
        self.connect_as(&[&self.authority]).expect("the handshake succeeds").0
    }

    /// The same, believing these authorities; with it, the certificate that was shown.
    pub fn connect_as(&self, authorities: &[&Authority]) -> Option<(Wire, Vec<u8>)> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            let pem = authority.pem();
            let root = CertificateDer::from_pem_slice(pem.as_bytes()).expect("it is PEM");
            roots.add(root).expect("it is a certificate");
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("the provider speaks TLS");
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(SERVICE).expect("it is a name");
        let client = ClientConnection::new(Arc::new(config), name).expect("it is configured");
        let mut stream = StreamOwned::new(client, self.plain());
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).ok()?;
        }
        let shown = stream.conn.peer_certificates().and_then(|chain| chain.first()).expect("it shows one");
        let shown = shown.to_vec();
        Some((Wire::over(Encrypted(stream)), shown))
    }

    /// A new connection that has said nothing.
    pub fn plain(&self) -> TcpStream {
        let stream =
            TcpStream::connect_timeout(&self.listen, PATIENCE).expect("the listener takes connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("the option can be set");
        stream
    }

    /// Posts a body, on a connection of its own.
    pub fn post(&self, body: &[u8]) -> Answer {
        let mut wire = self.connect();
        wire.send(&request(&[], body));
        wire.answer()
    }

    /// Asks about a pod that is to be created in `namespace`, and gives the response.
    #[track_caller]
    pub fn ask(&self, namespace: &str, pod: &Value) -> Value {
        let answer = self.post(review(namespace, pod).to_string().as_bytes());
        response(&answer)
    }

    /// Gets a page from the operators' listener.
    pub fn page(&self, path: &str) -> Answer {
        let mut wire = Wire::connect(self.admin);
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
        wire.answer()
    }

    /// The value of a series.
    #[track_caller]
    pub fn metric(&self, series: &str) -> f64 {
        let text = self.page("/metrics").text();
        let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        found.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("there is no {series}"))
    }

    /// How many requests came to this result for this reason.
    #[track_caller]
    pub fn count(&self, result: &str, reason: &str) -> f64 {
        self.metric(&format!(r#"sluicegate_injector_requests_total{{reason="{reason}",result="{result}"}}"#))
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        self.log.lock().expect("no thread panicked with it").clone()
    }

    /// Sends it a signal, by its process id.
    pub fn signal(&self, signal: &str) {
        let mut kill = std::process::Command::new("kill");
        let sent = kill.arg(format!("-{signal}")).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "the injector could not be signalled");
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> ExitStatus {
        wait_for("the injector to end", || self.child.try_wait().ok().flatten())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let is_running = matches!(self.child.try_wait(), Ok(None));
        let metrics = if is_running && !std::thread::panicking() {
            self.page("/metrics").text()
        } else {
            String::new()
        };
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the injector\n{}", self.log());
        } else {
            for (place, text) in [("log", self.log()), ("metrics", metrics)] {
                assert!(!text.contains(INSIDE), "the {place} holds what stands in a pod:\n{text}");
            }
        }
    }
}

/// An encrypted connection.
#[derive(Debug)]
struct Encrypted(StreamOwned<ClientConnection, TcpStream>);

impl std::io::Read for Encrypted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Encrypted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Conduit for Encrypted {
    fn finish(&mut self) {
        self.0.conn.send_close_notify();
        let _ = Write::flush(&mut self.0);
        self.0.sock.finish();
    }
}

/// A certificate for the name that the API server calls, until the begin of a year.
pub fn certify(authority: &Authority, until: i32) -> Certified {
    authority.certify(&[&format!("dns:{SERVICE}")], Usage::Server, until)
}

/// A request as the API server makes it, but for `headers`.
pub fn request(headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(headers, body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The head of a request whose body has so many bytes.
pub fn head(headers: &[(&str, &str)], length: usize) -> String {
    let length = length.to_string();
    let usual = [
        ("Host", SERVICE),
        ("User-Agent", "kube-apiserver-admission"),
        ("Accept", "application/json, */*"),
        ("Content-Type", "application/json"),
        ("Content-Length", length.as_str()),
    ];
    let is_usual = |name: &str| !headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let fields = usual.iter().filter(|(name, _)| is_usual(name)).chain(headers);
    let fields: String = fields.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST /inject?timeout=5s HTTP/1.1\r\n{fields}\r\n")
}

/// The creation of a pod by the controller of ReplicaSets, as the API server tells of it.
pub fn review(namespace: &str, pod: &Value) -> Value {
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": { "group": "", "version": "v1", "kind": "Pod" },
            "resource": { "group": "", "version": "v1", "resource": "pods" },
            "requestKind": { "group": "", "version": "v1", "kind": "Pod" },
            "requestResource": { "group": "", "version": "v1", "resource": "pods" },
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:replicaset-controller",
                "groups": ["system:serviceaccounts", "system:authenticated"],
            },
            "object": pod,
            "oldObject": null,
            "dryRun": false,
            "options": { "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" },
        },
    })
}

/// A pod with a server on a port named `mcp`, and these annotations.
pub fn pod(annotations: &[(&str, &str)]) -> Value {
    let annotations: serde_json::Map<_, _> =
        annotations.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "generateName": "weather-7d4b9-", "labels": { "app": "weather" }, "annotations": annotations },
        "spec": {
            "containers": [{
                "name": "server",
                "image": "registry.example/acme/weather-mcp:1.2.3",
                "ports": [{ "name": "mcp", "containerPort": 8080, "protocol": "TCP" }],
                "env": [{ "name": "TOKEN", "value": INSIDE }],
            }],
        },
    })
}

/// A pod that asks for injection.
pub fn asking() -> Value {
    pod(&[("sluicegate.dev/inject", "enabled")])
}

/// The response in an answer that is a review.
#[track_caller]
pub fn response(answer: &Answer) -> Value {
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.head.header("content-type"), Some("application/json"));
    let review = answer.json();
    assert_eq!(
        (&review["apiVersion"], &review["kind"]),
        (&json!("admission.k8s.io/v1"), &json!("AdmissionReview"))
    );
    review["response"].clone()
}

/// The patch in a response.
#[track_caller]
pub fn patch(response: &Value) -> Vec<Value> {
    assert_eq!(
        (&response["allowed"], &response["patchType"]),
        (&json!(true), &json!("JSONPatch")),
        "{response}"
    );
    let encoded = response["patch"].as_str().expect("there is a patch");
    serde_json::from_slice(&STANDARD.decode(encoded).expect("it is base64")).expect("it is a list")
}

/// Whether a patch puts a container of the gate's in, and by which image.
pub fn image_of(patch: &[Value]) -> Option<String> {
    let text = Value::from(patch.to_vec()).to_string();
    let at = text.find("registry.example/acme/sluicegate")?;
    Some(text[at..].split('"').next().unwrap_or_default().to_owned())
}

/// A program of others that applies patches.
pub struct Kubectl(std::path::PathBuf);

/// kubectl as the tests' tools have it; without it, a line says what is skipped.
pub fn kubectl() -> Option<Kubectl> {
    let path = std::path::Path::new("tests/tools/bin/kubectl");
    if path.exists() {
        return Some(Kubectl(path.into()));
    }
    summary("injector-kubectl", "injector: skipped what applies patches, for there is no kubectl");
    None
}

/// Leaves a line for those who read what came of the tests.
pub fn summary(name: &str, line: &str) {
    let folder = std::path::Path::new("target/summaries");
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(folder.join(format!("{name}.txt")), format!("{line}\n")));
    written.expect("a line can be left");
}

impl Kubectl {
    /// `object` with the patch applied.
    pub fn patch(&self, object: &Value, patch: &[Value]) -> Value {
        let files = tempfile::tempdir().expect("a temporary directory can be made");
        let at = |name: &str| files.path().join(name);
        std::fs::write(at("object.json"), object.to_string()).expect("a file can be written");
        std::fs::write(at("patch.json"), Value::from(patch.to_vec()).to_string())
            .expect("a file can be written");
        let mut command = std::process::Command::new(&self.0);
        command.args(["patch", "--local", "--type=json", "-o", "json"]);
        command.arg("-f").arg(at("object.json")).arg("--patch-file").arg(at("patch.json"));
        let done = command.output().expect("kubectl can be started");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("it prints JSON")
    }
}
