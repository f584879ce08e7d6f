//! Cedar policies of a bundle: what its authors write where YAML has no words for it.
//!
//! ```text
//! *.cedar ─parse─▶ strict validation against the schema of the rules ─▶ for each tool and method the policies
//!                                                                      that can apply to it
//! decision = deny   if a rule or a policy forbids, or a policy cannot be evaluated
//!            allow  if a rule or a policy permits
//! ```
//!
//! **Fails closed.** Cedar leaves out a policy that cannot be evaluated, so a `forbid` with an error would let
//! a message through; here any error denies, and so does an argument that is not of the type its tool
//! declares, for the policies see only arguments that are.
//!
//! **What they may look at**: the caller, the tool or method, `context.now`, the arguments of pinned tools, and
//! the facts and times that some YAML rule about the same tool asks for. An argument whose type Cedar does
//! not have, such as a `number`, is seen through facts only.
//!
//! **What it costs.** Tens of microseconds for a message that a policy may apply to, nothing for others.
//! **What it is not.** No second rule language for everybody: scopes, groups and tenants are texts here, and a
//! typo in one of them is not noticed. `tools/list` shows a tool to everyone if some policy permits it.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::{Authorizer, Decision as Says, EntityUid, PolicySet, Schema};

use super::request::{Names, uid};
use super::subject::{Kind, Subject, Vocabulary};
use crate::mcp::Method;
use crate::names::{Label, Mode};
use crate::policy::decision::{Decision, Forbid, Why};
use crate::policy::predicates::Sight;
use crate::policy::roles::Standing;
use crate::policy::snapshot::Policy;

/// The Cedar policies of a bundle, ready to judge.
#[derive(Debug)]
pub(in crate::policy) struct Raw {
    pub(super) schema: Schema,
    pub(super) names: Names,
    pub(super) authorizer: Authorizer,
    /// By name.
    pub(super) rules: HashMap<Box<str>, RawRule>,
    /// By index of the tool.
    pub(super) tools: Vec<Slice>,
    /// By [`Method::index`].
    pub(super) methods: Vec<Option<Slice>>,
}

/// One Cedar policy.
#[derive(Debug)]
pub(in crate::policy) struct RawRule {
    pub id: Label,
    /// What a refusal says to the caller.
    pub message: Option<Box<str>>,
    /// Its place among all.
    pub order: usize,
}

/// The policies that can apply to one tool or method.
#[derive(Debug)]
pub(super) struct Slice {
    pub action: EntityUid,
    pub vocabulary: Arc<Vocabulary>,
    pub enforced: PolicySet,
    pub shadow: PolicySet,
    pub permits: bool,
}

/// What the policies in one mode say.
struct Opinion<'p> {
    says: Says,
    /// The first of those that determine it.
    rule: Option<&'p RawRule>,
}

const ILL_TYPED: &str = "an argument is not of the type that the tool declares";

impl Slice {
    pub fn new(
        subject: &Subject<'_>,
        policies: &[(Mode, cedar_policy::Policy)],
        schema: &Schema,
    ) -> Option<Self> {
        let action = uid(&format!("{}::Action", subject.kind.namespace()), subject.kind.name()).ok()?;
        let applies = |policy: &cedar_policy::Policy| {
            policy.get_valid_request_envs(schema).any(|envelope| *envelope.action() == action)
        };
        let mine: Vec<_> = policies.iter().filter(|(_, policy)| applies(policy)).collect();
        let of = |wanted: Mode| {
            let these = mine.iter().filter(|(mode, _)| *mode == wanted).map(|(_, policy)| policy.clone());
            PolicySet::from_policies(these).ok()
        };
        let permits = mine
            .iter()
            .any(|(mode, policy)| *mode == Mode::Enforce && policy.effect() == cedar_policy::Effect::Permit);
        let (enforced, shadow) = (of(Mode::Enforce)?, of(Mode::Shadow)?);
        Some(Self { enforced, shadow, permits, vocabulary: Arc::clone(&subject.vocabulary), action })
    }
}

impl Raw {
    /// Whether some policy in force permits calls of the tool at `index`.
    pub fn permits(&self, index: usize) -> bool {
        self.tools.get(index).is_some_and(|slice| slice.permits)
    }

    /// Whether some policy can apply to the tool at `index`.
    pub fn concerns(&self, index: usize) -> bool {
        self.tools.get(index).is_some_and(|slice| !slice.enforced.is_empty() || !slice.shadow.is_empty())
    }

    /// The names of the policies.
    pub fn ids(&self) -> impl Iterator<Item = &Label> {
        self.rules.values().map(|rule| &rule.id)
    }

    /// Joins what the rules say of a call with what the policies say of it.
    pub fn join_call<'p>(
        &'p self,
        policy: &'p Policy,
        standing: &Standing<'_>,
        tool: &str,
        sight: &Sight<'_>,
        native: Decision<'p>,
    ) -> Decision<'p> {
        let Some(tool) = policy.tool(tool) else { return native };
        let Some(slice) = self.tools.get(tool.index) else { return native };
        let subject = || Some(Subject::tool_with(tool, Arc::clone(&slice.vocabulary)));
        self.join(slice, subject, standing, sight, native)
    }

    /// Joins what the rules say of another message with what the policies say of it.
    pub fn join_method<'p>(
        &'p self,
        policy: &'p Policy,
        standing: &Standing<'_>,
        method: Method,
        sight: &Sight<'_>,
        native: Decision<'p>,
    ) -> Decision<'p> {
        let Some(slice) = self.methods.get(method.index()).and_then(Option::as_ref) else { return native };
        self.join(slice, || Subject::method(policy, method), standing, sight, native)
    }

    fn join<'p, 's>(
        &'p self,
        slice: &Slice,
        subject: impl FnOnce() -> Option<Subject<'s>>,
        standing: &Standing<'_>,
        sight: &Sight<'_>,
        native: Decision<'p>,
    ) -> Decision<'p> {
        let is_final = matches!(
            native,
            Decision::Forbid(Forbid { why: Why::Denied | Why::Tenant | Why::UnknownTool, .. })
        );
        if is_final || (slice.enforced.is_empty() && slice.shadow.is_empty()) {
            return native;
        }
        let unjudged = Decision::Forbid(Forbid::plain(Why::Unjudged));
        let Some(subject) = subject() else { return unjudged };
        let question = self.names.question(&subject, &slice.action, standing.caller, sight, &self.schema);
        let ask = |policies: &PolicySet| {
            let question = question.as_ref().ok()?;
            let response = self.authorizer.is_authorized(&question.request, policies, &question.entities);
            let has_failed = response.diagnostics().errors().next().is_some();
            let rules =
                response.diagnostics().reason().filter_map(|id| self.rules.get(AsRef::<str>::as_ref(id)));
            let rule = rules.min_by_key(|rule| rule.order);
            (!has_failed).then_some(Opinion { says: response.decision(), rule })
        };
        let mut decision = native;
        if !slice.enforced.is_empty() {
            let is_whole = question.as_ref().is_ok_and(|question| question.is_whole);
            if question.is_ok() && !is_whole {
                let message = Some(ILL_TYPED);
                return Decision::Forbid(Forbid { message, ..Forbid::plain(Why::NotAllowed) });
            }
            match (ask(&slice.enforced), &decision) {
                (None, _) => return unjudged,
                (Some(Opinion { says: Says::Deny, rule: Some(rule) }), _) => {
                    let (message, rule) = (rule.message.as_deref(), Some(&rule.id));
                    return Decision::Forbid(Forbid { why: Why::Denied, rule, message });
                }
                (Some(Opinion { says: Says::Allow, rule: Some(rule) }), Decision::Forbid(_)) => {
                    decision = Decision::Allow { by: &rule.id, shadow: None };
                }
                (Some(_), _) => {}
            }
        }
        // An error of a policy in shadow changes nothing.
        if let Decision::Allow { by, shadow: None } = decision
            && !slice.shadow.is_empty()
            && let Some(Opinion { says: Says::Deny, rule: Some(rule) }) = ask(&slice.shadow)
        {
            decision = Decision::Allow { by, shadow: Some(&rule.id) };
        }
        decision
    }
}

/// Whether a Cedar policy may speak of a subject: without some methods no client can work.
pub(super) fn may_concern(kind: Kind<'_>) -> bool {
    match kind {
        Kind::Free(method) | Kind::Ruled(method) => !crate::policy::judges::is_sacred(method),
        Kind::Tool(_) => true,
    }
}
