//! Objects as the API server would take them: core kinds by the schemas of each version, others by their shape.

use serde_json::Value;

use super::tools::{ask, documents};

/// Kinds of others that the chart makes, which no schema at hand knows.
const FOREIGN: [(&str, &str); 4] = [
    ("cert-manager.io/v1", "Certificate"),
    ("cert-manager.io/v1", "Issuer"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
];

/// Holds all objects of a stream against the schemas of a version, and against what the schemas do not say.
#[track_caller]
pub fn hold(version: &str, text: &str) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let path = file.path().to_str().expect("a path");
    let (_, said) = ask("kubernetes-validate", &["--strict", "-k", version, path]);
    let passed = said.lines().filter(|line| line.contains(" passed for resource ")).count();
    let all = documents(text);
    let (foreign, own): (Vec<_>, Vec<_>) = all.iter().partition(|object| is_foreign(object));
    assert_eq!(passed, own.len(), "at {version}:\n{said}");
    for object in foreign {
        shape(object);
    }
    for object in &all {
        names(object);
    }
}

fn is_foreign(object: &Value) -> bool {
    FOREIGN.iter().any(|(version, kind)| object["apiVersion"] == *version && object["kind"] == *kind)
}

/// Port names have at most 15 characters; the schemas do not say so, the API server does.
#[track_caller]
fn names(object: &Value) {
    match object {
        Value::Object(fields) => {
            let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
            let is_port = fields.contains_key("containerPort") || fields.contains_key("targetPort");
            assert!(!is_port || name.len() <= 15, "a port is called {name}");
            fields.values().for_each(names);
        }
        Value::Array(items) => items.iter().for_each(names),
        _ => {}
    }
}

/// What the operators of these kinds read, and no key beside it.
#[track_caller]
fn shape(object: &Value) {
    let spec = object["spec"].as_object().expect("a spec");
    let known: &[&str] = match object["kind"].as_str().expect("a kind") {
        "Certificate" => &[
            "commonName",
            "dnsNames",
            "duration",
            "isCA",
            "issuerRef",
            "privateKey",
            "renewBefore",
            "secretName",
        ],
        "Issuer" => &["ca", "selfSigned"],
        "PodMonitor" => &["namespaceSelector", "podMetricsEndpoints", "selector"],
        "PrometheusRule" => &["groups"],
        kind => panic!("{kind} is not known here"),
    };
    let odd: Vec<_> = spec.keys().filter(|key| !known.contains(&key.as_str())).collect();
    assert!(odd.is_empty(), "{}: {odd:?}", object["kind"]);
    for endpoint in spec.get("podMetricsEndpoints").and_then(Value::as_array).into_iter().flatten() {
        let known = ["port", "path", "scheme", "interval"];
        let odd: Vec<_> = endpoint
            .as_object()
            .expect("an object")
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .collect();
        assert!(odd.is_empty(), "podMetricsEndpoints: {odd:?}");
    }
}

#[test]
fn finds_a_field_that_does_not_exist() {
    if !super::tools::has("schemas", &["kubernetes-validate", "python"]) {
        return;
    }
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - name: a\n      image: b\n";
    hold("1.37", pod);
    let odd = format!("{pod}      securityContext:\n        readonlyRootFilesystem: true\n");
    assert!(std::panic::catch_unwind(|| hold("1.37", &odd)).is_err());
    let long = format!("{pod}      ports:\n        - name: sluicegate-admin\n          containerPort: 1\n");
    assert!(std::panic::catch_unwind(|| hold("1.37", &long)).is_err());
}
