//! The lock file on disk: read whole, replaced whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::bounds::LOCK_BYTES_MAX;

/// Reads the file; `None` where there is none.
///
/// # Errors
/// What the system says, or that it is too large or no UTF-8.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut text = String::new();
    // One byte more than there may be, for the reader of the text to say so.
    let limit = u64::try_from(LOCK_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// Replaces the file, unless it holds `text` already. Says whether it did.
///
/// A link is followed. Who reads at the same time sees the old file or the new one, after a crash, too.
///
/// # Errors
/// What the system says; the old file is still there then.
pub(super) fn write(path: &Path, text: &str) -> io::Result<bool> {
    if fs::read(path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(false);
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let aside = aside(&target);
    let written = fill(&aside, &target, text).and_then(|()| fs::rename(&aside, &target));
    if written.is_err() {
        // Nothing else may be done about what is left over.
        let _ = fs::remove_file(&aside);
        written?;
    }
    if let Some(directory) = target.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        File::open(directory)?.sync_all()?;
    }
    Ok(true)
}

/// Beside the file, hidden, so that it is no part of the bundle.
fn aside(target: &Path) -> PathBuf {
    target.with_file_name(format!(".tools.lock.{}.new", std::process::id()))
}

fn fill(aside: &Path, target: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(aside)?;
    if let Ok(known) = fs::metadata(target) {
        file.set_permissions(known.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_file_whole_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("tools.lock.yaml");
        assert_eq!(read(&path).expect("it is not there"), None);
        assert!(write(&path, "one").expect("written"));
        assert!(!write(&path, "one").expect("the same"));
        assert!(write(&path, "two").expect("replaced"));
        assert_eq!(read(&path).expect("readable").as_deref(), Some("two"));
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
        let gone = directory.path().join("gone/tools.lock.yaml");
        assert!(write(&gone, "three").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn follows_a_link_and_keeps_the_mode() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let directory = tempfile::tempdir().expect("a directory");
        let (real, link) = (directory.path().join("real"), directory.path().join("tools.lock.yaml"));
        fs::write(&real, "one").expect("written");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("ours");
        symlink(&real, &link).expect("a link");
        assert!(write(&link, "two").expect("replaced"));
        assert_eq!(fs::read_to_string(&real).expect("readable"), "two");
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    }
}
