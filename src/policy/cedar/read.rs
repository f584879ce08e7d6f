//! Reading the Cedar policies of a bundle: what is wrong with them is told as it is told of YAML.

use std::collections::{HashMap, HashSet};
use std::str::FromStr as _;

use cedar_policy::{
    Authorizer, PolicyId, PolicySet, Schema, ValidationError, ValidationMode, ValidationWarning, Validator,
};
use miette::Diagnostic;

use super::guards;
use super::raw::{Raw, RawRule, Slice, may_concern};
use super::request::Names;
use super::schema;
use super::subject::Subject;
use crate::bounds::POLICY_RULES_MAX;
use crate::mcp::Method;
use crate::names::{Label, Mode};
use crate::policy::Source;
use crate::policy::code::Code;
use crate::policy::compile::Part;
use crate::policy::diagnostic::{Findings, Span, did_you_mean, shown};
use crate::policy::snapshot::Policy;

/// What a Cedar policy may say of itself.
const ANNOTATIONS: &[&str] = &["id", "message", "mode", "owner"];
const MODES: &[&str] = &["enforce", "shadow"];

/// One policy as it is read, before it is known whether it holds.
pub(super) struct Reading {
    file: usize,
    mode: Mode,
    pub policy: cedar_policy::Policy,
}

/// Reads every `.cedar` file among `sources`, for the rules of `policy`; `None` if there is none, or if
/// faults have been noted.
pub(in crate::policy) fn read(
    policy: &Policy,
    sources: &[Source],
    findings: &mut Findings,
) -> Option<Box<Raw>> {
    let before = findings.len();
    let mut reader = Reader { policy, findings, rules: HashMap::new(), readings: Vec::new() };
    let files = sources.iter().enumerate().filter(|(_, source)| Part::of(&source.name) == Part::Cedar);
    for (file, source) in files {
        reader.file(file, &source.text);
    }
    let Reader { rules, readings, findings, .. } = reader;
    if readings.is_empty() {
        return None;
    }
    let subjects: Vec<Subject<'_>> =
        Subject::all(policy).filter(|subject| may_concern(subject.kind)).collect();
    let raw = check(&subjects, &readings, sources, findings).and_then(|schema| {
        let parts: Vec<(Mode, cedar_policy::Policy)> =
            readings.into_iter().map(|reading| (reading.mode, reading.policy)).collect();
        let slice = |subject: &Subject<'_>| Slice::new(subject, &parts, &schema);
        let tools = policy.tools.iter().map(|tool| slice(&Subject::tool(tool))).collect::<Option<_>>()?;
        let of_method = |&method: &Method| {
            Subject::method(policy, method)
                .filter(|subject| may_concern(subject.kind))
                .and_then(|subject| slice(&subject))
        };
        let methods = Method::ALL.iter().map(of_method).collect();
        let names = Names::new(policy.server.as_str()).ok()?;
        Some(Box::new(Raw { names, authorizer: Authorizer::new(), rules, tools, methods, schema }))
    });
    if raw.is_none() && findings.len() == before {
        let nowhere = Span { file: 0, start: 0, end: 0 };
        findings.raise(
            Code::CedarUnfit,
            nowhere,
            "the policies of this bundle have no schema that Cedar takes",
        );
    }
    raw.filter(|_| findings.len() == before)
}

struct Reader<'r> {
    policy: &'r Policy,
    findings: &'r mut Findings,
    rules: HashMap<Box<str>, RawRule>,
    readings: Vec<Reading>,
}

impl Reader<'_> {
    fn file(&mut self, file: usize, text: &str) {
        let whole = Span { file, start: 0, end: 0 };
        let set = match PolicySet::from_str(text) {
            Ok(set) => set,
            Err(faults) => {
                for fault in faults.iter() {
                    note(fault, fault.to_string(), Code::CedarSyntax, whole, self.findings);
                }
                return;
            }
        };
        for template in set.templates() {
            let id = template.annotation("id").unwrap_or_default();
            let message = format!("`{}` is a template, and nothing here fills it in", shown(id));
            self.findings.advise(
                Code::CedarTemplate,
                whole,
                message,
                "write the caller in place of `?principal`",
            );
        }
        let mut policies: Vec<&cedar_policy::Policy> = set.policies().collect();
        policies.sort_by_key(|policy| span(policy, file).start);
        for policy in policies {
            self.policy(file, policy);
        }
    }

    fn policy(&mut self, file: usize, policy: &cedar_policy::Policy) {
        let span = span(policy, file);
        let Some(name) = policy.annotation("id") else {
            let help = "write `@id(\"name\")` before it";
            self.findings.advise(Code::CedarNameless, span, "a Cedar policy has no `@id`", help);
            return;
        };
        let Ok(id) = Label::parse(name) else {
            self.findings.raise(
                Code::BadName,
                span,
                format!("`{}` may not be the name of a rule", shown(name)),
            );
            return;
        };
        let is_known =
            self.policy.book.rules.iter().any(|rule| rule.id == id) || self.rules.contains_key(name);
        if is_known {
            self.findings.raise(Code::DuplicateName, span, format!("there is another rule `{id}`"));
            return;
        }
        let order = self.rules.len();
        if self.policy.book.rules.len() + order == POLICY_RULES_MAX {
            self.findings.raise(
                Code::TooLarge,
                span,
                format!("a policy may have {POLICY_RULES_MAX} rules at most"),
            );
        }
        self.annotations(policy, span);
        self.server(policy, span);
        let mode = if policy.annotation("mode") == Some("shadow") { Mode::Shadow } else { Mode::Enforce };
        let message = policy.annotation("message").map(Into::into);
        let renamed = policy.new_id(PolicyId::new(name));
        self.rules.insert(name.into(), RawRule { id, message, order });
        self.readings.push(Reading { file, mode, policy: renamed });
    }

    fn annotations(&mut self, policy: &cedar_policy::Policy, span: Span) {
        for (name, _) in policy.annotations().filter(|(name, _)| !ANNOTATIONS.contains(name)) {
            let help = did_you_mean(name, "annotations", ANNOTATIONS.iter().copied());
            let message = format!("a Cedar policy has no annotation `@{}`", shown(name));
            self.findings.advise(Code::UnknownKey, span, message, help);
        }
        if let Some(mode) = policy.annotation("mode").filter(|mode| !MODES.contains(mode)) {
            let help = did_you_mean(mode, "modes", MODES.iter().copied());
            self.findings.advise(
                Code::UnknownWord,
                span,
                format!("there is no mode `{}`", shown(mode)),
                help,
            );
        }
    }

    /// To Cedar any server may be there, so a policy about another one would never apply, in silence.
    fn server(&mut self, policy: &cedar_policy::Policy, span: Span) {
        let own = self.policy.server.as_str();
        for literal in policy.entity_literals() {
            let name: &str = literal.id().as_ref();
            if literal.type_name().to_string() == "Mcp::Server" && name != own {
                let message = format!("this bundle is not about the server `{}`", shown(name));
                self.findings.advise(Code::CedarUnfit, span, message, did_you_mean(name, "servers", [own]));
            }
        }
    }
}

/// Validates everything strictly; the schema, if that can be had.
fn check(
    subjects: &[Subject<'_>],
    readings: &[Reading],
    sources: &[Source],
    findings: &mut Findings,
) -> Option<Schema> {
    let (schema, _) = Schema::from_cedarschema_str(&schema::text(subjects)).ok()?;
    let all = PolicySet::from_policies(readings.iter().map(|reading| reading.policy.clone())).ok()?;
    let validated = Validator::new(schema.clone()).validate(&all, ValidationMode::Strict);
    let place = |id: &PolicyId| {
        let found = readings.iter().find(|reading| reading.policy.id() == id);
        found.map_or(Span { file: 0, start: 0, end: 0 }, |reading| span(&reading.policy, reading.file))
    };
    let mut faulty: HashSet<&PolicyId> = HashSet::new();
    for reading in readings {
        let before = findings.len();
        let concerned = guards::concerned(&reading.policy, subjects);
        guards::check(reading, place(reading.policy.id()), &concerned, sources, findings);
        if findings.len() > before {
            faulty.insert(reading.policy.id());
        }
    }
    for fault in validated.validation_errors() {
        let id = fault.policy_id();
        faulty.insert(id);
        if let ValidationError::UnrecognizedActionId(unknown) = fault {
            let message = told(&unknown.to_string(), id);
            let name = message.split('`').nth(1).unwrap_or_default();
            let help = guards::meant(name, subjects);
            let at = label(fault, place(id));
            findings.advise(Code::CedarUnfit, at, message, help);
            continue;
        }
        note(fault, told(&fault.to_string(), id), Code::CedarUnfit, place(id), findings);
    }
    for warning in validated.validation_warnings() {
        // A text in two scripts may be a name that somebody has; and what has faults may be impossible for them.
        let id = warning.policy_id();
        if matches!(warning, ValidationWarning::MixedScriptString(_)) || faulty.contains(id) {
            continue;
        }
        note(warning, told(&warning.to_string(), id), Code::CedarImpossible, place(id), findings);
    }
    Some(schema)
}

/// A message without the name of the policy, which the place tells.
fn told(message: &str, id: &PolicyId) -> String {
    let prefix = format!("for policy `{id}`, ");
    message.strip_prefix(&prefix).unwrap_or(message).to_owned()
}

/// Where Cedar finds a fault; `whole` if it does not say.
fn label(fault: &dyn Diagnostic, whole: Span) -> Span {
    let label = fault.labels().and_then(|mut labels| labels.next());
    label.map_or(whole, |label| Span { start: label.offset(), end: label.offset() + label.len(), ..whole })
}

/// Notes what Cedar says, where it says it; at `whole` where it names no place.
fn note(fault: &dyn Diagnostic, message: String, code: Code, whole: Span, findings: &mut Findings) {
    let at = label(fault, whole);
    let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match fault.help() {
        Some(help) => findings.advise(code, at, line(message), line(help.to_string())),
        None => findings.raise(code, at, line(message)),
    }
}

fn span(policy: &cedar_policy::Policy, file: usize) -> Span {
    policy.as_ref().loc().map_or(Span { file, start: 0, end: 0 }, |loc| Span {
        file,
        start: loc.span.offset(),
        end: loc.span.offset() + loc.span.len(),
    })
}
