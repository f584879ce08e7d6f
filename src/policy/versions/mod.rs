//! Versions of tools: which one a call is of, and what makes it one that the server has.
//!
//! ```text
//! name on the wire ──aim──▶ family ──choose──▶ version ──chain──▶ version that the server carries out
//!                    tenant pin, agent pin, canary, default      request steps ▶   ◀ response steps
//! ```
//!
//! **Why.** A server that changes what a tool takes breaks every client at once. Here its old callers go on calling
//! the old version, which is turned into the new one, until a day that they are told of in every list.
//!
//! **How.** A family is all versions of one name. Each is either *native*, a tool that the server has, or
//! *translated*: its calls become calls of its successor, and so on until a native one. Who is on which version is
//! decided by the caller alone, so that the list and the call agree, on every gate. All of it happens before the
//! rules, so that they judge the call that the server gets.
//!
//! **What it is not.** Not bound to a file: [`Versions::new`] takes data from anywhere, and checks it whole. No
//! clock, no memory: who is on what follows from the caller and the policy alone, on every gate and after every start.

mod choose;
mod doubt;
mod fit;
mod names;
mod plan;
mod show;
mod steps;
mod tree;
mod written;

use std::collections::HashMap;
use std::sync::Arc;

pub use choose::{Aim, Choice, Chosen};
pub use doubt::{Doubt, Facet};
pub use plan::Offered;
pub use show::Notice;
pub use steps::{Pointer, Step};
pub(super) use written::{declare, read};

use super::input::{Admission, SchemaDoubt};
use super::lock::Definition;
use super::registry::Grid;
use super::snapshot::Policy;
use super::strict::SchemaFit;
use crate::json::Value;
use crate::names::ToolName;

/// All versions of all tools that have any; empty where a policy has none.
#[derive(Debug, Default)]
pub struct Versions {
    families: Box<[Family]>,
    /// Every name that a call may have, to what it means.
    names: HashMap<Box<str>, Meaning>,
    /// The tenants that rows of a registry pin, where there is one.
    rows: Option<Arc<Grid>>,
}

/// What a name on the wire means, and until when: in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    aim: Aim,
    until: Option<u64>,
}

/// The versions of one tool, as somebody wrote them down.
#[derive(Debug, Clone)]
pub struct ToolVersions {
    /// The name that clients call.
    pub name: ToolName,
    /// The version of callers that nothing else is said of; `None` where it is clear without.
    pub default: Option<u32>,
    /// Which share of those callers has another version, in percent.
    pub canary: Vec<(u32, u8)>,
    /// The version of a tenant.
    pub tenants: Vec<(Box<str>, u32)>,
    /// The version of an agent.
    pub agents: Vec<(Box<str>, u32)>,
    /// From whom deprecated versions are hidden.
    pub hide: Hide,
    /// Other names of it.
    pub aliases: Vec<Alias>,
    /// Each number once.
    pub versions: Vec<Version>,
}

/// Another name of a tool, which can be called and is not listed.
#[derive(Debug, Clone)]
pub struct Alias {
    /// The name.
    pub name: Box<str>,
    /// The version that is meant; `None` for the one that the caller is on.
    pub version: Option<u32>,
    /// When the name ends: in milliseconds since 1970.
    pub until: Option<u64>,
}

/// One version of a tool.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number, from 1.
    pub number: u32,
    /// Where it is in its life.
    pub state: State,
    /// When it was, or will be, deprecated: in milliseconds since 1970.
    pub deprecated: Option<u64>,
    /// From when on it is refused: in milliseconds since 1970.
    pub sunset: Option<u64>,
    /// The version that is to be called in its place, and that its calls become.
    pub successor: Option<u32>,
    /// The tool of the server that it is; of a native version. `None`: the one of the same name.
    pub upstream: Option<ToolName>,
    /// What makes its arguments those of its successor.
    pub request: Vec<Step>,
    /// What makes the structured result of its successor its own.
    pub response: Vec<Step>,
    /// How it fails while it is in [`State::Brownout`].
    pub brownout: Option<Brownout>,
    /// For which tenants it is there, `*` for all that are not named. A draft is there for those alone.
    pub tenants: Vec<(Box<str>, Presence)>,
    /// What was approved of it, where the server has it no more.
    pub definition: Option<Arc<Definition>>,
}

/// Where a version is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is what callers should use.
    Active,
    /// It is hidden, and fails now and then, so that who still uses it notices.
    Brownout,
    /// It works, and says that it will go.
    Deprecated,
    /// It is there for some tenants only.
    Draft,
    /// It is refused.
    Retired,
}

/// From whom deprecated versions are hidden in lists; calls of them work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hide {
    /// From everybody.
    All,
    /// From whose tenant or agent is not pinned to them: a new caller is one that nobody has named.
    #[default]
    New,
    /// From nobody.
    None,
}

/// How a version in brownout fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brownout {
    /// In these minutes of every hour, first and last: each below 60.
    Minutes(Box<[(u8, u8)]>),
    /// So many of a hundred calls.
    Percent(u8),
}

/// Whether a version is there for a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is not.
    Disabled,
    /// It is.
    Enabled,
}

/// A family, checked and made ready.
#[derive(Debug)]
pub(super) struct Family {
    pub plan: ToolVersions,
    /// In the grid of the registry.
    column: Option<usize>,
    /// By place in `plan.versions`.
    default: usize,
    /// By place in `plan.versions`.
    routes: Box<[Route]>,
}

/// What a version comes to.
#[derive(Debug)]
struct Route {
    /// The tool that the server gets.
    upstream: ToolName,
    /// The versions whose steps are taken, from this one on; none of a native one.
    chain: Box<[usize]>,
    /// What it takes itself; `None` of a native one, whose tool says it.
    admission: Option<Admission>,
    /// The name by which it can always be called.
    alias: Box<str>,
    /// What its callers are told of its end.
    notice: Option<Arc<Notice>>,
}

impl Versions {
    /// Whether no tool has versions.
    pub fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    pub(super) fn families(&self) -> &[Family] {
        &self.families
    }

    /// Heeds the pins of tenants in rows of a registry, after those that stand in files by name.
    pub fn heed(&mut self, rows: &Arc<Grid>) {
        for family in &mut self.families {
            family.column = rows.column(family.plan.name.as_str());
        }
        self.rows = Some(Arc::clone(rows));
    }

    /// Whether a tool has a version.
    pub(super) fn has(&self, tool: &str, number: u32) -> bool {
        let known = self.families.iter().find(|family| family.plan.name.as_str() == tool);
        known.is_some_and(|family| family.plan.place(number).is_some())
    }

    /// Every version of every tool.
    pub fn each(&self) -> impl Iterator<Item = (&ToolVersions, &Version)> {
        let plans = self.families.iter().map(|family| &family.plan);
        plans.flat_map(|plan| plan.versions.iter().map(move |version| (plan, version)))
    }

    /// Every version that is on its way out, as policies call it: `search@1`.
    pub fn ending(&self) -> impl Iterator<Item = String> {
        let of = |family: &Family| {
            let plan = &family.plan;
            let ends = plan.versions.iter().filter(|version| {
                version.sunset.is_some() || !matches!(version.state, State::Active | State::Draft)
            });
            ends.map(|version| format!("{}@{}", plan.name, version.number)).collect::<Vec<_>>()
        };
        self.families.iter().flat_map(of)
    }

    /// Every version, as policies call it, with its number and the tool of the server that it is.
    pub(super) fn upstreams(&self) -> Vec<(String, u32, ToolName)> {
        let of = |family: &Family| {
            let each = family.plan.versions.iter().zip(&family.routes);
            let one = |(version, route): (&Version, &Route)| {
                (format!("{}@{}", family.plan.name, version.number), version.number, route.upstream.clone())
            };
            each.map(one).collect::<Vec<_>>()
        };
        self.families.iter().flat_map(of).collect()
    }

    /// The family that a tool of the server belongs to, by its place.
    pub(super) fn family_of(&self, upstream: &str) -> Option<usize> {
        self.families
            .iter()
            .position(|family| family.routes.iter().any(|route| route.upstream.as_str() == upstream))
    }

    /// The name of the tool that a tool of the server is a version of.
    pub(super) fn family_name(&self, upstream: &str) -> Option<&str> {
        Some(self.families.get(self.family_of(upstream)?)?.plan.name.as_str())
    }

    fn at(&self, aim: Chosen) -> Option<(&Family, &Version, &Route)> {
        let family = self.families.get(aim.family)?;
        Some((family, family.plan.versions.get(aim.version)?, family.routes.get(aim.version)?))
    }

    /// The tool of the server that carries a version out.
    pub fn upstream(&self, chosen: Chosen) -> Option<&str> {
        self.at(chosen).map(|(_, _, route)| route.upstream.as_str())
    }

    /// The name on the wire of a version as policies call it: `search_v1` for `search@1`.
    pub fn alias_of(&self, called: &str) -> Option<&str> {
        let (name, number) = called.split_once('@')?;
        let family = self.families.iter().find(|family| family.plan.name.as_str() == name)?;
        let place = family.plan.place(number.parse().ok()?)?;
        family.routes.get(place).map(|route| &*route.alias)
    }

    /// From whom deprecated versions of a family are hidden.
    pub fn hide(&self, family: usize) -> Hide {
        self.families.get(family).map(|family| family.plan.hide).unwrap_or_default()
    }

    /// The family that a tool of the server is of, whatever it is called by clients.
    pub fn family(&self, upstream: &str) -> Option<usize> {
        self.family_of(upstream).or_else(|| match self.names.get(upstream)?.aim {
            Aim::Tool(family) => Some(family),
            Aim::Version(chosen) => Some(chosen.family),
        })
    }

    /// Whether calls of a version become calls of another.
    pub fn is_translated(&self, chosen: Chosen) -> bool {
        self.at(chosen).is_some_and(|(_, _, route)| !route.chain.is_empty())
    }

    /// The arguments that the server's tool gets for those of a version, as JSON; `None` where they are the same.
    pub fn request(&self, chosen: Chosen, arguments: Option<Value<'_>>) -> Option<String> {
        let (family, _, route) = self.at(chosen)?;
        let steps = || route.chain.iter().filter_map(|&at| family.plan.versions.get(at));
        let mut steps = steps().flat_map(|version| &version.request).peekable();
        steps.peek()?;
        Some(steps::translate(arguments, steps))
    }

    /// The structured result of a version for that of the server's tool, as JSON; `None` where they are the same.
    pub fn response(&self, chosen: Chosen, result: Value<'_>) -> Option<String> {
        let (family, _, route) = self.at(chosen)?;
        let versions = route.chain.iter().rev().filter_map(|&at| family.plan.versions.get(at));
        let mut steps = versions.flat_map(|version| &version.response).peekable();
        steps.peek()?;
        Some(steps::translate(Some(result), steps))
    }
}

impl Policy {
    /// What is wrong with a call by what a translated version takes itself, in its own words.
    pub fn version_misfit(&self, chosen: Chosen, arguments: Option<Value<'_>>) -> Option<SchemaDoubt> {
        if self.strict.input_schema != SchemaFit::Reject {
            return None;
        }
        self.versions.at(chosen)?.2.admission.as_ref()?.admit(arguments).err()
    }
}

impl ToolVersions {
    /// A tool of which nothing is said but its name.
    pub fn named(name: ToolName) -> Self {
        Self {
            name,
            default: None,
            canary: Vec::new(),
            tenants: Vec::new(),
            agents: Vec::new(),
            hide: Hide::default(),
            aliases: Vec::new(),
            versions: Vec::new(),
        }
    }

    fn place(&self, number: u32) -> Option<usize> {
        self.versions.iter().position(|version| version.number == number)
    }
}

impl Version {
    /// A version of which nothing is said but its number: active.
    pub fn numbered(number: u32) -> Self {
        Self {
            number,
            state: State::Active,
            deprecated: None,
            sunset: None,
            successor: None,
            upstream: None,
            request: Vec::new(),
            response: Vec::new(),
            brownout: None,
            tenants: Vec::new(),
            definition: None,
        }
    }

    /// Whether its calls become those of its successor.
    fn is_translated(&self) -> bool {
        self.upstream.is_none() && self.successor.is_some()
    }
}

impl State {
    /// Every state.
    pub const ALL: &[Self] = &[Self::Active, Self::Brownout, Self::Deprecated, Self::Draft, Self::Retired];

    /// The word for it in policies, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Brownout => "brownout",
            Self::Deprecated => "deprecated",
            Self::Draft => "draft",
            Self::Retired => "retired",
        }
    }
}

impl Hide {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::All, Self::New, Self::None];

    /// The word for it in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::New => "new",
            Self::None => "none",
        }
    }
}
