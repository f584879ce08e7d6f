//! For people at a terminal.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;

use super::Report;
use crate::policy::{Paint, Severity};

/// Draws every finding on standard error; a bundle that is well gets its line on standard output.
pub(super) fn print(report: &Report) {
    let mut codes = BTreeSet::new();
    for account in &report.accounts {
        anstream::eprint!("{}", account.faults.render(paint()));
        codes.extend(account.faults.iter().map(|fault| fault.code.as_str()));
        match &account.unable {
            Some(why) => anstream::eprintln!("sluicegate: {why}"),
            None if account.faults.count(Severity::Error) > 0 => anstream::eprintln!("{}", account.summary),
            None => anstream::println!("{}", account.summary),
        }
    }
    if !codes.is_empty() {
        let codes: Vec<&str> = codes.into_iter().take(CODES_NAMED_MAX).collect();
        anstream::eprintln!("what it means, with examples: sluicegate codes {}", codes.join(" "));
    }
}

/// As many as fit beside each other.
const CODES_NAMED_MAX: usize = 6;

/// Colours for a terminal, none elsewhere or where `NO_COLOR` is set.
pub(in crate::cli) fn paint() -> Paint {
    let is_wanted = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if is_wanted { Paint::Colour } else { Paint::Plain }
}
