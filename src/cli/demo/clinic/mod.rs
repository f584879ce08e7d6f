//! The demo's MCP server: a small clinic and its billing, as unprotected as servers are.
//!
//! Serves Streamable HTTP, in both eras: with `initialize` and a session, and
//! with requests that stand alone. It asks nobody who they are, hides nothing, and writes down
//! which tools it was made to run, so that the demo can show what never reached it.

mod tools;

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use tools::{Outcome, Records};

/// The running clinic.
#[derive(Debug)]
pub(super) struct Clinic {
    address: SocketAddr,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    records: Records,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    sessions: HashSet<String>,
    /// Names of the tools that were run, in order.
    runs: Vec<String>,
}

const MODERN: &str = "2026-07-28";
const LEGACY: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];
const BODY_BYTES_MAX: usize = 1024 * 1024;
const META: &str = "io.modelcontextprotocol";

impl Clinic {
    /// Opens the clinic at `address`; port 0 takes a free one. It closes with the runtime.
    ///
    /// # Errors
    /// What binding the port says.
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk { records: Records::open(), book: Mutex::default() });
        tokio::spawn(serve(listener, Arc::clone(&desk)));
        Ok(Self { address, desk })
    }

    /// Where it answers.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often `tool` was run, whoever asked.
    pub(super) fn runs(&self, tool: &str) -> usize {
        self.desk.book(|book| book.runs.iter().filter(|run| *run == tool).count())
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    // A listener on loopback fails only when the process is out of descriptors.
    while let Ok((stream, _)) = listener.accept().await {
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request| {
            let desk = Arc::clone(&desk);
            async move { Ok::<_, Infallible>(desk.answer(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Desk {
    fn book<T>(&self, read: impl FnOnce(&mut Book) -> T) -> T {
        read(&mut self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Pages> {
        let (head, body) = request.into_parts();
        match head.method {
            Method::POST if head.uri.path() == "/mcp" => {}
            Method::DELETE => {
                let session = header_of(&head.headers, "mcp-session-id").unwrap_or_default();
                let ended = self.book(|book| book.sessions.remove(session));
                return empty(if ended { StatusCode::OK } else { StatusCode::NOT_FOUND });
            }
            _ => return empty(StatusCode::METHOD_NOT_ALLOWED),
        }
        let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
            return empty(StatusCode::PAYLOAD_TOO_LARGE);
        };
        match serde_json::from_slice::<Value>(&body.to_bytes()) {
            Ok(message) if message["id"].is_null() => empty(StatusCode::ACCEPTED),
            Ok(message) if !message["params"]["_meta"][format!("{META}/protocolVersion")].is_null() => {
                self.modern(&head.headers, &message)
            }
            Ok(message) => self.legacy(&head.headers, &message),
            Err(_) => fail(StatusCode::BAD_REQUEST, &Value::Null, -32700, "not JSON", Value::Null),
        }
    }

    fn legacy(&self, headers: &HeaderMap, message: &Value) -> Response<Pages> {
        let id = &message["id"];
        if message["method"] == "initialize" {
            return self.initialize(message);
        }
        let Some(session) = header_of(headers, "mcp-session-id") else {
            return fail(StatusCode::BAD_REQUEST, id, -32600, "no session", Value::Null);
        };
        if !self.book(|book| book.sessions.contains(session)) {
            return fail(StatusCode::NOT_FOUND, id, -32600, "session not found", Value::Null);
        }
        match message["method"].as_str() {
            Some("ping") => succeed(id, &json!({})),
            Some("tools/list") => succeed(id, &json!({ "tools": tools::list() })),
            Some("tools/call") => self.call(message, |result| result),
            _ => fail(StatusCode::OK, id, -32601, "no such method", Value::Null),
        }
    }

    fn initialize(&self, message: &Value) -> Response<Pages> {
        let asked = message["params"]["protocolVersion"].as_str().unwrap_or_default();
        let spoken = LEGACY.into_iter().find(|version| *version == asked).unwrap_or(LEGACY[0]);
        let session = self.book(|book| {
            let session = format!("clinic-session-{}", book.sessions.len() + 1);
            book.sessions.insert(session.clone());
            session
        });
        let result =
            json!({ "protocolVersion": spoken, "capabilities": { "tools": {} }, "serverInfo": about() });
        let mut answer = succeed(&message["id"], &result);
        if let Ok(value) = session.parse() {
            answer.headers_mut().insert("mcp-session-id", value);
        }
        answer
    }

    fn modern(&self, headers: &HeaderMap, message: &Value) -> Response<Pages> {
        let (id, meta) = (&message["id"], &message["params"]["_meta"]);
        let claimed = meta[format!("{META}/protocolVersion")].as_str().unwrap_or_default();
        let refuse = |code, text, data| fail(StatusCode::BAD_REQUEST, id, code, text, data);
        if header_of(headers, "mcp-protocol-version") != Some(claimed)
            || header_of(headers, "mcp-method") != message["method"].as_str()
        {
            return refuse(-32020, "headers and body disagree", Value::Null);
        }
        if claimed != MODERN {
            let data = json!({ "supported": [MODERN], "requested": claimed });
            return refuse(-32022, "unsupported protocol version", data);
        }
        if !meta[format!("{META}/clientCapabilities")].is_object() {
            return refuse(-32602, "clientCapabilities missing", Value::Null);
        }
        let cached = |mut result: Value| {
            result["ttlMs"] = json!(60_000);
            result["cacheScope"] = json!("public");
            complete(result)
        };
        match message["method"].as_str() {
            Some("server/discover") => {
                let result = json!({ "supportedVersions": [MODERN], "capabilities": { "tools": {} } });
                succeed(id, &cached(result))
            }
            Some("tools/list") => succeed(id, &cached(json!({ "tools": tools::list() }))),
            Some("tools/call") => self.call(message, complete),
            _ => fail(StatusCode::NOT_FOUND, id, -32601, "no such method", Value::Null),
        }
    }

    fn call(&self, message: &Value, finish: impl FnOnce(Value) -> Value) -> Response<Pages> {
        let (id, params) = (&message["id"], &message["params"]);
        let tool = params["name"].as_str().unwrap_or_default();
        self.book(|book| book.runs.push(tool.into()));
        let (told, result) = match self.records.call(tool, &params["arguments"]) {
            Outcome::Error(code, text, data) => return fail(StatusCode::OK, id, code, text, data),
            Outcome::Result(told, result) => (told, finish(result)),
        };
        let token = &params["_meta"]["progressToken"];
        if token.is_null() || told.is_empty() {
            return succeed(id, &result);
        }
        let total = told.len();
        let progress = told.iter().zip(1..).map(|(text, done)| {
            json!({ "jsonrpc": "2.0", "method": "notifications/progress",
                    "params": { "progressToken": token, "progress": done, "total": total, "message": text } })
        });
        let last = json!({ "jsonrpc": "2.0", "id": id, "result": result });
        let events =
            progress.chain([last]).map(|event| Bytes::from(format!("event: message\ndata: {event}\n\n")));
        answer(StatusCode::OK, "text/event-stream", events.collect())
    }
}

/// A body in one piece or in several, each sent on its own.
#[derive(Debug)]
struct Pages(VecDeque<Bytes>);

impl Body for Pages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.get_mut().0.pop_front().map(|page| Ok(Frame::data(page))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.0.len() {
            0 | 1 => SizeHint::with_exact(self.0.iter().map(|page| page.len() as u64).sum()),
            _ => SizeHint::default(),
        }
    }
}

fn header_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn about() -> Value {
    json!({ "name": "clinic", "title": "A small clinic and its billing", "version": "1.0.0" })
}

fn complete(mut result: Value) -> Value {
    result["resultType"] = json!("complete");
    result["_meta"] = json!({ format!("{META}/serverInfo"): about() });
    result
}

fn answer(status: StatusCode, kind: &'static str, pages: VecDeque<Bytes>) -> Response<Pages> {
    let mut answer = empty(status);
    *answer.body_mut() = Pages(pages);
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    answer
}

fn empty(status: StatusCode) -> Response<Pages> {
    let mut answer = Response::new(Pages(VecDeque::new()));
    *answer.status_mut() = status;
    answer
}

fn whole(status: StatusCode, message: &Value) -> Response<Pages> {
    answer(status, "application/json", VecDeque::from([Bytes::from(message.to_string())]))
}

fn succeed(id: &Value, result: &Value) -> Response<Pages> {
    whole(StatusCode::OK, &json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

fn fail(status: StatusCode, id: &Value, code: i64, text: &str, data: Value) -> Response<Pages> {
    let mut error = json!({ "code": code, "message": text });
    if !data.is_null() {
        error["data"] = data;
    }
    whole(status, &json!({ "jsonrpc": "2.0", "id": id, "error": error }))
}

#[cfg(test)]
mod tests;
