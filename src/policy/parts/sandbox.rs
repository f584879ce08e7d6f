//! `sandbox`: the place in which a server runs that the gate starts.
//!
//! ```yaml
//! sandbox:
//!   mode: net
//!   command: { path: /opt/weather/bin/server, sha256: 4f2a... }
//!   read: [/srv/weather]
//!   work: /var/lib/weather
//!   env: [WEATHER_KEY]
//!   hosts: [api.example.com, "*.example.org:8443"]
//!   private: [10.2.0.0/16]
//!   processes: 40
//!   memory_mib: 256
//!   cpu_percent: 50
//! ```

use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::{Bundle, Findings};
use crate::bounds::{POLICY_FILES_MAX, SANDBOX_NAMES_MAX, SANDBOX_PATH_BYTES_MAX};
use crate::policy::Source;
use crate::policy::code::Code;
use crate::policy::compile::Part;
use crate::policy::diagnostic::{Faults, Span};
use crate::policy::sandbox::{Hosts, SandboxMode, SandboxPlan};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{self, Content, Node};

/// The keys of `sandbox`.
pub(in crate::policy) const SANDBOX_KEYS: &[&str] = &[
    "mode",
    "best_effort",
    "command",
    "read",
    "programs",
    "work",
    "env",
    "hosts",
    "private",
    "cpu_seconds",
    "processes",
    "memory_mib",
    "cpu_percent",
];

/// The keys of `command` in it.
pub(in crate::policy) const SANDBOX_COMMAND_KEYS: &[&str] = &["path", "sha256"];

impl Bundle {
    pub(super) fn read_sandbox(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(node, "`sandbox`", SANDBOX_KEYS, findings) else { return };
        let mode = fields.need("mode", findings).and_then(|node| {
            walker::word(node, "a way to confine", SandboxMode::ALL, SandboxMode::as_str, findings)
        });
        let is_best_effort =
            fields.get("best_effort").and_then(|node| walker::boolean(node, "`best_effort`", findings));
        let count = |key: &'static str, findings: &mut Findings| {
            fields
                .get(key)
                .and_then(|node| walker::count(node, key, findings))
                .map(|number| number.get().into())
        };
        let plan = SandboxPlan {
            // Nothing takes effect where a fault has been noted.
            mode: mode.unwrap_or(SandboxMode::Strict),
            is_best_effort: is_best_effort.unwrap_or_default(),
            command: fields.get("command").and_then(|node| read_command(node, findings)),
            read: paths(&fields, "read", findings),
            programs: paths(&fields, "programs", findings),
            work: fields.get("work").and_then(|node| path(node, "`work`", findings)),
            env: texts(&fields, "env", findings).into_iter().map(|(text, _)| text).collect(),
            hosts: read_hosts(&fields, findings),
            private: read_private(&fields, findings),
            cpu_seconds: count("cpu_seconds", findings),
            processes: count("processes", findings),
            memory_mib: count("memory_mib", findings),
            cpu_percent: count("cpu_percent", findings),
        };
        check(mode, &plan, &fields, findings);
        self.upstream.sandbox = Some(plan);
    }
}

/// The sandbox that a bundle asks for, whatever else is wrong with it: for verbs that start the server in order to put
/// the bundle right.
///
/// # Errors
/// The faults of the section, and of files that cannot be read as YAML: the policy author's.
pub fn sandbox_of(sources: &[Source]) -> Result<Option<SandboxPlan>, Faults> {
    let (mut bundle, mut findings) = (Bundle::default(), Findings::default());
    for (file, source) in sources.iter().enumerate().take(POLICY_FILES_MAX) {
        if Part::of(&source.name) != Part::Policy {
            continue;
        }
        let Some(root) = yaml::parse(file, source, &mut findings) else { continue };
        let Content::Map(entries) = &root.content else { continue };
        for entry in entries.iter().filter(|entry| *entry.key == *"sandbox") {
            bundle.claim("sandbox", entry, &mut findings);
            bundle.read_sandbox(&entry.value, &mut findings);
        }
    }
    let has_errors = findings.has_errors();
    let faults = findings.settle(sources);
    if has_errors { Err(faults) } else { Ok(bundle.upstream.sandbox) }
}

fn check(mode: Option<SandboxMode>, plan: &SandboxPlan, fields: &Fields<'_>, findings: &mut Findings) {
    match mode {
        Some(SandboxMode::Net) if fields.entry("hosts").is_none() => {
            let help = "name hosts under `hosts`, or write `mode: strict`";
            findings.advise(
                Code::SandboxConflict,
                fields.span(),
                "a sandbox of `net` that reaches no host",
                help,
            );
        }
        Some(SandboxMode::Strict) => {
            let key = ["hosts", "private"].into_iter().find_map(|key| fields.entry(key));
            if let Some(entry) = key {
                let message = format!("`{}` means nothing in a sandbox that reaches no host", entry.key);
                findings.advise(
                    Code::SandboxConflict,
                    entry.key_span,
                    message,
                    "write `mode: net`, or remove it",
                );
            }
        }
        Some(SandboxMode::Net) | None => {}
    }
    let hides = |path: &Path| plan.work.as_deref().is_some_and(|work| path.starts_with(work));
    if let (Some(entry), true) = (fields.entry("work"), plan.programs.iter().any(|path| hides(path))) {
        let message = "programs would be started from where the server writes";
        let help = "keep `programs` and `work` apart";
        findings.advise(Code::SandboxConflict, entry.value.span, message, help);
    }
}

fn read_command(node: &Node, findings: &mut Findings) -> Option<(Box<Path>, Box<str>)> {
    let fields = Fields::open(node, "`command`", SANDBOX_COMMAND_KEYS, findings)?;
    let path = fields.need("path", findings).and_then(|node| path(node, "`path`", findings));
    let digest = fields.need("sha256", findings).and_then(|node| {
        let text = walker::line(node, "`sha256`", SANDBOX_PATH_BYTES_MAX, findings)?;
        let is_digest = text.value.len() == 64 && text.value.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digest {
            let help = "write the 64 digits that `sha256sum` prints";
            findings.advise(Code::BadValue, node.span, "`sha256` is no SHA-256", help);
        }
        is_digest.then(|| text.value.to_ascii_lowercase().into())
    });
    Some((path?.into(), digest?))
}

/// A path from the first `/` on that does not stand for everything.
fn path(node: &Node, what: &str, findings: &mut Findings) -> Option<PathBuf> {
    let text = walker::line(node, what, SANDBOX_PATH_BYTES_MAX, findings)?;
    let path = PathBuf::from(&*text.value);
    let is_plain = path.components().all(|component| component != std::path::Component::ParentDir);
    let fault = if !path.is_absolute() {
        "is no absolute path"
    } else if path == Path::new("/") {
        "is the whole machine"
    } else if !is_plain {
        "leads back by `..`"
    } else {
        return Some(path);
    };
    let help = "write a path from its first `/` on, as short as the server needs it, such as /srv/weather";
    findings.advise(Code::SandboxPath, node.span, format!("{what} {fault}"), help);
    None
}

fn paths(fields: &Fields<'_>, key: &str, findings: &mut Findings) -> Vec<PathBuf> {
    let items = fields.get(key).and_then(|node| walker::some(node, key, findings)).unwrap_or_default();
    bounded(items, findings).iter().filter_map(|node| path(node, &format!("`{key}`"), findings)).collect()
}

fn texts(fields: &Fields<'_>, key: &str, findings: &mut Findings) -> Vec<(Box<str>, Span)> {
    let items = fields.get(key).and_then(|node| walker::some(node, key, findings)).unwrap_or_default();
    let read = |node: &Node, findings: &mut Findings| {
        let text = walker::line(node, &format!("`{key}`"), SANDBOX_PATH_BYTES_MAX, findings)?;
        Some((text.value, text.span))
    };
    bounded(items, findings).iter().filter_map(|node| read(node, findings)).collect()
}

fn bounded<'n>(items: &'n [Node], findings: &mut Findings) -> &'n [Node] {
    if let Some(node) = items.get(SANDBOX_NAMES_MAX) {
        let message = format!("a list of a sandbox may have {SANDBOX_NAMES_MAX} entries at most");
        findings.raise(Code::TooLarge, node.span, message);
        return &[];
    }
    items
}

fn read_hosts(fields: &Fields<'_>, findings: &mut Findings) -> Vec<String> {
    let mut hosts = Vec::new();
    for (text, span) in texts(fields, "hosts", findings) {
        let host = String::from(text);
        if Hosts::parse(std::slice::from_ref(&host), &[]).is_ok() {
            hosts.push(host);
        } else {
            let help = "write api.example.com, api.example.com:8443 or *.example.com";
            findings.advise(Code::SandboxHost, span, "a host that a connection cannot be led to", help);
        }
    }
    hosts
}

fn read_private(fields: &Fields<'_>, findings: &mut Findings) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for (text, span) in texts(fields, "private", findings) {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(_) => {
                findings.advise(Code::BadValue, span, "a network is expected", "write it as 10.2.0.0/16");
            }
        }
    }
    networks
}
