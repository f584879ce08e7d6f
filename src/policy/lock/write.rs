//! Writing the file: always the same bytes for the same tools, in lines that a difference shows well.
//!
//! Tools by name, keys of schemas in one order, numbers as the server spells them, no line for what fits
//! into the one before. Descriptions of several lines stand as such where YAML reads them back exactly.

use super::definition::Definition;
use super::spelling::{is_shown, quoted};
use super::{Lock, LockedTool, manifest};
use crate::json::{Document, Kind, Value};
use crate::names::hex;

const HEAD: &str = "\
# The tools that somebody approved, as their server describes them; written by `sluicegate pin`.
# What is changed here by hand is refused. `sluicegate pin --diff` shows what the server says now.
version: 1
";

/// Columns of a line of a schema, where it can be cut.
const COLUMNS: usize = 110;

/// Bytes of a key that YAML surely knows for one. Source: YAML 1.2.2, 7.4.2.
const KEY_BYTES_MAX: usize = 1000;

/// Where the members of a tool begin.
const INDENT: usize = 4;

impl Lock {
    /// The text of the file, with the digest of the list computed anew. Ends in a line feed.
    pub fn render(&self) -> String {
        let mut tools: Vec<&LockedTool> = self.tools.iter().collect();
        tools.sort_unstable_by_key(|tool| (&tool.name, tool.version));
        let mut out = HEAD.to_owned();
        if let Some(server) = &self.server {
            let version = server.version.as_deref().map(|version| format!(", version: {}", quoted(version)));
            let (name, version) = (quoted(&server.name), version.unwrap_or_default());
            out.push_str(&format!("server: {{ name: {name}{version} }}\n"));
        }
        let digests: Option<Vec<_>> = tools.iter().map(|tool| Some((tool.called(), tool.sha256?))).collect();
        if let Some(digests) = digests {
            let sha256 = manifest(&digests);
            out.push_str(&format!("sha256: \"{}\"\n", hex(&sha256)));
        }
        out.push_str(if tools.is_empty() { "tools: []\n" } else { "tools:\n" });
        tools.iter().for_each(|tool| write_tool(tool, &mut out));
        out
    }
}

fn write_tool(tool: &LockedTool, out: &mut String) {
    out.push_str(&format!("  - name: \"{}\"\n", tool.name));
    if let Some(version) = tool.version {
        out.push_str(&format!("    version: {version}\n"));
    }
    if let Some(sha256) = &tool.sha256 {
        out.push_str(&format!("    sha256: \"{}\"\n", hex(sha256)));
    }
    if let Some(definition) = &tool.definition {
        write_definition(definition, out);
    }
    if let Some(class) = tool.class {
        out.push_str(&format!("    class: {}\n", class.as_str()));
    }
}

fn write_definition(definition: &Definition, out: &mut String) {
    for (member, text) in [("title", &definition.title), ("description", &definition.description)] {
        if let Some(text) = text {
            write_text(member, text, out);
        }
    }
    let objects = [
        ("inputSchema", &definition.input_schema),
        ("outputSchema", &definition.output_schema),
        ("annotations", &definition.annotations.text),
    ];
    for (member, text) in objects {
        let Some(document) = text.as_ref().and_then(|text| Document::parse(text.as_bytes()).ok()) else {
            continue;
        };
        let name = format!("{:INDENT$}{member}: ", "");
        let column = name.len();
        out.push_str(&name);
        write_value(document.root(), INDENT + 2, column, out);
        out.push('\n');
    }
}

fn write_text(member: &str, text: &str, out: &mut String) {
    if !is_block(text) {
        out.push_str(&format!("    {member}: {}\n", quoted(text)));
        return;
    }
    out.push_str(&format!("    {member}: |-\n"));
    for line in text.split('\n') {
        let indent = if line.is_empty() { 0 } else { INDENT + 2 };
        out.push_str(&format!("{:indent$}{line}\n", ""));
    }
}

/// Whether a text may stand as a block of lines, and comes back from it as it is.
fn is_block(text: &str) -> bool {
    let is_edge = |c: char| c.is_whitespace();
    text.contains('\n')
        && text.chars().all(|c| is_shown(c) || c == '\n')
        && !text.starts_with(is_edge)
        && text.split('\n').all(|line| !line.ends_with(is_edge))
        && !text.ends_with('\n')
}

/// Writes `value` from `column` on; lines after the first begin at `indent`.
fn write_value(value: Value<'_>, indent: usize, column: usize, out: &mut String) {
    // A value that is that long as it came does not fit, and is not tried at every depth.
    if value.raw().len() <= 4 * COLUMNS {
        let line = one_line(value);
        if column + line.chars().count() <= COLUMNS {
            return out.push_str(&line);
        }
    }
    let (open, close) = match value.kind() {
        Kind::Object => ('{', '}'),
        Kind::Array => ('[', ']'),
        Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::String | Kind::True => {
            return out.push_str(&one_line(value));
        }
    };
    out.push(open);
    let inner = indent + 2;
    for (index, (name, item)) in items(value).into_iter().enumerate() {
        out.push_str(if index > 0 { ",\n" } else { "\n" });
        let name = format!("{:inner$}{name}", "");
        let column = name.chars().count();
        out.push_str(&name);
        write_value(item, inner, column, out);
    }
    out.push_str(&format!("\n{:indent$}{close}", ""));
}

/// The items of a list or a map, each with the name before it: maps by their names.
fn items(value: Value<'_>) -> Vec<(String, Value<'_>)> {
    if value.kind() == Kind::Array {
        return value.elements().map(|item| (String::new(), item)).collect();
    }
    let mut members: Vec<_> = value.members().map(|(key, item)| (key.name(), item)).collect();
    members.sort_by(|(left, _), (right, _)| left.cmp(right));
    members.into_iter().map(|(name, item)| (key(&name), item)).collect()
}

/// A name before its value. YAML looks 1,024 characters ahead for the colon, and no further unless asked.
fn key(name: &str) -> String {
    let quoted = quoted(name);
    if quoted.len() > KEY_BYTES_MAX { format!("? {quoted} : ") } else { format!("{quoted}: ") }
}

fn one_line(value: Value<'_>) -> String {
    let inside = || {
        let items = items(value).into_iter().map(|(name, item)| format!("{name}{}", one_line(item)));
        items.collect::<Vec<_>>().join(", ")
    };
    match value.kind() {
        Kind::Object if value.members().next().is_none() => "{}".to_owned(),
        Kind::Object => format!("{{ {} }}", inside()),
        Kind::Array => format!("[{}]", inside()),
        Kind::String => quoted(&value.string().unwrap_or_default()),
        Kind::False | Kind::Key | Kind::Null | Kind::Number | Kind::True => value.raw().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::policy::Source;
    use crate::policy::lock::{LOCK_FILE, LockedServer};

    fn locked(json: &str) -> LockedTool {
        let document = Document::parse(json.as_bytes()).expect("a test is JSON");
        let definition = Definition::read(document.root()).expect("a definition");
        LockedTool::approved(Arc::new(definition), None)
    }

    #[track_caller]
    fn comes_back(lock: &Lock) -> String {
        let text = lock.render();
        let read = Lock::read(Source { name: LOCK_FILE.into(), text: text.clone() });
        let read = read.unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        assert!(!read.is_list_edited, "{text}");
        assert_eq!(read.tools.len(), lock.tools.len(), "{text}");
        for tool in &lock.tools {
            let back = read.tools.iter().find(|back| back.name == tool.name).expect("it is there");
            assert_eq!((back.sha256, back.class, back.is_edited), (tool.sha256, tool.class, false), "{text}");
        }
        assert_eq!(read.render(), text, "the same bytes again");
        text
    }

    #[test]
    fn writes_what_a_difference_shows_well() {
        let long = "x".repeat(60);
        let add = format!(
            r#"{{"name":"add","title":"Add \u202e","description":"Adds.\n\n  Twice: # yes\n- \"x\"","inputSchema":
            {{"type":"object","required":["b","a"],"properties":{{"b":{{"type":"number","maximum":1e3}},
            "a":{{"type":"string","description":"{long}","enum":["{long}","{long}"]}}}}}},"annotations":{{}}}}"#
        );
        let old = LockedTool { sha256: Some([0x12; 32]), ..locked(r#"{"name":"a.b"}"#) };
        let old = LockedTool { definition: None, class: Some(crate::policy::Class::Read), ..old };
        let server = LockedServer { name: "acme \"1\"".into(), version: Some("2.0".into()) };
        let lock = Lock { server: Some(server), tools: vec![locked(&add), old], is_list_edited: false };
        let text = comes_back(&lock);
        let wanted = format!(
            r#"server: {{ name: "acme \"1\"", version: "2.0" }}
sha256: "{list}"
tools:
  - name: "a.b"
    sha256: "{twelve}"
    class: read
  - name: "add"
    sha256: "{add}"
    title: "Add \u202e"
    description: |-
      Adds.

        Twice: # yes
      - "x"
    inputSchema: {{
        "properties": {{
          "a": {{
            "description": "{long}",
            "enum": [
              "{long}",
              "{long}"
            ],
            "type": "string"
          }},
          "b": {{ "maximum": 1e3, "type": "number" }}
        }},
        "required": ["b", "a"],
        "type": "object"
      }}
    annotations: {{}}
"#,
            twelve = "12".repeat(32),
            add = hex(&lock.tools[0].sha256.expect("it is there")),
            list = text.split('"').nth(7).expect("the digest of the list"),
        );
        assert_eq!(text.strip_prefix(HEAD), Some(&*wanted));
    }

    #[test]
    fn writes_texts_that_come_back() {
        let texts = [
            "",
            " ",
            "\n",
            "a\n",
            "\na",
            " a\nb",
            "a \nb",
            "a\n\nb",
            "a\r\nb",
            "a\tb\nc",
            "a\n\tb",
            "---\n...",
            "a\n---\nb",
            "%x\ny",
            "# a\n# b",
            "- a\n- b",
            "a: b\n  c: d",
            "\u{feff}a\nb",
            "a\u{85}b",
            "a\u{fffe}\nb",
            "'\"\\\n{}",
            "a\n\u{2028}b",
            "a\n \n b",
            "a\u{a0}\nb",
            "yes",
            "1e3",
        ];
        for text in texts {
            for member in ["title", "description"] {
                let json = format!(r#"{{"name":"a","{member}":{}}}"#, crate::json::quote(text));
                comes_back(&Lock { tools: vec![locked(&json)], ..Lock::default() });
            }
        }
        // With its quotes, a key has two bytes more.
        for length in [1, KEY_BYTES_MAX - 3, KEY_BYTES_MAX - 2, KEY_BYTES_MAX - 1, 5_000] {
            let key = "k".repeat(length);
            let json = format!(r#"{{"name":"a","inputSchema":{{"{key}":1,"b":"{key}"}}}}"#);
            comes_back(&Lock { tools: vec![locked(&json)], ..Lock::default() });
        }
        comes_back(&Lock::default());
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_filter("a number of JSON", |x| x.is_finite()).prop_map(Into::into),
            any::<String>().prop_map(Into::into),
            "[a-z \n#:-]{0,20}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_comes_back(value in json(), text in any::<String>(), lines in "[a-z \n#:-]{0,40}") {
            let tool = serde_json::json!({
                "name": "a", "title": text, "description": lines, "inputSchema": { "x": value }
            });
            let tool = tool.to_string();
            // Very large integers and the like are none of strict JSON.
            prop_assume!(Document::parse(tool.as_bytes()).is_ok());
            comes_back(&Lock { tools: vec![locked(&tool)], ..Lock::default() });
        }
    }
}
