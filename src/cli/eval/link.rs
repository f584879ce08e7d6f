//! Questions to an endpoint over HTTPS, as JSON.
//!
//! One question at a time, each with one time limit and one size limit; no redirects, and no key over plain HTTP
//! but to this machine. A question that the endpoint refuses for a while (429, 5xx) is asked twice more.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, redirect};
use serde_json::Value;
use url::{Host, Url};

use super::ModelOptions;
use crate::bounds::{EVAL_ANSWER_BYTES_MAX, EVAL_PAUSE_MAX, EVAL_TRIES};
use crate::cli::opening::{Fault, unable};
use crate::policy::visible;

/// Characters of what an endpoint says that are repeated in a fault.
const EXCERPT: usize = 200;

/// An endpoint, and the key for it.
pub(super) struct Link {
    client: Client,
    url: Url,
    key: Option<String>,
}

/// Why a question was not answered.
enum Refusal {
    /// It may be answered after a while.
    Busy(Duration, String),
    /// It will not be.
    Final(String),
}

impl Link {
    /// Makes a client for `url`; `path` is where questions go, unless it has one of its own.
    pub fn new(url: &str, path: &str, options: &ModelOptions) -> Result<Self, Fault> {
        let url = place(url, path).map_err(unable)?;
        let key = match &options.key_env {
            None => None,
            Some(name) => match std::env::var(name) {
                Ok(key) if !key.trim().is_empty() => Some(key.trim().to_owned()),
                Ok(_) | Err(_) => return Err(unable(format!("the variable `{name}` holds no key"))),
            },
        };
        if url.scheme() != "https" && key.is_some() && !is_here(&url) {
            return Err(unable("a key goes over https only, or to this machine"));
        }
        pingora_core::tls::install_default_crypto_provider();
        let client = Client::builder()
            .user_agent(concat!("sluicegate/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(options.answer_timeout)
            .build()
            .map_err(unable)?;
        Ok(Self { client, url, key })
    }

    /// Where it asks.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Asks, with the key as a bearer token, or under the first of `headers` where that has no value.
    ///
    /// # Errors
    /// Why there is no answer, for people.
    pub async fn ask(
        &self,
        headers: &[(&'static str, Option<&str>)],
        question: &str,
    ) -> Result<Value, String> {
        let mut tries = EVAL_TRIES;
        loop {
            tries -= 1;
            match self.ask_once(headers, question).await {
                Ok(answer) => return Ok(answer),
                Err(Refusal::Final(why)) => return Err(why),
                Err(Refusal::Busy(_, why)) if tries == 0 => return Err(why),
                Err(Refusal::Busy(pause, _)) => tokio::time::sleep(pause).await,
            }
        }
    }

    async fn ask_once(
        &self,
        headers: &[(&'static str, Option<&str>)],
        question: &str,
    ) -> Result<Value, Refusal> {
        let mut request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json");
        let own = headers.iter().find(|(_, value)| value.is_none()).map(|(name, _)| *name);
        match (own, &self.key) {
            (Some(name), Some(key)) => request = request.header(name, key),
            (None, Some(key)) => request = request.bearer_auth(key),
            (_, None) => {}
        }
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(*name, *value);
            }
        }
        let failed = |fault: reqwest::Error| {
            Refusal::Final(format!("the endpoint cannot be asked: {}", causes(&fault.without_url())))
        };
        let mut response = request.body(question.to_owned()).send().await.map_err(failed)?;
        let status = response.status();
        let pause = pause(&response);
        let body = read(&mut response).await.map_err(Refusal::Final)?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|cause| {
                Refusal::Final(format!("the endpoint answers with something else than JSON: {cause}"))
            });
        }
        let said: String = String::from_utf8_lossy(&body).chars().take(EXCERPT).collect();
        let why = format!(
            "the endpoint answers with HTTP {}: {}",
            status.as_u16(),
            visible(&said).replace('\n', " ")
        );
        if status.as_u16() == 429 || status.is_server_error() {
            Err(Refusal::Busy(pause, why))
        } else {
            Err(Refusal::Final(why))
        }
    }
}

/// How long to wait before the next try: what the endpoint says, within the bound.
fn pause(response: &Response) -> Duration {
    let said =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok());
    said.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or(EVAL_PAUSE_MAX / 10)
        .min(EVAL_PAUSE_MAX)
}

async fn read(response: &mut Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|fault| causes(&fault.without_url()))? {
        if (body.len() + chunk.len()) as u64 > EVAL_ANSWER_BYTES_MAX {
            return Err(format!("the endpoint answers with more than {EVAL_ANSWER_BYTES_MAX} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Where questions go: to the path of the form, unless the URL has one of its own.
fn place(text: &str, path: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|cause| format!("`{text}` is no URL: {cause}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!("`{text}` is no URL of http or https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL with a password in it is not taken; use --key-env".to_owned());
    }
    if matches!(url.path(), "" | "/") {
        url.set_path(path);
    }
    Ok(url)
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What went wrong, from the outside in, on one line.
fn causes(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut inner = fault.source();
    while let Some(cause) = inner {
        text = format!("{text}: {cause}");
        inner = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_at_the_path_of_the_form_unless_told_otherwise() {
        let cases = [
            ("https://a.example", "/v1/chat/completions", Ok("https://a.example/v1/chat/completions")),
            ("https://a.example/", "/v1/messages", Ok("https://a.example/v1/messages")),
            ("http://localhost:1/x/chat", "/v1/chat/completions", Ok("http://localhost:1/x/chat")),
            ("https://u:p@a.example", "/v1/chat/completions", Err("password")),
            ("ftp://a.example", "/v1/chat/completions", Err("no URL of http")),
            ("a.example", "/v1/chat/completions", Err("no URL")),
        ];
        for (text, path, wanted) in cases {
            match (place(text, path), wanted) {
                (Ok(url), Ok(wanted)) => assert_eq!(url.as_str(), wanted),
                (Err(fault), Err(words)) => assert!(fault.contains(words), "{fault}"),
                (got, wanted) => panic!("{text}: {got:?}, not {wanted:?}"),
            }
        }
    }
}
