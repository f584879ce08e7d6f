//! Test files, read like every other file of a bundle.

use std::time::Duration;

use jiff::Timestamp;

use super::draft::{Draft, Tool};
use super::{Case, Expected, Mark, Repeat, Said};
use crate::bounds::{CASE_DAYS_MAX, CASE_REPEATS_MAX, CLAIM_BYTES_MAX};
use crate::identity::{Supposed, SupposedProof};
use crate::json::Document;
use crate::mcp::{Method, Sender, Subject};
use crate::names::Label;
use crate::policy::code::Code;
use crate::policy::diagnostic::{Findings, Span, did_you_mean, shown};
use crate::policy::places::Places;
use crate::policy::scalar::Scalar;
use crate::policy::snapshot::{self, Policy};
use crate::policy::walker::{self, Fields};
use crate::policy::yaml::{Content, Entry, Node};

/// The keys of a test file.
pub(in crate::policy) const TESTS_KEYS: &[&str] = &["at", "cases"];

/// The keys of a case.
pub(in crate::policy) const CASE_KEYS: &[&str] =
    &["name", "as", "at", "after", "call", "method", "target", "with", "result", "repeat", "seen", "expect"];

/// The keys of a caller.
pub(in crate::policy) const CALLER_KEYS: &[&str] =
    &["user", "tenant", "agent", "workload", "scopes", "groups", "by"];

/// The keys of a repetition.
pub(in crate::policy) const REPEAT_KEYS: &[&str] = &["times", "every", "together"];

const TEXT_BYTES_MAX: usize = 512;

/// Reads the cases of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'r> {
    pub policy: &'r Policy,
    pub places: &'r Places<'r>,
    pub file: &'r str,
}

impl Reader<'_> {
    /// The cases of one file; `None` for one that cannot be judged, which has been noted.
    pub fn cases(&self, root: &Node, findings: &mut Findings) -> Vec<Option<Case>> {
        let fields = Fields::open(root, "a test file", TESTS_KEYS, findings);
        let Some(fields) = fields else { return Vec::new() };
        let at = fields.get("at").cloned();
        let mut above = Draft { at: at.clone(), at_of_file: at, ..Draft::default() };
        let items = fields.need("cases", findings);
        let items = items.and_then(|node| walker::list(node, "`cases`", findings)).unwrap_or_default();
        let (mut cases, mut is_first, mut is_broken) = (Vec::new(), true, false);
        for item in items {
            let case = self.case(item, &mut above, is_first, findings);
            is_first = false;
            // What follows a case that is not judged would be judged as if it followed another one.
            let follows = case.as_ref().is_none_or(|case| case.after.is_some());
            is_broken = case.is_none() || is_broken && follows;
            cases.push(case.filter(|_| !is_broken));
        }
        cases
    }

    fn case(&self, node: &Node, above: &mut Draft, is_first: bool, findings: &mut Findings) -> Option<Case> {
        let fields = Fields::open(node, "a case", CASE_KEYS, findings)?;
        let is_child =
            above.says_something() && fields.get("call").is_none() && fields.get("method").is_none();
        above.take(&fields, findings);
        let name = self.name(&fields, is_child, above, findings);
        if fields.get("name").is_some() || !is_child {
            above.name = name.clone().unwrap_or_default();
        }
        let repeat = fields.get("repeat").map(|node| repeat(node, findings));
        let expect = fields.need("expect", findings);
        let expected = expect.and_then(|node| self.expected(node, repeat.is_some(), findings));
        let mark = fields.entry("expect").map_or(fields.span(), |entry| entry.key_span);
        let before = findings.len();
        let caller = self.caller(above.caller.as_ref(), findings);
        let at = above.at.as_ref().map(|node| time(node, findings));
        let after = fields.entry("after").map(|entry| after(entry, &fields, is_first, findings));
        let seen = fields.get("seen").map(|node| self.labels_seen(node, findings)).unwrap_or_default();
        let expected = expected?;
        let said = self.said(above, &fields, &expected, findings);
        if above.is_unsound || findings.len() > before {
            return None;
        }
        Some(Case {
            name: name?,
            file: self.file.into(),
            place: self.places.of(fields.span()),
            mark: Mark(mark),
            caller: caller?,
            at: at.map_or(Some(None), |at| at.map(Some))?,
            after: after.map_or(Some(None), |after| after.map(Some))?,
            seen,
            said: said?,
            result: above.result.as_ref().map(|node| node.json().into()),
            repeat: repeat.map_or(Some(None), |repeat| repeat.map(Some))?,
            expected,
        })
    }

    /// Labels that a conversation has seen; each one that some flow waits for.
    fn labels_seen(&self, node: &Node, findings: &mut Findings) -> Vec<Label> {
        let labels = walker::labels(node, "a label", findings);
        let awaited = || self.policy.flows().iter().flat_map(|flow| flow.after.iter()).map(Label::as_str);
        for label in labels.iter().filter(|label| !awaited().any(|name| name == label.value.as_str())) {
            let message = format!("no flow waits for the label `{}`", label.value);
            let help = did_you_mean(label.value.as_str(), "labels", awaited());
            findings.advise(Code::UnknownLabel, label.span, message, help);
        }
        labels.into_iter().map(|label| label.value).collect()
    }

    /// The name of a case; one that changes another may be called after it.
    fn name(
        &self,
        fields: &Fields<'_>,
        is_child: bool,
        above: &Draft,
        findings: &mut Findings,
    ) -> Option<Box<str>> {
        if fields.get("name").is_some() || !is_child {
            let name = fields.need("name", findings)?;
            return Some(walker::line(name, "the name of a case", TEXT_BYTES_MAX, findings)?.value);
        }
        let changes = fields.get("with").map(|with| match &with.content {
            Content::Map(entries) => entries.iter().map(shown_change).collect::<Vec<_>>().join(", "),
            Content::List(_) | Content::Scalar(_) | Content::Unreadable => String::new(),
        });
        let line = self.places.of(fields.span()).line;
        let base = &above.name;
        Some(match changes {
            Some(changes) => format!("{base} / {}", shown(&changes)).into(),
            None => format!("{base} / line {line}").into(),
        })
    }

    fn caller(&self, node: Option<&Node>, findings: &mut Findings) -> Option<Option<Supposed>> {
        let Some(node) = node else { return Some(None) };
        if matches!(&node.content, Content::Scalar(Scalar::Text(text)) if **text == *"anonymous") {
            return Some(None);
        }
        let fields = Fields::open(node, "`as`", CALLER_KEYS, findings)?;
        let mut line = |key: &str| {
            let node = fields.get(key)?;
            Some(walker::line(node, "part of a caller", CLAIM_BYTES_MAX, findings)?.value)
        };
        let (user, tenant, agent, workload) = (line("user"), line("tenant"), line("agent"), line("workload"));
        let proof = fields.get("by").map(|node| {
            let known = SupposedProof::ALL;
            walker::word(node, "a way to be known", known, SupposedProof::as_str, findings)
        });
        let names = &self.policy.names;
        let scopes = names_in(fields.entry("scopes"), Code::UnknownScope, names.scopes.as_deref(), findings);
        let groups = names_in(fields.entry("groups"), Code::UnknownGroup, names.groups.as_deref(), findings);
        let by = proof.unwrap_or(Some(SupposedProof::default()))?;
        let user = user.unwrap_or_else(|| Supposed::default().user);
        let supposed = Supposed { user, tenant, agent, workload, scopes, groups, by };
        match Supposed::caller(Some(&supposed)) {
            Ok(_) => Some(Some(supposed)),
            Err(fault) => {
                findings.raise(Code::BadValue, node.span, format!("there can be no such caller: {fault}"));
                None
            }
        }
    }

    fn said(
        &self,
        draft: &Draft,
        fields: &Fields<'_>,
        expected: &Expected,
        findings: &mut Findings,
    ) -> Option<Said> {
        match (&draft.tool, &draft.method) {
            (Some(tool), _) => {
                let tool = self.tool(tool, findings)?;
                if let Some(args) = &draft.args {
                    self.check_arguments(&tool, args, findings);
                }
                Some(Said::Call { tool, arguments: draft.args.as_ref().map(|node| node.json().into()) })
            }
            (None, Some(method)) => {
                let method = read_method(method, findings);
                let target = draft.target.as_ref();
                let target = target.and_then(|node| walker::line(node, "a target", TEXT_BYTES_MAX, findings));
                let method = method?;
                if method.subject() != Subject::Nothing && draft.target.is_none() {
                    let message = format!("`{}` needs a `target`", method.as_str());
                    findings.raise(Code::MissingKey, fields.span(), message);
                    return None;
                }
                Some(Said::Method { method, target: target.map(|target| target.value) })
            }
            (None, None) if expected.lists.is_some() => {
                Some(Said::Method { method: Method::ToolsList, target: None })
            }
            (None, None) if fields.get("call").is_some() => None,
            (None, None) => {
                let help = "say what is sent, or put the case below one that does";
                let message = "a case needs `call` or `method`";
                findings.advise(Code::CaseSaysNothing, fields.span(), message, help);
                None
            }
        }
    }

    /// A tool that the policy has, or that the case says it must not have.
    fn tool(&self, tool: &Tool, findings: &mut Findings) -> Option<Box<str>> {
        let (Tool::Known(node) | Tool::Unknown(node)) = tool;
        let name = walker::line(node, "the name of a tool", TEXT_BYTES_MAX, findings)?.value;
        let versions = self.policy.versions();
        // What policies call a version is no name on the wire.
        let name = versions.alias_of(&name).map_or(name, Into::into);
        let is_known = self.policy.tool(&name).is_some() || versions.knows(&name);
        match (tool, is_known) {
            (Tool::Known(_), true) | (Tool::Unknown(_), false) => Some(name),
            (Tool::Known(_), false) => {
                self.note_unknown_tool(node.span, &name, findings);
                None
            }
            (Tool::Unknown(_), true) => {
                let message = format!("the policy knows `{}`", shown(&name));
                findings.advise(Code::BadValue, node.span, message, "call it `tool`");
                None
            }
        }
    }

    /// Notes arguments that the approved definition of a tool does not have, unless it takes any.
    fn check_arguments(&self, tool: &str, args: &Node, findings: &mut Findings) {
        // Which version takes them is known when the caller is.
        if self.policy.versions().knows(tool) {
            return;
        }
        let definition = self.policy.tool(tool).and_then(snapshot::Tool::definition);
        let schema = definition.and_then(|definition| definition.input_schema.as_deref());
        let Some(Ok(schema)) = schema.map(|schema| Document::parse(schema.as_bytes())) else { return };
        let is_open =
            schema.root().get("additionalProperties").is_some_and(|more| more.boolean() != Some(false));
        let Some(properties) = schema.root().get("properties").filter(|_| !is_open) else { return };
        for entry in walker::map(args, "`args`", findings).unwrap_or_default() {
            if properties.get(&entry.key).is_none() {
                let known: Vec<String> =
                    properties.members().map(|(key, _)| key.name().into_owned()).collect();
                let help = match known.as_slice() {
                    [] => "it has none".into(),
                    known => did_you_mean(&entry.key, "arguments", known.iter().map(String::as_str)),
                };
                let message = format!("`{}` has no argument `{}`", shown(tool), shown(&entry.key));
                findings.advise(Code::UnknownArgument, entry.key_span, message, help);
            }
        }
    }

    fn note_unknown_tool(&self, span: Span, name: &str, findings: &mut Findings) {
        let known = self.policy.tools().iter().map(|tool| tool.name.as_str());
        let help = did_you_mean(name, "tools", known);
        let help = format!("{help} (write `unknown_tool` for one that is not to be there)");
        findings.advise(Code::UnknownTool, span, format!("there is no tool `{}`", shown(name)), help);
    }
}

fn shown_change(entry: &Entry) -> String {
    format!("{}: {}", entry.key, entry.value.json())
}

/// A list of names, which may be empty; each one of the closed list if there is one.
fn names_in(
    entry: Option<&Entry>,
    code: Code,
    known: Option<&[Box<str>]>,
    findings: &mut Findings,
) -> Vec<Box<str>> {
    let Some(entry) = entry else { return Vec::new() };
    if matches!(&entry.value.content, Content::List(items) if items.is_empty()) {
        return Vec::new();
    }
    let texts = walker::texts(&entry.value, "part of a caller", findings);
    for text in &texts {
        if let Some(known) = known.filter(|known| !known.contains(&text.value)) {
            let help = did_you_mean(&text.value, &entry.key, known.iter().map(|name| &**name));
            let message = format!("`{}` is not in the closed list `{}`", shown(&text.value), entry.key);
            findings.advise(code, text.span, message, help);
        }
    }
    texts.into_iter().map(|text| text.value).collect()
}

fn read_method(node: &Node, findings: &mut Findings) -> Option<Method> {
    let text = walker::text(node, "a method", findings)?;
    let known = Method::ALL.iter().copied().filter(|method| method.is_sent_by(Sender::Client));
    let found = known.clone().find(|method| method.as_str() == text);
    if found == Some(Method::ToolsCall) {
        let help = "write `call: { tool: NAME, args: {} }`";
        findings.advise(Code::BadValue, node.span, "a call of a tool is written as `call`", help);
        return None;
    }
    if found.is_none() {
        let help = did_you_mean(text, "methods", known.map(Method::as_str));
        let message = format!("there is no method `{}`", shown(text));
        findings.advise(Code::UnknownMethod, node.span, message, help);
    }
    found
}

fn repeat(node: &Node, findings: &mut Findings) -> Option<Repeat> {
    let fields = Fields::open(node, "`repeat`", REPEAT_KEYS, findings)?;
    let times = fields.need("times", findings)?;
    let count = walker::count(times, "how often a message is sent", findings)?;
    if count.get() > CASE_REPEATS_MAX {
        let message = format!("a case may send its message {CASE_REPEATS_MAX} times at most");
        findings.raise(Code::TooLarge, times.span, message);
        return None;
    }
    let every = match fields.get("every") {
        Some(node) => span(node, "span between two messages", findings)?,
        None => Duration::ZERO,
    };
    let together = fields.entry("together");
    let is_together =
        together.and_then(|entry| walker::boolean(&entry.value, "`together`", findings)).unwrap_or_default();
    if let (true, Some(entry)) = (is_together && fields.get("every").is_some(), together) {
        findings.raise(Code::CaseContradicts, entry.key_span, "messages `every` so often are not `together`");
    }
    Some(Repeat { times: count, every, together: is_together })
}

/// How long after the case above.
fn after(entry: &Entry, fields: &Fields<'_>, is_first: bool, findings: &mut Findings) -> Option<Duration> {
    if is_first {
        let message = "there is no case above that it could come after";
        findings.advise(Code::CaseContradicts, entry.key_span, message, "write `at`, or remove `after`");
    }
    if fields.get("at").is_some() {
        let help = "write `at` alone for a case with limits unused";
        findings.advise(
            Code::CaseContradicts,
            entry.key_span,
            "a case is `at` a time or `after` another",
            help,
        );
    }
    span(&entry.value, "span of time", findings)
}

/// A span of time: none at all, as rules write it, or in days.
fn span(node: &Node, what: &str, findings: &mut Findings) -> Option<Duration> {
    let text = match &node.content {
        Content::Scalar(Scalar::Text(text)) => &**text,
        Content::Scalar(_) | Content::List(_) | Content::Map(_) | Content::Unreadable => "",
    };
    if text == "0s" {
        return Some(Duration::ZERO);
    }
    let days = text.strip_suffix("day").and_then(|days| days.parse::<u64>().ok());
    match days.filter(|days| (1..=CASE_DAYS_MAX).contains(days)) {
        Some(days) => Some(Duration::from_secs(days * 24 * 3600)),
        None => walker::duration(node, what, findings),
    }
}

/// A moment with its offset from UTC, in milliseconds since 1970.
fn time(node: &Node, findings: &mut Findings) -> Option<u64> {
    let text = walker::text(node, "a time", findings)?;
    let found = parse_time(text);
    if found.is_none() {
        let help = "write it with its offset: `2026-11-23T08:00:00+01:00`, or `Z` for UTC";
        findings.advise(Code::CaseTime, node.span, format!("`{}` is no time", shown(text)), help);
    }
    found
}

/// Reads a time as cases write it, in milliseconds since 1970. Source: RFC 3339, section 5.6.
pub fn parse_time(text: &str) -> Option<u64> {
    // jiff reads more forms than a test should have; those of RFC 3339 begin with a whole date and time.
    let has_form = text.len() >= "2026-11-23T08:00:00Z".len() && text.as_bytes().get(10) == Some(&b'T');
    let time = has_form.then(|| text.parse::<Timestamp>().ok())??;
    u64::try_from(time.as_millisecond()).ok()
}
