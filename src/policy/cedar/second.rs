//! The second evaluator: the lowered rules, judged by Cedar.
//!
//! **How.** Each rule is lowered, parsed and validated strictly; then every tool and method has the set of
//! policies that can apply to it, those in force apart from those in shadow.

use cedar_policy::{Authorizer, EntityUid, PolicyId, PolicySet, Schema, ValidationMode, Validator};

use super::lowering::{Lowered, built_in, lower};
use super::request::{Names, uid};
use super::subject::{Kind, Subject};
use super::{Verdict, schema};
use crate::identity::Caller;
use crate::names::Mode;
use crate::policy::predicates::Sight;
use crate::policy::snapshot::Policy;

/// Rules that Cedar judges by.
#[derive(Debug)]
pub(super) struct Second<'p> {
    schema: Schema,
    names: Names,
    authorizer: Authorizer,
    rooms: Vec<Room<'p>>,
}

/// A subject, with the policies that can apply to it.
#[derive(Debug)]
struct Room<'p> {
    subject: Subject<'p>,
    action: EntityUid,
    enforced: PolicySet,
    shadow: PolicySet,
}

/// What Cedar says of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    pub verdict: Verdict,
    /// The rules that determine it, sorted.
    pub rules: Vec<String>,
    /// Denies in shadow that apply, or else the allows in shadow that do; sorted.
    pub shadow: Vec<String>,
}

impl<'p> Second<'p> {
    /// Lowers every rule of `policy`.
    ///
    /// # Errors
    /// What Cedar finds wrong with a rule or with the schema: a bug of the lowering, never of the policy.
    pub fn new(policy: &'p Policy) -> Result<Self, String> {
        let subjects: Vec<Subject<'p>> = Subject::all(policy).collect();
        let text = schema::text(&subjects);
        let (schema, _) =
            Schema::from_cedarschema_str(&text).map_err(|fault| format!("schema: {fault:?}"))?;
        let lowered = (0..policy.book.rules.len()).filter_map(|index| lower(policy, index, &subjects));
        let lowered: Vec<Lowered> = lowered.chain([built_in(policy, &policy.built_in, &subjects)]).collect();
        let parsed: Vec<(Mode, cedar_policy::Policy)> =
            lowered.iter().map(parse).collect::<Result<_, _>>()?;
        let all = PolicySet::from_policies(parsed.iter().map(|(_, policy)| policy.clone()));
        let all = all.map_err(|fault| fault.to_string())?;
        let validated = Validator::new(schema.clone()).validate(&all, ValidationMode::Strict);
        if let Some(fault) = validated.validation_errors().next() {
            return Err(fault.to_string());
        }
        let names = Names::new(policy.server.as_str()).map_err(|fault| fault.to_string())?;
        let rooms = subjects.into_iter().map(|subject| Room::new(policy, subject, &parsed));
        let rooms = rooms.collect::<Result<_, _>>()?;
        Ok(Self { schema, names, authorizer: Authorizer::new(), rooms })
    }

    /// Judges one message; `None` if nothing is known about its tool or method.
    ///
    /// # Errors
    /// Why it could not be judged.
    pub fn judge(
        &self,
        kind: Kind<'_>,
        caller: &Caller,
        sight: &Sight<'_>,
    ) -> Option<Result<Judgement, String>> {
        let room = self.rooms.iter().find(|room| room.subject.kind == kind)?;
        Some(self.judge_in(room, caller, sight))
    }

    fn judge_in(&self, room: &Room<'_>, caller: &Caller, sight: &Sight<'_>) -> Result<Judgement, String> {
        let question = self.names.question(&room.subject, &room.action, caller, sight, &self.schema);
        let question = question.map_err(|fault| fault.to_string())?;
        let ask = |policies: &PolicySet| {
            let response = self.authorizer.is_authorized(&question.request, policies, &question.entities);
            if let Some(fault) = response.diagnostics().errors().next() {
                return Err(fault.to_string());
            }
            let mut rules: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
            rules.sort_unstable();
            Ok((response.decision(), rules))
        };
        let (decision, rules) = ask(&room.enforced)?;
        let shadow = if room.shadow.is_empty() { Vec::new() } else { ask(&room.shadow)?.1 };
        Ok(Judgement { verdict: decision.into(), rules, shadow })
    }
}

impl<'p> Room<'p> {
    fn new(
        policy: &Policy,
        subject: Subject<'p>,
        parsed: &[(Mode, cedar_policy::Policy)],
    ) -> Result<Self, String> {
        let clauses = subject.docket.allow.iter().chain(&subject.docket.deny);
        let ids =
            clauses.filter_map(|clause| policy.book.rules.get(clause.rule)).map(|rule| rule.id.as_str());
        let mut ids: Vec<&str> = ids.collect();
        if matches!(subject.kind, Kind::Free(_)) {
            ids.push(policy.built_in.as_str());
        }
        let of = |wanted: Mode| {
            let mine = parsed.iter().filter(|(mode, policy)| {
                *mode == wanted && ids.iter().any(|id| *id == AsRef::<str>::as_ref(policy.id()))
            });
            PolicySet::from_policies(mine.map(|(_, policy)| policy.clone()))
                .map_err(|fault| fault.to_string())
        };
        let action = uid(&format!("{}::Action", subject.kind.namespace()), subject.kind.name());
        let action = action.map_err(|fault| fault.to_string())?;
        Ok(Self { action, enforced: of(Mode::Enforce)?, shadow: of(Mode::Shadow)?, subject })
    }
}

fn parse(lowered: &Lowered) -> Result<(Mode, cedar_policy::Policy), String> {
    let policy = cedar_policy::Policy::parse(Some(PolicyId::new(&*lowered.id)), &lowered.text);
    Ok((lowered.mode, policy.map_err(|fault| format!("{fault}\n{}", lowered.text))?))
}
