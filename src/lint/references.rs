//! Tools of which a text speaks that are not its own.

use std::collections::BTreeSet;

use super::{Item, ItemKind, Listing, Rule, Seen};

/// Words behind which a name is that of a tool.
const BEFORE: &[&str] = &[
    "call", "called", "calling", "calls", "invoke", "invokes", "invoking", "of", "on", "replaces", "run",
    "that", "to", "tool", "use", "using", "whenever",
];

/// Words before which a name is that of a tool.
const AFTER: &[&str] = &["tool", "may", "sends", "must", "has"];

/// What is said of a tool behind `is`.
const STATES: &[&str] = &["available", "broken", "called", "deprecated", "invoked", "mandatory", "used"];

/// Ends of names that are those of fields.
const FIELDS: &[&str] =
    &["_at", "_count", "_date", "_id", "_ids", "_key", "_name", "_path", "_token", "_type", "_uri", "_url"];

/// Words with which a sentence gives orders.
const ORDERS: &[&str] = &[
    "add",
    "always",
    "broken",
    "change",
    "copied",
    "deprecated",
    "first",
    "has",
    "instead",
    "mandatory",
    "may",
    "must",
    "never",
    "only",
    "overwrite",
    "place",
    "rather",
    "replaces",
    "route",
    "unreliable",
    "uploaded",
    "whenever",
];

/// Names that a server has itself: of its tools, prompts, parameters and choices.
pub(super) fn own_names(listing: &Listing) -> BTreeSet<String> {
    let parameters = listing.items.iter().flat_map(|item| item.parameters.iter().map(|p| p.name.as_str()));
    let names = listing.items.iter().map(|item| item.name.as_str()).chain(parameters);
    let choices = listing.items.iter().flat_map(|item| &item.leaves);
    let choices =
        choices.filter(|leaf| !leaf.text.contains(char::is_whitespace)).map(|leaf| leaf.text.as_str());
    names.chain(choices).map(str::to_lowercase).collect()
}

/// Tools in the texts of an item that its server does not have.
pub(super) fn find(item: &Item, own: &BTreeSet<String>) -> Vec<(String, Seen)> {
    let mut found = Vec::new();
    let texts = item.leaves.iter().filter(|leaf| {
        leaf.pointer.is_empty() || leaf.pointer == "/title" || leaf.pointer.ends_with("/description")
    });
    for leaf in texts {
        for sentence in sentences(&leaf.text) {
            let words: Vec<&str> = sentence.split_whitespace().map(bare).collect();
            let strange = |at: &usize| is_strange(&words, *at, own);
            let Some(at) = (0..words.len()).find(strange) else { continue };
            let name = words.get(at).copied().unwrap_or_default();
            let is_order = words.iter().any(|word| ORDERS.contains(&word.to_lowercase().as_str()));
            let rule = if is_order { Rule::Steering } else { Rule::UnknownTool };
            let what = match rule {
                Rule::Steering => format!("it says how `{name}` is to be used, which is not of this server"),
                _ => format!("it names the tool `{name}`, which this server does not have"),
            };
            let is_known = |(_, seen): &(String, Seen)| seen.what == what;
            if !found.iter().any(is_known) && item.kind != ItemKind::Instructions {
                found.push((leaf.pointer.clone(), Seen { rule, what, signature: None }));
            }
        }
    }
    found
}

/// Parts of a text that end in a full stop, a line or a semicolon; a dot inside of a word ends none.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', ';']).flat_map(|line| line.split(". "))
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Whether the word at `at` is the name of a tool that is not the server's.
fn is_strange(words: &[&str], at: usize, own: &BTreeSet<String>) -> bool {
    let word = words.get(at).copied().unwrap_or_default();
    let is_name = word.contains('_')
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        && word.starts_with(|c: char| c.is_ascii_lowercase());
    if !is_name || own.contains(word) || FIELDS.iter().any(|end| word.ends_with(end)) {
        return false;
    }
    let near = |index: Option<usize>, known: &[&str]| {
        let word = index.and_then(|index| words.get(index)).map(|word| word.to_lowercase());
        word.is_some_and(|word| known.contains(&word.as_str()))
    };
    let is_state = near(Some(at + 1), &["is"]) && near(Some(at + 2), STATES);
    near(at.checked_sub(1), BEFORE) || near(Some(at + 1), AFTER) || is_state
}
