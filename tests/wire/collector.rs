//! A collector of OTLP over HTTP that keeps every span it gets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::support::{PATIENCE, wait_for};

/// A listening collector; it stops with the value.
pub struct Collector {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    batches: Mutex<Vec<ExportTraceServiceRequest>>,
    heads: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Collector {
    /// Takes everything.
    pub fn start() -> Self {
        Self::answering(200)
    }

    /// Answers every batch with `status`; with 0 never.
    pub fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                std::thread::spawn(move || while take(&stream, &state, status).is_some() {});
            }
        });
        Self { address, state }
    }

    /// Shell words that name it, and more variables.
    pub fn variables(&self, more: &str) -> String {
        let address = self.address;
        format!(
            "export OTEL_EXPORTER_OTLP_ENDPOINT=http://{address} OTEL_BSP_SCHEDULE_DELAY=20 \
             OTEL_EXPORTER_OTLP_TIMEOUT=500 {more}"
        )
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<Span> {
        let batches = self.batches();
        let resources = batches.into_iter().flat_map(|batch| batch.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// Every batch so far.
    pub fn batches(&self) -> Vec<ExportTraceServiceRequest> {
        self.state.batches.lock().expect("no thread panicked with it").clone()
    }

    /// The heads of every batch.
    pub fn heads(&self) -> Vec<String> {
        self.state.heads.lock().expect("no thread panicked with it").clone()
    }

    /// Waits until it has `count` spans.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Span> {
        wait_for("spans to arrive", || Some(self.spans()).filter(|spans| spans.len() >= count))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees that it is over.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

/// Takes one batch; `None` at the end of the connection.
fn take(stream: &TcpStream, state: &State, status: u16) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    let batch = ExportTraceServiceRequest::decode(body.as_slice()).expect("a batch is protobuf");
    state.heads.lock().expect("no thread panicked with it").push(head);
    state.batches.lock().expect("no thread panicked with it").push(batch);
    if status == 0 {
        // Whoever waits for an answer has to give up.
        let _ = reader.read(&mut [0]);
        return None;
    }
    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
    let mut writer = stream;
    writer.write_all(answer.as_bytes()).ok()
}

/// The id as W3C writes it.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of an attribute, as text.
pub fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref().and_then(|AnyValue { value }| value.as_ref())? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}
