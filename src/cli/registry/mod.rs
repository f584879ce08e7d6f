//! `sluicegate registry`: what people do to the registry in PostgreSQL.

#![cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a build without PostgreSQL only says so"))]

pub(super) mod following;
pub(super) mod over;
#[cfg(feature = "postgres")]
mod report;
#[cfg(feature = "postgres")]
mod verbs;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Exit;
use super::opening::{AskOptions, Fault};

/// Options of `registry`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make the version of a tool that waits for it the active one, and show in what it differs from the one before
    Approve(ApproveOptions),
    /// Print all that the registry says of a server, as JSON that `import` takes
    Export(ServerOptions),
    /// Put a bundle in: its tools.lock.yaml as versions of tools, its files as the active bundle; or what was exported
    Import(ImportOptions),
    /// Make the tables, or bring them up to date. Gates never do that
    Migrate(MigrateOptions),
    /// Bring in what gates saw of tools that are no longer what was approved, from their audit trails
    Report(ReportOptions),
    /// Say whether a tenant may use a tool
    Set(SetOptions),
    /// Tell what the registry holds, and how many gates listen
    Status(StatusOptions),
}

/// Where the registry is.
#[derive(Debug, Args)]
struct SiteOptions {
    /// The database: postgres://USER@HOST/DATABASE, or postgres:///DATABASE?host=/FOLDER&user=USER for a socket. TLS
    /// is spoken and verified unless it says sslmode=disable
    #[arg(long, value_name = "URL", env = "SLUICEGATE_REGISTRY")]
    registry: String,
    /// A file with the password; without, the variable PGPASSWORD
    #[arg(long, value_name = "FILE")]
    registry_password_file: Option<PathBuf>,
    #[command(flatten)]
    asking: AskOptions,
}

/// Which server is meant.
#[derive(Debug, Args)]
struct ServerOptions {
    #[command(flatten)]
    site: SiteOptions,
    /// The server, as policies call it; not needed where there is only one
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
}

#[derive(Debug, Args)]
struct ApproveOptions {
    /// The tool
    tool: String,
    /// Its version; not needed where one draft waits
    #[arg(long, value_name = "NUMBER")]
    version: Option<i32>,
    /// Who approves it
    #[arg(long, value_name = "NAME", env = "USER")]
    by: String,
    /// Show the difference, and approve nothing: 0 if there is none, 1 if there is
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    of: ServerOptions,
}

#[derive(Debug, Args)]
struct ImportOptions {
    /// A policy bundle, or a file that `export` wrote
    #[arg(value_name = "DIR|FILE")]
    from: PathBuf,
    /// Let new definitions of tools wait for `approve`
    #[arg(long)]
    draft: bool,
    /// Who approves them and wrote the bundle
    #[arg(long, value_name = "NAME", env = "USER")]
    by: String,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Debug, Args)]
struct MigrateOptions {
    /// Let this role read all tables, and write none: the one that gates connect as
    #[arg(long, value_name = "ROLE")]
    reader: Option<String>,
    /// Let this role write down what gates saw, and nothing else: the one that `registry report` connects as
    #[arg(long, value_name = "ROLE")]
    reporter: Option<String>,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Debug, Args)]
struct ReportOptions {
    /// The audit file as it was named to the gate; - for standard input; more than one: just these
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    site: SiteOptions,
}

#[derive(Debug, Args)]
struct SetOptions {
    /// The tenant, as tokens and keys name it
    tenant: String,
    /// The tool
    tool: String,
    /// Whether it may be used
    #[arg(value_enum)]
    availability: AvailabilityWord,
    /// When that ends, as 2027-03-01 or 2027-03-01T08:00:00Z: what is enabled is disabled then; what is disabled is as
    /// the policy has it
    #[arg(long, value_name = "DATE", value_parser = moment)]
    until: Option<u64>,
    /// The version of the tool that the tenant has
    #[arg(long, value_name = "NUMBER")]
    version: Option<i32>,
    /// How much the tenant may use it, as '{"rate": "60/min"}' or a list of such; `none` takes its limits away. Without,
    /// they stay
    #[arg(long, value_name = "JSON")]
    limits: Option<String>,
    #[command(flatten)]
    of: ServerOptions,
}

#[derive(Debug, Args)]
struct StatusOptions {
    #[command(flatten)]
    site: SiteOptions,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Whether a tenant may use a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AvailabilityWord {
    Disabled,
    Enabled,
}

/// Does what the command line says.
pub fn registry(options: &Options) -> Exit {
    match done(&options.verb) {
        Ok(exit) => exit,
        Err(fault) => {
            anstream::eprintln!("{fault}");
            fault.exit
        }
    }
}

#[cfg(feature = "postgres")]
fn done(verb: &Verb) -> Result<Exit, Fault> {
    match verb {
        Verb::Approve(options) => verbs::approve(options),
        Verb::Export(options) => verbs::export(options),
        Verb::Import(options) => verbs::import(options),
        Verb::Migrate(options) => verbs::migrate(options),
        Verb::Report(options) => report::report(options),
        Verb::Set(options) => verbs::set(options),
        Verb::Status(options) => verbs::status(options),
    }
}

#[cfg(not(feature = "postgres"))]
fn done(verb: &Verb) -> Result<Exit, Fault> {
    let _ = verb;
    Err(super::opening::unable(following::NOT_BUILT))
}

/// Reads a day, which begins at midnight UTC, or a moment.
fn moment(text: &str) -> Result<u64, String> {
    let is_day = text.len() == "2027-03-01".len();
    let found = super::time::moment(&if is_day { format!("{text}T00:00:00Z") } else { text.to_owned() });
    found.map_err(|_| format!("`{text}` is no date; write 2027-03-01, or 2027-03-01T08:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_and_moments() {
        assert_eq!(moment("1970-01-02"), Ok(86_400_000));
        assert_eq!(moment("1970-01-01T01:00:01+01:00"), Ok(1000));
        for text in ["", "tomorrow", "2027-13-01", "2027-03-01 8:00"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
