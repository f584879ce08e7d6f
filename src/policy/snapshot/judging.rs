//! What the policy says of a message: a call, any other method, a list; and the same walk told for people.

use super::super::decision::{Decision, Forbid, Listing, Why};
use super::super::predicates::{Facts, Sight};
use super::super::roles::Standing;
use super::super::switches::Availability;
use super::super::trace::{Explanation, Recorder, Silent};
use super::{MethodRules, Policy, Tool};
use crate::json::Value;
use crate::mcp::Method;

impl Policy {
    /// Judges a `tools/call`: what the tool cannot take is refused before any rule is asked. Allocates only to
    /// refuse for that or for a scope.
    pub fn judge_call(&self, standing: &Standing, tool: &str, arguments: Option<Value<'_>>) -> Decision<'_> {
        let found = match self.find(standing, tool) {
            Ok(found) => found,
            Err(forbid) => return Decision::Forbid(forbid),
        };
        if let Some(forbid) = self.misfit(found, standing, arguments) {
            return Decision::Forbid(forbid);
        }
        let sight = Sight::of(Facts::Arguments(arguments), standing);
        let decision = self.call(found, standing, &sight, &mut Silent);
        match &self.raw {
            None => decision,
            Some(raw) => raw.join_call(self, standing, tool, &sight, decision),
        }
    }

    /// Judges a `tools/call` as [`judge_call`](Self::judge_call) does, and tells what each rule had to say.
    ///
    /// For people: allocates, and looks at every rule.
    pub fn explain_call(
        &self,
        standing: &Standing,
        tool: &str,
        arguments: Option<Value<'_>>,
    ) -> Explanation<'_> {
        let explanation = self.explain_call_natively(standing, tool, arguments);
        let found = self.find(standing, tool).ok();
        if let Some(forbid) = found.and_then(|tool| self.misfit(tool, standing, arguments)) {
            return Explanation { decision: Decision::Forbid(forbid), ..explanation };
        }
        let Some(raw) = &self.raw else { return explanation };
        let sight = Sight::of(Facts::Arguments(arguments), standing);
        let decision = raw.join_call(self, standing, tool, &sight, explanation.decision);
        Explanation { decision, ..explanation }
    }

    /// As [`explain_call`](Self::explain_call), by the rules in YAML alone, whatever the tool takes.
    pub(in crate::policy) fn explain_call_natively(
        &self,
        standing: &Standing,
        tool: &str,
        arguments: Option<Value<'_>>,
    ) -> Explanation<'_> {
        let sight = Sight::of(Facts::Arguments(arguments), standing);
        match self.find(standing, tool) {
            Ok(tool) => self.book.explain(&tool.docket, standing, &sight, |protocol| {
                self.call(tool, standing, &sight, protocol)
            }),
            Err(forbid) => Explanation { decision: Decision::Forbid(forbid), rules: Vec::new() },
        }
    }

    /// Judges any other message as [`judge_method`](Self::judge_method) does, and tells why.
    pub fn explain_method(
        &self,
        standing: &Standing,
        method: Method,
        target: Option<&str>,
    ) -> Explanation<'_> {
        let explanation = self.explain_method_natively(standing, method, target);
        let Some(raw) = &self.raw else { return explanation };
        let sight = Sight::of(Facts::Target(target), standing);
        let decision = raw.join_method(self, standing, method, &sight, explanation.decision);
        Explanation { decision, ..explanation }
    }

    /// As [`explain_method`](Self::explain_method), by the rules in YAML alone.
    pub(in crate::policy) fn explain_method_natively(
        &self,
        standing: &Standing,
        method: Method,
        target: Option<&str>,
    ) -> Explanation<'_> {
        let sight = Sight::of(Facts::Target(target), standing);
        match self.methods.get(method.index()) {
            Some(rules @ (MethodRules::Ruled(docket) | MethodRules::Free(docket))) => {
                self.book.explain(docket, standing, &sight, |protocol| {
                    self.method(rules, standing, &sight, protocol)
                })
            }
            Some(MethodRules::Never) | None => {
                Explanation { decision: Decision::Forbid(Forbid::plain(Why::NotAllowed)), rules: Vec::new() }
            }
        }
    }

    /// A tool that is there for the caller's tenant.
    pub(in crate::policy) fn find(&self, standing: &Standing, tool: &str) -> Result<&Tool, Forbid<'_>> {
        let tool = self.tool(tool).ok_or(Forbid::plain(Why::UnknownTool))?;
        match self.availability(tool, standing) {
            Availability::Disabled => Err(Forbid::plain(Why::Tenant)),
            Availability::Enabled => Ok(tool),
        }
    }

    pub(in crate::policy) fn call<'p, R: Recorder>(
        &'p self,
        tool: &'p Tool,
        standing: &Standing,
        sight: &Sight<'_>,
        recorder: &mut R,
    ) -> Decision<'p> {
        self.book.judge(&tool.docket, standing, sight, recorder)
    }

    fn method<'p, R: Recorder>(
        &'p self,
        rules: &'p MethodRules,
        standing: &Standing,
        sight: &Sight<'_>,
        recorder: &mut R,
    ) -> Decision<'p> {
        match rules {
            MethodRules::Ruled(docket) => self.book.judge(docket, standing, sight, recorder),
            MethodRules::Free(docket) => match self.book.accuse(docket, standing, sight, recorder) {
                Ok(shadow) => Decision::Allow { by: &self.built_in, shadow },
                Err(forbid) => Decision::Forbid(forbid),
            },
            MethodRules::Never => Decision::Forbid(Forbid::plain(Why::NotAllowed)),
        }
    }

    /// Judges any other message from a client; `target` is the prompt, resource or task it is about.
    ///
    /// A `tools/call` is forbidden here, for it has to go through [`Policy::judge_call`].
    pub fn judge_method(&self, standing: &Standing, method: Method, target: Option<&str>) -> Decision<'_> {
        let sight = Sight::of(Facts::Target(target), standing);
        match self.methods.get(method.index()) {
            Some(rules) => {
                let decision = self.method(rules, standing, &sight, &mut Silent);
                match &self.raw {
                    None => decision,
                    Some(raw) => raw.join_method(self, standing, method, &sight, decision),
                }
            }
            None => Decision::Forbid(Forbid::plain(Why::NotAllowed)),
        }
    }

    /// Judges a `subscriptions/listen` as such: something could be heard of. What it names is judged by
    /// [`Policy::judge_method`], one by one.
    pub fn judge_subscription(&self, standing: &Standing) -> Decision<'_> {
        match self.methods.get(Method::SubscriptionsListen.index()) {
            Some(MethodRules::Ruled(docket)) => self.book.offer(docket, standing),
            Some(MethodRules::Free(_) | MethodRules::Never) | None => {
                Decision::Forbid(Forbid::plain(Why::NotAllowed))
            }
        }
    }

    /// Judges a method about a task that carries out `tool`: whoever may call the tool may follow its
    /// tasks, unless a rule denies the method.
    pub fn judge_task(&self, standing: &Standing, method: Method, tool: &str) -> Decision<'_> {
        if self.lists(standing, tool) == Listing::Hidden {
            return Decision::Forbid(Forbid::plain(Why::NotAllowed));
        }
        match self.judge_method(standing, method, None) {
            Decision::Forbid(Forbid { why: Why::NotAllowed | Why::Scope { .. }, .. }) => {
                Decision::Allow { by: &self.built_in, shadow: None }
            }
            decision => decision,
        }
    }

    /// Whether `tools/list` shows a tool to this caller: some arguments would make a call allowed.
    pub fn lists(&self, standing: &Standing, tool: &str) -> Listing {
        let Some(tool) = self.tool(tool) else { return Listing::Hidden };
        match self.availability(tool, standing) {
            Availability::Disabled => Listing::Hidden,
            Availability::Enabled if self.raw.as_ref().is_some_and(|raw| raw.permits(tool.index)) => {
                if tool.docket.shuts(standing) { Listing::Hidden } else { Listing::Shown }
            }
            Availability::Enabled => tool.docket.lists(standing),
        }
    }
}
