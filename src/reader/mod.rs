//! Reading prose for people and addresses, with a small model on threads of its own.
//!
//! **Why.** A name that nothing introduces (`Ann Lee never came back`) has no form that a scan could know. A model of
//! 14 MB finds most of them, and takes some 20 ms for what a scan does in 20 µs. So it reads prose only, off the
//! threads that serve, and its work is bounded: in bytes of a message (the policy's), in messages that wait
//! (`PROSE_QUEUED_MAX`), and in time.
//!
//! ```text
//! texts ─► memory ─► queue ─► thread: pieces ─► windows ─► model ─► labels ─┐
//!             │                                                             ▼
//!             └────────────────────────────────────────────────────────► guesses
//! ```
//!
//! Texts become *pieces* of words with their places (`pieces`), cut into overlapping windows (`windows`); the model
//! says of each piece how likely it is what, and words that are likely enough are joined into spans (`labels`).
//! What was read is remembered by a keyed digest of the text, places alone (`memory`).
//!
//! **What it is not.** It decides nothing: what it sees is a finding like any other, and a rule says what becomes of
//! it. Names in other than Latin scripts are out of its reach. Without the cargo feature `ner` there is no model to
//! open, and everything else of this stands idle.
//!
//! Source: the model Rampart (National Design Studio, CC BY 4.0), its `config.json`; BERT, "uncased" tokenization.

#[cfg(not(feature = "ner"))]
mod absent;
#[cfg(feature = "ner")]
mod labels;
mod memory;
#[cfg(feature = "ner")]
mod model;
#[cfg(feature = "ner")]
mod pieces;
mod pool;
#[cfg(feature = "ner")]
mod windows;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(not(feature = "ner"))]
pub use absent::Model;
#[cfg(feature = "ner")]
pub use model::Model;

use crate::gate::Unread;
use crate::policy::ProsePlan;
use crate::scan::{Guess, Told};
use memory::Memory;
use pool::{Pool, Refusal};

/// Reads prose, for any number of messages at once.
pub struct Reader {
    memory: Memory,
    pool: Pool,
    tell: Box<dyn Fn(ReaderEvent) + Send + Sync>,
}

/// What whoever counts is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderEvent {
    /// The texts of a message were read, so many, after so long a wait.
    Read {
        /// How many.
        texts: usize,
        /// How long the message waited for it.
        took: Duration,
    },
    /// So many texts had been read before.
    Remembered(usize),
}

/// Why there is no model; the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum ReaderFault {
    /// This program was built without the means.
    #[error(
        "this build cannot read prose with a model; build it with `cargo build --release --features ner`, or leave \
         `--ner` out"
    )]
    NotBuilt,
    /// A file cannot be read, or is not what it should be.
    #[error("cannot read the model: {}: {cause}; fetch it with `scripts/fetch-ner.sh {}`", path.display(), folder.display())]
    File {
        /// The folder that was named.
        folder: PathBuf,
        /// The file in it.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<str>,
    },
    /// The model does not take or say what it should.
    #[error("the model in {} is none that tells people and addresses apart: {cause}", folder.display())]
    Unfit {
        /// The folder that was named.
        folder: PathBuf,
        /// What is wrong with it.
        cause: Box<str>,
    },
    /// A thread could not be started.
    #[error("cannot start a thread that reads: {0}")]
    Thread(std::io::Error),
}

impl Reader {
    /// Opens the model in `folder` and starts `threads` that read with it. Blocks on files, some 50 ms. `tell` hears
    /// of every message, on the thread that waits.
    ///
    /// # Errors
    /// [`ReaderFault`]: the operator's fault.
    pub fn open(
        folder: &Path,
        threads: NonZeroUsize,
        tell: impl Fn(ReaderEvent) + Send + Sync + 'static,
    ) -> Result<Self, ReaderFault> {
        let model = Arc::new(Model::open(folder, threads)?);
        let read = move |texts: &[Box<str>], threshold: f32, may_go_on: &dyn Fn() -> bool| {
            model.read(texts, threshold, may_go_on)
        };
        let pool = Pool::start(threads, read).map_err(ReaderFault::Thread)?;
        Ok(Self { memory: Memory::new(), pool, tell: Box::new(tell) })
    }

    /// Reads texts as `plan` says; waits for that, at most as long as it says.
    ///
    /// # Errors
    /// [`Unread`]: what waits already is too much, or the time is over. The work ends at the next batch then.
    pub async fn read(&self, texts: BTreeSet<Box<str>>, plan: &ProsePlan) -> Result<Told, Unread> {
        let (mut told, mut fresh) = (Told::default(), Vec::new());
        let mut remembered = 0;
        for text in texts {
            match self.memory.recall(&text, plan.threshold) {
                Some(guesses) => {
                    remembered += 1;
                    told.note(text, wanted(&guesses, plan));
                }
                None => fresh.push(text),
            }
        }
        (self.tell)(ReaderEvent::Remembered(remembered));
        if fresh.is_empty() {
            return Ok(told);
        }
        let start = Instant::now();
        let (texts, seen) = self.pool.read(fresh, plan.threshold, start + plan.wait).await?;
        (self.tell)(ReaderEvent::Read { texts: texts.len(), took: start.elapsed() });
        for (text, guesses) in texts.into_iter().zip(seen) {
            let guesses = self.memory.keep(&text, plan.threshold, guesses);
            told.note(text, wanted(&guesses, plan));
        }
        Ok(told)
    }
}

/// The guesses that a policy asks for.
fn wanted(guesses: &[Guess], plan: &ProsePlan) -> impl Iterator<Item = Guess> {
    guesses.iter().filter(|guess| plan.detectors.contains(&guess.detector)).cloned()
}

impl Model {
    /// Reads texts on the thread at hand, for as long as it takes; of the kinds that `plan` names.
    ///
    /// # Errors
    /// [`Unread::Failed`]: the model does.
    pub fn read_here(&self, texts: BTreeSet<Box<str>>, plan: &ProsePlan) -> Result<Told, Unread> {
        let texts: Vec<_> = texts.into_iter().collect();
        let seen = self.read(&texts, plan.threshold, &|| true).ok_or(Unread::Failed)?;
        let mut told = Told::default();
        for (text, guesses) in texts.into_iter().zip(seen) {
            told.note(text, wanted(&guesses, plan));
        }
        Ok(told)
    }
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed => Self::Failed,
            Refusal::Full => Self::Busy,
            Refusal::Late => Self::Late,
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
