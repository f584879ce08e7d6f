//! What clients are told of a tool in place of what its server says.
//!
//! **Why.** A description that models misread is the server's, and the team that runs the gate may not own it.
//! What it says otherwise stands in the policy, is reviewed there, and is put into every list that passes.
//!
//! **What it is not.** It changes what is told, never what is allowed: classes and rules go by what was
//! approved, and pins by what the server says.

use super::code::Code;
use super::diagnostic::{Findings, Span, Spanned, did_you_mean, shown};
use super::snapshot::{Class, Tool};
use super::walker::{self, Fields};
use super::yaml::Node;
use crate::bounds::DESCRIBE_BYTES_MAX;
use crate::json::{Document, Splice, Value, quote};
use crate::mcp::is_unseen;

/// The keys of `describe`.
pub(super) const DESCRIBE_KEYS: &[&str] = &["title", "description", "annotations", "arguments"];

/// Annotations that can be said otherwise.
pub(super) const HINTS: &[&str] = &["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];

/// What is told of one tool. At least one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Describe {
    /// Its name for people.
    pub title: Option<Box<str>>,
    /// What a model is told that it does.
    pub description: Option<Box<str>>,
    /// Annotations by name.
    pub annotations: Vec<(&'static str, bool)>,
    /// What is said of its arguments, by name.
    pub arguments: Vec<(Box<str>, Box<str>)>,
}

/// As it was written.
#[derive(Debug)]
pub(super) struct DescribePart {
    pub span: Span,
    pub describe: Describe,
    arguments: Vec<Spanned<Box<str>>>,
    read_only: Option<Span>,
}

impl Describe {
    /// Adds the edits that put this in place of what `tool`, an element of a list, says. A member that is not there
    /// is added; an argument that the tool does not have is passed over.
    pub fn edit(&self, tool: Value<'_>, splice: &mut Splice) {
        let annotations: Vec<(&str, String)> =
            self.annotations.iter().map(|(name, value)| (*name, value.to_string())).collect();
        let text = |text: &Option<Box<str>>| text.as_deref().map(quote);
        let mut members: Vec<(&str, String)> = Vec::new();
        members.extend(text(&self.title).map(|text| ("title", text)));
        members.extend(text(&self.description).map(|text| ("description", text)));
        match tool.get("annotations").filter(|said| said.kind() == crate::json::Kind::Object) {
            Some(said) => {
                let title = text(&self.title).filter(|_| said.get("title").is_some());
                let all: Vec<_> =
                    annotations.into_iter().chain(title.map(|title| ("title", title))).collect();
                set(said, &all, splice);
            }
            None if annotations.is_empty() => {}
            None => {
                let each: Vec<String> =
                    annotations.iter().map(|(name, value)| format!("{}:{value}", quote(name))).collect();
                members.push(("annotations", format!("{{{}}}", each.join(","))));
            }
        }
        set(tool, &members, splice);
        let properties = tool.get("inputSchema").and_then(|schema| schema.get("properties"));
        for (name, said) in &self.arguments {
            if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
                set(schema, &[("description", quote(said))], splice);
            }
        }
    }

    /// What it tells otherwise, in words.
    pub fn told(&self) -> String {
        let mut told: Vec<String> = Vec::new();
        told.extend(self.title.as_ref().map(|_| "title".to_owned()));
        told.extend(self.description.as_ref().map(|_| "description".to_owned()));
        told.extend(self.annotations.iter().map(|(name, value)| format!("{name}: {value}")));
        told.extend(self.arguments.iter().map(|(name, _)| format!("argument {name}")));
        told.join(", ")
    }

    /// The JSON of a tool with this put in place; `None` where it is no JSON.
    pub fn apply(&self, tool: &str) -> Option<String> {
        let document = Document::parse(tool.as_bytes()).ok()?;
        let mut splice = Splice::default();
        self.edit(document.root(), &mut splice);
        String::from_utf8(splice.apply(tool.as_bytes())).ok()
    }
}

/// Puts members into an object, each in place of the one of its name, or before all others.
fn set(object: Value<'_>, members: &[(&str, String)], splice: &mut Splice) {
    if object.kind() != crate::json::Kind::Object {
        return;
    }
    let mut added = Vec::new();
    for (name, value) in members {
        match object.get(name) {
            Some(said) => splice.replace(said.span(), value.as_str()),
            None => added.push(format!("{}:{value}", quote(name))),
        }
    }
    if !added.is_empty() {
        let at = object.span().start + 1;
        let comma = if object.members().next().is_some() { "," } else { "" };
        splice.replace(at..at, format!("{}{comma}", added.join(",")));
    }
}

impl Tool {
    /// What is told of it in place of what the server says, if the policy says anything.
    pub fn describe(&self) -> Option<&Describe> {
        self.describe.as_ref()
    }
}

impl DescribePart {
    /// Reads the section; `None` where nothing of it can be used.
    pub fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let fields = Fields::open(node, "`describe`", DESCRIBE_KEYS, findings)?;
        let title = fields.get("title").and_then(|node| text(node, "a title", findings));
        let description = fields.get("description").and_then(|node| text(node, "a description", findings));
        let mut part = Self {
            span: fields.span(),
            describe: Describe { title, description, ..Describe::default() },
            arguments: Vec::new(),
            read_only: None,
        };
        for entry in fields
            .get("annotations")
            .and_then(|node| walker::map(node, "`annotations`", findings))
            .unwrap_or_default()
        {
            let Some(&name) = HINTS.iter().find(|name| ***name == *entry.key) else {
                let message = format!("no annotation `{}` can be said otherwise", shown(&entry.key));
                let help = did_you_mean(&entry.key, "annotations", HINTS.iter().copied());
                findings.advise(Code::UnknownKey, entry.key_span, message, help);
                continue;
            };
            if let Some(value) = walker::boolean(&entry.value, "an annotation", findings) {
                part.describe.annotations.push((name, value));
                if name == "readOnlyHint" && value {
                    part.read_only = Some(entry.key_span);
                }
            }
        }
        for entry in fields
            .get("arguments")
            .and_then(|node| walker::map(node, "`arguments`", findings))
            .unwrap_or_default()
        {
            if let Some(said) = text(&entry.value, "what is said of an argument", findings) {
                part.arguments.push(Spanned { span: entry.key_span, value: entry.key.clone() });
                part.describe.arguments.push((entry.key.clone(), said));
            }
        }
        if fields.is_empty() {
            findings.advise(Code::MissingKey, part.span, "`describe` says nothing", "give a `description`");
        }
        Some(part)
    }

    /// Holds it against what was approved of its tool: the JSON Schema of its arguments, and its class.
    pub fn check(&self, tool: &str, schema: Option<&str>, class: Option<Class>, findings: &mut Findings) {
        if let (Some(at), Some(class @ (Class::Write | Class::Destructive))) = (self.read_only, class) {
            let message =
                format!("`{tool}` is told to change nothing, and its class is `{}`", class.as_str());
            let help = "take `readOnlyHint` away, or correct the class; clients ask for no confirmation where it stands";
            findings.advise(Code::DescribeAgainstClass, at, message, help);
        }
        let Some(document) = schema.map(|schema| Document::parse(schema.as_bytes())) else { return };
        let Ok(document) = document else { return };
        let known: Vec<String> = document
            .root()
            .get("properties")
            .into_iter()
            .flat_map(|properties| properties.members())
            .map(|(key, _)| key.name().into_owned())
            .collect();
        for argument in
            self.arguments.iter().filter(|argument| !known.iter().any(|name| **name == *argument.value))
        {
            let message = format!("`{tool}` has no argument `{}`", shown(&argument.value));
            let help = did_you_mean(&argument.value, "arguments", known.iter().map(String::as_str));
            findings.advise(Code::UnknownArgument, argument.span, message, help);
        }
    }
}

/// A text that is told to models: bounded, and of characters that people see.
fn text(node: &Node, what: &str, findings: &mut Findings) -> Option<Box<str>> {
    let text = walker::text(node, what, findings)?;
    if text.len() > DESCRIBE_BYTES_MAX {
        findings.raise(
            Code::TooLarge,
            node.span,
            format!("{what} may have {DESCRIBE_BYTES_MAX} bytes at most"),
        );
        return None;
    }
    if text.chars().any(|c| is_unseen(c) && c != '\n') {
        let message = format!("{what} holds characters that nobody sees");
        findings.advise(Code::DescribeUnseen, node.span, message, "write it anew, in characters that show");
        return None;
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Source;

    #[test]
    fn puts_words_in_place_and_keeps_the_rest() {
        let describe = Describe {
            title: Some("T".into()),
            description: Some("says \"x\"".into()),
            annotations: vec![("readOnlyHint", false)],
            arguments: vec![("a".into(), "first".into()), ("none".into(), "nothing".into())],
        };
        let cases = [
            (
                r#"{ "name": "n", "description": "old", "x": 1.0, "inputSchema": {"properties": {"a": {}}} }"#,
                r#"{"title":"T","annotations":{"readOnlyHint":false}, "name": "n", "description": "says \"x\"", "x": 1.0, "inputSchema": {"properties": {"a": {"description":"first"}}} }"#,
            ),
            (
                r#"{"name":"n","annotations":{"title":"o","readOnlyHint":true},"inputSchema":{"properties":{"a":true}}}"#,
                r#"{"title":"T","description":"says \"x\"","name":"n","annotations":{"title":"T","readOnlyHint":false},"inputSchema":{"properties":{"a":true}}}"#,
            ),
        ];
        for (tool, wanted) in cases {
            assert_eq!(describe.apply(tool).as_deref(), Some(wanted));
        }
    }

    const LOCK: &str = r#"
version: 1
tools:
  - name: db_query
    sha256: "0f8273586ca986545c8549d1cfc4f3a124a4dd62e1307b584a6aa05a5ef10879"
    inputSchema: { "type": "object", "required": ["limit"], "properties": {
      "database": { "type": "string", "enum": ["analytics", "reports"] },
      "limit": { "type": "integer", "minimum": 1, "maximum": 1000 } } }
"#;

    /// The numbers of the errors of a bundle whose tool is described so, and what was made of it.
    fn read(describe: &str) -> Result<Option<Describe>, Vec<&'static str>> {
        crate::identity::install_crypto();
        let policy = format!(
            "version: 1\nserver: {{ id: db }}\ncallers: {{ anonymous: allow }}\nallow: [{{ id: a, tools: db_query }}]\n\
             tools: {{ db_query: {{ class: write, describe: {describe} }} }}\n"
        );
        let source = |name: &str, text: &str| Source { name: name.into(), text: text.into() };
        let sources = [source("policy.yaml", &policy), source("tools.lock.yaml", LOCK)];
        match crate::policy::compile(&sources, 0) {
            Ok(policy) => Ok(policy.tool("db_query").and_then(|tool| tool.describe().cloned())),
            Err(faults) => Err(faults.iter().map(|fault| fault.code.as_str()).collect()),
        }
    }

    #[test]
    fn reads_what_fits_the_tool_and_refuses_the_rest() {
        let good =
            read("{ title: Q, annotations: { readOnlyHint: false }, arguments: { limit: How many rows } }");
        let told = good.expect("a policy").expect("it is described").told();
        assert_eq!(told, "title, readOnlyHint: false, argument limit");
        for (describe, code) in [
            ("{}", "SG0006"),
            ("{ description: '' }", "SG0009"),
            ("{ describtion: x }", "SG0005"),
            ("{ annotations: { readOnlyHint: true } }", "SG0089"),
            ("{ annotations: { readonly: true } }", "SG0005"),
            ("{ annotations: { readOnlyHint: 1 } }", "SG0007"),
            ("{ arguments: { limits: x } }", "SG0030"),
            ("{ description: \"a\\u202Eb\" }", "SG0088"),
        ] {
            assert_eq!(read(describe), Err(vec![code]), "{describe}");
        }
        let long = "a".repeat(DESCRIBE_BYTES_MAX);
        assert!(read(&format!("{{ title: {long} }}")).is_ok());
        assert_eq!(read(&format!("{{ title: {long}a }}")), Err(vec!["SG0023"]));
    }
}
