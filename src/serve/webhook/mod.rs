//! The injector: the API server of Kubernetes asks what becomes of a pod, and is answered over TLS.
//!
//! ```text
//!   API server -> door (seats, TLS) -> Guard -> hyper -> exchange (head, body, bounds)
//!                                                           |  review::read      what is asked
//!                                                           |  inject            what becomes of the pod
//!   API server <- review::Answer::write <-------------------+  verdict           in words, counted, logged
//!
//!   standing: the settings and the certificate as their files were when they were last in order
//! ```
//!
//! **What it is not.** It decides nothing: [`crate::inject`] does. It has no access to the API, so all it knows of the
//! cluster stands in its settings and in the review; unless it is told to count pods, see [`census`].
//!
//! **When it fails.** A review that cannot be judged is refused, never let through; one that cannot even be read gets
//! an HTTP error, which the webhook's `failurePolicy: Fail` makes a refusal.

mod admin;
mod census;
mod door;
mod exchange;
mod review;
mod standing;
mod verdict;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use self::census::Census;
use self::standing::Standing;
use super::chassis::{StartFault, bind};
use super::drain::Drain;
use super::load::Load;
use crate::report::InjectorMetrics;
use crate::store::{FetchFault, KeptFault, Watch};

pub use self::census::CensusOptions;
pub use self::review::is_label;

/// What the injector is started with.
#[derive(Debug, Clone)]
pub struct InjectorOptions {
    /// Where the API server connects; reviews are posted to [`REVIEW_PATH`].
    pub listen: SocketAddr,
    /// Where operators connect.
    pub admin: SocketAddr,
    /// What injection goes by.
    pub settings: PathBuf,
    /// The certificate chain, leaf first, in PEM.
    pub certificate: PathBuf,
    /// The private key of the leaf, in PEM.
    pub key: PathBuf,
    /// How long a handshake, a head, and then a body may take each.
    pub wait: Duration,
    /// Reviews in hand at once.
    pub reviews_max: usize,
    /// Bytes of reviews held at once.
    pub held_bytes_max: usize,
    /// How long reviews in hand may take once no more are taken.
    pub drain_wait: Duration,
    /// How pods without a gate are counted; `None` where the API server is never asked.
    pub census: Option<CensusOptions>,
}

/// Where reviews are posted.
pub const REVIEW_PATH: &str = "/inject";

/// Why the injector does not start; the operator's fault, or the machine's.
#[derive(Debug, thiserror::Error)]
pub enum InjectorFault {
    /// Files that cannot be gone by.
    #[error(transparent)]
    Files(#[from] KeptFault),
    /// The API server cannot be asked about pods.
    #[error("cannot count pods: {0}")]
    Census(#[from] FetchFault),
    /// An address that cannot be listened on.
    #[error(transparent)]
    Start(#[from] StartFault),
    /// The system gives no thread, or no signals.
    #[error("the injector cannot run: {0}")]
    System(#[from] std::io::Error),
}

/// An injector with its sockets bound, ready to run.
pub struct Injector {
    desk: Arc<Desk>,
    sockets: [std::net::TcpListener; 2],
    /// Where the API server connects.
    pub listen: SocketAddr,
    /// Where operators connect.
    pub admin: SocketAddr,
    census: Option<Census>,
    _watch: Watch,
}

/// What every request of the injector is answered with.
struct Desk {
    standing: Arc<Standing>,
    metrics: Arc<InjectorMetrics>,
    drain: Arc<Drain>,
    load: Arc<Load>,
    wait: Duration,
    /// Set as soon as the process is told to go, so that operators hear of it first.
    is_leaving: AtomicBool,
}

impl Injector {
    /// Reads the files, binds the sockets, and watches the directories of the files from now on.
    ///
    /// # Errors
    /// [`InjectorFault`] names the file or the address.
    pub fn open(options: &InjectorOptions) -> Result<Self, InjectorFault> {
        let metrics = Arc::new(InjectorMetrics::new());
        let standing = Standing::open(options, Arc::clone(&metrics))?;
        let census = options.census.clone();
        let census = census.map(|how| Census::new(how, Arc::clone(&standing), Arc::clone(&metrics)));
        let census = census.transpose()?;
        let (reviews, listen) = bind(options.listen)?;
        let (operators, admin) = bind(options.admin)?;
        let watched = Arc::clone(&standing);
        let watch = Watch::over(&standing.directories(), move || watched.refresh())?;
        let desk = Desk {
            standing,
            metrics,
            drain: Drain::new(options.drain_wait),
            load: Load::new(options.reviews_max, options.held_bytes_max),
            wait: options.wait,
            is_leaving: AtomicBool::new(false),
        };
        Ok(Self { desk: Arc::new(desk), sockets: [reviews, operators], listen, admin, census, _watch: watch })
    }

    /// Answers until told to stop: at once on SIGINT, on SIGTERM when what is in hand has been answered. SIGHUP looks
    /// at the files again.
    ///
    /// Calls `ready` once it answers and heeds signals. After SIGTERM it still answers for `leave_delay`, until every
    /// API server has heard that it leaves.
    ///
    /// # Errors
    /// The system's, where it gives no signals or no sockets.
    pub async fn run(self, leave_delay: Duration, ready: impl FnOnce()) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let [reviews, operators] = self.sockets;
        let desk = self.desk;
        tokio::spawn(door::open(Arc::clone(&desk), TcpListener::from_std(reviews)?));
        self.census.map(|census| tokio::spawn(census.run()));
        tokio::spawn(admin::serve(Arc::clone(&desk), TcpListener::from_std(operators)?));
        ready();
        loop {
            tokio::select! {
                _ = hangup.recv() => {
                    let standing = Arc::clone(&desk.standing);
                    tokio::task::spawn_blocking(move || standing.refresh());
                }
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => break,
            }
        }
        desk.is_leaving.store(true, Ordering::Relaxed);
        let leave = async {
            tokio::time::sleep(leave_delay).await;
            desk.drain.finish().await;
            desk.drain.shut().await;
        };
        tokio::select! {
            () = leave => {}
            _ = interrupt.recv() => tracing::warn!("interrupted while draining"),
        }
        Ok(())
    }
}
