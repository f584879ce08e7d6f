//! Servers in the sandbox, and the gate in its own: what they must not do fails, by the real binary.
//!
//! Each probe is shown to succeed without the sandbox first, so that the check can fail.

#[path = "../support/mod.rs"]
mod support;

mod asked;
mod egress;
mod ends;
mod limits;
mod own;
mod peers;
mod policies;
mod probes;
mod refusals;

use support::bundle::callers;

/// A policy that lets alice do all of this.
fn policy(tools: &[&str], methods: &[&str]) -> String {
    let callers = callers();
    let tools: String = tools.iter().map(|tool| format!("  {tool}: {{ class: read }}\n")).collect();
    let methods =
        [methods, &["elicitation/create", "roots/list", "sampling/createMessage"]].concat().join(", ");
    format!(
        "version: 1\nserver: {{ id: peer }}\n{callers}roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n{tools}allow:\n  - {{ id: tools, roles: [reader], classes: [read] }}\n  \
           - {{ id: methods, roles: [reader], methods: [{methods}] }}\n"
    )
}
