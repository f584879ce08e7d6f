//! The verbs of `registry`, one connection and one transaction each.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::{
    ApproveOptions, AvailabilityWord, ImportOptions, MigrateOptions, ServerOptions, SetOptions, SiteOptions,
    StatusOptions,
};
use crate::cli::Exit;
use crate::cli::opening::{Fault, trust, unable};
use crate::cli::output::paint;
use crate::cli::pin::drift_text;
use crate::json::Document;
use crate::names::{Label, ToolName, hex};
use crate::policy::registry::{ACTIVE, BundleRow, DRAFT, VersionRow, check_quotas};
use crate::policy::{
    Definition, LOCK_FILE, Lock, LockedTool, Policy, Registry, Source, State, bundle_sha256, compile, drift,
    nearest,
};
use crate::report::grouped;
use crate::store::postgres::{CommandFault, Commands, DriftRow, Import, RegistrySite, ServerRow, Setting};
use crate::store::{self, unix_ms};

pub(super) fn connect(options: &SiteOptions) -> Result<Commands, Fault> {
    let environment = |variable: &str| std::env::var(variable).ok();
    let password = options.registry_password_file.as_deref();
    let site = RegistrySite::new(&options.registry, password, &trust(&options.asking), environment);
    Commands::connect(&site.map_err(unable)?).map_err(unable)
}

/// Connects, and finds out which server is meant.
fn connect_to(options: &ServerOptions) -> Result<(Commands, String), Fault> {
    let mut commands = connect(&options.site)?;
    let server = commands.server(options.server.as_deref()).map_err(unable)?;
    Ok((commands, server))
}

pub(super) fn migrate(options: &MigrateOptions) -> Result<Exit, Fault> {
    let roles = (options.reader.as_deref(), options.reporter.as_deref());
    let taken = connect(&options.site)?.migrate(roles).map_err(unable)?;
    match taken.as_slice() {
        [] => anstream::println!("the tables are up to date"),
        taken => taken.iter().for_each(|step| anstream::println!("done: {step}")),
    }
    if let Some(reader) = &options.reader {
        anstream::println!("{reader} may read the registry, and write nothing");
    }
    if let Some(reporter) = &options.reporter {
        anstream::println!("{reporter} may write down what gates saw of changed tools, and nothing else");
    }
    Ok(Exit::Fine)
}

pub(super) fn export(options: &ServerOptions) -> Result<Exit, Fault> {
    let (mut commands, server) = connect_to(options)?;
    let registry = commands.export(&server).map_err(unable)?;
    anstream::println!("{:#}", registry.to_document());
    Ok(Exit::Fine)
}

pub(super) fn import(options: &ImportOptions) -> Result<Exit, Fault> {
    let is_whole = !options.from.is_dir();
    let registry = if is_whole { exported(&options.from)? } else { bundle(&options.from, options.draft)? };
    let mut commands = connect(&options.site)?;
    let import = Import { registry: &registry, author: &options.by, is_whole };
    commands.import(import).map_err(unable)?;
    let files = registry.bundle.as_ref().map_or(0, |bundle| bundle.files.len());
    anstream::println!(
        "{}: {} versions of tools, {} rows of tenants and {files} policy files are in the registry",
        registry.server,
        registry.versions.len(),
        grouped(u64::try_from(registry.grid.len()).unwrap_or(u64::MAX)),
    );
    if !is_whole
        && store::read(&options.from).is_ok_and(|files| files.iter().any(|file| file.name.contains('/')))
    {
        anstream::println!("the layer in organisation/ is not: it comes from the files of each gate");
    }
    Ok(Exit::Fine)
}

fn exported(path: &Path) -> Result<Registry, Fault> {
    let fault = |cause: &dyn std::fmt::Display| unable(format!("cannot import {}: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|cause| fault(&cause))?;
    Registry::from_document(&text).map_err(|cause| fault(&cause))
}

/// What a bundle that holds becomes in the registry.
fn bundle(directory: &Path, is_draft: bool) -> Result<Registry, Fault> {
    let sources = store::read(directory).map_err(unable)?;
    let policy: Policy = compile(&sources, unix_ms()).map_err(|faults| {
        let (drawn, bundle) = (faults.render(paint()), directory.display());
        Fault::found(format!(
            "{drawn}sluicegate: the policy in {bundle} does not hold, so nothing is imported"
        ))
    })?;
    let pinned = |tool: &crate::policy::Tool| Some(version(tool.definition()?, is_draft));
    let mut versions: Vec<VersionRow> = policy.tools().iter().filter_map(pinned).collect();
    number(&policy, &mut versions);
    let (bundled, _): (Vec<Source>, Vec<Source>) =
        sources.into_iter().partition(|source| !source.name.contains('/') && *source.name != *LOCK_FILE);
    let sha256 = bundle_sha256(&bundled).into();
    let files = bundled.into_iter().map(|source| (source.name, source.text.into())).collect();
    Ok(Registry {
        server: policy.server.as_str().into(),
        versions,
        bundle: Some(BundleRow { sha256, files, ..BundleRow::default() }),
        ..Registry::default()
    })
}

/// Gives what the policy declares as versions their numbers, and adds what was kept of those that the server has no more.
fn number(policy: &Policy, rows: &mut Vec<VersionRow>) {
    let moment = |ms: Option<u64>| ms.and_then(|ms| i64::try_from(ms).ok());
    for (tool, declared) in policy.versions().each() {
        let number = i32::try_from(declared.number).unwrap_or(i32::MAX);
        let is_own = declared.upstream.is_none() && declared.successor.is_none();
        match (&declared.definition, declared.state) {
            _ if is_own => {
                let row = rows.iter_mut().find(|row| *row.name == *tool.name.as_str());
                row.into_iter().for_each(|row| row.version = number);
            }
            (Some(definition), State::Brownout | State::Deprecated | State::Retired) => {
                rows.push(VersionRow {
                    version: number,
                    state: declared.state.as_str().into(),
                    deprecated_unix_ms: moment(declared.deprecated),
                    sunset_unix_ms: moment(declared.sunset),
                    successor: declared.successor.and_then(|number| i32::try_from(number).ok()),
                    ..version(definition, false)
                });
            }
            // There is one active version of a name, and a draft waits for somebody.
            (_, _) => {}
        }
    }
}

fn version(definition: &Arc<Definition>, is_draft: bool) -> VersionRow {
    VersionRow {
        name: definition.name.as_str().into(),
        state: if is_draft { DRAFT } else { ACTIVE }.into(),
        definition: definition.to_json().into(),
        sha256: definition.sha256.into(),
        ..VersionRow::default()
    }
}

pub(super) fn set(options: &SetOptions) -> Result<Exit, Fault> {
    let SetOptions { tenant, tool, until, version, .. } = options;
    Label::parse(tenant)
        .map_err(|fault| unable(format!("`{tenant}` may not be the name of a tenant: {fault}")))?;
    ToolName::check(tool)
        .map_err(|fault| unable(format!("`{tool}` may not be the name of a tool: {fault}")))?;
    if until.is_some_and(|until| until <= unix_ms()) {
        return Err(unable("`--until` is over already, so nothing would change; write a day to come"));
    }
    let (mut commands, server) = connect_to(&options.of)?;
    let known = commands.export(&server).map_err(unable)?.versions;
    if !known.is_empty() && known.iter().all(|row| *row.name != **tool) {
        let meant = nearest(tool, known.iter().map(|row| &*row.name));
        let help = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        return Err(unable(format!("{server} has no tool `{tool}`{help}")));
    }
    if let Some(version) = version
        && !known.iter().any(|row| *row.name == **tool && row.version == *version)
    {
        return Err(unable(format!("{server} has no version {version} of `{tool}`")));
    }
    let limits = options.limits.as_deref().map(limits).transpose()?;
    let is_enabled = options.availability == AvailabilityWord::Enabled;
    let until_unix_ms = until.and_then(|until| i64::try_from(until).ok());
    let (server, limits) = (&*server, limits.as_ref().map(|limits| limits.as_deref()));
    let setting = Setting { server, tenant, tool, is_enabled, until_unix_ms, version: *version, limits };
    commands.set(&setting).map_err(unable)?;
    let word = if is_enabled { "enabled" } else { "disabled" };
    anstream::println!("{server}: {tool} is {word} for {tenant}");
    Ok(Exit::Fine)
}

/// The limits of a tenant as JSON, checked; `None` for none.
fn limits(text: &str) -> Result<Option<String>, Fault> {
    if text == "none" {
        return Ok(None);
    }
    let read: serde_json::Value = serde_json::from_str(text).map_err(|fault| {
        unable(format!("`--limits` is no JSON: {fault}; write '{{\"rate\": \"60/min\"}}', or `none`"))
    })?;
    check_quotas(text).map_err(|faults| {
        Fault::found(format!(
            "{}sluicegate: these limits do not hold, so nothing is set",
            faults.render(paint())
        ))
    })?;
    Ok(Some(read.to_string()))
}

pub(super) fn approve(options: &ApproveOptions) -> Result<Exit, Fault> {
    let (mut commands, server) = connect_to(&options.of)?;
    let registry = commands.export(&server).map_err(unable)?;
    let row = wanted(&registry, options).map_err(unable)?;
    let name = format!("{}@{}", row.name, row.version);
    let next = definition(row).map_err(unable)?;
    let active = registry.active(&row.name).map(definition).transpose().map_err(unable)?;
    let tools = active.map(|active| LockedTool::approved(active, None));
    let lock = Lock { tools: tools.into_iter().collect(), ..Lock::default() };
    let drifts = drift(&lock, &[next]);
    anstream::print!("{}", drift_text(&drifts));
    if options.diff {
        return Ok(if drifts.is_empty() { Exit::Fine } else { Exit::Findings });
    }
    commands.approve(&server, row, &options.by).map_err(unable)?;
    anstream::println!("{server}: {name} is active, approved by {}", options.by);
    Ok(Exit::Fine)
}

/// The version that is to be approved.
fn wanted<'r>(registry: &'r Registry, options: &ApproveOptions) -> Result<&'r VersionRow, CommandFault> {
    let (server, tool) = (&registry.server, &options.tool);
    let all: Vec<&VersionRow> = registry.versions.iter().filter(|row| *row.name == **tool).collect();
    let asked = |message: String| Err(CommandFault::Asked(message));
    if all.is_empty() {
        let meant = nearest(tool, registry.versions.iter().map(|row| &*row.name));
        let help = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        return asked(format!("{server} has no tool `{tool}`{help}"));
    }
    let found: Vec<&VersionRow> = match options.version {
        Some(version) => all.into_iter().filter(|row| row.version == version).collect(),
        None => all.into_iter().filter(|row| *row.state == *"draft").collect(),
    };
    match (found.as_slice(), options.version) {
        ([row], _) if *row.state == *ACTIVE => asked(format!("`{tool}@{}` is active already", row.version)),
        ([row], _) => Ok(row),
        ([], Some(version)) => asked(format!("{server} has no version {version} of `{tool}`")),
        ([], None) => asked(format!(
            "no version of `{tool}` waits for anybody; `sluicegate registry import --draft` brings one"
        )),
        _ => asked(format!("several versions of `{tool}` wait; say which by `--version`")),
    }
}

fn definition(row: &VersionRow) -> Result<Arc<Definition>, String> {
    let name = format!("{}@{}", row.name, row.version);
    let document = Document::parse(row.definition.as_bytes()).map_err(|fault| {
        format!("the definition of `{name}` is nothing that a server can say: {}", fault.kind)
    })?;
    let definition = Definition::read(document.root())
        .map_err(|fault| format!("the definition of `{name}` is none: {fault}"))?;
    match definition.sha256[..] == *row.sha256 {
        true => Ok(Arc::new(definition)),
        false => {
            Err(format!("the definition of `{name}` is not what its digest was taken of; import it again"))
        }
    }
}

pub(super) fn status(options: &StatusOptions) -> Result<Exit, Fault> {
    let overview = connect(&options.site)?.overview().map_err(unable)?;
    let (taken, known) = overview.steps;
    if options.json {
        let server = |row: &ServerRow| {
            json!({
                "id": row.id, "active": row.active, "drafts": row.drafts, "tenants": row.tenants, "rows": row.rows,
                "bundle": row.bundle, "drifts": row.drifts,
            })
        };
        let told = json!({
            "migrations": { "taken": taken, "known": known },
            "revision": overview.revision,
            "listeners": overview.listeners,
            "servers": overview.servers.iter().map(server).collect::<Vec<_>>(),
            "drifts": overview.drifts.iter().map(drift_json).collect::<Vec<_>>(),
        });
        anstream::println!("{told:#}");
        return Ok(if taken == known { Exit::Fine } else { Exit::Findings });
    }
    anstream::println!("revision {}, {} gates listen", overview.revision, overview.listeners);
    for ServerRow { id, active, drafts, tenants, rows, bundle, drifts } in &overview.servers {
        let bundle = bundle.map_or_else(|| "no bundle".to_owned(), |bundle| format!("bundle {bundle}"));
        anstream::println!(
            "{id}: {active} tools, {drafts} drafts, {tenants} tenants with {rows} rows, {bundle}, {drifts} drifts"
        );
    }
    for DriftRow { at_unix_ms, server, name, class, action, .. } in &overview.drifts {
        anstream::println!("{} {server}: `{name}` differs: {class}, {action}", when(*at_unix_ms));
    }
    if taken == known {
        return Ok(Exit::Fine);
    }
    anstream::println!("{taken} of {known} migrations are done; run `sluicegate registry migrate`");
    Ok(Exit::Findings)
}

fn drift_json(row: &DriftRow) -> serde_json::Value {
    json!({
        "at": when(row.at_unix_ms), "server": row.server, "tool": row.name, "event": row.class, "action": row.action,
        "approved_sha256": row.old_sha256.as_deref().map(hex), "shown_sha256": row.new_sha256.as_deref().map(hex),
    })
}

/// A moment in UTC, for people.
fn when(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(|_| unix_ms.to_string(), |at| at.to_string())
}
