//! What may be read, written, started and reached, by Landlock.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort,
    PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::fault::Fault;

/// What was allowed; everything else is refused.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    /// To be read.
    pub read: Vec<PathBuf>,
    /// To be read and started.
    pub start: Vec<PathBuf>,
    /// To be read and written, with all below it.
    pub write: Vec<PathBuf>,
    /// To be read and written as one file: `/dev/null`.
    pub devices: Vec<PathBuf>,
    /// Ports of TCP to connect to.
    pub connect: Vec<u16>,
    /// Ports of TCP to listen at.
    pub bind: Vec<u16>,
}

/// What holds of Landlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// The version of Landlock.
    pub abi: i32,
    /// Whether nothing of what was asked for is missing.
    pub is_whole: bool,
}

/// What we know how to ask for: files, devices, TCP, and signals to others.
const KNOWN: ABI = ABI::V7;

impl Allowed {
    /// Gives up everything else, for this thread and what it starts. What does not exist is left out.
    ///
    /// # Errors
    /// [`Fault::Landlock`] where there is none.
    pub fn hold(&self) -> Result<Held, Fault> {
        let status = self.ruleset().map_err(|cause| Fault::Landlock(cause.to_string()))?;
        let abi = match status.landlock {
            LandlockStatus::NotEnabled => return Err(Fault::Landlock("it is not enabled".into())),
            LandlockStatus::NotImplemented => {
                return Err(Fault::Landlock("the kernel does not have it".into()));
            }
            LandlockStatus::Available { effective_abi, kernel_abi } => {
                kernel_abi.unwrap_or(effective_abi as i32)
            }
        };
        match status.ruleset {
            RulesetStatus::NotEnforced => Err(Fault::Landlock("the kernel does not enforce it".into())),
            RulesetStatus::PartiallyEnforced => Ok(Held { abi, is_whole: false }),
            RulesetStatus::FullyEnforced => Ok(Held { abi, is_whole: true }),
        }
    }

    fn ruleset(&self) -> Result<landlock::RestrictionStatus, RulesetError> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        // Not to be started: what a server writes does not become a program.
        let write = AccessFs::from_all(KNOWN)
            & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(KNOWN))?
            .handle_access(AccessNet::from_all(KNOWN))?
            .scope(Scope::from_all(KNOWN))?
            .create()?;
        let groups: [(&[PathBuf], BitFlags<AccessFs>); 4] = [
            (&self.read, read),
            (&self.start, read | AccessFs::Execute),
            (&self.write, write),
            (&self.devices, device),
        ];
        for (paths, access) in groups {
            for path in paths {
                let Ok(opened) = PathFd::new(path) else { continue };
                // Rights of folders are no rights of a file.
                let access = if path.is_dir() { access } else { access & AccessFs::from_file(KNOWN) };
                rules = rules.add_rule(PathBeneath::new(opened, access))?;
            }
        }
        for port in &self.connect {
            rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
        }
        for port in &self.bind {
            rules = rules.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
        }
        rules.restrict_self()
    }

    /// Whether `path` may be read.
    pub fn shows(&self, path: &Path) -> bool {
        let groups = [&self.read, &self.start, &self.write, &self.devices];
        groups.into_iter().flatten().any(|allowed| path.starts_with(allowed))
    }
}
