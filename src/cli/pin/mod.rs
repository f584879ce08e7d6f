//! `sluicegate pin`: what a server offers, written down to be approved, and what it says otherwise since.
//!
//! The server is asked itself, and nothing that somebody approved is ever overwritten unasked: where there
//! is a lock file, the difference is shown, and `--approve` takes what it names.

mod accept;
mod file;
pub(super) mod headers;
mod keep;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use self::report::Comparison;
use super::opening::{self, Fault, unable};
use super::sandbox::SandboxOptions;
use super::{Exit, time};
use crate::policy::{
    Definition, LOCK_FILE, Lock, LockedServer, LockedTool, Source, drift, nearest, sandbox_of,
};
use crate::serve::inquiry::{Asked, Offer, inquire};
use crate::serve::{Child, Target};

/// Differences as text with colours, for people; ends in a line feed, if there is any.
#[cfg(feature = "postgres")]
pub(super) fn drift_text(drifts: &[crate::policy::Drift]) -> String {
    report::drift_text(drifts)
}

/// Options of `pin`.
#[derive(Debug, Args)]
pub struct Options {
    /// The policy bundle, in which `tools.lock.yaml` is
    #[arg(long, value_name = "DIR")]
    policy: PathBuf,
    /// The server, over Streamable HTTP: http://HOST:PORT/PATH, https://HOST:PORT/PATH or unix:SOCKET[:/PATH]
    #[arg(long, value_name = "URL", conflicts_with = "command", required_unless_present_any = ["command", "upstream_sse"])]
    upstream: Option<String>,
    /// The server, over HTTP+SSE of 2024-11-05: the URL of its stream, as in http://HOST:PORT/sse
    #[arg(long, value_name = "URL", conflicts_with_all = ["command", "upstream"])]
    upstream_sse: Option<String>,
    /// A file with headers for the server, one a line, as in `Authorization: Bearer ...`
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    header_file: Option<PathBuf>,
    /// Show what the server says otherwise than was approved; 0 if nothing, 1 if something, 3 if it could
    /// not be asked
    #[arg(long, conflicts_with_all = ["approve", "approve_all"])]
    diff: bool,
    /// Take what the server says of TOOL, or take TOOL out where the server has it no more; may be repeated
    #[arg(long, value_name = "TOOL", conflicts_with = "approve_all")]
    approve: Vec<String>,
    /// Take all that the server says
    #[arg(long)]
    approve_all: bool,
    /// Keep what was approved of TOOL so far as its version N, written TOOL@N, before taking what the server says now;
    /// may be repeated
    #[arg(long, value_name = "TOOL@N", conflicts_with = "diff")]
    keep: Vec<String>,
    /// How the difference is shown
    #[arg(short, long, value_name = "FORM", requires = "diff", default_value = "human")]
    output: Form,
    /// How long the server may take for everything together
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time::parse)]
    timeout: Duration,
    /// A variable for the environment of COMMAND, as NAME=VALUE, or NAME to hand it on; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "command")]
    env: Vec<String>,
    #[command(flatten)]
    enclosure: SandboxOptions,
    /// The server, which speaks MCP over standard input and output. It is started in the sandbox of the bundle
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// How a difference is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Human,
    /// For programs: one JSON object on one line.
    Json,
}

/// Asks the server, and compares, approves or writes.
pub fn pin(options: &Options) -> Exit {
    crate::identity::install_crypto();
    act(options).unwrap_or_else(|fault| {
        anstream::eprintln!("{fault}");
        fault.exit
    })
}

fn act(options: &Options) -> Result<Exit, Fault> {
    let path = options.policy.join(LOCK_FILE);
    let mut approved = read(&options.policy, &path)?;
    if !options.keep.is_empty() {
        let lock = approved.get_or_insert_default();
        options.keep.iter().try_for_each(|version| keep::keep(lock, version)).map_err(finding)?;
    }
    let offer = ask(options)?;
    let offered = accept::accept(&offer.tools).map_err(|faults| finding(faults.join("\n")))?;
    let server = offer
        .server
        .map(|(name, version)| LockedServer { name: name.into(), version: version.map(Into::into) });
    if options.approve.is_empty() && !options.approve_all && !options.keep.is_empty() {
        return write(&path, &approved.unwrap_or_default());
    }
    if options.approve_all || approved.is_none() && options.approve.is_empty() && !options.diff {
        return write(&path, &all(approved.as_ref(), server, &offered));
    }
    let is_new = approved.is_none();
    let lock = approved.unwrap_or_default();
    if !options.approve.is_empty() {
        return write(&path, &some(&lock, server, &offered, &options.approve)?);
    }
    let drifts = drift(&lock, &offered);
    let comparison = Comparison { lock: &lock, server: server.as_ref(), offered: &offered, drifts: &drifts };
    match options.output {
        Form::Human => anstream::print!("{}", comparison.human()),
        Form::Json => anstream::println!("{}", comparison.json()),
    }
    if comparison.is_same() {
        return Ok(Exit::Fine);
    }
    if !options.diff && !is_new {
        let advice = "sluicegate: nothing was written; approve with --approve TOOL or --approve-all";
        anstream::eprintln!("{advice}");
    }
    Ok(Exit::Findings)
}

/// Something is wrong with what was found.
fn finding(what: impl std::fmt::Display) -> Fault {
    let mut fault = unable(what);
    fault.exit = Exit::Findings;
    fault
}

fn read(bundle: &Path, path: &Path) -> Result<Option<Lock>, Fault> {
    if !bundle.is_dir() {
        return Err(unable(format!("`{}` is no directory", bundle.display())));
    }
    let Some(text) = file::read(path).map_err(|cause| unable(format!("{}: {cause}", path.display())))? else {
        return Ok(None);
    };
    let source = Source { name: LOCK_FILE.into(), text };
    let read = Lock::read(source).map(Some);
    read.map_err(|faults| finding(format!("{} does not hold\n{faults}", path.display())))
}

/// The server in the sandbox that the bundle asks for, even if other parts of it do not hold: to put them right is
/// what this verb is for.
fn enclosed(options: &Options) -> Result<Child, Fault> {
    let sources = crate::store::read(&options.policy).map_err(unable)?;
    let plan = sandbox_of(&sources).map_err(|faults| {
        let bundle = options.policy.display();
        finding(format!("{faults}\nthe sandbox of {bundle} does not hold, so the server is not started"))
    })?;
    let mut child = opening::child(&options.command, &options.env)?;
    options.enclosure.enclose_asked(&mut child, plan.as_ref())?;
    Ok(child)
}

fn ask(options: &Options) -> Result<Offer, Fault> {
    let headers = options.header_file.as_deref().map(headers::read).transpose().map_err(unable)?;
    let (target, headers) = (|url: &String| Target::parse(url).map_err(unable), headers.unwrap_or_default());
    let asked = match (&options.upstream, &options.upstream_sse) {
        (Some(url), _) => Asked::Network { target: target(url)?, headers },
        (None, Some(url)) => Asked::EventStream { target: target(url)?, headers },
        (None, None) => Asked::Child(enclosed(options)?),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unable)?;
    runtime.block_on(inquire(asked, options.timeout)).map_err(unable)
}

/// A lock with all that is offered; classes that were written down stay.
fn all(approved: Option<&Lock>, server: Option<LockedServer>, offered: &[Arc<Definition>]) -> Lock {
    let known = approved.map(|lock| lock.tools.as_slice()).unwrap_or_default();
    let older = known.iter().filter(|tool| tool.version.is_some()).cloned();
    let tools = offered.iter().map(|definition| approve(known, definition)).chain(older).collect();
    Lock { server, tools, is_list_edited: false }
}

fn approve(known: &[LockedTool], definition: &Arc<Definition>) -> LockedTool {
    let before = known.iter().find(|tool| tool.version.is_none() && tool.name == definition.name);
    LockedTool::approved(Arc::clone(definition), before.and_then(|tool| tool.class))
}

/// What was approved, with what is offered of the tools in `names`, and without those of them that are gone.
fn some(
    lock: &Lock,
    server: Option<LockedServer>,
    offered: &[Arc<Definition>],
    names: &[String],
) -> Result<Lock, Fault> {
    let mut tools = lock.tools.clone();
    for name in names {
        let before = tools.iter().position(|tool| tool.called() == *name);
        let now = offered.iter().find(|definition| definition.name.as_str() == name);
        match (before, now) {
            (_, Some(definition)) => {
                let tool = approve(&tools, definition);
                match before.and_then(|index| tools.get_mut(index)) {
                    Some(place) => *place = tool,
                    None => tools.push(tool),
                }
            }
            (Some(index), None) => drop(tools.remove(index)),
            (None, None) => {
                let known = lock.tools.iter().map(|tool| tool.name.as_str());
                let known = known.chain(offered.iter().map(|definition| definition.name.as_str()));
                let meant = nearest(name, known);
                let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                let name = crate::policy::visible(name);
                return Err(finding(format!(
                    "neither the server nor {LOCK_FILE} has a tool `{name}`{meant}"
                )));
            }
        }
    }
    if let Some(tool) = tools.iter().find(|tool| tool.is_edited) {
        let name = &tool.name;
        return Err(finding(format!(
            "the definition of `{name}` in {LOCK_FILE} was edited after it was approved; undo that, or \
             approve it, too"
        )));
    }
    if lock.is_list_edited {
        return Err(finding(format!(
            "the list of tools in {LOCK_FILE} was edited after it was approved; undo that, or look at --diff \
             and use --approve-all"
        )));
    }
    Ok(Lock { server, tools, is_list_edited: false })
}

fn write(path: &Path, lock: &Lock) -> Result<Exit, Fault> {
    let text = lock.render();
    // What cannot be read back would keep the bundle from taking effect.
    let source = Source { name: LOCK_FILE.into(), text: text.clone() };
    match Lock::read(source) {
        Ok(back) if !back.is_list_edited && back.tools.iter().all(|tool| !tool.is_edited) => {}
        Ok(_) => return Err(unable("what the server says cannot be written so that it reads the same")),
        Err(faults) => return Err(unable(format!("what the server says makes no lock file\n{faults}"))),
    }
    let is_changed =
        file::write(path, &text).map_err(|cause| unable(format!("{}: {cause}", path.display())))?;
    anstream::print!("{}", report::written(lock, path, is_changed));
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests;
