//! The launcher beside the gate: it enters namespaces of its own and starts what goes on in there.
//!
//! It stays, since a process never moves to another namespace of processes itself; its end is the end of all.

use std::ffi::OsString;
use std::io::{self, Read, Write as _};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, Signal};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketType, sendmsg, socket,
};
use rustix::process::{getgid, getppid, getuid, set_parent_process_death_signal};
use rustix::thread::{CapabilitySets, capabilities, configure_capability_in_ambient_set, set_capabilities};

use super::fault::Fault;
use super::group::Group;
use super::profile::{Missing, Network, Profile};
use super::supervision::Supervision;

/// What a process of the launcher is to do.
#[derive(Debug)]
pub struct Order {
    /// What the server may do.
    pub profile: Profile,
    /// The process that started us, whose end is ours.
    pub parent: u32,
    /// The server and its arguments.
    pub command: Vec<OsString>,
    /// Whether the sandbox is only tried: everything is done but to start the server.
    pub is_trial: bool,
}

/// The hidden verb of the launcher.
pub const VERB: &str = "sandboxed";

/// The exit code where the server was not started.
pub const UNABLE: u8 = 3;

/// How many bytes name one host of the way out.
const HOST_BYTES_MAX: usize = 300;

/// Starts the server in a sandbox and waits for its end. Its exit code is ours; 128 and the number of the
/// signal that ended it.
///
/// # Errors
/// [`Fault`] names what is missing, or what the operator wrote that does not exist.
pub fn launch(order: &Order) -> Result<u8, Fault> {
    die_with(order.parent, getppid().map_or(0, |parent| parent.as_raw_pid().cast_unsigned()))?;
    close_others();
    let mut unheld = Vec::new();
    let (group, faults) = Group::make(&order.profile);
    faults.into_iter().try_for_each(|fault| go_without(fault, order.profile.missing, &mut unheld))?;
    // By a name of our network, not of that which comes.
    let line = order.profile.door.as_deref().map(reach).transpose()?;
    let mut missing = Vec::new();
    enter(order.profile.missing, &mut missing)?;
    let supervision = Supervision::begin(order.parent, group)?;
    let way_out = match (order.profile.network, line) {
        (Network::Hosts, Some(line)) if missing.is_empty() => Some(lay(line, &order.profile.hosts)?),
        (Network::Hosts, _) => return Err(Fault::Egress("it needs a network of its own".into())),
        (Network::None, _) => None,
    };
    let has_users = missing.iter().all(|fault| !matches!(fault, Fault::Users(_)));
    missing.append(&mut unheld);
    let mut inner = Command::new("/proc/self/exe");
    inner.arg(VERB).arg("--inside").arg(format!("--parent={}", std::process::id()));
    inner.args(order.profile.words());
    inner.args(missing.iter().map(|fault| format!("--lacking={}", fault.number())));
    inner.args(supervision.group.folders().map(|folder| option("--group=", folder)));
    if let Some(way) = &way_out {
        inner.arg(format!("--port={}", way.port));
    }
    if order.is_trial {
        inner.arg("--trial");
    }
    inner.arg("--").args(&order.command);
    if has_users {
        keep_rights();
    }
    let inner = inner.spawn().map_err(|cause| Fault::Namespace("process 1", cause.to_string()))?;
    hold_signals();
    let ended = supervision.wait(inner).map_err(|cause| Fault::Namespace("process 1", cause.to_string()))?;
    Ok(code(ended))
}

fn option(name: &str, value: &std::path::Path) -> OsString {
    let mut word = OsString::from(name);
    word.push(value);
    word
}

/// Makes the end of the process that started us ours.
pub(super) fn die_with(expected: u32, parent: u32) -> Result<(), Fault> {
    set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(|cause| Fault::Rights("the end with the gate", cause.to_string()))?;
    if parent == expected {
        Ok(())
    } else {
        Err(Fault::Rights("the end with the gate", "the gate has ended already".into()))
    }
}

/// Signals of a group reach the server by themselves; who waits for it goes on to wait. To be called when it has
/// been started, which inherits what is held.
pub(super) fn hold_signals() {
    let held = SigSet::from_iter([Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM]);
    // Without it, a server that is told to end has less time for it.
    let _ = held.thread_block();
}

/// An exit code as shells have it.
pub(super) fn code(status: ExitStatus) -> u8 {
    let signal = || status.signal().map(|number| 128 + number);
    status.code().or_else(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// Closes what was left open in us beside the three pipes.
fn close_others() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in open.into_iter().filter(|number| *number > 2) {
        // That of the listing itself is closed by now.
        let _ = nix::unistd::close(number);
    }
}

/// Namespaces beside that of users, and what they are called.
const OTHERS: [(CloneFlags, &str); 5] = [
    (CloneFlags::CLONE_NEWNET, "network of its own"),
    (CloneFlags::CLONE_NEWPID, "process numbers of its own"),
    (CloneFlags::CLONE_NEWNS, "mounts of its own"),
    (CloneFlags::CLONE_NEWIPC, "messages and shared memory of its own"),
    (CloneFlags::CLONE_NEWUTS, "host name of its own"),
];

fn enter(missing: Missing, lacking: &mut Vec<Fault>) -> Result<(), Fault> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let entered = unshare(CloneFlags::CLONE_NEWUSER)
        .map_err(io::Error::from)
        .and_then(|()| std::fs::write("/proc/self/setgroups", "deny"))
        .and_then(|()| std::fs::write("/proc/self/uid_map", format!("{user} {user} 1")))
        .and_then(|()| std::fs::write("/proc/self/gid_map", format!("{group} {group} 1")));
    if let Err(cause) = entered {
        go_without(Fault::Users(cause.to_string()), missing, lacking)?;
    }
    for (namespace, what) in OTHERS {
        if let Err(cause) = unshare(namespace) {
            go_without(Fault::Namespace(what, cause.to_string()), missing, lacking)?;
        }
    }
    Ok(())
}

/// Keeps what the namespace brought over the start of what goes on in there; that gives it up.
fn keep_rights() {
    let Ok(sets) = capabilities(None) else { return };
    // Where one is not kept, what needs it fails by its name.
    let _ = set_capabilities(None, CapabilitySets { inheritable: sets.permitted, ..sets });
    for capability in sets.permitted.iter() {
        let _ = configure_capability_in_ambient_set(capability, true);
    }
}

/// Notes a missing part, or gives up, as the operator wants it.
pub(super) fn go_without(fault: Fault, missing: Missing, lacking: &mut Vec<Fault>) -> Result<(), Fault> {
    match missing {
        Missing::Allow if fault.is_part() => {
            lacking.push(fault);
            Ok(())
        }
        Missing::Allow | Missing::Refuse => Err(fault),
    }
}

/// The way out, as long as it is held.
struct WayOut {
    /// Where the gate takes requests for other hosts.
    port: u16,
    /// By its end the gate knows that nobody is in there any more.
    _line: UnixStream,
}

/// Calls the gate, at the door of that name.
fn reach(door: &str) -> Result<UnixStream, Fault> {
    let address = std::os::unix::net::SocketAddr::from_abstract_name(door);
    let line = address.and_then(|address| UnixStream::connect_addr(&address));
    line.map_err(|cause| Fault::Egress(format!("the gate cannot be reached: {cause}")))
}

/// Opens the ports in the new network by which the gate is reached, and hands them to the gate.
fn lay(mut line: UnixStream, hosts: &[String]) -> Result<WayOut, Fault> {
    let fault = |what: &str, cause: io::Error| Fault::Egress(format!("{what}: {cause}"));
    raise_loopback().map_err(|cause| fault("its network does not start", cause))?;
    let proxy =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|cause| fault("no port for requests", cause))?;
    let port = proxy.local_addr().map_err(|cause| fault("no port for requests", cause))?.port();
    hand_over(&line, "*", proxy.as_fd()).map_err(|cause| fault("the gate takes no port", cause))?;
    for host in hosts {
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(443);
        let address = SocketAddr::V4(SocketAddrV4::new(address(hosts, host), port));
        let socket = TcpListener::bind(address).map_err(|cause| fault(host, cause))?;
        hand_over(&line, host, socket.as_fd()).map_err(|cause| fault(host, cause))?;
    }
    let mut answer = [0];
    line.write_all(b".")
        .and_then(|()| line.read_exact(&mut answer))
        .map_err(|cause| fault("no answer", cause))?;
    Ok(WayOut { port, _line: line })
}

/// The address inside of a host: one for each name, whatever its ports.
pub(super) fn address(hosts: &[String], host: &str) -> Ipv4Addr {
    let before = hosts.iter().position(|other| name(other) == name(host)).unwrap_or(hosts.len());
    let [high, low] = u16::try_from(before + 1).unwrap_or(u16::MAX).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

/// The name in `NAME:PORT`.
pub(super) fn name(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn hand_over(line: &UnixStream, host: &str, listener: BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let handed = [listener];
    if !rights.push(SendAncillaryMessage::ScmRights(&handed)) || host.len() > HOST_BYTES_MAX {
        return Err(io::Error::other("the name is too long"));
    }
    // One line for each port: the other end reads as many bytes as there are.
    let text = format!("{host}\n");
    sendmsg(line, &[io::IoSlice::new(text.as_bytes())], &mut rights, SendFlags::empty())?;
    // One at a time, so that each message of the stream carries one port.
    let mut taken = [0];
    (&*line).read_exact(&mut taken)
}

/// Starts the loopback device of a new network.
///
/// Source: rtnetlink(7), `RTM_NEWLINK` with `ifi_flags` and `ifi_change` of `IFF_UP` for device 1.
fn raise_loopback() -> io::Result<()> {
    const NEW_LINK: u16 = 16;
    const REQUEST_WITH_ANSWER: u16 = 1 | 4;
    const UP: u32 = 1;
    let mut message = Vec::new();
    message.extend(32_u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_WITH_ANSWER.to_ne_bytes());
    message.extend([0; 8]); // number and sender
    message.extend([0; 4]); // family and type
    message.extend(1_i32.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    let kernel = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    rustix::io::write(&kernel, &message)?;
    let mut answer = [0; 256];
    let length = rustix::io::read(&kernel, &mut answer)?;
    let error = answer.get(..length).and_then(|answer| answer.get(16..20)).unwrap_or(&[1, 0, 0, 0]);
    match i32::from_ne_bytes([error[0], error[1], error[2], error[3]]) {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(number.abs())),
    }
}
