//! Where lines end up: a file that may be moved away at any time, or the standard output.
//!
//! A file that is large or old enough is **put aside**: made durable, renamed, and a new one opened under its
//! name; what came before it is found by the names of [`files`]. Where a sync fails the system may have
//! forgotten what was written and say nothing the next time, so such a file is put aside as well, and what is not
//! known to be durable is written again to the next. Source: Rebello et al., "Can Applications Recover from
//! fsync Failures?", USENIX ATC 2020.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::chain::hash_of;
use super::files;
use crate::bounds::{AUDIT_LINE_BYTES_MAX, AUDIT_QUEUE_BYTES_MAX};

/// Where audit lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditSink {
    /// Appended to this file, which is made if it is not there, readable by owner and group.
    File(PathBuf),
    /// The standard error, where the standard output carries the protocol.
    Stderr,
    /// The standard output, for a collector that reads the logs of a container.
    Stdout,
}

/// When a file of the audit is put aside, and what becomes of those that were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotation {
    /// At this size; `None` for any.
    pub bytes_max: Option<u64>,
    /// At this age; `None` for any.
    pub age_max: Option<Duration>,
    /// How many files that were put aside are kept; `None` for all.
    pub kept: Option<usize>,
    /// What a full disk means.
    pub when_full: WhenFull,
}

/// What a full disk means to an audit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// Files that were put aside are removed, the oldest first, until a line finds room.
    DropOldest,
    /// Nothing is removed: records wait, and what must not go unrecorded is refused.
    #[default]
    Refuse,
}

/// Why an audit could not begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The file cannot be opened or read.
    #[error("cannot write the audit to `{}`: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The file with the key of the checkpoints cannot be read, or holds something else.
    #[error("cannot sign checkpoints with `{}`: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        reason: Box<str>,
    },
    /// The system has no randomness.
    #[error("the system gives no random bytes for the audit")]
    Random,
    /// The system gives no standard output or no thread.
    #[error("cannot start the audit: {0}")]
    System(#[from] io::Error),
}

/// An open [`AuditSink`].
#[derive(Debug)]
pub(super) struct Outlet {
    file: File,
    /// `None` for the standard output and error.
    place: Option<Placed>,
    rotation: Rotation,
    last_hash: [u8; 32],
    torn_bytes: usize,
    /// Syncs that fail, for tests: no file system at hand does so when asked to.
    #[cfg(test)]
    pub(super) broken_syncs: std::cell::Cell<u32>,
    /// Writes that find the disk full, for tests.
    #[cfg(test)]
    pub(super) full_writes: std::cell::Cell<u32>,
}

/// A file by its name and by what the system knows it as.
#[derive(Debug)]
struct Placed {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// A pipe or a device has no size, and is never put aside.
    is_regular: bool,
    bytes: u64,
    made: SystemTime,
}

/// What reopening found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reopened {
    /// Another file, which has none of the lines.
    Another,
    /// The same file; a line that was begun goes on.
    Same,
}

impl AuditSink {
    pub(super) fn open(&self, rotation: &Rotation) -> Result<Outlet, OpenFault> {
        match self {
            Self::File(path) => {
                Outlet::open(path, rotation).map_err(|error| OpenFault::File { path: path.clone(), error })
            }
            Self::Stderr => Ok(Outlet::stream(io::stderr().as_fd().try_clone_to_owned()?)),
            Self::Stdout => Ok(Outlet::stream(io::stdout().as_fd().try_clone_to_owned()?)),
        }
    }
}

impl Outlet {
    /// Writes to what is open already and has no name.
    fn stream(open: OwnedFd) -> Self {
        Self::over(File::from(open), None, &Rotation::default())
    }

    fn over(file: File, place: Option<Placed>, rotation: &Rotation) -> Self {
        Self {
            file,
            place,
            rotation: rotation.clone(),
            last_hash: [0; 32],
            torn_bytes: 0,
            #[cfg(test)]
            broken_syncs: std::cell::Cell::new(0),
            #[cfg(test)]
            full_writes: std::cell::Cell::new(0),
        }
    }

    /// Opens `path` to append, and finds what its last line was, or that of the file before where it has none.
    fn open(path: &Path, rotation: &Rotation) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o640).open(path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another process writes its audit to this file"));
            }
            // Some file systems know no locks; two writers there show as a broken chain.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let meta = file.metadata()?;
        let (mut bytes, is_regular) = (meta.len(), meta.is_file());
        let end = if is_regular { End::of(&mut file, bytes)? } else { End::default() };
        if end.is_open {
            // What a crash cut off stays as it is; ours begins on a line of its own.
            file.write_all(b"\n")?;
            bytes += 1;
        }
        if bytes == 0 && is_regular {
            // Lines are no surer than the name of their file.
            File::open(files::directory(path))?.sync_all()?;
        }
        let last_hash = match end.last_hash {
            Some(hash) => hash,
            None if is_regular => last_of_the_one_before(path)?.unwrap_or_default(),
            None => [0; 32],
        };
        let made = meta.created().unwrap_or_else(|_| SystemTime::now());
        let (path, device, inode) = (path.into(), meta.dev(), meta.ino());
        let place = Placed { path, device, inode, is_regular, bytes, made };
        Ok(Self { last_hash, torn_bytes: end.torn_bytes, ..Self::over(file, Some(place), rotation) })
    }

    /// The hash of the last line that was there at opening; zeros if there was none.
    pub(super) fn last_hash(&self) -> [u8; 32] {
        self.last_hash
    }

    /// How much of a line a crash has left at the end.
    pub(super) fn torn_bytes(&self) -> usize {
        self.torn_bytes
    }

    /// Whether the file still stands under its name.
    pub(super) fn presence(&self) -> Presence {
        let Some(place) = &self.place else { return Presence::There };
        match fs::metadata(&place.path) {
            Ok(meta) if (meta.dev(), meta.ino()) == (place.device, place.inode) => Presence::There,
            // A file in its place, or none: rotated, or removed.
            Ok(_) | Err(_) => Presence::Moved,
        }
    }

    /// Opens the file by its name again.
    pub(super) fn reopen(&mut self) -> io::Result<Reopened> {
        let Some(place) = &self.place else { return Ok(Reopened::Same) };
        if self.presence() == Presence::There {
            return Ok(Reopened::Same);
        }
        *self = Self::open(&place.path, &self.rotation)?;
        Ok(Reopened::Another)
    }

    /// Whether the file that is open has no name any more, so that nobody will read it.
    pub(super) fn is_removed(&self) -> bool {
        self.file.metadata().is_ok_and(|meta| meta.nlink() == 0)
    }

    /// Whether the file is to be put aside, by its size or its age.
    pub(super) fn is_full_or_old(&self) -> bool {
        let Some(place) = self.place.as_ref().filter(|place| place.is_regular && place.bytes > 0) else {
            return false;
        };
        self.rotation.bytes_max.is_some_and(|max| place.bytes >= max)
            || self.rotation.age_max.is_some_and(|max| place.made.elapsed().is_ok_and(|age| age >= max))
    }

    /// Renames the file and opens another under its name; then removes the oldest, where that is wanted.
    ///
    /// Syncs nothing: whoever calls knows whether what stands in it can be trusted. A failure in between leaves a
    /// file that has [`Presence::Moved`].
    pub(super) fn put_aside(&mut self, unix_ms: u64) -> io::Result<Option<PathBuf>> {
        let Some(place) = self.place.as_ref().filter(|place| place.is_regular) else { return Ok(None) };
        let path = place.path.clone();
        let name = files::free_name(&path, unix_ms)?;
        fs::rename(&path, &name)?;
        self.reopen()?;
        if let Some(kept) = self.rotation.kept {
            let aside = files::put_aside(&path)?;
            for file in aside.iter().take(aside.len().saturating_sub(kept)) {
                remove(file)?;
            }
        }
        Ok(Some(name))
    }

    /// Makes room where the disk is full and the operator wants it so; whether it did.
    pub(super) fn make_room(&self, error: &io::Error) -> bool {
        let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        let Some(place) = self.place.as_ref().filter(|_| is_full) else { return false };
        if self.rotation.when_full == WhenFull::Refuse {
            return false;
        }
        let oldest = files::put_aside(&place.path).ok().and_then(|files| files.into_iter().next());
        oldest.is_some_and(|file| remove(&file).is_ok())
    }

    /// Writes what the system takes in one go.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(test)]
        if let Some(left) = self.full_writes.get().checked_sub(1) {
            self.full_writes.set(left);
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = match self.file.write(bytes) {
            Ok(0) if !bytes.is_empty() => return Err(io::ErrorKind::WriteZero.into()),
            outcome => outcome?,
        };
        if let Some(place) = &mut self.place {
            place.bytes = place.bytes.saturating_add(written as u64);
        }
        Ok(written)
    }

    /// Makes durable what was written, where the sink knows of that.
    pub(super) fn sync(&self) -> io::Result<()> {
        #[cfg(test)]
        if let Some(left) = self.broken_syncs.get().checked_sub(1) {
            self.broken_syncs.set(left);
            return Err(io::Error::other("a sync that fails"));
        }
        if self.place.is_some() { self.file.sync_data().or_else(ignore_pipes) } else { Ok(()) }
    }

    /// Whether lines become durable some time after they were written.
    pub(super) fn knows_syncs(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.is_regular)
    }
}

/// Removes a file of the trail, and says so: it is the only thing here that loses records for good.
fn remove(file: &Path) -> io::Result<()> {
    fs::remove_file(file)?;
    tracing::warn!(file = %file.display(), "an old audit file was removed");
    Ok(())
}

/// Whether a file is still where it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Moved,
    There,
}

/// A pipe or a device by a file's name has nothing to sync.
fn ignore_pipes(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::InvalidInput { Ok(()) } else { Err(error) }
}

/// How a file ends.
#[derive(Debug, Default, PartialEq, Eq)]
struct End {
    /// The hash of the last whole line.
    last_hash: Option<[u8; 32]>,
    /// Bytes behind that line and its line feed, a last line feed not among them: what crashes cut off.
    torn_bytes: usize,
    /// There is no line feed at the end.
    is_open: bool,
}

impl End {
    /// Looks behind what crashes left, back to the last whole line; a file system may have put in more than a line.
    fn of(file: &mut File, bytes: u64) -> io::Result<Self> {
        let mut end = Self::default();
        for bytes_max in [2 * AUDIT_LINE_BYTES_MAX, 2 * AUDIT_LINE_BYTES_MAX + AUDIT_QUEUE_BYTES_MAX] {
            end = Self::read(&tail(file, bytes, bytes_max as u64)?);
            if end.last_hash.is_some() || bytes <= bytes_max as u64 {
                break;
            }
        }
        Ok(end)
    }

    fn read(tail: &[u8]) -> Self {
        let text = tail.strip_suffix(b"\n").unwrap_or(tail);
        let is_open = text.len() == tail.len() && !tail.is_empty();
        let mut rest = text;
        loop {
            let begin = memchr::memrchr(b'\n', rest).map_or(0, |at| at + 1);
            // Only the line feed may be missing: then the line is whole.
            let last_hash = hash_of(rest.get(begin..).unwrap_or_default());
            if last_hash.is_some() || begin == 0 {
                let whole = if last_hash.is_some() { rest.len() + 1 } else { 0 };
                return Self { last_hash, torn_bytes: text.len().saturating_sub(whole), is_open };
            }
            rest = rest.get(..begin - 1).unwrap_or_default();
        }
    }
}

/// The last hash of the youngest file that was put aside.
fn last_of_the_one_before(path: &Path) -> io::Result<Option<[u8; 32]>> {
    let Some(before) = files::put_aside(path)?.pop() else { return Ok(None) };
    let mut file = File::open(before)?;
    let bytes = file.metadata()?.len();
    Ok(End::of(&mut file, bytes)?.last_hash)
}

/// Reads the last `bytes_max` bytes of a file.
fn tail(file: &mut File, len: u64, bytes_max: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(len.saturating_sub(bytes_max)))?;
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(bytes)
}
