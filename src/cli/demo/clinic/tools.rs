//! What the clinic can do: its tools, as listed and as called. Pure; the records are made up.

use serde_json::{Value, json};

/// What a call comes to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A JSON-RPC error: code, message, data.
    Error(i64, &'static str, Value),
    /// A result, after these progress messages.
    Result(Vec<String>, Value),
}

/// The clinic's books: public test numbers and example addresses, nobody real.
#[derive(Debug)]
pub(super) struct Records {
    patients: Vec<Value>,
    invoices: Vec<Value>,
}

impl Records {
    pub(super) fn open() -> Self {
        let books: Value = serde_json::from_str(include_str!("records.json")).unwrap_or_default();
        let shelf = |name: &str| books[name].as_array().cloned().unwrap_or_default();
        Self { patients: shelf("patients"), invoices: shelf("invoices") }
    }

    /// Carries out a call. Deleting and refunding only say so.
    pub(super) fn call(&self, tool: &str, arguments: &Value) -> Outcome {
        let word = |name: &str| arguments[name].as_str().unwrap_or_default();
        match tool {
            "lookup_patient" => self.lookup(word("patient_id")),
            "search_patients" => self.search(word("query")),
            "get_invoice" => self.invoice(word("invoice_id")),
            "refund_payment" => self.refund(word("invoice_id"), &arguments["amount"]),
            "delete_patient" => match find(&self.patients, "patient_id", word("patient_id")) {
                Some(patient) => {
                    said(&format!("Deleted {} and every record of theirs.", text(patient, "name")))
                }
                None => self.unknown("patient_id", word("patient_id")),
            },
            "export_records" => self.export(word("format")),
            _ => Outcome::Error(-32602, "Unknown tool", json!({ "tool": tool })),
        }
    }

    fn lookup(&self, id: &str) -> Outcome {
        let Some(patient) = find(&self.patients, "patient_id", id) else {
            return self.unknown("patient_id", id);
        };
        let prose = format!(
            "{} is in {}. SSN {}, phone {}, e-mail {}. {}",
            text(patient, "name"),
            text(patient, "ward"),
            text(patient, "ssn"),
            text(patient, "phone"),
            text(patient, "email"),
            text(patient, "note"),
        );
        answered(&prose, patient)
    }

    fn search(&self, query: &str) -> Outcome {
        let query = query.to_lowercase();
        let is_hit = |patient: &&Value| patient.to_string().to_lowercase().contains(&query);
        let found: Vec<_> = self.patients.iter().filter(is_hit).collect();
        let found = json!({ "patients": found });
        answered(&found.to_string(), &found)
    }

    fn invoice(&self, id: &str) -> Outcome {
        match find(&self.invoices, "invoice_id", id) {
            Some(invoice) => answered(&invoice.to_string(), invoice),
            None => self.unknown("invoice_id", id),
        }
    }

    fn refund(&self, id: &str, amount: &Value) -> Outcome {
        match find(&self.invoices, "invoice_id", id) {
            Some(invoice) => {
                said(&format!("Refunded {amount} EUR of {id} to card {}.", text(invoice, "card")))
            }
            None => self.unknown("invoice_id", id),
        }
    }

    fn export(&self, format: &str) -> Outcome {
        let told = self.patients.iter().map(|patient| {
            format!(
                "exported {}, SSN {}, {}",
                text(patient, "name"),
                text(patient, "ssn"),
                text(patient, "email")
            )
        });
        let columns = ["patient_id", "name", "ssn", "email", "phone"];
        let rows = self.patients.iter().map(|patient| columns.map(|column| text(patient, column)).join(","));
        let table = rows.fold(columns.join(","), |table, row| format!("{table}\n{row}"));
        Outcome::Result(told.collect(), content(&format!("{format}\n{table}")))
    }

    /// An error such as careless servers write: it helps, with somebody's data.
    fn unknown(&self, key: &str, id: &str) -> Outcome {
        let nearest = self
            .patients
            .first()
            .map(|patient| json!({ "name": patient["name"], "email": patient["email"] }));
        Outcome::Error(-32602, "No such record", json!({ key: id, "did_you_mean": nearest }))
    }
}

/// The tools as `tools/list` tells them.
pub(super) fn list() -> Value {
    let patient = schema(&["patient_id", "name", "dob", "ssn", "mrn", "email", "phone", "ward", "note"], &[]);
    let invoice =
        schema(&["invoice_id", "patient_id", "currency", "status", "card", "iban", "email"], &["amount"]);
    let patients = json!({ "type": "object", "properties": { "patients": { "type": "array", "items": patient } },
                           "required": ["patients"] });
    let tool = |name: &str, description: &str, input: Value, reads: Reads| {
        let is_read = reads == Reads::Only;
        json!({ "name": name, "description": description, "inputSchema": input,
                "annotations": { "readOnlyHint": is_read, "destructiveHint": !is_read } })
    };
    let answering = |mut tool: Value, output: &Value| {
        tool["outputSchema"] = output.clone();
        tool
    };
    let by = |key: &str| schema(&[key], &[]);
    let mut refund = schema(&["invoice_id"], &["amount"]);
    refund["properties"]["card"] =
        json!({ "type": "string", "description": "another card than the one on file" });
    json!([
        answering(tool("lookup_patient", "One patient's record", by("patient_id"), Reads::Only), &patient),
        answering(
            tool("search_patients", "Patients whose record holds the query", by("query"), Reads::Only),
            &patients
        ),
        answering(
            tool("get_invoice", "One invoice and how it was paid", by("invoice_id"), Reads::Only),
            &invoice
        ),
        tool("refund_payment", "Pays money back for an invoice", refund, Reads::Not),
        tool("delete_patient", "Deletes a patient and all their records", by("patient_id"), Reads::Not),
        tool("export_records", "All patients as a table, patient by patient", by("format"), Reads::Only),
    ])
}

/// Whether a tool only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Not,
    Only,
}

fn schema(strings: &[&str], numbers: &[&str]) -> Value {
    let typed = |names: &[&str], kind: &'static str| -> Vec<_> {
        names.iter().map(|name| (String::from(*name), json!({ "type": kind }))).collect()
    };
    let properties: serde_json::Map<_, _> =
        typed(strings, "string").into_iter().chain(typed(numbers, "number")).collect();
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn find<'r>(shelf: &'r [Value], key: &str, id: &str) -> Option<&'r Value> {
    shelf.iter().find(|record| record[key] == id)
}

fn text<'r>(record: &'r Value, key: &str) -> &'r str {
    record[key].as_str().unwrap_or_default()
}

fn content(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

fn said(text: &str) -> Outcome {
    Outcome::Result(Vec::new(), content(text))
}

fn answered(text: &str, structured: &Value) -> Outcome {
    let mut result = content(text);
    result["structuredContent"] = structured.clone();
    Outcome::Result(Vec::new(), result)
}
