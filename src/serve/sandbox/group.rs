//! The control group of a server: what bounds its memory, its processes and its time on processors, all together.
//!
//! Limits of a process (`setrlimit`) bound each process, and those of root not at all; a group bounds them all. The
//! launcher makes it, process 1 of the sandbox enters it before the server starts, and the launcher removes it when
//! all is over. For that it outlives the gate for a moment; one that was killed itself leaves an empty group, which
//! the next launcher removes.
//!
//! **Where.** Of version 2, in a folder that the operator names; else within our own group, or beside it where a
//! manager such as systemd has given us the group above. A group with processes of its own has no limited groups below
//! it, so a gate that was given one starts in a part of it (`DelegateSubgroup=`). Of version 1, within our own group.
//! **When it is not to be had,** [`Fault::Group`] says why, for each limit that was asked for.
//!
//! Source: cgroups(7), "No internal processes rule"; systemd's `CGROUP_DELEGATION.md`.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getuid, kill_process};

use super::fault::Fault;
use super::hierarchy::{Controller, Hierarchy, Version, hierarchies};
use super::profile::Profile;

/// What the names of our groups begin with.
const PREFIX: &str = "sluicegate-";

/// How long the last processes of a group may take to be gone. Killed ones are gone at once, but for what the
/// kernel is doing for them.
const EMPTY_WAIT: Duration = Duration::from_secs(2);

/// How often that is looked at.
const EMPTY_LOOK: Duration = Duration::from_millis(5);

/// A group that is removed with the value.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Its folder in each hierarchy.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    version: Version,
    parent: PathBuf,
    folder: PathBuf,
    controllers: Vec<Controller>,
}

impl Profile {
    /// The limits that only a group holds.
    pub(super) fn grouped(&self) -> Vec<(Controller, u64)> {
        let limits = [
            (Controller::Memory, self.memory_mib),
            (Controller::Cpu, self.cpu_percent),
            (Controller::Pids, self.processes),
        ];
        limits.into_iter().filter_map(|(controller, limit)| Some((controller, limit?))).collect()
    }
}

impl Group {
    /// Makes a group with the limits of `profile`, and says of each that cannot be had why.
    pub fn make(profile: &Profile) -> (Self, Vec<Fault>) {
        let (mut group, mut faults) = (Self::default(), Vec::new());
        let wanted = profile.grouped();
        if wanted.is_empty() {
            return (group, faults);
        }
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let found = hierarchies(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"));
        for (controller, limit) in wanted {
            let held = group.hold(controller, limit, &found, profile.group.as_deref());
            // A limit of each user bounds processes as well, but root's.
            let is_held_otherwise = || controller == Controller::Pids && !is_root_of_the_machine();
            if let Err(why) = held
                && !is_held_otherwise()
            {
                faults.push(Fault::Group(controller.key(), why));
            }
        }
        // Nobody is to enter what holds nothing.
        group.parts.retain(|part| !part.controllers.is_empty() || std::fs::remove_dir(&part.folder).is_err());
        (group, faults)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Its folders, one in each hierarchy.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|part| part.folder.as_path())
    }

    /// Which limits were met: more was asked for than there was.
    pub fn met(&self) -> Vec<Controller> {
        let is_met = |part: &Part, controller: Controller| {
            let (file, word) = controller.count(part.version)?;
            let text = std::fs::read_to_string(part.folder.join(file)).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
            line.and_then(|number| number.trim().parse::<u64>().ok()).filter(|number| *number > 0)
        };
        let each = self.parts.iter().flat_map(|part| part.controllers.iter().map(move |one| (part, *one)));
        each.filter(|(part, controller)| is_met(part, *controller).is_some()).map(|(_, one)| one).collect()
    }

    fn hold(
        &mut self,
        controller: Controller,
        limit: u64,
        found: &[Hierarchy],
        named: Option<&Path>,
    ) -> Result<(), String> {
        let bound = |one: &&Hierarchy| {
            one.version == Version::One && one.controllers.iter().any(|name| **name == *controller.as_str())
        };
        let (version, parent) = match (named, found.iter().find(bound)) {
            (Some(folder), _) => (Version::Two, given(folder, controller)?),
            (None, Some(old)) => (Version::One, old.own.clone()),
            (None, None) => (Version::Two, given_to_us(found, controller)?),
        };
        let part = self.part(version, parent)?;
        for setting in controller.settings(version, limit) {
            let file = part.folder.join(setting.file);
            match put(&file, &setting.text) {
                Err(cause) if setting.is_needed => return Err(said(&file, &cause)),
                Ok(()) | Err(_) => {}
            }
        }
        part.controllers.push(controller);
        Ok(())
    }

    /// Our folder in `parent`, made if it is not there yet.
    fn part(&mut self, version: Version, parent: PathBuf) -> Result<&mut Part, String> {
        if let Some(at) = self.parts.iter().position(|part| part.parent == parent) {
            return Ok(&mut self.parts[at]);
        }
        sweep(&parent);
        let folder = parent.join(name().map_err(|cause| cause.to_string())?);
        std::fs::create_dir(&folder).map_err(|cause| said(&folder, &cause))?;
        self.parts.push(Part { version, parent, folder, controllers: Vec::new() });
        let last = self.parts.len() - 1;
        Ok(&mut self.parts[last])
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for part in &self.parts {
            part.empty();
        }
    }
}

impl Part {
    /// Kills what is left, and removes the folder.
    fn empty(&self) {
        let deadline = Instant::now() + EMPTY_WAIT;
        loop {
            // Since Linux 5.14 the kernel does it, at one stroke.
            if put(&self.folder.join("cgroup.kill"), "1").is_err() {
                self.kill_each();
            }
            match std::fs::remove_dir(&self.folder) {
                Err(fault) if fault.kind() == io::ErrorKind::ResourceBusy && Instant::now() < deadline => {
                    sleep(EMPTY_LOOK);
                }
                Ok(()) | Err(_) => return,
            }
        }
    }

    fn kill_each(&self) {
        let text = std::fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
        for pid in text.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Enters a group, by its folder in each hierarchy: for us and what we start.
///
/// # Errors
/// [`Fault::Group`] with what the system says.
pub(super) fn enter(folders: &[PathBuf]) -> Result<(), Fault> {
    for folder in folders {
        let file = folder.join("cgroup.procs");
        put(&file, "0").map_err(|cause| Fault::Group("its group", said(&file, &cause)))?;
    }
    Ok(())
}

/// Removes what launchers left that were killed: groups in which nobody is, of processes that are no more.
fn sweep(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists()) {
            // The kernel keeps one in which somebody is.
            let _ = std::fs::remove_dir(entry.path());
        }
    }
}

fn name() -> io::Result<String> {
    let mut random = [0; 4];
    let drawn = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random);
    drawn.map_err(|_| io::Error::other("no random bits"))?;
    Ok(format!("{PREFIX}{}-{}", std::process::id(), crate::names::hex(&random)))
}

/// A folder of version 2 that the operator names, which gives the controller to those below.
fn given(folder: &Path, controller: Controller) -> Result<PathBuf, String> {
    let kind = rustix::fs::statfs(folder).map_err(|cause| said(folder, &cause.into()))?.f_type;
    if kind != CGROUP2 {
        return Err(format!("`{}` is no folder of control groups of version 2", folder.display()));
    }
    give(folder, controller).map(|()| folder.to_owned())
}

/// Source: statfs(2), `CGROUP2_SUPER_MAGIC`.
const CGROUP2: rustix::fs::FsWord = 0x6367_7270;

/// A group of version 2 in which we may make others: our own, or that above it.
fn given_to_us(found: &[Hierarchy], controller: Controller) -> Result<PathBuf, String> {
    let hierarchy = found.iter().find(|one| one.version == Version::Two);
    let hierarchy = hierarchy.ok_or("no hierarchy of control groups shows this process")?;
    let own = hierarchy.own.clone();
    let above = own.parent().filter(|above| above.starts_with(&hierarchy.top) && is_delegated(above));
    let mut why = String::new();
    for place in [Some(own.as_path()), above].into_iter().flatten() {
        match give(place, controller) {
            Ok(()) => return Ok(place.to_owned()),
            Err(fault) => why = fault,
        }
    }
    Err(why)
}

/// Whether a manager has handed a group over: to another user than root by its rights, to root by a mark.
fn is_delegated(folder: &Path) -> bool {
    let marked = |name: &str| {
        let mut value = [0; 1];
        rustix::fs::getxattr(folder, name, &mut value).is_ok() && value == *b"1"
    };
    !getuid().is_root() || marked("user.delegate") || marked("trusted.delegate")
}

/// Sees to it that groups below `folder` can be held by `controller`.
fn give(folder: &Path, controller: Controller) -> Result<(), String> {
    let has = |file: &str| {
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(|cause| said(&path, &cause))?;
        Ok::<bool, String>(text.split_whitespace().any(|name| name == controller.as_str()))
    };
    if has("cgroup.subtree_control")? {
        return Ok(());
    }
    if !has("cgroup.controllers")? {
        return Err(format!("`{}` is not given the controller", folder.display()));
    }
    let file = folder.join("cgroup.subtree_control");
    put(&file, &format!("+{}", controller.as_str())).map_err(|cause| match cause.kind() {
        io::ErrorKind::ResourceBusy => {
            format!(
                "processes run in `{}` itself, so that no limited group can be below it",
                folder.display()
            )
        }
        _ => said(&file, &cause),
    })
}

fn put(file: &Path, text: &str) -> io::Result<()> {
    // Never made anew: what is not there, the kernel does not have.
    OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

fn said(path: &Path, cause: &io::Error) -> String {
    format!("`{}`: {cause}", path.display())
}

/// Whether we are root, and not only in a namespace of users.
fn is_root_of_the_machine() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let mut first = map.split_whitespace();
    getuid().is_root() && first.next() == Some("0") && first.next() == Some("0")
}

#[cfg(test)]
mod tests;
