//! Versions of tools: what is refused when a policy is read, who is on which, and what becomes of calls.

use super::*;
use crate::policy::lock::LOCK_FILE;

/// `search` as it is now, and as it was.
const NEW: &str = r#"{"name":"search","description":"Searches.","inputSchema":{"type":"object","required":["query","limit"],
    "properties":{"query":{"type":"string"},"limit":{"type":"integer"},"sort":{"enum":["relevance","date"]},
    "page":{"type":"object","properties":{"size":{"type":"integer"}}}}},"outputSchema":{"type":"object",
    "required":["results"],"properties":{"results":{"type":"array"},"total":{"type":"integer"}}}}"#;
const OLD: &str = r#"{"name":"search","description":"Looks.","inputSchema":{"type":"object","required":["q"],
    "properties":{"q":{"type":"string"},"order":{"enum":["rel","date"]},"debug":{"type":"boolean"}}},
    "outputSchema":{"type":"object","required":["items"],"properties":{"items":{"type":"array"}}}}"#;
const STEPS: &str = "request: [{ rename: { q: query } }, { default: { limit: 20 } }, { drop: debug },
        { enum: { order: { rel: relevance } } }, { rename: { order: sort } }],
      response: [{ rename: /results -> /items }]";

fn lock() -> Source {
    let tool = |json: &str, version| {
        let definition = Definition::read(Document::parse(json.as_bytes()).expect("JSON").root());
        LockedTool {
            version,
            ..LockedTool::approved(Arc::new(definition.expect("a definition")), Some(Class::Read))
        }
    };
    let other = r#"{"name":"search-v3","inputSchema":{"type":"object"}}"#;
    let tools = vec![tool(NEW, None), tool(OLD, Some(1)), tool(other, None)];
    Source { name: LOCK_FILE.into(), text: Lock { tools, ..Lock::default() }.render() }
}

fn sources(tools: &str, more: &str) -> [Source; 2] {
    crate::identity::install_crypto();
    let text = format!(
        "version: 1\nserver: {{ id: db }}\ncallers: {{ anonymous: allow }}\ntools:\n{tools}\n{more}\n\
         allow: [{{ id: all, tools: '*' }}]\n"
    );
    [Source { name: "policy.yaml".into(), text }, lock()]
}

fn policy(tools: &str, more: &str) -> Policy {
    let sources = sources(tools, more);
    compile(&sources, 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)))
}

fn transition() -> String {
    format!(
        "  search@1: {{ state: deprecated, sunset: 2027-03-01, successor: 2, {STEPS} }}\n  search@2: {{}}"
    )
}

/// Tools, the code that they raise, and a part of what is said.
type Wrong = (String, &'static str, &'static str);

fn wrong_lives() -> Vec<Wrong> {
    let one = |more: &str| {
        format!("  search@1: {{ successor: 2, state: deprecated, {STEPS}, {more} }}\n  search@2: {{}}")
    };
    vec![
        (
            "  search@1: { successor: 3 }\n  search@2: {}".to_owned(),
            "SG0071",
            "there is no version `search@3`",
        ),
        (
            "  search@1: { successor: 2 }\n  search@2: { successor: 1 }".to_owned(),
            "SG0071",
            "its own successor",
        ),
        (format!("{}\n  search: {{ default: 4 }}", transition()), "SG0071", "there is no version `search@4`"),
        (format!("{}\n  serch: {{ default: 1 }}", transition()), "SG0071", "did you mean `search`?"),
        (one("deprecated: 2027-03-02, sunset: 2027-03-01"), "SG0072", "before the day"),
        ("  search@1: { sunset: 2027-03-01 }".to_owned(), "SG0072", "has no end yet"),
        ("  search@1: { state: brownout }".to_owned(), "SG0072", "does not say how it fails"),
        (
            "  search@1: {}\n  search@3: { upstream: search-v3 }".to_owned(),
            "SG0073",
            "both `search@1` and `search@3`",
        ),
        (format!("{}\n  search: {{ canary: {{ 1: 60, 2: 50 }} }}", transition()), "SG0073", "110 percent"),
        ("  search@1: { state: draft }".to_owned(), "SG0073", "most callers"),
        ("  search@1: {}\n  search_v1: {}".to_owned(), "SG0013", "not in `tools.lock.yaml`"),
        (
            "  search@9: { successor: 2, state: deprecated }\n  search@2: {}".to_owned(),
            "SG0077",
            "nothing was approved",
        ),
        (
            "  search@1: {}\n  search@2: { state: deprecated }".to_owned(),
            "SG0078",
            "both `search@1` and `search@2`",
        ),
        ("  search@1: { upstream: serch-v3 }".to_owned(), "SG0078", "did you mean `search-v3`?"),
        ("  search@1: { request: [{ drop: debug }] }".to_owned(), "SG0078", "is not translated"),
        (
            "  search@1: { successor: 2, class: read, state: deprecated }\n  search@2: {}".to_owned(),
            "SG0078",
            "its successor",
        ),
        ("  search@0: {}".to_owned(), "SG0010", "is no version"),
        ("  search@1: { request: [{ renam: { q: query } }] }".to_owned(), "SG0005", "did you mean `rename`?"),
        ("  search@1: { request: [{ rename: { a: /b/c } }] }".to_owned(), "SG0009", "another object"),
        ("  search@1: { state: old }".to_owned(), "SG0008", "not a state"),
        (format!("{}\n  search: {{ default: 1 }}", transition()), "SG0124", "new callers are not shown it"),
    ]
}

fn wrong_translations() -> Vec<Wrong> {
    let steps =
        |steps: &str| format!("  search@1: {{ successor: 2, state: deprecated, {steps} }}\n  search@2: {{}}");
    let response = "response: [{ rename: { results: items } }]";
    vec![
        (steps("request: [{ rename: { w: query } }]"), "SG0074", "`search@1` has no argument `/w`"),
        (steps("request: [{ rename: { q: qery } }]"), "SG0074", "did you mean `query`?"),
        (steps("request: [{ enum: { order: { rell: relevance } } }]"), "SG0074", "no value `rell`"),
        (
            steps(&format!("request: [{{ rename: {{ q: query, order: sort }}, drop: debug }}], {response}")),
            "SG0075",
            "nothing fills argument `/limit`",
        ),
        (
            steps(&format!(
                "request: [{{ rename: {{ q: query, order: sort }}, drop: debug, default: {{ limit: many }} }}], {response}"
            )),
            "SG0075",
            "`/limit` of `search@1` may be a string, and `search@2` wants an integer",
        ),
        (
            steps(&format!(
                "request: [{{ rename: {{ q: query, order: sort }}, drop: debug, default: {{ limit: 1 }} }}], {response}"
            )),
            "SG0075",
            "`/sort` may be \"rel\"",
        ),
        (
            steps(&format!(
                "request: [{{ rename: {{ q: query }}, drop: order, default: {{ limit: 1 }} }}], {response}"
            )),
            "SG0075",
            "`/debug` would reach `search@2`",
        ),
        (
            steps("request: [{ rename: { q: query }, drop: [order, debug], default: { limit: 1 } }]"),
            "SG0075",
            "nothing fills member `/items`",
        ),
    ]
}

#[test]
fn whatever_does_not_hold_together_is_found_with_its_place() {
    for (tools, code, wanted) in wrong_lives().into_iter().chain(wrong_translations()) {
        let sources = sources(&tools, "");
        let faults = match compile(&sources, 0) {
            Ok(policy) => policy.warnings().clone(),
            Err(faults) => faults,
        };
        let text = faults.render(Paint::Plain);
        let is_found = faults.iter().any(|fault| {
            let help = fault.help.as_deref().unwrap_or_default();
            fault.code.as_str() == code
                && fault.line > 3
                && format!("{} {help}", fault.message).contains(wanted)
        });
        assert!(is_found, "{tools}\nwants {code} {wanted}\n{text}");
    }
    let ended = compile(&sources(&transition(), ""), 1_893_456_000_000).expect("it takes effect");
    assert!(ended.warnings().iter().any(|fault| fault.code == Code::VersionEnded));
}

#[test]
fn a_call_becomes_one_of_the_successor_and_its_result_one_of_the_version() {
    let policy = policy(&transition(), "");
    let versions = policy.versions();
    let Some(Aim::Version(first)) = versions.aim("search_v1", 0) else { panic!("it has an alias") };
    assert_eq!(versions.aim("search.v1", 0), Some(Aim::Version(first)));
    let document = Document::parse(br#"{"q":"a","order":"rel","debug":true,"x":1e2}"#).expect("JSON");
    assert_eq!(
        versions.request(first, Some(document.root())).as_deref(),
        Some(r#"{"x":1e2,"query":"a","limit":20,"sort":"relevance"}"#)
    );
    let document = Document::parse(br#"{"results":[1.0],"total":1}"#).expect("JSON");
    assert_eq!(versions.response(first, document.root()).as_deref(), Some(r#"{"total":1,"items":[1.0]}"#));
    assert_eq!(versions.upstream(first), Some("search"));
    let lacking = Document::parse(br#"{"query":"a"}"#).expect("JSON");
    let doubt = policy.version_misfit(first, Some(lacking.root())).expect("it lacks what version 1 needs");
    assert_eq!(doubt.to_string(), "argument `q` is missing");
}

fn on(policy: &Policy, caller: &Caller, unix_ms: u64) -> (u32, State) {
    let versions = policy.versions();
    let aim = versions.aim("search", 0).expect("it has versions");
    let choice = versions.choose(aim, caller, None, unix_ms).expect("it has a default");
    (choice.number, choice.state)
}

#[test]
fn a_pin_of_the_tenant_comes_before_the_canary_and_the_default() {
    let pins = "\n  search: { default: 2, hide: none, canary: { 1: 100 }, pins: { tenants: { acme: 2 } } }";
    let policy = policy(&format!("{}{pins}", transition()), "");
    assert_eq!(on(&policy, &caller(Some("acme"), &[], &[]), 0), (2, State::Active));
    assert_eq!(on(&policy, &caller(Some("globex"), &[], &[]), 0), (1, State::Deprecated));
    let sunset = 1_803_859_200_000;
    assert_eq!(on(&policy, &caller(None, &[], &[]), sunset - 1), (1, State::Deprecated));
    assert_eq!(on(&policy, &caller(None, &[], &[]), sunset), (1, State::Retired));
}

#[test]
fn a_canary_holds_its_share_over_ten_thousand_callers_and_keeps_each_where_it_is() {
    let tools = "  search@2: {}\n  search@3: { upstream: search-v3 }\n  search: { canary: { 3: PERCENT } }";
    for percent in [0_u32, 1, 10, 50, 100] {
        let policy = policy(&tools.replace("PERCENT", &percent.to_string()), "");
        let versions = policy.versions();
        let aim = versions.aim("search", 0).expect("it has versions");
        let anyone =
            policy.directory.verify(&Evidence::header(None), Now { steady: Duration::ZERO, unix_ms: 0 });
        let anyone = anyone.settled().expect("anybody may come");
        let number = |conversation: u32| {
            let id = conversation.to_be_bytes();
            versions.choose(aim, &anyone, Some(&id), 0).expect("it has a default").number
        };
        let drawn = (0..10_000).filter(|&one| number(one) == 3).count();
        let share = drawn as f64 / 100.0;
        assert!((share - f64::from(percent)).abs() <= 2.0, "{percent} percent came to {share}");
        assert!((0..100).all(|one| number(one) == number(one)));
    }
}

#[test]
fn a_rule_about_a_version_is_about_no_other() {
    let more = "deny: [{ id: no-one, tools: ['search@1'], owner: o }]";
    let policy = policy(&format!("{}\n  search: {{ default: 2 }}", transition()), more);
    let alice = caller(None, &[], &[]);
    let document = Document::parse(br#"{"query":"a","limit":1}"#).expect("JSON");
    let judge = |version| {
        let standing = policy.standing(&alice, 0).on(version);
        let listed = policy.lists(&standing, "search") == Listing::Shown;
        (word(&policy.judge_call(&standing, "search", Some(document.root()))), listed)
    };
    assert_eq!(judge(Some(1)), ("Denied no-one".to_owned(), false));
    assert_eq!(judge(Some(2)), ("allow all".to_owned(), true));
    assert_eq!(
        judge(None),
        ("Denied no-one".to_owned(), true),
        "what nobody can say counts against the caller"
    );
    let unknown = sources(&transition(), "deny: [{ id: x, tools: ['search@7'], owner: o }]");
    let faults = compile(&unknown, 0).expect_err("there is no such version");
    assert!(faults.iter().any(|fault| fault.code == Code::UnknownVersion), "{faults}");
    let broken = sources(
        "  search@1: { successor: 2 }\n  search@2: {}",
        "deny: [{ id: x, tools: ['search@1'], owner: o }]",
    );
    let faults = compile(&broken, 0).expect_err("it is not translated");
    assert!(faults.iter().all(|fault| fault.line < 7), "the rule is not at fault: {faults}");
}

#[test]
fn a_deny_that_leaves_a_version_of_its_tool_out_is_told() {
    let tools = "  search@2: {}\n  search@3: { upstream: search-v3 }\n  search: { canary: { 3: 10 } }";
    for (named, is_told) in [("search", true), ("search, search-v3", false), ("'search@2'", false)] {
        let more = format!(
            "deny: [{{ id: none, tools: [{named}], roles: [r], owner: o }}]\nroles: {{ r: {{ users: [u] }} }}"
        );
        let policy = policy(tools, &more);
        let told = policy.warnings().iter().any(|fault| fault.code == Code::DenyOfSomeVersions);
        assert_eq!(told, is_told, "{named}");
    }
}

#[test]
fn versions_can_be_made_of_data_and_are_checked_alike() {
    let name = crate::names::ToolName::parse("search").expect("a name");
    let definition = |json: &str| {
        Arc::new(
            Definition::read(Document::parse(json.as_bytes()).expect("JSON").root()).expect("a definition"),
        )
    };
    let offered = [Offered { name: name.clone(), definition: Some(definition(NEW)) }];
    let at = |text| Pointer::parse(text).expect("a pointer");
    let request = vec![
        Step::Move(at("q"), at("query")),
        Step::Default(at("limit"), "20".into()),
        Step::Drop(at("debug")),
        Step::Drop(at("order")),
    ];
    let first = Version {
        state: State::Deprecated,
        successor: Some(2),
        request,
        response: vec![Step::Move(at("results"), at("items"))],
        definition: Some(definition(OLD)),
        ..Version::numbered(1)
    };
    let tool = ToolVersions { versions: vec![first, Version::numbered(2)], ..ToolVersions::named(name) };
    let (versions, doubts) = Versions::new(vec![tool.clone()], &offered, 0);
    assert!(doubts.is_empty() && versions.aim("search_v1", 0).is_some(), "{doubts:?}");
    let mut broken = tool;
    broken.tenants.push(("acme".into(), 7));
    broken.versions.iter_mut().for_each(|version| version.response.clear());
    let (_, doubts) = Versions::new(vec![broken], &offered, 0);
    let facets: Vec<&Facet> = doubts.iter().map(|doubt| &doubt.facet).collect();
    assert_eq!(facets, [&Facet::Tenant("acme".into()), &Facet::Response(None)], "{doubts:?}");
}

#[test]
fn a_version_in_brownout_fails_in_its_minutes_or_for_its_share() {
    let brown = |how: &str| {
        let tools = transition().replace("state: deprecated", &format!("state: brownout, brownout: {how}"));
        policy(&tools, "")
    };
    let minutes = brown("{ minutes: ['0-9', '30'] }");
    let Some(Aim::Version(first)) = minutes.versions().aim("search_v1", 0) else { panic!("it has an alias") };
    for (minute, wait) in [(0, Some(600)), (9, Some(60)), (10, None), (29, None), (30, Some(60)), (31, None)]
    {
        assert_eq!(minutes.versions().browns_out(first, minute * 60_000, b""), wait, "{minute}");
    }
    let share = brown("{ percent: 25 }");
    let failed =
        (0..10_000_u32).filter(|lot| share.versions().browns_out(first, 7, &lot.to_be_bytes()).is_some());
    let share = failed.count() / 100;
    assert!((23..=27).contains(&share), "{share}");
}
