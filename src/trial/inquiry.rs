//! A question about a policy: what would become of this message, and why.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::act::{Came, Stage};
use crate::identity::Caller;
use crate::json::Document;
use crate::mcp::{self, Message, Method, Sender, call};
use crate::names::{Mode, Now};
use crate::policy::{Decision, Explanation, Flip, Path, Policy, Verdict};

/// A message, its caller and its time.
#[derive(Debug, Clone)]
pub struct Question {
    /// The JSON-RPC message.
    pub body: Bytes,
    /// What stands beside the headers of the protocol.
    pub headers: HeaderMap,
    /// Who sends it.
    pub caller: Arc<Caller>,
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
}

/// What would become of a message, and why.
#[derive(Debug)]
pub struct Account<'p> {
    /// What the gate does with it, with all limits unused.
    pub came: Came,
    /// What each rule about it had to say; `None` for what is no message.
    pub explanation: Option<Explanation<'p>>,
    /// The smallest changes that would turn the decision; none where it is not that of the rules.
    pub flips: Vec<Flip<'p>>,
}

impl Question {
    /// Puts the message through the gate, and asks the rules why.
    pub fn ask<'p>(&self, policy: &'p Arc<Policy>) -> Account<'p> {
        let explanation = explain(policy, &self.caller, self.unix_ms, &self.body);
        let stage =
            Stage::new(Arc::clone(policy), Arc::clone(&self.caller)).with_headers(self.headers.clone());
        let now = Now { steady: Duration::ZERO, unix_ms: self.unix_ms };
        let came = stage.send(&self.body, None, now, explanation.as_ref());
        let is_word_of_rules = explanation.as_ref().is_some_and(|explanation| {
            matches!(explanation.decision, Decision::Allow { .. }) == (came.verdict == Verdict::Allow)
        });
        let flips =
            with_topic(policy, &self.caller, self.unix_ms, &self.body, |message, version| match message {
                _ if !is_word_of_rules => Vec::new(),
                Topic::Call { tool, arguments } => {
                    policy.flips_of_call(&self.caller, (self.unix_ms, version), tool, arguments)
                }
                Topic::Method { method, target } => {
                    policy.flips_of_method(&self.caller, self.unix_ms, method, target)
                }
            });
        Account { came, explanation, flips: flips.unwrap_or_default() }
    }
}

/// What the rules say of a message; `None` for what they are not asked about.
pub(super) fn explain<'p>(
    policy: &'p Policy,
    caller: &Caller,
    unix_ms: u64,
    body: &[u8],
) -> Option<Explanation<'p>> {
    with_topic(policy, caller, unix_ms, body, |topic, version| match topic {
        Topic::Call { tool, arguments } => {
            policy.explain_call(&policy.standing(caller, unix_ms).on(version), tool, arguments)
        }
        Topic::Method { method, target } => {
            policy.explain_method(&policy.standing(caller, unix_ms), method, target)
        }
    })
}

/// What a message is about, as the rules see it.
enum Topic<'d> {
    Call { tool: &'d str, arguments: Option<crate::json::Value<'d>> },
    Method { method: Method, target: Option<&'d str> },
}

/// Asks about a message, a call as the server would get it, and the version that it is of.
fn with_topic<T>(
    policy: &Policy,
    caller: &Caller,
    unix_ms: u64,
    body: &[u8],
    ask: impl FnOnce(Topic<'_>, Option<u32>) -> T,
) -> Option<T> {
    let document = Document::parse(body).ok()?;
    let message = mcp::envelope::read(&document, Sender::Client).ok()?;
    match message {
        Message::Request { method: Method::ToolsCall, params, .. } => {
            let call = call::tool(params).ok()?;
            let versions = policy.versions();
            let aim = versions.aim(&call.name, unix_ms);
            let choice = aim.and_then(|aim| versions.choose(aim, caller, None, unix_ms));
            let Some(choice) = choice.filter(|_| policy.mode == Mode::Enforce) else {
                return Some(ask(Topic::Call { tool: &call.name, arguments: call.arguments }, None));
            };
            let tool = versions.upstream(choice.chosen).unwrap_or(&call.name);
            let translated = versions.request(choice.chosen, call.arguments);
            let translated =
                translated.as_deref().map(|text| Document::parse(text.as_bytes())).transpose().ok()?;
            let arguments = translated.as_ref().map(Document::root).or(call.arguments);
            Some(ask(Topic::Call { tool, arguments }, Some(choice.number)))
        }
        Message::Request { method, params, .. } | Message::Notification { method, params } => {
            let target = call::target(method, params).ok()?;
            Some(ask(Topic::Method { method, target: target.as_deref() }, None))
        }
        Message::Result { .. } | Message::Error { .. } => None,
    }
}

/// What stands in the arguments of a call at a path of the policy, as it was sent.
pub fn seen(body: &[u8], path: &str) -> Option<String> {
    let document = Document::parse(body).ok()?;
    let arguments = document.root().get("params")?.get("arguments")?;
    Some(Path::parse(path)?.find(arguments)?.raw().to_owned())
}
