//! The texts of `benches/scan` under every engine that is a crate, in turns.

#[path = "../../../scan/race.rs"]
mod race;
#[path = "../../../scan/texts.rs"]
mod texts;

use race::{Engine, everything, head, line, patterns, race, scan};
use redaction_peers::{DataDog, Redact};
use sluicegate::json::Document;

const SIZES: [usize; 3] = [1024, 64 * 1024, 1024 * 1024];

fn main() {
    let (plan, datadog, redact) = (everything(), DataDog::new(), Redact::new());
    println!("{}", head());
    for (name, make) in [("prose", texts::prose as fn(usize, bool) -> String), ("records", texts::records)] {
        for bytes in SIZES {
            for (kind, values) in [("clean", false), ("with values", true)] {
                let text = make(bytes, values);
                let document = Document::parse(text.as_bytes()).expect("JSON");
                let mut engines = vec![
                    Engine { name: "sluicegate, every detector", run: Box::new(|_| scan(&plan, &document)) },
                    Engine { name: "DataDog SDS, 57 rules", run: Box::new(|text| datadog.find(text).len()) },
                    Engine { name: "redact-core, as it comes", run: Box::new(|text| redact.find(text).len()) },
                ];
                engines.extend(patterns());
                for lap in race(&mut engines, &text) {
                    println!("{}", line(&text, &format!("{name}, {kind}"), &lap));
                }
            }
        }
    }
}
