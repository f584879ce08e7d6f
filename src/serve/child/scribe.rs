//! What a process says on its standard error, as lines of our log.
//!
//! **Why.** Servers print their configuration, their exceptions and the data these speak of, and a log
//! travels further than any answer. **How.** Lines are bounded in length and number; data is hidden by
//! the policy's own rules for results, credentials by their detectors whatever the policy says, values
//! that were given to the process on purpose by their names; what is left cannot forge a line or steer
//! a terminal. Whatever cannot be read whole is not written at all.
//!
//! **What it is not.** No view into encodings, and no memory over lines but one: a private key in PEM
//! form is hidden from its first line to its last.

use std::borrow::Cow;
use std::ffi::OsString;
use std::ops::Range;
use std::sync::Arc;

use tokio::io::AsyncRead;
use tokio::time::Instant;

use super::lines::{Line, Lines};
use crate::bounds::{STDERR_KEY_LINES_MAX, STDERR_LINE_BYTES_MAX, STDERR_LINES_MAX, STDERR_WINDOW};
use crate::json::{Document, quote};
use crate::names::{Label, Mode};
use crate::scan::{Action, Confidence, Detector, Direction, Pack, Plan, PlanFault, Rule};
use crate::store::Live;

/// Writes down what processes say; one for all processes of a command.
pub(in crate::serve) struct Scribe {
    /// Finds credentials, whatever the policy says.
    credentials: Plan,
    /// The policy in force, whose rules for results hold here, too.
    live: Option<Arc<Live>>,
    /// Names and values that were given to the process.
    given: Vec<(String, String)>,
}

/// What is remembered from line to line of one process.
#[derive(Debug)]
struct Memory {
    window: Instant,
    /// Lines written in this window, and lines that had no room in it.
    written: u32,
    missed: u64,
    /// Lines of a private key that may still come.
    key_lines: u32,
}

/// Shorter values are words that stand in many a line.
const GIVEN_BYTES_MIN: usize = 8;

/// What stands in a line for a value that was hidden.
const HIDDEN: &str = "[REDACTED]";

impl Scribe {
    /// One for processes that were given `environment`, under the policy in force.
    pub(in crate::serve) fn new(environment: &[(OsString, OsString)], live: Option<Arc<Live>>) -> Self {
        let text = |text: &OsString| text.to_string_lossy().into_owned();
        let mut given: Vec<_> = environment.iter().map(|(name, value)| (text(name), text(value))).collect();
        given.retain(|(_, value)| value.len() >= GIVEN_BYTES_MIN);
        // The longest first, so that none hides a part of another.
        given.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        // INVARIANT: one rule with detectors is a plan.
        let credentials = credentials().expect("one rule makes a plan");
        Self { credentials, live, given }
    }

    /// Writes lines until the pipe ends. Reads on when there is no room, so that nobody waits for us.
    pub(in crate::serve) async fn write_down(&self, errors: impl AsyncRead + Unpin) {
        let mut lines = Lines::new(errors, STDERR_LINE_BYTES_MAX);
        let mut memory = Memory { window: Instant::now(), written: 0, missed: 0, key_lines: 0 };
        while let Ok(Some(line)) = lines.next().await {
            let (has_room, missed) = memory.room(Instant::now());
            tell_missed(missed);
            if let Some(text) = self.heard(&line, &mut memory, has_room) {
                tracing::info!(target: "sluicegate::server", "{text}");
            }
        }
        tell_missed(memory.missed);
    }

    /// What is to be written of a line, if anything.
    fn heard(&self, line: &Line<'_>, memory: &mut Memory, has_room: bool) -> Option<Cow<'static, str>> {
        let Line::Whole(line) = line else {
            return has_room.then_some(Cow::Borrowed("[a line of more than 4096 bytes]"));
        };
        let text = String::from_utf8_lossy(line);
        if memory.is_key(&text) || !has_room {
            return None;
        }
        Some(self.hidden(&without_colours(&text)).map_or(Cow::Borrowed("[a line withheld]"), Cow::Owned))
    }

    /// The line with everything hidden that must be; `None` when a rule withholds the whole line.
    fn hidden(&self, text: &str) -> Option<String> {
        let mut text = text.to_owned();
        for (name, value) in &self.given {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), &format!("[{name}]"));
            }
        }
        text = scanned(&self.credentials, &text)?;
        hide_pairs(&self.credentials, &mut text);
        if let Some(policy) = self.live.as_ref().map(|live| live.policy())
            && !policy.redaction.is_empty(Direction::Results)
        {
            text = scanned(&policy.redaction, &text)?;
            hide_pairs(&policy.redaction, &mut text);
        }
        Some(printable(&text))
    }
}

fn tell_missed(missed: u64) {
    if missed > 0 {
        tracing::warn!(lines = missed, "the server writes too much on standard error; lines were not logged");
    }
}

fn credentials() -> Result<Plan, PlanFault> {
    // INVARIANT: a literal that is a label.
    let id = Label::parse("stderr").expect("the name of the rule is a label");
    Plan::new(vec![Rule {
        id,
        on: Direction::Results,
        detectors: Detector::of(Pack::Credentials).collect(),
        fields: Vec::new(),
        action: Action::Replace,
        keep_last: None,
        confidence: Confidence::Possible,
        allow_pan: false,
        mode: Mode::Enforce,
    }])
}

impl Memory {
    /// Whether a line may be written now, and how many were missed before a new window began.
    fn room(&mut self, now: Instant) -> (bool, u64) {
        let mut missed = 0;
        if now.saturating_duration_since(self.window) >= STDERR_WINDOW {
            missed = std::mem::take(&mut self.missed);
            (self.window, self.written) = (now, 0);
        }
        let has_room = self.written < STDERR_LINES_MAX;
        if has_room {
            self.written += 1;
        } else {
            self.missed += 1;
        }
        (has_room, missed)
    }

    /// Whether a line belongs to a private key that began before it.
    fn is_key(&mut self, text: &str) -> bool {
        let is_inside = self.key_lines > 0;
        self.key_lines = self.key_lines.saturating_sub(1);
        if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY") {
            self.key_lines = STDERR_KEY_LINES_MAX;
        }
        if text.contains("-----END ") {
            self.key_lines = 0;
        }
        is_inside
    }
}

/// The text after the rules of `plan`; `None` when one of them withholds it.
fn scanned(plan: &Plan, text: &str) -> Option<String> {
    let quoted = quote(text);
    let document = Document::parse(quoted.as_bytes()).ok()?;
    let sighting = plan.scan(Direction::Results, document.root());
    if sighting.blocked.is_some() {
        return None;
    }
    let edited = sighting.splice.apply(quoted.as_bytes());
    let edited = Document::parse(&edited).ok()?;
    // A value that was taken out whole leaves no text.
    Some(edited.root().string().map(Cow::into_owned).unwrap_or_default())
}

/// Hides the values of `name=value` and `name: value` where the rules know the name, as they do in JSON.
fn hide_pairs(plan: &Plan, text: &mut String) {
    let mut from = 0;
    while let Some((name, value)) = next_pair(text, from) {
        from = value.end.max(name.end + 1);
        let pair = format!("{{{}:{}}}", quote(&text[name]), quote(&text[value.clone()]));
        let is_known = Document::parse(pair.as_bytes())
            .is_ok_and(|pair| !plan.scan(Direction::Results, pair.root()).splice.is_empty());
        if is_known {
            text.replace_range(value.clone(), HIDDEN);
            from = value.start + HIDDEN.len();
        }
    }
}

/// The next name and value with a `=` or `:` between them, at or after `from`.
fn next_pair(text: &str, from: usize) -> Option<(Range<usize>, Range<usize>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '"' | '\'' | ')' | '}');
    let mut search = from;
    loop {
        let at = search + text.get(search..)?.find(['=', ':'])?;
        search = at + 1;
        let head = text[from..at].trim_end_matches(['"', '\'', ' ']);
        let start = from + head.trim_end_matches(is_name).len();
        let name = start..from + head.len();
        let rest = text[search..].trim_start_matches([' ', '"', '\'']);
        let begin = text.len() - rest.len();
        let scheme = ["bearer ", "basic ", "token "]
            .iter()
            .find(|scheme| rest.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
            .map_or(0, |scheme| scheme.len());
        let end = rest[scheme..].find(is_end).map_or(text.len(), |length| begin + scheme + length);
        if !name.is_empty() && begin < end {
            return Some((name, begin..end));
        }
    }
}

/// The text without the sequences that colour a terminal: they would hide a value from the detectors.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        let tail = &rest[at + 2..];
        let end = tail.find(|c: char| matches!(c, '@'..='~')).map_or(tail.len(), |end| end + 1);
        rest = &tail[end..];
    }
    plain.push_str(rest);
    plain
}

/// Text that cannot forge a log line or steer a terminal.
pub(in crate::serve) fn printable(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for character in line.chars() {
        let is_unseen = matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        );
        if character.is_control() || is_unseen {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const AWS: &str = concat!("AK", "IAIOSFODNN7EXAMPLE");

    fn scribe() -> Scribe {
        Scribe::new(&[("DB_URL".into(), "value-of-secret-1".into()), ("A".into(), "b".into())], None)
    }

    #[test]
    fn hides_credentials_and_nothing_else() {
        let rows = [
            (format!("key {AWS}."), "key [AWS_ACCESS_KEY]."),
            (r#"config {"password":"hunter-2"}"#.into(), r#"config {"password":"[SECRET]"}"#),
            ("password=hunter-2 user=alice".into(), "password=[SECRET] user=alice"),
            ("api_key: secret-123456".into(), "api_key: [SECRET]"),
            ("Authorization: Bearer abc.def-123 sent".into(), "Authorization: [REDACTED] sent"),
            ("dsn postgres://app:pa:ss@db:5432/x".into(), "dsn postgres://app:[URL_CREDENTIALS]@db:5432/x"),
            ("opened value-of-secret-1 at b".into(), "opened [DB_URL] at b"),
            (
                "tab\there \u{1b}]0;x\u{7}\u{2028}\u{202e}é".into(),
                "tab\\u{9}here \\u{1b}]0;x\\u{7}\\u{2028}\\u{202e}é",
            ),
            ("time=12:30:05 level=info msg=\"a: b\"".into(), "time=12:30:05 level=info msg=\"a: b\""),
            ("http://127.0.0.1:8080/mcp?x=1".into(), "http://127.0.0.1:8080/mcp?x=1"),
            (":::===".into(), ":::==="),
        ];
        for (line, wanted) in rows {
            assert_eq!(scribe().hidden(&line).as_deref(), Some(wanted), "{line}");
        }
    }

    #[test]
    fn hides_a_private_key_over_all_its_lines() {
        let mut memory = Memory { window: Instant::now(), written: 0, missed: 0, key_lines: 0 };
        let mut hear = |line: &str| scribe().heard(&Line::Whole(line.as_bytes()), &mut memory, true);
        let begin = concat!("-----BEGIN RSA ", "PRIVATE KEY-----");
        assert!(hear(begin).is_some_and(|text| !text.contains("BEGIN")));
        assert_eq!(hear("MIIEowIBAAKCAQEA"), None);
        assert_eq!(hear(concat!("-----END RSA ", "PRIVATE KEY-----")), None);
        assert_eq!(hear("next").as_deref(), Some("next"));
        hear(begin);
        for _ in 0..STDERR_KEY_LINES_MAX {
            assert_eq!(hear("MIIEowIBAAKCAQEA"), None);
        }
        assert_eq!(hear("next").as_deref(), Some("next"));
    }

    #[test]
    fn writes_a_bounded_number_of_lines_and_counts_the_rest() {
        let start = Instant::now();
        let mut memory = Memory { window: start, written: 0, missed: 0, key_lines: 0 };
        let written = (0..STDERR_LINES_MAX + 5).filter(|_| memory.room(start).0).count();
        assert_eq!(written, STDERR_LINES_MAX as usize);
        assert_eq!(memory.room(start + STDERR_WINDOW - Duration::from_millis(1)), (false, 0));
        assert_eq!(memory.room(start + STDERR_WINDOW), (true, 6));
    }

    #[test]
    fn withholds_what_it_cannot_read_whole_and_sees_through_colours() {
        let mut memory = Memory { window: Instant::now(), written: 0, missed: 0, key_lines: 0 };
        let coloured = format!("\u{1b}[31m{AWS}\u{1b}[0m");
        let text = scribe().heard(&Line::Whole(coloured.as_bytes()), &mut memory, true);
        assert_eq!(text.as_deref(), Some("[AWS_ACCESS_KEY]"));
        let text = scribe().heard(&Line::Cut(b"head tail"), &mut memory, true);
        assert_eq!(text.as_deref(), Some("[a line of more than 4096 bytes]"));
    }
}
