//! How each refusal sounds.

use super::*;
use crate::json::FaultKind;

fn forbidden(message: Option<&str>) -> Denial {
    Denial::Forbidden { message: message.map(Into::into) }
}

#[test]
fn words_each_reason_by_one_table() {
    let fault = crate::json::Fault { at: 7, kind: FaultKind::DuplicateKey };
    let rests = |is_tool, others_work| {
        Denial::Resting(Shut { wait: Duration::from_millis(19_001), is_tool, others_work })
    };
    let uncredited = Denial::Uncredited { detail: "secret-1".into(), wait: Duration::from_millis(1001) };
    let crowded = |full| Denial::Crowded(full);
    let rows = [
        (crowded(Full::Server), 503, -31_503, Some(1), "has too much to do; retry in 1 s"),
        (crowded(Full::Listens), 503, -31_503, Some(1), "listen here already"),
        (crowded(Full::Tool), 429, -31_429, Some(1), "other tools may still work; retry in 1 s"),
        (crowded(Full::Conversation), 429, -31_429, Some(1), "wait for some of them"),
        (Denial::AuditUnavailable, 503, -31_503, Some(5), "retry in 5 seconds"),
        (Denial::BodyTooLarge, 413, -31_413, None, "send less"),
        (Denial::Envelope(fault.into()), 400, -32_600, None, "not acceptable: duplicate key at byte 7"),
        (Denial::Internal("secret-1".into()), 500, -32_603, None, "so nothing was done"),
        (Denial::Unidentified(Refused::Malformed), 400, -31_400, None, ""),
        (Denial::Unidentified(Refused::TooOften), 429, -31_429, Some(1), "retry in a second"),
        (Denial::Unidentified(Refused::Missing), 401, -31_401, None, ""),
        (Denial::Unidentified(Refused::Unavailable), 503, -31_503, Some(5), "retry in a few"),
        (Denial::Unexchanged(Unexchanged::NoToken), 403, -31_403, None, "you came without one"),
        (Denial::Unexchanged(Unexchanged::Refused("secret-1".into())), 403, -31_403, None, "sign in again"),
        (uncredited, 502, -31_502, Some(2), "so nothing was done; retry in 2 s"),
        (Denial::Unreachable("secret-1".into()), 502, -31_502, Some(1), "retry later"),
        (Denial::UpstreamTimeout, 504, -31_504, None, "the tool `pay` did not answer in time"),
        (forbidden(None), 403, -31_403, None, "use what tools/list shows"),
        (forbidden(Some("ask the desk")), 403, -31_403, None, "tools/list shows (ask the desk)"),
        (
            Denial::Schema(SchemaDoubt::Missing { path: "to".into() }),
            400,
            -32_602,
            None,
            "the tool `pay` was not called: argument `to` is missing; change that and call again",
        ),
        (
            rests(true, true),
            503,
            -31_503,
            Some(20),
            "the tool `pay` is temporarily unavailable, retry in 20 s; other tools work",
        ),
        (rests(true, false), 503, -31_503, Some(20), "unavailable, retry in 20 s"),
        (rests(false, false), 503, -31_503, Some(20), "does not answer; retry in 20 s"),
    ];
    for (denial, http_status, code, retry_after, part) in rows {
        let words = denial.words("the tool `pay`");
        assert_eq!((words.http_status, words.code), (http_status, code), "{denial:?}");
        assert_eq!(words.retry_after, retry_after, "{denial:?}");
        assert!(words.text.contains(part) && !words.text.contains("secret-1"), "{}", words.text);
    }
}
