//! Who chooses a tool for what a user asks.

use serde_json::Value;

use super::ModelOptions;
use super::command::Command;
use super::embeddings::{Blend, Embeddings};
use super::endpoint::Endpoint;
use crate::cli::opening::Fault;
use crate::lint::{Listing, Ranking};

/// Who chooses.
pub(super) enum Chooser<'e> {
    /// The words of request and descriptions.
    Baseline(Ranking),
    /// Those words, and the vectors of an embedding model.
    Blend(Blend<'e>),
    /// A program.
    Command(Command),
    /// A model behind an endpoint.
    Endpoint(Endpoint),
}

/// What was chosen for one question.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Pick {
    /// The tool; none where none was called.
    pub tool: Option<String>,
    /// With which arguments, where the chooser gives any.
    pub arguments: Option<Value>,
    /// Tokens of the question.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

impl<'e> Chooser<'e> {
    /// Makes the chooser that the options name, for the tools of a list.
    ///
    /// # Errors
    /// What is wrong with the options.
    pub async fn new(
        options: &ModelOptions,
        embeddings: Option<&'e Embeddings>,
        listing: &Listing,
    ) -> Result<Self, Fault> {
        if let Some(embeddings) = embeddings {
            return Blend::new(embeddings, listing, options.embeddings_floor).await.map(Self::Blend);
        }
        if options.endpoint.is_some() {
            return Endpoint::new(options, listing).map(Self::Endpoint);
        }
        if let Some(words) = &options.chooser {
            return Command::new(words, options.answer_timeout, listing).map(Self::Command);
        }
        Ok(Self::Baseline(Ranking::new(listing)))
    }

    /// Asks for one choice.
    ///
    /// # Errors
    /// Why there is none, for people: then nothing is known of the case.
    pub async fn choose(&self, ask: &str) -> Result<Pick, String> {
        match self {
            Self::Baseline(ranking) => {
                let best = ranking.rank(ask).into_iter().next().filter(|best| best.score > 0.0);
                Ok(Pick { tool: best.map(|best| best.tool), ..Pick::default() })
            }
            Self::Blend(blend) => Ok(Pick { tool: blend.choose(ask).await?, ..Pick::default() }),
            Self::Command(command) => command.choose(ask).await,
            Self::Endpoint(endpoint) => endpoint.choose(ask).await,
        }
    }
}
