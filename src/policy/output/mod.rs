//! What a tool gives: its pinned `outputSchema`, for results that redaction has to write in.
//!
//! **Why.** Clients validate structured results and fail a call whose result does not fit, so what redaction
//! writes there must be something that the schema allows.
//!
//! **How.** When a bundle is compiled, each pinned schema becomes [`Molds`], which tell what may stand at a
//! place, and a validator for what only a look at the whole can tell. `format` is asserted, as clients on
//! TypeScript do. A tool whose definition is not pinned has neither, and its results are redacted by type alone.
//!
//! **What it is not.** No check of the server: what does not fit before it is redacted, is not judged here.
//!
//! Source: JSON Schema 2020-12; MCP 2026-07-28, `Tool.outputSchema`.

mod read;

use super::arguments::{Formats, Schema};
use super::snapshot::{Policy, Tool};
use crate::bounds::FIT_CHECK_BYTES_MAX;
use crate::json::Value;
use crate::scan::fit::{Fitting, Molds};
use crate::scan::{Desk, Direction, Sighting};

/// What the structured results of a tool must be like.
#[derive(Debug, Clone)]
pub(super) struct OutputSchema {
    molds: Molds,
    /// `None` where the validator does not understand it all.
    whole: Option<Schema>,
}

impl Policy {
    /// Scans the result of a call of `tool`; what is written into its structured part fits the schema that was
    /// pinned for the tool, or the answer is blocked.
    pub fn scan_result(&self, desk: &Desk<'_>, tool: &str, result: Value<'_>) -> (Sighting, Fitting) {
        let output = self.tool(tool).and_then(|tool| tool.output.as_ref());
        match output {
            Some(output) => {
                self.redaction.scan_fitted(desk, result, &output.molds, &|json| output.is_met(json))
            }
            None => (self.redaction.scan_at(desk, Direction::Results, result), Fitting::default()),
        }
    }
}

impl Tool {
    /// What was pinned of the tool's results.
    pub(super) fn pinned_output(&self) -> Option<OutputSchema> {
        Some(OutputSchema::parse(self.definition.as_ref()?.output_schema.as_deref()?))
    }
}

impl OutputSchema {
    /// Reads a pinned schema.
    pub fn parse(json: &str) -> Self {
        let source = serde_json::from_str(json).ok();
        let whole = source.and_then(|source| Schema::compile(source, Formats::Assert).ok());
        Self { molds: read::molds(json), whole }
    }

    /// Whether a structured result is valid; `None` where that cannot be said in bounded time.
    fn is_met(&self, json: &str) -> Option<bool> {
        self.whole.as_ref().filter(|_| json.len() <= FIT_CHECK_BYTES_MAX)?.is_met(json)
    }
}

#[cfg(test)]
mod tests;
