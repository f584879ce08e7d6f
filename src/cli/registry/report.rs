//! `sluicegate registry report`: brings the drift that gates saw from their audit trails into the registry.

use serde_json::Value;

use super::ReportOptions;
use super::verbs::connect;
use crate::bounds::REGISTRY_DRIFTS_MAX;
use crate::cli::Exit;
use crate::cli::opening::{Fault, unable};
use crate::cli::output::plural;
use crate::cli::{records, time};
use crate::store::postgres::DriftRow;

pub(super) fn report(options: &ReportOptions) -> Result<Exit, Fault> {
    let mut found: Vec<DriftRow> = Vec::new();
    let mut left_out = 0;
    let read = records::each(&options.files, |record| {
        if record["stage"] != "tool.drift" {
            return;
        }
        match row(record) {
            Some(row) if found.len() < REGISTRY_DRIFTS_MAX => found.push(row),
            Some(_) | None => left_out += 1,
        }
    });
    read.map_err(|(path, error)| unable(format!("cannot read {}: {error}", path.display())))?;
    let count = connect(&options.site)?.report(&found).map_err(unable)?;
    anstream::println!(
        "{} of drift in the trail, {count} of them new to the registry",
        plural(found.len() + left_out, "record")
    );
    if left_out > 0 {
        anstream::eprintln!(
            "{} left out: no more than {REGISTRY_DRIFTS_MAX} are taken at once; name the files of fewer days",
            plural(left_out, "record")
        );
    }
    Ok(Exit::Fine)
}

/// A record of drift as a row; `None` where it lacks something.
fn row(record: &Value) -> Option<DriftRow> {
    let drift = &record["drift"];
    let at = time::moment(record["time"].as_str()?).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(DriftRow {
        at_unix_ms: i64::try_from(at).ok()?,
        server: text(&record["resource"]["server"])?,
        name: text(&drift["tool"])?,
        old_sha256: bytes(&drift["approved_sha256"]),
        new_sha256: bytes(&drift["shown_sha256"]),
        class: text(&drift["event"])?,
        action: text(&drift["action"])?,
    })
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = value.as_str()?.chars().map(|c| c.to_digit(16)).collect();
    let byte =
        |pair: &[u32]| pair.iter().fold(0, |byte, digit| byte << 4 | u8::try_from(*digit).unwrap_or(0));
    Some(digits?.chunks(2).map(byte).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_a_gate_wrote_of_drift_and_nothing_else() {
        let record = serde_json::json!({
            "time": "2026-11-24T01:00:00.250Z", "stage": "tool.drift", "resource": { "server": "notes" },
            "drift": { "event": "text", "action": "block", "tool": "search", "approved_sha256": "00ff" },
        });
        let wanted = DriftRow {
            at_unix_ms: 1_795_482_000_250,
            server: "notes".to_owned(),
            name: "search".to_owned(),
            old_sha256: Some(vec![0, 255]),
            new_sha256: None,
            class: "text".to_owned(),
            action: "block".to_owned(),
        };
        assert_eq!(row(&record), Some(wanted));
        assert_eq!(row(&serde_json::json!({ "time": "2026-11-24T01:00:00Z", "drift": {} })), None);
    }
}
