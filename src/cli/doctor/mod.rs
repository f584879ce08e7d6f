//! `sluicegate doctor`: what is wrong with a running gate or around it, and what to do about it.
//!
//! What a gate tells of itself is judged in `standing`, without asking anybody; `surroundings` tries what only a look
//! from outside can tell. Each check gives one finding with a number, and what could not be checked says so: it is
//! never taken for well.

mod codes;
mod standing;
mod surroundings;

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::{Value, json};

use super::Exit;
use super::desk::{DeskOptions, block_on};
use super::output::plural;
use crate::serve::Target;
use codes::Check;

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "√ is well, ‼ should be looked at, × is wrong, – could not be checked. Each number has a section in \
                  deploy/doctor.md.\nExit codes: 0 nothing is wrong, 1 something is, 2 usage, 3 it could not look."
)]
pub struct Options {
    #[command(flatten)]
    desk: DeskOptions,
    /// The server, to be asked without the gate: what the gate has as --upstream
    #[arg(long, value_name = "URL", value_parser = Target::parse)]
    upstream: Option<Target>,
    /// An address at which others would find the server; nothing may answer there. May be repeated
    #[arg(long, value_name = "HOST:PORT")]
    around: Vec<String>,
    /// The policy files that should be in force
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// A file with certificate authorities (PEM) to believe beside the system's, where issuers are asked
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// How it stands with one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Failure,
    Fine,
    Unchecked,
    Warning,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    check: Check,
    mark: Mark,
    /// A sentence.
    text: String,
    /// What to do; empty where nothing is.
    remedy: String,
}

impl Finding {
    fn new(check: Check, mark: Mark, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, mark, text: text.into(), remedy: remedy.into() }
    }

    fn fine(check: Check, text: impl Into<String>) -> Self {
        Self::new(check, Mark::Fine, text, "")
    }

    fn unchecked(check: Check, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        let why: String = why.into();
        Self::new(check, Mark::Unchecked, format!("not checked whether {}: {why}", check.wanted()), remedy)
    }
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Self::Failure => "×",
            Self::Fine => "√",
            Self::Unchecked => "–",
            Self::Warning => "‼",
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Fine => "ok",
            Self::Unchecked => "unchecked",
            Self::Warning => "warning",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Failure => AnsiColor::Red.on_default().bold(),
            Self::Fine => AnsiColor::Green.on_default(),
            Self::Unchecked => Style::new().dimmed(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
        }
    }
}

/// Looks at everything, and says what it found.
pub fn doctor(options: &Options) -> Exit {
    crate::identity::install_crypto();
    let findings = match block_on(examine(options)) {
        Ok(findings) => findings,
        Err(fault) => {
            anstream::eprintln!("sluicegate: {fault}");
            return Exit::Unable;
        }
    };
    if options.json {
        anstream::println!("{:#}", as_json(&findings));
    } else {
        print(&findings);
    }
    if count(&findings, Mark::Failure) > 0 { Exit::Findings } else { Exit::Fine }
}

async fn examine(options: &Options) -> Vec<Finding> {
    let told = options.desk.told().await;
    let mut findings = vec![standing::reached(&options.desk.admin, told.as_ref())];
    let told = told.ok();
    if let Some(told) = &told {
        findings.extend(standing::examine(told));
        findings.push(surroundings::clock(told, crate::store::unix_ms()));
        findings.push(surroundings::disk(told));
        findings.extend(surroundings::issuer_clocks(told, options.ca_file.as_deref()).await);
    }
    findings.extend(surroundings::around(&options.around, told.as_ref()).await);
    findings.extend(surroundings::upstream(options.upstream.as_ref(), told.as_ref()).await);
    findings.extend(surroundings::files(options.policy.as_deref(), told.as_ref()));
    let is_in_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    findings.extend(is_in_pod.then(surroundings::pod));
    findings.sort_by_key(|finding| finding.check);
    findings
}

fn print(findings: &[Finding]) {
    const SMALL: Style = Style::new().dimmed();
    for Finding { check, mark, text, remedy } in findings {
        let (style, sign, number) = (mark.style(), mark.sign(), check.as_str());
        anstream::println!("{style}{sign}{style:#} {number}  {text}");
        if !remedy.is_empty() {
            anstream::println!("          {remedy} {SMALL}({}){SMALL:#}", check.page());
        }
    }
    let (wrong, odd) = (count(findings, Mark::Failure), count(findings, Mark::Warning));
    let unchecked = count(findings, Mark::Unchecked);
    anstream::println!("{wrong} wrong, {}, {unchecked} not checked", plural(odd, "warning"));
}

fn as_json(findings: &[Finding]) -> Value {
    let findings: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "code": finding.check.as_str(),
                "mark": finding.mark.as_str(),
                "wanted": finding.check.wanted(),
                "text": finding.text,
                "remedy": finding.remedy,
                "page": finding.check.page(),
            })
        })
        .collect();
    json!({ "findings": findings })
}

fn count(findings: &[Finding], mark: Mark) -> usize {
    findings.iter().filter(|finding| finding.mark == mark).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_section_and_every_section_its_number() {
        let page = include_str!("../../../deploy/doctor.md");
        let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## SG")).collect();
        let numbers: Vec<&str> = Check::ALL.iter().map(|check| &check.as_str()[2..]).collect();
        assert_eq!(sections, numbers);
        assert!(Check::ALL.is_sorted());
    }

    #[test]
    fn tells_all_in_json() {
        let findings =
            [Finding::new(Check::Mode, Mark::Warning, "it is in shadow", "start it without --shadow")];
        let told = as_json(&findings);
        assert_eq!(told["findings"][0]["code"], "SG2008");
        assert_eq!(told["findings"][0]["mark"], "warning");
        assert_eq!(told["findings"][0]["page"], "deploy/doctor.md#sg2008");
    }
}
