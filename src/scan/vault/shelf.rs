//! The drawers of all conversations: what lies in them, in which order it was used, and what has to go.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::{Detector, Provenance, Scope, Written};
use crate::bounds::{
    ECHOES_MAX, VAULT_BYTES_MAX, VAULT_IDLE_MAX, VAULT_LIFE_MAX, VAULT_PROVENANCES_MAX,
    VAULT_SCOPE_TOKENS_MAX, VAULT_TOKENS_MAX,
};
use crate::names::Label;

/// All drawers.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    drawers: HashMap<Scope, Drawer>,
    /// Every token there is: none is drawn twice while it lives.
    ids: HashSet<u64>,
    /// The drawers by the turn in which they were last used.
    order: BTreeMap<u64, Scope>,
    /// Counts the uses.
    turn: u64,
    /// Counts what is drawn and sealed; never goes back.
    count: u64,
    bytes: usize,
}

/// What one conversation keeps.
#[derive(Debug, Default)]
struct Drawer {
    entries: HashMap<u64, Entry>,
    by_name: HashMap<[u8; 16], u64>,
    /// The tokens by the turn in which they were last used.
    order: BTreeMap<u64, u64>,
    /// The tokens whose values were given back, the last of them last, each with the rule that did.
    repeated: VecDeque<(u64, Arc<Label>)>,
    turn: u64,
}

/// One value.
#[derive(Debug)]
pub(super) struct Entry {
    /// The keyed hash by which it is found again.
    pub name: [u8; 16],
    /// What it was found as first: the type of its token.
    pub detector: Detector,
    pub form: Written,
    pub provenances: Vec<Provenance>,
    pub sealed: Box<[u8]>,
    /// The number that it was sealed under.
    pub number: u64,
    /// When it came, since the process started.
    pub born: Duration,
    /// When it was last used, since the process started.
    pub used: Duration,
    pub turn: u64,
}

impl Entry {
    /// Notes one more way in which the value came, up to `VAULT_PROVENANCES_MAX`.
    pub fn seen_by(&mut self, provenance: Provenance) {
        if self.provenances.len() < VAULT_PROVENANCES_MAX && !self.provenances.contains(&provenance) {
            self.provenances.push(provenance);
        }
    }

    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.used) >= VAULT_IDLE_MAX || now.saturating_sub(self.born) >= VAULT_LIFE_MAX
    }
}

impl Shelf {
    /// The next number of a row without end.
    pub fn count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Whether any drawer holds the token.
    pub fn holds(&self, id: u64) -> bool {
        self.ids.contains(&id)
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// What a token of the drawer stands for, unless it is over. Looking is no use.
    pub fn peek(&self, scope: Scope, id: u64, now: Duration) -> Option<&Entry> {
        self.drawers.get(&scope)?.entries.get(&id).filter(|entry| !entry.is_over(now))
    }

    /// The token of a value that is in the drawer, which is used by this.
    pub fn find(&mut self, scope: Scope, name: [u8; 16], now: Duration) -> Option<(u64, &mut Entry)> {
        let id = *self.drawers.get(&scope)?.by_name.get(&name)?;
        self.entry(scope, id, now).map(|entry| (id, entry))
    }

    /// What a token of the drawer stands for; it is used by this. One that is over is gone.
    pub fn entry(&mut self, scope: Scope, id: u64, now: Duration) -> Option<&mut Entry> {
        if self.drawers.get(&scope)?.entries.get(&id)?.is_over(now) {
            self.forget(scope, id);
            return None;
        }
        self.turn += 1;
        let drawer = self.drawers.get_mut(&scope)?;
        self.order.remove(&drawer.turn);
        self.order.insert(self.turn, scope);
        drawer.turn = self.turn;
        let entry = drawer.entries.get_mut(&id)?;
        drawer.order.remove(&entry.turn);
        drawer.order.insert(self.turn, id);
        (entry.turn, entry.used) = (self.turn, now);
        Some(entry)
    }

    /// Puts a new entry into a drawer, and throws out what there is no room for.
    pub fn keep(&mut self, scope: Scope, id: u64, mut entry: Entry) {
        let now = entry.used;
        self.clear(now);
        let is_full = |drawer: &Drawer| drawer.entries.len() >= VAULT_SCOPE_TOKENS_MAX;
        if let Some(drawer) = self.drawers.get(&scope).filter(|drawer| is_full(drawer))
            && let Some((_, oldest)) = drawer.order.first_key_value()
        {
            self.forget(scope, *oldest);
        }
        while self.ids.len() >= VAULT_TOKENS_MAX || self.bytes + entry.sealed.len() > VAULT_BYTES_MAX {
            let Some((_, oldest)) = self.order.first_key_value() else { break };
            self.drop_drawer(*oldest);
        }
        self.turn += 1;
        self.ids.insert(id);
        self.bytes += entry.sealed.len();
        entry.turn = self.turn;
        let drawer = self.drawers.entry(scope).or_default();
        self.order.remove(&drawer.turn);
        self.order.insert(self.turn, scope);
        drawer.turn = self.turn;
        drawer.order.insert(self.turn, id);
        drawer.by_name.insert(entry.name, id);
        drawer.entries.insert(id, entry);
    }

    /// Notes that the value of a token was given back.
    pub fn repeat(&mut self, scope: Scope, id: u64, rule: Arc<Label>) {
        let Some(drawer) = self.drawers.get_mut(&scope) else { return };
        drawer.repeated.retain(|(known, _)| *known != id);
        if drawer.repeated.len() >= ECHOES_MAX {
            drawer.repeated.pop_front();
        }
        drawer.repeated.push_back((id, rule));
    }

    /// The tokens of a drawer whose values were given back.
    pub fn repeated(&self, scope: Scope) -> Vec<(u64, Arc<Label>)> {
        self.drawers.get(&scope).map(|drawer| drawer.repeated.iter().cloned().collect()).unwrap_or_default()
    }

    /// Throws out the drawers that nobody has used for so long that nothing in them lives.
    fn clear(&mut self, now: Duration) {
        while let Some((_, scope)) = self.order.first_key_value() {
            let scope = *scope;
            let last = self.drawers.get(&scope).and_then(|drawer| {
                let (_, id) = drawer.order.last_key_value()?;
                drawer.entries.get(id)
            });
            if last.is_some_and(|entry| now.saturating_sub(entry.used) < VAULT_IDLE_MAX) {
                return;
            }
            self.drop_drawer(scope);
        }
    }

    fn drop_drawer(&mut self, scope: Scope) {
        let Some(drawer) = self.drawers.remove(&scope) else { return };
        self.order.remove(&drawer.turn);
        drawer.entries.keys().for_each(|id| {
            self.ids.remove(id);
        });
        self.bytes -= drawer.entries.values().map(|entry| entry.sealed.len()).sum::<usize>();
    }

    fn forget(&mut self, scope: Scope, id: u64) {
        let Some(drawer) = self.drawers.get_mut(&scope) else { return };
        let Some(entry) = drawer.entries.remove(&id) else { return };
        drawer.by_name.remove(&entry.name);
        drawer.order.remove(&entry.turn);
        drawer.repeated.retain(|(known, _)| *known != id);
        self.ids.remove(&id);
        self.bytes -= entry.sealed.len();
        if drawer.entries.is_empty() {
            self.drop_drawer(scope);
        }
    }
}
