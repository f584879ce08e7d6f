//! `tools.lock.yaml`: the tools that somebody looked at and approved.

use super::code::Code;
use super::diagnostic::{Findings, Span};
use super::parts::{Section, ToolPart, note_double, read_tool_name};
use super::scalar::Scalar;
use super::snapshot::Class;
use super::walker::{self, Fields};
use super::yaml::{Content, Node};

/// The name of the file.
pub(super) const FILE: &str = "tools.lock.yaml";

/// Reads the tools that are pinned. The digest of a definition is checked for its form.
pub(super) fn read(root: &Node, findings: &mut Findings) -> Vec<ToolPart> {
    let mut tools: Vec<ToolPart> = Vec::new();
    let Some(fields) = Fields::open(root, "a lock file", &["version", "tools"], findings) else {
        return tools;
    };
    if let Some(node) = fields.need("version", findings)
        && !matches!(&node.content, Content::Scalar(Scalar::Number(text)) if **text == *"1")
    {
        findings.raise(Code::BadValue, node.span, "the only version of a lock file is `1`");
    }
    let items = fields.need("tools", findings).and_then(|node| walker::list(node, "`tools`", findings));
    for item in items.unwrap_or_default() {
        let Some(tool) = read_tool(item, findings) else { continue };
        match tools.iter().find(|known| known.name.value == tool.name.value) {
            Some(twin) => {
                note_double("tool", tool.name.value.as_str(), tool.name.span, twin.name.span, findings);
            }
            None => tools.push(tool),
        }
    }
    tools
}

fn read_tool(node: &Node, findings: &mut Findings) -> Option<ToolPart> {
    let fields = Fields::open(node, "a pinned tool", &["name", "class", "sha256"], findings)?;
    let name = fields.need("name", findings).and_then(|node| {
        let text = walker::text(node, "the name of a tool", findings)?;
        read_tool_name(text, node.span, findings)
    });
    let class = fields
        .get("class")
        .and_then(|node| walker::word(node, "a class", Class::ALL, Class::as_str, findings));
    if let Some(node) = fields.get("sha256")
        && let Some(text) = walker::text(node, "a SHA-256", findings)
    {
        check_digest(text, node.span, findings);
    }
    let is_classified = fields.get("class").is_some();
    Some(ToolPart {
        name: name?,
        class,
        is_classified,
        timeout: None,
        tenants: Vec::new(),
        section: Section::Lock,
    })
}

fn check_digest(text: &str, span: Span, findings: &mut Findings) {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        findings.raise(Code::BadValue, span, "a SHA-256 has 64 hexadecimal digits");
    }
}
