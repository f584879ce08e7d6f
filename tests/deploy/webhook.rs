//! What is installed works together: the API server finds the injector, trusts it, and keeps what it makes of pods.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::cluster::Cluster;
use super::tools::{CHART, NAMESPACE, has, the};

const DEPLOYMENT: &str = "deployment sluicegate-injector --namespace sluicegate-system";

/// The injector, started with the words and the files that its Deployment gives it.
struct Injector(Child);

impl Injector {
    /// Starts it, and tells the stand-in where it listens.
    fn start(cluster: &Cluster, folder: &Path) -> Self {
        let deployment = cluster.get(DEPLOYMENT);
        let spec = &deployment["spec"]["template"]["spec"];
        let container = &spec["containers"][0];
        let mut places = Vec::new();
        for mount in container["volumeMounts"].as_array().expect("mounts") {
            let volumes = spec["volumes"].as_array().expect("volumes");
            let volume =
                volumes.iter().find(|volume| volume["name"] == mount["name"]).expect("it is mounted");
            let place = folder.join(mount["name"].as_str().expect("a name"));
            std::fs::create_dir_all(&place).expect("a folder");
            fill(cluster, volume, &place);
            places
                .push((mount["mountPath"].as_str().expect("a path").to_owned(), place.display().to_string()));
        }
        let words = container["args"].as_array().expect("words").iter().map(|word| {
            let word = word
                .as_str()
                .expect("text")
                .replace("0.0.0.0:8443", "127.0.0.1:0")
                .replace("0.0.0.0:15820", "127.0.0.1:0");
            places.iter().fold(word, |word, (inside, outside)| word.replace(inside, outside))
        });
        let mut process = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("it says where");
        let listen = line.split_whitespace().find_map(|word| word.strip_prefix("listen=https://127.0.0.1:"));
        let port: String = listen.unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
        assert!(!port.is_empty(), "{line}");
        cluster.run(&format!("kubectl annotate service sluicegate-injector --namespace {NAMESPACE} --overwrite test.sluicegate.dev/port={port}"));
        Self(process)
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        // Ending it twice is no fault.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes the files of a volume, as the kubelet does.
fn fill(cluster: &Cluster, volume: &Value, place: &Path) {
    if let Some(name) = volume["configMap"]["name"].as_str() {
        let map = cluster.get(&format!("configmap {name} --namespace {NAMESPACE}"));
        for (key, text) in map["data"].as_object().expect("files") {
            std::fs::write(place.join(key), text.as_str().expect("text")).expect("written");
        }
        return;
    }
    let name = volume["secret"]["secretName"].as_str().expect("a Secret");
    let secret = cluster.get(&format!("secret {name} --namespace {NAMESPACE}"));
    for item in volume["secret"]["items"].as_array().expect("items") {
        let text = secret["data"][item["key"].as_str().expect("a key")].as_str().expect("it is there");
        let bytes = BASE64_STANDARD.decode(text).expect("base64");
        std::fs::write(place.join(item["path"].as_str().expect("a path")), bytes).expect("written");
    }
}

#[test]
fn enrolled_pods_get_a_gate_or_do_not_start() {
    if !has("webhook", &["helm", "kubectl", "python"]) {
        return;
    }
    let (cluster, folder) = (Cluster::start(), tempfile::tempdir().expect("a folder"));
    cluster.run(&format!("helm install sluicegate {CHART} --namespace {NAMESPACE} --create-namespace"));
    let injector = Injector::start(&cluster, folder.path());

    cluster.run("kubectl apply --filename deploy/examples/quickstart");
    let pods = cluster.get("pods --namespace quickstart")["items"].clone();
    let pod = the(pods.as_array().expect("pods"), "Pod");
    let gate = &pod["spec"]["initContainers"][0];
    assert_eq!((&gate["name"], &gate["restartPolicy"]), (&"sluicegate".into(), &"Always".into()), "{pod}");
    assert_eq!(gate["image"], cluster.get(DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["image"]);
    assert!(pod["metadata"]["annotations"]["sluicegate.dev/status"].is_string());
    let policy = pod["spec"]["volumes"]
        .as_array()
        .expect("volumes")
        .iter()
        .find(|volume| volume["name"] == "sluicegate-policy");
    assert_eq!(policy.expect("the policy is mounted")["configMap"]["name"], "clinic-policy");

    // A namespace that is not enrolled is nobody's business.
    cluster.run("kubectl create namespace plain");
    cluster.run(
        "sed 's/quickstart$/plain/' deploy/examples/quickstart/server.yaml | kubectl apply --filename -",
    );
    let pods = cluster.get("pods --namespace plain")["items"].clone();
    assert_eq!(the(pods.as_array().expect("pods"), "Pod")["spec"]["initContainers"], Value::Null);

    // Without the injector nothing starts where it must be asked, and the injector itself still does.
    drop(injector);
    cluster.run("kubectl --namespace quickstart rollout restart deployment");
    assert_eq!(cluster.get("pods --namespace quickstart")["items"], serde_json::json!([]));
    let trouble =
        cluster.get("deployment clinic --namespace quickstart")["status"]["conditions"][0]["message"].clone();
    assert!(trouble.as_str().is_some_and(|text| text.contains("failed calling webhook")), "{trouble}");
    cluster.run(&format!("kubectl label namespace {NAMESPACE} sluicegate.dev/injection=enabled"));
    cluster.run(&format!("kubectl --namespace {NAMESPACE} rollout restart deployment"));
    let own = cluster.get(&format!("pods --namespace {NAMESPACE}"))["items"].clone();
    assert_eq!(own.as_array().map(Vec::len), Some(2));
}
