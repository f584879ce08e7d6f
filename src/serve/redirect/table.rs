//! What connections are brought to the gate, as data: printed and loaded from the same.

use std::fmt;

/// A table that redirects.
///
/// - From outside: every TCP connection to the pod, but for the gate's own ports. One to a port that the gate does not
///   serve is refused there, so that nothing is reachable by having been forgotten here.
/// - From inside: connections through the loopback device to a server's port, by any of the pod's addresses, but for
///   those of the gate's own user, which is how the gate reaches the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    ports: Vec<u16>,
    to: u16,
    except: Vec<u16>,
    uid: u32,
}

/// Why there can be no such table; the operator's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    /// A port is to be redirected, and not.
    #[error("port {0} stands under both --port and --except: name the server's ports under --port only")]
    Both(u16),
    /// What is sent to the gate would be sent to it again.
    #[error("port {0} is the gate's own (--to): a connection to it would go in a circle")]
    Circle(u16),
    /// Root is exempt.
    #[error("--uid 0 would let every process of root past the gate: give the gate a user of its own")]
    Root,
}

/// One of the chains.
#[derive(Debug)]
pub(super) struct Chain {
    pub name: &'static str,
    pub hook: Hook,
    pub rules: Vec<Rule>,
}

/// Where in the kernel a chain is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    Output,
    Prerouting,
}

/// What a rule does with a connection that all its matches fit.
#[derive(Debug)]
pub(super) struct Rule {
    pub matches: Vec<Match>,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// It stays on this machine.
    Loopback,
    /// It is TCP.
    Tcp,
    /// It is TCP, to this port.
    TcpPort(u16),
    /// A process of this user opened it.
    User(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes to this port of ours.
    Redirect(u16),
    /// It goes where it was going.
    Return,
}

impl Table {
    /// The name of the table, of family `inet`.
    pub(super) const NAME: &'static str = "sluicegate";

    /// A table that brings connections to `ports` to the gate at port `to`, run by the user `uid`, and leaves `except`
    /// alone.
    ///
    /// # Errors
    /// [`TableFault`] names the option at fault.
    pub fn new(ports: &[u16], to: u16, except: &[u16], uid: u32) -> Result<Self, TableFault> {
        if uid == 0 {
            return Err(TableFault::Root);
        }
        if ports.contains(&to) {
            return Err(TableFault::Circle(to));
        }
        if let Some(port) = ports.iter().find(|port| except.contains(port)) {
            return Err(TableFault::Both(*port));
        }
        let sorted = |ports: &[u16]| {
            let mut ports = ports.to_vec();
            ports.sort_unstable();
            ports.dedup();
            ports
        };
        let mut except = sorted(except);
        except.retain(|port| *port != to);
        Ok(Self { ports: sorted(ports), to, except, uid })
    }

    pub(super) fn chains(&self) -> [Chain; 2] {
        let rule = |matches: &[Match], verdict| Rule { matches: matches.into(), verdict };
        let ours = std::iter::once(&self.to).chain(&self.except);
        let mut incoming: Vec<Rule> =
            ours.map(|port| rule(&[Match::TcpPort(*port)], Verdict::Return)).collect();
        incoming.push(rule(&[Match::Tcp], Verdict::Redirect(self.to)));
        let mut outgoing = vec![rule(&[Match::User(self.uid)], Verdict::Return)];
        outgoing.extend(self.ports.iter().map(|port| {
            // By the device and not by the address: the pod's own address is reached through it, too.
            rule(&[Match::Loopback, Match::TcpPort(*port)], Verdict::Redirect(self.to))
        }));
        [
            Chain { name: "prerouting", hook: Hook::Prerouting, rules: incoming },
            Chain { name: "output", hook: Hook::Output, rules: outgoing },
        ]
    }
}

/// In nft's language, as `nft list table inet sluicegate` prints it.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "table inet {} {{", Self::NAME)?;
        for (index, chain) in self.chains().iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            writeln!(f, "\tchain {} {{", chain.name)?;
            let priority = match chain.hook {
                Hook::Output => "-100",
                Hook::Prerouting => "dstnat",
            };
            writeln!(f, "\t\ttype nat hook {} priority {priority}; policy accept;", chain.name)?;
            for rule in &chain.rules {
                writeln!(f, "\t\t{rule}")?;
            }
            writeln!(f, "\t}}")?;
        }
        writeln!(f, "}}")
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.matches {
            match part {
                Match::Loopback => write!(f, "oifname \"lo\" ")?,
                Match::Tcp => write!(f, "meta l4proto tcp ")?,
                Match::TcpPort(port) => write!(f, "tcp dport {port} ")?,
                Match::User(uid) => write!(f, "meta skuid {uid} ")?,
            }
        }
        match self.verdict {
            Verdict::Redirect(port) => write!(f, "redirect to :{port}"),
            Verdict::Return => write!(f, "return"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_in_nfts_language_what_is_redirected() {
        let table = Table::new(&[8081, 8080, 8080], 15001, &[15820, 15001], 2102).unwrap();
        let wanted = "table inet sluicegate {
\tchain prerouting {
\t\ttype nat hook prerouting priority dstnat; policy accept;
\t\ttcp dport 15001 return
\t\ttcp dport 15820 return
\t\tmeta l4proto tcp redirect to :15001
\t}

\tchain output {
\t\ttype nat hook output priority -100; policy accept;
\t\tmeta skuid 2102 return
\t\toifname \"lo\" tcp dport 8080 redirect to :15001
\t\toifname \"lo\" tcp dport 8081 redirect to :15001
\t}
}
";
        assert_eq!(table.to_string(), wanted);
    }

    #[test]
    fn refuses_what_leads_nowhere() {
        let refused = |ports: &[u16], except: &[u16], uid| Table::new(ports, 15001, except, uid).err();
        assert_eq!(refused(&[8080], &[15820], 2102), None);
        assert_eq!(refused(&[8080, 15001], &[], 2102), Some(TableFault::Circle(15001)));
        assert_eq!(refused(&[8080], &[8080], 2102), Some(TableFault::Both(8080)));
        assert_eq!(refused(&[8080], &[], 0), Some(TableFault::Root));
    }
}
