//! Ways out of a sandbox that were refused: a record for the first of each kind, and one for all more of it.
//!
//! A server may try as often as it likes, so that a record for each try would be its means to fill the disk. What is
//! refused for the first time is written at once; the same within [`EGRESS_REPEATS_WINDOW_MS`] is counted, and written with its
//! number afterwards. More kinds than [`EGRESS_KINDS_MAX`] at once are one kind, of no host.

use std::collections::BTreeMap;

use super::Audit;
use super::text::Text;
use super::unix_ms;
use crate::bounds::{AUDIT_NAME_BYTES_MAX, EGRESS_KINDS_MAX, EGRESS_REPEATS_WINDOW_MS};
use crate::policy::{AuditLevel, Policy};

/// Why a way out of a sandbox was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EgressReason {
    /// What was asked for names no host as `CONNECT HOST:PORT` does.
    Malformed,
    /// The host is not on the list.
    Unlisted,
    /// All its addresses are of private networks.
    Private,
    /// Too many connections lead out already.
    TooMany,
}

/// A way out of a sandbox that was refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusedEgress {
    /// The host, as the server named it; `-` where that is no name of a host.
    pub host: Box<str>,
    /// The port; 0 where none was named.
    pub port: u16,
    /// Why.
    pub reason: EgressReason,
}

/// What has been refused lately.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    kinds: BTreeMap<RefusedEgress, Repeated>,
    /// The member `resource` of the last policy that was in force.
    resource: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Repeated {
    since_unix_ms: u64,
    /// How often since the record of the first.
    count: u64,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Due {
    what: RefusedEgress,
    count: u64,
    since_unix_ms: u64,
}

impl EgressReason {
    /// Its word in records and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Private => "private_address",
            Self::TooMany => "too_many",
            Self::Unlisted => "not_listed",
        }
    }
}

impl Audit {
    /// Records that a server was refused a way out of its sandbox, at once or with others of its kind. Nothing where
    /// the policy wants no audit.
    pub fn egress_refused(&self, policy: &Policy, what: RefusedEgress) {
        match policy.audit.level {
            AuditLevel::None => return,
            AuditLevel::Facts | AuditLevel::Metadata => {}
        }
        let mut text = Text::over(Vec::new());
        self.resource.write(&mut text, policy);
        let mut repeats = self.repeats();
        repeats.resource = text.into_bytes();
        let due = repeats.note(what, unix_ms());
        self.write_egress(&repeats.resource, due);
    }

    /// Records how often what was refused before has been since, where that is due. To be called every few seconds.
    pub fn settle_egress(&self) {
        let mut repeats = self.repeats();
        let due = repeats.due(unix_ms().saturating_sub(EGRESS_REPEATS_WINDOW_MS));
        self.write_egress(&repeats.resource, due);
    }

    /// The same for all that has not been written yet, however short ago.
    pub(super) fn end_egress(&self) {
        let mut repeats = self.repeats();
        let due = repeats.due(u64::MAX);
        self.write_egress(&repeats.resource, due);
    }

    fn repeats(&self) -> std::sync::MutexGuard<'_, Repeats> {
        self.repeats.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write_egress(&self, resource: &[u8], due: impl IntoIterator<Item = Due>) {
        for Due { what, count, since_unix_ms } in due {
            let mut text = Text::over(Vec::new());
            text.raw("\"stage\":\"egress.refused\"");
            text.bytes(resource);
            text.raw(",\"egress\":{\"host\":");
            text.string(&what.host, AUDIT_NAME_BYTES_MAX);
            text.raw(",\"port\":");
            text.number(what.port.into());
            text.raw(",\"reason\":\"");
            text.raw(what.reason.as_str());
            text.raw("\",\"count\":");
            text.number(count);
            text.raw(",\"since_unix_ms\":");
            text.number(since_unix_ms);
            text.raw("}");
            self.queue.push_always(&self.names.frame(unix_ms(), text.as_bytes()));
        }
    }
}

impl Repeats {
    /// Notes one more; the first of its kind is due at once.
    fn note(&mut self, mut what: RefusedEgress, now_unix_ms: u64) -> Option<Due> {
        if self.kinds.len() >= EGRESS_KINDS_MAX && !self.kinds.contains_key(&what) {
            what = RefusedEgress { host: "-".into(), port: 0, ..what };
        }
        if let Some(known) = self.kinds.get_mut(&what) {
            known.count += 1;
            return None;
        }
        self.kinds.insert(what.clone(), Repeated { since_unix_ms: now_unix_ms, count: 0 });
        Some(Due { what, count: 1, since_unix_ms: now_unix_ms })
    }

    /// What has been counted since `until` or before; it begins anew.
    fn due(&mut self, until: u64) -> Vec<Due> {
        let mut due = Vec::new();
        self.kinds.retain(|what, repeated| {
            let Repeated { since_unix_ms, count } = *repeated;
            let is_over = since_unix_ms <= until;
            if is_over && count > 0 {
                due.push(Due { what: what.clone(), count, since_unix_ms });
            }
            !is_over
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> RefusedEgress {
        RefusedEgress { host: name.into(), port: 443, reason: EgressReason::Unlisted }
    }

    #[test]
    fn the_first_is_due_at_once_and_more_of_its_kind_together() {
        let mut repeats = Repeats::default();
        assert_eq!(repeats.note(host("a"), 10).map(|due| due.count), Some(1));
        assert_eq!([repeats.note(host("a"), 11), repeats.note(host("a"), 12)], [None, None]);
        assert!(repeats.note(host("b"), 20).is_some(), "another host is another kind");
        let other = RefusedEgress { reason: EgressReason::Private, ..host("a") };
        assert!(repeats.note(other, 20).is_some(), "another reason, too");
        assert_eq!(repeats.due(9), []);
        assert_eq!(repeats.due(10), [Due { what: host("a"), count: 2, since_unix_ms: 10 }]);
        assert_eq!(repeats.due(u64::MAX), [], "nothing more came of the others");
        assert!(repeats.note(host("a"), 30).is_some(), "it begins anew");
    }

    #[test]
    fn many_kinds_become_one() {
        let mut repeats = Repeats::default();
        let at_once = |repeats: &mut Repeats, names: std::ops::Range<usize>| {
            names.filter_map(|name| repeats.note(host(&name.to_string()), 1)).collect::<Vec<_>>()
        };
        assert_eq!(at_once(&mut repeats, 0..EGRESS_KINDS_MAX).len(), EGRESS_KINDS_MAX);
        let beyond = at_once(&mut repeats, EGRESS_KINDS_MAX..10 * EGRESS_KINDS_MAX);
        let [one] = &beyond[..] else { panic!("one stands for all: {beyond:?}") };
        assert_eq!((&*one.what.host, one.what.port), ("-", 0));
        let due = repeats.due(u64::MAX);
        assert_eq!(due.iter().map(|due| due.count).sum::<u64>() as usize, 9 * EGRESS_KINDS_MAX - 1);
        assert_eq!(due.len(), 1);
    }
}
