//! The records of an audit trail, one after the other.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::output::plural;
use crate::bounds::AUDIT_LINE_BYTES_MAX;
use crate::report::trail;

/// Reads the records of `paths`, and tells on standard error of lines that are none. One path stands for the files that
/// were put aside for it too, `-` for standard input.
///
/// # Errors
/// The file that cannot be read.
pub(super) fn each(paths: &[PathBuf], mut take: impl FnMut(&Value)) -> Result<(), (PathBuf, io::Error)> {
    let files = match paths {
        [path] if path != Path::new("-") => trail(path).map_err(|error| (path.clone(), error))?,
        several => several.to_vec(),
    };
    if let (true, Some(path)) = (files.is_empty(), paths.first()) {
        return Err((path.clone(), io::Error::other("there is no such file, and none put aside for it")));
    }
    let mut unreadable = 0;
    for path in files {
        unreadable += read(&path, &mut take).map_err(|error| (path, error))?;
    }
    if unreadable > 0 {
        anstream::eprintln!("{} left out, being no audit records", plural(unreadable, "line"));
    }
    Ok(())
}

/// Reads one file; how many lines are no records.
fn read(path: &Path, take: &mut impl FnMut(&Value)) -> io::Result<usize> {
    let mut lines: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path)?))
    };
    let limit = u64::try_from(AUDIT_LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
    let (mut line, mut unreadable) = (Vec::new(), 0);
    loop {
        line.clear();
        if (&mut lines).take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(unreadable);
        }
        match serde_json::from_slice::<Value>(&line) {
            Ok(record) if record["schema"] == "sluicegate.audit/1" => take(&record),
            _ if line.iter().all(u8::is_ascii_whitespace) => {}
            // A file may end in the middle of a record.
            Ok(_) | Err(_) => unreadable += 1,
        }
    }
}
