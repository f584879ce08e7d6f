//! Engines over one text in turns, so that whatever else the machine does falls on all of them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use regex::bytes::{Regex, RegexSet};
use sluicegate::json::Document;
use sluicegate::names::{Label, Mode};
use sluicegate::scan::{Action, Confidence, Detector, Direction, Plan, Rule};

/// Rounds in which every engine has its turn; the best counts.
const ROUNDS: usize = 7;
/// What a turn takes of CPU time at least: the kernel's grain is a few milliseconds.
const TURN: Duration = Duration::from_millis(30);
/// Runs in a turn at most, where the kernel does not tell what they took.
const BATCH_MAX: u32 = 1 << 20;

/// Something that looks through a text, and says how much it found.
pub struct Engine<'e> {
    /// What it is called in the table.
    pub name: &'static str,
    /// Looks through one text.
    pub run: Box<dyn FnMut(&str) -> usize + 'e>,
}

/// What an engine did with one text.
pub struct Lap {
    /// The engine.
    pub name: &'static str,
    /// How much it found.
    pub found: usize,
    /// The least CPU time of one run.
    pub time: Duration,
}

/// A plan with every detector there is.
pub fn everything() -> Plan {
    // What no policy can name is for the fields of a rule alone.
    plan(Detector::ALL.iter().filter_map(|detector| Detector::parse(detector.as_str())).collect())
}

/// A plan with these detectors for results, masking.
pub fn plan(detectors: Vec<Detector>) -> Plan {
    let rule = Rule {
        id: Label::parse("all").expect("a name"),
        on: Direction::Results,
        detectors,
        fields: Vec::new(),
        action: Action::Mask,
        keep_last: None,
        confidence: Confidence::Possible,
        allow_pan: false,
        mode: Mode::Enforce,
    };
    Plan::new(vec![rule]).expect("a plan")
}

/// One scan of a message as the gate makes it, edits applied; parsing it is not part of it.
pub fn scan(plan: &Plan, document: &Document<'_>) -> usize {
    let sighting = plan.scan(Direction::Results, black_box(document.root()));
    let count = sighting.findings.iter().map(|finding| finding.count as usize).sum();
    if !sighting.splice.is_empty() {
        black_box(sighting.splice.apply(document.text().as_bytes()));
    }
    count
}

/// Twelve ordinary patterns, without checksums and without names of fields.
const PATTERNS: [&str; 12] = [
    r"(?-u)\b\d{3}-\d{2}-\d{4}\b",
    r"(?-u)\bMRN[-: ]?\d{6,10}\b",
    r"(?-u)\b(?:19|20)\d{2}-\d{2}-\d{2}\b",
    r"(?-u)[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"(?-u)(?:\+\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b",
    r"(?-u)\b(?:\d[ -]?){13,19}\b",
    r"(?-u)\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
    r"(?-u)\b(?:\d{1,3}\.){3}\d{1,3}\b",
    r"(?-u)\bey[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*",
    r"(?-u)\b(?:AKIA|ASIA)[A-Z2-7]{16}\b",
    r"(?-u)\b(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b",
    r"(?-u)-----BEGIN [A-Z ]*PRIVATE KEY-----",
];

/// The `regex` crate over the patterns: one after the other, and as a set whose members then look again.
pub fn patterns<'e>() -> Vec<Engine<'e>> {
    let each = || PATTERNS.iter().map(|pattern| Regex::new(pattern).expect("a pattern")).collect::<Vec<_>>();
    let (alone, again) = (each(), each());
    let set = RegexSet::new(PATTERNS).expect("patterns");
    vec![
        Engine {
            name: "regex, one after the other",
            run: Box::new(move |text| alone.iter().map(|one| one.find_iter(text.as_bytes()).count()).sum()),
        },
        Engine {
            name: "RegexSet, then those that match",
            run: Box::new(move |text| {
                let matches = set.matches(text.as_bytes());
                matches.iter().map(|index| again[index].find_iter(text.as_bytes()).count()).sum()
            }),
        },
    ]
}

/// The CPU time of this thread so far; the clock's, where the kernel does not tell.
pub fn spent(start: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|line| line.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Runs every engine over `text`, in turns.
pub fn race(engines: &mut [Engine<'_>], text: &str) -> Vec<Lap> {
    let start = Instant::now();
    let (mut laps, mut batches) = (Vec::new(), Vec::new());
    for engine in engines.iter_mut() {
        let found = (engine.run)(black_box(text));
        // By CPU time, not by the clock: other work on the machine must not make turns short.
        let mut batch = 1;
        while turn(engine, text, batch, start) < TURN && batch < BATCH_MAX {
            batch *= 2;
        }
        batches.push(batch);
        laps.push(Lap { name: engine.name, found, time: Duration::MAX });
    }
    for _ in 0..ROUNDS {
        for ((engine, lap), batch) in engines.iter_mut().zip(&mut laps).zip(&batches) {
            lap.time = lap.time.min(turn(engine, text, *batch, start) / *batch);
        }
    }
    laps
}

/// The CPU time of a turn.
fn turn(engine: &mut Engine<'_>, text: &str, batch: u32, start: Instant) -> Duration {
    let before = spent(start);
    for _ in 0..batch {
        black_box((engine.run)(black_box(text)));
    }
    spent(start).saturating_sub(before)
}

/// A line of the table.
pub fn line(text: &str, kind: &str, lap: &Lap) -> String {
    let micros = lap.time.as_secs_f64() * 1e6;
    let speed = text.len() as f64 / micros;
    let share = micros * 65536.0 / text.len() as f64;
    format!(
        "{kind:<22} {:>9} {:<33} {:>8} {speed:>9.1} {share:>13.1} {micros:>11.1}",
        text.len(),
        lap.name,
        lap.found
    )
}

/// The line above the table.
pub fn head() -> String {
    format!(
        "{:<22} {:>9} {:<33} {:>8} {:>9} {:>13} {:>11}",
        "text", "bytes", "engine", "found", "MB/s", "us per 64 KB", "us"
    )
}
