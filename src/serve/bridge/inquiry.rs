//! Questions of the gate itself to a child that runs for somebody, in that one's session.
//!
//! **Why.** What a child says of its tools is what its caller's model reads and its calls reach; a child of the gate's
//! own would say what it says to the gate. **How.** A question goes between those of the client, under a number of its
//! own, and its answer comes back here. It does not count as a sign of life of the client: a session that idles goes
//! on idling. **What it is not.** For a child that has not been told `notifications/initialized`, which may answer
//! nothing else before.

use std::sync::Arc;

use super::answer::Next;
use super::calls::{Asker, Era};
use super::endpoint::{Terms, send};
use super::frame::{Frame, Shape};
use super::process::Process;
use super::{Bridge, answer::Leave};
use crate::json::Document;

/// A child that can be asked.
#[derive(Debug, Clone)]
pub struct Running(Arc<Process>);

impl Bridge {
    /// The children that run and can be asked.
    pub fn running(&self) -> Vec<Running> {
        let children = self.children();
        let all = children.sessions.values().chain(children.shared.values());
        let ready = all.filter(|child| child.is_running() && child.is_ready());
        ready.map(|child| Running(Arc::clone(child))).collect()
    }

    /// How many children have ended whose callers get another one without a word.
    pub fn renewals(&self) -> u64 {
        self.restarts.renewals()
    }
}

impl Running {
    /// Its number: no other child of this process has or had it.
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// Whether it is spoken to in the modern era, in which every request says all about itself.
    pub fn is_modern(&self) -> bool {
        self.0.calls.era() == Era::Modern
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Asks, and waits for the answer, for as long as the caller likes.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub async fn ask(&self, body: &str) -> Result<Vec<u8>, &'static str> {
        let unfit = "the question is no request";
        let document = Document::parse(body.as_bytes()).map_err(|_| unfit)?;
        let frame = Frame::read(&document).ok_or(unfit)?;
        let Shape::Request(_, id) = &frame.shape else { return Err(unfit) };
        let terms = Terms { asker: Asker::Gate, ..Terms::plain(Leave::Nothing) };
        let mut call = send(Arc::clone(&self.0), &frame, id, terms).await.map_err(|(_, text)| text)?;
        loop {
            match call.next().await {
                Next::Answer(line, _) => return Ok(line.to_vec()),
                // Whatever comes before it is said to nobody.
                Next::Event(_) => {}
                Next::Closed | Next::Late | Next::Lost => {
                    return Err("the server process ended, or said nothing");
                }
            }
        }
    }
}
