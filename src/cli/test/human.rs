//! Results for people: what came out otherwise with the line that says so, and one line for each bundle.

use super::super::output::paint;
use super::{Results, Tested, Wish};
use crate::trial::{Report, when};

/// Prints findings to standard error and sums to standard output.
pub(super) fn print(results: &Results) {
    for tested in &results.all {
        match &tested.outcome {
            Ok(report) => tell(results, tested, report),
            Err(why) => anstream::eprintln!("{}: not tested: {why}", tested.bundle.display()),
        }
    }
}

fn tell(results: &Results, tested: &Tested, report: &Report) {
    anstream::eprint!("{}", report.faults.render(paint()));
    let bundle = tested.bundle.display();
    if let [first, rest @ ..] = report.undated.as_slice() {
        let others = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let when = when(results.unix_ms);
        anstream::eprintln!(
            "{bundle}: case `{first}`{others} says no time although rules ask for it, and was judged at {when}; write `at:`"
        );
    }
    anstream::println!("{bundle}: {} passed, {} failed", report.passed(), report.failed());
    if results.coverage == Wish::Told {
        anstream::print!("{}", coverage(results, tested, report));
    }
}

/// The sum, then everything that is not covered, with its place.
fn coverage(results: &Results, tested: &Tested, report: &Report) -> String {
    let (covered, all) = report.coverage.counts();
    let percent = report.coverage.percent();
    let wanted = match report.coverage.reaches(results.fail_under) {
        true => String::new(),
        false => format!(", {} % are wanted", results.fail_under),
    };
    let mut text = format!("{}: {covered} of {all} covered ({percent} %{wanted})\n", tested.bundle.display());
    for rule in &report.coverage.rules {
        if let Some(missing) = rule.missing() {
            let (path, line, column) = (tested.path(&rule.file), rule.place.line, rule.place.column);
            text.push_str(&format!("  {path}:{line}:{column}: `{}`: {missing}\n", rule.rule));
        }
        for release in rule.releases.iter().filter(|release| !release.has_released) {
            let (path, line, column) = (tested.path(&release.file), release.place.line, release.place.column);
            let what = match &release.exception {
                Some(exception) => format!("the exception `{exception}`"),
                None => "its `unless`".to_owned(),
            };
            let missing = format!("no case sees {what} take it back");
            text.push_str(&format!("  {path}:{line}:{column}: `{}`: {missing}\n", rule.rule));
        }
    }
    text
}
