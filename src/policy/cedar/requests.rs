//! Messages to put to both evaluators, made from the policy itself.
//!
//! Blind chance would hardly ever meet a rule. So each message aims at one clause: mostly a caller whom it is
//! for, values that meet it, a time near an edge; and then something is left out, added, doubled or changed.

use std::sync::Arc;
use std::time::Duration;

use super::random::Choices;
use super::subject::{Kind, Subject};
use super::values::{Pool, hits, object, pools};
use crate::identity::{Caller, Directory, Evidence, Settings, StaticKey, digest};
use crate::names::{Label, Now};
use crate::policy::declared::Declared;
use crate::policy::glob::Glob;
use crate::policy::predicates::Predicate;
use crate::policy::roles::Role;
use crate::policy::rules::{Clause, When};
use crate::policy::snapshot::Policy;

/// A message, and who sends it when.
#[derive(Debug)]
pub(super) struct Message<'s> {
    pub subject: &'s Subject<'s>,
    pub caller: Arc<Caller>,
    pub unix_ms: u64,
    pub matter: Matter,
}

/// What a message says.
#[derive(Debug)]
pub(super) enum Matter {
    /// The arguments of a call as JSON, keys perhaps twice.
    Arguments(Option<String>),
    /// What a method is about.
    Target(Option<String>),
}

/// Makes messages for one policy.
#[derive(Debug)]
pub(super) struct Maker<'s> {
    callers: Vec<Arc<Caller>>,
    times: Vec<u64>,
    aims: Vec<Aim<'s>>,
    policy: &'s Policy,
}

/// A subject and one clause about it, if there is any, with what meets it.
#[derive(Debug)]
struct Aim<'s> {
    subject: &'s Subject<'s>,
    clause: Option<&'s Clause>,
    hits: Vec<(Box<str>, Vec<String>)>,
    /// Place among the pools.
    pools: Arc<[Pool]>,
}

const CALLERS: usize = 300;
/// A Friday noon, for messages that no time matters to.
const NOON_UNIX_MS: u64 = 1_795_176_000_000;

impl<'s> Maker<'s> {
    /// Prepares callers, times and values.
    ///
    /// # Errors
    /// What kept a caller from being made.
    pub fn new(
        policy: &'s Policy,
        subjects: &'s [Subject<'s>],
        choices: &mut Choices,
    ) -> Result<Self, String> {
        let callers = (0..CALLERS).map(|_| caller(&policy.book.roles, choices)).collect::<Result<_, _>>()?;
        let aims = subjects.iter().flat_map(aims).collect();
        Ok(Self { callers, times: times(subjects), aims, policy })
    }

    /// The next message; `None` if the policy knows nothing that a message could be about.
    pub fn next(&self, choices: &mut Choices) -> Option<Message<'s>> {
        let aim = choices.one(&self.aims)?;
        let caller = self.caller(aim, choices)?;
        let unix_ms = if choices.percent(70) { choices.one(&self.times).copied() } else { None };
        let matter = match aim.subject.kind {
            Kind::Tool(_) => Matter::Arguments(arguments(aim, choices)),
            Kind::Free(_) | Kind::Ruled(_) => Matter::Target(target(aim, choices)),
        };
        Some(Message { subject: aim.subject, caller, unix_ms: unix_ms.unwrap_or(NOON_UNIX_MS), matter })
    }

    /// Mostly somebody whom the clause is for.
    fn caller(&self, aim: &Aim<'_>, choices: &mut Choices) -> Option<Arc<Caller>> {
        let start = choices.below(self.callers.len());
        let any = self.callers.get(start)?;
        let Some(clause) = aim.clause.filter(|_| choices.percent(70)) else { return Some(Arc::clone(any)) };
        let mut all = self.callers.iter().cycle().skip(start).take(self.callers.len());
        let fitting = all.find(|caller| clause.audience.admits(self.policy.standing(caller, 0).held));
        Some(Arc::clone(fitting.unwrap_or(any)))
    }
}

fn aims<'s>(subject: &'s Subject<'s>) -> Vec<Aim<'s>> {
    let pools: Arc<[Pool]> = pools(subject.docket, paths(subject.declared, "").into_iter()).into();
    let clauses = subject.docket.allow.iter().chain(&subject.docket.deny);
    let aim = |clause: Option<&'s Clause>| {
        let hits = clause.map(|clause| hits(clause, subject.docket, &pools)).unwrap_or_default();
        Aim { subject, clause, hits, pools: Arc::clone(&pools) }
    };
    let aimed: Vec<Aim<'s>> = clauses.map(|clause| aim(Some(clause))).collect();
    if aimed.is_empty() { vec![aim(None)] } else { aimed }
}

/// Every path that is declared.
fn paths(declared: &Declared, before: &str) -> Vec<Box<str>> {
    let Declared::Object(members) = declared else { return Vec::new() };
    let named = members.iter().filter(|(name, _)| !name.is_empty() && !name.contains('.'));
    let each = named.flat_map(|(name, declared)| {
        let path = format!("{before}{name}");
        let inner = paths(declared, &format!("{path}."));
        std::iter::once(path.into()).chain(inner).collect::<Vec<Box<str>>>()
    });
    each.collect()
}

/// Times around every edge of every window and every expiry.
fn times(subjects: &[Subject<'_>]) -> Vec<u64> {
    let mut edges = Vec::new();
    for subject in subjects {
        for predicate in subject.docket.predicates.iter() {
            if let Predicate::Time(window) = predicate {
                edges.extend(window.edges());
            }
        }
        let clauses = subject.docket.allow.iter().chain(&subject.docket.deny);
        edges.extend(clauses.flat_map(|clause| &clause.releases).filter_map(|release| release.ends_unix_ms));
    }
    edges.sort_unstable();
    edges.dedup();
    edges.iter().flat_map(|edge| [edge.saturating_sub(1), *edge, edge.saturating_add(1)]).collect()
}

/// Somebody with what some roles want, and something of it missing or changed.
fn caller(roles: &[Role], choices: &mut Choices) -> Result<Arc<Caller>, String> {
    let mut key = StaticKey {
        // INVARIANT: the text is a constant that keeps to the alphabet.
        id: Label::parse("key").expect("a constant name"),
        sha256: digest("key"),
        user: "alice".into(),
        tenant: choices.percent(20).then(|| "no-tenant".into()),
        agent: choices.percent(20).then(|| "no-agent".into()),
        workload: choices.percent(20).then(|| "no-workload".into()),
        scopes: Vec::new(),
        groups: Vec::new(),
    };
    for _ in 0..choices.below(4) {
        let Some(role) = choices.one(roles) else { break };
        key.scopes.extend(role.scopes.iter().filter(|_| choices.percent(60)).map(|one| one.as_str().into()));
        key.groups.extend(role.groups.iter().filter(|_| choices.percent(60)).cloned());
        let kept = choices.percent(85);
        if let Some(tenant) = choices.one(&role.tenants).filter(|_| kept) {
            key.tenant = Some(tenant.as_str().into());
        }
        let kept = choices.percent(85);
        key.agent = choices.one(&role.agents).filter(|_| kept).cloned().or(key.agent);
        if let Some(user) = choices.one(&role.users) {
            key.user = user.clone();
        }
        if let Some(pattern) = choices.one(&role.workloads) {
            key.workload = Some(instance(pattern, choices).into());
        }
    }
    for list in [&mut key.scopes, &mut key.groups] {
        if choices.percent(10) {
            list.iter_mut().take(1).for_each(|one| *one = format!("{one}x").into());
        }
    }
    let directory = Directory::new(Settings { keys: vec![key], ..Settings::default() });
    let directory = directory.map_err(|fault| format!("a caller cannot be: {:?}", fault.kind))?;
    let now = Now { steady: Duration::ZERO, unix_ms: 0 };
    let found = directory.verify(&Evidence::header(Some("Bearer key")), now);
    found.settled().map_err(|refused| format!("a caller is refused: {refused:?}"))
}

/// A text that fits a pattern, or nearly.
fn instance(pattern: &Glob, choices: &mut Choices) -> String {
    let filling = ["", "x", "x/y", "*", "../x", "X"];
    let text = pattern.as_str().replace('*', choices.one(&filling).copied().unwrap_or_default());
    match choices.below(8) {
        0 => format!("{text}x"),
        1 => format!("x{text}"),
        2 => text.to_uppercase(),
        _ => text,
    }
}

fn arguments(aim: &Aim<'_>, choices: &mut Choices) -> Option<String> {
    match choices.below(50) {
        0 => return None,
        1 => return Some((*choices.one(&["[]", "null", "\"x\"", "{}"])?).to_owned()),
        _ => {}
    }
    let mut values: Vec<(&str, &str)> = Vec::new();
    for pool in aim.pools.iter() {
        let hits = aim.hits.iter().find(|(path, values)| *path == pool.path && !values.is_empty());
        let value = match hits {
            Some((_, hits)) if choices.percent(85) => choices.one(hits),
            _ if choices.percent(45) => choices.one(&pool.values),
            _ => None,
        };
        values.extend(value.map(|value| (&*pool.path, value.as_str())));
        if choices.percent(3) {
            values.extend(choices.one(&pool.values).map(|value| (&*pool.path, value.as_str())));
        }
    }
    Some(escape_a_key(object(&values), choices))
}

/// Spells the first key with an escape, sometimes.
fn escape_a_key(json: String, choices: &mut Choices) -> String {
    let Some(first) = json.strip_prefix("{\"").and_then(|rest| rest.chars().next()) else { return json };
    if !first.is_ascii_alphabetic() || choices.percent(90) {
        return json;
    }
    json.replacen(&format!("{{\"{first}"), &format!("{{\"\\u{:04x}", u32::from(first)), 1)
}

fn target(aim: &Aim<'_>, choices: &mut Choices) -> Option<String> {
    let others = ["x", "", "file:///data/a", "file:///data/../etc", "a\\b", "%2e%2e", "\u{0}"];
    let globs: Vec<&Glob> = match aim.clause.map(|clause| &clause.when) {
        Some(When::Targets(globs)) => globs.iter().collect(),
        Some(When::Always | When::Arguments(_)) | None => Vec::new(),
    };
    match choices.one(&globs) {
        _ if choices.percent(10) => None,
        Some(glob) if choices.percent(80) => Some(instance(glob, choices)),
        _ => choices.one(&others).map(|&other| other.to_owned()),
    }
}

/// Whom a clause is for, in the words of the policy; for telling of a disagreement.
pub(super) fn describe(caller: &Caller) -> String {
    let optional = |name: &str, value: Option<&str>| value.map(|value| format!(", {name}: {value}"));
    let more: Vec<String> = [
        optional("tenant", caller.tenant()),
        optional("agent", caller.agent()),
        optional("workload", caller.workload()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let list = |names: &[Box<str>]| names.join(", ");
    format!(
        "user: {}{}, scopes: [{}], groups: [{}]",
        caller.user(),
        more.concat(),
        list(caller.scopes()),
        list(caller.groups())
    )
}
