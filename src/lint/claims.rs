//! Whether what a tool claims in its annotations agrees with what its words say.

use super::{Item, ItemKind, Rule, Seen};

/// Verbs of what changes something.
const CHANGES: &[&str] = &[
    "add",
    "append",
    "archive",
    "assign",
    "commit",
    "create",
    "delete",
    "destroy",
    "drop",
    "edit",
    "erase",
    "insert",
    "kill",
    "merge",
    "modify",
    "move",
    "overwrite",
    "patch",
    "post",
    "publish",
    "purge",
    "push",
    "remove",
    "rename",
    "revoke",
    "send",
    "terminate",
    "truncate",
    "uninstall",
    "update",
    "upload",
    "wipe",
    "write",
];

/// Those that are nouns as often, so that their plural says nothing.
const NOUNS: &[&str] = &[
    "archive", "commit", "drop", "edit", "kill", "merge", "move", "patch", "post", "publish", "push",
    "update",
];

/// Those of them that begin names of tools that only read, as in `commit_log`.
const NAMES: &[&str] = &["archive", "commit", "drop", "merge", "patch", "post", "push"];

/// Verbs of what cannot be got back.
const DESTROYS: &[&str] = &[
    "delete",
    "destroy",
    "drop",
    "erase",
    "kill",
    "overwrite",
    "purge",
    "remove",
    "terminate",
    "truncate",
    "uninstall",
    "wipe",
];

/// Words of what lies beyond a server.
const BEYOND: &[&str] = &[
    "from the internet",
    "on the internet",
    "from the web",
    "search the web",
    "searches the web",
    "sends an email",
    "send an email",
    "sends an e-mail",
    "sends a message to",
    "external api",
    "third-party",
    "fetches a url",
    "fetch a url",
    "posts to slack",
];

/// What the annotations of a tool and its words contradict each other in.
pub(super) fn find(item: &Item) -> Vec<Seen> {
    let mut found = Vec::new();
    if item.kind != ItemKind::Tool {
        return found;
    }
    let mut note = |rule: Rule, what: String| found.push(Seen { rule, what, signature: None });
    let text = item.description.as_deref().unwrap_or_default().to_lowercase();
    let hints = item.hints;
    if hints.read_only == Some(true) {
        if let Some(word) = does(&item.name, &text, CHANGES) {
            note(Rule::ReadOnlyChanges, format!("`readOnlyHint` is true, and it says `{word}`"));
        }
        if hints.destructive == Some(true) {
            note(Rule::HintsDisagree, "`readOnlyHint` and `destructiveHint` are both true".to_owned());
        }
    } else if hints.destructive == Some(false)
        && let Some(word) = does(&item.name, &text, DESTROYS)
    {
        note(Rule::HarmlessDestroys, format!("`destructiveHint` is false, and it says `{word}`"));
    }
    if hints.open_world == Some(false)
        && let Some(words) = BEYOND.iter().find(|words| text.contains(**words))
    {
        note(Rule::ClosedReachesOut, format!("`openWorldHint` is false, and it says `{words}`"));
    }
    found
}

/// The first of `verbs` that a tool is said to do: as a word of its name that stands where verbs do, or at the
/// head of a sentence or of a part of one.
fn does<'v>(name: &str, text: &str, verbs: &[&'v str]) -> Option<&'v str> {
    let parts: Vec<String> = name.split(['_', '-', '.']).map(str::to_lowercase).collect();
    let of_name = |verb: &&&str| {
        parts.first().is_some_and(|part| part == **verb) && (parts.len() == 1 || !NAMES.contains(*verb))
    };
    let of_text = |verb: &&&str| heads(text).any(|head| head == **verb || is_third_person(head, verb));
    verbs.iter().find(of_name).or_else(|| verbs.iter().find(of_text)).copied()
}

fn is_third_person(word: &str, verb: &str) -> bool {
    let end = word.strip_prefix(verb).filter(|_| !NOUNS.contains(&verb));
    matches!(end, Some("s" | "es"))
}

/// The words at which a sentence begins, or goes on after a verb: `deletes` in `Reads it, then deletes it.`
fn heads(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', ';', '\n', ':', '!', '(']).flat_map(|sentence| {
        let words: Vec<&str> =
            sentence.split_whitespace().map(|word| word.trim_matches([',', '`', '"'])).collect();
        let first = words.first().copied();
        let joins = ["and", "then", "also", "will"];
        let negated = ["not", "never", "without"];
        let mut heads: Vec<&str> = first.into_iter().collect();
        for pair in words.windows(2) {
            if let [join, word] = pair
                && joins.contains(join)
                // A verb of another subject, or a noun, has no `s` behind `and`.
                && (word.ends_with('s') || matches!(*join, "then" | "also" | "will"))
                && !words.iter().any(|word| negated.contains(word))
            {
                heads.push(word);
            }
        }
        heads
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Hints;

    fn rules(name: &str, text: &str, hints: Hints) -> Vec<Rule> {
        let item = Item { kind: ItemKind::Tool, name: name.to_owned(), hints, ..Item::instructions(text) };
        find(&item).iter().map(|seen| seen.rule).collect()
    }

    #[test]
    fn holds_words_against_claims() {
        let reads = Hints { read_only: Some(true), ..Hints::default() };
        let harmless = Hints { destructive: Some(false), ..Hints::default() };
        let closed = Hints { open_world: Some(false), ..Hints::default() };
        let both = Hints { destructive: Some(true), ..reads };
        let cases = [
            ("delete_row", "Row by id.", reads, Some(Rule::ReadOnlyChanges)),
            ("cleanup", "Looks for old files and deletes them.", reads, Some(Rule::ReadOnlyChanges)),
            ("sync", "Write the cache to disk.", reads, Some(Rule::ReadOnlyChanges)),
            ("show", "Shows what was deleted, and when to add or remove it.", reads, None),
            ("stat", "Never deletes or updates anything.", reads, None),
            ("post_office", "Finds a post office.", reads, None),
            ("git_diff", "Shows differences between branches or commits, and updates.", reads, None),
            ("diff", "Shows changes that are staged for commit", reads, None),
            ("reset", "Overwrites the settings.", harmless, Some(Rule::HarmlessDestroys)),
            ("create_x", "Creates x.", harmless, None),
            ("find", "Searches the web for a text.", closed, Some(Rule::ClosedReachesOut)),
            ("look", "Looks.", both, Some(Rule::HintsDisagree)),
        ];
        for (name, text, hints, wanted) in cases {
            assert_eq!(rules(name, text, hints), wanted.into_iter().collect::<Vec<_>>(), "{name}: {text}");
        }
    }
}
