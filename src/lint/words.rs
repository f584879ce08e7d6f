//! Whether a description says enough: purpose, length, parameters.

use std::collections::BTreeSet;

use super::{Item, ItemKind, Rule, Seen};
use crate::bounds::DESCRIPTION_CHARACTERS_MAX;

/// Words that say nothing of a purpose.
const EMPTY: &[&str] = &[
    "a", "an", "and", "for", "function", "in", "is", "it", "of", "on", "or", "the", "this", "to", "tool",
    "use", "used",
];

/// Texts that a template leaves behind.
const TEMPLATES: &[&str] = &["description", "no description", "n/a", "none", "string", "tbd", "test", "todo"];

/// Words, lower case, without `_`, `-` and the bumps of camelCase, cut to their stems.
pub(super) fn stems(text: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut was_lower = false;
    for c in text.chars() {
        if c.is_uppercase() && was_lower {
            spaced.push(' ');
        }
        was_lower = c.is_lowercase() || c.is_numeric();
        spaced.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    let words: Vec<String> = spaced.split_whitespace().map(|word| stem(&word.to_lowercase())).collect();
    words.into_iter()
}

/// Without the ends that verbs and plurals have.
fn stem(word: &str) -> String {
    let ends = [("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", "")];
    for (end, by) in ends {
        if let Some(rest) = word.strip_suffix(end)
            && rest.chars().count() >= 3
            && !(end == "s" && rest.ends_with(['s', 'u', 'i']))
        {
            let rest = format!("{rest}{by}");
            return rest.strip_suffix('e').filter(|rest| rest.len() > 2).map_or(rest.clone(), str::to_owned);
        }
    }
    word.strip_suffix('e').filter(|rest| rest.len() > 2).unwrap_or(word).to_owned()
}

/// What an item lacks in words.
pub(super) fn find(item: &Item) -> Vec<Seen> {
    let mut found = Vec::new();
    let mut note = |rule: Rule, what: String| found.push(Seen { rule, what, signature: None });
    let text = item.description.as_deref().map(str::trim).unwrap_or_default();
    match item.kind {
        ItemKind::Tool | ItemKind::Prompt if text.is_empty() => {
            note(Rule::MissingPurpose, "it has no description".to_owned());
        }
        ItemKind::Tool if is_vague(item, text) => {
            note(Rule::VaguePurpose, format!("`{text}` says no more than the name"));
        }
        ItemKind::Instructions | ItemKind::Prompt | ItemKind::Resource | ItemKind::Tool => {}
    }
    let characters = text.chars().count();
    if item.kind == ItemKind::Tool && characters > DESCRIPTION_CHARACTERS_MAX {
        note(
            Rule::LongDescription,
            format!("{characters} characters, of which clients may hand on {DESCRIPTION_CHARACTERS_MAX}"),
        );
    }
    let untold: Vec<String> = untold(item, text).map(|name| format!("`{name}`")).collect();
    if !untold.is_empty() {
        let are = if untold.len() == 1 { "is" } else { "are" };
        note(Rule::UndocumentedParameters, format!("{} {are} not described", untold.join(", ")));
    }
    found
}

fn is_vague(item: &Item, text: &str) -> bool {
    if TEMPLATES.contains(&text.trim_end_matches('.').to_lowercase().as_str()) {
        return true;
    }
    let known: BTreeSet<String> = stems(&item.name).chain(EMPTY.iter().map(|word| stem(word))).collect();
    stems(text).all(|word| known.contains(&word))
}

/// Parameters that neither their schema nor the text of the tool tells of.
fn untold<'i>(item: &'i Item, text: &str) -> impl Iterator<Item = &'i str> {
    let said: BTreeSet<String> = stems(text).collect();
    let is_untold = move |name: &str| stems(name).any(|word| !said.contains(&word));
    let parameters = item.parameters.iter().filter(|parameter| !parameter.is_told);
    parameters.map(|parameter| parameter.name.as_str()).filter(move |name| is_untold(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_words_to_stems() {
        let words: Vec<String> =
            stems("getFileSizes: Deletes entities, creating the read_only status").collect();
        assert_eq!(words, ["get", "fil", "siz", "delet", "entity", "creat", "the", "read", "only", "status"]);
    }

    #[test]
    fn tells_a_purpose_from_a_name() {
        let item = |name: &str, text: &str| Item {
            name: name.to_owned(),
            kind: ItemKind::Tool,
            ..Item::instructions(text)
        };
        for (name, text, is_found) in [
            ("git_checkout", "Switches branches", false),
            ("get_data", "Gets the data", true),
            ("list-users", "Use this tool to list users.", true),
            ("list_users", "List the users of one tenant", false),
            ("x", "Test.", true),
        ] {
            assert_eq!(is_vague(&item(name, text), text), is_found, "{name}: {text}");
        }
        let long = "b".repeat(DESCRIPTION_CHARACTERS_MAX);
        assert!(find(&item("a", &long)).is_empty());
        assert_eq!(find(&item("a", &format!("{long}b")))[0].rule, Rule::LongDescription);
        assert_eq!(find(&item("a", " "))[0].rule, Rule::MissingPurpose);
    }
}
