//! The names that spans are made of, and which codes are errors.
//!
//! The conventions for MCP and GenAI are in development and have no release, so they are held to one commit here, in
//! one place, and by one test: <https://github.com/open-telemetry/semantic-conventions-genai>, `model/mcp`, at
//! `0e5e6a8d59d38c9c19556a5164a83cc11a7d53ff`. What they have no word for has a name of ours, `sluicegate.*`.

/// What is asked for; of the closed list, or [`OTHER`].
pub const MCP_METHOD_NAME: &str = "mcp.method.name";
/// The revision spoken.
pub const MCP_PROTOCOL_VERSION: &str = "mcp.protocol.version";
/// What kind of operation it is, where it is a call of a tool.
pub const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";
/// The tool, where the policy knows it.
pub const GEN_AI_TOOL_NAME: &str = "gen_ai.tool.name";
/// The id of a request, where it is a small number.
pub const JSONRPC_REQUEST_ID: &str = "jsonrpc.request.id";
/// The code of a JSON-RPC error.
pub const RPC_RESPONSE_STATUS_CODE: &str = "rpc.response.status_code";
/// How it failed; absent where it did not.
pub const ERROR_TYPE: &str = "error.type";
/// What carries it.
pub const NETWORK_TRANSPORT: &str = "network.transport";
/// The protocol on that.
pub const NETWORK_PROTOCOL_NAME: &str = "network.protocol.name";
/// Its version.
pub const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
/// The method of HTTP.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// The status of HTTP.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";

/// The server that the policy is about.
pub const SERVER: &str = "sluicegate.server";
/// The first bytes of the policy's digest.
pub const POLICY: &str = "sluicegate.policy.sha256";
/// The tenant of the caller.
pub const TENANT: &str = "sluicegate.tenant";
/// Which server it was forwarded to.
pub const UPSTREAM: &str = "sluicegate.upstream";
/// How the server took it.
pub const COURSE: &str = "sluicegate.course";

/// The event of a decision.
pub const DECISION_EVENT: &str = "sluicegate.decision";
/// The event of something found that a redaction rule looks for.
pub const FINDING_EVENT: &str = "sluicegate.finding";
/// The event of tokens that the client sent.
pub const RESTORE_EVENT: &str = "sluicegate.restore";
/// The event of a breaker that changed its state.
pub const BREAKER_EVENT: &str = "sluicegate.breaker";
/// The event of a candidate that says something else.
pub const CANDIDATE_EVENT: &str = "sluicegate.candidate";

/// What the rules said.
pub const VERDICT: &str = "sluicegate.verdict";
/// What was done.
pub const ACTION: &str = "sluicegate.action";
/// Whether decisions took effect.
pub const MODE: &str = "sluicegate.mode";
/// Why.
pub const REASON: &str = "sluicegate.reason";
/// The rule or limit that decided.
pub const RULE: &str = "sluicegate.rule";
/// Which half of the exchange decided.
pub const PHASE: &str = "sluicegate.phase";
/// What was found.
pub const DETECTOR: &str = "sluicegate.detector";
/// In what: arguments or results.
pub const DIRECTION: &str = "sluicegate.direction";
/// How often.
pub const COUNT: &str = "sluicegate.count";
/// What came of it.
pub const RESULT: &str = "sluicegate.result";
/// The state before.
pub const FROM: &str = "sluicegate.from";
/// The state after.
pub const TO: &str = "sluicegate.to";

/// The operation of a call of a tool.
pub const EXECUTE_TOOL: &str = "execute_tool";
/// The error of a result with `isError: true`.
pub const TOOL_ERROR: &str = "tool_error";
/// The error of an answer that did not come in time.
pub const TIMEOUT: &str = "timeout";
/// What is not of a closed list.
pub const OTHER: &str = "_OTHER";
/// The name of a span of a line that is no message.
pub const LINE: &str = "message";

/// Whether a JSON-RPC error says that the caller asked for what cannot be done: on the side of the server that is no
/// error. Source: `rpc.response.status_code` of MCP servers.
pub fn is_of_the_caller(code: i64) -> bool {
    matches!(code, -32_700 | -32_600 | -32_601 | -32_602 | -32_002)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_to_the_conventions() {
        let conventions = [
            MCP_METHOD_NAME,
            MCP_PROTOCOL_VERSION,
            GEN_AI_OPERATION_NAME,
            GEN_AI_TOOL_NAME,
            JSONRPC_REQUEST_ID,
            RPC_RESPONSE_STATUS_CODE,
            ERROR_TYPE,
            NETWORK_TRANSPORT,
            NETWORK_PROTOCOL_NAME,
            NETWORK_PROTOCOL_VERSION,
            HTTP_REQUEST_METHOD,
            HTTP_RESPONSE_STATUS_CODE,
            EXECUTE_TOOL,
            TOOL_ERROR,
            OTHER,
        ];
        let wanted = "mcp.method.name mcp.protocol.version gen_ai.operation.name gen_ai.tool.name jsonrpc.request.id \
                      rpc.response.status_code error.type network.transport network.protocol.name \
                      network.protocol.version http.request.method http.response.status_code execute_tool tool_error \
                      _OTHER";
        assert_eq!(conventions.join(" "), wanted);
        let ours = [
            SERVER,
            POLICY,
            TENANT,
            UPSTREAM,
            COURSE,
            DECISION_EVENT,
            FINDING_EVENT,
            RESTORE_EVENT,
            BREAKER_EVENT,
            CANDIDATE_EVENT,
            VERDICT,
            ACTION,
            MODE,
            REASON,
            RULE,
            PHASE,
            DETECTOR,
            DIRECTION,
            COUNT,
            RESULT,
            FROM,
            TO,
        ];
        let distinct: std::collections::BTreeSet<&str> = ours.into_iter().collect();
        assert!(distinct.len() == ours.len() && ours.iter().all(|name| name.starts_with("sluicegate.")));
        for (code, wanted) in [
            (-32_700, true),
            (-32_002, true),
            (-32_603, false),
            (-32_000, false),
            (-31_001, false),
            (1, false),
        ] {
            assert_eq!(is_of_the_caller(code), wanted, "{code}");
        }
    }
}
