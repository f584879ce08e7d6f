//! `tools.lock.yaml`: the tools that somebody looked at and approved.
//!
//! **Why.** A server may say tomorrow what nobody approved today. So what was approved is written down,
//! whole, in the repository of the policy, where a change is a difference that people review.
//!
//! ```yaml
//! version: 1
//! server: { name: "files", version: "1.2.0" }       # what the server calls itself; says nothing to a rule
//! sha256: "7d86..."                                  # of the names and digests of all tools
//! tools:
//!   - name: "read_file"
//!     sha256: "0c1f..."                              # of all that follows but `class`
//!     title: "Read a file"
//!     description: "Reads one file."
//!     inputSchema: { "type": "object", "properties": { "path": { "type": "string" } } }
//!     annotations: { "readOnlyHint": true }
//!     class: read                                    # only where the annotations are not to be followed
//!   - name: "read_file"
//!     version: 1                                     # an older version, which the server has no more
//!     sha256: "91d0..."
//! ```
//!
//! **How.** Each digest is computed anew when the file is read: a definition that was edited by hand is
//! a fault, for nobody has seen the server say it. Older files, which have digests alone, still read.
//!
//! **What it is not.** No signature: who may write the file may write digests that agree with it.

mod definition;
mod drift;
mod hint;
mod schema;
mod spelling;
mod tree;
mod twins;
mod write;

use std::sync::Arc;

use super::Source;
use super::code::Code;
use super::diagnostic::{Faults, Findings, Span, Spanned};
use super::parts::{Section, ToolPart, note_double, read_tool_name};
use super::scalar::Scalar;
use super::snapshot::Class;
use super::walker::{self, Fields};
use super::yaml::{self, Content, Node, Room};
use crate::bounds::{LOCK_BYTES_MAX, LOCK_DEPTH_MAX, POLICY_TOOLS_MAX};
use crate::json::Document;
use crate::names::ToolName;
pub use definition::{Annotations, Definition, DefinitionFault, definition_sha256};
pub(super) use drift::changes_between;
pub use drift::{Change, Drift, DriftClass, drift};
pub use hint::Hint;
pub use spelling::visible;
pub(crate) use tree::json;
pub use twins::{looks_of, passes_for};

/// The name of the file.
pub const LOCK_FILE: &str = "tools.lock.yaml";

/// The keys of a lock file.
pub(super) const KEYS: &[&str] = &["version", "server", "sha256", "tools"];

/// The keys of `server` in it.
pub(super) const SERVER_KEYS: &[&str] = &["name", "version"];

/// The keys of each of its tools.
pub(super) const TOOL_KEYS: &[&str] = &[
    "name",
    "version",
    "sha256",
    "title",
    "description",
    "inputSchema",
    "outputSchema",
    "annotations",
    "class",
];

const ROOM: Room = Room { bytes_max: LOCK_BYTES_MAX, depth_max: LOCK_DEPTH_MAX };

/// What a lock file says, each tool once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// What the server called itself.
    pub server: Option<LockedServer>,
    /// The tools.
    pub tools: Vec<LockedTool>,
    /// Whether tools were added or taken out by hand: the digest of the list is another.
    pub is_list_edited: bool,
}

/// What a server calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedServer {
    /// Its name.
    pub name: Box<str>,
    /// Its version.
    pub version: Option<Box<str>>,
}

/// A tool that somebody approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedTool {
    /// Its name.
    pub name: ToolName,
    /// Which version it is, of those that the server has no more; `None` for what the server says now.
    pub version: Option<u32>,
    /// The class that was written down for it, against its annotations or without them.
    pub class: Option<Class>,
    /// The digest of what was approved.
    pub sha256: Option<[u8; 32]>,
    /// What was approved; `None` in older files.
    pub definition: Option<Arc<Definition>>,
    /// Whether the definition is another than the digest says.
    pub is_edited: bool,
}

impl Lock {
    /// Reads a lock file for whoever writes it anew: what was edited by hand is marked, and no fault.
    ///
    /// # Errors
    /// Every other fault of the file: its author's.
    pub fn read(source: Source) -> Result<Self, Faults> {
        let mut findings = Findings::default();
        let read = parse(0, &source, &mut findings);
        let mut lock = Self::default();
        if let Some(read) = read {
            lock.server = read.server;
            lock.is_list_edited = read.is_list_edited;
            lock.tools = read.tools.into_iter().map(|pinned| pinned.tool).collect();
        }
        let faults = findings.settle(&[source]);
        let is_readable = faults.iter().all(|fault| fault.code == Code::DefinitionEdited);
        if is_readable { Ok(lock) } else { Err(faults) }
    }
}

impl LockedTool {
    /// Its name, with its version where it has one: `search@1`.
    pub fn called(&self) -> String {
        self.version.map_or_else(|| self.name.to_string(), |version| format!("{}@{version}", self.name))
    }

    /// A tool whose definition somebody approves, with the class that is written down for it, if any.
    pub fn approved(definition: Arc<Definition>, class: Option<Class>) -> Self {
        Self {
            name: definition.name.clone(),
            version: None,
            class,
            sha256: Some(definition.sha256),
            definition: Some(definition),
            is_edited: false,
        }
    }
}

/// Whether a `version` is the first one.
pub(crate) fn is_version_1(node: &Node) -> bool {
    matches!(&node.content, Content::Scalar(Scalar::Number(text)) if **text == *"1")
}

/// What was kept of a version of a tool that the server has no more.
#[derive(Debug)]
pub(super) struct Kept {
    pub name: ToolName,
    pub number: u32,
    pub definition: Arc<Definition>,
}

/// What a lock file says to a bundle.
#[derive(Debug, Default)]
pub(super) struct PinnedTools {
    /// What the server has.
    pub tools: Vec<ToolPart>,
    /// What it has no more.
    pub kept: Vec<Kept>,
}

/// Reads the tools that are pinned. `None` when the file is no YAML.
pub(super) fn read(file: usize, source: &Source, findings: &mut Findings) -> Option<PinnedTools> {
    let mut read = PinnedTools::default();
    for Pinned { span, is_classified, tool } in parse(file, source, findings)?.tools {
        if let Some(number) = tool.version {
            // One without a definition says nothing; that is a fault where a version needs it.
            read.kept.extend(tool.definition.map(|definition| Kept { name: tool.name, number, definition }));
            continue;
        }
        let class = tool.class.or_else(|| tool.definition.as_ref()?.class());
        read.tools.push(ToolPart {
            class,
            is_classified: is_classified || class.is_some(),
            definition: tool.definition,
            sha256: tool.sha256,
            ..ToolPart::bare(Spanned { span, value: tool.name }, Section::Lock)
        });
    }
    Some(read)
}

/// A lock file with the places of its tools.
#[derive(Debug, Default)]
struct Read {
    server: Option<LockedServer>,
    tools: Vec<Pinned>,
    is_list_edited: bool,
}

/// A tool in it.
#[derive(Debug)]
struct Pinned {
    /// Of its name.
    span: Span,
    /// Whether a class is written, readable or not.
    is_classified: bool,
    tool: LockedTool,
}

fn parse(file: usize, source: &Source, findings: &mut Findings) -> Option<Read> {
    let root = yaml::parse_within(ROOM, file, source, findings)?;
    let mut read = Read::default();
    let Some(fields) = Fields::open(&root, "a lock file", KEYS, findings) else { return Some(read) };
    if let Some(node) = fields.need("version", findings)
        && !is_version_1(node)
    {
        findings.raise(Code::BadValue, node.span, "the only version of a lock file is `1`");
    }
    read.server = fields.get("server").and_then(|node| read_server(node, findings));
    let items = fields.need("tools", findings).and_then(|node| walker::list(node, "`tools`", findings));
    let mut is_whole = items.is_some();
    // One more than there may be, for the catalog to say so.
    for item in items.unwrap_or_default().iter().take(POLICY_TOOLS_MAX + 1) {
        let Some(pinned) = read_tool(item, findings) else {
            is_whole = false;
            continue;
        };
        let called = |pinned: &Pinned| (pinned.tool.name.clone(), pinned.tool.version);
        match read.tools.iter().find(|known| called(known) == called(&pinned)) {
            Some(twin) => note_double("tool", &pinned.tool.called(), pinned.span, twin.span, findings),
            None => read.tools.push(pinned),
        }
    }
    if let Some(node) = fields.get("sha256").filter(|_| is_whole) {
        read.is_list_edited = check_list(node, &read.tools, findings);
    }
    Some(read)
}

fn read_server(node: &Node, findings: &mut Findings) -> Option<LockedServer> {
    let fields = Fields::open(node, "`server`", SERVER_KEYS, findings)?;
    let name = fields.need("name", findings).and_then(|node| walker::text(node, "a name", findings));
    let version = fields.get("version").and_then(|node| walker::text(node, "a version", findings));
    Some(LockedServer { name: name?.into(), version: version.map(Into::into) })
}

fn read_tool(node: &Node, findings: &mut Findings) -> Option<Pinned> {
    let fields = Fields::open(node, "a pinned tool", TOOL_KEYS, findings)?;
    let name = fields.need("name", findings).and_then(|node| {
        let text = walker::text(node, "the name of a tool", findings)?;
        read_tool_name(text, node.span, findings)
    });
    let class = fields
        .get("class")
        .and_then(|node| walker::word(node, "a class", Class::ALL, Class::as_str, findings));
    let members = definition::MEMBERS.iter().filter(|member| **member != "name");
    let is_whole = members.clone().any(|member| fields.get(member).is_some());
    let digest = if is_whole { fields.need("sha256", findings) } else { fields.get("sha256") };
    let sha256 = digest.and_then(|node| read_digest(node, findings));
    let name = name?;
    let version = fields.get("version").and_then(|node| walker::count(node, "a version", findings));
    let version = version.map(std::num::NonZeroU32::get);
    let mut tool =
        LockedTool { name: name.value, version, class, sha256, definition: None, is_edited: false };
    let definition = if is_whole { read_definition(&fields, findings) } else { None };
    if let (Some(definition), Some(sha256)) = (&definition, sha256)
        && definition.sha256 != sha256
    {
        tool.is_edited = true;
        let message = format!("the definition of `{}` was edited after it was approved", tool.name);
        let help = format!(
            "`sluicegate pin --approve {}` takes what the server says now; or undo the edit",
            tool.name
        );
        findings.advise(Code::DefinitionEdited, name.span, message, help);
    }
    tool.definition = definition.map(Arc::new);
    Some(Pinned { span: name.span, is_classified: fields.get("class").is_some(), tool })
}

/// Reads the members of a definition, as the server would say them.
fn read_definition(fields: &Fields<'_>, findings: &mut Findings) -> Option<Definition> {
    let mut written = Vec::new();
    for member in definition::MEMBERS {
        if let Some(node) = fields.get(member) {
            written.push(format!("\"{member}\":{}", json(node)?));
        }
    }
    let text = format!("{{{}}}", written.join(","));
    let document = match Document::parse(text.as_bytes()) {
        Ok(document) => document,
        Err(fault) => {
            let message = format!("the definition is nothing that a server can say: {}", fault.kind);
            findings.raise(Code::BadValue, fields.span(), message);
            return None;
        }
    };
    match Definition::read(document.root()) {
        Ok(definition) => Some(definition),
        // A name that is none has been found already.
        Err(DefinitionFault::Name(_) | DefinitionFault::Nameless | DefinitionFault::Repeats) => None,
        Err(fault @ DefinitionFault::Type { member, .. }) => {
            let holder = fields.get(member).or_else(|| fields.get("annotations"));
            let span = holder.map_or(fields.span(), |node| node.span);
            findings.raise(Code::WrongType, span, fault.to_string());
            None
        }
    }
}

fn read_digest(node: &Node, findings: &mut Findings) -> Option<[u8; 32]> {
    let text = walker::text(node, "a SHA-256", findings)?;
    let mut sha256 = [0; 32];
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() == 64) else {
        findings.raise(Code::BadValue, node.span, "a SHA-256 has 64 hexadecimal digits");
        return None;
    };
    for (byte, pair) in sha256.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | u8::try_from(*digit).unwrap_or(0));
    }
    Some(sha256)
}

/// The digest of a list of tools, by what they are called.
fn manifest(tools: &[(String, [u8; 32])]) -> [u8; 32] {
    definition::manifest_sha256(tools.iter().map(|(called, sha256)| (called.as_str(), sha256)))
}

/// Whether the list is another than its digest says.
fn check_list(node: &Node, tools: &[Pinned], findings: &mut Findings) -> bool {
    let Some(written) = read_digest(node, findings) else { return false };
    let digests: Option<Vec<_>> =
        tools.iter().map(|Pinned { tool, .. }| Some((tool.called(), tool.sha256?))).collect();
    let is_edited = digests.is_none_or(|digests| manifest(&digests) != written);
    if is_edited {
        let message = "tools were added, taken out or changed in this list after it was approved";
        let help = "undo the edit; or look at `sluicegate pin --diff`, then take what the server says now \
                    with `sluicegate pin --approve-all`";
        findings.advise(Code::DefinitionEdited, node.span, message, help);
    }
    is_edited
}

#[cfg(test)]
mod tests;
