//! Services that lead around a gate: the kernel and the API server allow them, so only a look at both files finds them.

use serde_json::Value;

use super::objects;
use crate::inject::{Code, Finding, Mode, Taken, taken};

/// Finds the Services among `documents` that lead to the server of an injected pod itself. `pods` are namespace, place
/// and text of each.
///
/// In the modes in which the server's own number leads to the gate there is no way around it, by no Service.
pub(super) fn around<'d>(
    documents: impl Iterator<Item = &'d Value>,
    namespace: &str,
    pods: &[(Box<str>, String, Value)],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for service in documents.flat_map(|document| objects::of_kind(document, "Service")) {
        let text = |pointer: &str| service.pointer(pointer).and_then(Value::as_str);
        let home = text("/metadata/namespace").unwrap_or(namespace);
        let place = format!("Service {home}/{}", text("/metadata/name").unwrap_or_default());
        for (_, pod_place, pod) in
            pods.iter().filter(|(namespace, _, pod)| **namespace == *home && selects(service, pod))
        {
            let Some(taken) = taken(pod).filter(|taken| taken.mode == Mode::NamedPort) else { continue };
            for port in service.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten() {
                let target = port.get("targetPort").or_else(|| port.get("port"));
                let Some(target) = target.filter(|target| leads_to_server(target, pod, &taken)) else {
                    continue;
                };
                let message = format!(
                    "its target port {target} is the server's own, around the gate of {pod_place}; let it target the name `{}`",
                    taken.port
                );
                found.push(Finding { code: Code::GoesAround, place: place.clone(), message });
            }
        }
    }
    found
}

fn selects(service: &Value, pod: &Value) -> bool {
    let Some(selector) = service.pointer("/spec/selector").and_then(Value::as_object) else { return false };
    let label = |key: &str| pod.pointer("/metadata/labels").and_then(|labels| labels.get(key));
    !selector.is_empty() && selector.iter().all(|(key, value)| label(key) == Some(value))
}

fn leads_to_server(target: &Value, pod: &Value, taken: &Taken) -> bool {
    let Some(upstream) = taken.upstream else { return false };
    match target.as_str() {
        None => target.as_u64() == Some(upstream.into()),
        Some(name) => {
            let containers = pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
            let mut ports = containers.filter_map(|container| container.get("ports")?.as_array()).flatten();
            ports.any(|port| {
                let number = port.get("containerPort").and_then(Value::as_u64);
                port.get("name").is_some_and(|known| known == name) && number == Some(upstream.into())
            })
        }
    }
}
