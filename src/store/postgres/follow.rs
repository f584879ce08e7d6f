//! Following the registry: one thread that reads, lays and keeps, as long as the gate runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::link::Link;
use super::read::read;
use super::{KeptRegistryFault, ReadFault, RegistrySite, read_kept, write_kept};
use crate::bounds::{
    REGISTRY_CONNECT_WAIT, REGISTRY_READ_WAIT, REGISTRY_REST_MAX, REGISTRY_REST_MIN, REGISTRY_START_WAIT,
    REGISTRY_WHOLE_AGAIN,
};
use crate::policy::Registry;
use crate::store::{Live, RegistryNews, RegistryStanding, Reload, unix_ms};

/// What a gate needs to follow a registry.
pub struct RegistryOpening {
    /// Where it is.
    pub site: RegistrySite,
    /// The server of the gate.
    pub server: Box<str>,
    /// Where the last good one is kept; without, the gate needs the database to start.
    pub kept: Option<PathBuf>,
    /// How often the revision is asked for.
    pub poll: Duration,
    /// Hears of everything that happens, on the thread that follows.
    pub tell: Box<dyn Fn(RegistryNews) + Send>,
}

/// Why there is no registry to start with; the operator's fault, or the database's.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// Neither the database nor a file.
    #[error(
        "no registry, so the gate does not start: {0}; with `--registry-kept FILE` the last good one is kept"
    )]
    Alone(ReadFault),
    /// Neither the database nor the file.
    #[error("no registry, so the gate does not start: {read}; and {kept}")]
    Both {
        /// What became of reading.
        read: ReadFault,
        /// Why what was kept is not taken.
        kept: KeptRegistryFault,
    },
    /// The system gives no runtime.
    #[error("cannot read the registry: {0}")]
    Runtime(std::io::Error),
}

/// The thread that follows the registry; it ends when this is dropped.
pub struct RegistryFollower {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl RegistryOpening {
    /// Reads the registry for the first time, or takes what was kept. Blocks; where there is neither, until
    /// `REGISTRY_START_WAIT` is over.
    ///
    /// # Errors
    /// [`StartFault`].
    pub fn first(&self) -> Result<Arc<Registry>, StartFault> {
        let runtime = runtime().map_err(StartFault::Runtime)?;
        let begin = Instant::now();
        let read = match runtime.block_on(self.try_until(begin)) {
            Ok(registry) => return Ok(Arc::new(registry)),
            Err(fault) => fault,
        };
        let kept = self.kept.as_deref().map(|path| (path, read_kept(path, &self.server)));
        if let Some((path, Ok(registry))) = kept {
            let revision = registry.revision;
            tracing::warn!(fault = %read, revision, path = %path.display(), "starting with the kept registry");
            return Ok(Arc::new(registry));
        }
        let again = match read.is_loss() {
            true => runtime.block_on(self.try_until(begin + REGISTRY_START_WAIT)),
            false => Err(read),
        };
        match (again, kept) {
            (Ok(registry), _) => Ok(Arc::new(registry)),
            (Err(read), Some((_, Err(kept)))) => Err(StartFault::Both { read, kept }),
            (Err(read), None | Some((_, Ok(_)))) => Err(StartFault::Alone(read)),
        }
    }

    async fn try_until(&self, end: Instant) -> Result<Registry, ReadFault> {
        let mut rest = Rest::default();
        loop {
            let read = async {
                let mut client = self.site.client().await?;
                within(REGISTRY_READ_WAIT, read(&mut client, &self.server, None)).await
            };
            match read.await {
                Err(fault) if fault.is_loss() && Instant::now() < end => sleep(rest.next()).await,
                outcome => return outcome,
            }
        }
    }

    /// Begins to follow, and lays over `live` whatever comes; `standing` is told how it goes.
    ///
    /// # Errors
    /// The system's, when it gives no thread.
    pub fn follow(
        self,
        live: Arc<Live>,
        standing: Arc<RegistryStanding>,
    ) -> std::io::Result<RegistryFollower> {
        let (stop, stopped) = watch::channel(false);
        let runtime = runtime()?;
        let thread = std::thread::Builder::new().name("registry".into()).spawn(move || {
            let mut follower =
                Follower { known: live.registry(), opening: self, live, standing, is_refused: false };
            runtime.block_on(follower.run(stopped));
            // A lookup of a name that hangs does not hold the gate up.
            runtime.shutdown_background();
        })?;
        Ok(RegistryFollower { stop, thread: Some(thread) })
    }
}

impl Drop for RegistryFollower {
    fn drop(&mut self) {
        // Nobody listens any more where the thread has ended.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Follower {
    opening: RegistryOpening,
    live: Arc<Live>,
    standing: Arc<RegistryStanding>,
    /// What was read last, in force or refused.
    known: Option<Arc<Registry>>,
    /// Whether what was read last is not in force.
    is_refused: bool,
}

impl Follower {
    async fn run(&mut self, mut stopped: watch::Receiver<bool>) {
        self.note_extent();
        self.keep();
        let mut rest = Rest::default();
        loop {
            let fault = tokio::select! {
                fault = self.session(&mut rest) => fault,
                _ = stopped.changed() => return,
            };
            self.lost(&fault);
            tokio::select! {
                () = sleep(rest.next()) => {}
                _ = stopped.changed() => return,
            }
        }
    }

    /// Follows by one pair of connections, until one is lost.
    async fn session(&mut self, rest: &mut Rest) -> ReadFault {
        let mut link = match within(2 * REGISTRY_CONNECT_WAIT, self.opening.site.link()).await {
            Ok(link) => link,
            Err(fault) => return fault,
        };
        let mut is_first = true;
        let mut read_whole = Instant::now();
        loop {
            let is_whole = is_first || read_whole.elapsed() >= REGISTRY_WHOLE_AGAIN;
            match self.look(&mut link, is_whole).await {
                Ok(()) => {
                    *rest = Rest::default();
                    if is_whole {
                        (is_first, read_whole) = (false, Instant::now());
                    }
                }
                Err(fault) if fault.is_loss() => return fault,
                Err(fault) => self.refuse(&fault.to_string()),
            }
            tokio::select! {
                notice = link.notices.recv() => if notice.is_none() {
                    return ReadFault::Unreachable("the connection was closed".to_owned());
                },
                () = sleep(self.opening.poll) => {}
            }
        }
    }

    /// Reads what has changed, if anything has, and lays it.
    async fn look(&mut self, link: &mut Link, is_whole: bool) -> Result<(), ReadFault> {
        let known = self.known.clone();
        if !is_whole && let Some(known) = &known {
            let row =
                within(REGISTRY_READ_WAIT, async { Ok(link.client.query_opt(MOVED, &[]).await?) }).await?;
            let found = row
                .map(|row| Ok::<_, tokio_postgres::Error>((row.try_get::<_, String>(0)?, row.try_get(1)?)));
            let found = found.transpose().map_err(|fault| ReadFault::Refused(super::link::words(&fault)))?;
            if found == Some((known.epoch.to_string(), known.revision)) {
                self.agree(known);
                return Ok(());
            }
        }
        let base = known.as_deref().filter(|_| !is_whole);
        let registry = within(REGISTRY_READ_WAIT, read(&mut link.client, &self.opening.server, base)).await?;
        let is_same = known.as_deref() == Some(&registry);
        let registry = match known {
            Some(known) if is_same => known,
            Some(_) | None => Arc::new(registry),
        };
        self.known = Some(Arc::clone(&registry));
        if is_same {
            self.agree(&registry);
            return Ok(());
        }
        match self.live.lay(&registry) {
            Reload::Kept(error) => {
                self.is_refused = true;
                self.refuse(&error);
            }
            Reload::Published | Reload::Unchanged => {
                (self.opening.tell)(RegistryNews::Published(registry.revision));
                self.agree(&registry);
                self.keep();
            }
        }
        Ok(())
    }

    /// The database says what was read last. That is in force, unless it was refused and still is.
    fn agree(&mut self, registry: &Arc<Registry>) {
        if self.is_refused {
            let in_force = self.live.registry();
            if !in_force.as_ref().is_some_and(|in_force| Arc::ptr_eq(in_force, registry)) {
                self.standing.note(|state| state.is_connected = true);
                return;
            }
            // The files have changed, and it holds over them.
            self.is_refused = false;
            self.keep();
        }
        self.note_extent();
        let now = unix_ms();
        self.standing.note(|state| {
            state.is_connected = true;
            state.agreed_unix_ms = now;
            state.error = None;
        });
        (self.opening.tell)(RegistryNews::Agreed(registry.revision));
    }

    fn refuse(&mut self, error: &str) {
        let told = self.standing.state();
        self.standing.note(|state| {
            state.is_connected = true;
            state.error = Some(error.into());
        });
        if told.error.as_deref() != Some(error) {
            tracing::error!(%error, revision = told.revision, "the registry is refused, the last good one stays");
        }
        (self.opening.tell)(RegistryNews::Refused);
    }

    fn lost(&self, fault: &ReadFault) {
        let told = self.standing.state();
        if told.is_connected || told.error.is_none() {
            tracing::error!(%fault, revision = told.revision, "the registry is lost, the last good one stays");
        }
        self.standing.note(|state| {
            state.is_connected = false;
            state.error = Some(fault.to_string().into());
        });
        (self.opening.tell)(RegistryNews::Lost);
    }

    fn note_extent(&self) {
        let Some(registry) = self.live.registry() else { return };
        let extent = (registry.grid.tenants().len(), registry.grid.tools().len());
        self.standing.note(|state| (state.revision, state.extent) = (registry.revision, extent));
    }

    /// Keeps what is in force, for a start without the database.
    fn keep(&self) {
        let (Some(path), Some(registry)) = (&self.opening.kept, self.live.registry()) else { return };
        if let Err(fault) = write_kept(path, &registry) {
            let path: &Path = path;
            tracing::error!(path = %path.display(), %fault, "the registry cannot be kept for a start without its database");
        }
    }
}

/// Which revision there is. No trigger tells of a table that was dropped, or taken from the role of gates, so each is
/// touched: by at most one row, found at once.
const MOVED: &str = "SELECT epoch, revision, EXISTS (SELECT FROM tool_server), EXISTS (SELECT FROM tool_version), \
                     EXISTS (SELECT FROM tool_alias), EXISTS (SELECT FROM tenant_tool), \
                     EXISTS (SELECT FROM policy_bundle), EXISTS (SELECT FROM tenant_change) FROM registry_revision";

/// How long to rest after a failure: longer each time, and never as long as others do.
#[derive(Default)]
struct Rest {
    failures: u32,
}

impl Rest {
    fn next(&mut self) -> Duration {
        let longest = REGISTRY_REST_MIN.saturating_mul(1 << self.failures.min(16)).min(REGISTRY_REST_MAX);
        self.failures = self.failures.saturating_add(1);
        let mut random = [0; 4];
        // Without random bits everybody rests the longest.
        let share = match SystemRandom::new().fill(&mut random) {
            Ok(()) => u32::from_le_bytes(random),
            Err(ring::error::Unspecified) => u32::MAX,
        };
        longest.mul_f64(0.5 + 0.5 * f64::from(share) / f64::from(u32::MAX))
    }
}

async fn within<T>(wait: Duration, work: impl Future<Output = Result<T, ReadFault>>) -> Result<T, ReadFault> {
    match timeout(wait, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(ReadFault::Unreachable("no answer in time".to_owned())),
    }
}

pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_longer_each_time_and_not_all_alike() {
        let mut rest = Rest::default();
        let mut longest = REGISTRY_REST_MIN;
        for _ in 0..40 {
            let taken = rest.next();
            assert!(taken >= longest / 2 && taken <= longest, "{taken:?} of {longest:?}");
            longest = (longest * 2).min(REGISTRY_REST_MAX);
        }
        let different: std::collections::BTreeSet<Duration> =
            (0..9).map(|_| Rest::default().next()).collect();
        assert!(different.len() > 1, "{different:?}");
    }
}
