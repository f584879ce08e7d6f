//! What every verb that runs the gate opens first: the audit, the policy, the server's command.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::output::paint;
use super::{Exit, time};
use crate::bounds::AUDIT_FILE_MIB;
use crate::gate::{Candidate, Gate, SealKey};
use crate::identity::KeyPlace;
use crate::limit::Leases;
use crate::names::Mode;
use crate::policy::Registry;
use crate::report::{
    Actors, Audit, AuditSettings, AuditSink, CredentialResult, Metrics, NameLabel, Place, Rotation, Tracer,
    WhenFull,
};
use crate::serve::{Child, Clock, ViewerReach, Viewers};
use crate::store::{
    CellStore, Event, Fetcher, Followers, Introspector, KeyNews, KeySources, Live, LoadFault, Passes, Places,
    Reach, Reloaded, StoreNews, Trust, Watch, fresh_vault,
};

/// How users stand in audit records.
#[derive(Debug, Args)]
pub struct ActorOptions {
    /// A file whose bytes key the pseudonyms of users in audit records; made at start if not given
    #[arg(long, value_name = "FILE")]
    pub(super) actor_key: Option<PathBuf>,
    /// Write users into audit records as they are, not as pseudonyms
    #[arg(long, conflicts_with = "actor_key")]
    plain_actors: bool,
}

/// How the audit trail lasts.
#[derive(Debug, Args)]
pub struct TrailOptions {
    /// MiB at which the audit file is put aside, as NAME.TIME.jsonl, and a new one begun; by default never
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(AUDIT_FILE_MIB))]
    audit_file_mib: Option<u64>,
    /// Age at which the audit file is put aside; by default never
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    audit_file_age: Option<Duration>,
    /// How many audit files that were put aside are kept, older ones are removed; by default all
    #[arg(long, value_name = "NUMBER")]
    audit_keep: Option<usize>,
    /// What a full disk means
    #[arg(long, value_enum, value_name = "WHAT", default_value = "refuse")]
    audit_when_full: WhenFullWord,
    /// A private key of Ed25519 (PEM) that signs checkpoints of the audit; they go into it and to the log
    #[arg(long, value_name = "FILE")]
    pub(super) audit_sign_key: Option<PathBuf>,
    /// The pod that runs the gate, for audit records
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    pod: Option<Box<str>>,
    /// The Kubernetes namespace of the pod, for audit records
    #[arg(long, value_name = "NAME", env = "POD_NAMESPACE")]
    namespace: Option<Box<str>>,
}

/// What a full disk means to an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum WhenFullWord {
    /// Remove audit files that were put aside, the oldest first
    DropOldest,
    /// Remove nothing: records wait, and what must not go unrecorded is refused
    Refuse,
}

/// Which names of the policy become labels of metrics.
#[derive(Debug, Args)]
pub struct NamingOptions {
    /// Count by names of the policy too, in sluicegate_rule_hits_total and sluicegate_tool_calls_total; whoever may
    /// scrape reads them then. May be repeated
    #[arg(long, value_enum, value_name = "NAMES")]
    metrics_by: Vec<NameWord>,
}

/// Names of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum NameWord {
    /// The rule or limit that decided, up to 200 of them
    Rule,
    /// The tool that was called and what was done, up to 100 of them
    Tool,
}

/// The counters of a gate that takes `requests_max` requests at once.
pub(super) fn metrics(options: &NamingOptions, requests_max: usize) -> Arc<Metrics> {
    let label = |word: &NameWord| match word {
        NameWord::Rule => NameLabel::Rule,
        NameWord::Tool => NameLabel::Tool,
    };
    let labels: Vec<NameLabel> = options.metrics_by.iter().map(label).collect();
    let metrics = Metrics::naming(&labels);
    metrics.set_inflight_limit(requests_max);
    Arc::new(metrics)
}

/// The judge, with everything beside it that `run` and `stdio` have alike.
pub(super) fn gate(key: SealKey, candidate: Arc<Candidate>, leases: Arc<Leases>, metrics: &Metrics) -> Gate {
    let gate = Gate::new(key, fresh_vault()).beside(candidate).sharing(leases);
    gate.watchful().timed(metrics.stages())
}

/// Who may see the page of operators.
#[derive(Debug, Args)]
pub struct ViewerOptions {
    /// From where operators may see the page, the state and the decisions, which name users, tools and rules;
    /// metrics and probes are for whoever reaches the listener
    #[arg(long, value_enum, value_name = "WHERE", default_value = "loopback")]
    admin_page: ViewerReachWord,
    /// A name by which a browser may call the operators' listener, beside localhost and addresses; may be repeated
    #[arg(long, value_name = "NAME")]
    admin_host: Vec<Box<str>>,
}

/// From where the page of operators may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ViewerReachWord {
    /// From wherever the listener can be reached: put somebody in front of it who asks for a password
    Anywhere,
    /// From this machine or pod; `kubectl port-forward` counts as such
    Loopback,
}

impl ViewerOptions {
    /// What they say.
    pub(super) fn viewers(&self) -> Viewers {
        let reach = match self.admin_page {
            ViewerReachWord::Anywhere => ViewerReach::Anywhere,
            ViewerReachWord::Loopback => ViewerReach::Loopback,
        };
        Viewers { reach, hosts: self.admin_host.clone() }
    }
}

/// How a policy is tried before it takes effect.
#[derive(Debug, Args)]
pub struct TrialOptions {
    /// Only report: nothing is refused and no byte is changed, whatever the policy says
    #[arg(long)]
    shadow: bool,
    /// A second bundle that judges every message too and decides nothing; where it would decide otherwise, audit and
    /// metrics say so. Watched for changes like the first
    #[arg(long, value_name = "DIR")]
    pub(super) candidate: Option<PathBuf>,
}

impl TrialOptions {
    /// The mode of the process.
    pub(super) fn mode(&self) -> Mode {
        if self.shadow { Mode::Shadow } else { Mode::Enforce }
    }
}

/// The candidate that `options` name, and the thread that watches it. A bad candidate harms nobody: the gate starts
/// without it, and says so.
pub(super) fn candidate(options: &TrialOptions) -> (Arc<Candidate>, Option<Watch>) {
    let candidate = Arc::new(Candidate::default());
    let Some(directory) = &options.candidate else { return (candidate, None) };
    let place = Arc::clone(&candidate);
    let tell = move |reloaded: &Reloaded<'_>| {
        if let Reloaded::Published { current, .. } = reloaded {
            place.put(Some(Arc::clone(current)));
        }
    };
    let opened =
        Live::open(directory, Mode::Enforce, Followers::default(), tell).map_err(|fault| fault.to_string());
    let watched = opened.and_then(|live| {
        candidate.put(Some(live.policy()));
        Watch::start(Arc::new(live)).map_err(|fault| fault.to_string())
    });
    match watched {
        Ok(watch) => (candidate, Some(watch)),
        Err(error) => {
            tracing::error!(directory = %directory.display(), %error, "no candidate is tried");
            (candidate, None)
        }
    }
}

/// How what the policy names out of band is asked.
#[derive(Debug, Default, Args)]
pub struct AskOptions {
    /// A file with certificate authorities (PEM) to believe beside the system's, where key sets and other
    /// things that the policy names are asked for
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

/// Why the gate does not start, worded for the person who started it.
#[derive(Debug)]
pub(super) struct Fault {
    text: String,
    pub exit: Exit,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Fault {
    /// Something is wrong with what was read, which `text` tells.
    pub fn found(text: String) -> Self {
        Self { text, exit: Exit::Findings }
    }
}

/// What was asked could not be done.
pub(super) fn unable(what: impl std::fmt::Display) -> Fault {
    Fault { text: format!("sluicegate: {what}"), exit: Exit::Unable }
}

/// Opens the audit trail.
///
/// # Errors
/// The file at fault.
pub(super) fn audit(
    sink: AuditSink,
    actors: &ActorOptions,
    trail: &TrailOptions,
    metrics: &Metrics,
) -> Result<Audit, Fault> {
    let options = actors;
    let actors = match &options.actor_key {
        Some(path) => {
            let read = std::fs::read(path);
            let key = read.map_err(|cause| unable(format!("cannot read {}: {cause}", path.display())))?;
            Actors::Keyed(key.into())
        }
        None if options.plain_actors => Actors::Plain,
        None => Actors::Unlinked,
    };
    let rotation = Rotation {
        bytes_max: trail.audit_file_mib.map(|mib| mib << 20),
        age_max: trail.audit_file_age,
        kept: trail.audit_keep,
        when_full: match trail.audit_when_full {
            WhenFullWord::DropOldest => WhenFull::DropOldest,
            WhenFullWord::Refuse => WhenFull::Refuse,
        },
    };
    let place = Place { namespace: trail.namespace.clone(), pod: trail.pod.clone(), port: None };
    let signing_key = trail.audit_sign_key.clone();
    let settings = AuditSettings { rotation, place, signing_key, ..AuditSettings::new(sink, actors) };
    Audit::open(settings, metrics).map_err(unable)
}

/// Starts to send spans, where the environment names a collector; counted by `metrics`.
pub(super) fn tracer(metrics: &Metrics) -> Tracer {
    Tracer::open(|variable| std::env::var(variable).ok(), metrics)
}

/// Makes ready to ask for the keys of issuers.
///
/// # Errors
/// The file of authorities, where it holds none.
pub(super) fn keys(
    options: &AskOptions,
    clock: Clock,
    metrics: &Arc<Metrics>,
) -> Result<Arc<KeySources>, Fault> {
    let trust = trust(options);
    if trust != Trust::System {
        Fetcher::new(&trust).map_err(unable)?;
    }
    let (places, counted) = (Arc::new(Places::new(trust)), Arc::clone(metrics));
    let ask = move |place: KeyPlace| {
        let places = Arc::clone(&places);
        Box::pin(async move { places.ask(&place).await }) as _
    };
    let tell = move |news| match news {
        KeyNews::Failed => counted.keys_kept(),
        KeyNews::Refreshed => counted.keys_refreshed(),
    };
    Ok(Arc::new(KeySources::new(move || clock.now(), ask, tell)))
}

/// Makes ready to ask issuers about tokens.
pub(super) fn introspector(options: &AskOptions, clock: Clock) -> Arc<Introspector> {
    Introspector::new(move || clock.now(), trust(options))
}

/// What the server is shown, once a policy says so; counted by `metrics`.
pub(super) fn passes(reach: Reach, options: &AskOptions, metrics: &Arc<Metrics>) -> Arc<Passes> {
    let counted = Arc::clone(metrics);
    let tell = move |event| match event {
        Event::Failed(kind) => counted.credential(kind, CredentialResult::Failure),
        Event::Got(kind) => counted.credential(kind, CredentialResult::Success),
        Event::Refused(kind) => counted.credential(kind, CredentialResult::Refused),
        Event::Rejected(kind) => counted.credential(kind, CredentialResult::Rejected),
    };
    Arc::new(Passes::new(reach, trust(options), tell))
}

/// Makes ready to reach the store of shared limits, once a policy names one; counted by `metrics`.
pub(super) fn cells(clock: Clock, metrics: &Arc<Metrics>) -> (Arc<Leases>, Arc<CellStore>) {
    let (leases, counted) = (Arc::new(Leases::default()), Arc::clone(metrics));
    let tell = move |news: StoreNews<'_>| match news {
        StoreNews::Back(limits) => counted.store_back(limits),
        StoreNews::Failed(limit) => counted.store_failed(limit),
        StoreNews::Lost(limits) => counted.store_lost(limits),
        StoreNews::Shared(limits) => counted.limits_shared(limits),
    };
    let cells = CellStore::new(Arc::clone(&leases), move || clock.now(), tell);
    (leases, Arc::new(cells))
}

/// Whom servers are vouched for by that are asked out of band.
pub(super) fn trust(options: &AskOptions) -> Trust {
    options.ca_file.clone().map_or(Trust::System, Trust::Also)
}

/// Puts the policy in `directory` in force, with what a registry says laid over it, and tells of every change of it.
///
/// # Errors
/// What is wrong with the bundle, drawn.
pub(super) fn policy(
    directory: &Path,
    registry: Option<Arc<Registry>>,
    (mode, followers): (Mode, Followers),
    metrics: &Arc<Metrics>,
    audit: &Arc<Audit>,
) -> Result<Live, Fault> {
    let (counted, noted) = (Arc::clone(metrics), Arc::clone(audit));
    let tell = move |reloaded: &Reloaded<'_>| match reloaded {
        Reloaded::Kept { .. } => counted.policy_kept(),
        Reloaded::Published { previous, current } => {
            counted.policy_published(current);
            noted.policy_swapped(Some(previous), current);
        }
    };
    let live =
        Live::open_over(directory, registry, (mode, followers), tell).map_err(|fault| match fault {
            LoadFault::Read(fault) => unable(fault),
            LoadFault::Unfit(why) => unable(why),
            LoadFault::Policy(faults) => {
                let drawn = faults.render(paint());
                let bundle = directory.display();
                let text = format!(
                    "{drawn}sluicegate: the policy in {bundle} does not hold, so the gate does not start"
                );
                Fault { text, exit: Exit::Findings }
            }
        })?;
    if mode == Mode::Shadow {
        tracing::warn!("in shadow: nothing is refused and no byte is changed");
    }
    let policy = live.policy();
    metrics.policy_loaded(&policy);
    audit.policy_swapped(None, &policy);
    for warning in policy.warnings().iter() {
        tracing::warn!("{warning}");
    }
    Ok(live)
}

/// The server that `command` starts, with the variables of `--env`.
///
/// # Errors
/// A word that is none.
pub(super) fn child(command: &[String], environment: &[String]) -> Result<Child, Fault> {
    let mut words = command.iter();
    let program = words.next().ok_or_else(|| unable("no server: give --upstream URL or -- COMMAND"))?;
    let mut given = Vec::new();
    for pair in environment {
        match pair.split_once('=') {
            Some((name, value)) => given.push((name.into(), value.into())),
            // One that is not set here is not set there.
            None => given.extend(std::env::var_os(pair).map(|value| (pair.into(), value))),
        }
    }
    let arguments = words.map(Into::into).collect();
    Ok(Child { program: program.into(), arguments, environment: given, sandbox: None })
}
