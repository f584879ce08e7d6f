//! Values of arguments that a policy may tell apart: around each bound, in and outside of each set, of every
//! type, and spelled in every way that means the same.

use crate::json::{Document, DuplicateKeys, quote};
use crate::policy::arguments::{Literal, Standing, Test};
use crate::policy::predicates::{Facts, Predicate, Requirement, Sight};
use crate::policy::rules::{Clause, Docket, When};

/// The values to try of one argument, as JSON.
#[derive(Debug)]
pub(super) struct Pool {
    pub path: Box<str>,
    pub values: Vec<String>,
}

/// What may stand anywhere.
const ANYTHING: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "5e0",
    "1e300",
    "9223372036854775807",
    "9223372036854775808",
    "\"\"",
    "\"x\"",
    "\"5\"",
    "[]",
    "[1]",
    "[\"x\",\"y\"]",
    "{}",
    "{\"x\":1}",
    "\"/data/../etc/passwd\"",
    "\"/data/a\"",
    "\"https://api.acme.example/a\"",
    "\"http://127.0.0.1/\"",
    "\"10.0.0.1\"",
    "\"SELECT a FROM orders\"",
    "\"DELETE FROM orders\"",
];

/// A pool for each argument that the rules about one tool or method ask for, or its schema declares.
pub(super) fn pools(docket: &Docket, declared: impl Iterator<Item = Box<str>>) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    let mut add = |path: &str, values: Vec<String>| match pools.iter_mut().find(|pool| *pool.path == *path) {
        Some(pool) => pool.values.extend(values),
        None => pools.push(Pool { path: path.into(), values }),
    };
    for predicate in docket.predicates.iter() {
        match predicate {
            Predicate::Known(path) => add(path, Vec::new()),
            Predicate::Test { path, test, .. } => add(path, around(test)),
            Predicate::Time(_) => {}
        }
    }
    declared.for_each(|path| add(&path, Vec::new()));
    for pool in &mut pools {
        pool.values.extend(ANYTHING.iter().map(|&value| value.to_owned()));
        pool.values.sort_unstable();
        pool.values.dedup();
        let is_json = |value: &String| Document::parse(value.as_bytes()).is_ok();
        pool.values.retain(is_json);
    }
    pools
}

/// Values near what a test is about.
fn around(test: &Test) -> Vec<String> {
    match test {
        Test::Present => Vec::new(),
        Test::Equals(value) => near(value),
        Test::In(values) => values.iter().flat_map(near).collect(),
        Test::Max(bound) | Test::Min(bound) => numbers(bound),
        // What is written in any other test is near to something that meets it.
        _ => words(&test.to_string()),
    }
}

fn near(value: &Literal) -> Vec<String> {
    match value {
        Literal::Boolean(value) => vec![value.to_string(), quote(&value.to_string())],
        Literal::Number(text) => numbers(text),
        Literal::Text(text) => {
            let mut values = vec![
                quote(text),
                quote(&format!("{text}x")),
                quote(&format!(" {text}")),
                quote(&text.to_uppercase()),
            ];
            values.extend(escaped(text));
            values
        }
    }
}

/// A text with its first character as an escape.
fn escaped(text: &str) -> Option<String> {
    let first = text.chars().next()?;
    let rest = quote(text.get(first.len_utf8()..)?);
    let code = u32::from(first);
    (code < 0x1_0000).then(|| format!("\"\\u{code:04x}{}", rest.get(1..).unwrap_or("\"")))
}

/// A bound, one less, one more, just beyond, and other spellings.
fn numbers(bound: &str) -> Vec<String> {
    let mut values = vec![
        bound.to_owned(),
        quote(bound),
        format!("{bound}e0"),
        format!("{bound}.0"),
        format!("{bound}.000000000000000000001"),
    ];
    if let Ok(number) = bound.parse::<i64>() {
        values.extend(number.checked_sub(1).map(|less| less.to_string()));
        values.extend(number.checked_sub(1).map(|less| format!("{less}.999999999999999999999")));
        values.extend(number.checked_add(1).map(|more| more.to_string()));
        values.push(format!("{number}.00"));
    }
    values
}

/// The words of a text, with something in place of asterisks.
fn words(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '-' | ':' | '*');
    let words = text.split(|c: char| !is_part(c)).filter(|word| !word.is_empty());
    let mut values = Vec::new();
    for word in words {
        let word = word.replace('*', "x");
        let after = ["", "x", "/x", "/../x", "x/./y", "%2e%2e/x", "//x"];
        values.extend(after.iter().map(|after| quote(&format!("{word}{after}"))));
        values.extend([quote(&format!("x{word}")), quote(&format!("https://{word}/x"))]);
        values.extend(word.parse::<i64>().is_ok().then(|| word.clone()));
    }
    values
}

/// For each requirement of a clause, the values of its pool that meet it.
pub(super) fn hits(clause: &Clause, docket: &Docket, pools: &[Pool]) -> Vec<(Box<str>, Vec<String>)> {
    let When::Arguments(all) = &clause.when else { return Vec::new() };
    let of = |requirement: &Requirement| {
        let pool = pools.iter().find(|pool| pool.path == requirement.path)?;
        let values = pool.values.iter().filter(|value| meets(requirement, docket, value));
        Some((requirement.path.clone(), values.cloned().collect()))
    };
    all.iter().filter_map(of).collect()
}

fn meets(requirement: &Requirement, docket: &Docket, value: &str) -> bool {
    let text = object(&[(&requirement.path, value)]);
    Document::parse_with(text.as_bytes(), DuplicateKeys::RejectProtocol).is_ok_and(|document| {
        let sight = Sight::new(Facts::Arguments(Some(document.root())), 0);
        requirement.judge(&docket.predicates, &sight) == Standing::Meets
    })
}

/// Arguments with these values at dotted paths; paths that begin alike share an object.
pub(super) fn object(values: &[(&str, &str)]) -> String {
    let mut members: Vec<String> = Vec::new();
    let mut opened: Vec<&str> = Vec::new();
    for (path, value) in values {
        let Some((head, _)) = path.split_once('.') else {
            members.push(format!("{}:{value}", quote(path)));
            continue;
        };
        if opened.contains(&head) {
            continue;
        }
        opened.push(head);
        let inside = |(path, value): &(&'_ str, &'_ str)| {
            let (first, rest) = path.split_once('.')?;
            (first == head).then(|| (rest.to_owned(), (*value).to_owned()))
        };
        let inside: Vec<(String, String)> = values.iter().filter_map(inside).collect();
        let inside: Vec<(&str, &str)> =
            inside.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        members.push(format!("{}:{}", quote(head), object(&inside)));
    }
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_objects_that_paths_lead_into() {
        let values = [("a", "1"), ("f.b", "2"), ("c", "3"), ("f.d.e", "4"), ("a", "5")];
        assert_eq!(object(&values), r#"{"a":1,"f":{"b":2,"d":{"e":4}},"c":3,"a":5}"#);
        assert_eq!(object(&[]), "{}");
    }

    #[test]
    fn comes_from_both_sides_of_a_bound() {
        let values = numbers("1000");
        for wanted in ["999", "1000", "1001", "1000.0", "1000e0", "\"1000\""] {
            assert!(values.iter().any(|value| value == wanted), "{wanted} in {values:?}");
        }
        assert_eq!(escaped("ab"), Some(r#""\u0061b""#.to_owned()));
    }
}
