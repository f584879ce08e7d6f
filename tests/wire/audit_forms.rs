//! Records in the words of other tools: nothing is lost, and what their schemas ask for is there.

use std::fs;

use serde_json::Value;

use super::audit::{Place, audit, ended, records};
use crate::support::bundle::ALICE;
use crate::support::upstream::Upstream;

#[test]
fn converts_records_for_other_tools() {
    let (place, upstream) = (Place::new(), Upstream::echo());
    let gate = place.gate("", &upstream, &["--pod", "clinic-1", "--namespace", "tools"]);
    gate.call(ALICE, "note", "{}");
    gate.call(ALICE, "unknown", "{}");
    gate.call("nobody", "note", "{}");
    ended(gate);
    let file = place.file().to_string_lossy().into_owned();
    let written = records(&place.file());
    for form in ["ocsf", "ecs"] {
        let (code, text) = audit(&["convert", "--to", form, &file]);
        let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert_eq!((code, events.len()), (Some(0), written.len()), "{form}");
        for (event, record) in events.iter().zip(&written) {
            let (original, id) = match form {
                "ocsf" => (&event["raw_data"], &event["metadata"]["uid"]),
                _ => (&event["event"]["original"], &event["event"]["id"]),
            };
            let original: Value =
                serde_json::from_str(original.as_str().unwrap_or_default()).expect("the record");
            assert_eq!((&original, id), (record, &record["id"]), "{form}: nothing is lost");
        }
        let denied = events.iter().zip(&written).find(|(_, record)| record["decision"]["action"] == "deny");
        let (denied, _) = denied.expect("the unknown tool");
        let allowed = events.iter().zip(&written).find(|(_, record)| record["stage"] == "decision");
        let (allowed, _) = allowed.expect("the note");
        match form {
            "ocsf" => {
                assert_eq!(
                    (&denied["class_uid"], &denied["action_id"]),
                    (&6003.into(), &2.into()),
                    "{denied}"
                );
                assert_eq!(
                    (&allowed["type_uid"], &allowed["status_id"]),
                    (&600_303.into(), &1.into()),
                    "{allowed}"
                );
                assert_eq!(allowed["resources"][0]["name"], "note", "{allowed}");
                // What the schema requires of the class.
                for (event, record) in events.iter().zip(&written).filter(|(_, r)| !r["action"].is_null()) {
                    let user = &event["actor"]["user"];
                    let is_named = user["uid"].is_string() || user["name"].is_string();
                    let is_whole = event["src_endpoint"].is_object() && event["api"]["operation"].is_string();
                    assert!(is_named && is_whole && event["time"].is_u64(), "{event} of {record}");
                }
            }
            _ => {
                assert_eq!(denied["event"]["type"][1], "denied", "{denied}");
                assert_eq!(allowed["orchestrator"]["resource"]["name"], "clinic-1", "{allowed}");
                assert_eq!(allowed["mcp"]["target"]["name"], "note", "{allowed}");
            }
        }
    }
    fs::write(place.file(), "no record\n").expect("written");
    let (code, text) = audit(&["convert", "--to", "ecs", &file]);
    assert_eq!((code, text.contains("line 1: not an audit record")), (Some(1), true), "{text}");
    assert_eq!(audit(&["convert", "--to", "ecs", "/nowhere"]).0, Some(3));
}
