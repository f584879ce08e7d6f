//! Questions of the gate itself in the conversation of a client: posted like what that posts, answered on its stream.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::oneshot;

use super::super::journey::Journey;
use super::super::waits::Waits;
use super::speech::deliver;
use super::{Pair, lock};
use crate::gate::Denial;
use crate::mcp::Id;

/// The questions that wait for an answer on one stream.
#[derive(Default)]
pub(super) struct Questions(Mutex<HashMap<Id, oneshot::Sender<Bytes>>>);

/// The place of a question, which is given up with it.
struct Place<'q> {
    questions: &'q Questions,
    id: Id,
}

impl Questions {
    fn enter(&self, id: Id) -> (Place<'_>, oneshot::Receiver<Bytes>) {
        let (tell, answer) = oneshot::channel();
        lock(&self.0).insert(id.clone(), tell);
        (Place { questions: self, id }, answer)
    }

    /// Hands an answer to whoever waits for it; whether somebody did.
    pub(super) fn answer(&self, id: &Id, body: &Bytes) -> bool {
        let Some(asked) = lock(&self.0).remove(id) else { return false };
        // Who has given up since then wants it no more, and nobody else gets it.
        let _ = asked.send(body.clone());
        true
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// Tells everybody who waits that there will be no answer.
    pub(super) fn end(&self) {
        lock(&self.0).clear();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.questions.0).remove(&self.id);
    }
}

impl Pair {
    /// Asks the server, and waits for what it says on the stream; for how long is for the caller to say.
    ///
    /// # Errors
    /// It was not reached, did not take the question, or ended the stream.
    pub async fn ask(&self, question: &mut Journey, headers: &HeaderMap) -> Result<Bytes, Denial> {
        let house = std::sync::Arc::clone(question.house());
        let id = question.ticket().record().request_id.clone();
        let id = id.ok_or_else(|| Denial::Internal("a question without an id".into()))?;
        // Before it is sent: the answer may be faster than the server's 202.
        let (_place, answer) = self.questions.enter(id);
        let ended = || Denial::Unreachable("the stream ended before the answer".into());
        if self.words.is_closed() {
            return Err(ended());
        }
        let waits = Waits::of(question.ticket().policy());
        let posted = house.upstream.post(question.ticket(), &self.endpoint, headers, waits);
        deliver(&house, posted, waits).await?;
        answer.await.map_err(|_| ended())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn id(text: &str) -> Id {
        Id::read(Document::parse(text.as_bytes()).expect("JSON").root()).expect("an id")
    }

    #[tokio::test]
    async fn an_answer_goes_to_its_question_once() {
        let questions = Questions::default();
        let (place, answer) = questions.enter(id("\"a\""));
        assert!(!questions.answer(&id("\"b\""), &Bytes::from_static(b"{}")) && !questions.is_empty());
        assert!(questions.answer(&id("\"a\""), &Bytes::from_static(b"{}")));
        assert_eq!(answer.await.expect("an answer"), "{}");
        assert!(!questions.answer(&id("\"a\""), &Bytes::new()), "it was answered");
        drop(place);
        let (place, answer) = questions.enter(id("7"));
        questions.end();
        assert!(answer.await.is_err(), "the stream has ended");
        drop(place);
        let (place, _answer) = questions.enter(id("8"));
        drop(place);
        assert!(questions.is_empty(), "who gives up leaves nothing");
    }
}
