//! System calls that a server has no business with: they fail with `EPERM`.
//!
//! A list of what is refused, not of what is allowed: servers in any language run in it, and what the
//! other parts close stays closed. Where a call has a twin (the x32 numbers of x86-64), so has its refusal;
//! another architecture's calls (32 bits) end the process.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, apply_filter_all_threads,
};

use super::fault::Fault;

/// Whose calls they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The gate's own, which starts no program once it serves.
    Gate,
    /// A wrapped server's.
    Server,
}

/// Tracing others, other roots and mounts, other namespaces, the kernel's own matters.
const REFUSED: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// What only the gate is refused beyond that.
const REFUSED_TO_GATE: &[i64] = &[libc::SYS_execve, libc::SYS_execveat];

/// Numbers of x32 that no number of x86-64 gives: execve, ptrace, kexec_load, process_vm_*, execveat.
#[cfg(target_arch = "x86_64")]
const REFUSED_X32: &[i64] = &[520, 521, 528, 539, 540, 545];

/// The bit that makes a number of x86-64 one of x32.
#[cfg(target_arch = "x86_64")]
const X32: i64 = 0x4000_0000;

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

fn filters(whose: Whose, also: &[i64]) -> Result<[BpfProgram; 2], Fault> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let own = match whose {
        Whose::Gate => REFUSED_TO_GATE,
        Whose::Server => &[],
    };
    for number in REFUSED.iter().chain(own).chain(also) {
        refused.insert(*number, Vec::new());
        #[cfg(target_arch = "x86_64")]
        refused.insert(*number | X32, Vec::new());
    }
    #[cfg(target_arch = "x86_64")]
    for number in REFUSED_X32.iter().filter(|number| whose == Whose::Gate || !matches!(number, 520 | 545)) {
        refused.insert(*number | X32, Vec::new());
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
    Ok([filter(refused, libc::EPERM)?, filter(absent, libc::ENOSYS)?])
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
mod tests {
    use super::*;

    #[test]
    fn filters_compile_and_that_of_the_gate_refuses_more() {
        let [server, absent] = filters(Whose::Server, &[]).unwrap();
        let [gate, _] = filters(Whose::Gate, &[]).unwrap();
        assert!(gate.len() > server.len() && server.len() > absent.len());
    }
}
