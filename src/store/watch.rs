//! Watching directories: when anything in them moved, look again once it has come to rest.
//!
//! **Trips** 200 ms after the last of a burst of events, at most 2 s after the first; and every 10 s if
//! the content differs from what was last tried, which the look itself finds out. **Does not count**: opening and reading files, which
//! we do ourselves. **Where inotify is not to be had** (its instances are few and shared by a whole
//! node) the 10 s look is what remains, and the log says so.
//!
//! Watched are directories, never files: a file that is renamed over is another file. They are the
//! ones given, the versions that their `..data` name, and their parents, for whoever swaps a link to the whole directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::live::Live;
use super::policies::{organisation_of, version_of};
use crate::bounds::{RELOAD_DELAY_MAX, RELOAD_POLL, RELOAD_QUIET};

/// The thread that looks again when a directory changes; ends when this is dropped.
pub struct Watch {
    wake: SyncSender<()>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Reloads `live` when its directory changes.
    ///
    /// # Errors
    /// The system's, when it gives no thread.
    pub fn start(live: Arc<Live>) -> std::io::Result<Self> {
        let directory = live.directory().to_path_buf();
        Self::over(&[directory], move || {
            live.reload_if_changed();
        })
    }

    /// Calls `look` at once, and again whenever something in `directories` may have changed; `look` itself finds out
    /// whether it has. Changes from here on are seen; one that came before is found by the first look.
    ///
    /// # Errors
    /// The system's, when it gives no thread.
    pub fn over(directories: &[PathBuf], look: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let mut eyes = Eyes::open(directories, wake.clone());
        eyes.refocus();
        let is_over = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("watch".into())
            .spawn(move || watch(look, &woken, &mut eyes, &is_over))?;
        Ok(Self { wake, stop, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A full channel has a wake-up under way already.
        let _ = self.wake.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(look: impl Fn(), woken: &Receiver<()>, eyes: &mut Eyes, stop: &AtomicBool) {
    look();
    while !stop.load(Ordering::Acquire) {
        match woken.recv_timeout(RELOAD_POLL) {
            Ok(()) => settle(woken, stop),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if !stop.load(Ordering::Acquire) {
            // Before reading: what changes after the look is an event of the new focus.
            eyes.refocus();
            look();
        }
    }
}

/// Waits until nothing has moved for a while.
fn settle(woken: &Receiver<()>, stop: &AtomicBool) {
    let begin = Instant::now();
    while begin.elapsed() < RELOAD_DELAY_MAX && !stop.load(Ordering::Acquire) {
        if woken.recv_timeout(RELOAD_QUIET).is_err() {
            return;
        }
    }
}

/// The inotify side: which directories are watched just now.
struct Eyes {
    directories: Vec<PathBuf>,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Eyes {
    fn open(directories: &[PathBuf], wake: SyncSender<()>) -> Self {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let directories: Vec<_> = directories.iter().map(absolute).collect();
        let ours = directories.clone();
        let notice = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !concerns(&event, &ours)) {
                return;
            }
            // A full channel has a wake-up under way already; it will see this change, too.
            let _ = wake.try_send(());
        };
        let watcher = notify::recommended_watcher(notice)
            .inspect_err(|error| tracing::warn!(%error, "cannot watch files, will look every 10 s"))
            .ok();
        Self { directories, watcher, watched: BTreeSet::new() }
    }

    /// Watches what is there now, and lets go of what has gone.
    fn refocus(&mut self) {
        let wanted: BTreeSet<_> = self.directories.iter().flat_map(|directory| wanted(directory)).collect();
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.watched.difference(&wanted) {
            // Fails when the directory is gone, and its watch with it.
            let _ = watcher.unwatch(gone);
        }
        self.watched.retain(|path| wanted.contains(path));
        for path in wanted {
            // Watching again is harmless, and needed where a directory was replaced under its name.
            match watcher.watch(&path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(path);
                }
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "cannot watch, will look every 10 s");
                }
            }
        }
    }
}

/// What is watched for the sake of `directory`.
fn wanted(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let parent = directory.parent().map(Path::to_path_buf);
    let bundle = std::fs::canonicalize(directory).ok();
    let layer = organisation_of(directory);
    let layer_version = layer.as_deref().and_then(version_of);
    let versions = version_of(directory).into_iter().chain(layer_version);
    parent.into_iter().chain(bundle).chain(layer).chain(versions)
}

/// Whether `event` may have changed what is in `directories`; their parents have other children, which are none of
/// ours.
fn concerns(event: &Event, directories: &[PathBuf]) -> bool {
    let is_ours = |path: &PathBuf| {
        let parent = path.parent();
        directories.contains(path)
            || directories.iter().any(|directory| parent == Some(directory))
            || directories.iter().all(|directory| parent != directory.parent())
    };
    let is_change = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    };
    is_change && (event.paths.is_empty() || event.paths.iter().any(is_ours))
}
