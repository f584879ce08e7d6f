//! What is played: who asks for what, what must come out, and where it is written down.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::client::{Client, Reply, fetch};
use super::stage::{Came, Stage};
use super::{AUDITOR_KEY, BILLING_KEY, Cast, Fault, NURSE_KEY};

/// The hosts of the three users, and one that goes past the gate to show what is hidden.
struct Users {
    nurse: Client,
    billing: Client,
    auditor: Client,
    past: Client,
}

/// Words that only the clinic may know: they stand in its records.
const PERSONAL: [&str; 11] = [
    "123-45-6789",
    "219-09-9999",
    "078-05-1120",
    "4111111111111111",
    "5555555555554444",
    "DE89370400440532013000",
    "202-555-0143",
    "MRN-0047112",
    "maria.sample@",
    "john.placeholder@",
    "ana.muster@",
];

/// As many calls as the story's policy grants one user in a minute, of the tool that it limits.
const GRANTED: usize = 5;
const BURST: usize = 8;
/// As much as billing may pay back in one call.
const REFUND_MAX: u32 = 200;

const AUDIT_WAIT: Duration = Duration::from_secs(5);
const AUDIT_LOOK: Duration = Duration::from_millis(20);

/// Plays every scene.
///
/// # Errors
/// When a part of the stage breaks; a scene that comes out otherwise is no error but counted.
pub(super) async fn play(stage: &mut Stage, cast: &Cast) -> Result<(), Fault> {
    let users = Users {
        nurse: Client::connect(cast.gate.endpoint, Some(NURSE_KEY)).await?,
        billing: Client::connect(cast.gate.endpoint, Some(BILLING_KEY)).await?,
        auditor: Client::connect(cast.gate.endpoint, Some(AUDITOR_KEY)).await?,
        past: Client::connect(cast.clinic.address(), None).await?,
    };
    stranger(stage, cast).await?;
    lists(stage, &users).await?;
    lookup(stage, &users).await?;
    mistake(stage, &users).await?;
    deletion(stage, &users, cast).await?;
    refunds(stage, &users, cast).await?;
    card(stage, &users, cast).await?;
    burst(stage, &users).await?;
    modern(stage, &users).await?;
    export(stage, &users).await?;
    records(stage, cast).await?;
    figures(stage, cast).await
}

async fn stranger(stage: &mut Stage, cast: &Cast) -> Result<(), Fault> {
    stage.scene("A stranger without a key");
    let refused = match Client::connect(cast.gate.endpoint, Some("guessed-key")).await {
        Ok(_) => String::new(),
        Err(Fault::Odd(text)) => text,
        Err(fault) => return Err(fault),
    };
    Stage::line("client", &refused);
    stage.expect("is turned away with 401", refused.contains("with 401").into());
    Ok(())
}

async fn lists(stage: &mut Stage, users: &Users) -> Result<(), Fault> {
    stage.scene("Everybody asks what tools there are; each is told of their own");
    let all = users.past.tools().await?;
    Stage::line("server", &all.join(", "));
    let told = [
        ("nurse", &users.nurse, vec!["lookup_patient", "search_patients"]),
        ("billing", &users.billing, vec!["get_invoice", "refund_payment"]),
        ("auditor", &users.auditor, vec!["export_records"]),
    ];
    for (name, client, wanted) in told {
        let tools = client.tools().await?;
        Stage::line(name, &tools.join(", "));
        stage.expect(&format!("{name}: {} of {} tools", wanted.len(), all.len()), (tools == wanted).into());
    }
    Ok(())
}

async fn lookup(stage: &mut Stage, users: &Users) -> Result<(), Fault> {
    stage.scene("A nurse looks up a patient; personal data is hidden in text and structure alike");
    let arguments = json!({ "patient_id": "P-1001" });
    Stage::ask("nurse", "lookup_patient", &arguments);
    let before = users.past.call("lookup_patient", &arguments).await?;
    let after = users.nurse.call("lookup_patient", &arguments).await?;
    Stage::compare(before.said(), after.said());
    let structured = |reply: &Reply| reply.answer()["result"]["structuredContent"].clone();
    Stage::compare_fields(&structured(&before), &structured(&after));
    stage.expect(
        "the answer arrives, with the name and the ward",
        Came::from(after.is_success() && after.said().contains("Maria Sample is in cardiology")),
    );
    stage.expect("no SSN, phone number or e-mail address in it", is_clean(&after));
    let same = ["name", "ward"].iter().all(|key| structured(&before)[key] == structured(&after)[key]);
    stage.expect("name and ward are as the server wrote them", same.into());
    Ok(())
}

async fn mistake(stage: &mut Stage, users: &Users) -> Result<(), Fault> {
    stage.scene("A wrong id; the server's error tells on somebody else, the gate does not");
    let arguments = json!({ "patient_id": "P-9999" });
    Stage::ask("nurse", "lookup_patient", &arguments);
    let before = users.past.call("lookup_patient", &arguments).await?;
    let after = users.nurse.call("lookup_patient", &arguments).await?;
    let error = |reply: &Reply| reply.answer()["error"].to_string();
    Stage::compare(&error(&before), &error(&after));
    let is_error = after.answer()["error"]["code"] == -32602;
    stage.expect(
        "the error arrives without the address in its data",
        (is_error && is_clean(&after) == Came::AsTold).into(),
    );
    Ok(())
}

async fn deletion(stage: &mut Stage, users: &Users, cast: &Cast) -> Result<(), Fault> {
    stage.scene("A model is talked into deleting a patient");
    let arguments = json!({ "patient_id": "P-1001" });
    Stage::ask("nurse", "delete_patient", &arguments);
    let reply = users.nurse.call("delete_patient", &arguments).await?;
    Stage::line("model", reply.said());
    stage.expect("it is denied in words that the model reads", is_refusal(&reply));
    stage.expect("the server never saw the call", (cast.clinic.runs("delete_patient") == 0).into());
    Ok(())
}

async fn refunds(stage: &mut Stage, users: &Users, cast: &Cast) -> Result<(), Fault> {
    stage.scene("Billing refunds a payment: up to 200, and not more");
    for (amount, is_granted) in [(80, true), (REFUND_MAX + 1, false)] {
        let arguments = json!({ "invoice_id": "INV-2002", "amount": amount });
        Stage::ask("billing", "refund_payment", &arguments);
        let reply = users.billing.call("refund_payment", &arguments).await?;
        Stage::line("model", reply.said());
        if is_granted {
            stage.expect(
                "is paid, and the card number in the answer is masked",
                (reply.is_success() && is_clean(&reply) == Came::AsTold).into(),
            );
        } else {
            stage.expect("is denied for its amount", is_refusal(&reply));
        }
    }
    stage.expect("the server was asked for one refund", (cast.clinic.runs("refund_payment") == 1).into());
    Ok(())
}

async fn card(stage: &mut Stage, users: &Users, cast: &Cast) -> Result<(), Fault> {
    stage.scene("A card number in the arguments");
    let arguments = json!({ "invoice_id": "INV-2002", "amount": 10, "card": "4111 1111 1111 1111" });
    Stage::ask("billing", "refund_payment", &arguments);
    let before = cast.clinic.runs("refund_payment");
    let reply = users.billing.call("refund_payment", &arguments).await?;
    Stage::line("model", reply.said());
    stage.expect(
        "is blocked, and the refusal does not repeat it",
        (is_refusal(&reply) == Came::AsTold && !reply.text.contains("1111")).into(),
    );
    stage.expect("the server never saw it", (cast.clinic.runs("refund_payment") == before).into());
    Ok(())
}

async fn burst(stage: &mut Stage, users: &Users) -> Result<(), Fault> {
    stage.scene("A model in a loop: eight searches at once, five a minute are granted");
    let arguments = json!({ "query": "knee" });
    Stage::ask("nurse", "search_patients", &arguments);
    let mut replies = Vec::new();
    for _ in 0..BURST {
        replies.push(users.nurse.call("search_patients", &arguments).await?);
    }
    let granted = replies.iter().filter(|reply| reply.is_success()).count();
    if let Some(last) = replies.last() {
        Stage::line("model", last.said());
        stage.expect("the refusal says when to try again", last.said().contains("retry in").into());
    }
    stage.expect(&format!("exactly {GRANTED} of {BURST} are let through"), (granted == GRANTED).into());
    let other = users.billing.call("get_invoice", &json!({ "invoice_id": "INV-2001" })).await?;
    stage.expect("billing, next door, is not touched by it", other.is_success().into());
    Ok(())
}

async fn modern(stage: &mut Stage, users: &Users) -> Result<(), Fault> {
    stage.scene("The same, spoken as of 2026-07-28: no session, every claim in the headers, too");
    let arguments = json!({ "invoice_id": "INV-2001" });
    Stage::ask("billing", "get_invoice", &arguments);
    let before = users.past.call_modern("get_invoice", &arguments).await?;
    let after = users.billing.call_modern("get_invoice", &arguments).await?;
    Stage::compare(before.said(), after.said());
    let is_modern = after.answer()["result"]["resultType"] == "complete";
    stage
        .expect("the invoice arrives in the form of that revision", (after.is_success() && is_modern).into());
    stage.expect(
        "no card number, bank account or address in it, in JSON inside text neither",
        is_clean(&after),
    );
    Ok(())
}

async fn export(stage: &mut Stage, users: &Users) -> Result<(), Fault> {
    stage.scene("The auditor exports everything, as a stream: each event is redacted as it passes");
    let arguments = json!({ "format": "csv" });
    Stage::ask("auditor", "export_records", &arguments);
    let before = users.past.follow("export_records", &arguments).await?;
    let after = users.auditor.follow("export_records", &arguments).await?;
    for (one, other) in
        before.messages.iter().zip(&after.messages).filter(|(one, _)| one["method"].is_string())
    {
        let told = |message: &Value| String::from(message["params"]["message"].as_str().unwrap_or_default());
        Stage::compare(&told(one), &told(other));
    }
    let is_whole =
        after.is_success() && after.messages.len() == before.messages.len() && after.messages.len() > 1;
    stage.expect("every event arrives, and the table at the end", is_whole.into());
    stage.expect("none of them holds personal data", is_clean(&after));
    Ok(())
}

async fn records(stage: &mut Stage, cast: &Cast) -> Result<(), Fault> {
    stage.scene("What was written down");
    let path = cast.folder.audit();
    let find = async {
        loop {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let found = text.lines().find(|line| line.contains("delete_patient") && line.contains("deny"));
            if let Some(line) = found {
                return (String::from(line), text);
            }
            sleep(AUDIT_LOOK).await;
        }
    };
    let (line, text) = timeout(AUDIT_WAIT, find).await.unwrap_or_default();
    let record: Value = serde_json::from_str(&line).unwrap_or_default();
    for name in ["time", "actor", "source", "action", "decision", "result", "seq", "hash"] {
        Stage::line(name, &record[name].to_string());
    }
    stage.expect("the denied deletion is in the audit file", record.is_object().into());
    let is_clean = !PERSONAL.iter().any(|word| text.contains(word)) && !text.contains("demo-nurse-key");
    stage.expect("no personal data and no key is", is_clean.into());
    Ok(())
}

async fn figures(stage: &mut Stage, cast: &Cast) -> Result<(), Fault> {
    stage.scene("What was counted");
    let metrics = fetch(cast.gate.admin, "/metrics").await?;
    let families = ["sluicegate_decisions_total", "sluicegate_dlp_findings_total"];
    let counted: Vec<_> = metrics
        .lines()
        .filter(|line| families.iter().any(|family| line.starts_with(family)) && !line.ends_with(" 0"))
        .collect();
    for line in &counted {
        Stage::line("", line);
    }
    let limited = counted
        .iter()
        .any(|line| line.contains("rate_limit") && line.ends_with(&format!(" {}", BURST - GRANTED)));
    stage.expect("the limited calls are among them", limited.into());
    stage.expect(
        "so are the values that were hidden",
        counted.iter().any(|line| line.contains(r#"detector="identifier""#)).into(),
    );
    Ok(())
}

fn is_clean(reply: &Reply) -> Came {
    (!PERSONAL.iter().any(|word| reply.text.contains(word))).into()
}

/// Whether the model reads why, in the form that every client hands to it.
fn is_refusal(reply: &Reply) -> Came {
    (reply.status == 200 && reply.answer()["result"]["isError"] == true && !reply.said().is_empty()).into()
}
