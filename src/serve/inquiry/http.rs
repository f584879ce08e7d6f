//! A server over Streamable HTTP: a connection for each question, an answer in one piece or in events.

use ::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, LOCATION};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request as HttpRequest, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use pingora_core::connectors::TransportConnector;

use super::InquiryFault;
use super::speech::{self, INITIALIZED, Reply, Request, Talk, excerpt, is_modern};
use crate::bounds::{INQUIRY_BYTES_MAX, INQUIRY_CLOSE_WAIT};
use crate::gate::Denial;
use crate::mcp::sse::Decoder;
use crate::serve::place::Place;
use crate::serve::pool::Pool;
use crate::serve::target::Target;
use crate::serve::upstream::handshake;
use crate::serve::waits::Waits;

/// The server, and what is sent along with each request.
pub(super) struct Http {
    place: Place,
    connector: TransportConnector,
    headers: HeaderMap,
    /// The session that the server opened for us.
    session: Option<HeaderValue>,
    revision: Option<String>,
}

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");

impl Http {
    pub(super) fn new(target: &Target, headers: HeaderMap) -> Self {
        Self {
            place: Place::of(target, Pool::Streamable),
            connector: TransportConnector::new(None),
            headers,
            session: None,
            revision: None,
        }
    }

    /// Learns what the server speaks: whatever it answers to the new question but a refusal for want of
    /// credentials, the old one is tried.
    pub(super) async fn open(&mut self) -> Result<Talk, InquiryFault> {
        match self.ask(&Request::discover()).await {
            Ok(reply) => {
                if let Some(talk) = reply.discovered() {
                    return Ok(talk);
                }
            }
            Err(InquiryFault::Malformed { .. } | InquiryFault::Status { .. }) => {}
            Err(fault) => return Err(fault),
        }
        let talk = self.ask(&Request::initialize()).await?.initialized()?;
        self.revision = Some(talk.revision.clone());
        let told = self.send(&Method::POST, INITIALIZED.into(), HeaderMap::new()).await?;
        match told.status() {
            status if status.is_success() => Ok(talk),
            status => Err(fail(status, "notifications/initialized", told).await),
        }
    }

    /// Asks, and reads until the answer has come.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply, InquiryFault> {
        let mut claims = HeaderMap::new();
        if let Some(revision) = request.revision.as_deref().filter(|revision| is_modern(revision)) {
            claims.insert(VERSION, header(revision, request.method)?);
            claims.insert(METHOD, HeaderValue::from_static(request.method));
        }
        let answer = self.send(&Method::POST, request.body.clone().into(), claims).await?;
        if request.method == speech::INITIALIZE
            && let Some(session) = answer.headers().get(SESSION)
        {
            self.session = Some(session.clone());
        }
        read(request, answer).await
    }

    /// Gives the session back, if there is one and the server listens.
    pub(super) async fn close(mut self) {
        if self.session.is_some() {
            let ended = self.send(&Method::DELETE, Bytes::new(), HeaderMap::new());
            // A server may keep its sessions to itself; they end by themselves.
            let _ = tokio::time::timeout(INQUIRY_CLOSE_WAIT, ended).await;
        }
    }

    async fn send(
        &mut self,
        method: &Method,
        body: Bytes,
        claims: HeaderMap,
    ) -> Result<Response<Incoming>, InquiryFault> {
        let mut request = HttpRequest::new(Full::new(body));
        *request.method_mut() = method.clone();
        *request.uri_mut() = self.place.path.clone();
        let sent = request.headers_mut();
        sent.extend(self.headers.clone());
        sent.insert(HOST, self.place.host.clone());
        sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        sent.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        sent.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(session) = &self.session {
            sent.insert(SESSION, session.clone());
        }
        if let Some(revision) = &self.revision {
            sent.insert(VERSION, header(revision, speech::INITIALIZE)?);
        }
        sent.extend(claims);
        let (socket, _) = self.place.connect(&self.connector, WAITS).await.map_err(unreachable)?;
        let mut sender = handshake(socket).await.map_err(unreachable)?;
        sender.send_request(request).await.map_err(|fault| broken(&fault))
    }
}

pub(super) const WAITS: Waits = Waits {
    connect: crate::bounds::UPSTREAM_CONNECT_MAX,
    answer: crate::bounds::UPSTREAM_ANSWER_MAX,
    idle: crate::bounds::UPSTREAM_IDLE_MAX,
    head: None,
};

fn header(text: &str, method: &'static str) -> Result<HeaderValue, InquiryFault> {
    let what = || "names a revision that no header can hold".to_owned();
    HeaderValue::from_str(text).map_err(|_| InquiryFault::Malformed { method, what: what() })
}

/// Reads an answer: its status first, then the message, or the events up to it.
async fn read(request: &Request, answer: Response<Incoming>) -> Result<Reply, InquiryFault> {
    let method = request.method;
    let status = answer.status();
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(InquiryFault::Credentials(status.as_u16()));
    }
    let wrong = |what: &str| InquiryFault::Malformed { method, what: what.to_owned() };
    if answer.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(wrong("is coded, which nobody asked for"));
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if status.is_success() && kind == "text/event-stream" {
        return read_events(request, answer).await;
    }
    if kind != "application/json" || status.is_redirection() {
        return Err(fail(status, method, answer).await);
    }
    let body = collect(answer).await?;
    // An error may come with any status; a result only with that of success.
    match Reply::read(crate::json::unmarked(&body), request) {
        Ok(Some(reply @ Reply::Error { .. })) => Ok(reply),
        Ok(Some(reply)) if status.is_success() => Ok(reply),
        Ok(None) if status.is_success() => Err(wrong("is no answer to it")),
        Err(fault) if status.is_success() => Err(fault),
        Ok(_) | Err(_) => {
            let text = excerpt(&String::from_utf8_lossy(&body));
            Err(InquiryFault::Status { method, status: status.as_u16(), text })
        }
    }
}

async fn read_events(request: &Request, answer: Response<Incoming>) -> Result<Reply, InquiryFault> {
    let wrong = |what: String| InquiryFault::Malformed { method: request.method, what };
    let (mut decoder, mut body, mut bytes) = (Decoder::default(), answer.into_body(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|fault| broken(&fault))?;
        let Ok(chunk) = frame.into_data() else { continue };
        bytes += chunk.len();
        if bytes > INQUIRY_BYTES_MAX {
            return Err(InquiryFault::TooMuch(super::BYTES));
        }
        decoder.push(&chunk);
        while let Some(event) =
            decoder.next_event().map_err(|fault| wrong(format!("is too long: {fault}")))?
        {
            let Some(message) = event.message() else { continue };
            if let Some(reply) = Reply::read(message, request)? {
                return Ok(reply);
            }
        }
    }
    Err(wrong("ends before it is there".to_owned()))
}

/// The whole body, within the bound.
async fn collect(answer: Response<Incoming>) -> Result<Vec<u8>, InquiryFault> {
    let (mut body, mut whole) = (answer.into_body(), Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(|fault| broken(&fault))?.into_data() else { continue };
        if whole.len() + chunk.len() > INQUIRY_BYTES_MAX {
            return Err(InquiryFault::TooMuch(super::BYTES));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

/// What an answer means that is none.
pub(super) async fn fail(
    status: StatusCode,
    method: &'static str,
    answer: Response<Incoming>,
) -> InquiryFault {
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return InquiryFault::Credentials(status.as_u16());
    }
    let text = match answer.headers().get(LOCATION).and_then(|location| location.to_str().ok()) {
        Some(location) => format!("go to {location}"),
        None => match collect(answer).await {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(fault) => return fault,
        },
    };
    InquiryFault::Status { method, status: status.as_u16(), text: excerpt(&text) }
}

pub(super) fn broken(fault: &hyper::Error) -> InquiryFault {
    InquiryFault::Unreachable(excerpt(&fault.to_string()))
}

pub(super) fn unreachable(denial: Denial) -> InquiryFault {
    match denial {
        Denial::Unreachable(text) => InquiryFault::Unreachable(excerpt(&text)),
        denial => InquiryFault::Unreachable(format!("{denial:?}")),
    }
}
