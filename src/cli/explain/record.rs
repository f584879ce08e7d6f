//! Explaining a record of an audit file, as far as what it tells goes.
//!
//! A record holds no arguments. At the audit level `facts` it holds what rules asked of them and the
//! answers, and the caller's scopes and groups; then the call is judged again by the policy at hand.
//! Whatever it does not hold is said.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Value, json};

use super::Format;
use super::human;
use crate::bounds::AUDIT_LINE_BYTES_MAX;
use crate::identity::Supposed;
use crate::json::Document;
use crate::names::{Label, hex};
use crate::policy::{Answer, Decision, Explanation, Policy, Question, parse_time};

/// Explains the record `id` of the audit file at `path`.
///
/// # Errors
/// Why that cannot be done, in one line.
pub(super) fn explain(policy: &Policy, path: &Path, id: &str, output: Format) -> Result<String, String> {
    let record = find(path, id)?;
    let told = Told { policy, record: &record };
    Ok(match output {
        Format::Human => told.human(id),
        Format::Json => format!("{:#}\n", told.json(id)),
    })
}

/// The record with an id; lines that are no records are passed over.
fn find(path: &Path, id: &str) -> Result<Value, String> {
    let shown = path.display();
    let unreadable = |cause: std::io::Error| format!("cannot read {shown}: {cause}");
    let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = AUDIT_LINE_BYTES_MAX as u64 + 1;
        if reader.by_ref().take(limit).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            return Err(format!("{shown} has no record `{id}`"));
        }
        let record = serde_json::from_slice::<Value>(&line).ok();
        let found = record.filter(|record| record["id"] == id);
        if let Some(record) = found {
            return match record["stage"].as_str() {
                Some("decision") => Ok(record),
                _ => Err(format!("the record `{id}` is not about a message")),
            };
        }
    }
}

/// What a record tells, beside a policy.
struct Told<'t> {
    policy: &'t Policy,
    record: &'t Value,
}

/// The call judged again, in words.
enum Again {
    /// It is no call of a tool.
    NoCall,
    /// This came.
    Decided(String),
    /// The verdict hangs on these questions.
    Open(Vec<String>),
}

impl Told<'_> {
    fn text(&self, path: &str) -> Option<&str> {
        self.record.pointer(path).and_then(Value::as_str)
    }

    fn unix_ms(&self) -> u64 {
        self.text("/time").and_then(parse_time).unwrap_or_default()
    }

    fn has_facts(&self) -> bool {
        self.record["facts"].is_object()
    }

    fn is_same_policy(&self) -> bool {
        let known = self.text("/decision/policy_sha256");
        known.is_some_and(|known| !known.is_empty() && hex(&self.policy.sha256).starts_with(known))
    }

    /// Where the rule that decided stands today; `None` where the policy has it no more.
    fn rule_place(&self) -> Option<String> {
        let rule = Label::parse(self.text("/decision/rule")?).ok()?;
        Some(human::place(self.policy, self.policy.rule_place(&rule)?))
    }

    /// What the record does not hold, though rules may ask for it.
    fn unknown(&self) -> Vec<&'static str> {
        let mut unknown = Vec::new();
        if self.has_facts() {
            unknown.push("arguments but for what is told of them above");
        } else {
            unknown.extend(["the arguments", "the caller's scopes and groups"]);
        }
        unknown.push("what the caller's program ran as");
        if self.text("/actor/type") == Some("user") {
            unknown.push("the user's name, if the audit writes pseudonyms");
        }
        unknown
    }

    /// The caller as the record tells of it.
    fn caller(&self) -> Supposed {
        let text = |path| self.text(path).map(Into::into);
        let list = |path: &str| {
            let list = self.record.pointer(path).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect()
        };
        Supposed {
            user: text("/actor/id").unwrap_or_else(|| Supposed::default().user),
            tenant: text("/actor/tenant"),
            agent: text("/actor/client"),
            scopes: list("/facts/scopes"),
            groups: list("/facts/groups"),
            ..Supposed::default()
        }
    }

    /// The answer that the record has for a question of a rule.
    fn recall(&self, question: &Question<'_>) -> Option<Answer> {
        let facts = &self.record["facts"];
        let value = facts["values"].get(question.path).map(Value::to_string);
        let of_value = value.and_then(|value| {
            let document = Document::parse(value.as_bytes()).ok()?;
            Some(question.of(document.root()))
        });
        of_value.or_else(|| {
            let answers = facts["answers"].as_array()?;
            let fact = answers
                .iter()
                .find(|fact| fact["path"] == *question.path && fact["asked"] == *question.asked)?;
            let word = fact["answer"].as_str()?;
            let known = [Answer::Absent, Answer::No, Answer::Unknown, Answer::Yes];
            known.into_iter().find(|answer| answer.as_str() == word)
        })
    }

    fn again(&self) -> Again {
        let (Some("tools/call"), Some(tool)) = (self.text("/action/method"), self.text("/action/target"))
        else {
            return Again::NoCall;
        };
        if !self.has_facts() {
            return Again::Open(vec!["the arguments, and the caller's scopes and groups".to_owned()]);
        }
        let supposed = Some(self.caller()).filter(|_| self.text("/actor/type") == Some("user"));
        let Ok(caller) = Supposed::caller(supposed.as_ref()) else {
            return Again::Open(vec!["who called".to_owned()]);
        };
        let standing = self.policy.standing(&caller, self.unix_ms());
        match self.policy.judge_recorded(&standing, tool, &|question| self.recall(question)) {
            Ok(Decision::Allow { by, .. }) => Again::Decided(format!("allow by `{by}`")),
            Ok(Decision::Forbid(forbid)) => {
                let rule = forbid.rule.map(|rule| format!(", by or nearest to `{rule}`")).unwrap_or_default();
                Again::Decided(format!("deny for the reason `{}`{rule}", forbid.why.reason()))
            }
            Err(unknowable) => {
                Again::Open(unknowable.0.iter().map(|(path, asked)| format!("`{path} {asked}`")).collect())
            }
        }
    }

    /// What the rules about the message ask, with the answers that are not known left out.
    fn rules(&self) -> Option<Explanation<'_>> {
        let tool =
            self.text("/action/target").filter(|_| self.text("/action/method") == Some("tools/call"))?;
        let caller = Supposed::caller(Some(&self.caller())).ok()?;
        let standing = self.policy.standing(&caller, self.unix_ms());
        Some(self.policy.explain_call(&standing, tool, None))
    }

    fn human(&self, id: &str) -> String {
        let word = |path| self.text(path).unwrap_or("unknown");
        let mut text = format!(
            "record {id} of {}: {} {} was decided: {}, reason `{}`\n",
            word("/time"),
            word("/action/method"),
            word("/action/target"),
            word("/decision/verdict"),
            word("/decision/reason"),
        );
        if let Some(rule) = self.text("/decision/rule") {
            let place = self.rule_place().unwrap_or_else(|| "not a rule of this policy".to_owned());
            let _ = writeln!(text, "the rule or limit `{rule}` decided or came nearest ({place})");
        }
        if let Some(detail) = self.text("/decision/detail") {
            let _ = writeln!(text, "detail: {detail}");
        }
        text.push_str(match self.is_same_policy() {
            true => "the policy is the one that decided then\n",
            false => "the policy is another than the one that decided then\n",
        });
        for fact in self.record["facts"]["answers"].as_array().into_iter().flatten() {
            let word = |key: &str| fact[key].as_str().unwrap_or_default().to_owned();
            let _ = writeln!(text, "recorded: {} {}: {}", word("path"), word("asked"), word("answer"));
        }
        match self.again() {
            Again::NoCall => {}
            Again::Decided(what) => {
                let _ = writeln!(text, "judged again by this policy: {what}");
            }
            Again::Open(questions) => {
                let _ = writeln!(text, "what this policy would say hangs on: {}", questions.join(", "));
            }
        }
        let _ = writeln!(text, "not in the record: {}", self.unknown().join("; "));
        if let Some(explanation) = self.rules() {
            let _ = writeln!(text, "\nrules about it:");
            for trace in &explanation.rules {
                let effect = if trace.is_allow { "allow" } else { "deny" };
                let place = human::place(self.policy, trace.place);
                let asks: Vec<&str> = trace
                    .checks
                    .iter()
                    .filter(|check| check.release.is_none())
                    .map(|check| &*check.asked)
                    .collect();
                let asks = if asks.is_empty() { "nothing".to_owned() } else { asks.join("; ") };
                let _ = writeln!(text, "  {effect} `{}` ({place}) asks {asks}", trace.rule);
            }
        }
        text
    }

    fn json(&self, id: &str) -> Value {
        let (again, open) = match self.again() {
            Again::NoCall => (None, Vec::new()),
            Again::Decided(what) => (Some(what), Vec::new()),
            Again::Open(questions) => (None, questions),
        };
        json!({
            "version": 1,
            "id": id,
            "decision": self.record["decision"],
            "rule_place": self.rule_place(),
            "same_policy": self.is_same_policy(),
            "again": again,
            "hangs_on": open,
            "unknown": self.unknown(),
        })
    }
}
