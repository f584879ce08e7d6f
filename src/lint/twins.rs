//! Tools of one list that are taken for each other.

use std::collections::{BTreeMap, BTreeSet};

use super::words::stems;
use super::{Item, Listing, Rule, Seen};

/// The part of their words that two descriptions may have in common.
const SHARED_MAX: f64 = 0.75;
/// Descriptions with fewer words differ by one word and are told apart by it.
const WORDS_MIN: usize = 8;

/// Pairs that are alike: the index of the later one, and what is wrong.
pub(super) fn find(listing: &Listing) -> Vec<(usize, Seen)> {
    let tools: Vec<(usize, &Item, BTreeSet<String>)> = listing
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.kind == super::ItemKind::Tool)
        .map(|(index, item)| (index, item, stems(item.description.as_deref().unwrap_or_default()).collect()))
        .collect();
    let mut found = Vec::new();
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for (index, item, _) in &tools {
        let folded: String =
            item.name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        if let Some(twin) = names.insert(folded, &item.name).filter(|twin| *twin != item.name) {
            found.push((*index, seen(Rule::ConfusableNames, format!("`{}` and `{twin}`", item.name))));
        }
    }
    for (at, (index, item, words)) in tools.iter().enumerate() {
        let alike = tools.iter().take(at).find(|(_, _, other)| is_alike(words, other));
        if let Some((_, twin, _)) = alike {
            let what = format!("its description is nearly that of `{}`", twin.name);
            found.push((*index, seen(Rule::NearTwins, format!("`{}`: {what}", item.name))));
        }
    }
    found
}

fn seen(rule: Rule, what: String) -> Seen {
    Seen { rule, what, signature: None }
}

/// Whether two descriptions share most of their words. Source: the index of Jaccard.
fn is_alike(left: &BTreeSet<String>, right: &BTreeSet<String>) -> bool {
    if left.len().min(right.len()) < WORDS_MIN {
        return !left.is_empty() && left == right;
    }
    #[expect(clippy::cast_precision_loss, reason = "words of a description are few")]
    let (shared, all) = (left.intersection(right).count() as f64, left.union(right).count() as f64);
    shared / all > SHARED_MAX
}
