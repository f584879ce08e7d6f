//! Enrolled pods that run without the gate, counted by asking an API server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::stage::{INSIDE, Stage, asking, settings};
use crate::support::upstream::{After, Upstream, send_json};
use crate::support::wait_for;

const PODS: &str = "sluicegate_injector_uninjected_pods";
const AT: &str = "sluicegate_injector_pods_counted_timestamp_seconds";

/// An API server with two enrolled namespaces; pods of `tools` come on two pages.
struct Cluster {
    server: Upstream,
    tools: Arc<Mutex<Vec<Value>>>,
    is_forbidden: Arc<AtomicBool>,
}

fn pod(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut pod = asking();
    pod["metadata"]["name"] = name.into();
    pod["status"] = json!({ "phase": "Running" });
    change(&mut pod);
    pod
}

impl Cluster {
    fn start(tools: Vec<Value>) -> Self {
        let tools = Arc::new(Mutex::new(tools));
        let is_forbidden = Arc::new(AtomicBool::new(false));
        let (pods, forbidden) = (Arc::clone(&tools), Arc::clone(&is_forbidden));
        let server = Upstream::start(move |got, stream| {
            let path = got.head.split(' ').nth(1).unwrap_or_default().to_owned();
            assert!(got.head.to_ascii_lowercase().contains("authorization: bearer of-the-account"), "{path}");
            let list = |items: Value, next: &str| {
                json!({ "kind": "List", "metadata": { "continue": next }, "items": items }).to_string()
            };
            let pods = pods.lock().expect("no thread panicked with it").clone();
            let half = pods.len().div_ceil(2);
            let (status, body) = match path.split_once('?').unwrap_or((&path, "")) {
                _ if forbidden.load(Ordering::SeqCst) => (403, r#"{"kind":"Status"}"#.to_owned()),
                ("/api/v1/namespaces", query) => {
                    assert!(query.contains("labelSelector=sluicegate.dev%2Finjection%3Denabled"), "{query}");
                    let named = |name| json!({ "metadata": { "name": name } });
                    (200, list(json!([named("tools"), named("quiet")]), ""))
                }
                ("/api/v1/namespaces/tools/pods", query) if query.contains("continue=half%2F2") => {
                    (200, list(pods[half..].into(), ""))
                }
                ("/api/v1/namespaces/tools/pods", _) => (200, list(pods[..half].into(), "half/2")),
                ("/api/v1/namespaces/quiet/pods", _) => (200, list(json!([]), "")),
                (other, _) => panic!("nobody asks for {other}"),
            };
            send_json(stream, status, &body);
            After::Keep
        });
        Self { server, tools, is_forbidden }
    }

    fn stage(&self) -> (Stage, tempfile::TempDir) {
        let account = tempfile::tempdir().expect("a folder");
        std::fs::write(account.path().join("token"), "of-the-account\n").expect("written");
        let (api, folder) = (self.server.url().replace("/mcp", ""), account.path().display().to_string());
        let words =
            ["--count-pods", "1s", "--api-server", &api, "--api-credentials", &folder].map(str::to_owned);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        (Stage::new(&settings(""), &words), account)
    }
}

#[track_caller]
fn wait_for_pods(stage: &Stage, count: f64) {
    wait_for("the count", || {
        let text = stage.page("/metrics").text();
        let found = text.lines().find_map(|line| line.strip_prefix(PODS)?.trim().parse::<f64>().ok());
        (found == Some(count)).then_some(())
    });
}

#[test]
fn counts_pods_that_run_without_the_gate() {
    let cluster = Cluster::start(vec![
        pod("old", |_| {}),
        pod("guarded", |pod| {
            let gate = json!({ "name": "sluicegate", "image": "registry.example/acme/sluicegate" });
            pod["spec"]["initContainers"] = json!([gate]);
        }),
        pod("done", |pod| pod["status"]["phase"] = "Succeeded".into()),
        pod("leaving", |pod| pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into()),
        pod("on-the-host", |pod| pod["spec"]["hostNetwork"] = true.into()),
        pod("opted-out", |pod| {
            pod["metadata"]["annotations"] = json!({ "sluicegate.dev/inject": "disabled" });
        }),
    ]);
    let (stage, _account) = cluster.stage();
    wait_for_pods(&stage, 2.0);
    let log = wait_for("the line that names them", || {
        let log = stage.log();
        log.contains("tools/old tools/on-the-host").then_some(log)
    });
    assert!(!log.contains("of-the-account") && !log.contains(INSIDE), "{log}");
    cluster
        .tools
        .lock()
        .expect("no thread panicked with it")
        .retain(|pod| pod["metadata"]["name"] == "guarded");
    wait_for_pods(&stage, 0.0);
}

#[test]
fn says_that_it_may_not_count_and_keeps_the_number() {
    let cluster = Cluster::start(vec![pod("old", |_| {})]);
    let (stage, _account) = cluster.stage();
    wait_for_pods(&stage, 1.0);
    cluster.is_forbidden.store(true, Ordering::SeqCst);
    wait_for("the refusal", || {
        let log = stage.log();
        log.contains("/api/v1/namespaces: HTTP status 403: grant the injector's service account")
            .then_some(())
    });
    assert_eq!(stage.metric(PODS), 1.0);
    let counted = stage.metric(AT);
    let wanted = "sluicegate_injector_requests_total";
    assert!(counted > 0.0 && stage.page("/metrics").text().contains(wanted));
    assert_eq!(stage.page("/readyz").status(), 200, "reviews are not concerned");
}

#[test]
fn asks_nothing_where_it_was_not_told_to_count() {
    let stage = Stage::new(&settings(""), &[]);
    assert!(!stage.page("/metrics").text().contains(PODS));
}
