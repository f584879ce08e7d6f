//! In the memory of a small sidecar: 64 MiB hold a loaded gate, held to it by the kernel as in a pod.
//!
//! A control group counts what a container's limit counts, the pages of the program itself among it; those can be given
//! up and read again, so that a build with debug information fits as well. What does not fit is killed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::summary;
use crate::support::bundle::{self, ALICE, Bundle};
use crate::support::gate::{Gate, call};
use crate::support::upstream::{Upstream, result};
use crate::support::wire::Wire;

const LIMIT_BYTES: u64 = 64 << 20;
const CONNECTIONS: usize = 256;

/// A control group with a limit of memory; empty again when the value goes.
struct Cage(PathBuf);

impl Cage {
    /// `Err` says why there is none.
    fn new() -> Result<Self, String> {
        let root = Path::new("/sys/fs/cgroup");
        let (parent, limit) = if root.join("memory/memory.limit_in_bytes").exists() {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            (root.to_path_buf(), "memory.max")
        };
        let cage = Self(parent.join(format!("sluicegate-test-{}", std::process::id())));
        let is_made = fs::create_dir(&cage.0)
            .and_then(|()| fs::write(cage.0.join(limit), LIMIT_BYTES.to_string()))
            .map_err(|fault| format!("no control group with a limit of memory can be made: {fault}"));
        // What would not fit must not be put aside either, where the system knows swap.
        let _ = fs::write(cage.0.join("memory.memsw.limit_in_bytes"), LIMIT_BYTES.to_string());
        let _ = fs::write(cage.0.join("memory.swap.max"), "0");
        is_made.map(|()| cage)
    }

    /// How many of its processes were killed for want of memory.
    fn kills(&self) -> u64 {
        let text = ["memory.oom_control", "memory.events"]
            .iter()
            .find_map(|file| fs::read_to_string(self.0.join(file)).ok())
            .expect("the control group counts");
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        line.and_then(|count| count.trim().parse().ok()).expect("a count of kills")
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        // Fails while the process that was in it is not yet reaped, and then again.
        for _ in 0..200 {
            if fs::remove_dir(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

#[test]
fn serves_256_connections_in_64_mib() {
    let cage = match Cage::new() {
        Ok(cage) => cage,
        Err(why) => {
            return summary::tell("memory", &format!("memory: skipped, {why}"));
        }
    };
    let filler = "a".repeat(8 << 10);
    let answer = format!(r#"{{"content":[{{"type":"text","text":"{filler}"}}]}}"#);
    let upstream = Upstream::json(move |body| result(body, &answer));
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    let audit = place.path().join("audit.jsonl");
    let enter = format!("echo $$ > {}/cgroup.procs", cage.0.display());
    let url = upstream.url();
    let gate = Gate::onto(Bundle::new(&bundle::clinic()), &audit, &enter, &["--upstream", url.as_str()]);
    let members = fs::read_to_string(cage.0.join("cgroup.procs")).unwrap_or_default();
    assert!(members.lines().any(|id| id == gate.id().to_string()), "the gate is not in the control group");

    let mut wires: Vec<Wire> = (0..CONNECTIONS).map(|_| gate.connect()).collect();
    let message = call(1, "echo", &format!(r#"{{"text":"{filler}"}}"#));
    for _ in 0..4 {
        std::thread::scope(|scope| {
            for few in wires.chunks_mut(CONNECTIONS / 8) {
                scope.spawn(|| {
                    for wire in few {
                        assert_eq!(wire.post(ALICE, &[], &message).status(), 200);
                    }
                });
            }
        });
    }
    assert_eq!(gate.page("/readyz").status(), 200);
    assert_eq!(cage.kills(), 0);
    drop((wires, gate));
}
