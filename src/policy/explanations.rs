//! What each code means, at length, with an example that raises it and one that is right.
//!
//! **Why here.** The texts lie in `codes/*.md`, so that whoever writes them needs no Rust. They are
//! printed by `sluicegate codes` and go into the rule table of SARIF. Every example is compiled by a
//! test, so none can go stale.
//!
//! **The form.** A section is a heading `## SG0013`, prose, and fenced blocks. The words behind the
//! language of a block say what it is: `wrong` or `right`, then the name of the file if it is not
//! `policy.yaml`, or `alone` where nothing is to be added to make it a whole bundle.

use super::code::Code;

const TEXTS: &[&str] = &[
    include_str!("codes/arguments.md"),
    include_str!("codes/callers.md"),
    include_str!("codes/care.md"),
    include_str!("codes/cedar.md"),
    include_str!("codes/conversations.md"),
    include_str!("codes/describe.md"),
    include_str!("codes/flows.md"),
    include_str!("codes/keeping.md"),
    include_str!("codes/keys.md"),
    include_str!("codes/limits.md"),
    include_str!("codes/names.md"),
    include_str!("codes/reading.md"),
    include_str!("codes/registry.md"),
    include_str!("codes/rules.md"),
    include_str!("codes/sandbox.md"),
    include_str!("codes/shared.md"),
    include_str!("codes/tests.md"),
    include_str!("codes/upstream.md"),
    include_str!("codes/versions.md"),
    include_str!("codes/yaml.md"),
];

impl Code {
    /// What it means and how to get out of it, as Markdown with examples.
    pub fn explanation(self) -> &'static str {
        let heading = self.as_str();
        let section = TEXTS.iter().flat_map(|text| text.split("\n## ")).find_map(|section| {
            let body = section.strip_prefix(heading)?;
            body.starts_with('\n').then_some(body)
        });
        section.unwrap_or_default().trim()
    }

    /// The code that is written so, in capitals or not.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}
