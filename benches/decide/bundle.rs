//! Fifty rules over forty-one tools, and a call with six arguments: shared by the bench and the test that counts
//! allocations.

use std::sync::Arc;
use std::time::Duration;

use sluicegate::identity::{Caller, Directory, Evidence, Settings, StaticKey, digest};
use sluicegate::json::Document;
use sluicegate::names::{Label, Mode, Now, hex};
use sluicegate::policy::registry::{Cell, Extra, Grid, Registry};
use sluicegate::policy::{self, Paint, Policy, Source, definition_sha256};

/// 2026-11-23.
pub const TODAY_UNIX_MS: u64 = 1_795_392_000_000;

/// The arguments of the call: 310 bytes of JSON with what is around them on the wire.
pub const ARGUMENTS: &str = r#"{"database":"analytics","schema":"public","limit":500,"offset":0,"dry":false,"sql":"SELECT id, name, created_at FROM orders WHERE created_at > now() - interval '7 days' ORDER BY created_at DESC LIMIT 500"}"#;

const TOOL: &str = r#"{"name":"db_query","annotations":{"readOnlyHint":true},"inputSchema":{"type":"object","required":["database","sql"],"properties":{"database":{"type":"string"},"schema":{"type":"string"},"limit":{"type":"integer"},"offset":{"type":"integer"},"dry":{"type":"boolean"},"sql":{"type":"string"}}}}"#;

const HEAD: &str = "version: 1
server: { id: db }
callers: { anonymous: deny }
scopes: ['db:query', 'db:admin', a, b, c, d]
tenants: [acme, globex]
groups: [staff, blocked-0, blocked-1, blocked-2, blocked-3, blocked-4]
roles:
  analyst: { scopes: ['db:query'], tenants: [acme, globex] }
  admin: { scopes: ['db:admin'], groups: [staff] }
  blocked-0: { groups: [blocked-0] }
  blocked-1: { groups: [blocked-1] }
  blocked-2: { groups: [blocked-2] }
  blocked-3: { groups: [blocked-3] }
  blocked-4: { groups: [blocked-4] }
";

/// Thirty allows, six of them about `db_query`, of which the last applies; twenty denies, three about `db_query`
/// and five about every tool.
fn rules() -> String {
    let mut text = format!("{HEAD}allow:\n");
    for index in 0..24 {
        text += &format!("  - {{ id: allow-{index}, roles: [analyst], tools: [tool_{index}] }}\n");
    }
    text += "  - { id: admins, roles: [admin], tools: [db_query] }\n";
    for index in 0..5 {
        let database = if index == 4 { "analytics" } else { "other" };
        text += &format!(
            "  - {{ id: read-{index}, roles: [analyst], tools: [db_query], args: {{ db_query: {{ schema: {{ in: [public, sales] }}, \
             limit: {{ min: 1, max: 1000, required: true }}, offset: {{ min: 0, max: 100000 }}, dry: {{ equals: false }}, \
             database: {{ in: [{database}, reporting-{index}] }} }} }} }}\n"
        );
    }
    text += "deny:\n";
    for index in 0..12 {
        text += &format!("  - {{ id: deny-{index}, roles: [blocked-0], tools: [tool_{index}], owner: o }}\n");
    }
    let denied = ["database: { equals: prod }", "limit: { min: 5000 }", "schema: { in: [secret, internal] }"];
    for (index, asked) in denied.iter().enumerate() {
        text += &format!(
            "  - {{ id: no-{index}, tools: [db_query], args: {{ db_query: {{ {asked} }} }}, when_missing: ignore, owner: o }}\n"
        );
    }
    for index in 0..5 {
        text += &format!("  - {{ id: blocked-{index}, roles: [blocked-{index}], tools: '*', owner: o }}\n");
    }
    text
}

/// The policy.
pub fn policy() -> Policy {
    policy_with("")
}

/// The policy with more parts.
pub fn policy_with(more: &str) -> Policy {
    policy::compile(&sources(more), TODAY_UNIX_MS)
        .unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)))
}

fn sources(more: &str) -> Vec<Source> {
    sluicegate::identity::install_crypto();
    let document = Document::parse(TOOL.as_bytes()).expect("a definition is JSON");
    let sha256 = hex(&definition_sha256(document.root()).expect("a definition"));
    let pinned = TOOL.replacen('{', &format!("{{\"sha256\":\"{sha256}\","), 1);
    let others: String = (0..40).map(|index| format!("  - {{ name: tool_{index} }}\n")).collect();
    let lock = format!("version: 1\ntools:\n  - {pinned}\n{others}");
    let source = |name: &str, text: String| Source { name: name.into(), text };
    vec![source("policy.yaml", rules() + more), source("tools.lock.yaml", lock)]
}

/// [`policy`] under a registry of 10,000 tenants and 41 tools, some hidden from the one that calls.
pub fn policy_of_many() -> Policy {
    let mut grid = Grid::default();
    for tenant in 0..10_000_usize {
        let name = if tenant == 7_777 { "acme".to_owned() } else { format!("tenant-{tenant}") };
        for tool in 0..40_usize {
            let cell = Cell { is_enabled: !(tenant + tool).is_multiple_of(7), extra: Extra::default() };
            grid.put(&name, &format!("tool_{tool}"), cell);
        }
        grid.put(&name, "db_query", Cell { is_enabled: true, extra: Extra::default() });
    }
    grid.settle();
    let registry = Registry { grid: Arc::new(grid), server: "db".into(), ..Registry::default() };
    // Its tenants are more than the bundle lists.
    let mut sources = sources("");
    sources.iter_mut().for_each(|source| source.text = source.text.replace("tenants: [acme, globex]\n", ""));
    policy::compile_over(&sources, Some(&registry), TODAY_UNIX_MS, Mode::Enforce)
        .unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)))
}

/// The caller: five scopes, one group.
pub fn caller() -> Arc<Caller> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect();
    let key = StaticKey {
        id: Label::parse("key").expect("a name"),
        sha256: digest("key"),
        user: "alice".into(),
        tenant: Some("acme".into()),
        agent: None,
        workload: None,
        scopes: texts(&["a", "b", "c", "d", "db:query"]),
        groups: texts(&["staff"]),
    };
    let directory = Directory::new(Settings { keys: vec![key], ..Settings::default() }).expect("one key");
    let now = Now { steady: Duration::ZERO, unix_ms: TODAY_UNIX_MS };
    directory.verify(&Evidence::header(Some("Bearer key")), now).settled().expect("the key is known")
}
