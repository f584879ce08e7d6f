//! The names of files that were put aside: `audit.jsonl` goes on as `audit.20261123T091355.123Z.jsonl`.
//!
//! The time in the name is when the file was put aside, in UTC, so that names sort as the files follow each other.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::text::Text;
use crate::bounds::AUDIT_NAMES_MAX;

/// `20261123T091355.123Z`
const STAMP_BYTES: usize = 20;

/// The files of the trail that is written to `path`, oldest first, `path` itself last; only those that are there.
///
/// # Errors
/// The directory cannot be read.
pub fn trail(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = put_aside(path)?;
    if path.try_exists()? {
        files.push(path.into());
    }
    Ok(files)
}

/// The files that were put aside for `path`, oldest first.
pub(super) fn put_aside(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory(path))? {
        let found = entry?.path();
        if is_of(path, &found) {
            files.push(found);
        }
    }
    files.sort();
    Ok(files)
}

/// The directory that `path` stands in.
pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name for `path` at `unix_ms`, or within the second after it, that no file has.
pub(super) fn free_name(path: &Path, unix_ms: u64) -> io::Result<PathBuf> {
    for later in 0..AUDIT_NAMES_MAX {
        let name = path.with_file_name(stamped(path, unix_ms.saturating_add(later)));
        if !name.try_exists()? {
            return Ok(name);
        }
    }
    Err(io::Error::other("no free name for the file to be put aside"))
}

fn stamped(path: &Path, unix_ms: u64) -> String {
    let (stem, extension) = parts(path);
    let mut text = Text::over(Vec::new());
    text.time(unix_ms);
    // `2026-11-23T09:13:55.123Z`, without what some file systems and shells dislike.
    let time: String = String::from_utf8_lossy(text.as_bytes()).replace(['-', ':'], "");
    match extension {
        Some(extension) => format!("{stem}.{time}.{extension}"),
        None => format!("{stem}.{time}"),
    }
}

fn is_of(path: &Path, found: &Path) -> bool {
    let (stem, extension) = parts(path);
    let name = found.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    let inner = name.strip_prefix(&*stem).and_then(|rest| rest.strip_prefix('.'));
    let inner = match extension {
        Some(extension) => inner.and_then(|rest| rest.strip_suffix(&*extension)?.strip_suffix('.')),
        None => inner,
    };
    inner.is_some_and(is_stamp)
}

fn is_stamp(text: &str) -> bool {
    let form = "00000000T000000.000Z";
    text.len() == STAMP_BYTES
        && text.bytes().zip(form.bytes()).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        })
}

fn parts(path: &Path) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    (stem, path.extension().map(OsStr::to_string_lossy))
}
