//! What a gate cannot tell of itself: tried from here.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::codes::Check;
use super::{Finding, Mark};
use crate::bounds::DESK_WAIT;
use crate::cli::check;
use crate::cli::desk::{Told, text};
use crate::identity::Endpoint;
use crate::names::hex;
use crate::report::span_ms;
use crate::serve::Target;
use crate::store::{Credential, Fetcher, Trust};

/// Nobody may reach the server but through the gate: nothing answers where others would find it.
pub(super) async fn around(addresses: &[String], told: Option<&Told>) -> Vec<Finding> {
    if addresses.is_empty() {
        let remedy = "run this in another pod with --around POD-IP:PORT of the server";
        return vec![Finding::unchecked(Check::Around, "no --around was given", remedy)];
    }
    let mut findings = Vec::new();
    for address in addresses {
        findings.push(around_one(address, told).await);
    }
    findings
}

async fn around_one(address: &str, told: Option<&Told>) -> Finding {
    let found = match timeout(AROUND_WAIT, tokio::net::lookup_host(address)).await {
        Ok(Ok(found)) => found.collect::<Vec<SocketAddr>>(),
        Ok(Err(cause)) => {
            return Finding::unchecked(Check::Around, format!("`{address}` is not found: {cause}"), NAME);
        }
        Err(_) => {
            return Finding::unchecked(Check::Around, format!("nobody knows the name in `{address}`"), NAME);
        }
    };
    for candidate in &found {
        if let Ok(Ok(_)) = timeout(AROUND_WAIT, TcpStream::connect(candidate)).await {
            if let Some(finding) = told.and_then(|told| at_the_gate(*candidate, told)) {
                return finding;
            }
            let is_own = candidate.ip().to_canonical().is_loopback();
            let (mark, where_from) =
                if is_own { (Mark::Warning, " from this machine or pod") } else { (Mark::Failure, "") };
            let text = format!("{candidate} accepts connections{where_from}, around the gate");
            let remedy =
                "let the server listen on 127.0.0.1, or close its port to others with a NetworkPolicy";
            return Finding::new(Check::Around, mark, text, remedy);
        }
    }
    Finding::fine(Check::Around, format!("nothing accepts connections at {address}"))
}

/// What is said of an address that may be the gate's own; `None` where it cannot be.
fn at_the_gate(candidate: SocketAddr, told: &Told) -> Option<Finding> {
    let gate: SocketAddr = told.text("/listen/address").parse().ok()?;
    if told.is("/listen/is_redirected") && !candidate.ip().to_canonical().is_loopback() {
        let why =
            format!("the pod's rules lead connections to {candidate} to the gate, but for the gate's own");
        return Some(Finding::unchecked(Check::Around, why, "see whether the init container made its rules"));
    }
    if candidate.port() != gate.port() || !(gate.ip().is_unspecified() || gate.ip() == candidate.ip()) {
        return None;
    }
    // Only here can an address be told from that of another pod with the same port.
    let is_here = std::net::UdpSocket::bind((candidate.ip(), 0)).is_ok();
    Some(if is_here {
        Finding::fine(Check::Around, format!("it is the gate that accepts connections at {candidate}"))
    } else {
        let why = format!("{candidate} accepts connections, and may be the gate's own");
        Finding::unchecked(Check::Around, why, "run this in the pod of the gate")
    })
}

/// A connection inside a cluster takes milliseconds; a port that a NetworkPolicy closes is silent.
const AROUND_WAIT: Duration = Duration::from_secs(2);
const NAME: &str = "give an address such as 10.1.2.3:8080";

/// The server answers, by what the gate saw last and by what is seen from here.
pub(super) async fn upstream(target: Option<&Target>, told: Option<&Told>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(told) = told {
        findings.push(as_the_gate_saw(told));
    }
    if let Some(target) = target {
        findings.push(match timeout(DESK_WAIT, connect(target)).await {
            Ok(Ok(())) => {
                Finding::fine(Check::Upstream, format!("the server accepts connections at {}", place(target)))
            }
            Ok(Err(cause)) => unanswered(target, &cause.to_string()),
            Err(_) => unanswered(target, "it is silent"),
        });
    }
    findings
}

fn as_the_gate_saw(told: &Told) -> Finding {
    if told.is("/upstream/is_up") {
        return Finding::fine(Check::Upstream, "the server answered the gate when it was last asked");
    }
    let totals = &told.0["traffic"]["total"];
    let asked =
        ["allow", "redact", "error", "shadow_deny"].iter().any(|word| totals[word].as_u64() > Some(0));
    if asked {
        let text = "the server did not answer the gate when it was last asked";
        return Finding::new(
            Check::Upstream,
            Mark::Failure,
            text,
            "see whether it runs, and what the gate has as --upstream",
        );
    }
    let remedy = "call a tool, or give --upstream URL";
    Finding::unchecked(Check::Upstream, "the gate had nothing to ask it yet", remedy)
}

async fn connect(target: &Target) -> std::io::Result<()> {
    match target {
        Target::Network { host, port, .. } => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            TcpStream::connect((host, *port)).await.map(drop)
        }
        Target::Unix { socket, .. } => UnixStream::connect(socket).await.map(drop),
    }
}

/// Where a server is, for a sentence.
fn place(target: &Target) -> String {
    match target {
        Target::Network { host, port, .. } => format!("{host}:{port}"),
        Target::Unix { socket, .. } => socket.display().to_string(),
    }
}

fn unanswered(target: &Target, cause: &str) -> Finding {
    let text =
        format!("the server does not accept connections at {}: {}", place(target), cause.to_lowercase());
    Finding::new(Check::Upstream, Mark::Failure, text, "see whether it runs, and on which address")
}

/// The files are what is in force.
pub(super) fn files(directory: Option<&Path>, told: Option<&Told>) -> Option<Finding> {
    let (directory, told) = (directory?, told?);
    let shown = directory.display();
    let policy = match check::load(directory, None) {
        Ok(loaded) => loaded.policy,
        Err(account) => {
            let why = account.unable.clone().unwrap_or_else(|| account.summary.clone());
            let text = format!("the files in {shown} are no policy that holds: {why}");
            let remedy = format!(
                "`sluicegate check {shown}` shows every mistake; until then the gate cannot be restarted"
            );
            return Some(Finding::new(Check::Files, Mark::Failure, text, remedy));
        }
    };
    let (ours, its) = (hex(&policy.sha256), told.text("/policy/sha256"));
    if ours == its {
        return Some(Finding::fine(Check::Files, format!("the files in {shown} are what is in force")));
    }
    let short = |sha256: &str| sha256.chars().take(8).collect::<String>();
    let text = format!("the files in {shown} are {}, and in force is {}", short(&ours), short(&its));
    let remedy = "a ConfigMap takes up to two minutes, and never arrives at a `subPath`; see SG2006 for a refused reload";
    Some(Finding::new(Check::Files, Mark::Warning, text, remedy))
}

/// How far two clocks may be apart: tokens are given a minute at most.
const SKEW_MS_WARNING: u64 = 5_000;
const SKEW_MS_FAILURE: u64 = 60_000;

/// The clock of the gate agrees with this one.
pub(super) fn clock(told: &Told, unix_ms: u64) -> Finding {
    let skew_ms = told.number("/now_unix_ms").abs_diff(unix_ms);
    let text = format!("the clock of the gate and this one are {} apart", span_ms(skew_ms));
    judge_skew(Check::Clock, skew_ms, text)
}

fn judge_skew(check: Check, skew_ms: u64, text: String) -> Finding {
    let remedy = "let both machines follow a time server (chrony, systemd-timesyncd)";
    if skew_ms <= SKEW_MS_WARNING {
        Finding::fine(check, text)
    } else if skew_ms <= SKEW_MS_FAILURE {
        Finding::new(check, Mark::Warning, text, remedy)
    } else {
        Finding::new(check, Mark::Failure, text, remedy)
    }
}

/// The clocks of issuers agree with that of the gate.
pub(super) async fn issuer_clocks(told: &Told, ca_file: Option<&Path>) -> Vec<Finding> {
    if told.rows("/keys").is_empty() {
        return Vec::new();
    }
    let trust = ca_file.map_or(Trust::System, |file| Trust::Also(file.into()));
    let fetcher = match Fetcher::new(&trust) {
        Ok(fetcher) => fetcher,
        Err(fault) => {
            let remedy = "see --ca-file";
            return vec![Finding::unchecked(Check::IssuerClock, fault.to_string(), remedy)];
        }
    };
    let mut findings = Vec::new();
    // By what passes here meanwhile, the clock of the gate has moved on as well.
    let begun = std::time::Instant::now();
    for place in told.rows("/keys") {
        let (issuer, url) = (text(place.get("issuer")), text(place.get("url")));
        let unasked = |why: String| {
            Finding::unchecked(
                Check::IssuerClock,
                format!("{issuer}: {why}"),
                "run this where the issuer can be reached, with its --ca-file",
            )
        };
        let Ok(endpoint) = Endpoint::parse(&url) else {
            findings.push(unasked("its address cannot be asked".into()));
            continue;
        };
        let asked = fetcher.get(&endpoint, "application/json", Credential::None).await;
        let now_ms = told.number("/now_unix_ms") + begun.elapsed().as_millis() as u64;
        findings.push(match asked.map_err(|fault| fault.to_string()).map(|answer| answer.date_unix_ms) {
            Ok(Some(date_ms)) => {
                let skew_ms = date_ms.abs_diff(now_ms);
                judge_skew(
                    Check::IssuerClock,
                    skew_ms,
                    format!("the clocks of {issuer} and of the gate are {} apart", span_ms(skew_ms)),
                )
            }
            Ok(None) => unasked("it does not tell the time".into()),
            Err(why) => unasked(why),
        });
    }
    findings
}

/// Below so many percent of a disk something should be done; below so many bytes, at once.
const DISK_PERCENT_WARNING: u64 = 10;
const DISK_BYTES_FAILURE: u64 = 64 << 20;

/// The disk of the audit has room, where it can be seen from here.
pub(super) fn disk(told: &Told) -> Finding {
    let file = told.0["audit"]["file"].as_str().unwrap_or_default();
    let path = Path::new(file);
    if file.is_empty() || !path.is_absolute() || !path.exists() {
        let remedy = "run this in the container of the gate, or look at its volume";
        return Finding::unchecked(Check::Disk, "the file of the audit cannot be seen from here", remedy);
    }
    match rustix::fs::statvfs(path) {
        Ok(disk) => judge_disk(
            disk.f_bavail.saturating_mul(disk.f_frsize),
            disk.f_blocks.saturating_mul(disk.f_frsize),
        ),
        Err(cause) => Finding::unchecked(Check::Disk, cause.to_string(), "look at the volume of the audit"),
    }
}

fn judge_disk(free: u64, all: u64) -> Finding {
    let percent = free.saturating_mul(100) / all.max(1);
    let text = format!("the disk of the audit has {} MiB left, {percent} %", free >> 20);
    let remedy =
        "make room, or let old files go: --audit-file-mib, --audit-keep, --audit-when-full drop-oldest";
    if free < DISK_BYTES_FAILURE {
        Finding::new(Check::Disk, Mark::Failure, text, remedy)
    } else if percent < DISK_PERCENT_WARNING {
        Finding::new(Check::Disk, Mark::Warning, text, remedy)
    } else {
        Finding::fine(Check::Disk, text)
    }
}

/// In a pod: what nobody can see without asking the API server.
pub(super) fn pod() -> Finding {
    Finding::unchecked(
        Check::Pod,
        "that takes access to the API server",
        "`kubectl get service NAME -o jsonpath='{.spec.ports[*].targetPort}'` must say the port name of the gate",
    )
}

#[cfg(test)]
mod tests;
