//! Files as pieces: a whole text, or a line at a time in memory that does not grow.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use clap::ValueEnum;

use crate::bounds::{SCAN_FILE_BYTES_MAX, SCAN_LINE_BYTES_MAX};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// One JSON value: a message, or anything else
    Json,
    /// A JSON value on each line
    Jsonl,
    /// Anything else; it is scanned as one string
    Text,
}

/// A file that is being read.
pub(super) struct Input {
    reader: Box<dyn BufRead>,
    form: Form,
    name: String,
    /// The piece at hand.
    bytes: Vec<u8>,
    /// Its line, from 1.
    line: usize,
    is_done: bool,
}

/// What is scanned at once.
#[derive(Debug)]
pub(super) struct Piece<'i> {
    /// Empty where the bytes are no text.
    pub text: &'i str,
    /// Why the bytes are no text, and what to do.
    pub fault: Option<String>,
    /// Never [`Form::Jsonl`].
    pub form: Form,
    /// The line of the file that it begins on, from 1.
    pub line: usize,
    /// Whether it is one line of several.
    pub is_line: bool,
    /// What stood behind it: the end of its line, or nothing.
    pub end: &'static str,
}

impl Piece<'_> {
    /// Whether there is nothing in it to scan.
    pub(super) fn is_blank(&self) -> bool {
        self.fault.is_none() && self.text.bytes().all(|byte| byte.is_ascii_whitespace())
    }
}

impl Input {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn open(path: &Path, form: Option<Form>) -> Result<Self, String> {
        let name = path.display().to_string();
        let reader: Box<dyn Read> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(path).map_err(|cause| format!("cannot read {name}: {cause}"))?)
        };
        let mut reader = BufReader::new(reader);
        let form = match form.or_else(|| by_name(path)) {
            Some(form) => form,
            None => by_start(&mut reader).map_err(|cause| format!("cannot read {name}: {cause}"))?,
        };
        Ok(Self { reader: Box::new(reader), form, name, bytes: Vec::new(), line: 0, is_done: false })
    }

    /// Reads the next piece, which may be blank.
    ///
    /// # Errors
    /// Why there is none though the file goes on: a bound, or the disk.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'_>>, String> {
        let (is_line, bound) = match self.form {
            Form::Jsonl => (true, SCAN_LINE_BYTES_MAX),
            Form::Json | Form::Text => (false, SCAN_FILE_BYTES_MAX),
        };
        if self.is_done {
            return Ok(None);
        }
        self.bytes.clear();
        self.line += 1;
        // One byte more than the bound, and the end of the line, tell what is too long.
        let mut rest = (&mut self.reader).take(u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(2));
        let read =
            if is_line { rest.read_until(b'\n', &mut self.bytes) } else { rest.read_to_end(&mut self.bytes) };
        let read = read.map_err(|cause| format!("cannot read {}: {cause}", self.name))?;
        self.is_done = !is_line || read == 0;
        if read == 0 {
            return Ok(None);
        }
        let has_end = is_line && self.bytes.last() == Some(&b'\n');
        if has_end {
            self.bytes.pop();
        }
        if self.bytes.len() > bound {
            self.is_done = true;
            return Err(self.too_long(bound));
        }
        let form = if is_line { Form::Json } else { self.form };
        let (text, fault) = match std::str::from_utf8(&self.bytes) {
            Ok(text) => (text, None),
            Err(fault) => {
                let at = fault.valid_up_to();
                ("", Some(format!("no UTF-8 at byte {at}; convert it first, such as by iconv")))
            }
        };
        let end = if has_end { "\n" } else { "" };
        Ok(Some(Piece { text, fault, form, line: self.line, is_line, end }))
    }

    fn too_long(&self, bound: usize) -> String {
        let (name, line, mib) = (&self.name, self.line, bound >> 20);
        match self.form {
            Form::Jsonl => format!(
                "{name}:{line}: longer than {mib} MiB, more than any message; shorten or remove the line"
            ),
            Form::Json => format!(
                "{name} is longer than {mib} MiB; write its parts as lines of JSON, which are read one at a time"
            ),
            Form::Text => format!("{name} is longer than {mib} MiB; split it, such as by split -C {mib}m"),
        }
    }
}

fn by_name(path: &Path) -> Option<Form> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match &*ending {
        "json" => Form::Json,
        "jsonl" | "ndjson" => Form::Jsonl,
        _ => Form::Text,
    })
}

/// What has no telling name is JSON if it begins as an object or array does.
fn by_start(reader: &mut impl BufRead) -> std::io::Result<Form> {
    let start = reader.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(if matches!(start, Some(b'{' | b'[')) { Form::Json } else { Form::Text })
}
