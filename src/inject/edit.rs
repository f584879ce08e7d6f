//! The change itself: a plan made true in the raw JSON of a pod.

use serde_json::{Map, Value, json};

use super::annotations::STATUS;
use super::marker::Marker;
use super::outcome::Mode;
use super::parts::{self, BINARY, ENV_FLAG};
use super::plan::{LOOPBACK_ADDRESS, Plan};
use super::pod::{self, HANDLER_KINDS, HANDLERS};
use super::traffic::renamed;

const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Gives the pod its gate. Whatever the plan does not speak of stays.
pub(super) fn edit(pod: &mut Value, plan: &Plan<'_>) {
    let first =
        pod::containers(pod).first().map(|container| pod::name(container).to_owned()).unwrap_or_default();
    let (before, beside, volumes) =
        (parts::init_containers(plan), parts::containers(plan), parts::volumes(plan));
    let marker = marker(plan, before.iter().chain(&beside), &volumes);
    let Some(root) = pod.as_object_mut() else { return };
    let annotations = map(map(root, "metadata"), "annotations");
    fill(annotations, DEFAULT_CONTAINER, json!(first));
    annotations.insert(STATUS.into(), json!(marker));
    let spec = map(root, "spec");
    if let Some(Value::Object(container)) = list(spec, "containers").get_mut(plan.server.container) {
        match plan.mode {
            Mode::NamedPort => give_up_name(container, plan),
            Mode::Loopback => bind_to_loopback(container, plan),
            Mode::Redirect => {}
            Mode::Stdio => wrap(container, plan),
        }
    }
    if !before.is_empty() {
        // Before all others, so that whatever the pod starts finds the gate in its place.
        list(spec, "initContainers").splice(0..0, before);
    }
    list(spec, "containers").extend(beside);
    list(spec, "volumes").extend(volumes);
}

fn marker<'v>(plan: &Plan<'_>, containers: impl Iterator<Item = &'v Value>, volumes: &[Value]) -> String {
    let upstream = (plan.mode != Mode::Stdio).then_some(plan.server.port);
    let marker = Marker { mode: plan.mode, port: plan.server.port_name.clone(), upstream };
    let containers: Vec<&str> = containers.map(pod::name).collect();
    let volumes: Vec<&str> = volumes.iter().map(pod::name).collect();
    marker.text(&containers, &volumes)
}

/// A member that is a map, made where there is none.
fn map<'m>(parent: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let value = parent.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        // INVARIANT: the line above has just made it one.
        _ => unreachable!("a map"),
    }
}

/// A member that is a list, made where there is none.
fn list<'m>(parent: &'m mut Map<String, Value>, key: &str) -> &'m mut Vec<Value> {
    let value = parent.entry(key).or_insert(Value::Null);
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(list) => list,
        // INVARIANT: the line above has just made it one.
        _ => unreachable!("a list"),
    }
}

/// Puts a member in that is not there yet.
fn fill(map: &mut Map<String, Value>, key: &str, value: Value) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key.to_owned(), value);
    }
}

/// Takes the name that Services target from the server's port. What the kubelet asks by this name, it asks by number
/// from now on: names are looked up in the container itself.
fn give_up_name(container: &mut Map<String, Value>, plan: &Plan<'_>) {
    let server = &plan.server;
    let mut is_given_up = false;
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if pod::name(port) == &*server.port_name
            && let Some(port) = port.as_object_mut()
        {
            port.insert("name".into(), json!(renamed(&server.port_name)));
            is_given_up = true;
        }
    }
    if !is_given_up {
        return;
    }
    for (_, keys) in HANDLERS {
        let Some(mut handler) = container.get_mut(keys[0]) else { continue };
        if let Some(key) = keys.get(1) {
            let Some(inner) = handler.get_mut(*key) else { continue };
            handler = inner;
        }
        for (kind, _) in HANDLER_KINDS {
            let port = handler.get_mut(*kind).and_then(|kind| kind.get_mut("port"));
            if let Some(port) = port.filter(|port| **port == *server.port_name) {
                *port = json!(server.port);
            }
        }
    }
}

fn bind_to_loopback(container: &mut Map<String, Value>, plan: &Plan<'_>) {
    let Some(name) = &plan.bind_env else { return };
    let variables = list(container, "env");
    if !variables.iter().any(|variable| pod::name(variable) == &**name) {
        variables.push(json!({ "name": name, "value": LOOPBACK_ADDRESS }));
    }
}

/// Lets the gate start a server on pipes: the same words behind the gate's own. The kubelet puts variables in their
/// places in either.
fn wrap(container: &mut Map<String, Value>, plan: &Plan<'_>) {
    let mut words = parts::arguments(plan);
    // A server is handed nothing of the gate's variables but what is named, and here they are its own.
    let own = pod::items_of(container, "env").iter().map(pod::name);
    words.extend(own.map(|name| format!("{ENV_FLAG}{name}")));
    words.push("--".to_owned());
    let mut arguments: Vec<Value> = words.into_iter().map(Value::String).collect();
    arguments.append(list(container, "command"));
    arguments.append(list(container, "args"));
    container.insert("command".into(), json!([BINARY]));
    container.insert("args".into(), Value::Array(arguments));
    let variables = list(container, "env");
    for variable in parts::variables(plan) {
        if !variables.iter().any(|known| pod::name(known) == pod::name(&variable)) {
            variables.push(variable);
        }
    }
    let ports = list(container, "ports");
    for port in parts::ports(plan) {
        if !ports.iter().any(|known| pod::name(known) == pod::name(&port)) {
            ports.push(port);
        }
    }
    let admin = json!(parts::ADMIN_PORT_NAME);
    fill(container, "startupProbe", parts::startup_probe(&admin));
    fill(container, "livenessProbe", parts::liveness_probe(&admin));
    fill(container, "readinessProbe", parts::readiness_probe(&admin));
    fill(map(container, "lifecycle"), "preStop", parts::drain_hook(plan, BINARY));
    list(container, "volumeMounts").extend(parts::mounts(plan.mode));
}
