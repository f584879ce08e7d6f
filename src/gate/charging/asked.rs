//! Messages that are judged twice, since the store of shared limits has to be asked in between.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::super::{Errand, Origin, SealKey, Way};
use super::*;
use crate::gate::Branch;
use crate::identity::{Evidence, install_crypto};
use crate::limit::breaker::{BreakerState, Cause, Change, Notice};
use crate::limit::{Grant, Inquiry, Leases, Measure, StoreKey, StoreWord, Taken, Task};
use crate::names::Now;
use crate::policy::{Paint, Source as File, compile};
use crate::scan::Vault;

const HELLO: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
const NOW: Now = Now { steady: Duration::from_secs(60), unix_ms: 60_000 };

/// A gate, and a store that it asks.
struct Stage {
    gate: Gate,
    policy: Arc<Policy>,
    leases: Arc<Leases>,
    /// What the store has taken of each cell.
    taken: HashMap<StoreKey, u64>,
    asked: usize,
}

impl Stage {
    fn new(limits: &str) -> Self {
        install_crypto();
        let text = format!(
            "version: 1\nserver: {{ id: s }}\ncallers: {{ anonymous: allow }}\n\
             tools: {{ read: {{ class: read }}, other: {{ class: read }} }}\n\
             upstream: {{ concurrency: {{ server: 1 }} }}\nallow: [{{ id: any, tools: \"*\" }}]\n\
             shared: {{ url: \"rediss://store:6379\", replicas: 2, mode: strict }}\nlimits:\n{limits}"
        );
        let file = File { name: "policy.yaml".into(), text };
        let policy = compile(&[file], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        let leases = Arc::new(Leases::default());
        leases.attach();
        leases.set_lost(false);
        let key = SealKey::derive(b"a secret of tests, long enough to be one").expect("it is long enough");
        let gate = Gate::new(key, Vault::new(&[7; 32])).watchful().sharing(Arc::clone(&leases));
        Self { gate, policy: Arc::new(policy), leases, taken: HashMap::new(), asked: 0 }
    }

    fn judge(
        &self,
        body: &str,
        word: StoreWord<'_>,
        first: Option<&mut Record>,
    ) -> Result<Ticket, Box<Refusal>> {
        let caller = self.policy.directory.verify(&Evidence::header(None), NOW).settled().expect("anybody");
        let (errand, headers) = (Errand::Say(Bytes::from(body.to_owned())), HeaderMap::new());
        let ask = Ask {
            errand,
            headers: &headers,
            origin: Origin::default(),
            way: Way::Streamable,
            now: NOW,
            word,
            trace: None,
        };
        let judged = match first {
            Some(first) => self.gate.admit_asked(&self.policy, &caller, &ask, first),
            None => self.gate.admit(&self.policy, &caller, &ask),
        };
        judged.map_err(Box::new)
    }

    /// Judges a message as the shell does; `between` happens while the store is asked.
    fn say(&mut self, body: &str, between: impl FnOnce(&Self, &mut Record)) -> Result<Ticket, Box<Refusal>> {
        let mut first = match self.judge(body, StoreWord::Askable, None) {
            Err(refusal) if refusal.record.inquiry.is_some() => refusal.record,
            judged => return judged,
        };
        let inquiry = first.inquiry.take().expect("it is there");
        let grant = self.answer(&inquiry);
        between(self, &mut first);
        self.judge(body, StoreWord::Given(&inquiry, &grant), Some(&mut first))
    }

    fn answer(&mut self, inquiry: &Inquiry) -> Grant {
        self.asked += 1;
        let used = |key: &StoreKey| self.taken.get(key).copied().unwrap_or_default();
        let full =
            inquiry.levels.iter().position(|asked| used(&asked.key) + asked.cost > asked.numbers.most());
        if let Some(level) = full {
            return Grant::Refused { level, wait: 1_000_000 };
        }
        let take = |asked: &limit::Asked| {
            let used = self.taken.entry(asked.key).or_default();
            *used += asked.cost;
            Taken { run: 7_000, used: *used }
        };
        Grant::Taken(inquiry.levels.iter().map(take).collect())
    }

    /// Does what the gate wants of the store.
    fn give_back(&mut self) -> usize {
        let orders = self.leases.orders(NOW, 9);
        for order in &orders {
            let used = self.taken.get_mut(&order.key).expect("it was taken from");
            match (&order.numbers.measure, order.task) {
                (Measure::Rate(_), Task::GiveBack { count, run: 7_000, .. }) => *used -= count,
                (Measure::Budget(_), Task::Tell(tell)) => {
                    *used = used.checked_add_signed(tell.own).expect("some");
                }
                (_, task) => panic!("{task:?}"),
            }
        }
        orders.len()
    }

    fn taken(&self) -> u64 {
        self.taken.values().sum()
    }
}

const CALL: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{}}}"#;
/// A call that no limit counts.
const OTHER: &str =
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"other","arguments":{}}}"#;
const RATE: &str = "  - { id: user, per: [user], match: { tools: [read] }, rate: 1/hour, burst: 5 }\n";
const BUDGET: &str = "  - { id: day, per: [user], match: { tools: [read] }, budget: 5/day }\n";

/// Takes the one place at the server.
fn fill(stage: &Stage) -> Ticket {
    stage.judge(OTHER, StoreWord::Askable, None).expect("there is a place")
}

#[test]
fn a_greeting_is_counted_where_there_is_room_and_never_refused() {
    let mut stage = Stage::new(
        "  - { id: hello, per: [user], match: { requests: [handshakes] }, rate: 1/hour, burst: 2 }\n",
    );
    for (turn, taken) in [(1, 1), (2, 2), (3, 2)] {
        assert!(stage.say(HELLO, |_, _| {}).is_ok(), "greeting {turn}");
        assert_eq!((stage.asked, stage.taken()), (turn, taken), "greeting {turn}");
    }
    let ping = stage.say(r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#, |_, _| {});
    assert!(matches!(ping.map_err(|refusal| refusal.denial), Err(Denial::Limited(_))), "of the same kind");
}

#[test]
fn whoever_does_not_ask_the_store_is_refused() {
    for body in [HELLO, CALL] {
        let stage =
            Stage::new("  - { id: all, per: [user], match: { requests: [calls, handshakes] }, rate: 9/s }\n");
        let judged = stage.judge(body, StoreWord::Askable, None).map_err(|refusal| refusal.denial);
        assert!(matches!(judged, Err(Denial::Internal(_))), "{body}");
        assert!(stage.judge(body, StoreWord::Never, None).is_ok(), "leased where nobody can ask");
    }
}

#[test]
fn what_the_store_took_goes_back_where_the_server_filled_up_since() {
    for (limits, cells) in [(RATE.to_owned(), 1), (BUDGET.to_owned(), 1), ([RATE, BUDGET].concat(), 2)] {
        let mut stage = Stage::new(&limits);
        let mut other = None;
        let judged = stage.say(CALL, |stage, _| other = Some(fill(stage)));
        assert!(matches!(judged.map_err(|refusal| refusal.denial), Err(Denial::Crowded(_))), "{limits}");
        assert_eq!((stage.taken(), stage.give_back(), stage.taken()), (cells as u64, cells, 0), "{limits}");
        drop(other);
        assert!(stage.say(CALL, |_, _| {}).is_ok(), "there is a place again");
    }
}

#[test]
fn what_the_store_took_stays_taken_where_the_call_goes_on() {
    let mut stage = Stage::new(&[RATE, BUDGET].concat());
    let ticket = stage.say(CALL, |_, _| {}).expect("there is room");
    assert_eq!((stage.taken(), stage.give_back()), (2, 0));
    drop(ticket);
}

#[test]
fn the_record_of_the_second_judgement_tells_what_the_first_saw_change() {
    let mut stage = Stage::new(RATE);
    let change =
        Change { from: BreakerState::Open, to: BreakerState::HalfOpen, cause: Cause::Rested, rest: None };
    let notice = || Notice { tool: None, change };
    let ticket =
        stage.say(CALL, |_, first| first.notices.push((Branch::Primary, notice()))).expect("there is room");
    assert_eq!(ticket.record.notices, [(Branch::Primary, notice())]);
    drop(ticket);
    let mut other = None;
    let judged = stage.say(CALL, |stage, first| {
        first.notices.push((Branch::Primary, notice()));
        other = Some(fill(stage));
    });
    assert_eq!(judged.expect_err("there is no place").record.notices, [(Branch::Primary, notice())]);
}
