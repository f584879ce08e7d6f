//! The shapes of `shared`.

use serde_json::{Value, json};

use super::Shape;
use super::forms::{boolean, rooted, shape, text, word};
use crate::bounds::REPLICAS_MAX;
use crate::limit::{OnStoreError, SharedMode};
use crate::policy::parts::keys::{SHARED_KEYS, STORE_TLS_KEYS};

pub(super) fn shapes() -> [Shape; 2] {
    [
        Shape::new("shared", SHARED_KEYS, &[])
            .some_of(&[&["url", "url_file"]])
            .row("url", url(), "the store, without a password: `redis://HOST:6379`, `rediss://` for TLS")
            .row(
                "url_file",
                rooted(),
                "a file outside of the bundle with the URL of the store and its password",
            )
            .row("cluster", boolean(), "whether it is a cluster, of which the URL names one node")
            .row("mode", word(SharedMode::ALL, SharedMode::as_str), "whether calls wait for the store")
            .row(
                "replicas",
                json!({ "type": "integer", "minimum": 1, "maximum": REPLICAS_MAX }),
                "how many gates share the limits at least; the store tells of more",
            )
            .row("on_store_error", on_store_error(), "what limits do while the store cannot be asked")
            .row("tls", shape("store_tls"), "what TLS to the store needs beyond the system's authorities"),
        Shape::new("store_tls", STORE_TLS_KEYS, &[])
            .row("ca_file", rooted(), "the authorities that vouch for the store, in place of the system's")
            .row("cert_file", rooted(), "the certificate that the gate shows")
            .row("key_file", rooted(), "the private key of that certificate"),
    ]
}

/// What a limit may say of sharing.
pub(super) fn of_limit() -> Value {
    let mut words: Vec<Value> = SharedMode::ALL.iter().map(|mode| json!(mode.as_str())).collect();
    words.push(json!(false));
    json!({ "enum": words })
}

/// See [`of_limit`].
pub(super) fn on_store_error() -> Value {
    word(OnStoreError::ALL, OnStoreError::as_str)
}

fn url() -> Value {
    let mut url = text();
    url["pattern"] = json!("^(rediss?|valkeys?|unix|redis\\+unix|valkey\\+unix)://");
    url
}
