//! How the launcher waits: for the end of the server, and for that of the gate, which is the server's, too.
//!
//! Without a control group the kernel alone sees to it: the launcher is killed with the gate. With one, somebody must
//! be left who removes it. Then the launcher looks at both ends itself, and is out of the process group that the gate
//! signals; process 1 of the sandbox still dies with the launcher, whatever happens to that.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, getpgid, getppid, pidfd_open, set_parent_process_death_signal, setpgid,
};

use super::fault::Fault;
use super::group::Group;
use super::hierarchy::Controller;

/// Who waits, and what is to be removed afterwards.
pub(super) struct Supervision {
    /// The server's; it is removed with the value.
    pub group: Group,
    /// By which the end of the gate is heard of, where the kernel does not make it ours.
    gate: Option<(Pid, OwnedFd)>,
}

impl Supervision {
    /// Binds our end to that of the process that started us. To be called in the namespaces: the rights that they
    /// bring make the kernel forget whose death ours is.
    ///
    /// # Errors
    /// [`Fault::Rights`] where it has ended already, or cannot be bound.
    pub fn begin(parent: u32, group: Group) -> Result<Self, Fault> {
        let rights = |why: String| Fault::Rights("the end with the gate", why);
        let number = i32::try_from(parent).ok().and_then(Pid::from_raw);
        let gate = number.filter(|_| !group.is_empty());
        // Where the kernel knows no such descriptors, an empty group is left at the worst.
        let gate = gate.and_then(|gate| Some((gate, pidfd_open(gate, PidfdFlags::empty()).ok()?)));
        let signal = if gate.is_some() { None } else { Some(Signal::KILL) };
        set_parent_process_death_signal(signal).map_err(|cause| rights(cause.to_string()))?;
        // Not a stranger's, which has got its number since.
        if getppid() != number {
            return Err(rights("the gate has ended already".into()));
        }
        Ok(Self { group, gate })
    }

    /// Waits for the end of process 1 of the sandbox, and ends it where the gate ends before.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(self, mut inner: Child) -> io::Result<ExitStatus> {
        if let Some((gate, ended)) = &self.gate {
            // What is killed with the server's group removes nothing any more.
            let _ = getpgid(Some(*gate)).and_then(|group| setpgid(None, Some(group)));
            let own = pidfd_open(Pid::from_child(&inner), PidfdFlags::empty());
            if own.and_then(|own| first_of(&own, ended)).is_ok_and(|first| first == First::Gate) {
                let _ = inner.kill();
            }
        }
        let ended = inner.wait()?;
        for limit in self.group.met() {
            tell(limit);
        }
        Ok(ended)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Gate,
    Server,
}

/// Waits until one of both has ended.
fn first_of(server: &OwnedFd, gate: &OwnedFd) -> rustix::io::Result<First> {
    loop {
        let mut ends = [PollFd::new(server, PollFlags::IN), PollFd::new(gate, PollFlags::IN)];
        match poll(&mut ends, None) {
            Ok(_) if !ends[0].revents().is_empty() => return Ok(First::Server),
            Ok(_) if !ends[1].revents().is_empty() => return Ok(First::Gate),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(cause) => return Err(cause),
        }
    }
}

/// Tells of a limit that was met: the usual reason why a server then ends, or cannot go on.
fn tell(limit: Controller) {
    match limit {
        Controller::Cpu => {}
        Controller::Memory => eprintln!(
            "SG0441: the server needed more memory than `memory_mib` of its sandbox, and was killed; raise it, or see \
             what grows"
        ),
        Controller::Pids => eprintln!(
            "SG0442: the server wanted more processes and threads than `processes` of its sandbox; raise it, or see \
             what it starts"
        ),
    }
}
