//! The chart: what it becomes, what it refuses, and what must hold whatever the values.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::kinds;
use super::tools::{CHART, KUBERNETES, NAMESPACE, ask, documents, files, get, has, of_kind, render, the};

const TOOLS: [&str; 3] = ["helm", "kubernetes-validate", "python"];
const GOLDEN: &str = "tests/golden/chart";
/// Everything that the chart can make.
const ALL: [&str; 6] = [
    "--set=monitoring.podMonitor.enabled=true",
    "--set=monitoring.prometheusRule.enabled=true",
    "--set=monitoring.dashboard.enabled=true",
    "--set=networkPolicy.workloads[0].name=weather",
    "--set=networkPolicy.workloads[0].namespace=tools",
    "--set=networkPolicy.workloads[0].podLabels.app=weather",
];

/// The values that the chart is rendered with in tests, one set a file.
fn sets() -> Vec<PathBuf> {
    files(&Path::new(CHART).join("ci"))
}

fn values(set: &Path) -> String {
    format!("--values={}", set.display())
}

#[test]
fn is_clean_with_every_set_of_values() {
    if !has("chart", &TOOLS) {
        return;
    }
    get("helm", &["lint", "--strict", CHART]);
    for set in sets() {
        get("helm", &["lint", "--strict", CHART, &values(&set)]);
    }
}

#[test]
fn is_what_each_version_of_kubernetes_takes() {
    if !has("chart", &TOOLS) {
        return;
    }
    for version in KUBERNETES {
        let guard = format!("--set=guard.enabled={}", version != "1.29");
        kinds::hold(version, &render(version, &[&ALL[..], &[&guard]].concat()));
        for set in sets() {
            kinds::hold(version, &render(version, &[&values(&set), &guard]));
        }
    }
}

/// Without a word the guard would be missing, and nobody would know.
#[test]
fn refuses_clusters_that_cannot_hold_what_it_promises() {
    if !has("chart", &TOOLS) {
        return;
    }
    for (version, wanted) in
        [("1.29", "the guard needs Kubernetes 1.30"), ("1.28", "incompatible with Kubernetes")]
    {
        let (is_content, said) = ask("helm", &["template", "sluicegate", CHART, "--kube-version", version]);
        assert!(!is_content && said.contains(wanted), "{version}: {said}");
    }
}

#[test]
fn refuses_values_that_it_does_not_know() {
    const WRONG: &[(&str, &str)] = &[
        ("injctor.replicas=2", "additional properties 'injctor'"),
        ("injector.replica=2", "additional properties 'replica'"),
        ("injector.replicas=0", "/injector/replicas"),
        ("injector.replicas=two", "/injector/replicas"),
        ("injector.failurePolicy=Maybe", "/injector/failurePolicy"),
        ("injector.timeoutSeconds=31", "/injector/timeoutSeconds"),
        ("injector.countPods.every=often", "/injector/countPods/every"),
        ("injector.countPods.enable=true", "additional properties 'enable'"),
        ("injector.resources.limits.memmory=1Gi", "additional properties 'memmory'"),
        ("injector.resources.limits.memory=lots", "/injector/resources/limits/memory"),
        ("injector.excludedNamespaces[0]=Kube_System", "/injector/excludedNamespaces/0"),
        ("image.digest=sha256:0123", "/image/digest"),
        ("image.digest=latest", "/image/digest"),
        ("image.tag=a tag", "/image/tag"),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("certificate.source=selfsigned", "/certificate/source"),
        ("certificate.secret.caBundle=-----BEGIN CERTIFICATE-----", "/certificate/secret/caBundle"),
        ("certificate.certManager.duration=90d", "/certificate/certManager/duration"),
        ("guard.enabled=sometimes", "/guard/enabled"),
        ("guard.actions[0]=Refuse", "/guard/actions/0"),
        ("settings.mdoe=loopback", "additional properties 'mdoe'"),
        ("settings.opt_out=maybe", "/settings/opt_out"),
        ("settings.namespaces.tools.shadwo=true", "additional properties 'shadwo'"),
        ("settings.resources.memory_limit=128 Mi", "/settings/resources/memory_limit"),
        ("networkPolicy.workloads[0].name=weather", "missing properties 'namespace', 'podLabels'"),
        ("monitoring.podMonitor.interval=often", "/monitoring/podMonitor/interval"),
    ];
    if !has("chart", &TOOLS) {
        return;
    }
    for (wrong, wanted) in WRONG {
        let (is_content, said) = ask("helm", &["template", "sluicegate", CHART, "--set", wrong]);
        assert!(!is_content && said.contains(wanted), "{wrong}: {said}");
    }
}

#[test]
fn asks_for_what_it_cannot_know() {
    if !has("chart", &TOOLS) {
        return;
    }
    for (words, wanted) in [
        (&["--set=certificate.source=secret"][..], "name the Secret"),
        (&["--set=certificate.source=secret", "--set=certificate.secret.name=a"], "base64 of PEM"),
    ] {
        let (is_content, said) = ask("helm", &[&["template", "sluicegate", CHART], words].concat());
        assert!(!is_content && said.contains(wanted), "{said}");
    }
}

/// `UPDATE_GOLDEN=1` writes the renderings anew; read the difference.
#[test]
fn becomes_what_it_became() {
    if !has("chart", &TOOLS) {
        return;
    }
    for set in sets() {
        let name = set.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let golden = Path::new(GOLDEN).join(name).with_extension("yaml");
        let text = masked(&render("1.33", &[&values(&set)]));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(GOLDEN).expect("the folder can be made");
            std::fs::write(&golden, &text).expect("written");
        }
        let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
        assert!(text == wanted, "{name}: not as in {}; UPDATE_GOLDEN=1 writes it anew", golden.display());
    }
}

/// Without what is random (keys and certificates), and without the guard's rules, which lie in `deploy/manifests`.
fn masked(text: &str) -> String {
    let documents =
        text.split("---\n").filter(|document| !document.contains("\nkind: ValidatingAdmissionPolicy\n"));
    let text = documents.collect::<Vec<_>>().join("---\n");
    let lines = text.lines().map(|line| {
        let key = line.trim_start().split(": ").next().unwrap_or_default();
        let is_random = matches!(key, "ca.crt" | "tls.crt" | "tls.key" | "caBundle") && line.len() > 200;
        if is_random {
            line.split(": ").next().unwrap_or_default().to_owned() + ": (random)\n"
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

/// An injector that must be asked before it may start never starts again.
#[test]
fn never_asks_the_injector_about_itself() {
    if !has("chart", &TOOLS) {
        return;
    }
    for set in sets() {
        let all = documents(&render("1.33", &[&values(&set)]));
        let webhook = &the(&all, "MutatingWebhookConfiguration")["webhooks"][0];
        let excluded = expression(&webhook["namespaceSelector"], "kubernetes.io/metadata.name");
        assert_eq!(excluded["operator"], "NotIn");
        for namespace in [NAMESPACE, "kube-system"] {
            assert!(holds(&excluded["values"], namespace), "{namespace} in {excluded}");
        }
        let spared = expression(&webhook["objectSelector"], "sluicegate.dev/inject");
        assert_eq!(spared["operator"], "NotIn");
        let label =
            &the(&all, "Deployment")["spec"]["template"]["metadata"]["labels"]["sluicegate.dev/inject"];
        assert!(holds(&spared["values"], label.as_str().expect("the pods have the label")));
        assert_eq!(webhook["rules"][0]["operations"], serde_json::json!(["CREATE"]));
    }
}

fn expression<'v>(selector: &'v Value, key: &str) -> &'v Value {
    let all = selector["matchExpressions"].as_array().expect("expressions");
    all.iter().find(|expression| expression["key"] == key).expect("there is one of this key")
}

fn holds(values: &Value, wanted: &str) -> bool {
    values.as_array().is_some_and(|values| values.iter().any(|value| value == wanted))
}

/// Pod Security "restricted", no token, no role, and nothing that it calls.
#[test]
fn gives_the_injector_no_rights() {
    if !has("chart", &TOOLS) {
        return;
    }
    let all = documents(&render("1.33", &[]));
    for kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"] {
        assert!(of_kind(&all, kind).is_empty(), "{kind}");
    }
    let pod = &the(&all, "Deployment")["spec"]["template"]["spec"];
    for holder in [pod, the(&all, "ServiceAccount")] {
        assert_eq!(holder["automountServiceAccountToken"], false);
    }
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["runAsUser"], 65532);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let wanted = serde_json::json!({
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] }
    });
    assert_eq!(pod["containers"][0]["securityContext"], wanted);
    assert_eq!(the(&all, "NetworkPolicy")["spec"]["egress"], serde_json::json!([]));
    assert_eq!(the(&all, "PodDisruptionBudget")["spec"]["minAvailable"], 1);
}

#[test]
fn scrapes_ports_that_there_are() {
    if !has("chart", &TOOLS) {
        return;
    }
    let all = documents(&render("1.33", &ALL));
    let ports = &the(&all, "Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"];
    let scraped = &the(&all, "PodMonitor")["spec"]["podMetricsEndpoints"][0]["port"];
    assert!(ports.as_array().expect("ports").iter().any(|port| port["name"] == *scraped), "{scraped}");
    assert_eq!(the(&all, "PodMonitor")["spec"]["namespaceSelector"]["any"], true);
}

/// The chart carries copies: they are what the rules and the dashboard are tested as.
#[test]
fn carries_the_rules_and_the_dashboard() {
    if !has("chart monitoring", &["helm", "python", "promtool"]) {
        return;
    }
    let all = documents(&render("1.33", &ALL));
    let rule = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    let spec = &the(&all, "PrometheusRule")["spec"];
    std::fs::write(rule.path(), spec.to_string()).expect("written");
    get("promtool", &["check", "rules", rule.path().to_str().expect("a path")]);
    let rules = std::fs::read_to_string("deploy/prometheus/rules.yaml").expect("the rules");
    assert_eq!(*spec, documents(&rules)[0]);
    let dashboard =
        of_kind(&all, "ConfigMap").into_iter().find_map(|map| map["data"]["sluicegate.json"].as_str());
    let dashboard: Value = serde_json::from_str(dashboard.expect("a dashboard")).expect("JSON");
    let wanted = std::fs::read_to_string("deploy/grafana/dashboard.json").expect("the dashboard");
    assert_eq!(dashboard, serde_json::from_str::<Value>(&wanted).expect("JSON"));
}
