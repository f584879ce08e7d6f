//! Mistakes in what tells conversations apart, and in what callers are told of limits.

use super::Row;

pub const TALKS: &[Row] = &[
    Row("source of a conversation", "header:X-Talk", "«heder:X-Talk»", "SG0008"),
    Row("source without a name", "header:X-Talk", "«header»", "SG0008"),
    Row("source that is a trace", "header:X-Talk", "«header:Traceparent»", "SG0009"),
    Row("source that is a secret", "header:X-Talk", "«header:Authorization»", "SG0009"),
    Row("source that is all of the baggage", "baggage:talk.id", "«meta:baggage»", "SG0009"),
    Row("source twice", "baggage:talk.id", "«header:x-talk»", "SG0011"),
    Row("key of a conversation", "max_new_per_principal:", "«max_new_per_user»:", "SG0005"),
    Row(
        "number of conversations",
        "max_new_per_principal: 60/hour",
        "max_new_per_principal: «60/h»",
        "SG0009",
    ),
    Row("silence between conversations", "idle-gap 30min", "«idle-gap 30m»", "SG0009"),
    Row("word for that silence", "idle-gap 30min", "«idle 30min»", "SG0009"),
    Row("level that is shown", "expose: [user, ", "expose: [«users», ", "SG0008"),
    Row("headers of a limit", "headers: ietf", "headers: «iett»", "SG0008"),
    Row("key of what is shown", "expose:", "«exposed»:", "SG0005"),
];
