//! A model behind an endpoint, in OpenAI's or Anthropic's form.

use super::chooser::Pick;
use super::link::Link;
use super::wire::{self, Tools};
use super::{Api, ModelOptions};
use crate::cli::opening::Fault;
use crate::lint::Listing;

/// The version of Anthropic's form.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// A model, and what it is asked with.
pub(super) struct Endpoint {
    link: Link,
    api: Api,
    model: String,
    tools: Tools,
    instructions: Option<String>,
}

impl Endpoint {
    /// Makes a client for the endpoint that the options name.
    pub fn new(options: &ModelOptions, listing: &Listing) -> Result<Self, Fault> {
        let path = match options.api {
            Api::Anthropic => "/v1/messages",
            Api::Openai => "/v1/chat/completions",
        };
        Ok(Self {
            link: Link::new(options.endpoint.as_deref().unwrap_or_default(), path, options)?,
            api: options.api,
            model: options.model.clone().unwrap_or_default(),
            tools: Tools::new(listing, options.api),
            instructions: wire::instructions(listing),
        })
    }

    /// Asks the model.
    pub async fn choose(&self, ask: &str) -> Result<Pick, String> {
        let question = self.tools.question(self.api, &self.model, self.instructions.as_deref(), ask);
        let headers: &[(&'static str, Option<&str>)] = match self.api {
            Api::Anthropic => &[("x-api-key", None), ("anthropic-version", Some(ANTHROPIC_VERSION))],
            Api::Openai => &[],
        };
        let answer = self.link.ask(headers, &question.to_string()).await?;
        self.tools.answer(self.api, &answer)
    }
}
