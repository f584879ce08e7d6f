//! The place in which a server runs that the gate starts: what an author lets it have, and what a command line may
//! say beside that, which is less.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::arguments::is_private;

/// What a server may see of the network, if it has a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SandboxMode {
    /// Some hosts, through the gate.
    Net,
    /// Nothing.
    Strict,
}

/// What the policy lets a wrapped server have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxPlan {
    /// What it sees of the network.
    pub mode: SandboxMode,
    /// Whether it starts where the machine lacks a part of the sandbox.
    pub is_best_effort: bool,
    /// The program that is started, and its SHA-256 in hexadecimal.
    pub command: Option<(Box<Path>, Box<str>)>,
    /// What it reads, beside the system's and its program's.
    pub read: Vec<PathBuf>,
    /// Folders from which it starts programs.
    pub programs: Vec<PathBuf>,
    /// The folder that it writes to; else one in memory.
    pub work: Option<PathBuf>,
    /// Variables that may be given to it.
    pub env: Vec<Box<str>>,
    /// Hosts that it reaches.
    pub hosts: Vec<String>,
    /// Private networks in which they may be.
    pub private: Vec<IpNet>,
    /// Seconds of a processor for each process.
    pub cpu_seconds: Option<u64>,
    /// Processes and threads at once.
    pub processes: Option<u64>,
    /// MiB of memory for all processes together.
    pub memory_mib: Option<u64>,
    /// Percent of one processor for all processes together.
    pub cpu_percent: Option<u64>,
}

/// Hosts that a server may reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts {
    named: Vec<Host>,
    private: Vec<IpNet>,
}

/// One host: a name or a pattern `*.NAME`, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: Box<str>,
    port: u16,
}

impl SandboxMode {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = &[Self::Strict, Self::Net];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::Strict => "strict",
        }
    }
}

impl Hosts {
    /// Reads `NAME`, `NAME:PORT` and `*.NAME:PORT`; the usual port is 443. Hosts in `private` networks are let be.
    ///
    /// # Errors
    /// The text that is no host.
    pub fn parse(hosts: &[String], private: &[IpNet]) -> Result<Self, String> {
        let named = hosts.iter().map(|text| Host::parse(text).ok_or_else(|| text.clone()));
        Ok(Self { named: named.collect::<Result<_, _>>()?, private: private.to_vec() })
    }

    /// Those with a name of their own, as `NAME:PORT`.
    pub fn exact(&self) -> Vec<String> {
        let exact = self.named.iter().filter(|host| !host.name.starts_with("*."));
        exact.map(|host| format!("{}:{}", host.name, host.port)).collect()
    }

    /// Whether a host is on the list, by its name in any case.
    pub fn allow(&self, name: &str, port: u16) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.named.iter().any(|host| {
            let is_named = match host.name.strip_prefix('*') {
                Some(end) => name.len() > end.len() && name.ends_with(end),
                None => *host.name == *name,
            };
            is_named && host.port == port
        })
    }

    /// Whether everything that `other` names is on this list, too.
    pub fn hold(&self, other: &Self) -> bool {
        other.named.iter().all(|host| self.named.contains(host) || self.allow(&host.name, host.port))
    }

    /// Whether a host may have this address.
    pub fn admit(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !is_private(address) || self.private.iter().any(|network| network.contains(&address))
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok().filter(|port| *port != 0)?),
            None => (text, 443),
        };
        let bare = name.strip_prefix("*.").unwrap_or(name);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let is_name = bare.len() <= 253 && bare.split('.').all(is_label);
        is_name.then(|| Self { name: name.to_ascii_lowercase().into(), port })
    }
}

/// Whether a text names a host, as it may be told to operators.
pub fn is_host(text: &str) -> bool {
    Host::parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(list: &[&str], private: &[&str]) -> Result<Hosts, String> {
        let list: Vec<String> = list.iter().map(|text| (*text).to_owned()).collect();
        let private: Vec<IpNet> = private.iter().map(|text| text.parse().unwrap()).collect();
        Hosts::parse(&list, &private)
    }

    #[test]
    fn allows_what_is_on_the_list_and_nothing_like_it() {
        let hosts = hosts(&["api.example.com", "*.example.org:8443"], &[]).unwrap();
        for (name, port, is_allowed) in [
            ("api.example.com", 443, true),
            ("API.Example.Com.", 443, true),
            ("api.example.com", 80, false),
            ("xapi.example.com", 443, false),
            ("api.example.com.evil.net", 443, false),
            ("a.example.org", 8443, true),
            ("a.b.example.org", 8443, true),
            ("example.org", 8443, false),
            (".example.org", 8443, false),
            ("evilexample.org", 8443, false),
            ("", 443, false),
        ] {
            assert_eq!(hosts.allow(name, port), is_allowed, "{name}:{port}");
        }
        assert_eq!(hosts.exact(), ["api.example.com:443"]);
    }

    #[test]
    fn reads_hosts_and_nothing_else() {
        for text in
            ["", "*", "*.", "a..b", "a:0", "a:65536", "a b", "a:b:1", "https://a", "*.a.*", "[::1]:443"]
        {
            assert_eq!(hosts(&[text], &[]), Err(text.to_owned()));
        }
    }

    #[test]
    fn admits_no_neighbours_unless_told() {
        let (closed, open) = (hosts(&[], &[]).unwrap(), hosts(&[], &["10.0.0.0/8"]).unwrap());
        for (address, is_closed, is_open) in [
            ("10.1.2.3", false, true),
            ("::ffff:10.1.2.3", false, true),
            ("127.0.0.1", false, false),
            ("169.254.169.254", false, false),
            ("::1", false, false),
            ("fd00::1", false, false),
            ("1.1.1.1", true, true),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!((closed.admit(address), open.admit(address)), (is_closed, is_open), "{address}");
        }
    }
}
