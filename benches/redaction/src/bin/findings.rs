//! An engine over a corpus: what it finds, a line for each document, and the CPU time that took.
//!
//!     findings datadog|redact|sluicegate CORPUS OUT [decoded]
//!
//! `decoded`: every leaf of the parsed document by itself, types only, as engines for plain text see encoded values.
//! sluicegate is only timed: what it finds is told by `sluicegate scan --score --findings`.

#[path = "../../../scan/race.rs"]
#[allow(dead_code, reason = "the race is the other program's")]
mod race;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

use redaction_peers::{DataDog, Found, Redact};
use serde_json::{Value, json};
use sluicegate::json::Document;

/// The CPU time of the whole process, in seconds.
fn cpu_s() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

fn leaves(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Number(number) => out.push(number.to_string()),
        Value::Array(all) => all.iter().for_each(|one| leaves(one, out)),
        Value::Object(all) => all.values().for_each(|one| leaves(one, out)),
        Value::Bool(_) | Value::Null => {}
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let [_, engine, corpus, out, rest @ ..] = words.as_slice() else {
        panic!("findings ENGINE CORPUS OUT [decoded]");
    };
    let rows: Vec<Value> = BufReader::new(File::open(corpus).expect("a corpus"))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
        .collect();
    let (datadog, redact, plan) = (DataDog::new(), Redact::new(), race::everything());
    let is_decoded = rest.first().is_some_and(|word| word == "decoded");
    let find = |text: &str| -> Vec<Found> {
        match engine.as_str() {
            "datadog" => datadog.find(text),
            "redact" => redact.find(text),
            "sluicegate" => {
                let document = Document::parse(text.as_bytes()).expect("JSON");
                std::hint::black_box(race::scan(&plan, &document));
                Vec::new()
            }
            other => panic!("there is no engine {other}"),
        }
    };
    let mut file = BufWriter::new(File::create(out).expect("a file"));
    let (before, mut bytes, rounds) = (cpu_s(), 0, if engine == "sluicegate" { 40 } else { 1 });
    for round in 0..rounds {
        for row in &rows {
            let doc = row["doc"].as_str().expect("a document");
            bytes += doc.len();
            let found: Vec<Found> = if is_decoded {
                let mut texts = Vec::new();
                leaves(&serde_json::from_str(doc).expect("JSON"), &mut texts);
                texts.iter().flat_map(|text| find(text)).map(|(_, _, kind)| (0, 0, kind)).collect()
            } else {
                find(doc)
            };
            if round == 0 {
                let at = |offset: usize| doc.get(..offset).map_or(0, |text| text.chars().count());
                let told: Vec<_> =
                    found.iter().map(|(start, end, kind)| json!({ "s": at(*start), "e": at(*end), "type": kind, "score": 1 })).collect();
                writeln!(file, "{}", json!({ "id": row["id"], "preds": told })).expect("written");
            }
        }
    }
    println!("{}", json!({ "engine": engine, "documents": rows.len(), "bytes": bytes, "cpu_s": cpu_s() - before }));
}
