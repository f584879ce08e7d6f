//! `sluicegate sandboxed`: the launcher of a server in a sandbox. The gate calls itself by this hidden verb.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::serve::sandbox::inner::{self, Found};
use crate::serve::sandbox::outer::{self, Order, UNABLE};
use crate::serve::sandbox::{Missing, Network, Profile};

/// Options of `sandboxed`; [`Profile::words`] writes them.
#[derive(Debug, Args, Default)]
pub struct Options {
    /// Whether we are in the namespaces already
    #[arg(long)]
    inside: bool,
    /// The process that starts us
    #[arg(long, value_name = "NUMBER")]
    parent: u32,
    /// Whether missing parts are done without
    #[arg(long)]
    best_effort: bool,
    /// Whether some hosts are reached through the gate
    #[arg(long)]
    net: bool,
    #[arg(long, value_name = "PATH")]
    read: Vec<PathBuf>,
    #[arg(long, value_name = "DIR")]
    program: Vec<PathBuf>,
    #[arg(long, value_name = "HOST:PORT")]
    host: Vec<String>,
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    #[arg(long, value_name = "SOCKET")]
    door: Option<String>,
    #[arg(long, value_name = "SHA-256")]
    digest: Option<Box<str>>,
    #[arg(long, value_name = "SECONDS")]
    cpu: Option<u64>,
    #[arg(long, value_name = "NUMBER")]
    processes: Option<u64>,
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    #[arg(long, value_name = "PERCENT")]
    cpu_percent: Option<u64>,
    #[arg(long, value_name = "DIR")]
    group_in: Option<PathBuf>,
    /// The control group that the launcher made
    #[arg(long, value_name = "DIR")]
    group: Vec<PathBuf>,
    /// Whether everything is done but to start the server
    #[arg(long)]
    trial: bool,
    /// What the launcher found missing
    #[arg(long, value_name = "SG")]
    lacking: Vec<String>,
    /// Where the gate takes requests for hosts
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The server; without one, the sandbox is only tried
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Starts the server, or says on standard error why not.
pub fn run(options: &Options) -> ExitCode {
    let order = Order {
        profile: profile(options),
        parent: options.parent,
        command: options.command.clone(),
        is_trial: options.trial,
    };
    let ended = if options.inside {
        let found =
            Found { port: options.port, lacking: options.lacking.clone(), groups: options.group.clone() };
        inner::serve(&order, &found)
    } else {
        outer::launch(&order)
    };
    ExitCode::from(ended.unwrap_or_else(|fault| {
        // Nobody may be listening, and then the exit code tells.
        let _ = writeln!(std::io::stderr(), "{fault}");
        UNABLE
    }))
}

fn profile(options: &Options) -> Profile {
    Profile {
        network: if options.net { Network::Hosts } else { Network::None },
        missing: if options.best_effort { Missing::Allow } else { Missing::Refuse },
        read: options.read.clone(),
        programs: options.program.clone(),
        work: options.work.clone(),
        digest: options.digest.clone(),
        cpu_seconds: options.cpu,
        processes: options.processes,
        memory_mib: options.memory,
        cpu_percent: options.cpu_percent,
        group: options.group_in.clone(),
        door: options.door.clone(),
        hosts: options.host.clone(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn reads_a_profile_as_it_was_written() {
        let full = Profile {
            network: Network::Hosts,
            missing: Missing::Allow,
            read: vec!["/srv/a b".into(), "/srv/--net".into()],
            programs: vec!["/opt/acme".into()],
            work: Some("/var/lib/acme".into()),
            digest: Some("00ff".into()),
            cpu_seconds: Some(60),
            processes: Some(20),
            memory_mib: Some(256),
            cpu_percent: Some(150),
            group: Some("/sys/fs/cgroup/acme".into()),
            door: Some("sluicegate-00ff".into()),
            hosts: vec!["api.example.com:443".into()],
        };
        for written in [full, Profile::strict()] {
            let words = written.words();
            let words = ["sandboxed", "--parent=1"].map(OsString::from).into_iter().chain(words);
            let read = Words::try_parse_from(words).map(|words| profile(&words.options));
            assert_eq!(read.map_err(|fault| fault.to_string()), Ok(written));
        }
    }
}
