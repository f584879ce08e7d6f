//! Which version a call is of, and whether it may be called now.
//!
//! The order: a name that says its version, the tenant's pin, the agent's pin, the canary, the default. The tenant's
//! pin is that of a file, or else of its row in the registry. A canary is drawn by a hash of the caller and the tool,
//! so that one caller stays on its version whatever gate it comes to; an anonymous caller is drawn by its
//! conversation, where one is known.

use ring::digest::{Context, SHA256};

use super::{Brownout, Family, Presence, State, Version, Versions};
use crate::identity::{Caller, Proof};

/// What a name on the wire means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The tool, in whatever version the caller is on: the place of its family.
    Tool(usize),
    /// This version.
    Version(Chosen),
}

/// One version of one tool, by its places in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chosen {
    /// Of the family.
    pub family: usize,
    /// In the family.
    pub version: usize,
}

/// The version that a caller is on, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Which.
    pub chosen: Chosen,
    /// Its number.
    pub number: u32,
    /// Its state now.
    pub state: State,
    /// Whether somebody has said that this caller is on it.
    pub is_pinned: bool,
    /// Whether it is there for the caller's tenant.
    pub is_present: bool,
}

/// Parts of all callers that a canary is drawn from: a hundredth of a percent.
const PARTS: u64 = 10_000;

impl Versions {
    /// What a name means at a time; `None` where it is of no tool with versions. One look-up; allocates nothing.
    pub fn aim(&self, name: &str, unix_ms: u64) -> Option<Aim> {
        let meaning = self.names.get(name)?;
        meaning.until.is_none_or(|end| end > unix_ms).then_some(meaning.aim)
    }

    /// Whether a name is, or ever was, of a tool with versions.
    pub fn knows(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The version that a call is of. Allocates nothing.
    pub fn choose(
        &self,
        aim: Aim,
        caller: &Caller,
        conversation: Option<&[u8]>,
        unix_ms: u64,
    ) -> Option<Choice> {
        let (family, is_named) = match aim {
            Aim::Tool(family) => (family, None),
            Aim::Version(chosen) => (chosen.family, Some(chosen.version)),
        };
        let known = self.families.get(family)?;
        let row = self.row_pin(known, caller, unix_ms);
        let pin = known.pin(caller, row);
        let drawn = || known.drawn(caller, (row, conversation));
        let version = is_named.or(pin).or_else(drawn).unwrap_or(known.default);
        let data = known.plan.versions.get(version)?;
        Some(Choice {
            chosen: Chosen { family, version },
            number: data.number,
            state: data.state_at(unix_ms),
            is_pinned: is_named.is_none() && pin == Some(version),
            is_present: data.is_for(caller.tenant(), row == Some(version)),
        })
    }

    /// The version that the tenant's row in the registry pins it to.
    fn row_pin(&self, family: &Family, caller: &Caller, unix_ms: u64) -> Option<usize> {
        let rows = self.rows.as_deref()?;
        let number = rows.pin(rows.row(caller.tenant()?)?, family.column?, unix_ms)?;
        family.plan.place(u32::try_from(number).ok()?)
    }

    /// The version that a caller of one that is on its way out should go to: the nearest that is there for it.
    pub fn successor(&self, chosen: Chosen, caller: &Caller, unix_ms: u64) -> Option<Chosen> {
        let family = self.families.get(chosen.family)?;
        let row = self.row_pin(family, caller, unix_ms);
        let mut at = chosen.version;
        // A chain has no circle, so it is no longer than the family.
        for _ in 0..family.plan.versions.len() {
            let next = family.plan.versions.get(at)?.successor.and_then(|number| family.plan.place(number));
            at = next?;
            let version = family.plan.versions.get(at)?;
            let is_open =
                matches!(version.state_at(unix_ms), State::Active | State::Deprecated | State::Draft);
            if is_open && version.is_for(caller.tenant(), row == Some(at)) {
                return Some(Chosen { version: at, ..chosen });
            }
        }
        None
    }

    /// How long a call of a version in brownout has to wait, in seconds, if it is one of those that fail.
    ///
    /// `lot` is anything that differs between calls.
    pub fn browns_out(&self, chosen: Chosen, unix_ms: u64, lot: &[u8]) -> Option<u64> {
        let (_, version, route) = self.at(chosen)?;
        match version.brownout.as_ref()? {
            Brownout::Minutes(spans) => {
                let second = unix_ms / 1_000 % 3_600;
                let minute = second / 60;
                let span = spans
                    .iter()
                    .find(|(first, last)| (*first..=*last).any(|one| u64::from(one) == minute))?;
                Some((u64::from(span.1) + 1) * 60 - second)
            }
            Brownout::Percent(percent) => {
                let part = draw(&[route.alias.as_bytes(), &unix_ms.to_be_bytes(), lot]);
                (part < u64::from(*percent) * PARTS / 100).then_some(1)
            }
        }
    }
}

impl Family {
    /// The version that the tenant, or else the agent, is pinned to; `row` is what the registry says of the tenant.
    fn pin(&self, caller: &Caller, row: Option<usize>) -> Option<usize> {
        let find = |pins: &[(Box<str>, u32)], name: Option<&str>| {
            let name = name?;
            let (_, number) = pins.iter().find(|(known, _)| **known == *name)?;
            self.plan.place(*number)
        };
        let of_tenant = find(&self.plan.tenants, caller.tenant()).or(row);
        of_tenant.or_else(|| find(&self.plan.agents, caller.agent()))
    }

    /// The version that the canary gives to the caller; `None` for the default. One that is not there for the
    /// caller's tenant is not drawn.
    fn drawn(&self, caller: &Caller, (row, conversation): (Option<usize>, Option<&[u8]>)) -> Option<usize> {
        if self.plan.canary.is_empty() {
            return None;
        }
        let conversation = conversation.filter(|_| caller.proof() == Proof::Anonymous);
        let part = draw(&[
            self.plan.name.as_str().as_bytes(),
            caller.issuer().unwrap_or_default().as_bytes(),
            caller.tenant().unwrap_or_default().as_bytes(),
            caller.user().as_bytes(),
            caller.agent().unwrap_or_default().as_bytes(),
            conversation.unwrap_or_default(),
        ]);
        let mut end = 0;
        for (number, percent) in &self.plan.canary {
            end += u64::from(*percent) * PARTS / 100;
            if part < end {
                let place = self.plan.place(*number)?;
                let version = self.plan.versions.get(place)?;
                return version.is_for(caller.tenant(), row == Some(place)).then_some(place);
            }
        }
        None
    }
}

impl Version {
    /// Its state at a time: past its sunset it is retired, whatever else is said.
    pub fn state_at(&self, unix_ms: u64) -> State {
        if self.sunset.is_some_and(|sunset| sunset <= unix_ms) { State::Retired } else { self.state }
    }

    /// Whether it is there for a tenant: by its name, by a row that pins the tenant to it, or for all.
    fn is_for(&self, tenant: Option<&str>, is_pinned: bool) -> bool {
        let said = |name: &str| {
            let found = self.tenants.iter().find(|(known, _)| **known == *name);
            found.map(|(_, presence)| *presence)
        };
        let row = || is_pinned.then_some(Presence::Enabled);
        let presence = tenant.and_then(said).or_else(row).or_else(|| said("*"));
        presence.map_or(self.state != State::Draft, |presence| presence == Presence::Enabled)
    }
}

/// A part of [`PARTS`], the same for the same texts everywhere.
fn draw(texts: &[&[u8]]) -> u64 {
    let mut context = Context::new(&SHA256);
    for text in texts {
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text);
    }
    let mut first = [0; 8];
    first.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first) % PARTS
}
