//! The keys to which the protocol gives a meaning, in all revisions.
//!
//! Only for finding keys that are nearly one of these: a key that is missing here is not refused, but
//! what resembles it passes. Source: MCP schemas 2024-11-05 to 2026-07-28.

use super::method::Method;

/// The keys of a message.
pub(super) const ENVELOPE: &[&str] = &["jsonrpc", "id", "method", "params", "result", "error"];

/// The keys of an error.
pub(super) const ERROR: &[&str] = &["code", "message", "data"];

/// The keys of `_meta` that the protocol reserves.
pub(super) const META: &[&str] = &[
    "progressToken",
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/logLevel",
    "io.modelcontextprotocol/subscriptionId",
    "io.modelcontextprotocol/serverInfo",
    "io.modelcontextprotocol/related-task",
    "traceparent",
    "tracestate",
    "baggage",
];

/// The keys of results.
pub(super) const RESULT: &[&str] = &[
    "_meta",
    "resultType",
    "content",
    "structuredContent",
    "isError",
    "tools",
    "prompts",
    "resources",
    "resourceTemplates",
    "nextCursor",
    "contents",
    "messages",
    "description",
    "completion",
    "capabilities",
    "protocolVersion",
    "serverInfo",
    "instructions",
    "supportedVersions",
    "ttlMs",
    "cacheScope",
    "inputRequests",
    "requestState",
    "task",
    "tasks",
    "taskId",
    "status",
    "statusMessage",
    "result",
    "error",
    "role",
    "model",
    "stopReason",
    "action",
    "roots",
    "skills",
];

/// The keys of the reference in a `completion/complete`.
pub(super) const REFERENCE: &[&str] = &["type", "name", "uri"];

/// The keys of a tool in a list.
pub(super) const TOOL: &[&str] = &[
    "name",
    "title",
    "description",
    "inputSchema",
    "outputSchema",
    "annotations",
    "execution",
    "icons",
    "_meta",
];

/// The keys of a block of content.
pub(super) const CONTENT: &[&str] = &[
    "type",
    "text",
    "data",
    "mimeType",
    "resource",
    "uri",
    "name",
    "title",
    "description",
    "annotations",
    "blob",
    "_meta",
];

/// The keys of the params of `method`.
pub(super) fn params_keys(method: Method) -> &'static [&'static str] {
    use Method as M;
    match method {
        M::ToolsCall => &["_meta", "name", "arguments", "task", "inputResponses", "requestState"],
        M::PromptsGet => &["_meta", "name", "arguments", "inputResponses", "requestState"],
        M::ResourcesRead => &["_meta", "uri", "inputResponses", "requestState"],
        M::NotificationsResourcesUpdated | M::ResourcesSubscribe | M::ResourcesUnsubscribe => {
            &["_meta", "uri"]
        }
        M::ResourcesDirectoryRead | M::SkillsGet => &["_meta", "uri", "name", "cursor"],
        M::CompletionComplete => &["_meta", "ref", "argument", "context"],
        M::PromptsList
        | M::ResourcesList
        | M::ResourcesTemplatesList
        | M::SkillsList
        | M::TasksList
        | M::ToolsList => &["_meta", "cursor"],
        M::Initialize => &["_meta", "protocolVersion", "capabilities", "clientInfo"],
        M::LoggingSetLevel => &["_meta", "level"],
        M::NotificationsCancelled => &["_meta", "requestId", "reason"],
        M::NotificationsProgress => &["_meta", "progressToken", "progress", "total", "message"],
        M::NotificationsMessage => &["_meta", "level", "logger", "data"],
        M::TasksCancel | M::TasksGet | M::TasksResult | M::TasksUpdate => {
            &["_meta", "taskId", "inputResponses"]
        }
        M::NotificationsTasks | M::NotificationsTasksStatus => {
            &["_meta", "taskId", "status", "statusMessage", "result", "error", "inputRequests"]
        }
        M::NotificationsSubscriptionsAcknowledged | M::SubscriptionsListen => &["_meta", "notifications"],
        M::SamplingCreateMessage => {
            &["_meta", "messages", "systemPrompt", "stopSequences", "metadata", "tools", "toolChoice", "task"]
        }
        M::ElicitationCreate | M::NotificationsElicitationComplete => {
            &["_meta", "mode", "message", "requestedSchema", "url", "elicitationId", "task"]
        }
        M::NotificationsInitialized
        | M::NotificationsPromptsListChanged
        | M::NotificationsResourcesListChanged
        | M::NotificationsRootsListChanged
        | M::NotificationsToolsListChanged
        | M::Ping
        | M::RootsList
        | M::ServerDiscover => &["_meta"],
    }
}
