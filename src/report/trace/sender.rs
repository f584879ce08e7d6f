//! From a record to the collector: a bounded queue, and a thread that posts what is in it.
//!
//! ```text
//!   tell -- spans, try_send --> [ queue ] --> batch: full, or its first span has waited long enough --> POST
//!              | no room: dropped                                                   | refused, late: failed
//! ```
//!
//! **When it trips**: the collector is slower than the spans come; then the newest are dropped. **At first start** and
//! while the collector is away, each batch fails after its time and the next one is tried; the log says so once, and
//! once more when one got through. **What does not count**: a collector that takes a batch and rejects some spans in it
//! has taken them. **At the end** what waits has `TRACE_STOP_MAX` to leave.

use std::pin::pin;
use std::sync::{Mutex, PoisonError, mpsc as std_mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SpanData, SpanExporter as _};
use reqwest::{Certificate, Client, redirect};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::ENDPOINT;
use super::settings::{self, Settings};
use super::span::spans;
use crate::bounds::{TRACE_ANSWER_BYTES_MAX, TRACE_STOP_MAX};
use crate::gate::{Record, Sampler, Seed, Wire};
use crate::mcp::{SpanId, TraceId};
use crate::report::Metrics;
use crate::report::metrics::TraceMeters;

/// What makes and sends spans; nothing where no collector is named.
#[derive(Debug)]
pub struct Tracer(Option<Running>);

#[derive(Debug)]
struct Running {
    sampler: Sampler,
    ids: RandomIdGenerator,
    scope: InstrumentationScope,
    queue: mpsc::Sender<SpanData>,
    meters: TraceMeters,
    /// How to end the thread; taken by whoever ends it.
    end: Mutex<Option<End>>,
}

/// Both ends of the last word.
#[derive(Debug)]
struct End {
    stop: oneshot::Sender<()>,
    stopped: std_mpsc::Receiver<()>,
}

/// Why nothing is sent; the operator's fault, or the machine's.
#[derive(Debug, thiserror::Error)]
enum SenderFault {
    #[error("cannot load certificate authorities from {path}: {cause}")]
    Authorities { path: String, cause: String },
    #[error("cannot make a client for the collector: {0}")]
    Client(String),
    #[error("cannot start its thread: {0}")]
    Thread(#[from] std::io::Error),
}

impl Tracer {
    /// Starts what the variables ask for. Where they ask for what cannot be done, says so in the log and does nothing:
    /// no message is refused for want of spans.
    pub fn open(value: impl Fn(&str) -> Option<String>, metrics: &Metrics) -> Self {
        match settings::read(&value) {
            Ok(None) => Self(None),
            Ok(Some(settings)) => {
                let collector = &settings.endpoint;
                match Running::start(&settings, metrics.trace_meters()) {
                    Ok(running) => {
                        tracing::info!(collector, "spans are sent");
                        Self(Some(running))
                    }
                    Err(fault) => {
                        tracing::error!(%fault, "nothing is traced");
                        Self(None)
                    }
                }
            }
            Err(faults) => {
                for fault in faults {
                    tracing::error!("nothing is traced, though {ENDPOINT} is set: {fault}");
                }
                Self(None)
            }
        }
    }

    /// What the place of a message in its trace is made of, whose first byte came at `started`.
    pub fn seed(&self, started: std::time::Instant, wire: Wire) -> Option<Seed> {
        let running = self.0.as_ref()?;
        let began = SystemTime::now().checked_sub(started.elapsed())?;
        let since = began.duration_since(UNIX_EPOCH).unwrap_or_default();
        let span = || SpanId::new(running.ids.new_span_id().to_bytes());
        Some(Seed {
            trace_id: TraceId::new(running.ids.new_trace_id().to_bytes())?,
            server: span()?,
            client: span()?,
            sampler: running.sampler,
            unix_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            wire,
        })
    }

    /// Queues the spans of a record. Waits for nothing: what finds no room is counted and dropped.
    pub fn tell(&self, record: &Record) {
        let Some(running) = &self.0 else { return };
        for span in spans(record, &running.scope) {
            if running.queue.try_send(span).is_err() {
                running.meters.dropped.inc();
            }
        }
    }

    /// Sends what waits, for `TRACE_STOP_MAX` at most, and ends the thread. A second call does nothing.
    pub fn close(&self) {
        let Some(running) = &self.0 else { return };
        let end = running.end.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(End { stop, stopped }) = end else { return };
        // A thread that has ended needs not be told.
        let _ = stop.send(());
        if stopped.recv_timeout(TRACE_STOP_MAX) == Err(std_mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("the collector did not take the last spans in time");
        }
    }
}

impl Running {
    fn start(settings: &Settings, meters: TraceMeters) -> Result<Self, SenderFault> {
        let exporter = exporter(settings)?;
        let (queue, waiting) = mpsc::channel(settings.queue);
        let (stop, stopping) = oneshot::channel();
        let (ended, stopped) = std_mpsc::channel();
        let sender = Sender {
            exporter,
            waiting,
            batch_max: settings.batch,
            pause: settings.pause,
            meters: meters.clone(),
            is_failing: false,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("traces".into()).spawn(move || {
            runtime.block_on(sender.run(stopping));
            // Nobody waits where the process has gone on.
            let _ = ended.send(());
        })?;
        let scope =
            InstrumentationScope::builder("sluicegate").with_version(env!("CARGO_PKG_VERSION")).build();
        let end = Mutex::new(Some(End { stop, stopped }));
        Ok(Self { sampler: settings.sampler, ids: RandomIdGenerator::default(), scope, queue, meters, end })
    }
}

/// What runs in the thread.
struct Sender {
    exporter: SpanExporter,
    waiting: mpsc::Receiver<SpanData>,
    batch_max: usize,
    pause: Duration,
    meters: TraceMeters,
    /// Whether the last batch was not taken.
    is_failing: bool,
}

impl Sender {
    async fn run(mut self, mut stopping: oneshot::Receiver<()>) {
        let (mut batch, failed) = (Vec::new(), self.meters.failed.clone());
        let deadline = loop {
            if !self.gather(&mut batch, &mut stopping).await {
                break Instant::now() + TRACE_STOP_MAX;
            }
            let spans = batch.len();
            let mut post = pin!(self.post(std::mem::take(&mut batch)));
            tokio::select! {
                biased;
                () = &mut post => {}
                _ = &mut stopping => {
                    let deadline = Instant::now() + TRACE_STOP_MAX;
                    if timeout_at(deadline, post).await.is_err() {
                        failed.inc_by(spans as u64);
                    }
                    break deadline;
                }
            }
        };
        // Whoever has asked for the end waits for no longer.
        let _ = timeout_at(deadline, self.finish(batch)).await;
    }

    /// Waits until a batch is full, or its first span has waited long enough; `false` when it is time to stop.
    async fn gather(&mut self, batch: &mut Vec<SpanData>, stopping: &mut oneshot::Receiver<()>) -> bool {
        let mut due: Option<Instant> = None;
        while batch.len() < self.batch_max {
            let room = self.batch_max - batch.len();
            tokio::select! {
                biased;
                _ = &mut *stopping => return false,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => return true,
                count = self.waiting.recv_many(batch, room) => {
                    if count == 0 {
                        return false;
                    }
                    due.get_or_insert_with(|| Instant::now() + self.pause);
                }
            }
        }
        true
    }

    /// Posts all that is left.
    async fn finish(&mut self, mut batch: Vec<SpanData>) {
        self.waiting.close();
        loop {
            let room = self.batch_max - batch.len();
            if room > 0 && self.waiting.recv_many(&mut batch, room).await > 0 {
                continue;
            }
            if batch.is_empty() {
                return;
            }
            self.post(std::mem::take(&mut batch)).await;
        }
    }

    async fn post(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len();
        match self.exporter.export(batch).await {
            Ok(()) => {
                self.meters.exported.inc_by(spans as u64);
                if std::mem::take(&mut self.is_failing) {
                    tracing::info!("the collector takes spans again");
                }
            }
            Err(fault) => {
                self.meters.failed.inc_by(spans as u64);
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::warn!(%fault, spans, "spans were lost, and are until the collector takes them");
                }
            }
        }
    }
}

fn exporter(settings: &Settings) -> Result<SpanExporter, SenderFault> {
    let resource = Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(
            settings.resource.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone())),
        )
        .build();
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Poster(client(settings)?))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&settings.endpoint)
        .with_timeout(settings.timeout)
        .with_retry_policy(RetryPolicy::recommended())
        .build()
        .map_err(|fault| SenderFault::Client(fault.to_string()))?;
    exporter.set_resource(&resource);
    Ok(exporter)
}

/// A client that goes where it is told: no redirects, no proxies out of the environment.
fn client(settings: &Settings) -> Result<Client, SenderFault> {
    pingora_core::tls::install_default_crypto_provider();
    let mut builder = Client::builder()
        .user_agent(concat!("sluicegate/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .timeout(settings.timeout);
    if let Some(path) = &settings.authorities {
        let fault = |cause: String| SenderFault::Authorities { path: path.display().to_string(), cause };
        let pem = std::fs::read(path).map_err(|cause| fault(cause.to_string()))?;
        let known = Certificate::from_pem_bundle(&pem).map_err(|cause| fault(cause.to_string()))?;
        if known.is_empty() {
            return Err(fault("no certificate in it".to_owned()));
        }
        builder = builder.tls_certs_only(known);
    }
    builder.build().map_err(|fault| SenderFault::Client(fault.to_string()))
}

/// What posts a batch.
#[derive(Debug)]
struct Poster(Client);

#[async_trait::async_trait]
impl HttpClient for Poster {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let post = self.0.post(head.uri.to_string()).headers(head.headers).body(body);
        let mut answer =
            post.send().await.inspect_err(|fault| tracing::debug!(%fault, "no answer of the collector"))?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > TRACE_ANSWER_BYTES_MAX {
                return Err("an answer that is too long".into());
            }
            body.extend_from_slice(&chunk);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}
