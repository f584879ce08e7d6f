//! The words that people type.

mod audit;
mod certificate;
mod check;
mod codes;
pub mod demo;
mod desk;
mod doctor;
mod drain;
mod eval;
mod explain;
mod history;
mod inject;
mod injector;
mod install;
mod lint;
mod listing;
mod log;
mod opening;
mod output;
mod own;
mod pin;
mod reading;
mod records;
mod redirect;
mod registry;
mod replay;
mod run;
mod sandbox;
mod sandboxed;
mod scan;
mod schema;
mod status;
mod stdio;
mod suggest;
mod tap;
mod test;
mod time;
mod top;
mod versions;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A sidecar that stands in front of one unmodified MCP server and enforces policy files on every message.
#[derive(Debug, Parser)]
#[command(name = "sluicegate", version, about, arg_required_else_help = true)]
struct Words {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Verify an audit trail, or convert it for other tools
    Audit(audit::Options),
    /// Make a certificate for the injector, as a Secret for Kubernetes
    Certificate(certificate::Options),
    /// Check policy files: every mistake with its place, and what was meant
    Check(check::Options),
    /// Say what the number of a finding means, with examples
    Codes(codes::Options),
    /// Watch the gate at work: a sample server, the gate and a client, explained scene by scene
    Demo(demo::Options),
    /// Look at a running gate and what is around it: numbered findings, and what to do about each
    Doctor(doctor::Options),
    /// Tell a running gate that it is about to go, and wait until clients have noticed
    Drain(drain::Options),
    /// Try out which tool is chosen for what users ask, and what another description would change
    Eval(Box<eval::Options>),
    /// Put gates into pods: files of Kubernetes objects in, the same with gates out
    Inject(inject::Options),
    /// Copy this program into a directory, whole or not at all, for a container that runs it
    Install(install::Options),
    /// Answer the API server of Kubernetes, which asks what becomes of pods: the webhook that injects the gate
    Injector(injector::Options),
    /// Look at what a server says of itself: hidden text, orders to the model, false claims, what models misread
    Lint(Box<lint::Options>),
    /// Compare two bundles, and what they decide about recorded calls
    Diff(replay::DiffOptions),
    /// Judge recorded calls by a bundle: which would be decided otherwise
    Replay(replay::ReplayOptions),
    /// Bring a pod's connections to the gate, by a table of nftables
    Redirect(redirect::Options),
    /// Keep tools, tenants and policies of many gates in PostgreSQL
    Registry(Box<registry::Options>),
    /// Write down the tools that a server offers, to be approved, and show what it says otherwise since
    Pin(Box<pin::Options>),
    /// Tell what would become of a message, which rule decides, and why the others do not
    Explain(Box<explain::Options>),
    /// Run the gate in front of a server
    Run(Box<run::Options>),
    /// Start a server in a sandbox: the gate calls itself by this
    #[command(hide = true)]
    Sandboxed(Box<sandboxed::Options>),
    /// Find out what would be redacted in files, or score redaction on a corpus
    Scan(Box<scan::Options>),
    /// Print the JSON Schema of a policy file, for editors
    Schema(schema::Options),
    /// Tell how a running gate stands, on one screen
    Status(status::Options),
    /// Put the gate between a client and a server on pipes alone, as desktop clients start servers
    Stdio(Box<stdio::Options>),
    /// Propose the rules that recorded calls needed, as a patch, and those that none needed
    Suggest(suggest::Options),
    /// Show the decisions of a running gate as they are taken
    Tap(tap::Options),
    /// Run a bundle's own tests (`*.test.yaml`)
    Test(test::Options),
    /// Watch a running gate: rates, refusals, tools, limits and breakers, again every second
    Top(top::Options),
    /// Tell how far a transition between versions of tools has come
    Versions(versions::Options),
}

/// How a verb ended.
///
/// "Could not check" is never success, so that a pipeline cannot take a missing file for a good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Fine = 0,
    /// Findings, failed tests or a failed run.
    Findings = 1,
    /// What was asked could not be done: a file that cannot be read, a port that is taken.
    Unable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Does what the command line says. Exit codes: 0 well, 1 findings, 2 usage, 3 could not.
pub fn main() -> ExitCode {
    match Words::parse().verb {
        Verb::Audit(options) => audit::audit(&options).into(),
        Verb::Certificate(options) => certificate::certificate(&options).into(),
        Verb::Check(options) => check::check(&options).into(),
        Verb::Codes(options) => codes::codes(&options).into(),
        Verb::Demo(options) => demo::run(&options),
        Verb::Drain(options) => drain::drain(&options).into(),
        Verb::Eval(options) => eval::eval(&options).into(),
        Verb::Doctor(options) => doctor::doctor(&options).into(),
        Verb::Lint(options) => lint::lint(&options).into(),
        Verb::Injector(options) => injector::injector(&options).into(),
        Verb::Diff(options) => replay::diff(&options).into(),
        Verb::Redirect(options) => redirect::redirect(&options).into(),
        Verb::Inject(options) => inject::inject(&options).into(),
        Verb::Install(options) => install::install(&options).into(),
        Verb::Replay(options) => replay::replay(&options).into(),
        Verb::Registry(options) => registry::registry(&options).into(),
        Verb::Pin(options) => pin::pin(&options).into(),
        Verb::Explain(options) => explain::explain(&options).into(),
        Verb::Run(options) => run::run(&options).into(),
        Verb::Sandboxed(options) => sandboxed::run(&options),
        Verb::Scan(options) => scan::scan(&options).into(),
        Verb::Schema(options) => schema::schema(&options).into(),
        Verb::Status(options) => status::status(&options).into(),
        Verb::Stdio(options) => stdio::run(&options),
        Verb::Suggest(options) => suggest::suggest(&options).into(),
        Verb::Tap(options) => tap::tap(&options).into(),
        Verb::Test(options) => test::test(&options).into(),
        Verb::Top(options) => top::top(&options).into(),
        Verb::Versions(options) => versions::versions(&options).into(),
    }
}
