//! The rules of one direction, made ready: who asks for what.

use std::sync::Arc;

use super::named::fields::Fields;
use super::named::folded::Name;
use super::sieve::candidates::Wanted;
use super::sieve::forms::Forms;
use super::sieve::ground::{Confidence, Ground};
use super::sieve::set::Set;
use super::sieve::tokens::Spellings;
use super::{Action, Detector, Rule};
use crate::names::{Label, Mode};

/// The rules of one direction.
#[derive(Debug, Clone, Default)]
pub(super) struct Ruleset {
    /// By the place of their bit.
    pub rules: Vec<Asked>,
    pub fields: Fields,
    pub forms: Forms,
    pub spellings: Spellings,
    pub wanted: Wanted,
    pub patterns: Vec<Pattern>,
    by_detector: ByDetector,
    /// The rules that each confidence is enough for, one bit each.
    by_confidence: [u64; Confidence::ALL.len()],
    /// The rules in shadow, by place.
    shadows: Vec<usize>,
}

/// The rules that ask for each detector, one bit each.
#[derive(Debug, Clone)]
struct ByDetector([u64; Detector::COUNT]);

impl Default for ByDetector {
    fn default() -> Self {
        Self([0; Detector::COUNT])
    }
}

/// What a finding takes from its rule.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub id: Arc<Label>,
    pub action: Action,
    pub keep_last: Option<u8>,
    pub allow_pan: bool,
    pub mode: Mode,
}

impl Asked {
    /// What stands for a rule that gave a value back, where the value turns up again.
    pub(super) fn echo(id: Arc<Label>) -> Self {
        Self { id, action: Action::Tokenize, keep_last: None, allow_pan: true, mode: Mode::Enforce }
    }
}

/// A field pattern of one rule.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// The names, outermost first, without any `*` at the outer end.
    pub names: Box<[Name]>,
    /// The rule's bit.
    pub rules: u64,
}

impl Ruleset {
    /// Makes `rules` ready; at most 64, or the rest has no bit.
    pub(super) fn new<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let (mut set, mut active) = (Self::default(), Set::default());
        for (place, rule) in rules.take(64).enumerate() {
            let bit = 1 << place;
            if rule.mode == Mode::Shadow {
                set.shadows.push(place);
            }
            set.rules.push(Asked {
                id: Arc::new(rule.id.clone()),
                action: rule.action,
                keep_last: rule.keep_last,
                allow_pan: rule.allow_pan,
                mode: rule.mode,
            });
            for (enough, confidence) in set.by_confidence.iter_mut().zip(Confidence::ALL) {
                *enough |= if *confidence >= rule.confidence { bit } else { 0 };
            }
            for &detector in &rule.detectors {
                active.insert(detector);
                set.by_detector.0[detector.index()] |= bit;
            }
            set.patterns.extend(rule.fields.iter().map(|field| {
                let outer = field.names().iter().take_while(|name| name.is_any()).count();
                Pattern { names: field.names()[outer..].into(), rules: bit }
            }));
        }
        let detectors = Detector::ALL.iter().copied().filter(|detector| active.holds(*detector));
        set.forms = Forms::new(detectors);
        set.spellings = Spellings::new(active);
        set.wanted = Wanted {
            capitals: active.holds(Detector::PERSON) || active.holds(Detector::ADDRESS),
            codes: set.forms.has_codes(),
            long: true,
        };
        set.fields = Fields::new(active, set.patterns.iter().filter_map(|pattern| pattern.names.first()));
        set
    }

    /// The rules in force, one bit each.
    pub(super) fn acting(&self) -> u64 {
        let bits = self.rules.iter().enumerate().filter(|(_, rule)| rule.mode == Mode::Enforce);
        bits.fold(0, |set, (place, _)| set | 1 << place)
    }

    /// The rules in shadow, by place.
    pub(super) fn shadows(&self) -> impl Iterator<Item = usize> {
        self.shadows.iter().copied()
    }

    /// The rules that ask for a detector and that this ground is enough for, one bit each.
    #[inline]
    pub(super) fn taking(&self, detector: Detector, ground: Ground) -> u64 {
        self.by_detector(detector) & self.by_confidence[ground.confidence() as usize]
    }

    /// The rules that ask for a detector, one bit each.
    pub(super) fn by_detector(&self, detector: Detector) -> u64 {
        self.by_detector.0[detector.index()]
    }
}
