//! What holds for any pod.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sluicegate::inject::manifest::{read, yaml};
use sluicegate::inject::{Code, Outcome, Request, Settings, diff, document, inject};

const SETTINGS: &str = "version: 1
image: acme/sluicegate:1
redirect: allow
inject: every-pod
policy: { default: base }
";

fn request() -> Request<'static> {
    Request { namespace: "tools", asker: None }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("mcp".to_owned()),
        Just("web".to_owned()),
        Just("metrics".to_owned()),
        "[a-z][a-z0-9]{0,6}"
    ]
}

fn port() -> impl Strategy<Value = Value> {
    let number = prop_oneof![Just(8080_u16), 8000_u16..8010, Just(15_801), 1_u16..];
    let protocol = prop_oneof![4 => Just(None), 1 => Just(Some("TCP")), 1 => Just(Some("UDP"))];
    (proptest::option::of(name()), number, protocol).prop_map(|(name, number, protocol)| {
        let mut port = json!({ "containerPort": number });
        if let Some(name) = name {
            port["name"] = name.into();
        }
        if let Some(protocol) = protocol {
            port["protocol"] = protocol.into();
        }
        port
    })
}

fn probe() -> impl Strategy<Value = Value> {
    let port =
        prop_oneof![Just(json!("mcp")), Just(json!("web")), (8000_u16..8010).prop_map(|port| json!(port))];
    let kind = prop_oneof![Just("httpGet"), Just("tcpSocket")];
    (kind, port).prop_map(|(kind, port)| json!({ kind: { "port": port }, "x-unknown": 1 }))
}

fn container() -> impl Strategy<Value = Value> {
    let probes = proptest::collection::btree_map(
        prop_oneof![Just("startupProbe"), Just("livenessProbe"), Just("readinessProbe")],
        probe(),
        0..3,
    );
    let command = proptest::option::of(proptest::collection::vec("[a-z-]{1,8}", 0..4));
    (name(), proptest::collection::vec(port(), 0..4), probes, command, any::<bool>()).prop_map(
        |(name, ports, probes, command, is_strange)| {
            let mut container = json!({ "name": name, "image": "acme/server:1", "ports": ports });
            for (key, probe) in probes {
                container[key] = probe;
            }
            if let Some(command) = command {
                container["command"] = command.into();
            }
            if is_strange {
                container["x-unknown"] = json!({ "a/b~c": [null, 1.5] });
            }
            container
        },
    )
}

fn annotations() -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof![
        4 => Just("sluicegate.dev/mode"),
        1 => Just("sluicegate.dev/port"),
        1 => Just("sluicegate.dev/upstream-port"),
        1 => Just("sluicegate.dev/container"),
        1 => Just("sluicegate.dev/bind-env"),
        1 => Just("acme.example/owner"),
        1 => Just("sluicegate.dev/typo"),
    ];
    let value = prop_oneof![
        1 => Just("named-port"),
        1 => Just("redirect"),
        4 => Just("loopback"),
        1 => Just("stdio"),
        1 => Just("mcp"),
        1 => Just("web"),
        1 => Just("8080"),
        1 => Just("HOST"),
    ];
    proptest::collection::btree_map(key, value, 0..4)
        .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect())
}

fn pod() -> impl Strategy<Value = Value> {
    prop_oneof![7 => any_pod(), 1 => stdio_pod()]
}

/// Few pods are of this kind by chance.
fn stdio_pod() -> impl Strategy<Value = Value> {
    let command = proptest::collection::vec("[a-z-]{1,8}", 1..4);
    let variables =
        proptest::collection::vec(prop_oneof![Just("POD_NAME"), Just("A"), Just("RUST_LOG")], 0..3);
    (container(), command, variables).prop_map(|(mut container, command, variables)| {
        container["command"] = command.into();
        container["ports"] = json!([]);
        container["env"] = variables.into_iter().map(|name| json!({ "name": name, "value": "1" })).collect();
        json!({
            "metadata": { "annotations": { "sluicegate.dev/mode": "stdio" } },
            "spec": { "containers": [container] },
        })
    })
}

fn any_pod() -> impl Strategy<Value = Value> {
    let containers = proptest::collection::vec(container(), 1..4);
    let before = proptest::option::of(proptest::collection::vec(container(), 0..3));
    (annotations(), containers, before, any::<bool>()).prop_map(
        |(annotations, containers, before, has_volumes)| {
            let mut pod = json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": { "name": "weather", "annotations": annotations, "x-unknown": "y" },
                "spec": { "containers": containers, "x-unknown": { "deep": [1, { "x": null }] } },
            });
            if let Some(before) = before {
                pod["spec"]["initContainers"] = before.into();
            }
            if has_volumes {
                pod["spec"]["volumes"] = json!([{ "name": "data", "emptyDir": {} }]);
            }
            pod
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~\\n\\tä\u{85}]{0,12}".prop_map(Value::from),
        "(yes|no|0[0-9]{0,3}|[0-9]{4}-[0-9]{2}-[0-9]{2}|1e[0-9]|~|null|- a|a: b)".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[ -~]{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Takes out of an injected pod whatever carries one of our names, as its author would look at it.
fn without_ours(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let is_ours = |item: &Value| item["name"].as_str().is_some_and(|name| name.starts_with("sluicegate"));
    for list in ["containers", "initContainers", "volumes"] {
        if let Some(items) = pod["spec"][list].as_array_mut() {
            items.retain(|item| !is_ours(item));
        }
    }
    pod
}

/// Whether everything that `was` has at a place that nothing of ours is about is there still.
fn keeps(was: &Value, is: &Value) -> Result<(), String> {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => was.iter().try_for_each(|(key, value)| {
            let edited = ["port", "name", "command", "args", "env", "volumeMounts", "ports", "lifecycle"];
            match is.get(key) {
                None => Err(format!("`{key}` is gone")),
                Some(_) if edited.contains(&key.as_str()) && !key.starts_with("x-") => Ok(()),
                Some(found) => keeps(value, found),
            }
        }),
        (Value::Array(was), Value::Array(is)) if was.len() <= is.len() => {
            was.iter().zip(is).try_for_each(|(was, is)| keeps(was, is))
        }
        (was, is) if was == is => Ok(()),
        (was, is) => Err(format!("{was} became {is}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn injecting_again_changes_nothing(pod in pod()) {
        let settings = Settings::parse(SETTINGS, "injector.yaml").expect("settings");
        if let Outcome::Patched(patched) = inject(&pod, &request(), &settings) {
            prop_assert!(!patched.patch.is_empty());
            let again = inject(&patched.pod, &request(), &settings);
            let is_current = matches!(&again, Outcome::Skipped(skip) if skip.code == Code::Current);
            prop_assert!(is_current, "{again:?}\n{:#}", patched.pod);
        }
    }

    #[test]
    fn what_is_not_known_is_kept(pod in pod()) {
        let settings = Settings::parse(SETTINGS, "injector.yaml").expect("settings");
        if let Outcome::Patched(patched) = inject(&pod, &request(), &settings) {
            let rest = without_ours(&patched.pod);
            prop_assert_eq!(keeps(&pod, &rest), Ok(()), "{:#}", patched.pod);
        }
    }

    #[test]
    fn a_patch_makes_what_was_made(pod in pod()) {
        let settings = Settings::parse(SETTINGS, "injector.yaml").expect("settings");
        if let Outcome::Patched(patched) = inject(&pod, &request(), &settings) {
            let patch: json_patch::Patch = serde_json::from_value(document(&patched.patch)).expect("a patch");
            let mut made = pod.clone();
            json_patch::patch(&mut made, &patch).expect("it applies");
            prop_assert_eq!(made, patched.pod);
        }
    }

    #[test]
    fn a_difference_leads_from_any_value_to_any_other(from in value(), to in value()) {
        let patch: json_patch::Patch = serde_json::from_value(document(&diff(&from, &to))).expect("a patch");
        let mut made = from.clone();
        json_patch::patch(&mut made, &patch).expect("it applies");
        prop_assert_eq!(made, to);
    }

    #[test]
    fn yaml_is_read_as_it_was_written(value in value()) {
        let text = yaml(&value);
        let documents = read(&text).map_err(|fault| TestCaseError::fail(format!("{fault}\n{text}")))?;
        prop_assert_eq!(&documents[0].value, &value, "{}", text);
    }
}

/// So that the properties speak of something: enough of the pods that are made up get a gate, in each mode.
#[test]
fn the_pods_that_are_made_up_are_of_every_kind() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let settings = Settings::parse(SETTINGS, "injector.yaml").expect("settings");
    let mut runner = TestRunner::deterministic();
    let mut modes = std::collections::BTreeMap::new();
    for _ in 0..6_000 {
        let pod = pod().new_tree(&mut runner).expect("a pod").current();
        if let Outcome::Patched(patched) = inject(&pod, &request(), &settings) {
            *modes.entry(patched.mode).or_insert(0) += 1;
        }
    }
    assert!(modes.len() == 4 && modes.values().all(|count| *count >= 10), "{modes:?}");
}
