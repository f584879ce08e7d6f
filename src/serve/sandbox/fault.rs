//! What keeps a sandbox from standing: each with a number, what is missing, and what to do about it.

use std::fmt;
use std::path::PathBuf;

/// Why a server is not started in a sandbox; the operator's fault or the machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The kernel, or the container that we are in, gives no namespace of users.
    Users(String),
    /// A namespace was given, and a part of it does not work.
    Namespace(&'static str, String),
    /// There is no Landlock, or it does not hold all that was asked for.
    Landlock(String),
    /// The filter of system calls cannot be set.
    Seccomp(String),
    /// The program cannot be started.
    Program(PathBuf, String),
    /// The program is another one than was approved.
    Digest {
        /// Which one.
        program: PathBuf,
        /// What it has.
        found: String,
    },
    /// A path of the profile that does not exist.
    Path(PathBuf, String),
    /// The way out to the gate cannot be laid.
    Egress(String),
    /// A limit for all of it together that no control group holds here.
    Group(&'static str, String),
    /// A limit or a right that could not be set.
    Rights(&'static str, String),
}

impl Fault {
    /// The number, which never changes its meaning.
    pub fn number(&self) -> &'static str {
        match self {
            Self::Users(_) => "SG0430",
            Self::Namespace(..) => "SG0431",
            Self::Landlock(_) => "SG0432",
            Self::Seccomp(_) => "SG0433",
            Self::Program(..) => "SG0434",
            Self::Digest { .. } => "SG0435",
            Self::Path(..) => "SG0436",
            Self::Egress(_) => "SG0437",
            Self::Rights(..) => "SG0438",
            Self::Group(..) => "SG0440",
        }
    }

    /// Whether it is a part of the machine that is missing, which an operator may do without.
    pub fn is_part(&self) -> bool {
        match self {
            Self::Users(_)
            | Self::Namespace(..)
            | Self::Landlock(_)
            | Self::Seccomp(_)
            | Self::Group(..)
            | Self::Rights(..) => true,
            Self::Program(..) | Self::Digest { .. } | Self::Path(..) | Self::Egress(_) => false,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Users(_) => {
                "allow namespaces of users: sysctl user.max_user_namespaces above 0, \
                 kernel.apparmor_restrict_unprivileged_userns=0 where it exists, and in a container a seccomp \
                 profile that lets `unshare` pass; or go without by --sandbox-best-effort"
            }
            Self::Namespace(..) => {
                "a container may forbid it; allow it there, or go without by --sandbox-best-effort"
            }
            Self::Landlock(_) => {
                "use Linux 5.13 or later, of which `landlock` stands in /sys/kernel/security/lsm, and a container \
                 that lets its calls pass; or go without by --sandbox-best-effort"
            }
            Self::Seccomp(_) => {
                "use a kernel with CONFIG_SECCOMP_FILTER, or go without by --sandbox-best-effort"
            }
            Self::Program(..) => {
                "name a program that exists and that the sandbox shows: by an absolute path or in PATH, its \
                 interpreter too (--sandbox-program DIR)"
            }
            Self::Digest { .. } => {
                "look at why it changed; if the change is wanted, approve it by its new SHA-256"
            }
            Self::Path(..) => "name a file or a folder that exists, by an absolute path",
            Self::Egress(_) => "see the log of the gate, which answers for the way out",
            Self::Group(..) => {
                "give the gate a group of its own in which it may make others: under systemd by `Delegate=yes` and \
                 `DelegateSubgroup=gate`, elsewhere a folder by --sandbox-group DIR; or ask for no such limit, or go \
                 without by --sandbox-best-effort"
            }
            Self::Rights(..) => {
                "see what limits the gate itself runs under, or go without by --sandbox-best-effort"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.number())?;
        match self {
            Self::Users(why) => write!(f, "this machine gives no namespace of users: {why}")?,
            Self::Namespace(what, why) => write!(f, "the sandbox has no {what}: {why}")?,
            Self::Landlock(why) => write!(f, "Landlock does not hold here: {why}")?,
            Self::Seccomp(why) => write!(f, "no filter of system calls: {why}")?,
            Self::Program(program, why) => write!(f, "cannot start `{}`: {why}", program.display())?,
            Self::Digest { program, found } => write!(
                f,
                "`{}` is not the program that was approved: its SHA-256 is {found}",
                program.display()
            )?,
            Self::Path(path, why) => write!(f, "cannot show `{}` to the server: {why}", path.display())?,
            Self::Egress(why) => write!(f, "the server has no way out: {why}")?,
            Self::Group(what, why) => write!(f, "no control group holds `{what}` here: {why}")?,
            Self::Rights(what, why) => write!(f, "cannot set {what}: {why}")?,
        }
        write!(f, "; {}", self.help())
    }
}

impl std::error::Error for Fault {}
