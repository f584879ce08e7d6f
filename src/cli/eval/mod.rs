//! `sluicegate eval`: whether the right tool is chosen for what users ask, before a description is shipped.
//!
//! ```text
//!  CASES.yaml --+                    +-- lexical baseline (in here)
//!                |                    +-- lexical and embeddings (an endpoint gives the vectors)
//!  list --------+--> each case to a  +-- endpoint: OpenAI's or Anthropic's form    --> Pick --> Outcome
//!  `describe` --+     chooser        +-- a program that reads and writes JSON
//! ```
//!
//! **What it is not.** It calls no tool. A baseline by words says where descriptions are alike, not what a model
//! would do; a model at temperature 0 may still answer otherwise the next day, so cases can be repeated.

mod cases;
mod chooser;
mod command;
mod embeddings;
mod endpoint;
mod junit;
mod link;
mod outcome;
mod page;
mod report;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::chooser::Chooser;
use self::embeddings::Embeddings;
use self::outcome::{Results, Tally};
use super::listing::ListingOptions;
use super::opening::{Fault, unable};
use super::{Exit, time};
use crate::lint::Listing;

/// Options of `eval`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// What users ask, and which tool should be chosen: YAML
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// A bundle with the tools that were pinned, or a file with the result of a `tools/list`
    #[arg(value_name = "DIR|FILE")]
    list: Option<PathBuf>,
    #[command(flatten)]
    listing: ListingOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// How often each case is asked
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=100))]
    repeat: u32,
    /// Show what the policy's `describe` changes: ask all cases without it, too
    #[arg(long)]
    compare: bool,
    /// Fail only for cases that were right in FILE, which `-o json` wrote before
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The cases in a hundred that must be right, where there is no baseline
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = clap::value_parser!(u32).range(0..=100))]
    fail_under: u32,
    /// For whom to write
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
    /// Write JUnit XML to FILE as well
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page with the matrix of tools to FILE as well
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Who chooses; the words of request and description where none is named.
#[derive(Debug, Args)]
struct ModelOptions {
    /// A model: https://HOST, asked at /v1/chat/completions or /v1/messages, or the whole URL
    #[arg(long, value_name = "URL", requires = "model", group = "asked")]
    endpoint: Option<String>,
    /// In whose form the endpoint is asked
    #[arg(long, value_name = "FORM", value_enum, default_value_t, requires = "endpoint")]
    api: Api,
    /// The name of the model
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    model: Option<String>,
    /// The variable of the environment that holds the key for the endpoint
    #[arg(long, value_name = "VARIABLE", requires = "asked")]
    key_env: Option<String>,
    /// An embedding model of OpenAI's form, asked at /v1/embeddings, or the whole URL: choose by words and vectors
    #[arg(long, value_name = "URL", group = "asked", conflicts_with = "chooser")]
    embeddings: Option<String>,
    /// The name of the embedding model
    #[arg(long, value_name = "NAME", requires = "embeddings")]
    embeddings_model: Option<String>,
    /// A folder that keeps vectors, so that a text is sent once
    #[arg(long, value_name = "DIR", requires = "embeddings")]
    embeddings_cache: Option<PathBuf>,
    /// How near a vector must be to be chosen where no word is shared: a cosine
    #[arg(long, value_name = "COSINE", default_value = "0.3", value_parser = cosine, requires = "embeddings")]
    embeddings_floor: f64,
    /// What a million tokens cost, in and out, as in 0.5,1.5
    #[arg(long, value_name = "IN,OUT", value_parser = price)]
    price: Option<Price>,
    /// A program that chooses, with its arguments, parted by blanks: it reads a case as JSON and answers as JSON
    #[arg(long, value_name = "PROGRAM", conflicts_with = "endpoint")]
    chooser: Option<String>,
    /// How long one answer may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time::parse)]
    answer_timeout: Duration,
    /// How many questions may be asked at all
    #[arg(long, value_name = "NUMBER", default_value = "1000")]
    questions_max: usize,
}

/// In whose form an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Api {
    /// POST /v1/messages
    Anthropic,
    /// POST /v1/chat/completions
    #[default]
    Openai,
}

/// What a million tokens cost.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Price {
    input: f64,
    output: f64,
}

/// For whom results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For a terminal
    #[default]
    Human,
    /// One JSON object, which can be a baseline later
    Json,
}

const HELP: &str = "\
Examples:
  sluicegate eval cases.yaml policies/ --compare              by words alone, and what `describe` changes
  sluicegate eval cases.yaml -- npx @acme/server              the tools that a server on pipes has now
  sluicegate eval cases.yaml policies/ --endpoint https://api.openai.com --model NAME --key-env OPENAI_API_KEY --repeat 3
  sluicegate eval cases.yaml policies/ --endpoint https://api.anthropic.com --api anthropic --model NAME --key-env KEY
  sluicegate eval cases.yaml policies/ --embeddings http://127.0.0.1:11434 --embeddings-model nomic-embed-text
  sluicegate eval cases.yaml tools.json --chooser 'python3 choose.py' --baseline before.json --junit eval.xml

Cases:
  version: 1
  cases:
    - { name: by-hand, ask: Remove the branch feature-1, tool: delete_branch, args: { branch: feature-1 }, not: [archive_branch] }
    - { name: small-talk, ask: How are you?, abstain: true }

Exit codes: 0 enough cases are right, 1 not enough or one that was right before, 2 usage, 3 it could not be asked.";

fn cosine(text: &str) -> Result<f64, &'static str> {
    let found = text.parse::<f64>().ok().filter(|number| (-1.0..=1.0).contains(number));
    found.ok_or("a cosine is a number from -1 to 1")
}

fn price(text: &str) -> Result<Price, &'static str> {
    let of = |text: &str| text.trim().parse::<f64>().ok().filter(|price| price.is_finite() && *price >= 0.0);
    let (input, output) = text.split_once(',').ok_or("two prices are needed, as in 0.5,1.5")?;
    match (of(input), of(output)) {
        (Some(input), Some(output)) => Ok(Price { input, output }),
        _ => Err("a price is a number, as in 0.5,1.5"),
    }
}

/// Asks all cases and prints what came of them.
pub fn eval(options: &Options) -> Exit {
    crate::identity::install_crypto();
    act(options).unwrap_or_else(|fault| {
        anstream::eprintln!("{fault}");
        fault.exit
    })
}

fn act(options: &Options) -> Result<Exit, Fault> {
    let cases = cases::read(&options.cases)?;
    let found = options.listing.read(options.list.as_deref())?;
    cases::check(&cases, &found.listing).map_err(unable)?;
    let before = options.baseline.as_deref().map(report::read_baseline).transpose()?;
    let rounds = if options.compare { 2 } else { 1 };
    let questions = cases.len() * usize::try_from(options.repeat).unwrap_or(1) * rounds;
    if questions > options.model.questions_max {
        return Err(unable(format!(
            "{questions} questions are more than {}; --questions-max allows more",
            options.model.questions_max
        )));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unable)?;
    let embeddings = Embeddings::new(&options.model)?;
    let ask = |listing: &Listing| -> Result<Tally, Fault> {
        runtime.block_on(async {
            let chooser = Chooser::new(&options.model, embeddings.as_ref(), listing).await?;
            outcome::run(&chooser, listing, &cases, options.repeat).await
        })
    };
    let tally = ask(&found.listing)?;
    let plain = options.compare.then(|| ask(&found.plain)).transpose()?;
    let results = Results {
        list: found.name,
        chooser: options.model.called(),
        cases: &cases,
        tally,
        plain,
        before,
        fail_under: options.fail_under,
        price: options.model.price,
        pairs: outcome::pairs(&found.listing),
    };
    match options.output {
        Format::Human => anstream::print!("{}", report::human(&results)),
        Format::Json => anstream::println!("{:#}", report::json(&results)),
    }
    if let Some(path) = &options.junit {
        write(path, &junit::of(&results, &options.cases))?;
    }
    if let Some(path) = &options.html {
        write(path, &page::of(&results))?;
    }
    Ok(if results.is_enough() { Exit::Fine } else { Exit::Findings })
}

fn write(path: &Path, text: &str) -> Result<(), Fault> {
    std::fs::write(path, text).map_err(|cause| unable(format!("cannot write `{}`: {cause}", path.display())))
}

impl ModelOptions {
    /// Who chooses, in words.
    fn called(&self) -> String {
        if let Some(url) = &self.embeddings {
            return embeddings::called(url, self.embeddings_model.as_deref());
        }
        match (&self.endpoint, &self.chooser) {
            (Some(_), _) => format!("the model {}", self.model.as_deref().unwrap_or_default()),
            (None, Some(program)) => format!("the program `{program}`"),
            (None, None) => "words alone (BM25)".to_owned(),
        }
    }
}
