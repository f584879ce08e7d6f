//! Asking a server itself what it offers: every page of its list of tools, as it says it.
//!
//! **Why.** What is to be approved must be what the server says, to the letter. So the raw JSON of each
//! tool is handed out, and no model of the protocol stands in between that would drop or mend anything.
//!
//! ```text
//!  inquire -> Line (http: a POST for each question; events: the same, and one stream for all answers;
//!               |    pipe: a child of our own; own: a child of somebody, already talked to)
//!               |  server/discover, else initialize + initialized
//!               |  tools/list, until no cursor is left
//!               v
//!             Offer { server, tools as JSON }
//! ```
//!
//! **How long.** Everything together has one deadline, and bounds on pages, bytes and tools; a cursor that
//! comes twice ends it, for such a list has no end.
//!
//! **What it is not.** It passes no gate, for nothing is called; it follows no redirect, and
//! answers nothing that the server asks in return but that it cannot.
//!
//! Source: MCP 2026-07-28, `server/discover` and pagination; 2025-11-25, lifecycle.

mod events;
mod http;
mod own;
mod pipe;
mod speech;

use std::collections::HashSet;
use std::time::Duration;

use ::http::HeaderMap;

use self::speech::{Reply, Request, Talk};
use super::bridge::Running;
use super::child::Child;
use super::target::Target;
use crate::bounds::{INQUIRY_BYTES_MAX, INQUIRY_PAGES_MAX, POLICY_TOOLS_MAX};
use crate::json::Document;
use crate::policy::visible;

/// Whom to ask.
#[derive(Debug)]
pub enum Asked {
    /// A server that is started for it, spoken to through pipes, and ended afterwards.
    Child(Child),
    /// A server that is there, over HTTP+SSE of 2024-11-05.
    EventStream {
        /// Where its stream is.
        target: Target,
        /// What is sent along with each request, such as `Authorization`.
        headers: HeaderMap,
    },
    /// A server that is there, over Streamable HTTP.
    Network {
        /// Where it is.
        target: Target,
        /// What is sent along with each request, such as `Authorization`.
        headers: HeaderMap,
    },
    /// A process of a server that runs for somebody, in whose session it is asked.
    Running(Running),
}

/// What a server offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// What it calls itself, if it does: its name, and its version.
    pub server: Option<(String, Option<String>)>,
    /// What it says for the prompt of a model.
    pub instructions: Option<String>,
    /// Its tools in the order of its pages, each as the JSON text that came. Nothing is checked but that
    /// it is strict JSON.
    pub tools: Vec<String>,
}

/// Why a server could not be asked to the end.
#[derive(Debug, thiserror::Error)]
pub enum InquiryFault {
    /// It wants to know who asks.
    #[error("the server wants credentials (HTTP {0}); give it a header with --header-file FILE")]
    Credentials(u16),
    /// Its list has no end.
    #[error("the server gives the same cursor twice, so its list of tools has no end")]
    CursorLoop,
    /// It took too long.
    #[error("the server took more than {} s; --timeout TIME gives it longer", .0.as_secs_f32())]
    Deadline(Duration),
    /// The child ended, or closed its output; what it wrote to standard error last.
    #[error("the server ended before it had answered{}", said(.0))]
    Ended(String),
    /// Its answer cannot be read.
    #[error("the server's answer to `{method}` {what}")]
    Malformed {
        /// The question.
        method: &'static str,
        /// What is wrong with the answer.
        what: String,
    },
    /// It says no.
    #[error("the server refuses `{method}`: {message} ({code})")]
    Refused {
        /// The question.
        method: &'static str,
        /// The JSON-RPC code.
        code: i64,
        /// Its words, one line.
        message: String,
    },
    /// It cannot be started.
    #[error("cannot start the server: {0}")]
    Start(std::io::Error),
    /// It answers with a status that is none of Streamable HTTP.
    #[error("the server answers `{method}` with HTTP {status}{}", said(.text))]
    Status {
        /// The question.
        method: &'static str,
        /// The HTTP status.
        status: u16,
        /// The beginning of the body, or where it points to.
        text: String,
    },
    /// It says more than the bounds allow.
    #[error("the server offers more than {0}")]
    TooMuch(&'static str),
    /// It cannot be reached, or breaks off.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
}

fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("; it said: {text}") }
}

/// Asks a server for all its tools, within `wait`.
///
/// Speaks 2026-07-28 with a server that knows it, and 2025-11-25 or what it negotiates otherwise. Nothing
/// is left behind: a child is ended, a session given back.
///
/// # Errors
/// [`InquiryFault`]: the server's, or of whoever said where it is.
pub async fn inquire(asked: Asked, wait: Duration) -> Result<Offer, InquiryFault> {
    let mut line = match asked {
        Asked::Child(child) => Line::Pipe(Box::new(pipe::Pipe::start(child)?)),
        Asked::EventStream { target, headers } => {
            Line::Events(Box::new(events::Events::new(&target, headers)))
        }
        Asked::Network { target, headers } => Line::Http(Box::new(http::Http::new(&target, headers))),
        Asked::Running(child) => Line::Own(own::Own::new(child)),
    };
    let offer = tokio::time::timeout(wait, Box::pin(ask(&mut line))).await;
    match line {
        // The stream is the session, and ends with this; a session of somebody else is not ours to end.
        Line::Events(_) | Line::Own(_) => {}
        Line::Http(http) => http.close().await,
        Line::Pipe(pipe) => pipe.close().await,
    }
    offer.unwrap_or(Err(InquiryFault::Deadline(wait)))
}

/// The way to a server.
enum Line {
    Events(Box<events::Events>),
    Http(Box<http::Http>),
    Own(own::Own),
    Pipe(Box<pipe::Pipe>),
}

impl Line {
    async fn open(&mut self) -> Result<Talk, InquiryFault> {
        match self {
            Self::Events(events) => events.open().await,
            Self::Http(http) => http.open().await,
            Self::Own(own) => Ok(own.talk()),
            Self::Pipe(pipe) => pipe.open().await,
        }
    }

    async fn ask(&mut self, request: &Request) -> Result<Reply, InquiryFault> {
        match self {
            Self::Events(events) => events.ask(request).await,
            Self::Http(http) => http.ask(request).await,
            Self::Own(own) => own.ask(request).await,
            Self::Pipe(pipe) => pipe.ask(request).await,
        }
    }
}

async fn ask(line: &mut Line) -> Result<Offer, InquiryFault> {
    let talk = line.open().await?;
    let mut offer =
        Offer { server: talk.server.clone(), instructions: talk.instructions.clone(), tools: Vec::new() };
    if !talk.has_tools {
        return Ok(offer);
    }
    let (mut cursor, mut cursors, mut bytes) = (None, HashSet::new(), 0);
    for page in 0..INQUIRY_PAGES_MAX {
        let id = FIRST_PAGE + i64::try_from(page).unwrap_or(0);
        let text = line.ask(&Request::page(&talk, id, cursor.as_deref())).await?.result(LIST)?;
        bytes += text.len();
        if bytes > INQUIRY_BYTES_MAX {
            return Err(InquiryFault::TooMuch(BYTES));
        }
        cursor = read_page(&text, &mut offer.tools)?;
        match &cursor {
            None => return Ok(offer),
            Some(cursor) if !cursors.insert(cursor.clone()) => return Err(InquiryFault::CursorLoop),
            Some(_) => {}
        }
    }
    Err(InquiryFault::TooMuch(PAGES))
}

/// The question for a page.
const LIST: &str = "tools/list";

/// Ids before it open the talk.
const FIRST_PAGE: i64 = 10;

const BYTES: &str = "16 MiB in its list of tools";
const PAGES: &str = "256 pages of tools";
const TOOLS: &str = "4096 tools";

/// Takes the tools of a page, and says which page comes next.
fn read_page(text: &str, tools: &mut Vec<String>) -> Result<Option<String>, InquiryFault> {
    let wrong = |what: &str| InquiryFault::Malformed { method: LIST, what: what.to_owned() };
    let document = Document::parse(text.as_bytes()).map_err(|fault| speech::unreadable(LIST, &fault))?;
    let page = document.root();
    if let Some(kind) = page.get("resultType").and_then(|kind| kind.string())
        && kind != "complete"
    {
        return Err(wrong(&format!("is `{}`, not `complete`", visible(&kind))));
    }
    let list = page.get("tools").filter(|list| list.kind() == crate::json::Kind::Array);
    for tool in list.ok_or_else(|| wrong("has no list `tools`"))?.elements() {
        if tools.len() == POLICY_TOOLS_MAX {
            return Err(InquiryFault::TooMuch(TOOLS));
        }
        tools.push(tool.raw().to_owned());
    }
    match page.get("nextCursor").filter(|cursor| cursor.kind() != crate::json::Kind::Null) {
        None => Ok(None),
        Some(cursor) => {
            let text = cursor.string().ok_or_else(|| wrong("has a `nextCursor` that is no text"))?;
            Ok(Some(text.into_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_bounds_as_they_are() {
        assert_eq!(BYTES, format!("{} MiB in its list of tools", INQUIRY_BYTES_MAX >> 20));
        assert_eq!(PAGES, format!("{INQUIRY_PAGES_MAX} pages of tools"));
        assert_eq!(TOOLS, format!("{POLICY_TOOLS_MAX} tools"));
    }

    #[test]
    fn takes_the_tools_of_a_page_as_they_are() {
        let mut tools = Vec::new();
        let page = r#"{"tools":[{"name":"a", "x":1.0},7],"nextCursor":"","resultType":"complete"}"#;
        assert_eq!(read_page(page, &mut tools).expect("a page"), Some(String::new()));
        assert_eq!(tools, [r#"{"name":"a", "x":1.0}"#, "7"]);
        assert_eq!(read_page(r#"{"tools":[],"nextCursor":null}"#, &mut tools).expect("a page"), None);
        let bad = [
            "{}",
            r#"{"tools":{}}"#,
            r#"{"tools":[],"nextCursor":1}"#,
            r#"{"tools":[],"resultType":"input_required"}"#,
            r#"{"tools":[{"a":1,"a":2}]}"#,
        ];
        for page in bad {
            let fault = read_page(page, &mut tools).expect_err("no page");
            assert!(matches!(fault, InquiryFault::Malformed { .. }), "{page}: {fault}");
        }
    }

    #[test]
    fn bounds_the_tools() {
        for (count, is_taken) in
            [(POLICY_TOOLS_MAX - 1, true), (POLICY_TOOLS_MAX, true), (POLICY_TOOLS_MAX + 1, false)]
        {
            let page = format!(r#"{{"tools":[{}]}}"#, vec!["1"; count].join(","));
            assert_eq!(read_page(&page, &mut Vec::new()).is_ok(), is_taken, "{count}");
        }
    }
}
