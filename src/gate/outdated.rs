//! What a caller is told of a version that is gone, or fails so that somebody notices that it will go.

use crate::json::quote;

/// A version of a tool that was not called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// Its number.
    pub number: u32,
    /// The day from which on it is refused.
    pub sunset: Option<Box<str>>,
    /// What to call in its place, where the caller may.
    pub successor: Option<Box<str>>,
    /// Seconds until it works again, of one that fails by plan; `None` of one that is gone.
    pub wait: Option<u64>,
}

impl Outdated {
    pub(super) fn text(&self, what: &str) -> String {
        let number = self.number;
        let happened = match (&self.wait, &self.sunset) {
            (None, Some(sunset)) => format!("version {number} of it ended on {sunset}"),
            (None, None) => format!("version {number} of it is no longer there"),
            (Some(_), Some(sunset)) => {
                format!(
                    "version {number} of it ends on {sunset} and until then fails now and then on purpose"
                )
            }
            (Some(_), None) => {
                format!("version {number} of it will end and until then fails now and then on purpose")
            }
        };
        let advice = match (&self.successor, self.wait) {
            (Some(successor), None) => {
                format!(
                    "do not retry; list the tools again and call `{successor}`, whose arguments may differ"
                )
            }
            (Some(successor), Some(wait)) => {
                format!(
                    "list the tools again and call `{successor}`, whose arguments may differ, or retry in {wait} s"
                )
            }
            (None, None) => "do not retry; list the tools again for what there is".to_owned(),
            (None, Some(wait)) => format!("retry in {wait} s"),
        };
        format!("{what} was not called: {happened}; {advice}")
    }

    pub(super) fn data(&self) -> String {
        let text = |name: &str, text: &Option<Box<str>>| {
            text.as_deref().map(|text| format!(r#","{name}":{}"#, quote(text))).unwrap_or_default()
        };
        let wait = self.wait.map(|wait| format!(r#","retryAfterMs":{}"#, wait.saturating_mul(1_000)));
        format!(
            r#"{{"version":{}{}{}{}}}"#,
            self.number,
            text("sunset", &self.sunset),
            text("successor", &self.successor),
            wait.unwrap_or_default()
        )
    }

    pub(super) fn detail(&self) -> String {
        let how = if self.wait.is_some() { "in brownout" } else { "past its end" };
        format!("version {} is {how}", self.number)
    }
}
