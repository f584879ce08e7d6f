//! Workflow commands, which GitHub turns into notes beside the lines of a pull request.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions", and the escapes that the
//! runner undoes: `%`, CR and LF everywhere, in properties `:` and `,` as well.

use super::place::{self, Unit};
use super::{Account, Report};
use crate::policy::{Fault, Severity};

/// Writes a line for each finding to standard output, and the summaries to standard error.
pub(super) fn print(report: &Report) {
    for account in &report.accounts {
        lines(account).for_each(|line| anstream::println!("{line}"));
        if account.unable.is_none() {
            anstream::eprintln!("{}", account.summary);
        }
    }
}

pub(super) fn lines(account: &Account) -> impl Iterator<Item = String> {
    let unable = account.unable.iter().map(|why| format!("::error title=sluicegate::{}", message(why)));
    unable.chain(account.faults.iter().map(|fault| line(account, fault)))
}

fn line(account: &Account, fault: &Fault) -> String {
    let place = place::of_fault(&account.faults, fault, Unit::Characters);
    let command = match fault.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let help = fault.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!(
        "::{command} file={},line={},col={},title={}::{}",
        property(&fault.file),
        place.line,
        place.column,
        property(fault.code.as_str()),
        message(&format!("{}{help}", fault.message)),
    )
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
