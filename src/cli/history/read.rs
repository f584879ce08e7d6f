//! From the lines of an audit file to recorded calls.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::{Facts, Recorded, Said, Who};
use crate::bounds::{AUDIT_LINE_BYTES_MAX, HISTORY_RECORDS_MAX};
use crate::mcp::Method;
use crate::policy::Answer;

/// What an audit file tells.
#[derive(Debug, Default)]
pub(in crate::cli) struct History {
    /// Calls that rules judged, in the order of the file.
    pub calls: Vec<Recorded>,
    /// Decisions that rules had no part in, counted by their reason.
    pub unjudged: BTreeMap<String, usize>,
    /// Lines that are no records.
    pub unreadable: Vec<usize>,
}

/// Why a file tells nothing.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ReadFault {
    /// The system says no.
    #[error("cannot read {}: {cause}", path.display())]
    Io { path: PathBuf, cause: std::io::Error },
    /// A line longer than any that a gate writes.
    #[error("{}:{line}: longer than a record can be", path.display())]
    Long { path: PathBuf, line: usize },
    /// More than are held in memory at once.
    #[error("{} has more than {HISTORY_RECORDS_MAX} records; split it", path.display())]
    Many { path: PathBuf },
}

/// Reads an audit file, or standard input for `-`.
///
/// # Errors
/// [`ReadFault`]: the operator's fault, or the disk's. A line that is no record is counted, not refused: a file may
/// end in the middle of one.
pub(in crate::cli) fn read(path: &Path) -> Result<History, ReadFault> {
    let fault = |cause| ReadFault::Io { path: path.into(), cause };
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(fault)?)
    };
    let mut lines = BufReader::new(input);
    let (mut history, mut text) = (History::default(), Vec::new());
    for line in 1.. {
        text.clear();
        let limit = u64::try_from(AUDIT_LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
        if (&mut lines).take(limit).read_until(b'\n', &mut text).map_err(fault)? == 0 {
            break;
        }
        if text.len() > AUDIT_LINE_BYTES_MAX + 1 {
            return Err(ReadFault::Long { path: path.into(), line });
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if history.calls.len() >= HISTORY_RECORDS_MAX {
            return Err(ReadFault::Many { path: path.into() });
        }
        match serde_json::from_slice::<Value>(&text) {
            Ok(record) if record["stage"] == "decision" => history.take(&record, line),
            Ok(record) if record["schema"].is_string() => {}
            Ok(_) | Err(_) => history.unreadable.push(line),
        }
    }
    Ok(history)
}

impl History {
    fn take(&mut self, record: &Value, line: usize) {
        let reason = record["decision"]["reason"].as_str().unwrap_or("none");
        let method = record["action"]["method"].as_str();
        let method = Method::ALL.iter().copied().find(|known| Some(known.as_str()) == method);
        let Some(method) = method.filter(|method| is_by_rules(*method, reason)) else {
            let word = if UNJUDGED_REASONS.contains(&reason) { reason } else { "other methods" };
            *self.unjudged.entry(word.to_owned()).or_default() += 1;
            return;
        };
        match recorded(record, method, reason) {
            Some(call) => self.calls.push(call),
            None => self.unreadable.push(line),
        }
    }
}

/// Reasons for which a message never came to the rules.
const UNJUDGED_REASONS: &[&str] = &["auth_missing", "auth_invalid", "protocol", "internal", "size", "schema"];

/// Reasons that a rule gives; any other refusal came after the rules had allowed the call.
const RULE_REASONS: &[&str] = &["argument", "scope", "tool_not_allowed"];

/// Whether rules alone decide about a method.
fn is_by_rules(method: Method, reason: &str) -> bool {
    let is_of_tasks = method.as_str().starts_with("tasks/");
    !UNJUDGED_REASONS.contains(&reason) && !is_of_tasks && method != Method::SubscriptionsListen
}

fn recorded(record: &Value, method: Method, reason: &str) -> Option<Recorded> {
    let time = record["time"].as_str()?;
    let unix_ms = u64::try_from(time.parse::<Timestamp>().ok()?.as_millisecond()).ok()?;
    let is_refused = RULE_REASONS.contains(&reason) && record["decision"]["verdict"] == "deny";
    let rule = record["decision"]["rule"].as_str().map(Into::into);
    let is_of_rule = is_refused || reason == "none";
    Some(Recorded {
        id: record["id"].as_str()?.into(),
        time: time.into(),
        unix_ms,
        who: who(record)?,
        method,
        target: record["action"]["target"].as_str().map(Into::into),
        was: Said {
            is_allow: !is_refused,
            reason: is_refused.then(|| reason.into()),
            rule: rule.filter(|_| is_of_rule),
        },
        facts: record.get("facts").and_then(facts),
    })
}

fn who(record: &Value) -> Option<Who> {
    let actor = &record["actor"];
    let text = |name: &str| actor[name].as_str().map(Box::from);
    let user: Box<str> = text("id")?;
    let names = |name: &str| record["facts"][name].as_array().map_or_else(Vec::new, |names| texts(names));
    Some(Who {
        is_pseudonym: user.starts_with("hmac:"),
        is_anonymous: actor["type"] == "anonymous",
        has_token: actor["issuer"].is_string(),
        user,
        tenant: text("tenant"),
        agent: text("client"),
        workload: text("workload"),
        scopes: names("scopes"),
        groups: names("groups"),
    })
}

fn texts(names: &[Value]) -> Vec<Box<str>> {
    names.iter().filter_map(Value::as_str).map(Box::from).collect()
}

fn facts(facts: &Value) -> Option<Facts> {
    let mut read = Facts::default();
    for answer in facts["answers"].as_array()? {
        let (path, asked) = (answer["path"].as_str()?, answer["asked"].as_str()?);
        let word = answer["answer"].as_str()?;
        let answer = Answer::ALL.iter().copied().find(|answer| answer.as_str() == word)?;
        read.answers.insert((path.into(), asked.into()), answer);
    }
    for (path, value) in facts["values"].as_object()? {
        read.values.insert(path.as_str().into(), value.to_string());
    }
    Some(read)
}
