//! Watching a bundle: when anything moved, reload once it has come to rest.
//!
//! **Trips** 200 ms after the last of a burst of events, at most 2 s after the first; and every 10 s if
//! the content differs from what was last tried. **Does not count**: opening and reading files, which
//! we do ourselves. **Where inotify is not to be had** (its instances are few and shared by a whole
//! node) the 10 s look is what remains, and the log says so.
//!
//! Watched are directories, never files: a file that is renamed over is another file. They are the
//! bundle, the version that `..data` names, and the parent, for whoever swaps a link to the whole bundle.

use std::collections::BTreeSet;
use std::ffi::OsStr;
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

/// The thread that reloads a [`Live`] when its directory changes; ends when this is dropped.
pub struct Watch {
    wake: SyncSender<()>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts watching. Changes from here on are seen; one that came before is found by the first look.
    ///
    /// # Errors
    /// The system's, when it gives no thread.
    pub fn start(live: Arc<Live>) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let mut eyes = Eyes::open(live.directory(), wake.clone());
        eyes.refocus();
        let is_over = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("policy-watch".into())
            .spawn(move || watch(&live, &woken, &mut eyes, &is_over))?;
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

fn watch(live: &Live, woken: &Receiver<()>, eyes: &mut Eyes, stop: &AtomicBool) {
    live.reload_if_changed();
    while !stop.load(Ordering::Acquire) {
        match woken.recv_timeout(RELOAD_POLL) {
            Ok(()) => settle(woken, stop),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if !stop.load(Ordering::Acquire) {
            // Before reading: what changes after the look is an event of the new focus.
            eyes.refocus();
            live.reload_if_changed();
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
    directory: PathBuf,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Eyes {
    fn open(directory: &Path, wake: SyncSender<()>) -> Self {
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.into());
        let parent = directory.parent().map(Path::to_path_buf);
        let name = directory.file_name().map(OsStr::to_os_string);
        let notice = move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| !concerns(&event, parent.as_deref(), name.as_deref())) {
                return;
            }
            // A full channel has a wake-up under way already; it will see this change, too.
            let _ = wake.try_send(());
        };
        let watcher = notify::recommended_watcher(notice)
            .inspect_err(|error| tracing::warn!(%error, "cannot watch the policy, will look every 10 s"))
            .ok();
        Self { directory, watcher, watched: BTreeSet::new() }
    }

    /// Watches what is there now, and lets go of what has gone.
    fn refocus(&mut self) {
        let wanted = self.wanted();
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

    fn wanted(&self) -> BTreeSet<PathBuf> {
        let parent = self.directory.parent().map(Path::to_path_buf);
        let bundle = std::fs::canonicalize(&self.directory).ok();
        let layer = organisation_of(&self.directory);
        let layer_version = layer.as_deref().and_then(version_of);
        let versions = version_of(&self.directory).into_iter().chain(layer_version);
        parent.into_iter().chain(bundle).chain(layer).chain(versions).collect()
    }
}

/// Whether `event` may have changed the bundle; the parent has other children, which are none of ours.
fn concerns(event: &Event, parent: Option<&Path>, name: Option<&OsStr>) -> bool {
    let is_ours = |path: &PathBuf| path.parent() != parent || path.file_name() == name;
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
