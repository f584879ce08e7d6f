//! Names that strangers make up become no series, however many there are.

use std::collections::BTreeSet;

use crate::exposition::{server, start, touch};
use crate::support::bundle::ALICE;
use crate::support::gate::Gate;

/// Made-up names in all, and in one request.
const NAMES: usize = 100_000;
const NAMES_PER_REQUEST: usize = 20;
const THREADS: usize = 4;

fn series(gate: &Gate) -> BTreeSet<String> {
    let page = gate.page("/metrics").text();
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
}

/// Names nobody has thought of, the same in each run.
struct Strange(u64);

impl Strange {
    fn next(&mut self) -> String {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("strange-{:x}", self.0 >> 20)
    }
}

/// Sends `count` requests with twenty strange names each: of tools, methods, prompts, resources, in arguments, headers
/// and in what a client says of itself.
fn flood(gate: &Gate, count: usize, seed: u64) {
    let (mut wire, mut strange) = (gate.connect(), Strange(seed));
    for number in 0..count {
        let mut name = || strange.next();
        let arguments = format!(
            r#"{{"{}":"{}","{}":["{}","{}"],"{}":{{"{}":"{}"}}}}"#,
            name(),
            name(),
            name(),
            name(),
            name(),
            name(),
            name(),
            name()
        );
        let (id, uri) = (name(), format!("file:///{}/{}", name(), name()));
        let body = match number % 4 {
            0 => format!(
                r#"{{"jsonrpc":"2.0","id":"{id}","method":"tools/call","params":{{"name":"{}","arguments":{arguments}}}}}"#,
                name()
            ),
            1 => format!(
                r#"{{"jsonrpc":"2.0","id":"{id}","method":"{}/{}","params":{arguments}}}"#,
                name(),
                name()
            ),
            2 => format!(
                r#"{{"jsonrpc":"2.0","id":"{id}","method":"prompts/get","params":{{"name":"{}","arguments":{arguments}}}}}"#,
                name()
            ),
            _ => format!(
                r#"{{"jsonrpc":"2.0","id":"{id}","method":"resources/read","params":{{"uri":"{uri}","_meta":{arguments}}}}}"#
            ),
        };
        let headers: Vec<(String, String)> = (0..8)
            .map(|at| {
                (
                    [
                        "User-Agent",
                        "X-Request-Id",
                        "X-Tenant",
                        "Traceparent",
                        "Baggage",
                        "X-Conversation-Id",
                        "Cookie",
                        "X-Other",
                    ][at]
                        .to_owned(),
                    name(),
                )
            })
            .collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        wire.post(ALICE, &headers, &body);
    }
}

#[test]
fn a_hundred_thousand_strange_names_on_the_wire_add_no_series() {
    let upstream = server();
    let gate = start(&upstream);
    touch(&gate);
    flood(&gate, 8, 1);
    let before = series(&gate);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let gate = &gate;
            scope.spawn(move || flood(gate, NAMES / NAMES_PER_REQUEST / THREADS, 1000 + thread as u64));
        }
    });
    let after = series(&gate);
    let new: Vec<&String> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:?}");
    assert!(!after.iter().any(|series| series.contains("strange")));
    let counted = gate.metric("sluicegate_decisions_total", "");
    assert!(counted >= (NAMES / NAMES_PER_REQUEST) as f64, "{counted} messages were judged");
}
