//! From the files of a bundle to versions, and back to the places of what is wrong with them.

use super::doubt::Doubt;
use super::plan::Offered;
use super::{Facet, ToolVersions, Versions};
use crate::names::ToolName;
use crate::policy::advice::did_you_mean;
use crate::policy::catalog::{Catalog, Closed};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, Spanned};
use crate::policy::lock::Kept;
use crate::policy::parts::{AliasPart, Bundle, FamilyPart, Section, ToolPart, VersionPart};

/// Declares the tools that versions are, where no lock file says what there is.
pub(in crate::policy) fn declare(bundle: &mut Bundle) {
    let named: Vec<Spanned<ToolName>> = bundle
        .versions
        .iter()
        .filter(|part| part.version.upstream.is_some() || part.version.successor.is_none())
        .map(|part| {
            let value = part.version.upstream.clone().unwrap_or_else(|| part.name.value.clone());
            Spanned { span: part.name.span, value }
        })
        .collect();
    for name in named {
        if bundle.tools.iter().all(|tool| tool.name.value != name.value) {
            bundle.tools.push(ToolPart::bare(name, Section::Policy));
        }
    }
}

/// Checks what the bundle says of versions, with what was kept of them in the lock file.
pub(in crate::policy) fn read(
    bundle: &mut Bundle,
    kept: Vec<Kept>,
    catalog: &Catalog,
    unix_ms: u64,
    findings: &mut Findings,
) -> Versions {
    let (mut versions, families) =
        (std::mem::take(&mut bundle.versions), std::mem::take(&mut bundle.families));
    let aliases = std::mem::take(&mut bundle.aliases);
    if versions.is_empty() && families.is_empty() {
        return Versions::default();
    }
    check_names(bundle, &versions, &families, findings);
    check_families(&versions, &families, findings);
    for Kept { name, number, definition } in kept {
        let own = versions.iter_mut().find(|part| part.name.value == name && part.version.number == number);
        if let Some(part) = own {
            part.version.definition = Some(definition);
        }
    }
    for part in &versions {
        if let (Some(span), Some(_), None) = (part.of_tool, part.version.successor, &part.version.upstream) {
            let called = format!("{}@{}", part.name.value, part.version.number);
            let message = format!(
                "calls of `{called}` become calls of its successor, and this is about the tool that is called"
            );
            findings.advise(Code::VersionServed, span, message, "say it of the version that the server has");
        }
    }
    let mut places: Vec<Place> = places(&versions, &families);
    places.extend(aliases.iter().map(|AliasPart { tool, alias, span }| Place {
        tool: tool.clone(),
        version: None,
        facet: Facet::Alias(alias.name.clone()),
        span: *span,
    }));
    let tools = join(versions, &families, &aliases);
    let offered: Vec<Offered> = catalog
        .tools
        .iter()
        .map(|tool| Offered { name: tool.name.value.clone(), definition: tool.definition.clone() })
        .collect();
    let (versions, doubts) = Versions::new(tools, &offered, unix_ms);
    for doubt in doubts {
        let span = span_of(&doubt, &places);
        findings.advise(doubt.code, span, doubt.message, doubt.help);
    }
    versions
}

/// Notes tenants and agents that the closed lists do not have.
fn check_names(bundle: &Bundle, versions: &[VersionPart], families: &[FamilyPart], findings: &mut Findings) {
    let (tenants, agents) = (Closed::tenants(bundle), Closed::agents(bundle));
    for family in families {
        family.tenants.iter().for_each(|(name, _)| tenants.check(&name.value, name.span, findings));
        family.agents.iter().for_each(|(name, _)| agents.check(&name.value, name.span, findings));
    }
    for (facet, span) in versions.iter().flat_map(|part| &part.places) {
        if let Facet::Tenant(name) = facet
            && **name != *"*"
        {
            tenants.check(name, *span, findings);
        }
    }
}

/// Notes what is said of the versions of a tool that has none.
fn check_families(versions: &[VersionPart], families: &[FamilyPart], findings: &mut Findings) {
    for family in families {
        if versions.iter().any(|part| part.name.value == family.name.value) {
            continue;
        }
        let name = &family.name.value;
        let known = versions.iter().map(|part| part.name.value.as_str());
        let message = format!("`{name}` has no versions");
        let help = match crate::policy::advice::nearest(name.as_str(), known) {
            Some(meant) => did_you_mean(name.as_str(), "tools with versions", [meant]),
            None => {
                format!("declare them beside it, as in `{name}@1: {{ successor: 2 }}` and `{name}@2: {{}}`")
                    .into()
            }
        };
        findings.advise(Code::UnknownVersion, family.name.span, message, help);
    }
}

fn join(versions: Vec<VersionPart>, families: &[FamilyPart], aliases: &[AliasPart]) -> Vec<ToolVersions> {
    let mut tools: Vec<ToolVersions> = Vec::new();
    for part in versions {
        let name = part.name.value;
        let place = tools.iter().position(|tool| tool.name == name).unwrap_or_else(|| {
            tools.push(ToolVersions::named(name));
            tools.len() - 1
        });
        if let Some(tool) = tools.get_mut(place) {
            tool.versions.push(part.version);
        }
    }
    for tool in &mut tools {
        tool.versions.sort_by_key(|version| version.number);
        let own = aliases.iter().filter(|part| part.tool == tool.name);
        tool.aliases = own.map(|part| part.alias.clone()).collect();
        let Some(family) = families.iter().find(|family| family.name.value == tool.name) else { continue };
        let plain = |pins: &[(Spanned<Box<str>>, u32)]| {
            pins.iter().map(|(name, number)| (name.value.clone(), *number)).collect()
        };
        tool.default = family.default;
        tool.canary = family.canary.clone();
        tool.canary.sort_unstable();
        tool.tenants = plain(&family.tenants);
        tool.agents = plain(&family.agents);
        tool.hide = family.hide;
    }
    tools
}

/// Where something of a tool, or of one version of it, is said.
struct Place {
    tool: ToolName,
    version: Option<u32>,
    facet: Facet,
    span: Span,
}

fn places(versions: &[VersionPart], families: &[FamilyPart]) -> Vec<Place> {
    let mut all = Vec::new();
    let mut add = |tool: &Spanned<ToolName>, version, places: &[(Facet, Span)]| {
        let own = [(Facet::Name, tool.span)];
        all.extend(own.iter().chain(places).map(|(facet, span)| Place {
            tool: tool.value.clone(),
            version,
            facet: facet.clone(),
            span: *span,
        }));
    };
    families.iter().for_each(|family| add(&family.name, None, &family.places));
    versions.iter().for_each(|part| add(&part.name, Some(part.version.number), &part.places));
    all
}

/// The place of what a doubt is about, or of the nearest thing that stands in a file.
fn span_of(doubt: &Doubt, places: &[Place]) -> Span {
    let of_tool = || places.iter().filter(|place| place.tool == doubt.tool);
    let exact = of_tool().find(|place| place.version == doubt.version && place.facet == doubt.facet);
    let of_version = || of_tool().find(|place| place.version == doubt.version && place.facet == Facet::Name);
    let nowhere = Span { file: 0, start: 0, end: 0 };
    exact.or_else(of_version).or_else(|| of_tool().next()).map_or(nowhere, |place| place.span)
}
