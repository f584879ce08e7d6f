//! From what the model thinks of pieces to spans of people and addresses.
//!
//! A word is what one of its pieces is likely enough to be; words of one kind beside each other are one span, with a
//! hyphen or an initial's dot between them if need be. So a name is hidden whole, also where the model saw a part.
//! Of the model's labels only names and the parts of a street count: those for numbers fire on every id.
//!
//! What the model says of text that is no sentence is often wrong, so three things are not believed: an address
//! without a street, a person of one word in capitals (`PESEL`), and what is a part of an identifier (`a/b`, `a=b`).

use std::ops::Range;

use super::pieces::Piece;
use crate::scan::{Detector, Guess};

/// How likely a piece is a part of a person's name, or of an address; from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Likely {
    pub person: f32,
    /// The name of a street.
    pub street: f32,
    /// What stands beside one: the number of a house, of a flat.
    pub beside: f32,
}

/// What each of the model's labels counts for, by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labels(Vec<Option<Part>>);

/// What a label stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Beside,
    Person,
    Street,
}

/// A span under way.
struct Found {
    guess: Guess,
    has_street: bool,
    words: usize,
}

impl Likely {
    /// The likelier of two.
    pub(super) fn max(self, other: Self) -> Self {
        let Self { person, street, beside } = other;
        Self {
            person: self.person.max(person),
            street: self.street.max(street),
            beside: self.beside.max(beside),
        }
    }

    /// What a word so likely is, if it is likely enough.
    fn kind(self, threshold: f32) -> Option<Detector> {
        let address = self.street + self.beside;
        let (detector, likely) = if self.person >= address {
            (Detector::PERSON, self.person)
        } else {
            (Detector::ADDRESS, address)
        };
        (likely >= threshold).then_some(detector)
    }
}

impl Labels {
    /// Reads `id2label` of a model's configuration.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(config: &str) -> Result<Self, String> {
        let config: serde_json::Value = serde_json::from_str(config).map_err(|fault| fault.to_string())?;
        let named =
            config.get("id2label").and_then(|labels| labels.as_object()).ok_or("it has no `id2label`")?;
        let mut labels = vec![None; named.len()];
        for (id, label) in named {
            let place = id.parse().ok().and_then(|id: usize| labels.get_mut(id));
            let place = place.ok_or_else(|| format!("`id2label` has no order: {id}"))?;
            *place = label.as_str().and_then(counts_for);
        }
        if !labels.contains(&Some(Part::Person)) || !labels.contains(&Some(Part::Street)) {
            return Err("no label stands for people, or none for addresses".into());
        }
        Ok(Self(labels))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What a piece is likely to be, by the model's scores of it.
    pub(super) fn weigh(&self, scores: &[f32]) -> Likely {
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (mut all, mut likely) = (0.0, Likely::default());
        for (score, label) in scores.iter().zip(&self.0) {
            let weight = (score - highest).exp();
            all += weight;
            match label {
                Some(Part::Beside) => likely.beside += weight,
                Some(Part::Person) => likely.person += weight,
                Some(Part::Street) => likely.street += weight,
                None => {}
            }
        }
        // What is no number is likely: a model that breaks must not let names through.
        let part = |weight: f32| if all > 0.0 && weight.is_finite() { weight / all } else { 1.0 };
        Likely { person: part(likely.person), street: part(likely.street), beside: part(likely.beside) }
    }
}

/// What a label such as `B-GIVEN_NAME` counts for.
fn counts_for(label: &str) -> Option<Part> {
    match label.split_once('-').map_or(label, |(_, name)| name) {
        "BUILDING_NUMBER" | "SECONDARY_ADDRESS" => Some(Part::Beside),
        "GIVEN_NAME" | "SURNAME" => Some(Part::Person),
        "STREET_NAME" => Some(Part::Street),
        _ => None,
    }
}

/// The people and addresses of a text whose pieces are so likely.
pub(super) fn guesses(text: &str, pieces: &[Piece], likely: &[Likely], threshold: f32) -> Vec<Guess> {
    let mut found: Vec<Found> = Vec::new();
    let mut rest = pieces;
    while let Some((first, others)) = rest.split_first() {
        let count = 1 + others.iter().take_while(|piece| !piece.is_first).count();
        let at = pieces.len() - rest.len();
        let (word, after) = rest.split_at(count);
        rest = after;
        let span = first.span.start..word.last().map_or(first.span.end, |last| last.span.end);
        let weights = likely.get(at..at + count).unwrap_or_default();
        let likely = weights.iter().copied().fold(Likely::default(), Likely::max);
        let has_letters = text.get(span.clone()).is_some_and(|word| word.contains(char::is_alphanumeric));
        let Some(detector) = likely.kind(threshold).filter(|_| has_letters) else { continue };
        let has_street = likely.street >= likely.beside;
        let joins = |last: &&mut Found| {
            last.guess.detector == detector && joins(text, last.guess.span.end..span.start, detector)
        };
        match found.last_mut().filter(joins) {
            Some(last) => {
                last.guess.span.end = span.end;
                last.has_street |= has_street;
                last.words += 1;
            }
            None => found.push(Found { guess: Guess { span, detector }, has_street, words: 1 }),
        }
    }
    found.into_iter().filter(|found| found.is_believed(text)).map(|found| found.guess).collect()
}

impl Found {
    /// Whether what stands there may be what the model takes it for.
    fn is_believed(&self, text: &str) -> bool {
        let Range { start, end } = self.guess.span;
        let Some(((before, value), after)) =
            text.split_at_checked(end).and_then(|(head, after)| Some((head.split_at_checked(start)?, after)))
        else {
            return false;
        };
        let is_glue = |character: char| matches!(character, '@' | '_' | '=' | '/' | '\\');
        if before.ends_with(is_glue) || after.starts_with(is_glue) {
            return false;
        }
        if self.guess.detector == Detector::ADDRESS {
            return self.has_street;
        }
        let is_capital = |letter: char| !letter.is_lowercase();
        self.words > 1 || !value.chars().all(is_capital)
    }
}

/// Whether what stands between two words of one kind leaves them one.
fn joins(text: &str, gap: Range<usize>, detector: Detector) -> bool {
    const GAP_MAX: usize = 4;
    let is_joint = |character: char| match character {
        ' ' | '\u{a0}' | '-' | '\'' | '\u{2019}' | '.' => true,
        ',' | '/' | '#' => detector == Detector::ADDRESS,
        _ => false,
    };
    text.get(gap).is_some_and(|gap| gap.len() <= GAP_MAX && gap.chars().all(is_joint))
}

#[cfg(test)]
mod tests {
    use super::super::pieces::Vocabulary;
    use super::*;

    const CONFIG: &str =
        r#"{"id2label":{"0":"O","1":"B-GIVEN_NAME","2":"I-SURNAME","3":"B-STREET_NAME","4":"B-TAX_ID"}}"#;
    const WORDS: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nann\n##a\nlee\n-\n.\nj\ncame\nmain\nst\n,\n12\n4b\nand";

    /// What is seen in a text where these words, as they stand there, are likely parts.
    fn seen(text: &str, people: &[&str], streets: &[&str]) -> Vec<(String, Detector)> {
        let pieces = Vocabulary::read(WORDS).unwrap().pieces(text);
        let likely = |piece: &Piece| {
            let has = |words: &[&str]| f32::from(u8::from(words.contains(&&text[piece.span.clone()])));
            let is_number = text[piece.span.clone()].starts_with(|first: char| first.is_ascii_digit());
            let (street, beside) = if is_number { (0.0, has(streets)) } else { (has(streets), 0.0) };
            Likely { person: 0.9 * has(people), street: 0.9 * street, beside: 0.9 * beside }
        };
        let likely: Vec<_> = pieces.iter().map(likely).collect();
        let guesses = guesses(text, &pieces, &likely, 0.5);
        guesses.into_iter().map(|guess| (text[guess.span].to_owned(), guess.detector)).collect()
    }

    #[test]
    fn joins_what_belongs_together_and_takes_words_whole() {
        let person = |text: &str| (text.to_owned(), Detector::PERSON);
        let address = |text: &str| (text.to_owned(), Detector::ADDRESS);
        for (text, people, streets, wanted) in [
            ("Ann Lee came", vec!["Ann", "Lee"], vec![], vec![person("Ann Lee")]),
            ("Anna came", vec!["a"], vec![], vec![person("Anna")]),
            ("Ann-Lee J. Lee", vec!["Ann", "Lee", "J"], vec![], vec![person("Ann-Lee J. Lee")]),
            ("Ann, Lee", vec!["Ann", "Lee"], vec![], vec![person("Ann"), person("Lee")]),
            ("Ann\nLee", vec!["Ann", "Lee"], vec![], vec![person("Ann"), person("Lee")]),
            ("Ann and Lee", vec!["Ann", "Lee"], vec![], vec![person("Ann"), person("Lee")]),
            ("12 Main St, 4b came", vec![], vec!["12", "Main", "St", "4b"], vec![address("12 Main St, 4b")]),
            ("Lee, Main", vec!["Lee", ","], vec!["Main"], vec![person("Lee"), address("Main")]),
            ("came and came", vec![], vec![], vec![]),
            ("at 12 and 4b", vec![], vec!["12", "4b"], vec![]),
            ("LEE came", vec!["LEE"], vec![], vec![]),
            ("ANN LEE came", vec!["ANN", "LEE"], vec![], vec![person("ANN LEE")]),
            ("a=Ann b/Lee Lee_1", vec!["Ann", "Lee"], vec![], vec![]),
        ] {
            assert_eq!(seen(text, &people, &streets), wanted, "{text}");
        }
    }

    #[test]
    fn weighs_labels_together_and_fails_closed() {
        let labels = Labels::read(CONFIG).unwrap();
        let likely = labels.weigh(&[0.0, 1.0, 1.0, 0.0, 0.0]);
        assert!(likely.person > 0.64 && likely.person < 0.65, "{likely:?}");
        assert_eq!(likely.kind(0.7), None);
        assert_eq!(likely.kind(0.6), Some(Detector::PERSON));
        assert_eq!(labels.weigh(&[0.0, 0.0, 0.0, 0.0, 50.0]).kind(0.1), None);
        assert!(labels.weigh(&[0.0, f32::NAN, 0.0, 0.0, 0.0]).kind(0.99).is_some());
    }

    #[test]
    fn refuses_a_configuration_without_people_or_addresses() {
        for (config, wanted) in [
            ("{", "EOF"),
            ("{}", "no `id2label`"),
            (r#"{"id2label":{"0":"O","7":"B-SURNAME"}}"#, "no order: 7"),
            (r#"{"id2label":{"0":"O","1":"B-SURNAME"}}"#, "no label"),
        ] {
            let fault = Labels::read(config).unwrap_err();
            assert!(fault.contains(wanted), "{config}: {fault}");
        }
    }
}
