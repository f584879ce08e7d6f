use std::time::Instant;

use super::*;
use crate::bounds::REGISTRY_FAULTS_SHOWN_MAX;
use crate::names::{Label, Mode};
use crate::policy::tests::caller;
use crate::policy::{Decision, Faults, Listing, Policy, Source, Why, bundle_sha256, compile_over};

const FILES: &str = "\
version: 1
server: { id: payments }
callers: { anonymous: allow }
tools: { search: { class: read }, refund: { class: write, tenants: { globex: disabled, initech: enabled, \"*\": disabled } } }
allow: [{ id: all, tools: \"*\" }]
";

const REFUND: &str = r#"{"name":"refund","inputSchema":{"type":"object"}}"#;
const SEARCH: &str = r#"{"description":"Searches.","name":"search","inputSchema":{"type":"object"}}"#;

fn sources() -> Vec<Source> {
    vec![Source { name: "policy.yaml".into(), text: FILES.into() }]
}

pub(super) fn version(name: &str, version: i32, definition: &str) -> VersionRow {
    let document = Document::parse(definition.as_bytes()).unwrap();
    VersionRow {
        name: name.into(),
        version,
        state: ACTIVE.into(),
        definition: definition.into(),
        sha256: crate::policy::definition_sha256(document.root()).unwrap().into(),
        approved_by: Some("dba".into()),
        ..VersionRow::default()
    }
}

pub(super) fn grid(rows: &[(&str, &str, bool, Extra)]) -> Arc<Grid> {
    let mut grid = Grid::default();
    for (tenant, tool, is_enabled, extra) in rows {
        grid.put(tenant, tool, Cell { is_enabled: *is_enabled, extra: extra.clone() });
    }
    grid.settle();
    Arc::new(grid)
}

fn registry(rows: &[(&str, &str, bool, Extra)]) -> Registry {
    Registry {
        revision: 7,
        server: "payments".into(),
        epoch: "e".into(),
        grid: grid(rows),
        ..Registry::default()
    }
}

fn until(end: u64) -> Extra {
    Extra { until_unix_ms: Some(end), ..Extra::default() }
}

fn over(registry: &Registry) -> Result<Policy, Faults> {
    compile_over(&sources(), Some(registry), 0, Mode::Enforce)
}

pub(super) fn over_files(files: &str, registry: &Registry) -> Result<Policy, Faults> {
    crate::identity::install_crypto();
    let source = Source { name: "policy.yaml".into(), text: files.into() };
    compile_over(&[source], Some(registry), 0, Mode::Enforce)
}

fn may(policy: &Policy, tenant: Option<&str>, tool: &str, unix_ms: u64) -> bool {
    let caller = caller(tenant, &[], &[]);
    let standing = policy.standing(&caller, unix_ms);
    let decision = policy.judge_call(&standing, tool, None);
    let is_allowed = match decision {
        Decision::Allow { .. } => true,
        Decision::Forbid(forbid) => {
            assert_eq!(forbid.why, Why::Tenant);
            false
        }
    };
    assert_eq!(policy.lists(&standing, tool) == Listing::Shown, is_allowed, "what may be called is shown");
    is_allowed
}

#[test]
fn says_who_may_use_what_and_a_no_wins_over_a_yes() {
    let policy = over(&registry(&[
        ("acme", "refund", true, until(10)),
        ("acme", "search", false, until(10)),
        ("globex", "refund", true, Extra::default()),
        ("initech", "refund", false, Extra::default()),
        ("umbrella", "refund", true, Extra::default()),
    ]))
    .unwrap();
    for (tenant, tool, unix_ms, wanted) in [
        (Some("acme"), "refund", 9, true),
        (Some("acme"), "refund", 10, false),
        (Some("acme"), "search", 9, false),
        (Some("acme"), "search", 10, true),
        (Some("globex"), "refund", 0, false),
        (Some("globex"), "search", 0, true),
        (Some("initech"), "refund", 0, false),
        (Some("umbrella"), "refund", 0, true),
        (Some("hooli"), "refund", 0, false),
        (None, "refund", 0, false),
        (None, "search", 0, true),
    ] {
        assert_eq!(may(&policy, tenant, tool, unix_ms), wanted, "{tenant:?} {tool} at {unix_ms}");
    }
    let warned: Vec<String> = policy.warnings().iter().map(ToString::to_string).collect();
    assert!(
        warned.iter().any(|line| line.contains("registry: tenant_tool globex/refund:1:1: warning SG0147")),
        "{warned:?}"
    );
}

/// A change of a registry that holds, and what is said of it then.
type Spoilt = (fn(&mut Registry), &'static str);

fn search(extra: Extra) -> Arc<Grid> {
    grid(&[("acme", "search", true, extra)])
}

fn alias(alias: &str, name: &str) -> AliasRow {
    AliasRow { alias: alias.into(), name: name.into(), ..AliasRow::default() }
}

const TWO_RATES: &str = r#"[{"rate": "60/min"}, {"rate": "600/hour"}]"#;

const SPOILT_TENANTS: &[Spoilt] = &[
    (
        |r| r.grid = grid(&[("acme", "serach", true, Extra::default())]),
        "registry: tenant_tool acme/serach:1:1: error SG0013: there is no tool `serach` (did you mean `search`?)",
    ),
    (
        |r| r.grid = grid(&[("acne", "search", true, Extra::default())]),
        "registry: tenant_tool acne/search:1:1: error SG0016: tenant `acne`",
    ),
    (
        |r| r.grid = grid(&[("a b", "search", true, Extra::default())]),
        "registry: tenant_tool a b/search:1:1: error SG0010",
    ),
    (
        |r| r.grid = search(Extra { version: Some(9), ..Extra::default() }),
        "registry: tenant_tool acme/search:1:1: error SG0097: there is no version 9",
    ),
];

const SPOILT_LIMITS: &[Spoilt] = &[
    (
        |r| r.grid = search(Extra { limits: Some("{}".into()), ..Extra::default() }),
        "registry: tenant_tool acme/search limits:1:1: error SG0140: a limit without `rate`",
    ),
    (
        |r| r.grid = search(Extra { limits: Some(r#"{"rat": "60/min"}"#.into()), ..Extra::default() }),
        "registry: tenant_tool acme/search limits:1:2: error SG0005: a limit of a tenant has no key `rat`",
    ),
    (
        |r| r.grid = search(Extra { limits: Some(TWO_RATES.into()), ..Extra::default() }),
        "registry: tenant_tool acme/search limits:1:23: error SG0011: two limits of one row",
    ),
    (
        |r| {
            r.grid = search(Extra {
                limits: Some(r#"{"unit": "arg:n", "rate": "60/min"}"#.into()),
                ..Extra::default()
            });
        },
        "error SG0144: a limit of a tenant counts no argument",
    ),
];

const SPOILT_VERSIONS: &[Spoilt] = &[
    (
        |r| r.versions[0].approved_by = None,
        "registry: tool_version search@2:1:1: error SG0098: `search@2` is active, and nobody approved it",
    ),
    (|r| r.versions[0].sha256[0] ^= 1, "registry: tool_version search@2:1:1: error SG0028"),
    (|r| r.versions[0].definition = "{".into(), "registry: tool_version search@2:1:1: error SG0009"),
    (|r| r.versions[0].definition = r#"{"name":"search","title":1}"#.into(), "error SG0007"),
    (
        |r| r.versions[0].definition = REFUND.into(),
        "error SG0097: the definition of `search@2` is that of `refund`",
    ),
    (
        |r| r.versions[0].state = "activ".into(),
        "error SG0008: there is no state `activ` of a version (did you mean `active`?)",
    ),
    (|r| r.versions[0].name = "sea rch".into(), "error SG0010"),
    (|r| r.versions[0].version = 0, "error SG0009: a version is a whole number"),
    (|r| r.versions[0].successor = Some(3), "error SG0097: the successor of `search@2` is `search@3`"),
    (
        |r| (r.versions[0].deprecated_unix_ms, r.versions[0].sunset_unix_ms) = (Some(2), Some(1)),
        "error SG0097: `search@2` ends before",
    ),
    (|r| r.versions[0].transform = Some("[]".into()), "error SG0007: the transform"),
    (|r| drop(r.versions.remove(0)), "policy.yaml:4:10: error SG0013: `search` is not in the registry"),
    (|r| r.aliases.push(alias("find", "serch")), "registry: tool_alias find:1:1: error SG0097"),
    (|r| r.aliases.push(alias("refund", "search")), "error SG0097: `refund` is the name of a tool"),
];

/// What is said of a registry with tools and a tenant, once it is changed.
fn told(edit: impl Fn(&mut Registry)) -> String {
    let mut registry = registry(&[("acme", "search", true, Extra::default())]);
    registry.versions = vec![version("search", 2, SEARCH), version("refund", 1, REFUND)];
    edit(&mut registry);
    let mut sources = sources();
    sources[0].text.push_str("tenants: [acme, globex, initech]\n");
    match compile_over(&sources, Some(&registry), 0, Mode::Enforce) {
        Ok(policy) => policy.warnings().to_string(),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn judges_rows_as_files_are_judged_and_names_the_row() {
    assert_eq!(told(|_| {}), "", "nothing is wrong with it");
    for (edit, wanted) in SPOILT_TENANTS.iter().chain(SPOILT_LIMITS).chain(SPOILT_VERSIONS) {
        let told = told(edit);
        assert!(told.contains(wanted), "wanted {wanted}\ngot {told}");
    }
    let many = told(|registry| {
        let names: Vec<String> = (0..99).map(|number| format!("t{number}")).collect();
        let row = |name| (name, "search", true, Extra::default());
        registry.grid = grid(&names.iter().map(|name| row(name.as_str())).collect::<Vec<_>>());
    });
    assert_eq!(many.lines().count(), REGISTRY_FAULTS_SHOWN_MAX, "not without end: {many}");
}

#[test]
fn lays_a_bundle_over_the_files_but_not_the_organisations() {
    let allow = "version: 1\ndeny: [{ id: frozen, tools: [search], owner: ops }]\n";
    let bundle = |name: &str, text: &str| {
        let files = [Source { name: name.into(), text: text.into() }];
        let sha256 = bundle_sha256(&files).into();
        BundleRow { revision: 3, author: "ops".into(), sha256, files: vec![(name.into(), text.into())] }
    };
    let mut registry = registry(&[]);
    registry.bundle = Some(bundle("frozen.yaml", allow));
    let policy = over(&registry).unwrap();
    assert!(policy.rule_ids().any(|id| id.as_str() == "frozen"));
    assert_ne!(policy.sha256, over(&Registry { revision: 8, ..registry.clone() }).unwrap().sha256);
    registry.bundle = Some(bundle("policy.yaml", &FILES.replace("id: all", "id: other")));
    assert_eq!(over(&registry).unwrap().rule_ids().map(Label::as_str).collect::<Vec<_>>(), ["other"]);
    for (name, wanted) in [
        ("organisation/a.yaml", "registry: policy_bundle 3/organisation/a.yaml:1:1: error SG0099"),
        ("tools.lock.yaml", "error SG0099: a bundle in the registry holds no lock file"),
        ("../a.yaml", "error SG0099"),
    ] {
        registry.bundle = Some(bundle(name, allow));
        let told = over(&registry).unwrap_err().to_string();
        assert!(told.contains(wanted), "{told}");
    }
    registry.bundle = Some(BundleRow { sha256: [0; 32].into(), ..bundle("frozen.yaml", allow) });
    assert!(over(&registry).unwrap_err().to_string().contains("SG0028"));
}

#[test]
fn writes_a_document_that_reads_back_the_same() {
    let mut registry = registry(&[
        ("acme", "search", true, Extra::default()),
        ("acme", "refund", false, Extra::default()),
        ("globex", "search", true, Extra { version: Some(2), until_unix_ms: Some(5), limits: None }),
        ("initech", "search", true, Extra { version: Some(2), ..Extra::default() }),
        ("initech", "refund", true, Extra { version: Some(2), ..Extra::default() }),
    ]);
    registry.versions = vec![version("refund", 1, REFUND), version("search", 2, SEARCH)];
    registry.aliases.push(AliasRow { alias: "find".into(), name: "search".into(), ..AliasRow::default() });
    registry.bundle =
        Some(BundleRow { revision: 1, files: vec![("a.yaml".into(), "x".into())], ..BundleRow::default() });
    let written = registry.to_document().to_string();
    let read = Registry::from_document(&written).unwrap();
    assert_eq!(read.to_document().to_string(), written);
    assert!(written.contains(r#""tools":"0-1""#), "what is alike is one: {written}");
    assert_eq!(over(&read).is_ok(), over(&registry).is_ok());
    for (from, to, wanted) in [
        ("\"format\":1", "\"format\":2", "its `format` is not 1"),
        ("\"revision\":7", "\"revision\":\"7\"", "`revision` is not a whole number"),
        ("\"server\"", "\"sever\"", "`sever` is no key of it"),
        ("{\"acme\"", "{\"acme\":{},\"b\"", "`tenants.acme.enabled` is not a text"),
        ("\"enabled\":\"1\"", "\"enabled\":\"9\"", "`tenants.acme.enabled` is not ranges of `tools`"),
        ("{\"format\"", "\"format\"", "it is no JSON: line 1"),
    ] {
        assert!(written.contains(from), "{from} in {written}");
        let fault = Registry::from_document(&written.replacen(from, to, 1)).unwrap_err();
        assert_eq!(fault.to_string(), wanted);
    }
    fuzz_registry(written.as_bytes());
    fuzz_registry(b"{}");
}

#[test]
fn looks_up_ten_thousand_tenants_without_allocating() {
    let mut grid = Grid::default();
    for tenant in 0..10_000 {
        for tool in 0..50 {
            let name = if tool == 0 { "search".to_owned() } else { format!("search_{tool}") };
            let is_enabled = (tenant + tool) % 7 != 0;
            grid.put(&format!("tenant-{tenant:05}"), &name, Cell { is_enabled, extra: Extra::default() });
        }
    }
    grid.settle();
    assert_eq!(grid.len(), 500_000);
    let tools: String = (1..50).map(|tool| format!(", search_{tool}: {{ class: read }}")).collect();
    let text = FILES.replace("class: read }", &format!("class: read }}{tools}"));
    let registry = Registry { grid: Arc::new(grid), ..registry(&[]) };
    let begin = Instant::now();
    let source = Source { name: "policy.yaml".into(), text };
    let policy = compile_over(&[source], Some(&registry), 0, Mode::Enforce).unwrap();
    let compiled = begin.elapsed();
    let caller = caller(Some("tenant-07777"), &[], &[]);
    let measured = allocation_counter::measure(|| {
        let standing = policy.standing(&caller, 5);
        let decision = policy.judge_call(&standing, "search_9", None);
        std::hint::black_box(decision);
    });
    assert_eq!(measured.count_total, 0, "a decision allocates nothing");
    println!("compiled with 10,000 tenants x 50 tools in {compiled:?}");
}
