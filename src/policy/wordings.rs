//! The file of wordings that comes with the program: classes of words, and frames of classes.
//!
//! It is read as strictly as the files of users, so that a slip in it is found by the first test.

use super::Source;
use super::code::Code;
use super::diagnostic::Findings;
use super::walker::{self, Fields};
use super::yaml::{self, Node, Room};
use crate::bounds::POLICY_FILE_BYTES_MAX;
use crate::lint::{Frame, Rule, WORDINGS, WordClass, Wordings};

const KEYS: &[&str] = &["version", "classes", "frames"];
const CLASS_KEYS: &[&str] = &["id", "negated", "words"];
const FRAME_KEYS: &[&str] = &["id", "rule", "says", "results", "needs", "without", "weighs", "points"];
const ROOM: Room = Room { bytes_max: POLICY_FILE_BYTES_MAX, depth_max: 8 };

/// Reads the wordings of the program and builds their automaton; `None` where a fault has been noted.
pub(super) fn read(file: usize, source: &Source, findings: &mut Findings) -> Option<Wordings> {
    let root = yaml::parse_within(ROOM, file, source, findings)?;
    let before = findings.len();
    let fields = Fields::open(&root, "a file of wordings", KEYS, findings)?;
    fields.need("version", findings)?;
    let mut list = |key: &str| {
        let node = fields.need(key, findings)?;
        walker::list(node, "the list", findings)
    };
    let (classes, frames) = (list("classes")?, list("frames")?);
    let classes: Vec<WordClass> = classes.iter().filter_map(|node| class(node, findings)).collect();
    let frames: Vec<Frame> = frames.iter().filter_map(|node| frame(node, &classes, findings)).collect();
    if findings.len() > before {
        return None;
    }
    let built = Wordings::new(classes, frames);
    built.map_err(|cause| findings.raise(Code::TooLarge, root.span, cause.to_string())).ok()
}

/// The file, as a source.
pub(super) fn source() -> Source {
    Source { name: "wordings.yaml".into(), text: WORDINGS.to_owned() }
}

fn class(node: &Node, findings: &mut Findings) -> Option<WordClass> {
    let fields = Fields::open(node, "a class", CLASS_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a class", findings))?;
    let negated = fields.get("negated").and_then(|node| walker::boolean(node, "`negated`", findings));
    let words = fields.need("words", findings).and_then(|node| walker::some(node, "`words`", findings))?;
    let words: Vec<Box<str>> =
        words.iter().filter_map(|node| walker::text(node, "a word", findings).map(Into::into)).collect();
    Some(WordClass { id: id.value.as_str().into(), is_negated: negated.unwrap_or(false), words })
}

fn frame(node: &Node, classes: &[WordClass], findings: &mut Findings) -> Option<Frame> {
    let fields = Fields::open(node, "a frame", FRAME_KEYS, findings)?;
    let id = fields.need("id", findings).and_then(|node| walker::label(node, "a frame", findings))?;
    let rule = fields.need("rule", findings).and_then(|node| {
        let text = walker::text(node, "the number of a rule", findings)?;
        let rule = Rule::parse(text);
        if rule.is_none() {
            findings.raise(Code::UnknownWord, node.span, "there is no such rule");
        }
        rule
    })?;
    let says = fields.need("says", findings).and_then(|node| walker::line(node, "`says`", 200, findings))?;
    let results = fields.get("results").and_then(|node| walker::boolean(node, "`results`", findings));
    let groups = |key: &str, findings: &mut Findings| -> Vec<Vec<usize>> {
        let nodes = fields.get(key).and_then(|node| walker::list(node, "the classes", findings));
        let any = |node: &Node, findings: &mut Findings| {
            let text = walker::text(node, "a class", findings)?;
            text.split('|').map(|name| index(name, node, classes, findings)).collect::<Option<Vec<_>>>()
        };
        nodes.unwrap_or_default().iter().filter_map(|node| any(node, findings)).collect()
    };
    let (needs, without) = (groups("needs", findings), groups("without", findings));
    let weighs = fields.need("weighs", findings).and_then(|node| walker::map(node, "`weighs`", findings))?;
    let mut weights = Vec::new();
    for entry in weighs {
        let class = index(&entry.key, &entry.value, classes, findings);
        let points = walker::count(&entry.value, "points", findings);
        if let (Some(class), Some(points)) = (class, points) {
            weights.push((class, points.get()));
        }
    }
    let points =
        fields.need("points", findings).and_then(|node| walker::count(node, "`points`", findings))?;
    Some(Frame {
        id: id.value.as_str().into(),
        rule,
        says: says.value,
        in_results: results.unwrap_or(false),
        needs,
        without: without.into_iter().flatten().collect(),
        weighs: weights,
        points: points.get(),
    })
}

/// The index of a class.
fn index(name: &str, node: &Node, classes: &[WordClass], findings: &mut Findings) -> Option<usize> {
    let found = classes.iter().position(|class| *class.id == *name);
    if found.is_none() {
        findings.raise(Code::UnknownWord, node.span, format!("there is no class `{name}`"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        let mut findings = Findings::default();
        let source = Source { name: "wordings.yaml".into(), text: text.to_owned() };
        let read = read(0, &source, &mut findings);
        let faults = findings.settle(&[source]);
        let codes: Vec<&'static str> = faults.iter().map(|fault| fault.code.as_str()).collect();
        assert_eq!(read.is_some(), codes.is_empty(), "{text}");
        codes
    }

    #[test]
    fn reads_its_own_and_finds_slips() {
        assert!(codes(WORDINGS).is_empty());
        let good = "version: 1\nclasses: [{ id: negation, words: [not] }]\nframes: [{ id: a, rule: SG1034, says: x, \
                    needs: [negation], weighs: { negation: 1 }, points: 1 }]";
        assert!(codes(good).is_empty());
        for (from, to, code) in [
            ("SG1034", "SG9", "SG0008"),
            ("[negation]", "[negations]", "SG0008"),
            ("{ negation", "{ other", "SG0008"),
            ("points: 1", "point: 1", "SG0005"),
        ] {
            assert!(codes(&good.replace(from, to)).contains(&code), "{to}");
        }
    }
}
