//! What redaction adds to an answer at the gate: the same `tools/call` result through `Gate::inspect` with every pack
//! on, and through a gate that has no rule for results.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use sluicegate::gate::{
    Ask, Carrier, Ending, Errand, Gate, Origin, Outcome, Overhead, Release, Said, SealKey, Ticket, Way,
};
use sluicegate::identity::{Caller, Supposed};
use sluicegate::limit::StoreWord;
use sluicegate::names::Now;
use sluicegate::policy::{Paint, Policy, Source, compile};
use sluicegate::scan::Vault;

use crate::race::spent;

/// Rounds in which both gates have their turn.
const ROUNDS: usize = 31;
/// Answers in a turn: some tens of milliseconds, as the kernel counts in grains of a few.
const ANSWERS: usize = 512;

const NOW: Now = Now { steady: Duration::from_secs(1), unix_ms: 1_795_000_000_000 };

const POLICY: &str = "
version: 1
server: { id: db }
callers: { anonymous: allow }
tools: { look: { class: read } }
allow:
  - { id: tools, tools: [look] }
";

const REDACT: &str = "
redact:
  - { id: all, on: results, action: mask,
      packs: [apac, au, br, ca, credentials, eu, gdpr, hipaa, in, latam, pci, uk, us] }
";

/// What an answer took, in microseconds.
pub struct Cost {
    /// The medians of the rounds: with redaction, and without.
    pub with: f64,
    pub without: f64,
    /// The median of what redaction added in a round.
    pub added: f64,
    /// Edits were made.
    pub is_edited: bool,
}

/// A gate with a policy, and somebody anonymous before it.
struct Stage {
    gate: Gate,
    policy: Arc<Policy>,
    caller: Arc<Caller>,
}

impl Stage {
    fn new(extra: &str) -> Self {
        let source = Source { name: "policy.yaml".into(), text: format!("{POLICY}{extra}") };
        let policy = compile(&[source], NOW.unix_ms)
            .unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        let key = SealKey::derive(b"handles that nobody outside of here sees").expect("a long secret");
        let caller = Supposed::caller(None).expect("anonymous");
        Self { gate: Gate::new(key, Vault::new(&[7; 32])), policy: Arc::new(policy), caller }
    }

    fn admit(&self) -> Ticket {
        const CALL: &[u8] =
            br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":{}}}"#;
        let headers = HeaderMap::new();
        let errand = Errand::Say(Bytes::from_static(CALL));
        let way = Way::Pipe { session: "one" };
        let ask = Ask {
            errand,
            headers: &headers,
            origin: Origin::default(),
            way,
            now: NOW,
            word: StoreWord::Never,
            trace: None,
        };
        self.gate.admit(&self.policy, &self.caller, &ask).expect("a call that is allowed")
    }

    /// The CPU time of so many answers, and whether the bytes that leave are not those that came.
    fn turn(&self, answer: &Bytes, start: Instant) -> (Duration, bool) {
        let mut tickets: Vec<_> = (0..ANSWERS).map(|_| self.admit()).collect();
        let mut is_edited = false;
        let before = spent(start);
        for ticket in &mut tickets {
            let release =
                self.gate.inspect(&self.policy, ticket, &Said::plainly(answer, Carrier::Whole), NOW);
            let Release::Pass { body, .. } = release else { panic!("{release:?}") };
            is_edited |= body != *answer;
        }
        let took = spent(start).saturating_sub(before);
        for ticket in tickets {
            let (outcome, overhead) = (Outcome::Success, Overhead::default());
            let ending = Ending { outcome, http_status: 200, duration: Duration::ZERO, bytes: 0, overhead };
            self.gate.settle(ticket, ending);
        }
        (took, is_edited)
    }
}

/// What a result costs at the gate, by turns of both.
pub fn cost(result: &str) -> Cost {
    sluicegate::identity::install_crypto();
    let answer = Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#));
    let (every, none) = (Stage::new(REDACT), Stage::new(""));
    let start = Instant::now();
    let micros = |took: Duration| took.as_secs_f64() * 1e6 / ANSWERS as f64;
    let (mut with, mut without, mut added, mut is_edited) = (Vec::new(), Vec::new(), Vec::new(), false);
    for round in 0..ROUNDS {
        // The first of a round finds the caches as the other left them: each is first half of the time.
        let (first, second) = if round % 2 == 0 { (&every, &none) } else { (&none, &every) };
        let turns = [first.turn(&answer, start), second.turn(&answer, start)];
        let [redacted, plain] = if round % 2 == 0 { turns } else { [turns[1], turns[0]] };
        is_edited |= redacted.1;
        with.push(micros(redacted.0));
        without.push(micros(plain.0));
        added.push(micros(redacted.0) - micros(plain.0));
    }
    Cost { with: median(with), without: median(without), added: median(added), is_edited }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
