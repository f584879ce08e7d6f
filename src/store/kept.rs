//! Something made of files, of which the last good version stays in use.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use ring::digest::{Context, SHA256};

use super::files::{FileFault, read_together};

/// The files, how they are read, and what they held when they were last in order.
///
/// Taking the value never waits for a refresh.
pub struct Kept<T> {
    paths: Box<[PathBuf]>,
    bytes_max: usize,
    read: Reading<T>,
    value: ArcSwap<T>,
    trouble: ArcSwapOption<Box<str>>,
    /// Fingerprint of what was last tried; held for the whole of a refresh, so that two never overlap.
    tried: Mutex<[u8; 32]>,
}

/// Makes a value of the bytes of the files, in their order, or says what is wrong with them.
type Reading<T> = fn(&[Vec<u8>]) -> Result<T, Box<str>>;

/// Why there is no value to begin with, many lines perhaps; the operator's fault.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeptFault(Box<str>);

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// The last good value stays, for this reason.
    Kept(Box<str>),
    /// A new value is in use.
    Replaced,
    /// Nothing had changed since the last attempt.
    Unchanged,
}

impl<T> Kept<T> {
    /// Reads the files, each of at most `bytes_max`, and makes a value of their bytes by `read`.
    ///
    /// # Errors
    /// [`KeptFault`]: without a first good value there is nothing to keep.
    pub fn open(paths: &[PathBuf], bytes_max: usize, read: Reading<T>) -> Result<Self, KeptFault> {
        let files = read_together(paths, bytes_max);
        let tried = Mutex::new(fingerprint(&files));
        let files = files.map_err(|fault| KeptFault(fault.to_string().into()))?;
        let value = ArcSwap::from_pointee(read(&files).map_err(KeptFault)?);
        Ok(Self { paths: paths.into(), bytes_max, read, value, trouble: ArcSwapOption::empty(), tried })
    }

    /// Reads the files again if their bytes differ from those last tried. Blocks on the disk.
    pub fn refresh(&self) -> Refreshed {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let files = read_together(&self.paths, self.bytes_max);
        let fingerprint = fingerprint(&files);
        if fingerprint == *tried {
            return Refreshed::Unchanged;
        }
        *tried = fingerprint;
        match files.map_err(|fault| fault.to_string().into()).and_then(|files| (self.read)(&files)) {
            Ok(value) => {
                self.value.store(Arc::new(value));
                self.trouble.store(None);
                Refreshed::Replaced
            }
            Err(trouble) => {
                self.trouble.store(Some(Arc::new(trouble.clone())));
                Refreshed::Kept(trouble)
            }
        }
    }

    /// The value in use.
    pub fn value(&self) -> Arc<T> {
        self.value.load_full()
    }

    /// Why the last refresh was refused; `None` when it was not.
    pub fn trouble(&self) -> Option<Arc<Box<str>>> {
        self.trouble.load_full()
    }

    /// The files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}

/// Digests what was read, or why it could not be: the same trouble twice is no news.
fn fingerprint(files: &Result<Vec<Vec<u8>>, FileFault>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut part = |bytes: &[u8]| {
        context.update(&bytes.len().to_le_bytes());
        context.update(bytes);
    };
    match files {
        Ok(files) => files.iter().for_each(|file| part(file)),
        Err(fault) => part(fault.to_string().as_bytes()),
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn keeps_the_last_good_value_and_says_once_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        let number = |files: &[Vec<u8>]| {
            let text = String::from_utf8_lossy(&files[0]).into_owned();
            text.parse::<u8>().map_err(|_| format!("`{text}` is no number").into())
        };
        assert!(Kept::open(std::slice::from_ref(&path), 9, number).is_err(), "no file");
        fs::write(&path, "1").unwrap();
        let kept = Kept::open(std::slice::from_ref(&path), 9, number).unwrap();
        assert_eq!((*kept.value(), kept.refresh()), (1, Refreshed::Unchanged));
        fs::write(&path, "x").unwrap();
        assert_eq!(kept.refresh(), Refreshed::Kept("`x` is no number".into()));
        assert_eq!((*kept.value(), kept.refresh()), (1, Refreshed::Unchanged));
        assert_eq!(kept.trouble().as_deref().map(|trouble| &**trouble), Some("`x` is no number"));
        fs::remove_file(&path).unwrap();
        assert!(matches!(kept.refresh(), Refreshed::Kept(why) if why.contains("cannot read")));
        fs::write(&path, "2").unwrap();
        assert_eq!((kept.refresh(), *kept.value()), (Refreshed::Replaced, 2));
        assert_eq!(kept.trouble(), None);
    }
}
