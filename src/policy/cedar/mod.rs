//! Cedar: the second evaluator of every rule.
//!
//! ```text
//! compiled rules ─lower─▶ one Cedar policy each ─┐
//! pinned schemas ─────────▶ Cedar schema ────────┴─ strict validation ─▶ second opinion ◀─ the same messages
//! ```
//!
//! **Why.** A security team should not have to trust one implementation of what a rule means. Each YAML rule
//! says the same as one Cedar policy, whose evaluator is specified formally and was written by others; for
//! messages generated from the policy itself both must come to one verdict, by the same rules.
//!
//! **What Cedar does not see.** A tool that is unknown or switched off for a tenant is refused before any
//! rule is asked. What Cedar has no words for (patterns, paths, addresses, SQL, hours of the day) it hears
//! as a fact, and there both evaluators ask the same matcher.

mod check;
mod expression;
mod guards;
mod lowering;
mod random;
mod raw;
mod read;
mod request;
mod requests;
mod schema;
mod second;
mod subject;
mod values;
mod words;

use check::Verdict;
pub use check::{Agreement, Disagreement};

pub(super) use raw::Raw;
pub(super) use read::read;

use super::snapshot::Policy;
use subject::Subject;

/// The Cedar schema that the rules of `policy` are validated against.
pub fn schema_text(policy: &Policy) -> String {
    let subjects: Vec<Subject<'_>> = Subject::all(policy).collect();
    schema::text(&subjects)
}

impl Policy {
    /// A rule as the one Cedar policy that says the same; `None` if there is no such rule.
    pub fn cedar(&self, rule: &str) -> Option<String> {
        let subjects: Vec<Subject<'_>> = Subject::all(self).collect();
        let index = self.book.rules.iter().position(|known| known.id.as_str() == rule)?;
        lowering::lower(self, index, &subjects).map(|lowered| lowered.text)
    }
}
