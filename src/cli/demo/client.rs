//! A small MCP client, as a model's host would be: both eras, JSON and streams.

use std::net::SocketAddr;

use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::Fault;

/// One user's host, connected to the gate, or past it straight to the server.
#[derive(Debug)]
pub(super) struct Client {
    address: SocketAddr,
    key: Option<&'static str>,
    session: Option<String>,
}

/// What came back for one POST.
#[derive(Debug)]
pub(super) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The JSON-RPC messages, in order; the answer is the last one.
    pub messages: Vec<Value>,
    /// The body as it came.
    pub text: String,
    session: Option<String>,
}

const MODERN: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";

impl Client {
    /// Shakes hands as clients before 2026-07-28 do.
    pub(super) async fn connect(address: SocketAddr, key: Option<&'static str>) -> Result<Self, Fault> {
        let mut client = Self { address, key, session: None };
        let about = json!({ "name": "sluicegate-demo", "version": env!("CARGO_PKG_VERSION") });
        let params = json!({ "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": about });
        let reply = client.post(&[], request("initialize", &params)).await?;
        if reply.status != 200 {
            return Err(Fault::Odd(format!("initialize was answered with {}: {}", reply.status, reply.text)));
        }
        client.session = reply.session;
        client.post(&[], json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        Ok(client)
    }

    /// Calls a tool.
    pub(super) async fn call(&self, tool: &str, arguments: &Value) -> Result<Reply, Fault> {
        self.post(&[], request("tools/call", &json!({ "name": tool, "arguments": arguments }))).await
    }

    /// Calls a tool and asks to hear of its progress.
    pub(super) async fn follow(&self, tool: &str, arguments: &Value) -> Result<Reply, Fault> {
        let meta = json!({ "progressToken": "demo" });
        self.post(&[], request("tools/call", &json!({ "name": tool, "arguments": arguments, "_meta": meta })))
            .await
    }

    /// Calls a tool as clients from 2026-07-28 on do: no session, every claim in headers and body.
    pub(super) async fn call_modern(&self, tool: &str, arguments: &Value) -> Result<Reply, Fault> {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let claims = [("mcp-protocol-version", MODERN), ("mcp-method", "tools/call"), ("mcp-name", tool)];
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        self.post(&claims, request("tools/call", &params)).await
    }

    /// Names of the tools that this user is told of.
    pub(super) async fn tools(&self) -> Result<Vec<String>, Fault> {
        let reply = self.post(&[], request("tools/list", &json!({}))).await?;
        let tools = reply.answer()["result"]["tools"].as_array().cloned().unwrap_or_default();
        Ok(tools.iter().filter_map(|tool| tool["name"].as_str().map(String::from)).collect())
    }

    async fn post(&self, claims: &[(&str, &str)], message: Value) -> Result<Reply, Fault> {
        let mut request = Request::post("/mcp")
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream");
        if let Some(key) = self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if let Some(session) = self.session.as_ref().filter(|_| claims.is_empty()) {
            request = request.header("mcp-session-id", session).header("mcp-protocol-version", LEGACY);
        }
        for (name, value) in claims {
            request = request.header(*name, *value);
        }
        let request =
            request.body(Full::from(message.to_string())).map_err(|fault| Fault::Odd(fault.to_string()))?;
        let answer = exchange(self.address, request).await?;
        let status = answer.status().as_u16();
        let session =
            answer.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).map(String::from);
        let text = read(answer).await?;
        Ok(Reply { status, messages: messages(&text), text, session })
    }
}

impl Reply {
    /// The answer itself.
    pub(super) fn answer(&self) -> &Value {
        self.messages.last().unwrap_or(&Value::Null)
    }

    /// What the model reads of it.
    pub(super) fn said(&self) -> &str {
        let answer = self.answer();
        answer["result"]["content"][0]["text"]
            .as_str()
            .or(answer["error"]["message"].as_str())
            .unwrap_or(&self.text)
    }

    /// Whether the model got what it asked for.
    pub(super) fn is_success(&self) -> bool {
        let result = &self.answer()["result"];
        self.status == 200 && result.is_object() && result["isError"] != true
    }
}

/// Fetches a page, such as the metrics.
pub(super) async fn fetch(address: SocketAddr, path: &str) -> Result<String, Fault> {
    let request = Request::get(path).header(header::HOST, address.to_string()).body(Full::default());
    read(exchange(address, request.map_err(|fault| Fault::Odd(fault.to_string()))?).await?).await
}

async fn exchange(
    address: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<http::Response<Incoming>, Fault> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

async fn read(answer: http::Response<Incoming>) -> Result<String, Fault> {
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The messages of a body: it is one, or events hold them.
fn messages(text: &str) -> Vec<Value> {
    match serde_json::from_str(text) {
        Ok(message) => vec![message],
        Err(_) => text
            .lines()
            .filter_map(|line| serde_json::from_str(line.strip_prefix("data:")?.trim_start()).ok())
            .collect(),
    }
}

fn request(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}
