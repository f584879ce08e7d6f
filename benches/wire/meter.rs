//! What a target has cost: CPU time and memory of a process and all it has started, from `/proc`.
//!
//! CPU time is the first field of `/proc/PID/task/*/schedstat`, nanoseconds on a CPU, summed over threads.
//! It moves far less than rates do when the machine is busy. A thread that ends takes its time with it: the
//! targets here keep their threads. Unreadable files count as nothing, for a process may end at any moment.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

/// The process itself and every descendant of it, at this moment.
pub fn family(root: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = numbered("/proc").filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut members = HashSet::from([root]);
    // A child may stand before its parent in the listing: go round until nobody joins.
    loop {
        let before = members.len();
        members.extend(
            parents
                .iter()
                .filter(|(_, parent)| members.contains(parent))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        if members.len() == before {
            break;
        }
    }
    let mut members: Vec<u32> = members.into_iter().collect();
    members.sort_unstable();
    members
}

/// The time that these processes have spent on a CPU.
pub fn cpu(family: &[u32]) -> Duration {
    let nanos = family
        .iter()
        .flat_map(|pid| numbered(&format!("/proc/{pid}/task")).map(move |thread| (pid, thread)))
        .filter_map(|(pid, thread)| fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat")).ok())
        .filter_map(|line| line.split(' ').next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanos)
}

/// The resident memory of these processes in KiB (`VmRSS`), summed: pages they share count once for each.
pub fn rss_kib(family: &[u32]) -> u64 {
    family
        .iter()
        .filter_map(|pid| field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:"))
        .sum()
}

/// How a core has spent its time since the machine started, in clock ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Core {
    /// Doing something.
    pub busy: u64,
    /// Wanted by us, given to another guest by the hypervisor.
    pub stolen: u64,
    /// All of it.
    pub total: u64,
}

impl Core {
    /// Reads the ticks of one core.
    pub fn read(core: usize) -> Self {
        fs::read_to_string("/proc/stat").map(|stat| Self::parse(&stat, core)).unwrap_or_default()
    }

    /// The share of the time since `earlier` that the core was busy, and that was stolen; 0 to 1.
    pub fn since(self, earlier: Self) -> (f64, f64) {
        let total = self.total.saturating_sub(earlier.total).max(1) as f64;
        (
            self.busy.saturating_sub(earlier.busy) as f64 / total,
            self.stolen.saturating_sub(earlier.stolen) as f64 / total,
        )
    }

    fn parse(stat: &str, core: usize) -> Self {
        let label = format!("cpu{core} ");
        let Some(line) = stat.lines().find_map(|line| line.strip_prefix(&label)) else {
            return Self::default();
        };
        let ticks: Vec<u64> = line.split_whitespace().map_while(|tick| tick.parse().ok()).take(8).collect();
        let [user, nice, system, idle, waiting, hard, soft, stolen] = ticks[..] else {
            return Self::default();
        };
        let busy = user + nice + system + hard + soft;
        Self { busy, stolen, total: busy + idle + waiting + stolen }
    }
}

fn parent(pid: u32) -> Option<u32> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "PPid:")
        .and_then(|id| u32::try_from(id).ok())
}

fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

fn numbered(directory: &str) -> impl Iterator<Item = u32> + use<> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;

    #[test]
    fn reads_the_share_of_a_core() {
        let earlier = Core::parse("cpu  9 9\ncpu0 10 0 10 100 0 0 0 0 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\n", 0);
        let later = Core::parse("cpu0 50 0 30 120 0 0 10 10 0 0\n", 0);
        assert_eq!(earlier, Core { busy: 20, stolen: 0, total: 120 });
        assert_eq!(later.since(earlier), (0.7, 0.1));
        assert_eq!(Core::parse("cpu0 50 0\n", 0), Core::default());
    }

    #[test]
    fn sees_its_own_work_and_memory() {
        let own = family(std::process::id());
        assert!(own.contains(&std::process::id()));
        let before = cpu(&own);
        let sum = (0..20_000_000_u64).fold(0_u64, |sum, next| std::hint::black_box(sum ^ next));
        assert!(cpu(&own) > before, "{sum}");
        assert!(rss_kib(&own) > 500);
    }
}
