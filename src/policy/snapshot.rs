//! The policy in force: an immutable snapshot, which judges in [`judging`].

mod judging;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::care::ToolCare;
use super::cedar::Raw;
use super::declared::Declared;
use super::describe::Describe;
use super::diagnostic::Faults;
use super::flows::Flow;
use super::input::Admission;
use super::instructions::InstructionsPlan;
use super::keeping::Keeping;
use super::lock::Definition;
use super::marks::ContentMark;
use super::output::OutputSchema;
use super::pins::PinPlan;
use super::plans::{AuditPlan, ConversationPlan, DenyAs, HintPlan, UpstreamPlan};
use super::prose::ProsePlan;
use super::registry::TenantOverlay;
use super::resource::Resource;
use super::roles::Standing;
use super::rules::{Docket, Rulebook};
use super::sharing::SharedPlan;
use super::strict::StrictPlan;
use super::switches::TenantSwitch;
use super::versions::Versions;
use super::watch::Watch;
use crate::identity::{Caller, Directory};
use crate::limit;
use crate::names::{Label, Mode, ToolName};
use crate::scan;

/// A compiled bundle: who may do what, how often, and what may not be said.
///
/// Made by [`compile`](super::compile()) only, whole and without fault. Never changes; a reload makes
/// another one. Big: keep it in an `Arc`.
#[derive(Debug)]
pub struct Policy {
    /// The server that it is about.
    pub server: Label,
    /// In shadow nothing is refused and no byte is changed; limits and redaction rules inside are
    /// already in shadow then.
    pub mode: Mode,
    /// Of everything that decides: all files of the bundle but tests, by name.
    pub sha256: [u8; 32],
    /// Verifies callers.
    pub directory: Directory,
    /// What the server is to OAuth clients, if the policy says so.
    pub resource: Option<Resource>,
    /// What is looked for in arguments and results.
    pub redaction: scan::Plan,
    /// What a model reads results for, if the policy says so.
    pub prose: Option<ProsePlan>,
    /// What becomes of results that speak to the model, if the policy says so.
    pub instructions: Option<InstructionsPlan>,
    /// Where values that were kept are given back, and what pseudonyms are made with.
    pub keeping: Keeping,
    /// What is written down.
    pub audit: AuditPlan,
    /// How a refused call sounds.
    pub deny_as: DenyAs,
    /// How strict the gate is with messages that two readers could take differently.
    pub strict: StrictPlan,
    /// How the server behind is spoken to.
    pub upstream: UpstreamPlan,
    /// Where limits are held together with other replicas, if the policy says so.
    pub shared: Option<SharedPlan>,
    /// What tells the conversations of a caller apart.
    pub conversation: ConversationPlan,
    /// What callers are told of limits.
    pub limit_hints: HintPlan,
    /// What becomes of a tool that is no longer what was approved.
    pub pins: PinPlan,
    pub(super) flows: Vec<Flow>,
    /// Those of which some flow waits for the label.
    pub(super) marks: Vec<ContentMark>,
    /// The names of the files, for places.
    pub(super) files: Box<[Box<str>]>,
    pub(super) book: Rulebook,
    pub(super) tools: Vec<Tool>,
    pub(super) tool_index: HashMap<Box<str>, usize>,
    /// By [`Method::index`](crate::mcp::Method::index).
    pub(super) methods: Vec<MethodRules>,
    /// What the bundle says in Cedar.
    pub(super) raw: Option<Box<Raw>>,
    pub(super) versions: Versions,
    /// In order.
    pub(super) tenants: Vec<Label>,
    /// What the registry says of tenants, where there is one.
    pub(super) registry: Option<TenantOverlay>,
    /// What the closed lists say, for whoever speaks of callers.
    pub(super) names: ClosedNames,
    pub(super) limits: Vec<Arc<limit::Rule>>,
    /// Indices of limits that hold for every tool, and for what is about none.
    pub(super) limits_of_all: Vec<usize>,
    pub(super) built_in: Label,
    pub(super) built_in_schema: Label,
    pub(super) warnings: Faults,
}

/// A tool that the policy knows.
#[derive(Debug)]
pub struct Tool {
    /// Its name on the wire.
    pub name: ToolName,
    /// What it does to the world; `None` where no rule asks.
    pub class: Option<Class>,
    /// Dense, from 0; for arrays of counters.
    pub index: usize,
    /// How long a call may take; `None` leaves the server's.
    pub timeout: Option<Duration>,
    /// How it is kept from harm.
    pub care: ToolCare,
    pub(super) labels: Box<[Label]>,
    pub(super) definition: Option<Arc<Definition>>,
    pub(super) sha256: Option<[u8; 32]>,
    pub(super) describe: Option<Describe>,
    pub(super) tenants: TenantSwitch,
    /// Its arguments, as far as they were approved.
    pub(super) declared: Declared,
    /// What a call of it must be like; `None` where nothing is pinned, or nothing is asked.
    pub(super) admission: Option<Admission>,
    /// What its structured results must be like; `None` where nothing is pinned, or nothing is redacted.
    pub(super) output: Option<OutputSchema>,
    pub(super) docket: Docket,
    pub(super) watch: Watch,
    pub(super) limits: Vec<usize>,
}

/// What a tool does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It changes what cannot be got back.
    Destructive,
    /// It changes nothing.
    Read,
    /// It changes something.
    Write,
}

/// Names that a policy declares; `None` for a kind that it leaves open.
#[derive(Debug, Default)]
pub(super) struct ClosedNames {
    pub scopes: Option<Box<[Box<str>]>>,
    pub groups: Option<Box<[Box<str>]>>,
}

/// How a method is judged.
#[derive(Debug, Clone)]
pub(super) enum MethodRules {
    /// The protocol needs it: any verified caller may, unless a deny applies.
    Free(Docket),
    /// No client may send it here.
    Never,
    /// A rule must allow it.
    Ruled(Docket),
}

impl Policy {
    /// Works out which roles a caller has, for a message that came at `unix_ms`. A few comparisons for
    /// each role; allocates nothing.
    pub fn standing<'c>(&self, caller: &'c Caller, unix_ms: u64) -> Standing<'c> {
        let standing = Standing::of(caller, &self.book.roles, &self.tenants, unix_ms);
        let registry = self.registry.as_ref().zip(caller.tenant());
        Standing { registered: registry.and_then(|(registry, tenant)| registry.row(tenant)), ..standing }
    }

    /// The tool called `name`, if it is declared under `tools` or pinned in `tools.lock.yaml`.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tool_index.get(name).and_then(|&index| self.tools.get(index))
    }

    /// The versions of tools that have any.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Every known tool, in the order of their index.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// What somebody should look at although the bundle takes effect.
    pub fn warnings(&self) -> &Faults {
        &self.warnings
    }

    /// The names of all allow and deny rules, those in Cedar last, for label values.
    pub fn rule_ids(&self) -> impl Iterator<Item = &Label> {
        self.book.rules.iter().map(|rule| &rule.id).chain(self.raw.iter().flat_map(|raw| raw.ids()))
    }
}

impl Class {
    /// Every class.
    pub const ALL: &[Self] = &[Self::Destructive, Self::Read, Self::Write];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Destructive => "destructive",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}
