//! Pods with a gate: one pure function, [`inject`], and the files of objects that it is used on.
//!
//! ```text
//! pod (raw JSON) ──▶ asked? ──▶ what it was before ──▶ refused for what ──▶ edited ──▶ patch by difference
//! ```
//!
//! **Why one function.** The webhook, the command line and the tests all call it, so that what a golden file shows is
//! what a cluster gets. It reads no clock, no file and no API.
//!
//! **What always holds.** A pod that is injected again does not change. What the function does not know, it does not
//! touch. No annotation of a pod weakens what the operator decided. A pod that asks for a gate gets it, or may not
//! run; it is never quietly left without.

mod annotations;
mod codes;
mod current;
mod edit;
pub mod manifest;
mod marker;
mod outcome;
mod parts;
mod patch;
mod plan;
mod pod;
mod settings;
mod traffic;

use serde_json::Value;

pub use codes::{Code, Kind};
pub use outcome::{Finding, Mode, Outcome, Patched, Refusal, Skip, Warning};
pub use patch::{Operation, diff, document};
pub use settings::{Quantity, Settings};

use annotations::STATUS;
use marker::Marker;
use parts::GATE;
use plan::Plan;

/// What is known of a pod beside its own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'r> {
    /// Its namespace. The pod's own field may be empty while it is created.
    pub namespace: &'r str,
    /// Who creates it, as Kubernetes names users: `system:serviceaccount:kube-system:replicaset-controller`. `None`
    /// where nobody can be known, as on the command line; then it is not judged.
    pub asker: Option<&'r str>,
}

/// Gives a pod its gate, or says why not.
///
/// Never changes what it does not know, and never the same pod twice.
pub fn inject(pod: &Value, request: &Request<'_>, settings: &Settings) -> Outcome {
    if settings.is_exempt(request.namespace) {
        let message = format!("nothing is ever injected in the namespace `{}`", request.namespace);
        return Outcome::Skipped(Skip { code: Code::ControlPlane, message });
    }
    if let Err(fault) = pod::check(pod) {
        let message = format!("what came is no pod that could be given a gate: {fault}; correct it");
        return Outcome::Refused(vec![Refusal { code: Code::NotAPod, message }]);
    }
    match judge(pod, request, settings) {
        Err(refusals) => Outcome::Refused(refusals),
        Ok(Judged::Skip(skip)) => Outcome::Skipped(skip),
        Ok(Judged::Plan(plan, stripped)) => finish(pod, *stripped, &plan),
    }
}

/// Whether a pod of an enrolled namespace runs, or is about to, and has no gate though it should have one.
///
/// Looks for the gate by its name alone: whether it is the right one, the guard has judged. Pods that have ended or
/// are being deleted do not count.
pub fn is_unguarded(pod: &Value, namespace: &str, settings: &Settings) -> bool {
    let is_over =
        matches!(pod.pointer("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed"));
    let is_leaving = pod.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null());
    let has_gate = ["/spec/initContainers", "/spec/containers"].iter().any(|list| {
        let containers = pod.pointer(list).and_then(Value::as_array);
        containers.into_iter().flatten().any(|container| container.get("name").is_some_and(|it| it == GATE))
    });
    let is_wanted = || match inject(pod, &Request { namespace, asker: None }, settings) {
        Outcome::Patched(_) | Outcome::Refused(_) => true,
        Outcome::Skipped(_) => false,
    };
    !is_over && !is_leaving && !has_gate && is_wanted()
}

/// What an injected pod says of its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub mode: Mode,
    /// The name of the port that Services target.
    pub port: Box<str>,
    /// The server's own port; none for a server on pipes.
    pub upstream: Option<u16>,
}

/// What the marker of a pod says, where it has one that can be read. It is no proof of anything.
pub(crate) fn taken(pod: &Value) -> Option<Taken> {
    let Marker { mode, port, upstream } = Marker::of(pod)?.ok()?;
    Some(Taken { mode, port, upstream })
}

/// Whether a pod carries a marker.
pub(crate) fn is_marked(pod: &Value) -> bool {
    Marker::of(pod).is_some()
}

/// What is to become of a pod.
enum Judged<'s> {
    /// What is to be done, and the pod as it was before it was ever injected.
    Plan(Box<Plan<'s>>, Box<Value>),
    Skip(Skip),
}

/// Decides what becomes of a pod, and changes nothing.
fn judge<'s>(pod: &Value, request: &Request<'_>, settings: &'s Settings) -> Result<Judged<'s>, Vec<Refusal>> {
    let is_mirror = pod::annotations(pod).is_some_and(|map| map.contains_key(MIRROR));
    if is_mirror {
        let message = "a node runs this pod from a file of its own, and shows a picture of it; give the file its gate with `sluicegate inject -f`";
        return Ok(Judged::Skip(Skip { code: Code::MirrorPod, message: message.into() }));
    }
    let mut refusals = Vec::new();
    let choice = settings.choice(request.namespace);
    let wishes = annotations::read(pod::annotations(pod), &mut refusals);
    refuse_labels(pod, &mut refusals);
    match plan::skip(&wishes, &choice, request) {
        Ok(None) => {}
        Ok(Some(skip)) if refusals.is_empty() => return Ok(Judged::Skip(skip)),
        // A typo beside it may be what was meant to ask.
        Ok(Some(_)) => return Err(refusals),
        Err(refusal) => {
            refusals.push(refusal);
            return Err(refusals);
        }
    }
    plan::refuse_asker(settings, request, &mut refusals);
    let mut stripped = pod.clone();
    match Marker::of(pod) {
        None => {}
        Some(Ok(marker)) => marker::strip(&mut stripped, &marker),
        Some(Err(())) => {
            let message = format!("`{STATUS}` is written by the injector alone; remove it");
            refusals.push(Refusal { code: Code::MarkerForged, message });
        }
    }
    match plan::plan(&stripped, &wishes, choice, settings, &mut refusals) {
        Some(plan) if refusals.is_empty() => Ok(Judged::Plan(Box::new(plan), Box::new(stripped))),
        Some(_) | None => Err(refusals),
    }
}

/// Makes the change, unless the pod has it already.
fn finish(pod: &Value, mut edited: Value, plan: &Plan<'_>) -> Outcome {
    let warnings = plan.warnings(&edited);
    edit::edit(&mut edited, plan);
    if current::same(pod, &edited) {
        let message = "the pod has the gate that it would get now".to_owned();
        return Outcome::Skipped(Skip { code: Code::Current, message });
    }
    let patch = diff(pod, &edited);
    Outcome::Patched(Box::new(Patched { patch, pod: edited, warnings, mode: plan.mode }))
}

/// Selectors see labels, so a label of ours would do something else than it says.
fn refuse_labels(pod: &Value, refusals: &mut Vec<Refusal>) {
    let ours =
        |label: &&String| label.split_once('/').is_some_and(|(domain, _)| domain == annotations::DOMAIN);
    for label in pod::labels(pod).into_iter().flat_map(serde_json::Map::keys).filter(ours) {
        let message = format!("the label `{label}` says nothing of a pod; write it as an annotation");
        refusals.push(Refusal { code: Code::LabelNotRead, message });
    }
}

/// The annotation of a picture of a pod that a node runs by itself.
const MIRROR: &str = "kubernetes.io/config.mirror";
