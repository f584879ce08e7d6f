//! Both evaluators, native and Cedar, on whole bundles.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sluicegate::identity::{Caller, Directory, Evidence, Settings, StaticKey, digest};
use sluicegate::json::Document;
use sluicegate::mcp::Method;
use sluicegate::names::{Label, Now};
use sluicegate::policy::{self, Decision, Listing, Paint, Policy, SchemaFit};
use sluicegate::store;

/// 2026-11-23.
const TODAY_UNIX_MS: u64 = 1_795_392_000_000;

fn compiled(directory: &Path) -> Policy {
    let sources = store::read(directory).expect("a bundle");
    policy::compile(&sources, TODAY_UNIX_MS)
        .unwrap_or_else(|faults| panic!("{}:\n{}", directory.display(), faults.render(Paint::Plain)))
}

fn room(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn bundles(under: &Path, found: &mut Vec<PathBuf>) {
    let entries: Vec<PathBuf> =
        fs::read_dir(under).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    if entries.iter().any(|path| path.file_name().is_some_and(|name| name == "policy.yaml")) {
        found.push(under.to_owned());
    }
    entries.iter().filter(|path| path.is_dir()).for_each(|path| bundles(path, found));
}

/// The acceptance test of the lowering: see `src/policy/cedar`.
#[test]
fn agree_on_a_hundred_thousand_messages() {
    let policy = compiled(&room("tests/cedar/rich"));
    let agreement = policy.cross_check(100_000, 1).unwrap_or_else(|fault| panic!("{fault}"));
    println!("{agreement:?}");
    assert_eq!(agreement.judged + agreement.unasked, 100_000);
    let known: Vec<&str> = policy.rule_ids().map(Label::as_str).collect();
    let unmet: Vec<&&str> = known.iter().filter(|id| !agreement.rules.contains(**id)).collect();
    assert!(unmet.is_empty(), "no message meets {unmet:?}");
    let share = agreement.allowed * 100 / agreement.judged;
    assert!((20..80).contains(&share), "messages meet rules of both kinds: {share} % are allowed");
}

#[test]
fn agree_on_every_policy_that_is_shipped() {
    let mut found = Vec::new();
    bundles(&room("policies"), &mut found);
    assert!(!found.is_empty());
    for bundle in found {
        let policy = compiled(&bundle);
        let agreement =
            policy.cross_check(2_000, 7).unwrap_or_else(|fault| panic!("{}: {fault}", bundle.display()));
        assert_eq!(agreement.judged + agreement.unasked, 2_000, "{}", bundle.display());
    }
}

#[test]
fn lowers_each_rule_as_the_golden_file_says() {
    let policy = compiled(&room("tests/cedar/rich"));
    let rules: Vec<String> = policy.rule_ids().filter_map(|id| policy.cedar(id.as_str())).collect();
    let text = format!("{}\n{}", rules.join("\n"), policy::schema_text(&policy));
    let golden = room("tests/cedar/rich/expected.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &text).expect("a file that may be written");
    }
    assert_eq!(text, fs::read_to_string(&golden).expect("the golden file"), "UPDATE_GOLDEN=1 writes it anew");
    assert_eq!(policy.cedar("nobody"), None);
}

fn caller(scopes: &[&str], groups: &[&str]) -> Arc<Caller> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect();
    let key = StaticKey {
        id: Label::parse("key").expect("a name"),
        sha256: digest("key"),
        user: "alice".into(),
        tenant: None,
        agent: None,
        workload: None,
        scopes: texts(scopes),
        groups: texts(groups),
    };
    let directory = Directory::new(Settings { keys: vec![key], ..Settings::default() }).expect("one key");
    let now = Now { steady: Duration::ZERO, unix_ms: 0 };
    directory.verify(&Evidence::header(Some("Bearer key")), now).settled().expect("the key is known")
}

/// `allow RULE`, `allow RULE ~SHADOW` or `REASON RULE`, for a call.
fn judged(policy: &Policy, caller: &Caller, tool: &str, arguments: &str) -> String {
    let document = Document::parse(arguments.as_bytes()).expect("a test is JSON");
    let standing = policy.standing(caller, TODAY_UNIX_MS);
    let decision = policy.judge_call(&standing, tool, Some(document.root()));
    let explained = policy.explain_call(&standing, tool, Some(document.root())).decision;
    assert_eq!(explained, decision, "it is explained as it is decided");
    word(&decision)
}

fn word(decision: &Decision<'_>) -> String {
    match decision {
        Decision::Allow { by, shadow: None } => format!("allow {by}"),
        Decision::Allow { by, shadow: Some(shadow) } => format!("allow {by} ~{shadow}"),
        Decision::Forbid(forbid) => {
            format!("{:?} {}", forbid.why, forbid.rule.map_or("-", Label::as_str)).replace('"', "'")
        }
    }
}

#[test]
fn cedar_files_forbid_and_permit_beside_the_rules() {
    let mut policy = compiled(&room("tests/cedar/raw"));
    // So that the policies are asked of calls that their tool cannot take.
    policy.strict.input_schema = SchemaFit::Allow;
    let analyst = caller(&["db:query"], &[]);
    let staff = caller(&["db:query"], &["staff"]);
    let select = |more: &str| format!(r#"{{"sql":"SELECT 1","database":"a"{more}}}"#);
    let cases = [
        (&analyst, "db_query", select(""), "allow reads"),
        // A policy forbids what a rule allows.
        (&analyst, "db_query", select(r#","limit":2,"filter":{"depth":3}"#), "Denied swapped"),
        (&analyst, "db_query", select(r#","limit":3,"filter":{"depth":3}"#), "allow reads"),
        // A rule forbids, whatever the policies say.
        (&analyst, "db_query", r#"{"sql":"SELECT 1","database":"prod"}"#.to_owned(), "Denied no-prod"),
        // One in shadow only tells.
        (&analyst, "db_query", select(r#","dry":false"#), "allow reads ~not-dry"),
        (&analyst, "db_query", select(r#","dry":true"#), "allow reads"),
        (&analyst, "db_query", select(r#","dry":null"#), "allow reads"),
        // What is not of its declared type is no argument that a policy sees.
        (&analyst, "db_query", select(r#","limit":"2""#), "NotAllowed -"),
        (&analyst, "db_query", select(r#","limit":2.5"#), "NotAllowed -"),
        (&analyst, "db_query", select(r#","filter":[]"#), "NotAllowed -"),
        // A policy may look at the facts that rules ask for.
        (&staff, "db_query", r#"{"sql":"DELETE 1"}"#.to_owned(), "Denied facts"),
        (&analyst, "db_query", r#"{"sql":"DELETE 1"}"#.to_owned(), "Argument { path: 'sql' } reads"),
        // A policy permits what no rule does.
        (&staff, "report.daily", "{}".to_owned(), "allow staff-reports"),
        (&analyst, "report.daily", "{}".to_owned(), "NotAllowed -"),
        // A forbid that cannot be evaluated denies: Cedar itself would leave it out, and so allow.
        (&staff, "report.daily", r#"{"limit":1}"#.to_owned(), "allow staff-reports"),
        (&staff, "report.daily", r#"{"limit":9223372036854775000}"#.to_owned(), "Unjudged -"),
        // No policy can apply to it.
        (&analyst, "ping", r#"{"limit":"x"}"#.to_owned(), "allow reads"),
    ];
    for (caller, tool, arguments, wanted) in &cases {
        assert_eq!(judged(&policy, caller, tool, arguments), *wanted, "{tool} {arguments}");
    }
    let standing = policy.standing(&analyst, TODAY_UNIX_MS);
    assert_eq!(policy.lists(&standing, "report.daily"), Listing::Shown, "some policy permits it");
    assert_eq!(policy.lists(&standing, "if"), Listing::Hidden);
    assert_eq!(word(&policy.judge_method(&standing, Method::Initialize, None)), "allow built-in:protocol");
    policy.cross_check(500, 3).expect("the rules in YAML are the same to both");
}

/// Cedar gives up where less than 100 KiB of the stack are left; that must be a refusal.
#[test]
fn a_stack_that_is_too_small_refuses() {
    let policy = Arc::new(compiled(&room("tests/cedar/raw")));
    let staff = caller(&[], &["staff"]);
    let judge = {
        let policy = Arc::clone(&policy);
        move || {
            let standing = policy.standing(&staff, TODAY_UNIX_MS);
            word(&policy.judge_call(&standing, "report.daily", None))
        }
    };
    assert_eq!(judge(), "allow staff-reports");
    let thread = std::thread::Builder::new().stack_size(96 * 1024).spawn(judge).expect("a thread");
    assert_eq!(thread.join().expect("no panic"), "Unjudged -");
}
