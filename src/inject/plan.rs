//! What is to be done to a pod, decided before anything is changed.

use serde_json::Value;

use super::Request;
use super::annotations::{Ask, Wishes};
use super::codes::Code;
use super::outcome::{Mode, Refusal, Skip, Warning};
use super::parts;
use super::pod;
use super::settings::{
    Choice, Enrolment, KubernetesVersion, LogLevel, Permission, PolicyChoice, Resources, Sandbox, Settings,
    Sidecar,
};
use super::traffic::{self, Server};
use crate::bounds::{DRAIN_QUIET, INJECTED_FLUSH_SECONDS, POD_GRACE_SECONDS};
use crate::names;
use crate::policy::reading::Glob;

/// What is to be done to a pod.
#[derive(Debug, Clone)]
pub(super) struct Plan<'s> {
    pub settings: &'s Settings,
    pub choice: Choice,
    pub mode: Mode,
    pub server: Server,
    /// What else the pod says it listens on, in order.
    pub other_ports: Vec<u16>,
    /// Of the server's MCP endpoint.
    pub path: Box<str>,
    pub policy: PolicySource,
    pub resources: Resources,
    pub log_level: LogLevel,
    /// The variable that tells the server which address to listen on.
    pub bind_env: Option<Box<str>>,
    /// What a server on pipes reads in a sandbox without network; `None` leaves it to the policy.
    pub sandbox: Option<Vec<Box<str>>>,
}

/// Where the policy of a pod comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PolicySource {
    ConfigMap(Box<str>),
    Image(Box<str>),
}

/// Where the gate has its endpoint if it is not told.
pub(super) const DEFAULT_PATH: &str = "/mcp";
const NATIVE_SIDECARS: KubernetesVersion = KubernetesVersion { major: 1, minor: 29 };
const IMAGE_VOLUMES: KubernetesVersion = KubernetesVersion { major: 1, minor: 36 };

/// Whether a pod is to get a gate: `None` means yes.
///
/// # Errors
/// That it asks for what it may not.
pub(super) fn skip(wishes: &Wishes, choice: &Choice, request: &Request<'_>) -> Result<Option<Skip>, Refusal> {
    let enrolled = choice.enrolment == Enrolment::EveryPod;
    match (wishes.inject, enrolled) {
        (Some(Ask::Enabled), _) | (None, true) => Ok(None),
        (None, false) => {
            let message = "nothing asks for a gate; add the annotation `sluicegate.dev/inject: enabled` to the pod, where one is wanted";
            Ok(Some(Skip { code: Code::NotAsked, message: message.into() }))
        }
        (Some(Ask::Disabled), true) if choice.opt_out == Permission::Refuse => {
            let message = format!(
                "no pod of the namespace `{}` may do without a gate; remove the annotation `sluicegate.dev/inject: disabled`",
                request.namespace
            );
            Err(Refusal { code: Code::OptOutRefused, message })
        }
        (Some(Ask::Disabled), _) => {
            let message = "the annotation `sluicegate.dev/inject: disabled` opts out; remove it, where a gate is wanted";
            Ok(Some(Skip { code: Code::OptedOut, message: message.into() }))
        }
    }
}

/// Refuses whoever may not ask.
pub(super) fn refuse_asker(settings: &Settings, request: &Request<'_>, refusals: &mut Vec<Refusal>) {
    let (Some(askers), Some(asker)) = (&settings.askers, request.asker) else { return };
    if !askers.iter().any(|known| known.matches(asker)) {
        let message = format!(
            "`{asker}` may not create pods with a gate; let a controller create the pod, or ask for `{asker}` in `service_accounts` of the settings of the injector"
        );
        refusals.push(Refusal { code: Code::AskerNotAllowed, message });
    }
}

/// Decides what is to be done to a pod that asked; what stands against it is among the refusals.
pub(super) fn plan<'s>(
    pod: &Value,
    wishes: &Wishes,
    choice: Choice,
    settings: &'s Settings,
    refusals: &mut Vec<Refusal>,
) -> Option<Plan<'s>> {
    refuse_pod(pod, refusals);
    let policy = policy(wishes, &choice.policy).map_err(|refusal| refusals.push(refusal)).ok();
    refuse_old(&policy, settings, refusals);
    let server = traffic::mode(pod, wishes, &choice, settings)
        .and_then(|mode| traffic::server(pod, mode, wishes, &settings.gate).map(|server| (mode, server)));
    let (mode, server) = server.map_err(|refusal| refusals.push(refusal)).ok()?;
    traffic::refuse_ports(pod, mode, &server, &settings.gate, refusals);
    traffic::refuse_probes(pod, mode, &server, refusals);
    refuse_in_mode(pod, mode, &server, wishes, settings, refusals);
    let sandbox = sandbox(wishes, &choice, mode, refusals);
    let given = &settings.gate.resources;
    Some(Plan {
        settings,
        choice,
        mode,
        other_ports: traffic::other_ports(pod, &server),
        server,
        path: wishes.path.clone().unwrap_or_else(|| DEFAULT_PATH.into()),
        policy: policy?,
        resources: Resources {
            cpu_request: wishes.cpu_request.clone().unwrap_or_else(|| given.cpu_request.clone()),
            memory_request: wishes.memory_request.clone().unwrap_or_else(|| given.memory_request.clone()),
            memory_limit: wishes.memory_limit.clone().unwrap_or_else(|| given.memory_limit.clone()),
        },
        log_level: wishes.log_level.unwrap_or(settings.gate.log_level),
        bind_env: wishes.bind_env.clone(),
        sandbox,
    })
}

/// The sandbox of a server on pipes, beside what the policy says: a pod's author may ask for one where the operator
/// does not, and not the other way about.
fn sandbox(
    wishes: &Wishes,
    choice: &Choice,
    mode: Mode,
    refusals: &mut Vec<Refusal>,
) -> Option<Vec<Box<str>>> {
    let is_strict = wishes.sandbox.unwrap_or(choice.sandbox) == Sandbox::Strict;
    let mut refuse = |message: String| refusals.push(Refusal { code: Code::AnnotationValue, message });
    if mode != Mode::Stdio {
        for (name, is_there) in
            [("sandbox", wishes.sandbox.is_some()), ("sandbox-read", wishes.sandbox_read.is_some())]
        {
            if is_there {
                refuse(format!(
                    "`sluicegate.dev/{name}` is for servers that the gate starts; remove it, or choose `sluicegate.dev/mode: stdio`"
                ));
            }
        }
        return None;
    }
    if !is_strict && wishes.sandbox_read.is_some() {
        let message = "`sluicegate.dev/sandbox-read` says what a sandbox shows, and none is asked for; add `sluicegate.dev/sandbox: strict`";
        refuse(message.into());
    }
    is_strict.then(|| wishes.sandbox_read.clone().unwrap_or_default())
}

/// Refuses what no mode can do.
fn refuse_pod(pod: &Value, refusals: &mut Vec<Refusal>) {
    let mut refuse = |code, message: String| refusals.push(Refusal { code, message });
    let spec = |pointer: &str| pod.pointer(&format!("/spec{pointer}"));
    if spec("/hostNetwork").is_some_and(|value| value == true) {
        let message = "the pod uses the network of its node (`hostNetwork`), where a gate would stand before the node; remove `hostNetwork`";
        refuse(Code::HostNetwork, message.into());
    }
    let windows = [spec("/os/name"), spec("/nodeSelector/kubernetes.io~1os")];
    let has_options = |value: &Value| {
        value.pointer("/securityContext/windowsOptions").is_some_and(|found| !found.is_null())
    };
    if windows.into_iter().flatten().any(|value| value == "windows")
        || pod.get("spec").is_some_and(has_options)
        || pod::all_containers(pod).any(has_options)
    {
        let message = "the pod runs on Windows, and the gate on Linux only; run the server on Linux, or opt out with `sluicegate.dev/inject: disabled`";
        refuse(Code::Windows, message.into());
    }
    let volumes = pod.get("spec").map_or(&[][..], |spec| pod::items(spec, "volumes"));
    let containers = pod::all_containers(pod).filter(|item| parts::CONTAINERS.contains(&pod::name(item)));
    let volumes = volumes.iter().filter(|item| parts::VOLUMES.contains(&pod::name(item)));
    for (kind, item) in containers.map(|item| ("container", item)).chain(volumes.map(|item| ("volume", item)))
    {
        let name = pod::name(item);
        refuse(Code::NameTaken, format!("a {kind} is named `{name}`, as one of the gate's is; rename it"));
    }
}

/// Chooses the policy.
fn policy(wishes: &Wishes, choice: &PolicyChoice) -> Result<PolicySource, Refusal> {
    let allowed = |wanted: &str, default: &Option<Box<str>>, allowed: &[Glob]| {
        default.as_deref() == Some(wanted) || allowed.iter().any(|glob| glob.matches(wanted))
    };
    let refuse = |annotation: &str, wanted: &str, key: &str| {
        let message = format!(
            "pods of this namespace may not choose the policy `{wanted}`; remove `sluicegate.dev/{annotation}`, or ask for it in `policy.{key}` of the settings of the injector"
        );
        Err(Refusal { code: Code::PolicyNotAllowed, message })
    };
    match (&wishes.policy, &wishes.policy_image) {
        (Some(_), Some(_)) => {
            let message =
                "`sluicegate.dev/policy` and `sluicegate.dev/policy-image` name a policy each; keep one";
            Err(Refusal { code: Code::AnnotationValue, message: message.into() })
        }
        (Some(name), None) if !allowed(name, &choice.default, &choice.allowed) => {
            refuse("policy", name, "allowed")
        }
        (Some(name), None) => Ok(PolicySource::ConfigMap(name.clone())),
        (None, Some(image)) if !allowed(image, &choice.image, &choice.images) => {
            refuse("policy-image", image, "images")
        }
        (None, Some(image)) => Ok(PolicySource::Image(image.clone())),
        (None, None) => {
            let image = choice.image.clone().map(PolicySource::Image);
            image.or_else(|| choice.default.clone().map(PolicySource::ConfigMap)).ok_or_else(|| {
                let message = "no policy is named, and there is no default; add `sluicegate.dev/policy: CONFIGMAP`, or ask for `policy.default` in the settings of the injector";
                Refusal { code: Code::NoPolicy, message: message.into() }
            })
        }
    }
}

fn refuse_old(policy: &Option<PolicySource>, settings: &Settings, refusals: &mut Vec<Refusal>) {
    let mut refuse = |what: &str, needed: KubernetesVersion, remedy: &str| {
        let found = settings.kubernetes;
        if found < needed {
            let message = format!("{what} needs Kubernetes {needed}, and pods may meet {found}; {remedy}");
            refusals.push(Refusal { code: Code::KubernetesTooOld, message });
        }
    };
    if settings.sidecar == Sidecar::Native {
        let remedy = "ask for `sidecar: plain` in the settings of the injector, or for a newer `kubernetes` if that is wrong";
        refuse("a native sidecar", NATIVE_SIDECARS, remedy);
    }
    if matches!(policy, Some(PolicySource::Image(_))) {
        refuse("a policy from an image", IMAGE_VOLUMES, "name a ConfigMap with `sluicegate.dev/policy`");
    }
}

/// Refuses what one mode cannot do.
fn refuse_in_mode(
    pod: &Value,
    mode: Mode,
    server: &Server,
    wishes: &Wishes,
    settings: &Settings,
    refusals: &mut Vec<Refusal>,
) {
    match mode {
        Mode::NamedPort => {}
        Mode::Loopback => refuse_bind_env(pod, server, wishes, refusals),
        Mode::Redirect => refuse_uid(pod, settings.gate.redirect_uid, refusals),
        Mode::Stdio => refuse_mounts(pod, server, refusals),
    }
    if let (Some(name), true) = (&wishes.bind_env, mode != Mode::Loopback) {
        let message = format!(
            "`sluicegate.dev/bind-env: {name}` tells the server to listen on the loopback address, which the mode `{mode}` does not need; remove it, or add `sluicegate.dev/mode: loopback`"
        );
        refusals.push(Refusal { code: Code::AnnotationValue, message });
    }
}

/// The variable would not say what it should, or two things.
fn refuse_bind_env(pod: &Value, server: &Server, wishes: &Wishes, refusals: &mut Vec<Refusal>) {
    let Some(name) = &wishes.bind_env else { return };
    let Some(container) = pod::containers(pod).get(server.container) else { return };
    let is_other = |variable: &&Value| {
        pod::name(variable) == &**name
            && variable.get("value").and_then(Value::as_str) != Some(LOOPBACK_ADDRESS)
    };
    if pod::items(container, "env").iter().any(|variable| is_other(&variable)) {
        let message = format!(
            "the container `{}` sets `{name}` itself, and `sluicegate.dev/bind-env` wants it to be {LOOPBACK_ADDRESS}; remove one of them",
            pod::name(container)
        );
        refusals.push(Refusal { code: Code::BindEnvTaken, message });
    }
}

/// Where a server listens that only its own pod may reach.
pub(super) const LOOPBACK_ADDRESS: &str = "127.0.0.1";

/// Whoever runs as the gate's user is taken for the gate.
fn refuse_uid(pod: &Value, uid: u32, refusals: &mut Vec<Refusal>) {
    let user = |value: &Value| value.pointer("/securityContext/runAsUser").and_then(Value::as_u64);
    let of_pod = pod.get("spec").and_then(user);
    for container in
        pod::all_containers(pod).filter(|container| user(container).or(of_pod) == Some(uid.into()))
    {
        let message = format!(
            "the container `{}` runs as the user {uid}, whose connections are not redirected; give it another `runAsUser`, or ask for another `redirect_uid` in the settings of the injector",
            pod::name(container)
        );
        refusals.push(Refusal { code: Code::UidTaken, message });
    }
}

/// What the server's author puts into the gate's directories would be read as the gate's own.
fn refuse_mounts(pod: &Value, server: &Server, refusals: &mut Vec<Refusal>) {
    let Some(container) = pod::containers(pod).get(server.container) else { return };
    for mount in pod::items(container, "volumeMounts") {
        let path = mount.get("mountPath").and_then(Value::as_str).unwrap_or_default().trim_end_matches('/');
        let lies_in = |inner: &str, outer: &str| inner == outer || inner.starts_with(&format!("{outer}/"));
        if let Some(ours) = parts::DIRECTORIES.iter().find(|ours| lies_in(path, ours) || lies_in(ours, path))
        {
            let message = format!(
                "the container `{}` mounts `{path}`, and the gate's directory there is `{ours}`; mount it elsewhere",
                pod::name(container)
            );
            refusals.push(Refusal { code: Code::NameTaken, message });
        }
    }
}

impl Plan<'_> {
    /// What the author of the pod should look at, though it runs.
    pub fn warnings(&self, pod: &Value) -> Vec<Warning> {
        let mut warnings = Vec::new();
        traffic::aliases(pod, self.mode, &self.server, &mut warnings);
        traffic::warn_of_probes(pod, self.mode, &self.server, &mut warnings);
        let mut warn = |code, message: String| warnings.push(Warning { code, message });
        if self.choice.shadow == names::Mode::Shadow {
            warn(
                Code::Shadow,
                "the gate only reports here: nothing is refused, and no byte is changed".into(),
            );
        }
        if pod.pointer("/spec/shareProcessNamespace").is_some_and(|value| value == true) {
            let message = "the containers see each other's processes (`shareProcessNamespace`), so one of the gate's user could end the gate; remove it if nothing needs it";
            warn(Code::SharedProcesses, message.into());
        }
        // What a sandbox hides is the gate's, too.
        if self.mode == Mode::Stdio && self.sandbox.is_none() {
            let message = "the gate runs in the server's container, as its user, so the server could read what the gate reads; where that matters, add `sluicegate.dev/sandbox: strict`, or serve over HTTP and use another mode";
            warn(Code::SameContainer, message.into());
        }
        if self.mode == Mode::Loopback && self.bind_env.is_none() {
            let message = format!(
                "the server must listen on {LOOPBACK_ADDRESS}:{} and no other address, or it does not start; if a variable tells it so, name it in `sluicegate.dev/bind-env`",
                self.server.port
            );
            warn(Code::LoopbackUnproven, message);
        }
        let container = pod::containers(pod).get(self.server.container).filter(|_| self.mode == Mode::Stdio);
        if let Some(container) = container.filter(|container| !pod::items(container, "envFrom").is_empty()) {
            let message = format!(
                "the container `{}` takes variables from `envFrom`, whose names cannot be known here, so the gate does not hand them on to the server; write those it needs under `env`",
                pod::name(container)
            );
            warnings.push(Warning { code: Code::VariablesLost, message });
        }
        self.warn_of_grace(pod, &mut warnings);
        warnings
    }

    /// A native sidecar is told to end when the server has ended; others are told at the same time.
    fn warn_of_grace(&self, pod: &Value, warnings: &mut Vec<Warning>) {
        let (hook, is_alone) = match (self.mode, self.settings.sidecar) {
            (Mode::Stdio, _) | (_, Sidecar::Plain) => (DRAIN_QUIET.as_secs(), true),
            (_, Sidecar::Native) => (0, false),
        };
        let grace = pod
            .pointer("/spec/terminationGracePeriodSeconds")
            .and_then(Value::as_u64)
            .unwrap_or(POD_GRACE_SECONDS);
        let needed = hook + self.settings.gate.drain.as_secs() + INJECTED_FLUSH_SECONDS;
        if is_alone && grace < needed {
            let message = format!(
                "the pod has {grace} s to end, and the gate takes up to {needed} s to finish what is open; set `terminationGracePeriodSeconds: {needed}`"
            );
            warnings.push(Warning { code: Code::GraceTooShort, message });
        }
    }
}
