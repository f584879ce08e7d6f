//! Values behind tokens: whose drawer they are in, where they are given back, and what is said of the rest.
//!
//! The drawer belongs to a caller (by every name that tells callers apart), the server, and the conversation
//! as the client names it, or its session. Conversations are unproven and only part what one caller has;
//! so an anonymous caller without one has no drawer, for all of them are one caller.
//!
//! The rules have judged the call by its tokens before anything is given back here, and what hides values on
//! their way in has had its say too: a string that it writes over stays so. What is sent is what was judged
//! plus the values that a restore rule names; headers that repeat an argument are made from that.
//!
//! To the client it is all one why a token stays text: never given, spelled wrongly, over, another's, or in a
//! place that no rule binds. The record tells which of two it was, and never the value.

use std::sync::Arc;

use super::ask::Ask;
use super::conversation;
use super::record::{Restore, RestoreResult};
use super::rules::{Topic, carrier};
use super::seal::Bond;
use super::{Denial, Handle, Record, Way};
use crate::bounds::RESTORES_PER_CALL_MAX;
use crate::identity::{Caller, Proof};
use crate::json::{Kind, Splice, Value, quote};
use crate::mcp::{Message, Subject, call};
use crate::names::{Mode, Now};
use crate::policy::{Binding, Policy, Unbound};
use crate::scan::{
    Desk, Drawer, Echo, Mention, Reading, Resolved, Restored, Scope, Vault, Written, mentions,
};

/// The drawer of a message's conversation; `None` where the policy keeps nothing, or nobody could be told
/// from anybody.
pub(super) fn scope(
    vault: &Vault,
    policy: &Policy,
    caller: &Caller,
    ask: &Ask<'_>,
    message: Option<&Message<'_>>,
) -> Option<Scope> {
    if !policy.keeps_values() {
        return None;
    }
    let meta = message.and_then(Message::params).and_then(call::meta);
    let named = conversation::named(policy, caller, ask, meta);
    let (way, named) = match (ask.way, named.as_ref().map(|(_, id)| &**id)) {
        (_, Some(named)) => ("named", named),
        (Way::EventStream { session } | Way::Pipe { session }, None) => ("session", session),
        (Way::Streamable, None) if caller.proof() == Proof::Anonymous => return None,
        (Way::Streamable, None) => ("", ""),
    };
    let scope = [caller.agent().unwrap_or_default(), way, named];
    let bond = Bond { handle: Handle::Session, caller, server: policy.server.as_str(), scope: &scope };
    Some(vault.scope([bond.bytes().as_slice()]))
}

/// What a scan hangs on beside the rules, for a message of or to `caller`.
pub(super) fn desk<'a>(
    drawer: Option<Drawer<'a>>,
    caller: &'a Caller,
    origin: Option<&'a str>,
    echoes: &'a [Echo],
) -> Desk<'a> {
    Desk { drawer, tenant: Some(caller.tenant().unwrap_or_default()), origin, echoes, told: None }
}

/// The tool that an answer comes from.
pub(super) fn origin(record: &Record) -> Option<&str> {
    match record.method?.subject() {
        Subject::Task | Subject::Tool => record.target.as_deref(),
        Subject::Nothing | Subject::Prompt | Subject::Reference | Subject::Resource | Subject::Skill => None,
    }
}

/// The strings of a call in which values may be given back, and by which rules.
struct Bound<'d> {
    leaves: Vec<(Value<'d>, &'d Binding)>,
}

/// Gives back what the policy binds to the call, in `edits`, and notes every token in the message.
///
/// # Errors
/// [`Denial::Argument`] where the policy refuses calls with tokens that stand for nothing.
pub(super) fn restore(
    policy: &Policy,
    drawer: Option<Drawer<'_>>,
    topic: &Topic<'_>,
    message: &Message<'_>,
    edits: &mut Splice,
    record: &mut Record,
) -> Result<(), Denial> {
    if !policy.keeps_values() || policy.mode == Mode::Shadow {
        return Ok(());
    }
    let mentions = carrier(message).map(mentions).unwrap_or_default();
    if mentions.is_empty() {
        return Ok(());
    }
    let bound = Bound::of(policy, topic);
    let (mut restored, mut refused) = (0, None);
    for mention in &mentions {
        let resolved = match (mention.reading, drawer) {
            (Reading::Whole(token), Some(drawer)) if restored < RESTORES_PER_CALL_MAX => {
                let bindings = bound.bindings(mention, edits);
                bound_value(drawer, token, &bindings)
            }
            (Reading::Broken | Reading::Whole(_), _) => Found::Nothing(RestoreResult::Unknown),
        };
        let result = match resolved {
            Found::Nothing(result) => result,
            Found::Value(value, rule, binding) => match spliced(&value, mention, binding) {
                Some((span, text)) => {
                    restored += 1;
                    edits.replace(span, text);
                    RestoreResult::Restored(rule)
                }
                None => RestoreResult::Unbound,
            },
        };
        if !matches!(result, RestoreResult::Restored(_)) {
            refused.get_or_insert(&mention.path);
        }
        let kind = match mention.reading {
            Reading::Whole(token) => token.kind(),
            Reading::Broken => "unknown",
        };
        record.note_restore(Restore { kind, path: mention.path.clone(), result, count: 1 });
    }
    match (refused, policy.keeping.on_unbound, topic) {
        (Some(path), Unbound::Block, Topic::Call(_)) => Err(unknown(path)),
        _ => Ok(()),
    }
}

/// What is said of a token that stands for nothing, whatever the reason.
fn unknown(path: &str) -> Denial {
    let path = path.strip_prefix("$.arguments").map_or_else(|| path.into(), |inner| format!("${inner}"));
    let message =
        "it holds a placeholder that stands for nothing here: give the value itself, or leave it out";
    Denial::Argument { path: path.into(), message: Some(message.into()) }
}

/// What was found behind a token.
enum Found<'b> {
    Nothing(RestoreResult),
    Value(Restored, Arc<crate::names::Label>, &'b Binding),
}

fn bound_value<'b>(drawer: Drawer<'_>, token: crate::scan::Token, bindings: &[&'b Binding]) -> Found<'b> {
    let Drawer { vault, scope, now } = drawer;
    let resolved = vault.resolve(scope, token, now, |provenance| {
        bindings.iter().find(|binding| binding.admits(provenance)).map(|binding| binding.rule.clone())
    });
    match resolved {
        Resolved::Unknown => Found::Nothing(RestoreResult::Unknown),
        Resolved::Unbound => Found::Nothing(RestoreResult::Unbound),
        Resolved::Value { value, rule } => {
            match bindings.iter().find(|binding| Arc::ptr_eq(&binding.rule, &rule)) {
                Some(binding) => Found::Value(value, rule, binding),
                None => Found::Nothing(RestoreResult::Unbound),
            }
        }
    }
}

/// The edit that gives a value back; `None` for one that may not stand inside of a text.
fn spliced(
    found: &Restored,
    mention: &Mention,
    binding: &Binding,
) -> Option<(std::ops::Range<usize>, String)> {
    let leaf = mention.leaf.clone()?;
    if !mention.is_whole() {
        return is_plain(&found.value).then(|| (mention.span.clone(), found.value.to_string()));
    }
    Some(match found.form {
        Written::Number if !binding.wants_text => (leaf, found.value.to_string()),
        Written::Number | Written::Text => (leaf, quote(&found.value)),
    })
}

/// Whether a value cannot end the text around it, whatever language that is in: no quotes, brackets,
/// backslashes, separators of statements or characters that nobody sees.
fn is_plain(value: &str) -> bool {
    value.chars().all(|character| character.is_alphanumeric() || " @.,:/+-_#".contains(character))
        && !value.contains("--")
}

impl<'d> Bound<'d> {
    fn of(policy: &'d Policy, topic: &Topic<'d>) -> Self {
        let Topic::Call(call) = topic else { return Self { leaves: Vec::new() } };
        let arguments = call.arguments.filter(|arguments| arguments.kind() == Kind::Object);
        let Some(arguments) = arguments else { return Self { leaves: Vec::new() } };
        let bindings = policy.bindings(&call.name).iter();
        let leaves = bindings
            .flat_map(|binding| binding.leaves(arguments).into_iter().map(move |leaf| (leaf, binding)));
        Self { leaves: leaves.collect() }
    }

    /// The rules that bind the string of a mention, unless something else is written over it.
    fn bindings(&self, mention: &Mention, edits: &Splice) -> Vec<&'d Binding> {
        let Some(leaf) = mention.leaf.clone().filter(|leaf| !edits.touches(leaf)) else { return Vec::new() };
        let at = self.leaves.iter().filter(|(value, _)| value.span() == leaf);
        at.map(|(_, binding)| *binding).filter(|binding| binding.embed || mention.is_whole()).collect()
    }
}

/// What was given back to the server in a conversation.
pub(super) fn echoes(vault: &Vault, scope: Option<Scope>, now: Now) -> Vec<Echo> {
    scope.map(|scope| vault.echoes(scope, now)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
