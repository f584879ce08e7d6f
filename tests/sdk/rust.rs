//! A client on the Rust SDK: the steps and the words are those of `tests/peers/client.mjs`.

#![expect(deprecated, reason = "what 2026-07-28 has put away is just what the legacy era needs")]

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientConfig, CreateMessageRequestParams, CreateMessageResult,
    ElicitRequestParams, ElicitResult, ListRootsResult, LoggingMessageNotificationParam,
    ProgressNotificationParam, ProtocolVersion, ResourceUpdatedNotificationParam, ServerNotification,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt, NotificationContext, RequestContext,
    RunningService,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ErrorData, RoleClient, ServiceError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::support::PATIENCE;

/// What the server asks and says, as it comes.
#[derive(Debug, Default)]
struct Heard {
    asked: Vec<Value>,
    grown: bool,
    logs: Vec<Value>,
    progress: Vec<Value>,
    updates: Vec<Value>,
}

#[derive(Debug, Clone, Default)]
struct Ears(Arc<Mutex<Heard>>);

type Running = RunningService<RoleClient, Ears>;
type Seen = Result<Value, ServiceError>;

impl Ears {
    fn note<T>(&self, note: impl FnOnce(&mut Heard) -> T) -> T {
        note(&mut self.0.lock().expect("no thread panicked with it"))
    }
}

/// What is written here as on the wire, as a type of the SDK.
pub fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the SDK knows its own messages")
}

pub fn shown(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("what came as JSON goes as JSON")
}

impl ClientHandler for Ears {
    fn get_info(&self) -> ClientConfig {
        typed(json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"elicitation": {}, "roots": {}, "sampling": {}},
            "clientInfo": {"name": "peer-rust", "version": "1.0.0"},
        }))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.note(|heard| heard.asked.push(json!({"elicit": shown(request)["message"]})));
        Ok(typed(json!({"action": "accept", "content": {"name": "Ada"}})))
    }

    async fn create_message(
        &self,
        request: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        let content = &shown(request)["messages"][0]["content"];
        let block = content.get(0).unwrap_or(content);
        self.note(|heard| heard.asked.push(json!({"sample": block["text"]})));
        let answer = json!({"type": "text", "text": "Forty-two"});
        Ok(typed(json!({"role": "assistant", "model": "peer-model", "content": answer})))
    }

    async fn list_roots(&self, _: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        self.note(|heard| heard.asked.push(json!({"roots": true})));
        Ok(typed(json!({"roots": [{"uri": "file:///srv/desk", "name": "desk"}]})))
    }

    async fn on_logging_message(
        &self,
        params: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let log = shown(params);
        self.note(|heard| heard.logs.push(json!({"level": log["level"], "data": log["data"]})));
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let mut step = shown(params);
        step.as_object_mut().expect("progress is an object").remove("progressToken");
        self.note(|heard| heard.progress.push(step));
    }

    async fn on_resource_updated(
        &self,
        params: ResourceUpdatedNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.note(|heard| heard.updates.push(params.uri.into()));
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.note(|heard| heard.grown = true);
    }
}

/// Carries out `steps` at `url`, in one era or the other. A URL that is a JSON array is a command.
pub fn run(is_modern: bool, url: &str, bearer: &str, steps: &Value) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    runtime.block_on(async {
        let ears = Ears::default();
        let opened = open(ears.clone(), is_modern, url, bearer).await;
        let talk = match opened {
            Ok(client) => Talk { client, ears, is_modern },
            Err(fault) => return json!({"connect": fault.to_string(), "steps": []}),
        };
        let mut done = Vec::new();
        for step in steps.as_array().into_iter().flatten() {
            done.push(talk.carry_out(step).await.unwrap_or_else(|fault| json!({"error": thrown(&fault)})));
        }
        let peer = shown(talk.client.peer_info().as_deref());
        let asked = talk.ears.note(|heard| std::mem::take(&mut heard.asked));
        let _ = talk.client.cancel().await;
        json!({"server": peer["serverInfo"]["name"], "revision": peer["protocolVersion"], "steps": done, "asked": asked})
    })
}

async fn open(
    ears: Ears,
    is_modern: bool,
    url: &str,
    bearer: &str,
) -> Result<Running, ClientInitializeError> {
    let lifecycle = if is_modern {
        ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
    } else {
        ClientLifecycleMode::Initialize
    };
    if url.starts_with('[') {
        let words: Vec<String> = serde_json::from_str(url).expect("an array of words");
        let mut command = tokio::process::Command::new(&words[0]);
        command.args(&words[1..]).env("SLUICEGATE_TOKEN", bearer);
        let child = TokioChildProcess::new(command).expect("the command can be started");
        return ears.serve_with_lifecycle(child, lifecycle).await;
    }
    // The client is built without a provider of its own; a second call finds one there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    config.auth_header = Some(bearer.to_owned());
    ears.serve_with_lifecycle(StreamableHttpClientTransport::from_config(config), lifecycle).await
}

fn thrown(fault: &ServiceError) -> Value {
    json!({"message": fault.to_string()})
}

/// One connection, with what it brought.
struct Talk {
    client: Running,
    ears: Ears,
    is_modern: bool,
}

impl Talk {
    async fn carry_out(&self, step: &Value) -> Seen {
        let word = |key: &str| step[key].as_str();
        if step["list"] == true {
            let tools = self.client.list_all_tools().await?;
            return Ok(json!({"tools": tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>()}));
        }
        if let Some(name) = word("cancel") {
            return self.cancel(name, step).await;
        }
        if let Some(name) = word("grow") {
            let listened = json!({"toolsListChanged": true});
            return self.listen(listened, None, name).await.map(|_| json!({"grown": true}));
        }
        if let Some(level) = word("log") {
            return self.log(level, step).await;
        }
        if let Some(name) = word("prompt") {
            let result = self.client.get_prompt(typed(json!({"name": name}))).await?;
            return Ok(json!({"result": shown(result)}));
        }
        if let Some(uri) = word("read") {
            let result = self.client.read_resource(typed(json!({"uri": uri}))).await?;
            return Ok(json!({"result": shown(result)}));
        }
        if let Some(text) = word("until") {
            return self.until(step, text).await;
        }
        if let Some(uri) = word("watch") {
            let listened = json!({"resourceSubscriptions": [uri]});
            return self.listen(listened, Some(uri), word("call").unwrap_or_default()).await;
        }
        self.ears.note(|heard| heard.progress.clear());
        let result = self.call(word("call").unwrap_or_default(), step).await?;
        let progress = self.ears.note(|heard| std::mem::take(&mut heard.progress));
        Ok(json!({"result": shown(result), "progress": progress}))
    }

    fn call(&self, name: &str, step: &Value) -> impl Future<Output = Result<CallToolResult, ServiceError>> {
        let mut params = json!({"name": name, "arguments": step["args"]});
        if step["args"].is_null() {
            params["arguments"] = json!({});
        }
        if self.is_modern && step["log"].is_string() {
            params["_meta"] = json!({"io.modelcontextprotocol/logLevel": step["log"]});
        }
        self.client.call_tool(typed::<CallToolRequestParams>(params))
    }

    async fn until(&self, step: &Value, text: &str) -> Seen {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let result = shown(self.call(step["call"].as_str().unwrap_or_default(), step).await?);
            if result.to_string().contains(text) || tokio::time::Instant::now() > deadline {
                return Ok(json!({"result": result}));
            }
        }
    }

    /// Gives a call up, by dropping it, when its first progress has come.
    async fn cancel(&self, name: &str, step: &Value) -> Seen {
        self.ears.note(|heard| heard.progress.clear());
        let begun = self.has(|heard| !heard.progress.is_empty());
        let outcome = tokio::select! {
            result = self.call(name, step) => json!({"result": shown(result?)}),
            () = begun => json!({"error": {"message": "given up"}}),
        };
        let progress = self.ears.note(|heard| std::mem::take(&mut heard.progress));
        Ok(json!({"error": outcome["error"], "result": outcome["result"], "progress": progress}))
    }

    async fn log(&self, level: &str, step: &Value) -> Seen {
        self.ears.note(|heard| heard.logs.clear());
        if !self.is_modern {
            self.client.set_level(typed(json!({"level": level}))).await?;
        }
        let result = self.call(step["call"].as_str().unwrap_or_default(), step).await?;
        let logs = self.ears.note(|heard| std::mem::take(&mut heard.logs));
        Ok(json!({"result": shown(result), "logs": logs}))
    }

    /// Listens in the way of the era, and calls `name` until something has been heard.
    async fn listen(&self, filter: Value, uri: Option<&str>, name: &str) -> Seen {
        if self.is_modern {
            let mut subscription = self.client.listen(typed(filter)).await?;
            let honored = shown(subscription.acknowledged());
            self.call(name, &json!({})).await?;
            let heard = subscription.next().await?;
            let updates: Vec<_> = heard
                .iter()
                .filter_map(|news| match news {
                    ServerNotification::ResourceUpdatedNotification(news) => Some(&news.params.uri),
                    _ => None,
                })
                .collect();
            let seen = json!({"updates": updates, "honored": honored});
            subscription.cancel().await?;
            return Ok(seen);
        }
        if let Some(uri) = uri {
            self.client.subscribe(typed(json!({"uri": uri}))).await?;
        }
        // What is listened to may begin only after the first calls.
        let is_heard = |heard: &Heard| if uri.is_some() { !heard.updates.is_empty() } else { heard.grown };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.ears.note(|heard| is_heard(heard)) {
            assert!(tokio::time::Instant::now() < deadline, "`{name}` was heard by nobody");
            self.call(name, &json!({})).await?;
            let _ = tokio::time::timeout(Duration::from_millis(100), self.has(is_heard)).await;
        }
        if let Some(uri) = uri {
            self.client.unsubscribe(typed(json!({"uri": uri}))).await?;
        }
        let mut updates = self.ears.note(|heard| std::mem::take(&mut heard.updates));
        updates.dedup();
        Ok(json!({"updates": updates}))
    }

    /// Waits until something has been heard.
    async fn has(&self, wanted: impl Fn(&Heard) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.ears.note(|heard| wanted(heard)) {
            assert!(tokio::time::Instant::now() < deadline, "waited in vain for the server");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
