//! The secret that handles are sealed with: from a file that replicas share, or made at start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::bounds::SEAL_SECRET_BYTES_MIN;
use crate::gate::{SealKey, WeakSecret};

/// A file with a sealing secret, read again when it changes.
#[derive(Debug)]
pub struct SealFile {
    path: PathBuf,
    /// The SHA-256 of the secret in use.
    seen: Mutex<[u8; 32]>,
}

/// Why a file gives no sealing key; the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum SealFault {
    /// It cannot be read.
    #[error("cannot read the sealing secret {path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It is too short.
    #[error("{path}: {weak}; make one with `head -c 32 /dev/urandom`", path = path.display())]
    Weak {
        /// The file.
        path: PathBuf,
        /// How short it is.
        weak: WeakSecret,
    },
}

/// Makes a key that this process alone has: handles that it sealed end with it.
pub fn fresh_seal_key() -> SealKey {
    let mut secret = [0; SEAL_SECRET_BYTES_MIN];
    // INVARIANT: the system's generator works; ring blocks at boot until it is seeded.
    SystemRandom::new().fill(&mut secret).expect("the system gives random bits");
    // INVARIANT: the secret has the length that is asked for.
    SealKey::derive(&secret).expect("a secret of full length makes a key")
}

impl SealFile {
    /// Reads the key from a file, whose every byte counts.
    ///
    /// # Errors
    /// [`SealFault`] names the file and what is wrong with it.
    pub fn open(path: &Path) -> Result<(Self, SealKey), SealFault> {
        let (seen, key) = read(path)?;
        Ok((Self { path: path.to_owned(), seen: Mutex::new(seen) }, key))
    }

    /// The new key, if the secret has changed since it was last read. Blocks on the file.
    ///
    /// # Errors
    /// [`SealFault`]; the key in use stays.
    pub fn changed(&self) -> Result<Option<SealKey>, SealFault> {
        let (found, key) = read(&self.path)?;
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_new = *seen != found;
        *seen = found;
        Ok(is_new.then_some(key))
    }
}

fn read(path: &Path) -> Result<([u8; 32], SealKey), SealFault> {
    let secret = fs::read(path).map_err(|cause| SealFault::Read { path: path.to_owned(), cause })?;
    let key = SealKey::derive(&secret).map_err(|weak| SealFault::Weak { path: path.to_owned(), weak })?;
    let mut seen = [0; 32];
    seen.copy_from_slice(digest(&SHA256, &secret).as_ref());
    Ok((seen, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_changed_secret_from_the_same_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("seal");
        assert!(matches!(SealFile::open(&path), Err(SealFault::Read { .. })));
        fs::write(&path, [7; SEAL_SECRET_BYTES_MIN - 1]).unwrap();
        assert!(matches!(SealFile::open(&path), Err(SealFault::Weak { weak: WeakSecret(31), .. })));
        fs::write(&path, [7; SEAL_SECRET_BYTES_MIN]).unwrap();
        let (file, _) = SealFile::open(&path).unwrap();
        assert!(file.changed().unwrap().is_none());
        fs::write(&path, [8; SEAL_SECRET_BYTES_MIN + 1]).unwrap();
        assert!(file.changed().unwrap().is_some());
        assert!(file.changed().unwrap().is_none());
    }
}
