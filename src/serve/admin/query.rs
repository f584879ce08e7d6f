//! Which decisions somebody wants to see: `?verdict=deny&tool=payments.*&since=17&limit=50`.

use std::fmt::Write as _;

use url::form_urlencoded;

use crate::bounds::{DECISION_NAME_BYTES_MAX, DECISIONS_SHOWN, DECISIONS_SHOWN_MAX};
use crate::report::{Brief, Name};

/// Which decisions somebody wants to see. What is left out holds for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What was done.
    pub verdict: Option<Box<str>>,
    /// What was asked for; `*` at its end stands for anything.
    pub tool: Option<Box<str>>,
    /// The rule or limit that decided; likewise.
    pub rule: Option<Box<str>>,
    /// Who asked; likewise.
    pub user: Option<Box<str>>,
    /// Only those with a greater number.
    pub since: Option<u64>,
    /// How many at most.
    pub limit: usize,
    /// How often the page loads itself again, in seconds; 0 for never.
    pub refresh: u16,
}

/// The words for what was done.
pub const VERDICTS: &[(&str, &str)] = &[
    ("allow", "allowed"),
    ("deny", "denied"),
    ("error", "failed"),
    ("redact", "redacted"),
    ("shadow_deny", "would be denied"),
];

const KEYS: &str = "verdict, tool, rule, user, since, limit and refresh";
const REFRESH_DEFAULT: u16 = 10;
const REFRESH_MAX: u16 = 3600;

impl Default for Query {
    fn default() -> Self {
        Self {
            verdict: None,
            tool: None,
            rule: None,
            user: None,
            since: None,
            limit: DECISIONS_SHOWN,
            refresh: REFRESH_DEFAULT,
        }
    }
}

impl Query {
    /// Reads what stands behind the `?` of a URL. A value that is empty is left out, as an empty field of a form is.
    ///
    /// # Errors
    /// What is wrong, and what may stand there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut query = Self::default();
        for (key, value) in form_urlencoded::parse(text.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            if value.len() > DECISION_NAME_BYTES_MAX {
                return Err(format!("`{key}` has at most {DECISION_NAME_BYTES_MAX} bytes"));
            }
            let name = || Some(value.trim().into());
            match &*key {
                "verdict" if VERDICTS.iter().any(|(word, _)| *word == value) => query.verdict = name(),
                "verdict" => {
                    let words: Vec<&str> = VERDICTS.iter().map(|(word, _)| *word).collect();
                    return Err(format!("there is no such verdict; there are {}", words.join(", ")));
                }
                "tool" => query.tool = name(),
                "rule" => query.rule = name(),
                "user" => query.user = name(),
                "since" => query.since = Some(number(&key, &value, u64::MAX)?),
                "limit" => query.limit = number(&key, &value, DECISIONS_SHOWN_MAX as u64)? as usize,
                "refresh" => query.refresh = number(&key, &value, REFRESH_MAX.into())? as u16,
                _ => return Err(format!("there is no such filter; there are {KEYS}")),
            }
        }
        Ok(query)
    }

    /// Whether somebody wants to see this one.
    pub fn fits(&self, brief: &Brief) -> bool {
        let is_wanted = |pattern: &Option<Box<str>>, name: &Name| match pattern {
            None => true,
            Some(pattern) => fits(pattern, &name.text()),
        };
        self.verdict.as_deref().is_none_or(|verdict| verdict == brief.verdict())
            && is_wanted(&self.tool, &brief.target)
            && is_wanted(&self.rule, &brief.rule)
            && is_wanted(&self.user, &brief.user)
    }

    /// Whether everybody's decisions are wanted.
    pub fn is_open(&self) -> bool {
        [&self.verdict, &self.tool, &self.rule, &self.user].iter().all(|filter| filter.is_none())
    }

    /// The same as text, with another pause between loads.
    pub fn with_refresh(&self, refresh: u16) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (key, value) in
            [("verdict", &self.verdict), ("tool", &self.tool), ("rule", &self.rule), ("user", &self.user)]
        {
            if let Some(value) = value {
                text.append_pair(key, value);
            }
        }
        let mut text = text.finish();
        let lead = if text.is_empty() { "" } else { "&" };
        // Writing into a text does not fail.
        let _ = write!(text, "{lead}refresh={refresh}");
        text
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(head) => name.starts_with(head),
        None => name == pattern,
    }
}

fn number(key: &str, value: &str, max: u64) -> Result<u64, String> {
    let number = value.parse().ok().filter(|number| *number <= max);
    number.ok_or_else(|| format!("`{key}` is a whole number of at most {max}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_filters_and_their_forms() {
        let query = Query::parse("verdict=deny&tool=payments.*&since=17&limit=5&user=&refresh=0").unwrap();
        assert_eq!((query.verdict.as_deref(), query.tool.as_deref()), (Some("deny"), Some("payments.*")));
        assert_eq!((query.since, query.limit, query.refresh, query.user), (Some(17), 5, 0, None));
        assert_eq!(Query::parse(""), Ok(Query::default()));
        assert_eq!(Query::parse("limit=1000").map(|query| query.limit), Ok(1000));
    }

    #[test]
    fn says_what_may_stand_there() {
        for (text, part) in [
            ("verdict=denied", "allow, deny"),
            ("toll=x", "verdict, tool"),
            ("limit=1001", "at most 1000"),
            ("since=-1", "whole number"),
            ("refresh=3601", "at most 3600"),
            (&format!("tool={}", "x".repeat(DECISION_NAME_BYTES_MAX + 1)), "at most 94 bytes"),
        ] {
            let fault = Query::parse(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }

    #[test]
    fn a_star_at_the_end_stands_for_anything() {
        assert!(fits("payments.*", "payments.refund") && fits("*", "") && fits("a", "a"));
        assert!(!fits("payments.*", "payment.refund") && !fits("a", "ab") && !fits("*a", "a"));
    }

    #[test]
    fn stays_itself_as_text() {
        let query = Query::parse("tool=a%26b%3D%22&rule=r&refresh=5").unwrap();
        let again = Query::parse(&query.with_refresh(5)).unwrap();
        assert_eq!(again, query);
        assert_eq!(Query::default().with_refresh(0), "refresh=0");
    }
}
