//! Whether a call goes on: by what was seen of its tool, and by when its caller was shown that.

use std::time::Duration;

use super::super::rules::{Topic, enforce};
use super::super::{Ask, Denial, Gate, Record, Ticket};
use super::inventory::Whose;
use super::{Inventory, Look, PinNotice, Quarantined, Viewer};
use crate::identity::Caller;
use crate::json::{Document, Value};
use crate::mcp::{Message, Method};
use crate::names::{Mode, Now};
use crate::policy::{PinAction, Policy};

impl Gate {
    /// Refuses a call of a tool that is shut for what somebody was shown of it.
    ///
    /// # Errors
    /// [`Denial::Drifted`].
    pub(in crate::gate) fn keep_to_pins(
        &self,
        policy: &Policy,
        (caller, ask): (&Caller, &Ask<'_>),
        topic: &Topic<'_>,
        record: &mut Record,
    ) -> Result<(), Denial> {
        if self.pins.is_clean() {
            return Ok(());
        }
        let age = policy.pins.before_call.filter(|_| policy.mode == Mode::Enforce);
        match topic {
            // It is judged once its caller was shown the list again: the tool may be what was approved by then.
            Topic::Call(_)
                if age.is_some_and(|age| !self.pins.is_settled(self.pins.viewer(caller), age, ask.now)) =>
            {
                Ok(())
            }
            Topic::Call(call) => self.check_pin(policy, (&call.name, call.arguments), ask.now, record),
            Topic::Method(..) | Topic::Reply | Topic::Task(..) => Ok(()),
        }
    }

    fn check_pin(
        &self,
        policy: &Policy,
        (name, arguments): (&str, Option<Value<'_>>),
        now: Now,
        record: &mut Record,
    ) -> Result<(), Denial> {
        let Some(tool) = policy.tool(name) else { return Ok(()) };
        let Some(deviation) = self.pins.deviation(policy, tool, now) else { return Ok(()) };
        match deviation.action {
            PinAction::Hide | PinAction::Warn => Ok(()),
            PinAction::Freeze => match tool.unapproved(arguments) {
                // What the changed tool would make of it nobody knows.
                Some(path) => enforce(policy, record, Denial::Argument { path: path.into(), message: None }),
                None => Ok(()),
            },
            PinAction::Block => {
                let detail = format!("{} ({})", deviation.summary, deviation.kind.as_str());
                enforce(policy, record, Denial::Drifted(detail.into()))
            }
        }
    }

    /// Whether the list has to be asked for before the call of this ticket goes on: its caller was not shown it, or
    /// too long ago. In shadow nothing waits.
    pub fn wants_inventory(&self, ticket: &Ticket, now: Now) -> bool {
        let policy = ticket.policy();
        let Some(age) = before_call(policy, ticket) else { return false };
        let caller = ticket.record.caller.as_deref();
        caller.is_some_and(|caller| !self.pins.is_settled(self.pins.viewer(caller), age, now))
    }

    /// Judges a call again whose caller has just been shown the list.
    ///
    /// # Errors
    /// [`Denial::Drifted`]; [`Denial::Argument`] where the tool is frozen and the argument was never approved.
    pub fn recheck(&self, ticket: &mut Ticket, now: Now) -> Result<(), Denial> {
        let policy = std::sync::Arc::clone(ticket.policy());
        let Some(tool) = ticket.record.target.clone() else { return Ok(()) };
        let body = ticket.body();
        let document = Document::parse_with(&body, policy.strict.duplicate_keys);
        let document = document.map_err(|_| Denial::Internal("a judged message is no JSON".into()))?;
        let arguments = document.root().get("params").and_then(|params| params.get("arguments"));
        self.check_pin(&policy, (&tool, arguments), now, &mut ticket.record)
    }

    /// Looks at a whole list, and says what is new; `None` where it cannot be read as one.
    pub fn survey(&self, policy: &Policy, inventory: &Inventory<'_>, now: Now) -> Option<Vec<PinNotice>> {
        let mut notices = self.look_through(policy, inventory, now)?;
        self.pins.missing(policy, inventory, &mut notices);
        if let Whose::Caller(caller) = inventory.by {
            self.pins.settle(self.pins.viewer(caller), now);
        }
        Some(notices)
    }

    /// Looks at what each process of the server says that serves somebody now, by its number, and says what is new;
    /// `None` where one of the lists cannot be read. What processes said before that are not among `running` counts no
    /// more; one of those that says nothing now is believed what it said.
    pub fn survey_children(
        &self,
        policy: &Policy,
        (lists, running): (&[(u64, Vec<String>)], &[u64]),
        now: Now,
    ) -> Option<Vec<PinNotice>> {
        let mut notices = Vec::new();
        for (number, tools) in lists {
            let inventory = Inventory { tools, by: Whose::Child(*number) };
            notices.extend(self.look_through(policy, &inventory, now)?);
        }
        self.pins.forget_children(policy, running, &mut notices);
        if !lists.is_empty() && lists.len() == running.len() {
            let all: Vec<String> = lists.iter().flat_map(|(_, tools)| tools).cloned().collect();
            self.pins.missing(policy, &Inventory::own(&all), &mut notices);
        }
        Some(notices)
    }

    fn look_through(&self, policy: &Policy, inventory: &Inventory<'_>, now: Now) -> Option<Vec<PinNotice>> {
        let whole = format!("[{}]", inventory.tools.join(","));
        let document = Document::parse(whole.as_bytes()).ok()?;
        let by = match inventory.by {
            Whose::Caller(caller) => self.pins.viewing(Some(caller)),
            Whose::Child(number) => Viewer::Child(number),
            Whose::Own => Viewer::Own,
        };
        Some(self.pins.look(policy, by, document.root(), now).notices)
    }

    /// Notes that the caller of a ticket can be shown no list, for the server has none.
    pub fn settle_unlisted(&self, ticket: &Ticket, now: Now) {
        if let Some(caller) = ticket.record.caller.as_deref() {
            self.pins.settle(self.pins.viewer(caller), now);
        }
    }

    /// Whether the gate should ask for the list by itself at once; asking makes that no.
    pub fn wants_survey(&self) -> bool {
        self.pins.is_due.swap(false, std::sync::atomic::Ordering::Relaxed)
    }

    /// Notes that what was seen so far may be otherwise now: the server said so, or has come back.
    pub fn unsettle(&self, now: Now) {
        self.pins.unsettle(now);
    }

    /// The tools that differ from what was approved.
    pub fn quarantined(&self, policy: &Policy, now: Now) -> Vec<Quarantined> {
        self.pins.quarantined(policy, now)
    }

    /// Hears from any message of the server whether its list may be another now.
    pub(in crate::gate) fn overhear(&self, message: &Message<'_>, now: Now) {
        if matches!(message, Message::Notification { method: Method::NotificationsToolsListChanged, .. }) {
            self.pins.unsettle(now);
        }
    }

    /// Looks at what an answer of the server lists.
    pub(in crate::gate) fn look(
        &self,
        policy: &Policy,
        ticket: &Ticket,
        method: Method,
        result: Value<'_>,
        now: Now,
    ) -> Look {
        self.learn_list(ticket, method, result, now);
        let tools = result.get("tools").filter(|_| method == Method::ToolsList);
        let by = || self.pins.viewing(ticket.record.caller.as_deref());
        tools.map(|tools| self.pins.look(policy, by(), tools, now)).unwrap_or_default()
    }

    /// Notes what an answer tells of when its caller was shown what.
    fn learn_list(&self, ticket: &Ticket, method: Method, result: Value<'_>, now: Now) {
        let Some(caller) = ticket.record.caller.as_deref() else { return };
        match method {
            Method::Initialize => self.pins.begin(self.pins.viewer(caller)),
            Method::ToolsList if ticket.passage.is_first_page && result.get("nextCursor").is_none() => {
                self.pins.settle(self.pins.viewer(caller), now);
            }
            _ => {}
        }
    }
}

/// How old what a caller was shown may be, where that counts for this ticket.
fn before_call(policy: &Policy, ticket: &Ticket) -> Option<Duration> {
    let is_call = ticket.record.method == Some(Method::ToolsCall) && policy.mode == Mode::Enforce;
    let age = policy.pins.before_call.filter(|_| is_call)?;
    let tool = policy.tool(ticket.record.target.as_deref()?)?;
    tool.pinned_sha256().map(|_| age)
}
