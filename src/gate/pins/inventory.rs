//! The gate's question for the list, in the name and the session of a caller whose call waits for it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::super::ticket::Passage;
use super::super::{Branch, Gate, Record, Ticket, calls};
use crate::identity::Caller;
use crate::json::{Document, Kind, quote, unmarked};
use crate::mcp::claims::{CAPABILITIES_KEY, VERSION_KEY};
use crate::mcp::{Era, Id, Method, Revision, Speech};
use crate::names::Now;
use crate::policy::Policy;

/// All tools of a server, as somebody was shown them.
#[derive(Debug)]
pub struct Inventory<'t> {
    /// Each as the JSON that came.
    pub tools: &'t [String],
    pub(super) by: Whose<'t>,
}

/// Who was shown an inventory.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'t> {
    Caller(&'t Caller),
    Child(u64),
    Own,
}

/// In whose place the gate asks for a list: what a request says of its client, and nothing that is the request's own.
///
/// Session, revision, client and credential are those of the caller, so that the server has nothing to tell the
/// question from one of the caller by.
#[derive(Debug, Clone)]
pub struct Standpoint {
    caller: Option<Arc<Caller>>,
    peer: Option<SocketAddr>,
    revision: Option<Revision>,
    branch: Branch,
    session: Option<calls::Key>,
    speech: Option<Speech>,
    subject: Option<[u8; 32]>,
    claims: HeaderMap,
    /// `_meta` of a modern request, as JSON.
    meta: Option<String>,
}

/// Why a page is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageFault {
    /// It is no answer to the question: another message, which belongs to somebody else.
    Foreign,
    /// It cannot be read, or is an error.
    Unreadable,
    /// The server has no lists.
    Unlisted,
}

impl Standpoint {
    /// That of the caller of a request that has not been sent yet.
    pub fn of(request: &Ticket) -> Self {
        let Ticket { record, passage, .. } = request;
        let mut claims = passage.claims.clone();
        let names: Vec<_> =
            claims.keys().filter(|name| name.as_str().starts_with("mcp-param-")).cloned().collect();
        names.iter().for_each(|name| drop(claims.remove(name)));
        claims.remove("mcp-name");
        let is_modern = request.era() == Some(Era::Modern);
        if is_modern {
            claims.insert("mcp-method", HeaderValue::from_static(Method::ToolsList.as_str()));
        }
        Self {
            caller: record.caller.clone(),
            peer: record.peer,
            revision: record.revision,
            branch: record.branch,
            session: passage.session,
            speech: passage.speech,
            subject: passage.subject,
            claims,
            meta: is_modern.then(|| meta(&passage.body)),
        }
    }

    /// Whether a request is of the same caller, in the same words.
    pub fn is_of(&self, request: &Ticket) -> bool {
        let record = &request.record;
        let is_same = match (&self.caller, &record.caller) {
            (Some(known), Some(caller)) => Arc::ptr_eq(known, caller),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        is_same && self.revision == record.revision && self.session == request.passage.session
    }
}

impl<'t> Inventory<'t> {
    /// As the gate itself was shown them.
    pub fn own(tools: &'t [String]) -> Self {
        Self { tools, by: Whose::Own }
    }

    /// As the caller of a ticket was.
    pub fn of(ticket: &'t Ticket, tools: &'t [String]) -> Self {
        Self { tools, by: ticket.record.caller.as_deref().map_or(Whose::Own, Whose::Caller) }
    }
}

impl Gate {
    /// A ticket for one page of the list, asked for from `standpoint` under an id, with a cursor after the first.
    pub fn inventory(
        &self,
        policy: &Arc<Policy>,
        standpoint: &Standpoint,
        (id, cursor): (&str, Option<&str>),
        now: Now,
    ) -> Ticket {
        let from = standpoint;
        let mut record = Record::of_an_inventory(now.unix_ms, policy, (from.caller.clone(), from.peer));
        (record.revision, record.branch) = (from.revision, from.branch);
        let mut members = Vec::new();
        if let Some(cursor) = cursor {
            members.push(format!("\"cursor\":{}", quote(cursor)));
        }
        if let Some(meta) = &from.meta {
            members.push(format!("\"_meta\":{meta}"));
        }
        let id = quote(id);
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{{}}}}}"#,
            members.join(",")
        );
        let number = Document::parse(id.as_bytes()).ok();
        record.request_id = number.and_then(|document| Id::read(document.root()).ok());
        let passage = Passage {
            body: body.into(),
            claims: from.claims.clone(),
            session: from.session,
            speech: from.speech,
            subject: from.subject,
            timeout: Some(crate::bounds::PIN_CHECK_WAIT),
            ..Passage::empty()
        };
        Ticket::open(record, passage, &self.tally)
    }

    /// Reads a page that answers `question` into `tools`; the cursor of the next one, if there is one.
    ///
    /// # Errors
    /// [`PageFault`].
    pub fn read_page(
        &self,
        question: &Ticket,
        body: &Bytes,
        tools: &mut Vec<String>,
    ) -> Result<Option<String>, PageFault> {
        let document = Document::parse(unmarked(body)).map_err(|_| PageFault::Unreadable)?;
        let message = document.root();
        let id = message.get("id").and_then(|id| Id::read(id).ok());
        if message.get("method").is_some() || id != question.record.request_id {
            return Err(PageFault::Foreign);
        }
        if let Some(error) = message.get("error") {
            let code = error.get("code").and_then(|code| code.integer());
            return Err(if code == Some(NO_METHOD) { PageFault::Unlisted } else { PageFault::Unreadable });
        }
        let result = message.get("result").ok_or(PageFault::Unreadable)?;
        let list = result.get("tools").filter(|list| list.kind() == Kind::Array);
        tools.extend(list.ok_or(PageFault::Unreadable)?.elements().map(|tool| tool.raw().to_owned()));
        match result.get("nextCursor").filter(|cursor| cursor.kind() != Kind::Null) {
            None => Ok(None),
            Some(cursor) => Ok(Some(cursor.string().ok_or(PageFault::Unreadable)?.into_owned())),
        }
    }
}

/// JSON-RPC's code for a method that is not there. Source: JSON-RPC 2.0, 5.1.
const NO_METHOD: i64 = -32_601;

/// What a modern call says of its client, and nothing that belongs to the call alone.
fn meta(body: &Bytes) -> String {
    let Ok(document) = Document::parse(body) else { return "{}".to_owned() };
    let meta = document.root().get("params").and_then(|params| params.get("_meta"));
    let keys = [VERSION_KEY, CAPABILITIES_KEY, "io.modelcontextprotocol/clientInfo"];
    let member = |key: &&str| Some(format!("{}:{}", quote(key), meta?.get(key)?.raw()));
    let members: Vec<String> = keys.iter().filter_map(member).collect();
    format!("{{{}}}", members.join(","))
}
