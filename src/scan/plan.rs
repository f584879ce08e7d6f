//! The rules of a policy, made ready, and one scan by them.

use std::sync::Arc;

use super::echo::{self, Heard};
use super::fit::{self, Fitting, Molds};
use super::people::passages;
use super::rules::Ruleset;
use super::settle::Case;
use super::sieve::sweep::{Hit, Sweep};
use super::spelling::joined;
use super::spelling::media::{self, Binary};
use super::spelling::spelled::Plain;
use super::writing::desk::{Desk, Surrogates};
use super::writing::pseudonym::PseudonymKey;
use super::{Action, Detector, Direction, Rule, Sight};
use crate::bounds::SCAN_RULES_MAX;
use crate::json::{Splice, Value};
use crate::names::{Label, Mode};

/// The redaction rules of a policy, made ready for scanning; part of a policy snapshot.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    arguments: Ruleset,
    results: Ruleset,
    pub(super) media: media::Rule,
    key: Option<PseudonymKey>,
    needs_a_desk: bool,
}

/// Why rules make no plan: the policy author's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// A rule with neither detectors nor fields finds nothing.
    #[error("redaction rule `{0}` names neither detectors nor fields")]
    Nothing(Label),
    /// More rules than can be told apart in one scan.
    #[error("more than {max} redaction rules in one direction", max = SCAN_RULES_MAX)]
    TooMany,
}

/// What a sweep leaves, and the plain spelling that it lies in, if it is not the carrier's own.
struct Swept {
    hits: Vec<Hit>,
    heard: Vec<Heard>,
    plain: Option<Plain>,
}

/// What one scan found, and the edits it asks for.
#[derive(Debug, Default)]
pub struct Sighting {
    /// The edits, in offsets of the whole text; empty when nothing is to change.
    pub splice: Splice,
    /// What was found, merged by rule, detector and path.
    pub findings: Vec<Finding>,
    /// The finding that forbids the message, as an index; the edits do not matter then.
    pub blocked: Option<usize>,
}

/// Something that a rule found in a message; never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Arc<Label>,
    /// What kind of value it is.
    pub detector: Detector,
    /// What the rule does with it.
    pub action: Action,
    /// How often it stands at this path.
    pub count: u32,
    /// Where: `$.structuredContent.ssn`. Keys that are data themselves are redacted in it.
    pub path: Box<str>,
    /// Whether the rule acted or only reported.
    pub mode: Mode,
}

impl Plan {
    /// Makes rules ready for scanning.
    ///
    /// # Errors
    /// [`PlanFault`]: the policy author's fault.
    pub fn new(rules: Vec<Rule>) -> Result<Self, PlanFault> {
        if let Some(rule) = rules.iter().find(|rule| rule.detectors.is_empty() && rule.fields.is_empty()) {
            return Err(PlanFault::Nothing(rule.id.clone()));
        }
        let (arguments, results): (Vec<_>, Vec<_>) =
            rules.into_iter().partition(|rule| rule.on == Direction::Arguments);
        if arguments.len().max(results.len()) > SCAN_RULES_MAX {
            return Err(PlanFault::TooMany);
        }
        let hides = |rule: &Rule| matches!(rule.action, Action::Pseudonym | Action::Tokenize);
        let needs_a_desk = arguments.iter().chain(&results).any(hides);
        let (arguments, results) = (Ruleset::new(arguments.iter()), Ruleset::new(results.iter()));
        Ok(Self { arguments, results, media: media::Rule::default(), key: None, needs_a_desk })
    }

    /// Makes pseudonyms with `key` from now on. Without one, what should be named is replaced.
    pub fn furnish(&mut self, key: Option<PseudonymKey>) {
        self.key = key;
    }

    /// Whether a rule, in either direction, hides values behind tokens or pseudonyms, so that a scan needs a
    /// [`Desk`].
    pub fn needs_a_desk(&self) -> bool {
        self.needs_a_desk
    }

    /// Says what becomes of content that is no text, on its way to a client. It passes until this is said.
    #[must_use]
    pub fn with_binary(self, binary: Binary, mode: Mode) -> Self {
        Self { media: media::Rule { binary, mode }, ..self }
    }

    /// Whether nothing watches `direction`, so that a scan would find nothing.
    pub fn is_empty(&self, direction: Direction) -> bool {
        let is_free = direction == Direction::Arguments || self.media.binary == Binary::Pass;
        self.ruleset(direction).rules.is_empty() && is_free
    }

    /// Whether a rule of `direction` does more than report.
    pub(super) fn acts(&self, direction: Direction) -> bool {
        self.ruleset(direction).rules.iter().any(|rule| rule.mode == Mode::Enforce)
    }

    /// Scans `carrier`: the params, the result or the error of a message.
    ///
    /// Edits are in offsets of the whole text that `carrier` is a part of; with them made the text is
    /// JSON again, and a second scan changes nothing. Looks at each byte once, and at ASCII that is
    /// spelled in `\u` escapes once more in a copy, and at text in base64 once more decoded. Allocates
    /// nothing when nothing is found and nothing is decoded.
    pub fn scan(&self, direction: Direction, carrier: Value<'_>) -> Sighting {
        self.scan_at(&Desk::default(), direction, carrier)
    }

    /// As [`scan`](Self::scan), with what tokens and pseudonyms hang on. Values that were given back in the
    /// conversation are found too, whatever the rules look for.
    pub fn scan_at(&self, desk: &Desk<'_>, direction: Direction, carrier: Value<'_>) -> Sighting {
        let mut sighting = match self.swept(desk, direction, carrier) {
            Some(Swept { hits, heard, plain }) => {
                self.case(desk, direction, carrier, plain.as_ref()).settle(hits, heard)
            }
            None => Sighting::default(),
        };
        media::scan(self, desk, direction, carrier, &mut sighting);
        sighting
    }

    /// Scans the result of a call as [`scan_at`](Self::scan_at) does, and fits the edits inside its
    /// `structuredContent` to what its tool advertises; `check` says whether such a part is valid as a whole, and
    /// nothing where that cannot be said.
    pub fn scan_fitted(
        &self,
        desk: &Desk<'_>,
        result: Value<'_>,
        molds: &Molds,
        check: &dyn Fn(&str) -> Option<bool>,
    ) -> (Sighting, Fitting) {
        let direction = Direction::Results;
        let (mut sighting, fitting) = match self.swept(desk, direction, result) {
            Some(Swept { hits, heard, plain }) => {
                let case = self.case(desk, direction, result, plain.as_ref());
                let (sighting, edits) = case.settle_noted(hits, heard);
                fit::fit(molds, check, result, edits, sighting)
            }
            None => Default::default(),
        };
        media::scan(self, desk, direction, result, &mut sighting);
        (sighting, fitting)
    }

    /// Every value in `carrier` that [`scan`](Self::scan) writes over or reports, by itself and in the
    /// order of the text; where two lie over each other, both.
    ///
    /// For showing and counting: finding them costs what a scan costs, and more for each.
    pub fn sights(&self, direction: Direction, carrier: Value<'_>) -> Vec<Sight> {
        self.sights_at(&Desk::default(), direction, carrier)
    }

    /// As [`sights`](Self::sights), with what a model saw in the message.
    pub fn sights_at(&self, desk: &Desk<'_>, direction: Direction, carrier: Value<'_>) -> Vec<Sight> {
        let mut sights = match self.swept(desk, direction, carrier) {
            Some(Swept { hits, plain, .. }) => {
                self.case(desk, direction, carrier, plain.as_ref()).sights(hits)
            }
            None => Vec::new(),
        };
        sights.extend(media::sights(self, desk, direction, carrier));
        sights.sort_by_key(|sight| sight.span.start);
        sights
    }

    /// Sweeps `carrier`: its hits, and the plain spelling that they lie in, if it is not its own; `None`
    /// when there are none.
    #[inline]
    fn swept(&self, desk: &Desk<'_>, direction: Direction, carrier: Value<'_>) -> Option<Swept> {
        let rules = self.ruleset(direction);
        if rules.rules.is_empty() && desk.echoes.is_empty() {
            return None;
        }
        let raw = carrier.raw().as_bytes();
        let base = carrier.span().start;
        let (mut hits, plain) = match Sweep::raw(raw, rules) {
            Ok(hits) => (hits, None),
            Err(_) => {
                let plain = Plain::new(raw);
                (Sweep::plain(&plain.text, rules, 0), Some(plain))
            }
        };
        hits.extend(match &plain {
            None => joined::seams(carrier, raw, rules, |at| at - base),
            Some(plain) => joined::seams(carrier, &plain.text, rules, |at| plain.place(at - base)),
        });
        if let Some(told) = desk.told.filter(|told| !told.is_empty()) {
            hits.extend(match &plain {
                None => passages::hits(carrier, told, raw, rules, |at| at - base),
                Some(plain) => passages::hits(carrier, told, &plain.text, rules, |at| plain.place(at - base)),
            });
        }
        let heard = echo::hear(desk.echoes, plain.as_ref().map_or(raw, |plain| &plain.text));
        (!hits.is_empty() || !heard.is_empty()).then_some(Swept { hits, heard, plain })
    }

    fn case<'c>(
        &'c self,
        desk: &'c Desk<'c>,
        direction: Direction,
        carrier: Value<'c>,
        plain: Option<&'c Plain>,
    ) -> Case<'c> {
        let surrogates = Surrogates { desk, key: self.key.as_ref() };
        Case::new((direction, carrier), plain, self.ruleset(direction), surrogates)
    }

    pub(super) fn ruleset(&self, direction: Direction) -> &Ruleset {
        match direction {
            Direction::Arguments => &self.arguments,
            Direction::Results => &self.results,
        }
    }
}
