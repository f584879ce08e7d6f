//! The server behind the gate: how long it may take, and what it is shown.

use std::path::Path;
use std::time::Duration;

use super::{Bundle, Fields, Findings, Node};
use crate::bounds::{CLAIM_BYTES_MAX, IDENTITY_LIFE, IDENTITY_LIFE_MAX};
use crate::identity::{Endpoint, EndpointFault};
use crate::policy::code::Code;
use crate::policy::credentials::{
    ClientAuth, Credentials, Exchange, HeaderFile, IDENTITY_HEADER, IdentityPlan, TokenClient,
};
use crate::policy::diagnostic::{Span, shown};
use crate::policy::plans::UpstreamPlan;
use crate::policy::scalar::Scalar;
use crate::policy::walker;
use crate::policy::yaml::Content;

/// The keys of `upstream`.
pub(in crate::policy) const UPSTREAM_KEYS: &[&str] = &[
    "connect_timeout",
    "timeout",
    "idle",
    "credentials",
    "identity",
    "db_boundary",
    "breaker",
    "concurrency",
    "retries",
    "replica",
    "adaptive",
];

/// The keys of `credentials`, of which one may be there.
pub(in crate::policy) const WAYS: &[&str] = &["header", "client_credentials", "token_exchange"];

/// The keys of `header`.
pub(in crate::policy) const HEADER_KEYS: &[&str] = &["name", "file", "prefix"];

/// The keys of `client_credentials`.
pub(in crate::policy) const CLIENT_KEYS: &[&str] =
    &["token_url", "client_id", "client_secret_file", "client_auth", "scopes", "resource"];

/// The keys of `token_exchange`.
pub(in crate::policy) const EXCHANGE_KEYS: &[&str] = &[
    "token_url",
    "client_id",
    "client_secret_file",
    "client_auth",
    "scopes",
    "resource",
    "audience",
    "actor_token_file",
];

/// The keys of `identity`.
pub(in crate::policy) const IDENTITY_KEYS: &[&str] = &["header", "key_file", "audience", "lifetime"];

/// What authors write for a secret, and the key that names its file.
const INLINE_OF_HEADER: &[(&str, &str)] =
    &[("value", "file"), ("token", "file"), ("secret", "file"), ("key", "file")];
const INLINE_OF_CLIENT: &[(&str, &str)] = &[
    ("client_secret", "client_secret_file"),
    ("secret", "client_secret_file"),
    ("password", "client_secret_file"),
    ("actor_token", "actor_token_file"),
];
const INLINE_OF_IDENTITY: &[(&str, &str)] =
    &[("key", "key_file"), ("private_key", "key_file"), ("secret", "key_file")];

/// A URL of usual length.
const URL_BYTES_MAX: usize = 2_048;

impl Bundle {
    pub(super) fn read_upstream(&mut self, node: &Node, findings: &mut Findings) {
        let Some(fields) = Fields::open(node, "`upstream`", UPSTREAM_KEYS, findings) else { return };
        let mut time = |key| fields.get(key).and_then(|node| walker::duration(node, "time", findings));
        let (connect_timeout, timeout, idle) = (time("connect_timeout"), time("timeout"), time("idle"));
        let credentials = fields.get("credentials").and_then(|node| read_credentials(node, findings));
        let identity = fields.get("identity").and_then(|node| {
            let identity = read_identity(node, findings)?;
            if let Some(Credentials::Header(header)) = &credentials
                && header.name == identity.header
            {
                let message =
                    format!("`{}` cannot carry both the credential and the identity", identity.header);
                findings.advise(Code::HeaderName, node.span, message, "give one of them another header");
            }
            Some(identity)
        });
        if matches!(credentials, Some(Credentials::TokenExchange(_))) {
            self.token_exchange = fields.entry("credentials").map(|entry| entry.key_span);
        }
        // What it is, nobody can see from here; that somebody has thought of it can be said.
        let declared = fields.get("db_boundary").and_then(|node| {
            walker::word(node, "a word for `db_boundary`", &[()], |()| "declared", findings)
        });
        self.is_boundary_declared = declared.is_some();
        let credentials = credentials.unwrap_or_default();
        let care = self.read_care(&fields, findings);
        // A section of its own, which may have been read before.
        let sandbox = self.upstream.sandbox.take();
        self.upstream = UpstreamPlan { connect_timeout, timeout, idle, credentials, identity, care, sandbox };
    }

    /// Notes an exchange of tokens that no caller can have.
    pub fn check_exchange(&self, findings: &mut Findings) {
        if let Some(span) = self.token_exchange.filter(|_| self.issuers.is_empty()) {
            let message = "a token exchange needs callers with tokens, and the policy has no issuer";
            let help = "name the issuer under `callers.issuers`, or use `client_credentials`";
            findings.advise(Code::ExchangeWithoutIssuer, span, message, help);
        }
    }
}

/// `none`, or a map with the one way that is used.
fn read_credentials(node: &Node, findings: &mut Findings) -> Option<Credentials> {
    if let Content::Scalar(Scalar::Text(word)) = &node.content {
        if **word != *"none" {
            let message = "`credentials` is a map, or the word `none`";
            let help = "write `{ header: … }`, `{ client_credentials: … }` or `{ token_exchange: … }`";
            findings.hide(node.span);
            findings.advise(Code::CredentialKind, node.span, message, help);
        }
        return None;
    }
    let fields = Fields::open(node, "`credentials`", WAYS, findings)?;
    let mut found = WAYS.iter().filter_map(|way| fields.entry(way));
    match (found.next(), found.next()) {
        (Some(entry), None) => match &*entry.key {
            "header" => read_header(&entry.value, findings).map(Credentials::Header),
            "client_credentials" => {
                let what = "`client_credentials`";
                let fields = open(&entry.value, what, CLIENT_KEYS, INLINE_OF_CLIENT, findings)?;
                read_client(&fields, findings).map(Credentials::ClientCredentials)
            }
            _ => read_exchange(&entry.value, findings).map(Credentials::TokenExchange),
        },
        (Some(_), Some(second)) => {
            let message = "`credentials` may name one way only";
            findings.advise(Code::CredentialKind, second.key_span, message, "remove all ways but one");
            None
        }
        (None, _) => {
            let help =
                "name `header`, `client_credentials` or `token_exchange`, or write `credentials: none`";
            findings.advise(Code::CredentialKind, fields.span(), "`credentials` names no way", help);
            None
        }
    }
}

fn read_header(node: &Node, findings: &mut Findings) -> Option<HeaderFile> {
    let fields = open(node, "`header`", HEADER_KEYS, INLINE_OF_HEADER, findings)?;
    let name = match fields.get("name") {
        Some(node) => header_name(node, "the credential", findings),
        None => Some("authorization".into()),
    };
    let file = fields.need("file", findings).and_then(|node| file(node, "`file`", findings));
    let prefix = match fields.get("prefix") {
        Some(node) => {
            let prefix = walker::line(node, "`prefix`", CLAIM_BYTES_MAX, findings)?;
            if !prefix.value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                findings.raise(Code::BadValue, node.span, "`prefix` may hold printable ASCII only");
            }
            prefix.value
        }
        None => "".into(),
    };
    Some(HeaderFile { name: name?, prefix, file: file? })
}

fn read_client(fields: &Fields<'_>, findings: &mut Findings) -> Option<TokenClient> {
    let token_url = fields.need("token_url", findings).and_then(|node| token_url(node, findings));
    let client_id = fields
        .need("client_id", findings)
        .and_then(|node| Some(walker::line(node, "`client_id`", CLAIM_BYTES_MAX, findings)?.value));
    let secret = fields.need("client_secret_file", findings);
    let secret = secret.and_then(|node| file(node, "`client_secret_file`", findings));
    let client_auth = match fields.get("client_auth") {
        Some(node) => walker::word(
            node,
            "a way of client authentication",
            ClientAuth::ALL,
            ClientAuth::as_str,
            findings,
        ),
        None => Some(ClientAuth::default()),
    };
    let scopes = fields.get("scopes").map(|node| walker::labels(node, "a scope", findings));
    let resource = match fields.get("resource") {
        Some(node) => Some(resource(node, findings)?),
        None => None,
    };
    Some(TokenClient {
        token_url: token_url?,
        client_id: client_id?,
        client_secret_file: secret?,
        client_auth: client_auth?,
        scopes: scopes.unwrap_or_default().iter().map(|scope| scope.value.as_str().into()).collect(),
        resource,
    })
}

fn read_exchange(node: &Node, findings: &mut Findings) -> Option<Exchange> {
    let fields = open(node, "`token_exchange`", EXCHANGE_KEYS, INLINE_OF_CLIENT, findings)?;
    let client = read_client(&fields, findings);
    let audience = match fields.get("audience") {
        Some(node) => Some(walker::line(node, "`audience`", URL_BYTES_MAX, findings)?.value),
        None => None,
    };
    let actor_token_file = match fields.get("actor_token_file") {
        Some(node) => Some(file(node, "`actor_token_file`", findings)?),
        None => None,
    };
    let client = client?;
    if client.resource.is_none() && audience.is_none() {
        let message = "a token exchange needs `resource` or `audience`";
        let help = "say for which server the token is: one without is good for every server of the issuer";
        findings.advise(Code::MissingKey, fields.span(), message, help);
        return None;
    }
    Some(Exchange { client, audience, actor_token_file })
}

fn read_identity(node: &Node, findings: &mut Findings) -> Option<IdentityPlan> {
    let fields = open(node, "`identity`", IDENTITY_KEYS, INLINE_OF_IDENTITY, findings)?;
    let header = match fields.get("header") {
        Some(node) => identity_name(node, findings),
        None => Some(IDENTITY_HEADER.into()),
    };
    let audience = fields.need("audience", findings);
    let audience = audience.and_then(|node| walker::line(node, "`audience`", URL_BYTES_MAX, findings));
    let key_file = match fields.get("key_file") {
        Some(node) => Some(file(node, "`key_file`", findings)?),
        None => None,
    };
    let lifetime = match fields.get("lifetime") {
        Some(node) => lifetime(node, findings),
        None => Some(IDENTITY_LIFE),
    };
    Some(IdentityPlan { header: header?, audience: audience?.value, key_file, lifetime: lifetime? })
}

/// Whole seconds, for that is what `exp` counts.
fn lifetime(node: &Node, findings: &mut Findings) -> Option<Duration> {
    let found = walker::duration(node, "`lifetime`", findings)?;
    if found.subsec_nanos() == 0 && found <= IDENTITY_LIFE_MAX {
        return Some(found);
    }
    let message = format!("`lifetime` must be whole seconds from 1s to {}s", IDENTITY_LIFE_MAX.as_secs());
    findings.advise(
        Code::BadValue,
        node.span,
        message,
        "a statement is made for each request: `60s` is plenty",
    );
    None
}

/// Opens a map in which some keys would hold a secret. What stands at no known key may be one, too.
pub(super) fn open<'n>(
    node: &'n Node,
    what: &'static str,
    known: &[&str],
    inline: &[(&'static str, &'static str)],
    findings: &mut Findings,
) -> Option<Fields<'n>> {
    let Some(entries) = walker::map(node, what, findings) else {
        hide_all(node, findings);
        return None;
    };
    let mut noted = known.to_vec();
    for entry in entries.iter().filter(|entry| !known.contains(&&*entry.key)) {
        hide_all(&entry.value, findings);
        let Some((key, instead)) = inline.iter().find(|(key, _)| *key == &*entry.key) else { continue };
        let message = format!("`{key}` would put a secret into the policy");
        let help =
            format!("write it into a file that only the gate can read, and name the file: `{instead}`");
        findings.advise(Code::InlineSecret, entry.key_span, message, help);
        noted.push(key);
    }
    Fields::open(node, what, &noted, findings)
}

/// Hides every text in a tree.
fn hide_all(node: &Node, findings: &mut Findings) {
    match &node.content {
        Content::List(items) => items.iter().for_each(|item| hide_all(item, findings)),
        Content::Map(entries) => entries.iter().for_each(|entry| hide_all(&entry.value, findings)),
        Content::Scalar(_) | Content::Unreadable => findings.hide(node.span),
    }
}

/// An absolute path. What is none may be the secret itself, and is not shown.
pub(super) fn file(node: &Node, what: &str, findings: &mut Findings) -> Option<Box<Path>> {
    let Some(path) = walker::line(node, what, URL_BYTES_MAX, findings) else {
        findings.hide(node.span);
        return None;
    };
    if path.value.starts_with('/') {
        return Some(Path::new(&*path.value).into());
    }
    findings.hide(node.span);
    let help = "write the path of a file that holds the secret, from its first `/`";
    findings.advise(Code::SecretFile, node.span, format!("{what} is no absolute path"), help);
    None
}

fn token_url(node: &Node, findings: &mut Findings) -> Option<Endpoint> {
    let text = walker::text(node, "`token_url`", findings)?;
    let endpoint = Endpoint::parse(text);
    if let Err(fault) = &endpoint {
        if *fault == EndpointFault::User {
            findings.hide(node.span);
        }
        let help = "write `https://HOST/PATH`";
        findings.advise(Code::TokenUrl, node.span, format!("`token_url` cannot be asked: {fault}"), help);
    }
    endpoint.ok()
}

/// An absolute URI without a fragment. Source: RFC 8707, section 2.
fn resource(node: &Node, findings: &mut Findings) -> Option<Box<str>> {
    let text = walker::line(node, "`resource`", URL_BYTES_MAX, findings)?.value;
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if is_scheme && is_plain {
        return Some(text);
    }
    let message = format!("`{}` is no absolute URI without a fragment", shown(&text));
    findings.advise(
        Code::BadValue,
        node.span,
        message,
        "write the URL of the server, as its issuer knows it",
    );
    None
}

fn identity_name(node: &Node, findings: &mut Findings) -> Option<Box<str>> {
    let name = header_name(node, "the identity", findings)?;
    if matches!(&*name, "authorization" | "cookie" | "proxy-authorization" | "x-api-key") {
        note_header(&name, "the identity", node.span, findings);
        return None;
    }
    Some(name)
}

/// The name of a header that neither HTTP nor the protocol uses, in lower case.
fn header_name(node: &Node, what: &str, findings: &mut Findings) -> Option<Box<str>> {
    let text = walker::text(node, "a header", findings)?;
    let is_name = text.len() <= CLAIM_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let name = text.to_ascii_lowercase();
    if is_name && !is_taken(&name) {
        return Some(name.into());
    }
    note_header(text, what, node.span, findings);
    None
}

fn note_header(name: &str, what: &str, span: Span, findings: &mut Findings) {
    let message = format!("`{}` is no header that can carry {what}", shown(name));
    let help = "choose a name of letters, digits and hyphens that neither HTTP nor MCP uses";
    findings.advise(Code::HeaderName, span, message, help);
}

/// Whether a header means something to HTTP, to the protocol or to what the gate sends by itself.
fn is_taken(name: &str) -> bool {
    let families = ["accept", "access-control-", "content-", "if-", "mcp-", "proxy-connection", "sec-"];
    families.iter().any(|family| name.starts_with(family))
        || matches!(
            name,
            "connection"
                | "date"
                | "dpop"
                | "expect"
                | "host"
                | "keep-alive"
                | "last-event-id"
                | "origin"
                | "te"
                | "traceparent"
                | "tracestate"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
                | "user-agent"
        )
}
