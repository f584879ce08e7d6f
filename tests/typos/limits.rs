//! Mistakes in limits.

use super::Row;

pub const LIMITS: &[Row] = &[
    Row("level", "per: [tenant, user]", "per: [tenant, «usr»]", "SG0008"),
    Row("tool of a limit", "match: { tools: [fetch] }", "match: { tools: [«fetsh»] }", "SG0013"),
    Row("rate", "rate: 60/min,", "rate: «60/minute»,", "SG0009"),
    Row("budget", "2_000_000/month", "«2_000_000/moon»", "SG0009"),
    Row("overdraft", "overdraft: 10%", "overdraft: «10»", "SG0009"),
    Row("time zone of a budget", "tz: Europe/Paris", "tz: «Europe/Pari»", "SG0008"),
    Row("unit", "unit: tokens,", "unit: «token»,", "SG0143"),
    Row("argument of a limit", "unit: \"arg:limit\"", "unit: «\"arg:limti\"»", "SG0144"),
    Row(
        "limit without a kind",
        "id: analysts, per: [tenant, user], match: { tools: [db_query] }, rate: 60/min, burst: 20",
        "id: «analysts», per: [tenant, user], match: { tools: [db_query] }",
        "SG0140",
    ),
    Row("limit of two kinds", "budget: 100_000/day,", "budget: 100_000/day, «concurrency»: 4,", "SG0140"),
    Row("key of another kind", "overdraft: 10%", "«burst»: 20", "SG0141"),
    Row(
        "estimate above a limit",
        "budget: 2_000_000/month, estimate: 2000",
        "budget: 2_000/month, estimate: «2001»",
        "SG0142",
    ),
    Row("kind of request", "requests: [lists, polls]", "requests: [lists, «poll»]", "SG0008"),
    Row(
        "request that is not counted",
        "match: { requests: [lists, polls] }",
        "match: { «requests»: [lists], tools: [fetch] }",
        "SG0145",
    ),
    Row("key of a queue", "timeout: 500ms", "«time_out»: 500ms, timeout: 500ms", "SG0005"),
];
