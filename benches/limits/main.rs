//! What limits cost: a charge over five levels, a refusal, a million live keys, and what a sweep makes others wait.
//!
//! ```sh
//! cargo bench --bench limits
//! ```
//!
//! A plain loop in one thread, the least of many batches: what a charge takes, and how often others got in the way
//! is not asked. Memory is what the process holds more than before, by `/proc/self/status`. Steps of a sweep,
//! and charges of one thread while another one sweeps without pause, are told by their median, the one in a
//! thousand, and the longest. On a machine with other work the longest says how long somebody else ran.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sluicegate::bounds::{CELL_SHARDS, SHARDS_PER_SWEEP};
use sluicegate::limit::{
    Bill, Budget, Concurrency, Kind, Ledger, Level, Rate, Requests, Round, Rule, Subject, Terms, Unit,
    Verdict,
};
use sluicegate::names::{Label, Mode, Now};

/// Short batches, and many: one that nobody interrupts is among them on a busy machine too.
const BATCHES: u32 = 1_000;
const BATCH: u32 = 500;
const KEYS: u32 = 1_000_000;

const SUBJECT: Subject<'static> = Subject {
    server: "clinic",
    tenant: Some("acme"),
    user: "alice@acme.example",
    agent: Some("helper"),
    conversation: Some("0197b5f2-7c1e-7b61-a7a4-3d5e9f1c2b4a"),
    tool: Some("search_patients"),
    class: Some("read"),
};

fn bill() -> Bill<'static> {
    Bill {
        round: Round::First,
        request_bytes: 400,
        argument_tokens: &|| 0,
        argument: &|_| None,
        response_bytes: 0,
    }
}

fn rule(id: &str, per: &[Level], kind: Kind) -> Arc<Rule> {
    Arc::new(Rule::new(Terms {
        id: Label::parse(id).expect("a label"),
        per: per.to_vec(),
        unit: Unit::Calls,
        kind,
        requests: Requests::CALLS,
        estimate: None,
        counts_calls_once: false,
        mode: Mode::Enforce,
        shared: None,
    }))
}

fn rate(text: &str, burst: u32) -> Kind {
    Kind::Rate { rate: Rate::parse(text).expect("a rate"), burst: NonZeroU32::new(burst).expect("some") }
}

fn budget(text: &str) -> Kind {
    Kind::Budget(Budget::parse(text).expect("a budget"))
}

fn at(nanoseconds: u64) -> Now {
    Now { steady: Duration::from_nanos(nanoseconds), unix_ms: 1_795_000_000_000 }
}

/// The least time of one turn over many batches, in nanoseconds.
fn least(mut turn: impl FnMut()) -> u128 {
    let batch = |_| {
        let start = Instant::now();
        (0..BATCH).for_each(|_| turn());
        start.elapsed().as_nanos() / u128::from(BATCH)
    };
    (0..BATCHES).map(batch).min().unwrap_or_default()
}

fn five(kinds: [Kind; 5]) -> [Arc<Rule>; 5] {
    let [conversation, user, tool, tenant, server] = kinds;
    [
        rule("conversation", &[Level::Conversation], conversation),
        rule("user", &[Level::Tenant, Level::User], user),
        rule("tool", &[Level::User, Level::Tool], tool),
        rule("tenant", &[Level::Tenant], tenant),
        rule("server", &[Level::Server], server),
    ]
}

fn charges() {
    let open = || rate("1000000000/s", u32::MAX);
    let places = || Kind::Concurrency(Concurrency { most: NonZeroU32::MAX, queue: None });
    let rates = five([open(), open(), open(), open(), open()]);
    let mixed = five([open(), budget("100000000000/day"), places(), budget("100000000000/month"), open()]);
    // The widest refuses: everything else has been looked at by then.
    let refusing = five([open(), open(), open(), open(), rate("1/day", 1)]);
    for (name, rules) in [("five rates", &rates), ("five of all kinds", &mixed), ("five, refused", &refusing)]
    {
        let (ledger, bill) = (Arc::new(Ledger::new()), bill());
        let mut now = 0;
        let took = least(|| {
            now += 10_000;
            black_box(ledger.charge(black_box(rules).iter(), (&SUBJECT, &bill), at(now)));
        });
        println!("{name:<24}{took:>8} ns");
    }
}

/// Resident memory in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    line.split_whitespace().next().and_then(|kib| kib.parse::<usize>().ok()).expect("a number") * 1024
}

fn keys() {
    let ledger = Arc::new(Ledger::new());
    let rules =
        [rule("user", &[Level::User], rate("1/hour", 5)), rule("agent", &[Level::User], budget("5/day"))];
    let bill = bill();
    let before = resident();
    for number in 0..KEYS / 2 {
        let user = format!("user-{number}@acme.example");
        ledger.charge(rules.iter(), (&Subject { user: &user, ..SUBJECT }, &bill), at(0));
    }
    let (cells, bytes) = (ledger.cells(), resident().saturating_sub(before));
    println!(
        "{:<24}{cells:>8} cells in {} KiB: {} bytes each",
        "a million keys",
        bytes / 1024,
        bytes / cells
    );

    let sweep = |now: Now| {
        let start = Instant::now();
        ledger.sweep(now);
        start.elapsed()
    };
    let round = CELL_SHARDS / SHARDS_PER_SWEEP;
    show("sweep step, all stay", (0..round * 20).map(|_| sweep(at(0))).collect());

    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        show("charge, no sweep", charges_of_many(&ledger, &rules));
        let sweeper = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                ledger.sweep(at(0));
            }
        });
        show("charge beside sweeps", charges_of_many(&ledger, &rules));
        is_over.store(true, Ordering::Relaxed);
        sweeper.join().expect("the sweeper ends well");
    });

    let later = Now { steady: Duration::from_secs(100_000), unix_ms: at(0).unix_ms + 100_000_000 };
    show("sweep step, all go", (0..round).map(|_| sweep(later)).collect());
    assert_eq!(ledger.cells(), 0);
}

/// How long each of many charges took, of keys that are there.
fn charges_of_many(ledger: &Arc<Ledger>, rules: &[Arc<Rule>]) -> Vec<Duration> {
    let bill = bill();
    let names: Vec<String> = (0..KEYS / 8).map(|number| format!("user-{number}@acme.example")).collect();
    let one = |user: &String| {
        let start = Instant::now();
        let charge = ledger.charge(rules.iter(), (&Subject { user, ..SUBJECT }, &bill), at(1));
        assert!(matches!(charge.verdict, Verdict::Granted | Verdict::Exceeded(_)));
        start.elapsed()
    };
    names.iter().map(one).collect()
}

fn show(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |thousandths: usize| {
        let place = (times.len() * thousandths / 1000).min(times.len().saturating_sub(1));
        times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    let (median, most, longest) = (at(500), at(999), at(1000));
    println!("{name:<24}{median:>8.1} us, one in a thousand {most:.1} us, longest {longest:.1} us");
}

fn main() {
    charges();
    keys();
}
