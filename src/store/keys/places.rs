//! Asking a place for its key set: directly, or by way of the issuer's metadata.

use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use url::Url;

use crate::identity::{Endpoint, EndpointFault, KeyFaultKind, KeyPlace, KeysAt};
use crate::json::Document;
use crate::store::fetch::{Answer, Credential, FetchFault, Fetcher, Trust, read_secret};

/// A key set as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    /// Its text.
    pub jwks: String,
    /// How long it may be kept, if the answer says so.
    pub max_age: Option<Duration>,
}

/// Why there is no key set; the issuer's fault, the network's, or the operator's.
#[derive(Debug, thiserror::Error)]
pub enum PlaceFault {
    /// The file with the token to show cannot be read.
    #[error("cannot read the token of `bearer_file`: {0}")]
    Bearer(io::Error),
    /// There is no answer, or one that says no.
    #[error(transparent)]
    Fetch(#[from] FetchFault),
    /// No metadata at any of the places that the standards name.
    #[error("the issuer has no metadata at {0}")]
    NoMetadata(String),
    /// The metadata are of another issuer, or lack what is needed.
    #[error("the issuer's metadata {0}")]
    Metadata(&'static str),
    /// The metadata name a key set that may not be asked for.
    #[error("the `jwks_uri` of the issuer's metadata: {0}")]
    Endpoint(EndpointFault),
    /// What came is no key set.
    #[error("{0}")]
    Set(KeyFaultKind),
    /// What came is no text.
    #[error("the key set is not UTF-8")]
    Utf8,
}

/// Asks places, with a client that is made when the first one is.
#[derive(Debug)]
pub struct Places {
    trust: Trust,
    client: Mutex<Option<Fetcher>>,
}

impl Places {
    /// Believes `trust`, but where a place brings its own authorities.
    pub fn new(trust: Trust) -> Self {
        Self { trust, client: Mutex::default() }
    }

    /// Asks one place for its key set.
    ///
    /// # Errors
    /// [`PlaceFault`]
    pub async fn ask(&self, place: &KeyPlace) -> Result<KeySet, PlaceFault> {
        let client = self.client(place)?;
        let bearer = place.bearer_file.as_deref().map(|path| read_secret(Path::new(path)));
        let bearer = bearer.transpose().map_err(PlaceFault::Bearer)?;
        let credential = bearer.as_deref().map_or(Credential::None, Credential::Bearer);
        let endpoint = match &place.at {
            KeysAt::Url(endpoint) => endpoint.clone(),
            KeysAt::Discovery(issuer) => discover(&client, place, issuer, credential).await?,
        };
        let accept = "application/jwk-set+json, application/json";
        let Answer { body, max_age, .. } = client.get(&endpoint, accept, credential).await?.ok()?;
        let jwks = String::from_utf8(body.into()).map_err(|_| PlaceFault::Utf8)?;
        Ok(KeySet { jwks, max_age })
    }

    fn client(&self, place: &KeyPlace) -> Result<Fetcher, FetchFault> {
        if let Some(path) = &place.ca_file {
            // Read anew each time: such files are swapped, and asking is seldom.
            return Fetcher::new(&Trust::Only(Path::new(&**path).into()));
        }
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        Ok(client.insert(Fetcher::new(&self.trust)?).clone())
    }
}

/// Finds the key set by the issuer's metadata.
async fn discover(
    client: &Fetcher,
    place: &KeyPlace,
    issuer: &Endpoint,
    credential: Credential<'_>,
) -> Result<Endpoint, PlaceFault> {
    let candidates = metadata_urls(issuer);
    for candidate in &candidates {
        let answer = client.get(candidate, "application/json", credential).await?;
        match answer.status {
            200 => return key_set_of(&answer.body, &place.issuer),
            // Some servers answer 400 or 405 where they have nothing.
            400..=499 => {}
            status => return Err(FetchFault::Status(status).into()),
        }
    }
    let tried: Vec<&str> = candidates.iter().map(Endpoint::as_str).collect();
    Err(PlaceFault::NoMetadata(tried.join(" or ")))
}

/// Where an issuer's metadata may be, in the order of the MCP specification; the URL itself where it
/// already names them.
///
/// Source: RFC 8414, section 3.1; OpenID Connect Discovery 1.0, section 4; MCP 2025-11-25, "Authorization
/// Server Metadata Discovery".
fn metadata_urls(issuer: &Endpoint) -> Vec<Endpoint> {
    let path = issuer.url().path().trim_end_matches('/');
    if path.contains("/.well-known/") {
        return vec![issuer.clone()];
    }
    let mut paths = vec![
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ];
    paths.dedup();
    let at = |path: String| {
        let mut url: Url = issuer.url().clone();
        url.set_path(&path);
        Endpoint::parse(url.as_str()).ok()
    };
    paths.into_iter().filter_map(at).collect()
}

/// The `jwks_uri` of metadata that are the issuer's own. Source: RFC 8414, section 3.3.
fn key_set_of(metadata: &Bytes, issuer: &str) -> Result<Endpoint, PlaceFault> {
    let document = Document::parse(metadata).map_err(|_| PlaceFault::Metadata("are no strict JSON"))?;
    let text = |name: &str| document.root().get(name).and_then(|value| value.string());
    if text("issuer").as_deref() != Some(issuer) {
        return Err(PlaceFault::Metadata("are those of another issuer"));
    }
    let uri = text("jwks_uri").ok_or(PlaceFault::Metadata("name no `jwks_uri`"))?;
    Endpoint::parse(&uri).map_err(PlaceFault::Endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_for_metadata_where_the_standards_put_them() {
        let urls = |issuer: &str| -> Vec<String> {
            let found = metadata_urls(&Endpoint::parse(issuer).unwrap());
            found.iter().map(|endpoint| endpoint.as_str().to_owned()).collect()
        };
        for issuer in ["https://idp.example.com", "https://idp.example.com/"] {
            assert_eq!(
                urls(issuer),
                [
                    "https://idp.example.com/.well-known/oauth-authorization-server",
                    "https://idp.example.com/.well-known/openid-configuration",
                ]
            );
        }
        assert_eq!(
            urls("https://idp.example.com/realms/acme"),
            [
                "https://idp.example.com/.well-known/oauth-authorization-server/realms/acme",
                "https://idp.example.com/.well-known/openid-configuration/realms/acme",
                "https://idp.example.com/realms/acme/.well-known/openid-configuration",
            ]
        );
        let own = "https://idp.example.com/acme/.well-known/openid-configuration";
        assert_eq!(urls(own), [own]);
    }

    #[test]
    fn believes_metadata_of_the_issuer_itself_only() {
        let read = |metadata: &str| {
            let metadata = Bytes::copy_from_slice(metadata.as_bytes());
            key_set_of(&metadata, "https://idp.example.com").map(|endpoint| endpoint.as_str().to_owned())
        };
        let good = r#"{"issuer":"https://idp.example.com","jwks_uri":"https://keys.example.com/jwks"}"#;
        assert_eq!(read(good).unwrap(), "https://keys.example.com/jwks");
        for bad in [
            &good.replace("idp.example.com\"", "idp.example.com/\""),
            &good.replace("https://keys", "http://keys"),
            &good.replace("jwks_uri", "jwks"),
            &good.replace(r#""issuer""#, r#""issuer":"https://idp.example.com","issuer""#),
            "[]",
            "",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
