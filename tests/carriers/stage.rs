//! A gate in process, and messages through it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use sluicegate::gate::{
    Ask, Carrier, Ending, Errand, Gate, Origin, Outcome, Overhead, Refusal, Release, Said, SealKey, Ticket,
    Way,
};
use sluicegate::identity::{Caller, Supposed};
use sluicegate::limit::StoreWord;
use sluicegate::names::Now;
use sluicegate::policy::{Paint, Policy, Source, compile};
use sluicegate::scan::Vault;

const POLICY: &str = r#"
version: 1
server: { id: db }
callers: { anonymous: allow }
tools: { look: { class: read } }
allow:
  - { id: tools, tools: [look] }
  - { id: methods, methods: ["prompts/*", "resources/*", "completion/*", "sampling/*", "elicitation/*", "roots/*", "tasks/*", "logging/*"] }
redact:
  - { id: out, on: results, detectors: [us_ssn, email, pan], action: mask }
  - { id: in, on: arguments, detectors: [us_ssn, email, pan], action: mask }
"#;

/// A gate with a policy, and somebody anonymous before it.
pub struct Stage {
    gate: Gate,
    policy: Arc<Policy>,
    caller: Arc<Caller>,
}

const NOW: Now = Now { steady: Duration::from_secs(1), unix_ms: 1_795_000_000_000 };

impl Stage {
    pub fn new(extra: &str) -> Self {
        sluicegate::identity::install_crypto();
        let source = Source { name: "policy.yaml".into(), text: format!("{POLICY}{extra}") };
        let policy = compile(&[source], NOW.unix_ms)
            .unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        let key = SealKey::derive(b"handles that nobody outside of here sees").expect("a long secret");
        let caller = Supposed::caller(None).expect("anonymous");
        Self { gate: Gate::new(key, Vault::new(&[7; 32])), policy: Arc::new(policy), caller }
    }

    pub fn admit(&self, body: &str, headers: &HeaderMap, way: Way<'_>) -> Result<Ticket, Refusal> {
        let errand = Errand::Say(Bytes::copy_from_slice(body.as_bytes()));
        let ask = Ask {
            errand,
            headers,
            origin: Origin::default(),
            way,
            now: NOW,
            word: StoreWord::Never,
            trace: None,
        };
        self.gate.admit(&self.policy, &self.caller, &ask)
    }

    /// What a client says on a pipe.
    pub fn say(&self, body: &str) -> Result<Ticket, Refusal> {
        self.admit(body, &HeaderMap::new(), Way::Pipe { session: "one" })
    }

    pub fn hear(&self, ticket: &mut Ticket, message: &str, carrier: Carrier) -> Release {
        let body = Bytes::copy_from_slice(message.as_bytes());
        self.gate.inspect(&self.policy, ticket, &Said::plainly(&body, carrier), NOW)
    }

    pub fn settle(&self, ticket: Ticket) {
        let ending = Ending {
            outcome: Outcome::Success,
            http_status: 200,
            duration: Duration::ZERO,
            bytes: 0,
            overhead: Overhead::default(),
        };
        self.gate.settle(ticket, ending);
    }
}
