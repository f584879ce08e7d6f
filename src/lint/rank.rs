//! Which tool a request is about, by its words alone: the baseline that a model has to beat.
//!
//! **How.** Okapi BM25 over what a model reads of each tool: its name counts three times, its title twice, then
//! the description and what is said of the parameters. **What it is not.** No understanding: a tool that is asked
//! for in words which stand nowhere in it is not found, and that is a finding, too.
//!
//! Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009).

use std::collections::{BTreeMap, BTreeSet};

use super::words::stems;
use super::{Item, Listing};

/// How soon a word that is repeated counts no more.
const SATURATION: f64 = 1.2;
/// How much a long text is held against its words.
const LENGTH: f64 = 0.75;

/// Words that every request has.
const COMMON: &[&str] = &[
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "do", "does", "for",
    "from", "have", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "of", "on", "or",
    "please", "that", "the", "their", "them", "there", "this", "to", "tool", "us", "use", "want", "was",
    "we", "what", "which", "will", "with", "would", "you", "your",
];

/// The tools of a list, ready to be ranked.
#[derive(Debug)]
pub struct Ranking {
    names: Vec<String>,
    /// For each tool its words, and how often they stand in it.
    texts: Vec<BTreeMap<String, f64>>,
    lengths: Vec<f64>,
    mean: f64,
    /// In how many tools a word stands.
    spread: BTreeMap<String, f64>,
}

/// A tool and how well it fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its name.
    pub tool: String,
    /// More is better; 0 is no word in common.
    pub score: f64,
}

impl Ranking {
    /// Reads the tools of a list.
    #[expect(clippy::cast_precision_loss, reason = "there are a few thousand tools at most")]
    pub fn new(listing: &Listing) -> Self {
        let texts: Vec<BTreeMap<String, f64>> = listing.tools().map(weigh).collect();
        let lengths: Vec<f64> = texts.iter().map(|text| text.values().sum()).collect();
        let mut spread: BTreeMap<String, f64> = BTreeMap::new();
        texts
            .iter()
            .flat_map(BTreeMap::keys)
            .for_each(|word| *spread.entry(word.clone()).or_default() += 1.0);
        Self {
            names: listing.tools().map(|item| item.name.clone()).collect(),
            mean: (lengths.iter().sum::<f64>() / lengths.len().max(1) as f64).max(1.0),
            texts,
            lengths,
            spread,
        }
    }

    /// All tools by how well they fit a request, the best first; by name where they fit alike.
    pub fn rank(&self, request: &str) -> Vec<Ranked> {
        let words: BTreeSet<String> = words(request).collect();
        let mut ranked: Vec<Ranked> = self
            .names
            .iter()
            .enumerate()
            .map(|(index, name)| Ranked { tool: name.clone(), score: self.score(index, &words) })
            .collect();
        ranked.sort_by(|left, right| {
            right.score.total_cmp(&left.score).then_with(|| left.tool.cmp(&right.tool))
        });
        ranked
    }

    #[expect(clippy::cast_precision_loss, reason = "there are a few thousand tools at most")]
    fn score(&self, index: usize, request: &BTreeSet<String>) -> f64 {
        let (Some(text), Some(length)) = (self.texts.get(index), self.lengths.get(index)) else { return 0.0 };
        let of = |word: &String| {
            let often = text.get(word).copied().unwrap_or(0.0);
            let spread = self.spread.get(word).copied().unwrap_or(0.0);
            let rarity = (1.0 + (self.texts.len() as f64 - spread + 0.5) / (spread + 0.5)).ln();
            let damped = often + SATURATION * (1.0 - LENGTH + LENGTH * length / self.mean);
            rarity * often * (SATURATION + 1.0) / damped
        };
        request.iter().map(of).sum()
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    stems(text).filter(|word| !COMMON.contains(&word.as_str()))
}

fn weigh(item: &Item) -> BTreeMap<String, f64> {
    let mut text: BTreeMap<String, f64> = BTreeMap::new();
    let mut add =
        |part: &str, weight: f64| words(part).for_each(|word| *text.entry(word).or_default() += weight);
    add(&item.name, 3.0);
    add(item.title.as_deref().unwrap_or_default(), 2.0);
    add(item.description.as_deref().unwrap_or_default(), 1.0);
    for parameter in &item.parameters {
        add(&parameter.name, 0.5);
        add(parameter.description.as_deref().unwrap_or_default(), 0.5);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_by_rare_words_and_knows_when_nothing_fits() {
        let list = serde_json::json!({ "tools": [
            { "name": "read_file", "description": "Reads the text of a file." },
            { "name": "delete_file", "description": "Deletes a file for good." },
            { "name": "send_mail", "description": "Sends a mail to a person." },
        ] });
        let ranking = Ranking::new(&Listing::read(&list));
        for (request, wanted) in [
            ("Please delete the file a.txt", "delete_file"),
            ("show me the text in a.txt: read it", "read_file"),
            ("mail this to Ada", "send_mail"),
        ] {
            assert_eq!(ranking.rank(request)[0].tool, wanted, "{request}");
        }
        assert!(ranking.rank("what will the weather be?").iter().all(|ranked| ranked.score == 0.0));
        assert!(Ranking::new(&Listing::default()).rank("anything").is_empty());
    }
}
