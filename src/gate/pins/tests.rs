//! What is noted of a list, for how long, and of how many.

use super::*;
use crate::json::Document;
use crate::policy::{Lock, LockedTool, Source, compile};

fn definition(description: &str) -> String {
    format!(r#"{{"name":"read","description":"{description}","inputSchema":{{"type":"object"}}}}"#)
}

/// A policy with one approved tool.
fn policy() -> Policy {
    crate::identity::install_crypto();
    let document = definition("Reads.");
    let document = Document::parse(document.as_bytes()).expect("JSON");
    let approved = Arc::new(Definition::read(document.root()).expect("a definition"));
    let lock = Lock { tools: vec![LockedTool::approved(approved, None)], ..Lock::default() };
    let text =
        "version: 1\nserver: { id: s }\ncallers: { anonymous: allow }\nallow: [{ id: any, tools: \"*\" }]\n";
    let sources = [
        Source { name: "policy.yaml".into(), text: text.into() },
        Source { name: crate::policy::LOCK_FILE.into(), text: lock.render() },
    ];
    compile(&sources, 0).expect("it compiles")
}

fn at(seconds: u64) -> Now {
    Now { steady: Duration::from_secs(seconds), unix_ms: 0 }
}

/// Shows `by` a list with one tool; the words for what is new.
fn show(pins: &Pins, policy: &Policy, by: u8, description: &str, seconds: u64) -> Vec<&'static str> {
    let text = format!("[{}]", definition(description));
    let document = Document::parse(text.as_bytes()).expect("JSON");
    let look = pins.look(policy, Viewer::Caller([by; 16]), document.root(), at(seconds));
    look.notices.iter().map(|notice| notice.event.as_str()).collect()
}

fn is_shut(pins: &Pins, policy: &Policy, seconds: u64) -> bool {
    let tool = policy.tool("read").expect("it is known");
    pins.deviation(policy, tool, at(seconds)).is_some()
}

#[test]
fn tells_of_each_change_once_and_of_its_end() {
    let (pins, policy) = (Pins::default(), policy());
    assert!(show(&pins, &policy, 1, "Reads.", 1).is_empty());
    assert_eq!(show(&pins, &policy, 1, "Steals.", 2), ["text"]);
    assert!(
        show(&pins, &policy, 1, "Steals.", 3).is_empty() && show(&pins, &policy, 2, "Steals.", 3).is_empty()
    );
    assert_eq!(show(&pins, &policy, 2, "Lies.", 4), ["text"], "another change");
    assert_eq!(show(&pins, &policy, 3, "Reads.", 5), ["cloak", "cloak"]);
    assert!(show(&pins, &policy, 3, "Reads.", 6).is_empty());
    assert!(show(&pins, &policy, 1, "Reads.", 7).is_empty() && is_shut(&pins, &policy, 7));
    assert_eq!(show(&pins, &policy, 2, "Reads.", 8), ["restored"]);
    assert!(!is_shut(&pins, &policy, 8));
}

#[test]
fn shuts_a_tool_for_as_long_as_somebody_was_shown_another_one_within_the_hour() {
    let life = PIN_SIGHT_LIFE.as_secs();
    for (later, wanted) in [(life - 1, true), (life, true), (life + 1, false)] {
        let (pins, policy) = (Pins::default(), policy());
        show(&pins, &policy, 1, "Steals.", 10);
        assert_eq!(is_shut(&pins, &policy, 10 + later), wanted, "{later}");
    }
}

#[test]
fn notes_a_bounded_number_of_callers_and_stays_shut() {
    let (pins, policy) = (Pins::default(), policy());
    let most = u8::try_from(PIN_SIGHTS_MAX).expect("a few");
    for by in 0..most + 3 {
        show(&pins, &policy, by, "Steals.", 1);
    }
    assert_eq!(pins.seen().tools["read"].len(), PIN_SIGHTS_MAX);
    for by in 0..most - 1 {
        show(&pins, &policy, by, "Reads.", 2);
    }
    assert!(is_shut(&pins, &policy, 2), "one of those that were noted is left");
    show(&pins, &policy, most - 1, "Reads.", 3);
    assert!(!is_shut(&pins, &policy, 3));
}

#[test]
fn believes_what_was_shown_until_it_is_old_or_unsettled() {
    let (pins, by, minute) = (Pins::default(), [1; 16], Duration::from_secs(60));
    assert!(!pins.is_settled(by, minute, at(1)), "it was shown nothing");
    pins.settle(by, at(10));
    for (seconds, wanted) in [(69, true), (70, true), (71, false)] {
        assert_eq!(pins.is_settled(by, minute, at(seconds)), wanted, "{seconds}");
    }
    assert!(!pins.is_settled(by, Duration::ZERO, at(10)), "always means always");
    assert!(!pins.is_settled([2; 16], minute, at(10)), "others are others");
    pins.unsettle(at(11));
    assert!(!pins.is_settled(by, minute, at(12)));
    pins.settle(by, at(13));
    assert!(pins.is_settled(by, minute, at(14)));
    pins.begin(by);
    assert!(!pins.is_settled(by, minute, at(14)), "a new session is shown it anew");
}

#[test]
fn tells_of_a_bounded_number_of_strangers() {
    let (pins, policy) = (Pins::default(), policy());
    let mut told = 0;
    for number in 0..crate::bounds::PIN_STRANGERS_MAX + 5 {
        let text = format!(r#"[{{"name":"stranger{number}"}},{{"name":"Read"}}]"#);
        let document = Document::parse(text.as_bytes()).expect("JSON");
        told += pins.look(&policy, Viewer::Own, document.root(), at(1)).notices.len();
    }
    assert_eq!(told, crate::bounds::PIN_STRANGERS_MAX);
}

#[test]
fn what_a_process_said_counts_until_it_ends() {
    let key =
        super::super::SealKey::derive(b"handles that nobody outside of here sees").expect("a long secret");
    let (gate, policy) = (super::super::Gate::new(key, crate::scan::Vault::new(&[7; 32])), policy());
    let list = |description: &str| vec![definition(description)];
    let tell = |lists: &[(u64, Vec<String>)], running: &[u64], seconds| {
        let notices = gate.survey_children(&policy, (lists, running), at(seconds)).expect("lists");
        notices.iter().map(|notice| notice.event.as_str()).collect::<Vec<_>>()
    };
    let none = Vec::<&str>::new();
    assert_eq!(tell(&[(1, list("Reads.")), (2, list("Steals."))], &[1, 2], 1), ["text"]);
    assert!(is_shut(&gate.pins, &policy, 1));
    assert_eq!(
        tell(&[(1, list("Reads.")), (2, list("Steals."))], &[1, 2], 2),
        ["cloak"],
        "one process alone"
    );
    assert_eq!(tell(&[(1, list("Reads."))], &[1, 2], 3), none, "the other does not answer");
    assert!(is_shut(&gate.pins, &policy, 3), "and is no better for that");
    assert_eq!(tell(&[(1, list("Reads."))], &[1], 4), ["restored"], "the other has ended");
    assert!(!is_shut(&gate.pins, &policy, 4));
    assert_eq!(tell(&[(1, Vec::new()), (3, list("Reads."))], &[1, 3], 5), none);
    assert_eq!(tell(&[(1, Vec::new())], &[1, 3], 6), none, "who knows what the other has");
    assert_eq!(tell(&[(1, Vec::new()), (3, Vec::new())], &[1, 3], 7), ["gone"], "no process has it");
    assert_eq!(tell(&[], &[], 8), none, "nobody was asked");
    let broken = vec!["{".to_owned()];
    assert!(gate.survey_children(&policy, (&[(1, broken)], &[1]), at(9)).is_none());
}
