//! What must hold of every scan, of any bytes at all.

use super::{
    Action, Binary, Confidence, Desk, Detector, Direction, Drawer, FieldPattern, Plan, PseudonymKey, Rule,
    Sighting, Vault,
};
use crate::json::{Document, Value};
use crate::names::{Label, Mode, Now};

/// Plans of every detector, one for each action and direction; made once, since making them takes long.
#[derive(Debug)]
pub struct Trials(Vec<(Direction, Action, Plan)>);

impl Default for Trials {
    fn default() -> Self {
        let mut trials = Vec::new();
        for direction in [Direction::Arguments, Direction::Results] {
            for &action in Action::ALL {
                let (Ok(id), Ok(field)) = (Label::parse("fuzz"), FieldPattern::parse("a.b")) else {
                    continue;
                };
                let rule = Rule {
                    id,
                    on: direction,
                    detectors: Detector::ALL.to_vec(),
                    fields: vec![field],
                    action,
                    keep_last: None,
                    confidence: Confidence::Possible,
                    allow_pan: true,
                    mode: Mode::Enforce,
                };
                let binary = if action == Action::Drop { Binary::Withhold } else { Binary::Pass };
                let plan = Plan::new(vec![rule]).map(|plan| plan.with_binary(binary, Mode::Enforce));
                trials.extend(plan.ok().map(|mut plan| {
                    plan.furnish(PseudonymKey::derive(&[7; 32], "fuzz").ok());
                    (direction, action, plan)
                }));
            }
        }
        Self(trials)
    }
}

impl Trials {
    /// Scans a text by each plan: what comes out is JSON, a second scan changes nothing, and what was not
    /// found stands as it stood.
    ///
    /// For fuzzers; panics only when an invariant of this room is broken.
    pub fn run(&self, bytes: &[u8]) {
        let Ok(document) = Document::parse(bytes) else { return };
        let vault = Vault::new(&[7; 32]);
        let now = Now { steady: std::time::Duration::ZERO, unix_ms: 0 };
        let drawer = Drawer { vault: &vault, scope: vault.scope([]), now };
        let desk = Desk { drawer: Some(drawer), tenant: Some("acme"), ..Desk::default() };
        // Each text tries some of the plans, so that none takes long.
        let turn = bytes.iter().fold(bytes.len(), |sum, byte| sum.wrapping_add(usize::from(*byte)));
        for (direction, action, plan) in self.0.iter().skip(turn % 2).step_by(2) {
            let sighting = plan.scan_at(&desk, *direction, document.root());
            let Sighting { splice, findings, blocked } = sighting;
            assert_eq!(splice.is_empty(), findings.is_empty(), "what is told is what is changed");
            assert_eq!(blocked.is_some(), *action == Action::Block && !splice.is_empty(), "blocked if found");
            let edited = splice.apply(bytes);
            let Ok(again) = Document::parse(&edited) else {
                panic!("redacted text is JSON: {}", String::from_utf8_lossy(&edited));
            };
            let twice = plan.scan_at(&desk, *direction, again.root()).splice.apply(&edited);
            assert_eq!(
                String::from_utf8_lossy(&edited),
                String::from_utf8_lossy(&twice),
                "redaction by {action:?} is a fixed point"
            );
            if plan.media.binary == Binary::Pass {
                keeps_the_rest(plan, &desk, *direction, document.root(), &edited);
            }
        }
    }
}

/// Checks that the text between what was found stands in what came out, in its order.
fn keeps_the_rest(plan: &Plan, desk: &Desk<'_>, direction: Direction, root: Value<'_>, edited: &[u8]) {
    let text = root.raw().as_bytes();
    let base = root.span().start;
    let (mut from, mut at) = (0, 0);
    let sights = plan.sights_at(desk, direction, root);
    let ends = sights.iter().map(|sight| (sight.span.start - base, sight.span.end - base));
    for (start, end) in ends.chain([(text.len(), text.len())]) {
        // Dropping a value takes its quotes too, however often they are escaped.
        let is_frame = |byte: &u8| matches!(byte, b'"' | b'\\');
        let mut kept = text.get(from..start).unwrap_or_default();
        while let Some((_, rest)) = kept.split_first().filter(|(first, _)| is_frame(first)) {
            kept = rest;
        }
        while let Some((_, rest)) = kept.split_last().filter(|(last, _)| is_frame(last)) {
            kept = rest;
        }
        let found = edited.get(at..).and_then(|rest| memchr::memmem::find(rest, kept));
        assert!(found.is_some(), "`{}` is gone", String::from_utf8_lossy(kept));
        at += found.unwrap_or_default() + kept.len();
        from = from.max(end);
    }
}

/// Scans arbitrary bytes by every detector, and checks what must hold of every outcome.
///
/// For fuzzers; panics only when an invariant of this room is broken. Makes its plans anew: keep
/// [`Trials`] to run many.
pub fn fuzz_scan(bytes: &[u8]) {
    Trials::default().run(bytes);
}
