//! The metadata of the protected resource, which lead a client without a token to where it gets one.
//!
//! Served without authentication and to every web origin, since they are for those who have nothing yet;
//! from the policy in force, and only where it names a resource.
//! Source: RFC 9728, section 3; MCP 2026-07-28 basic/authorization.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use super::body::Outgoing;
use super::door::Door;
use super::head::{self, Doorplate};
use crate::policy::{RESOURCE_METADATA_PATH, Resource};

/// Answers a request for the metadata; `None` where it is none, or where there are none.
pub fn answer(head: &Parts, plate: &Doorplate, resource: Option<&Resource>) -> Option<Response<Outgoing>> {
    let place = head.uri.path().strip_prefix(RESOURCE_METADATA_PATH)?;
    let resource = resource?;
    let is_ours = place.is_empty() || place == &*resource.path || Door::at(place, plate).is_some();
    if !is_ours || head.uri.query().is_some() || head::check_sender(head, plate).is_err() {
        return None;
    }
    let (status, body) = match head.method {
        Method::GET | Method::HEAD => (StatusCode::OK, &*resource.metadata),
        Method::OPTIONS => (StatusCode::NO_CONTENT, ""),
        _ => (StatusCode::METHOD_NOT_ALLOWED, ""),
    };
    let mut response = Response::new(Outgoing::whole(body.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut say =
        |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    say(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    if status == StatusCode::OK {
        say(CONTENT_TYPE, "application/json");
        say(CACHE_CONTROL, "max-age=60");
        say(X_CONTENT_TYPE_OPTIONS, "nosniff");
    } else {
        say(ALLOW, "GET, HEAD, OPTIONS");
        say(ACCESS_CONTROL_ALLOW_METHODS, "GET");
        // SDK clients in a browser send it along.
        say(ACCESS_CONTROL_ALLOW_HEADERS, "mcp-protocol-version");
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn ask(method: &str, uri: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
        let resource = Resource {
            metadata_url: "https://mcp.example.com/.well-known/oauth-protected-resource/pay/mcp".into(),
            path: "/pay/mcp".into(),
            metadata: "{}".into(),
            first_scopes: Box::default(),
        };
        let plate =
            Doorplate { path: "/mcp".into(), hosts: vec!["mcp.example.com".into()], ..Doorplate::default() };
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        assert!(answer(&head, &plate, None).is_none(), "without a resource there is nothing");
        let answer = answer(&head, &plate, Some(&resource))?;
        let kind = answer.headers().get(CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap());
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        Some((answer.status().as_u16(), kind.to_owned()))
    }

    #[test]
    fn answers_at_the_well_known_places_and_nowhere_else() {
        const ROOT: &str = RESOURCE_METADATA_PATH;
        let host = [("host", "mcp.example.com")];
        let json = Some((200, "application/json".to_owned()));
        for place in ["", "/mcp", "/pay/mcp"] {
            let uri = format!("{ROOT}{place}");
            assert_eq!(ask("GET", &uri, &host), json, "{uri}");
            assert_eq!(ask("HEAD", &uri, &host), json, "{uri}");
            assert_eq!(ask("OPTIONS", &uri, &host), Some((204, String::new())), "{uri}");
            assert_eq!(ask("POST", &uri, &host), Some((405, String::new())), "{uri}");
        }
        for place in ["/", "/mcp/", "/pay", "s", "/sse", "/message", "/mcp?x=1", "/%6dcp"] {
            assert_eq!(ask("GET", &format!("{ROOT}{place}"), &host), None, "{place}");
        }
        assert_eq!(ask("GET", "/mcp", &host), None);
        assert_eq!(ask("GET", ROOT, &[("host", "evil.example.com")]), None);
        assert_eq!(ask("GET", ROOT, &[]), None);
        let foreign_page = [host[0], ("origin", "https://app.example.net")];
        assert_eq!(ask("GET", ROOT, &foreign_page), json, "they are for everybody");
    }
}
