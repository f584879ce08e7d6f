//! Which endpoint a request goes to, by its exact path; an endpoint that the server does not have is none.

use bytes::Bytes;
use http::{Method, Uri};
use url::form_urlencoded;

use super::head::{Doorplate, deny};
use crate::gate::{Denial, Errand};
use crate::identity::Refused;

/// By which transports the server behind the gate can be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transports {
    /// Both of HTTP.
    Both,
    /// HTTP+SSE of 2024-11-05.
    EventStream,
    /// Streamable HTTP, or pipes that the gate makes look like it.
    #[default]
    Streamable,
}

/// An endpoint of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `/sse`: the stream of HTTP+SSE.
    Events,
    /// `/message?sessionId=TOKEN`: what a client of HTTP+SSE says.
    Messages,
    /// `/mcp`, or where the operator puts it: Streamable HTTP.
    Streamable,
}

/// Where the stream of HTTP+SSE is.
const EVENTS: &str = "/sse";

/// Where a client of HTTP+SSE posts to; the name that its query begins with is [`TOKEN_NAME`].
pub const MESSAGES: &str = "/message";

/// What stands before the token in the query: the one query that any endpoint takes.
pub const TOKEN_NAME: &str = "sessionId=";

impl Door {
    /// Finds the endpoint that a request goes to.
    ///
    /// # Errors
    /// The client's fault: 404 for a path that is none, 400 for a query that it does not take.
    pub fn of(uri: &Uri, plate: &Doorplate) -> Result<Self, Denial> {
        let Some(door) = Self::at(uri.path(), plate) else {
            return deny(
                404,
                format!(
                    "no such endpoint; the MCP endpoint is at {}",
                    plate.transports.endpoint(&plate.path)
                ),
            );
        };
        if uri.query().is_some_and(has_token) {
            return Err(Denial::Unidentified(Refused::InQuery));
        }
        match (door, uri.query()) {
            (Self::Messages, query) if token(query).is_none() => {
                deny(400, "post to the URI of the stream's endpoint event, with its one `sessionId`")
            }
            (Self::Events | Self::Streamable, Some(_)) => deny(400, "the MCP endpoint takes no query"),
            (door, _) => Ok(door),
        }
    }

    /// The endpoint at a path, whatever its query.
    pub fn at(path: &str, plate: &Doorplate) -> Option<Self> {
        let has_pair = plate.transports != Transports::Streamable;
        match path {
            EVENTS if has_pair => Some(Self::Events),
            MESSAGES if has_pair => Some(Self::Messages),
            path if *path == *plate.path && plate.transports != Transports::EventStream => {
                Some(Self::Streamable)
            }
            _ => None,
        }
    }

    /// What a client wants there.
    ///
    /// # Errors
    /// 405: nothing that is to be had.
    pub fn errand(self, method: &Method) -> Result<Errand, Denial> {
        match (self, method) {
            (Self::Messages | Self::Streamable, &Method::POST) => Ok(Errand::Say(Bytes::new())),
            (Self::Events | Self::Streamable, &Method::GET) => Ok(Errand::Listen),
            (Self::Streamable, &Method::DELETE) => Ok(Errand::Leave),
            _ => deny(405, format!("this endpoint answers {}", self.methods())),
        }
    }

    /// The methods that it answers, as an `Allow` header lists them.
    pub fn methods(self) -> &'static str {
        match self {
            Self::Events => "GET",
            Self::Messages => "POST",
            Self::Streamable => "POST, GET, DELETE",
        }
    }
}

impl Transports {
    /// Where most clients connect, with Streamable HTTP at `path`.
    pub fn endpoint(self, path: &str) -> &str {
        match self {
            Self::Both | Self::Streamable => path,
            Self::EventStream => EVENTS,
        }
    }
}

/// Whether a query holds an access token. Source: RFC 6750, section 2.3, which OAuth 2.1 does away with.
fn has_token(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
}

/// The token of a query that is one `sessionId` and nothing else, as a sealed handle is spelled.
pub fn token(query: Option<&str>) -> Option<&str> {
    let token = query?.strip_prefix(TOKEN_NAME)?;
    let is_plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_plain && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(transports: Transports, method: &Method, uri: &str) -> u16 {
        let plate = Doorplate { path: "/mcp".into(), transports, ..Doorplate::default() };
        match Door::of(&uri.parse().unwrap(), &plate).and_then(|door| door.errand(method)) {
            Ok(_) => 200,
            Err(Denial::Head { http_status, .. }) => http_status,
            Err(Denial::Unidentified(Refused::InQuery)) => 400,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn opens_the_endpoints_of_the_transports_that_there_are() {
        use Transports::{Both, EventStream, Streamable};
        for (method, uri, wanted) in [
            (Method::POST, "/mcp", [200, 200, 404]),
            (Method::DELETE, "/mcp", [200, 200, 404]),
            (Method::POST, "/mcp?sessionId=a", [400, 400, 404]),
            (Method::POST, "/mcp?access_token=a", [400, 400, 404]),
            (Method::GET, "/sse", [404, 200, 200]),
            (Method::POST, "/sse", [404, 405, 405]),
            (Method::DELETE, "/sse", [404, 405, 405]),
            (Method::GET, "/sse?sessionId=a", [404, 400, 400]),
            (Method::GET, "/sse/", [404, 404, 404]),
            (Method::POST, "/message?sessionId=sg1.a-_Z", [404, 200, 200]),
            (Method::GET, "/message?sessionId=a", [404, 405, 405]),
            (Method::POST, "/message", [404, 400, 400]),
            (Method::POST, "/message?", [404, 400, 400]),
            (Method::POST, "/message?sessionId=", [404, 400, 400]),
            (Method::POST, "/message?sessionid=a", [404, 400, 400]),
            (Method::POST, "/message?session_id=a", [404, 400, 400]),
            (Method::POST, "/message?sessionId=a&sessionId=b", [404, 400, 400]),
            (Method::POST, "/message?x=1&sessionId=a", [404, 400, 400]),
            (Method::POST, "/message?sessionId=a;b", [404, 400, 400]),
            (Method::POST, "/message?sessionId=%61", [404, 400, 400]),
            (Method::POST, "/message/?sessionId=a", [404, 404, 404]),
            (Method::POST, "/messages?sessionId=a", [404, 404, 404]),
        ] {
            let seen = [Streamable, Both, EventStream].map(|it| status(it, &method, uri));
            assert_eq!(seen, wanted, "{method} {uri}");
        }
    }
}
