//! What the author of a pod may say about its gate, and what not.
//!
//! **Two closed lists.** What a workload may choose is read here. What would weaken the gate, or is the operator's for
//! another reason, is known too, so that whoever tries it learns where it belongs. Anything else under our domain is a
//! typo, and a typo must not run.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Map, Value};

use super::codes::Code;
use super::outcome::{Mode, Refusal};
use super::parts::DIRECTORIES;
use super::settings::{LogLevel, Quantity, Sandbox};
use crate::bounds::PORT_NAME_CHARACTERS_MAX;
use crate::policy::nearest;
use crate::policy::reading::{did_you_mean, shown};

/// The domain of everything that is ours.
pub(super) const DOMAIN: &str = "sluicegate.dev";

/// The marker that the injector leaves.
pub(super) const STATUS: &str = "sluicegate.dev/status";

/// What a workload may say; each with a slash and [`DOMAIN`] before it.
const WORKLOAD: &[&str] = &[
    "inject",
    "mode",
    "port",
    "upstream-port",
    "path",
    "container",
    "policy",
    "policy-image",
    "bind-env",
    "sandbox",
    "sandbox-read",
    "log-level",
    "cpu-request",
    "memory-request",
    "memory-limit",
];

/// What only the operator may say, and the key of the settings that says it.
const OPERATOR: &[(&str, &str)] = &[
    ("admin-port", "admin_port"),
    ("audit-volume", "audit_volume"),
    ("bypass-paths", "extra_args"),
    ("drain", "drain"),
    ("extra-args", "extra_args"),
    ("image", "image"),
    ("listen-port", "listen_port"),
    ("opt-out", "opt_out"),
    ("redirect", "redirect"),
    ("shadow", "shadow"),
    ("sidecar", "sidecar"),
    ("uid", "uid"),
];

/// What a pod's author wishes.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    pub inject: Option<Ask>,
    /// The inner `None` is `auto`.
    pub mode: Option<Option<Mode>>,
    /// The name of the server's port.
    pub port: Option<Box<str>>,
    pub upstream_port: Option<u16>,
    /// Of the server's MCP endpoint.
    pub path: Option<Box<str>>,
    /// The container with the server.
    pub container: Option<Box<str>>,
    pub policy: Option<Box<str>>,
    pub policy_image: Option<Box<str>>,
    /// The variable that tells the server which address to listen on.
    pub bind_env: Option<Box<str>>,
    pub sandbox: Option<Sandbox>,
    /// What a server in a sandbox reads, beside the system's files and its program's.
    pub sandbox_read: Option<Vec<Box<str>>>,
    pub log_level: Option<LogLevel>,
    pub cpu_request: Option<Quantity>,
    pub memory_request: Option<Quantity>,
    pub memory_limit: Option<Quantity>,
}

/// Whether a pod wants a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Disabled,
    Enabled,
}

/// Reads the annotations of a pod; whatever is wrong with them is among the refusals.
pub(super) fn read(annotations: Option<&Map<String, Value>>, refusals: &mut Vec<Refusal>) -> Wishes {
    let mut wishes = Wishes::default();
    for (key, value) in annotations.into_iter().flatten() {
        let Some((domain, name)) = key.split_once('/') else { continue };
        if domain != DOMAIN {
            refuse_domain(key, domain, refusals);
            continue;
        }
        // The reader of the pod has seen that all values are texts.
        let text = value.as_str().unwrap_or_default();
        if key == STATUS {
            continue;
        }
        if let Some((_, setting)) = OPERATOR.iter().find(|(known, _)| *known == name) {
            let message = format!(
                "only the operator may set `{key}`; remove it, and ask for the key `{setting}` in the settings of the injector"
            );
            refusals.push(Refusal { code: Code::OperatorAnnotation, message });
            continue;
        }
        let Some(taken) = wishes.take(name, text) else {
            let help = did_you_mean(name, "annotations", WORKLOAD.iter().copied());
            let message = format!("there is no annotation `{}`; {help}", shown(key));
            refusals.push(Refusal { code: Code::UnknownAnnotation, message });
            continue;
        };
        if let Err(wanted) = taken {
            let message = format!("`{key}` cannot be `{}`; {wanted}", shown(text));
            refusals.push(Refusal { code: Code::AnnotationValue, message });
        }
    }
    wishes
}

/// Refuses a domain below ours, and one that is nearly ours: both were meant for us, and say nothing to us.
fn refuse_domain(key: &str, domain: &str, refusals: &mut Vec<Refusal>) {
    let is_below = domain.strip_suffix(DOMAIN).is_some_and(|rest| rest.ends_with('.'));
    if is_below || nearest(domain, [DOMAIN]).is_some() {
        let message =
            format!("there is no annotation `{}`; those of the gate begin with `{DOMAIN}/`", shown(key));
        refusals.push(Refusal { code: Code::UnknownAnnotation, message });
    }
}

impl Wishes {
    /// Takes one annotation; `None` where there is none of this name. An error says what it may be.
    fn take(&mut self, name: &str, text: &str) -> Option<Result<(), Cow<'static, str>>> {
        Some(match name {
            "inject" => {
                set(&mut self.inject, one_of(text, &[("enabled", Ask::Enabled), ("disabled", Ask::Disabled)]))
            }
            "mode" => {
                let modes = Mode::ALL.iter().map(|mode| (mode.as_str(), Some(*mode)));
                set(
                    &mut self.mode,
                    one_of(text, &std::iter::once(("auto", None)).chain(modes).collect::<Vec<_>>()),
                )
            }
            "log-level" => {
                let known: Vec<_> = LogLevel::ALL.iter().map(|level| (level.as_str(), *level)).collect();
                set(&mut self.log_level, one_of(text, &known))
            }
            "port" => set(&mut self.port, checked(text, is_port_name, PORT_WANTED)),
            "upstream-port" => {
                let port = text.parse::<u16>().ok().filter(|port| *port > 0);
                set(&mut self.upstream_port, port.ok_or(UPSTREAM_PORT_WANTED.into()))
            }
            "path" => set(
                &mut self.path,
                checked(text, is_path, "it is the path of the MCP endpoint, such as `/mcp`"),
            ),
            "container" => {
                set(&mut self.container, checked(text, is_object_name, "it is the name of a container"))
            }
            "policy" => set(&mut self.policy, checked(text, is_object_name, "it is the name of a ConfigMap")),
            "policy-image" => {
                set(&mut self.policy_image, checked(text, is_image_name, "it is the name of an OCI image"))
            }
            "bind-env" => set(
                &mut self.bind_env,
                checked(text, is_variable, "it is the name of a variable, such as `HOST`"),
            ),
            "sandbox" => set(&mut self.sandbox, one_of(text, &[("strict", Sandbox::Strict)])),
            "sandbox-read" => set(&mut self.sandbox_read, paths(text)),
            "cpu-request" => set(&mut self.cpu_request, Quantity::cpu(text).ok_or(CPU_WANTED.into())),
            "memory-request" => {
                set(&mut self.memory_request, Quantity::memory(text).ok_or(MEMORY_WANTED.into()))
            }
            "memory-limit" => set(&mut self.memory_limit, Quantity::memory(text).ok_or(MEMORY_WANTED.into())),
            _ => return None,
        })
    }
}

const PORT_WANTED: &str = "it is the name of a port; a number goes into `sluicegate.dev/upstream-port`";
const UPSTREAM_PORT_WANTED: &str = "it is a number from 1 to 65535; a name goes into `sluicegate.dev/port`";
const SANDBOX_READ_WANTED: &str = "it is a list of paths from their first `/` on, such as `/app, /srv/weather`, none of which is `/` or has the gate's files in it";
const CPU_WANTED: &str = "write cores or thousandths of one, such as `50m`";
const MEMORY_WANTED: &str = "write a whole number and a unit, such as `128Mi`";

fn set<T>(place: &mut Option<T>, read: Result<T, Cow<'static, str>>) -> Result<(), Cow<'static, str>> {
    *place = Some(read?);
    Ok(())
}

/// Paths apart by commas; none of them stands for everything, or for what is the gate's.
fn paths(text: &str) -> Result<Vec<Box<str>>, Cow<'static, str>> {
    let is_ours = |path: &str| {
        DIRECTORIES.iter().any(|ours| Path::new(ours).starts_with(path) || Path::new(path).starts_with(ours))
    };
    let is_right = |path: &&str| {
        let is_plain = !path.split('/').any(|part| part == "..") && !path.trim_matches('/').is_empty();
        is_path(path) && is_plain && !is_ours(path)
    };
    let paths: Vec<&str> = text.split(',').map(str::trim).collect();
    if paths.iter().all(is_right) {
        return Ok(paths.into_iter().map(Into::into).collect());
    }
    Err(SANDBOX_READ_WANTED.into())
}

fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, Cow<'static, str>> {
    let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| did_you_mean(text, "values", known.iter().map(|(word, _)| *word)).into_text().into())
}

fn checked(
    text: &str,
    is_right: impl Fn(&str) -> bool,
    wanted: &'static str,
) -> Result<Box<str>, Cow<'static, str>> {
    if is_right(text) { Ok(text.into()) } else { Err(wanted.into()) }
}
/// Source: IANA service names, RFC 6335, section 5.1, as the API server checks them.
pub(super) fn is_port_name(text: &str) -> bool {
    text.len() <= PORT_NAME_CHARACTERS_MAX
        && text.contains(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// Whether `text` may be the name of an object of Kubernetes, such as a ConfigMap. Source: RFC 1123, as the API server
/// checks it.
pub(super) fn is_object_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = part.as_bytes();
        bytes.first().is_some_and(|first| is_letter(*first))
            && bytes.last().is_some_and(|last| is_letter(*last))
            && bytes.iter().all(|byte| is_letter(*byte) || *byte == b'-')
    };
    text.len() <= OBJECT_NAME_BYTES_MAX && text.split('.').all(is_part)
}

/// Whether `text` may name an image: nothing in it but what registries use.
pub(super) fn is_image_name(text: &str) -> bool {
    let is_letter =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':' | '@' | '+');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_letter)
}

/// A path of letters that stand for themselves in a URL.
fn is_path(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '~');
    text.starts_with('/') && text.len() <= PATH_BYTES_MAX && text.chars().all(is_letter)
}

/// A name as shells take it, so that it cannot be anything else where the kubelet expands variables.
fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

const OBJECT_NAME_BYTES_MAX: usize = 253;
const PATH_BYTES_MAX: usize = 255;
