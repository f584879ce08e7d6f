//! `sluicegate audit verify`: whether a trail is whole, in words that name the file, the line and what is wrong.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Exit;
use crate::cli::output::plural;
use crate::report::{BrokenChain, Checkpoint, CheckpointKey, MissingCheckpoint, Verified, Verifier, trail};

/// Options of `audit verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the trail holds, 1 it does not, 2 usage, 3 something could not be read.\n\n\
                  Files that were put aside are found by the name of the one that is written. Without --key anybody who \n\
                  holds the files can have written them anew; without --copies their end can be missing."
)]
pub struct Options {
    /// The audit file as it was named to the gate; more than one: the files of one trail, oldest first
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The public key of Ed25519 (PEM) that checkpoints must be signed with
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A log in which copies of checkpoints were kept, in any form, oldest first; - for standard input
    #[arg(long, value_name = "FILE")]
    copies: Option<PathBuf>,
}

/// Why a trail was not found whole.
enum Fault {
    /// It is not.
    Broken(String),
    /// That cannot be said.
    Unread(String),
}

/// Verifies a trail and says what it found.
pub fn verify(options: &Options) -> Exit {
    match look(options) {
        Ok(words) => {
            anstream::println!("{words}");
            Exit::Fine
        }
        Err(Fault::Broken(words)) => {
            anstream::eprintln!("{words}");
            Exit::Findings
        }
        Err(Fault::Unread(words)) => {
            anstream::eprintln!("{words}");
            Exit::Unable
        }
    }
}

fn look(options: &Options) -> Result<String, Fault> {
    let key = match &options.key {
        Some(path) => Some(CheckpointKey::read(path).map_err(|error| unread(path, &error))?),
        None => None,
    };
    let has_key = key.is_some();
    let files = match options.files.as_slice() {
        [path] => trail(path).map_err(|error| unread(path, &error))?,
        several => several.to_vec(),
    };
    let Some(last) = files.last() else {
        let path = options.files.first().map(|path| path.display().to_string()).unwrap_or_default();
        return Err(Fault::Unread(format!(
            "cannot read {path}: there is no such file, and none put aside for it"
        )));
    };
    let mut verifier = Verifier::new(key);
    for path in &files {
        let file = File::open(path).map_err(|error| unread(path, &error))?;
        verifier.file(BufReader::new(file)).map_err(|fault| broken(path, &fault))?;
    }
    let sound = verifier.finish().map_err(|fault| broken(last, &fault))?;
    let copies = match &options.copies {
        Some(path) => Some(compare(&verifier, path)?),
        None => None,
    };
    Ok(words(&sound, files.len(), has_key, copies))
}

/// How many copies of checkpoints stand in the trail.
fn compare(verifier: &Verifier, path: &Path) -> Result<u64, Fault> {
    let mut copies = Vec::new();
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(|error| unread(path, &error))?))
    };
    for line in reader.split(b'\n') {
        let line = line.map_err(|error| unread(path, &error))?;
        copies.extend(Checkpoint::all_in(&String::from_utf8_lossy(&line)));
    }
    if copies.is_empty() {
        return Err(Fault::Unread(format!("{}: there is no checkpoint in it", path.display())));
    }
    let missing = |missing: MissingCheckpoint| {
        let help = "take the files as they were shipped elsewhere, and look who may write here";
        Fault::Broken(format!("{}: {missing}\n  help: {help}", path.display()))
    };
    verifier.compare(copies.into_iter()).map_err(missing)
}

fn broken(path: &Path, broken: &BrokenChain) -> Fault {
    Fault::Broken(format!("{}: {broken}\n  help: {}", path.display(), broken.fault.help()))
}

fn words(sound: &Verified, files: usize, has_key: bool, copies: Option<u64>) -> String {
    let count = |number: u64, what: &str| plural(usize::try_from(number).unwrap_or(usize::MAX), what);
    let mut words = format!(
        "the trail holds: {} in {}, {}",
        count(sound.records, "record"),
        plural(files, "file"),
        count(sound.starts, "start"),
    );
    let mut add = |number: u64, what: &str, more: &str| {
        if number > 0 {
            words += &format!(", {}{more}", count(number, what));
        }
    };
    add(sound.torn, "line", " cut off by a crash");
    add(sound.repeated, "line", " written twice after a failure");
    let proof = if has_key { " signed by the key" } else { ", signatures not looked at (--key)" };
    add(sound.checkpoints, "checkpoint", proof);
    if sound.checkpoints > 0 {
        add(sound.uncovered, "record", " under no checkpoint");
    }
    if let Some(copies) = copies {
        add(copies, "copied checkpoint", " found in it");
    }
    words
}

fn unread(path: &Path, error: &io::Error) -> Fault {
    Fault::Unread(format!("cannot read {}: {error}", path.display()))
}
