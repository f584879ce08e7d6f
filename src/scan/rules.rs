//! The rules of one direction, made ready: who asks for what.

use std::sync::Arc;

use super::fields::{Fields, Name};
use super::set::Set;
use super::{Action, Detector, Rule};
use crate::names::{Label, Mode};

/// The rules of one direction.
#[derive(Debug, Clone, Default)]
pub(super) struct Ruleset {
    /// By the place of their bit.
    pub rules: Vec<Asked>,
    pub fields: Fields,
    pub patterns: Vec<Pattern>,
    by_detector: [u64; Detector::ALL.len()],
    /// The rules in shadow, by place.
    shadows: Vec<usize>,
}

/// What a finding takes from its rule.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub id: Arc<Label>,
    pub action: Action,
    pub mode: Mode,
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
            set.rules.push(Asked { id: Arc::new(rule.id.clone()), action: rule.action, mode: rule.mode });
            for &detector in &rule.detectors {
                active.insert(detector);
                set.by_detector[detector.index()] |= bit;
            }
            set.patterns.extend(rule.fields.iter().map(|field| {
                let outer = field.names().iter().take_while(|name| name.is_any()).count();
                Pattern { names: field.names()[outer..].into(), rules: bit }
            }));
        }
        set.fields = Fields::new(active, set.patterns.iter().filter_map(|pattern| pattern.names.first()));
        set
    }

    /// The rules in shadow, by place.
    pub(super) fn shadows(&self) -> impl Iterator<Item = usize> {
        self.shadows.iter().copied()
    }

    /// The rules that ask for a detector, one bit each.
    pub(super) fn by_detector(&self, detector: Detector) -> u64 {
        self.by_detector[detector.index()]
    }
}
