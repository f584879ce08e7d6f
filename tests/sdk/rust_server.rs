//! A server on the Rust SDK, in the test's own process, whose one tool takes its time: the tasks
//! extension of 2026-07-28, which no other SDK here serves.

use std::convert::Infallible;
use std::sync::mpsc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CreateTaskResult,
    GetTaskParams, GetTaskResult, ListToolsResult, PaginatedRequestParams, ServerConfig, UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

use super::rust::typed;

/// Starts it on a port of its own, for as long as the process lives, and returns its URL.
pub fn start() -> String {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(serve(tell));
    });
    let port = told.recv().expect("the server starts");
    format!("http://127.0.0.1:{port}/mcp")
}

async fn serve(tell: mpsc::Sender<u16>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let _ = tell.send(listener.local_addr().expect("it has an address").port());
    let office = Office { tasks: TaskManager::new() };
    let service = StreamableHttpService::new(
        move || Ok(office.clone()),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        let answer = service_fn(move |request| {
            let service = service.clone();
            async move { Ok::<_, Infallible>(service.handle(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

#[derive(Clone)]
struct Office {
    tasks: TaskManager,
}

/// Asks for whom the work is, then does it; `forever` means never.
async fn work(task: TaskContext, is_forever: bool) -> Result<CallToolResult, TaskExit> {
    if is_forever {
        task.cancelled().await;
        return Err(TaskExit::Cancelled);
    }
    let form = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
    let question =
        json!({"method": "elicitation/create", "params": {"message": "For whom?", "requestedSchema": form}});
    let answer = task.request_input("who", typed(question)).await?;
    let text = format!("done for {}", answer["content"]["name"].as_str().unwrap_or("nobody"));
    Ok(typed(json!({"content": [{"type": "text", "text": text}]})))
}

impl ServerHandler for Office {
    fn get_info(&self) -> ServerConfig {
        typed(json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}},
            "serverInfo": {"name": "office-rust", "version": "1.0.0"},
        }))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({"type": "object", "properties": {"forever": {"type": "boolean"}}});
        Ok(typed(json!({"tools": [{"name": "work", "description": "Works", "inputSchema": schema}]})))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let is_forever = request.arguments.is_some_and(|arguments| arguments.contains_key("forever"));
        let options = TaskOptions::new().with_poll_interval_ms(10);
        let task = self.tasks.spawn(options, move |task| Box::pin(work(task, is_forever)));
        Ok(CallToolResponse::Task(CreateTaskResult::new(task)))
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.tasks.get_task(&request.task_id)?))
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.tasks.cancel_task(&request.task_id)
    }
}
