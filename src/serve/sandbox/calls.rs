//! System calls that a server has no business with: they fail with `EPERM`.
//!
//! Whole families of calls are refused ([`families()`]), and all that the kernel has got since this was written does not
//! exist (`ENOSYS`), as the numbers of x32 do not: libraries then do as on an older kernel. Another architecture's calls
//! (32 bits) end the process.
//!
//! **Why no list of what is allowed.** Which calls a program makes is decided by its libraries, allocator and loader,
//! and differs between their versions and machines: what no test has met would fail in the field, in the middle of a
//! call that was admitted. What is on neither list does nothing that Landlock and lost rights do not bound.

mod families;

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, apply_filter_all_threads, sock_filter,
};

use self::families::{FAMILIES, Family, UNKNOWN};
use super::fault::Fault;

/// Whose calls they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The gate's own, which starts no program once it serves.
    Gate,
    /// A wrapped server's.
    Server,
}

/// Flags of `clone` that make a namespace: mounts, control groups, host name, messages, users, processes, network.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// What the calls are about that are refused.
pub(super) fn refused(whose: Whose) -> impl Iterator<Item = &'static str> {
    families(whose).map(|family| family.about)
}

fn families(whose: Whose) -> impl Iterator<Item = &'static Family> {
    FAMILIES.iter().filter(move |family| whose == Whose::Gate || family.is_for_servers)
}

/// Gives the calls up, and those with the numbers in `also`, for this thread and what it starts; the gate's for all its threads.
///
/// # Errors
/// [`Fault::Seccomp`] where the kernel does not take the filter.
pub(super) fn give_up(whose: Whose, also: &[i64]) -> Result<(), Fault> {
    for program in filters(whose, also)? {
        let applied = match whose {
            // Threads that were started before are bound, too.
            Whose::Gate => apply_filter_all_threads(&program),
            Whose::Server => apply_filter(&program),
        };
        applied.map_err(|cause| Fault::Seccomp(cause.to_string()))?;
    }
    Ok(())
}

fn filters(whose: Whose, also: &[i64]) -> Result<[BpfProgram; 3], Fault> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for number in families(whose).flat_map(|family| family.calls).chain(also) {
        refused.insert(*number, Vec::new());
    }
    let mut spawning = Vec::new();
    for flag in NAMESPACES {
        let flag = u64::from(flag.cast_unsigned());
        spawning.push(rule(vec![condition(SeccompCmpOp::MaskedEq(flag), flag)?])?);
    }
    refused.insert(libc::SYS_clone, spawning);
    // A name of a socket in the file system is out of Landlock's reach, and behind it may be a container
    // engine or an agent with keys; pairs of sockets are made by another call.
    let families: &[i32] = match whose {
        Whose::Gate => &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK],
        Whose::Server => &[libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK],
    };
    let other: Result<Vec<_>, Fault> = families
        .iter()
        .map(|family| condition(SeccompCmpOp::Ne, u64::from(family.cast_unsigned())))
        .collect();
    refused.insert(libc::SYS_socket, vec![rule(other?)?]);
    // Its flags lie in memory, where no filter sees them; whoever is told that it does not exist uses `clone`.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([filter(refused, libc::EPERM)?, filter(absent, libc::ENOSYS)?, unknown()])
}

/// Refuses every number from [`UNKNOWN`] on. The filters beside it look at the architecture.
///
/// Source: seccomp(2), `struct seccomp_data`; the instructions of `linux/bpf_common.h`.
fn unknown() -> BpfProgram {
    const LOAD_NUMBER: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    let absent = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();
    vec![
        sock_filter { code: LOAD_NUMBER, jt: 0, jf: 0, k: 0 },
        sock_filter { code: JUMP_IF_AT_LEAST, jt: 0, jf: 1, k: UNKNOWN },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: absent },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW },
    ]
}

fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<BpfProgram, Fault> {
    let fault = |cause: seccompiler::BackendError| Fault::Seccomp(cause.to_string());
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(fault)?;
    let refuse = SeccompAction::Errno(error.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture).map_err(fault)?;
    BpfProgram::try_from(filter).map_err(fault)
}

fn rule(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, Fault> {
    SeccompRule::new(conditions).map_err(|cause| Fault::Seccomp(cause.to_string()))
}

/// A test of the first argument.
fn condition(operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, Fault> {
    SeccompCondition::new(0, SeccompCmpArgLen::Dword, operator, value)
        .map_err(|cause| Fault::Seccomp(cause.to_string()))
}

#[cfg(test)]
mod tests;
