//! The wrapped server as a process: how it is started, what it hears and says, and how it ends.
//!
//! ```text
//!   us -- OneLine --> stdin   [ process group ]   stdout -- Lines --> us
//!                                 stderr -- Scribe: bounded, redacted --> our log
//! ```
//!
//! Used by the bridge, which serves it over HTTP, and by `sluicegate stdio`, which serves it on pipes.
//!
//! **What it is not.** No sandbox, unless one is asked for (`serve::sandbox`): the process may do whatever
//! its user may. What it starts belongs to its process group and ends with it; what moves to a session of
//! its own is out of reach, but not from a sandbox.

pub(super) mod ending;
pub(super) mod lines;
pub(super) mod oneline;
pub(super) mod scribe;

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Stdio;
use std::sync::Arc;

use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

use super::sandbox::{Enclosure, Profile, outer};

/// How to start the wrapped server.
#[derive(Debug, Clone)]
pub struct Child {
    /// The program, looked up in `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables given to it on top of those that are inherited by the allow-list.
    pub environment: Vec<(OsString, OsString)>,
    /// What it may do, if that is less than its user may.
    pub sandbox: Option<Arc<Enclosure>>,
}

/// A process that has just been started, and its pipes.
#[derive(Debug)]
pub(super) struct Started {
    pub process: tokio::process::Child,
    pub input: ChildStdin,
    pub output: ChildStdout,
    pub errors: ChildStderr,
}

/// Variables that a child inherits, beside those with a prefix of [`INHERITED_PREFIXES`]. None of
/// them is a place for secrets.
const INHERITED: [&str; 7] = ["HOME", "LANG", "PATH", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV"];
const INHERITED_PREFIXES: [&str; 4] = ["LC_", "NODE_", "PYTHON", "npm_config_"];

/// Those that a child in a sandbox inherits, beside `LC_*`: `HOME` and `TMPDIR` are its work folder, and what
/// tunes an interpreter is named by the operator.
const INHERITED_IN_SANDBOX: [&str; 5] = ["LANG", "PATH", "TZ", "VIRTUAL_ENV", "HOME"];

impl Child {
    /// Starts the process in a group of its own, with all three pipes.
    ///
    /// # Errors
    /// What starting the program says: the operator's fault.
    pub(super) fn start(&self) -> io::Result<Started> {
        let mut command = match &self.sandbox {
            Some(enclosure) => self.launcher(&enclosure.profile),
            None => Command::new(&self.program),
        };
        let has_sandbox = self.sandbox.is_some();
        let mut process = command
            .args(&self.arguments)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| is_inherited(name, has_sandbox)))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        match (process.stdin.take(), process.stdout.take(), process.stderr.take()) {
            (Some(input), Some(output), Some(errors)) => Ok(Started { process, input, output, errors }),
            _ => Err(io::Error::other("a pipe is missing")),
        }
    }

    /// The command up to the arguments of the server. We start what we run as, whatever lies at its name by now.
    fn launcher(&self, profile: &Profile) -> Command {
        let mut launcher = Command::new("/proc/self/exe");
        launcher.arg(outer::VERB).arg(format!("--parent={}", std::process::id()));
        launcher.args(profile.words()).arg("--").arg(&self.program);
        launcher
    }
}

fn is_inherited(name: &OsStr, has_sandbox: bool) -> bool {
    name.to_str().is_some_and(|name| {
        if has_sandbox {
            return INHERITED_IN_SANDBOX.contains(&name) || name.starts_with("LC_");
        }
        INHERITED.contains(&name) || INHERITED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherits_by_a_list() {
        for (name, inherited, in_sandbox) in [
            ("PATH", true, true),
            ("LC_ALL", true, true),
            ("npm_config_cache", true, false),
            ("PYTHONPATH", true, false),
            ("PATHS", false, false),
            ("AWS_SECRET_ACCESS_KEY", false, false),
            ("LD_PRELOAD", false, false),
            ("SLUICEGATE_TOKEN", false, false),
            ("lc_all", false, false),
        ] {
            assert_eq!(is_inherited(OsStr::new(name), false), inherited, "{name}");
            assert_eq!(is_inherited(OsStr::new(name), true), in_sandbox, "{name} in a sandbox");
        }
    }
}
