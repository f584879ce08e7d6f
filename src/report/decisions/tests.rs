use super::*;
use crate::bounds::{RULES_COUNTED_MAX, TOOLS_COUNTED_MAX, WATCHERS_MAX};
use crate::gate::{Reason, Verdict};
use crate::names::Label;
use crate::report::sample;

/// What is shown of a refusal of `tool` by `rule`.
fn refused(tool: &str, rule: &str, action: Action) -> Record {
    Record {
        target: Some(tool.into()),
        verdict: Verdict::Deny,
        action,
        reason: Reason::Argument,
        rule: Some(Label::parse(rule).unwrap()),
        policy: sample::policy("payments", "tools: { payments.refund: {}, report: {} }\n"),
        ..sample::record()
    }
}

#[test]
fn keeps_what_a_record_tells_and_no_more() {
    let decisions = Decisions::new(0);
    decisions.note(&refused("payments.refund", "refund-limit", Action::Deny), Alias::Plain("alice"));
    decisions.note(&sample::record(), Alias::Hashed([7; 16]));
    let read = decisions.after(0, 10, |_| true);
    let [deny, allow] = &read.decisions[..] else { panic!("{read:?}") };
    let names = |brief: &Brief| [&brief.user, &brief.tenant, &brief.target, &brief.rule].map(Name::text);
    assert_eq!((deny.verdict(), deny.method_word(), deny.reason), ("deny", "tools/call", Reason::Argument));
    assert_eq!(names(deny), ["alice", "acme", "payments.refund", "refund-limit"]);
    assert_eq!((allow.seq, allow.duration_us, allow.overhead_us, allow.http_status), (2, 412, 118, 200));
    assert_eq!(allow.user.text(), format!("hmac:{}", "07".repeat(16)));
}

#[test]
fn counts_by_action_by_tool_and_by_rule() {
    let decisions = Decisions::new(0);
    let at = sample::record().unix_ms;
    for (tool, rule, action, times) in [
        ("payments.refund", "refund-limit", Action::Deny, 3),
        ("report", "new-rule", Action::ShadowDeny, 2),
        ("made-up-by-a-caller", "other", Action::Allow, 1),
    ] {
        (0..times).for_each(|_| decisions.note(&refused(tool, rule, action), Alias::Unknown));
    }
    let totals = Totals { allowed: 1, denied: 3, would_deny: 2, ..Totals::default() };
    assert_eq!(decisions.totals(), totals);
    let counts = decisions.counts(at);
    assert_eq!((counts.messages, counts.denied, counts.would_deny), (6, 3, 2));
    let tools: Vec<_> =
        decisions.tools(at).into_iter().map(|tool| (tool.name, tool.counts.messages)).collect();
    assert_eq!(tools, [(Some("payments.refund".into()), 3), (Some("report".into()), 2), (None, 1)]);
    let rules: Vec<_> =
        decisions.rules().into_iter().map(|it| (it.rule.to_string(), it.denied, it.would_deny)).collect();
    assert_eq!(rules, [("refund-limit".into(), 3, 0), ("new-rule".into(), 0, 2)]);
    assert!(decisions.tools(at + 61_000).is_empty());
}

#[test]
fn names_that_callers_make_up_take_no_room() {
    let decisions = Decisions::new(0);
    for number in 0..2 * TOOLS_COUNTED_MAX {
        decisions.note(&refused(&format!("made-up-{number}"), "r", Action::Deny), Alias::Unknown);
    }
    let tools = decisions.tools(sample::record().unix_ms);
    assert_eq!(tools.iter().map(|tool| tool.name.as_deref()).collect::<Vec<_>>(), [None]);
}

#[test]
fn a_table_that_is_full_takes_no_more() {
    let many: String = (0..=TOOLS_COUNTED_MAX).map(|number| format!("t{number}: {{}}, ")).collect();
    let policy = sample::policy("payments", &format!("tools: {{ {many} }}\n"));
    let decisions = Decisions::new(0);
    for number in 0..=TOOLS_COUNTED_MAX {
        let record =
            Record { policy: Arc::clone(&policy), ..refused(&format!("t{number}"), "r", Action::Deny) };
        decisions.note(&record, Alias::Unknown);
    }
    let tools = decisions.tools(sample::record().unix_ms);
    assert_eq!(tools.len(), TOOLS_COUNTED_MAX + 1);
    assert_eq!(tools.iter().filter(|tool| tool.name.is_none()).count(), 1);
    for number in 0..=RULES_COUNTED_MAX {
        decisions.note(&refused("report", &format!("r{number}"), Action::Deny), Alias::Unknown);
    }
    assert_eq!(decisions.rules().len(), RULES_COUNTED_MAX);
}

#[test]
fn only_so_many_follow() {
    let decisions = Decisions::new(0);
    let mut watchers: Vec<_> = (0..WATCHERS_MAX).map(|_| decisions.watch()).collect();
    assert!(watchers.iter().all(Option::is_some) && decisions.watch().is_none());
    watchers.pop();
    assert!(decisions.watch().is_some());
}

/// Beside what the table of tools takes once, a message is noted without asking for memory.
#[test]
fn a_decision_allocates_nothing() {
    let decisions = Decisions::new(0);
    let records = [
        refused("payments.refund", "r", Action::Allow),
        refused("payments.refund", "r", Action::Deny),
        sample::record(),
    ];
    let note = || records.iter().for_each(|record| decisions.note(record, Alias::Hashed([1; 16])));
    note();
    let measured = allocation_counter::measure(note);
    assert_eq!(measured.count_total, 0, "{measured:?}");
}
