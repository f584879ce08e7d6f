//! The server behind the gate: reached only with a ticket, over connections that are kept open.
//!
//! One server may be reached by two transports, Streamable HTTP and HTTP+SSE, at two addresses, and may have a
//! replica that takes what only reads. Where the path is the server's own word, it is an [`Endpoint`]: of the
//! configured origin, whatever it says.
//!
//! Each thread keeps its own idle connections, since the task that drives one lives on the runtime that
//! opened it. Servers close idle connections too (Node after 5 s), so ours are given up after
//! `UPSTREAM_IDLE_MAX`. Here a request is sent again on a new connection only when hyper says that not a
//! byte of it left: tool calls are not idempotent. What a policy lets be repeated is `again`'s.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use pingora_core::connectors::TransportConnector;

use super::bare::{self, Answer, Socket};
use super::body;
use super::bridge::Bridge;
use super::inquiry::Asked;
use super::place::{Place, Way, unreachable};
use super::pool::{Line, Origin, Pool};
use super::replica::Replica;
use super::showing::{Behalf, Standing};
use super::target::Target;
use super::waits::Waits;
use crate::bounds::FOREIGN_BODY_BYTES_MAX;
use crate::gate::{Branch, Denial, Ticket, Transport};
use crate::mcp::Endpoint;
use crate::mcp::endpoint::Base;
use crate::policy::Policy;
use crate::store::{NoPass, Passes};

/// The server, and how to reach it.
pub struct Upstream {
    streamable: Option<Place>,
    event_stream: Option<Place>,
    replica: Replica,
    targets: [Option<Target>; 2],
    connector: TransportConnector,
    passes: Arc<Passes>,
}

/// Over which connection a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// One of its own, for an answer that may stay open.
    Alone,
    /// One that is kept.
    Pooled,
}

impl Upstream {
    /// A server that speaks Streamable HTTP at `streamable`, HTTP+SSE at `event_stream`, or both, and is
    /// shown `passes`.
    pub fn new(streamable: Option<&Target>, event_stream: Option<&Target>, passes: Arc<Passes>) -> Self {
        let targets = [streamable.cloned(), event_stream.cloned()];
        let streamable = streamable.map(|target| Place::of(target, Pool::Streamable));
        let event_stream = event_stream.map(|target| Place::of(target, Pool::EventStream));
        let replica = Replica::default();
        Self { streamable, event_stream, replica, targets, connector: TransportConnector::new(None), passes }
    }

    /// A server spoken to through pipes.
    pub fn bridged(bridge: Arc<Bridge>, passes: Arc<Passes>) -> Self {
        let place = Place::build(Way::Bridge(bridge), "localhost", "/mcp", Pool::Streamable);
        Self { streamable: Some(place), ..Self::piped(passes) }
    }

    /// A server that is reached by the pipes of `sluicegate stdio`, and by no connection.
    pub fn piped(passes: Arc<Passes>) -> Self {
        Self::new(None, None, passes)
    }

    /// Whom a question of the gate's own goes to, with what is sent along; `None` for a child process.
    pub fn asked(&self, headers: HeaderMap) -> Option<Asked> {
        match self.targets.clone() {
            [Some(target), _] => Some(Asked::Network { target, headers }),
            [None, Some(target)] => Some(Asked::EventStream { target, headers }),
            [None, None] => None,
        }
    }

    /// What the server is shown.
    pub fn passes(&self) -> &Arc<Passes> {
        &self.passes
    }

    /// The bridge, where the server is a child process.
    pub fn bridge(&self) -> Option<&Arc<Bridge>> {
        self.streamable.as_ref().and_then(Place::bridge)
    }

    /// What it is reached by.
    pub fn transport(&self) -> Transport {
        let place = self.streamable.as_ref().or(self.event_stream.as_ref());
        place.map_or(Transport::Pipe, Place::transport)
    }

    /// How many addresses are left alone now: of the server, and of the replica that `policy` has.
    pub fn ejected(&self, policy: &Policy) -> [usize; 2] {
        let primary = [&self.streamable, &self.event_stream].into_iter().flatten().map(Place::ejected).sum();
        [primary, self.replica.known(policy).map_or(0, |known| known.place.ejected())]
    }

    /// Where the server speaks HTTP+SSE, for an endpoint to be held against.
    pub fn event_stream(&self) -> Option<Base> {
        self.event_stream.as_ref().map(Place::base)
    }

    /// Sends what the ticket allows, and waits for the head of the answer.
    ///
    /// The request is framed anew, with our own length, host, protocol headers and credential.
    ///
    /// # Errors
    /// [`Denial::Unreachable`] or [`Denial::UpstreamTimeout`], the server's fault or its absence;
    /// [`Denial::Uncredited`] or [`Denial::Unexchanged`] where there is nothing to show to it.
    pub async fn send(
        &self,
        ticket: &Ticket,
        method: &Method,
        headers: &HeaderMap,
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Trouble> {
        let replica;
        let place = match ticket.branch() {
            Branch::Primary => self.streamable.as_ref(),
            Branch::Replica => {
                replica = self.replica.of(ticket.policy());
                replica.as_ref().map(|known| &known.place)
            }
        };
        let place = place.ok_or_else(nowhere)?;
        let request = place.request(ticket, method, headers);
        let wait = waits.head.or(ticket.timeout()).unwrap_or(waits.answer);
        let is_stream = *method == Method::GET || ticket.is_subscription();
        let how = if is_stream { How::Alone } else { How::Pooled };
        within(wait, self.ask(place, (request, how), &Behalf::of(ticket, headers), waits)).await
    }

    /// Finds out whether the server is there, with a question of the gate itself where it takes one.
    ///
    /// # Errors
    /// See [`Upstream::send`].
    pub async fn knock(
        &self,
        ticket: &Ticket,
        (method, headers): (&Method, &HeaderMap),
        waits: Waits,
    ) -> Result<StatusCode, Denial> {
        match (&self.streamable, &self.event_stream) {
            (Some(place), _) if place.bridge().is_none() => {
                let sent = self.send(ticket, method, headers, waits).await;
                let (answer, line) = sent.map_err(|trouble| trouble.denial)?;
                let status = answer.status();
                if body::read(answer.into_body(), FOREIGN_BODY_BYTES_MAX, waits.answer).await.is_ok() {
                    line.give_back();
                }
                Ok(status)
            }
            (None, Some(place)) => place.connect(&self.connector, waits).await.map(|_| StatusCode::OK),
            (Some(_), _) | (None, None) => Ok(StatusCode::OK),
        }
    }

    /// Whether a connection to the server can be had. To a child process there is none, and it is not asked.
    pub async fn is_there(&self, waits: Waits) -> bool {
        let place = self.streamable.as_ref().or(self.event_stream.as_ref());
        match place.filter(|place| place.bridge().is_none()) {
            Some(place) => place.connect(&self.connector, waits).await.is_ok(),
            None => false,
        }
    }

    /// Opens the stream of HTTP+SSE, and waits for the head of the answer.
    ///
    /// # Errors
    /// See [`Upstream::send`].
    pub async fn listen(
        &self,
        ticket: &Ticket,
        headers: &HeaderMap,
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Denial> {
        let place = self.event_stream.as_ref().ok_or_else(nowhere)?;
        let request = place.request(ticket, &Method::GET, headers);
        let behalf = Behalf::of(ticket, headers);
        let asked = within(waits.answer, self.ask(place, (request, How::Alone), &behalf, waits)).await;
        asked.map_err(|trouble| trouble.denial)
    }

    /// Posts what the ticket allows to where the server of HTTP+SSE wants it.
    ///
    /// The request is made before the first wait, so that the ticket is free while it is under way: its
    /// answer may come on the stream before this one does.
    ///
    /// # Errors
    /// See [`Upstream::send`].
    pub fn post<'a>(
        &'a self,
        ticket: &Ticket,
        endpoint: &Endpoint,
        headers: &'a HeaderMap,
        waits: Waits,
    ) -> impl Future<Output = Result<(Response<Answer>, Line), Denial>> + Send + use<'a> {
        let place = self.event_stream.as_ref().ok_or_else(nowhere);
        let request = place.and_then(|place| {
            let mut request = place.request(ticket, &Method::POST, headers);
            let path = endpoint.as_str().parse();
            *request.uri_mut() =
                path.map_err(|_| Denial::Internal("an endpoint that is no target".into()))?;
            Ok((place, request))
        });
        let behalf = Behalf::of(ticket, headers);
        async move {
            let (place, request) = request?;
            let asked = within(waits.answer, self.ask(place, (request, How::Pooled), &behalf, waits)).await;
            asked.map_err(|trouble| trouble.denial)
        }
    }

    /// Sends a request with what is due: the one way to the server.
    async fn ask(
        &self,
        place: &Place,
        request: (Request<Bytes>, How),
        behalf: &Behalf<'_>,
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Trouble> {
        if self.passes.is_silent() {
            return self.once(place, request, waits).await;
        }
        Box::pin(self.ask_dressed(place, request, behalf, waits)).await
    }

    /// Sends a request with what is due, and once more where the server did not take our credential.
    async fn ask_dressed(
        &self,
        place: &Place,
        (request, how): (Request<Bytes>, How),
        behalf: &Behalf<'_>,
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Trouble> {
        let mut is_second = false;
        loop {
            let pass = self.passes.pass(behalf.subject()).await.map_err(|fault| behalf.refusal(&fault))?;
            let mut dressed = request.clone();
            behalf.dress(&self.passes, pass.as_deref(), &mut dressed)?;
            let (mut answer, line) = self.once(place, (dressed, how), waits).await?;
            let Some(pass) = pass else { return Ok((answer, line)) };
            match Standing::of(&mut answer) {
                Standing::Taken => return Ok((answer, line)),
                Standing::Short => {
                    self.passes.reject(&pass).await;
                    return Ok((answer, line));
                }
                Standing::Turned => {
                    if !self.passes.reject(&pass).await || is_second {
                        return Err(behalf.refusal(&NoPass::Rejected(answer.status().as_u16())).into());
                    }
                    is_second = true;
                }
            }
        }
    }

    async fn once(
        &self,
        place: &Place,
        (request, how): (Request<Bytes>, How),
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Trouble> {
        match how {
            How::Alone => Box::pin(self.watch(place, request, waits)).await,
            How::Pooled => {
                let (answer, line) = self.exchange(place, request.map(Full::new), waits).await?;
                Ok((answer.map(Answer::Kept), line))
            }
        }
    }

    /// Asks for a stream that may stay open, over a connection of its own.
    async fn watch(
        &self,
        place: &Place,
        request: Request<Bytes>,
        waits: Waits,
    ) -> Result<(Response<Answer>, Line), Trouble> {
        let (socket, origin) = place.connect(&self.connector, waits).await.map_err(unsent)?;
        let answer = bare::ask(socket, request)
            .await
            .map_err(|fault| broken(fault.kind() == std::io::ErrorKind::InvalidData, &fault))?;
        Ok((answer.map(Answer::Bare), Line { sender: None, pool: place.pool, origin }))
    }

    async fn exchange(
        &self,
        place: &Place,
        mut request: Request<Full<Bytes>>,
        waits: Waits,
    ) -> Result<(Response<Incoming>, Line), Trouble> {
        while let Some((mut sender, origin)) = place.pool.take(place.number, waits.idle).await {
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok(arrived(place, answer, (sender, origin))),
                Err(mut fault) => match fault.take_message() {
                    // Not a byte of it left: the connection was closed while it lay idle.
                    Some(unsent) => request = unsent,
                    None => {
                        place.failed(origin.address);
                        return Err(broken_off(&fault.into_error()));
                    }
                },
            }
        }
        let (socket, origin) = place.connect(&self.connector, waits).await.map_err(unsent)?;
        let mut sender = handshake(socket).await.map_err(unsent)?;
        match sender.send_request(request).await {
            Ok(answer) => Ok(arrived(place, answer, (sender, origin))),
            Err(fault) => {
                place.failed(origin.address);
                Err(broken_off(&fault))
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Trouble {
    /// In the words of refusals.
    pub denial: Denial,
    /// Whether no connection could be had, so that not a byte was sent.
    pub is_unsent: bool,
}

impl From<Denial> for Trouble {
    fn from(denial: Denial) -> Self {
        Self { denial, is_unsent: false }
    }
}

fn unsent(denial: Denial) -> Trouble {
    Trouble { denial, is_unsent: true }
}

/// Notes how an address is doing by the head of its answer.
fn arrived(
    place: &Place,
    answer: Response<Incoming>,
    (sender, origin): (SendRequest<Full<Bytes>>, Origin),
) -> (Response<Incoming>, Line) {
    match answer.status().as_u16() {
        502..=504 => place.failed(origin.address),
        _ => place.went_well(origin.address),
    }
    (answer, Line { sender: Some(sender), pool: place.pool, origin })
}

async fn within<T>(wait: Duration, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    tokio::time::timeout(wait, work).await.unwrap_or_else(|_| Err(Denial::UpstreamTimeout.into()))
}

/// A request by a transport that the server does not have; which endpoints there are, sees to that.
fn nowhere() -> Denial {
    Denial::Unreachable("the server has no address for this transport".into())
}

pub(super) async fn handshake(stream: Box<dyn Socket>) -> Result<SendRequest<Full<Bytes>>, Denial> {
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|fault| unreachable(&fault))?;
    tokio::spawn(async move {
        if let Err(fault) = connection.await {
            tracing::debug!(%fault, "upstream connection ended");
        }
    });
    Ok(sender)
}

fn broken_off(fault: &hyper::Error) -> Trouble {
    broken(fault.is_parse(), fault)
}

fn broken(is_parse: bool, fault: &dyn std::fmt::Display) -> Trouble {
    let what = if is_parse { "an answer that is not HTTP" } else { "closed before it answered" };
    Denial::Unreachable(format!("{what}: {fault}").into()).into()
}
