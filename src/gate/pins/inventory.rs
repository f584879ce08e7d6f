//! The gate's question for the list, in the name and the session of a caller whose call waits for it.

use bytes::Bytes;
use http::HeaderValue;

use super::super::ticket::Passage;
use super::super::{Gate, Record, Ticket};
use super::{Viewer, viewer};
use crate::json::{Document, Kind, quote, unmarked};
use crate::mcp::claims::{CAPABILITIES_KEY, VERSION_KEY};
use crate::mcp::{Era, Id, Method};

/// All tools of a server, as somebody was shown them.
#[derive(Debug)]
pub struct Inventory<'t> {
    /// Each as the JSON that came.
    pub tools: &'t [String],
    pub(in crate::gate) by: Viewer,
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

impl<'t> Inventory<'t> {
    /// As the gate itself was shown them.
    pub fn own(tools: &'t [String]) -> Self {
        Self { tools, by: None }
    }

    /// As the caller of a ticket was.
    pub fn of(ticket: &Ticket, tools: &'t [String]) -> Self {
        Self { tools, by: ticket.record.caller.as_deref().map(viewer) }
    }
}

impl Gate {
    /// A ticket for one page of the list, asked for in the place of the caller of `call`, under `id`.
    ///
    /// The caller's session, revision, client and credential are those of the call, so that the server has nothing
    /// to tell the two apart by.
    pub fn inventory(&self, call: &Ticket, id: &str, cursor: Option<&str>) -> Ticket {
        let mut record = Record::of_an_inventory(&call.record, Method::ToolsList);
        let is_modern = call.era() == Some(Era::Modern);
        let mut members = Vec::new();
        if let Some(cursor) = cursor {
            members.push(format!("\"cursor\":{}", quote(cursor)));
        }
        if is_modern {
            members.push(format!("\"_meta\":{}", meta(&call.passage.body)));
        }
        let id = quote(id);
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{{}}}}}"#,
            members.join(",")
        );
        let number = Document::parse(id.as_bytes()).ok();
        record.request_id = number.and_then(|document| Id::read(document.root()).ok());
        let mut passage = Passage {
            body: body.into(),
            session: call.passage.session,
            speech: call.passage.speech,
            subject: call.passage.subject,
            timeout: Some(crate::bounds::PIN_CHECK_WAIT),
            ..Passage::empty()
        };
        passage.claims = call.passage.claims.clone();
        let names: Vec<_> =
            passage.claims.keys().filter(|name| name.as_str().starts_with("mcp-param-")).cloned().collect();
        names.iter().for_each(|name| drop(passage.claims.remove(name)));
        passage.claims.remove("mcp-name");
        if is_modern {
            passage.claims.insert("mcp-method", HeaderValue::from_static(Method::ToolsList.as_str()));
        }
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
