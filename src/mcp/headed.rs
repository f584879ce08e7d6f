//! Which arguments of a call are repeated in headers: as the schema of the tool says it.
//!
//! A call that somebody else than its client has written, in the words of another version of the tool, has headers that
//! nobody has sent yet. They are made as a client would make them: for each property of the schema with `x-mcp-header`
//! whose argument is there and is not null.
//!
//! Source: MCP 2026-07-28, transports, "Custom headers from tool parameters".

use super::mirror;
use crate::bounds::MIRRORED_LEAVES_MAX;
use crate::json::Value;

/// The key of a property that is repeated, with what follows `Mcp-Param-` in the name of the header.
const KEY: &str = "x-mcp-header";

/// The headers of a call with `arguments` of a tool with `schema`: what follows `Mcp-Param-`, and the value.
pub fn by_schema(schema: Value<'_>, arguments: Option<Value<'_>>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if let Some(arguments) = arguments {
        collect(schema, arguments, &mut headers, &mut { MIRRORED_LEAVES_MAX });
    }
    headers
}

/// No deeper than JSON may be, and no further than `MIRRORED_LEAVES_MAX` properties.
fn collect(schema: Value<'_>, value: Value<'_>, headers: &mut Vec<(String, String)>, budget: &mut usize) {
    let Some(properties) = schema.get("properties") else { return };
    for (key, property) in properties.members() {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        let Some(argument) = value.get(&key.name()) else { continue };
        if let (Some(name), Some(text)) =
            (property.get(KEY).and_then(|name| name.string()), mirror::text(argument))
        {
            headers.push((name.into_owned(), mirror::encode(&text)));
        }
        collect(property, argument, headers, budget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn repeats_what_the_schema_names_and_nothing_else() {
        let schema = r#"{"properties":{"region":{"type":"string","x-mcp-header":"Region"},"n":{"x-mcp-header":"Count"},
            "plain":{"type":"string"},"in":{"properties":{"deep":{"x-mcp-header":"Deep"}}},"l":{"x-mcp-header":"List"}}}"#;
        let cases: [(&str, &[(&str, &str)]); 5] = [
            (
                r#"{"region":"eu","n":7,"plain":"x","in":{"deep":true},"l":[1]}"#,
                &[("Region", "eu"), ("Count", "7"), ("Deep", "true")],
            ),
            (r#"{"region":null}"#, &[]),
            (r#"{"region":"\u00fc"}"#, &[("Region", "=?base64?w7w=?=")]),
            (r#"{"plain":"eu"}"#, &[]),
            ("{}", &[]),
        ];
        let schema = Document::parse(schema.as_bytes()).expect("JSON");
        for (arguments, wanted) in cases {
            let arguments = Document::parse(arguments.as_bytes()).expect("JSON");
            let found = by_schema(schema.root(), Some(arguments.root()));
            let found: Vec<_> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(found, wanted);
        }
        assert!(by_schema(schema.root(), None).is_empty());
    }
}
