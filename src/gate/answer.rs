//! Judging what the server says: correlate, filter, redact, seal.

use std::sync::Arc;

use bytes::Bytes;

use super::correlate::{Belonging, correlate};
use super::handles::Handles;
use super::{
    Denial, Gate, Outcome, Policy, Record, Stage, Stray, Ticket, Unread, instructions, listing, prose,
    restore, rounds, rules,
};
use crate::json::{self, Document, Output, Splice};
use crate::mcp::{self, Era, Message, Method, Revision, Sender};
use crate::names::Now;
use crate::scan::fit::Fitting;
use crate::scan::{Desk, Direction, Drawer, Sighting, Told};

/// What becomes of one message of the server.
#[derive(Debug)]
pub enum Release {
    /// It is not for this client, and nothing waits for it: say nothing.
    Drop(Stray),
    /// It is not for this client, and the server waits: send it these words, with [`Gate::objection`].
    Object {
        /// Why it was dropped.
        stray: Stray,
        /// A JSON-RPC error for the server.
        back: Bytes,
    },
    /// Hand over these bytes.
    Pass {
        /// The message, edited where it had to be.
        body: Bytes,
        /// Whether this answers the ticket's request, so that nothing more is owed.
        is_answer: bool,
    },
    /// It may not be handed over; the client is owed these words in its place.
    Withhold(Denial),
}

/// How messages of the server reach the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// One of several, as events of a stream.
    Event,
    /// The one body of an answer.
    Whole,
}

/// One message of the server, as the shell brings it.
#[derive(Debug)]
pub struct Said<'s> {
    /// Its bytes.
    pub body: &'s Bytes,
    /// How it came.
    pub carrier: Carrier,
    /// What a model saw in its prose, where [`Gate::prose`] gave any to read; or why it was not read.
    pub read: Result<Told, Unread>,
}

impl<'s> Said<'s> {
    /// A message whose prose nobody reads: where there is no model, it is judged as if it had seen nothing.
    pub fn plainly(body: &'s Bytes, carrier: Carrier) -> Self {
        Self { body, carrier, read: Ok(Told::default()) }
    }
}

/// A message of the server that belongs to something here.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub body: &'a Bytes,
    pub document: &'a Document<'a>,
    pub message: &'a Message<'a>,
    pub belonging: Belonging,
    pub carrier: Carrier,
    pub read: &'a Result<Told, Unread>,
}

impl Gate {
    /// Judges one message of the server, whole.
    ///
    /// `policy` is the one in force now: a long stream is judged by the current rules at each event.
    /// Whatever is no strict JSON-RPC message, or answers something that was never asked here, is
    /// not handed over. Bytes that nothing touches are handed over as they came, without a copy.
    pub fn inspect(&self, policy: &Arc<Policy>, ticket: &mut Ticket, said: &Said<'_>, now: Now) -> Release {
        let Said { body, carrier, read } = said;
        let carrier = *carrier;
        let unreadable = |ticket: &Ticket, text: String| {
            if carrier == Carrier::Event && (!ticket.wants_answer() || ticket.is_answered()) {
                Release::Drop(Stray::Unreadable)
            } else {
                Release::Withhold(Denial::AnswerWithheld(text.into()))
            }
        };
        let mut laps = self.laps(Stage::Parse);
        let body = match carrier {
            Carrier::Event => Bytes::clone(body),
            Carrier::Whole => body.slice_ref(json::unmarked(body)),
        };
        let document = match Document::parse_with(&body, policy.strict.duplicate_keys) {
            Ok(document) => document,
            Err(fault) => return unreadable(ticket, format!("not acceptable JSON: {fault}")),
        };
        let message = match mcp::envelope::read(&document, Sender::Server) {
            Ok(message) => message,
            Err(fault) => return unreadable(ticket, format!("not a JSON-RPC message: {fault}")),
        };
        let Some(caller) = ticket.record.caller.clone() else {
            return Release::Withhold(Denial::Internal("an answer to nobody".into()));
        };
        let handles = self.handles(policy, &caller, now);
        let belonging = match correlate(policy, ticket, &handles, &message, carrier) {
            Ok(belonging) => belonging,
            Err(release) => return release,
        };
        self.overhear(&message, now);
        self.note(ticket, belonging, &message, &handles);
        if let Some(denial) = ask_back(policy, ticket, &handles, belonging, &message) {
            return refuse(belonging, denial);
        }
        laps.next(Stage::Policy);
        let mut splice = Splice::default();
        if let (Message::Result { result, .. }, Some(method)) = (&message, belonging.method(ticket)) {
            let standing = policy.standing(&caller, now.unix_ms);
            let look = self.look(policy, ticket, method, *result, now);
            ticket.record.unlisted =
                listing::filter(policy, &standing, (method, *result), &look, &mut splice);
            ticket.record.drifts.extend(look.notices);
            self.mark(policy, ticket.passage.talk, ticket.record.target.as_deref());
        }
        laps.next(Stage::Dlp);
        let heard = Heard { body: &body, document: &document, message: &message, belonging, carrier, read };
        let reformed = match self.reform(policy, ticket, &heard, (&mut splice, now)) {
            Ok(None) => return self.polish(policy, ticket, &handles, &heard, splice),
            Ok(Some(reformed)) => Bytes::from(reformed),
            Err(denial) => return refuse(belonging, denial),
        };
        let broken =
            || refuse(belonging, Denial::Internal("an answer that was translated is no message".into()));
        let Ok(document) = Document::parse_with(&reformed, policy.strict.duplicate_keys) else {
            return broken();
        };
        let Ok(message) = mcp::envelope::read(&document, Sender::Server) else { return broken() };
        let heard = Heard { body: &reformed, document: &document, message: &message, ..heard };
        self.polish(policy, ticket, &handles, &heard, Splice::default())
    }

    /// Hides what may not be seen of a message that belongs here, and writes it.
    fn polish(
        &self,
        policy: &Policy,
        ticket: &mut Ticket,
        handles: &Handles<'_>,
        heard: &Heard<'_>,
        mut splice: Splice,
    ) -> Release {
        let Heard { body, document, message, belonging, carrier, read } = *heard;
        if let Err(denial) = self.redact(policy, ticket, handles, (belonging, message, read), &mut splice) {
            return refuse(belonging, denial);
        }
        match instructions::defuse(policy, ticket, (belonging, message), &mut splice) {
            Ok(has_orders) => self.mark_content(policy, ticket, has_orders),
            Err(denial) => return refuse(belonging, denial),
        }
        let subject = ticket.record.target.as_deref().unwrap_or_default();
        let version = ticket.record.translated_version();
        splice.append(handles.sealed(message, belonging.method(ticket), (subject, version)));
        self.note_round(policy, handles, message);
        if let (Message::Result { result, .. }, false) = (message, splice.is_empty()) {
            listing::keep_private(*result, &mut splice);
        }
        let output = match carrier {
            Carrier::Event => Output::Ascii,
            Carrier::Whole => policy.strict.output,
        };
        match written(policy, body, document, splice, output) {
            Some(body) => {
                ticket.count_tokens(&body);
                Release::Pass { body, is_answer: belonging == Belonging::Answer }
            }
            None => refuse(belonging, Denial::Internal("an edited answer is no longer JSON".into())),
        }
    }

    /// Writes down what an answer settles.
    fn note(&self, ticket: &mut Ticket, belonging: Belonging, message: &Message<'_>, handles: &Handles<'_>) {
        if belonging == Belonging::Answer {
            ticket.record.outcome = outcome(message);
            ticket.passage.health.heard(message);
            if let Some(method) = ticket.record.method {
                self.eras.learn(method, message);
            }
        }
        let Some(id) = message.id().filter(|_| !matches!(belonging, Belonging::Word(_))) else { return };
        if let (Some(Method::Initialize), Message::Result { result, .. }) =
            (belonging.method(ticket), message)
        {
            let version = result.get("protocolVersion").and_then(|version| version.string());
            ticket.passage.negotiated = version.and_then(|version| Revision::parse(&version));
        }
        let Some(session) = ticket.passage.session else { return };
        if let Some(revision) = ticket.passage.negotiated {
            handles.calls.negotiated(session, revision);
        }
        if let (Message::Result { result, .. }, Some(token)) = (message, &ticket.passage.progress)
            && result.get("task").is_some()
        {
            handles.calls.keep_reporting(session, token);
        }
        handles.calls.answered(session, id);
    }
}

/// The bytes to hand over: edited, and written so that no reader takes them for more than one line.
fn written(
    policy: &Policy,
    body: &Bytes,
    document: &Document<'_>,
    splice: Splice,
    output: Output,
) -> Option<Bytes> {
    if splice.is_empty() {
        return Some(json::canonical(document, output).map_or_else(|| body.clone(), Bytes::from));
    }
    let edited = splice.apply(body);
    // Edits replace values by values, so a text without hazards is known to be JSON without a second look.
    if std::str::from_utf8(&edited).is_ok_and(|text| json::is_canonical(text, output)) {
        return Some(edited.into());
    }
    let document = Document::parse_with(&edited, policy.strict.duplicate_keys).ok()?;
    let canonical = json::canonical(&document, output);
    Some(canonical.unwrap_or(edited).into())
}

/// Judges what the server asks the client for in an answer, or in word of a task.
fn ask_back(
    policy: &Policy,
    ticket: &Ticket,
    handles: &Handles<'_>,
    belonging: Belonging,
    message: &Message<'_>,
) -> Option<Denial> {
    if ticket.era() != Some(Era::Modern) {
        return None;
    }
    match message {
        Message::Result { result, .. } => {
            rounds::judge(policy, ticket, handles, belonging.method(ticket)?, *result)
        }
        Message::Notification { params, .. } => {
            let requests = (*params)?.get("inputRequests")?;
            rounds::judge_requests(policy, ticket, handles, requests)
        }
        Message::Error { .. } | Message::Request { .. } => None,
    }
}

/// Whether a JSON string holds what a rule would hide or stop in an answer.
pub(super) fn is_secret(policy: &Policy, raw: &str) -> bool {
    Document::parse(raw.as_bytes()).is_ok_and(|document| {
        let sighting = policy.redaction.scan(Direction::Results, document.root());
        !sighting.splice.is_empty() || sighting.blocked.is_some()
    })
}

/// Says no in place of an answer; anything else is dropped, for nobody waits for it.
fn refuse(belonging: Belonging, denial: Denial) -> Release {
    match belonging {
        Belonging::Answer => Release::Withhold(denial),
        Belonging::LateAnswer(_) | Belonging::Word(_) => Release::Drop(Stray::Content),
    }
}

impl Ticket {
    /// How the request has ended so far; [`Outcome::Cancelled`] until an answer came.
    pub fn outcome(&self) -> Outcome {
        self.record.outcome
    }

    /// Whether the answer that is owed has come.
    pub fn is_answered(&self) -> bool {
        self.record.outcome != Outcome::Cancelled
    }

    /// Notes that the answer was withheld, and why.
    pub fn withhold(&mut self, denial: &Denial) {
        self.passage.health.failed(denial);
        self.record.refuse(denial);
    }
}

impl Gate {
    /// Adds the edits that hide what may not be seen; a denial where hiding is not enough.
    fn redact(
        &self,
        policy: &Policy,
        ticket: &mut Ticket,
        &Handles { caller, now, .. }: &Handles<'_>,
        (belonging, message, read): (Belonging, &Message<'_>, &Result<Told, Unread>),
        splice: &mut Splice,
    ) -> Result<(), Denial> {
        let Some(subject) = rules::carrier(message) else { return Ok(()) };
        let scope = ticket.passage.scope;
        let echoes = restore::echoes(&self.vault, scope, now);
        if policy.redaction.is_empty(Direction::Results) && echoes.is_empty() {
            return Ok(());
        }
        let told = prose::told(policy, read)?;
        let is_result = matches!(message, Message::Result { .. }) && belonging == Belonging::Answer;
        let drawer = scope.map(|scope| Drawer { vault: &self.vault, scope, now });
        let record = &mut ticket.record;
        let desk = Desk { told, ..restore::desk(drawer, caller, restore::origin(record), &echoes) };
        let (sighting, fitting) = match tool_of(record).filter(|_| is_result) {
            Some(tool) => policy.scan_result(&desk, tool, subject),
            None => (policy.redaction.scan_at(&desk, Direction::Results, subject), Fitting::default()),
        };
        if sighting.findings.is_empty() {
            return Ok(());
        }
        let Sighting { splice: edits, findings, blocked } = sighting;
        let denial = blocked.and_then(|index| findings.get(index)).map(|finding| Denial::ContentWithheld {
            kind: finding.detector.as_str(),
            path: finding.path.clone(),
            is_secret: finding.detector.is_secret(),
        });
        if !edits.is_empty() && record.action == super::Action::Allow {
            record.action = super::Action::Redact;
        }
        splice.append(edits);
        record.fitting = fitting;
        record.note_findings(Direction::Results, findings);
        denial.map_or(Ok(()), Err)
    }
}

/// The tool whose result an answer to the request is.
pub(super) fn tool_of(record: &Record) -> Option<&str> {
    let is_call = matches!(record.method, Some(Method::ToolsCall | Method::TasksResult));
    record.target.as_deref().filter(|_| is_call)
}

fn outcome(message: &Message<'_>) -> Outcome {
    match message {
        Message::Result { result, .. } => match result.get("isError").and_then(|flag| flag.boolean()) {
            Some(true) => Outcome::ToolError,
            Some(false) | None => Outcome::Success,
        },
        Message::Error { error, .. } => {
            Outcome::Error(error.get("code").and_then(|code| code.integer()).unwrap_or_default())
        }
        Message::Request { .. } | Message::Notification { .. } => Outcome::Success,
    }
}
