//! The gate's own sandbox: what it gives up once it knows its files and addresses.
//!
//! In two steps, since Landlock binds the thread that asks and what it starts later. [`lock`] comes before any
//! thread is started; it leaves the ports that are listened at. [`close`] comes when they are bound, before the
//! threads that serve are started; it leaves none, and refuses the calls by which programs are started.
//!
//! **What it is not.** Nothing for a gate that starts its server itself: the launcher needs what is given up
//! here, and the server would be bound by the gate's files. There, the server has a sandbox.

use std::path::{Path, PathBuf};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::set_no_new_privs;

use super::calls::{self, Whose};
use super::fault::Fault;
use super::files::Allowed;
use super::paths::{self, DEVICES, SETTINGS};
use super::standing::Held;

/// What the gate goes on to need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Files and folders that are read: the policy, keys, certificates.
    pub read: Vec<PathBuf>,
    /// Folders that are written to: of the audit.
    pub write: Vec<PathBuf>,
    /// Ports of TCP that are connected to.
    pub connect: Vec<u16>,
    /// Ports of TCP that are listened at.
    pub bind: Vec<u16>,
}

/// What the gate reads of the system: authorities, names of hosts, libraries that resolve them, and itself.
const SYSTEM: [&str; 11] = [
    "/lib",
    "/lib64",
    "/proc",
    "/run/secrets",
    "/run/systemd/resolve",
    "/sys/fs/cgroup",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/var/run/secrets",
];

/// Gives up privileges, core dumps, and files and addresses but `needs`, for this thread and what it starts.
///
/// # Errors
/// [`Fault`] names what the kernel does not have.
pub fn lock(needs: &Needs) -> Result<Held, Fault> {
    let rights = |what: &'static str| move |cause: rustix::io::Errno| Fault::Rights(what, cause.to_string());
    set_no_new_privs(true).map_err(rights("no new privileges"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(rights("no dumps"))?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .map_err(rights("RLIMIT_CORE"))?;
    let held = allowed(needs, needs.bind.clone()).hold()?;
    // An older kernel lets signals, or connections, pass.
    let missing = if held.is_whole { Vec::new() } else { vec!["SG0432".into()] };
    Ok(Held { landlock_abi: held.abi, missing })
}

/// Gives up to listen anywhere else, and system calls that a server of HTTP does not make.
///
/// # Errors
/// As [`lock`].
pub fn close(needs: &Needs) -> Result<(), Fault> {
    allowed(needs, Vec::new()).hold()?;
    calls::give_up(Whose::Gate, &[])
}

/// What the calls of the system are about that [`close`] refuses, for the log: what the gate cannot do should be
/// found there by whoever looks for why.
pub fn refused_calls() -> String {
    calls::refused(Whose::Gate).collect::<Vec<_>>().join(", ")
}

/// The folder of a file, which may be put in its place anew; the file alone where the folder holds other things.
pub fn around(file: &Path) -> PathBuf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.into());
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match file.parent() {
        Some(folder) if folder != Path::new("/etc") && paths::is_apart(folder, home.as_deref(), 1) => {
            folder.into()
        }
        Some(_) | None => file,
    }
}

fn allowed(needs: &Needs, bind: Vec<u16>) -> Allowed {
    let mut read = needs.read.clone();
    read.extend(SYSTEM.iter().chain(&SETTINGS).map(PathBuf::from));
    Allowed {
        read,
        start: Vec::new(),
        write: needs.write.clone(),
        devices: DEVICES.map(PathBuf::from).to_vec(),
        connect: needs.connect.clone(),
        bind,
    }
}
