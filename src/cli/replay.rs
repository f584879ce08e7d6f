//! `sluicegate replay`: yesterday's calls under today's policy. `sluicegate diff`: two policies side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Exit;
use super::check::open;
use super::history::{self, Doubt, History, Recorded, Said};
use crate::policy::Policy;

/// Options of `replay`.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// The policy bundle to judge by
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    /// An audit file, or - for standard input. Records of the level `facts` tell what arguments were like
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The form of the report
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Options of `diff`.
#[derive(Debug, Args)]
pub struct DiffOptions {
    /// The policy bundle as it was
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The policy bundle as it shall be
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// An audit file: which of its calls would be decided otherwise
    #[arg(long, value_name = "FILE")]
    on: Option<PathBuf>,
    /// The form of the report
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

/// Judges recorded calls by a policy, and prints those that it decides otherwise than was recorded.
pub fn replay(options: &ReplayOptions) -> Exit {
    let (policy, history) = match opened(&options.bundle, &options.from) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let comparison = Comparison::new(&history, |call| Ok(call.was.clone()), &policy);
    let bundle = options.bundle.display().to_string();
    comparison.print(options.output, &history, &format!("{} under {bundle}", options.from.display()));
    comparison.exit()
}

/// Prints what two bundles say differently, and which recorded calls they decide differently.
pub fn diff(options: &DiffOptions) -> Exit {
    let (old, new) = match (open(&options.old), open(&options.new)) {
        (Ok(old), Ok(new)) => (old.policy, new.policy),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    let words = words(&old, &new);
    let Some(from) = &options.on else {
        match options.output {
            Output::Human => anstream::print!("{}", drawn(&words)),
            Output::Json => anstream::println!("{}", json!({ "rules": words })),
        }
        return if words.is_empty() { Exit::Fine } else { Exit::Findings };
    };
    let history = match history(from) {
        Ok(history) => history,
        Err(exit) => return exit,
    };
    let comparison = Comparison::new(&history, |call| call.judge(&old).map(|(said, _)| said), &new);
    if options.output == Output::Human {
        anstream::print!("{}", drawn(&words));
    }
    comparison.print(options.output, &history, &format!("{} under both", from.display()));
    if words.is_empty() { comparison.exit() } else { Exit::Findings }
}

/// Opens a bundle and a history, or says why that cannot be.
pub(super) fn opened(bundle: &std::path::Path, from: &std::path::Path) -> Result<(Policy, History), Exit> {
    Ok((open(bundle)?.policy, history(from)?))
}

fn history(from: &std::path::Path) -> Result<History, Exit> {
    let history = history::read(from).map_err(|fault| {
        anstream::eprintln!("sluicegate: {fault}");
        Exit::Unable
    })?;
    if history.calls.is_empty() {
        anstream::eprintln!("sluicegate: {} holds no call that rules judged", from.display());
        return Err(Exit::Unable);
    }
    Ok(history)
}

/// What changes from one judgement to another.
#[derive(Debug, Default)]
struct Comparison {
    changes: BTreeMap<Change, Group>,
    doubts: BTreeMap<(Box<str>, Doubt), usize>,
    compared: usize,
}

/// Calls that change in the same way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    from: String,
    to: String,
    target: Box<str>,
    rule: Box<str>,
    roles: Vec<Box<str>>,
}

#[derive(Debug, Default)]
struct Group {
    count: usize,
    callers: BTreeSet<Box<str>>,
    first: Option<(Box<str>, Box<str>)>,
}

impl Comparison {
    fn new(history: &History, before: impl Fn(&Recorded) -> Result<Said, Doubt>, policy: &Policy) -> Self {
        let mut comparison = Self::default();
        for call in &history.calls {
            let target = call.target.clone().unwrap_or_else(|| call.method.as_str().into());
            match (before(call), call.judge(policy)) {
                (Ok(before), Ok((after, roles))) => {
                    comparison.compared += 1;
                    if before.word() != after.word() {
                        let rule = if after.is_allow {
                            &after.rule
                        } else {
                            &after.rule.clone().or(before.rule.clone())
                        };
                        let rule = rule.clone().unwrap_or_else(|| "-".into());
                        let change = Change { from: before.word(), to: after.word(), target, rule, roles };
                        comparison.changes.entry(change).or_default().add(call);
                    }
                }
                (Err(doubt), _) | (_, Err(doubt)) => {
                    *comparison.doubts.entry((target, doubt)).or_default() += 1;
                }
            }
        }
        comparison
    }

    fn exit(&self) -> Exit {
        if self.changes.is_empty() { Exit::Fine } else { Exit::Findings }
    }

    fn print(&self, output: Output, history: &History, what: &str) {
        match output {
            Output::Human => anstream::print!("{}", self.report(history, what)),
            Output::Json => anstream::println!("{}", self.json(history)),
        }
    }

    fn report(&self, history: &History, what: &str) -> String {
        let changed: usize = self.changes.values().map(|group| group.count).sum();
        let unknown: usize = self.doubts.values().sum();
        let mut text = format!(
            "{what}: {} calls judged again, {changed} decided otherwise, {unknown} not knowable\n",
            self.compared
        );
        for (change, group) in &self.changes {
            let Change { from, to, target, rule, roles } = change;
            let roles = if roles.is_empty() { "no role".to_owned() } else { roles.join(", ") };
            // INVARIANT: writing to a text cannot fail; each group has a first call.
            let _ = writeln!(
                text,
                "  {from} -> {to}: {target}, rule {rule}, {roles}: {}x, {} callers",
                group.count,
                group.callers.len()
            );
            if let Some((id, time)) = &group.first {
                let _ = writeln!(text, "    first {id} at {time}");
            }
        }
        for ((target, doubt), count) in &self.doubts {
            let why = match doubt {
                Doubt::Argument(asked) => format!("it hangs on `{asked}`, which the records do not tell"),
                Doubt::User => "it hangs on who the caller is, and the records hold pseudonyms".to_owned(),
            };
            let _ = writeln!(text, "  not knowable: {target}: {why}: {count}x");
        }
        for (reason, count) in &history.unjudged {
            let _ = writeln!(text, "  not judged by rules ({reason}): {count}x");
        }
        if let Some(first) = history.unreadable.first() {
            let _ = writeln!(
                text,
                "  lines that are no records: {}, the first is line {first}",
                history.unreadable.len()
            );
        }
        text
    }

    fn json(&self, history: &History) -> serde_json::Value {
        let change = |(change, group): (&Change, &Group)| {
            let first = group.first.as_ref().map(|(id, time)| json!({ "id": id, "time": time }));
            json!({
                "from": change.from, "to": change.to, "target": change.target, "rule": change.rule, "roles": change.roles,
                "count": group.count, "callers": group.callers.len(), "first": first,
            })
        };
        let doubt = |((target, doubt), count): (&(Box<str>, Doubt), &usize)| match doubt {
            Doubt::Argument(asked) => json!({ "target": target, "asked": asked, "count": count }),
            Doubt::User => json!({ "target": target, "asked": "user", "count": count }),
        };
        json!({
            "compared": self.compared,
            "changes": self.changes.iter().map(change).collect::<Vec<_>>(),
            "unknowable": self.doubts.iter().map(doubt).collect::<Vec<_>>(),
            "unjudged": history.unjudged,
            "unreadable_lines": history.unreadable,
        })
    }
}

impl Group {
    fn add(&mut self, call: &Recorded) {
        self.count += 1;
        self.callers.insert(call.who.user.clone());
        if self.first.is_none() {
            self.first = Some((call.id.clone(), call.time.clone()));
        }
    }
}

/// The lines that stand in one policy only, by rule or role; `-` for the old one, `+` for the new.
fn words(old: &Policy, new: &Policy) -> BTreeMap<String, Vec<String>> {
    let mut both: BTreeMap<String, [BTreeSet<String>; 2]> = BTreeMap::new();
    for (side, policy) in [old, new].into_iter().enumerate() {
        for outline in policy.wordings() {
            let kind = if outline.is_allow { "allow" } else { "deny" };
            both.entry(format!("{kind} {}", outline.rule)).or_default()[side].extend(outline.lines);
        }
        for (role, conditions) in policy.role_wordings() {
            both.entry(format!("role {role}")).or_default()[side].insert(conditions);
        }
    }
    let differing = both.into_iter().filter_map(|(name, [old, new])| {
        let gone = old.difference(&new).map(|line| format!("- {line}"));
        let come = new.difference(&old).map(|line| format!("+ {line}"));
        let lines: Vec<String> = gone.chain(come).collect();
        (!lines.is_empty()).then_some((name, lines))
    });
    differing.collect()
}

fn drawn(words: &BTreeMap<String, Vec<String>>) -> String {
    if words.is_empty() {
        return "the rules and roles say the same\n".to_owned();
    }
    words.iter().map(|(name, lines)| format!("{name}\n  {}\n", lines.join("\n  "))).collect()
}
