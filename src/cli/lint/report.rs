//! What was found in a list, for people, scripts, GitHub and code scanners.
//!
//! Everything of the server is spelled out where it would not show, or would steer a terminal.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cli::Exit;
use crate::cli::listing::Found;
use crate::cli::output::{Format, Warnings, plural, sarif_log, sarif_uri};
use crate::lint::{Finding, Item, ItemKind, Rule, Severity, score};
use crate::policy::visible;

/// What was found, and in what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report<'r> {
    pub found: &'r Found,
    pub findings: &'r [Finding],
    pub warnings: Warnings,
}

/// Characters of what a server says that are repeated of it.
const WORDS_SHOWN: usize = 160;
/// As many codes as fit beside each other.
const CODES_NAMED: usize = 6;

impl Report<'_> {
    /// Writes the report to standard output.
    pub fn print(&self, format: Format) {
        match format {
            Format::Github => anstream::print!("{}", self.github()),
            Format::Human => anstream::print!("{}", self.human()),
            Format::Json => anstream::println!("{:#}", self.json()),
            Format::Sarif => anstream::println!("{:#}", self.sarif()),
        }
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        let is_failed = self.count(Severity::Error) > 0
            || self.warnings == Warnings::Fail && self.count(Severity::Warning) > 0;
        if is_failed { Exit::Findings } else { Exit::Fine }
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity() == severity).count()
    }

    fn of(&self, index: usize) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.item == index)
    }

    fn items(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.found.listing.items.iter().enumerate()
    }

    /// The mean score of the tools; a list without tools has nothing that could be wrong with them.
    fn mean(&self) -> usize {
        let tools = self.items().filter(|(_, item)| item.kind == ItemKind::Tool);
        let scores: Vec<usize> = tools.map(|(index, _)| self.score(index)).collect();
        scores.iter().sum::<usize>().checked_div(scores.len()).unwrap_or(100)
    }

    fn score(&self, index: usize) -> usize {
        usize::try_from(score(self.of(index))).unwrap_or(0)
    }

    fn summary(&self) -> String {
        let tools = self.found.listing.tools().count();
        format!(
            "{}: {}, {}, {}, {}; mean score {} of 100",
            self.found.name,
            plural(tools, "tool"),
            plural(self.count(Severity::Error), "error"),
            plural(self.count(Severity::Warning), "warning"),
            plural(self.count(Severity::Note), "note"),
            self.mean()
        )
    }

    fn human(&self) -> String {
        let mut out = String::new();
        for (index, item) in self.items().filter(|(index, _)| self.of(*index).next().is_some()) {
            let score = self.score(index);
            out.push_str(&format!("{} (score {score})\n", titled(item)));
            for finding in self.of(index) {
                let (severity, code) = (finding.rule.severity().as_str(), finding.rule.as_str());
                let place = if finding.pointer.is_empty() { "/" } else { finding.pointer.as_str() };
                out.push_str(&format!("  {severity:7} {code} {}: {}\n", visible(place), words(finding)));
            }
            let rules: BTreeSet<Rule> = self.of(index).map(|finding| finding.rule).collect();
            for rule in rules {
                out.push_str(&format!("  {:7} {}\n", "help", rule.remedy()));
            }
        }
        out.push_str(&format!("{}\n", self.summary()));
        let codes: BTreeSet<&str> = self.findings.iter().map(|finding| finding.rule.as_str()).collect();
        if !codes.is_empty() {
            let codes: Vec<&str> = codes.into_iter().take(CODES_NAMED).collect();
            out.push_str(&format!(
                "what it means, and where it is known from: sluicegate codes {}\n",
                codes.join(" ")
            ));
        }
        out
    }

    /// The form for scripts; fields may be added.
    fn json(&self) -> Value {
        let finding = |finding: &Finding| {
            json!({
                "code": finding.rule.as_str(),
                "severity": finding.rule.severity().as_str(),
                "pointer": finding.pointer,
                "message": finding.what,
                "help": finding.rule.remedy(),
                "signature": finding.signature,
            })
        };
        let items = self.items().map(|(index, item)| {
            json!({
                "kind": kind(item),
                "name": item.name,
                "score": self.score(index),
                "findings": self.of(index).map(finding).collect::<Vec<_>>(),
            })
        });
        json!({
            "version": 1,
            "ok": self.exit() == Exit::Fine,
            "list": self.found.name,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "notes": self.count(Severity::Note),
            "score": self.mean(),
            "items": items.collect::<Vec<_>>(),
        })
    }

    fn github(&self) -> String {
        let mut out = String::new();
        for finding in self.findings {
            let Some(item) = self.found.listing.items.get(finding.item) else { continue };
            let command = match finding.rule.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let place = self.found.file.as_ref().map(|(path, text)| {
                let path = path.replace('%', "%25").replace(':', "%3A").replace(',', "%2C");
                format!("file={path},line={},", line_of(text, &item.name))
            });
            let message = format!("{}: {} ({})", titled(item), words(finding), finding.rule.remedy());
            let message = message.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
            let place = place.unwrap_or_default();
            out.push_str(&format!("::{command} {place}title={}::{message}\n", finding.rule.as_str()));
        }
        out.push_str(&format!("{}\n", self.summary()));
        out
    }

    fn sarif(&self) -> Value {
        let level = |rule: Rule| match rule.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let rules = Rule::ALL.iter().map(|rule| {
            json!({
                "id": rule.as_str(),
                "name": format!("{rule:?}"),
                "shortDescription": { "text": rule.meaning() },
                "defaultConfiguration": { "level": level(*rule) },
                "help": { "text": rule.explanation(), "markdown": rule.explanation() },
            })
        });
        let results = self.findings.iter().filter_map(|finding| {
            let item = self.found.listing.items.get(finding.item)?;
            let name = format!("{}/{}{}", kind(item), item.name, finding.pointer);
            let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": name, "kind": "member" }] });
            if let Some((path, text)) = &self.found.file {
                location["physicalLocation"] = json!({
                    "artifactLocation": { "uri": sarif_uri(path) },
                    "region": { "startLine": line_of(text, &item.name) },
                });
            }
            Some(json!({
                "ruleId": finding.rule.as_str(),
                "ruleIndex": Rule::ALL.iter().position(|rule| *rule == finding.rule),
                "level": level(finding.rule),
                "message": { "text": format!("{}: {}; {}", titled(item), words(finding), finding.rule.remedy()) },
                "locations": [location],
            }))
        });
        sarif_log(&rules.collect::<Vec<_>>(), &results.collect::<Vec<_>>())
    }
}

/// What an item is, in a word.
fn kind(item: &Item) -> &'static str {
    match item.kind {
        ItemKind::Instructions => "instructions",
        ItemKind::Prompt => "prompt",
        ItemKind::Resource => "resource",
        ItemKind::Tool => "tool",
    }
}

fn titled(item: &Item) -> String {
    match item.kind {
        ItemKind::Instructions => "instructions of the server".to_owned(),
        ItemKind::Prompt | ItemKind::Resource | ItemKind::Tool => {
            format!("{} {}", kind(item), visible(&item.name).replace('\n', " "))
        }
    }
}

/// What was found, on one line.
fn words(finding: &Finding) -> String {
    let line: Vec<&str> = finding.what.split_whitespace().collect();
    let line = visible(&line.join(" "));
    match line.char_indices().nth(WORDS_SHOWN) {
        Some((at, _)) => format!("{}...`", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// The line on which a text names an item, from 1: of the list in a file as well as of a lock file.
fn line_of(text: &str, name: &str) -> usize {
    let quoted = format!("\"{name}\"");
    let is_name = |line: &str| {
        line.find(&quoted).is_some_and(|at| {
            line.get(..at).is_some_and(|before| {
                before.trim_end().trim_end_matches(':').trim_end().trim_matches('"').ends_with("name")
            })
        })
    };
    text.lines().position(is_name).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_line_of_a_tool() {
        let text = "tools:\n  - name: \"other\"\n  - name: \"add\"\n";
        assert_eq!(line_of(text, "add"), 3);
        assert_eq!(line_of("{\n \"tools\": [\n{ \"name\" : \"add\" }]}", "add"), 3);
        assert_eq!(line_of(text, "absent"), 1);
    }
}
