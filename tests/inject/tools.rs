//! The same pods in the hands of others: kubectl applies the patches, and the schemas of Kubernetes judge the results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use serde_json::Value;
use sluicegate::inject::manifest::yaml;
use sluicegate::inject::{Outcome, Patched, document};

use crate::cases::{Case, all};

const KUBECTL: &str = "tests/tools/bin/kubectl";
const VALIDATE: &str = "tests/tools/.venv/bin/kubernetes-validate";

/// The versions whose schemas are asked, from the first with native sidecars on.
const VERSIONS: &[&str] = &["1.29", "1.33", "1.37"];

/// A tool of the tests; where it is missing, a line in the summary says so.
fn tool(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if path.exists() {
        return Some(path);
    }
    told("skipped", &format!("{} is not there; tests/setup.sh test installs it", path.display()));
    None
}

/// Leaves a line for the end of the run.
fn told(name: &str, line: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/summaries");
    println!("inject: {line}");
    fs::create_dir_all(&folder).expect("the summaries");
    fs::write(folder.join(format!("inject-{name}.txt")), format!("inject: {line}\n")).expect("a summary");
}

fn patched() -> Vec<(Case, Box<Patched>)> {
    let outcomes = all().into_iter().map(|case| (case.outcome(), case));
    outcomes
        .filter_map(|(outcome, case)| match outcome {
            Outcome::Patched(patched) => Some((case, patched)),
            Outcome::Refused(_) | Outcome::Skipped(_) => None,
        })
        .collect()
}

/// Members that say nothing say the same as members that are not there.
fn without_nothing(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), without_nothing(value)))
            .filter(|(_, value)| !value.is_null())
            .collect(),
        Value::Array(items) => items.iter().map(without_nothing).collect(),
        other => other.clone(),
    }
}

#[test]
fn kubectl_makes_the_same_pods_of_the_patches() {
    let Some(kubectl) = tool(KUBECTL) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let cases = patched();
    let (queue, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("nobody panics").next();
                    let Some((case, patched)) = next else { return };
                    let place = |end: &str| folder.path().join(format!("{}.{end}", case.name));
                    let (pod, patch) = (place("pod.json"), place("patch.json"));
                    fs::write(&pod, case.pod.to_string()).expect("written");
                    fs::write(&patch, document(&patched.patch).to_string()).expect("written");
                    let ran = Command::new(&kubectl)
                        .args(["patch", "--local", "--type=json", "-o", "json", "-f"])
                        .arg(&pod)
                        .arg("--patch-file")
                        .arg(&patch)
                        .env("KUBECONFIG", "/dev/null")
                        .output()
                        .expect("kubectl runs");
                    let made: Value = serde_json::from_slice(&ran.stdout).unwrap_or(Value::Null);
                    if without_nothing(&made) != without_nothing(&patched.pod) {
                        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
                        wrong.lock().expect("nobody panics").push(format!("{}: {errors}{made:#}", case.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panicked");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    told("kubectl", &format!("kubectl made the same of {} patches", cases.len()));
}

#[test]
fn the_schemas_of_kubernetes_take_every_pod() {
    let Some(validate) = tool(VALIDATE) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let cases = patched();
    let mut counts = Vec::new();
    for version in VERSIONS {
        let is_meant = |case: &Case| {
            let is_whole = case.head.get("validate").is_none_or(|validate| validate != false);
            let from = case.head.get("validate_from").and_then(Value::as_str);
            is_whole && from.is_none_or(|from| from <= *version)
        };
        let files: Vec<PathBuf> = cases
            .iter()
            .filter(|(case, _)| is_meant(case))
            .map(|(case, patched)| {
                let path = folder.path().join(format!("{}.yaml", case.name));
                let mut pod = patched.pod.clone();
                // The API server makes a name where there is none; the tool wants one for its report.
                if pod["metadata"]["name"].is_null() {
                    pod["metadata"]["name"] = "weather".into();
                }
                fs::write(&path, yaml(&pod)).expect("written");
                path
            })
            .collect();
        let ran =
            Command::new(&validate).args(["--strict", "-k", version]).args(&files).output().expect("it runs");
        let said =
            format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        let complaints: Vec<_> = said.lines().filter(|line| !line.contains("INFO")).collect();
        assert!(ran.status.success(), "{version}: {}", complaints.join("\n"));
        counts.push(format!("{} at {version}", files.len()));
    }
    told("schemas", &format!("the schemas of Kubernetes took {} pods", counts.join(", ")));
}

/// A check that takes everything would be none.
#[test]
fn the_schemas_of_kubernetes_would_notice_a_wrong_word() {
    let Some(validate) = tool(VALIDATE) else { return };
    let (_, mut patched) = patched().swap_remove(0);
    patched.pod["spec"]["initContainers"][0]["securityContext"]["readonlyRootFilesystem"] = true.into();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pod.yaml");
    fs::write(&path, yaml(&patched.pod)).expect("written");
    let ran = Command::new(&validate).args(["--strict", "-k", "1.33"]).arg(&path).output().expect("it runs");
    assert!(!ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

/// The words of a gate are read by the program that is given them.
#[test]
fn the_program_takes_every_word_that_it_is_given() {
    let mut count = 0;
    for (case, patched) in patched() {
        let spec = &patched.pod["spec"];
        let containers =
            ["initContainers", "containers"].into_iter().filter_map(|list| spec[list].as_array()).flatten();
        for container in containers {
            let is_ours = container["name"].as_str().is_some_and(|name| name.starts_with("sluicegate"));
            let is_wrapped = container["command"][0] == "/opt/sluicegate/sluicegate";
            if !is_ours && !is_wrapped {
                continue;
            }
            let hook = container["lifecycle"]["preStop"]["exec"]["command"].as_array();
            let hook =
                hook.filter(|words| words[0].as_str().is_some_and(|word| word.ends_with("/sluicegate")));
            for words in container["args"]
                .as_array()
                .into_iter()
                .map(Vec::as_slice)
                .chain(hook.map(|words| &words[1..]))
            {
                let words = words.iter().map(|word| {
                    word.as_str()
                        .expect("a text")
                        .replace("[$(POD_IP)]", "[::1]")
                        .replace("$(POD_IP)", "127.0.0.1")
                });
                let words: Vec<String> = words.take_while(|word| word != "--").collect();
                // Read in their order, so that help is given only when all before it are understood.
                let ran = Command::new(env!("CARGO_BIN_EXE_sluicegate")).args(&words).arg("--help").output();
                let ran = ran.expect("it runs");
                let said = String::from_utf8_lossy(&ran.stderr).into_owned();
                assert!(ran.status.success(), "{}: {words:?}: {said}", case.name);
                count += 1;
            }
        }
    }
    assert!(count > 150, "{count} commands");
}
