//! The shapes of `callers`.

use serde_json::json;

use super::Shape;
use super::forms::{boolean, duration, label, list, rooted, sha256, shape, some, text, word};
use crate::identity::{Algorithm, Dpop};
use crate::policy::parts::keys::{
    CALLERS_KEYS, CERTIFICATE_KEYS, CLAIMS_KEYS, INTROSPECTION_KEYS, ISSUER_KEYS, KEY_KEYS,
};

pub(super) fn shapes() -> [Shape; 6] {
    [callers(), issuer(), claims(), introspection(), key(), certificate()]
}

fn callers() -> Shape {
    Shape::new("callers", CALLERS_KEYS, &[])
        .row("resource", text(), "the URL of this server as clients write it; they find its metadata by it")
        .row("resource_name", text(), "what this server is called for people")
        .row("first_scopes", some(&label()), "the scopes that a client is told to begin with")
        .row("issuers", list(&shape("issuer")), "who signs the tokens that are taken")
        .row("keys", list(&shape("key")), "static keys, kept as hashes")
        .row("certificates", list(&shape("certificate")), "callers who show a certificate")
        .row(
            "anonymous",
            json!({ "enum": ["allow", "deny"] }),
            "whether somebody who proves nothing may call",
        )
}

fn issuer() -> Shape {
    Shape::new("issuer", ISSUER_KEYS, &["issuer"])
        .row("issuer", text(), "the claim `iss`, exactly")
        .row(
            "kind",
            json!({ "enum": ["kubernetes", "oauth"] }),
            "`kubernetes`: a cluster that gives tokens to service accounts; `oauth` where it is left out",
        )
        .row(
            "audience",
            some(&text()),
            "the claim `aud`, exactly one of these; `resource` where it is left out",
        )
        .row("jwks", text(), "the key set: its URL, or a file of the bundle")
        .row("discovery", text(), "the URL below which its metadata names the key set, in place of `jwks`")
        .row("jwks_file", text(), "with a URL: a file of the bundle with the keys to begin with")
        .row("bearer_file", rooted(), "a file outside of the bundle: the token to ask for keys with")
        .row(
            "ca_file",
            rooted(),
            "a file outside of the bundle: the authorities that the URL is verified with",
        )
        .row(
            "algorithms",
            some(&word(Algorithm::ALL, Algorithm::as_str)),
            "the signatures that are taken; all of these where it is left out",
        )
        .row("claims", shape("claims"), "which claim says what of a caller")
        .row(
            "typ",
            json!({ "enum": ["strict", "any"] }),
            "`strict`: only tokens that call themselves `at+jwt`, as RFC 9068 has it",
        )
        .row("leeway", duration(), "by how much clocks may differ")
        .row("max_lifetime", duration(), "the longest time that a token may be good for")
        .row("require_cnf", boolean(), "`true`: only tokens that are bound to a key or a certificate")
        .row(
            "dpop",
            word(Dpop::ALL, Dpop::as_str),
            "whether callers prove that they hold the key of their token",
        )
        .row("introspection", shape("introspection"), "whom to ask about tokens that are no JWT")
        .row("cache", duration(), "for how long a token that was found good is believed")
        .row(
            "scopes_supported",
            some(&label()),
            "the scopes that it gives, as its metadata lists them; `check` warns of a role that wants others",
        )
}

fn claims() -> Shape {
    Shape::new("claims", CLAIMS_KEYS, &[])
        .row(
            "user",
            some(&text()),
            "the claim that names the user, or the way to it; `sub` where it is left out",
        )
        .row("tenant", some(&text()), "the claim that names the tenant")
        .row("agent", some(&text()), "the claim that names the agent")
        .row("groups", some(&text()), "the claim that lists the groups")
        .row("scopes", some(&text()), "the claim that lists the scopes")
        .row("workload", some(&text()), "the claim that names the workload")
}

fn introspection() -> Shape {
    Shape::new("introspection", INTROSPECTION_KEYS, &["url", "client_id", "client_secret_file"])
        .row("url", text(), "the endpoint that is asked")
        .row("client_id", text(), "what the gate is called there")
        .row("client_secret_file", rooted(), "a file outside of the bundle: the secret of the gate there")
}

fn key() -> Shape {
    Shape::new("key", KEY_KEYS, &["id", "sha256", "user"])
        .row("id", label(), "its name in audit records")
        .row("sha256", sha256(), "the hash of the key, not the key: printf %s \"$KEY\" | sha256sum")
        .row("user", text(), "whose it is")
        .row("tenant", label(), "of which tenant")
        .row("agent", text(), "which agent uses it")
        .row("workload", text(), "which workload uses it")
        .row("scopes", some(&label()), "the scopes that it has")
        .row("groups", some(&text()), "the groups that it is in")
}

fn certificate() -> Shape {
    Shape::new("certificate", CERTIFICATE_KEYS, &["id", "ca"])
        .some_of(&[&["spiffe", "san"]])
        .row("id", label(), "its name in audit records")
        .row("ca", text(), "a file of the bundle with the authorities, in PEM")
        .row("spiffe", text(), "the SPIFFE id of the workload; all below it with `/*` at its end")
        .row(
            "san",
            json!({ "type": "string", "pattern": "^(dns|email|uri):" }),
            "the name in the certificate, with its kind: `dns:web.acme.example`",
        )
        .row("user", text(), "who that is")
        .row("tenant", label(), "of which tenant")
        .row("agent", text(), "which agent that is")
        .row("scopes", some(&label()), "the scopes that it has")
        .row("groups", some(&text()), "the groups that it is in")
}
