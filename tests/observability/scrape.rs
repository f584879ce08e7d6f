//! A real Prometheus scrapes a gate: its rules are evaluated, an alert fires from traffic, the dashboard has answers.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::dashboard;
use crate::exposition::{policy, server, touch};
use crate::summary;
use crate::support::bundle::{ALICE, Bundle};
use crate::support::gate::Gate;
use crate::support::wait_for;
use crate::support::wire::Wire;
use crate::tools::{RULES, program};

/// What may answer nothing, where all is well or where a gate is not run so.
const SILENT: &[(&str, &str)] = &[
    ("Age of keys", "no issuer is asked for keys"),
    ("Certificates", "TLS is not served"),
    ("Policy reloads", "no policy was reloaded"),
    ("Since the last write", "no record waits"),
];

/// A Prometheus, for as long as the value lives.
struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    /// Starts it with what lies in `folder`.
    fn start(mut command: Command, folder: &Path) -> Self {
        // Somebody else may take the port before Prometheus does: then it ends at once, and another one is tried.
        for _ in 0..5 {
            let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = held.local_addr().expect("it is bound");
            drop(held);
            command.arg(format!("--config.file={}", folder.join("prometheus.yml").display()));
            command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
            command.args([&format!("--web.listen-address={address}"), "--log.level=error"]);
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let mut prometheus = Self { child: child.expect("it can be started"), address };
            let is_ready = wait_for("Prometheus to be ready, or to end", || {
                if prometheus.child.try_wait().ok().flatten().is_some() {
                    return Some(false);
                }
                prometheus.is_ready().then_some(true)
            });
            if is_ready {
                return prometheus;
            }
            command = Command::new(command.get_program());
        }
        panic!("Prometheus does not start");
    }

    fn is_ready(&self) -> bool {
        std::net::TcpStream::connect(self.address).is_ok() && self.get("/-/ready").0 == 200
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut wire = Wire::connect(self.address);
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
        let answer = wire.answer();
        (answer.status(), answer.text())
    }

    fn data(&self, path: &str) -> Value {
        let (status, text) = self.get(path);
        let json: Value = serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"));
        assert_eq!((status, json["status"].as_str()), (200, Some("success")), "{path}: {text}");
        json["data"].clone()
    }

    /// What a query answers now: its samples.
    fn ask(&self, query: &str) -> Vec<Value> {
        let data =
            self.data(&format!("/api/v1/query?query={}", utf8_percent_encode(query, NON_ALPHANUMERIC)));
        data["result"].as_array().cloned().unwrap_or_default()
    }

    /// Every rule, of both kinds.
    fn rules(&self) -> Vec<Value> {
        let groups = self.data("/api/v1/rules")["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect()
    }

    /// Whether an alert is `pending` or `firing`.
    fn is(&self, alert: &str, state: &str) -> bool {
        self.rules().iter().any(|rule| rule["name"] == alert && rule["state"] == state)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes what Prometheus reads: our rules, evaluated every second, and one gate to scrape.
fn furnish(folder: &Path, gate: &Gate) {
    let rules = std::fs::read_to_string(RULES).expect("the rules are there");
    // Nobody waits for minutes here; what the times are is tested by the unit tests of the rules.
    let rules = rules.replace("interval: 30s", "interval: 1s").replace("for: 5m", "for: 3s");
    std::fs::write(folder.join("rules.yaml"), rules).expect("written");
    let config = format!(
        "global: {{ scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }}\n\
         rule_files: [rules.yaml]\n\
         scrape_configs:\n  \
           - job_name: gates\n    \
             static_configs: [{{ targets: ['{}'], labels: {{ namespace: acme, pod: gate-1 }} }}]\n",
        gate.admin
    );
    std::fs::write(folder.join("prometheus.yml"), config).expect("written");
}

#[test]
fn a_real_prometheus_scrapes_evaluates_and_fires() {
    let Some(command) = program("scrape", "prometheus") else { return };
    let (upstream, folder) = (server(), tempfile::tempdir().expect("a folder"));
    let url = upstream.url();
    let words = ["--upstream", url.as_str(), "--metrics-by", "rule", "--metrics-by", "tool"];
    let gate = Gate::with(Bundle::new(&policy()), &words);
    touch(&gate);
    furnish(folder.path(), &gate);
    let prometheus = Prometheus::start(command, folder.path());
    wait_for("the gate to be scraped", || {
        prometheus.ask("up{job=\"gates\"}").iter().any(|sample| sample["value"][1] == "1").then_some(())
    });
    let series = prometheus.ask("count({job=\"gates\"})");
    let series: f64 = series[0]["value"][1].as_str().and_then(|count| count.parse().ok()).expect("a number");
    assert!(series > 500.0, "{series} series");

    // Half of what is asked for is denied, from now on and for as long as it takes.
    wait_for("the alert to be pending", || {
        ask_around(&gate);
        prometheus.is("SluicegateDenySpike", "pending").then_some(())
    });
    wait_for("the alert to fire", || {
        ask_around(&gate);
        prometheus.is("SluicegateDenySpike", "firing").then_some(())
    });
    assert!(!prometheus.is("SluicegateErrorBudgetBurn", "firing"), "what is denied is no failure");
    let alert = prometheus.ask(r#"ALERTS{alertname="SluicegateDenySpike",alertstate="firing"}"#);
    assert_eq!(alert[0]["metric"]["namespace"], "acme", "{alert:?}");

    let rules = wait_for("every rule to be evaluated", || {
        let rules = prometheus.rules();
        rules.iter().all(|rule| rule["health"] != "unknown").then_some(rules)
    });
    assert_eq!(rules.len(), 27);
    for rule in &rules {
        assert_eq!((rule["health"].as_str(), &rule["lastError"]), (Some("ok"), &Value::Null), "{rule}");
    }
    let panels = answers(&prometheus, &gate);
    let line = format!(
        "Prometheus took {series} series of a gate, evaluated {} rules, fired one, answered {panels} queries",
        rules.len()
    );
    summary::tell("observability-scrape", &line);
}

fn ask_around(gate: &Gate) {
    for tool in ["echo", "delete_all"] {
        gate.call(ALICE, tool, "{}");
    }
}

/// Asks every query of the dashboard; says how many there are.
fn answers(prometheus: &Prometheus, gate: &Gate) -> usize {
    let queries = dashboard::queries(&dashboard::read());
    for (title, query) in &queries {
        let filled = dashboard::filled(query);
        let has_answer = || {
            ask_around(gate);
            prometheus.ask(&filled).into_iter().next()
        };
        if SILENT.iter().any(|(silent, _)| silent == title) {
            prometheus.ask(&filled);
        } else {
            wait_for(&format!("an answer to `{title}`: {filled}"), has_answer);
        }
    }
    queries.len()
}
