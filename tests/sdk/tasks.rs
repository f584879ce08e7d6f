//! The tasks extension of 2026-07-28: a call that becomes a task, asks in the middle, is fetched at the
//! end, or is cancelled. Client and server on the Rust SDK.

use std::time::Duration;

use rmcp::model::{CallToolResponse, ClientConfig, ProtocolVersion};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceError};
use serde_json::{Value, json};

use super::rust::{shown, typed};
use super::support::PATIENCE;
use super::support::gate::Gate;
use super::{ALICE, policy, rust_server};

type Client = RunningService<RoleClient, ClientConfig>;

/// Starts the tool `work`; the id of its task.
async fn begin(client: &Client, arguments: Value) -> Result<String, ServiceError> {
    let params = json!({"name": "work", "arguments": arguments});
    match client.peer().call_tool_once(typed(params)).await? {
        CallToolResponse::Task(created) => Ok(created.task.task_id),
        other => panic!("no task was made: {other:?}"),
    }
}

/// Asks for a task until it has the status; what is known of it then.
async fn until(client: &Client, task: &str, status: &str) -> Result<Value, ServiceError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let seen = shown(client.peer().get_task(typed(json!({"taskId": task}))).await?);
        if seen["status"] == status {
            return Ok(seen);
        }
        assert!(tokio::time::Instant::now() < deadline, "the task never was `{status}`: {seen}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One task that is answered and ends, one that is cancelled: what the client saw of them.
async fn follow(client: &Client) -> Result<Value, ServiceError> {
    let task = begin(client, json!({})).await?;
    let asked = until(client, &task, "input_required").await?;
    let answers = json!({"who": {"action": "accept", "content": {"name": "Ada"}}});
    client.peer().update_task(typed(json!({"taskId": task, "inputResponses": answers}))).await?;
    let done = until(client, &task, "completed").await?;
    let endless = begin(client, json!({"forever": true})).await?;
    client.peer().cancel_task(typed(json!({"taskId": endless}))).await?;
    let cancelled = until(client, &endless, "cancelled").await?;
    Ok(json!({
        "asked": asked["inputRequests"],
        "done": done["result"],
        "cancelled": cancelled["status"],
        "same_id": done["taskId"] == task && cancelled["taskId"] == endless,
    }))
}

fn run(url: &str) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        // The client is built without a provider of its own; a second call finds one there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = StreamableHttpClientTransportConfig::with_uri(url);
        config.auth_header = Some(ALICE.to_owned());
        let who: ClientConfig = typed(json!({
            "protocolVersion": "2026-07-28",
            "capabilities": {"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}},
            "clientInfo": {"name": "peer-rust", "version": "1.0.0"},
        }));
        let modern =
            ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = who.serve_with_lifecycle(transport, modern).await.expect("the client connects");
        let seen = tokio::time::timeout(PATIENCE, follow(&client)).await.expect("nothing hangs");
        let _ = client.cancel().await;
        seen.unwrap_or_else(|fault| json!({"error": fault.to_string()}))
    })
}

#[test]
fn a_task_is_asked_after_answered_and_cancelled() {
    let url = rust_server::start();
    // Who may call a tool may follow, answer and end the task that came of it.
    let gate = Gate::start(&policy(&["work"], &[]), &url);
    let direct = run(&url);
    assert_eq!(direct["asked"]["who"]["params"]["message"], "For whom?", "{direct}");
    assert_eq!(direct["done"]["content"][0]["text"], "done for Ada", "{direct}");
    assert_eq!((&direct["cancelled"], &direct["same_id"]), (&json!("cancelled"), &json!(true)), "{direct}");
    assert_eq!(run(&gate.url()), direct);
}
