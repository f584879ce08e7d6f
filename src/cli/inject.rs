//! `sluicegate inject`: files of objects in, the same with gates out.
//!
//! **What is never written.** Nothing at all, where one pod may not run: what is piped into `kubectl apply` would be
//! there without its gate.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use similar::TextDiff;

use super::Exit;
use super::opening::Fault;
use super::output::paint;
use crate::inject::manifest::{Applied, Object, apply};
use crate::inject::{Outcome, Settings};

/// Options of `inject`.
#[derive(Debug, Args)]
#[command(
    after_help = "Comments of documents that change are lost. Exit codes: 0 all is well, 1 a pod may not run or is not as it should be, 2 usage, 3 something could not be read."
)]
pub struct Options {
    /// Files with objects of Kubernetes, YAML or JSON, or - for standard input; may be repeated
    #[arg(short, long = "file", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What the operator decides about injection
    #[arg(long, value_name = "FILE", default_value = "/etc/sluicegate/injector.yaml")]
    settings: PathBuf,
    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default")]
    namespace: String,
    /// Print what would change, as a unified diff
    #[arg(long, conflicts_with = "verify")]
    diff: bool,
    /// Print nothing but what is wrong: pods without the gate that they should have, and ways around one
    #[arg(long)]
    verify: bool,
}

/// Injects into files, and prints what comes of it.
pub fn inject(options: &Options) -> Exit {
    match applied(options) {
        Ok(files) => tell(&files, options),
        Err(fault) => {
            anstream::eprintln!("{fault}");
            fault.exit
        }
    }
}

/// A file and what came of it.
struct File<'o> {
    path: &'o Path,
    applied: Applied,
}

fn applied(options: &Options) -> Result<Vec<File<'_>>, Fault> {
    let settings = settings(&options.settings)?;
    let mut files = Vec::new();
    for path in &options.files {
        let text = read(path)?;
        let applied = apply(&text, &options.namespace, &settings);
        let applied =
            applied.map_err(|fault| super::opening::unable(format!("{}: {fault}", path.display())))?;
        files.push(File { path, applied });
    }
    Ok(files)
}

/// Reads a settings file.
///
/// # Errors
/// What is wrong with it, drawn.
pub(super) fn settings(path: &Path) -> Result<Settings, Fault> {
    let text = read(path)?;
    Settings::parse(&text, &path.display().to_string()).map_err(|faults| {
        let drawn = faults.render(paint());
        Fault::found(format!("{drawn}sluicegate: the settings in {} do not hold", path.display()))
    })
}

fn read(path: &Path) -> Result<String, Fault> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|cause| super::opening::unable(format!("cannot read {}: {cause}", path.display())))
}

fn tell(files: &[File<'_>], options: &Options) -> Exit {
    let mut out = String::new();
    let mut count = 0;
    for file in files {
        if options.verify {
            let findings = file.applied.findings();
            count += findings.len();
            for finding in findings {
                out.push_str(&format!("{}: {finding}\n", file.path.display()));
            }
        } else {
            summarise(&file.applied);
            if options.diff {
                out.push_str(&difference(file));
            } else {
                part(&mut out, &file.applied.text);
            }
        }
    }
    let is_refused = files.iter().any(|file| file.applied.is_refused());
    if is_refused && !options.verify {
        anstream::eprintln!("sluicegate: nothing is written, for what is refused may not run");
        return Exit::Findings;
    }
    // Whoever reads may have read enough.
    let _ = io::stdout().lock().write_all(out.as_bytes());
    if count > 0 { Exit::Findings } else { Exit::Fine }
}

/// Puts a file behind others, parted as YAML parts documents.
fn part(out: &mut String, text: &str) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    if !out.is_empty() && !text.starts_with("---") && !text.starts_with('{') {
        out.push_str("---\n");
    }
    out.push_str(text);
}

fn difference(file: &File<'_>) -> String {
    let Applied { text, before, .. } = &file.applied;
    let path = file.path.display();
    let diff = TextDiff::from_lines(before.as_str(), text.as_str());
    diff.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

/// One line for each pod, on standard error.
fn summarise(applied: &Applied) {
    for Object { place, outcome, .. } in &applied.objects {
        match outcome {
            Outcome::Patched(patched) => {
                anstream::eprintln!("{place}: injected, mode {}", patched.mode);
                for warning in &patched.warnings {
                    anstream::eprintln!("{place}: warning: {warning}");
                }
            }
            Outcome::Refused(refusals) => {
                for refusal in refusals {
                    anstream::eprintln!("{place}: refused: {refusal}");
                }
            }
            Outcome::Skipped(skip) => anstream::eprintln!("{place}: as it was: {skip}"),
        }
    }
    for finding in &applied.around {
        anstream::eprintln!("warning: {finding}");
    }
}
