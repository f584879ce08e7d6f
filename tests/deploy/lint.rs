//! Linters and schemas over everything that people copy.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::tools::{ask, documents, files, get, has};

/// Where the gate writes its audit trail, in a pod as on a host.
const AUDIT_FOLDER: &str = "/var/log/sluicegate/";

#[test]
fn yaml_is_clean() {
    if !has("yaml", &["yamllint"]) {
        return;
    }
    let all = files(Path::new("deploy"));
    let yaml = all.iter().filter_map(|path| path.to_str()).filter(|path| {
        let is_template = path.contains("/helm/sluicegate/templates/");
        // Made from files that have their own ways.
        let is_bundle = path.contains("/examples/") && path.ends_with("policy.yaml");
        (path.ends_with(".yaml") || path.ends_with(".yml")) && !is_template && !is_bundle
    });
    get("yamllint", &[&["--strict"], &yaml.collect::<Vec<_>>()[..]].concat());
}

#[test]
fn images_are_clean() {
    if !has("images", &["hadolint"]) {
        return;
    }
    get("hadolint", &["deploy/docker/Dockerfile", "deploy/docker/Dockerfile.scratch"]);
}

#[test]
fn scripts_are_clean() {
    if !has("scripts", &["shellcheck"]) {
        return;
    }
    let mut found: Vec<_> =
        ["scripts", "tests/deploy", "deploy"].iter().flat_map(|folder| files(Path::new(folder))).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "sh"));
    assert!(found.len() >= 2, "{found:?}");
    get("shellcheck", &found.iter().filter_map(|path| path.to_str()).collect::<Vec<_>>());
}

#[test]
fn compose_says_what_its_schema_knows() {
    if !has("compose", &["check-jsonschema", "promtool", "python"]) {
        return;
    }
    let file = "deploy/compose/compose.yaml";
    get("check-jsonschema", &["--builtin-schema", "vendor.compose-spec", file]);
    get("promtool", &["check", "config", "--syntax-only", "deploy/compose/prometheus.yml"]);
    let compose = &documents(&std::fs::read_to_string(file).expect("text"))[0];
    for (name, service) in compose["services"].as_object().expect("services") {
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let source =
                volume["source"].as_str().or_else(|| volume.as_str()?.split(':').next()).expect("a source");
            let path = Path::new("deploy/compose").join(source);
            assert!(path.exists(), "{name} mounts {source}, which is not there");
        }
    }
    // What Prometheus scrapes is the gate's listener for operators, and the gate is told to open it.
    let scraped = &documents(&std::fs::read_to_string("deploy/compose/prometheus.yml").expect("text"))[0];
    let target = scraped["scrape_configs"][0]["static_configs"][0]["targets"][0].as_str().expect("a target");
    let (service, port) = target.split_once(':').expect("a port");
    let words = compose["services"][service]["command"].as_array().expect("words");
    assert!(words.contains(&Value::from(format!("--admin=0.0.0.0:{port}"))), "{words:?}");
}

/// The words with which compose starts the gate and the server are words that they know.
#[test]
fn compose_starts_what_there_is() {
    if !has("compose", &["python"]) {
        return;
    }
    let compose = &documents(&std::fs::read_to_string("deploy/compose/compose.yaml").expect("text"))[0];
    for name in ["gate", "server"] {
        let words = compose["services"][name]["command"].as_array().expect("words").iter();
        // The container's own paths and ports give way to those of the test.
        let words = words.filter_map(Value::as_str).map(|word| match word {
            "--admin=0.0.0.0:15820" => "--admin=127.0.0.1:0",
            "--listen=0.0.0.0:15801" => "--listen=127.0.0.1:0",
            "--policy=/etc/sluicegate/policy" => "--policy=policies/stories/clinic",
            "--serve=127.0.0.1:8080" => "--serve=127.0.0.1:0",
            word => word,
        });
        let words: Vec<_> = words.map(ToOwned::to_owned).collect();
        assert!(super::unit::starts(&words).contains(" ready listen=http://"), "{words:?}");
    }
}

/// Every source, transform and sink is fed by one that exists, and reads where the gate writes.
#[test]
fn vector_is_wired() {
    if !has("logging", &["python"]) {
        return;
    }
    let vector = &documents(&std::fs::read_to_string("deploy/logging/vector.yaml").expect("text"))[0];
    let part = |name: &str| vector[name].as_object().expect("a part").clone();
    let mut known: BTreeSet<_> = part("sources").keys().cloned().collect();
    known.extend(part("transforms").keys().cloned());
    let fed: Vec<_> = part("transforms").into_iter().chain(part("sinks")).collect();
    for (name, component) in &fed {
        for input in component["inputs"].as_array().expect("inputs") {
            assert!(known.contains(input.as_str().expect("a name")), "{name} reads {input}");
        }
    }
    reads_the_audit(
        vector["sources"]["audit"]["include"].as_array().expect("paths").iter().filter_map(Value::as_str),
    );
}

#[test]
fn the_collector_is_wired() {
    if !has("logging", &["python"]) {
        return;
    }
    let collector = &documents(&std::fs::read_to_string("deploy/logging/otelcol.yaml").expect("text"))[0];
    for (name, pipeline) in collector["service"]["pipelines"].as_object().expect("pipelines") {
        for part in ["receivers", "processors", "exporters"] {
            for used in pipeline[part].as_array().expect("names") {
                assert!(
                    collector[part].get(used.as_str().expect("a name")).is_some(),
                    "{name}: {part} {used}"
                );
            }
        }
    }
    for extension in collector["service"]["extensions"].as_array().expect("names") {
        assert!(collector["extensions"].get(extension.as_str().expect("a name")).is_some(), "{extension}");
    }
    let paths = collector["receivers"]["filelog"]["include"].as_array().expect("paths");
    reads_the_audit(paths.iter().filter_map(Value::as_str));
}

#[test]
fn fluent_bit_is_wired() {
    let text = std::fs::read_to_string("deploy/logging/fluent-bit.conf").expect("text");
    let of = |key: &str| {
        let lines = text.lines().map(str::trim_start).filter_map(move |line| line.strip_prefix(key));
        lines.filter(|rest| rest.starts_with(' ')).map(str::trim).collect::<Vec<_>>()
    };
    let tags = of("Tag");
    assert!(!tags.is_empty() && of("Match").iter().all(|tag| tags.contains(tag)), "{tags:?}");
    reads_the_audit(of("Path")[0].split(','));
    for line in
        text.lines().filter(|line| !line.trim_start().starts_with(['#', '[']) && !line.trim().is_empty())
    {
        assert!(line.starts_with("    ") && line.split_whitespace().count() >= 2, "{line}");
    }
}

/// Both the file that is written and those that were put aside, and nothing twice.
#[track_caller]
fn reads_the_audit<'p>(paths: impl Iterator<Item = &'p str>) {
    let patterns: Vec<_> = paths.collect();
    for file in ["audit.jsonl", "audit.20261123T091355.123Z.jsonl"] {
        let path = format!("{AUDIT_FOLDER}{file}");
        let matching = patterns.iter().filter(|pattern| match pattern.split_once('*') {
            Some((start, end)) => path.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
            None => **pattern == path,
        });
        assert_eq!(matching.count(), 1, "{path} by {patterns:?}");
    }
}

#[test]
fn a_dirty_file_is_found() {
    if !has("yaml", &["yamllint", "shellcheck", "hadolint"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let dirty = |program: &str, name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        assert!(!ask(program, &[path.to_str().expect("a path")]).0, "{program} lets {name} pass");
    };
    dirty("yamllint", "a.yaml", "a: 1\na: 2\n");
    dirty("shellcheck", "a.sh", "#!/bin/sh\ncd $1\n");
    dirty("hadolint", "Dockerfile", "FROM debian\nRUN cd /tmp\n");
}
