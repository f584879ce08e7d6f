//! What users ask, and which tool should be chosen for it, as YAML.

use std::path::Path;

use serde_json::Value;

use crate::bounds::{EVAL_CASES_MAX, POLICY_FILE_BYTES_MAX};
use crate::cli::Exit;
use crate::cli::opening::{Fault, unable};
use crate::lint::Listing;
use crate::policy::Source;
use crate::policy::nearest;
use crate::policy::reading::{
    Code, Fields, Findings, Node, as_json, boolean, is_version_1, parse, some, text, texts,
};
use crate::store;

/// One thing that a user asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    /// Its name, once in a file.
    pub name: String,
    /// In the user's words.
    pub ask: String,
    /// The tools of which any is right; none where nothing should be called, or only `not` counts.
    pub tools: Vec<String>,
    /// Whether no tool at all should be called.
    pub abstains: bool,
    /// Tools that must not be chosen.
    pub not: Vec<String>,
    /// Arguments that must be given, with these values.
    pub args: Option<Value>,
}

const KEYS: &[&str] = &["version", "cases"];
const CASE_KEYS: &[&str] = &["name", "ask", "tool", "args", "not", "abstain"];

/// Reads a file of cases.
///
/// # Errors
/// Everything that is wrong with it, with places.
pub(super) fn read(path: &Path) -> Result<Vec<Case>, Fault> {
    let name = path.display().to_string();
    let files = store::read_together(&[path.to_owned()], POLICY_FILE_BYTES_MAX).map_err(unable)?;
    let bytes = files.into_iter().next().unwrap_or_default();
    let text = String::from_utf8(bytes).map_err(|_| unable(format!("`{name}` is not UTF-8")))?;
    let source = Source { name: name.into(), text };
    let mut findings = Findings::default();
    let cases =
        parse(0, &source, &mut findings).map(|root| read_all(&root, &mut findings)).unwrap_or_default();
    if findings.has_errors() {
        let faults = findings.settle(&[source]);
        let mut fault = unable(format!("the cases do not hold\n{faults}"));
        fault.exit = Exit::Findings;
        return Err(fault);
    }
    Ok(cases)
}

fn read_all(root: &Node, findings: &mut Findings) -> Vec<Case> {
    let Some(fields) = Fields::open(root, "a file of cases", KEYS, findings) else { return Vec::new() };
    if let Some(node) = fields.need("version", findings)
        && !is_version_1(node)
    {
        findings.raise(Code::BadValue, node.span, "the only version of a file of cases is `1`");
    }
    let items =
        fields.need("cases", findings).and_then(|node| some(node, "`cases`", findings)).unwrap_or_default();
    let mut cases: Vec<Case> = Vec::new();
    for item in items {
        if cases.len() == EVAL_CASES_MAX {
            findings.raise(Code::TooLarge, item.span, format!("there may be {EVAL_CASES_MAX} cases at most"));
            break;
        }
        let Some(case) = read_one(item, findings) else { continue };
        if cases.iter().any(|known| known.name == case.name) {
            findings.raise(Code::DuplicateName, item.span, format!("case `{}` is there already", case.name));
        }
        cases.push(case);
    }
    cases
}

fn read_one(node: &Node, findings: &mut Findings) -> Option<Case> {
    let fields = Fields::open(node, "a case", CASE_KEYS, findings)?;
    let name = fields.need("name", findings).and_then(|node| text(node, "a case's name", findings));
    let ask = fields.need("ask", findings).and_then(|node| text(node, "what is asked", findings));
    let names = |key: &str, findings: &mut Findings| -> Vec<String> {
        let names = fields.get(key).map(|node| texts(node, "a tool", findings)).unwrap_or_default();
        names.into_iter().map(|name| name.value.into()).collect()
    };
    let (tools, not) = (names("tool", findings), names("not", findings));
    let abstains =
        fields.get("abstain").and_then(|node| boolean(node, "`abstain`", findings)).unwrap_or(false);
    let args = fields.get("args").and_then(|node| serde_json::from_str(&as_json(node)?).ok());
    if args.as_ref().is_some_and(|args: &Value| !args.is_object()) {
        findings.raise(Code::WrongType, node.span, "`args` must be a map");
    }
    if tools.is_empty() && not.is_empty() && !abstains {
        let help = "name the `tool` that should be chosen, those that must `not`, or say `abstain: true`";
        findings.advise(Code::CaseSaysNothing, node.span, "the case expects nothing", help);
    }
    if abstains && !tools.is_empty() {
        let help = "keep one of `tool` and `abstain`";
        findings.advise(Code::CaseContradicts, node.span, "the case wants a tool, and none", help);
    }
    Some(Case { name: name?.to_owned(), ask: ask?.to_owned(), tools, abstains, not, args })
}

/// Holds the names of tools against the list, so that a typo is no failure of a model.
///
/// # Errors
/// The first that is not there.
pub(super) fn check(cases: &[Case], listing: &Listing) -> Result<(), String> {
    let known = || listing.tools().map(|tool| tool.name.as_str());
    for case in cases {
        for name in case.tools.iter().chain(&case.not) {
            if !known().any(|known| known == name) {
                let meant = nearest(name, known()).map(|meant| format!("; did you mean `{meant}`?"));
                return Err(format!(
                    "case `{}` names the tool `{name}`, which the list does not have{}",
                    case.name,
                    meant.unwrap_or_default()
                ));
            }
        }
    }
    Ok(())
}
