//! From the text of a settings file to what it says, with every fault of it.

use std::str::FromStr;
use std::time::Duration;

use super::{
    Choice, Enrolment, GateSettings, IpFamily, KubernetesVersion, LogLevel, Overrides, Permission,
    PolicyChoice, Quantity, Resources, Sandbox, Settings, Sidecar,
};
use crate::bounds::PORT_NAME_CHARACTERS_MAX;
use crate::inject::annotations;
use crate::inject::outcome::Mode;
use crate::names;
use crate::policy::Source;
use crate::policy::reading::{
    Code, Content, Fields, Findings, Glob, Node, boolean, duration, map, number, parse, shown, some, text,
    texts, word,
};

const KEYS: &[&str] = &[
    "version",
    "image",
    "mode",
    "inject",
    "opt_out",
    "shadow",
    "sandbox",
    "policy",
    "redirect",
    "sidecar",
    "kubernetes",
    "ip_family",
    "port_name",
    "listen_port",
    "admin_port",
    "redirect_port",
    "uid",
    "redirect_uid",
    "resources",
    "log_level",
    "audit_volume",
    "drain",
    "extra_args",
    "service_accounts",
    "exempt_namespaces",
    "namespaces",
];
const OVERRIDE_KEYS: &[&str] = &["image", "mode", "inject", "opt_out", "shadow", "sandbox", "policy"];
const POLICY_KEYS: &[&str] = &["default", "allowed", "image", "images"];
const RESOURCE_KEYS: &[&str] = &["cpu_request", "memory_request", "memory_limit"];

/// Namespaces of the cluster itself, and the one that the injector is installed in by default.
const EXEMPT: &[&str] = &["kube-system", "kube-public", "kube-node-lease", "sluicegate-system"];
const PORT_NAME: &str = "mcp";
const LISTEN_PORT: u16 = 15_801;
/// As the gate itself has it.
pub(in crate::inject) const ADMIN_PORT: u16 = 15_820;
const REDIRECT_PORT: u16 = 15_001;
/// The user "nonroot" of distroless images.
const UID: u32 = 65_532;
/// A user of nobody else: 65532 is shared by many images, whose traffic would not be redirected then.
const REDIRECT_UID: u32 = 2_102;
const KUBERNETES: KubernetesVersion = KubernetesVersion { major: 1, minor: 33 };
const DRAIN: Duration = Duration::from_secs(20);

/// Reads the file; `None` where something is missing without which nothing can be said.
pub(super) fn settings(source: &Source, findings: &mut Findings) -> Option<Settings> {
    let root = parse(0, source, findings)?;
    let fields = Fields::open(&root, "the settings", KEYS, findings)?;
    version(&fields, findings);
    let overrides = overrides(&fields, findings);
    let gate = gate(&fields, findings);
    let namespaces = fields.get("namespaces").map_or_else(Vec::new, |node| namespaces(node, findings));
    let image = fields.need("image", findings).and_then(|_| overrides.image.clone());
    let base = Choice {
        // Nothing is made of it without one; what else is wrong is still to be found.
        image: image.clone().unwrap_or_default(),
        mode: overrides.mode.flatten(),
        enrolment: overrides.enrolment.unwrap_or_default(),
        opt_out: overrides.opt_out.unwrap_or(Permission::Allow),
        shadow: overrides.shadow.unwrap_or(names::Mode::Enforce),
        sandbox: overrides.sandbox.unwrap_or_default(),
        policy: PolicyChoice {
            default: overrides.policy_default,
            allowed: overrides.policy_allowed.unwrap_or_default(),
            image: overrides.policy_image,
            images: overrides.policy_images.unwrap_or_default(),
        },
    };
    let exempt = fields.get("exempt_namespaces").map(|node| globs(node, "`exempt_namespaces`", findings));
    let settings = Settings {
        base,
        namespaces,
        exempt: exempt.unwrap_or_else(|| EXEMPT.iter().map(|name| Glob::new(name)).collect()),
        askers: fields.get("service_accounts").map(|node| globs(node, "`service_accounts`", findings)),
        redirect: permission(&fields, "redirect", findings).unwrap_or(Permission::Refuse),
        sidecar: closed(&fields, "sidecar", "a kind of sidecar", Sidecar::ALL, Sidecar::as_str, findings)
            .unwrap_or_default(),
        kubernetes: kubernetes(&fields, findings).unwrap_or(KUBERNETES),
        gate,
    };
    image.map(|_| settings)
}

fn version(fields: &Fields<'_>, findings: &mut Findings) {
    let Some(node) = fields.need("version", findings) else { return };
    if number::<u32>(node) != Some(1) {
        findings.raise(Code::BadValue, node.span, "the version of the settings must be 1");
    }
}

fn gate(fields: &Fields<'_>, findings: &mut Findings) -> GateSettings {
    let port_name = fields.get("port_name").and_then(|node| port_name(node, findings));
    let ports = ports(fields, findings);
    let resources = fields.get("resources");
    let log_level = closed(fields, "log_level", "a level of logs", LogLevel::ALL, LogLevel::as_str, findings);
    let drain = fields.get("drain").and_then(|node| duration(node, "`drain`", findings));
    let extra_args = fields.get("extra_args").filter(|node| !is_empty(node));
    let extra_args = extra_args.map(|node| texts(node, "`extra_args`", findings));
    let audit_volume = fields.get("audit_volume").and_then(|node| memory(node, "`audit_volume`", findings));
    let [listen_port, admin_port, redirect_port] = ports;
    let uid = in_range(fields, "uid", 1, u32::MAX, findings).unwrap_or(UID);
    let redirect_uid = in_range(fields, "redirect_uid", 1, u32::MAX, findings).unwrap_or(REDIRECT_UID);
    GateSettings {
        port_name: port_name.unwrap_or_else(|| PORT_NAME.into()),
        listen_port,
        admin_port,
        redirect_port,
        ip_family: closed(
            fields,
            "ip_family",
            "a family of addresses",
            IpFamily::ALL,
            IpFamily::as_str,
            findings,
        )
        .unwrap_or_default(),
        uid,
        redirect_uid,
        resources: self::resources(resources, findings),
        log_level: log_level.unwrap_or_default(),
        audit_volume: audit_volume.unwrap_or_else(|| memory_of("256Mi")),
        drain: drain.unwrap_or(DRAIN),
        extra_args: extra_args.unwrap_or_default().into_iter().map(|arg| arg.value).collect(),
    }
}

/// The three ports of the gate: to listen, for operators, for what is redirected. No two are the same.
fn ports(fields: &Fields<'_>, findings: &mut Findings) -> [u16; 3] {
    const KEYS: [(&str, u16); 3] =
        [("listen_port", LISTEN_PORT), ("admin_port", ADMIN_PORT), ("redirect_port", REDIRECT_PORT)];
    let ports = KEYS.map(|(key, default)| in_range(fields, key, 1024, u16::MAX, findings).unwrap_or(default));
    for (index, (key, _)) in KEYS.iter().enumerate() {
        let twin = ports.iter().take(index).position(|port| *port == ports[index]);
        if let Some(twin) = twin {
            let at = [*key, KEYS[twin].0]
                .iter()
                .find_map(|key| fields.get(key))
                .map_or(fields.span(), |node| node.span);
            let message = format!("`{key}` and `{}` are both {}", KEYS[twin].0, ports[index]);
            findings.advise(Code::BadValue, at, message, "give each a number of its own");
        }
    }
    ports
}

fn resources(node: Option<&Node>, findings: &mut Findings) -> Resources {
    let fields = node.and_then(|node| Fields::open(node, "`resources`", RESOURCE_KEYS, findings));
    let field = |key| fields.as_ref().and_then(|fields| fields.get(key));
    let cpu_request = field("cpu_request").and_then(|node| {
        let help = "write cores, such as `1`, or thousandths of one, such as `50m`";
        quantity(node, "`cpu_request`", Quantity::cpu, help, findings)
    });
    let memory_request = field("memory_request").and_then(|node| memory(node, "`memory_request`", findings));
    let memory_limit = field("memory_limit").and_then(|node| memory(node, "`memory_limit`", findings));
    Resources {
        cpu_request: cpu_request.unwrap_or_else(|| cpu_of("50m")),
        memory_request: memory_request.unwrap_or_else(|| memory_of("32Mi")),
        memory_limit: memory_limit.unwrap_or_else(|| memory_of("128Mi")),
    }
}

fn cpu_of(text: &str) -> Quantity {
    // INVARIANT: the defaults of this file are amounts, as its test shows.
    Quantity::cpu(text).expect("an amount")
}

fn memory_of(text: &str) -> Quantity {
    // INVARIANT: as in `cpu_of`.
    Quantity::memory(text).expect("an amount")
}

fn memory(node: &Node, what: &str, findings: &mut Findings) -> Option<Quantity> {
    quantity(node, what, Quantity::memory, "write a whole number and a unit, such as `128Mi`", findings)
}

fn quantity(
    node: &Node,
    what: &str,
    read: impl Fn(&str) -> Option<Quantity>,
    help: &str,
    findings: &mut Findings,
) -> Option<Quantity> {
    let written = number::<u64>(node).map(|number| number.to_string());
    let written = match written {
        Some(number) => number,
        None => text(node, what, findings)?.to_owned(),
    };
    let found = read(&written);
    if found.is_none() {
        findings.advise(Code::BadValue, node.span, format!("{what} cannot be `{}`", shown(&written)), help);
    }
    found
}

/// What may be said for all namespaces and for one.
fn overrides(fields: &Fields<'_>, findings: &mut Findings) -> Overrides {
    let policy = fields.get("policy");
    let policy = policy.and_then(|node| Fields::open(node, "`policy`", POLICY_KEYS, findings));
    let said = |key: &str| policy.as_ref()?.get(key);
    let (default, allowed, image, images) = (said("default"), said("allowed"), said("image"), said("images"));
    if let (Some(_), Some(image)) = (default, image) {
        let message = "`policy` names a ConfigMap and an image";
        findings.advise(Code::BadValue, image.span, message, "keep `default` or `image`");
    }
    Overrides {
        image: fields.get("image").and_then(|node| image_name(node, "`image`", findings)),
        mode: fields.get("mode").and_then(|node| {
            let known: Vec<Option<Mode>> =
                std::iter::once(None).chain(Mode::ALL.iter().copied().map(Some)).collect();
            word(node, "a mode", &known, |mode| mode.map_or("auto", Mode::as_str), findings)
        }),
        enrolment: closed(
            fields,
            "inject",
            "a word of `inject`",
            Enrolment::ALL,
            Enrolment::as_str,
            findings,
        ),
        opt_out: permission(fields, "opt_out", findings),
        shadow: fields
            .get("shadow")
            .and_then(|node| boolean(node, "`shadow`", findings))
            .map(|is_shadow| if is_shadow { names::Mode::Shadow } else { names::Mode::Enforce }),
        sandbox: closed(fields, "sandbox", "a word of `sandbox`", Sandbox::ALL, Sandbox::as_str, findings),
        policy_default: default.and_then(|node| config_map(node, findings)),
        policy_allowed: allowed.map(|node| globs(node, "`allowed`", findings)),
        policy_image: image.and_then(|node| image_name(node, "`policy.image`", findings)),
        policy_images: images.map(|node| globs(node, "`images`", findings)),
    }
}

fn namespaces(node: &Node, findings: &mut Findings) -> Vec<(Glob, Overrides)> {
    let mut read = Vec::new();
    for entry in map(node, "`namespaces`", findings).unwrap_or_default() {
        if entry.key.is_empty() || entry.key.contains(|c: char| !is_name_letter(c) && c != '*') {
            let message = format!("`{}` is no name of a namespace", shown(&entry.key));
            let help = "write a name, or a pattern such as `team-*`";
            findings.advise(Code::BadName, entry.key_span, message, help);
        }
        let Some(fields) = Fields::open(&entry.value, "a namespace", OVERRIDE_KEYS, findings) else {
            continue;
        };
        read.push((Glob::new(&entry.key), overrides(&fields, findings)));
    }
    read
}

fn kubernetes(fields: &Fields<'_>, findings: &mut Findings) -> Option<KubernetesVersion> {
    let node = fields.get("kubernetes")?;
    let written = text(node, "`kubernetes`", findings)?;
    let found = KubernetesVersion::parse(written);
    if found.is_none() {
        let message = format!("`{}` is no version of Kubernetes", shown(written));
        findings.advise(
            Code::BadValue,
            node.span,
            message,
            "write the oldest one in use, such as `\"1.33\"`",
        );
    }
    found
}

fn port_name(node: &Node, findings: &mut Findings) -> Option<Box<str>> {
    let name = text(node, "`port_name`", findings)?;
    let is_name = annotations::is_port_name(name);
    if !is_name {
        let message = format!("`{}` is no name of a port", shown(name));
        let help =
            format!("a name has up to {PORT_NAME_CHARACTERS_MAX} lower-case letters, digits and single `-`");
        findings.advise(Code::BadName, node.span, message, help);
    }
    is_name.then(|| name.into())
}

fn config_map(node: &Node, findings: &mut Findings) -> Option<Box<str>> {
    let name = text(node, "`policy.default`", findings)?;
    let is_name = annotations::is_object_name(name);
    if !is_name {
        let message = format!("`{}` is no name of a ConfigMap", shown(name));
        findings.advise(
            Code::BadName,
            node.span,
            message,
            "a name has lower-case letters, digits, `-` and `.`",
        );
    }
    is_name.then(|| name.into())
}

fn image_name(node: &Node, what: &str, findings: &mut Findings) -> Option<Box<str>> {
    let name = text(node, what, findings)?;
    let is_name = annotations::is_image_name(name);
    if !is_name {
        let message = format!("`{}` is no name of an image", shown(name));
        let help = "write `registry.example/team/name@sha256:...`, or a tag in place of the digest";
        findings.advise(Code::BadName, node.span, message, help);
    }
    is_name.then(|| name.into())
}

fn is_name_letter(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// An empty list says "nobody" or "none" here, which is something to say.
fn is_empty(node: &Node) -> bool {
    matches!(&node.content, Content::List(items) if items.is_empty())
}

fn globs(node: &Node, what: &str, findings: &mut Findings) -> Vec<Glob> {
    if is_empty(node) {
        return Vec::new();
    }
    let items = some(node, what, findings).unwrap_or_default();
    items.iter().filter_map(|item| text(item, what, findings)).map(Glob::new).collect()
}

fn permission(fields: &Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<Permission> {
    closed(fields, key, "a permission", Permission::ALL, Permission::as_str, findings)
}

fn closed<T: Copy>(
    fields: &Fields<'_>,
    key: &str,
    what: &str,
    known: &[T],
    spell: impl Fn(T) -> &'static str,
    findings: &mut Findings,
) -> Option<T> {
    word(fields.get(key)?, what, known, spell, findings)
}

fn in_range<T>(fields: &Fields<'_>, key: &str, min: T, max: T, findings: &mut Findings) -> Option<T>
where
    T: FromStr + PartialOrd + Copy + std::fmt::Display,
{
    let node = fields.get(key)?;
    let found = number::<T>(node).filter(|value| (min..=max).contains(value));
    if found.is_none() {
        findings.raise(
            Code::BadValue,
            node.span,
            format!("`{key}` must be a whole number from {min} to {max}"),
        );
    }
    found
}
