//! The file of the operator: what it may say, and how it is told what it may not.

use std::fs;
use std::path::Path;

use sluicegate::inject::Settings;

fn faults(text: &str) -> String {
    match Settings::parse(text, "injector.yaml") {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn the_commented_example_holds_and_says_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/injector.yaml");
    let text = fs::read_to_string(path).expect("the example");
    let example = Settings::parse(&text, "injector.yaml").unwrap_or_else(|faults| panic!("{faults}"));
    let image = "registry.example/acme/sluicegate@sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let least = format!(
        "version: 1\nimage: {image}\npolicy: {{ default: sluicegate-policy, allowed: [\"*-policy\"] }}\nnamespaces:\n{}",
        text.split("\nnamespaces:\n").nth(1).expect("namespaces")
    );
    assert_eq!(Settings::parse(&least, "injector.yaml").expect("it holds"), example);
}

#[test]
fn every_fault_is_told_at_once_with_its_place_and_what_was_meant() {
    let text = "version: 2
image: \"Not An Image\"
mdoe: auto
mode: redirct
sidecar: natvie
inject: always
opt_out: true
port_name: sluicegate-admin
listen_port: 80
admin_port: 15801
uid: 0
drain: 20
kubernetes: 1.33
resources: { cpu_request: 0.5, memory_limit: 128MB }
policy: { default: Base, image: acme/policy:1, alowed: [a] }
log_level: verbose
namespaces: { \"Team A\": { image: acme/x, sidecar: plain } }
";
    let told = faults(text);
    for wanted in [
        "injector.yaml:1:10: error SG0009: the version of the settings must be 1",
        "injector.yaml:2:8: error SG0010: `Not An Image` is no name of an image",
        "injector.yaml:3:1: error SG0005: the settings has no key `mdoe` (did you mean `mode`?)",
        "injector.yaml:4:7: error SG0008: `redirct` is not a mode (did you mean `redirect`?)",
        "injector.yaml:5:10: error SG0008: `natvie` is not a kind of sidecar (did you mean `native`?)",
        "injector.yaml:6:9: error SG0008:",
        "injector.yaml:7:10: error SG0007:",
        "injector.yaml:8:12: error SG0010: `sluicegate-admin` is no name of a port",
        "injector.yaml:9:14: error SG0009: `listen_port` must be a whole number from 1024 to 65535",
        "injector.yaml:10:13: error SG0009: `admin_port` and `listen_port` are both 15801",
        "injector.yaml:11:6: error SG0009:",
        "injector.yaml:12:8: error SG0009: `20` has no unit",
        "injector.yaml:13:13: error SG0007: `kubernetes` must be a text, not a number (write it in quotes: `\"1.33\"`)",
        "injector.yaml:14:27: error SG0007: `cpu_request` must be a text, not a number",
        "injector.yaml:14:46: error SG0009: `memory_limit` cannot be `128MB`",
        "error SG0010: `Base` is no name of a ConfigMap",
        "error SG0009: `policy` names a ConfigMap and an image (keep `default` or `image`)",
        "error SG0005: `policy` has no key `alowed` (did you mean `allowed`?)",
        "injector.yaml:16:12: error SG0008:",
        "error SG0010: `Team A` is no name of a namespace",
        "error SG0005: a namespace has no key `sidecar`",
    ] {
        assert!(told.contains(wanted), "{wanted}\nis not in\n{told}");
    }
}

#[test]
fn a_bound_holds_on_both_sides() {
    let with = |line: &str| faults(&format!("version: 1\nimage: acme/sluicegate:1\n{line}\n")).is_empty();
    for (line, is_right) in [
        ("listen_port: 1023", false),
        ("listen_port: 1024", true),
        ("listen_port: 65535", true),
        ("listen_port: 65536", false),
        ("port_name: a-name-of-14-x", true),
        ("port_name: a-name-of-15-xy", true),
        ("port_name: a-name-of-16-xyz", false),
        ("port_name: \"123\"", false),
        ("port_name: a--b", false),
        ("uid: 1", true),
        ("uid: 4294967295", true),
        ("uid: 4294967296", false),
        ("kubernetes: \"1.29\"", true),
        ("kubernetes: \"1\"", false),
        ("kubernetes: \"1.+3\"", false),
        ("drain: 24hour", true),
        ("drain: 25hour", false),
        ("service_accounts: []", true),
        ("namespaces: {}", true),
        ("namespaces: { a: {} }", true),
        ("policy: { allowed: [] }", true),
    ] {
        assert_eq!(with(line), is_right, "{line}");
    }
}
