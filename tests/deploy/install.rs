//! What `helm install` and `helm upgrade` leave in a cluster, and the walk that docs/kubernetes.md shows.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::Value;

use super::cluster::Cluster;
use super::tools::{CHART, NAMESPACE, has};

const TOOLS: [&str; 3] = ["helm", "kubectl", "python"];
const SECRET: &str = "secret sluicegate-injector-tls --namespace sluicegate-system";
const WEBHOOK: &str = "mutatingwebhookconfiguration sluicegate-injector";

/// Another authority at each upgrade would leave replicas that the API server does not trust.
#[test]
fn an_upgrade_keeps_the_certificate() {
    if !has("install", &TOOLS) {
        return;
    }
    let cluster = Cluster::start();
    cluster.run(&format!("helm install sluicegate {CHART} --namespace {NAMESPACE} --create-namespace"));
    let first = cluster.get(SECRET)["data"].clone();
    assert!(first["ca.crt"].as_str().is_some_and(|text| text.len() > 500), "{first}");
    cluster
        .run(&format!("helm upgrade sluicegate {CHART} --namespace {NAMESPACE} --set injector.replicas=3"));
    let deployment = cluster.get("deployment sluicegate-injector --namespace sluicegate-system");
    assert_eq!(deployment["spec"]["replicas"], 3);
    assert_eq!(cluster.get(SECRET)["data"], first);
    assert_eq!(cluster.get(WEBHOOK)["webhooks"][0]["clientConfig"]["caBundle"], first["ca.crt"]);
    // One that somebody removed is made anew, and the webhook goes with it.
    cluster.run(&format!("kubectl delete {SECRET} --wait=false"));
    cluster.run(&format!("helm upgrade sluicegate {CHART} --namespace {NAMESPACE}"));
    let second = cluster.get(SECRET)["data"].clone();
    assert_ne!(second["ca.crt"], first["ca.crt"]);
    assert_eq!(cluster.get(WEBHOOK)["webhooks"][0]["clientConfig"]["caBundle"], second["ca.crt"]);
}

/// The API server asks for the injector by the name of its Service, and trusts what the webhook names.
#[test]
fn the_certificate_is_one_that_the_api_server_trusts() {
    if !has("install", &TOOLS) {
        return;
    }
    sluicegate::identity::install_crypto();
    let cluster = Cluster::start();
    cluster.run(&format!("helm install sluicegate {CHART} --namespace {NAMESPACE} --create-namespace"));
    let webhook = &cluster.get(WEBHOOK)["webhooks"][0]["clientConfig"];
    let service = &webhook["service"];
    let host = format!(
        "{}.{}.svc",
        service["name"].as_str().expect("a name"),
        service["namespace"].as_str().expect("a name")
    );
    let certificate = |text: &Value| {
        let pem = BASE64_STANDARD.decode(text.as_str().expect("text")).expect("base64");
        CertificateDer::from_pem_slice(&pem).expect("a certificate").into_owned()
    };
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&webhook["caBundle"])).expect("an authority");
    let verifier = WebPkiServerVerifier::builder(Arc::new(roots)).build().expect("a verifier");
    let leaf = certificate(&cluster.get(SECRET)["data"]["tls.crt"]);
    let trusted = |name: &str, days: u64| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let at = UnixTime::since_unix_epoch(now + std::time::Duration::from_secs(days * 86_400));
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        verifier.verify_server_cert(&leaf, &[], &name, &[], at).map(|_| ()).map_err(|fault| fault.to_string())
    };
    assert_eq!(trusted(&host, 0), Ok(()));
    assert_eq!(trusted(&host, 3600), Ok(()));
    assert!(trusted(&host, 3700).is_err());
    assert!(trusted("another.sluicegate-system.svc", 0).is_err());
    // The Service sends to a port that the pods have.
    let service = cluster.get("service sluicegate-injector --namespace sluicegate-system");
    let deployment = cluster.get("deployment sluicegate-injector --namespace sluicegate-system");
    let ports = &deployment["spec"]["template"]["spec"]["containers"][0]["ports"];
    let target = &service["spec"]["ports"][0]["targetPort"];
    assert!(
        ports
            .as_array()
            .expect("ports")
            .iter()
            .any(|port| port["name"] == *target && port["containerPort"] == 8443)
    );
    assert_eq!(service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"]);
}

/// Every line with helm or kubectl in the walk of docs/kubernetes.md, as it stands there; the README shows the first of
/// them.
#[test]
fn the_walk_of_the_pages_works() {
    if !has("walk of the pages", &TOOLS) {
        return;
    }
    let text = |path: &str| std::fs::read_to_string(path).expect("text");
    let page = text("docs/kubernetes.md");
    let lines: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(lines.len() >= 5, "{lines:?}");
    let readme = text("README.md");
    let is_cluster = |line: &&str| line.starts_with("helm ") || line.starts_with("kubectl ");
    let shown: Vec<_> = readme.lines().filter(is_cluster).collect();
    assert!(shown.len() >= 4 && lines.starts_with(&shown), "{shown:?}");
    let cluster = Cluster::start();
    cluster.run("kubectl create namespace tools");
    cluster.run(
        "sed 's/quickstart$/tools/' deploy/examples/quickstart/server.yaml | kubectl apply --filename -",
    );
    for line in &lines {
        if line.starts_with("helm ") || line.starts_with("kubectl ") {
            cluster.run(line);
        }
    }
    assert_eq!(cluster.get("namespace tools")["metadata"]["labels"]["sluicegate.dev/injection"], "enabled");
    let rolled = cluster.get("deployment clinic --namespace tools");
    let annotations = &rolled["spec"]["template"]["metadata"]["annotations"];
    assert!(annotations["kubectl.kubernetes.io/restartedAt"].is_string(), "{annotations}");
    let policy = &cluster.get("configmap sluicegate-policy --namespace tools")["data"]["policy.yaml"];
    assert_eq!(policy, &std::fs::read_to_string("policies/quickstart/policy.yaml").expect("text"));
    assert_eq!(cluster.get(WEBHOOK)["webhooks"][0]["failurePolicy"], "Fail");
}
