//! A server over HTTP+SSE of 2024-11-05: one stream that all answers come on, and an endpoint to post to.

use ::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use ::http::{HeaderMap, HeaderValue, Method, Request as HttpRequest, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use pingora_core::connectors::TransportConnector;

use super::InquiryFault;
use super::http::{WAITS, broken, fail, unreachable};
use super::speech::{INITIALIZED, Reply, Request, Talk};
use crate::bounds::INQUIRY_BYTES_MAX;
use crate::mcp::Endpoint;
use crate::mcp::sse::Decoder;
use crate::serve::place::Place;
use crate::serve::pool::Pool;
use crate::serve::target::Target;
use crate::serve::upstream::handshake;

/// The server, and what is sent along with each request.
pub(super) struct Events {
    place: Place,
    connector: TransportConnector,
    headers: HeaderMap,
    /// `None` until it is open.
    stream: Option<Stream>,
}

/// The stream, and where the server wants to be posted to.
struct Stream {
    body: Incoming,
    decoder: Decoder,
    bytes: usize,
    target: Uri,
}

/// What is asked of the stream itself.
const STREAM: &str = "GET";

impl Events {
    pub(super) fn new(target: &Target, headers: HeaderMap) -> Self {
        Self {
            place: Place::of(target, Pool::EventStream),
            connector: TransportConnector::new(None),
            headers,
            stream: None,
        }
    }

    /// Opens the stream, and begins the talk: this transport knows no modern era.
    pub(super) async fn open(&mut self) -> Result<Talk, InquiryFault> {
        let answer = self.send(&Method::GET, self.place.path.clone(), Bytes::new()).await?;
        let wrong = |what: &str| InquiryFault::Malformed { method: STREAM, what: what.to_owned() };
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_events = kind.split(';').next().unwrap_or_default().trim() == "text/event-stream";
        if answer.status() != StatusCode::OK || !is_events {
            return Err(fail(answer.status(), STREAM, answer).await);
        }
        if answer.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(wrong("is coded, which nobody asked for"));
        }
        let mut stream = Stream {
            body: answer.into_body(),
            decoder: Decoder::default(),
            bytes: 0,
            target: self.place.path.clone(),
        };
        let said = stream.until(STREAM, |event, data| Ok((event == Some("endpoint")).then(|| data.to_vec())));
        let said = said.await?;
        let endpoint = Endpoint::resolve(&self.place.base(), &String::from_utf8_lossy(&said));
        let endpoint = endpoint.map_err(|fault| wrong(&format!("names an endpoint that {fault}")))?;
        stream.target =
            endpoint.as_str().parse().map_err(|_| wrong("names an endpoint that is no target"))?;
        self.stream = Some(stream);
        let talk = self.ask(&Request::initialize()).await?.initialized()?;
        self.post("notifications/initialized", INITIALIZED.into()).await?;
        Ok(talk)
    }

    /// Asks, and reads until the answer has come.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply, InquiryFault> {
        self.post(request.method, request.body.clone().into()).await?;
        let Some(stream) = &mut self.stream else { return Err(ended()) };
        let answer = |event: Option<&str>, data: &[u8]| match event {
            None | Some("message") => Reply::read(data, request),
            Some(_) => Ok(None),
        };
        stream.until(request.method, answer).await
    }

    async fn post(&self, method: &'static str, body: Bytes) -> Result<(), InquiryFault> {
        let Some(stream) = &self.stream else { return Err(ended()) };
        let answer = self.send(&Method::POST, stream.target.clone(), body).await?;
        if answer.status().is_success() { Ok(()) } else { Err(fail(answer.status(), method, answer).await) }
    }

    async fn send(
        &self,
        method: &Method,
        target: Uri,
        body: Bytes,
    ) -> Result<Response<Incoming>, InquiryFault> {
        let mut request = HttpRequest::new(Full::new(body));
        *request.method_mut() = method.clone();
        *request.uri_mut() = target;
        let sent = request.headers_mut();
        sent.extend(self.headers.clone());
        sent.insert(HOST, self.place.host.clone());
        if *method == Method::POST {
            sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let accept =
            if *method == Method::GET { "text/event-stream" } else { "application/json, text/event-stream" };
        sent.insert(ACCEPT, HeaderValue::from_static(accept));
        sent.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let (socket, _) = self.place.connect(&self.connector, WAITS).await.map_err(unreachable)?;
        let mut sender = handshake(socket).await.map_err(unreachable)?;
        sender.send_request(request).await.map_err(|fault| broken(&fault))
    }
}

impl Stream {
    /// Reads events until one is what `read` looks for.
    async fn until<T>(
        &mut self,
        method: &'static str,
        read: impl Fn(Option<&str>, &[u8]) -> Result<Option<T>, InquiryFault>,
    ) -> Result<T, InquiryFault> {
        loop {
            while let Some(event) = self
                .decoder
                .next_event()
                .map_err(|fault| InquiryFault::Malformed { method, what: format!("is too long: {fault}") })?
            {
                let Some(data) = event.data else { continue };
                if let Some(found) = read(event.event, data)? {
                    return Ok(found);
                }
            }
            let Some(frame) = self.body.frame().await else { return Err(ended()) };
            let Ok(chunk) = frame.map_err(|fault| broken(&fault))?.into_data() else { continue };
            self.bytes += chunk.len();
            if self.bytes > INQUIRY_BYTES_MAX {
                return Err(InquiryFault::TooMuch(super::BYTES));
            }
            self.decoder.push(&chunk);
        }
    }
}

fn ended() -> InquiryFault {
    InquiryFault::Unreachable("its event stream ended before the answer".into())
}
