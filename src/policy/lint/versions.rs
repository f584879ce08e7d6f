//! Denies that a caller of another version of the same tool would not meet.

use crate::policy::catalog::Catalog;
use crate::policy::code::Code;
use crate::policy::diagnostic::Findings;
use crate::policy::judges::Bench;
use crate::policy::parts::{Bundle, Effect};
use crate::policy::versions::Versions;

/// Warns of a deny that is about some of the server's tools that are versions of one, and not about the others: who
/// comes to be on another version comes around it.
pub(in crate::policy) fn check(
    bundle: &Bundle,
    bench: &Bench,
    (catalog, versions): (&Catalog, &Versions),
    findings: &mut Findings,
) {
    if versions.is_empty() {
        return;
    }
    for family in versions.families() {
        let is_version = |name: &str| versions.family_of(name).and_then(|at| versions.families().get(at));
        let own = |name: &str| is_version(name).is_some_and(|other| std::ptr::eq(other, family));
        let tools: Vec<(usize, &str)> = catalog
            .tools
            .iter()
            .map(|tool| tool.name.value.as_str())
            .enumerate()
            .filter(|(_, name)| own(name))
            .collect();
        for (index, rule) in bundle.rules.iter().enumerate().filter(|(_, rule)| rule.effect == Effect::Deny) {
            let names_version = rule.selector.tools.iter().flatten().any(|tool| tool.value.contains('@'));
            let denies = |tool: usize| {
                bench
                    .tools
                    .get(tool)
                    .is_some_and(|docket| docket.deny.iter().any(|clause| clause.rule == index))
            };
            let denied = tools.iter().filter(|(tool, _)| denies(*tool)).count();
            let free = tools.iter().find(|(tool, _)| !denies(*tool));
            if let (Some((_, free)), true, false) = (free, denied > 0, names_version) {
                let name = &family.plan.name;
                let message = format!(
                    "versions of `{name}` are also `{free}` at the server, which this deny is not about"
                );
                let help = format!(
                    "add `{free}` to its `tools`, or name the versions that are meant, as in `{name}@1`"
                );
                findings.advise(Code::DenyOfSomeVersions, rule.span, message, help);
            }
        }
    }
}
