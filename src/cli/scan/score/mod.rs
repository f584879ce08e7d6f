//! `sluicegate scan --score`: how much of a labelled corpus is found, and how much else.
//!
//! **Leak recall**: every letter and digit of a value is covered by findings of whatever kind. **Typed recall**:
//! four fifths of them by findings of the value's type. **Precision**: findings that touch a value. **Eaten**: clean
//! characters inside findings. **False hits**: findings per KB of documents of the bucket `neg`. An evasion case
//! counts when some finding has its type, wherever that lies. The outcome is checked too: documents as written over
//! must still be JSON, keep every character outside the findings, hold no value any more, and change no more
//! when they are written over again.
//!
//! The text is the same, figure by figure, as that of the corpus's own scorer.

mod corpus;
mod floors;
mod kinds;
mod outcome;
mod show;
mod tally;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::input::{Form, Input};
use super::judge::Judge;
use super::{Exit, Format};
use corpus::{Case, Prediction};
use floors::Floor;
use tally::Tally;

/// Options that go with `--score`.
#[derive(Debug, Args)]
pub(super) struct ScoreOptions {
    /// With --score: a line for each type
    #[arg(long, conflicts_with = "files")]
    types: bool,
    /// With --score: name the evasion cases that were missed
    #[arg(long, conflicts_with = "files")]
    misses: bool,
    /// With --score: write what was found, a line for each document
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    findings: Option<PathBuf>,
    /// With --score: fail if a figure is less: recall, typed, precision, f2 or caught
    #[arg(long, value_name = "NAME=LEAST,..", conflicts_with = "files", value_delimiter = ',', value_parser = floors::least)]
    fail_under: Vec<Floor>,
    /// With --score: fail if a figure is more: false-hits, eaten, broken, changed, left or unsettled
    #[arg(long, value_name = "NAME=MOST,..", conflicts_with = "files", value_delimiter = ',', value_parser = floors::most)]
    fail_over: Vec<Floor>,
}

/// Scores the corpus at `path`, and prints the figures.
pub(super) fn score(path: &Path, judge: &Judge, options: &super::Options) -> Exit {
    match scored(path, judge, options) {
        Ok(tally) => {
            let missed = floors::missed(&tally, &options.scoring.fail_under, &options.scoring.fail_over);
            let text = match options.output {
                Format::Human => show::human(&tally, &options.scoring),
                Format::Json => format!("{:#}\n", show::json(&tally, &missed)),
            };
            if options.redacted {
                anstream::eprint!("{text}");
            } else {
                anstream::print!("{text}");
            }
            for why in &missed {
                anstream::eprintln!("sluicegate: {why}");
            }
            if missed.is_empty() { Exit::Fine } else { Exit::Findings }
        }
        Err(why) => {
            anstream::eprintln!("sluicegate: {why}");
            Exit::Unable
        }
    }
}

/// Scans every document of a corpus.
///
/// # Errors
/// The first line that is no document, or a file that cannot be read or written.
fn scored(path: &Path, judge: &Judge, options: &super::Options) -> Result<Tally, String> {
    let shown = path.display();
    let mut input = Input::open(path, Some(Form::Jsonl))?;
    let mut told = options.scoring.findings.as_deref().map(create).transpose()?;
    let mut tally = Tally::default();
    while let Some(piece) = input.next()? {
        if piece.is_blank() {
            continue;
        }
        let at = |why: String| format!("{shown}:{}: {why}", piece.line);
        let case = piece.fault.clone().map_or_else(|| Case::read(piece.text), Err).map_err(at)?;
        let looked = judge.look(&case.doc, Form::Json).map_err(at)?;
        let predictions = corpus::predictions(&case.doc, &looked.seen);
        tally.add(&case, &predictions);
        if let Some(redacted) = &looked.redacted {
            tally.outcome.add(&case, &predictions, redacted, judge);
        }
        if let Some((file, name)) = &mut told {
            let line = json!({ "id": case.id, "preds": predictions.iter().map(Prediction::json).collect::<Vec<_>>() });
            writeln!(file, "{line}").map_err(|cause| format!("cannot write {name}: {cause}"))?;
        }
        if let Some(redacted) = looked.redacted.filter(|_| options.redacted) {
            let line = json!({ "id": case.id, "doc": String::from_utf8_lossy(&redacted) });
            let written = writeln!(std::io::stdout(), "{line}");
            written.map_err(|cause| format!("cannot write to standard output: {cause}"))?;
        }
    }
    if let Some((file, name)) = &mut told {
        file.flush().map_err(|cause| format!("cannot write {name}: {cause}"))?;
    }
    if tally.is_empty() {
        return Err(format!("{shown} holds no documents"));
    }
    Ok(tally)
}

fn create(path: &Path) -> Result<(std::io::BufWriter<std::fs::File>, String), String> {
    let name = path.display().to_string();
    let file = std::fs::File::create(path).map_err(|cause| format!("cannot write {name}: {cause}"))?;
    Ok((std::io::BufWriter::new(file), name))
}
