//! A secret in a file: read at start, looked at again and again, never lost once it was had.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;

use crate::bounds::CREDENTIAL_FILE_BYTES_MAX;

/// A file that holds something secret, as `T`.
pub(super) struct SecretFile<T> {
    path: Box<Path>,
    read: fn(&Path) -> Result<T, io::Error>,
    held: ArcSwap<T>,
    /// Whether the last look found nothing that could be used; told once.
    is_lost: AtomicBool,
}

/// Why a file gives no secret; the operator's fault. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the secret in {}: {cause}", path.display())]
pub struct SecretFault {
    /// The file.
    pub path: PathBuf,
    /// What the system says, or what is wrong with the content.
    pub cause: io::Error,
}

/// A text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(Box<str>);

impl<T: PartialEq> SecretFile<T> {
    /// Reads the file.
    ///
    /// # Errors
    /// [`SecretFault`]: there is nothing to start with.
    pub fn open(path: &Path, read: fn(&Path) -> Result<T, io::Error>) -> Result<Self, SecretFault> {
        let held = read(path).map_err(|cause| SecretFault { path: path.into(), cause })?;
        let held = ArcSwap::from_pointee(held);
        Ok(Self { path: path.into(), read, held, is_lost: AtomicBool::new(false) })
    }

    /// What it held when it last held something.
    pub fn held(&self) -> Arc<T> {
        self.held.load_full()
    }

    /// Reads the file again; what was in it before, if that was something else. Blocks on the file.
    ///
    /// A file that is gone, empty or broken changes nothing, and is told of once.
    pub fn look(&self) -> Option<Arc<T>> {
        match (self.read)(&self.path) {
            Ok(found) => {
                if self.is_lost.swap(false, Ordering::Relaxed) {
                    tracing::info!(path = %self.path.display(), "a secret can be read again");
                }
                if *self.held.load_full() == found {
                    return None;
                }
                tracing::info!(path = %self.path.display(), "a secret has changed; the new one is used");
                Some(self.held.swap(Arc::new(found)))
            }
            Err(cause) => {
                if !self.is_lost.swap(true, Ordering::Relaxed) {
                    let path = self.path.display();
                    tracing::error!(%path, %cause, "a secret can no longer be read; the one in use stays");
                }
                None
            }
        }
    }
}

impl Secret {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a text of visible ASCII, without the line break at its end.
    ///
    /// # Errors
    /// The system's; also for a file that is empty, too long, or holds what no header can carry.
    pub fn read(path: &Path) -> Result<Self, io::Error> {
        let bytes = read_bounded(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| io::Error::other("it is not ASCII"))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(io::Error::other("it is empty"));
        }
        if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.trim() != text {
            let words = "it holds more than one line of visible ASCII, or begins or ends with a blank";
            return Err(io::Error::other(words));
        }
        Ok(Self(text.into()))
    }
}

/// Reads a file of at most `CREDENTIAL_FILE_BYTES_MAX`.
pub(in crate::store) fn read_bounded(path: &Path) -> Result<Vec<u8>, io::Error> {
    let bytes_max = CREDENTIAL_FILE_BYTES_MAX;
    let mut bytes = Vec::new();
    let more = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(more).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(io::Error::other(format!("it has more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn reads_one_line_of_visible_ascii_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let longest = "x".repeat(CREDENTIAL_FILE_BYTES_MAX);
        for (text, wanted) in [
            ("secret-1", Some("secret-1")),
            ("secret-1\n", Some("secret-1")),
            ("secret-1\r\n", Some("secret-1")),
            ("user pass", Some("user pass")),
            (&longest, Some(longest.as_str())),
            (&longest[1..], Some(&longest[1..])),
            (&format!("{longest}x"), None),
            ("", None),
            ("\n", None),
            ("secret-1\n\n", None),
            ("secret-1\r\nX-Admin: 1", None),
            ("secret\u{0}", None),
            (" secret-1", None),
            ("secret-1 ", None),
            ("s\u{e9}cret", None),
        ] {
            fs::write(&path, text).unwrap();
            let read = Secret::read(&path).ok();
            assert_eq!(read.as_ref().map(Secret::as_str), wanted, "{}", text.len());
        }
        assert!(!format!("{:?}", Secret("secret-1".into())).contains("secret-1"));
    }

    #[test]
    fn keeps_the_last_good_secret() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        assert!(SecretFile::open(&path, Secret::read).is_err(), "nothing to start with");
        fs::write(&path, "secret-1").unwrap();
        let file = SecretFile::open(&path, Secret::read).unwrap();
        assert!(file.look().is_none());
        fs::write(&path, "secret-2\n").unwrap();
        assert_eq!(file.look().as_deref(), Some(&Secret("secret-1".into())));
        for broken in [Some(""), Some("two\nlines"), None] {
            match broken {
                Some(text) => fs::write(&path, text).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            assert!(file.look().is_none() && file.held().as_str() == "secret-2");
        }
    }
}
