//! Asking out of band: one small HTTPS client for key sets, discovery, introspection and token endpoints.
//!
//! **Why.** Whoever can make the gate wait, read without end or follow a redirect decides what it
//! believes. So every question has one time limit, every answer one size limit, and where it goes is
//! what the policy says: no redirects, no proxies out of the environment, no plain HTTP but to a
//! loopback address. **How.** reqwest over rustls, with the system's authorities, those of a file, or
//! both. **What it is not.** It reads nothing of what it gets, and tries nothing twice: whoever asks
//! knows when asking again makes sense.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, DATE};
use reqwest::{Certificate, Client, RequestBuilder, Response, redirect, retry};
use url::form_urlencoded;

use crate::bounds::{FETCH_BYTES_MAX, FETCH_CONNECT_MAX, FETCH_IDLE_MAX, FETCH_WAIT, SECRET_FILE_BYTES_MAX};
use crate::identity::Endpoint;

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Those of the system's authorities, and of the PEM file's.
    Also(PathBuf),
    /// Those of the PEM file's authorities alone.
    Only(PathBuf),
    /// Those of the system's authorities.
    System,
}

/// Who asks.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// A client with its secret, by HTTP's Basic scheme. Source: RFC 6749, section 2.3.1.
    Basic {
        /// The client's id.
        client: &'a str,
        /// Its secret.
        secret: &'a str,
    },
    /// Whoever holds this token.
    Bearer(&'a str),
    /// Nobody in particular.
    None,
}

/// What came back: any status, within the bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long it may be kept, by `Cache-Control` and `Age`; `None` where nothing is said.
    pub max_age: Option<Duration>,
    /// What the clock there says, in milliseconds since 1970, to a second; `None` where it does not say.
    pub date_unix_ms: Option<u64>,
    /// The media type, in lower case and without parameters; empty where there is none.
    pub media_type: String,
    /// The body, at most `FETCH_BYTES_MAX` unless another bound was asked for.
    pub body: Bytes,
}

/// Why there is no answer. Names neither secrets nor the URL, which whoever asked knows.
#[derive(Debug, thiserror::Error)]
pub enum FetchFault {
    /// The file of authorities cannot be read, or is no PEM; the operator's fault.
    #[error("cannot load certificate authorities from {}: {cause}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// No TLS client can be made, such as where the system has no authorities.
    #[error("cannot make a TLS client: {0}")]
    Client(String),
    /// It took longer than `FETCH_WAIT`.
    #[error("no whole answer within {} s", FETCH_WAIT.as_secs())]
    Late,
    /// The answer says that it failed, or sends elsewhere.
    #[error("HTTP status {0}")]
    Status(u16),
    /// The answer has more than this many bytes.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// There was no connection, or it broke: what the network or TLS said.
    #[error("{0}")]
    Unreachable(String),
}

/// The client; cheap to clone, clones share connections.
#[derive(Debug, Clone)]
pub struct Fetcher(Client);

impl Fetcher {
    /// Makes a client. Reads the system's authorities, so make one and keep it.
    ///
    /// # Errors
    /// [`FetchFault::Authorities`] or [`FetchFault::Client`].
    pub fn new(trust: &Trust) -> Result<Self, FetchFault> {
        pingora_core::tls::install_default_crypto_provider();
        let builder = Client::builder()
            .user_agent(concat!("sluicegate/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .timeout(FETCH_WAIT)
            .connect_timeout(FETCH_CONNECT_MAX)
            .pool_idle_timeout(FETCH_IDLE_MAX);
        let builder = match trust {
            Trust::Also(path) => builder.tls_certs_merge(authorities(path)?),
            Trust::Only(path) => builder.tls_certs_only(authorities(path)?),
            Trust::System => builder,
        };
        builder.build().map(Self).map_err(|fault| FetchFault::Client(causes(&fault)))
    }

    /// Gets what is at `endpoint`; `accept` are media types.
    ///
    /// # Errors
    /// [`FetchFault`]; a status that says no is an [`Answer`].
    pub async fn get(
        &self,
        endpoint: &Endpoint,
        accept: &str,
        credential: Credential<'_>,
    ) -> Result<Answer, FetchFault> {
        self.get_within(endpoint, accept, credential, FETCH_BYTES_MAX).await
    }

    /// As [`get`](Self::get), for an answer that may have up to `bytes_max` bytes.
    ///
    /// # Errors
    /// [`FetchFault`]; a status that says no is an [`Answer`].
    pub async fn get_within(
        &self,
        endpoint: &Endpoint,
        accept: &str,
        credential: Credential<'_>,
        bytes_max: usize,
    ) -> Result<Answer, FetchFault> {
        let request = self.0.get(endpoint.url().clone()).header(ACCEPT, accept);
        send(sign(request, credential), bytes_max).await
    }

    /// Posts a form to `endpoint`, which answers in JSON.
    ///
    /// # Errors
    /// [`FetchFault`]; a status that says no is an [`Answer`].
    pub async fn post(
        &self,
        endpoint: &Endpoint,
        form: &[(&str, &str)],
        credential: Credential<'_>,
    ) -> Result<Answer, FetchFault> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.0.post(endpoint.url().clone()).header(ACCEPT, "application/json");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        send(sign(request, credential), FETCH_BYTES_MAX).await
    }
}

impl Answer {
    /// The answer, if its status is 200.
    ///
    /// # Errors
    /// [`FetchFault::Status`], also for a redirect: nobody is sent elsewhere.
    pub fn ok(self) -> Result<Self, FetchFault> {
        if self.status == 200 { Ok(self) } else { Err(FetchFault::Status(self.status)) }
    }
}

/// Reads a secret from a file, without the line break at its end. Read it at each use: files are swapped.
///
/// # Errors
/// The system's; also for a file that is empty, larger than `SECRET_FILE_BYTES_MAX`, or no text.
pub fn read_secret(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(SECRET_FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > SECRET_FILE_BYTES_MAX {
        return Err(io::Error::other(format!("more than {SECRET_FILE_BYTES_MAX} bytes")));
    }
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err(io::Error::other("it is empty")) } else { Ok(secret.into()) }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, FetchFault> {
    let fault = |cause: String| FetchFault::Authorities { path: path.into(), cause };
    let pem = std::fs::read(path).map_err(|cause| fault(cause.to_string()))?;
    let authorities = Certificate::from_pem_bundle(&pem).map_err(|cause| fault(causes(&cause)))?;
    if authorities.is_empty() { Err(fault("no certificate in PEM".into())) } else { Ok(authorities) }
}

fn sign(request: RequestBuilder, credential: Credential<'_>) -> RequestBuilder {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    match credential {
        Credential::Basic { client, secret } => request.basic_auth(encoded(client), Some(encoded(secret))),
        Credential::Bearer(token) => request.bearer_auth(token),
        Credential::None => request,
    }
}

async fn send(request: RequestBuilder, bytes_max: usize) -> Result<Answer, FetchFault> {
    let mut response = request.send().await.map_err(failed)?;
    let is_announced = response.content_length().is_some_and(|length| length > bytes_max as u64);
    if is_announced {
        return Err(FetchFault::TooLarge(bytes_max));
    }
    let body = read(&mut response, bytes_max).await?;
    let headers = response.headers();
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let essence = text(CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
    Ok(Answer {
        status: response.status().as_u16(),
        max_age: max_age(headers),
        date_unix_ms: text(DATE).and_then(date_unix_ms),
        media_type: essence.trim().to_ascii_lowercase(),
        body,
    })
}

async fn read(response: &mut Response, bytes_max: usize) -> Result<Bytes, FetchFault> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(FetchFault::TooLarge(bytes_max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The time of a `Date` field. Source: RFC 9110, section 5.6.7.
fn date_unix_ms(text: &str) -> Option<u64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

/// How long an answer may be kept. Source: RFC 9111, section 4.2.1.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get_all(CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
    let mut max_age = None;
    for directive in directives.flat_map(|line| line.split(',')).map(str::trim) {
        if directive.eq_ignore_ascii_case("no-cache") || directive.eq_ignore_ascii_case("no-store") {
            return Some(Duration::ZERO);
        }
        let seconds = directive.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("max-age"));
        max_age = max_age.or(seconds.and_then(|(_, seconds)| seconds.trim_matches('"').parse().ok()));
    }
    let age = headers.get(AGE).and_then(|value| value.to_str().ok()?.parse::<u64>().ok()).unwrap_or(0);
    max_age.map(|seconds: u64| Duration::from_secs(seconds.saturating_sub(age)))
}

fn failed(fault: reqwest::Error) -> FetchFault {
    if fault.is_timeout() { FetchFault::Late } else { FetchFault::Unreachable(causes(&fault.without_url())) }
}

/// What went wrong, from the outside in, on one line.
fn causes(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut inner = fault.source();
    while let Some(cause) = inner {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        inner = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
