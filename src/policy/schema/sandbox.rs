//! The shapes of `sandbox`.

use super::Shape;
use super::forms::{boolean, count, rooted, sha256, shape, some, text, word};
use crate::policy::parts::keys::{SANDBOX_COMMAND_KEYS, SANDBOX_KEYS};
use crate::policy::sandbox::SandboxMode;

pub(super) fn shapes() -> [Shape; 2] {
    [
        Shape::new("sandbox", SANDBOX_KEYS, &["mode"])
            .row(
                "mode",
                word(SandboxMode::ALL, SandboxMode::as_str),
                "`strict`: no network; `net`: some hosts",
            )
            .row(
                "best_effort",
                boolean(),
                "whether the server starts where the machine lacks a part of the sandbox",
            )
            .row("command", shape("sandbox_command"), "the program that may be started, and no other")
            .row(
                "read",
                some(&rooted()),
                "files and folders that it reads, beside the system's and its program's",
            )
            .row("programs", some(&rooted()), "folders that it reads and starts programs from")
            .row(
                "work",
                rooted(),
                "the folder that it writes to; without it one in memory, which ends with it",
            )
            .row("env", some(&text()), "variables that `--env` may give to it")
            .row("hosts", some(&text()), "hosts that it reaches: `api.example.com`, `*.example.org:8443`")
            .row("private", some(&text()), "private networks in which hosts may be")
            .row("cpu_seconds", count(), "seconds of a processor that one process may use")
            .row("processes", count(), "processes and threads that it may have at once")
            .row(
                "memory_mib",
                count(),
                "MiB of memory for all its processes together; it is killed beyond them",
            )
            .row("cpu_percent", count(), "percent of one processor for all its processes together"),
        Shape::new("sandbox_command", SANDBOX_COMMAND_KEYS, SANDBOX_COMMAND_KEYS)
            .row("path", rooted(), "where the program is")
            .row("sha256", sha256(), "what `sha256sum` prints of it"),
    ]
}
