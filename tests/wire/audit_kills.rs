//! Killed at any moment: what the server got is in the trail, and the trail holds.
//!
//! `SLUICEGATE_KILLS` says how often; the promise is for any number.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::audit::{keys, policy, records, verified};
use crate::support::bundle::{ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{After, Upstream, result, send_json};
use crate::support::wait_for;
use crate::support::wire::request;

const KILLS: u32 = 200;
const CLIENTS: usize = 4;

#[test]
fn no_kill_takes_the_record_of_a_call_that_the_server_got() {
    let kills = std::env::var("SLUICEGATE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let file = directory.path().join("audit.jsonl");
    let (private, public) = keys(directory.path(), "key");
    let got = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&got);
    let upstream = Upstream::start(move |got, stream| {
        let body: Value = serde_json::from_str(&got.body).unwrap_or_default();
        seen.lock().expect("no thread panicked with it").push(body["id"].as_u64());
        send_json(stream, 200, &result(&got.body, r#"{"content":[]}"#));
        After::Keep
    });
    let count = || got.lock().expect("no thread panicked with it").len();
    let (url, next) = (upstream.url(), AtomicU32::new(1));
    for round in 0..kills {
        let words = ["--upstream", url.as_str(), "--audit-sign-key", &private];
        let mut gate = Gate::onto(Bundle::new(&policy()), &file, "", &words);
        let wires: Vec<_> = (0..CLIENTS).map(|_| gate.connect()).collect();
        let enough = count() + 1 + round as usize * 7 % 23;
        std::thread::scope(|scope| {
            for mut wire in wires {
                let next = &next;
                scope.spawn(move || {
                    loop {
                        let id = next.fetch_add(1, Ordering::Relaxed);
                        let tool = ["note", "wipe"][id as usize % 2];
                        wire.send(&request(ALICE, &[], call(id, tool, "{}").as_bytes()));
                        if wire.try_answer().is_none() {
                            return;
                        }
                    }
                });
            }
            wait_for("calls to come through", || (count() >= enough).then_some(()));
            gate.end();
        });
    }
    let mut last = Gate::onto(Bundle::new(&policy()), &file, "", &["--upstream", url.as_str()]);
    last.signal("TERM");
    assert!(last.ended().success());
    let admitted: HashSet<_> = records(&file)
        .iter()
        .filter(|record| record["stage"] == "admit")
        .map(|record| record["action"]["request_id"].as_u64())
        .collect();
    let got = got.lock().expect("no thread panicked with it");
    let missing: Vec<_> = got.iter().filter(|id| !admitted.contains(*id)).collect();
    assert!(missing.is_empty() && got.len() as u32 > kills, "{missing:?} of {}", got.len());
    let told = verified(&file, &["--key", &public]);
    assert!(told.contains(&format!("{} starts", kills + 1)), "{told}");
}
