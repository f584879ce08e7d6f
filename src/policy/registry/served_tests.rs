//! What rows say of versions and limits, as it is in force.

use super::tests::{grid, over_files, version};
use super::*;
use crate::identity::Caller;
use crate::json::Document;
use crate::limit::Requests;
use crate::names::Label;
use crate::policy::tests::caller;
use crate::policy::{Policy, State};

const NEW: &str = r#"{"inputSchema":{"properties":{"limit":{"type":"integer"},"query":{"type":"string"}},"required":["query"],"type":"object"},"name":"search"}"#;
const OLD: &str = r#"{"inputSchema":{"properties":{"q":{"type":"string"}},"required":["q"],"type":"object"},"name":"search"}"#;
const WIDE: &str = r#"{"name":"search-v3"}"#;
const SEARCH3: &str = r#"{"description":"Wide.","name":"search"}"#;
const RENAMED: &str = r#"{"request": [{"rename": {"q": "query"}}]}"#;

/// The first moments of the days that tests are about.
const DAY_MS: i64 = 86_400_000;

const FILES: &str = "\
version: 1
server: { id: payments }
callers: { anonymous: allow }
tools: { search: { class: read }, search-v3: { class: read } }
allow: [{ id: all, tools: \"*\" }]
";

fn pinned(version: i32) -> Extra {
    Extra { version: Some(version), ..Extra::default() }
}

/// `acme` is on version 1, which the server no longer has; `globex` on the active one.
fn registry() -> Registry {
    let old = VersionRow {
        state: "deprecated".into(),
        transform: Some(RENAMED.into()),
        deprecated_unix_ms: Some(DAY_MS),
        sunset_unix_ms: Some(9 * DAY_MS),
        ..version("search", 1, OLD)
    };
    Registry {
        server: "payments".into(),
        versions: vec![old, version("search", 2, NEW), version("search-v3", 1, WIDE)],
        grid: grid(&[("acme", "search", true, pinned(1)), ("globex", "search", true, pinned(2))]),
        ..Registry::default()
    }
}

#[track_caller]
fn policy(files: &str, registry: &Registry) -> Policy {
    over_files(files, registry).unwrap_or_else(|faults| panic!("{faults}"))
}

fn told(files: &str, registry: &Registry) -> String {
    match over_files(files, registry) {
        Ok(policy) => policy.warnings().to_string(),
        Err(faults) => faults.to_string(),
    }
}

/// The version that a name means to a caller, its state, and what the server gets for `arguments`.
fn meant(policy: &Policy, caller: &Caller, name: &str, unix_ms: i64) -> Option<(u32, State, bool)> {
    let (versions, unix_ms) = (policy.versions(), u64::try_from(unix_ms).unwrap());
    let choice = versions.choose(versions.aim(name, unix_ms)?, caller, None, unix_ms)?;
    Some((choice.number, choice.state, choice.is_present))
}

fn of(tenant: &str) -> Arc<Caller> {
    caller(Some(tenant), &[], &[])
}

#[test]
fn a_row_pins_its_tenant_to_a_version_that_is_translated_until_it_ends() {
    let policy = policy(FILES, &registry());
    assert_eq!(policy.warnings().to_string(), "");
    for (tenant, name, day, wanted) in [
        ("acme", "search", 0, (1, State::Deprecated, true)),
        ("acme", "search", 9, (1, State::Retired, true)),
        ("acme", "search_v2", 0, (2, State::Active, true)),
        ("globex", "search", 0, (2, State::Active, true)),
        ("globex", "search.v1", 0, (1, State::Deprecated, true)),
        ("initech", "search", 0, (2, State::Active, true)),
    ] {
        assert_eq!(meant(&policy, &of(tenant), name, day * DAY_MS), Some(wanted), "{tenant} {name} {day}");
    }
    let versions = policy.versions();
    let chosen = versions.choose(versions.aim("search", 0).unwrap(), &of("acme"), None, 0).unwrap().chosen;
    let arguments = Document::parse(br#"{"q":"tea"}"#).unwrap();
    assert_eq!(versions.request(chosen, Some(arguments.root())).as_deref(), Some(r#"{"query":"tea"}"#));
    assert!(policy.version_misfit(chosen, None).is_some(), "the old version takes `q`");
    assert_eq!(
        versions.notice(chosen).and_then(|notice| notice.sunset().map(str::to_owned)).as_deref(),
        Some("1970-01-10")
    );
}

#[test]
fn a_pin_ends_with_its_row_and_that_of_a_file_comes_first() {
    let mut rows = registry();
    rows.grid = grid(&[("acme", "search", true, Extra { until_unix_ms: Some(5), ..pinned(1) })]);
    let ending = policy(FILES, &rows);
    assert_eq!(meant(&ending, &of("acme"), "search", 4).map(|found| found.0), Some(1));
    assert_eq!(meant(&ending, &of("acme"), "search", 5).map(|found| found.0), Some(2));
    let files = FILES.replace(
        "search: { class: read }",
        "search: { class: read, canary: { 1: 100 }, pins: { tenants: { acme: 2 }, agents: { old-bot: 1 } } }",
    );
    let by_file = policy(&files, &registry());
    assert_eq!(meant(&by_file, &of("acme"), "search", 0).map(|found| found.0), Some(2));
    assert_eq!(meant(&by_file, &of("globex"), "search", 0).map(|found| found.0), Some(2), "by its row");
    assert_eq!(meant(&by_file, &of("initech"), "search", 0).map(|found| found.0), Some(1), "by the canary");
    let warned = by_file.warnings().to_string();
    assert!(
        warned.contains(
            "registry: tenant_tool acme/search:1:1: warning SG0156: the policy files pin `acme` to `search@2`"
        ),
        "{warned}"
    );
}

#[test]
fn where_files_declare_versions_they_win_and_rows_still_pin() {
    let files = FILES.replace(
        "search: { class: read }",
        "search@1: { state: retired, successor: 2 }, search@2: { class: read }",
    );
    let by_files = policy(&files, &registry());
    assert_eq!(meant(&by_files, &of("acme"), "search", 0), Some((1, State::Retired, true)));
    let warned = by_files.warnings().to_string();
    assert!(warned.contains("registry: tool_version search@1:1:1: warning SG0155: the policy files say `state: retired` of `search@1`"), "{warned}");
    let mut rows = registry();
    rows.versions.push(VersionRow { state: "deprecated".into(), ..version("search", 7, OLD) });
    rows.grid = grid(&[("acme", "search", true, pinned(7))]);
    let warned = told(&files, &rows);
    assert!(warned.contains("warning SG0148: the tenant is pinned to `search@7`, which cannot be served: the policy files declare"), "{warned}");
    rows.grid = grid(&[("acme", "search", true, pinned(8))]);
    assert!(told(&files, &rows).contains("error SG0097: there is no version 8 of `search`"));
    // Without any rows of versions, pins are about those of the files.
    let alone = FILES.replace(
        "search: { class: read }",
        "search@1: {}, search@2: { upstream: search-v3 }, search: { default: 2 }",
    );
    let rows =
        Registry { versions: Vec::new(), grid: grid(&[("acme", "search", true, pinned(1))]), ..registry() };
    let pins = policy(&alone, &rows);
    assert_eq!(meant(&pins, &of("acme"), "search", 0).map(|found| found.0), Some(1));
    assert_eq!(meant(&pins, &of("globex"), "search", 0).map(|found| found.0), Some(2));
}

/// A change of the registry, and what is said of it then; nothing if all is well.
type Changed = (fn(&mut Registry), &'static str);

const CHANGED: &[Changed] = &[
    // What was approved once and is asked for by nobody is history.
    (
        |r| {
            r.grid = grid(&[]);
            (r.versions[0].transform, r.versions[0].sunset_unix_ms) = (None, None);
        },
        "",
    ),
    (
        |r| (r.versions[0].transform, r.versions[0].sunset_unix_ms) = (None, None),
        "registry: tenant_tool acme/search:1:1: warning SG0148: the tenant is pinned to `search@1`, which cannot be served: \
         nothing fills argument `/query`",
    ),
    (
        |r| (r.versions[0].approved_by, r.versions[0].transform) = (None, None),
        "which cannot be served: nobody approved it",
    ),
    (
        |r| r.versions[0].approved_by = None,
        "registry: tool_version search@1:1:1: error SG0098: `search@1` would be served, and nobody approved it",
    ),
    (|r| r.versions[0].state = "retired".into(), ""),
    (
        |r| r.versions[0].transform = Some(r#"{"request": [{"rename": {"q": "qery"}}]}"#.into()),
        "registry: tool_version search@1 transform:1:25: error SG0074: `search@2` has no argument `/qery` (did you mean `query`?)",
    ),
    (
        |r| r.versions[0].transform = Some(r#"{"requests": []}"#.into()),
        "registry: tool_version search@1 transform:1:2: error SG0005: a transform has no key `requests` (did you mean `request`?)",
    ),
    (|r| r.versions[0].successor = Some(1), "error SG0071: `search@1` is its own successor"),
    (
        |r| r.versions[0].state = "brownout".into(),
        "error SG0072: a version in brownout does not say how it fails",
    ),
    (
        |r| r.versions[1].state = "deprecated".into(),
        "which cannot be served: no version of the tool is active",
    ),
    (
        |r| {
            r.aliases.push(AliasRow {
                alias: "search-v3".into(),
                name: "search".into(),
                ..AliasRow::default()
            });
        },
        "registry: tool_alias search-v3:1:1: error SG0076: `search-v3` is another name of `search`",
    ),
];

#[test]
fn what_cannot_be_served_is_told_with_its_row() {
    assert_eq!(told(FILES, &registry()), "");
    for (edit, wanted) in CHANGED {
        let mut registry = registry();
        edit(&mut registry);
        let told = told(FILES, &registry);
        assert!(
            told.contains(wanted) && (!wanted.is_empty() || told.is_empty()),
            "wanted {wanted}\ngot {told}"
        );
    }
}

#[test]
fn a_definition_of_which_only_words_changed_is_served_without_a_translation() {
    let mut registry = registry();
    let words = NEW.replace(r#"{"inputSchema""#, r#"{"description":"As it was.","inputSchema""#);
    registry.versions[0] =
        VersionRow { state: "deprecated".into(), successor: Some(2), ..version("search", 1, &words) };
    let policy = policy(FILES, &registry);
    assert_eq!(policy.warnings().to_string(), "");
    let versions = policy.versions();
    let chosen = versions.choose(versions.aim("search", 0).unwrap(), &of("acme"), None, 0).unwrap().chosen;
    let shown = Document::parse(NEW.as_bytes()).unwrap();
    let shown = versions.show(chosen, shown.root(), "search").unwrap();
    assert!(shown.contains("As it was."), "{shown}");
}

#[test]
fn another_tool_of_the_server_is_a_version_and_a_row_disables_it_with_the_tool() {
    let mut registry = registry();
    let draft = VersionRow {
        state: "draft".into(),
        transform: Some(r#"{"upstream": "search-v3"}"#.into()),
        ..version("search", 3, SEARCH3)
    };
    registry.versions.push(draft);
    registry.grid =
        grid(&[("acme", "search", true, pinned(3)), ("globex", "search", false, Extra::default())]);
    let policy = policy(FILES, &registry);
    assert_eq!(meant(&policy, &of("acme"), "search", 0), Some((3, State::Draft, true)));
    assert_eq!(
        meant(&policy, &of("initech"), "search_v3", 0),
        Some((3, State::Draft, false)),
        "a draft is for who is pinned"
    );
    let acme = of("acme");
    assert!(matches!(
        policy.judge_call(&policy.standing(&acme, 0), "search-v3", None),
        crate::policy::Decision::Allow { .. }
    ));
    let globex = of("globex");
    let decision = policy.judge_call(&policy.standing(&globex, 0), "search-v3", None);
    assert!(matches!(decision, crate::policy::Decision::Forbid(_)), "no way around the row");
}

#[test]
fn an_alias_can_be_called_until_it_ends() {
    let mut registry = registry();
    let alias = |alias: &str, version, until| AliasRow {
        alias: alias.into(),
        name: "search".into(),
        version,
        expires_unix_ms: until,
    };
    registry.aliases = vec![alias("find", None, Some(5)), alias("find-old", Some(1), None)];
    let policy = policy(FILES, &registry);
    assert_eq!(meant(&policy, &of("acme"), "find", 4).map(|found| found.0), Some(1));
    assert_eq!(meant(&policy, &of("globex"), "find", 4).map(|found| found.0), Some(2));
    assert_eq!(meant(&policy, &of("globex"), "find", 5), None);
    assert_eq!(meant(&policy, &of("globex"), "find-old", 99).map(|found| found.0), Some(1));
}

fn limits_of(policy: &Policy, tenant: &str, tool: &str, unix_ms: u64) -> Vec<String> {
    let rules = policy.quotas(policy.tool(tool), Some(tenant), unix_ms);
    rules.iter().map(|rule| format!("{} {}", rule.id(), rule.most())).collect()
}

#[test]
fn limits_of_a_row_hold_for_its_tenant_and_its_tool() {
    let limited = |text: &str| Extra { limits: Some(text.into()), ..Extra::default() };
    let mut registry = registry();
    registry.versions.clear();
    registry.grid = grid(&[
        ("acme", "search", true, limited(r#"{"rate": "60/min", "burst": 7}"#)),
        (
            "globex",
            "search",
            true,
            Extra {
                until_unix_ms: Some(5),
                ..limited(r#"[{"rate": "9/min"}, {"id": "slots", "concurrency": 4}]"#)
            },
        ),
    ]);
    let policy = policy(FILES, &registry);
    assert_eq!(limits_of(&policy, "acme", "search", 9), ["registry:rate 7"]);
    assert_eq!(limits_of(&policy, "acme", "search-v3", 9), [""; 0]);
    assert_eq!(limits_of(&policy, "globex", "search", 4), ["registry:rate 9", "registry:slots 4"]);
    assert_eq!(limits_of(&policy, "globex", "search", 5), [""; 0]);
    assert_eq!(limits_of(&policy, "initech", "search", 0), [""; 0]);
    let named: Vec<&str> = policy.limit_ids().map(Label::as_str).collect();
    assert_eq!(named, ["registry:rate", "registry:slots"], "one for each cell that there is");
    let search = policy.tool("search");
    assert_eq!(policy.limits(search, Requests::CALLS).count(), 0, "they are of their tenants alone");
    let files = format!("{FILES}limits: [{{ id: 'registry:rate', per: [user], rate: 1/min }}]\n");
    let told = told(&files, &registry);
    let wanted = "policy.yaml:6:16: error SG0011: limits in the registry are called `registry:rate`";
    assert!(told.contains(wanted), "{told}");
    assert!(check_quotas(r#"{"rate": "60/min"}"#).is_ok() && check_quotas(r#"{"rate": 60}"#).is_err());
}

#[test]
fn a_pin_and_limits_of_every_tenant_on_every_tool_cost_little_and_a_decision_nothing() {
    let mut grid = Grid::default();
    let measured = allocation_counter::measure(|| {
        for tenant in 0..10_000_i32 {
            for tool in 0..50 {
                let name = if tool == 0 { "search".to_owned() } else { format!("search-{tool}") };
                let plan = format!(r#"{{"rate": "{}/min"}}"#, 10 + tenant % 3);
                let extra = Extra { limits: Some(plan.into()), ..pinned(1 + tenant % 2) };
                grid.put(&format!("tenant-{tenant:05}"), &name, Cell { is_enabled: true, extra });
            }
        }
        grid.settle();
    });
    assert_eq!(grid.len(), 500_000);
    let mebibytes = measured.bytes_current / 1_048_576;
    assert!((0..10).contains(&mebibytes), "{mebibytes} MiB stay");
    let tools: String = (1..50).map(|tool| format!(", search-{tool}: {{ class: read }}")).collect();
    let files = FILES.replace(", search-v3: { class: read }", &tools);
    let mut registry = registry();
    registry.grid = Arc::new(grid);
    registry.versions.truncate(2);
    for tool in 1..50 {
        for number in 1..3 {
            let definition = format!(r#"{{"name":"search-{tool}"}}"#);
            let state = if number == 2 { ACTIVE } else { "deprecated" };
            registry.versions.push(VersionRow {
                state: state.into(),
                ..version(&format!("search-{tool}"), number, &definition)
            });
        }
    }
    let policy = policy(&files, &registry);
    let (caller, versions) = (of("tenant-07777"), policy.versions());
    let measured = allocation_counter::measure(|| {
        let choice = versions.choose(versions.aim("search-9", 5).unwrap(), &caller, None, 5).unwrap();
        assert_eq!(choice.number, 2);
        let tool = policy.tool(versions.upstream(choice.chosen).unwrap());
        assert_eq!(policy.quotas(tool, caller.tenant(), 5).len(), 1);
        std::hint::black_box(policy.judge_call(&policy.standing(&caller, 5), "search-9", None));
    });
    assert_eq!(measured.count_total, 0, "a decision allocates nothing");
}
