//! A tree of YAML as the JSON that it stands for.

use crate::json::quote;
use crate::policy::scalar::Scalar;
use crate::policy::yaml::{Content, Node};

/// Writes `node` as JSON; `None` where something in it has been found at fault already.
///
/// Numbers keep their spelling and maps their order.
pub(crate) fn json(node: &Node) -> Option<String> {
    let mut text = String::new();
    write(node, &mut text).then_some(text)
}

fn write(node: &Node, out: &mut String) -> bool {
    match &node.content {
        Content::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                if !write(item, out) {
                    return false;
                }
            }
            out.push(']');
        }
        Content::Map(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(&quote(&entry.key));
                out.push(':');
                if !write(&entry.value, out) {
                    return false;
                }
            }
            out.push('}');
        }
        Content::Scalar(Scalar::Boolean(value)) => out.push_str(if *value { "true" } else { "false" }),
        Content::Scalar(Scalar::Null) => out.push_str("null"),
        Content::Scalar(Scalar::Number(text)) => out.push_str(text),
        Content::Scalar(Scalar::Text(text)) => out.push_str(&quote(text)),
        Content::Unreadable => return false,
    }
    true
}
