//! Prose that a model reads for people and addresses: what it looks for, and what becomes of what it cannot read.

use std::time::Duration;

use super::places::Place;
use crate::bounds::{PROSE_BYTES_USUAL, PROSE_WAIT_USUAL};
use crate::scan::{Detector, Direction, Plan};

/// What a policy says of prose in results.
#[derive(Debug, Clone, PartialEq)]
pub struct ProsePlan {
    /// What the model looks for; rules of the same kinds say what becomes of it. Not empty.
    pub detectors: Box<[Detector]>,
    /// How sure the model must be, from 0 to 1.
    pub threshold: f32,
    /// Bytes of prose in one message that are read at most.
    pub bytes_max: usize,
    /// How long a message waits for it.
    pub wait: Duration,
    /// What becomes of a message that is not read.
    pub beyond: Beyond,
    /// Where it is asked for.
    pub place: Place,
}

/// What becomes of a message whose prose is longer than is read, or is not read in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Beyond {
    /// It is judged as if no model were there.
    Pass,
    /// It is withheld.
    #[default]
    Withhold,
}

impl ProsePlan {
    /// What becomes of a message that is not read, under these rules: those in shadow withhold nothing.
    pub fn unread(&self, redaction: &Plan) -> Beyond {
        if redaction.acts_on(Direction::Results, &self.detectors) { self.beyond } else { Beyond::Pass }
    }

    /// How sure the model must be, where nothing is said: as good as more on names, and it misses least.
    pub const THRESHOLD: f32 = 0.5;

    /// What is done where a policy asks for nothing but these kinds.
    pub fn usual(detectors: Box<[Detector]>) -> Self {
        Self {
            detectors,
            threshold: Self::THRESHOLD,
            bytes_max: PROSE_BYTES_USUAL,
            wait: PROSE_WAIT_USUAL,
            beyond: Beyond::default(),
            place: Place::default(),
        }
    }
}

impl Beyond {
    /// Both words.
    pub const ALL: &[Self] = &[Self::Pass, Self::Withhold];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Withhold => "withhold",
        }
    }
}
