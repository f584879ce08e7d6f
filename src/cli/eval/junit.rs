//! Results as JUnit XML: one suite, a `testcase` for each case.
//!
//! Source: the schema of `junit-10.xsd` of the Jenkins xUnit plugin; XML 1.0, section 2.2 for characters.

use std::path::Path;

use super::outcome::Results;
use super::report::wrong;

/// The whole document.
pub(super) fn of(results: &Results<'_>, file: &Path) -> String {
    let mut body = String::new();
    let regressions = results.regressions();
    for (case, outcome) in results.cases.iter().zip(&results.tally.outcomes) {
        // What was wrong before is known, and fails nothing.
        let is_known = results.before.is_some() && !regressions.contains(&case.name.as_str());
        let name = format!(
            "name=\"{}\" classname=\"{}\"",
            escaped(&case.name),
            escaped(&file.display().to_string())
        );
        if outcome.is_right() {
            body.push_str(&format!("    <testcase {name}/>\n"));
        } else {
            let why = escaped(&wrong(case, outcome));
            let told = if is_known {
                format!("<skipped message=\"wrong before, too: {why}\"/>")
            } else {
                format!("<failure message=\"{why}\" type=\"choice\">{}</failure>", escaped(&case.ask))
            };
            body.push_str(&format!("    <testcase {name}>{told}</testcase>\n"));
        }
    }
    let tests = results.cases.len();
    let wrongs = tests - results.tally.right();
    let failures = if results.before.is_some() { regressions.len() } else { wrongs };
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{}\"", wrongs - failures);
    let suite = escaped(&format!("{}: {}", results.list, results.chooser));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sluicegate\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"0\">\n  <testsuite name=\"{suite}\" {counts}>\n{body}  </testsuite>\n</testsuites>\n"
    )
}

/// A text for an attribute or between tags, without what XML cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
