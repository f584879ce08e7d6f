//! The keys to which the protocol gives a meaning, in all revisions, object by object.
//!
//! Only for finding keys that are nearly one of these: a key that is missing here is not refused, but
//! what resembles it passes. What is data stands nowhere below: arguments, schemas, structured results,
//! the fields of a form, what servers keep under `experimental`.
//! Source: MCP schemas 2024-11-05 to 2026-07-28.

use super::method::Method;

/// An object of the protocol.
#[derive(Debug)]
pub(super) struct Form {
    /// Its keys, in all revisions and variants.
    pub keys: &'static [&'static str],
    /// The objects of the protocol in it: under which key, how, and what they are.
    pub inner: &'static [(&'static str, Nest, &'static Form)],
}

/// How objects stand under a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Nest {
    /// One block, or an array of blocks; in an answer to a form, its fields, which are data.
    Blocks,
    /// An array of them.
    Elements,
    /// One.
    Itself,
    /// A map of them.
    Values,
}

use Nest::{Blocks, Elements, Itself, Values};

/// A message.
pub(super) const ENVELOPE: &[&str] = &["jsonrpc", "id", "method", "params", "result", "error"];

pub(super) static ERROR: Form = Form { keys: &["code", "message", "data"], inner: &[] };

pub(super) static RESULT: Form = Form {
    keys: &[
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
        "createdAt",
        "lastUpdatedAt",
        "pollIntervalMs",
        "result",
        "error",
        "role",
        "model",
        "stopReason",
        "action",
        "roots",
        "skills",
    ],
    inner: &[
        ("_meta", Itself, &META),
        ("capabilities", Itself, &CAPABILITIES),
        ("completion", Itself, &COMPLETION),
        ("content", Blocks, &CONTENT),
        ("contents", Elements, &CONTENTS),
        ("error", Itself, &ERROR),
        ("inputRequests", Values, &INPUT_REQUEST),
        ("messages", Elements, &MESSAGE),
        ("prompts", Elements, &NAMED),
        ("resourceTemplates", Elements, &NAMED),
        ("resources", Elements, &NAMED),
        ("result", Itself, &RESULT),
        ("roots", Elements, &NAMED),
        ("serverInfo", Itself, &IMPLEMENTATION),
        ("task", Itself, &TASK),
        ("tasks", Elements, &TASK),
        ("tools", Elements, &TOOL),
    ],
};

/// What `_meta` reserves.
static META: Form = Form {
    keys: &[
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
    ],
    inner: &[
        ("io.modelcontextprotocol/clientCapabilities", Itself, &CAPABILITIES),
        ("io.modelcontextprotocol/clientInfo", Itself, &IMPLEMENTATION),
        ("io.modelcontextprotocol/related-task", Itself, &TASK),
        ("io.modelcontextprotocol/serverInfo", Itself, &IMPLEMENTATION),
    ],
};

/// What either side can do.
static CAPABILITIES: Form = Form {
    keys: &[
        "experimental",
        "extensions",
        "roots",
        "sampling",
        "elicitation",
        "tasks",
        "logging",
        "completions",
        "prompts",
        "resources",
        "tools",
    ],
    inner: &[
        ("elicitation", Itself, &CAPABILITY),
        ("prompts", Itself, &CAPABILITY),
        ("resources", Itself, &CAPABILITY),
        ("roots", Itself, &CAPABILITY),
        ("sampling", Itself, &CAPABILITY),
        ("tasks", Itself, &CAPABILITY),
        ("tools", Itself, &CAPABILITY),
    ],
};

static CAPABILITY: Form = Form {
    keys: &["listChanged", "subscribe", "form", "url", "context", "tools", "list", "cancel", "requests"],
    inner: &[],
};

/// A client or a server, as it names itself.
static IMPLEMENTATION: Form = Form {
    keys: &["name", "title", "version", "description", "websiteUrl", "icons"],
    inner: &[("icons", Elements, &ICON)],
};

static ICON: Form = Form { keys: &["src", "mimeType", "sizes", "theme"], inner: &[] };

static TASK: Form = Form {
    keys: &[
        "taskId",
        "status",
        "statusMessage",
        "createdAt",
        "lastUpdatedAt",
        "ttl",
        "ttlMs",
        "pollInterval",
        "pollIntervalMs",
    ],
    inner: &[],
};

static COMPLETION: Form = Form { keys: &["values", "total", "hasMore"], inner: &[] };

/// A tool in a list.
static TOOL: Form = Form {
    keys: &[
        "name",
        "title",
        "description",
        "inputSchema",
        "outputSchema",
        "annotations",
        "execution",
        "icons",
        "_meta",
    ],
    inner: &[
        ("_meta", Itself, &META),
        ("annotations", Itself, &TOOL_ANNOTATIONS),
        ("execution", Itself, &EXECUTION),
        ("icons", Elements, &ICON),
    ],
};

static TOOL_ANNOTATIONS: Form = Form {
    keys: &["title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"],
    inner: &[],
};

static EXECUTION: Form = Form { keys: &["taskSupport"], inner: &[] };

/// A prompt, a resource, a template or a root in a list.
static NAMED: Form = Form {
    keys: &[
        "name",
        "title",
        "description",
        "arguments",
        "uri",
        "uriTemplate",
        "mimeType",
        "size",
        "annotations",
        "icons",
        "_meta",
    ],
    inner: &[
        ("_meta", Itself, &META),
        ("annotations", Itself, &ANNOTATIONS),
        ("arguments", Elements, &PROMPT_ARGUMENT),
        ("icons", Elements, &ICON),
    ],
};

static PROMPT_ARGUMENT: Form = Form { keys: &["name", "title", "description", "required"], inner: &[] };

static ANNOTATIONS: Form = Form { keys: &["audience", "priority", "lastModified"], inner: &[] };

/// A block of content.
static CONTENT: Form = Form {
    keys: &[
        "type",
        "text",
        "data",
        "mimeType",
        "resource",
        "uri",
        "name",
        "title",
        "description",
        "size",
        "annotations",
        "icons",
        "blob",
        "id",
        "input",
        "toolUseId",
        "content",
        "structuredContent",
        "isError",
        "_meta",
    ],
    inner: &[
        ("_meta", Itself, &META),
        ("annotations", Itself, &ANNOTATIONS),
        ("content", Elements, &CONTENT),
        ("icons", Elements, &ICON),
        ("resource", Itself, &CONTENTS),
    ],
};

/// The contents of a resource.
static CONTENTS: Form =
    Form { keys: &["uri", "mimeType", "text", "blob", "_meta"], inner: &[("_meta", Itself, &META)] };

static MESSAGE: Form = Form {
    keys: &["role", "content", "_meta"],
    inner: &[("_meta", Itself, &META), ("content", Blocks, &CONTENT)],
};

/// A request of the server inside a result.
static INPUT_REQUEST: Form =
    Form { keys: &["method", "params"], inner: &[("params", Itself, &INPUT_PARAMS)] };

/// The params of whatever a server asks for: sampling, a form, roots.
static INPUT_PARAMS: Form = Form {
    keys: &[
        "_meta",
        "messages",
        "modelPreferences",
        "systemPrompt",
        "includeContext",
        "temperature",
        "maxTokens",
        "stopSequences",
        "metadata",
        "tools",
        "toolChoice",
        "task",
        "mode",
        "message",
        "requestedSchema",
        "url",
        "elicitationId",
    ],
    inner: &[
        ("_meta", Itself, &META),
        ("messages", Elements, &MESSAGE),
        ("task", Itself, &TASK),
        ("tools", Elements, &TOOL),
    ],
};

static REFERENCE: Form = Form { keys: &["type", "name", "uri", "title"], inner: &[] };
static COMPLETED: Form = Form { keys: &["name", "value"], inner: &[] };
static CONTEXT: Form = Form { keys: &["arguments"], inner: &[] };
static FILTER: Form = Form {
    keys: &["toolsListChanged", "promptsListChanged", "resourcesListChanged", "resourceSubscriptions"],
    inner: &[],
};

/// What the params of all methods may hold that are objects of the protocol.
const INNER: &[(&str, Nest, &Form)] = &[
    ("_meta", Itself, &META),
    ("argument", Itself, &COMPLETED),
    ("capabilities", Itself, &CAPABILITIES),
    ("clientInfo", Itself, &IMPLEMENTATION),
    ("context", Itself, &CONTEXT),
    ("error", Itself, &ERROR),
    ("inputRequests", Values, &INPUT_REQUEST),
    ("inputResponses", Values, &RESULT),
    ("notifications", Itself, &FILTER),
    ("ref", Itself, &REFERENCE),
    ("result", Itself, &RESULT),
    ("task", Itself, &TASK),
];

macro_rules! params {
    ($($key:literal),*) => {{
        static FORM: Form = Form { keys: &["_meta", $($key),*], inner: INNER };
        &FORM
    }};
}

/// The params of `method`.
pub(super) fn params(method: Method) -> &'static Form {
    use Method as M;
    match method {
        M::ToolsCall => params!["name", "arguments", "task", "inputResponses", "requestState"],
        M::PromptsGet => params!["name", "arguments", "inputResponses", "requestState"],
        M::ResourcesRead => params!["uri", "inputResponses", "requestState"],
        M::NotificationsResourcesUpdated | M::ResourcesSubscribe | M::ResourcesUnsubscribe => params!["uri"],
        M::ResourcesDirectoryRead | M::SkillsGet => params!["uri", "name", "cursor"],
        M::CompletionComplete => params!["ref", "argument", "context"],
        M::PromptsList
        | M::ResourcesList
        | M::ResourcesTemplatesList
        | M::SkillsList
        | M::TasksList
        | M::ToolsList => params!["cursor"],
        M::Initialize => params!["protocolVersion", "capabilities", "clientInfo"],
        M::LoggingSetLevel => params!["level"],
        M::NotificationsCancelled => params!["requestId", "reason"],
        M::NotificationsProgress => params!["progressToken", "progress", "total", "message"],
        M::NotificationsMessage => params!["level", "logger", "data"],
        M::TasksCancel | M::TasksGet | M::TasksResult | M::TasksUpdate => params!["taskId", "inputResponses"],
        M::NotificationsTasks | M::NotificationsTasksStatus => params![
            "taskId",
            "status",
            "statusMessage",
            "createdAt",
            "lastUpdatedAt",
            "ttlMs",
            "pollIntervalMs",
            "result",
            "error",
            "inputRequests"
        ],
        M::NotificationsSubscriptionsAcknowledged | M::SubscriptionsListen => params!["notifications"],
        M::ElicitationCreate | M::SamplingCreateMessage => &INPUT_PARAMS,
        M::NotificationsElicitationComplete => params!["elicitationId"],
        M::NotificationsInitialized
        | M::NotificationsPromptsListChanged
        | M::NotificationsResourcesListChanged
        | M::NotificationsRootsListChanged
        | M::NotificationsToolsListChanged
        | M::Ping
        | M::RootsList
        | M::ServerDiscover => params![],
    }
}
