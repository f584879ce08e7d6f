//! What a decision costs: fifty rules, a call with six arguments, by the native evaluator and by Cedar alone; and
//! what a whole call costs at the gate, rung by rung.
//!
//! ```sh
//! cargo bench --bench decide
//! ```
//!
//! Both judge the same rules and come to the same verdict by the same rule, which is checked first. The groups
//! take turns, twice each, so that a machine that slows down slows both. Cedar judges by the fourteen policies that
//! can apply to the tool, as lowered by this program; *evaluate* has its request at hand, *end to end* builds the
//! caller, the arguments and the request, as it would have to for every call.

mod bundle;
mod gate;

use std::collections::HashSet;
use std::hint::black_box;
use std::str::FromStr as _;

use cedar_policy::{
    Authorizer, Context, Decision as Says, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use criterion::{Criterion, criterion_group, criterion_main};
use sluicegate::identity::Caller;
use sluicegate::json::Document;
use sluicegate::policy::{Decision, Policy, schema_text};

/// The policies that can apply to `db_query`.
struct Cedar {
    schema: Schema,
    policies: PolicySet,
    authorizer: Authorizer,
}

impl Cedar {
    fn new(policy: &Policy) -> Self {
        let (schema, _) = Schema::from_cedarschema_str(&schema_text(policy)).expect("a schema");
        let texts = policy.rule_ids().filter_map(|id| policy.cedar(id.as_str()));
        let text: Vec<String> = texts.filter(|text| text.contains("\"db_query\"")).collect();
        let policies = PolicySet::from_str(&text.join("\n")).expect("policies");
        assert_eq!(policies.num_of_policies(), 14, "the slice of the tool");
        let validated = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        assert!(validated.validation_passed(), "{validated}");
        Self { schema, policies, authorizer: Authorizer::new() }
    }

    fn entities(&self, caller: &Caller) -> Entities {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let set = |texts: &[Box<str>]| RestrictedExpression::new_set(texts.iter().map(|one| text(one)));
        let attributes = [
            ("user", text(caller.user())),
            ("tenant", text(caller.tenant().unwrap_or_default())),
            ("scopes", set(caller.scopes())),
            ("groups", set(caller.groups())),
        ];
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let principal =
            Entity::new(uid("Mcp::Caller::\"alice\""), attributes, HashSet::new()).expect("a caller");
        Entities::from_entities([principal], Some(&self.schema)).expect("entities")
    }

    fn request(&self, arguments: &Document<'_>) -> Request {
        let record = |pairs: Vec<(&str, RestrictedExpression)>| {
            let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value));
            RestrictedExpression::new_record(pairs).expect("a record")
        };
        let mut args = Vec::new();
        let members: Vec<_> = arguments.root().members().map(|(key, value)| (key.name(), value)).collect();
        for (name, value) in &members {
            let value = if let Some(number) = value.integer() {
                RestrictedExpression::new_long(number)
            } else if let Some(truth) = value.boolean() {
                RestrictedExpression::new_bool(truth)
            } else {
                RestrictedExpression::new_string(value.string().expect("a text").into_owned())
            };
            args.push((&**name, value));
        }
        let no = || RestrictedExpression::new_bool(false);
        let asked = ["database", "schema", "limit", "offset", "dry"];
        let context = [
            ("now", RestrictedExpression::new_datetime("2026-11-23")),
            ("args", record(args)),
            ("facts", record(Vec::new())),
            ("missing", record(asked.iter().map(|name| (*name, no())).collect())),
            ("times", record(Vec::new())),
        ];
        let context = context.into_iter().map(|(name, value)| (name.to_owned(), value));
        let context = Context::from_pairs(context).expect("a context");
        let (principal, action) = (uid("Mcp::Caller::\"alice\""), uid("Mcp::Action::\"db_query\""));
        Request::new(principal, action, uid("Mcp::Server::\"db\""), context, Some(&self.schema))
            .expect("a request")
    }

    fn judge(&self, request: &Request, entities: &Entities) -> Says {
        self.authorizer.is_authorized(request, &self.policies, entities).decision()
    }
}

fn uid(text: &str) -> EntityUid {
    EntityUid::from_str(text).expect("a name")
}

fn decide(criterion: &mut Criterion) {
    let policy = bundle::policy();
    assert_eq!(policy.rule_ids().count(), 50);
    assert_eq!(policy.tools().len(), 41);
    let caller = bundle::caller();
    let arguments = Document::parse(bundle::ARGUMENTS.as_bytes()).expect("arguments are JSON");
    let standing = policy.standing(&caller, bundle::TODAY_UNIX_MS);
    let decision = policy.judge_call(&standing, "db_query", Some(arguments.root()));
    assert!(matches!(decision, Decision::Allow { by, .. } if by.as_str() == "read-4"), "{decision:?}");
    let cedar = Cedar::new(&policy);
    let (entities, request) = (cedar.entities(&caller), cedar.request(&arguments));
    assert_eq!(cedar.judge(&request, &entities), Says::Allow);
    let many = bundle::policy_of_many();
    let decision =
        many.judge_call(&many.standing(&caller, bundle::TODAY_UNIX_MS), "db_query", Some(arguments.root()));
    assert!(matches!(decision, Decision::Allow { by, .. } if by.as_str() == "read-4"), "{decision:?}");
    for turn in ["first", "second"] {
        let mut group = criterion.benchmark_group(format!("decide/{turn}"));
        group.bench_function("native, 10,000 tenants", |bencher| {
            bencher.iter(|| {
                let standing = many.standing(black_box(&caller), bundle::TODAY_UNIX_MS);
                let root = Some(black_box(&arguments).root());
                matches!(many.judge_call(&standing, black_box("db_query"), root), Decision::Allow { .. })
            });
        });
        group.bench_function("native", |bencher| {
            bencher.iter(|| {
                let standing = policy.standing(black_box(&caller), bundle::TODAY_UNIX_MS);
                let root = Some(black_box(&arguments).root());
                matches!(policy.judge_call(&standing, black_box("db_query"), root), Decision::Allow { .. })
            });
        });
        group.bench_function("cedar evaluate", |bencher| {
            bencher.iter(|| cedar.judge(black_box(&request), black_box(&entities)));
        });
        group.bench_function("cedar end to end", |bencher| {
            bencher.iter(|| {
                let entities = cedar.entities(black_box(&caller));
                cedar.judge(&cedar.request(black_box(&arguments)), &entities)
            });
        });
        group.finish();
    }
}

fn admit(criterion: &mut Criterion) {
    let caller = bundle::caller();
    let rungs = gate::rungs(&caller);
    for turn in ["first", "second"] {
        let mut group = criterion.benchmark_group(format!("call/{turn}"));
        group.bench_function("parse", |bencher| {
            bencher.iter(|| Document::parse(black_box(gate::CALL.as_bytes())).is_ok());
        });
        for (name, stage) in &rungs {
            group.bench_function(*name, |bencher| bencher.iter(|| stage.call()));
        }
        group.finish();
    }
}

criterion_group!(benches, decide, admit);
criterion_main!(benches);
