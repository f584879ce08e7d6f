//! What a request holds of limits when it goes no further.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::*;
use crate::gate::{Origin, Refusal, SealKey, Ticket, Way};
use crate::identity::Evidence;
use crate::names::Now;
use crate::policy::{Paint, Source, compile};
use crate::scan::Vault;

struct Stage {
    gate: Gate,
    policy: Arc<Policy>,
}

impl Stage {
    fn new(limits: &str) -> Self {
        crate::identity::install_crypto();
        let text = format!(
            "version: 1\nserver: {{ id: s }}\ncallers: {{ anonymous: allow }}\n\
             tools: {{ read: {{ class: read }} }}\nallow: [{{ id: any, tools: \"*\" }}]\nlimits: [{limits}]\n\
             redact: [{{ id: stop, on: arguments, detectors: [us_ssn], action: block }}]\n"
        );
        let source = Source { name: "policy.yaml".into(), text };
        let policy = compile(&[source], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        // INVARIANT: the literal is long enough.
        let key = SealKey::derive(b"a secret of tests, long enough to be one").unwrap();
        Self { gate: Gate::new(key, Vault::new(&[7; 32])), policy: Arc::new(policy) }
    }

    fn call(&self, text: &str) -> Result<Ticket, Refusal> {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"read","arguments":{{"a":"{text}"}}}}}}"#
        );
        let (headers, now) = (HeaderMap::new(), Now { steady: Duration::from_secs(9), unix_ms: 0 });
        let (errand, origin) = (Errand::Say(body.into()), Origin::default());
        let ask = Ask { errand, headers: &headers, origin, way: Way::Streamable, now };
        let caller = self.policy.directory.verify(&Evidence::header(None), now).settled().expect("a caller");
        self.gate.admit(&self.policy, &caller, &ask)
    }
}

#[test]
fn tells_which_places_it_had_however_it_ends() {
    let stage =
        Stage::new("{ id: one, per: [user], concurrency: 1 }, { id: rate, per: [user], rate: 9/min }");
    let refused = stage.call("123-45-6789").expect_err("it may not be sent");
    assert!(matches!(refused.denial, Denial::Content { .. }), "{:?}", refused.denial);
    assert_eq!(refused.record.places.len(), 1, "it was counted before it was searched");
    let ticket = stage.call("a word").expect("the place is free again");
    assert_eq!(ticket.record().places, refused.record.places);
    let full = stage.call("a word").expect_err("one has the place");
    assert!(matches!(full.denial, Denial::Limited(_)) && full.record.places.is_empty(), "{:?}", full.denial);
    let (_, passage) = ticket.spend();
    drop(passage);
    assert!(stage.call("a word").is_ok());
}
