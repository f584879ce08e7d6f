//! `sluicegate explain`: what would become of a message, which rule decides, and why the others do not.
//!
//! The message goes through the gate itself, with limits unused and nothing sent anywhere. Values of
//! arguments are shown: whoever asks has brought them.
//!
//! A rule may also be shown as the Cedar policy that it lowers to, for people who trust that language more.

mod cedar;
mod flows;
mod human;
mod json;
mod record;
mod request;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::Exit;
use super::check::open_over;
use super::registry::over::OverOptions;
use super::time::moment;
use crate::identity::Supposed;
use crate::policy::Policy;
use crate::store;
use crate::trial::Question;
use request::Request;

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sluicegate explain DIR --tool db_query --args '{\"limit\": 5000}' --user alice --scope db:query
  sluicegate explain DIR --method resources/read --target file:///data/a.txt --user alice
  sluicegate explain DIR --request request.json
  sluicegate explain DIR --registry URL --tenant acme --tool search --args '{\"q\": \"tea\"}'
  sluicegate explain DIR --audit audit.jsonl --id 01JD...
  sluicegate explain DIR --cedar analyst-read
  sluicegate explain DIR --cedar-schema

A request file holds { \"as\": { \"user\": \"alice\", \"scopes\": [\"db:query\"] }, \"at\": \"2026-11-23T08:00:00+01:00\",
\"headers\": { \"X-Conversation-Id\": \"c1\" }, \"message\": { a JSON-RPC message } }; all but the message may be left
out, and options say it otherwise. Headers of the protocol are made from the message.

Exit codes: 0 explained, whatever the decision; 2 usage, 3 could not be explained.")]
pub struct Options {
    /// The policy bundle
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    caller: CallerOptions,
    /// The arguments of the tool as a JSON object
    #[arg(long, value_name = "JSON", requires = "tool")]
    args: Option<String>,
    /// The prompt, resource or task that --method is about
    #[arg(long, value_name = "TEXT", requires = "method")]
    target: Option<String>,
    /// The id of the record of --audit
    #[arg(long, value_name = "ID", requires = "audit")]
    id: Option<String>,
    /// When, such as 2026-11-23T08:00:00+01:00; now if nothing says
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<u64>,
    #[command(flatten)]
    over: OverOptions,
    /// For whom to write
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

/// What is to be explained.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Subject {
    /// A file with a message, its caller and its time; `-` for standard input
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// A call of this tool
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// A message with this method
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// A record of this audit file, the one with --id
    #[arg(long, value_name = "FILE", requires = "id")]
    audit: Option<PathBuf>,
    /// This rule, as the one Cedar policy that says the same
    #[arg(long, value_name = "RULE")]
    cedar: Option<String>,
    /// The Cedar schema that such policies are validated against
    #[arg(long)]
    cedar_schema: bool,
}

/// Who calls; nobody in particular is anonymous.
#[derive(Debug, Args)]
struct CallerOptions {
    /// The user who calls
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The user's organisation
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The program that speaks for the user
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// What the program runs as
    #[arg(long, value_name = "ID")]
    workload: Option<String>,
    /// A scope of the caller; may come several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A group of the caller; may come several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

/// For whom an explanation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON object
    Json,
}

/// Explains one message, and prints that.
pub fn explain(options: &Options) -> Exit {
    let policy = match open_over(&options.bundle, &options.over) {
        Ok(loaded) => Arc::new(loaded.policy),
        Err(_) => return Exit::Unable,
    };
    let explained = match (&options.subject, &options.id) {
        (Subject { audit: Some(file), .. }, Some(id)) => record::explain(&policy, file, id, options.output),
        (Subject { cedar: Some(rule), .. }, _) => cedar::rule(&policy, rule, options.output),
        (Subject { cedar_schema: true, .. }, _) => Ok(cedar::schema(&policy, options.output)),
        (Subject { .. }, _) => message(&policy, options),
    };
    match explained {
        Ok(text) => {
            anstream::print!("{text}");
            Exit::Fine
        }
        Err(why) => {
            anstream::eprintln!("sluicegate: {why}");
            Exit::Unable
        }
    }
}

/// Explains what the options say.
///
/// # Errors
/// Why that is no question, in one line.
fn message(policy: &Arc<Policy>, options: &Options) -> Result<String, String> {
    let Request { caller, unix_ms, headers, body } = request::of(options)?;
    let supposed = options.caller.over(caller);
    let caller = Supposed::caller(supposed.as_ref());
    let caller = caller.map_err(|fault| format!("there can be no such caller: {fault}"))?;
    let unix_ms = options.at.or(unix_ms).unwrap_or_else(store::unix_ms);
    let question = Question { body, headers, caller, unix_ms };
    let account = question.ask(policy);
    Ok(match options.output {
        Format::Human => human::of(policy, &question, &account),
        Format::Json => format!("{:#}\n", json::of(policy, &question, &account)),
    })
}

impl CallerOptions {
    /// The caller of a request file with what the options say put over it.
    fn over(&self, caller: Option<Supposed>) -> Option<Supposed> {
        let is_silent = [&self.user, &self.tenant, &self.agent, &self.workload].iter().all(|it| it.is_none())
            && self.scopes.is_empty()
            && self.groups.is_empty();
        if is_silent {
            return caller;
        }
        let caller = caller.unwrap_or_default();
        let text = |given: &Option<String>| given.as_deref().map(Into::into);
        let list = |given: &[String], known: Vec<Box<str>>| match given {
            [] => known,
            given => given.iter().map(|one| one.as_str().into()).collect(),
        };
        Some(Supposed {
            user: text(&self.user).unwrap_or(caller.user),
            tenant: text(&self.tenant).or(caller.tenant),
            agent: text(&self.agent).or(caller.agent),
            workload: text(&self.workload).or(caller.workload),
            scopes: list(&self.scopes, caller.scopes),
            groups: list(&self.groups, caller.groups),
            by: caller.by,
        })
    }
}
