//! A process of a server that runs for a caller of the gate, asked in that one's session.

use super::InquiryFault;
use super::speech::{Reply, Request, Talk};
use crate::mcp::Revision;
use crate::serve::bridge::Running;

/// The process.
pub(super) struct Own {
    child: Running,
}

impl Own {
    pub(super) fn new(child: Running) -> Self {
        Self { child }
    }

    /// How to go on: the talk was opened by somebody else.
    pub(super) fn talk(&self) -> Talk {
        let revision = if self.child.is_modern() { Revision::V2026_07_28 } else { Revision::V2025_11_25 };
        Talk { revision: revision.as_str().into(), server: None, instructions: None, has_tools: true }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply, InquiryFault> {
        let answer = self.child.ask(&request.body).await;
        let answer = answer.map_err(|text| InquiryFault::Unreachable(text.into()))?;
        let none = || InquiryFault::Malformed { method: request.method, what: "is no answer to it".into() };
        Reply::read(&answer, request)?.ok_or_else(none)
    }
}
