//! The shapes of allow and deny.

use serde_json::{Value, json};

use super::forms::{args, boolean, date, label, list, literal, number, shape, size, some, text, tool, word};
use super::{Shape, Tools};
use crate::mcp::Method;
use crate::names::Mode;
use crate::policy::arguments::read::{ALLOW_TESTS, DENY_TESTS, LENGTH_KEYS, SQL_KEYS, URL_KEYS};
use crate::policy::arguments::{Dialect, Private, TypeName};
use crate::policy::hours::{DAYS, WINDOW_KEYS};
use crate::policy::lock::Hint;
use crate::policy::parts::keys::{ALLOW_KEYS, DENY_KEYS, EXCEPTION_KEYS, MARKED_KEYS, UNLESS_KEYS};
use crate::policy::snapshot::Class;

pub(super) fn shapes(tools: &Tools) -> Vec<Shape> {
    vec![
        rule("allow", ALLOW_KEYS, "constraint", tools),
        rule("deny", DENY_KEYS, "deny_constraint", tools)
            .row("when_missing", json!({ "enum": ["apply", "ignore"] }), "what it means for this deny that an argument is not there: `apply` unless said otherwise")
            .row("exceptions", list(&shape("exception")), "what takes this deny back until a day, each with an owner who agreed to it"),
        Shape::new("unless", UNLESS_KEYS, &[])
            .row("roles", some(&label()), "callers in any of these roles")
            .row("args", args(tools, "constraint"), "calls whose arguments clearly are so, by tool and argument")
            .row("time", shape("time"), "calls at this time")
            .some_of(&[UNLESS_KEYS]),
        Shape::new("exception", EXCEPTION_KEYS, &["id", "expires", "owner"])
            .row("id", label(), "a name of its own, for audit records")
            .row("roles", some(&label()), "for callers in any of these roles")
            .row("tools", some(&tool(tools)), "for these of the rule's tools")
            .row("args", args(tools, "constraint"), "for calls whose arguments clearly are so")
            .row("time", shape("time"), "at this time")
            .row("expires", date(), "its last day; a bundle with one that has ended does not load")
            .row("owner", text(), "who agreed to it")
            .row("reason", text(), "why, such as the number of an incident"),
        Shape::new("time", WINDOW_KEYS, &[])
            .row("tz", text(), "a time zone, such as `Europe/Berlin` or `UTC`; hours and days are those of its wall clock")
            .row("days", some(&day()), "days of the week: `mon`, `mon-fri`, or a list of these")
            .row("between", between(), "two times of day in quotes, the second one excluded; over midnight it belongs to the day on which it begins")
            .row("from", date(), "the first day")
            .row("until", date(), "the last day, the whole of it")
            .some_of(&[WINDOW_KEYS]),
        constraint("constraint", ALLOW_TESTS)
            .row("required", boolean(), "`true`: it must be there and not null; `false`: the rule also applies where it is missing"),
        constraint("deny_constraint", DENY_TESTS),
        length(),
        url(),
        sql(),
        Shape::new("marked", MARKED_KEYS, &["annotations"])
            .row("names", some(&tool(tools)), "tools by name or pattern, of which the annotations then select")
            .row("annotations", annotations(), "what the approved annotations of a tool must say; never what the server says while it runs"),
    ]
}

fn rule(name: &'static str, keys: &'static [&'static str], constraint: &'static str, tools: &Tools) -> Shape {
    let selected = json!({ "anyOf": [some(&tool(tools)), shape("marked")] });
    Shape::new(name, keys, &["id"])
        .some_of(&[&["tools", "classes", "methods"]])
        .row("id", label(), "its name in audit records and metrics; one space of names with limits and redaction rules")
        .row("roles", some(&label()), "for callers in any of these roles; for everyone where it is left out")
        .row("tools", selected, "the tools it is about, by name, by a pattern with `*`, or by their approved annotations")
        .row("classes", some(&word(Class::ALL, Class::as_str)), "the tools it is about, by class; with `tools`, both must fit")
        .row("methods", some(&method()), "the methods it is about, in place of tools: `resources/read`, `prompts/*`")
        .row("targets", some(&text()), "with `methods`: which resource, prompt or template, by name or pattern")
        .row("args", args(tools, constraint), "what the arguments must be, by tool (`*` for all) and argument (`filter.owner` for one inside another)")
        .row("time", shape("time"), "when it applies; always where it is left out")
        .row("unless", json!({ "anyOf": [shape("unless"), { "type": "array", "minItems": 1, "items": shape("unless") }] }), "what takes the rule back: one condition, or a list any of which does")
        .row("message", text(), "goes to the model and the person behind it: say what to do instead")
        .row("owner", text(), "a team or an address that can answer why")
        .row("mode", word(&[Mode::Enforce, Mode::Shadow], Mode::as_str), "`shadow`: only reports what it would do")
        .row("since", date(), "the day since which it is in shadow, so that it is not forgotten there")
}

fn constraint(name: &'static str, keys: &'static [&'static str]) -> Shape {
    Shape::new(name, keys, &[])
        .some_of(match name {
            "constraint" => &[ALLOW_TESTS],
            _ => &[DENY_TESTS],
        })
        .row("equals", literal(), "exactly this; a number in quotes is a text and equals no number")
        .row("in", some(&literal()), "one of these")
        .row("min", number(), "a number from this one on, compared digit by digit")
        .row("max", number(), "a number up to this one, compared digit by digit")
        .row(
            "prefix",
            text(),
            "a text that begins so, and does not lead elsewhere by `..` or other spellings",
        )
        .row("suffix", text(), "a text that ends so")
        .row(
            "glob",
            json!({ "type": "string", "pattern": "\\*" }),
            "a text of this pattern; `*` is any run of characters",
        )
        .row("regex", text(), "a text of which the whole matches, without look-around or back-references")
        .row("length", shape("length"), "how many characters a text has, or elements an array")
        .row("type", some(&word(TypeName::ALL, TypeName::as_str)), "a value of one of these types")
        .row("path_under", some(&text()), "a path that stays below one of these directories")
        .row("url", shape("url"), "a URL of these schemes, hosts and ports, which all readers take alike")
        .row("cidr", some(&text()), "an address or a network inside one of these: `10.0.0.0/8`")
        .row("sql", shape("sql"), "a query of SQL that only reads")
        .row("json_schema", json!({ "type": "object" }), "what this schema of JSON Schema 2020-12 takes")
        // What is asked of an element is never about its being missing.
        .row("each", shape("deny_constraint"), "an array of which each element is so")
        .row("any", shape("deny_constraint"), "an array of which some element is so")
}

fn length() -> Shape {
    Shape::new("length", LENGTH_KEYS, &[])
        .some_of(&[LENGTH_KEYS])
        .row("min", size(), "this many at least")
        .row("max", size(), "this many at most")
}

fn url() -> Shape {
    let port = json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX });
    let private = [Private::Allow, Private::Deny, Private::Only];
    Shape::new("url", URL_KEYS, &[])
        .row("schemes", some(&text()), "the schemes, without `://`")
        .row("hosts", some(&text()), "the hosts: `api.acme.example`, `*.acme.example` or addresses")
        .row("ports", some(&port), "the ports")
        .row(
            "private",
            word(&private, Private::as_str),
            "what is asked of loopback, link-local and other private hosts",
        )
}

fn sql() -> Shape {
    Shape::new("sql", SQL_KEYS, &["read_only", "dialect"])
        .row("read_only", json!({ "const": true }), "that it only reads; nothing else can be asked")
        .row("dialect", word(Dialect::ALL, Dialect::as_str), "whose SQL it is")
        .row("tables", some(&text()), "the tables that it may read, by name or pattern")
        .row("functions", some(&text()), "functions that it may call beside the harmless ones")
}

fn method() -> Value {
    let known: Vec<&str> = Method::ALL.iter().map(|method| method.as_str()).collect();
    json!({ "anyOf": [{ "enum": known }, { "type": "string", "pattern": "\\*" }] })
}

fn day() -> Value {
    let one = DAYS.join("|");
    json!({ "type": "string", "pattern": format!("^({one})(-({one}))?$") })
}

fn between() -> Value {
    let minute = json!({ "type": "string", "pattern": "^([01][0-9]|2[0-4]):[0-5][0-9]$" });
    json!({ "type": "array", "minItems": 2, "maxItems": 2, "items": minute })
}

fn annotations() -> Value {
    let each = Hint::ALL.iter().map(|hint| (hint.as_str().to_owned(), boolean()));
    json!({
        "type": "object",
        "minProperties": 1,
        "properties": each.collect::<serde_json::Map<_, _>>(),
        "additionalProperties": false,
    })
}
