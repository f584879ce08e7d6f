//! The store of shared limits: Redis or Valkey, reached by whoever has the time for it.
//!
//! **Why.** What replicas count together lies with none of them. **How.** One task ([`CellStore::run`]) carries what
//! the cells want to the store and back: it connects, tries again while the store is lost, lends and gives back. A
//! call that must not go on without the store's word asks for itself ([`CellStore::take`]), for
//! `STORE_STRICT_WAIT` at most. Everything that is waited for has an end, and nothing is tried twice.
//!
//! ```text
//! a call ──▶ Leases (memory) ── is due ──▶ wake ──▶ run ──▶ EVALSHA lend, give back, tell ──▶ store
//!   └─ strict: take ──▶ EVALSHA take, 5 ms ──────────────────────────────────────────────┘
//! ```
//!
//! **When it is lost** (see [`health`]) everybody who asks is told so at once, each limit goes by its own word, and
//! the counters and one line in the log say so; the same when it is back. **What it is not.** It decides nothing:
//! [`crate::limit`] does.

mod answer;
mod health;
mod link;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::future::join_all;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use self::answer::{NoAnswer, add_level, ask, carry, read_grant};
use self::health::{Failure, Health};
use self::link::{Link, PRESENCE, Site, TAKE};
use super::credentials::SecretFault;
use crate::bounds::{
    SECRET_LOOK_PAUSE, STORE_ANSWER_WAIT, STORE_ASKED_MAX, STORE_CONNECT_WAIT, STORE_ORDERS_MAX,
    STORE_PRESENCE_LIFE, STORE_PRESENCE_PAUSE, STORE_STRICT_WAIT, STORE_TICK, STORE_TICK_SHARDS,
};
use crate::limit::{Grant, Inquiry, Leases, Order, SharedMode};
use crate::names::{Label, Now, hex};
use crate::policy::{Policy, SharedPlan};

/// The store of shared limits, by the policy in force. One for each process.
pub struct CellStore {
    clock: Box<dyn Fn() -> Now + Send + Sync>,
    tell: Box<dyn Fn(StoreNews<'_>) + Send + Sync>,
    leases: Arc<Leases>,
    book: ArcSwapOption<Book>,
    link: ArcSwapOption<Link>,
    health: Mutex<Health>,
    wake: Notify,
    asked: Semaphore,
    /// What this replica is called among the others.
    name: String,
}

/// What happened, for whoever counts.
#[derive(Debug, Clone, Copy)]
pub enum StoreNews<'a> {
    /// The store answers these limits from now on.
    Back(&'a [Label]),
    /// It did not answer this one.
    Failed(&'a Label),
    /// It does not answer these from now on.
    Lost(&'a [Label]),
    /// These are the limits that share it now; it has yet to be reached.
    Shared(&'a [Label]),
}

/// What a policy names, opened and not yet gone by.
pub struct Opened(Option<Book>);

/// What one policy says.
struct Book {
    plan: SharedPlan,
    site: Site,
    limits: Vec<Label>,
    /// How long a try may take to answer.
    wait: Duration,
    /// Under which the replicas of one server are counted.
    replicas_key: String,
}

impl CellStore {
    /// Reaches nothing until a policy is adopted. Reads the time from `clock`, and reports to `tell`.
    pub fn new(
        leases: Arc<Leases>,
        clock: impl Fn() -> Now + Send + Sync + 'static,
        tell: impl Fn(StoreNews<'_>) + Send + Sync + 'static,
    ) -> Self {
        let mut name = [0; 8];
        // INVARIANT: the system's generator works; ring blocks at boot until it is seeded.
        SystemRandom::new().fill(&mut name).expect("the system gives random bits");
        Self {
            clock: Box::new(clock),
            tell: Box::new(tell),
            leases,
            book: ArcSwapOption::empty(),
            link: ArcSwapOption::empty(),
            health: Mutex::new(Health::new()),
            wake: Notify::new(),
            asked: Semaphore::new(STORE_ASKED_MAX),
            name: u64::from_ne_bytes(name).to_string(),
        }
    }

    /// Opens what `policy` names, and changes nothing yet. Blocks on files.
    ///
    /// # Errors
    /// [`SecretFault`] names the file that cannot be used.
    pub fn open(&self, policy: &Policy) -> Result<Opened, SecretFault> {
        let limits: Vec<Label> = policy.shared_limits().map(|(id, _)| id.clone()).collect();
        let Some(plan) = policy.shared.as_ref().filter(|_| !limits.is_empty()) else {
            return Ok(Opened(None));
        };
        let is_strict = policy.shared_limits().any(|(_, mode)| mode == SharedMode::Strict);
        Ok(Opened(Some(Book {
            site: Site::read(plan)?,
            plan: plan.clone(),
            wait: if is_strict { STORE_STRICT_WAIT } else { STORE_ANSWER_WAIT },
            replicas_key: replicas_key(policy.server.as_str()),
            limits,
        })))
    }

    /// Goes by what was opened from now on.
    pub fn adopt(&self, Opened(opened): Opened) {
        let Some(book) = opened else {
            if self.book.swap(None).is_some() {
                self.leave(&[]);
            }
            return;
        };
        let (limits, known) = (book.limits.clone(), self.book.load_full());
        let is_same_place = known.as_ref().is_some_and(|known| known.is_at_one_place_with(&book));
        self.book.store(Some(Arc::new(book)));
        self.leases.attach();
        if !is_same_place {
            self.leave(&limits);
        } else if known.is_some_and(|known| known.limits != limits) {
            (self.tell)(StoreNews::Shared(&limits));
            if self.link.load().is_some() {
                (self.tell)(StoreNews::Back(&limits));
            }
        }
    }

    /// Asks the store for one call: all of `inquiry`, or nothing.
    ///
    /// Takes `STORE_STRICT_WAIT` at most; no time at all while the store is lost, or while `STORE_ASKED_MAX` calls wait.
    pub async fn take(&self, inquiry: &Inquiry) -> Grant {
        let Some(link) = self.link.load_full() else { return Grant::Lost };
        let Ok(_place) = self.asked.try_acquire() else { return Grant::Lost };
        let mut invocation = TAKE.prepare_invoke();
        inquiry.levels.iter().for_each(|level| add_level(&mut invocation, level));
        let answer = ask::<Vec<i64>>(&link, &invocation, STORE_STRICT_WAIT).await;
        let answer = answer.and_then(|answer| read_grant(inquiry, &answer).ok_or(NoAnswer::Late));
        match answer {
            Ok(grant) => {
                self.health().answered();
                grant
            }
            Err(fault) => {
                let ids = inquiry.levels.iter().map(|level| &level.numbers.id);
                ids.for_each(|id| (self.tell)(StoreNews::Failed(id)));
                self.note(&fault);
                Grant::Lost
            }
        }
    }

    /// Sends the task to the store, if cells want something of it.
    pub fn wake(&self) {
        if self.leases.is_due() {
            self.wake.notify_one();
        }
    }

    /// Looks after the store, for as long as it is polled.
    pub async fn run(&self) {
        let mut ticks = interval(STORE_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut told, mut looked) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                _ = ticks.tick() => self.leases.tend((self.clock)(), STORE_TICK_SHARDS),
                () = self.wake.notified() => {}
            }
            let Some(book) = self.book.load_full() else { continue };
            if looked.elapsed() >= SECRET_LOOK_PAUSE {
                self.look(&book).await;
                looked = Instant::now();
            }
            if self.link.load().is_none() {
                if self.health().may_try((self.clock)().steady) {
                    self.restore(&book).await;
                    told = Instant::now();
                }
                continue;
            }
            if told.elapsed() >= STORE_PRESENCE_PAUSE {
                self.say_present(&book).await;
                told = Instant::now();
            }
            self.carry_all().await;
        }
    }

    /// Carries orders until there are none, or one is not answered: it has to wait for the next look, lest one cell that
    /// the store cannot make sense of keeps everybody busy.
    async fn carry_all(&self) {
        while let Some(link) = self.link.load_full() {
            let orders = self.leases.orders((self.clock)(), STORE_ORDERS_MAX);
            if orders.is_empty() {
                return;
            }
            let answered = join_all(orders.iter().map(|order| self.carry(&link, order))).await;
            if answered.contains(&false) {
                return;
            }
        }
    }

    /// Carries one order; whether it was answered.
    async fn carry(&self, link: &Link, order: &Order) -> bool {
        let answer = carry(link, order, &self.name).await;
        match answer {
            Ok(answer) => {
                self.health().answered();
                self.leases.learn(order.key, answer, (self.clock)());
                true
            }
            Err(fault) => {
                (self.tell)(StoreNews::Failed(&order.numbers.id));
                self.note(&fault);
                self.leases.fail(order.key, (self.clock)());
                false
            }
        }
    }

    /// Tells the other replicas that this one is there, and hears how many they are.
    async fn say_present(&self, book: &Book) {
        let Some(link) = self.link.load_full() else { return };
        match self.presence(book, &link, STORE_ANSWER_WAIT).await {
            Ok(()) => self.health().answered(),
            Err(fault) => self.note(&fault),
        }
    }

    async fn presence(&self, book: &Book, link: &Link, wait: Duration) -> Result<(), NoAnswer> {
        let mut invocation = PRESENCE.key(&*book.replicas_key);
        invocation.arg(&*self.name).arg(STORE_PRESENCE_LIFE.as_millis().to_string());
        let heard = ask::<u64>(link, &invocation, wait).await?;
        let least = book.plan.replicas.map_or(1, |replicas| u64::from(replicas.get()));
        self.leases.set_replicas(heard.max(least));
        Ok(())
    }

    /// Tries a store that is lost.
    async fn restore(&self, book: &Arc<Book>) {
        let tried = match timeout(STORE_CONNECT_WAIT, Link::open(&book.site)).await {
            Ok(Ok(link)) => self.presence(book, &link, book.wait).await.map(|()| link),
            Ok(Err(fault)) => Err(NoAnswer::Fault(fault)),
            Err(_) => Err(NoAnswer::Late),
        };
        let is_current = self.book.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, book));
        if !is_current {
            return;
        }
        let now = (self.clock)().steady;
        match tried {
            Ok(link) => {
                self.health().is_back(now);
                self.link.store(Some(Arc::new(link)));
                self.leases.set_lost(false);
                tracing::info!(limits = book.limits.len(), "the store of shared limits answers");
                (self.tell)(StoreNews::Back(&book.limits));
            }
            Err(fault) => {
                if self.health().stays_away(now) {
                    tracing::error!(%fault, "{LOST}");
                } else {
                    tracing::debug!(%fault, "the store of shared limits stays lost");
                }
                book.limits.iter().for_each(|id| (self.tell)(StoreNews::Failed(id)));
            }
        }
    }

    /// Notes that the store owes an answer; lets go of it if that is too much.
    fn note(&self, fault: &NoAnswer) {
        let failure = match fault {
            NoAnswer::Fault(fault) if fault.is_unrecoverable_error() => Failure::Broken,
            NoAnswer::Fault(_) | NoAnswer::Late => Failure::Late,
        };
        if !self.health().failed(failure, (self.clock)().steady) {
            return;
        }
        self.leases.set_lost(true);
        self.link.store(None);
        tracing::error!(%fault, "{LOST}");
        if let Some(book) = &*self.book.load() {
            (self.tell)(StoreNews::Lost(&book.limits));
        }
    }

    /// Lets go of the store, and begins with another one.
    fn leave(&self, limits: &[Label]) {
        self.leases.set_lost(true);
        self.link.store(None);
        *self.health() = Health::new();
        let least = self.book.load().as_ref().and_then(|book| book.plan.replicas);
        if let Some(replicas) = least {
            self.leases.set_replicas(replicas.get().into());
        }
        (self.tell)(StoreNews::Shared(limits));
        self.wake.notify_one();
    }

    /// Reads the files again; connects anew if they hold something else.
    async fn look(&self, book: &Arc<Book>) {
        let plan = book.plan.clone();
        // A file that is gone changes nothing: whoever is connected stays so.
        let Ok(Ok(site)) = tokio::task::spawn_blocking(move || Site::read(&plan)).await else { return };
        if site == book.site {
            return;
        }
        tracing::info!("the files of the store of shared limits have changed; it is connected to anew");
        let fresh = Arc::new(Book {
            site,
            plan: book.plan.clone(),
            limits: book.limits.clone(),
            wait: book.wait,
            replicas_key: book.replicas_key.clone(),
        });
        let previous = self.book.compare_and_swap(book, Some(Arc::clone(&fresh)));
        if previous.as_ref().is_some_and(|previous| Arc::ptr_eq(previous, book)) {
            self.restore(&fresh).await;
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LOST: &str =
    "the store of shared limits is lost; each limit goes by its `on_store_error` until it answers";

impl Book {
    fn is_at_one_place_with(&self, other: &Self) -> bool {
        self.site == other.site && self.plan == other.plan && self.replicas_key == other.replicas_key
    }
}

fn replicas_key(server: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, server.as_bytes());
    let short = digest.as_ref().get(..8).unwrap_or_default();
    format!("sluicegate:replicas:{}", hex(short))
}
