//! Findings as they come: a line each for people, or members of one JSON object.
//!
//! Nothing is kept but counts, so that a file may have as many findings as it likes. The object has
//! `version` (1), `findings` (each with `file`, `line`, `column`, `end_line`, `end_column`, `path` or null,
//! `detector`, `confidence`, `ground`, `rule`, `action`, `mode`, `length` in characters, and `shape`, or `value` where values
//! are wanted), `files`, `counts` (findings by detector), `unable` (`file` and `message`) and `ok` (whether the
//! exit code is 0). Columns count characters from 1, and an end lies behind the last.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::input::Piece;
use super::judge::Seen;
use super::lines::{Lines, Place};
use super::{Exit, Format, Options};
use crate::bounds::SCAN_SHAPE_CHARS_MAX;
use crate::cli::output::plural;
use crate::names::Mode;

/// What is being told.
pub(super) struct Report {
    out: Box<dyn Write>,
    format: Format,
    shows_values: bool,
    explains: bool,
    counts: BTreeMap<&'static str, usize>,
    files: Vec<String>,
    unable: Vec<(String, String)>,
    /// Whether writing failed; then nothing can be vouched for.
    is_broken: bool,
}

impl Report {
    /// A report to standard output, or to standard error where the redacted text goes to the former.
    pub(super) fn new(options: &Options) -> Self {
        let out: Box<dyn Write> =
            if options.redacted { Box::new(anstream::stderr()) } else { Box::new(anstream::stdout()) };
        let mut report = Self {
            out,
            format: options.output,
            shows_values: options.show_values,
            explains: options.explain,
            counts: BTreeMap::new(),
            files: Vec::new(),
            unable: Vec::new(),
            is_broken: false,
        };
        if report.format == Format::Json {
            report.write("{\"version\":1,\"findings\":[");
        }
        report
    }

    pub(super) fn begin(&mut self, path: &Path) {
        self.files.push(path.display().to_string());
    }

    /// Tells what was found in a piece of a file.
    pub(super) fn tell(&mut self, path: &Path, piece: &Piece<'_>, seen: &[Seen]) {
        let mut lines = Lines::new(piece.text, piece.line);
        for one in seen {
            let (start, end) = (lines.seek(one.span.start), lines.seek(one.span.end));
            let value = piece.text.get(one.span.clone()).unwrap_or_default();
            let is_first = self.counts.is_empty();
            *self.counts.entry(one.sight.detector.as_str()).or_default() += 1;
            let text = match self.format {
                Format::Human => self.line(path, one, start, value),
                Format::Json => {
                    let comma = if is_first { "\n" } else { ",\n" };
                    format!("{comma}{}", self.object(path, one, (start, end), value))
                }
            };
            self.write(&text);
        }
    }

    /// Tells why something could not be scanned.
    pub(super) fn unable(&mut self, path: &Path, why: &str) {
        let path = path.display().to_string();
        // The names of files that cannot be read stand in the reason already.
        let told = if why.contains(&path) { why.to_owned() } else { format!("{path}: {why}") };
        anstream::eprintln!("sluicegate: {told}");
        self.unable.push((path, why.to_owned()));
    }

    /// Ends the report: how it went.
    pub(super) fn end(mut self) -> Exit {
        let found: usize = self.counts.values().sum();
        let exit = match (found, self.unable.is_empty()) {
            (_, false) => Exit::Unable,
            (0, true) => Exit::Fine,
            (_, true) => Exit::Findings,
        };
        let text = match self.format {
            Format::Human if found == 0 => format!("nothing found in {}\n", self.files.join(", ")),
            Format::Human => {
                let kinds: Vec<_> =
                    self.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
                format!("{}: {}\n", plural(found, "finding"), kinds.join(", "))
            }
            Format::Json => {
                let unable: Vec<_> =
                    self.unable.iter().map(|(file, why)| json!({ "file": file, "message": why })).collect();
                let (files, counts, unable) = (json!(self.files), json!(self.counts), json!(unable));
                let is_ok = exit == Exit::Fine;
                format!("],\n\"files\":{files},\"counts\":{counts},\"unable\":{unable},\"ok\":{is_ok}}}\n")
            }
        };
        self.write(&text);
        if self.is_broken { Exit::Unable } else { exit }
    }

    fn line(&self, path: &Path, one: &Seen, start: Place, value: &str) -> String {
        let sight = &one.sight;
        let mode = if sight.mode == Mode::Shadow { ", shadow" } else { "" };
        let within = one.path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
        let shown = if self.shows_values { value.escape_debug().to_string() } else { shape(one, value) };
        let why = if self.explains { format!("    {}\n", sight.ground.sentence()) } else { String::new() };
        format!(
            "{}:{}:{}: {} ({}{mode}){within}: {shown}, rule `{}`\n{why}",
            path.display(),
            start.line,
            start.column,
            sight.detector.as_str(),
            sight.confidence().as_str(),
            sight.rule,
        )
    }

    fn object(&self, path: &Path, one: &Seen, (start, end): (Place, Place), value: &str) -> Value {
        let sight = &one.sight;
        let mut object = json!({
            "file": path.display().to_string(),
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "path": one.path,
            "detector": sight.detector.as_str(),
            "confidence": sight.confidence().as_str(),
            "ground": sight.ground.as_str(),
            "rule": sight.rule.as_str(),
            "action": sight.action.as_str(),
            "mode": sight.mode.as_str(),
            "length": value.chars().count(),
        });
        if self.shows_values {
            object["value"] = json!(value);
        } else {
            object["shape"] = json!(shape(one, value));
        }
        object
    }

    fn write(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        self.is_broken |= written.is_err();
    }
}

/// What a value looks like; of a secret, or where there is nothing to hide behind, its length alone.
fn shape(one: &Seen, value: &str) -> String {
    let count = value.chars().count();
    let is_plain = value.chars().any(char::is_alphanumeric) && !one.sight.detector.is_secret();
    if is_plain && count <= SCAN_SHAPE_CHARS_MAX { likeness(value) } else { plural(count, "character") }
}

/// `9` for a digit, `A` and `a` for letters, the rest as it is.
fn likeness(value: &str) -> String {
    let like = |character: char| match character {
        _ if character.is_numeric() => '9',
        _ if character.is_uppercase() => 'A',
        _ if character.is_alphabetic() => 'a',
        _ if character.is_ascii_graphic() || character == ' ' => character,
        _ => '?',
    };
    value.chars().map(like).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_likeness_keeps_no_letter_and_no_digit() {
        for (value, wanted) in [
            ("123-45-6789", "999-99-9999"),
            ("Ann.\u{c9}lie@example.com", "Aaa.Aaaa@aaaaaaa.aaa"),
            ("\u{661}\n\u{4e2d}", "9?a"),
        ] {
            assert_eq!(likeness(value), wanted);
        }
    }
}
