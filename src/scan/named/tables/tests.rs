//! Tables of each kind, and what looks like one.

use crate::scan::Action;
use crate::scan::tests::{check, everything};

#[test]
fn reads_the_cells_of_a_table_by_their_columns() {
    let plan = everything(Action::Mask);
    for (text, wanted) in [
        (
            r#"{"t":"id,patient_name,mrn,qty\n1,Ann Lee,4711-08,12\n2,\"Roe, Jo\",A 1020304,7"}"#,
            r#"{"t":"id,patient_name,mrn,qty\n1,*** ***,****-**,12\n2,\"**** **\",* *******,7"}"#,
        ),
        (r#"{"t":"ssn\tcity\n123456780\tBern"}"#, r#"{"t":"ssn\tcity\n*********\t****"}"#),
        (r#"{"t":"city;qty\nBern;7"}"#, r#"{"t":"city;qty\nBern;7"}"#),
        (
            r#"{"t":"mrn,patient_name\n\"\u00c9-4711\",\u00c9ric Roe\u00e9\nA 102034, \"Ann Lee\\\\\" "}"#,
            r#"{"t":"mrn,patient_name\n\"*-****\",**** ****\n* ******, \"*** ***\\\\\" "}"#,
        ),
        (
            r#"{"t":"The name, please.\nIt was said, by all."}"#,
            r#"{"t":"The name, please.\nIt was said, by all."}"#,
        ),
        (r#"{"t":"mrn,qty\nsee there, or not, or here"}"#, r#"{"t":"mrn,qty\nsee there, or not, or here"}"#),
    ] {
        check(&plan, text, wanted);
    }
}

#[test]
fn reads_the_fields_of_a_segment() {
    let plan = everything(Action::Mask);
    check(
        &plan,
        r#"{"t":"MSH|^~\\&|LAB|X\rPID|1||40071188^^^H||LEE^ANN||19800229|F\rOBX|1|NM|40071188||7"}"#,
        r#"{"t":"MSH|^~\\&|LAB|X\rPID|1||********^^^H||*******||********|F\rOBX|1|NM|40071188||7"}"#,
    );
}

#[test]
fn reads_columns_wherever_their_separator_stands() {
    let plan = everything(Action::Mask);
    for separator in [r"\t", "  ", "|", ";", ","] {
        for length in 1..=48 {
            // Apostrophes around a name are no part of it, so that one separator stands anywhere.
            let first = ["'".repeat(20), "y".repeat(length)].concat();
            let text = |name, cell| format!(r#"{{"t":"{first}{separator}{name}\na{separator}{cell}"}}"#);
            check(&plan, &text("patient_name", "Aro Quix"), &text("patient_name", "*** ****"));
            check(&plan, &text("qty", "Aro Quix"), &text("qty", "Aro Quix"));
            // What ends a sentence is in no name.
            check(&plan, &text("patient_name.", "Aro Quix"), &text("patient_name.", "Aro Quix"));
        }
    }
}
