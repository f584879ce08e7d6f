//! Every name that a call may have, and what it means.

use std::collections::HashMap;

use super::choose::{Aim, Chosen};
use super::doubt::{Doubt, Facet};
use super::plan::Offered;
use super::{Family, State, Version};
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
) -> HashMap<Box<str>, Aim> {
    let mut names: HashMap<Box<str>, Aim> = HashMap::new();
    for (place, family) in families.iter().enumerate() {
        names.insert(family.plan.name.as_str().into(), Aim::Tool(place));
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
                names.insert(alias, aim);
            }
            // A translated version has no tool of its own.
            if !version.is_translated() && route.upstream != plan.name && version.state != State::Retired {
                match names.insert(route.upstream.as_str().into(), aim) {
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
    names
}

fn doubt(family: &Family, version: &Version, code: Code, message: String, help: &str) -> Doubt {
    let (tool, version) = (family.plan.name.clone(), Some(version.number));
    Doubt { code, tool, version, facet: Facet::Name, message, help: help.into() }
}
