//! The place in which a server is started, as the policy and the command line have it: by `run` and `stdio` to serve, by
//! `pin`, `lint` and `eval` to be asked.

mod bounded;
mod witness;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use clap::Args;
use ipnet::IpNet;

use self::witness::Uncounted;
use super::opening::{Fault, unable};
use crate::policy::{Hosts, SandboxMode, SandboxPlan};
use crate::report::{Audit, Enclosed, Metrics};
use crate::serve::Child;
use crate::serve::sandbox::outer::VERB;
use crate::serve::sandbox::{Door, Enclosure, Held, Missing, Network, Profile, Witness};
use crate::store::Live;

/// Options of the sandbox.
#[derive(Debug, Args)]
pub struct SandboxOptions {
    /// The place in which COMMAND runs
    #[arg(long, value_enum, value_name = "HOW", requires = "command")]
    sandbox: Option<SandboxWord>,
    /// A file or a folder that COMMAND may read, beside the system's and its program's; may be repeated
    #[arg(long, value_name = "PATH", requires = "sandbox")]
    sandbox_read: Vec<PathBuf>,
    /// A folder that COMMAND may read and start programs from, such as that of its interpreter; may be repeated
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    sandbox_program: Vec<PathBuf>,
    /// The folder that COMMAND may write to; by default one in memory, which ends with it
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    sandbox_work: Option<PathBuf>,
    /// The SHA-256 that the program of COMMAND must have, in hexadecimal; COMMAND names it by an absolute path then
    #[arg(long, value_name = "HEX", requires = "sandbox", value_parser = digest)]
    sandbox_sha256: Option<Box<str>>,
    /// Seconds of a processor that one process of COMMAND may use; by default any
    #[arg(long, value_name = "SECONDS", requires = "sandbox", value_parser = clap::value_parser!(u64).range(1..))]
    sandbox_cpu: Option<u64>,
    /// Processes and threads that COMMAND may have at once; by default any. Node.js needs about 15
    #[arg(long, value_name = "NUMBER", requires = "sandbox", value_parser = clap::value_parser!(u64).range(2..))]
    sandbox_processes: Option<u64>,
    /// MiB of memory that all of COMMAND may use together; by default any. It is killed beyond them
    #[arg(long, value_name = "MIB", requires = "sandbox", value_parser = clap::value_parser!(u64).range(1..))]
    sandbox_memory: Option<u64>,
    /// Percent of one processor that all of COMMAND may use together; by default any
    #[arg(long, value_name = "PERCENT", requires = "sandbox", value_parser = clap::value_parser!(u64).range(1..))]
    sandbox_cpu_percent: Option<u64>,
    /// The control group (version 2) in which that of COMMAND is made, for --sandbox-memory, --sandbox-cpu-percent and
    /// --sandbox-processes; by default one that was given to the gate
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    sandbox_group: Option<PathBuf>,
    /// A host that COMMAND may reach with --sandbox=net, as NAME, NAME:PORT or *.NAME:PORT; the usual port is 443. May
    /// be repeated
    #[arg(long, value_name = "HOST", requires = "sandbox")]
    sandbox_host: Vec<String>,
    /// A private network in which hosts of --sandbox-host may be, such as 10.0.0.0/8; by default none. May be repeated
    #[arg(long, value_name = "NETWORK", requires = "sandbox_host")]
    sandbox_private: Vec<IpNet>,
    /// Start COMMAND even where this machine lacks a part of the sandbox, and tell so
    #[arg(long, requires = "sandbox")]
    sandbox_best_effort: bool,
}

/// The place in which a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SandboxWord {
    /// No files but the system's and its own, one folder to write to, no network, no other processes
    Strict,
    /// As strict, and the hosts of --sandbox-host are reached through the gate
    Net,
    /// Whatever its user may
    Off,
}

/// A sandbox that has been tried.
struct Tried {
    held: Held,
    /// What its operator should know, line by line.
    hints: Vec<String>,
}

impl SandboxOptions {
    /// Puts `child` into the sandbox that the policy in force or the command line asks for, once it has been tried on
    /// this machine. Says what holds of it there.
    ///
    /// # Errors
    /// What the machine lacks, or what was asked for that does not exist.
    pub(super) fn enclose(
        &self,
        child: &mut Child,
        live: &Arc<Live>,
        (metrics, audit): (&Arc<Metrics>, &Arc<Audit>),
    ) -> Result<Option<Held>, Fault> {
        let plan = live.peek().upstream.sandbox.clone();
        let witness = witness::of(Arc::clone(live), Arc::clone(metrics), Arc::clone(audit));
        let Some(Tried { held, hints }) = self.try_on(child, plan.as_ref(), witness)? else {
            return Ok(None);
        };
        for hint in hints {
            tracing::warn!("{hint}");
        }
        if held.missing.is_empty() {
            tracing::info!(landlock_abi = held.landlock_abi, "the server runs in a sandbox");
        } else {
            let missing = held.missing.join(" ");
            tracing::warn!(missing, "the sandbox of the server lacks parts; the server is less confined");
        }
        metrics.sandbox_lacks(Enclosed::Server, held.missing.len());
        Ok(Some(held))
    }

    /// The same for a verb that starts the server to ask it something, and has no log: what is to be told goes to
    /// standard error.
    ///
    /// # Errors
    /// As there.
    pub(super) fn enclose_asked(&self, child: &mut Child, plan: Option<&SandboxPlan>) -> Result<(), Fault> {
        let Some(Tried { held, hints }) = self.try_on(child, plan, Arc::new(Uncounted::default()))? else {
            return Ok(());
        };
        for hint in hints {
            anstream::eprintln!("sluicegate: {hint}");
        }
        if !held.missing.is_empty() {
            let missing = held.missing.join(" ");
            anstream::eprintln!("sluicegate: the sandbox of the server lacks parts: {missing}");
        }
        Ok(())
    }

    fn try_on(
        &self,
        child: &mut Child,
        plan: Option<&SandboxPlan>,
        witness: Arc<dyn Witness>,
    ) -> Result<Option<Tried>, Fault> {
        let Some(plan) = bounded::agreed(self, child, plan)? else { return Ok(None) };
        let mut profile = Profile {
            network: match plan.mode {
                SandboxMode::Net => Network::Hosts,
                SandboxMode::Strict => Network::None,
            },
            missing: if plan.is_best_effort { Missing::Allow } else { Missing::Refuse },
            read: plan.read.clone(),
            programs: plan.programs.clone(),
            work: plan.work.clone(),
            digest: self.sandbox_sha256.clone().or(plan.command.as_ref().map(|(_, digest)| digest.clone())),
            cpu_seconds: plan.cpu_seconds,
            processes: plan.processes,
            memory_mib: plan.memory_mib,
            cpu_percent: plan.cpu_percent,
            group: self.sandbox_group.clone(),
            ..Profile::strict()
        };
        approve(&profile, &child.program)?;
        let door = door(&plan, &mut profile, witness)?;
        let tried = trial(&profile, child)?;
        child.sandbox = Some(Arc::new(Enclosure { profile, door }));
        Ok(Some(tried))
    }
}

/// Opens the way out, where there is to be one.
fn door(plan: &SandboxPlan, profile: &mut Profile, witness: Arc<dyn Witness>) -> Result<Option<Door>, Fault> {
    match (plan.mode, plan.hosts.is_empty()) {
        (SandboxMode::Net, true) => {
            return Err(unable("--sandbox=net reaches nothing: name hosts by --sandbox-host, or use strict"));
        }
        (SandboxMode::Strict, false) => {
            return Err(unable("--sandbox-host is for --sandbox=net; strict reaches no host"));
        }
        (SandboxMode::Strict, true) => return Ok(None),
        (SandboxMode::Net, false) => {}
    }
    let hosts = Hosts::parse(&plan.hosts, &plan.private).map_err(|text| {
        unable(format!("`{text}` is no host; write api.example.com, api.example.com:8443 or *.example.com"))
    })?;
    let exact = hosts.exact();
    let door = Door::open(hosts, witness)
        .map_err(|cause| unable(format!("there is no way out of the sandbox: {cause}")))?;
    profile.hosts = exact;
    profile.door = Some(door.name().to_owned());
    Ok(Some(door))
}

/// Builds the sandbox once and starts nothing in it, so that what is wrong is told at the start, not to the first client.
fn trial(profile: &Profile, child: &Child) -> Result<Tried, Fault> {
    let mut launcher = Command::new("/proc/self/exe");
    launcher.arg(VERB).arg(format!("--parent={}", std::process::id())).arg("--trial");
    launcher.args(profile.words()).arg("--").arg(&child.program).args(&child.arguments);
    let said = launcher
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| unable(format!("the sandbox cannot be tried: {cause}")))?;
    if !said.status.success() {
        return Err(unable(String::from_utf8_lossy(&said.stderr).trim_end()));
    }
    let hints = String::from_utf8_lossy(&said.stderr).lines().map(str::to_owned).collect();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let word = |name: &str| text.split_whitespace().find_map(|word| word.strip_prefix(name));
    let landlock_abi = word("landlock_abi=").and_then(|number| number.parse().ok()).unwrap_or(0);
    let missing = word("missing=").unwrap_or_default().split(',').filter(|number| !number.is_empty());
    let held = Held { landlock_abi, missing: missing.map(Into::into).collect() };
    Ok(Tried { held, hints })
}

/// Refuses a program that is not the approved one, before anything is started.
fn approve(profile: &Profile, program: &OsStr) -> Result<(), Fault> {
    use crate::serve::sandbox::{Fault as Unfit, inner::digest_of};
    let Some(digest) = &profile.digest else { return Ok(()) };
    let program = PathBuf::from(program);
    if !program.is_absolute() {
        let why = "a program that is approved by its SHA-256 is named by an absolute path";
        return Err(unable(Unfit::Program(program, why.into())));
    }
    let (found, _) =
        digest_of(&program).map_err(|cause| unable(Unfit::Program(program.clone(), cause.to_string())))?;
    if found.eq_ignore_ascii_case(digest) { Ok(()) } else { Err(unable(Unfit::Digest { program, found })) }
}

fn digest(text: &str) -> Result<Box<str>, String> {
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase().into())
    } else {
        Err(format!("`{text}` is no SHA-256; write the 64 digits that sha256sum prints"))
    }
}
