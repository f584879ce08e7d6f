//! The golden pods.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sluicegate::inject::manifest::{read, yaml};
use sluicegate::inject::{Code, Kind, Outcome, Request, Settings, document, inject};

/// What holds where a case says nothing else.
const BASE: &str = "version: 1
image: registry.example/acme/sluicegate@sha256:0000000000000000000000000000000000000000000000000000000000000000
policy: { default: weather-policy }
";

/// A pod and what is set.
pub struct Case {
    pub name: String,
    pub path: PathBuf,
    pub head: Value,
    pub pod: Value,
    pub settings: Settings,
}

impl Case {
    fn open(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a case");
        let documents = read(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        let [head, pod] = documents.as_slice() else { panic!("{}: two documents", path.display()) };
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let settings = settings(head.value.get("settings").and_then(Value::as_object), &name);
        Self { name, path: path.to_owned(), head: head.value.clone(), pod: pod.value.clone(), settings }
    }

    pub fn request(&self) -> Request<'_> {
        let namespace = self.head.get("namespace").and_then(Value::as_str).unwrap_or("tools");
        Request { namespace, asker: self.head.get("asker").and_then(Value::as_str) }
    }

    pub fn outcome(&self) -> Outcome {
        inject(&self.pod, &self.request(), &self.settings)
    }
}

fn settings(over: Option<&Map<String, Value>>, name: &str) -> Settings {
    let mut all = read(BASE).expect("readable").remove(0).value;
    for (key, value) in over.into_iter().flatten() {
        all[key] = value.clone();
    }
    let text = yaml(&all);
    Settings::parse(&text, "injector.yaml").unwrap_or_else(|faults| panic!("{name}: {faults}"))
}

/// Every case, by name.
pub fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/inject");
    let entries =
        fs::read_dir(folder).expect("the golden folder").map(|entry| entry.expect("readable").path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| !path.to_string_lossy().ends_with(".out.yaml")).collect();
    paths.sort();
    paths.iter().map(|path| Case::open(path)).collect()
}

/// An outcome as golden files tell it.
fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Patched(patched) => {
            let warnings: Vec<_> = patched.warnings.iter().map(ToString::to_string).collect();
            let patch = document(&patched.patch);
            let head = json!({ "injected": patched.mode.as_str(), "warnings": warnings, "patch": patch });
            format!("{}---\n{}", yaml(&head), yaml(&patched.pod))
        }
        Outcome::Refused(refusals) => {
            let refusals: Vec<_> = refusals.iter().map(ToString::to_string).collect();
            yaml(&json!({ "refused": refusals }))
        }
        Outcome::Skipped(skip) => yaml(&json!({ "skipped": skip.to_string() })),
    }
}

#[test]
fn every_pod_becomes_what_was_agreed() {
    let cases = all();
    assert!(cases.len() >= 180, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let shown = shown(&case.outcome());
        let golden = case.path.with_extension("out.yaml");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &shown).expect("writable");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if shown != expected {
            wrong.push(format!("{}: became\n{shown}\nexpected\n{expected}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_pod_that_has_its_gate_is_left_alone() {
    for case in all() {
        let Outcome::Patched(patched) = case.outcome() else { continue };
        let again = inject(&patched.pod, &case.request(), &case.settings);
        let is_current = matches!(&again, Outcome::Skipped(skip) if skip.code == Code::Current);
        assert!(is_current, "{}: {again:?}", case.name);
    }
}

#[test]
fn an_independent_reader_of_patches_makes_the_same_pod() {
    for case in all() {
        let Outcome::Patched(patched) = case.outcome() else { continue };
        let patch: json_patch::Patch =
            serde_json::from_value(document(&patched.patch)).expect("a patch as RFC 6902 has it");
        let mut pod = case.pod.clone();
        json_patch::patch(&mut pod, &patch).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        assert_eq!(pod, patched.pod, "{}", case.name);
    }
}

#[test]
fn every_reason_has_a_pod() {
    let mut seen: Vec<Code> = Vec::new();
    for case in all() {
        match case.outcome() {
            Outcome::Patched(patched) => seen.extend(patched.warnings.iter().map(|warning| warning.code)),
            Outcome::Refused(refusals) => {
                assert!(!refusals.is_empty(), "{}: refused for nothing", case.name);
                seen.extend(refusals.iter().map(|refusal| refusal.code));
            }
            Outcome::Skipped(skip) => seen.push(skip.code),
        }
    }
    // Files are searched for findings elsewhere, and the guard's codes have rows in tests/injector/guard.yaml.
    let is_for_pods = |code: &Code| !matches!(code.kind(), Kind::Finding | Kind::Guard);
    let unseen: Vec<_> = Code::ALL.iter().filter(|code| is_for_pods(code) && !seen.contains(code)).collect();
    assert!(unseen.is_empty(), "no golden pod for {unseen:?}");
}

#[test]
fn names_that_are_put_in_are_short_enough() {
    for case in all() {
        let Outcome::Patched(patched) = case.outcome() else { continue };
        for list in ["containers", "initContainers"] {
            let containers = patched.pod["spec"][list].as_array().into_iter().flatten();
            for port in containers.filter_map(|container| container["ports"].as_array()).flatten() {
                let name = port["name"].as_str().unwrap_or_default();
                assert!(name.len() <= 15 && !name.ends_with('-'), "{}: {name}", case.name);
            }
        }
    }
}

/// The pod of the reference, but for the names of flags and the way to drain.
#[test]
fn the_first_example_gets_what_it_was_designed_to_get() {
    let case = all().into_iter().find(|case| case.name == "example").expect("the example");
    let Outcome::Patched(patched) = case.outcome() else { panic!("it is injected") };
    let pod = &patched.pod;
    let app = &pod["spec"]["containers"][0];
    assert_eq!(app["ports"], json!([{ "name": "mcp-app", "containerPort": 8080 }]));
    assert_eq!(app["readinessProbe"]["httpGet"]["port"], 8080);
    let gate = &pod["spec"]["initContainers"][0];
    assert_eq!(gate["restartPolicy"], "Always");
    assert_eq!(
        gate["ports"],
        json!([{ "name": "mcp", "containerPort": 15801 }, { "name": "sluice-admin", "containerPort": 15820 }])
    );
    let words = gate["args"].as_array().expect("words");
    assert_eq!(words[..2], ["run", "--listen=0.0.0.0:15801"]);
    for word in
        ["--upstream=http://127.0.0.1:8080/mcp", "--admin=0.0.0.0:15820", "--policy=/etc/sluicegate/policy"]
    {
        assert!(words.iter().any(|known| known == word), "{word} is not in {words:?}");
    }
    assert_eq!(
        gate["securityContext"],
        json!({
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" },
        })
    );
    let status = pod["metadata"]["annotations"]["sluicegate.dev/status"].as_str().expect("the marker");
    let status: Value = serde_json::from_str(status).expect("JSON");
    assert_eq!(status["mode"], "named-port");
    assert_eq!(status["upstream"], 8080);
    assert_eq!(pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"], "server");
    let volumes: Vec<_> =
        pod["spec"]["volumes"].as_array().expect("volumes").iter().map(|volume| &volume["name"]).collect();
    assert_eq!(volumes, ["kube-api-access-x", "sluicegate-policy", "sluicegate-audit"]);
}
