//! What redaction costs: bytes a second, and microseconds for an answer of 64 KB.
//!
//! Two texts, made here: *prose* is English with escapes, *records* is JSON inside a JSON string, dense
//! with digits and `\"`. Each is scanned with the usual rule for results, again without any value in it,
//! and with the edits applied. Best of many runs by the thread's own CPU time, so that other work on
//! the machine matters little. Writes nothing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sluicegate::json::{Document, quote};
use sluicegate::names::{Label, Mode};
use sluicegate::scan::{Action, Detector, Direction, Plan, Rule};

const SIZES: [usize; 3] = [1024, 64 * 1024, 1024 * 1024];
const DETECTORS: [&str; 12] = [
    "us_ssn",
    "mrn",
    "dob",
    "email",
    "phone",
    "pan",
    "iban",
    "ipv4",
    "jwt",
    "aws_access_key",
    "github_token",
    "pem_private_key",
];

/// A small generator, the same on every machine. Source: Marsaglia, xorshift.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn prose(bytes: usize, values: bool) -> String {
    const WORDS: [&str; 24] = [
        "The",
        "patient",
        "was",
        "seen",
        "in",
        "the",
        "clinic",
        "on",
        "Monday",
        "and",
        "told",
        "us",
        "that",
        "her",
        "condition",
        "had",
        "improved",
        "since",
        "January;",
        "a \"second\" opinion",
        "is",
        "wanted.\n",
        "Call",
        "Dr. Lee",
    ];
    let mut chance = Chance(42);
    let mut text = String::new();
    while text.len() < bytes {
        match chance.below(400) {
            0 if values => text.push_str("write to user@example.com "),
            1 if values => text.push_str("her number is 123-45-6789 "),
            2..6 => text.push_str(&format!("{} mg ", chance.below(500))),
            _ => {
                text.push_str(WORDS[chance.below(24) as usize]);
                text.push(' ');
            }
        }
    }
    format!("{{\"content\":[{{\"type\":\"text\",\"text\":{}}}]}}", quote(&text))
}

fn records(bytes: usize, values: bool) -> String {
    let mut chance = Chance(42);
    let mut text = String::from("[");
    while text.len() < bytes * 5 / 6 {
        let (id, cents, day) = (chance.below(900_000) + 100_000, chance.below(99_999), chance.below(27) + 1);
        let mail = if values && id % 5 == 0 { "user@example.com" } else { "none" };
        let note = if values && id % 7 == 0 { "card 4111 1111 1111 1111" } else { "ok" };
        text.push_str(&format!(
            "{{\"id\":{id},\"order_no\":\"A{id}-{day}\",\"amount\":{}.{:02},\"at\":\"2026-11-{day:02}T08:14:{:02}Z\",\
             \"status\":\"paid\",\"contact\":\"{mail}\",\"note\":\"{note}\",\"units\":{}}},",
            cents / 100, cents % 100, day + 20, id % 40,
        ));
    }
    text.push_str("null]");
    format!("{{\"content\":[{{\"type\":\"text\",\"text\":{}}}]}}", quote(&text))
}

fn plan() -> Plan {
    let rule = Rule {
        id: Label::parse("usual").expect("a name"),
        on: Direction::Results,
        detectors: DETECTORS.iter().filter_map(|name| Detector::parse(name)).collect(),
        fields: Vec::new(),
        action: Action::Mask,
        mode: Mode::Enforce,
    };
    Plan::new(vec![rule]).expect("a plan")
}

/// The CPU time of this thread so far; the clock's, where the kernel does not tell.
fn spent(start: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|line| line.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The least CPU time of one run, over batches long enough for the kernel's grain of a few milliseconds.
fn best(mut run: impl FnMut()) -> Duration {
    let start = Instant::now();
    run();
    let batch =
        (Duration::from_millis(40).as_nanos() / start.elapsed().as_nanos().max(1)).clamp(1, 1_000_000) as u32;
    let rounds = (0..9).map(|_| {
        let before = spent(start);
        (0..batch).for_each(|_| run());
        (spent(start) - before) / batch
    });
    rounds.min().unwrap_or_default()
}

fn main() {
    let plan = plan();
    println!(
        "{:<22} {:>9} {:>9} {:>9} {:>12} {:>9}",
        "text", "bytes", "findings", "MB/s", "us per 64 KB", "us"
    );
    for (name, make) in [("prose", prose as fn(usize, bool) -> String), ("records", records)] {
        for bytes in SIZES {
            for (kind, values) in [("clean", false), ("with values", true)] {
                let text = make(bytes, values);
                let document = Document::parse(text.as_bytes()).expect("JSON");
                let count: u32 =
                    plan.scan(Direction::Results, document.root()).findings.iter().map(|f| f.count).sum();
                let time = best(|| {
                    let sighting = plan.scan(Direction::Results, black_box(document.root()));
                    if !sighting.splice.is_empty() {
                        black_box(sighting.splice.apply(text.as_bytes()));
                    }
                });
                let micros = time.as_secs_f64() * 1e6;
                let speed = text.len() as f64 / micros;
                let share = micros * 65536.0 / text.len() as f64;
                println!(
                    "{:<22} {:>9} {count:>9} {speed:>9.0} {share:>12.1} {micros:>9.1}",
                    format!("{name}, {kind}"),
                    text.len()
                );
            }
        }
    }
}
