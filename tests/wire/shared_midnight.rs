//! A budget that replicas spend together, over midnight: by a calendar of the test's own.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use sluicegate::limit::{Bill, Leases, Ledger, Round, StoreWord, Subject, Verdict};
use sluicegate::names::Now;
use sluicegate::policy::{Policy, Source, compile};
use sluicegate::store::{CellStore, StoreNews};

use crate::shared_budgets::SILENCE;
use crate::shared_limits::policy;
use crate::support::store::Store;
use crate::support::wait_for;

/// A replica inside of this process, so that its calendar can be moved.
struct Replica {
    ledger: Arc<Ledger>,
    policy: Policy,
    cells: Arc<CellStore>,
    leases: Arc<Leases>,
    losses: Arc<AtomicUsize>,
}

/// Milliseconds since 1970 by which the replicas' calendar is ahead of the time since the test began.
static CALENDAR: AtomicU64 = AtomicU64::new(0);
static START: OnceLock<Instant> = OnceLock::new();

fn now() -> Now {
    let steady = START.get_or_init(Instant::now).elapsed();
    let elapsed_ms = u64::try_from(steady.as_millis()).expect("a short test");
    Now { steady, unix_ms: CALENDAR.load(Ordering::Relaxed) + elapsed_ms }
}

impl Replica {
    fn new(text: &str) -> Self {
        let policy =
            compile(&[Source { name: "policy.yaml".into(), text: text.to_owned() }], 0).expect("a policy");
        let leases = Arc::new(Leases::default());
        let losses = Arc::new(AtomicUsize::new(0));
        let lost = Arc::clone(&losses);
        let hear = move |news: StoreNews<'_>| {
            lost.fetch_add(usize::from(matches!(news, StoreNews::Lost(_))), Ordering::Relaxed);
        };
        let cells = Arc::new(CellStore::new(Arc::clone(&leases), now, hear));
        cells.adopt(cells.open(&policy).expect("it names no files"));
        Self {
            ledger: Arc::new(Ledger::default().sharing(Arc::clone(&leases))),
            policy,
            cells,
            leases,
            losses,
        }
    }

    fn passes(&self) -> bool {
        let subject = Subject {
            server: "clinic",
            tenant: None,
            user: "alice",
            agent: None,
            conversation: None,
            tool: Some("echo"),
            class: None,
        };
        let bill = Bill {
            round: Round::First,
            request_bytes: 1,
            argument_tokens: &|| 0,
            argument: &|_| None,
            response_bytes: 0,
        };
        let limits = self.policy.all_limits().iter();
        let charge = self.ledger.charge_by(limits, (&subject, &bill), StoreWord::Never, now());
        self.cells.wake();
        charge.verdict == Verdict::Granted
    }
}

#[test]
fn a_budget_begins_anew_at_midnight_in_all_replicas() {
    // 2028-02-28T22:00:00Z: there is one more day in this month.
    const EVENING: u64 = 1_835_388_000_000;
    const HOUR: u64 = 3_600_000;
    let store = Store::start();
    let limit = "{ id: user, per: [user], budget: 300/day }";
    let text = policy(&format!("url: \"{}\", replicas: 3", store.url()), limit);
    CALENDAR.store(EVENING, Ordering::Relaxed);
    let replicas: Vec<Replica> = (0..3).map(|_| Replica::new(&text)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("threads can be started");
    for replica in &replicas {
        let cells = Arc::clone(&replica.cells);
        runtime.spawn(async move { cells.run().await });
    }
    let mut spent = Vec::new();
    let spend = || {
        let (mut passed, mut last) = (0, Instant::now());
        while last.elapsed() < SILENCE {
            for _ in replicas.iter().filter(|replica| replica.passes()) {
                passed += 1;
                last = Instant::now();
            }
            std::thread::yield_now();
        }
        passed
    };
    let losses = || replicas.iter().map(|replica| replica.losses.load(Ordering::Relaxed)).collect::<Vec<_>>();
    for replica in &replicas {
        wait_for("the store", || (!replica.leases.is_lost()).then_some(()));
    }
    for (day, hours) in [("28 February", 0), ("29 February", 2), ("1 March", 26)] {
        CALENDAR.store(EVENING + hours * HOUR, Ordering::Relaxed);
        let before = losses();
        let passed = spend();
        // On a machine so busy that one of them loses the store for a moment, that one spends its part besides.
        let lonely = losses().iter().zip(&before).filter(|(after, before)| after > before).count();
        println!("{day}: {passed} of 300, the store was lost to {lonely}");
        assert!((297..=305 + 100 * lonely).contains(&passed), "{day}: {passed} of 300, lost to {lonely}");
        spent.push(passed);
    }
    let mut connection = store.connect();
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("sluicegate:*:*").query(&mut connection).expect("it answers");
    let windows: Vec<&String> = keys.iter().filter(|key| !key.contains("replicas")).collect();
    assert_eq!(windows.len(), 3, "{keys:?}");
    let mut counted: Vec<usize> = Vec::new();
    for key in windows {
        counted.push(redis::cmd("HGET").arg(key).arg("used").query(&mut connection).expect("it answers"));
        let life: i64 = redis::cmd("PTTL").arg(key).query(&mut connection).expect("it answers");
        assert!((1..=86_402_000).contains(&life), "{key} lives for {life} ms");
    }
    counted.sort_unstable();
    spent.sort_unstable();
    assert_eq!(counted, spent, "each call is counted once, in the day in which it came");
    runtime.shutdown_background();
}
