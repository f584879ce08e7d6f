//! The example namespaces: policies that hold, pods that the injector takes, Services that lead to the gate.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::kinds;
use super::tools::{documents, files, has, of_kind};

const EXAMPLES: [&str; 3] = ["quickstart", "payments", "multi-tenant"];

/// All objects of an example, and its text.
fn example(name: &str) -> (Vec<Value>, String) {
    let folder = Path::new("deploy/examples").join(name);
    let own = files(&folder).into_iter().filter(|path| path.parent() == Some(&folder));
    let texts: Vec<_> = own.map(|path| std::fs::read_to_string(path).expect("text")).collect();
    let text = texts.join("\n---\n");
    (documents(&text), text)
}

#[test]
fn are_what_each_version_of_kubernetes_takes() {
    if !has("examples", &["kubernetes-validate", "python"]) {
        return;
    }
    for name in EXAMPLES {
        let (_, text) = example(name);
        for version in ["1.29", "1.33", "1.37"] {
            kinds::hold(version, &text);
        }
    }
}

/// What lies in a ConfigMap is a bundle, and its own tests pass.
#[test]
fn have_policies_that_hold() {
    if !has("examples", &["python"]) {
        return;
    }
    for name in EXAMPLES {
        let (objects, _) = example(name);
        let maps = of_kind(&objects, "ConfigMap");
        assert!(!maps.is_empty(), "{name}");
        for map in maps {
            let bundle = tempfile::tempdir().expect("a folder");
            for (file, text) in map["data"].as_object().expect("files") {
                std::fs::write(bundle.path().join(file), text.as_str().expect("text")).expect("written");
            }
            for verb in ["check", "test"] {
                let output =
                    Command::new(env!("CARGO_BIN_EXE_sluicegate")).arg(verb).arg(bundle.path()).output();
                let output = output.expect("the binary starts");
                let said = String::from_utf8_lossy(&output.stderr).into_owned()
                    + &String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{name}, {verb}: {said}");
                assert!(!said.contains(" 0 passed") && !said.contains("no cases"), "{name}: {said}");
            }
        }
    }
}

/// The namespace is enrolled, the pod names a policy that there is, and the Service goes by the name of the port.
#[test]
fn lead_through_the_gate() {
    if !has("examples", &["python"]) {
        return;
    }
    for name in EXAMPLES {
        let (objects, _) = example(name);
        for deployment in of_kind(&objects, "Deployment") {
            let at = &deployment["metadata"]["namespace"];
            let here = |kind: &str| -> Vec<&Value> {
                of_kind(&objects, kind)
                    .into_iter()
                    .filter(|object| object["metadata"]["namespace"] == *at)
                    .collect()
            };
            let namespace =
                of_kind(&objects, "Namespace").into_iter().find(|space| space["metadata"]["name"] == *at);
            let labels = &namespace.expect("the namespace is there")["metadata"]["labels"];
            assert_eq!(labels["sluicegate.dev/injection"], "enabled", "{name}");
            assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted", "{name}");
            let template = &deployment["spec"]["template"];
            let policy = &template["metadata"]["annotations"]["sluicegate.dev/policy"];
            assert!(
                here("ConfigMap").iter().any(|map| map["metadata"]["name"] == *policy),
                "{name}: {policy}"
            );
            assert_eq!(template["spec"]["containers"][0]["ports"][0]["name"], "mcp", "{name}");
            let service = here("Service")[0];
            assert_eq!(service["spec"]["ports"][0]["targetPort"], "mcp", "{name}");
            assert_eq!(service["spec"]["selector"], deployment["spec"]["selector"]["matchLabels"], "{name}");
            let closed = &here("NetworkPolicy")[0]["spec"];
            assert_eq!(closed["podSelector"]["matchLabels"], service["spec"]["selector"], "{name}");
            let number = &template["spec"]["containers"][0]["ports"][0]["containerPort"];
            assert!(
                !closed.to_string().contains(&format!("\"port\":{number}")),
                "{name}: the server's port is open"
            );
        }
    }
}
