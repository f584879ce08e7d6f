//! The policy in force: one immutable snapshot, replaced whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};

use super::cells::CellStore;
use super::credentials::{AdoptFault, Passes};
use super::keys::KeySources;
use super::policies::{self, ReadFault};
use super::surrogates;
use crate::names::{Mode, hex};
use crate::policy::{self, Policy, Registry, Source};

/// The policy in force, and what became of the last attempt to replace it.
///
/// A message takes one snapshot and is judged by it to its end; a long stream takes the current one
/// at each event. Reading never waits for a reload.
pub struct Live {
    directory: PathBuf,
    mode: Mode,
    followers: Followers,
    policy: ArcSwap<Policy>,
    /// What the registry says, in force.
    registry: ArcSwapOption<Registry>,
    status: ArcSwap<Status>,
    tell: Box<dyn Fn(&Reloaded<'_>) + Send + Sync>,
    /// Held for the whole of a reload, so that two never overlap.
    tried: Mutex<Tried>,
}

/// What was last tried, and what is in force.
struct Tried {
    /// Of the files that were last tried.
    fingerprint: [u8; 32],
    /// The files in force, kept where there is a registry to lay over them.
    files: Arc<[Source]>,
    /// What it said last, if that was refused.
    refused: Option<Arc<Registry>>,
}

/// What follows the policy, and is asked before each takes effect.
#[derive(Clone, Default)]
pub struct Followers {
    /// Furnishes it with the keys of issuers; without, no token of an issuer that is asked is believed.
    pub keys: Option<Arc<KeySources>>,
    /// Shows the server what it says; without, nothing is shown.
    pub passes: Option<Arc<Passes>>,
    /// Reaches the store of shared limits; without, each gate counts for itself.
    pub cells: Option<Arc<CellStore>>,
    /// Whether the prose that it wants read can be.
    pub literacy: Literacy,
}

/// Whether prose is read in this process, for policies that want that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Literacy {
    /// No model was given.
    NoModel,
    /// The program was built without the means.
    NotBuilt,
    /// It is.
    Reads,
    /// Nothing hangs on it: what follows judges no content.
    #[default]
    Unasked,
}

impl Literacy {
    /// Refuses a policy that wants prose read where nobody reads.
    fn check(self, policy: &Policy) -> Result<(), AdoptFault> {
        let Some(plan) = &policy.prose else { return Ok(()) };
        let file = policy.file(plan.place).into();
        let line = plan.place.line;
        match self {
            Self::NoModel => Err(AdoptFault::NoModel { file, line }),
            Self::NotBuilt => Err(AdoptFault::NotBuilt { file, line }),
            Self::Reads | Self::Unasked => Ok(()),
        }
    }
}

impl Followers {
    fn prepare(&self, policy: &mut Policy) -> Result<(), AdoptFault> {
        self.literacy.check(policy)?;
        surrogates::furnish(policy)?;
        // Whatever may fail comes first, so that a policy which is refused has changed nothing.
        let opened = self.cells.as_ref().map(|cells| Ok((cells, cells.open(policy)?)));
        let opened = opened.transpose().map_err(AdoptFault::Secret)?;
        if let Some(passes) = &self.passes {
            passes.adopt(policy)?;
        }
        if let Some((cells, opened)) = opened {
            cells.adopt(opened);
        }
        if let Some(keys) = &self.keys {
            keys.furnish(&mut policy.directory);
        }
        Ok(())
    }
}

/// How the last reload went; a snapshot for `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// SHA-256 of the bundle in force.
    pub sha256: [u8; 32],
    /// When the bundle in force was published, in milliseconds since 1970.
    pub published_unix_ms: u64,
    /// When a reload was last tried, in milliseconds since 1970.
    pub tried_unix_ms: u64,
    /// Why the last reload was refused, for the operator, possibly many lines; `None` when it was not.
    pub error: Option<Box<str>>,
}

/// What a reload did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reload {
    /// The last good policy stays, for this reason.
    Kept(Box<str>),
    /// A new policy is in force.
    Published,
    /// Nothing had changed since the last attempt.
    Unchanged,
}

/// What a listener is told after a reload that tried something.
#[derive(Debug)]
pub enum Reloaded<'a> {
    /// The bundle was refused, for this reason; `policy` stays in force.
    Kept {
        /// The policy that stays.
        policy: &'a Arc<Policy>,
        /// Why, for the operator.
        error: &'a str,
    },
    /// `current` has taken the place of `previous`.
    Published {
        /// The policy that was in force.
        previous: &'a Arc<Policy>,
        /// The policy in force now.
        current: &'a Arc<Policy>,
    },
}

/// Why no policy could be put in force at start.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// The files read, but are no policy.
    #[error("{0}")]
    Policy(policy::Faults),
    /// The files could not be read.
    #[error(transparent)]
    Read(ReadFault),
    /// It is a policy, and cannot be in force here.
    #[error(transparent)]
    Unfit(AdoptFault),
}

impl Live {
    /// Puts the bundle in `directory` in force.
    ///
    /// In [`Mode::Shadow`] it and every later one only report. `followers` are asked before any takes effect.
    /// `tell` hears of every later reload that published or
    /// refused something, in order, on the thread that reloads; it must not reload itself.
    ///
    /// # Errors
    /// [`LoadFault`]: without a first good policy there is nothing to serve by.
    pub fn open(
        directory: impl Into<PathBuf>,
        mode: Mode,
        followers: Followers,
        tell: impl Fn(&Reloaded<'_>) + Send + Sync + 'static,
    ) -> Result<Self, LoadFault> {
        Self::open_over(directory, None, (mode, followers), tell)
    }

    /// Puts the bundle in `directory` in force as [`Live::open`] does, with what a registry says laid over it.
    ///
    /// # Errors
    /// As there.
    pub fn open_over(
        directory: impl Into<PathBuf>,
        registry: Option<Arc<Registry>>,
        (mode, followers): (Mode, Followers),
        tell: impl Fn(&Reloaded<'_>) + Send + Sync + 'static,
    ) -> Result<Self, LoadFault> {
        let directory = directory.into();
        let sources = policies::read(&directory);
        let fingerprint = fingerprint(&sources);
        let files: Arc<[Source]> = sources.map_err(LoadFault::Read)?.into();
        let mut policy = compile(&files, registry.as_deref(), mode)?;
        followers.prepare(&mut policy).map_err(LoadFault::Unfit)?;
        let now = unix_ms();
        let status =
            Status { sha256: policy.sha256, published_unix_ms: now, tried_unix_ms: now, error: None };
        Ok(Self {
            directory,
            mode,
            followers,
            policy: ArcSwap::from_pointee(policy),
            status: ArcSwap::from_pointee(status),
            tell: Box::new(tell),
            registry: ArcSwapOption::new(registry),
            tried: Mutex::new(Tried { fingerprint, files, refused: None }),
        })
    }

    /// The policy in force, to keep for the length of a message.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// The policy in force, for a look: cheaper than [`Live::policy`], not to be held.
    pub fn peek(&self) -> Guard<Arc<Policy>> {
        self.policy.load()
    }

    /// What the registry says that is in force, where there is one.
    pub fn registry(&self) -> Option<Arc<Registry>> {
        self.registry.load_full()
    }

    /// How the last reload went.
    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// Where the bundle lives.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads and compiles the bundle, and publishes it if it is good.
    ///
    /// Tries even what was tried before, as a person who sends SIGHUP wants an answer. Takes as long as
    /// the compiler does, blocks, and never touches the policy in force unless all went well.
    pub fn reload(&self) -> Reload {
        let mut tried = self.begin();
        self.attempt(&mut tried, policies::read(&self.directory))
    }

    /// Does what [`Live::reload`] does if the files differ from those last tried.
    pub fn reload_if_changed(&self) -> Reload {
        let mut tried = self.begin();
        let sources = policies::read(&self.directory);
        match fingerprint(&sources) == tried.fingerprint {
            true => Reload::Unchanged,
            false => self.attempt(&mut tried, sources),
        }
    }

    /// Lays what a registry says over the files, and publishes the outcome if it is good.
    ///
    /// It is tried over the files as they are now, and where that fails over those in force: neither of the two holds
    /// the other up. A refusal is for whoever reads the registry to tell; the status of files stays.
    pub fn lay(&self, registry: &Arc<Registry>) -> Reload {
        let mut tried = self.begin();
        let sources = policies::read(&self.directory);
        let fingerprint = fingerprint(&sources);
        let news = sources.ok().map(Arc::<[Source]>::from);
        // Whatever is wrong with the files is told by whoever watches them.
        let over_news = news.and_then(|files| Some((self.prepare(&files, Some(registry)).ok()?, files)));
        let outcome = match over_news {
            Some((policy, files)) => {
                (tried.fingerprint, tried.files) = (fingerprint, files);
                Ok((policy, None))
            }
            None => {
                let error = self.status.load().error.clone();
                self.prepare(&tried.files, Some(registry)).map(|policy| (policy, error))
            }
        };
        match outcome {
            Ok((policy, error)) => {
                self.registry.store(Some(Arc::clone(registry)));
                tried.refused = None;
                self.publish(&Arc::new(policy), error)
            }
            Err(error) => {
                tried.refused = Some(Arc::clone(registry));
                Reload::Kept(error)
            }
        }
    }

    fn begin(&self) -> MutexGuard<'_, Tried> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempt(&self, tried: &mut Tried, sources: Result<Vec<Source>, ReadFault>) -> Reload {
        tried.fingerprint = fingerprint(&sources);
        let files: Arc<[Source]> = match sources {
            Ok(files) => files.into(),
            Err(fault) => return self.keep(fault.to_string().into()),
        };
        // What was refused of the registry may hold over these files: it was about a tool that they have now.
        if let Some(refused) = tried.refused.clone()
            && let Ok(policy) = self.prepare(&files, Some(&refused))
        {
            self.registry.store(Some(refused));
            (tried.files, tried.refused) = (files, None);
            return self.publish(&Arc::new(policy), None);
        }
        match self.prepare(&files, self.registry.load_full().as_ref()) {
            Ok(policy) => {
                tried.files = files;
                self.publish(&Arc::new(policy), None)
            }
            Err(error) => self.keep(error),
        }
    }

    fn prepare(&self, files: &[Source], registry: Option<&Arc<Registry>>) -> Result<Policy, Box<str>> {
        let told = |fault: &dyn std::fmt::Display| -> Box<str> { fault.to_string().into() };
        let mut policy =
            compile(files, registry.map(|registry| &**registry), self.mode).map_err(|fault| told(&fault))?;
        self.followers.prepare(&mut policy).map_err(|fault| told(&fault))?;
        Ok(policy)
    }

    fn publish(&self, current: &Arc<Policy>, error: Option<Box<str>>) -> Reload {
        let now = unix_ms();
        let sha256 = current.sha256;
        let previous = self.policy.swap(Arc::clone(current));
        let unchanged = previous.sha256 == sha256;
        let published_unix_ms = if unchanged { self.status.load().published_unix_ms } else { now };
        self.status.store(Arc::new(Status { sha256, published_unix_ms, tried_unix_ms: now, error }));
        tracing::info!(sha256 = %short(&sha256), previous = %short(&previous.sha256), "policy published");
        (self.tell)(&Reloaded::Published { previous: &previous, current });
        Reload::Published
    }

    fn keep(&self, error: Box<str>) -> Reload {
        let policy = self.policy.load_full();
        let status = Status {
            tried_unix_ms: unix_ms(),
            error: Some(error.clone()),
            ..Status::clone(&self.status.load())
        };
        self.status.store(Arc::new(status));
        tracing::error!(sha256 = %short(&policy.sha256), %error, "policy refused, the last good one stays");
        (self.tell)(&Reloaded::Kept { policy: &policy, error: &error });
        Reload::Kept(error)
    }
}

fn compile(files: &[Source], registry: Option<&Registry>, mode: Mode) -> Result<Policy, LoadFault> {
    policy::compile_over(files, registry, unix_ms(), mode).map_err(LoadFault::Policy)
}

/// Digests what was read, or why it could not be: the same trouble twice is no news.
fn fingerprint(sources: &Result<Vec<Source>, ReadFault>) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut part = |text: &str| {
        context.update(&text.len().to_le_bytes());
        context.update(text.as_bytes());
    };
    match sources {
        Ok(sources) => sources.iter().for_each(|source| {
            part(&source.name);
            part(&source.text);
        }),
        Err(fault) => part(&fault.to_string()),
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}

fn short(sha256: &[u8; 32]) -> String {
    hex(&sha256[..4])
}

/// The time in milliseconds since 1970.
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
