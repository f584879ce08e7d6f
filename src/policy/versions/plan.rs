//! From what somebody wrote down to versions that hold together, or to everything that is wrong with them.

use std::sync::Arc;

use super::doubt::{Doubt, Facet};
use super::fit;
use super::names::{alias, names};
use super::show::Notice;
use super::{Brownout, Family, Hide, Route, State, ToolVersions, Version, Versions};
use crate::bounds::{TRANSLATION_STEPS_MAX, VERSIONS_MAX};
use crate::names::ToolName;
use crate::policy::advice::{Help, did_you_mean};
use crate::policy::code::Code;
use crate::policy::input::Admission;
use crate::policy::lock::Definition;

/// A tool that the server has, and what was approved of it.
#[derive(Debug, Clone)]
pub struct Offered {
    /// Its name at the server.
    pub name: ToolName,
    /// What was approved of it.
    pub definition: Option<Arc<Definition>>,
}

/// What is being found wrong with one tool.
pub(super) struct Judge<'a> {
    pub tool: &'a ToolVersions,
    pub offered: &'a [Offered],
    pub doubts: Vec<Doubt>,
}

impl Versions {
    /// Checks versions of the tools that a server has, and makes them ready. `unix_ms` is the time: a version that
    /// should be gone is a doubt.
    ///
    /// With a doubt whose code is an error the versions may not take effect: what is wrong with a tool leaves it out.
    pub fn new(tools: Vec<ToolVersions>, offered: &[Offered], unix_ms: u64) -> (Self, Vec<Doubt>) {
        let (mut families, mut doubts) = (Vec::new(), Vec::new());
        for tool in tools {
            let mut judge = Judge { tool: &tool, offered, doubts: Vec::new() };
            judge.check_states(unix_ms);
            judge.check_choice();
            let routes = judge.routes();
            let default = judge.default();
            doubts.append(&mut judge.doubts);
            if let (Some(routes), Some(default)) = (routes, default) {
                families.push(Family { plan: tool, column: None, default, routes });
            }
        }
        let names = names(&families, offered, &mut doubts);
        (Self { families: families.into(), names, rows: None }, doubts)
    }
}

impl Judge<'_> {
    pub fn doubt(
        &mut self,
        code: Code,
        (version, facet): (Option<u32>, Facet),
        message: String,
        help: impl Into<Help>,
    ) {
        let tool = self.tool.name.clone();
        self.doubts.push(Doubt { code, tool, version, facet, message, help: help.into() });
    }

    /// A version of this tool, as policies call it.
    pub fn called(&self, number: u32) -> String {
        format!("{}@{number}", self.tool.name)
    }

    /// The place of a version; a doubt if there is none.
    fn place(&mut self, number: u32, at: (Option<u32>, Facet)) -> Option<usize> {
        let place = self.tool.place(number);
        if place.is_none() {
            let known: Vec<String> =
                self.tool.versions.iter().map(|version| self.called(version.number)).collect();
            let called = self.called(number);
            let help = did_you_mean(&called, "versions", known.iter().map(String::as_str));
            self.doubt(Code::UnknownVersion, at, format!("there is no version `{called}`"), help);
        }
        place
    }

    fn check_states(&mut self, unix_ms: u64) {
        let tool = self.tool;
        if tool.versions.len() > VERSIONS_MAX {
            let message = format!("a tool may have {VERSIONS_MAX} versions at most");
            self.doubt(Code::TooLarge, (None, Facet::Name), message, "retire the oldest, and remove it");
        }
        for version in &tool.versions {
            let number = Some(version.number);
            if let (Some(deprecated), Some(sunset)) = (version.deprecated, version.sunset)
                && sunset < deprecated
            {
                let message = "the sunset comes before the day on which it is deprecated".to_owned();
                let help = "callers must be told before it ends: let `deprecated` be the earlier day";
                self.doubt(Code::VersionLife, (number, Facet::Sunset), message, help);
            }
            match (version.state, &version.brownout) {
                (State::Brownout, None) => {
                    let message = "a version in brownout does not say how it fails".to_owned();
                    let help = "add `brownout: { percent: 10 }` or `brownout: { minutes: [0-9] }`";
                    self.doubt(Code::VersionLife, (number, Facet::State), message, help);
                }
                (State::Active | State::Deprecated | State::Draft | State::Retired, Some(_)) => {
                    let message =
                        format!("a version that is {} does not fail by plan", version.state.as_str());
                    let help = "write `state: brownout`, or remove it";
                    self.doubt(Code::VersionLife, (number, Facet::Brownout), message, help);
                }
                (State::Brownout, Some(_)) | (_, None) => {}
            }
            if matches!(version.state, State::Active | State::Draft)
                && (version.sunset.is_some() || version.deprecated.is_some())
            {
                let facet = if version.sunset.is_some() { Facet::Sunset } else { Facet::Deprecated };
                let message = format!("a version that is {} has no end yet", version.state.as_str());
                self.doubt(
                    Code::VersionLife,
                    (number, facet),
                    message,
                    "write `state: deprecated`, or remove it",
                );
            }
            if version.state != State::Retired && version.sunset.is_some_and(|sunset| sunset <= unix_ms) {
                let message = format!(
                    "`{}` is past its sunset: every call of it is refused",
                    self.called(version.number)
                );
                let help =
                    "write `state: retired` so that the file says so, or let its owner agree to a later day";
                self.doubt(Code::VersionEnded, (number, Facet::Sunset), message, help);
            }
            let steps = version.request.len().max(version.response.len());
            if steps > TRANSLATION_STEPS_MAX {
                let message = format!("a translation may have {TRANSLATION_STEPS_MAX} steps at most");
                self.doubt(
                    Code::TooLarge,
                    (number, Facet::Name),
                    message,
                    "what needs more belongs into a server",
                );
            }
        }
    }

    fn check_choice(&mut self) {
        let tool = self.tool;
        for (number, _) in &tool.canary {
            self.place(*number, (None, Facet::Canary(*number)));
        }
        let whole: u32 = tool.canary.iter().map(|(_, percent)| u32::from(*percent)).sum();
        if let Some((last, _)) = tool.canary.last().filter(|_| whole > 100) {
            let message = format!("the shares come to {whole} percent of all callers");
            let help = "let them come to 100 or less: the rest is on the default version";
            self.doubt(Code::VersionChoice, (None, Facet::Canary(*last)), message, help);
        }
        for (tenant, number) in &tool.tenants {
            self.place(*number, (None, Facet::Tenant(tenant.clone())));
        }
        for (agent, number) in &tool.agents {
            self.place(*number, (None, Facet::Agent(agent.clone())));
        }
        for alias in &tool.aliases {
            if let Some(number) = alias.version {
                self.place(number, (None, Facet::Alias(alias.name.clone())));
            }
        }
    }

    /// The place of the version that callers are on of whom nothing else is said.
    fn default(&mut self) -> Option<usize> {
        let tool = self.tool;
        if let Some(number) = tool.default {
            let place = self.place(number, (None, Facet::Default))?;
            self.warn_hidden(place);
            return Some(place);
        }
        let drawn = |version: &&Version| tool.canary.iter().any(|(number, _)| *number == version.number);
        let active: Vec<&Version> = tool
            .versions
            .iter()
            .filter(|version| version.state == State::Active && !drawn(version))
            .collect();
        match active.as_slice() {
            [one] => tool.place(one.number),
            [] => {
                let message = format!("no version of `{}` is the one that most callers are on", tool.name);
                let help = format!(
                    "add `default: NUMBER` under `{}`, or let one version be `state: active` without a share",
                    tool.name
                );
                self.doubt(Code::VersionChoice, (None, Facet::Name), message, help);
                None
            }
            [first, second, ..] => {
                let (first, second) = (first.number, second.number);
                let message = format!(
                    "both `{}` and `{}` are active, and nothing says who gets which",
                    self.called(first),
                    self.called(second)
                );
                let help = format!(
                    "add `canary: {{ {second}: 10 }}` under `{}` for a share of callers, or `default: {first}`",
                    tool.name
                );
                self.doubt(Code::VersionChoice, (Some(second), Facet::Name), message, help);
                None
            }
        }
    }

    /// A default that nobody new is shown leaves them without the tool.
    fn warn_hidden(&mut self, place: usize) {
        let Some(version) = self.tool.versions.get(place) else { return };
        if version.state == State::Deprecated && self.tool.hide != Hide::None {
            let message = format!(
                "`{}` is the default and deprecated: new callers are not shown it under its name",
                self.called(version.number)
            );
            let help = "write `hide: none`, or pin who still needs it and let the default be its successor";
            self.doubt(Code::HiddenDefault, (None, Facet::Default), message, help);
        }
    }

    /// What each version comes to; `None` where something is wrong.
    fn routes(&mut self) -> Option<Box<[Route]>> {
        let tool = self.tool;
        let mut natives: Vec<(&str, u32)> = Vec::new();
        let mut routes = Vec::new();
        for (place, version) in tool.versions.iter().enumerate() {
            if version.is_translated() {
                routes.push(self.translated(place));
                continue;
            }
            let upstream = version.upstream.as_ref().unwrap_or(&tool.name);
            if version.state != State::Retired {
                self.check_native(version, upstream);
                let twin =
                    natives.iter().find(|(known, _)| *known == upstream.as_str()).map(|(_, twin)| *twin);
                if let Some(twin) = twin {
                    let message = format!(
                        "both `{}` and `{}` would be the server's tool `{upstream}`",
                        self.called(twin),
                        self.called(version.number)
                    );
                    let help = "give the older one a `successor`, whose calls its own become; or name another tool as `upstream`";
                    self.doubt(Code::VersionServed, (Some(version.number), Facet::Name), message, help);
                }
                natives.push((upstream.as_str(), version.number));
            }
            routes.push(Some(self.route(version, upstream.clone(), Box::new([]))));
        }
        routes.into_iter().collect()
    }

    fn route(&self, version: &Version, upstream: ToolName, chain: Box<[usize]>) -> Route {
        let own = version.definition.as_ref().filter(|_| !chain.is_empty());
        Route {
            upstream,
            admission: own.and_then(|own| Admission::parse(own.input_schema.as_deref()?)),
            chain,
            alias: alias(&self.tool.name, version.number),
            notice: Notice::of(self.tool, version).map(Arc::new),
        }
    }

    fn check_native(&mut self, version: &Version, upstream: &ToolName) {
        if !self.offered.iter().any(|known| known.name == *upstream) {
            let known = self.offered.iter().map(|known| known.name.as_str());
            let help = did_you_mean(upstream.as_str(), "tools", known);
            let message = format!(
                "`{}` would be the server's tool `{upstream}`, which is not known",
                self.called(version.number)
            );
            let facet = if version.upstream.is_some() { Facet::Upstream } else { Facet::Name };
            self.doubt(Code::VersionServed, (Some(version.number), facet), message, help);
        }
        for (facet, steps) in
            [(Facet::Request(Some(0)), &version.request), (Facet::Response(Some(0)), &version.response)]
        {
            if !steps.is_empty() {
                let message = "a version that the server has itself is not translated".to_owned();
                let help =
                    "name the `successor` that its calls become, and no `upstream`; or remove the steps";
                self.doubt(Code::VersionServed, (Some(version.number), facet), message, help);
            }
        }
    }

    /// Follows a version to the native one that its calls become.
    fn translated(&mut self, place: usize) -> Option<Route> {
        let tool = self.tool;
        let own = tool.versions.get(place)?;
        let (mut chain, mut at, mut is_fit) = (vec![place], own, true);
        let upstream = loop {
            let number = at.successor?;
            let next = self.place(number, (Some(at.number), Facet::Successor))?;
            if chain.contains(&next) {
                let message = format!("`{}` is its own successor in the end", self.called(number));
                let help = "let the last version have no `successor`: it is what the server has";
                self.doubt(Code::UnknownVersion, (Some(own.number), Facet::Successor), message, help);
                return None;
            }
            let to = tool.versions.get(next)?;
            if own.state == State::Retired {
                // It is refused, so that nothing of it has to fit any more.
            } else if to.state == State::Retired {
                let message = format!(
                    "`{}` would become calls of `{}`, which is retired",
                    self.called(at.number),
                    self.called(number)
                );
                let help = "let its successor be a version that still works";
                self.doubt(Code::UnknownVersion, (Some(at.number), Facet::Successor), message, help);
                return None;
            } else if chain.len() == 1 {
                is_fit = fit::check(self, own, to);
            }
            if !to.is_translated() {
                break to.upstream.as_ref().unwrap_or(&tool.name).clone();
            }
            chain.push(next);
            at = to;
        };
        is_fit.then(|| self.route(own, upstream, chain.into()))
    }

    /// What was approved of a version: of a native one what was approved of its tool.
    pub fn definition(&self, version: &Version) -> Option<Arc<Definition>> {
        if version.is_translated() {
            return version.definition.clone();
        }
        let upstream = version.upstream.as_ref().unwrap_or(&self.tool.name);
        self.offered.iter().find(|known| known.name == *upstream)?.definition.clone()
    }
}

impl Brownout {
    /// Whether it ever fails, and says so in numbers that there are.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Minutes(spans) => {
                !spans.is_empty() && spans.iter().all(|(first, last)| first <= last && *last < 60)
            }
            Self::Percent(percent) => (1..=100).contains(percent),
        }
    }
}
