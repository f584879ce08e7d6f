//! `sluicegate status`: one screen about a running gate.

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::Value;

use super::Exit;
use super::desk::{DeskOptions, Told, block_on, number, text};
use crate::report::{grouped, percent, rate, span_ms, span_us};

/// Options of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 the gate is ready, 1 it is not, 2 usage, 3 it cannot be reached.")]
pub struct Options {
    #[command(flatten)]
    desk: DeskOptions,
    /// Print all that the gate tells, as JSON
    #[arg(long)]
    json: bool,
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const SMALL: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// Asks a gate how it stands, and says it.
pub fn status(options: &Options) -> Exit {
    let asked = block_on(options.desk.told());
    let told = match asked
        .map_err(|fault| fault.to_string())
        .and_then(|told| told.map_err(|fault| fault.to_string()))
    {
        Ok(told) => told,
        Err(fault) => {
            anstream::eprintln!("sluicegate: {fault}");
            return Exit::Unable;
        }
    };
    if options.json {
        anstream::println!("{:#}", told.0);
    } else {
        print(&told, &options.desk.admin);
    }
    if told.is("/is_ready") { Exit::Fine } else { Exit::Findings }
}

fn print(told: &Told, address: &str) {
    let ready =
        if told.is("/is_ready") { format!("{GOOD}ready{GOOD:#}") } else { format!("{BAD}not ready{BAD:#}") };
    let mode =
        if told.text("/policy/mode") == "enforce" { "enforcing" } else { "in shadow: nothing is refused" };
    anstream::println!(
        "{STRONG}{}{STRONG:#}  {ready}, {mode}, {}  {SMALL}http://{address}{SMALL:#}",
        told.text("/server"),
        told.text("/phase"),
    );
    for (name, words) in lines(told) {
        anstream::println!("{SMALL}{name:<12}{SMALL:#}{words}");
    }
}

/// What there is to say, by name.
fn lines(told: &Told) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("gate", format!("version {}, up {}", told.text("/version"), span_ms(told.number("/uptime_ms")))),
        ("policy", policy(told)),
        ("server", server(told)),
        ("audit", audit(told)),
    ];
    if told.0.pointer("/registry/place").is_some() {
        lines.insert(2, ("registry", registry(told)));
    }
    let now_s = told.number("/now_unix_ms") / 1000;
    for key in told.rows("/keys") {
        let (issuer, answered) = (text(key.get("issuer")), number(key.get("answered_unix_s")));
        let age = span_ms(now_s.saturating_sub(answered) * 1000);
        lines.push((
            "keys",
            if answered == 0 { format!("{issuer}: never got") } else { format!("{issuer}, {age} old") },
        ));
    }
    if let Some(ends) = told.0.pointer("/certificate/ends_unix_s").and_then(Value::as_u64) {
        lines.push(("certificate", format!("ends in {}", span_ms(ends.saturating_sub(now_s) * 1000))));
    }
    lines.push(("last minute", traffic(told)));
    for limit in
        told.rows("/limits").iter().filter(|limit| number(limit.get("used_permille")) >= NEAR_PERMILLE)
    {
        let (id, terms) = (text(limit.get("id")), text(limit.get("terms")));
        lines
            .push(("limit", format!("{id} is {} % used ({terms})", number(limit.get("used_permille")) / 10)));
    }
    for tool in told.rows("/quarantined") {
        let [name, action, detail] = ["tool", "action", "detail"].map(|key| text(tool.get(key)));
        let cloak = tool.get("is_cloaked").and_then(Value::as_bool).unwrap_or_default();
        let cloak = if cloak { ", for some callers only" } else { "" };
        lines.push((
            "pin",
            format!("{BAD}{name}{BAD:#} is not what was approved ({action}): {detail}{cloak}"),
        ));
    }
    for breaker in told.rows("/breakers/resting") {
        let (tool, state) = (text(breaker.get("tool")), text(breaker.get("state")));
        let what = if tool.is_empty() { "the whole server".into() } else { tool };
        lines.push(("breaker", format!("{what} {state}, rests {}", span_ms(number(breaker.get("rest_ms"))))));
    }
    lines
}

/// From here on a limit is near its end.
const NEAR_PERMILLE: u64 = 800;

fn policy(told: &Told) -> String {
    let sha256: String = told.text("/policy/sha256").chars().take(8).collect();
    let (age, tools) = (span_ms(told.number("/policy/age_ms")), told.number("/policy/tools"));
    let error = told.text("/policy/error");
    let refused =
        error.lines().next().map(|line| format!("; {BAD}the last reload was refused{BAD:#}: {line}"));
    format!("{sha256}, in force for {age}, {tools} tools{}", refused.unwrap_or_default())
}

fn registry(told: &Told) -> String {
    let (revision, tenants) = (told.number("/registry/revision"), told.number("/registry/tenants"));
    let agreed = match told.0.pointer("/registry/agreed_age_ms").and_then(Value::as_u64) {
        Some(age) => format!("confirmed {} ago", span_ms(age)),
        None => "from the kept file".to_owned(),
    };
    let error = told.text("/registry/error");
    let trouble = match (error.lines().next(), told.is("/registry/is_connected")) {
        (None, _) => String::new(),
        (Some(error), true) => format!("; {BAD}what it says now is refused{BAD:#}: {error}"),
        (Some(error), false) => format!("; {BAD}not reached{BAD:#}: {error}"),
    };
    format!(
        "revision {revision} in force, {agreed}, {} tenants, {}{trouble}",
        grouped(tenants),
        told.text("/registry/place")
    )
}

fn server(told: &Told) -> String {
    let state = if told.is("/upstream/is_up") { "answers" } else { "was not reached when it was last asked" };
    let place = |place: &Value| {
        let (taken, limit) = (number(place.get("taken")), number(place.get("limit")));
        format!(", {taken} of {} under way", grouped(limit))
    };
    format!("{state}{}", told.rows("/upstream/places").first().map(place).unwrap_or_default())
}

fn audit(told: &Told) -> String {
    let state = if told.is("/audit/is_healthy") { "" } else { "takes no records; " };
    let file = told.text("/audit/file");
    let place = if file.is_empty() { told.text("/audit/sink") } else { file };
    let written = told.number("/audit/written_unix_s");
    let age = span_ms(told.number("/now_unix_ms").saturating_sub(written * 1000));
    let written = if written == 0 { "nothing written yet".into() } else { format!("written {age} ago") };
    let lost = match told.number("/audit/dropped") {
        0 => String::new(),
        dropped => format!("; {BAD}{} records were lost{BAD:#}", grouped(dropped)),
    };
    format!("{state}{place}, {written}, {} waiting{lost}", grouped(told.number("/audit/queue_records")))
}

fn traffic(told: &Told) -> String {
    let per_second = told.0.pointer("/traffic/window/rate").and_then(Value::as_f64).unwrap_or_default();
    format!(
        "{} messages a second, {} % denied, {} % would be, {} % failed; the gate added {} (p99)",
        rate(per_second),
        percent(told.percent("deny")),
        percent(told.percent("shadow_deny")),
        percent(told.percent("error")),
        span_us(told.number("/traffic/window/overhead_p99_us")),
    )
}
