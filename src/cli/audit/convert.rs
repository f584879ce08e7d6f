//! `sluicegate audit convert`: records in the words of other tools, each with the record itself.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{ecs, ocsf};
use crate::cli::Exit;

/// Options of `audit convert`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all were converted, 1 some lines were no records and were left out, 2 usage, 3 a file could \
                  not be read or written."
)]
pub struct Options {
    /// What to convert to
    #[arg(long, value_enum, value_name = "FORM")]
    to: Form,
    /// Audit files; - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
}

/// The words of other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Elastic Common Schema 8.17
    Ecs,
    /// Open Cybersecurity Schema Framework 1.3: API Activity, Application Lifecycle
    Ocsf,
}

/// Writes the records of all files to standard output.
pub fn convert(options: &Options) -> Exit {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut exit = Exit::Fine;
    for path in &options.files {
        match convert_file(path, options.to, &mut out) {
            Ok(Exit::Fine) => {}
            Ok(other) => exit = other,
            // Whoever reads has had enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return exit,
            Err(error) => {
                anstream::eprintln!("cannot convert {}: {error}", path.display());
                return Exit::Unable;
            }
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            anstream::eprintln!("cannot write: {error}");
            Exit::Unable
        }
        _ => exit,
    }
}

fn convert_file(path: &Path, form: Form, out: &mut impl Write) -> io::Result<Exit> {
    let reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path)?))
    };
    let mut exit = Exit::Fine;
    for (index, line) in reader.split(b'\n').enumerate() {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        let Some((record, text)) = read(&line) else {
            anstream::eprintln!("{}: line {}: not an audit record, left out", path.display(), index + 1);
            exit = Exit::Findings;
            continue;
        };
        let converted = match form {
            Form::Ecs => ecs::event(&record, text),
            Form::Ocsf => ocsf::event(&record, text),
        };
        serde_json::to_writer(&mut *out, &converted)?;
        out.write_all(b"\n")?;
    }
    Ok(exit)
}

/// A record and its line; `None` for anything else.
fn read(line: &[u8]) -> Option<(Value, &str)> {
    let text = str::from_utf8(line).ok()?;
    let record: Value = serde_json::from_str(text).ok()?;
    let is_ours = record["schema"] == "sluicegate.audit/1" && record["stage"].is_string();
    is_ours.then_some((record, text))
}

/// An object of those members that have a value.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let has_value = |value: &Value| match value {
        Value::Null => false,
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    let members = members.into_iter().filter(|(_, value)| has_value(value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// When a record was made, in milliseconds since 1970.
pub(super) fn unix_ms(record: &Value) -> Option<u64> {
    crate::policy::parse_time(record["time"].as_str()?)
}
