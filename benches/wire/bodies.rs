//! What the origin answers: four shapes of result, each with personal data in known places.
//!
//! Made from rules, not stored: the same bytes in every run and on every machine. All names, numbers and
//! addresses are made up; the card numbers are the test numbers of the card schemes, the domains are reserved.

use std::fmt::Write as _;

use crate::reply::END_MARK;

/// Bytes of text in a large result.
const LARGE_BYTES: usize = 64 << 10;
/// Bytes of text in a small result, before its structured copy.
const SMALL_BYTES: usize = 640;

/// A value that every shape of result carries, and that a redacting proxy must hide.
pub const SECRET: &str = "mira.okafor@example.com";

/// The shape of an answer; each has a tool that gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// 64 KB of English text with escapes; 46 values to hide, 0.7 per KB.
    Prose,
    /// 64 KB of JSON inside a JSON string, dense with digits and `\"`; 58 values to hide, 0.9 per KB.
    Records,
    /// 1 KB: text and a structured copy of it; four values to hide.
    Small,
    /// An event stream: three progress notifications, then the small result.
    Stream,
}

impl Shape {
    /// All shapes, alphabetical.
    pub const ALL: [Self; 4] = [Self::Prose, Self::Records, Self::Small, Self::Stream];

    /// The word in the name of a cell.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prose => "prose",
            Self::Records => "records",
            Self::Small => "small",
            Self::Stream => "stream",
        }
    }

    /// The tool that answers in this shape.
    pub fn tool(self) -> &'static str {
        match self {
            Self::Prose => "notes_read",
            Self::Records => "ledger_export",
            Self::Small => "orders_search",
            Self::Stream => "report_watch",
        }
    }
}

/// The tool that every policy of the bench forbids.
pub const TOOL_FORBIDDEN: &str = "delete_all";
/// The tool that the limits of the bench allow only a few times.
pub const TOOL_LIMITED: &str = "quota_probe";

/// What follows the id in an answer of this shape: `,"result":{...}}`.
pub fn result(shape: Shape) -> String {
    match shape {
        Shape::Prose => around(&quoted(&prose(LARGE_BYTES)), ""),
        Shape::Records => around(&quoted(&records()), ""),
        Shape::Small | Shape::Stream => small(),
    }
}

fn around(text: &str, structured: &str) -> String {
    format!(
        r#","result":{{"content":[{{"type":"text","text":{text}}}],{structured}"isError":false,{END_MARK}"#
    )
}

fn small() -> String {
    let structured = format!(
        r#""structuredContent":{{"orders":[{{"id":"o-7731","customer":"Mira Okafor","email":"{SECRET}","ssn":"219-09-4417","total":129.9,"currency":"EUR","status":"open"}},{{"id":"o-7732","customer":"Jonas Lind","total":48.0,"currency":"EUR","status":"overdue"}}],"next":null}},"#
    );
    around(&quoted(&prose(SMALL_BYTES)), &structured)
}

/// Sentences of a service desk; in the first of every five rounds of eight, two name a person's particulars.
fn prose(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 256);
    let mut index = 0_u32;
    while text.len() < bytes {
        match index % 40 {
            0 => {
                let _ = write!(text, "Mira Okafor wrote from {SECRET} that the parcel had not arrived. ");
            }
            4 => {
                let _ = write!(
                    text,
                    "For the refund the record with SSN 219-09-{:04} was checked. ",
                    index % 9000 + 1000
                );
            }
            8 | 16 | 24 | 32 => {
                text.push_str("Mira Okafor wrote again from home that the parcel had not arrived. ");
            }
            12 | 20 | 28 | 36 => text.push_str("For the refund the record of the order was checked. "),
            other => text.push_str(EVERYDAY[other as usize % 8]),
        }
        index += 1;
    }
    text
}

/// Sentences without a value, by their place in a round; two places have others.
const EVERYDAY: [&str; 8] = [
    "",
    "The carrier says \"left with a neighbour\", which nobody in the house confirms.\n",
    "We opened a claim, refunded the shipping and promised an answer by Friday; ",
    "the customer was friendly and would rather have the goods than the money. ",
    "",
    "The warehouse in Malmö has two left — we set one aside under shelf B\\7.\n\n",
    "If the claim is refused, escalate to the regional desk and note the reason here. ",
    "Nothing else is open on this account, and the last audit found it in order. ",
];

/// Rows of a ledger; one in ten carries a value to hide.
fn records() -> String {
    let mut text = String::with_capacity(LARGE_BYTES + 512);
    text.push_str("{\"rows\":[");
    let mut index = 0_u64;
    // Escaping doubles every quote of a row: 64 KB is what travels, not what was meant.
    while text.len() + text.matches('"').count() < LARGE_BYTES {
        if index > 0 {
            text.push(',');
        }
        let amount = (index * 7919) % 100_000;
        let _ = write!(
            text,
            "{{\"row\":{index},\"booked\":\"2026-{:02}-{:02}T{:02}:{:02}:00Z\",\"amount\":{}.{:02},\"account\":\"A-{:06}\",\"batch\":{}",
            index % 12 + 1,
            index % 28 + 1,
            index % 24,
            index % 60,
            amount / 100,
            amount % 100,
            (index * 104_729) % 1_000_000,
            (index * 15_485_863) % 10_000_000,
        );
        match index % 40 {
            0 => {
                let _ = write!(text, ",\"contact\":\"{SECRET}\"");
            }
            10 => {
                let _ = write!(text, ",\"ssn\":\"219-09-{:04}\"", index % 9000 + 1000);
            }
            20 => text.push_str(",\"card\":\"4111 1111 1111 1111\""),
            30 => text.push_str(",\"phone\":\"+1 202-555-0143\""),
            _ => {}
        }
        text.push('}');
        index += 1;
    }
    text.push_str("]}");
    text
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;

    #[test]
    fn results_are_json_of_the_promised_size_and_hold_the_secret() {
        for (shape, sizes) in [
            (Shape::Prose, 64_000..70_000),
            (Shape::Records, 64_000..70_000),
            (Shape::Small, 1_000..1_200),
            (Shape::Stream, 1_000..1_200),
        ] {
            let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":1{}", result(shape));
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(sizes.contains(&text.len()), "{shape:?}: {}", text.len());
            assert!(text.contains(SECRET), "{shape:?}");
            assert!(text.ends_with(END_MARK), "{shape:?}");
            assert_eq!(value["result"]["isError"], false);
        }
    }

    #[test]
    fn records_are_json_inside_a_string() {
        let rows: serde_json::Value = serde_json::from_str(&records()).unwrap();
        assert!(rows["rows"].as_array().unwrap().len() > 300);
    }
}
