//! A verdict on every hazard we know, one a row: `accept` or the fault, and the text, with `%XX` for
//! bytes that a line of text cannot hold.

use super::*;

const TABLES: &[(&str, &str)] = &[
    ("encoding", include_str!("verdicts/encoding.txt")),
    ("keys", include_str!("verdicts/keys.txt")),
    ("numbers", include_str!("verdicts/numbers.txt")),
    ("strings", include_str!("verdicts/strings.txt")),
    ("structure", include_str!("verdicts/structure.txt")),
];

const ROWS_MIN: usize = 500;

fn bytes(row: &str) -> Vec<u8> {
    let mut parts = row.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hexadecimal digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

#[test]
fn gives_each_row_of_the_tables_its_verdict() {
    let (mut rows, mut wrong) = (0, Vec::new());
    for (table, text) in TABLES {
        for row in text.lines().filter(|row| !row.starts_with('#')) {
            rows += 1;
            let (wanted, text) = row.split_once(' ').unwrap_or((row, ""));
            let bytes = bytes(text);
            fuzz_json(&bytes);
            let found = verdict(&bytes).map_or("accept".to_owned(), |kind| format!("{kind:?}"));
            let seen = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
            if found != wanted || wanted == "accept" && !seen {
                wrong.push(format!("{table}: {found}, not {row}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {rows}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows >= ROWS_MIN, "{rows} rows");
}
