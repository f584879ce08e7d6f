//! What a server says of a tool, and the digest that somebody approves.
//!
//! **Why.** A tool that was harmless when it was approved can change its words or its arguments later.
//! The digest notices: it covers all that a model reads and all that a rule is typed by.
//!
//! **What it covers.** `name`, `title`, `description`, `inputSchema`, `outputSchema` and `annotations`, in
//! the form of RFC 8785, so that neither the order of keys nor the spelling of numbers counts. A member
//! that is `null` is one that is not there. **What it does not cover.** `_meta`, members that the protocol
//! does not know, and `icons`: they are addresses of pictures for people, no model reads them, and what
//! is behind an address may change while the address stays.

use ring::digest::{SHA256, digest};

use crate::json::{Kind, Value, quote, write_jcs};
use crate::names::{NameFault, ToolName, hex};
use crate::policy::snapshot::Class;

/// The members of a tool that are approved, in the order of RFC 8785.
pub const MEMBERS: &[&str] = &["annotations", "description", "inputSchema", "name", "outputSchema", "title"];

/// What a server says of a tool, as far as it is approved. Immutable; keep it in an `Arc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name on the wire.
    pub name: ToolName,
    /// Its name for people.
    pub title: Option<Box<str>>,
    /// What a model is told that it does.
    pub description: Option<Box<str>>,
    /// The JSON Schema of its arguments, an object, as JSON text.
    pub input_schema: Option<Box<str>>,
    /// The JSON Schema of its structured results, an object, as JSON text.
    pub output_schema: Option<Box<str>>,
    /// What it claims to do to the world.
    pub annotations: Annotations,
    /// Of all the above, see the module.
    pub sha256: [u8; 32],
}

/// What a tool claims to do to the world. A claim: it counts once somebody has approved it.
///
/// Source: MCP 2026-07-28, `ToolAnnotations`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotations {
    /// It changes nothing. The protocol's default is `false`.
    pub read_only: Option<bool>,
    /// What it changes cannot be got back. The protocol's default is `true`.
    pub destructive: Option<bool>,
    /// Calling it twice is as calling it once. The protocol's default is `false`.
    pub idempotent: Option<bool>,
    /// It deals with things beyond its server. The protocol's default is `true`.
    pub open_world: Option<bool>,
    /// All of them, an object, as JSON text with the keys that are not known; `None` where none are given.
    pub text: Option<Box<str>>,
}

/// Why something is no definition of a tool: the server's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionFault {
    /// Its name may not be the name of a tool.
    #[error("its name may not be the name of a tool: {0}")]
    Name(NameFault),
    /// It is no object, or has no name.
    #[error("it is no object with a name")]
    Nameless,
    /// A key stands twice in one of its objects.
    #[error("a key stands twice in one of its objects")]
    Repeats,
    /// A member is of the wrong type.
    #[error("`{member}` must be {wanted}")]
    Type {
        /// Which.
        member: &'static str,
        /// What it must be, with its article.
        wanted: &'static str,
    },
}

impl Definition {
    /// Reads what a server says of one tool; `tool` is an element of the `tools` of an answer.
    ///
    /// # Errors
    /// [`DefinitionFault`]: the server's.
    pub fn read(tool: Value<'_>) -> Result<Self, DefinitionFault> {
        let name = name_of(tool)?;
        Ok(Self {
            name: ToolName::parse(&name).map_err(DefinitionFault::Name)?,
            title: text(tool, "title")?,
            description: text(tool, "description")?,
            input_schema: object(tool, "inputSchema")?.map(raw),
            output_schema: object(tool, "outputSchema")?.map(raw),
            annotations: Annotations::read(object(tool, "annotations")?)?,
            sha256: definition_sha256(tool)?,
        })
    }

    /// What the tool does to the world, by what was approved; `None` where nothing is claimed.
    ///
    /// Where it claims something, whatever it leaves open has the protocol's default, which is the worst.
    pub fn class(&self) -> Option<Class> {
        match &self.annotations {
            Annotations { text: None, .. } => None,
            Annotations { read_only: Some(true), .. } => Some(Class::Read),
            Annotations { destructive: Some(false), .. } => Some(Class::Write),
            Annotations { .. } => Some(Class::Destructive),
        }
    }

    /// The definition as JSON, each member that is there once, in the order of [`MEMBERS`].
    pub fn to_json(&self) -> String {
        let text = |text: &Option<Box<str>>| text.as_deref().map(quote);
        let json = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        let members = [
            json(&self.annotations.text),
            text(&self.description),
            json(&self.input_schema),
            Some(quote(self.name.as_str())),
            json(&self.output_schema),
            text(&self.title),
        ];
        let there = MEMBERS.iter().zip(members).filter_map(|(name, value)| Some((name, value?)));
        let written: Vec<String> = there.map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", written.join(","))
    }
}

impl Annotations {
    fn read(annotations: Option<Value<'_>>) -> Result<Self, DefinitionFault> {
        let Some(annotations) = annotations else { return Ok(Self::default()) };
        Ok(Self {
            read_only: hint(annotations, "readOnlyHint")?,
            destructive: hint(annotations, "destructiveHint")?,
            idempotent: hint(annotations, "idempotentHint")?,
            open_world: hint(annotations, "openWorldHint")?,
            text: Some(raw(annotations)),
        })
    }
}

/// The SHA-256 of what is approved of a tool; see the module for what it covers.
///
/// For a live answer as well as for the lock file: one function, one digest. Builds no [`Definition`].
///
/// # Errors
/// [`DefinitionFault::Nameless`] and [`DefinitionFault::Repeats`]: the server's.
pub fn definition_sha256(tool: Value<'_>) -> Result<[u8; 32], DefinitionFault> {
    name_of(tool)?;
    if tool.repeats() {
        return Err(DefinitionFault::Repeats);
    }
    let mut form = String::from("{");
    for (name, value) in MEMBERS.iter().filter_map(|name| Some((name, present(tool, name)?))) {
        form.push_str(if form.len() > 1 { "," } else { "" });
        form.push_str(&format!("\"{name}\":"));
        write_jcs(value, &mut form);
    }
    form.push('}');
    Ok(sha256(form.as_bytes()))
}

/// The SHA-256 of a list of tools: over a line of digest, two blanks and name for each, by name, as
/// `sha256sum` prints them.
pub fn manifest_sha256<'t>(tools: impl Iterator<Item = (&'t str, &'t [u8; 32])>) -> [u8; 32] {
    let mut tools: Vec<_> = tools.collect();
    tools.sort_unstable();
    let lines: String = tools.iter().map(|(name, sha256)| format!("{}  {name}\n", hex(*sha256))).collect();
    sha256(lines.as_bytes())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    sha256
}

fn name_of(tool: Value<'_>) -> Result<std::borrow::Cow<'_, str>, DefinitionFault> {
    tool.get("name").and_then(|name| name.string()).ok_or(DefinitionFault::Nameless)
}

fn present<'v>(object: Value<'v>, member: &str) -> Option<Value<'v>> {
    object.get(member).filter(|value| value.kind() != Kind::Null)
}

fn raw(value: Value<'_>) -> Box<str> {
    value.raw().into()
}

fn text(tool: Value<'_>, member: &'static str) -> Result<Option<Box<str>>, DefinitionFault> {
    let wrong = DefinitionFault::Type { member, wanted: "a text" };
    present(tool, member).map(|value| Ok(value.string().ok_or(wrong)?.into())).transpose()
}

fn object<'v>(tool: Value<'v>, member: &'static str) -> Result<Option<Value<'v>>, DefinitionFault> {
    match present(tool, member) {
        Some(value) if value.kind() != Kind::Object => {
            Err(DefinitionFault::Type { member, wanted: "an object" })
        }
        found => Ok(found),
    }
}

fn hint(annotations: Value<'_>, member: &'static str) -> Result<Option<bool>, DefinitionFault> {
    let wrong = DefinitionFault::Type { member, wanted: "`true` or `false`" };
    present(annotations, member).map(|value| value.boolean().ok_or(wrong)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn read(text: &str) -> Result<Definition, DefinitionFault> {
        Definition::read(Document::parse(text.as_bytes()).expect("a test is JSON").root())
    }

    fn digest_of(text: &str) -> String {
        hex(&read(text).expect("a definition").sha256)
    }

    #[test]
    fn covers_what_a_model_reads_and_nothing_else() {
        let plain = r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object","x":1}}"#;
        // printf %s '{"description":"Adds.","inputSchema":{"type":"object","x":1},"name":"add"}' | sha256sum
        let wanted = "15f863da90406d3f3efac3c7e3900789de80a6bbf2fa7311b41956e579f439ee";
        assert_eq!(digest_of(plain), wanted);
        let same = [
            r#"{"inputSchema":{"x":1.0,"type":"obj\u0065ct"},"name":"add","description":"Adds."}"#,
            r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object","x":1},"title":null}"#,
            r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object","x":1},
                "icons":[{"src":"https://acme.example/a.png"}],"_meta":{"a":1},"unknown":true}"#,
        ];
        for text in same {
            assert_eq!(digest_of(text), wanted, "{text}");
        }
        let others = [
            r#"{"name":"adds","description":"Adds.","inputSchema":{"type":"object","x":1}}"#,
            r#"{"name":"add","title":"","description":"Adds.","inputSchema":{"type":"object","x":1}}"#,
            r#"{"name":"add","description":"Adds. ","inputSchema":{"type":"object","x":1}}"#,
            r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object","x":"1"}}"#,
            r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object"}}"#,
            r#"{"name":"add","description":"Adds.","outputSchema":{"type":"object","x":1}}"#,
            r#"{"name":"add","description":"Adds.","inputSchema":{"type":"object","x":1},"annotations":{}}"#,
        ];
        for text in others {
            assert_ne!(digest_of(text), wanted, "{text}");
        }
    }

    #[test]
    fn comes_back_from_its_own_json() {
        let text = r#"{"name":"a","title":"\"A\"","description":"x\ny","inputSchema":{"b":1e3,"a":[]},
            "outputSchema":{},"annotations":{"title":"t","idempotentHint":true}}"#;
        let definition = read(text).expect("a definition");
        assert_eq!(read(&definition.to_json()), Ok(definition));
    }

    #[test]
    fn takes_the_worst_of_what_is_left_open() {
        let cases = [
            ("null", None),
            ("{}", Some(Class::Destructive)),
            (r#"{"title":"x"}"#, Some(Class::Destructive)),
            (r#"{"readOnlyHint":true}"#, Some(Class::Read)),
            (r#"{"readOnlyHint":true,"destructiveHint":true}"#, Some(Class::Read)),
            (r#"{"readOnlyHint":false}"#, Some(Class::Destructive)),
            (r#"{"destructiveHint":false}"#, Some(Class::Write)),
            (r#"{"destructiveHint":null,"idempotentHint":true}"#, Some(Class::Destructive)),
        ];
        for (annotations, wanted) in cases {
            let tool = read(&format!(r#"{{"name":"a","annotations":{annotations}}}"#)).expect("a definition");
            assert_eq!(tool.class(), wanted, "{annotations}");
        }
    }

    #[test]
    fn refuses_what_is_no_definition() {
        let of = |member, wanted| DefinitionFault::Type { member, wanted };
        let cases = [
            ("[]", DefinitionFault::Nameless),
            (r#"{"name":1}"#, DefinitionFault::Nameless),
            (r#"{"name":"a b"}"#, DefinitionFault::Name(NameFault::Character(' '))),
            (r#"{"name":"a","title":1}"#, of("title", "a text")),
            (r#"{"name":"a","description":[]}"#, of("description", "a text")),
            (r#"{"name":"a","inputSchema":true}"#, of("inputSchema", "an object")),
            (r#"{"name":"a","outputSchema":"x"}"#, of("outputSchema", "an object")),
            (r#"{"name":"a","annotations":[]}"#, of("annotations", "an object")),
            (r#"{"name":"a","annotations":{"readOnlyHint":1}}"#, of("readOnlyHint", "`true` or `false`")),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text), Err(wanted), "{text}");
        }
        let twice = br#"{"name":"a","inputSchema":{"b":1,"b":2}}"#;
        let document = Document::parse_with(twice, crate::json::DuplicateKeys::RejectProtocol).expect("JSON");
        assert_eq!(definition_sha256(document.root()), Err(DefinitionFault::Repeats));
    }

    #[test]
    fn sums_up_a_list_whatever_its_order() {
        let (a, b) = ([1; 32], [2; 32]);
        let sum = manifest_sha256([("b", &b), ("a", &a)].into_iter());
        assert_eq!(sum, manifest_sha256([("a", &a), ("b", &b)].into_iter()));
        assert_eq!(sum, sha256(format!("{}  a\n{}  b\n", "01".repeat(32), "02".repeat(32)).as_bytes()));
        assert_ne!(sum, manifest_sha256([("a", &b), ("b", &a)].into_iter()));
        assert_ne!(sum, manifest_sha256([("a", &a)].into_iter()));
    }
}
