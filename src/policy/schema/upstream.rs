//! The shapes of `upstream`.

use serde_json::json;

use super::Shape;
use super::forms::{boolean, duration, label, rooted, shape, some, text, word};
use crate::policy::credentials::ClientAuth;
use crate::policy::parts::keys::{
    CLIENT_KEYS, EXCHANGE_KEYS, HEADER_KEYS, IDENTITY_KEYS, UPSTREAM_KEYS, WAYS,
};

pub(super) fn shapes() -> [Shape; 6] {
    [upstream(), credentials(), header(), client("client", CLIENT_KEYS), exchange(), identity()]
}

fn upstream() -> Shape {
    let mut one_way = shape("credentials");
    one_way["maxProperties"] = json!(1);
    Shape::new("upstream", UPSTREAM_KEYS, &[])
        .row("connect_timeout", duration(), "how long it may take to connect")
        .row("timeout", duration(), "how long a call may take where its tool says nothing")
        .row("idle", duration(), "how long an idle connection is kept")
        .row(
            "credentials",
            json!({ "anyOf": [{ "const": "none" }, one_way] }),
            "how the gate proves to the server who it is: in one way, or not at all",
        )
        .row("identity", shape("identity"), "a signed statement to the server about who calls")
        .row(
            "db_boundary",
            json!({ "const": "declared" }),
            "that the database behind the server is guarded itself: by a role that may only read, best on a replica",
        )
        .row("breaker", shape("breaker"), "when the server is left alone because it fails")
        .row("concurrency", shape("concurrency"), "how much there may be at once")
        .row("retries", shape("retries"), "what is sent again where no answer came; nothing where it is left out")
        .row("replica", shape("replica"), "a second server that only reads")
        .row("adaptive", boolean(), "whether the gate finds out by itself how much the server can take")
}

fn credentials() -> Shape {
    Shape::new("credentials", WAYS, &[])
        .some_of(&[WAYS])
        .row("header", shape("header"), "a header with what stands in a file")
        .row(
            "client_credentials",
            shape("client"),
            "a token that the gate gets for itself (RFC 6749, section 4.4)",
        )
        .row("token_exchange", shape("exchange"), "a token that the gate gets for the caller's (RFC 8693)")
}

fn header() -> Shape {
    Shape::new("header", HEADER_KEYS, &["file"])
        .row("name", name(), "the header; `Authorization` where it is left out")
        .row("file", rooted(), "a file outside of the bundle with the secret")
        .row("prefix", text(), "what stands before the secret, such as `Bearer `")
}

fn client(name: &'static str, keys: &'static [&'static str]) -> Shape {
    Shape::new(name, keys, &["token_url", "client_id", "client_secret_file"])
        .row("token_url", text(), "the token endpoint of the authorization server")
        .row("client_id", text(), "what the gate is called there")
        .row("client_secret_file", rooted(), "a file outside of the bundle: the secret of the gate there")
        .row(
            "client_auth",
            word(ClientAuth::ALL, ClientAuth::as_str),
            "where the secret is sent: by a header, or in the form",
        )
        .row("scopes", some(&label()), "the scopes to ask for")
        .row("resource", text(), "the URL of the server that the token is for (RFC 8707)")
}

fn exchange() -> Shape {
    client("exchange", EXCHANGE_KEYS)
        .some_of(&[&["resource", "audience"]])
        .row("audience", text(), "the name of the server that the token is for")
        .row(
            "actor_token_file",
            rooted(),
            "a file outside of the bundle: a token that says who acts for the caller",
        )
}

fn identity() -> Shape {
    Shape::new("identity", IDENTITY_KEYS, &["audience"])
        .row("header", name(), "the header that carries it")
        .row(
            "key_file",
            rooted(),
            "a file outside of the bundle: the private key; one is made at start where it is left out",
        )
        .row("audience", text(), "whom the statement is for")
        .row("lifetime", duration(), "how long one holds, in whole seconds")
}

/// The name of a header.
fn name() -> serde_json::Value {
    json!({ "type": "string", "pattern": "^[0-9A-Za-z-]+$" })
}
