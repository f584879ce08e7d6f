//! A pod as raw JSON, seen through what injection needs of it.
//!
//! **Check once.** [`check`] makes sure that whatever is looked at later has the form of a pod; the functions behind it
//! take that for granted, and read what has another form as absent.

use serde_json::{Map, Value};

/// A port that a container says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Port<'p> {
    pub name: Option<&'p str>,
    pub number: u16,
    pub is_tcp: bool,
    /// Whether it is open on the node too.
    pub is_on_host: bool,
}

/// Something that the kubelet asks of a container: a probe, or a hook of its life.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handler<'p> {
    /// Where it stands, as `readinessProbe` or `lifecycle.preStop`.
    pub place: &'static str,
    pub kind: HandlerKind,
    /// The number or the name of its port.
    pub port: &'p Value,
}

/// How the kubelet asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandlerKind {
    /// It wants an answer to a request.
    Asks,
    /// It wants a connection, and no more.
    Connects,
}

/// Where the kubelet is told what to ask: the place in words, and as a path of keys.
pub(super) const HANDLERS: &[(&str, &[&str])] = &[
    ("startupProbe", &["startupProbe"]),
    ("livenessProbe", &["livenessProbe"]),
    ("readinessProbe", &["readinessProbe"]),
    ("lifecycle.postStart", &["lifecycle", "postStart"]),
    ("lifecycle.preStop", &["lifecycle", "preStop"]),
];

/// How it asks over the network.
pub(super) const HANDLER_KINDS: &[(&str, HandlerKind)] =
    &[("httpGet", HandlerKind::Asks), ("grpc", HandlerKind::Asks), ("tcpSocket", HandlerKind::Connects)];

/// Looks whether `pod` is a pod, as far as injection looks at it.
///
/// # Errors
/// What it lacks, with its place: whoever wrote it is at fault.
pub(super) fn check(pod: &Value) -> Result<(), String> {
    let kind = pod.get("kind").and_then(Value::as_str).unwrap_or("Pod");
    if kind != "Pod" {
        return Err(format!("it is a `{kind}`"));
    }
    let spec = pod.get("spec").filter(|spec| spec.is_object()).ok_or("it has no `spec`")?;
    for key in ["annotations", "labels"] {
        let Some(map) = pod.pointer(&format!("/metadata/{key}")).filter(|map| !map.is_null()) else {
            continue;
        };
        let is_texts = map.as_object().is_some_and(|map| map.values().all(Value::is_string));
        if !is_texts {
            return Err(format!("`metadata.{key}` is no map of texts"));
        }
    }
    if pod.get("metadata").is_some_and(|metadata| !metadata.is_object() && !metadata.is_null()) {
        return Err("`metadata` is no map".into());
    }
    if items(spec, "containers").is_empty() {
        return Err("`spec.containers` is no list of containers".into());
    }
    for list in ["containers", "initContainers", "volumes"] {
        let is_list = spec.get(list).is_none_or(|found| found.is_array() || found.is_null());
        let has_names = items(spec, list).iter().all(|item| item.get("name").is_some_and(Value::is_string));
        if !is_list || !has_names {
            return Err(format!("`spec.{list}` is no list of things with a name"));
        }
    }
    containers(pod).iter().chain(init_containers(pod)).try_for_each(check_container)
}

fn check_container(container: &Value) -> Result<(), String> {
    for (list, is_right) in [
        ("ports", Value::is_object as fn(&Value) -> bool),
        ("env", Value::is_object),
        ("volumeMounts", Value::is_object),
        ("command", Value::is_string),
        ("args", Value::is_string),
    ] {
        let Some(found) = container.get(list).filter(|found| !found.is_null()) else { continue };
        if !found.as_array().is_some_and(|found| found.iter().all(is_right)) {
            return Err(format!("`{list}` of the container `{}` is not what it should be", name(container)));
        }
    }
    let numbers = items(container, "ports").iter().filter_map(|port| port.get("containerPort"));
    let is_port = |number: &Value| number.as_u64().is_some_and(|number| (1..=65_535).contains(&number));
    if numbers.clone().all(is_port) && numbers.count() == items(container, "ports").len() {
        return Ok(());
    }
    Err(format!("a port of the container `{}` has no number from 1 to 65535", name(container)))
}

/// The items of a list, none where there is no list.
pub(super) fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// As [`items`], of a map.
pub(super) fn items_of<'v>(map: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    map.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The containers that serve.
pub(super) fn containers(pod: &Value) -> &[Value] {
    pod.get("spec").map_or(&[], |spec| items(spec, "containers"))
}

/// The containers that run first, and those that begin first and go on.
pub(super) fn init_containers(pod: &Value) -> &[Value] {
    pod.get("spec").map_or(&[], |spec| items(spec, "initContainers"))
}

/// Every container.
pub(super) fn all_containers(pod: &Value) -> impl Iterator<Item = &Value> {
    containers(pod).iter().chain(init_containers(pod))
}

/// What a container or a volume is called.
pub(super) fn name(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// The annotations of a pod, if it has any.
pub(super) fn annotations(pod: &Value) -> Option<&Map<String, Value>> {
    pod.pointer("/metadata/annotations").and_then(Value::as_object)
}

/// The labels of a pod, if it has any.
pub(super) fn labels(pod: &Value) -> Option<&Map<String, Value>> {
    pod.pointer("/metadata/labels").and_then(Value::as_object)
}

/// The ports that a container says it has.
pub(super) fn ports(container: &Value) -> impl Iterator<Item = Port<'_>> {
    items(container, "ports").iter().filter_map(|port| {
        let number = port.get("containerPort").and_then(Value::as_u64)?;
        Some(Port {
            name: port.get("name").and_then(Value::as_str),
            number: u16::try_from(number).ok()?,
            is_tcp: port.get("protocol").and_then(Value::as_str).is_none_or(|protocol| protocol == "TCP"),
            is_on_host: port.get("hostPort").and_then(Value::as_u64).is_some_and(|port| port > 0),
        })
    })
}

/// What the kubelet asks of a container over the network.
pub(super) fn handlers(container: &Value) -> impl Iterator<Item = Handler<'_>> {
    HANDLERS.iter().flat_map(move |(place, keys)| {
        let found = keys.iter().try_fold(container, |value, key| value.get(key));
        HANDLER_KINDS.iter().filter_map(move |(key, kind)| {
            let port = found?.get(key)?.get("port")?;
            Some(Handler { place, kind: *kind, port })
        })
    })
}

impl Handler<'_> {
    /// Whether it goes to the port `number` of `container`.
    pub fn goes_to(&self, container: &Value, number: u16) -> bool {
        match self.port.as_str() {
            Some(name) => ports(container).any(|port| port.name == Some(name) && port.number == number),
            None => self.port.as_u64() == Some(number.into()),
        }
    }
}
