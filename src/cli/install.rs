//! `sluicegate install`: this program, put where another container finds it.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;

/// Options of `install`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where to put it, as `sluicegate`
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// What anybody may do with it: read and run.
const MODE: u32 = 0o555;

/// Copies the running program.
pub fn install(options: &Options) -> Exit {
    let target = options.directory.join("sluicegate");
    match copy(&target) {
        Ok(()) => Exit::Fine,
        Err(cause) => {
            anstream::eprintln!("sluicegate: cannot write {}: {cause}", target.display());
            Exit::Unable
        }
    }
}

/// Whole or not at all: it takes its name when every byte of it is written.
fn copy(target: &Path) -> io::Result<()> {
    let unfinished = target.with_extension("part");
    // What an earlier attempt left may be read-only.
    match fs::remove_file(&unfinished) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        Ok(()) | Err(_) => {}
    }
    fs::copy(std::env::current_exe()?, &unfinished)?;
    fs::set_permissions(&unfinished, Permissions::from_mode(MODE))?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, target)
}
