//! What a verb found, told to people, editors, pipelines and dashboards.
//!
//! **Why.** The same findings are read in a terminal, by a script, by a code scanner and beside a
//! pull request. A verb collects [`Account`]s and says nothing by itself; what they look like and how
//! the process ends is decided here, once for all verbs.
//!
//! **The JSON** has one object: `version` (1; a change that could break a reader raises it), `ok`
//! (whether the exit code is 0), `errors` and `warnings` (how many), `files` (that were read), `counts`
//! (what the verb counted, such as `tools` and `rules`), `unable` (bundles about which nothing could be
//! said, each with `bundle` and `message`), and `findings`: each has `code`, `severity` (`error` or
//! `warning`), `message`, `help` (or null), `file`, `line`, `column`, `end_line`, `end_column`, and
//! where one word was meant for another a `suggestion` with `replacement` and its own four places.
//!
//! **Columns** count from 1, and an end lies behind the last character. People, JSON and GitHub get
//! characters (Unicode scalar values); SARIF gets UTF-16 code units and says so (`columnKind`), for that
//! is what editors and scanners count in.

mod github;
mod human;
mod json;
mod place;
mod sarif;

pub(super) use human::paint;
pub(super) use sarif::{plain_log as sarif_log, uri as sarif_uri};

use clap::ValueEnum;

use super::Exit;
use crate::policy::{Faults, Severity};

/// For whom findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// Workflow commands, which GitHub shows beside the lines of a pull request
    Github,
    /// For a terminal: the line, what is wrong with it, and what to do
    #[default]
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
}

/// What a verb found in one bundle, or why it found nothing out.
#[derive(Debug)]
pub(super) struct Account {
    /// The bundle as it was named.
    pub bundle: String,
    /// The files that were read, by paths that can be opened from here.
    pub files: Vec<String>,
    /// What is wrong, its files named likewise.
    pub faults: Faults,
    /// What was counted, by names that stay.
    pub counts: Vec<(&'static str, usize)>,
    /// What to say of it in the end: a line for people.
    pub summary: String,
    /// Why nothing can be said of it; then there are no faults.
    pub unable: Option<String>,
}

/// Everything that one run found.
#[derive(Debug)]
pub(super) struct Report {
    pub accounts: Vec<Account>,
    pub warnings: Warnings,
}

/// What a warning does to the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Warnings {
    /// Nothing.
    Pass,
    /// What an error does.
    Fail,
}

impl Account {
    /// An account of a bundle that could not be looked at.
    pub fn unable(bundle: String, why: String) -> Self {
        Self {
            bundle,
            files: Vec::new(),
            faults: Faults::default(),
            counts: Vec::new(),
            summary: String::new(),
            unable: Some(why),
        }
    }
}

impl Report {
    /// Writes the report to standard output, and what is for people only to standard error.
    pub fn print(&self, format: Format) {
        match format {
            Format::Github => github::print(self),
            Format::Human => human::print(self),
            Format::Json => json::print(self),
            Format::Sarif => sarif::print(self),
        }
    }

    /// How the process ends. What could not be looked at weighs most: it may hide anything.
    pub fn exit(&self) -> Exit {
        if self.accounts.iter().any(|account| account.unable.is_some()) {
            return Exit::Unable;
        }
        let is_failed = self.count(Severity::Error) > 0
            || self.warnings == Warnings::Fail && self.count(Severity::Warning) > 0;
        if is_failed { Exit::Findings } else { Exit::Fine }
    }

    fn count(&self, severity: Severity) -> usize {
        self.accounts.iter().map(|account| account.faults.count(severity)).sum()
    }
}

/// So many of something, in words.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests;
