//! Which lists of tools can be approved at all: each tool with a name of its own that cannot be taken for
//! another's, and described in the forms of the protocol.

use std::collections::HashMap;
use std::sync::Arc;

use crate::json::Document;
use crate::policy::{Definition, looks_of, visible};

/// Reads what a server says of its tools.
///
/// # Errors
/// Everything that is wrong with them, a line each: the server's fault.
pub(super) fn accept(tools: &[String]) -> Result<Vec<Arc<Definition>>, Vec<String>> {
    let (mut definitions, mut faults) = (Vec::new(), Vec::new());
    for (index, text) in tools.iter().enumerate() {
        match read(text) {
            Ok(definition) => definitions.push(Arc::new(definition)),
            Err(fault) => faults.push(format!("the server's tool number {} {fault}", index + 1)),
        }
    }
    let mut looks: HashMap<String, &str> = HashMap::new();
    for name in definitions.iter().map(|definition| definition.name.as_str()) {
        let own = looks_of(name);
        match own.iter().find_map(|look| looks.get(look)) {
            Some(twin) if *twin == name => faults.push(format!("the server has two tools `{name}`")),
            Some(twin) => {
                faults.push(format!("the server's tools `{twin}` and `{name}` can be taken for each other"));
            }
            None => looks.extend(own.map(|look| (look, name))),
        }
    }
    if faults.is_empty() { Ok(definitions) } else { Err(faults) }
}

fn read(text: &str) -> Result<Definition, String> {
    let document =
        Document::parse(text.as_bytes()).map_err(|fault| format!("is no strict JSON: {}", fault.kind))?;
    let tool = document.root();
    Definition::read(tool).map_err(|fault| {
        let name = tool.get("name").and_then(|name| name.string()).unwrap_or_default();
        format!("(`{}`) cannot be approved: {fault}", visible(&name).replace('\n', "\\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tools: &[&str], wanted: &[&str]) {
        let tools: Vec<String> = tools.iter().map(|&tool| tool.to_owned()).collect();
        assert_eq!(accept(&tools).err().unwrap_or_default(), wanted, "{tools:?}");
    }

    fn named(name: &str) -> String {
        format!(r#"{{"name":"{name}"}}"#)
    }

    #[test]
    fn takes_names_that_are_told_apart() {
        for (one, other) in
            [("a", "b"), ("add", "adds"), ("list1", "list2"), ("get_a", "get_b"), ("burn", "bun")]
        {
            check(&[&named(one), &named(other)], &[]);
        }
    }

    #[test]
    fn refuses_names_that_pass_for_each_other() {
        for (one, other) in [
            ("delete_all", "delete-all"),
            ("deleteAll", "delete.all"),
            ("READ", "read"),
            ("tool1", "tooll"),
            ("list", "Iist"),
            ("go0", "goO"),
            ("burn", "bum"),
        ] {
            let wanted = format!("the server's tools `{one}` and `{other}` can be taken for each other");
            check(&[&named(one), &named("x"), &named(other)], &[&wanted]);
        }
        check(&[&named("a"), &named("a")], &["the server has two tools `a`"]);
    }

    #[test]
    fn tells_of_everything_that_is_no_tool() {
        check(
            &["7", &named("a b"), &named("a\u{202e}b"), r#"{"name":"b","title":1}"#, &named("b")],
            &[
                "the server's tool number 1 (``) cannot be approved: it is no object with a name",
                "the server's tool number 2 (`a b`) cannot be approved: its name may not be the name of a \
                 tool: character ' ' is not allowed in a name",
                "the server's tool number 3 (`a\\u{202e}b`) cannot be approved: its name may not be the name \
                 of a tool: character '\\u{202e}' is not allowed in a name",
                "the server's tool number 4 (`b`) cannot be approved: `title` must be a text",
            ],
        );
    }
}
