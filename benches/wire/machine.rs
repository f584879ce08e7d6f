//! Where and on what a run took place.

use std::fs;
use std::process::Command;

use serde::Serialize;

/// What a reader needs to judge the figures.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The model of the processor.
    pub cpu: String,
    /// Cores that this process may see.
    pub cores: usize,
    /// Memory, in GiB.
    pub memory_gib: u64,
    /// The kernel.
    pub kernel: String,
    /// The compiler.
    pub rustc: String,
    /// nginx, as it names itself.
    pub nginx: String,
    /// Envoy, as it names itself.
    pub envoy: String,
    /// The commit, with a mark if files differ from it.
    pub commit: String,
}

impl Machine {
    /// Looks at the machine it runs on.
    pub fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
            line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
        };
        let cpuinfo = read("/proc/cpuinfo");
        let memory_kib: u64 =
            after(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0);
        let dirty = if said("git", &["status", "--porcelain", "-uno"]).is_empty() { "" } else { "-changed" };
        let envoy = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/run/envoy/envoy");
        Self {
            cpu: after(&cpuinfo, "model name"),
            cores: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
            memory_gib: memory_kib.div_ceil(1 << 20),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            rustc: said("rustc", &["--version"]),
            nginx: said("/usr/sbin/nginx", &["-v"]).replace("nginx version: ", ""),
            envoy: said(envoy, &["--version"])
                .split('/')
                .nth_back(3)
                .map_or(String::new(), |v| format!("envoy/{v}")),
            commit: format!("{}{dirty}", said("git", &["rev-parse", "--short", "HEAD"])),
        }
    }
}

/// The load of the last minute, as the kernel has it.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// What a program says, on either stream; nothing if there is no such program.
fn said(program: &str, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output()
    else {
        return String::new();
    };
    let bytes = if output.stdout.trim_ascii().is_empty() { output.stderr } else { output.stdout };
    String::from_utf8_lossy(&bytes).trim().to_owned()
}
