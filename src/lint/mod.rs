//! What a server says of itself, held against what a model needs and what nobody should tell it.
//!
//! ```text
//!  list as JSON -> Listing (items, their texts, their claims)
//!                    |-- words       purpose, length, parameters
//!                    |-- claims      annotations that the words contradict
//!                    |-- hidden      what is given to a model and not seen by people
//!                    |-- Signatures  texts that speak to the model (data: signatures.yaml), and what says the same
//!                    |               in other words (data: wordings.yaml)
//!                    |-- references  tools of which it speaks that are not its own
//!                    '-- twins       tools that are taken for each other
//!                    v
//!                  Finding { rule, item, place, what } -> score of each tool
//! ```
//!
//! **Why.** A description is the only thing that a model has to choose by, and it comes from somebody else: it
//! may be too little, wrong, or written for the model against its user.
//!
//! **What it is not.** It judges no meaning. A text without findings may still lie, and what is found may be
//! harmless; that is why it is told, with the place and a remedy, to whoever approves.

mod claims;
mod fold;
mod hidden;
mod listing;
mod rank;
mod references;
mod rule;
mod signatures;
mod twins;
mod wordings;
mod words;

use std::collections::BTreeSet;

pub use listing::{Hints, Item, ItemKind, Leaf, Listing, Parameter};
pub use rank::{Ranked, Ranking};
pub use rule::{Rule, Severity};
pub use signatures::{Signature, SignatureFault, Signatures};
pub use wordings::{Frame, WordClass, Wordings};

/// The signatures that come with the program, as YAML; who reads it is `policy`.
pub const SIGNATURES: &str = include_str!("signatures.yaml");

/// The classes and frames that come with the program, as YAML; who reads it is `policy`.
pub const WORDINGS: &str = include_str!("wordings.yaml");

/// Something that is wrong with what a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule it breaks.
    pub rule: Rule,
    /// The index of its item in the list.
    pub item: usize,
    /// Where in the item, as a JSON Pointer; empty for all of it.
    pub pointer: String,
    /// What was found, in lower case, the server's words in backticks.
    pub what: String,
    /// The signature that found it, if one did.
    pub signature: Option<Box<str>>,
}

/// What a check saw in one text or item.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    rule: Rule,
    what: String,
    signature: Option<Box<str>>,
}

/// Looks at all that a server says, in the order of the list; of each item what each rule found, once for a place.
pub fn lint(listing: &Listing, signatures: &Signatures) -> Vec<Finding> {
    let own = references::own_names(listing);
    let mut found = Vec::new();
    for (index, item) in listing.items.iter().enumerate() {
        let mut note = |pointer: &str, seen: Seen| {
            let Seen { rule, what, signature } = seen;
            found.push(Finding { rule, item: index, pointer: pointer.to_owned(), what, signature });
        };
        for seen in words::find(item) {
            let pointer = match (seen.rule, item.kind) {
                (Rule::UndocumentedParameters, ItemKind::Tool) => "/inputSchema",
                (Rule::UndocumentedParameters, _) => "/arguments",
                _ => "/description",
            };
            note(pointer, seen);
        }
        claims::find(item).into_iter().for_each(|seen| note("/annotations", seen));
        for leaf in &item.leaves {
            hidden::find(&leaf.text).into_iter().for_each(|seen| note(&leaf.pointer, seen));
            signatures.seen(&leaf.text).into_iter().for_each(|seen| note(&leaf.pointer, seen));
        }
        references::find(item, &own).into_iter().for_each(|(pointer, seen)| note(&pointer, seen));
    }
    for (item, Seen { rule, what, signature }) in twins::find(listing) {
        found.push(Finding { rule, item, pointer: "/description".to_owned(), what, signature });
    }
    found.sort_by(|left, right| {
        (left.item, left.rule, &left.pointer).cmp(&(right.item, right.rule, &right.pointer))
    });
    found
}

/// What is left of a hundred points when each rule that an item breaks has taken its own, once.
pub fn score<'f>(findings: impl Iterator<Item = &'f Finding>) -> u32 {
    let rules: BTreeSet<Rule> = findings.map(|finding| finding.rule).collect();
    100_u32.saturating_sub(rules.iter().map(|rule| rule.weight()).sum())
}
