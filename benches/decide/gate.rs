//! A whole call at the gate, without sockets: admitted, answered in a few words, settled.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use sluicegate::gate::{
    Ask, Carrier, Ending, Errand, Gate, Origin, Outcome, Overhead, Record, Release, Said, SealKey, Seed,
    Transport, Way,
};
use sluicegate::identity::Caller;
use sluicegate::limit::StoreWord;
use sluicegate::names::Now;
use sluicegate::policy::Policy;
use sluicegate::scan::Vault;

use crate::bundle;

/// The call on the wire.
pub const CALL: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"db_query","arguments":{"database":"analytics","schema":"public","limit":500,"offset":0,"dry":false,"sql":"SELECT id, name, created_at FROM orders WHERE created_at > now() - interval '7 days' ORDER BY created_at DESC LIMIT 500"}}}"#;

const ANSWER: &str = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"42 rows, the last of them of the day before yesterday"}]}}"#;

/// What each rung adds to the one before; the first has the rules of the bundle.
const RUNGS: [(&str, &str); 4] =
    [("rules", ""), ("and limits", LIMITS), ("and a breaker", BREAKER), ("and redaction", REDACTION)];

/// Five levels, of which the conversation is told by a header.
const LIMITS: &str = "
conversation: { sources: ['header:X-Conversation-Id'] }
limits:
  - { id: conversation, per: [conversation], rate: 1000000/s }
  - { id: user, per: [user], rate: 1000000/s }
  - { id: tool, per: [tool], rate: 1000000/s }
  - { id: tenant, per: [tenant], rate: 1000000/s }
  - { id: server, per: [server], rate: 1000000/s }
";

const BREAKER: &str = "
upstream: { breaker: { failures: 5, rest: 5s } }
";

const REDACTION: &str = "
redact:
  - { id: out, on: results, packs: [hipaa, pci, credentials], action: mask }
  - { id: in, on: arguments, detectors: [pan], action: block }
";

/// A gate for each rung.
pub fn rungs(caller: &Arc<Caller>) -> Vec<(&'static str, Stage)> {
    let mut all = String::new();
    let add = |(name, more): &(&'static str, &str)| {
        all.push_str(more);
        (*name, Stage::new(&all, caller))
    };
    RUNGS.iter().map(add).collect()
}

/// A gate with the bundle's policy and more.
pub struct Stage {
    gate: Gate,
    policy: Arc<Policy>,
    caller: Arc<Caller>,
    headers: HeaderMap,
    count: Cell<u64>,
}

impl Stage {
    fn new(more: &str, caller: &Arc<Caller>) -> Self {
        let key = SealKey::derive(b"handles that nobody outside of here sees").expect("a long secret");
        let gate = Gate::new(key, Vault::new(&[7; 32])).watchful();
        let mut headers = HeaderMap::new();
        headers.insert("x-conversation-id", HeaderValue::from_static("0197b5f2-7c1e-7b61-a7a4-3d5e9f1c2b4a"));
        Self {
            gate,
            policy: Arc::new(bundle::policy_with(more)),
            caller: Arc::clone(caller),
            headers,
            count: Cell::new(0),
        }
    }

    /// One call from its bytes to its record. Each comes a microsecond after the one before, as limits have it.
    pub fn call(&self) {
        black_box(self.record(CALL, None));
    }

    /// One call from these bytes to its record, in a trace where there is a seed.
    pub fn record(&self, call: &'static str, trace: Option<Seed>) -> Box<Record> {
        let count = self.count.get() + 1;
        self.count.set(count);
        let steady = Duration::from_secs(1) + Duration::from_micros(count);
        let now = Now { steady, unix_ms: bundle::TODAY_UNIX_MS };
        let errand = Errand::Say(Bytes::from_static(black_box(call).as_bytes()));
        let way = Way::Pipe { session: "one" };
        let ask = Ask {
            errand,
            headers: &self.headers,
            origin: Origin::default(),
            way,
            now,
            word: StoreWord::Never,
            trace,
        };
        let admitted = self.gate.admit(&self.policy, &self.caller, &ask);
        let mut ticket = admitted.unwrap_or_else(|refusal| panic!("{:?}", refusal.denial));
        ticket.sent(Duration::from_micros(80), Transport::Tcp);
        let answer = Bytes::from_static(ANSWER.as_bytes());
        let said = Said::plainly(&answer, Carrier::Whole);
        let release = self.gate.inspect(&self.policy, &mut ticket, &said, now);
        assert!(matches!(release, Release::Pass { .. }), "{release:?}");
        let (outcome, overhead) = (Outcome::Success, Overhead::default());
        let ending =
            Ending { outcome, http_status: 200, duration: Duration::from_millis(3), bytes: 150, overhead };
        self.gate.settle(ticket, ending)
    }
}
