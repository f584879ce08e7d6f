//! What the chart tells the injector is what the injector reads.

use std::process::Command;

use super::tools::{CHART, documents, files, has, of_kind, render};

#[test]
fn the_injector_reads_what_the_chart_writes() {
    if !has("chart settings", &["helm", "python"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let pod = folder.path().join("pod.yaml");
    std::fs::write(&pod, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: kube-system\n")
        .expect("written");
    for set in files(&std::path::Path::new(CHART).join("ci")) {
        let all = documents(&render("1.33", &[&format!("--values={}", set.display())]));
        let told =
            of_kind(&all, "ConfigMap").into_iter().find_map(|map| map["data"]["injector.yaml"].as_str());
        let settings = folder.path().join("injector.yaml");
        std::fs::write(&settings, told.expect("the settings")).expect("written");
        let output = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
            .args(["inject", "--settings"])
            .arg(&settings)
            .arg("-f")
            .arg(&pod)
            .output()
            .expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}\n{}", set.display(), told.unwrap_or_default());
    }
}

/// A key that the injector reads and the chart refuses could not be set.
#[test]
fn the_chart_lets_every_setting_be_set() {
    if !has("chart settings", &["python"]) {
        return;
    }
    let example = &documents(&std::fs::read_to_string("deploy/injector.yaml").expect("text"))[0];
    let schema = std::fs::read_to_string(format!("{CHART}/values.schema.json")).expect("text");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let known = &schema["properties"]["settings"]["properties"];
    for key in example.as_object().expect("settings").keys() {
        assert!(key == "version" || known.get(key).is_some(), "{key} is not in values.schema.json");
    }
}
