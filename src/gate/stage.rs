//! A gate for tests: one policy, and one caller without a name.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::{Ask, Errand, Gate, Origin, Refusal, SealKey, Ticket, Way};
use crate::identity::{Caller, Evidence};
use crate::limit::StoreWord;
use crate::names::Now;
use crate::policy::{Paint, Policy, Source, compile};
use crate::scan::Vault;

/// A gate and its policy.
pub(super) struct Stage {
    pub gate: Gate,
    pub policy: Arc<Policy>,
}

impl Stage {
    /// A gate that looks after its servers, with the tools `read` and `note`, and more of a policy.
    pub fn new(more: &str) -> Self {
        let tools = "tools: { read: { class: read }, note: { class: write, idempotent: true } }\n";
        Self::with_tools(tools, more)
    }

    /// [`Stage::new`] with other tools.
    pub fn with_tools(tools: &str, more: &str) -> Self {
        crate::identity::install_crypto();
        let text = format!(
            "version: 1\nserver: {{ id: s }}\ncallers: {{ anonymous: allow }}\n\
             {tools}\
             allow:\n  - {{ id: any, tools: \"*\" }}\n  \
             - {{ id: more, methods: [resources/read, subscriptions/listen] }}\n{more}\n"
        );
        let source = Source { name: "policy.yaml".into(), text };
        let policy = compile(&[source], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        // INVARIANT: the literal is long enough.
        let key = SealKey::derive(b"a secret of tests, long enough to be one").unwrap();
        Self { gate: Gate::new(key, Vault::new(&[7; 32])).watchful(), policy: Arc::new(policy) }
    }

    pub fn caller(&self) -> Arc<Caller> {
        let found = self.policy.directory.verify(&Evidence::header(None), at(0));
        found.settled().expect("anybody may come")
    }

    /// Has a request judged that comes by HTTP, without a session.
    pub fn say(&self, method: &str, params: &str, seconds: u64) -> Result<Ticket, Refusal> {
        self.say_by(Way::Streamable, (method, params), seconds)
    }

    /// Has a request judged.
    pub fn say_by(
        &self,
        way: Way<'_>,
        (method, params): (&str, &str),
        seconds: u64,
    ) -> Result<Ticket, Refusal> {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let (errand, origin, headers) = (Errand::Say(body.into()), Origin::default(), HeaderMap::new());
        let ask = Ask {
            errand,
            headers: &headers,
            origin,
            way,
            now: at(seconds),
            word: StoreWord::Never,
            trace: None,
        };
        self.gate.admit(&self.policy, &self.caller(), &ask)
    }

    /// Settles a ticket as if its client had got what the server said, if that said something.
    pub fn settle(&self, ticket: Ticket) {
        let ending = super::Ending {
            outcome: super::Outcome::Success,
            http_status: 200,
            duration: Duration::ZERO,
            bytes: 0,
            overhead: super::Overhead::default(),
        };
        drop(self.gate.settle(ticket, ending));
    }

    /// Has a call judged.
    pub fn call(&self, tool: &str, seconds: u64) -> Result<Ticket, Refusal> {
        self.say("tools/call", &format!(r#"{{"name":"{tool}","arguments":{{}}}}"#), seconds)
    }
}

/// A time, in seconds since the start.
pub(super) fn at(seconds: u64) -> Now {
    Now { steady: Duration::from_secs(seconds), unix_ms: 0 }
}
