//! What one server may do, as words that the launcher reads.

use std::ffi::OsString;
use std::path::PathBuf;

use super::egress::Door;

/// What the server sees of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Network {
    /// Some hosts, through the gate.
    Hosts,
    /// Nothing at all.
    None,
}

/// What happens where the machine lacks a part of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// The server starts without that part, and everybody is told.
    Allow,
    /// The server is not started.
    #[default]
    Refuse,
}

/// What one server may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What it sees of the network.
    pub network: Network,
    /// What happens where a part is missing.
    pub missing: Missing,
    /// Files and folders that it may read, beside those of the system and of its program.
    pub read: Vec<PathBuf>,
    /// Folders whose programs it may start, too.
    pub programs: Vec<PathBuf>,
    /// The folder that it may write to; else one in memory, which ends with it.
    pub work: Option<PathBuf>,
    /// The SHA-256 that its program must have, in hexadecimal.
    pub digest: Option<Box<str>>,
    /// Seconds of a processor that one process may use.
    pub cpu_seconds: Option<u64>,
    /// Processes and threads that it may have at once.
    pub processes: Option<u64>,
    /// MiB of memory for all its processes together.
    pub memory_mib: Option<u64>,
    /// Percent of one processor for all its processes together.
    pub cpu_percent: Option<u64>,
    /// The control group of version 2 in which its own is made; else one that was given to the gate.
    pub group: Option<PathBuf>,
    /// The name of the gate's socket for what leaves the sandbox.
    pub door: Option<String>,
    /// Hosts that have an address of their own inside, as `HOST:PORT`.
    pub hosts: Vec<String>,
}

/// A sandbox for a server, and what must live as long as it.
#[derive(Debug)]
pub struct Enclosure {
    /// What the server may do.
    pub profile: Profile,
    /// Where its launchers hand over their ports, if it may reach some hosts.
    pub door: Option<Door>,
}

impl Profile {
    /// The one that shows nothing and lets nothing out.
    pub fn strict() -> Self {
        Self {
            network: Network::None,
            missing: Missing::Refuse,
            read: Vec::new(),
            programs: Vec::new(),
            work: None,
            digest: None,
            cpu_seconds: None,
            processes: None,
            memory_mib: None,
            cpu_percent: None,
            group: None,
            door: None,
            hosts: Vec::new(),
        }
    }

    /// The options of the hidden verb `sandboxed` that say the same.
    pub fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        let mut say = |option: &str, value: OsString| {
            let mut word = OsString::from(option);
            word.push(value);
            words.push(word);
        };
        self.read.iter().for_each(|path| say("--read=", path.into()));
        self.programs.iter().for_each(|path| say("--program=", path.into()));
        self.hosts.iter().for_each(|host| say("--host=", host.into()));
        self.work.iter().for_each(|path| say("--work=", path.into()));
        self.door.iter().for_each(|path| say("--door=", path.into()));
        self.digest.iter().for_each(|digest| say("--digest=", (&**digest).into()));
        self.cpu_seconds.iter().for_each(|number| say("--cpu=", number.to_string().into()));
        self.processes.iter().for_each(|number| say("--processes=", number.to_string().into()));
        self.memory_mib.iter().for_each(|number| say("--memory=", number.to_string().into()));
        self.cpu_percent.iter().for_each(|number| say("--cpu-percent=", number.to_string().into()));
        self.group.iter().for_each(|path| say("--group-in=", path.into()));
        match self.network {
            Network::Hosts => words.push("--net".into()),
            Network::None => {}
        }
        match self.missing {
            Missing::Allow => words.push("--best-effort".into()),
            Missing::Refuse => {}
        }
        words
    }
}
