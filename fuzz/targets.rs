//! The parsers that strangers speak to: one table for the fuzzer and for the test that replays its seeds.

use std::sync::LazyLock;

use sluicegate::scan::Trials;

/// Plans of every detector: making them takes longer than most scans.
static TRIALS: LazyLock<Trials> = LazyLock::new(Trials::default);

fn scan(bytes: &[u8]) {
    TRIALS.run(bytes);
}

/// One parser.
#[derive(Debug, Clone, Copy)]
pub struct Target(
    /// The folder of its seeds in `fuzz/corpus`.
    pub &'static str,
    /// Panics only when an invariant is broken.
    pub fn(&[u8]),
);

/// Every parser.
pub const TARGETS: &[Target] = &[
    Target("arguments", sluicegate::policy::fuzz_arguments),
    Target("baggage", sluicegate::mcp::baggage::fuzz_baggage),
    Target("call", sluicegate::mcp::call::fuzz_call),
    Target("claims", sluicegate::mcp::claims::fuzz_claims),
    Target("coding", sluicegate::serve::fuzz_coding),
    Target("endpoint", sluicegate::mcp::fuzz_endpoint),
    Target("envelope", sluicegate::mcp::envelope::fuzz_envelope),
    Target("framing", sluicegate::serve::fuzz_framing),
    Target("grant", sluicegate::store::fuzz_grant),
    Target("id", sluicegate::mcp::fuzz_id),
    Target("identity", sluicegate::identity::fuzz_identity),
    Target("input", sluicegate::policy::fuzz_input),
    Target("json", sluicegate::json::fuzz_json),
    Target("lines", sluicegate::mcp::lines::fuzz_lines),
    Target("mirror", sluicegate::mcp::fuzz_mirror),
    Target("near", sluicegate::mcp::fuzz_near),
    Target("policy", sluicegate::policy::fuzz_policy),
    Target("scan", scan),
    Target("seal", sluicegate::gate::fuzz_seal),
    Target("splice", sluicegate::json::fuzz_splice),
    Target("sse", sluicegate::mcp::sse::fuzz_sse),
    Target("trace_context", sluicegate::mcp::trace_context::fuzz_trace_context),
    Target("trial", sluicegate::trial::fuzz_trial),
];
