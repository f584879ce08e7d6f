//! The list before a call whose caller was not shown it of late.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body_util::BodyExt;

use super::{question_id, words};
use crate::bounds::{
    ANSWER_BYTES_MAX, INQUIRY_BYTES_MAX, INQUIRY_PAGES_MAX, PIN_CHECK_WAIT, POLICY_TOOLS_MAX,
};
use crate::gate::{Denial, Inventory, PageFault, Standpoint};
use crate::mcp::sse::Decoder;
use crate::names::Now;
use crate::report::{PinAsker, PinResult};
use crate::serve::bare::Answer;
use crate::serve::exchange::{Kind, kind};
use crate::serve::house::House;
use crate::serve::journey::Journey;
use crate::serve::legacy_sse::Pair;
use crate::serve::waits::Waits;
use crate::serve::{body, coding};

/// By what a question goes to the server, and its answer comes back.
#[derive(Clone, Copy)]
pub enum Road<'r> {
    /// The stream of HTTP+SSE that the caller has open, and its endpoint.
    Pair(&'r Pair),
    /// A POST of its own.
    Streamable,
}

/// Why a call does not go on.
#[derive(Debug)]
pub enum Halt {
    /// It may not.
    Denied(Denial),
    /// Its client has taken it back, and is owed no answer.
    TakenBack,
}

impl From<Denial> for Halt {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

/// Makes sure that the tool of a call is what was approved, where its caller was not shown the list of late; waits
/// `PIN_CHECK_WAIT` at most. `headers` are those of the request.
///
/// A server that has no lists at all says no other thing of its tools either, so its calls go on.
///
/// # Errors
/// [`Denial::Drifted`], or [`Denial::Unverified`] where the list could not be had: the call may not go on. Nor where
/// it was taken back while it was held.
pub async fn check(journey: &mut Journey, headers: &HeaderMap, road: Road<'_>) -> Result<(), Halt> {
    let house = Arc::clone(journey.house());
    house.note_restarts();
    if !house.gate.wants_inventory(journey.ticket(), house.clock.now()) {
        return Ok(());
    }
    house.gate.hold(journey.ticket());
    // Boxed: few calls come here, and all would carry it.
    let asking =
        Box::pin(tokio::time::timeout(PIN_CHECK_WAIT, ask_in_turn(&house, journey, (headers, road))));
    let asked = asking.await.unwrap_or_else(|_| Err(Denial::Unverified("no list in time".into())));
    if asked.is_err() {
        house.metrics.pins_checked(PinAsker::Caller, PinResult::Failed);
    }
    if !house.gate.let_go(journey.ticket()) {
        return Err(Halt::TakenBack);
    }
    asked?;
    let now = house.clock.now();
    Ok(house.gate.recheck(journey.ticket(), now)?)
}

async fn ask_in_turn(
    house: &Arc<House>,
    journey: &mut Journey,
    (headers, road): (&HeaderMap, Road<'_>),
) -> Result<(), Denial> {
    let caller = journey.ticket().caller_key();
    let _turn = house.pins.turns.turn(&caller).await;
    if !house.gate.wants_inventory(journey.ticket(), house.clock.now()) {
        return Ok(());
    }
    // What changes while it is asked may be missed by it.
    let asked_at = house.clock.now();
    let tools = pages(house, journey, (headers, road), asked_at).await?;
    let unlisted = tools.is_none();
    let tools = tools.unwrap_or_default();
    let policy = Arc::clone(journey.ticket().policy());
    if unlisted {
        house.gate.settle_unlisted(journey.ticket(), asked_at);
        house.metrics.pins_checked(PinAsker::Caller, PinResult::Unlisted);
        return Ok(());
    }
    let notices = house.gate.survey(&policy, &Inventory::of(journey.ticket(), &tools), asked_at);
    let notices = notices.ok_or_else(|| Denial::Unverified(words(PageFault::Unreadable).into()))?;
    house.tell_drifts(&policy, &notices);
    house.metrics.pins_checked(PinAsker::Caller, PinResult::of(&notices));
    Ok(())
}

/// All tools, page by page; `None` where the server has no list.
async fn pages(
    house: &Arc<House>,
    journey: &mut Journey,
    way: (&HeaderMap, Road<'_>),
    now: Now,
) -> Result<Option<Vec<String>>, Denial> {
    let (mut tools, mut cursor, mut cursors) = (Vec::new(), None, HashSet::new());
    let (policy, standpoint) = (Arc::clone(journey.ticket().policy()), Standpoint::of(journey.ticket()));
    for _ in 0..INQUIRY_PAGES_MAX {
        let asked = (&*question_id(), cursor.as_deref());
        let ticket = house.gate.inventory(&policy, &standpoint, asked, now);
        let mut question = Journey::begin(house, ticket, Instant::now(), Duration::ZERO);
        match page(house, &mut question, way, &mut tools).await {
            Ok(next) => {
                question.acknowledged();
                cursor = next;
            }
            Err(PageTrouble::Page(PageFault::Unlisted)) => {
                question.acknowledged();
                return Ok(None);
            }
            Err(trouble) => {
                let detail = trouble.detail();
                question.withhold(&Denial::AnswerWithheld(detail.clone().into()));
                return Err(Denial::Unverified(detail.into()));
            }
        }
        let bytes: usize = tools.iter().map(String::len).sum();
        if tools.len() > POLICY_TOOLS_MAX || bytes > INQUIRY_BYTES_MAX {
            return Err(Denial::Unverified("the server lists more than the bounds allow".into()));
        }
        match &cursor {
            None => return Ok(Some(tools)),
            Some(cursor) if !cursors.insert(cursor.clone()) => break,
            Some(_) => {}
        }
    }
    Err(Denial::Unverified("the server's list has no end".into()))
}

/// Why there is no page.
enum PageTrouble {
    Denial(Denial),
    Page(PageFault),
}

impl PageTrouble {
    fn detail(&self) -> String {
        match self {
            Self::Denial(denial) => denial.detail().unwrap_or_else(|| "the server did not answer".into()),
            Self::Page(fault) => words(*fault).to_owned(),
        }
    }
}

impl From<Denial> for PageTrouble {
    fn from(denial: Denial) -> Self {
        Self::Denial(denial)
    }
}

async fn page(
    house: &Arc<House>,
    question: &mut Journey,
    (headers, road): (&HeaderMap, Road<'_>),
    tools: &mut Vec<String>,
) -> Result<Option<String>, PageTrouble> {
    question.vouch().await?;
    question.forward();
    if let Road::Pair(pair) = road {
        let answer = pair.ask(question, headers).await?;
        return house.gate.read_page(question.ticket(), &answer, tools).map_err(PageTrouble::Page);
    }
    let waits = Waits::of(question.ticket().policy());
    let sent = house.upstream.send(question.ticket(), &Method::POST, headers, waits).await;
    let (answer, line) = sent.map_err(|trouble| trouble.denial)?;
    question.answered(answer.status());
    let policy = Arc::clone(question.ticket().policy());
    match kind(answer.headers(), answer.body(), policy.strict.answer_coding) {
        Kind::Events if answer.status().is_success() => events(house, question, answer, tools).await,
        Kind::Json => {
            let (head, incoming) = answer.into_parts();
            let read = body::read(incoming, ANSWER_BYTES_MAX, PIN_CHECK_WAIT).await;
            let read = read.map_err(|_| PageTrouble::Page(PageFault::Unreadable))?;
            line.give_back();
            let read = coding::unpack(&head.headers, &read, ANSWER_BYTES_MAX)
                .map_err(|_| PageTrouble::Page(PageFault::Unreadable))?;
            house.gate.read_page(question.ticket(), &read, tools).map_err(PageTrouble::Page)
        }
        Kind::Empty | Kind::Events | Kind::Foreign => Err(PageTrouble::Page(PageFault::Unreadable)),
    }
}

/// Reads a stream until the answer has come; whatever else is in it is nobody's.
async fn events(
    house: &Arc<House>,
    question: &mut Journey,
    answer: Response<Answer>,
    tools: &mut Vec<String>,
) -> Result<Option<String>, PageTrouble> {
    let unreadable = || PageTrouble::Page(PageFault::Unreadable);
    let (mut decoder, mut incoming, mut bytes) = (Decoder::default(), answer.into_body(), 0);
    while let Some(frame) = incoming.frame().await {
        let Ok(chunk) = frame.map_err(|_| unreadable())?.into_data() else { continue };
        bytes += chunk.len();
        if bytes > ANSWER_BYTES_MAX {
            return Err(unreadable());
        }
        decoder.push(&chunk);
        while let Some(event) = decoder.next_event().map_err(|_| unreadable())? {
            let Some(message) = event.message().map(Bytes::copy_from_slice) else { continue };
            match house.gate.read_page(question.ticket(), &message, tools) {
                Err(PageFault::Foreign) => {}
                read => return read.map_err(PageTrouble::Page),
            }
        }
    }
    Err(unreadable())
}
