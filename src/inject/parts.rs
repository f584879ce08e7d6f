//! What is put into a pod: the gate's container, those that run before it, and their volumes.

use serde_json::{Value, json};

use super::outcome::Mode;
use super::plan::{DEFAULT_PATH, Plan, PolicySource};
use super::settings::{ADMIN_PORT, IpFamily, LogLevel, Sidecar};
use crate::bounds::{INJECTED_AUDIT_FILES_KEPT, INJECTED_AUDIT_FILES_PER_VOLUME, INJECTED_PROGRAM_SIZE};
use crate::names;

/// The gate's container.
pub(super) const GATE: &str = "sluicegate";
/// The init container that redirects connections.
const REDIRECT: &str = "sluicegate-redirect";
/// The init container that brings the program to a server on pipes.
const INSTALL: &str = "sluicegate-install";
/// Every container that may be ours.
pub(super) const CONTAINERS: &[&str] = &[GATE, REDIRECT, INSTALL];

const POLICY_VOLUME: &str = "sluicegate-policy";
const AUDIT_VOLUME: &str = "sluicegate-audit";
const PROGRAM_VOLUME: &str = "sluicegate-program";
/// Every volume that may be ours.
pub(super) const VOLUMES: &[&str] = &[POLICY_VOLUME, AUDIT_VOLUME, PROGRAM_VOLUME];

/// The name of the port for operators, at the most that a name may have less three.
pub(super) const ADMIN_PORT_NAME: &str = "sluice-admin";

const POLICY_DIRECTORY: &str = "/etc/sluicegate/policy";
const AUDIT_DIRECTORY: &str = "/var/log/sluicegate";
const PROGRAM_DIRECTORY: &str = "/opt/sluicegate";
/// Every directory that the gate has in a container.
pub(super) const DIRECTORIES: &[&str] = &[POLICY_DIRECTORY, AUDIT_DIRECTORY, PROGRAM_DIRECTORY];

/// The program in its own image.
const IMAGE_BINARY: &str = "/usr/local/bin/sluicegate";
/// The program beside a server on pipes.
pub(super) const BINARY: &str = "/opt/sluicegate/sluicegate";

/// Hands a variable on to a server on pipes.
pub(super) const ENV_FLAG: &str = "--env=";
/// Every variable that may be the gate's.
pub(super) const VARIABLES: &[&str] = &["POD_NAME", "POD_NAMESPACE", "POD_UID", "POD_IP", "RUST_LOG"];

const MIB: u64 = 1 << 20;

/// The containers that run before the server, in their order.
pub(super) fn init_containers(plan: &Plan<'_>) -> Vec<Value> {
    let gate = || (plan.settings.sidecar == Sidecar::Native).then(|| gate(plan));
    match plan.mode {
        Mode::Loopback | Mode::NamedPort => gate().into_iter().collect(),
        Mode::Redirect => std::iter::once(redirect(plan)).chain(gate()).collect(),
        Mode::Stdio => vec![install(plan)],
    }
}

/// The container that runs beside the server, where the gate is one.
pub(super) fn containers(plan: &Plan<'_>) -> Vec<Value> {
    let is_beside = plan.settings.sidecar == Sidecar::Plain && plan.mode != Mode::Stdio;
    is_beside.then(|| gate(plan)).into_iter().collect()
}

/// The volumes of all that is put in.
pub(super) fn volumes(plan: &Plan<'_>) -> Vec<Value> {
    let policy = match &plan.policy {
        PolicySource::ConfigMap(name) => {
            json!({ "name": POLICY_VOLUME, "configMap": { "name": name, "optional": false } })
        }
        PolicySource::Image(reference) => {
            json!({ "name": POLICY_VOLUME, "image": { "reference": reference } })
        }
    };
    let size = plan.settings.gate.audit_volume.as_str();
    let audit = json!({ "name": AUDIT_VOLUME, "emptyDir": { "sizeLimit": size } });
    let program = json!({ "name": PROGRAM_VOLUME, "emptyDir": { "sizeLimit": INJECTED_PROGRAM_SIZE } });
    let is_brought = plan.mode == Mode::Stdio;
    [policy, audit].into_iter().chain(is_brought.then_some(program)).collect()
}

/// What the gate's directories are, for the container that it runs in.
pub(super) fn mounts(mode: Mode) -> Vec<Value> {
    let policy = json!({ "name": POLICY_VOLUME, "mountPath": POLICY_DIRECTORY, "readOnly": true });
    let audit = json!({ "name": AUDIT_VOLUME, "mountPath": AUDIT_DIRECTORY });
    let program = json!({ "name": PROGRAM_VOLUME, "mountPath": PROGRAM_DIRECTORY, "readOnly": true });
    [policy, audit].into_iter().chain((mode == Mode::Stdio).then_some(program)).collect()
}

fn gate(plan: &Plan<'_>) -> Value {
    let settings = &plan.settings.gate;
    let uid = if plan.mode == Mode::Redirect { settings.redirect_uid } else { settings.uid };
    let admin = settings.admin_port;
    let resources = &plan.resources;
    let mut gate = json!({
        "name": GATE,
        "image": plan.choice.image,
        "restartPolicy": "Always",
        "args": arguments(plan),
        "env": variables(plan),
        "ports": ports(plan),
        "startupProbe": startup_probe(&json!(admin)),
        "livenessProbe": liveness_probe(&json!(admin)),
        "readinessProbe": readiness_probe(&json!(admin)),
        "lifecycle": { "preStop": drain_hook(plan, IMAGE_BINARY) },
        "resources": {
            "requests": { "cpu": resources.cpu_request.as_str(), "memory": resources.memory_request.as_str() },
            "limits": { "memory": resources.memory_limit.as_str() },
        },
        "securityContext": security(uid),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts(plan.mode),
    });
    if plan.settings.sidecar == Sidecar::Plain
        && let Some(gate) = gate.as_object_mut()
    {
        gate.shift_remove("restartPolicy");
    }
    gate
}

/// What the gate does without in any mode.
fn security(uid: u32) -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": uid,
        "runAsGroup": uid,
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}

/// Brings what comes to the pod to the gate: all but the ports of operators, and those that the pod says it has beside
/// the server's, so that a port that nobody speaks of is no way in. Its right to configure the network ends with it.
fn redirect(plan: &Plan<'_>) -> Value {
    let settings = &plan.settings.gate;
    let word = |flag: &str, number: u32| [format!("--{flag}"), number.to_string()];
    let except = std::iter::once(settings.admin_port).chain(plan.other_ports.iter().copied());
    let mut arguments = vec!["redirect".to_owned()];
    arguments.extend(word("port", plan.server.port.into()));
    arguments.extend(word("to", settings.redirect_port.into()));
    arguments.extend(except.flat_map(|port| word("except", port.into())));
    arguments.extend(word("uid", settings.redirect_uid));
    json!({
        "name": REDIRECT,
        "image": plan.choice.image,
        "args": arguments,
        "resources": once(),
        "securityContext": {
            "runAsNonRoot": false,
            "runAsUser": 0,
            "runAsGroup": 0,
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"], "add": ["NET_ADMIN"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    })
}

/// Copies the program to where the server's container finds it.
fn install(plan: &Plan<'_>) -> Value {
    json!({
        "name": INSTALL,
        "image": plan.choice.image,
        "args": ["install", PROGRAM_DIRECTORY],
        "resources": once(),
        "securityContext": security(plan.settings.gate.uid),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{ "name": PROGRAM_VOLUME, "mountPath": PROGRAM_DIRECTORY }],
    })
}

/// What a container asks for that runs once and briefly. The copy of the program counts as its memory while it is
/// written.
fn once() -> Value {
    json!({ "requests": { "cpu": "10m", "memory": "16Mi" }, "limits": { "memory": "256Mi" } })
}

/// The words that the gate is started with.
pub(super) fn arguments(plan: &Plan<'_>) -> Vec<String> {
    let gate = &plan.settings.gate;
    let any = gate.ip_family.any();
    let mut words = vec!["run".to_owned(), format!("--listen={}", listen(plan))];
    if *plan.path != *DEFAULT_PATH {
        words.push(format!("--path={}", plan.path));
    }
    if plan.mode == Mode::Redirect {
        words.push("--original-destination".to_owned());
    }
    if plan.mode != Mode::Stdio {
        words.push(format!("--upstream=http://127.0.0.1:{}{}", plan.server.port, plan.path));
    }
    words.push(format!("--admin={any}:{}", gate.admin_port));
    words.push(format!("--policy={POLICY_DIRECTORY}"));
    words.push(format!("--audit={AUDIT_DIRECTORY}/audit.jsonl"));
    let file_mib = (gate.audit_volume.amount() / MIB / INJECTED_AUDIT_FILES_PER_VOLUME).max(1);
    words.push(format!("--audit-file-mib={file_mib}"));
    words.push(format!("--audit-keep={INJECTED_AUDIT_FILES_KEPT}"));
    words.push(format!("--drain-timeout={}", seconds(gate.drain.as_millis())));
    if plan.choice.shadow == names::Mode::Shadow {
        words.push("--shadow".to_owned());
    }
    if let Some(read) = &plan.sandbox {
        words.push("--sandbox=strict".to_owned());
        words.extend(read.iter().map(|path| format!("--sandbox-read={path}")));
    }
    words.extend(gate.extra_args.iter().map(|word| word.clone().into()));
    words
}

fn seconds(milliseconds: u128) -> String {
    if milliseconds.is_multiple_of(1_000) {
        format!("{}s", milliseconds / 1_000)
    } else {
        format!("{milliseconds}ms")
    }
}

/// Where the gate listens for clients.
fn listen(plan: &Plan<'_>) -> String {
    let gate = &plan.settings.gate;
    let any = gate.ip_family.any();
    match plan.mode {
        Mode::NamedPort => format!("{any}:{}", gate.listen_port),
        Mode::Redirect => format!("{any}:{}", gate.redirect_port),
        Mode::Stdio => format!("{any}:{}", plan.server.port),
        // The kubelet puts the address in the place of the variable.
        Mode::Loopback => match gate.ip_family {
            IpFamily::V4 => format!("$(POD_IP):{}", plan.server.port),
            IpFamily::V6 => format!("[$(POD_IP)]:{}", plan.server.port),
        },
    }
}

/// The variables of the gate: which pod it is, and how much it logs.
pub(super) fn variables(plan: &Plan<'_>) -> Vec<Value> {
    let field = |(name, path): (&str, &str)| json!({ "name": name, "valueFrom": { "fieldRef": { "fieldPath": path } } });
    let pod =
        [("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace"), ("POD_UID", "metadata.uid")];
    let address = (plan.mode == Mode::Loopback).then_some(("POD_IP", "status.podIP"));
    let level = (plan.log_level != LogLevel::Info)
        .then(|| json!({ "name": "RUST_LOG", "value": plan.log_level.as_str() }));
    pod.into_iter().chain(address).map(field).chain(level).collect()
}

/// The ports that the gate says it has, so that Services, monitors and other injectors see them.
pub(super) fn ports(plan: &Plan<'_>) -> Vec<Value> {
    let gate = &plan.settings.gate;
    let own = match plan.mode {
        Mode::NamedPort => Some(json!({ "name": plan.server.port_name, "containerPort": gate.listen_port })),
        Mode::Redirect => Some(json!({ "name": "sluice-in", "containerPort": gate.redirect_port })),
        Mode::Stdio => Some(json!({ "name": plan.server.port_name, "containerPort": plan.server.port })),
        // The server's container says it already, and has the same number.
        Mode::Loopback => None,
    };
    own.into_iter().chain([json!({ "name": ADMIN_PORT_NAME, "containerPort": gate.admin_port })]).collect()
}

/// A minute to compile the policy and open the audit.
pub(super) fn startup_probe(port: &Value) -> Value {
    json!({ "httpGet": { "path": "/startupz", "port": port }, "periodSeconds": 1, "failureThreshold": 60 })
}

/// Whether the gate lives.
pub(super) fn liveness_probe(port: &Value) -> Value {
    json!({ "httpGet": { "path": "/livez", "port": port }, "periodSeconds": 10, "timeoutSeconds": 2 })
}

/// Whether the gate can serve.
pub(super) fn readiness_probe(port: &Value) -> Value {
    json!({ "httpGet": { "path": "/readyz", "port": port }, "periodSeconds": 5, "timeoutSeconds": 2 })
}

/// Tells the gate that its pod ends, and waits until whoever routes to it has heard of it.
pub(super) fn drain_hook(plan: &Plan<'_>, program: &str) -> Value {
    let mut words = vec![program.to_owned(), "drain".to_owned()];
    let port = plan.settings.gate.admin_port;
    if port != ADMIN_PORT {
        words.push(format!("--admin=127.0.0.1:{port}"));
    }
    json!({ "exec": { "command": words } })
}
