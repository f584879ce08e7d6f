//! The order of the checks: what a message must pass to reach the server, and to come back.
//!
//! ```text
//! Ask -> identify -> open -> read -> classify -> agree -> resolve -> allow -> consult -> charge -> scan -> restore -> Ticket
//!                                                                                                                      |
//! Record <- settle <- release <- seal <- redact, filter <- correlate <- read <----------------------- answer +
//! ```
//!
//! [`Gate::admit`] is the one function that makes a [`Ticket`], and the checks stand in it in the order
//! in which they are made, the cheapest first. Whatever cannot be decided is refused. In shadow mode
//! the rules only report; what keeps two parsers from reading one message differently acts always.
//!
//! The gate does no I/O and reads no clock: time comes in as [`Now`].

mod answer;
mod ask;
mod assurance;
mod batch;
mod blot;
mod calls;
mod candidate;
mod charging;
mod conversation;
mod correlate;
mod ending;
mod eras;
mod facts;
mod flows;
mod handles;
mod health;
mod hints;
mod instructions;
mod laps;
mod limited;
mod listing;
mod outdated;
mod pins;
mod prose;
mod reason;
mod record;
mod refusal;
mod restore;
mod rounds;
mod rules;
mod seal;
mod session;
#[cfg(test)]
mod stage;
mod stray;
mod subscriptions;
mod suspects;
mod ticket;
mod trace;
mod versions;
mod ward;
mod wire;
mod words;

use std::sync::Arc;

use bytes::Bytes;

pub use answer::{Carrier, Release, Said};
pub use ask::{Ask, Errand, Origin, Way};
pub use candidate::{Candidate, Trial};
pub use conversation::{Conversation, Source};
pub use ending::{Ending, Outcome, Overhead, Sizes};
pub use facts::Testimony;
pub use flows::Closed;
pub use hints::Hint;
pub use laps::{Laps, Stage, Stopwatch};
pub use limited::Limited;
pub use outdated::Outdated;
pub use pins::{Inventory, PageFault, PinEvent, PinNotice, Quarantined, Standpoint};
pub use prose::Unread;
pub use reason::Reason;
pub use record::{Action, List, Record, Restore, RestoreResult, Unlisted, Verdict};
pub use refusal::{Denial, Unexchanged};
pub use seal::{Handle, SealKey, Sealer, WeakSecret, fuzz_seal};
pub use stray::Stray;
pub use ticket::{Tally, Ticket};
pub use trace::{Forwarded, Sampler, Seed, Share, Trace, Transport, Wire};
pub use versions::Called;
pub use ward::{Branch, Crowd, Repeat};
pub use wire::Reply;
pub use words::Words;

use crate::identity::{Caller, Finding, Refused, Replays};
use crate::json::Document;
use crate::limit::{Answered, Conversations, Leases, Ledger};
use crate::mcp::{self, Claims, Sender};
use crate::names::Now;
use crate::policy::Policy;
use crate::scan::{Drawer, Vault};
use ask::{claims, evidence, subject, whole};
use blot::Blotter;
use calls::Calls;
use eras::Eras;
use flows::Flows;
use health::Health;
use pins::Pins;
use rules::Topic;
use session::{spoken, unread};
use suspects::Suspects;
use ticket::{Judged, Passage, Session};
use versions::Asker;
use ward::{Traveller, Ward};

/// The judge of every message: shared counters, and nothing else of its own.
///
/// The policy comes with each message, so that a reload takes effect at once and forgets no count.
#[derive(Debug)]
pub struct Gate {
    ledger: Arc<Ledger>,
    talks: Conversations,
    tally: Arc<Tally>,
    sealer: Sealer,
    calls: Calls,
    eras: Eras,
    candidate: Arc<Candidate>,
    replays: Replays,
    suspects: Suspects,
    pins: Pins,
    flows: Flows,
    vault: Vault,
    blotter: Blotter,
    /// `None` where nobody looks after the server.
    ward: Option<Arc<Ward>>,
    /// `None` where nobody measures.
    stopwatch: Option<Arc<dyn Stopwatch>>,
}

/// A refused message: what is written down, and why.
#[derive(Debug)]
pub struct Refusal {
    /// What is written down; its reason and rule are filled in.
    pub record: Box<Record>,
    /// Why, and so what the caller is told.
    pub denial: Denial,
}

impl Gate {
    /// A gate that has counted nothing yet, seals with `key`, and keeps values in `vault`.
    pub fn new(key: SealKey, vault: Vault) -> Self {
        Self {
            ledger: Arc::default(),
            talks: Conversations::default(),
            tally: Arc::default(),
            sealer: Sealer::new(key),
            calls: Calls::default(),
            eras: Eras::default(),
            candidate: Arc::default(),
            replays: Replays::default(),
            suspects: Suspects::default(),
            pins: Pins::default(),
            flows: Flows::default(),
            vault,
            blotter: Blotter::new(),
            ward: None,
            stopwatch: None,
        }
    }

    /// The same gate, which lets the policy in `candidate` judge beside the one in force.
    #[must_use]
    pub fn beside(self, candidate: Arc<Candidate>) -> Self {
        Self { candidate, ..self }
    }

    /// The same gate, which holds shared limits by `leases`.
    #[must_use]
    pub fn sharing(self, leases: Arc<Leases>) -> Self {
        Self { ledger: Arc::new(Ledger::default().sharing(leases)), ..self }
    }

    /// The same gate, whose stages are measured by `stopwatch`.
    #[must_use]
    pub fn timed(self, stopwatch: Arc<dyn Stopwatch>) -> Self {
        Self { stopwatch: Some(stopwatch), ..self }
    }

    fn laps(&self, stage: Stage) -> Laps<'_> {
        Laps::begin(self.stopwatch.as_deref(), stage)
    }

    /// Finds out who calls, before a byte of the body is read.
    ///
    /// A source whose tokens fail too often is refused before another one is verified. Where finding out
    /// takes asking somebody, says whom: the shell asks, and calls again.
    pub fn identify(&self, policy: &Policy, ask: &Ask<'_>) -> Finding {
        let _laps = self.laps(Stage::Authn);
        let (directory, evidence) = (&policy.directory, evidence(ask, &self.replays));
        let Some(peer) = ask.origin.peer.map(|peer| peer.ip()) else {
            return directory.verify(&evidence, ask.now);
        };
        if let Some(finding) = directory.recollect(&evidence, ask.now) {
            return finding;
        }
        if self.suspects.holds(peer, ask.now.steady) {
            return Finding::Refused(Refused::TooOften);
        }
        let finding = directory.verify(&evidence, ask.now);
        if matches!(finding, Finding::Refused(Refused::Invalid(_) | Refused::Proof(_))) {
            self.suspects.note(peer, ask.now.steady);
        }
        finding
    }

    /// Notes that a token did not hold, of which somebody else had to be asked.
    pub fn suspect(&self, ask: &Ask<'_>) {
        if let Some(peer) = ask.origin.peer {
            self.suspects.note(peer.ip(), ask.now.steady);
        }
    }

    /// Judges one message from an identified client.
    ///
    /// # Errors
    /// A [`Refusal`] that names the first check that failed. Limits are charged after the rules have
    /// allowed a call and before its arguments are searched, so that searching is limited too.
    pub fn admit(
        &self,
        policy: &Arc<Policy>,
        caller: &Arc<Caller>,
        ask: &Ask<'_>,
    ) -> Result<Ticket, Refusal> {
        let mut record = Record::open(policy, Some(caller), ask);
        let handles = self.handles(policy, caller, ask.now);
        let passage = self.session(&handles, ask).and_then(|session| match &ask.errand {
            Errand::Say(body) => self.judge(policy, caller, ask, (body, session), &mut record),
            Errand::Listen | Errand::Leave => {
                self.stream(&handles, ask, session.as_ref()).and_then(|passage| {
                    let scope = restore::scope(&self.vault, policy, caller, ask, None);
                    let is_leaving = matches!(ask.errand, Errand::Leave);
                    let health = if is_leaving { Health::default() } else { self.seat(policy)? };
                    let hold = self.charge_stream(policy, caller, ask, &mut record)?;
                    Ok(Passage { scope, hold, health, ..passage })
                })
            }
        });
        match passage {
            Ok(mut passage) => {
                passage.subject = subject(policy, caller, ask);
                record.trace.iter().for_each(|trace| trace.claim(&mut passage.claims));
                Ok(Ticket::open(record, passage, &self.tally))
            }
            Err(denial) => Err(Refusal::new(record, denial)),
        }
    }

    /// Steps 4 to 10 of the path of a message, in this order.
    fn judge(
        &self,
        policy: &Policy,
        caller: &Caller,
        ask: &Ask<'_>,
        (body, session): (&Bytes, Option<Session>),
        record: &mut Record,
    ) -> Result<Passage, Denial> {
        let laps = self.laps(Stage::Parse);
        let body = whole(ask.way, body);
        let document = Document::parse_with(&body, policy.strict.duplicate_keys)
            .map_err(|fault| Denial::Envelope(fault.into()))?;
        let message = mcp::envelope::read(&document, Sender::Client).map_err(|fault| {
            record.request_id.clone_from(&fault.id);
            unread(fault, &document)
        })?;
        record.describe(&message);
        let meta = message.params().and_then(mcp::call::meta);
        record.conversation = conversation::of(policy, caller, ask, meta);
        let negotiated = session.as_ref().and_then(|session| self.calls.revision(session.key));
        let claimed = claims(ask.headers, negotiated, self.eras.spoken());
        let speech = spoken(ask.way, &claimed, &message)?;
        record.revision = Some(speech.revision);
        drop(laps);
        let conversation = record.conversation;
        let conversation = conversation.as_ref().map(|conversation| conversation.id.as_slice());
        let asker = Asker { policy, caller, conversation, now: ask.now };
        match self.resolve(asker, &document, &message, record)? {
            None => {
                let (body, is_translated) = (&body, false);
                let (document, message, claimed) = (&document, &message, &claimed);
                let read = Judged { body, document, message, claimed, is_translated, speech };
                self.weigh(policy, caller, ask, (&read, session), record)
            }
            Some(body) => {
                let broken = || Denial::Internal("a translated call no longer reads as a message".into());
                let document =
                    Document::parse_with(&body, policy.strict.duplicate_keys).map_err(|_| broken())?;
                let message = mcp::envelope::read(&document, Sender::Client).map_err(|_| broken())?;
                let is_translated = record.is_translated();
                // Its headers told of other arguments.
                let params = if is_translated { Vec::new() } else { claimed.params };
                let (body, document, message) = (&body, &document, &message);
                let claimed = &Claims { params, ..claimed };
                let read = Judged { body, document, message, claimed, is_translated, speech };
                self.weigh(policy, caller, ask, (&read, session), record)
            }
        }
    }

    /// The rest of those steps, for the message that the server would get.
    fn weigh(
        &self,
        policy: &Policy,
        caller: &Caller,
        ask: &Ask<'_>,
        (read, session): (&Judged<'_>, Option<Session>),
        record: &mut Record,
    ) -> Result<Passage, Denial> {
        let Judged { message, speech, .. } = *read;
        let mut laps = self.laps(Stage::Policy);
        let mut edits = trace::join(record, message.params().and_then(mcp::call::meta));
        let handles = self.handles(policy, caller, ask.now);
        let topic = Topic::of(message, &handles).map_err(|denial| match denial {
            // Nobody can have a task of a server without tasks: it knows no such method.
            Denial::Handle(Handle::Task) if self.eras.lacks_tasks() => Denial::NoMethod(speech.era),
            denial => denial,
        })?;
        self.blotter.aim(policy, &topic, record);
        let version = record.called.as_deref().map(|called| called.number);
        let standing = policy.standing(caller, ask.now.unix_ms).on(version);
        if let Topic::Call(call) = &topic {
            record.testimony = facts::testify(policy, call, message);
        }
        let allowed = rules::allow(policy, caller, &standing, &topic, record);
        let live = if allowed.is_err() { Verdict::Deny } else { record.verdict };
        record.trial = self.candidate.hear(caller, &topic, (ask.now.unix_ms, version), live).map(Box::new);
        allowed?;
        self.keep_to_pins(policy, (caller, ask), &topic, record)?;
        let talk = self.follow_flows(policy, caller, &topic, ask.now, record)?;
        laps.next(Stage::Ratelimit);
        let is_bound = session.is_some();
        let traveller = Traveller { policy, caller, ask, topic: &topic, message, is_bound };
        let health = self.consult(traveller, record)?;
        let hold = self.charge(policy, caller, ask, (&topic, message), record)?;
        laps.next(Stage::Dlp);
        let scope = restore::scope(&self.vault, policy, caller, ask, Some(message));
        let drawer = scope.map(|scope| Drawer { vault: &self.vault, scope, now: ask.now });
        edits.append(rules::search(policy, message, &restore::desk(drawer, caller, None, &[]), record)?);
        restore::restore(policy, drawer, &topic, message, &mut edits, record)?;
        drop(laps);
        edits.append(handles.opened(message, topic.target())?);
        subscriptions::narrow(policy, &standing, &handles, message, &mut edits);
        let is_first_page = listing::is_first_page(message);
        let mut passage = Passage { scope, hold, health, talk, is_first_page, ..Passage::empty() };
        passage.version = self.version_of_task(&handles, message)?;
        passage.fill(policy, read, edits)?;
        passage.timeout = topic.tool_name().and_then(|name| policy.tool(name)).and_then(|tool| tool.timeout);
        self.enter(&handles, message, session, &mut passage)?;
        Ok(passage)
    }

    /// Ends a ticket: the record of what happened, for audit and metrics. What its limits guessed is made good.
    pub fn settle(&self, ticket: Ticket, ending: Ending) -> Box<Record> {
        let (mut record, Passage { hold, tokens, health, talk, .. }) = ticket.spend();
        let is_sent = matches!(record.action, Action::Allow | Action::Redact | Action::ShadowDeny);
        if is_sent && record.outcome == Outcome::Cancelled {
            // Its answer may come another way, as on a stream that is resumed.
            self.mark(&record.policy, talk, record.target.as_deref());
            self.mark_unseen(&record.policy, talk);
        }
        record.tokens = tokens;
        if let Some(hold) = hold {
            let answered = Answered { response_bytes: ending.bytes, response_tokens: tokens };
            hold.settle(answered, ending.duration);
        }
        health.settle(&mut record, &ending);
        record.close(ending);
        record
    }

    /// Seals with `key` from now on; what the key before it has sealed still opens for a day.
    pub fn rotate(&self, key: SealKey, now: Now) {
        self.sealer.rotate(key, now);
    }

    /// The counters of all limits.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The values behind tokens.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// How many tickets were made and settled.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl Refusal {
    /// Completes the record of a message that goes no further.
    pub fn new(mut record: Box<Record>, denial: Denial) -> Self {
        record.refuse(&denial);
        Self { record, denial }
    }
}
