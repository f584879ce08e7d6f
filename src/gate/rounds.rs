//! Multi-round requests: what a server may ask for before it answers.
//!
//! From 2026-07-28 on a server sends no requests; it answers `input_required` and names what it wants.
//! That is the same sampling, elicitation and listing of roots, so the same rules hold for it. The
//! client's next round is a request like any other and is judged from the start.
//!
//! Source: MCP 2026-07-28, multi-round-trip requests.

use super::correlate::may_ask;
use super::handles::{Handles, has_rounds, is_about_a_task, result_type};
use super::{Denial, Policy, Ticket};
use crate::json::{Kind, Value};
use crate::mcp::{Method, claims};

/// What a client says it can be asked for; one bit each, in the order of [`ASKABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Abilities(u8);

/// What may be asked of a client, and the capability that it declares for it.
const ASKABLE: [(Method, &str); 3] = [
    (Method::ElicitationCreate, "elicitation"),
    (Method::RootsList, "roots"),
    (Method::SamplingCreateMessage, "sampling"),
];

impl Abilities {
    /// What the params of a modern request declare.
    pub fn of(params: Option<Value<'_>>) -> Self {
        let declared =
            params.and_then(|params| params.get("_meta")).and_then(|meta| meta.get(claims::CAPABILITIES_KEY));
        let Some(declared) = declared else { return Self::default() };
        let bits = ASKABLE.iter().enumerate().map(|(bit, (_, name))| {
            u8::from(declared.get(name).is_some_and(|value| value.kind() == Kind::Object)) << bit
        });
        Self(bits.sum())
    }

    fn can(self, method: Method) -> bool {
        ASKABLE.iter().position(|(known, _)| *known == method).is_some_and(|bit| self.0 >> bit & 1 == 1)
    }
}

/// Judges a result of the modern era that may ask for input; `None` when it may pass.
///
/// A task asks in the same words, in its own state.
pub(super) fn judge(
    policy: &Policy,
    ticket: &Ticket,
    handles: &Handles<'_>,
    method: Method,
    result: Value<'_>,
) -> Option<Denial> {
    let is_round = result_type(result).is_some_and(|kind| kind == "input_required");
    if is_round && !has_rounds(method) {
        return Some(withheld("input is asked for where none can be given"));
    }
    let requests = result.get("inputRequests")?;
    if !is_round && !is_about_a_task(method) {
        return Some(withheld("input requests in a result that is complete"));
    }
    judge_requests(policy, ticket, handles, requests)
}

/// Judges what is asked for, one by one.
pub(super) fn judge_requests(
    policy: &Policy,
    ticket: &Ticket,
    handles: &Handles<'_>,
    requests: Value<'_>,
) -> Option<Denial> {
    if requests.kind() != Kind::Object {
        return Some(withheld("`inputRequests` is not an object"));
    }
    requests.members().find_map(|(_, request)| {
        let asked = request.get("method").and_then(|name| Method::parse(&name.string()?));
        match asked.filter(|asked| ASKABLE.iter().any(|(known, _)| known == asked)) {
            None => Some(withheld("input is asked for that no client gives")),
            Some(asked) if !ticket.passage.abilities.can(asked) => {
                Some(withheld("input is asked for that the client did not offer"))
            }
            Some(asked) if !may_ask(policy, handles, asked) => Some(Denial::Input(asked)),
            Some(_) => None,
        }
    })
}

fn withheld(why: &'static str) -> Denial {
    Denial::AnswerWithheld(why.into())
}
