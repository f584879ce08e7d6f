//! What redaction costs: bytes a second, and microseconds for an answer of 64 KB at the gate.
//!
//! Each text is scanned with every detector on, with and without values in it, and the edits applied; beside it
//! twelve patterns by the `regex` crate, in two ways. Best of rounds in turns by the thread's own CPU time.
//! Then the texts of 64 KB pass a whole gate as results of a call, with every pack on and without any rule, in
//! turns; medians. Other crates stand beside it in `benches/redaction`. Writes nothing.
//!
//! ```sh
//! cargo bench --bench scan
//! cargo bench --bench scan -- --gate                # the gate alone, half a minute
//! cargo bench --bench scan -- --repeat records 100  # scans one text so often and says nothing: for a profiler
//! ```

mod answer;
mod race;
mod texts;

use race::{Engine, everything, head, line, patterns, race, scan};
use sluicegate::json::Document;

const SIZES: [usize; 3] = [1024, 64 * 1024, 1024 * 1024];
const ANSWER_BYTES: usize = 64 * 1024;

/// A kind of text.
struct Kind {
    name: &'static str,
    /// Makes one of about so many bytes, with values in it or without.
    make: fn(usize, bool) -> String,
    /// What redaction of 64 KB of it may add in the gate, in microseconds.
    micros_max: f64,
}

const KINDS: [Kind; 2] = [
    Kind { name: "prose", make: texts::prose, micros_max: 30.0 },
    Kind { name: "records", make: texts::records, micros_max: 100.0 },
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words[..] {
        [] => {
            throughput();
            answers();
        }
        ["--gate"] => answers(),
        ["--repeat", name, times] => repeat(name, times.parse().expect("a number")),
        _ => panic!("--gate, or --repeat prose|records NUMBER"),
    }
}

fn throughput() {
    let plan = everything();
    println!("{}", head());
    for Kind { name, make, .. } in KINDS {
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

fn answers() {
    println!(
        "{:<22} {:>9} {:>14} {:>14} {:>14} {:>9}",
        "answer", "bytes", "no rule, us", "all packs, us", "**added, us**", "at most"
    );
    for Kind { name, make, micros_max } in KINDS {
        for (kind, values) in [("clean", false), ("with values", true)] {
            let text = make(ANSWER_BYTES, values);
            let cost = answer::cost(&text);
            assert_eq!(cost.is_edited, values, "what is found is what was put there");
            println!(
                "{:<22} {:>9} {:>14.1} {:>14.1} {:>14.1} {:>9}",
                format!("{name}, {kind}"),
                text.len(),
                cost.without,
                cost.with,
                cost.added,
                if values { String::new() } else { micros_max.to_string() },
            );
        }
    }
}

fn repeat(name: &str, times: usize) {
    let kind = KINDS.into_iter().find(|kind| kind.name == name).expect("prose or records");
    let text = (kind.make)(ANSWER_BYTES, false);
    let (plan, document) = (everything(), Document::parse(text.as_bytes()).expect("JSON"));
    assert_eq!((0..times).map(|_| scan(&plan, &document)).sum::<usize>(), 0, "nothing is in it");
}
