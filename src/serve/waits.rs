//! How long the server may take: what the policy says, and our own bounds where it is silent.

use std::time::Duration;

use crate::bounds::{UPSTREAM_ANSWER_MAX, UPSTREAM_CONNECT_MAX, UPSTREAM_IDLE_MAX};
use crate::policy::Policy;

/// How long to wait for the server.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// For a connection.
    pub connect: Duration,
    /// For the head of an answer, where the tool has no time of its own, and for a body to be whole.
    pub answer: Duration,
    /// How long a connection may lie unused.
    pub idle: Duration,
    /// For the head of an answer, where something of its time is gone already.
    pub head: Option<Duration>,
}

impl Waits {
    /// What the policy in force says, and our own bounds where it is silent.
    pub fn of(policy: &Policy) -> Self {
        let plan = &policy.upstream;
        Self {
            connect: plan.connect_timeout.unwrap_or(UPSTREAM_CONNECT_MAX),
            answer: plan.timeout.unwrap_or(UPSTREAM_ANSWER_MAX),
            idle: plan.idle.unwrap_or(UPSTREAM_IDLE_MAX),
            head: None,
        }
    }
}
