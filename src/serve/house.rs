//! What every exchange shares.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{Method, Version};

use super::admin::LogDial;
use super::clock::Clock;
use super::drain::Drain;
use super::head::Doorplate;
use super::legacy_sse::Pairs;
use super::load::Load;
use super::pins::PinWatch;
use super::queues::Queues;
use super::sandbox::Standing;
use super::seldom::Seldom;
use super::tls::Tls;
use super::upstream::Upstream;
use crate::gate::{Denial, Gate, Laps, PinEvent, PinNotice, Record, Seed, Stage, Ticket, Wire};
use crate::limit::breaker::Notice;
use crate::mcp::TraceId;
use crate::policy::{Durability, Policy};
use crate::reader::Reader;
use crate::report::{Audit, Decisions, Metrics, NotDurable, StageClock, Tracer};
use crate::store::{CellStore, Introspector, KeySources, Live, RegistryStanding, Reload, SealFile};

/// One running gate: its judge, its policy, its server and its books.
pub struct House {
    /// The judge.
    pub gate: Gate,
    /// The policy in force.
    pub live: Arc<Live>,
    /// Where the keys of issuers come from.
    pub keys: Arc<KeySources>,
    /// Who reaches the store of shared limits.
    pub cells: Arc<CellStore>,
    /// How the registry stands, where one is followed.
    pub registry: Option<Arc<RegistryStanding>>,
    /// Who asks issuers about tokens.
    pub introspector: Arc<Introspector>,
    /// The server.
    pub upstream: Upstream,
    /// The audit trail.
    pub audit: Arc<Audit>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What measures the stages of judging.
    pub stages: Arc<StageClock>,
    /// What was decided of late.
    pub decisions: Decisions,
    /// The spans.
    pub tracer: Tracer,
    /// How far we are on the way out.
    pub drain: Arc<Drain>,
    /// The questions for the list of tools.
    pub pins: PinWatch,
    /// Who waits for a place among those in flight.
    pub queues: Queues,
    /// How much there is to do.
    pub load: Arc<Load>,
    /// The streams of HTTP+SSE that are open.
    pub pairs: Pairs,
    /// The clocks.
    pub clock: Clock,
    /// The file with the sealing secret, where there is one.
    pub seal: Option<SealFile>,
    /// Who reads prose, where a model was given.
    pub reader: Option<Reader>,
    /// TLS on the endpoint, where it is served.
    pub tls: Option<Arc<Tls>>,
    /// How much is logged.
    pub log_dial: LogDial,
    /// Changes that were asked for by whoever may not.
    pub refusals: Seldom,
    /// What the operator chose.
    pub settings: Settings,
}

/// Who may see the page of operators, the state and the decisions: they name users, tools and rules.
#[derive(Debug, Clone, Default)]
pub struct Viewers {
    /// Whether that is anybody who reaches the listener, or who does so from this machine or pod.
    pub reach: ViewerReach,
    /// Names by which a browser may call the listener, beside `localhost` and addresses.
    pub hosts: Vec<Box<str>>,
}

/// From where the page of operators may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ViewerReach {
    /// From wherever the listener can be reached.
    Anywhere,
    /// From this machine or pod: `kubectl port-forward` comes from there, too.
    #[default]
    Loopback,
}

/// Where clients connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// The address; the port is 0 where the system chose it.
    pub address: SocketAddr,
    /// Whether connections to other ports of the pod are led there, too.
    pub is_redirected: bool,
}

/// What the operator chose on the command line.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our names and those who may call from the web.
    pub plate: Doorplate,
    /// How long the head of a request may take, and the first byte of a connection.
    pub header_wait: Duration,
    /// How long the body of a request may take.
    pub body_wait: Duration,
    /// How long a stream may be silent before we say something.
    pub heartbeat: Duration,
    /// Where clients connect; `None` for a gate on pipes.
    pub listening: Option<Listening>,
    /// Who may see the page of operators, and by what names.
    pub viewers: Viewers,
    /// Which sandboxes are in force.
    pub sandboxes: Standing,
}

impl House {
    /// What the place of a message of this request in a trace is made of; `None` where nothing is traced.
    pub fn trace(&self, parts: &Parts, started: Instant) -> Option<Seed> {
        let verb = match parts.method {
            Method::DELETE => "DELETE",
            Method::GET => "GET",
            Method::POST => "POST",
            _ => "_OTHER",
        };
        let version = if parts.version == Version::HTTP_2 { "2" } else { "1.1" };
        self.tracer.seed(started, Wire::Http { verb, version })
    }

    /// Writes down and counts what happened to one message, and wakes who waits for a place that it had. To be called
    /// when it has ended: its places are free then.
    ///
    /// A record that finds no room is counted by the audit itself; from then on [`House::vouch`] says no, to all
    /// but those that go on without a record.
    pub fn tell(&self, record: &Record) {
        self.metrics.count(record);
        self.decisions.note(record, self.audit.alias(record.caller.as_deref()));
        self.tracer.tell(record);
        self.notice(record);
        self.tell_drifts(&record.policy, &record.drifts);
        self.queues.freed(&record.places);
        let _laps = Laps::begin(Some(&*self.stages), Stage::Audit);
        if let Err(full) = self.audit.offer(record) {
            tracing::error!(%full, trace_id = trace_id(record), "an audit record was lost");
        }
    }

    /// Tells what breakers made of one message, and nothing else of it: it is asked about again.
    pub fn notice(&self, record: &Record) {
        self.metrics.noticed(&record.notices);
        for (branch, Notice { tool, change }) in &record.notices {
            let (upstream, tool) = (branch.as_str(), tool.as_deref().unwrap_or("the whole server"));
            let rest_ms = change.rest.map(|rest| rest.as_millis());
            let (from, to, cause) = (change.from.as_str(), change.to.as_str(), change.cause.as_str());
            let trace_id = trace_id(record);
            tracing::warn!(upstream, tool, from, to, cause, rest_ms, trace_id, "a breaker changed its state");
        }
    }

    /// Tells of tools that were seen to be something else than what was approved.
    pub fn tell_drifts(&self, policy: &Policy, notices: &[PinNotice]) {
        for notice in notices {
            self.metrics.pin_noticed(notice);
            self.audit.drifted(policy, notice);
            let (tool, event, action) = (&*notice.tool, notice.event.as_str(), notice.action.as_str());
            let detail = &*notice.detail;
            if notice.event == PinEvent::Restored {
                tracing::info!(tool, detail, "a tool is again what was approved");
            } else {
                tracing::warn!(tool, event, action, detail, "a tool is not what was approved");
            }
        }
    }

    /// Notes that the server has answered; what it said of its tools before it was away counts no more.
    pub fn reached(&self) {
        if self.metrics.is_upstream_lost() {
            self.gate.unsettle(self.clock.now());
        }
        self.metrics.upstream_answered();
    }

    /// Notes whether a process of the server was followed by another one, of which nobody was told; what the first
    /// said of its tools counts no more.
    pub fn note_restarts(&self) {
        if self.upstream.bridge().is_some_and(|bridge| self.pins.is_renewed(bridge.renewals())) {
            self.gate.unsettle(self.clock.now());
        }
    }

    /// Makes as sure as its policy wants it that a message is written down, before it is forwarded. Waits only where
    /// the disk has to have its record, `AUDIT_STRICT_WAIT` at most.
    ///
    /// # Errors
    /// [`Denial::AuditUnavailable`]: it may not be forwarded.
    pub async fn vouch(&self, ticket: &mut Ticket) -> Result<(), Denial> {
        if self.is_awaited(ticket.record())? {
            let _laps = Laps::begin(Some(&*self.stages), Stage::Audit);
            let admitted = self.audit.admit(ticket.record()).await.map_err(unavailable)?;
            ticket.admitted(admitted.0);
        }
        Ok(())
    }

    /// [`House::vouch`] where one thread serves one client, which waits for nothing else.
    ///
    /// # Errors
    /// See there.
    pub fn vouch_blocking(&self, ticket: &mut Ticket) -> Result<(), Denial> {
        if self.is_awaited(ticket.record())? {
            let _laps = Laps::begin(Some(&*self.stages), Stage::Audit);
            let admitted = self.audit.admit_blocking(ticket.record()).map_err(unavailable)?;
            ticket.admitted(admitted.0);
        }
        Ok(())
    }

    /// Whether the disk has to have a record of this message first.
    fn is_awaited(&self, record: &Record) -> Result<bool, Denial> {
        match record.durability() {
            Durability::BestEffort => Ok(false),
            Durability::Buffered if self.is_auditing() => Ok(false),
            Durability::Buffered => Err(Denial::AuditUnavailable),
            Durability::Strict => Ok(true),
        }
    }

    /// Reads the policy and the certificates again, as SIGHUP wants; what came of it is told to whoever opened them.
    /// Blocks on the disk.
    pub fn reload(&self) -> Reload {
        let reload = self.live.reload();
        self.tls.iter().for_each(|tls| tls.refresh());
        reload
    }

    /// Whether the audit takes records now.
    pub fn is_auditing(&self) -> bool {
        self.audit.is_healthy()
    }
}

/// The trace that a record belongs to, for the log.
pub fn trace_id(record: &Record) -> Option<tracing::field::DisplayValue<TraceId>> {
    record.trace.as_deref().map(|trace| tracing::field::display(trace.server().trace_id))
}

fn unavailable(_: NotDurable) -> Denial {
    Denial::AuditUnavailable
}
