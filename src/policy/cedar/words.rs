//! Names and texts as Cedar writes them.

use std::fmt::{self, Write as _};

/// Words that Cedar keeps for itself, and so no bare name.
const RESERVED: &[&str] = &["__cedar", "else", "false", "has", "if", "in", "is", "like", "then", "true"];

/// A text in quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoted<'t>(pub &'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "\"{}\"", self.0.escape_debug())
    }
}

/// A pattern of a policy, in which `*` stands for anything, as `like` takes it.
///
/// No pattern of ours can mean an asterisk itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern<'t>(pub &'t str);

impl fmt::Display for Pattern<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(self.0).fmt(to)
    }
}

/// A list of texts: `["a", "b"]`.
pub(super) fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let quoted: Vec<String> = texts.map(|text| Quoted(text).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

/// A record or an entity, to be asked for its attributes: `context.args`.
#[derive(Debug, Clone)]
pub(super) struct Holder(String);

impl Holder {
    /// One that has a name of its own.
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// An attribute of it: `context.args.limit`, `context.args["x-y"]`.
    pub fn attribute(&self, name: &str) -> Self {
        let Self(holder) = self;
        Self(if is_bare(name) { format!("{holder}.{name}") } else { format!("{holder}[{}]", Quoted(name)) })
    }

    /// The question whether it has an attribute.
    pub fn has(&self, name: &str) -> String {
        let Self(holder) = self;
        format!("{holder} has {}", key(name))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// The name of an attribute where it is declared: bare where it may be.
pub(super) fn key(name: &str) -> String {
    let mut key = String::new();
    // A `String` takes whatever is written to it.
    let _ = if is_bare(name) { key.write_str(name) } else { write!(key, "{}", Quoted(name)) };
    key
}

fn is_bare(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(is_part)
        && !RESERVED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_names_that_cedar_reads() {
        let args = Holder::new("context").attribute("args");
        let cases = [
            ("limit", "context.args.limit", "context.args has limit"),
            ("x-y", "context.args[\"x-y\"]", "context.args has \"x-y\""),
            ("if", "context.args[\"if\"]", "context.args has \"if\""),
            ("2fa", "context.args[\"2fa\"]", "context.args has \"2fa\""),
            ("a\"b\n", "context.args[\"a\\\"b\\n\"]", "context.args has \"a\\\"b\\n\""),
            ("", "context.args[\"\"]", "context.args has \"\""),
        ];
        for (name, attribute, has) in cases {
            assert_eq!(args.attribute(name).to_string(), attribute);
            assert_eq!(args.has(name), has);
        }
        assert_eq!(list(["a", "b"].into_iter()), r#"["a", "b"]"#);
    }
}
