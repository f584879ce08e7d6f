//! How many names of a policy become label values, where the operator wants that.

/// Rules and limits with a series of their own in `sluicegate_rule_hits_total`, in the order of the policy; the others
/// share one. More than a person names.
pub const METRIC_RULES_MAX: usize = 200;

/// Tools with series of their own in `sluicegate_tool_calls_total`, in the order of the policy; the others share theirs.
/// Each has one for every action.
pub const METRIC_TOOLS_MAX: usize = 100;

/// One message in so many is measured stage by stage. A prime, so that no stage is left out of messages that have an
/// even number of them.
pub const STAGES_SAMPLED: u32 = 17;
