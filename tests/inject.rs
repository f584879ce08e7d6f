//! Pods with a gate: what becomes of a pod, held against what was agreed, against kubectl, and against the schemas of
//! Kubernetes.
//!
//! A case is two files in `tests/golden/inject`: `NAME.yaml`, with what is set (settings over [`BASE`], the namespace,
//! who creates the pod) and the pod, and `NAME.out.yaml`, with what becomes of it. `UPDATE_GOLDEN=1` writes the second
//! anew; read the difference.

#[path = "inject/cases.rs"]
mod cases;
#[path = "inject/command.rs"]
mod command;
#[path = "inject/properties.rs"]
mod properties;
#[path = "inject/settings.rs"]
mod settings;
#[path = "inject/tools.rs"]
mod tools;
