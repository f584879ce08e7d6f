//! The marker that an injected pod carries, and the way back to the pod that it was.
//!
//! **Why back.** A pod comes again: when another webhook has changed it, when a running pod's text is used anew, when
//! the settings have changed. So what was put in is taken out first, and the pod is judged as if it came for the first
//! time. The marker is never believed: it only tells what to look for, and whatever it says, the pod that is left is
//! one that anybody could have written, and gets a gate of ours.

use serde_json::{Map, Value, json};

use super::annotations::STATUS;
use super::outcome::Mode;
use super::parts::{ADMIN_PORT_NAME, BINARY, CONTAINERS, ENV_FLAG, VARIABLES, VOLUMES};
use super::pod;
use super::traffic::renamed;

/// What the marker says of an injected pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    pub mode: Mode,
    /// The name of the port that Services target.
    pub port: Box<str>,
    /// The server's port, but for a server on pipes.
    pub upstream: Option<u16>,
}

impl Marker {
    /// The marker of a pod: `None` where there is none.
    ///
    /// # Errors
    /// Nothing that the injector could have written.
    pub fn of(pod: &Value) -> Option<Result<Self, ()>> {
        let text = pod::annotations(pod)?.get(STATUS)?.as_str()?;
        Some(Self::parse(text).ok_or(()))
    }

    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let word = value.get("mode")?.as_str()?;
        let mode = Mode::ALL.iter().copied().find(|mode| mode.as_str() == word)?;
        let upstream =
            value.get("upstream").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        if upstream.is_none() && mode != Mode::Stdio {
            return None;
        }
        Some(Self { mode, port: value.get("port")?.as_str()?.into(), upstream })
    }

    /// The marker as it is written, with what has been put in.
    pub fn text(&self, containers: &[&str], volumes: &[&str]) -> String {
        let mut marker = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "mode": self.mode.as_str(),
            "port": self.port,
            "upstream": self.upstream,
            "containers": containers,
            "volumes": volumes,
        });
        if self.upstream.is_none()
            && let Some(members) = marker.as_object_mut()
        {
            members.shift_remove("upstream");
        }
        marker.to_string()
    }
}

/// Makes an injected pod what it was before, as far as anybody can tell.
pub(super) fn strip(pod: &mut Value, marker: &Marker) {
    if let Some(annotations) = pod.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.shift_remove(STATUS);
    }
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for (list, ours) in [("containers", CONTAINERS), ("initContainers", CONTAINERS), ("volumes", VOLUMES)] {
        retain(spec, list, |item| !ours.contains(&pod::name(item)));
    }
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
        retain(container, "volumeMounts", |mount| !VOLUMES.contains(&pod::name(mount)));
        match (marker.mode, marker.upstream) {
            (Mode::NamedPort, Some(upstream)) => name_back(container, &marker.port, upstream),
            (Mode::Stdio, _) => unwrap(container),
            (Mode::NamedPort | Mode::Loopback | Mode::Redirect, _) => {}
        }
    }
}

fn retain(map: &mut Map<String, Value>, list: &str, is_kept: impl Fn(&Value) -> bool) {
    let Some(items) = map.get_mut(list).and_then(Value::as_array_mut) else { return };
    let count = items.len();
    items.retain(is_kept);
    // A list that was empty before is not ours to take away.
    if items.is_empty() && count > 0 {
        map.shift_remove(list);
    }
}

/// Gives the server's port its name again.
fn name_back(container: &mut Map<String, Value>, port_name: &str, upstream: u16) {
    let ports = container.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten() {
        let is_it = port.get("containerPort").and_then(Value::as_u64) == Some(upstream.into())
            && pod::name(port) == renamed(port_name);
        if is_it && let Some(port) = port.as_object_mut() {
            port.insert("name".into(), port_name.into());
        }
    }
}

/// Takes the gate from before the command of a server on pipes.
fn unwrap(container: &mut Map<String, Value>) {
    let starts_gate =
        |words: Option<&Value>| words.and_then(|words| words.get(0)).is_some_and(|word| word == BINARY);
    if !starts_gate(container.get("command")) {
        return;
    }
    let words = container.get("args").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let split = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (own, command) = words.split_at(split);
    let handed_on: Vec<&str> = own.iter().filter_map(|word| word.as_str()?.strip_prefix(ENV_FLAG)).collect();
    let added = |variable: &Value| {
        VARIABLES.contains(&pod::name(variable)) && !handed_on.contains(&pod::name(variable))
    };
    let added: Vec<Value> =
        pod::items_of(container, "env").iter().filter(|variable| added(variable)).cloned().collect();
    let command = command.iter().skip(1).cloned().collect();
    retain(container, "env", |variable| !added.contains(variable));
    container.shift_remove("args");
    container.insert("command".into(), Value::Array(command));
    retain(container, "ports", |port| pod::name(port) != ADMIN_PORT_NAME);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let port = container.get(probe).and_then(|probe| probe.pointer("/httpGet/port"));
        if port.is_some_and(|port| port == ADMIN_PORT_NAME) {
            container.shift_remove(probe);
        }
    }
    let Some(lifecycle) = container.get_mut("lifecycle").and_then(Value::as_object_mut) else { return };
    if starts_gate(lifecycle.get("preStop").and_then(|hook| hook.pointer("/exec/command"))) {
        lifecycle.shift_remove("preStop");
    }
    if lifecycle.is_empty() {
        container.shift_remove("lifecycle");
    }
}
