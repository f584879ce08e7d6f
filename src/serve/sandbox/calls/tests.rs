//! What the filters say of each call, by a machine that runs them as the kernel does; no call is made.

use super::*;

/// What comes out of one filter for a call.
///
/// Source: the kernel's `Documentation/networking/filter.rst`, and seccomp(2).
fn verdict(program: &[sock_filter], number: i64, arguments: [u64; 6]) -> u32 {
    let architecture: u32 = if cfg!(target_arch = "x86_64") { 0xC000_003E } else { 0xC000_00B7 };
    let word = |offset: u32| match offset {
        0 => u32::try_from(number).unwrap(),
        4 => architecture,
        16.. => {
            let argument = arguments[((offset - 16) / 8) as usize];
            u32::try_from((argument >> (8 * (offset % 8))) & 0xFFFF_FFFF).unwrap()
        }
        other => panic!("no filter looks at {other}"),
    };
    let (mut at, mut value) = (0, 0);
    loop {
        let step = &program[at];
        at += 1;
        let mut jump = |is_so: bool| at += usize::from(if is_so { step.jt } else { step.jf });
        match step.code {
            0x20 => value = word(step.k),
            0x54 => value &= step.k,
            0x05 => at += step.k as usize,
            0x15 => jump(value == step.k),
            0x25 => jump(value > step.k),
            0x35 => jump(value >= step.k),
            0x06 => return step.k,
            other => panic!("no filter of ours has the instruction {other:#x}"),
        }
    }
}

const REFUSED: u32 = libc::SECCOMP_RET_ERRNO | 1;
const ABSENT: u32 = libc::SECCOMP_RET_ERRNO | 38;
const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;

/// What all filters together say; the kernel takes the severest, which is the smallest.
fn judged(whose: Whose, number: i64, arguments: [u64; 6]) -> u32 {
    let programs = filters(whose, &[]).unwrap();
    programs.iter().map(|program| verdict(program, number, arguments)).min().unwrap()
}

#[test]
fn whole_families_are_refused() {
    for family in FAMILIES {
        for call in family.calls {
            let about = family.about;
            assert_eq!(judged(Whose::Gate, *call, [0; 6]), REFUSED, "{about}: {call}");
            let expected = if family.is_for_servers { REFUSED } else { ALLOWED };
            assert_eq!(judged(Whose::Server, *call, [0; 6]), expected, "{about}: {call}");
        }
    }
}

#[test]
fn no_call_stands_in_two_families() {
    let mut all: Vec<i64> = FAMILIES.iter().flat_map(|family| family.calls).copied().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn what_nobody_has_looked_at_does_not_exist() {
    for whose in [Whose::Gate, Whose::Server] {
        let last = i64::from(UNKNOWN) - 1;
        assert_eq!(judged(whose, last, [0; 6]), ALLOWED);
        for number in [last + 1, 500, 1023] {
            assert_eq!(judged(whose, number, [0; 6]), ABSENT, "{number}");
        }
        // Those of x32: execve, ptrace, and the twin of a call that is refused.
        for number in [520, 521, libc::SYS_mount, libc::SYS_read] {
            assert_ne!(judged(whose, number | 0x4000_0000, [0; 6]), ALLOWED, "{number}");
        }
        assert_eq!(judged(whose, libc::SYS_clone3, [0; 6]), ABSENT);
    }
}

#[test]
fn threads_are_made_and_namespaces_are_not() {
    let threads = u64::from((libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND).cast_unsigned());
    for whose in [Whose::Gate, Whose::Server] {
        assert_eq!(judged(whose, libc::SYS_clone, [threads, 0, 0, 0, 0, 0]), ALLOWED);
        for flag in NAMESPACES {
            let flags = threads | u64::from(flag.cast_unsigned());
            assert_eq!(judged(whose, libc::SYS_clone, [flags, 0, 0, 0, 0, 0]), REFUSED, "{flag:#x}");
        }
    }
}

#[test]
fn sockets_are_of_few_families() {
    let judged = |whose, family: i32| {
        judged(whose, libc::SYS_socket, [u64::from(family.cast_unsigned()), 1, 0, 0, 0, 0])
    };
    for (family, gate, server) in [
        (libc::AF_INET, ALLOWED, ALLOWED),
        (libc::AF_INET6, ALLOWED, ALLOWED),
        (libc::AF_NETLINK, ALLOWED, ALLOWED),
        (libc::AF_UNIX, ALLOWED, REFUSED),
        (libc::AF_PACKET, REFUSED, REFUSED),
        (libc::AF_VSOCK, REFUSED, REFUSED),
        (libc::AF_ALG, REFUSED, REFUSED),
        (libc::AF_BLUETOOTH, REFUSED, REFUSED),
    ] {
        assert_eq!((judged(Whose::Gate, family), judged(Whose::Server, family)), (gate, server), "{family}");
    }
}

/// What the gate was seen to call, from its start to its end: HTTP/1 and 2, TLS with certificates that change, a store of
/// limits, a reader of prose, traces, a watched policy, signals, an audit that is put aside (`strace -f`, glibc 2.36).
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const SEEN: &[i64] = &[
    libc::SYS_accept4, libc::SYS_access, libc::SYS_arch_prctl, libc::SYS_bind, libc::SYS_brk,
    libc::SYS_clock_nanosleep, libc::SYS_clone, libc::SYS_close, libc::SYS_connect, libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl, libc::SYS_epoll_wait, libc::SYS_eventfd2, libc::SYS_exit, libc::SYS_exit_group,
    libc::SYS_fcntl, libc::SYS_fdatasync, libc::SYS_flock, libc::SYS_fsync, libc::SYS_futex,
    libc::SYS_getdents64, libc::SYS_getpeername, libc::SYS_getpid, libc::SYS_getrandom, libc::SYS_getsockname,
    libc::SYS_getsockopt, libc::SYS_gettid, libc::SYS_inotify_add_watch, libc::SYS_inotify_init1,
    libc::SYS_inotify_rm_watch, libc::SYS_ioctl, libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset, libc::SYS_landlock_restrict_self, libc::SYS_listen, libc::SYS_lseek,
    libc::SYS_madvise, libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_mremap, libc::SYS_munmap,
    libc::SYS_newfstatat, libc::SYS_openat, libc::SYS_poll, libc::SYS_prctl, libc::SYS_pread64,
    libc::SYS_prlimit64, libc::SYS_read, libc::SYS_readlink, libc::SYS_readlinkat, libc::SYS_recvfrom,
    libc::SYS_rename, libc::SYS_rseq, libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn, libc::SYS_sched_getaffinity, libc::SYS_sched_yield, libc::SYS_seccomp,
    libc::SYS_sendto, libc::SYS_set_robust_list, libc::SYS_set_tid_address, libc::SYS_setsockopt,
    libc::SYS_shutdown, libc::SYS_sigaltstack, libc::SYS_socket, libc::SYS_socketpair, libc::SYS_statx,
    libc::SYS_uname, libc::SYS_unlink, libc::SYS_write, libc::SYS_writev,
];

#[cfg(target_arch = "x86_64")]
#[test]
fn what_the_gate_calls_stays_allowed() {
    for call in SEEN {
        assert_eq!(
            judged(Whose::Gate, *call, [libc::AF_INET.cast_unsigned().into(), 0, 0, 0, 0, 0]),
            ALLOWED,
            "{call}"
        );
    }
}
