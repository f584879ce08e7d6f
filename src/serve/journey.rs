//! One admitted request on its way: whatever happens to it, it ends in one record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use tokio::sync::Semaphore;

use super::body::Outgoing;
use super::house::{House, trace_id};
use super::load::Entered;
use super::prose;
use super::waits::Waits;
use crate::bounds::OBJECTIONS_MAX;
use crate::gate::{Carrier, Denial, Ending, Outcome, Overhead, Release, Reply, Ticket};
use crate::mcp::{self, Revision};

/// A ticket with the clock running; dropping it settles, however the exchange ended.
pub struct Journey {
    house: Arc<House>,
    /// `None` only while dropping.
    ticket: Option<Ticket>,
    started: Instant,
    overhead: Overhead,
    http_status: u16,
    bytes: u64,
    outcome: Option<Outcome>,
    /// What is held for it, where bytes are counted.
    entered: Option<Arc<Entered>>,
    /// Objections on their way to the server; made with the first.
    objections: Option<Arc<Semaphore>>,
}

impl Journey {
    /// Takes charge of a ticket; `judged` is how long judging took.
    pub fn begin(house: &Arc<House>, ticket: Ticket, started: Instant, judged: Duration) -> Self {
        Self {
            house: Arc::clone(house),
            ticket: Some(ticket),
            started,
            overhead: Overhead { request: judged.as_micros() as u64, response: 0 },
            http_status: 0,
            bytes: 0,
            outcome: None,
            entered: None,
            objections: None,
        }
    }

    /// The ticket.
    pub fn ticket(&mut self) -> &mut Ticket {
        // INVARIANT: only `drop` takes the ticket out.
        self.ticket.as_mut().expect("a journey has a ticket")
    }

    /// Makes sure that the request is written down before it is forwarded, as its policy wants it.
    ///
    /// # Errors
    /// [`Denial::AuditUnavailable`]: it may not be forwarded.
    pub async fn vouch(&mut self) -> Result<(), Denial> {
        let start = Instant::now();
        let house = Arc::clone(&self.house);
        let outcome = house.vouch(self.ticket()).await;
        self.overhead.request += start.elapsed().as_micros() as u64;
        outcome
    }

    /// Notes that the request is on its way to the server.
    pub fn forward(&mut self) {
        let (at, transport) = (self.started.elapsed(), self.house.upstream.transport());
        self.ticket().sent(at, transport);
    }

    /// Notes that the server has said something, or that nobody waits for it any more.
    fn hear(&mut self) {
        if self.ticket().is_traced() {
            let at = self.started.elapsed();
            self.ticket().heard(at);
        }
    }

    /// Judges one message of the server by the policy in force now. Waits for its prose to be read, where that
    /// policy asks for it.
    pub async fn inspect(&mut self, body: &Bytes, carrier: Carrier) -> Release {
        let start = Instant::now();
        self.hear();
        let house = Arc::clone(&self.house);
        let policy = house.live.policy();
        let said = prose::read(&house, &policy, self.ticket(), body, carrier).await;
        let now = house.clock.now();
        let release = house.gate.inspect(&policy, self.ticket(), &said, now);
        self.overhead.response += start.elapsed().as_micros() as u64;
        match &release {
            Release::Drop(stray) | Release::Object { stray, .. } => {
                house.metrics.strayed(*stray);
                let trace_id = trace_id(self.ticket().record());
                tracing::info!(%stray, trace_id, "a message of the server was dropped");
            }
            Release::Pass { .. } | Release::Withhold(_) => {}
        }
        release
    }

    /// Tells the server that a request of it does not reach the client, so that it does not wait.
    ///
    /// While `OBJECTIONS_MAX` of one stream are on their way, further ones are left unsaid: a server that
    /// asks faster than it listens makes its own tools wait.
    pub fn object(&mut self, back: Bytes) {
        let rooms = self.objections.get_or_insert_with(|| Arc::new(Semaphore::new(OBJECTIONS_MAX)));
        let Ok(room) = Arc::clone(rooms).try_acquire_owned() else { return };
        let house = Arc::clone(&self.house);
        let ticket = house.gate.objection(self.ticket(), back);
        tokio::spawn(async move {
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_static("application/json, text/event-stream"));
            let mut journey = Self::begin(&house, ticket, Instant::now(), Duration::ZERO);
            let waits = Waits::of(journey.ticket().policy());
            match house.upstream.send(journey.ticket(), &Method::POST, &headers, waits).await {
                Ok((answer, _)) => journey.status(answer.status()),
                Err(trouble) => house.metrics.upstream_failed(journey.ticket(), &trouble.denial),
            }
            drop(room);
        });
    }

    /// The head of an answer as the client may see it: handles sealed, nothing of the server's inside, and a word
    /// about a limit that is nearly used up.
    pub fn head(&mut self, mut headers: HeaderMap, status: StatusCode) -> HeaderMap {
        let house = Arc::clone(&self.house);
        let now = house.clock.now();
        house.gate.meet(self.ticket(), &mut headers, status.as_u16(), now);
        let mut passed = passed_down(&headers);
        if let Some(hint) = &self.ticket().record().hint {
            hint.write(&mut passed);
        }
        if let Some(notice) = self.ticket().record().notice() {
            for (name, value) in notice.headers() {
                passed
                    .extend(HeaderValue::from_str(value).map(|value| (HeaderName::from_static(name), value)));
            }
        }
        passed
    }

    /// Whether the client has taken its request back.
    pub fn is_cancelled(&mut self) -> bool {
        let house = Arc::clone(&self.house);
        house.gate.is_cancelled(self.ticket())
    }

    /// The id of an event as the client may see it.
    pub fn event_id(&mut self, id: &str) -> Option<String> {
        let house = Arc::clone(&self.house);
        let now = house.clock.now();
        house.gate.event_id(self.ticket(), id, now)
    }

    /// Words a refusal for this request, and notes it.
    pub fn withhold(&mut self, denial: &Denial) -> Reply {
        let house = Arc::clone(&self.house);
        self.hear();
        let reply = {
            let ticket = self.ticket();
            house.metrics.upstream_failed(ticket, denial);
            ticket.withhold(denial);
            Reply::new(ticket.policy(), ticket.record(), denial)
        };
        self.outcome = Some(reply.code.map_or(Outcome::ToolError, Outcome::Error));
        reply
    }

    /// Notes the status of the server's answer.
    ///
    /// What the bridge says of a child is about one caller's child, and no reason to leave others alone: of
    /// it only the messages count.
    pub fn answered(&mut self, status: StatusCode) {
        self.hear();
        let is_server = self.house.upstream.bridge().is_none();
        self.ticket().answered(if is_server { status.as_u16() } else { 200 });
    }

    /// Notes the status that the client gets.
    pub fn status(&mut self, status: StatusCode) {
        self.http_status = status.as_u16();
    }

    /// Notes bytes that the client gets.
    pub fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Notes that the exchange ended well without a JSON-RPC answer.
    pub fn acknowledged(&mut self) {
        self.outcome = Some(Outcome::Success);
    }

    /// Ends the journey with a refusal in place of an answer.
    pub fn refuse(mut self, denial: &Denial) -> Response<Outgoing> {
        let reply = self.withhold(denial);
        self.http_status = reply.http_status;
        self.bytes = reply.body.len() as u64;
        respond(reply)
    }

    /// Ends the journey of a request that its client has taken back: with a stream of nothing, since no answer is owed.
    pub fn fall_silent(mut self) -> Response<Outgoing> {
        let mut response = Response::new(Outgoing::whole(Bytes::new()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        self.http_status = response.status().as_u16();
        response
    }

    /// Ends the journey of what wants no answer and need not be sent.
    pub fn accept(mut self) -> Response<Outgoing> {
        let mut response = Response::new(Outgoing::whole(Bytes::new()));
        *response.status_mut() = StatusCode::ACCEPTED;
        self.http_status = response.status().as_u16();
        self.acknowledged();
        response
    }

    /// Names what its bytes are counted with.
    pub fn enter(&mut self, entered: &Arc<Entered>) {
        self.entered = Some(Arc::clone(entered));
    }

    /// Lets go of what is held for it: an open stream has its place at the server instead.
    pub fn leave(&mut self) {
        self.entered = None;
    }

    /// Counts bytes of the answer.
    pub fn bear(&self, bytes: usize) {
        self.entered.iter().for_each(|entered| entered.bear(bytes));
    }

    /// When the request came, on the clock of timers.
    pub fn started(&self) -> tokio::time::Instant {
        self.started.into()
    }

    /// How much is left of a time that began with the request, or of that of the tool where it has one.
    pub fn rest_of(&mut self, usual: Duration) -> Duration {
        let elapsed = self.started.elapsed();
        self.ticket().timeout().unwrap_or(usual).saturating_sub(elapsed)
    }

    /// How much of the time that the answer may take is left; of the tool, or `usual` where it has none.
    pub fn left(&mut self, usual: Duration) -> Duration {
        let elapsed = self.started.elapsed();
        self.ticket().timeout().map_or(usual, |timeout| timeout.saturating_sub(elapsed))
    }

    /// What all exchanges share.
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }
}

impl Drop for Journey {
    fn drop(&mut self) {
        if let Some(mut ticket) = self.ticket.take() {
            // What was not answered was waited for until now.
            if ticket.is_traced() && !ticket.is_answered() {
                ticket.heard(self.started.elapsed());
            }
            let ending = Ending {
                outcome: self.outcome.unwrap_or_else(|| ticket.outcome()),
                http_status: self.http_status,
                duration: self.started.elapsed(),
                bytes: self.bytes,
                overhead: self.overhead,
            };
            let record = self.house.gate.settle(ticket, ending);
            if record.method == Some(mcp::Method::NotificationsCancelled) {
                self.house.queues.freed_somewhere();
            }
            self.house.tell(&record);
        }
    }
}

/// A refusal as an HTTP response.
pub fn respond(reply: Reply) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    if let Some(seconds) = reply.retry_after {
        headers.insert("retry-after", seconds.into());
    }
    if let Some(hint) = reply.hint {
        hint.write(headers);
    }
    if let Some(Ok(challenge)) = reply.challenge.map(|challenge| HeaderValue::from_str(&challenge)) {
        headers.insert("www-authenticate", challenge);
    }
    if reply.http_status == 405 {
        headers.insert("allow", HeaderValue::from_static("POST, GET, DELETE"));
    }
    response
}

/// The server's headers that a client may see.
fn passed_down(headers: &HeaderMap) -> HeaderMap {
    let mut passed = HeaderMap::with_capacity(6);
    for (name, value) in headers {
        if is_passed_down(name.as_str(), value.to_str().unwrap_or_default()) {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// Whether a header of an answer means something to a client and says nothing of the server's inside.
///
/// What has a form is held to it, so that a header is no way around the search of bodies.
fn is_passed_down(name: &str, value: &str) -> bool {
    match name {
        "cache-control" => value.split(',').map(str::trim).all(is_directive),
        "mcp-protocol-version" => Revision::parse(value).is_some(),
        "retry-after" => is_number(value),
        "allow" | "content-type" | "mcp-session-id" | "www-authenticate" => true,
        "x-accel-buffering" => matches!(value, "no" | "yes"),
        _ => false,
    }
}

/// Whether it is a directive of `Cache-Control`, with at most a number of seconds. Source: RFC 9111, 5.2.2.
fn is_directive(directive: &str) -> bool {
    match directive.split_once('=') {
        Some((name, seconds)) => matches!(name, "max-age" | "s-maxage") && is_number(seconds),
        None => matches!(
            directive,
            "must-revalidate"
                | "no-cache"
                | "no-store"
                | "no-transform"
                | "private"
                | "proxy-revalidate"
                | "public"
        ),
    }
}

fn is_number(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
