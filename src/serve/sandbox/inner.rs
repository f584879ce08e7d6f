//! Process 1 of the sandbox: it gives up what the server must not have, starts it, and clears up after it.

use std::ffi::{CString, OsString};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use ring::digest;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, mount_remount, unmount,
};
use rustix::process::{Resource, Rlimit, WaitOptions, setrlimit};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, remove_capability_from_bounding_set,
    set_capabilities, set_capabilities_secure_bits, set_no_new_privs,
};

use super::calls::{self, Whose};
use super::fault::Fault;
use super::files::{Allowed, Held};
use super::group;
use super::outer::{Order, address, code, die_with, go_without, hold_signals, name};
use super::paths::{self, DEVICES, SETTINGS, SYSTEM};
use super::profile::{Network, Profile};
use crate::bounds::{SANDBOX_FILE_BYTES_MAX, SANDBOX_FILES_MAX, SANDBOX_MEMORY_FOLDER};
use crate::names::hex;

/// What the launcher found out before.
#[derive(Debug)]
pub struct Found {
    /// Where the gate takes requests for other hosts.
    pub port: Option<u16>,
    /// The numbers of the parts that are missing already.
    pub lacking: Vec<String>,
    /// The folders of the control group that is to be entered.
    pub groups: Vec<PathBuf>,
}

/// Where a folder in memory may lie: the first beneath which nothing is that the server is shown.
const MEMORY_PLACES: [&str; 4] = ["/tmp", "/var/tmp", "/mnt", "/media"];

/// Gives up what the server must not have, starts it, and waits for its end.
///
/// # Errors
/// [`Fault`] names what is missing, or what the operator wrote that does not exist.
pub fn serve(order: &Order, found: &Found) -> Result<u8, Fault> {
    die_with(order.parent, parent())?;
    let profile = &order.profile;
    let mut lacking = Vec::new();
    if let Err(fault) = group::enter(&found.groups) {
        go_without(fault, profile.missing, &mut lacking)?;
    }
    let mut server = match order.command.first() {
        Some(program) => Some(Server::find(program, profile)?),
        None => None,
    };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let mut allowed = allowed(profile, found)?;
    if let Some(server) = &server {
        allowed.start.extend(paths::of_program(&server.program, home.as_deref()));
    }
    let has_mounts = !found.lacking.iter().any(|number| number == "SG0431");
    let work = if has_mounts { mounts(profile, &allowed)? } else { profile.work.clone() };
    allowed.write.extend(work.clone());
    for word in order.command.iter().skip(1) {
        warn_of_hidden(word, &allowed);
    }
    limits(profile)?;
    give_up_rights()?;
    let held = match allowed.hold() {
        Ok(held) => held,
        Err(fault) => {
            go_without(fault, profile.missing, &mut lacking)?;
            Held { abi: 0, is_whole: false }
        }
    };
    if let Err(fault) = calls::give_up(Whose::Server, also_refused(held.abi)) {
        go_without(fault, profile.missing, &mut lacking)?;
    }
    let mut missing: Vec<&str> = found.lacking.iter().map(String::as_str).collect();
    lacking.iter().for_each(|fault| missing.push(fault.number()));
    let Some(server) = server.as_mut().filter(|_| !order.is_trial) else {
        println!("landlock_abi={} missing={}", held.abi, missing.join(","));
        return Ok(0);
    };
    let work = work.unwrap_or_else(|| PathBuf::from("/"));
    run(server, &order.command, &work, found.port)
}

/// The process that started us, as the launcher knows it: its number is none in our namespace.
fn parent() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// The program of the server, as it was found and approved.
struct Server {
    program: PathBuf,
    /// Held open where its bytes were approved, so that it is these that are started.
    approved: Option<File>,
}

impl Server {
    fn find(program: &OsString, profile: &Profile) -> Result<Self, Fault> {
        let search = std::env::var_os("PATH");
        let found = paths::find(program, search.as_deref());
        let absent = || Fault::Program(program.into(), "there is no such program".into());
        let program = found.ok_or_else(absent)?;
        let Some(digest) = &profile.digest else { return Ok(Self { program, approved: None }) };
        let (found, file) =
            digest_of(&program).map_err(|cause| Fault::Program(program.clone(), cause.to_string()))?;
        if !found.eq_ignore_ascii_case(digest) {
            return Err(Fault::Digest { program, found });
        }
        Ok(Self { program, approved: file })
    }
}

/// The SHA-256 of a program, and the program where it can be started as it was read: a script cannot, since
/// its interpreter reads it again.
///
/// # Errors
/// What the system says of reading it.
pub fn digest_of(program: &Path) -> io::Result<(String, Option<File>)> {
    let mut file = File::open(program)?;
    let (mut context, mut part) = (digest::Context::new(&digest::SHA256), vec![0; 1 << 16]);
    let mut is_script = None;
    loop {
        let length = file.read(&mut part)?;
        if length == 0 {
            break;
        }
        is_script.get_or_insert_with(|| part.starts_with(b"#!"));
        context.update(&part[..length]);
    }
    let digest = hex(context.finish().as_ref());
    Ok((digest, (is_script == Some(false)).then_some(file)))
}

fn allowed(profile: &Profile, found: &Found) -> Result<Allowed, Fault> {
    let real = |path: &PathBuf| {
        std::fs::canonicalize(path).map_err(|cause| Fault::Path(path.clone(), cause.to_string()))
    };
    let mut allowed = Allowed::default();
    allowed.read.extend(SETTINGS.iter().map(PathBuf::from));
    allowed.read.extend(["/proc", "/sys/fs/cgroup", "/sys/devices/system/cpu"].map(PathBuf::from));
    for path in &profile.read {
        allowed.read.push(real(path)?);
    }
    allowed.start.extend(SYSTEM.iter().map(PathBuf::from));
    for path in &profile.programs {
        allowed.start.push(real(path)?);
    }
    allowed.devices.extend(DEVICES.iter().map(PathBuf::from));
    allowed.connect.extend(found.port);
    if profile.network == Network::Hosts {
        let port = |host: &String| host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        allowed.connect.extend(profile.hosts.iter().filter_map(port));
    }
    Ok(allowed)
}

/// Mounts what the server sees otherwise than others do; says which folder it may write to.
fn mounts(profile: &Profile, allowed: &Allowed) -> Result<Option<PathBuf>, Fault> {
    let fault =
        |what: &'static str| move |cause: rustix::io::Errno| Fault::Namespace(what, cause.to_string());
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(fault("mounts of its own"))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    // A container that hides parts of /proc lets no other be mounted; then the server does without.
    let _ = mount("proc", "/proc", "proc", flags, None);
    if profile.network == Network::Hosts && !profile.hosts.is_empty() {
        names(&profile.hosts).map_err(fault("names of hosts"))?;
    }
    if let Some(work) = &profile.work {
        let real =
            std::fs::canonicalize(work).map_err(|cause| Fault::Path(work.clone(), cause.to_string()))?;
        // Landlock lets nothing in it be started; this keeps a loader from mapping it as a program, too. A file
        // system with flags that are locked takes no others.
        let _ = mount_bind(&real, &real).and_then(|()| mount_remount(&real, MountFlags::BIND | flags, c""));
        return Ok(Some(real));
    }
    let shown = || allowed.read.iter().chain(&allowed.start);
    let here = std::env::current_dir().ok();
    let is_free = |place: &&&str| {
        Path::new(**place).is_dir() && !shown().chain(&here).any(|path| path.starts_with(**place))
    };
    let place = MEMORY_PLACES.iter().find(is_free).copied();
    let place = place.ok_or_else(|| {
        Fault::Namespace("folder in memory", "name a folder to write to by --sandbox-work DIR".into())
    })?;
    memory(place).map_err(fault("folder in memory"))?;
    Ok(Some(place.into()))
}

fn memory(place: &str) -> rustix::io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let size = CString::new(SANDBOX_MEMORY_FOLDER).unwrap_or_default();
    mount("tmpfs", place, "tmpfs", flags, size.as_c_str())
}

/// Puts a file of names over `/etc/hosts`, by which programs that know no proxy find the gate.
fn names(hosts: &[String]) -> rustix::io::Result<()> {
    let mut text = String::new();
    for host in hosts {
        let _ = writeln!(text, "{} {}", address(hosts, host), name(host));
    }
    text.push_str("127.0.0.1 localhost\n");
    let place = MEMORY_PLACES[0];
    memory(place)?;
    let file = Path::new(place).join("hosts");
    std::fs::write(&file, text)
        .map_err(|cause| rustix::io::Errno::from_io_error(&cause).unwrap_or(rustix::io::Errno::IO))?;
    mount_bind(&file, "/etc/hosts")?;
    unmount(place, UnmountFlags::DETACH)
}

/// Tells of an argument that names a file which the server cannot see: the usual reason why one does not start.
fn warn_of_hidden(word: &OsString, allowed: &Allowed) {
    let Ok(real) = std::fs::canonicalize(word) else { return };
    if real.is_absolute() && !allowed.shows(&real) {
        let (word, real) = (Path::new(word).display(), real.display());
        eprintln!(
            "SG0439: the argument `{word}` names a file that the sandbox hides; if the server needs it, \
             allow {real} or a folder above it by --sandbox-read"
        );
    }
}

fn limits(profile: &Profile) -> Result<(), Fault> {
    let mut wanted = vec![
        (Resource::Core, 0, "RLIMIT_CORE"),
        (Resource::Fsize, SANDBOX_FILE_BYTES_MAX, "RLIMIT_FSIZE"),
        (Resource::Nofile, SANDBOX_FILES_MAX, "RLIMIT_NOFILE"),
    ];
    wanted.extend(profile.cpu_seconds.map(|seconds| (Resource::Cpu, seconds, "RLIMIT_CPU")));
    wanted.extend(profile.processes.map(|number| (Resource::Nproc, number, "RLIMIT_NPROC")));
    for (resource, most, name) in wanted {
        // Nobody raises what was lowered for us before.
        let bound = rustix::process::getrlimit(resource).maximum.map_or(most, |bound| bound.min(most));
        let limit = Rlimit { current: Some(bound), maximum: Some(bound) };
        setrlimit(resource, limit).map_err(|cause| Fault::Rights(name, cause.to_string()))?;
    }
    Ok(())
}

/// Gives up every capability, for good: whoever is root in here is root of nothing.
fn give_up_rights() -> Result<(), Fault> {
    let fault = |cause: rustix::io::Errno| Fault::Rights("no new privileges", cause.to_string());
    for capability in CapabilitySet::all().iter() {
        // Bits that this kernel has no capability for, and a process that never had any.
        let _ = remove_capability_from_bounding_set(capability);
    }
    let bits = CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED;
    let _ = set_capabilities_secure_bits(bits);
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map_err(|cause| Fault::Rights("no capabilities", cause.to_string()))?;
    set_no_new_privs(true).map_err(fault)
}

/// What Landlock does not hold before its third version: files can be cut by their name.
fn also_refused(abi: i32) -> &'static [i64] {
    if abi < 3 { &[libc::SYS_truncate] } else { &[] }
}

/// Starts the server and waits for it, and for whatever is left to process 1 to wait for.
fn run(server: &mut Server, words: &[OsString], work: &Path, port: Option<u16>) -> Result<u8, Fault> {
    let program = &server.program;
    let started = server.approved.as_ref().map(|file| format!("/proc/self/fd/{}", file.as_raw_fd()));
    let mut command = Command::new(started.as_ref().map_or(program.as_path(), Path::new));
    command.arg0(program).args(words.iter().skip(1)).env("HOME", work).env("TMPDIR", work);
    if let Some(port) = port {
        // Hosts by a pattern have no name inside. Node.js heeds it from 22.21 on, when it is told to.
        let proxy = format!("http://127.0.0.1:{port}");
        command.env("HTTPS_PROXY", &proxy).env("https_proxy", &proxy).env("NODE_USE_ENV_PROXY", "1");
    }
    let fault = |cause: io::Error| Fault::Program(program.clone(), cause.to_string());
    let child = command.spawn().map_err(fault)?;
    hold_signals();
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_pid().cast_unsigned() == child.id() => {
                use std::os::unix::process::ExitStatusExt;
                return Ok(code(std::process::ExitStatus::from_raw(status.as_raw())));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(cause) => return Err(fault(cause.into())),
        }
    }
}
