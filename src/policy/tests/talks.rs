//! What is read of conversations, and what is warned of.

use super::*;
use crate::limit::Level;

#[test]
fn warns_of_a_limit_per_conversation_that_no_user_limit_stands_beside() {
    let talk = "limits:\n  - { id: talk, per: [conversation], rate: 1/s }\n";
    let some = talk.replace("per: [conversation]", "per: [conversation], match: { tools: [read] }");
    let rows = [
        (talk, "", true),
        (talk, "{ id: user, per: [user], rate: 1/s }", false),
        (talk, "{ id: user, per: [tenant, user, tool], rate: 1/s }", false),
        (talk, "{ id: user, per: [user], budget: 9/day }", false),
        (talk, "{ id: user, per: [user], rate: 1/s, mode: shadow }", true),
        (talk, "{ id: user, per: [user, conversation], rate: 1/s }", true),
        (talk, "{ id: user, per: [tenant], rate: 1/s }", true),
        (talk, "{ id: user, per: [user], match: { tools: [read] }, rate: 1/s }", true),
        (talk, "{ id: user, per: [user], match: { classes: [read, destructive] }, rate: 1/s }", false),
        (talk, "{ id: user, per: [user], match: { requests: [lists] }, rate: 1/s }", true),
        (talk, "{ id: user, per: [user], match: { requests: [lists, calls] }, rate: 1/s }", false),
        (&some, "{ id: user, per: [user], match: { tools: [read, drop] }, rate: 1/s }", false),
        (&some, "{ id: user, per: [user], match: { tools: [drop] }, rate: 1/s }", true),
        (&some, "{ id: user, per: [user], rate: 1/s }", false),
    ];
    for (limits, other, is_alone) in rows {
        let other = if other.is_empty() { String::new() } else { format!("  - {other}\n") };
        let policy = compiled(&format!("{limits}{other}"));
        let codes: Vec<Code> = policy.warnings().iter().map(|fault| fault.code).collect();
        // Some of the rest is warned of in two limits: the one with both levels is alone, too.
        assert_eq!(codes.contains(&Code::ConversationLimitAlone), is_alone, "{limits}{other}: {codes:?}");
    }
}

#[test]
fn reads_what_tells_conversations_apart_and_what_is_told() {
    let policy = compiled("");
    let sources: Vec<String> = policy.conversation.sources.iter().map(ToString::to_string).collect();
    assert_eq!(sources, ["header:x-conversation-id", "meta:openai/session", "session"]);
    assert_eq!(
        (policy.conversation.idle_gap, policy.conversation.new_max.to_string().as_str()),
        (None, "60/hour")
    );
    assert_eq!(policy.limit_hints.expose, [Level::User, Level::Conversation]);
    let policy = compiled(
        "conversation: { sources: [\"header:Mcp-Session-Id\", \"header:X-Talk\"], fallback: idle-gap 30min, max_new_per_principal: 5/min }\n\
         limit_hints: { expose: [], headers: none }\n",
    );
    let sources: Vec<String> = policy.conversation.sources.iter().map(ToString::to_string).collect();
    assert_eq!(sources, ["session", "header:x-talk"]);
    let plan = &policy.conversation;
    assert_eq!(
        (plan.idle_gap, plan.new_max.to_string().as_str()),
        (Some(Duration::from_secs(1800)), "5/min")
    );
    assert_eq!((policy.limit_hints.expose.len(), policy.limit_hints.headers.as_str()), (0, "none"));
    let policy = compiled("conversation: { fallback: idle-gap 1s }");
    assert_eq!(policy.conversation.sources.len(), 3, "the default ones");
    for (text, is_silent) in [("claim:sid", true), ("meta:a", false)] {
        let policy = compiled(&format!("conversation: {{ sources: [{text}] }}"));
        let mut codes = policy.warnings().iter().map(|fault| fault.code);
        assert_eq!(codes.any(|code| code == Code::SilentSource), is_silent, "{text}");
    }
}
