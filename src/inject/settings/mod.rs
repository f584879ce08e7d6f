//! What the operator decides about injection: one file, read by every front.
//!
//! **Who sets what.** Everything here is the operator's. What a pod's author may choose beside it stands in
//! annotations ([`super::annotations`]) and can never weaken what this file says. What differs between namespaces is
//! said here too, under `namespaces`, so that the injector needs no access to the API.

mod quantity;
mod read;

use std::time::Duration;

pub use quantity::Quantity;
pub(super) use read::ADMIN_PORT;

use super::outcome::Mode;
use crate::policy::reading::{Findings, Glob};
use crate::policy::{Faults, Source};

/// What the operator decides about injection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What holds where no namespace says otherwise.
    pub(super) base: Choice,
    /// What holds in some namespaces, by name or pattern, as written.
    pub(super) namespaces: Vec<(Glob, Overrides)>,
    /// Namespaces in which nothing is ever injected.
    pub(super) exempt: Vec<Glob>,
    /// Who may create pods that ask for injection; `None` is everybody.
    pub(super) askers: Option<Vec<Glob>>,
    /// Whether the mode `redirect` may be chosen.
    pub(super) redirect: Permission,
    /// How the gate's container stands in a pod.
    pub(super) sidecar: Sidecar,
    /// The oldest version of Kubernetes that pods may meet.
    pub(super) kubernetes: KubernetesVersion,
    /// What the container of the gate is like.
    pub(super) gate: GateSettings,
}

/// What may differ between namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub image: Box<str>,
    /// `None` chooses by the pod.
    pub mode: Option<Mode>,
    pub enrolment: Enrolment,
    pub opt_out: Permission,
    pub shadow: crate::names::Mode,
    pub sandbox: Sandbox,
    pub policy: PolicyChoice,
}

/// Where the policy of a pod comes from, and what its author may choose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PolicyChoice {
    /// A ConfigMap.
    pub default: Option<Box<str>>,
    /// ConfigMaps that a pod may name.
    pub allowed: Vec<Glob>,
    /// An OCI image, in place of the ConfigMap.
    pub image: Option<Box<str>>,
    /// OCI images that a pod may name.
    pub images: Vec<Glob>,
}

/// What one namespace says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Overrides {
    pub image: Option<Box<str>>,
    /// The inner `None` is `auto`.
    pub mode: Option<Option<Mode>>,
    pub enrolment: Option<Enrolment>,
    pub opt_out: Option<Permission>,
    pub shadow: Option<crate::names::Mode>,
    pub sandbox: Option<Sandbox>,
    pub policy_default: Option<Box<str>>,
    pub policy_allowed: Option<Vec<Glob>>,
    pub policy_image: Option<Box<str>>,
    pub policy_images: Option<Vec<Glob>>,
}

/// Which pods are asked for, among those that say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Enrolment {
    /// All.
    EveryPod,
    /// None: a pod asks by annotation.
    #[default]
    OnRequest,
}

/// Whether something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    Allow,
    Refuse,
}

/// How the gate's container stands in a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sidecar {
    /// An init container that goes on running (Kubernetes 1.29): starts first, ends last.
    #[default]
    Native,
    /// A container like any other.
    Plain,
}

/// The place in which the gate starts a server on pipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sandbox {
    /// The one that the policy asks for, if any.
    #[default]
    Policy,
    /// One without a network, whatever the policy says; stricter where the policy is.
    Strict,
}

/// The addresses that the gate listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum IpFamily {
    /// `0.0.0.0`.
    #[default]
    V4,
    /// `[::]`, which takes IPv4 too.
    V6,
}

/// How much the gate logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// A version of Kubernetes, `1.33`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KubernetesVersion {
    pub major: u16,
    pub minor: u16,
}

/// What the container of the gate is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GateSettings {
    /// The name of the port that Services target.
    pub port_name: Box<str>,
    pub listen_port: u16,
    pub admin_port: u16,
    pub redirect_port: u16,
    pub ip_family: IpFamily,
    pub uid: u32,
    /// The user of the gate where its own traffic must be told from the server's.
    pub redirect_uid: u32,
    pub resources: Resources,
    pub log_level: LogLevel,
    pub audit_volume: Quantity,
    /// How long the gate lets open exchanges go on, once it is told to end.
    pub drain: Duration,
    pub extra_args: Vec<Box<str>>,
}

/// What the gate asks of its node. No limit of CPU: being throttled is what makes the slowest calls slow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resources {
    pub cpu_request: Quantity,
    pub memory_request: Quantity,
    pub memory_limit: Quantity,
}

impl Settings {
    /// Reads a settings file, called `name` in what is said of it.
    ///
    /// # Errors
    /// Every fault of the file, with line, column, and what was probably meant: the operator's fault.
    pub fn parse(text: &str, name: &str) -> Result<Self, Faults> {
        let source = Source { name: name.into(), text: text.to_owned() };
        let mut findings = Findings::default();
        let read = read::settings(&source, &mut findings);
        let has_errors = findings.has_errors();
        let faults = findings.settle(std::slice::from_ref(&source));
        read.filter(|_| !has_errors).ok_or(faults)
    }

    /// The image of the gate in a namespace.
    pub fn image(&self, namespace: &str) -> Box<str> {
        self.choice(namespace).image
    }

    /// What holds in a namespace: what the file says for all, with the one entry of `namespaces` that fits best.
    ///
    /// A name fits better than a pattern, a pattern with more letters better than one with less.
    pub(super) fn choice(&self, namespace: &str) -> Choice {
        let fitting = self.namespaces.iter().filter(|(glob, _)| glob.matches(namespace));
        let best = fitting.max_by_key(|(glob, _)| (!glob.is_pattern(), glob.as_str().replace('*', "").len()));
        best.map_or_else(|| self.base.clone(), |(_, overrides)| self.base.with(overrides))
    }

    /// Whether nothing is ever injected in a namespace.
    pub(super) fn is_exempt(&self, namespace: &str) -> bool {
        self.exempt.iter().any(|glob| glob.matches(namespace))
    }
}

impl Choice {
    fn with(&self, overrides: &Overrides) -> Self {
        let Overrides { image, mode, enrolment, opt_out, shadow, sandbox, .. } = overrides;
        let base = &self.policy;
        // A default of one kind takes the place of the other.
        let (default, policy_image) = match (&overrides.policy_default, &overrides.policy_image) {
            (None, None) => (base.default.clone(), base.image.clone()),
            (default, image) => (default.clone(), image.clone()),
        };
        Self {
            image: image.clone().unwrap_or_else(|| self.image.clone()),
            mode: mode.unwrap_or(self.mode),
            enrolment: enrolment.unwrap_or(self.enrolment),
            opt_out: opt_out.unwrap_or(self.opt_out),
            shadow: shadow.unwrap_or(self.shadow),
            sandbox: sandbox.unwrap_or(self.sandbox),
            policy: PolicyChoice {
                default,
                allowed: overrides.policy_allowed.clone().unwrap_or_else(|| base.allowed.clone()),
                image: policy_image,
                images: overrides.policy_images.clone().unwrap_or_else(|| base.images.clone()),
            },
        }
    }
}

impl Enrolment {
    pub const ALL: &[Self] = &[Self::OnRequest, Self::EveryPod];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::EveryPod => "every-pod",
            Self::OnRequest => "on-request",
        }
    }
}

impl Permission {
    pub const ALL: &[Self] = &[Self::Allow, Self::Refuse];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Refuse => "refuse",
        }
    }
}

impl Sidecar {
    pub const ALL: &[Self] = &[Self::Native, Self::Plain];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Plain => "plain",
        }
    }
}

impl Sandbox {
    pub const ALL: &[Self] = &[Self::Policy, Self::Strict];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Strict => "strict",
        }
    }
}

impl IpFamily {
    pub const ALL: &[Self] = &[Self::V4, Self::V6];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
        }
    }

    /// Every address of the family, as it stands before a port.
    pub fn any(self) -> &'static str {
        match self {
            Self::V4 => "0.0.0.0",
            Self::V6 => "[::]",
        }
    }
}

impl LogLevel {
    pub const ALL: &[Self] = &[Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl KubernetesVersion {
    /// Reads `1.33`.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl std::fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests;
