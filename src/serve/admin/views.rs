//! What people see of the gate, rather than Prometheus and the kubelet: the page, the state, the decisions.
//!
//! These name users, tools and rules, so they are answered to this machine or pod alone unless the operator said
//! otherwise. A web page that a person there has open must not read them either: a browser reaches loopback for
//! whoever asks, and a name that its owner points at loopback makes such a page one of ours. So whoever asks must
//! call us by an address, as `localhost`, or by a name that the operator gave.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::live;
use super::page;
use super::query::Query;
use super::state::State;
use super::text;
use crate::report::{Brief, Read};
use crate::serve::body::Outgoing;
use crate::serve::house::{House, ViewerReach, Viewers};

/// Answers what people look at, to those who may see it; any other path is not found.
pub fn answer(
    house: &Arc<House>,
    request: &Request<Incoming>,
    peer: Option<SocketAddr>,
) -> Response<Outgoing> {
    let (path, headers) = (request.uri().path(), request.headers());
    if !matches!(path, "/" | "/decisions" | "/decisions/live" | "/status") {
        let paths = "try /, /status, /decisions, /metrics, /livez, /readyz or /startupz\n";
        return text(StatusCode::NOT_FOUND, paths.into());
    }
    let peer = peer.map(|peer| peer.ip());
    if let Err(why) = admit(&house.settings.viewers, headers, request.uri().host(), peer) {
        return text(StatusCode::FORBIDDEN, format!("{why}\n"));
    }
    let query = match Query::parse(request.uri().query().unwrap_or_default()) {
        Ok(query) => query,
        Err(why) => return text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    };
    match path {
        "/" => html(page::write(&State::of(house), &house.decisions, &query)),
        "/decisions" => json_body(&decisions(house, &query)),
        "/decisions/live" => live::answer(house, query, headers),
        _ => json_body(&State::of(house).json()),
    }
}

/// Whether whoever asks may see what people look at.
fn admit(
    viewers: &Viewers,
    headers: &HeaderMap,
    authority: Option<&str>,
    peer: Option<IpAddr>,
) -> Result<(), &'static str> {
    let is_near = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
    if viewers.reach == ViewerReach::Loopback && !is_near {
        return Err(
            "this is shown to this machine or pod alone: use kubectl port-forward, or start the gate with \
                    --admin-page anywhere",
        );
    }
    let mut hosts = headers.get_all(HOST).into_iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).map(name_of);
    if hosts.next().is_some() || ![host, authority].into_iter().flatten().all(|name| is_ours(viewers, name)) {
        return Err(
            "this is no name of the operators' listener: call it by its address or as localhost, or \
                    start the gate with --admin-host NAME",
        );
    }
    if host.is_none() && authority.is_none() { Err("the request has no Host") } else { Ok(()) }
}

/// The host of a `Host` field, without its port.
fn name_of(host: &str) -> &str {
    let end = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.rfind(':') };
    end.map_or(host, |end| &host[..end])
}

fn is_ours(viewers: &Viewers, name: &str) -> bool {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || viewers.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
}

fn decisions(house: &House, query: &Query) -> Value {
    let fits = |brief: &Brief| query.fits(brief);
    let Read { decisions, last, missed } = match query.since {
        Some(since) => house.decisions.after(since, query.limit, fits),
        None => house.decisions.latest(query.limit, 0, fits),
    };
    json!({ "decisions": decisions.iter().map(decision).collect::<Vec<_>>(), "last": last, "missed": missed })
}

/// One decision as JSON.
pub(super) fn decision(brief: &Brief) -> Value {
    let name = |name: &crate::report::Name| (!name.is_empty()).then(|| name.text());
    json!({
        "seq": brief.seq,
        "unix_ms": brief.unix_ms,
        "verdict": brief.verdict(),
        "method": brief.method_word(),
        "target": name(&brief.target),
        "rule": name(&brief.rule),
        "reason": brief.reason.as_str(),
        "mode": brief.mode.as_str(),
        "user": name(&brief.user),
        "tenant": name(&brief.tenant),
        "upstream": brief.branch.as_str(),
        "http_status": brief.http_status,
        "findings": brief.findings,
        "duration_us": brief.duration_us,
        "overhead_us": brief.overhead_us,
    })
}

fn json_body(value: &Value) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(value.to_string()));
    dress(response.headers_mut(), "application/json");
    response
}

fn html(page: String) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::whole(page));
    dress(response.headers_mut(), "text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, page::SECURITY.clone());
    response
}

/// Puts in what keeps browsers from doing more with it than show it.
pub(super) fn dress(headers: &mut HeaderMap, content_type: &'static str) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(reach: ViewerReach, peer: &str, host: &str) -> bool {
        let viewers = Viewers { reach, hosts: vec!["gate.example".into()] };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        admit(&viewers, &headers, None, Some(peer.parse().unwrap())).is_ok()
    }

    #[test]
    fn shows_itself_to_this_machine_alone() {
        for (peer, is_near) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
        ] {
            assert_eq!(may(ViewerReach::Loopback, peer, "localhost"), is_near, "{peer}");
            assert!(may(ViewerReach::Anywhere, peer, "localhost"), "{peer}");
        }
    }

    #[test]
    fn answers_to_its_own_names_alone() {
        for (host, is_ours) in [
            ("localhost:15820", true),
            ("LOCALHOST", true),
            ("127.0.0.1:15820", true),
            ("10.1.2.3", true),
            ("[::1]:15820", true),
            ("[::1]", true),
            ("gate.example:80", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:15820", false),
            ("", false),
            ("[evil]", false),
            ("gate.example.", false),
        ] {
            assert_eq!(may(ViewerReach::Loopback, "127.0.0.1", host), is_ours, "{host}");
        }
        let local = Some("127.0.0.1".parse().unwrap());
        assert!(admit(&Viewers::default(), &HeaderMap::new(), None, local).is_err(), "no name");
        let mut two = HeaderMap::new();
        two.append(HOST, HeaderValue::from_static("localhost"));
        assert!(admit(&Viewers::default(), &two, Some("evil.example"), local).is_err(), "two names");
        two.append(HOST, HeaderValue::from_static("localhost"));
        assert!(admit(&Viewers::default(), &two, None, local).is_err(), "one name twice");
    }
}
