//! Injection into the documents of a file.

use serde_json::Value;

use super::objects::{self, Place};
use super::read::{Document, Form, Unreadable, read};
use super::services;
use super::write::yaml;
use crate::inject::{Code, Finding, Outcome, Request, Settings, inject, is_marked};

/// A file after injection.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The file as it should be. What did not change is byte for byte as it was.
    pub text: String,
    /// The file as it was, with the documents that change written as in [`text`](Self::text), so that a comparison of
    /// the two shows nothing but what changed.
    pub before: String,
    /// What became of the pods in it, in their order.
    pub objects: Vec<Object>,
    /// Services of the file that lead around a gate.
    pub around: Vec<Finding>,
}

/// What became of a pod in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Where it is.
    pub place: Place,
    /// In which namespace.
    pub namespace: Box<str>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it had been injected before.
    pub was_injected: bool,
}

/// Injects into every pod of a file. Objects that name no namespace are in `namespace`.
///
/// # Errors
/// The first place that cannot be read: its author's fault.
pub fn apply(text: &str, namespace: &str, settings: &Settings) -> Result<Applied, Unreadable> {
    let documents = read(text)?;
    let mut applied =
        Applied { text: String::new(), before: String::new(), objects: Vec::new(), around: Vec::new() };
    let mut pods = Vec::new();
    for document in &documents {
        let mut edited = document.value.clone();
        for place in objects::pods(&document.value) {
            let Some(pod) = edited.pointer_mut(&place.pointer) else { continue };
            let namespace: Box<str> = place.namespace.clone().unwrap_or_else(|| namespace.into());
            let request = Request { namespace: &namespace, asker: None };
            let was_injected = is_marked(pod);
            let outcome = inject(pod, &request, settings);
            if let Outcome::Patched(patched) = &outcome {
                *pod = patched.pod.clone();
            }
            pods.push((namespace.clone(), place.to_string(), pod.clone()));
            applied.objects.push(Object { place, namespace, outcome, was_injected });
        }
        write(text, document, &edited, &mut applied);
    }
    let values = documents.iter().map(|document| &document.value);
    applied.around = services::around(values, namespace, &pods);
    Ok(applied)
}

fn write(text: &str, document: &Document, edited: &Value, applied: &mut Applied) {
    if *edited == document.value {
        let as_it_was = text.get(document.place.clone()).unwrap_or_default();
        applied.text.push_str(as_it_was);
        applied.before.push_str(as_it_was);
        return;
    }
    let spell = |value: &Value| match document.form {
        Form::Json => format!("{value:#}\n"),
        Form::Yaml if document.is_marked => format!("---\n{}", yaml(value)),
        Form::Yaml => yaml(value),
    };
    for (value, text) in [(edited, &mut applied.text), (&document.value, &mut applied.before)] {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&spell(value));
    }
}

impl Applied {
    /// What keeps the file from being used as it is: for pipelines that want every pod to have its gate already.
    pub fn findings(&self) -> Vec<Finding> {
        let of_pods = self.objects.iter().flat_map(Object::findings);
        of_pods.chain(self.around.iter().cloned()).collect()
    }

    /// Whether a pod may not run, so that the file must not be used at all.
    pub fn is_refused(&self) -> bool {
        self.objects.iter().any(|object| matches!(object.outcome, Outcome::Refused(_)))
    }
}

impl Object {
    fn findings(&self) -> Vec<Finding> {
        let found = |code, message: String| Finding { code, place: self.place.to_string(), message };
        match &self.outcome {
            Outcome::Patched(_) if self.was_injected => {
                let message = "its gate is not the one that it would get now; run `sluicegate inject` on the file again";
                vec![found(Code::Outdated, message.into())]
            }
            Outcome::Patched(_) => {
                let message = "it asks for a gate and has none; run `sluicegate inject` on the file, or let the webhook do it";
                vec![found(Code::NotInjected, message.into())]
            }
            Outcome::Refused(refusals) => {
                refusals.iter().map(|refusal| found(refusal.code, refusal.message.clone())).collect()
            }
            Outcome::Skipped(_) => Vec::new(),
        }
    }
}
