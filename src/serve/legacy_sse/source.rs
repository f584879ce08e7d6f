//! The server's stream, up to the event that says where to post.

use http_body_util::BodyExt;

use super::super::bare::Answer;
use super::super::house::House;
use crate::gate::{Denial, Stray};
use crate::mcp::Endpoint;
use crate::mcp::endpoint::Base;
use crate::mcp::sse::Decoder;

/// The server's stream, and what has arrived of its next event.
pub struct Source {
    incoming: Answer,
    pub decoder: Decoder,
}

/// What a wait on the server brought.
pub enum News {
    /// More bytes; they are with the decoder.
    Chunk,
    /// The end, in good order.
    End,
    /// The end, in mid-stream.
    Fault,
}

impl Source {
    /// The stream whose body is `incoming`.
    pub fn new(incoming: Answer) -> Self {
        Self { incoming, decoder: Decoder::new() }
    }

    /// Waits for more, and loses nothing when the wait is given up.
    pub async fn news(&mut self) -> News {
        match self.incoming.frame().await {
            None => News::End,
            Some(Err(_)) => News::Fault,
            Some(Ok(frame)) => {
                // Trailers say nothing to a client of events.
                self.decoder.push(&frame.into_data().unwrap_or_default());
                News::Chunk
            }
        }
    }

    /// Waits for the `endpoint` event, which comes first; messages before it are for nobody.
    ///
    /// # Errors
    /// The server's fault: it may not be followed, or there is none.
    pub async fn endpoint(&mut self, house: &House, base: &Base) -> Result<Endpoint, Denial> {
        loop {
            while let Some(event) = self.decoder.next_event().map_err(|_| too_long())? {
                if event.event == Some(ENDPOINT) {
                    let said = event.data.and_then(|data| std::str::from_utf8(data).ok());
                    return Endpoint::resolve(base, said.unwrap_or_default()).map_err(|fault| {
                        Denial::AnswerWithheld(format!("the server's endpoint {fault}").into())
                    });
                }
                if event.message().is_some() {
                    house.metrics.strayed(Stray::EndpointOrder);
                }
            }
            match self.news().await {
                News::Chunk => {}
                News::End | News::Fault => {
                    return Err(Denial::Unreachable("the stream ended before its endpoint event".into()));
                }
            }
        }
    }
}

/// The name of the event that says where to post.
pub const ENDPOINT: &str = "endpoint";

/// The refusal for an event beyond its bound.
pub fn too_long() -> Denial {
    Denial::AnswerWithheld("an event larger than 4 MiB".into())
}
