//! Mistakes in what a bundle says of limits that several gates share.

use super::Row;

pub const SHARED: &[Row] = &[
    Row("way to share a limit", "shared: strict,", "shared: «strikt»,", "SG0008"),
    Row("word for a lost store", "on_store_error: closed", "on_store_error: «close»", "SG0008"),
    Row("way to share all limits", "mode: leased", "mode: «lease»", "SG0008"),
    Row("key of a store", "mode: leased, replicas", "«modus»: leased, replicas", "SG0005"),
    Row("replicas", "replicas: 3", "replicas: «0»", "SG0009"),
    Row(
        "scheme of a store",
        "\"rediss://store.example.com:6379\"",
        "«\"redis:store.example.com:6379\"»",
        "SG0160",
    ),
    Row(
        "password of a store",
        "\"rediss://store.example.com:6379\"",
        "«\"rediss://:secret-1@store.example.com:6379\"»",
        "SG0061",
    ),
    Row("limit in flight that is shared", "concurrency: 2,", "concurrency: 2, shared: «strict»,", "SG0161"),
    Row(
        "store of a limit that has none",
        "rate: 120/min }",
        "rate: 120/min, shared: false, «on_store_error»: open }",
        "SG0161",
    ),
];
