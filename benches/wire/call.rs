//! The requests: one `tools/call` of 279 bytes, written once per connection and patched for each call.
//!
//! Every call carries an id, an argument and a progress token that no other call of the run has, so that no
//! cache on the way can answer. All three are numbers of ten digits: the length never changes, and patching
//! costs thirty stores.

use std::net::SocketAddr;
use std::ops::Range;

/// Bytes of a `tools/call` body, as the reference measurements have it.
pub const BODY_BYTES: usize = 279;
/// The revision that every request claims.
pub const REVISION: &str = "2025-06-18";
/// The first id of a run. Ten digits from the first to the last, and no leading zero, which JSON forbids.
pub const ID_FIRST: u64 = 1_000_000_000;

const DIGITS: usize = 10;
const HOLE: &str = "0123456789";

/// What a connection says about itself in each request.
#[derive(Clone)]
pub struct Introduction {
    /// The proxy that is spoken to; becomes `Host`.
    pub proxy: SocketAddr,
    /// The bearer token, for a proxy that wants one.
    pub token: Option<String>,
    /// The MCP session, once the server has opened one.
    pub session: Option<String>,
}

impl Introduction {
    /// A whole POST of `body`.
    pub fn post(&self, body: &str) -> Vec<u8> {
        let mut head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {REVISION}\r\n",
            self.proxy
        );
        if let Some(session) = &self.session {
            head.push_str(&format!("Mcp-Session-Id: {session}\r\n"));
        }
        if let Some(token) = &self.token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        head.into_bytes()
    }
}

/// One `tools/call` in wire form, to be sent again and again with other numbers.
pub struct Call {
    wire: Vec<u8>,
    holes: Vec<Range<usize>>,
}

impl Call {
    /// The call of `tool` over a connection that introduces itself so.
    pub fn new(introduction: &Introduction, tool: &str) -> Self {
        let wire = introduction.post(&body(tool));
        let holes = memchr::memmem::find_iter(&wire, HOLE).map(|at| at..at + DIGITS).collect();
        Self { wire, holes }
    }

    /// The bytes of the call with this number as its id, argument and progress token.
    pub fn numbered(&mut self, id: u64) -> &[u8] {
        let digits = digits(id);
        for hole in &self.holes {
            self.wire[hole.clone()].copy_from_slice(&digits);
        }
        &self.wire
    }
}

/// The ten digits of an id.
pub fn digits(mut id: u64) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit += (id % 10) as u8;
        id /= 10;
    }
    digits
}

fn body(tool: &str) -> String {
    let around = |padding: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{HOLE},"method":"tools/call","params":{{"name":"{tool}","arguments":{{"message":"overdue invoices, page {HOLE}{padding}","limit":25,"filters":{{"region":"us-east","status":["open","overdue"]}}}},"_meta":{{"progressToken":"t{HOLE}"}}}}}}"#
        )
    };
    let padding = " of the northeast region, by customer and then by due date".chars().cycle();
    let missing = BODY_BYTES.saturating_sub(around("").len());
    around(&padding.take(missing).collect::<String>())
}

#[cfg(test)]
#[allow(dead_code, unused_imports, reason = "run by checks.rs")]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_the_same_length_and_its_own_numbers() {
        for tool in ["orders_search", "notes_read", "ledger_export", "report_watch", "delete_all"] {
            let proxy = SocketAddr::from(([127, 0, 0, 1], 4711));
            let mut call = Call::new(&Introduction { proxy, token: None, session: None }, tool);
            for id in [ID_FIRST, ID_FIRST + 1, 9_876_543_210] {
                let wire = String::from_utf8(call.numbered(id).to_vec()).unwrap();
                let (head, body) = wire.split_once("\r\n\r\n").unwrap();
                assert!(head.ends_with("Content-Length: 279"), "{head}");
                assert_eq!(body.len(), BODY_BYTES);
                let value: serde_json::Value = serde_json::from_str(body).unwrap();
                assert_eq!(value["id"], id);
                assert_eq!(value["params"]["name"], tool);
                assert_eq!(value["params"]["_meta"]["progressToken"], format!("t{id}"));
                assert!(value["params"]["arguments"]["message"].as_str().unwrap().contains(&id.to_string()));
            }
        }
    }
}
