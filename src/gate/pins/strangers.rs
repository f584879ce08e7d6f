//! Tools that nobody approved, and approved ones that are there no more: told once, and shown to nobody.

use std::collections::HashMap;

use super::inventory::Whose;
use super::{Inventory, PinEvent, PinNotice, Pins};
use crate::bounds::PIN_STRANGERS_MAX;
use crate::json::{Document, Value};
use crate::names::ToolName;
use crate::policy::{Definition, PinAction, Policy, Tool, definition_sha256, passes_for, visible};

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    told: HashMap<Box<str>, PinEvent>,
}

impl Strangers {
    /// Whether this is news, for as many as are remembered.
    fn is_news(&mut self, name: &str, event: PinEvent) -> bool {
        if self.told.get(name) == Some(&event) {
            return false;
        }
        if self.told.len() >= PIN_STRANGERS_MAX && !self.told.contains_key(name) {
            return false;
        }
        self.told.insert(name.into(), event);
        true
    }
}

impl Pins {
    /// Notes a tool that nobody approved. It is in no list and no call reaches it, whatever is noted.
    pub(super) fn stranger(&self, policy: &Policy, element: Value<'_>, notices: &mut Vec<PinNotice>) {
        let Some(name) = element.get("name").and_then(|name| name.string()) else { return };
        let twin = policy.tools().iter().find(|tool| passes_for(tool.name.as_str(), &name));
        let event = if twin.is_some() { PinEvent::Collision } else { PinEvent::Added };
        // A name that no tool may have goes nowhere as it is.
        let told = ToolName::parse(&name).map_or_else(|_| "_INVALID".into(), |name| name.to_string());
        if !self.seen().strangers.is_news(&told, event) {
            return;
        }
        let detail = match twin {
            Some(twin) => format!("nobody approved it, and it can be taken for `{}`", twin.name),
            None => "nobody approved it".to_owned(),
        };
        notices.push(PinNotice {
            event,
            tool: told.into(),
            action: PinAction::Hide,
            approved: None,
            shown: definition_sha256(element).ok(),
            detail: detail.into(),
        });
    }

    /// Notes which approved tools a whole list lacks.
    pub(super) fn missing(&self, policy: &Policy, inventory: &Inventory<'_>, notices: &mut Vec<PinNotice>) {
        let documents: Vec<_> =
            inventory.tools.iter().filter_map(|text| Document::parse(text.as_bytes()).ok()).collect();
        let named = |tool: &Tool| {
            documents.iter().any(|document| {
                let name = document.root().get("name").and_then(|name| name.string());
                name.is_some_and(|name| *name == *tool.name.as_str())
            })
        };
        for tool in policy.tools().iter().filter(|tool| tool.pinned_sha256().is_some()) {
            if named(tool) {
                self.seen().strangers.told.remove(tool.name.as_str());
                continue;
            }
            let strangers = documents.iter().map(|document| document.root()).filter(|element| {
                let name = element.get("name").and_then(|name| name.string());
                name.is_some_and(|name| policy.tool(&name).is_none())
            });
            let heir =
                strangers.filter_map(|element| Definition::read(element).ok()).find(|now| is_heir(tool, now));
            let event = match (&heir, inventory.by) {
                (Some(_), _) => PinEvent::Renamed,
                (None, Whose::Own) => PinEvent::Gone,
                // Some servers show less to some callers, which is their right.
                (None, Whose::Caller(_) | Whose::Child(_)) => continue,
            };
            if !self.seen().strangers.is_news(tool.name.as_str(), event) {
                continue;
            }
            let detail = match &heir {
                Some(heir) => {
                    format!("it is called `{}` now, which nobody approved", visible(heir.name.as_str()))
                }
                None => "the server has it no more".to_owned(),
            };
            notices.push(PinNotice {
                event,
                tool: tool.name.as_str().into(),
                action: if heir.is_some() { PinAction::Hide } else { PinAction::Warn },
                approved: tool.pinned_sha256().copied(),
                shown: heir.map(|heir| heir.sha256),
                detail: detail.into(),
            });
        }
    }
}

/// Whether `now` is what was approved of `tool`, under another name.
fn is_heir(tool: &Tool, now: &Definition) -> bool {
    let renamed = Definition { name: tool.name.clone(), ..now.clone() }.to_json();
    let document = Document::parse(renamed.as_bytes());
    document.is_ok_and(|document| definition_sha256(document.root()).ok().as_ref() == tool.pinned_sha256())
}
