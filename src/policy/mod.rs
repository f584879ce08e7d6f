//! What is allowed: the bundle that a security team edits, and the judgement made from it.
//!
//! ```text
//! *.yaml ──yaml──▶ tree with spans ──file──▶ typed parts ──compile──▶ Policy ──judge──▶ Decision
//! tools.lock.yaml ──lock──────────────────────▲      └── every fault of every file, or none
//! *.test.yaml ──cases──▶ calls judged by the same Policy
//! ```
//!
//! **Semantics.** Allow and deny are sets: no order, no first match. A deny wins; no allow means deny.
//! A missing or ill-typed argument makes an allow not apply and a deny apply; a call that does not fit the
//! pinned schema of its tool is refused before any rule is asked. Tools, roles and
//! everything else that is named are closed worlds: a name that nobody declared is a fault of the
//! bundle, so a typo cannot widen or narrow a rule in silence.
//!
//! **How fast.** Rules are sorted by tool when the bundle is compiled, roles are a bit set: a decision
//! is well under a microsecond and allocates only to refuse for a scope.
//!
//! **What it is not.** No expression language, no I/O, no clock: who reads the directory and publishes
//! the [`Policy`] is `store`, who acts on a [`Decision`] is `gate`.

mod advice;
mod arguments;
mod bindings;
mod callers;
mod care;
mod cases;
mod catalog;
mod cedar;
mod certificates;
mod clauses;
mod code;
mod compile;
mod credentials;
mod decision;
mod declared;
mod describe;
mod diagnostic;
mod digest;
mod explanations;
mod facts;
mod flip;
mod flows;
mod gather;
mod glob;
mod hours;
mod input;
mod instructions;
mod judges;
mod keeping;
mod layers;
mod lint;
mod lock;
mod lower;
mod marks;
mod outline;
mod output;
mod parts;
mod pins;
mod places;
mod plans;
mod predicates;
mod prose;
pub mod registry;
mod resource;
mod roles;
mod rules;
mod sandbox;
mod scalar;
mod schema;
mod sharing;
mod signatures;
mod snapshot;
mod strict;
mod switches;
mod trace;
mod versions;
mod walker;
mod watch;
mod wording;
mod wordings;
mod yaml;

pub use advice::{Suggestion, nearest};
pub use arguments::{Kinds, fits, fuzz_arguments};
pub use care::{ConcurrencyPlan, Fallback, ReplicaPlan, RetryPlan, ServerCare, Takes, ToolCare};
pub use cases::{
    Case, Cases, DeniedBy, Expected, Http, Mark, Path, REASONS, Redacted, Repeat, Said, Verdict, Wanted,
    parse_time,
};
pub use cedar::{Agreement, Disagreement, schema_text};
pub use code::{Code, Severity};
pub use compile::{compile, compile_as, compile_over, server_of};
pub use credentials::{
    ClientAuth, CredentialKind, Credentials, Exchange, HeaderFile, IDENTITY_HEADER, IdentityPlan, TokenClient,
};
pub use decision::{Decision, Forbid, Listing, Why};
pub use describe::Describe;
pub use diagnostic::{Fault, Faults, Paint};
pub use digest::bundle_sha256;
pub use facts::{Fact, Question, Unknowable};
pub use flip::{Flip, FlipStep, Lack};
pub use flows::Flow;
pub use input::{SchemaDoubt, fuzz_input};
pub use instructions::{Instructed, InstructionsPlan};
pub use keeping::{Binding, Keeping, PseudonymPlan, Unbound};
pub use lock::{
    Annotations, Change, Definition, DefinitionFault, Drift, DriftClass, Hint, LOCK_FILE, Lock, LockedServer,
    LockedTool, definition_sha256, drift, looks_of, passes_for, visible,
};
pub use marks::ContentMark;
pub use outline::{RuleOutline, TakenBack};
pub use parts::sandbox_of;
pub use pins::{Deviation, DriftKind, PinAction, PinPlan};
pub use places::Place;
pub use plans::{
    AuditLevel, AuditPlan, ConversationPlan, ConversationSource, DenyAs, Durabilities, Durability,
    HintHeaders, HintPlan, UpstreamPlan,
};
pub use prose::{Beyond, ProsePlan};
pub use registry::Registry;
pub use resource::{RESOURCE_METADATA_PATH, Resource};
pub use roles::Standing;
pub use sandbox::{Hosts, SandboxMode, SandboxPlan, is_host};
pub use schema::{SchemaOf, schema};
pub use sharing::{SharedPlan, StorePlace, StoreTls, StoreUrlFault, check_store_url};
pub use signatures::signatures;
pub use snapshot::{Class, Policy, Tool};
pub use strict::{
    AnswerCoding, ArgumentCollisions, ArgumentNearMisses, Batches, DuplicateKeys, Output, RequestCoding,
    SchemaFit, Seal, StrictPlan,
};
pub use trace::{About, Answer, Check, Explanation, RuleOutcome, RuleTrace};
pub use versions::{
    Aim, Alias, Brownout, Choice, Chosen, Doubt, Facet, Hide, Notice, Offered, Pointer, Presence, State,
    Step, ToolVersions, Version, Versions,
};
pub use watch::{KeyDoubt, Keys};
pub use wording::Wording;

/// How a file is read that is no part of a bundle and yet written by people: with places, a closed set of keys, and
/// all faults at once.
pub(crate) mod reading {
    pub(crate) use super::code::Code;
    pub(crate) use super::diagnostic::{Findings, did_you_mean, shown};
    pub(crate) use super::glob::Glob;
    pub(crate) use super::lock::{is_version_1, json as as_json};
    pub(crate) use super::scalar::is_bare_text;
    pub(crate) use super::walker::{Fields, boolean, duration, map, number, some, text, texts, word};
    pub(crate) use super::yaml::{Content, Node, parse};
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path relative to the bundle, with `/` between folders.
    pub name: Box<str>,
    /// What is in it.
    pub text: String,
}

/// Compiles arbitrary files, parted by NUL: a policy, a lock file, cases. Shows whatever is wrong.
///
/// For fuzzers; panics only when an invariant of this room is broken.
pub fn fuzz_policy(bytes: &[u8]) {
    let names = ["policy.yaml", "tools.lock.yaml", "policy.test.yaml"];
    let file = |(name, text): (&str, &[u8])| Source {
        name: name.into(),
        text: String::from_utf8_lossy(text).into_owned(),
    };
    let sources: Vec<_> = names.into_iter().zip(bytes.split(|byte| *byte == 0)).map(file).collect();
    let faults = match compile(&sources, 0) {
        Ok(policy) => Cases::read(&policy, &sources).settle(&sources),
        Err(faults) => {
            assert!(!faults.is_empty(), "a bundle that is refused says why");
            faults
        }
    };
    assert_eq!(faults.is_empty(), faults.render(Paint::Plain).is_empty(), "every fault is shown");
}

#[cfg(test)]
mod tests;
