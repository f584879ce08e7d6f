//! Every name that a call may have, and what it means.

use std::collections::HashMap;

use super::choose::{Aim, Chosen};
use super::doubt::{Doubt, Facet};
use super::plan::Offered;
use super::{Family, Meaning, State, Version};
use crate::names::ToolName;
use crate::policy::code::Code;

/// The name by which a version is told to clients: of the letters that every provider of models takes.
pub(super) fn alias(tool: &ToolName, number: u32) -> Box<str> {
    format!("{tool}_v{number}").into()
}

/// Every name that a call may have: the tools', two for each version, and those of the server's tools that are
/// versions, so that nobody gets around the choice by them.
pub(super) fn names(
    families: &[Family],
    offered: &[Offered],
    doubts: &mut Vec<Doubt>,
) -> HashMap<Box<str>, Meaning> {
    let mut names: HashMap<Box<str>, Meaning> = HashMap::new();
    let always = |aim| Meaning { aim, until: None };
    for (place, family) in families.iter().enumerate() {
        names.insert(family.plan.name.as_str().into(), always(Aim::Tool(place)));
    }
    for (place, family) in families.iter().enumerate() {
        let plan = &family.plan;
        for (at, (version, route)) in plan.versions.iter().zip(&family.routes).enumerate() {
            let aim = Aim::Version(Chosen { family: place, version: at });
            let spelled = [route.alias.clone(), format!("{}.v{}", plan.name, version.number).into()];
            for alias in spelled {
                let is_taken =
                    offered.iter().any(|known| *known.name.as_str() == *alias) || names.contains_key(&alias);
                if is_taken {
                    let message = format!(
                        "`{}@{}` is called `{alias}` by clients, and there is a tool of that name",
                        plan.name, version.number
                    );
                    doubts.push(doubt(
                        family,
                        version,
                        Code::VersionName,
                        message,
                        "give the version another number",
                    ));
                }
                names.insert(alias, always(aim));
            }
            // A translated version has no tool of its own.
            if !version.is_translated() && route.upstream != plan.name && version.state != State::Retired {
                match names.insert(route.upstream.as_str().into(), always(aim)) {
                    None => {}
                    Some(_) => {
                        let message =
                            format!("the server's tool `{}` is a version of two tools", route.upstream);
                        let help = "let one of them have it";
                        doubts.push(doubt(family, version, Code::VersionName, message, help));
                    }
                }
            }
        }
    }
    for (place, family) in families.iter().enumerate() {
        other_names((place, family), offered, &mut names, doubts);
    }
    names
}

/// Adds the aliases of a tool, which may not be the name of anything else.
fn other_names(
    (place, family): (usize, &Family),
    offered: &[Offered],
    names: &mut HashMap<Box<str>, Meaning>,
    doubts: &mut Vec<Doubt>,
) {
    for alias in &family.plan.aliases {
        let aim = match alias.version.map(|number| family.plan.place(number)) {
            None => Aim::Tool(place),
            Some(Some(version)) => Aim::Version(Chosen { family: place, version }),
            // It has been told that there is no such version.
            Some(None) => continue,
        };
        if offered.iter().any(|known| *known.name.as_str() == *alias.name) || names.contains_key(&alias.name)
        {
            let message = format!(
                "`{}` is another name of `{}`, and there is a tool of that name",
                alias.name, family.plan.name
            );
            let (tool, facet) = (family.plan.name.clone(), Facet::Alias(alias.name.clone()));
            let help = "take another alias".into();
            doubts.push(Doubt { code: Code::VersionName, tool, version: None, facet, message, help });
            continue;
        }
        names.insert(alias.name.clone(), Meaning { aim, until: alias.until });
    }
}

fn doubt(family: &Family, version: &Version, code: Code, message: String, help: &str) -> Doubt {
    let (tool, version) = (family.plan.name.clone(), Some(version.number));
    Doubt { code, tool, version, facet: Facet::Name, message, help: help.into() }
}
