//! Where `lint` and `eval` take a list of tools from: a bundle, a file, or a server that is asked.
//!
//! Whatever it is, it becomes one JSON object as a server gives it, strict and bounded, with what the policy
//! says otherwise of tools (`describe`) put in place, for that is what a model will read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::opening::{self, Fault, unable};
use super::pin::headers;
use super::sandbox::SandboxOptions;
use super::{Exit, check, time};
use crate::bounds::LISTING_BYTES_MAX;
use crate::json::Document;
use crate::lint::Listing;
use crate::policy::{LOCK_FILE, Policy, visible};
use crate::serve::Target;
use crate::serve::inquiry::{Asked, inquire};
use crate::store;

/// Which list of tools is meant.
#[derive(Debug, Args)]
pub(super) struct ListingOptions {
    /// The server, over Streamable HTTP: http://HOST:PORT/PATH, https://HOST:PORT/PATH or unix:SOCKET[:/PATH]
    #[arg(long, value_name = "URL", conflicts_with_all = ["list", "command"])]
    server: Option<String>,
    /// A file with headers for the server, one a line, as in `Authorization: Bearer ...`
    #[arg(long, value_name = "FILE", requires = "server")]
    header_file: Option<PathBuf>,
    /// The bundle whose `describe` is put in place of what the server says; a bundle that is looked at has its own
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    /// How long the server may take for everything together
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time::parse)]
    timeout: Duration,
    /// A variable for the environment of COMMAND, as NAME=VALUE, or NAME to hand it on; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "command")]
    env: Vec<String>,
    #[command(flatten)]
    enclosure: SandboxOptions,
    /// The server, which speaks MCP over standard input and output. It is started in the sandbox of --policy
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "list")]
    command: Vec<String>,
}

/// A list, and where it came from.
#[derive(Debug)]
pub(super) struct Found {
    /// What it is called.
    pub name: String,
    /// The list, as clients of the gate are given it.
    pub listing: Listing,
    /// The list as the server gives it.
    pub plain: Listing,
    /// The file that it stands in, with its text.
    pub file: Option<(String, String)>,
}

/// A list as it was said, and by whom.
struct Said {
    name: String,
    list: Value,
    file: Option<(String, String)>,
}

impl ListingOptions {
    /// Reads the list: of `named`, a bundle or a file, or of the server.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub fn read(&self, named: Option<&Path>) -> Result<Found, Fault> {
        let policy = self.policy.as_deref().or(named.filter(|path| path.is_dir())).map(policy).transpose()?;
        let Said { name, list, file } = match named {
            Some(path) if path.is_dir() => of_bundle(path, policy.as_ref())?,
            Some(path) => of_file(path)?,
            None => self.ask(policy.as_ref())?,
        };
        let plain = Listing::read(&list);
        let list = overridden(list, policy.as_ref());
        Ok(Found { name, listing: Listing::read(&list), plain, file })
    }

    fn ask(&self, policy: Option<&Policy>) -> Result<Said, Fault> {
        let asked = match &self.server {
            Some(url) => Asked::Network {
                target: Target::parse(url).map_err(unable)?,
                headers: self
                    .header_file
                    .as_deref()
                    .map(headers::read)
                    .transpose()
                    .map_err(unable)?
                    .unwrap_or_default(),
            },
            None if self.command.is_empty() => {
                return Err(unable("no list: name a bundle or a file, or give --server URL or -- COMMAND"));
            }
            None => {
                let mut child = opening::child(&self.command, &self.env)?;
                let plan = policy.and_then(|policy| policy.upstream.sandbox.as_ref());
                self.enclosure.enclose_asked(&mut child, plan)?;
                Asked::Child(child)
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unable)?;
        let offer = runtime.block_on(inquire(asked, self.timeout)).map_err(unable)?;
        let tools: Result<Vec<Value>, _> =
            offer.tools.iter().map(|tool| serde_json::from_str(tool)).collect();
        let mut list = json!({ "tools": tools.map_err(unable)? });
        if let Some(instructions) = offer.instructions {
            list["instructions"] = json!(instructions);
        }
        let called = offer.server.map(|(name, version)| format!("{name} {}", version.unwrap_or_default()));
        let name = called.map(|called| visible(called.trim())).or_else(|| self.server.clone());
        Ok(Said { name: name.unwrap_or_else(|| "the server".to_owned()), list, file: None })
    }
}

fn policy(bundle: &Path) -> Result<Policy, Fault> {
    let loaded = check::load(bundle, None);
    loaded.map(|loaded| loaded.policy).map_err(|account| {
        let why = account.unable.unwrap_or_else(|| format!("{}\n{}", account.faults, account.summary));
        let mut fault = unable(why);
        if !account.faults.is_empty() {
            fault.exit = Exit::Findings;
        }
        fault
    })
}

fn of_bundle(bundle: &Path, policy: Option<&Policy>) -> Result<Said, Fault> {
    let path = bundle.join(LOCK_FILE);
    let text = std::fs::read_to_string(&path).map_err(|cause| {
        unable(format!("{}: {cause}; `sluicegate pin` writes it, or name a server", path.display()))
    })?;
    let definitions = policy.iter().flat_map(|policy| policy.tools()).filter_map(|tool| tool.definition());
    let tools: Result<Vec<Value>, _> =
        definitions.map(|definition| serde_json::from_str(&definition.to_json())).collect();
    let list = json!({ "tools": tools.map_err(unable)? });
    Ok(Said { name: bundle.display().to_string(), list, file: Some((path.display().to_string(), text)) })
}

fn of_file(path: &Path) -> Result<Said, Fault> {
    let shown = path.display().to_string();
    let files = store::read_together(&[path.to_owned()], LISTING_BYTES_MAX).map_err(unable)?;
    let bytes = files.into_iter().next().unwrap_or_default();
    let text = String::from_utf8(bytes).map_err(|_| unable(format!("`{shown}` is not UTF-8")))?;
    Document::parse(text.as_bytes())
        .map_err(|fault| unable(format!("`{shown}` is no strict JSON: {fault}")))?;
    let value: Value = serde_json::from_str(&text).map_err(|cause| unable(format!("`{shown}`: {cause}")))?;
    let list = value.get("result").filter(|result| result.is_object()).cloned().unwrap_or(value);
    let list = if list.is_array() { json!({ "tools": list }) } else { list };
    if list.get("tools").and_then(Value::as_array).is_none() {
        return Err(unable(format!(
            "`{shown}` has no list `tools`; it must be the result of a `tools/list`"
        )));
    }
    Ok(Said { name: shown.clone(), list, file: Some((shown, text)) })
}

/// The list as clients of the gate are given it.
fn overridden(mut list: Value, policy: Option<&Policy>) -> Value {
    let Some(policy) = policy else { return list };
    for tool in list.get_mut("tools").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some(describe) = policy.tool(name).and_then(|tool| tool.describe()) else { continue };
        if let Some(said) =
            describe.apply(&tool.to_string()).and_then(|text| serde_json::from_str(&text).ok())
        {
            *tool = said;
        }
    }
    list
}
