//! `sluicegate tap`: decisions of a running gate as they are taken, one a line.

use std::io::Write as _;
use std::ops::ControlFlow;

use anstyle::{AnsiColor, Style};
use bytes::BytesMut;
use clap::Args;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use url::form_urlencoded;

use super::Exit;
use super::desk::{DeskOptions, block_on, number, text};
use crate::bounds::DESK_LINE_BYTES_MAX;
use crate::report::span_us;

/// Options of `tap`.
#[derive(Debug, Args)]
#[command(after_help = "Ends with Ctrl-C, after --count decisions (exit code 0), or when the gate ends (3).")]
pub struct Options {
    #[command(flatten)]
    desk: DeskOptions,
    /// Only what was refused
    #[arg(long, conflicts_with = "verdict")]
    deny: bool,
    /// Only what was decided so: allow, deny, error, redact or shadow_deny
    #[arg(long, value_name = "VERDICT", value_parser = ["allow", "deny", "error", "redact", "shadow_deny"])]
    verdict: Option<String>,
    /// Only this tool, prompt or resource; a * at the end stands for anything
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Only what this rule or limit decided
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Only this user, as the audit names users
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Begin with so many decisions that were taken before
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    last: u64,
    /// End after so many
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Prints decisions until told to stop.
pub fn tap(options: &Options) -> Exit {
    match block_on(follow(options)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(fault)) => unable(&fault),
        Err(fault) => unable(&fault),
    }
}

fn unable(fault: &dyn std::fmt::Display) -> Exit {
    anstream::eprintln!("sluicegate: {fault}");
    Exit::Unable
}

async fn follow(options: &Options) -> Result<Exit, Box<dyn std::error::Error>> {
    let mut query = filters(options);
    if options.last > 0 {
        let told = options.desk.told().await?;
        let since = told.number("/last").saturating_sub(options.last);
        query.push(("since", since.to_string()));
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let stream = options.desk.follow(&format!("/decisions/live?{query}")).await?.into_body();
    let mut left = options.count.unwrap_or(u64::MAX);
    let show = |event: &str, data: &Value| {
        let line = match (event, options.json) {
            ("missed", _) => {
                anstream::eprintln!("sluicegate: {} decisions were missed", number(data.get("missed")));
                return ControlFlow::Continue(());
            }
            (_, true) => data.to_string(),
            (_, false) => line(data),
        };
        let mut out = anstream::stdout().lock();
        // Whoever read has gone.
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            return ControlFlow::Break(());
        }
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match read(stream, show).await? {
        ControlFlow::Break(()) => Ok(Exit::Fine),
        ControlFlow::Continue(()) => Err("the gate has ended".into()),
    }
}

fn filters(options: &Options) -> Vec<(&'static str, String)> {
    let verdict = if options.deny { Some("deny".into()) } else { options.verdict.clone() };
    [
        ("verdict", verdict),
        ("tool", options.tool.clone()),
        ("rule", options.rule.clone()),
        ("user", options.user.clone()),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
    .collect()
}

/// Hands each event of a stream to `show`, until it has enough or the stream ends.
async fn read(
    mut stream: Incoming,
    mut show: impl FnMut(&str, &Value) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, hyper::Error> {
    let (mut buffer, mut event) = (BytesMut::new(), String::new());
    while let Some(frame) = stream.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        buffer.extend_from_slice(&data);
        while let Some(end) = memchr::memchr(b'\n', &buffer) {
            let line = buffer.split_to(end + 1);
            let line = String::from_utf8_lossy(&line);
            if let Some(name) = line.strip_prefix("event: ") {
                name.trim_end().clone_into(&mut event);
            } else if let Some(Ok(data)) = line.strip_prefix("data: ").map(serde_json::from_str::<Value>)
                && show(&event, &data).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        if buffer.len() > DESK_LINE_BYTES_MAX {
            buffer.clear();
        }
    }
    Ok(ControlFlow::Continue(()))
}

const SMALL: Style = Style::new().dimmed();

/// One decision as people read it: `12:03:44 DENY tools/call payments.refund rule=refund-limit user=… 118 µs`.
pub(super) fn line(decision: &Value) -> String {
    let word = |name: &str| text(decision.get(name));
    let verdict = word("verdict");
    let style = match verdict.as_str() {
        "deny" | "error" => AnsiColor::Red.on_default().bold(),
        "shadow_deny" => AnsiColor::Yellow.on_default().bold(),
        "redact" => AnsiColor::Magenta.on_default().bold(),
        _ => AnsiColor::Green.on_default(),
    };
    let clock = clock(number(decision.get("unix_ms")));
    let mut line =
        format!("{SMALL}{clock}{SMALL:#} {style}{}{style:#} {}", verdict.to_uppercase(), word("method"));
    if !word("target").is_empty() {
        line.push_str(&format!(" {}", word("target")));
    }
    for (key, value) in [
        ("rule", word("rule")),
        ("reason", word("reason")),
        ("user", word("user")),
        ("tenant", word("tenant")),
    ] {
        if !value.is_empty() && value != "none" {
            line.push_str(&format!(" {SMALL}{key}={SMALL:#}{value}"));
        }
    }
    line.push_str(&format!(" {}", span_us(number(decision.get("overhead_us")))));
    line
}

/// The time of day, in UTC.
pub(super) fn clock(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_a_decision_as_one_line_that_moves_no_cursor() {
        let decision = json!({
            "unix_ms": 43_424_000, "verdict": "deny", "method": "tools/call", "target": "a\u{1b}[2Jb\n", "rule": "r",
            "reason": "argument", "user": "alice", "tenant": null, "overhead_us": 118,
        });
        let line = anstream::adapter::strip_str(&line(&decision)).to_string();
        assert_eq!(line, "12:03:44 DENY tools/call a�[2Jb� rule=r reason=argument user=alice 118 µs");
    }
}
