//! The events of a message: what was decided, found, restored and switched off.
//!
//! The verdict is what the rules said, the action what was done: in shadow they part.

use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::Event;

use super::names;
use crate::bounds::TRACE_FINDINGS_MAX;
use crate::gate::{Branch, Reason, Record, Restore, RestoreResult};
use crate::limit::breaker::Notice;
use crate::names::Label;
use crate::report::labels::{self, Phase};
use crate::scan::{Direction, Finding};

/// The events of what a record tells; it was `decided` and `ended` then.
pub(super) fn events(record: &Record, decided: SystemTime, ended: SystemTime) -> Vec<Event> {
    let event = |name: &'static str, time, attributes| Event::new(name, time, attributes, 0);
    let mut events = vec![event(names::DECISION_EVENT, decided, decision(record))];
    let findings = record.findings.iter().take(TRACE_FINDINGS_MAX);
    events.extend(findings.map(|(direction, found)| {
        let time = match direction {
            Direction::Arguments => decided,
            Direction::Results => ended,
        };
        event(names::FINDING_EVENT, time, finding(*direction, found))
    }));
    let restores = record.restores.iter().take(TRACE_FINDINGS_MAX);
    events.extend(restores.map(|it| event(names::RESTORE_EVENT, decided, restore(it))));
    events.extend(
        record.notices.iter().map(|(branch, it)| event(names::BREAKER_EVENT, ended, breaker(*branch, it))),
    );
    events.extend(candidate(record).map(|attributes| event(names::CANDIDATE_EVENT, decided, attributes)));
    events
}

fn decision(record: &Record) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(names::VERDICT, record.verdict.as_str()),
        KeyValue::new(names::ACTION, labels::action(record.action)),
        KeyValue::new(names::MODE, record.mode.as_str()),
        KeyValue::new(names::PHASE, Phase::of(record).as_str()),
    ];
    if record.reason != Reason::None {
        attributes.push(KeyValue::new(names::REASON, record.reason.as_str()));
    }
    attributes.extend(record.rule.as_ref().map(rule));
    attributes
}

fn finding(direction: Direction, finding: &Finding) -> Vec<KeyValue> {
    vec![
        rule(&finding.rule),
        KeyValue::new(names::DETECTOR, finding.detector.as_str()),
        KeyValue::new(names::DIRECTION, direction.as_str()),
        KeyValue::new(names::ACTION, finding.action.as_str()),
        KeyValue::new(names::MODE, finding.mode.as_str()),
        KeyValue::new(names::COUNT, i64::from(finding.count)),
    ]
}

fn restore(restore: &Restore) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new(names::DETECTOR, restore.kind),
        KeyValue::new(names::RESULT, restore.result.as_str()),
        KeyValue::new(names::COUNT, i64::from(restore.count)),
    ];
    if let RestoreResult::Restored(by) = &restore.result {
        attributes.push(rule(by));
    }
    attributes
}

fn breaker(branch: Branch, notice: &Notice) -> Vec<KeyValue> {
    let change = &notice.change;
    vec![
        KeyValue::new(names::UPSTREAM, branch.as_str()),
        KeyValue::new(names::FROM, change.from.as_str()),
        KeyValue::new(names::TO, change.to.as_str()),
        KeyValue::new(names::REASON, change.cause.as_str()),
    ]
}

/// What the candidate says, where it says something else.
fn candidate(record: &Record) -> Option<Vec<KeyValue>> {
    let trial = record.trial.as_ref().filter(|trial| trial.verdict != trial.live)?;
    let mut attributes = vec![KeyValue::new(names::VERDICT, trial.verdict.as_str())];
    attributes.extend(trial.reason.map(|reason| KeyValue::new(names::REASON, reason)));
    attributes.extend(trial.rule.as_ref().map(rule));
    Some(attributes)
}

fn rule(label: &Label) -> KeyValue {
    KeyValue::new(names::RULE, label.as_str().to_owned())
}
