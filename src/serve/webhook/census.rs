//! How many enrolled pods run without their gate: the one thing that the injector asks the API server, where it may.
//!
//! **Why.** The webhook judges pods that come to be, and the guard too. A pod that is older than the label of its
//! namespace, or that came while neither was there, is seen by nobody; whoever reaches it speaks to the server with no
//! policy in between. So where the operator grants the right to list pods, they are counted.
//!
//! **How.** Every so often: the namespaces that are enrolled, and page by page their pods. [`is_unguarded`] decides by
//! the settings that reviews are answered by. What was counted stands in a gauge; the first pods are named in the log
//! when the number changes.
//!
//! **When it fails.** The number stays as it was and its time stops, which an alert sees; reviews are not concerned.
//! Pods that come or go while pages are read may be missed until the next time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::standing::Standing;
use crate::bounds::{
    CENSUS_BYTES_MAX, CENSUS_NAMED_MAX, CENSUS_NAMESPACES_MAX, CENSUS_PAGE_PODS, CENSUS_PAGES_MAX,
};
use crate::identity::{Endpoint, EndpointFault};
use crate::inject::is_unguarded;
use crate::report::InjectorMetrics;
use crate::store::{Credential, FetchFault, Fetcher, Trust, read_secret};

/// What is asked for namespaces that are enrolled, as the webhook's `namespaceSelector` says it.
const ENROLLED: &str = "sluicegate.dev/injection=enabled";

/// How pods are counted.
#[derive(Debug, Clone)]
pub struct CensusOptions {
    /// The API server, such as `https://10.96.0.1:443`.
    pub api: Endpoint,
    /// Holds `ca.crt` and `token`, as a service account is given them. The token is read anew each time.
    pub credentials: PathBuf,
    /// How long it rests between two counts.
    pub every: Duration,
}

/// Why a count came to nothing; the operator's fault, the API server's, or the network's.
#[derive(Debug, thiserror::Error)]
enum CensusFault {
    #[error("cannot read the token {}: {cause}", path.display())]
    Token { path: PathBuf, cause: std::io::Error },
    #[error("{url}: {cause}")]
    Fetch { url: Box<str>, cause: FetchFault },
    #[error(
        "{url}: HTTP status 403: grant the injector's service account the verb `list` on namespaces and pods"
    )]
    Forbidden { url: Box<str> },
    #[error("{url}: {what}")]
    Answer { url: Box<str>, what: &'static str },
    #[error(transparent)]
    Endpoint(#[from] EndpointFault),
}

/// What was counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    /// Pods without a gate.
    unguarded: u64,
    /// The first of them, as `namespace/name`.
    named: Vec<String>,
}

/// Counts pods until the process ends.
pub struct Census {
    options: CensusOptions,
    fetcher: Fetcher,
    standing: Arc<Standing>,
    metrics: Arc<InjectorMetrics>,
}

impl Census {
    /// Reads the authorities that the API server is believed by.
    ///
    /// # Errors
    /// [`FetchFault`] names the file.
    pub fn new(
        options: CensusOptions,
        standing: Arc<Standing>,
        metrics: Arc<InjectorMetrics>,
    ) -> Result<Self, FetchFault> {
        let is_plain = options.api.url().scheme() == "http";
        let trust = if is_plain { Trust::System } else { Trust::Only(options.credentials.join("ca.crt")) };
        let fetcher = Fetcher::new(&trust)?;
        metrics.counting_pods();
        Ok(Self { options, fetcher, standing, metrics })
    }

    /// Counts now, and again each time that it has rested.
    pub async fn run(self) {
        let mut last = None;
        loop {
            match self.count().await {
                Ok(count) => {
                    self.metrics.counted_pods(count.unguarded);
                    if last.as_ref() != Some(&count) {
                        tell(&count);
                    }
                    last = Some(count);
                }
                Err(error) => tracing::error!(%error, "enrolled pods could not be counted"),
            }
            tokio::time::sleep(self.options.every).await;
        }
    }

    async fn count(&self) -> Result<Count, CensusFault> {
        let path = self.options.credentials.join("token");
        let token = read_secret(&path).map_err(|cause| CensusFault::Token { path, cause })?;
        let settings = self.standing.settings();
        let mut namespaces = Vec::new();
        self.each(&token, "/api/v1/namespaces", Some(ENROLLED), |namespace| {
            namespaces.extend(namespace.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned));
        })
        .await?;
        namespaces.truncate(CENSUS_NAMESPACES_MAX);
        let mut count = Count::default();
        for namespace in &namespaces {
            let path = format!("/api/v1/namespaces/{namespace}/pods");
            self.each(&token, &path, None, |pod| {
                if is_unguarded(pod, namespace, &settings) {
                    count.unguarded += 1;
                    if count.named.len() < CENSUS_NAMED_MAX {
                        let name = pod.pointer("/metadata/name").and_then(Value::as_str);
                        count.named.push(format!("{namespace}/{}", name.unwrap_or("?")));
                    }
                }
            })
            .await?;
        }
        Ok(count)
    }

    /// Shows `see` each object of a list, page by page.
    async fn each(
        &self,
        token: &str,
        path: &str,
        selector: Option<&str>,
        mut see: impl FnMut(&Value),
    ) -> Result<(), CensusFault> {
        let mut next = String::new();
        for _ in 0..CENSUS_PAGES_MAX {
            let url = page(self.options.api.url(), path, selector, &next);
            let told: Box<str> = path.into();
            let asked = Endpoint::parse(url.as_str())?;
            let credential = Credential::Bearer(token);
            let answer = self.fetcher.get_within(&asked, "application/json", credential, CENSUS_BYTES_MAX);
            let answer = match answer.await.and_then(crate::store::Answer::ok) {
                Ok(answer) => answer,
                Err(FetchFault::Status(403)) => return Err(CensusFault::Forbidden { url: told }),
                Err(cause) => return Err(CensusFault::Fetch { url: told, cause }),
            };
            let list: Value = serde_json::from_slice(&answer.body)
                .map_err(|_| CensusFault::Answer { url: told.clone(), what: "the answer is no JSON" })?;
            let items = list.get("items").and_then(Value::as_array);
            let items = items.ok_or(CensusFault::Answer { url: told, what: "the answer is no list" })?;
            items.iter().for_each(&mut see);
            next = list.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().into();
            if next.is_empty() {
                return Ok(());
            }
        }
        Err(CensusFault::Answer { url: path.into(), what: "the list has more pages than are read" })
    }
}

/// The address of a page. Source: Kubernetes API concepts, "Retrieving large results sets in chunks".
fn page(api: &Url, path: &str, selector: Option<&str>, next: &str) -> Url {
    let mut url = api.clone();
    url.set_path(&format!("{}{path}", api.path().trim_end_matches('/')));
    let mut query = url.query_pairs_mut();
    query.clear().append_pair("limit", &CENSUS_PAGE_PODS.to_string());
    if let Some(selector) = selector {
        query.append_pair("labelSelector", selector);
    }
    if !next.is_empty() {
        query.append_pair("continue", next);
    }
    drop(query);
    url
}

fn tell(count: &Count) {
    let Count { unguarded, named } = count;
    if *unguarded == 0 {
        tracing::info!("every enrolled pod has its gate");
    } else {
        let pods = named.join(" ");
        tracing::error!(unguarded, %pods, "enrolled pods run without the gate: restart them");
    }
}
