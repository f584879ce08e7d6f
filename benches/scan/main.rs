//! What redaction costs: bytes a second, and microseconds for an answer of 64 KB.
//!
//! Each text is scanned with every detector on, with and without values in it, and the edits applied; beside it
//! twelve patterns by the `regex` crate, in two ways. Best of rounds in turns by the thread's own CPU time.
//! Other crates stand beside it in `benches/redaction`. Writes nothing.

mod race;
mod texts;

use race::{Engine, everything, head, line, patterns, race, scan};
use sluicegate::json::Document;

const SIZES: [usize; 3] = [1024, 64 * 1024, 1024 * 1024];

fn main() {
    let plan = everything();
    println!("{}", head());
    for (name, make) in [("prose", texts::prose as fn(usize, bool) -> String), ("records", texts::records)] {
        for bytes in SIZES {
            for (kind, values) in [("clean", false), ("with values", true)] {
                let text = make(bytes, values);
                let document = Document::parse(text.as_bytes()).expect("JSON");
                let own =
                    Engine { name: "sluicegate, every detector", run: Box::new(|_| scan(&plan, &document)) };
                let mut engines = vec![own];
                engines.extend(patterns());
                for lap in race(&mut engines, &text) {
                    println!("{}", line(&text, &format!("{name}, {kind}"), &lap));
                }
            }
        }
    }
}
