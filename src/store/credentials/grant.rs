//! What a token endpoint answers: a token that may be sent on, or why there is none.
//!
//! An authorization server is trusted to say who may do what; it is not trusted to put bytes into our
//! requests. So the answer is one strict JSON object, the token is visible ASCII within a bound, and
//! whatever it says of a type or a life that is not understood makes the answer useless.
//!
//! Source: RFC 6749, sections 5.1 and 5.2; RFC 8693, section 2.2.

use std::time::Duration;

use crate::bounds::TOKEN_BYTES_MAX;
use crate::json::{Document, Kind, Value};

/// A token as the endpoint gave it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// Visible ASCII without blanks.
    pub token: Box<str>,
    /// How long it lives from the moment of the answer on, where that is told.
    pub life: Option<Duration>,
}

/// Which question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    ClientCredentials,
    TokenExchange,
}

/// Why an answer gives no token. Holds nothing of what was sent but a word of the specification's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum GrantFault {
    /// The endpoint does not give what was asked for, by its own word.
    #[error("HTTP status {status}, `{error}`")]
    Denied { status: u16, error: &'static str },
    /// It is no strict JSON object.
    #[error("an answer that is no JSON object")]
    Json,
    /// The life is no number, or none at all.
    #[error("an answer whose `expires_in` is no number of seconds from 1 on")]
    Life,
    /// The status is neither success nor one that comes with an error.
    #[error("HTTP status {0}")]
    Status(u16),
    /// The token is missing, or no header can carry it.
    #[error("an answer whose `access_token` is missing, too long or no visible ASCII")]
    Token,
    /// It is not sent as `Bearer`, or it is no access token.
    #[error("an answer of another type than a bearer access token")]
    Type,
}

/// The errors that are told apart. Source: RFC 6749, section 5.2; RFC 8693, section 2.2.2.
const ERRORS: &[&str] = &[
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// Reads an answer.
///
/// # Errors
/// [`GrantFault`], the endpoint's.
pub(super) fn read(question: Question, status: u16, body: &[u8]) -> Result<Grant, GrantFault> {
    let document = Document::parse(body).ok();
    let root = document.as_ref().map(Document::root).filter(|root| root.kind() == Kind::Object);
    if status != 200 {
        let error = root.and_then(|root| root.get("error")).and_then(|error| error.string());
        let known = error.and_then(|error| ERRORS.iter().copied().find(|known| **known == *error));
        return Err(match known {
            Some(error) => GrantFault::Denied { status, error },
            None => GrantFault::Status(status),
        });
    }
    let root = root.ok_or(GrantFault::Json)?;
    let text = |name| root.get(name).and_then(|value| value.string());
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err(GrantFault::Type);
    }
    let issued = text("issued_token_type");
    let is_access_token = issued.as_deref().is_some_and(|issued| ACCESS_TOKENS.contains(&issued));
    if question == Question::TokenExchange && !is_access_token {
        return Err(GrantFault::Type);
    }
    let token = text("access_token").filter(|token| is_sendable(token)).ok_or(GrantFault::Token)?;
    let life = root.get("expires_in").map(|life| seconds(life).ok_or(GrantFault::Life)).transpose()?;
    Ok(Grant { token: token.into(), life })
}

impl GrantFault {
    /// Whether it is about the one token that was to be exchanged, rather than about us or the endpoint.
    pub fn is_of_the_subject(self) -> bool {
        match self {
            Self::Denied { error, .. } => {
                matches!(error, "access_denied" | "invalid_grant" | "invalid_request")
            }
            Self::Json | Self::Life | Self::Status(_) | Self::Token | Self::Type => false,
        }
    }
}

/// Types that can stand behind `Bearer`. Source: RFC 8693, section 3.
const ACCESS_TOKENS: &[&str] =
    &["urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:jwt"];

fn is_sendable(token: &str) -> bool {
    (1..=TOKEN_BYTES_MAX).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A number of seconds; some endpoints write it as a text.
fn seconds(value: Value<'_>) -> Option<Duration> {
    let seconds = match value.kind() {
        Kind::Number => value.integer().and_then(|seconds| u64::try_from(seconds).ok()),
        Kind::String => value.string().and_then(|text| text.parse().ok()),
        Kind::Array | Kind::False | Kind::Key | Kind::Null | Kind::Object | Kind::True => None,
    };
    seconds.filter(|&seconds| seconds > 0).map(Duration::from_secs)
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant").field("life", &self.life).finish_non_exhaustive()
    }
}

/// Reads arbitrary bytes as the answer of a token endpoint.
///
/// For fuzzers; panics only when a token is let through that no header can carry.
pub fn fuzz_grant(bytes: &[u8]) {
    for question in [Question::ClientCredentials, Question::TokenExchange] {
        for status in [200, 400] {
            if let Ok(grant) = read(question, status, bytes) {
                let value = format!("Bearer {}", grant.token);
                assert!(http::HeaderValue::from_str(&value).is_ok(), "a header can carry it");
                assert!(!grant.token.contains(' ') && status == 200, "one token, of a success");
                assert!(grant.life.is_none_or(|life| !life.is_zero()), "it lives");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(body: &str) -> Result<Grant, GrantFault> {
        read(Question::TokenExchange, 200, body.as_bytes())
    }

    fn client(body: &str) -> Result<Grant, GrantFault> {
        read(Question::ClientCredentials, 200, body.as_bytes())
    }

    #[test]
    fn reads_a_token_and_its_life() {
        let life = |seconds| Some(Duration::from_secs(seconds));
        for (body, wanted) in [
            (r#"{"access_token":"t-1","token_type":"Bearer","expires_in":3600}"#, life(3600)),
            (
                r#"{"access_token":"t-1","token_type":"bearer","expires_in":"60","refresh_token":"r"}"#,
                life(60),
            ),
            (r#"{"access_token":"t-1","token_type":"BEARER"}"#, None),
        ] {
            assert_eq!(client(body), Ok(Grant { token: "t-1".into(), life: wanted }), "{body}");
        }
        for kind in ["access_token", "jwt"] {
            let body = format!(
                r#"{{"access_token":"t-1","token_type":"Bearer","issued_token_type":"urn:ietf:params:oauth:token-type:{kind}"}}"#
            );
            assert!(exchange(&body).is_ok(), "{body}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_sent_on() {
        let token = |token: &str| format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#);
        assert!(client(&token(&"x".repeat(TOKEN_BYTES_MAX))).is_ok());
        let longer = token(&"x".repeat(TOKEN_BYTES_MAX + 1));
        for body in [
            r#"{"token_type":"Bearer"}"#,
            r#"{"access_token":7,"token_type":"Bearer"}"#,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":"t-1\r\nX-Admin: 1","token_type":"Bearer"}"#,
            r#"{"access_token":"t 1","token_type":"Bearer"}"#,
            r#"{"access_token":"t\u0000","token_type":"Bearer"}"#,
            r#"{"access_token":"t\u00e9","token_type":"Bearer"}"#,
            &longer,
        ] {
            assert_eq!(client(body), Err(GrantFault::Token), "{body}");
        }
        for kind in ["DPoP", "mac", "N_A", "Bearer "] {
            let body = format!(r#"{{"access_token":"t-1","token_type":"{kind}"}}"#);
            assert_eq!(client(&body), Err(GrantFault::Type), "{body}");
        }
        assert_eq!(client(r#"{"access_token":"t-1"}"#), Err(GrantFault::Type));
        for life in ["0", "-1", "1.5", "\"\"", "null", "[]", "1e400"] {
            let body = format!(r#"{{"access_token":"t-1","token_type":"Bearer","expires_in":{life}}}"#);
            assert!(client(&body).is_err(), "{body}");
        }
        for body in
            ["", "[]", "\"t\"", "<html>", r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#]
        {
            assert_eq!(client(body), Err(GrantFault::Json), "{body}");
        }
    }

    #[test]
    fn wants_an_exchange_to_say_what_it_issued() {
        for issued in ["", r#","issued_token_type":"urn:ietf:params:oauth:token-type:refresh_token""#] {
            let body = format!(r#"{{"access_token":"t-1","token_type":"Bearer"{issued}}}"#);
            assert_eq!(exchange(&body), Err(GrantFault::Type), "{body}");
            assert!(client(&body).is_ok());
        }
    }

    #[test]
    fn tells_whose_fault_a_refusal_is() {
        let said = |status, body: &str| read(Question::TokenExchange, status, body.as_bytes()).unwrap_err();
        let grant = said(400, r#"{"error":"invalid_grant","error_description":"secret-1"}"#);
        assert!(grant.is_of_the_subject() && !grant.to_string().contains("secret-1"));
        assert!(!said(401, r#"{"error":"invalid_client"}"#).is_of_the_subject());
        for (status, body) in [(500, ""), (400, r#"{"error":"secret-1"}"#), (302, "{}"), (201, "{}")] {
            assert_eq!(said(status, body), GrantFault::Status(status));
        }
        fuzz_grant(br#"{"access_token":"t-1","token_type":"Bearer","expires_in":1}"#);
    }
}
