//! Results as workflow commands: GitHub shows them beside the lines of a pull request.
//!
//! Source: GitHub Docs, "Workflow commands for GitHub Actions"; the escapes are those of actions/toolkit,
//! `packages/core/src/command.ts`.

use super::{Results, Tested, Wish};
use crate::trial::Report;

/// Prints one command for each finding, and one line for each bundle.
pub(super) fn print(results: &Results) {
    for tested in &results.all {
        let bundle = tested.bundle.display();
        match &tested.outcome {
            Ok(report) => {
                anstream::print!("{}", findings(tested, report));
                if results.coverage == Wish::Told {
                    anstream::print!("{}", uncovered(results, tested, report));
                }
                anstream::println!("{bundle}: {} passed, {} failed", report.passed(), report.failed());
            }
            Err(why) => {
                anstream::println!("::error title=not tested::{}", text(&format!("{bundle}: {why}")));
            }
        }
    }
}

fn findings(tested: &Tested, report: &Report) -> String {
    let commands = report.faults.iter().map(|fault| {
        let help = fault.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
        let place = (fault.line, fault.column);
        let message = format!("{}{help}", fault.message);
        command("error", &tested.path(&fault.file), place, fault.code.as_str(), &message)
    });
    commands.collect()
}

fn uncovered(results: &Results, tested: &Tested, report: &Report) -> String {
    let level = if report.coverage.reaches(results.fail_under) { "notice" } else { "warning" };
    let commands = report.coverage.rules.iter().filter_map(|rule| {
        let message = format!("`{}`: {}", rule.rule, rule.missing()?);
        let place = (rule.place.line, rule.place.column);
        Some(command(level, &tested.path(&rule.file), place, "coverage", &message))
    });
    commands.collect()
}

fn command(level: &str, file: &str, (line, column): (usize, usize), title: &str, message: &str) -> String {
    let (file, title, message) = (property(file), property(title), text(message));
    format!("::{level} file={file},line={line},col={column},title={title}::{message}\n")
}

fn text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(value: &str) -> String {
    text(value).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_ends_a_command() {
        let line = command("error", "a,b:c.yaml", (1, 2), "SG0201", "50%\r\n::error::x");
        assert_eq!(line, "::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=SG0201::50%25%0D%0A::error::x\n");
    }
}
