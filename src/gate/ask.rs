//! What the shell hands to the gate: one request, whole, with its head already clean.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, AsHeaderName};
use http::{HeaderMap, HeaderValue};

use super::trace::Seed;
use crate::identity::{self, Caller, Evidence, PeerCertificate, Proof, Replays};
use crate::json;
use crate::limit::StoreWord;
use crate::mcp::{Claims, Revision, Revisions};
use crate::names::Now;
use crate::policy::{Credentials, Policy};

/// One HTTP request to the MCP endpoint, read whole.
///
/// The shell has made sure that no header of meaning comes twice and that the body is within bounds.
#[derive(Debug)]
pub struct Ask<'a> {
    /// What the client wants of the endpoint.
    pub errand: Errand,
    /// The request's header fields.
    pub headers: &'a HeaderMap,
    /// Where it came from.
    pub origin: Origin,
    /// By what transport.
    pub way: Way<'a>,
    /// When its head had arrived.
    pub now: Now,
    /// What is known of the word of the store of shared limits.
    pub word: StoreWord<'a>,
    /// What its place in a trace is made of; `None` where nothing is traced.
    pub trace: Option<Seed>,
}

/// The transport that a message came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way<'a> {
    /// HTTP+SSE of 2024-11-05: a stream and a second endpoint, of the legacy era only.
    EventStream {
        /// Whatever tells this pair from another one, for the stream and for what is posted.
        session: &'a str,
    },
    /// Standard input and output: no headers, one session, both eras.
    Pipe {
        /// Whatever tells this pipe from another one.
        session: &'a str,
    },
    /// Streamable HTTP: headers say again what the body says.
    Streamable,
}

/// What a client wants of the endpoint.
#[derive(Debug, Clone)]
pub enum Errand {
    /// `DELETE`: end the session.
    Leave,
    /// `GET`: open a stream for messages of the server.
    Listen,
    /// `POST`: deliver one message.
    Say(Bytes),
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The other end of the connection; `None` on a Unix socket.
    pub peer: Option<SocketAddr>,
    /// What the client showed in the TLS handshake, verified.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// What the caller shows of itself.
pub(super) fn evidence<'a>(ask: &'a Ask<'_>, replays: &'a Replays) -> Evidence<'a> {
    Evidence {
        authorization: field(ask.headers, AUTHORIZATION),
        dpop: field(ask.headers, "dpop"),
        method: match ask.errand {
            Errand::Leave => "DELETE",
            Errand::Listen => "GET",
            Errand::Say(_) => "POST",
        },
        certificate: ask.origin.certificate.as_deref(),
        replays: Some(replays),
    }
}

/// SHA-256 of the caller's token, where it is to be exchanged for one of the server.
pub(super) fn subject(policy: &Policy, caller: &Caller, ask: &Ask<'_>) -> Option<[u8; 32]> {
    match (&policy.upstream.credentials, caller.proof()) {
        (Credentials::TokenExchange(_), Proof::Introspection | Proof::Token) => {
            field(ask.headers, AUTHORIZATION).and_then(identity::bearer_token).map(identity::digest)
        }
        (
            Credentials::ClientCredentials(_)
            | Credentials::Header(_)
            | Credentials::None
            | Credentials::TokenExchange(_),
            Proof::Anonymous | Proof::Certificate | Proof::Introspection | Proof::Key | Proof::Token,
        ) => None,
    }
}

/// The text of a body: without a byte-order mark, which some clients put before a whole body.
pub(super) fn whole(way: Way<'_>, body: &Bytes) -> Bytes {
    match way {
        Way::EventStream { .. } | Way::Streamable => body.slice_ref(json::unmarked(body)),
        Way::Pipe { .. } => body.clone(),
    }
}

/// A header field as text; `None` when it is absent or not visible ASCII.
pub(super) fn field(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(text)
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().map(str::trim)
}

/// What the headers claim the body to be, in a session that speaks `negotiated`, to a server that is
/// known to speak `spoken`.
pub(super) fn claims(headers: &HeaderMap, negotiated: Option<Revision>, spoken: Revisions) -> Claims<'_> {
    let mut claims = Claims { negotiated, spoken, ..Claims::default() };
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("mcp-") else { continue };
        match name {
            "protocol-version" => claims.protocol_version = text(value),
            "method" => claims.method = text(value),
            "name" => claims.name = text(value),
            _ => {
                claims.params.extend(name.strip_prefix("param-").and_then(|name| Some((name, text(value)?))));
            }
        }
    }
    claims
}
