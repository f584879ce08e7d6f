//! Families of system calls, and who is refused them.
//!
//! What is refused is refused whole: a call that does nearly the same is no way around.
//!
//! Source: the kernel's tables of calls up to Linux 6.17; the sets of systemd.exec(5), `SystemCallFilter=`.

/// Calls that belong together.
#[derive(Debug)]
pub(super) struct Family {
    /// What they are about.
    pub about: &'static str,
    /// Their numbers.
    pub calls: &'static [i64],
    /// Whether a wrapped server is refused them, too; the gate always is.
    pub is_for_servers: bool,
}

/// The number of the first call that nobody has looked at here. It and those after it do not exist for us, as on an
/// older kernel; each architecture has the same numbers since Linux 5.1.
pub(super) const UNKNOWN: u32 = 470;

const fn refused_to_all(about: &'static str, calls: &'static [i64]) -> Family {
    Family { about, calls, is_for_servers: true }
}

const fn refused_to_gate(about: &'static str, calls: &'static [i64]) -> Family {
    Family { about, calls, is_for_servers: false }
}

/// All of them.
pub(super) const FAMILIES: &[Family] = &[
    refused_to_all(
        "other processes",
        &[
            libc::SYS_kcmp,
            libc::SYS_perf_event_open,
            libc::SYS_pidfd_getfd,
            libc::SYS_process_madvise,
            libc::SYS_process_mrelease,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_ptrace,
        ],
    ),
    refused_to_all(
        "mounts and roots",
        &[
            libc::SYS_chroot,
            libc::SYS_fsconfig,
            libc::SYS_fsmount,
            libc::SYS_fsopen,
            libc::SYS_fspick,
            libc::SYS_mount,
            libc::SYS_mount_setattr,
            libc::SYS_move_mount,
            libc::SYS_open_tree,
            libc::SYS_pivot_root,
            libc::SYS_quotactl,
            libc::SYS_quotactl_fd,
            libc::SYS_swapoff,
            libc::SYS_swapon,
            libc::SYS_umount2,
            OPEN_TREE_ATTR,
        ],
    ),
    refused_to_all("namespaces", &[libc::SYS_setns, libc::SYS_unshare]),
    refused_to_all("files by handles", &[libc::SYS_open_by_handle_at]),
    refused_to_all("keys of the kernel", &[libc::SYS_add_key, libc::SYS_keyctl, libc::SYS_request_key]),
    refused_to_all(
        "the kernel itself",
        &[
            libc::SYS_acct,
            libc::SYS_bpf,
            libc::SYS_delete_module,
            libc::SYS_finit_module,
            libc::SYS_init_module,
            libc::SYS_kexec_file_load,
            libc::SYS_kexec_load,
            libc::SYS_reboot,
            libc::SYS_syslog,
            libc::SYS_vhangup,
        ],
    ),
    refused_to_all("clocks", &[libc::SYS_clock_adjtime, libc::SYS_clock_settime, libc::SYS_settimeofday]),
    refused_to_all("names of the machine", &[libc::SYS_setdomainname, libc::SYS_sethostname]),
    refused_to_all(
        "calls by other means",
        &[
            libc::SYS_io_uring_enter,
            libc::SYS_io_uring_register,
            libc::SYS_io_uring_setup,
            libc::SYS_userfaultfd,
        ],
    ),
    #[cfg(target_arch = "x86_64")]
    refused_to_all(
        "devices and tables of the processor",
        &[libc::SYS_ioperm, libc::SYS_iopl, libc::SYS_modify_ldt, libc::SYS_uselib],
    ),
    refused_to_gate("programs", &[libc::SYS_execve, libc::SYS_execveat]),
    refused_to_gate(
        "users and rights",
        &[
            libc::SYS_capset,
            libc::SYS_setfsgid,
            libc::SYS_setfsuid,
            libc::SYS_setgid,
            libc::SYS_setgroups,
            libc::SYS_setregid,
            libc::SYS_setresgid,
            libc::SYS_setresuid,
            libc::SYS_setreuid,
            libc::SYS_setuid,
        ],
    ),
    refused_to_gate("owners of files", &[libc::SYS_fchown, libc::SYS_fchownat]),
    #[cfg(target_arch = "x86_64")]
    refused_to_gate("owners of files, by old names", &[libc::SYS_chown, libc::SYS_lchown, libc::SYS_mknod]),
    refused_to_gate("nodes", &[libc::SYS_mknodat]),
    refused_to_gate(
        "attributes of files",
        &[
            libc::SYS_fremovexattr,
            libc::SYS_fsetxattr,
            libc::SYS_lremovexattr,
            libc::SYS_lsetxattr,
            libc::SYS_removexattr,
            libc::SYS_setxattr,
            REMOVEXATTRAT,
            SETXATTRAT,
        ],
    ),
    refused_to_gate(
        "messages and memory of System V and POSIX",
        &[
            libc::SYS_mq_getsetattr,
            libc::SYS_mq_notify,
            libc::SYS_mq_open,
            libc::SYS_mq_timedreceive,
            libc::SYS_mq_timedsend,
            libc::SYS_mq_unlink,
            libc::SYS_msgctl,
            libc::SYS_msgget,
            libc::SYS_msgrcv,
            libc::SYS_msgsnd,
            libc::SYS_semctl,
            libc::SYS_semget,
            libc::SYS_semop,
            libc::SYS_semtimedop,
            libc::SYS_shmat,
            libc::SYS_shmctl,
            libc::SYS_shmdt,
            libc::SYS_shmget,
        ],
    ),
    refused_to_gate(
        "pages of others and hidden ones",
        &[libc::SYS_memfd_secret, libc::SYS_migrate_pages, libc::SYS_move_pages, libc::SYS_remap_file_pages],
    ),
    refused_to_gate("what others do to files", &[libc::SYS_fanotify_init, libc::SYS_fanotify_mark]),
    refused_to_gate("names of files by handles", &[libc::SYS_name_to_handle_at]),
    refused_to_gate(
        "precedence and ways of running",
        &[
            libc::SYS_adjtimex,
            libc::SYS_ioprio_set,
            libc::SYS_personality,
            libc::SYS_sched_setattr,
            libc::SYS_sched_setparam,
            libc::SYS_sched_setscheduler,
            libc::SYS_setpriority,
        ],
    ),
];

/// `open_tree_attr`, Linux 6.15.
const OPEN_TREE_ATTR: i64 = 467;

/// `setxattrat` and `removexattrat`, Linux 6.13.
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;
