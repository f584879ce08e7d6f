//! What a gate tells of itself, judged.

use serde_json::Value;

use super::codes::Check;
use super::{Finding, Mark};
use crate::cli::desk::{DeskFault, Told, number, text};
use crate::report::{grouped, span_ms};

/// Whether the gate answers at all.
pub(super) fn reached(address: &str, told: Result<&Told, &DeskFault>) -> Finding {
    match told {
        Ok(told) => Finding::fine(
            Check::Gate,
            format!(
                "the gate of `{}` answers at http://{address}: version {}, up {}",
                told.text("/server"),
                told.text("/version"),
                span_ms(told.number("/uptime_ms")),
            ),
        ),
        Err(fault) => Finding::new(
            Check::Gate,
            Mark::Failure,
            fault.to_string(),
            "run this where the gate runs, or reach it with `kubectl port-forward POD 15820`",
        ),
    }
}

/// Judges what needs nobody else to be asked.
pub(super) fn examine(told: &Told) -> Vec<Finding> {
    let checks: [fn(&Told) -> Finding; 8] =
        [ready, certificate, reload, mode, audit, durable, limit_cells, breakers];
    checks.iter().map(|check| check(told)).chain(keys(told)).collect()
}

fn ready(told: &Told) -> Finding {
    let phase = told.text("/phase");
    if told.is("/is_ready") {
        Finding::fine(Check::Ready, "the gate is ready: a call that the policy allows is forwarded")
    } else {
        let text = format!("the gate is not ready ({phase})");
        Finding::new(Check::Ready, Mark::Failure, text, "`curl ADMIN/readyz` says what it waits for")
    }
}

const DAY_S: u64 = 86_400;
const CERTIFICATE_DAYS_WARNING: u64 = 30;
const CERTIFICATE_DAYS_FAILURE: u64 = 7;

fn certificate(told: &Told) -> Finding {
    let Some(ends) = told.0.pointer("/certificate/ends_unix_s").and_then(Value::as_u64) else {
        return Finding::unchecked(
            Check::Certificate,
            "the gate serves no TLS itself",
            "check the certificate of whatever stands before it",
        );
    };
    let left_s = ends.saturating_sub(told.number("/now_unix_ms") / 1000);
    let (days, remedy) =
        (left_s / DAY_S, "renew it and replace its files: the gate reads them again by itself");
    let (mark, text) = match days {
        0 if left_s == 0 => (Mark::Failure, "the certificate has ended".into()),
        0..CERTIFICATE_DAYS_FAILURE => {
            (Mark::Failure, format!("the certificate ends in {}", span_ms(left_s * 1000)))
        }
        CERTIFICATE_DAYS_FAILURE..=CERTIFICATE_DAYS_WARNING => {
            (Mark::Warning, format!("the certificate ends in {days} days"))
        }
        _ => return Finding::fine(Check::Certificate, format!("the certificate lasts for {days} days")),
    };
    Finding::new(Check::Certificate, mark, text, remedy)
}

fn reload(told: &Told) -> Finding {
    let age = span_ms(told.number("/policy/age_ms"));
    let error = told.text("/policy/error");
    if error.is_empty() {
        return Finding::fine(Check::Reload, format!("the policy has been in force for {age}"));
    }
    let tried = span_ms(told.number("/policy/tried_age_ms"));
    let first: String =
        told.0["policy"]["error"].as_str().and_then(|error| error.lines().next()).unwrap_or_default().into();
    let text =
        format!("the reload {tried} ago was refused, and a policy of {age} ago stays in force: {first}");
    Finding::new(
        Check::Reload,
        Mark::Failure,
        text,
        "`sluicegate check DIR` shows every mistake with its place",
    )
}

fn mode(told: &Told) -> Finding {
    if told.text("/policy/mode") == "enforce" {
        return Finding::fine(Check::Mode, "decisions take effect");
    }
    let would = told.number("/traffic/total/shadow_deny");
    let text =
        format!("the gate is in shadow: it has refused nothing, and would have refused {}", grouped(would));
    Finding::new(
        Check::Mode,
        Mark::Warning,
        text,
        "set `mode: enforce` in the policy, and start without --shadow",
    )
}

/// What the alert on stale keys waits for, too.
const KEYS_AGE_WARNING_S: u64 = 3600;

fn keys(told: &Told) -> Vec<Finding> {
    let places = told.rows("/keys");
    if places.is_empty() {
        return vec![Finding::fine(Check::Keys, "the policy asks no issuer for keys")];
    }
    let now_s = told.number("/now_unix_ms") / 1000;
    let judge = |place: &Value| {
        let (issuer, answered) = (text(place.get("issuer")), number(place.get("answered_unix_s")));
        let age_s = now_s.saturating_sub(answered);
        let age = span_ms(age_s * 1000);
        let remedy = "the log of the gate says why; a firewall and a private authority (--ca-file) are the usual causes";
        if place.get("is_filled").and_then(Value::as_bool) != Some(true) {
            let text = format!("there are no keys of {issuer}, so none of its tokens is believed");
            Finding::new(Check::Keys, Mark::Failure, text, remedy)
        } else if answered == 0 || age_s > KEYS_AGE_WARNING_S {
            let text = format!("{issuer} has not given its keys for {age}; those before are used");
            Finding::new(Check::Keys, Mark::Warning, text, remedy)
        } else {
            Finding::fine(Check::Keys, format!("{issuer} gave its keys {age} ago"))
        }
    };
    places.iter().map(judge).collect()
}

fn audit(told: &Told) -> Finding {
    let dropped = told.number("/audit/dropped");
    if !told.is("/audit/is_healthy") {
        let text = "the audit takes no records, and what must not go unrecorded is refused";
        return Finding::new(
            Check::Audit,
            Mark::Failure,
            text,
            "the log of the gate says what the disk said",
        );
    }
    if dropped > 0 {
        let text = format!("{} audit records were lost since the start", grouped(dropped));
        let remedy = "see whether the disk keeps up; `durability: buffered` refuses rather than loses";
        return Finding::new(Check::Audit, Mark::Failure, text, remedy);
    }
    let (bytes, limit) = (told.number("/audit/queue_bytes"), told.number("/audit/queue_bytes_limit"));
    if bytes * 2 > limit {
        let text = format!("the queue of the audit is {} % full", bytes * 100 / limit.max(1));
        return Finding::new(
            Check::Audit,
            Mark::Warning,
            text,
            "see whether the disk, or whoever reads the stream, keeps up",
        );
    }
    Finding::fine(
        Check::Audit,
        format!("the audit takes records, and {} wait", grouped(told.number("/audit/queue_records"))),
    )
}

/// How long records may wait for the disk: what the alert on a stalled audit waits for, too.
const STALL_WARNING_S: u64 = 120;

fn durable(told: &Told) -> Finding {
    if !told.is("/audit/is_on_disk") {
        let text =
            format!("audit records go to {}: they are as sure as whoever reads it", told.text("/audit/sink"));
        let remedy = "name a file with --audit where records must survive a crash";
        return Finding::new(Check::Durable, Mark::Warning, text, remedy);
    }
    let written = told.number("/audit/written_unix_s");
    let age_s = (told.number("/now_unix_ms") / 1000).saturating_sub(written);
    let waiting = told.number("/audit/queue_records");
    if waiting > 0 && age_s > STALL_WARNING_S {
        let text = format!(
            "{} audit records wait, and the last was written {} ago",
            grouped(waiting),
            span_ms(age_s * 1000)
        );
        return Finding::new(
            Check::Durable,
            Mark::Failure,
            text,
            "the log of the gate says what the disk said",
        );
    }
    Finding::fine(Check::Durable, format!("audit records reach {}", told.text("/audit/file")))
}

fn limit_cells(told: &Told) -> Finding {
    let (used, limit) = (told.number("/limit_cells/used"), told.number("/limit_cells/limit"));
    let text = format!("{} of {} cells of limits are in use", grouped(used), grouped(limit));
    if used * 10 <= limit * 9 {
        return Finding::fine(Check::LimitCells, text);
    }
    let remedy =
        "when it is full callers share wider limits: count for fewer levels (`per`), or run more replicas";
    Finding::new(Check::LimitCells, Mark::Warning, text, remedy)
}

fn breakers(told: &Told) -> Finding {
    let resting = told.rows("/breakers/resting");
    let Some(first) = resting.first() else {
        return Finding::fine(Check::Breakers, "no breaker rests");
    };
    let tool = text(first.get("tool"));
    let what = if tool.is_empty() { "the whole server".into() } else { format!("`{tool}`") };
    let more = if resting.len() > 1 { format!(" and {} more", resting.len() - 1) } else { String::new() };
    let text =
        format!("the breaker of {what}{more} is {}: its calls are refused for now", text(first.get("state")));
    Finding::new(
        Check::Breakers,
        Mark::Warning,
        text,
        "see to the server; the breaker closes by itself when it answers",
    )
}

#[cfg(test)]
mod tests;
