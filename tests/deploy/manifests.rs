//! Plain manifests and kustomizations are what the chart becomes.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::kinds;
use super::tools::{CHART, documents, files, get, has, render};

const TOOLS: [&str; 4] = ["helm", "kubectl", "kubernetes-validate", "python"];

/// Everything in `deploy/` that is made from other files, made anew.
#[test]
fn are_what_the_script_makes() {
    if !has("manifests", &TOOLS) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let output =
        Command::new("bash").arg("scripts/render-deploy.sh").arg(folder.path()).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made = files(folder.path());
    assert!(made.len() >= 10, "{made:?}");
    for path in made {
        let kept = Path::new("deploy").join(path.strip_prefix(folder.path()).expect("below it"));
        let text = std::fs::read_to_string(&kept).unwrap_or_default();
        let wanted = std::fs::read_to_string(&path).expect("text");
        assert!(text == wanted, "{} is old: bash scripts/render-deploy.sh", kept.display());
    }
}

#[test]
fn are_what_each_version_of_kubernetes_takes() {
    if !has("manifests", &TOOLS) {
        return;
    }
    for version in ["1.30", "1.33", "1.37"] {
        for path in files(Path::new("deploy/manifests")) {
            kinds::hold(version, &std::fs::read_to_string(path).expect("text"));
        }
    }
}

#[test]
fn overlays_are_the_chart_with_their_values() {
    if !has("manifests", &TOOLS) {
        return;
    }
    let base = format!("--values={CHART}/ci/manifests-values.yaml");
    for (overlay, words) in
        [("base", None), ("overlays/shadow", Some("shadow")), ("overlays/enforce", Some("enforce"))]
    {
        let values = words.map(|name| format!("--values={CHART}/ci/{name}-values.yaml"));
        let words: Vec<_> = std::iter::once(base.as_str()).chain(values.as_deref()).collect();
        let wanted = sorted(documents(&render("1.33", &words)));
        let text = get("kubectl", &["kustomize", &format!("deploy/kustomize/{overlay}")]);
        let mut found = sorted(documents(&text));
        // The chart leaves that to `--create-namespace`.
        found.retain(|object| object["kind"] != "Namespace");
        assert_eq!(found.len(), wanted.len(), "{overlay}");
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!(found, wanted, "{overlay}");
        }
        kinds::hold("1.33", &text);
    }
}

fn sorted(mut objects: Vec<Value>) -> Vec<Value> {
    objects.iter_mut().for_each(folded);
    objects.sort_by_key(|object| (object["kind"].to_string(), object["metadata"]["name"].to_string()));
    objects
}

/// kustomize writes an empty line into folded texts whose lines are indented, which changes no expression.
fn folded(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(folded),
        Value::Object(fields) => fields.values_mut().for_each(folded),
        Value::String(text) => *text = text.replace("\n\n", "\n"),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
