//! Step 7: which version of a tool a call is of, and making of it the call that the server has.
//!
//! The list and the call are decided by the same choice, so that a client calls what it was shown. What comes out
//! is a message like any other: the rules, the limits and the search for data see what the server will get, and the
//! record keeps both names. A policy in shadow changes no byte, so there a call stays what it is, and is only
//! written down.

use std::sync::Arc;

use bytes::Bytes;

use super::answer::Heard;
use super::correlate::Belonging;
use super::handles::Handles;
use super::listing::take_out;
use super::outdated::Outdated;
use super::{Denial, Gate, Handle, Policy, Record, Ticket, rules};
use crate::identity::Caller;
use crate::json::{Document, Splice, Value, quote, write_jcs};
use crate::mcp::call::{self, ParamsFault, ToolCall};
use crate::mcp::{Message, Method};
use crate::names::{Mode, Now};
use crate::policy::{Aim, Choice, Chosen, Hide, Listing, State, Versions};

/// What a call was of, before it became one of the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// By its places in the policy of the record.
    pub chosen: Chosen,
    /// The number of the version.
    pub number: u32,
    /// Its state then.
    pub state: State,
    /// The name that the client used: one of the policy's.
    pub name: Box<str>,
}

/// A caller of a policy, now.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub policy: &'a Policy,
    pub caller: &'a Caller,
    pub conversation: Option<&'a [u8]>,
    pub now: Now,
}

impl Asker<'_> {
    fn choose(&self, aim: Aim) -> Option<Choice> {
        self.policy.versions().choose(aim, self.caller, self.conversation, self.now.unix_ms)
    }

    /// Whether the rules would show a version to the caller.
    fn sees(&self, chosen: Chosen) -> bool {
        let versions = self.policy.versions();
        let number = versions.named(chosen).map(|(_, number)| number);
        let standing = self.policy.standing(self.caller, self.now.unix_ms).on(number);
        versions.upstream(chosen).is_some_and(|tool| self.policy.lists(&standing, tool) == Listing::Shown)
    }

    fn successor(&self, chosen: Chosen) -> Option<Chosen> {
        let versions = self.policy.versions();
        versions.successor(chosen, self.caller, self.now.unix_ms).filter(|next| self.sees(*next))
    }
}

impl Gate {
    /// Makes of a call of a version the call that the server gets; `None` where it is that already.
    ///
    /// # Errors
    /// A version that is gone, or fails by plan, if the caller may know of it; arguments that it does not take.
    pub(super) fn resolve(
        &self,
        asker: Asker<'_>,
        document: &Document<'_>,
        message: &Message<'_>,
        record: &mut Record,
    ) -> Result<Option<Bytes>, Denial> {
        let versions = asker.policy.versions();
        if versions.is_empty() || message.method() != Some(Method::ToolsCall) {
            return Ok(None);
        }
        // What is wrong with the params is told by who finds the subject.
        let Ok(call) = call::tool(message.params()) else { return Ok(None) };
        let Some(choice) = versions.aim(&call.name, asker.now.unix_ms).and_then(|aim| asker.choose(aim))
        else {
            return Ok(None);
        };
        let upstream = versions.upstream(choice.chosen).unwrap_or_default();
        record.target = Some(upstream.into());
        record.called = Some(Box::new(Called {
            chosen: choice.chosen,
            number: choice.number,
            state: choice.state,
            name: call.name.as_ref().into(),
        }));
        if let Some(denial) = refused(asker, choice, &call, message) {
            rules::enforce(asker.policy, record, denial)?;
        }
        if asker.policy.mode == Mode::Shadow {
            return Ok(None);
        }
        let arguments = versions.request(choice.chosen, call.arguments);
        if *call.name == *upstream && arguments.is_none() {
            return Ok(None);
        }
        Ok(rewritten(document, message, upstream, arguments))
    }

    /// What the client gets in place of an answer that is about versions, as bytes; `None` where it is as it is.
    ///
    /// # Errors
    /// A result that cannot be turned into one of the version that was called.
    pub(super) fn reform(
        &self,
        policy: &Policy,
        ticket: &Ticket,
        heard: &Heard<'_>,
        (splice, now): (&mut Splice, Now),
    ) -> Result<Option<Vec<u8>>, Denial> {
        if let Some(edits) = self.reform_task(policy, ticket, heard, now)? {
            splice.append(edits);
            return Ok(Some(std::mem::take(splice).apply(heard.body)));
        }
        let Message::Result { result, .. } = heard.message else { return Ok(None) };
        if heard.belonging == Belonging::Answer
            && let Some(called) = ticket.record.called.as_deref().filter(|_| policy.mode == Mode::Enforce)
        {
            // The policy may be another by now; the call was made by the rules of this one.
            let versions = ticket.record.policy.versions();
            let Some(edits) = translated(versions, called.chosen, *result)? else { return Ok(None) };
            splice.append(edits);
            return Ok(Some(std::mem::take(splice).apply(heard.body)));
        }
        let is_list = heard.belonging.method(ticket) == Some(Method::ToolsList);
        if !is_list || policy.versions().is_empty() || policy.mode == Mode::Shadow {
            return Ok(None);
        }
        let Some(caller) = ticket.record.caller.as_deref() else { return Ok(None) };
        let conversation = ticket.record.conversation.as_ref().map(|conversation| conversation.id.as_slice());
        let asker = Asker { policy, caller, conversation, now };
        let edited = std::mem::take(splice).apply(heard.body);
        let broken = || Denial::Internal("an edited list is no longer JSON".into());
        let document = Document::parse_with(&edited, policy.strict.duplicate_keys).map_err(|_| broken())?;
        let tools = document.root().get("result").and_then(|result| result.get("tools"));
        let Some(tools) = tools else { return Ok(Some(edited)) };
        let edits = self.relist(asker, tools);
        Ok(Some(edits.apply(&edited)))
    }

    /// The edits that make the result of a task one of the version that the task was called by.
    fn reform_task(
        &self,
        policy: &Policy,
        ticket: &Ticket,
        heard: &Heard<'_>,
        now: Now,
    ) -> Result<Option<Splice>, Denial> {
        if policy.mode != Mode::Enforce {
            return Ok(None);
        }
        let (version, result) = match heard.message {
            Message::Result { result, .. } if heard.belonging == Belonging::Answer => {
                let whole = match ticket.record.method {
                    Some(Method::TasksResult) => Some(*result),
                    Some(Method::TasksGet) => result.get("result"),
                    Some(_) | None => None,
                };
                (ticket.passage.version.clone(), whole)
            }
            Message::Notification { method: Method::NotificationsTasks, params: Some(params) } => {
                let id = params.get("taskId").and_then(|id| id.string());
                let caller = ticket.record.caller.as_deref();
                let handles = caller.map(|caller| self.handles(policy, caller, now));
                let key = handles.zip(id).map(|(handles, id)| handles.key(Handle::Task, &id));
                (key.and_then(|key| self.calls.version_of(key, now)), params.get("result"))
            }
            Message::Error { .. }
            | Message::Notification { .. }
            | Message::Request { .. }
            | Message::Result { .. } => return Ok(None),
        };
        let (Some(version), Some(result)) = (version, result) else { return Ok(None) };
        // The call was made by the policy of its time; what is in force now has to know how to make its result the old one.
        let versions = policy.versions();
        // A name that has ended since then says as well which version it was: as of the beginning of time.
        match versions.aim(&version, 0) {
            Some(Aim::Version(chosen)) => translated(versions, chosen, result),
            Some(Aim::Tool(_)) | None => {
                let text = "the policy has no more the version of the tool that the task was called by";
                Err(Denial::AnswerWithheld(text.into()))
            }
        }
    }

    /// The version that the task was called by whose result a message asks for, where that is to be translated.
    ///
    /// # Errors
    /// [`Denial::Handle`]: no task of this caller.
    pub(super) fn version_of_task(
        &self,
        handles: &Handles<'_>,
        message: &Message<'_>,
    ) -> Result<Option<Arc<str>>, Denial> {
        let Some(method @ (Method::TasksGet | Method::TasksResult)) = message.method() else {
            return Ok(None);
        };
        let task = call::target(method, message.params()).ok().flatten();
        task.map_or(Ok(None), |task| handles.version(&task))
    }

    /// The edits that show each caller the version that it is on, and no other.
    fn relist(&self, asker: Asker<'_>, tools: Value<'_>) -> Splice {
        let versions = asker.policy.versions();
        let mut splice = Splice::default();
        let shown = |tool: &Value<'_>| {
            let name = tool.get("name").and_then(|name| name.string()).unwrap_or_default();
            let Some(family) = versions.family(&name) else { return Shown::AsItIs };
            match self.view(asker, family).filter(|(chosen, _)| versions.upstream(*chosen) == Some(&*name)) {
                Some((chosen, called)) => match versions.show(chosen, *tool, &called) {
                    Some(text) => Shown::As(text),
                    None => Shown::Nowhere,
                },
                None => Shown::Nowhere,
            }
        };
        take_out(tools, |tool| !matches!(shown(tool), Shown::Nowhere), &mut splice);
        for tool in tools.elements() {
            if let Shown::As(text) = shown(&tool) {
                splice.replace(tool.span(), text);
            }
        }
        splice
    }

    /// The version of a family that a caller is shown, and the name that it has in the list: that of the tool, or
    /// where the caller's own version is hidden, its successor by the name of that version.
    fn view(&self, asker: Asker<'_>, family: usize) -> Option<(Chosen, Box<str>)> {
        let versions = asker.policy.versions();
        let choice = asker.choose(Aim::Tool(family))?;
        if !choice.is_present {
            return None;
        }
        let is_open = match choice.state {
            State::Active | State::Draft => true,
            State::Brownout | State::Retired => false,
            State::Deprecated => match versions.hide(family) {
                Hide::All => false,
                Hide::New => choice.is_pinned,
                Hide::None => true,
            },
        };
        if is_open {
            let (name, _) = versions.named(choice.chosen)?;
            return asker.sees(choice.chosen).then(|| (choice.chosen, name.as_str().into()));
        }
        let next = asker.successor(choice.chosen)?;
        Some((next, versions.alias(next)?.into()))
    }
}

/// What becomes of one element of a list.
enum Shown {
    As(String),
    AsItIs,
    Nowhere,
}

/// Why a call of a version goes no further, if it does not. Who could not see the tool learns nothing of it.
fn refused(asker: Asker<'_>, choice: Choice, call: &ToolCall<'_>, message: &Message<'_>) -> Option<Denial> {
    let versions = asker.policy.versions();
    let next = asker.successor(choice.chosen);
    let hidden = || Denial::Forbidden { message: None };
    if !choice.is_present {
        return Some(hidden());
    }
    let is_seen = asker.sees(choice.chosen) || next.is_some();
    let outdated = |wait| {
        let notice = versions.notice(choice.chosen);
        Denial::Outdated(Box::new(Outdated {
            number: choice.number,
            sunset: notice.and_then(|notice| notice.sunset().map(Into::into)),
            successor: next.and_then(|next| versions.alias(next)).map(Into::into),
            wait,
        }))
    };
    match choice.state {
        State::Retired => return Some(if is_seen { outdated(None) } else { hidden() }),
        State::Brownout => {
            let lot =
                [asker.caller.user(), message.id().map(crate::mcp::Id::raw).unwrap_or_default()].concat();
            if let Some(wait) = versions.browns_out(choice.chosen, asker.now.unix_ms, lot.as_bytes()) {
                return Some(if is_seen { outdated(Some(wait)) } else { hidden() });
            }
        }
        State::Active | State::Deprecated | State::Draft => {}
    }
    if !is_seen {
        // The rules find the words: a scope that would help is told by them.
        return None;
    }
    if call.arguments.is_some_and(|arguments| arguments.repeats()) && versions.is_translated(choice.chosen) {
        let text = "an argument stands twice, and this version of the tool cannot be translated so".into();
        return Some(Denial::Mismatch { code: ParamsFault::CODE, text, data: None });
    }
    asker.policy.version_misfit(choice.chosen, call.arguments).map(Denial::Schema)
}

/// The message with another tool and other arguments in it.
fn rewritten(
    document: &Document<'_>,
    message: &Message<'_>,
    upstream: &str,
    arguments: Option<String>,
) -> Option<Bytes> {
    let params = message.params()?;
    let name = params.get("name")?;
    let mut splice = Splice::default();
    match (arguments, params.get("arguments")) {
        (Some(arguments), Some(before)) => {
            splice.replace(before.span(), arguments);
            splice.replace(name.span(), quote(upstream));
        }
        (Some(arguments), None) => {
            splice.replace(name.span(), format!("{},\"arguments\":{arguments}", quote(upstream)));
        }
        (None, _) => splice.replace(name.span(), quote(upstream)),
    }
    Some(splice.apply(document.text().as_bytes()).into())
}

/// The edits that make a result one of the version that was called; texts that say the same are edited with it.
fn translated(versions: &Versions, chosen: Chosen, result: Value<'_>) -> Result<Option<Splice>, Denial> {
    if result.get("isError").and_then(|flag| flag.boolean()) == Some(true) {
        return Ok(None);
    }
    let Some(before) = result.get("structuredContent") else { return Ok(None) };
    let Some(after) = versions.response(chosen, before) else { return Ok(None) };
    if before.repeats() {
        return Err(Denial::AnswerWithheld("a member stands twice in what is to be translated".into()));
    }
    let mut splice = Splice::default();
    let said = canonical(before);
    for content in result.get("content").into_iter().flat_map(|content| content.elements()) {
        let Some(text) = content.get("text") else { continue };
        let spoken = text.string().unwrap_or_default();
        let is_same = Document::parse(spoken.as_bytes()).is_ok_and(|read| canonical(read.root()) == said);
        if is_same {
            splice.replace(text.span(), quote(&after));
        }
    }
    splice.replace(before.span(), after);
    Ok(Some(splice))
}

fn canonical(value: Value<'_>) -> String {
    let mut text = String::new();
    write_jcs(value, &mut text);
    text
}

impl Record {
    /// Whether the server got other arguments than those of the client.
    pub(super) fn is_translated(&self) -> bool {
        self.translated_version().is_some()
    }

    /// The version that was called, by its name on the wire, where its results are to be translated.
    pub(super) fn translated_version(&self) -> Option<&str> {
        let called = self.called.as_deref().filter(|_| self.policy.mode == Mode::Enforce)?;
        let versions = self.policy.versions();
        versions.alias(called.chosen).filter(|_| versions.is_translated(called.chosen))
    }

    /// What the callers of the version that was called are told of its end.
    pub fn notice(&self) -> Option<&Arc<crate::policy::Notice>> {
        let called = self.called.as_deref()?;
        self.policy.versions().notice(called.chosen)
    }
}
