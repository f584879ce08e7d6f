//! What this server is to OAuth clients: the URL it is called by, and the metadata that lead them to a token.
//!
//! Source: RFC 9728; MCP 2026-07-28 basic/authorization.

use url::Url;

use super::parts::{Bundle, IssuerKind};
use super::roles::Role;
use crate::identity::{Algorithm, Dpop};
use crate::json::quote;
use crate::names::Label;

/// Where the metadata of a protected resource begin. Source: RFC 9728, section 3.
pub const RESOURCE_METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// A protected resource, as its clients know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The URL of its metadata, for challenges.
    pub metadata_url: Box<str>,
    /// Its own path, as clients write it; empty for the root.
    pub path: Box<str>,
    /// The metadata: one JSON object.
    pub metadata: Box<str>,
    /// What a client without a token is told to ask for; nothing means that it decides by the metadata.
    pub first_scopes: Box<[Box<str>]>,
}

impl Resource {
    /// The resource that a bundle describes, if it does.
    pub(super) fn of(bundle: &Bundle, roles: &[Role]) -> Option<Self> {
        let part = &bundle.resource;
        let url = &*part.url.as_ref()?.value;
        let parsed = Url::parse(url).ok()?;
        let path = parsed.path().trim_end_matches('/');
        let origin = parsed.origin().ascii_serialization();
        let first = part.first_scopes.iter().flatten().map(|scope| Box::from(scope.value.as_str()));
        Some(Self {
            metadata_url: format!("{origin}{RESOURCE_METADATA_PATH}{path}").into(),
            path: path.into(),
            metadata: metadata(url, bundle, roles).into(),
            first_scopes: first.collect(),
        })
    }
}

fn metadata(url: &str, bundle: &Bundle, roles: &[Role]) -> String {
    let mut json = format!(r#"{{"resource":{}"#, quote(url));
    let mut member = |name: &str, value: &str| json.push_str(&format!(r#","{name}":{value}"#));
    let issuers = bundle.issuers.iter().filter(|part| part.kind == IssuerKind::OAuth);
    member("authorization_servers", &list(issuers.map(|part| &*part.issuer.value)));
    let mut scopes: Vec<&str> = roles.iter().flat_map(|role| &role.scopes).map(Label::as_str).collect();
    scopes.sort_unstable();
    scopes.dedup();
    // A client asks its authorization server for it on its own account.
    scopes.retain(|scope| *scope != "offline_access");
    if !scopes.is_empty() {
        member("scopes_supported", &list(scopes.into_iter()));
    }
    member("bearer_methods_supported", r#"["header"]"#);
    let dpop = || bundle.issuers.iter().map(|part| part.terms.dpop);
    if dpop().any(|dpop| dpop != Dpop::Refuse) {
        member("dpop_signing_alg_values_supported", &list(Algorithm::ALL.iter().map(|it| it.as_str())));
        if dpop().all(|dpop| dpop == Dpop::Require) {
            member("dpop_bound_access_tokens_required", "true");
        }
    }
    if !bundle.certificates.is_empty() {
        member("tls_client_certificate_bound_access_tokens", "true");
    }
    if let Some(name) = &bundle.resource.name {
        member("resource_name", &quote(&name.value));
    }
    json.push('}');
    json
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let quoted: Vec<String> = texts.map(quote).collect();
    format!("[{}]", quoted.join(","))
}
