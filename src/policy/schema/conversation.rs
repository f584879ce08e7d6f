//! The shapes of what tells conversations apart, and of what callers are told of limits.

use serde_json::json;

use super::Shape;
use super::forms::{list, rate, some, word};
use crate::limit::Level;
use crate::policy::parts::keys::{CONVERSATION_KEYS, HINT_KEYS};
use crate::policy::plans::HintHeaders;

pub(super) fn shapes() -> [Shape; 2] {
    [conversation(), hints()]
}

fn conversation() -> Shape {
    let pattern = "^(session|header:[0-9A-Za-z_-]+|(meta|claim):[!-~]+|baggage:[!#$%&'*+.^_`|~0-9A-Za-z-]+)$";
    let source = json!({ "type": "string", "pattern": pattern });
    let gap = "^idle-gap +[0-9]+(ms|s|min|hour)$";
    Shape::new("conversation", CONVERSATION_KEYS, &[])
        .row(
            "sources",
            some(&source),
            "the first that says something counts: `header:X-Conversation-Id`, `meta:KEY` of `params._meta`, `baggage:KEY`, `claim:NAME` of the token, `session` of the legacy era",
        )
        .row(
            "fallback",
            json!({ "type": "string", "pattern": gap, "examples": ["idle-gap 30min"] }),
            "without an id: the silence after which a caller begins another conversation",
        )
        .row("max_new_per_principal", rate(), "how many a caller may begin; further ones share one count")
}

fn hints() -> Shape {
    Shape::new("limit_hints", HINT_KEYS, &[])
        .row(
            "expose",
            list(&word(Level::ALL, Level::as_str)),
            "limits that count for one of these show their numbers; `user` and `conversation` by default",
        )
        .row(
            "headers",
            word(HintHeaders::ALL, HintHeaders::as_str),
            "`ietf`: RateLimit and RateLimit-Policy; `x-ratelimit`: X-RateLimit-*",
        )
}
