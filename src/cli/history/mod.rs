//! Recorded calls: audit records, read back, and judged again by the rules of a policy.
//!
//! **What a record must tell.** Who called, what, and the answers to what rules asked (audit level `facts`). From a
//! record without facts only calls can be judged whose verdict hangs on no argument. A user under a pseudonym has
//! none of the roles that name users, or any of them: where that matters, nobody can know.
//!
//! **What is not judged again**: what never came to the rules (no caller, no message of the protocol, no call that its
//! tool could take), and what the protocol decides beside them (tasks, subscriptions). Whether a call that came to the
//! rules would fit another lock file is not recorded, so it is taken to. Limits and redaction play no part.

mod read;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) use read::{History, read};

use crate::identity::{Anonymous, Caller, Directory, Evidence, Settings, StaticKey, digest};
use crate::json::Document;
use crate::mcp::Method;
use crate::names::{Label, Now};
use crate::policy::{Answer, Decision, Policy, Question, Why};

/// One call, as it was recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    pub id: Box<str>,
    pub time: Box<str>,
    pub unix_ms: u64,
    pub who: Who,
    pub method: Method,
    pub target: Option<Box<str>>,
    /// What the rules said then.
    pub was: Said,
    pub facts: Option<Facts>,
}

/// Who called.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// A name, or a pseudonym.
    pub user: Box<str>,
    pub is_pseudonym: bool,
    pub is_anonymous: bool,
    /// Whether it could come back with more scopes.
    pub has_token: bool,
    pub tenant: Option<Box<str>>,
    pub agent: Option<Box<str>>,
    pub workload: Option<Box<str>>,
    pub scopes: Vec<Box<str>>,
    pub groups: Vec<Box<str>>,
}

/// What is known of the arguments.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// By argument and question.
    pub answers: HashMap<(Box<str>, Box<str>), Answer>,
    /// By argument, as JSON.
    pub values: HashMap<Box<str>, String>,
}

/// What rules say of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub is_allow: bool,
    /// Of a refusal.
    pub reason: Option<Box<str>>,
    pub rule: Option<Box<str>>,
}

/// Why nobody can know what rules would say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// The verdict hangs on what an argument was like: `limit max: 500`.
    Argument(String),
    /// The verdict hangs on who a pseudonym is.
    User,
}

impl Recorded {
    /// What `policy` says of the call, and the roles that the caller has in it.
    pub fn judge(&self, policy: &Policy) -> Result<(Said, Vec<Box<str>>), Doubt> {
        let (said, roles) = self.judge_as(policy, &self.who.user)?;
        if self.who.is_pseudonym {
            for user in policy.named_users() {
                match self.judge_as(policy, user) {
                    Ok((other, _)) if other.is_allow == said.is_allow => {}
                    Ok(_) | Err(_) => return Err(Doubt::User),
                }
            }
        }
        Ok((said, roles))
    }

    fn judge_as(&self, policy: &Policy, user: &str) -> Result<(Said, Vec<Box<str>>), Doubt> {
        // INVARIANT: names were bounded when they were recorded, so a directory takes them.
        let Some(caller) = self.who.caller(user) else { return Err(Doubt::User) };
        let standing = policy.standing(&caller, self.unix_ms);
        let roles = policy.roles_of(&standing).into_iter().map(|role| role.as_str().into()).collect();
        let decision = match (self.method, &self.target) {
            (Method::ToolsCall, Some(tool)) => {
                let recall = |question: &Question<'_>| self.facts.as_ref()?.recall(question);
                policy.judge_recorded(&standing, tool, &recall).map_err(|doubt| {
                    let asked =
                        doubt.0.iter().map(|(path, asked)| format!("{path} {asked}").trim_end().to_owned());
                    Doubt::Argument(asked.collect::<Vec<_>>().join(", "))
                })?
            }
            (method, target) => policy.judge_method(&standing, method, target.as_deref()),
        };
        Ok((Said::of(&decision, self.who.has_token), roles))
    }
}

impl Facts {
    /// What is known of a question: its answer, the value of its argument, or that the argument was not there.
    fn recall(&self, question: &Question<'_>) -> Option<Answer> {
        let key = (question.path.into(), question.asked.clone());
        if let Some(answer) = self.answers.get(&key) {
            return Some(*answer);
        }
        if let Some(json) = self.values.get(question.path) {
            let document = Document::parse(json.as_bytes()).ok()?;
            return Some(question.of(document.root()));
        }
        let of_it = self.answers.iter().find(|((path, _), _)| **path == *question.path);
        of_it.map(|(_, answer)| *answer).filter(|answer| *answer == Answer::Absent)
    }
}

impl Who {
    /// Makes the caller the way every caller is made: by a key of a directory that knows no other.
    fn caller(&self, user: &str) -> Option<Arc<Caller>> {
        let now = Now { steady: Duration::ZERO, unix_ms: 0 };
        let settings = if self.is_anonymous {
            Settings { anonymous: Anonymous::Allow, ..Settings::default() }
        } else {
            let key = StaticKey {
                id: Label::parse(KEY).ok()?,
                sha256: digest(KEY),
                user: user.into(),
                tenant: self.tenant.clone(),
                agent: self.agent.clone(),
                workload: self.workload.clone(),
                scopes: self.scopes.clone(),
                groups: self.groups.clone(),
            };
            Settings { keys: vec![key], ..Settings::default() }
        };
        let directory = Directory::new(settings).ok()?;
        let evidence = Evidence::header((!self.is_anonymous).then_some(PRESENTED));
        directory.verify(&evidence, now).settled().ok()
    }
}

/// What the caller of a record presents; it opens the directory of this one record only.
const KEY: &str = "recorded";
const PRESENTED: &str = "Bearer recorded";

impl Said {
    /// To who has no token a missing scope is a plain no, as at the gate.
    fn of(decision: &Decision<'_>, has_token: bool) -> Self {
        match decision {
            Decision::Allow { by, .. } => {
                Self { is_allow: true, reason: None, rule: Some(by.as_str().into()) }
            }
            Decision::Forbid(forbid) => Self {
                is_allow: false,
                reason: Some(match forbid.why {
                    Why::Scope { .. } if !has_token => Why::NotAllowed.reason().into(),
                    _ => forbid.why.reason().into(),
                }),
                rule: forbid.rule.map(|rule| rule.as_str().into()),
            },
        }
    }

    /// `allow`, or `deny` with its reason.
    pub fn word(&self) -> String {
        match &self.reason {
            None => "allow".to_owned(),
            Some(reason) => format!("deny ({reason})"),
        }
    }
}
