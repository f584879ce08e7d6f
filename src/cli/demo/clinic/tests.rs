//! The clinic as the demo's client meets it, with no gate between.

use std::net::Ipv4Addr;

use super::super::client::Client;
use super::*;

const CALLS: [(&str, &str, &str); 5] = [
    ("lookup_patient", r#"{"patient_id":"P-1001"}"#, "SSN 123-45-6789"),
    ("search_patients", r#"{"query":"KNEE"}"#, "john.placeholder@example.com"),
    ("get_invoice", r#"{"invoice_id":"INV-2001"}"#, "4111111111111111"),
    ("refund_payment", r#"{"invoice_id":"INV-2002","amount":80}"#, "Refunded 80 EUR"),
    ("export_records", r#"{"format":"csv"}"#, "P-1003,Ana Muster"),
];

#[tokio::test]
async fn answers_in_both_eras() {
    let clinic = Clinic::open((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let client = Client::connect(clinic.address(), None).await.unwrap();
    assert_eq!(client.tools().await.unwrap().len(), 6);
    for (tool, arguments, wanted) in CALLS {
        let arguments = serde_json::from_str(arguments).unwrap();
        let legacy = client.call(tool, &arguments).await.unwrap();
        let modern = client.call_modern(tool, &arguments).await.unwrap();
        for reply in [&legacy, &modern] {
            assert!(reply.is_success() && reply.said().contains(wanted), "{tool}: {}", reply.text);
        }
        assert!(legacy.answer()["result"]["resultType"].is_null());
        assert_eq!(modern.answer()["result"]["resultType"], "complete");
        assert_eq!(clinic.runs(tool), 2);
    }
    assert_eq!(clinic.runs("delete_patient"), 0);
}

#[tokio::test]
async fn keeps_its_promises_of_structure() {
    let clinic = Clinic::open((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let client = Client::connect(clinic.address(), None).await.unwrap();
    let tools = tools::list();
    for (tool, arguments, _) in CALLS {
        let reply = client.call(tool, &serde_json::from_str(arguments).unwrap()).await.unwrap();
        let structured = &reply.answer()["result"]["structuredContent"];
        let schema =
            &tools.as_array().unwrap().iter().find(|listed| listed["name"] == tool).unwrap()["outputSchema"];
        assert_eq!(structured.is_object(), schema.is_object(), "{tool}");
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(!structured[name.as_str().unwrap()].is_null(), "{tool}: {name}");
        }
    }
}

#[tokio::test]
async fn tells_of_progress_and_gives_errors_data() {
    let clinic = Clinic::open((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let client = Client::connect(clinic.address(), None).await.unwrap();
    let reply = client.follow("export_records", &json!({ "format": "csv" })).await.unwrap();
    assert_eq!(reply.messages.len(), 4, "{}", reply.text);
    assert!(reply.messages[2]["params"]["message"].as_str().unwrap().contains("078-05-1120"));
    for (tool, key) in
        [("lookup_patient", "patient_id"), ("get_invoice", "invoice_id"), ("delete_patient", "patient_id")]
    {
        let reply = client.call(tool, &json!({ key: "X-1" })).await.unwrap();
        assert_eq!(reply.answer()["error"]["data"]["did_you_mean"]["email"], "maria.sample@example.com");
    }
}

#[tokio::test]
async fn refuses_what_a_server_must() {
    let clinic = Clinic::open((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let desk = &clinic.desk;
    let modern = |version: &str, capabilities: &str| {
        let text = format!(
            r#"{{"id":1,"method":"ping","params":{{"_meta":{{"{META}/protocolVersion":"{version}"{capabilities}}}}}}}"#
        );
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let headers = |version: &str, method: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("mcp-protocol-version", version.parse().unwrap());
        headers.insert("mcp-method", method.parse().unwrap());
        headers
    };
    let able = format!(r#","{META}/clientCapabilities":{{}}"#);
    let table = [
        (headers(MODERN, "tools/call"), modern(MODERN, &able), 400, "-32020"),
        (headers("2025-11-25", "ping"), modern(MODERN, &able), 400, "-32020"),
        (headers("2027-01-01", "ping"), modern("2027-01-01", &able), 400, "-32022"),
        (headers(MODERN, "ping"), modern(MODERN, ""), 400, "-32602"),
        (headers(MODERN, "ping"), modern(MODERN, &able), 404, "-32601"),
    ];
    for (headers, message, status, code) in table {
        let answer = desk.modern(&headers, &message);
        assert_eq!(answer.status().as_u16(), status, "{message}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(std::str::from_utf8(&body).unwrap().contains(code), "{body:?}");
    }
    assert_eq!(desk.legacy(&HeaderMap::new(), &json!({ "id": 1, "method": "ping" })).status(), 400);
    let mut unknown = HeaderMap::new();
    unknown.insert("mcp-session-id", "unknown".parse().unwrap());
    assert_eq!(desk.legacy(&unknown, &json!({ "id": 1, "method": "ping" })).status(), 404);
}
