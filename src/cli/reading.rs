//! The model that reads prose, as people name it on the command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::opening::{Fault, unable};
use crate::bounds::PROSE_THREADS_MAX;
use crate::reader::{Reader, ReaderEvent};
use crate::report::Metrics;
use crate::store::Literacy;

/// Who reads prose.
#[derive(Debug, Args)]
pub struct ReaderOptions {
    /// The folder of the model that reads prose for people and addresses, as scripts/fetch-ner.sh makes it; for
    /// policies with `prose`
    #[arg(long, value_name = "DIR")]
    pub(super) ner: Option<PathBuf>,
    /// Threads that read prose
    #[arg(long, value_name = "NUMBER", default_value = "1", requires = "ner", value_parser = threads)]
    ner_threads: NonZeroUsize,
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse::<NonZeroUsize>().ok().filter(|threads| threads.get() <= PROSE_THREADS_MAX);
    number.ok_or_else(|| format!("a whole number from 1 to {PROSE_THREADS_MAX}"))
}

/// Starts what reads prose, if a model is named; counted by `metrics`.
///
/// # Errors
/// Why there is no model in the folder, or how to come by a program that can read.
pub(super) fn reader(options: &ReaderOptions, metrics: &Arc<Metrics>) -> Result<Option<Reader>, Fault> {
    let Some(folder) = &options.ner else { return Ok(None) };
    let counted = Arc::clone(metrics);
    let tell = move |event| match event {
        ReaderEvent::Read { texts, took } => counted.prose_read(texts, took),
        ReaderEvent::Remembered(texts) => counted.prose_remembered(texts),
    };
    Reader::open(folder, options.ner_threads, tell).map(Some).map_err(unable)
}

/// Whether a policy that wants prose read can take effect.
pub(super) fn literacy(reader: Option<&Reader>) -> Literacy {
    match reader {
        Some(_) => Literacy::Reads,
        None if cfg!(feature = "ner") => Literacy::NoModel,
        None => Literacy::NotBuilt,
    }
}
