//! Reading the tests that are written as a map of their own.

use super::{DENY_TESTS, Reader};
use crate::policy::arguments::Test;
use crate::policy::arguments::schema::Schema;
use crate::policy::arguments::sql::{Dialect, SqlTest};
use crate::policy::arguments::url::{HostPattern, Private, UrlTest};
use crate::policy::code::Code;
use crate::policy::diagnostic::{Spanned, shown};
use crate::policy::glob::Glob;
use crate::policy::parts::Effect;
use crate::policy::scalar::Scalar;
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Node};

/// What an allow takes for a URL where it names no scheme: what web clients fetch.
const WEB_SCHEMES: [&str; 2] = ["http", "https"];

/// The keys of `url`.
pub(in crate::policy) const URL_KEYS: &[&str] = &["schemes", "hosts", "ports", "private"];

/// The keys of `sql`.
pub(in crate::policy) const SQL_KEYS: &[&str] = &["read_only", "dialect", "tables", "functions"];

impl Reader<'_, '_> {
    pub(super) fn read_url(&mut self) {
        let Some(node) = self.fields.get("url") else { return };
        let Some(fields) = Fields::open(node, "`url`", URL_KEYS, self.findings) else { return };
        let schemes = match (fields.get("schemes"), self.effect) {
            (Some(node), _) => self.schemes(node),
            (None, Effect::Allow) => WEB_SCHEMES.map(Box::from).into(),
            (None, Effect::Deny) => Box::default(),
        };
        let known = &[Private::Allow, Private::Deny, Private::Only];
        let private = fields.get("private").and_then(|node| {
            walker::word(node, "a word for `private`", known, Private::as_str, self.findings)
        });
        // Where a deny says nothing, private hosts are denied like any other.
        let private = private.unwrap_or(match self.effect {
            Effect::Allow => Private::Deny,
            Effect::Deny => Private::Allow,
        });
        let hosts = fields.get("hosts").map(|node| self.hosts(node, private)).unwrap_or_default();
        let ports = fields.get("ports").map(|node| self.ports(node)).unwrap_or_default();
        self.push(node.span, Test::Url(Box::new(UrlTest { schemes, hosts, ports, private })));
    }

    fn schemes(&mut self, node: &Node) -> Box<[Box<str>]> {
        let mut schemes = Vec::new();
        for scheme in walker::texts(node, "a scheme", self.findings) {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
            if scheme.value.bytes().all(is_plain) {
                schemes.push(scheme.value.to_ascii_lowercase().into());
            } else {
                let message = format!("`{}` is no scheme", shown(&scheme.value));
                self.findings.advise(Code::BadValue, scheme.span, message, "write `https`, without `://`");
            }
        }
        schemes.into()
    }

    fn hosts(&mut self, node: &Node, private: Private) -> Box<[HostPattern]> {
        let mut hosts = Vec::new();
        for text in walker::texts(node, "a host", self.findings) {
            let shown = shown(&text.value);
            let Some(host) = HostPattern::read(&text.value) else {
                let message = format!("`{shown}` is no host");
                let help =
                    "write `api.acme.example`, `*.acme.example` or an address, without scheme and port";
                self.findings.advise(Code::BadValue, text.span, message, help);
                continue;
            };
            match (private, host.is_private()) {
                (Private::Deny, true) => {
                    let message = format!("`{shown}` is private, and private hosts are denied here");
                    let help = "add `private: allow` to this `url`";
                    self.findings.advise(Code::ImpossibleBound, text.span, message, help);
                }
                (Private::Only, false) => {
                    let message = format!("`{shown}` is not private, and only private hosts are asked for");
                    let help = "remove it, or `private: only`";
                    self.findings.advise(Code::ImpossibleBound, text.span, message, help);
                }
                (Private::Allow, _) | (Private::Deny, false) | (Private::Only, true) => {}
            }
            hosts.push(host);
        }
        hosts.into()
    }

    fn ports(&mut self, node: &Node) -> Box<[u16]> {
        let items = match &node.content {
            Content::Scalar(Scalar::Number(_)) => std::slice::from_ref(node),
            Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => {
                walker::some(node, "`ports`", self.findings).unwrap_or_default()
            }
        };
        let mut ports = Vec::new();
        for item in items {
            let port = match &item.content {
                Content::Scalar(Scalar::Number(text)) => text.parse().ok().filter(|port: &u16| *port > 0),
                Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => None,
            };
            match port {
                Some(port) => ports.push(port),
                None => {
                    let message = format!("a port must be a whole number from 1 to {}", u16::MAX);
                    self.findings.raise(Code::BadValue, item.span, message);
                }
            }
        }
        ports.into()
    }

    pub(super) fn read_sql(&mut self) {
        let Some(node) = self.fields.get("sql") else { return };
        if let Content::Scalar(Scalar::Text(text)) = &node.content
            && **text == *"read_only"
        {
            let help =
                "write `sql: { read_only: true, dialect: postgres }`, with the dialect of the database";
            self.findings.advise(Code::WrongType, node.span, "`sql` must be a map, not a text", help);
            return;
        }
        let Some(fields) = Fields::open(node, "`sql`", SQL_KEYS, self.findings) else { return };
        if let Some(node) = fields.need("read_only", self.findings)
            && walker::boolean(node, "`read_only`", self.findings) == Some(false)
        {
            let help = "write `read_only: true`; SQL that writes cannot be told apart by its text";
            self.findings.advise(Code::BadValue, node.span, "`sql` is about queries that only read", help);
        }
        let dialect = fields.need("dialect", self.findings).and_then(|node| {
            walker::word(node, "a dialect of SQL", Dialect::ALL, Dialect::as_str, self.findings)
        });
        let tables = fields.get("tables").map(|node| walker::texts(node, "a table", self.findings));
        let functions = fields.get("functions").map(|node| walker::texts(node, "a function", self.findings));
        let Some(dialect) = dialect else { return };
        let fold = |table: Spanned<Box<str>>| match dialect {
            Dialect::Mssql | Dialect::Sqlite => Glob::new(&table.value.to_lowercase()),
            Dialect::Generic | Dialect::Mysql | Dialect::Postgres => Glob::new(&table.value),
        };
        let tables = tables.map(|tables| tables.into_iter().map(fold).collect());
        let functions =
            functions.into_iter().flatten().map(|name| name.value.to_lowercase().into()).collect();
        self.push(node.span, Test::Sql(Box::new(SqlTest { dialect, tables, functions })));
    }

    pub(super) fn read_json_schema(&mut self) {
        let Some(node) = self.fields.get("json_schema") else { return };
        if walker::map(node, "`json_schema`", self.findings).is_none() {
            return;
        }
        let Some(source) = json(node) else { return };
        match Schema::new(source) {
            Ok(schema) => self.push(node.span, Test::JsonSchema(schema)),
            Err(fault) => {
                let help = "write a schema of JSON Schema 2020-12 that refers to nothing outside of itself";
                let message = format!("this is no schema: {fault}");
                self.findings.advise(Code::BadValue, self.place(node), message, help);
            }
        }
    }

    /// Reads tests of the elements of an array.
    pub(super) fn read_elements(&mut self, key: &'static str, made: fn(Box<[Test]>) -> Test) {
        let Some(node) = self.fields.get(key) else { return };
        let what = if key == "each" { "`each`" } else { "`any`" };
        let Some(fields) = Fields::open(node, what, DENY_TESTS, self.findings) else { return };
        let span = fields.span();
        let mut inner = Reader {
            fields,
            effect: self.effect,
            findings: &mut *self.findings,
            tests: Vec::new(),
            literals: Vec::new(),
        };
        inner.read_all("an element", span);
        let tests: Box<[Test]> = inner.tests.into_iter().map(|test| test.value).collect();
        if tests.is_empty() && fields.is_empty() {
            let help = "write at least one test, such as `equals`, `in`, `max`, `prefix`";
            self.findings.advise(Code::MissingKey, span, format!("nothing is asked by `{key}`"), help);
        }
        self.push(node.span, made(tests));
    }

    /// Where a map begins that a message is about.
    fn place(&self, node: &Node) -> crate::policy::diagnostic::Span {
        match &node.content {
            Content::Map(entries) => entries.first().map_or(node.span, |entry| entry.key_span),
            Content::List(_) | Content::Scalar(_) | Content::Unreadable => node.span,
        }
    }
}

/// A tree of a policy as JSON; `None` where something in it has been found at fault.
fn json(node: &Node) -> Option<serde_json::Value> {
    Some(match &node.content {
        Content::List(items) => serde_json::Value::Array(items.iter().map(json).collect::<Option<_>>()?),
        Content::Map(entries) => {
            let member =
                |entry: &crate::policy::yaml::Entry| Some((entry.key.to_string(), json(&entry.value)?));
            serde_json::Value::Object(entries.iter().map(member).collect::<Option<_>>()?)
        }
        Content::Scalar(Scalar::Boolean(value)) => (*value).into(),
        Content::Scalar(Scalar::Null) => serde_json::Value::Null,
        Content::Scalar(Scalar::Number(text)) => serde_json::from_str(text).ok()?,
        Content::Scalar(Scalar::Text(text)) => serde_json::Value::String(text.to_string()),
        Content::Unreadable => return None,
    })
}
