//! Who waits for what from one child, and where each of its messages goes.
//!
//! Requests of several clients meet in one child, so each goes out under a number of its own, which
//! also serves as its progress token; the client's spelling of both comes back in the answers.
//! Messages that belong to no request go where the client listens.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::frame::{self, Frame, Shape};
use crate::bounds::{BRIDGE_EVENTS_QUEUED_MAX, BRIDGE_IN_FLIGHT_MAX};
use crate::json::Value;
use crate::serve::child::oneline::OneLine;

/// What a child speaks, and with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    /// One session after `initialize`; the child may ask the client.
    Legacy,
    /// Requests that stand alone, from any number of connections of one caller.
    Modern,
}

/// The requests in flight to one child, and its listener.
#[derive(Debug)]
pub(super) struct Calls {
    era: Era,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    last: u64,
    waiting: BTreeMap<u64, Waiting>,
    /// Progress tokens of answered requests: a task goes on reporting under its request's token.
    retired: VecDeque<(u64, Box<str>)>,
    listener: Option<mpsc::Sender<Bytes>>,
    /// What came while nobody listened.
    backlog: VecDeque<Bytes>,
    has_ended: bool,
    touched: Instant,
}

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// The client's, whose session it is.
    Client,
    /// The gate's own: no sign of life, and nothing that the child says by itself is for it.
    Gate,
}

#[derive(Debug)]
struct Waiting {
    asker: Asker,
    id: Box<str>,
    token: Option<Box<str>>,
    wants_logs: bool,
    events: mpsc::Sender<Bytes>,
    answer: oneshot::Sender<Answered>,
}

/// How a request ends, when it does.
#[derive(Debug)]
pub(super) enum Answered {
    /// The child closed a listening request without an answer.
    Closed,
    /// The answer, and the code if it is an error.
    Line(Bytes, Option<i64>),
}

/// A request that went out: its number, and what comes back.
#[derive(Debug)]
pub(super) struct Opened {
    pub number: u64,
    pub line: OneLine,
    pub events: mpsc::Receiver<Bytes>,
    pub answer: oneshot::Receiver<Answered>,
}

/// Why no request was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unopened {
    /// `BRIDGE_IN_FLIGHT_MAX` wait already.
    Full,
    /// The child has ended.
    Gone,
    /// It cannot be rewritten.
    Unfit,
}

/// Where a message of the child goes.
#[derive(Debug)]
pub(super) enum Route {
    /// It was an answer, and has been handed over, or was kept for a listener to come.
    Done,
    /// Nowhere; says why.
    Drop(&'static str),
    /// Back: this line tells the child that its request reaches nobody.
    Refuse(OneLine),
    /// To this stream; if that is gone, the line goes back to the child.
    Send(mpsc::Sender<Bytes>, Bytes, Option<OneLine>),
}

const RETIRED_TOKENS_MAX: usize = 64;

impl Calls {
    pub(super) fn new(era: Era) -> Self {
        let table = Table {
            last: 0,
            waiting: BTreeMap::new(),
            retired: VecDeque::new(),
            listener: None,
            backlog: VecDeque::new(),
            has_ended: false,
            touched: Instant::now(),
        };
        Self { era, table: Mutex::new(table) }
    }

    pub(super) fn era(&self) -> Era {
        self.era
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a number for the request in `frame` and rewrites it for the child.
    pub(super) fn open(&self, frame: &Frame<'_>, id: &Value<'_>, asker: Asker) -> Result<Opened, Unopened> {
        let mut table = self.table();
        if table.has_ended {
            return Err(Unopened::Gone);
        }
        if table.waiting.len() >= BRIDGE_IN_FLIGHT_MAX {
            return Err(Unopened::Full);
        }
        table.touched_by(asker);
        table.last += 1;
        let number = table.last;
        let token = frame.progress_token();
        let mut edits = vec![(id.span(), number.to_string())];
        edits.extend(token.map(|token| (token.span(), number.to_string())));
        let line = frame.line(edits).ok_or(Unopened::Unfit)?;
        let (sender, events) = mpsc::channel(BRIDGE_EVENTS_QUEUED_MAX);
        let (answer_sender, answer) = oneshot::channel();
        let waiting = Waiting {
            asker,
            id: id.raw().into(),
            token: token.map(|token| token.raw().into()),
            wants_logs: frame.wants_logs(),
            events: sender,
            answer: answer_sender,
        };
        table.waiting.insert(number, waiting);
        drop(table);
        Ok(Opened { number, line, events, answer })
    }

    /// Gives up a request; says whether it was still waiting.
    pub(super) fn forget(&self, number: u64) -> Forgotten {
        let mut table = self.table();
        let waiting = table.waiting.remove(&number);
        table.touched_by(waiting.as_ref().map_or(Asker::Gate, |waiting| waiting.asker));
        if waiting.is_some() { Forgotten::Waiting } else { Forgotten::Answered }
    }

    /// Rewrites a client's cancellation for the child; `None` when the request is not known.
    pub(super) fn cancellation(&self, frame: &Frame<'_>) -> Option<OneLine> {
        let request = frame.cancelled()?;
        let number =
            self.table().waiting.iter().find(|(_, w)| frame::is_same(&request, &w.id)).map(|(n, _)| *n)?;
        frame.line(vec![(request.span(), number.to_string())])
    }

    /// Opens the stream for messages that belong to no request, starting with what was kept.
    ///
    /// `None` while another one is open.
    pub(super) fn listen(&self) -> Option<mpsc::Receiver<Bytes>> {
        let mut table = self.table();
        if table.has_ended || table.listener().is_some() {
            return None;
        }
        table.touched = Instant::now();
        let (sender, events) = mpsc::channel(BRIDGE_EVENTS_QUEUED_MAX);
        for message in table.backlog.drain(..) {
            // INVARIANT: the backlog is never longer than the queue, so nothing is lost here.
            let _ = sender.try_send(message);
        }
        table.listener = Some(sender);
        Some(events)
    }

    /// Ends everything: who waits is told that no answer comes.
    pub(super) fn end(&self) {
        let mut table = self.table();
        table.has_ended = true;
        table.waiting.clear();
        table.listener = None;
        table.backlog.clear();
    }

    /// Since when nobody has asked, waited or listened; `None` while somebody does.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let mut table = self.table();
        let is_asked = table.waiting.values().any(|waiting| waiting.asker == Asker::Client);
        (!is_asked && table.listener().is_none()).then_some(table.touched)
    }

    /// Notes that the client is there.
    pub(super) fn touch(&self) {
        self.table().touched = Instant::now();
    }

    /// Decides where a message of the child goes; hands over answers at once.
    pub(super) fn route(&self, frame: &Frame<'_>) -> Route {
        let mut table = self.table();
        match &frame.shape {
            Shape::Response(id, code) => table.answer(frame, id, *code),
            Shape::Request(..) if self.era == Era::Modern => {
                let why = "this revision has no requests from server to client";
                refusal(frame, -32601, why).map_or(Route::Drop(why), Route::Refuse)
            }
            Shape::Request(..) => table.send(frame, Nearness::Call),
            Shape::Notification(method) => match (&**method, self.era) {
                ("notifications/progress", _) => table.progress(frame),
                ("notifications/cancelled", Era::Modern) => table.close(frame),
                ("notifications/message", Era::Modern) => table.log(frame),
                (_, Era::Modern) => table.subscribed(frame),
                ("notifications/message", Era::Legacy) => table.send(frame, Nearness::Call),
                (_, Era::Legacy) => table.send(frame, Nearness::Listener),
            },
        }
    }

    /// Ends the request that an unreadable line seems to answer.
    pub(super) fn fail(&self, number: u64) {
        self.table().waiting.remove(&number);
    }
}

/// Whether a request that is given up had its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forgotten {
    Answered,
    Waiting,
}

/// What a message without a sign of its request most likely belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nearness {
    /// The only request that waits, if there is only one.
    Call,
    /// The session as a whole.
    Listener,
}

impl Table {
    fn touched_by(&mut self, asker: Asker) {
        if asker == Asker::Client {
            self.touched = Instant::now();
        }
    }

    fn listener(&mut self) -> Option<&mpsc::Sender<Bytes>> {
        if self.listener.as_ref().is_some_and(mpsc::Sender::is_closed) {
            self.listener = None;
            self.touched = Instant::now();
        }
        self.listener.as_ref()
    }

    fn answer(&mut self, frame: &Frame<'_>, id: &Value<'_>, code: Option<i64>) -> Route {
        let Some((number, waiting)) = frame::number(id).and_then(|n| Some((n, self.waiting.remove(&n)?)))
        else {
            return Route::Drop("it answers no request that waits");
        };
        let mut edits = vec![(id.span(), String::from(&*waiting.id))];
        edits.extend(frame.subscription().map(|id| (id.span(), String::from(&*waiting.id))));
        self.touched_by(waiting.asker);
        if let Some(token) = waiting.token {
            self.retired.truncate(RETIRED_TOKENS_MAX - 1);
            self.retired.push_front((number, token));
        }
        // A client that has gone wants no answer.
        let _ = waiting.answer.send(Answered::Line(frame.event(edits), code));
        Route::Done
    }

    fn progress(&mut self, frame: &Frame<'_>) -> Route {
        let unknown = Route::Drop("its progress token is not known");
        let Some((span, number)) = frame.progress_of().and_then(|t| Some((t.span(), frame::number(&t)?)))
        else {
            return unknown;
        };
        if let Some(Waiting { token: Some(token), events, .. }) = self.waiting.get(&number) {
            return Route::Send(events.clone(), frame.event(vec![(span, String::from(&**token))]), None);
        }
        let retired = self.retired.iter().find(|(retired, _)| *retired == number);
        let Some((_, token)) = retired else { return unknown };
        let message = frame.event(vec![(span, String::from(&**token))]);
        self.listener().map_or(unknown, |listener| Route::Send(listener.clone(), message, None))
    }

    /// A message of a modern child that names the listening request it belongs to.
    fn subscribed(&mut self, frame: &Frame<'_>) -> Route {
        let found =
            frame.subscription().and_then(|id| Some((id.span(), self.waiting.get(&frame::number(&id)?)?)));
        let Some((span, waiting)) = found else { return Route::Drop("it belongs to no request that waits") };
        let edits: Vec<(Range<usize>, String)> = vec![(span, String::from(&*waiting.id))];
        Route::Send(waiting.events.clone(), frame.event(edits), None)
    }

    fn log(&mut self, frame: &Frame<'_>) -> Route {
        match self.waiting.values().find(|waiting| waiting.wants_logs) {
            Some(waiting) => Route::Send(waiting.events.clone(), frame.event(vec![]), None),
            None => Route::Drop("no request asked for log messages"),
        }
    }

    fn close(&mut self, frame: &Frame<'_>) -> Route {
        let closed = frame.cancelled().and_then(|id| self.waiting.remove(&frame::number(&id)?));
        let Some(waiting) = closed else { return Route::Drop("it cancels no request that waits") };
        let _ = waiting.answer.send(Answered::Closed);
        Route::Done
    }

    /// A message of a legacy child that names no request.
    fn send(&mut self, frame: &Frame<'_>, nearness: Nearness) -> Route {
        let back = matches!(frame.shape, Shape::Request(..))
            .then(|| refusal(frame, -32603, "the client does not listen"))
            .flatten();
        let message = frame.event(vec![]);
        let mut asked = self.waiting.values().filter(|waiting| waiting.asker == Asker::Client);
        let oldest = asked.next().map(|waiting| waiting.events.clone());
        let is_only = oldest.is_some() && asked.next().is_none();
        let nearest = oldest.clone().filter(|_| nearness == Nearness::Call && is_only);
        let target = nearest.or_else(|| self.listener().cloned()).or(oldest);
        match (target, back) {
            (Some(target), back) => Route::Send(target, message, back),
            (None, _) if self.backlog.len() < BRIDGE_EVENTS_QUEUED_MAX => {
                self.backlog.push_back(message);
                Route::Done
            }
            (None, Some(back)) => Route::Refuse(back),
            (None, None) => Route::Drop("nobody listens"),
        }
    }
}

/// Tells the child that its request reaches nobody.
///
/// Its id is spelled as the child spelled it, but canonical like everything that goes to a child.
fn refusal(frame: &Frame<'_>, code: i64, why: &str) -> Option<OneLine> {
    let id = match &frame.shape {
        Shape::Request(_, id) => id.raw(),
        Shape::Notification(_) | Shape::Response(..) => "null",
    };
    let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{why}"}}}}"#);
    OneLine::parse(text.as_bytes())
}
