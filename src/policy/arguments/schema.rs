//! JSON Schema (2020-12) for an argument as a whole, written in the policy.
//!
//! Compiled when the bundle is loaded. References lead inside the schema only: nothing is ever fetched
//! or opened. `format` is an annotation, as the draft has it. Numbers are compared as doubles there, so
//! a value with a number of more digits than a double keeps is unknown, like one that is too large or
//! too deep to be looked at in bounded time.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use boon::{Compiler, Draft, SchemaIndex, Schemas, UrlLoader};

use super::Standing;
use super::text::decide;
use crate::bounds::{JSON_SCHEMA_BYTES_MAX, JSON_SCHEMA_VALUE_BYTES_MAX, JSON_SCHEMA_VALUE_DEPTH_MAX};
use crate::json::{Document, Kind, Value};

/// A compiled schema. Two are equal when their JSON is.
#[derive(Clone)]
pub(in crate::policy) struct Schema(Arc<Compiled>);

struct Compiled {
    source: serde_json::Value,
    schemas: Schemas,
    root: SchemaIndex,
}

/// What `format` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Formats {
    /// Nothing, as the draft has it.
    Annotate,
    /// That a string must be in it, as validators of clients have it.
    Assert,
}

/// What a schema is called; nothing can be loaded by it or by any other name.
const LOCATION: &str = "policy:schema";

/// Whether a text is valid JSON by a schema; `None` where the schema is none, or the text cannot be looked at in
/// bounded time. Compiles the schema anew: for people, not for calls.
pub fn fits(schema: &serde_json::Value, json: &str) -> Option<bool> {
    Schema::compile(schema.clone(), Formats::Annotate).ok()?.is_met(json)
}

struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, url: &str) -> Result<serde_json::Value, Box<dyn Error>> {
        Err(format!("`{url}` is outside the schema").into())
    }
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// What is wrong with it, in one line; the policy author's fault.
    pub fn new(source: serde_json::Value) -> Result<Self, String> {
        if source.to_string().len() > JSON_SCHEMA_BYTES_MAX {
            return Err(format!("a schema may have {JSON_SCHEMA_BYTES_MAX} bytes of JSON at most"));
        }
        Self::compile(source, Formats::Annotate)
    }

    /// Compiles a schema of any size that its source bounds.
    ///
    /// # Errors
    /// What is wrong with it, in one line; its author's fault.
    pub fn compile(source: serde_json::Value, formats: Formats) -> Result<Self, String> {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.use_loader(Box::new(Nowhere));
        if formats == Formats::Assert {
            compiler.enable_format_assertions();
        }
        compiler.add_resource(LOCATION, source.clone()).map_err(|fault| told(&fault))?;
        let root = compiler.compile(LOCATION, &mut schemas).map_err(|fault| told(&fault))?;
        Ok(Self(Arc::new(Compiled { source, schemas, root })))
    }

    /// Whether a text is valid JSON of this schema; `None` if it is too deep to be looked at in bounded time.
    pub fn is_met(&self, json: &str) -> Option<bool> {
        let document = Document::parse(json.as_bytes()).ok()?;
        let is_flat = is_within(document.root(), JSON_SCHEMA_VALUE_DEPTH_MAX, |_| true);
        let value = serde_json::from_str(json).ok().filter(|_| is_flat)?;
        Some(self.0.schemas.validate(&value, self.0.root).is_ok())
    }

    /// Whether a value is valid.
    pub(super) fn judge(&self, value: Value<'_>) -> Standing {
        if value.raw().len() > JSON_SCHEMA_VALUE_BYTES_MAX
            || value.repeats()
            || !is_within(value, JSON_SCHEMA_VALUE_DEPTH_MAX, is_exact)
        {
            return Standing::Unknown;
        }
        match serde_json::from_str(value.raw()) {
            Ok(value) => decide(self.0.schemas.validate(&value, self.0.root).is_ok()),
            Err(_) => Standing::Unknown,
        }
    }
}

/// Whether `value` is valid by a schema written as JSON, which is one.
pub(in crate::policy) fn is_valid(schema: &str, value: Value<'_>) -> bool {
    let schema = serde_json::from_str(schema).ok().and_then(|source| Schema::new(source).ok());
    schema.is_some_and(|schema| schema.judge(value) == Standing::Meets)
}

fn told(fault: &boon::CompileError) -> String {
    // Only the innermost cause says what is wrong; the pictures around it have several lines.
    let text = match fault {
        boon::CompileError::LoadUrlError { src, .. } => src.to_string(),
        boon::CompileError::ValidationError { src, .. } => innermost(src),
        other => other.to_string(),
    };
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ").replace(LOCATION, "")
}

fn innermost(error: &boon::ValidationError<'_, '_>) -> String {
    match error.causes.first() {
        Some(cause) => innermost(cause),
        None => format!("at `{}`: {}", error.instance_location, error.kind),
    }
}

/// Whether nothing lies deeper than `depth`, and every number is as `is_fit` wants it.
fn is_within(value: Value<'_>, depth: usize, is_fit: fn(&str) -> bool) -> bool {
    let within = |inner| depth > 0 && is_within(inner, depth - 1, is_fit);
    match value.kind() {
        Kind::Number => is_fit(value.raw()),
        Kind::Array => depth > 0 && value.elements().all(within),
        Kind::Object => depth > 0 && value.members().all(|(_, member)| within(member)),
        Kind::False | Kind::Key | Kind::Null | Kind::String | Kind::True => true,
    }
}

/// Whether a double keeps the number as it is spelled.
fn is_exact(spelling: &str) -> bool {
    significant_digits(spelling) <= DOUBLE_DIGITS
}

/// Decimal digits that every double keeps. Source: IEEE 754, binary64.
const DOUBLE_DIGITS: usize = 15;

fn significant_digits(spelling: &str) -> usize {
    let mantissa = spelling.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.trim_start_matches(['-', '0', '.']);
    digits.bytes().filter(u8::is_ascii_digit).count()
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Schema {}

impl fmt::Debug for Schema {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Schema({})", self.0.source)
    }
}

/// As one line of JSON, which is YAML too.
impl fmt::Display for Schema {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source.fmt(to)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Test;
    use super::super::tests::judge;
    use super::*;

    fn schema(source: serde_json::Value) -> Test {
        Test::JsonSchema(Schema::new(source).expect("a schema"))
    }

    #[test]
    fn judges_a_value_as_a_whole() {
        let order = schema(json!({
            "type": "object", "required": ["id"], "additionalProperties": false,
            "properties": { "id": { "type": "string", "pattern": "^ord-[0-9]+$" }, "lines": { "$ref": "#/$defs/lines" } },
            "$defs": { "lines": { "type": "array", "maxItems": 2, "items": { "type": "integer", "maximum": 9 } } },
        }));
        let cases = [
            (r#"{"id":"ord-1","lines":[1,9]}"#, Standing::Meets),
            (r#"{"id":"ord-1","lines":[10]}"#, Standing::Fails),
            (r#"{"id":"ord-1","more":1}"#, Standing::Fails),
            (r#"{"id":"\u006frd-1"}"#, Standing::Meets),
            ("{}", Standing::Fails),
            ("null", Standing::Fails),
            (r#"{"id":"ord-1","lines":[9.000000000000000001]}"#, Standing::Unknown),
        ];
        for (value, wanted) in cases {
            assert_eq!(judge(&order, value), wanted, "{value}");
        }
    }

    #[test]
    fn does_not_look_at_what_is_too_large_or_too_deep() {
        let any = schema(json!({ "type": ["array", "string"] }));
        let deep = |depth: usize| judge(&any, &format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert_eq!(deep(JSON_SCHEMA_VALUE_DEPTH_MAX), Standing::Meets);
        assert_eq!(deep(JSON_SCHEMA_VALUE_DEPTH_MAX + 1), Standing::Unknown);
        let long = |bytes: usize| judge(&any, &format!("\"{}\"", "x".repeat(bytes - 2)));
        assert_eq!(long(JSON_SCHEMA_VALUE_BYTES_MAX), Standing::Meets);
        assert_eq!(long(JSON_SCHEMA_VALUE_BYTES_MAX + 1), Standing::Unknown);
    }

    #[test]
    fn opens_no_file() {
        let file = concat!("file://", env!("CARGO_MANIFEST_DIR"), "/tests/peers/package.json");
        let fault = Schema::new(json!({ "$ref": file })).err();
        assert!(fault.as_deref().is_some_and(|why| why.contains("outside the schema")), "{fault:?}");
    }

    #[test]
    fn refuses_what_is_no_schema_or_leads_outside() {
        for source in [
            json!({ "type": "text" }),
            json!({ "$ref": "https://acme.example/schema.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "$ref": "#/$defs/none" }),
            json!({ "pattern": "(?=a)" }),
            json!(7),
            json!({ "description": "x".repeat(JSON_SCHEMA_BYTES_MAX) }),
        ] {
            let fault = Schema::new(source.clone()).err();
            assert!(fault.as_deref().is_some_and(|why| !why.contains('\n')), "{source}: {fault:?}");
        }
    }
}
