//! Where lines end up: a file that may be moved away at any time, or the standard output.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::chain::hash_of;
use crate::bounds::AUDIT_LINE_BYTES_MAX;

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
    last_hash: [u8; 32],
    torn_bytes: usize,
}

/// A file by its name and by what the system knows it as.
#[derive(Debug)]
struct Placed {
    path: PathBuf,
    device: u64,
    inode: u64,
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
    pub(super) fn open(&self) -> Result<Outlet, OpenFault> {
        match self {
            Self::File(path) => {
                Outlet::open(path).map_err(|error| OpenFault::File { path: path.clone(), error })
            }
            Self::Stderr => Ok(Outlet::stream(io::stderr().as_fd().try_clone_to_owned()?)),
            Self::Stdout => Ok(Outlet::stream(io::stdout().as_fd().try_clone_to_owned()?)),
        }
    }
}

impl Outlet {
    /// Writes to what is open already and has no name.
    fn stream(open: OwnedFd) -> Self {
        Self { file: File::from(open), place: None, last_hash: [0; 32], torn_bytes: 0 }
    }

    /// Opens `path` to append, and finds what its last line was.
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o640).open(path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another process writes its audit to this file"));
            }
            // Some file systems know no locks; two writers there show as a broken chain.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let meta = file.metadata()?;
        let tail = if meta.is_file() { tail(&mut file, meta.len())? } else { Vec::new() };
        let end = memchr::memrchr(b'\n', &tail).map_or(0, |at| at + 1);
        let torn_bytes = tail.len() - end;
        let (whole, _) = tail.split_at(end);
        let last_line = whole.strip_suffix(b"\n").unwrap_or_default();
        let begin = memchr::memrchr(b'\n', last_line).map_or(0, |at| at + 1);
        let last_hash = hash_of(last_line.get(begin..).unwrap_or_default()).unwrap_or_default();
        if torn_bytes > 0 {
            // A line that a crash cut off stays as it is; ours begins on its own.
            file.write_all(b"\n")?;
        }
        let place = Placed { path: path.into(), device: meta.dev(), inode: meta.ino() };
        Ok(Self { file, place: Some(place), last_hash, torn_bytes })
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
        *self = Self::open(&place.path)?;
        Ok(Reopened::Another)
    }

    /// Writes what the system takes in one go.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(0) if !bytes.is_empty() => Err(io::ErrorKind::WriteZero.into()),
            outcome => outcome,
        }
    }

    /// Makes durable what was written, where the sink knows of that.
    pub(super) fn sync(&self) -> io::Result<()> {
        if self.place.is_some() { self.file.sync_data().or_else(ignore_pipes) } else { Ok(()) }
    }
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

/// Reads the end of a file, long enough to hold a whole line and the beginning of another.
fn tail(file: &mut File, len: u64) -> io::Result<Vec<u8>> {
    let from = len.saturating_sub(2 * AUDIT_LINE_BYTES_MAX as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(2 * AUDIT_LINE_BYTES_MAX as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
