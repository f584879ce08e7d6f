//! `sluicegate injector`: the webhook of Kubernetes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::log::{self, LogFormat};
use super::opening::{Fault, unable};
use super::run::announce;
use super::{Exit, time};
use crate::bounds::{CENSUS_REST_MIN, REVIEWS_HELD_MIB, REVIEWS_IN_FLIGHT_MAX};
use crate::identity::Endpoint;
use crate::serve::webhook::{CensusOptions, Injector, InjectorOptions, REVIEW_PATH};

/// Where Kubernetes puts what a service account needs.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Options of `injector`.
#[derive(Debug, Args)]
pub struct Options {
    /// What injection goes by: the operator's settings (YAML), watched for changes
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// Where the API server connects; it posts admission reviews (v1) to /inject. Port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443")]
    listen: SocketAddr,
    /// Where operators connect: /metrics, /livez, /readyz, /startupz
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:15820")]
    admin: SocketAddr,
    /// The certificate chain (PEM), watched for changes
    #[arg(long, value_name = "FILE")]
    tls_cert: PathBuf,
    /// The private key (PEM) of the certificate
    #[arg(long, value_name = "FILE")]
    tls_key: PathBuf,
    /// How long a handshake, the head of a request and then its body may take each
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time::parse)]
    request_timeout: Duration,
    /// Reviews in hand at once; beyond it new ones get 503 before they are read
    #[arg(long, value_name = "NUMBER", default_value_t = REVIEWS_IN_FLIGHT_MAX)]
    max_reviews: usize,
    /// MiB of reviews held at once; beyond it new ones get 503
    #[arg(long, value_name = "MIB", default_value_t = REVIEWS_HELD_MIB)]
    max_held: usize,
    /// How long reviews are still taken after SIGTERM, while /readyz says that this process leaves
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time::parse)]
    leave_delay: Duration,
    /// How long reviews in hand may take after that
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time::parse)]
    drain_timeout: Duration,
    /// Count enrolled pods that run without the gate, this often; the service account must be able to list namespaces
    /// and pods. Without it, the API server is never asked anything
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    count_pods: Option<Duration>,
    /// The API server to ask, where it is not the one that Kubernetes names in the environment
    #[arg(long, value_name = "URL", requires = "count_pods", value_parser = Endpoint::parse)]
    api_server: Option<Endpoint>,
    /// The folder with `ca.crt` and `token` of the service account
    #[arg(long, value_name = "DIR", requires = "count_pods", default_value = SERVICE_ACCOUNT)]
    api_credentials: PathBuf,
    /// The form of log lines; by default text on a terminal and JSON elsewhere
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
}

/// Answers reviews until it is told to stop.
pub fn injector(options: &Options) -> Exit {
    log::start(options.log_format);
    match run(options) {
        Ok(()) => Exit::Fine,
        Err(fault) => {
            // The one line that a person who typed the command must see, whatever the log format.
            anstream::eprintln!("{fault}");
            fault.exit
        }
    }
}

/// How pods are to be counted, if at all.
fn census(options: &Options) -> Result<Option<CensusOptions>, Fault> {
    let Some(every) = options.count_pods else { return Ok(None) };
    if every < CENSUS_REST_MIN {
        return Err(unable("cannot count pods that often: --count-pods takes 1s or more"));
    }
    let api = match &options.api_server {
        Some(api) => api.clone(),
        None => named_by_kubernetes()?,
    };
    Ok(Some(CensusOptions { api, credentials: options.api_credentials.clone(), every }))
}

/// The API server as Kubernetes names it to every pod. Source: Kubernetes, "Accessing the API from within a Pod".
fn named_by_kubernetes() -> Result<Endpoint, Fault> {
    let read = |name| std::env::var(name).unwrap_or_default();
    let (host, port) = (read("KUBERNETES_SERVICE_HOST"), read("KUBERNETES_SERVICE_PORT"));
    if host.is_empty() {
        let what = "cannot count pods: no API server is named; give --api-server URL, or run in a cluster";
        return Err(unable(what));
    }
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let port = if port.is_empty() { "443".into() } else { port };
    Endpoint::parse(&format!("https://{host}:{port}"))
        .map_err(|fault| unable(format!("cannot count pods: the API server {host}:{port}: {fault}")))
}

fn run(options: &Options) -> Result<(), Fault> {
    let census = census(options)?;
    let injector = Injector::open(&InjectorOptions {
        listen: options.listen,
        admin: options.admin,
        settings: options.settings.clone(),
        certificate: options.tls_cert.clone(),
        key: options.tls_key.clone(),
        wait: options.request_timeout,
        reviews_max: options.max_reviews,
        held_bytes_max: options.max_held << 20,
        drain_wait: options.drain_timeout,
        census,
    });
    let injector = injector.map_err(unable)?;
    let (listen, admin) = (injector.listen, injector.admin);
    let line = format!("sluicegate ready listen=https://{listen}{REVIEW_PATH} admin=http://{admin}\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unable)?;
    let ran = runtime.block_on(injector.run(options.leave_delay, || announce(&line)));
    runtime.shutdown_background();
    ran.map_err(unable)
}
