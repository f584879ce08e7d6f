//! An injected pod, run by podman: what the image and the patch promise, seen from outside.
//!
//! The image is the last stage of `Dockerfile.scratch` around the binary of this build; since that is linked with the
//! machine's libraries, they go along. podman knows no native sidecars, so the gate is a plain container here, and what the
//! kubelet fills in (names, the address of the pod) the test fills in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::tools::{documents, find, has, of_kind, skip};

const IMAGE: &str = "localhost/sluicegate:test";
/// What the kubelet would tell the containers of their pod.
const ADDRESS: &str = "10.77.7.2";
const FIELDS: [(&str, &str); 4] = [
    ("metadata.name", "clinic"),
    ("metadata.namespace", "quickstart"),
    ("metadata.uid", "00000000-0000-4000-8000-000000000000"),
    ("status.podIP", ADDRESS),
];

/// Of its own are mounts and links, and processes: all of them end when the first does.
const NAMESPACES: [&str; 6] = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

type Facts = BTreeMap<String, String>;

#[test]
fn a_pod_is_reached_through_its_gate_alone() {
    let Some(facts) = play("named-port", "15801") else { return };
    safe(&facts);
    answered(&facts);
    // The server listens on loopback: by the address of the pod there is nobody.
    assert_eq!(facts["around.exit"], "7", "{facts:#?}");
    drained(&facts);
}

/// The gate listens where the server did: who calls the server's port meets the gate.
#[test]
fn a_pod_keeps_its_port_in_loopback_mode() {
    let Some(facts) = play("loopback", "8080") else { return };
    safe(&facts);
    answered(&facts);
    assert!(facts["around.body"].contains("is not available to you"), "{facts:#?}");
    assert!(facts["doctor.said"].contains("it is the gate that accepts connections"), "{facts:#?}");
    drained(&facts);
}

#[track_caller]
fn safe(facts: &Facts) {
    for (name, wanted) in [
        ("image.user", "65532:65532"),
        ("image.stop", "SIGTERM"),
        ("image.entrypoint", r#"["/usr/local/bin/sluicegate"]"#),
        ("ready", "yes"),
        ("process.Uid", "65532\t65532\t65532\t65532"),
        ("process.Gid", "65532\t65532\t65532\t65532"),
        ("process.CapEff", "0000000000000000"),
        ("process.CapBnd", "0000000000000000"),
        ("process.NoNewPrivs", "1"),
        ("process.Seccomp", "2"),
    ] {
        assert_eq!(facts.get(name).map(String::as_str), Some(wanted), "{name} in {facts:#?}");
    }
    for mount in ["process.root", "process.policy"] {
        assert!(facts[mount].split(',').any(|word| word == "ro"), "{mount} in {facts:#?}");
    }
}

#[track_caller]
fn answered(facts: &Facts) {
    assert_eq!(facts["allowed.status"], "200", "{facts:#?}");
    let said = &facts["allowed.body"];
    assert!(
        said.contains("Maria Sample") && said.contains("***-**-****") && !said.contains("123-45-6789"),
        "{said}"
    );
    assert!(facts["denied.body"].contains("is not available to you"), "{facts:#?}");
    let said = &facts["doctor.said"];
    assert!(facts["doctor.exit"] == "0" && said.contains("0 wrong"), "{said}");
    // The disk is that of the machine.
    assert_eq!(said.matches('‼').count(), said.matches("‼ SG2012").count(), "{said}");
    assert!(said.contains("√ SG2003") && said.contains("√ SG2007"), "{said}");
    assert!(facts["audit.lines"].parse::<u32>().is_ok_and(|lines| lines >= 3), "{facts:#?}");
}

/// The pod leaves its Services, keeps serving those who have not heard of it, and ends by itself.
#[track_caller]
fn drained(facts: &Facts) {
    assert_eq!(facts["drain.exit"], "0", "{facts:#?}");
    assert_eq!(facts["drained.ready.status"], "503", "{facts:#?}");
    assert_eq!(facts["drained.live.status"], "200", "{facts:#?}");
    assert_eq!(facts["drained.call.status"], "200", "{facts:#?}");
    assert_eq!((facts["gate.exit"].as_str(), facts["server.exit"].as_str()), ("0", "0"), "{facts:#?}");
}

/// Runs the pod of the quickstart, injected in one mode and called at one port; `None` where podman cannot.
fn play(mode: &str, port: &str) -> Option<Facts> {
    let stage = format!("pods {mode}");
    let wanted =
        ["buildah", "catatonit", "conmon", "crun", "curl", "ip", "nsenter", "podman", "python", "unshare"];
    if !has(&stage, &wanted) {
        return None;
    }
    if !Command::new("unshare")
        .args(["--mount", "--net", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        skip(&stage, "this user may not make namespaces");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    context(&folder.path().join("image"));
    fs::write(folder.path().join("pod.yaml"), pod(mode, folder.path())).expect("written");
    let output = Command::new("unshare")
        .args(NAMESPACES)
        .args(["bash", "tests/deploy/pods.sh"])
        .arg(folder.path())
        .args([ADDRESS, port, "8080"])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let troubles = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{troubles}");
    Some(
        said.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, rest)| (name.into(), rest.into()))
            .collect(),
    )
}

/// What the image is made from: the last stage of the file that is shipped, and what it copies.
fn context(folder: &Path) {
    let root = folder.join("root");
    fs::create_dir_all(&root).expect("a folder");
    let shipped = fs::read_to_string("deploy/docker/Dockerfile.scratch").expect("text");
    let (_, stage) = shipped.split_once("\nFROM scratch\n").expect("the last stage");
    let stage = stage.replace("COPY --from=build /out/", "COPY ");
    fs::write(folder.join("Containerfile"), format!("FROM scratch\nCOPY root/ /\n{stage}")).expect("written");
    fs::write(folder.join("ca-certificates.crt"), "").expect("written");
    let binary = Path::new(env!("CARGO_BIN_EXE_sluicegate"));
    // Most of a binary for tests is what debuggers read.
    let stripped = Command::new("strip").arg("-o").arg(folder.join("sluicegate")).arg(binary).status();
    if !stripped.is_ok_and(|status| status.success()) {
        fs::copy(binary, folder.join("sluicegate")).expect("copied");
    }
    let listed = Command::new("ldd").arg(binary).output().expect("it starts");
    for library in libraries(&String::from_utf8_lossy(&listed.stdout)) {
        let place = root.join(library.strip_prefix("/").expect("an absolute path"));
        fs::create_dir_all(place.parent().expect("a folder")).expect("made");
        fs::copy(&library, place).expect("copied");
    }
}

/// The paths in what `ldd` says; none for a static binary.
fn libraries(said: &str) -> Vec<PathBuf> {
    let words = said.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    words.map(PathBuf::from).collect()
}

/// The pod of the quickstart, injected, as podman takes it.
fn pod(mode: &str, folder: &Path) -> String {
    let read = |name: &str| {
        documents(&fs::read_to_string(format!("deploy/examples/quickstart/{name}")).expect("text"))
    };
    let server = read("server.yaml");
    let template = &of_kind(&server, "Deployment")[0]["spec"]["template"];
    let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"] });
    pod["metadata"]["name"] = "clinic".into();
    pod["metadata"]["annotations"]["sluicegate.dev/mode"] = mode.into();
    pod["spec"]["restartPolicy"] = "Never".into();
    pod["spec"]["containers"][0]["image"] = IMAGE.into();
    pod["spec"]["containers"][0]["args"] = json!(["demo", "--serve=127.0.0.1:8080"]);
    // A probe by the address of the pod would ask the gate.
    pod["spec"]["containers"][0].as_object_mut().expect("a container").remove("readinessProbe");
    let mut pod = injected(&pod, folder);
    let hook = pod["spec"]["initContainers"][0]["lifecycle"]["preStop"]["exec"]["command"].clone();
    let words = hook.as_array().expect("a hook").iter().filter_map(Value::as_str);
    let words: String = words.map(|word| format!("{word}\n")).collect();
    fs::write(folder.join("pre-stop"), words).expect("written");
    plain(&mut pod["spec"]);
    // podman takes none that is longer than a label may be.
    pod["metadata"].as_object_mut().expect("metadata").remove("annotations");
    let mut policy = read("policy.yaml").remove(0);
    policy["metadata"].as_object_mut().expect("metadata").remove("namespace");
    format!("{pod}\n---\n{policy}\n")
}

/// As `sluicegate inject` gives it back.
fn injected(pod: &Value, folder: &Path) -> Value {
    let (file, settings) = (folder.join("asked.yaml"), folder.join("injector.yaml"));
    fs::write(&file, pod.to_string()).expect("written");
    fs::write(&settings, format!("version: 1\nimage: {IMAGE}\npolicy: {{ allowed: [\"*-policy\"] }}\n"))
        .expect("written");
    let mut inject = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    let output = inject.args(["inject", "--settings"]).arg(settings).arg("-f").arg(file).output();
    let output = output.expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    documents(&String::from_utf8(output.stdout).expect("text")).remove(0)
}

/// Makes the native sidecar a container like any other, and fills in what the kubelet would.
fn plain(spec: &mut Value) {
    let first = spec["initContainers"].as_array_mut().map(std::mem::take).expect("init containers");
    spec.as_object_mut().expect("a spec").remove("initContainers");
    let containers = spec["containers"].as_array_mut().expect("containers");
    for mut sidecar in first {
        assert_eq!(sidecar["restartPolicy"], "Always", "a native sidecar");
        sidecar.as_object_mut().expect("a container").remove("restartPolicy");
        containers.push(sidecar);
    }
    for container in containers {
        // podman would open them on the machine.
        container.as_object_mut().expect("a container").remove("ports");
        let mut known = BTreeMap::new();
        for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(path) = variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                let value =
                    FIELDS.iter().find(|(field, _)| *field == path).expect("a field that is filled in").1;
                *variable = json!({ "name": variable["name"], "value": value });
            }
            known.insert(
                format!("$({})", variable["name"].as_str().expect("a name")),
                variable["value"].clone(),
            );
        }
        for word in container.get_mut("args").and_then(Value::as_array_mut).into_iter().flatten() {
            let text = word.as_str().expect("a word").to_owned();
            let filled = known
                .iter()
                .fold(text, |text, (key, value)| text.replace(key, value.as_str().unwrap_or_default()));
            *word = filled.into();
        }
    }
}

#[test]
fn finds_the_libraries_of_a_binary() {
    let said = "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x3)\n";
    let wanted = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
    assert_eq!(libraries(said), wanted);
    assert_eq!(libraries("\tstatically linked\n"), Vec::<PathBuf>::new());
    assert!(find("sh").is_some());
}
