//! The parsers that strangers speak to: one table for the fuzzer and for the test that replays its seeds.

/// Every parser, by the folder of its seeds in `fuzz/corpus`.
pub const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("call", sluicegate::mcp::call::fuzz_call),
    ("claims", sluicegate::mcp::claims::fuzz_claims),
    ("envelope", sluicegate::mcp::envelope::fuzz_envelope),
    ("id", sluicegate::mcp::fuzz_id),
    ("identity", sluicegate::identity::fuzz_identity),
    ("json", sluicegate::json::fuzz_json),
    ("lines", sluicegate::mcp::lines::fuzz_lines),
    ("mirror", sluicegate::mcp::fuzz_mirror),
    ("near", sluicegate::mcp::fuzz_near),
    ("policy", sluicegate::policy::fuzz_policy),
    ("scan", sluicegate::scan::fuzz_scan),
    ("splice", sluicegate::json::fuzz_splice),
    ("sse", sluicegate::mcp::sse::fuzz_sse),
];
