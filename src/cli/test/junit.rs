//! Results as JUnit XML: one suite for each bundle, one `testcase` for each case with its file and line.
//!
//! A case that cannot be read is an `error` of its file, and so is a bundle that cannot be tested. Written
//! by hand: the format is five elements, and the crates for it bring an XML library, dates and UUIDs.
//! Source: the schema of `junit-10.xsd` of the Jenkins xUnit plugin; XML 1.0, section 2.2 for characters.

use std::fmt::Write as _;

use super::{Results, Tested, Wish};
use crate::policy::{Code, Fault};
use crate::trial::{CaseVerdict, Report};

/// The whole document.
pub(super) fn of(results: &Results) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for tested in &results.all {
        let suite = Suite::of(results, tested);
        tests += suite.tests;
        failures += suite.failures;
        errors += suite.errors;
        suites.push_str(&suite.write(&tested.bundle.display().to_string()));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sluicegate\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"{errors}\">\n{suites}</testsuites>\n"
    )
}

/// The cases of one bundle.
#[derive(Default)]
struct Suite {
    tests: usize,
    failures: usize,
    errors: usize,
    body: String,
}

impl Suite {
    fn of(results: &Results, tested: &Tested) -> Self {
        let mut suite = Self::default();
        match &tested.outcome {
            Ok(report) => suite.report(results, tested, report),
            Err(why) => {
                let name = tested.bundle.display().to_string();
                suite.add(&name, &name, 1, Some(("error", "unable", why, "")));
            }
        }
        suite
    }

    fn report(&mut self, results: &Results, tested: &Tested, report: &Report) {
        for case in &report.verdicts {
            self.case(tested, case);
        }
        for fault in report.faults.iter().filter(|fault| is_of_a_file(fault)) {
            let help = fault.help.as_deref().unwrap_or_default();
            let name = format!("line {}", fault.line);
            let outcome = ("error", fault.code.as_str(), fault.message.as_str(), help);
            self.add(&name, &tested.path(&fault.file), fault.line, Some(outcome));
        }
        if results.coverage == Wish::Told {
            let percent = report.coverage.percent();
            let message = format!("{percent} % covered, {} % are wanted", results.fail_under);
            let is_enough = report.coverage.reaches(results.fail_under);
            let outcome = (!is_enough).then_some(("failure", "coverage", message.as_str(), ""));
            self.add("coverage", &tested.bundle.display().to_string(), 1, outcome);
        }
    }

    fn case(&mut self, tested: &Tested, case: &CaseVerdict) {
        let message = case.wrong.join("; ");
        let outcome = (!case.wrong.is_empty()).then_some((
            "failure",
            "expectation",
            message.as_str(),
            case.came.as_str(),
        ));
        self.add(&case.name, &tested.path(&case.file), case.place.line, outcome);
    }

    /// Adds one `testcase`; `outcome` is the element, type, message and text of what went wrong.
    fn add(&mut self, name: &str, file: &str, line: usize, outcome: Option<(&str, &str, &str, &str)>) {
        self.tests += 1;
        let (name, file) = (escape(name), escape(file));
        let _ = write!(
            self.body,
            "    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\""
        );
        let Some((element, kind, message, text)) = outcome else {
            self.body.push_str("/>\n");
            return;
        };
        match element {
            "error" => self.errors += 1,
            _ => self.failures += 1,
        }
        let (message, text) = (escape(message), escape(text));
        let _ = write!(
            self.body,
            ">\n      <{element} type=\"{kind}\" message=\"{message}\">{text}</{element}>\n    </testcase>\n"
        );
    }

    fn write(&self, name: &str) -> String {
        let Self { tests, failures, errors, body } = self;
        let name = escape(name);
        format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n{body}  </testsuite>\n"
        )
    }
}

/// Whether a finding is about a test file, rather than what came of a case.
fn is_of_a_file(fault: &Fault) -> bool {
    fault.code < Code::CaseFailed
}

/// Text for an attribute or an element. What XML 1.0 cannot say is shown as U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // In an attribute these would be read as blanks.
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => escaped.push(c),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_whatever_a_name_may_hold() {
        let text = "a<b>&\"c'\n\t\r\u{0}\u{1b}\u{fffe}\u{1f600}\u{e9}";
        let document = format!("<x y=\"{0}\">{0}</x>", escape(text));
        let parsed = roxmltree::Document::parse(&document).expect("well-formed");
        let wanted = "a<b>&\"c'\n\t\r\u{fffd}\u{fffd}\u{fffd}\u{1f600}\u{e9}";
        assert_eq!(parsed.root_element().attribute("y"), Some(wanted));
        assert_eq!(parsed.root_element().text(), Some(wanted));
    }
}
