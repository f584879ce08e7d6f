//! Whether two texts of a pod mean the same, when the API server has written into one of them.
//!
//! **Why.** A pod comes back with what the API server fills in where nothing is said (`protocol: TCP`), and with the
//! token of its service account mounted into every container. Neither is a reason to call it changed. Only what is
//! listed here is passed over: anything else in the gate's container was put there by somebody, and is taken out.

use serde_json::{Map, Value, json};

use super::parts::{CONTAINERS, VOLUMES};
use super::pod::{self, HANDLERS};

/// Where the API server mounts the token of the service account.
const TOKEN_DIRECTORY: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Whether the two are the same pod.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    one == other || bare(one) == bare(other)
}

/// The pod without what the API server fills in, and with what is ours in one order.
fn bare(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return pod };
    for list in ["containers", "initContainers"] {
        let Some(items) = spec.get_mut(list).and_then(Value::as_array_mut) else { continue };
        items.iter_mut().filter_map(Value::as_object_mut).for_each(bare_container);
        // Another injector may have put its own before ours; that changes nothing for the server.
        items.sort_by_key(|item| !CONTAINERS.contains(&pod::name(item)));
    }
    if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
        for volume in volumes.iter_mut() {
            for kind in ["configMap", "secret", "projected", "downwardAPI"] {
                drop_default(volume.get_mut(kind), "defaultMode", &json!(0o644));
            }
            drop_default(volume.get_mut("image"), "pullPolicy", &json!("IfNotPresent"));
        }
        volumes.sort_by_key(|item| VOLUMES.contains(&pod::name(item)));
    }
    pod
}

/// Source: the API of Kubernetes, defaults of `Container`.
fn bare_container(container: &mut Map<String, Value>) {
    if matches!(container.get("imagePullPolicy").and_then(Value::as_str), Some("Always" | "IfNotPresent")) {
        container.shift_remove("imagePullPolicy");
    }
    drop_member(container, "terminationMessagePath", &json!("/dev/termination-log"));
    drop_member(container, "terminationMessagePolicy", &json!("File"));
    drop_member(container, "resources", &json!({}));
    for port in list(container, "ports") {
        drop_default(Some(port), "protocol", &json!("TCP"));
    }
    for variable in list(container, "env") {
        drop_default(variable.pointer_mut("/valueFrom/fieldRef"), "apiVersion", &json!("v1"));
    }
    if let Some(mounts) = container.get_mut("volumeMounts").and_then(Value::as_array_mut) {
        mounts.retain(|mount| mount.get("mountPath").is_none_or(|path| path != TOKEN_DIRECTORY));
        if mounts.is_empty() {
            container.shift_remove("volumeMounts");
        }
    }
    for (_, keys) in HANDLERS {
        let inner: String = keys.iter().skip(1).map(|key| format!("/{key}")).collect();
        let Some(handler) = container.get_mut(keys[0]).and_then(|handler| handler.pointer_mut(&inner)) else {
            continue;
        };
        drop_default(handler.get_mut("httpGet"), "scheme", &json!("HTTP"));
        for (key, value) in
            [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
        {
            drop_default(Some(handler), key, &json!(value));
        }
    }
}

fn list<'m>(map: &'m mut Map<String, Value>, key: &str) -> impl Iterator<Item = &'m mut Value> {
    map.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

fn drop_default(value: Option<&mut Value>, key: &str, default: &Value) {
    if let Some(map) = value.and_then(Value::as_object_mut) {
        drop_member(map, key, default);
    }
}

fn drop_member(map: &mut Map<String, Value>, key: &str, default: &Value) {
    if map.get(key) == Some(default) {
        map.shift_remove(key);
    }
}
