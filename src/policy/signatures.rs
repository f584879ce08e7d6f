//! Files of signatures: texts that speak to a model, as teams add them to those that come with the program.
//!
//! ```yaml
//! version: 1
//! signatures:
//!   - id: our-hotline
//!     rule: SG1032                    # which rule a text breaks that has it
//!     says: 'sends people to a hotline that is not ours'
//!     results: true                   # looked for in results, too
//!     any: ['\bcall 0800[0-9 ]+\b']
//! ```

use super::Source;
use super::code::Code;
use super::diagnostic::{Faults, Findings, shown};
use super::parts::note_double;
use super::walker::{self, Fields};
use super::wordings;
use super::yaml::{self, Node, Room};
use crate::bounds::POLICY_FILE_BYTES_MAX;
use crate::lint::{Rule, SIGNATURES, Signature, Signatures};

const KEYS: &[&str] = &["version", "signatures"];
const SIGNATURE_KEYS: &[&str] = &["id", "rule", "says", "results", "any", "behind"];
const ROOM: Room = Room { bytes_max: POLICY_FILE_BYTES_MAX, depth_max: 8 };

/// Reads files of signatures and compiles them with those that come with the program. Milliseconds.
///
/// # Errors
/// Every fault of every file: its author's.
pub fn signatures(sources: &[Source]) -> Result<Signatures, Faults> {
    let own = Source { name: "signatures.yaml".into(), text: SIGNATURES.to_owned() };
    let sources: Vec<Source> = std::iter::once(own).chain(sources.iter().cloned()).collect();
    let mut findings = Findings::default();
    let mut all: Vec<(super::diagnostic::Span, Signature)> = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        let Some(root) = yaml::parse_within(ROOM, file, source, &mut findings) else { continue };
        for (span, signature) in read(&root, &mut findings) {
            match all.iter().find(|(_, known)| known.id == signature.id) {
                Some((twin, _)) => note_double("signature", &signature.id, span, *twin, &mut findings),
                None => all.push((span, signature)),
            }
        }
    }
    // Each by itself first, so that a fault has its place.
    for (span, signature) in &all {
        if let Err(fault) = Signatures::new(vec![signature.clone()]) {
            let help = "a pattern is a regular expression without look-around and back-references";
            findings.advise(Code::BadValue, *span, first_line(&fault.to_string()), help);
        }
    }
    let mut sources = sources;
    sources.push(wordings::source());
    let wordings = wordings::read(sources.len() - 1, &wordings::source(), &mut findings);
    let Some(wordings) = wordings.filter(|_| !findings.has_errors()) else {
        return Err(findings.settle(&sources));
    };
    let nowhere = super::diagnostic::Span { file: 0, start: 0, end: 0 };
    let own = Signatures::new(all.into_iter().map(|(_, signature)| signature).collect());
    own.map(|own| own.with_wordings(wordings)).map_err(|fault| {
        findings.raise(Code::TooLarge, nowhere, fault.to_string());
        findings.settle(&sources)
    })
}

/// What a fault says last is what is wrong; before that it draws the pattern.
fn first_line(text: &str) -> String {
    let head = text.lines().next().unwrap_or_default();
    let last = text.lines().last().unwrap_or_default();
    if head == last { head.to_owned() } else { format!("{head} {last}") }
}

fn read(root: &Node, findings: &mut Findings) -> Vec<(super::diagnostic::Span, Signature)> {
    let Some(fields) = Fields::open(root, "a file of signatures", KEYS, findings) else { return Vec::new() };
    if let Some(node) = fields.need("version", findings)
        && !super::lock::is_version_1(node)
    {
        findings.raise(Code::BadValue, node.span, "the only version of a file of signatures is `1`");
    }
    let items =
        fields.need("signatures", findings).and_then(|node| walker::list(node, "`signatures`", findings));
    items.unwrap_or_default().iter().filter_map(|item| read_one(item, findings)).collect()
}

fn read_one(node: &Node, findings: &mut Findings) -> Option<(super::diagnostic::Span, Signature)> {
    let fields = Fields::open(node, "a signature", SIGNATURE_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a signature's name", findings));
    let rule = fields.need("rule", findings).and_then(|node| {
        let text = walker::text(node, "the number of a rule", findings)?;
        let rule = Rule::parse(text);
        if rule.is_none() {
            let message = format!("there is no rule `{}`", shown(text));
            findings.advise(Code::UnknownWord, node.span, message, "`sluicegate codes` lists them");
        }
        rule
    });
    let says = fields.need("says", findings).and_then(|node| walker::line(node, "`says`", 200, findings));
    let in_results = fields.get("results").and_then(|node| walker::boolean(node, "`results`", findings));
    let any = fields.need("any", findings).and_then(|node| walker::some(node, "`any`", findings));
    let any: Vec<Box<str>> = any
        .unwrap_or_default()
        .iter()
        .filter_map(|node| walker::text(node, "a pattern", findings).map(Into::into))
        .collect();
    let id = id?;
    let signature = Signature {
        id: id.value.as_str().into(),
        rule: rule?,
        says: says?.value,
        in_results: in_results.unwrap_or(false),
        any,
        behind: fields
            .get("behind")
            .and_then(|node| walker::text(node, "a pattern", findings))
            .map(Into::into),
    };
    Some((id.span, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Signatures, Faults> {
        signatures(&[Source { name: "team.yaml".into(), text: text.to_owned() }])
    }

    #[test]
    fn reads_those_of_the_program_and_those_of_a_team() {
        let own = signatures(&[]).expect("they come with the program").iter().count();
        let text = "version: 1\nsignatures: [{ id: hotline, rule: SG1032, says: calls a hotline, any: ['\\bcall 0800'] }]";
        let both = read_text(text).expect("signatures");
        assert_eq!(both.iter().count(), own + 1);
        let found: Vec<&str> =
            both.find("Then CALL\u{200b}  0800 123").iter().map(|(one, _)| &*one.id).collect();
        assert_eq!(found, ["hotline"]);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        for (text, code, words) in [
            ("version: 2\nsignatures: []", "SG0009", "only version"),
            (
                "version: 1\nsignatures: [{ id: a, rule: SG9999, says: x, any: [b] }]",
                "SG0008",
                "no rule `SG9999`",
            ),
            (
                "version: 1\nsignatures: [{ id: a, rule: SG1030, says: x, any: ['(?=b)'] }]",
                "SG0009",
                "signature `a`",
            ),
            (
                "version: 1\nsignatures: [{ id: a, rule: SG1030, says: x, any: ['b{9999999}'] }]",
                "SG0009",
                "`a`",
            ),
            (
                "version: 1\nsignatures: [{ id: set-aside, rule: SG1030, says: x, any: [b] }]",
                "SG0011",
                "there already",
            ),
            (
                "version: 1\nsignatures: [{ id: a, rule: SG1030, any: [b], word: x }]",
                "SG0005",
                "no key `word`",
            ),
        ] {
            let faults = read_text(text).expect_err("a fault");
            assert!(faults.iter().any(|fault| fault.code.as_str() == code), "{text}: {faults}");
            assert!(faults.to_string().contains(words), "{text}: {faults}");
        }
    }
}
