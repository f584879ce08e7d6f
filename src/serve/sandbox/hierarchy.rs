//! Where this process stands among control groups, and what a limit is called there.
//!
//! A machine has one hierarchy of version 2, and on older ones a hierarchy of version 1 for each controller. Both
//! are read from `/proc/self/cgroup` and `/proc/self/mountinfo`; nothing is guessed from usual paths.
//!
//! Sources: cgroups(7); the kernel's `cgroup-v2.rst` and `cgroup-v1/`; proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// What holds a group to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// Time on processors.
    Cpu,
    /// Memory.
    Memory,
    /// Processes and threads.
    Pids,
}

/// The two interfaces of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// A hierarchy for each controller.
    One,
    /// One for all.
    Two,
}

/// A hierarchy in which this process has a group that it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hierarchy {
    pub version: Version,
    /// What it controls; of version 2 that is in a file of each group.
    pub controllers: Vec<Box<str>>,
    /// Where its top is mounted.
    pub top: PathBuf,
    /// Our own group.
    pub own: PathBuf,
}

/// One thing to be written into a file of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub file: &'static str,
    pub text: String,
    /// Whether the limit holds only with it; others are not on every kernel.
    pub is_needed: bool,
}

/// How long a group that has used up its time waits at most, in microseconds; the kernel's own choice.
const PERIOD_US: u64 = 100_000;

impl Controller {
    /// What the kernel calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Pids => "pids",
        }
    }

    /// The key of the policy that asks for it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Cpu => "cpu_percent",
            Self::Memory => "memory_mib",
            Self::Pids => "processes",
        }
    }

    /// What makes a group keep to `limit`, in order: percent of a processor, MiB, or processes.
    pub(super) fn settings(self, version: Version, limit: u64) -> Vec<Setting> {
        let needed = |file, text| Setting { file, text, is_needed: true };
        let wanted = |file, text| Setting { file, text, is_needed: false };
        let (bytes, quota) = (limit.saturating_mul(1 << 20), limit.saturating_mul(PERIOD_US / 100));
        match (self, version) {
            (Self::Cpu, Version::One) => vec![
                needed("cpu.cfs_period_us", PERIOD_US.to_string()),
                needed("cpu.cfs_quota_us", quota.to_string()),
            ],
            (Self::Cpu, Version::Two) => vec![needed("cpu.max", format!("{quota} {PERIOD_US}"))],
            (Self::Memory, Version::One) => vec![
                needed("memory.limit_in_bytes", bytes.to_string()),
                wanted("memory.memsw.limit_in_bytes", bytes.to_string()),
            ],
            (Self::Memory, Version::Two) => vec![
                needed("memory.max", bytes.to_string()),
                wanted("memory.swap.max", "0".into()),
                // A server that lost one of its processes would answer no more, and nobody would start it anew.
                wanted("memory.oom.group", "1".into()),
            ],
            // Process 1 of the sandbox is ours, not the server's.
            (Self::Pids, Version::One | Version::Two) => {
                vec![needed("pids.max", limit.saturating_add(1).to_string())]
            }
        }
    }

    /// The file and the word in it that count how often the limit was met.
    pub(super) fn count(self, version: Version) -> Option<(&'static str, &'static str)> {
        match (self, version) {
            (Self::Memory, Version::One) => Some(("memory.oom_control", "oom_kill")),
            (Self::Memory, Version::Two) => Some(("memory.events", "oom_kill")),
            (Self::Pids, Version::One | Version::Two) => Some(("pids.events", "max")),
            (Self::Cpu, Version::One | Version::Two) => None,
        }
    }
}

/// Reads `/proc/self/cgroup` and `/proc/self/mountinfo`. A hierarchy whose mount does not show our own group is
/// left out.
pub(super) fn hierarchies(groups: &str, mounts: &str) -> Vec<Hierarchy> {
    let mounted: Vec<Mount> = mounts.lines().filter_map(Mount::read).collect();
    groups.lines().filter_map(|line| hierarchy(line, &mounted)).collect()
}

fn hierarchy(line: &str, mounted: &[Mount]) -> Option<Hierarchy> {
    let (number, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let version = if number == "0" { Version::Two } else { Version::One };
    let controllers: Vec<Box<str>> =
        controllers.split(',').filter(|name| !name.is_empty()).map(Into::into).collect();
    mounted.iter().find_map(|mount| {
        let is_it = mount.version == version
            && (version == Version::Two
                || controllers.iter().all(|name| mount.options.split(',').any(|word| *word == **name)));
        let below = Path::new(path).strip_prefix(&mount.root).ok().filter(|_| is_it)?;
        let (controllers, top) = (controllers.clone(), mount.place.clone());
        // Without a slash at its end, which an empty rest would give it.
        let own = if below == Path::new("") { top.clone() } else { top.join(below) };
        Some(Hierarchy { version, controllers, top, own })
    })
}

/// One line about a mounted hierarchy.
struct Mount {
    version: Version,
    /// Which of its groups is what one sees at the top.
    root: PathBuf,
    place: PathBuf,
    options: String,
}

impl Mount {
    fn read(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, place) = (path(before.next()?), path(before.next()?));
        let mut after = after.split(' ');
        let version = match after.next()? {
            "cgroup" => Version::One,
            "cgroup2" => Version::Two,
            _ => return None,
        };
        Some(Self { version, root, place, options: after.nth(1).unwrap_or_default().to_owned() })
    }
}

/// A path in which white space and backslashes are written as three octal digits.
fn path(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits =
            after.get(..3).filter(|_| byte == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &after[3..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID_MOUNTS: &str = "\
        29 23 0:26 / /sys/fs/cgroup rw,relatime - tmpfs cgroup rw,mode=755\n\
        30 29 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
        31 29 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
        32 29 0:29 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n\
        33 29 0:30 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    fn found(groups: &str, mounts: &str) -> Vec<(Version, String)> {
        let found = hierarchies(groups, mounts);
        found.into_iter().map(|found| (found.version, found.own.to_string_lossy().into_owned())).collect()
    }

    #[test]
    fn finds_our_groups_of_both_versions() {
        let groups = "9:name=systemd:/\n4:memory:/acme/a\n2:cpu,cpuacct:/b\n1:pids:/c\n0::/d\n";
        let expected = [
            (Version::One, "/sys/fs/cgroup/systemd"),
            (Version::One, "/sys/fs/cgroup/memory/acme/a"),
            (Version::One, "/sys/fs/cgroup/cpu,cpuacct/b"),
            (Version::Two, "/sys/fs/cgroup/unified/d"),
        ];
        assert_eq!(found(groups, HYBRID_MOUNTS), expected.map(|(version, path)| (version, path.to_owned())));
    }

    #[test]
    fn heeds_what_a_mount_shows() {
        // Of a container without a namespace of groups: a part of the hierarchy, at a place with a space.
        let mounts = r"30 29 0:27 /pod/acme /sys/fs/my\040groups ro - cgroup2 cgroup2 rw,nsdelegate";
        let own = |path: &str| found(&format!("0::{path}\n"), mounts);
        assert_eq!(own("/pod/acme"), [(Version::Two, "/sys/fs/my groups".to_owned())]);
        assert_eq!(own("/pod/acme/gate"), [(Version::Two, "/sys/fs/my groups/gate".to_owned())]);
        assert_eq!(own("/pod/other"), [], "it is not shown");
        assert_eq!(own("/../other"), [], "it is beyond the namespace");
        assert_eq!(hierarchies("", ""), []);
        assert_eq!(hierarchies("no line of it", "nor of it - cgroup2"), []);
    }

    #[test]
    fn writes_limits_as_each_version_wants_them() {
        let settings = |controller: Controller, version| {
            let settings = controller.settings(version, 50);
            let text = |setting: &Setting| format!("{}={}", setting.file, setting.text);
            settings.iter().filter(|setting| setting.is_needed).map(text).collect::<Vec<_>>().join(" ")
        };
        for (controller, one, two) in [
            (Controller::Cpu, "cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000", "cpu.max=50000 100000"),
            (Controller::Memory, "memory.limit_in_bytes=52428800", "memory.max=52428800"),
            (Controller::Pids, "pids.max=51", "pids.max=51"),
        ] {
            assert_eq!(settings(controller, Version::One), one);
            assert_eq!(settings(controller, Version::Two), two);
        }
        let huge = Controller::Memory.settings(Version::Two, u64::MAX);
        assert_eq!(huge[0].text, u64::MAX.to_string(), "the kernel takes it for no limit less than it has");
    }
}
