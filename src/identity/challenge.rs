//! `WWW-Authenticate`: how a client learns which token would do.

use super::{Algorithm, Refused};

/// What a client is told it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complaint<'a> {
    /// A caller: 401, or 400 for what cannot be read as one credential. `scopes`, if any, are what to ask
    /// for. [`Refused::TooOften`] and [`Refused::Unavailable`] are no reason to challenge.
    Caller {
        /// Why there is none.
        refused: Refused,
        /// What a new token should be able to do.
        scopes: &'a [&'a str],
    },
    /// Scopes: 403. All that the call needs, in one challenge.
    Scopes(&'a [&'a str]),
}

/// Writes the value of a `WWW-Authenticate` header: one line of printable ASCII.
///
/// `resource_metadata` is the URL of the protected resource's metadata, if it has one. Quotes and
/// backslashes are escaped, everything outside printable ASCII is left out. Never names the check
/// that failed beyond [`Refused::sentence`].
/// Source: RFC 6750 section 3, RFC 9728 section 5.1, MCP 2026-07-28 basic/authorization.
pub fn challenge(complaint: Complaint<'_>, resource_metadata: Option<&str>) -> String {
    let scopes = match complaint {
        Complaint::Caller { scopes, .. } | Complaint::Scopes(scopes) => scopes.join(" "),
    };
    let scope = Some(&*scopes).filter(|scopes| !scopes.is_empty());
    let members = match complaint {
        Complaint::Caller { refused, .. } => {
            let error = error(refused);
            let description = error.map(|_| refused.sentence());
            [
                ("resource_metadata", resource_metadata),
                ("scope", scope),
                ("error", error),
                ("error_description", description),
            ]
        }
        Complaint::Scopes(_) => [
            ("error", Some("insufficient_scope")),
            ("scope", scope),
            ("resource_metadata", resource_metadata),
            ("error_description", Some("the call needs more scopes")),
        ],
    };
    let is_proof = matches!(complaint, Complaint::Caller { refused: Refused::Proof(_), .. });
    let scheme = if is_proof { "DPoP" } else { "Bearer" };
    let algorithms: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
    let algorithms = is_proof.then(|| ("algs", algorithms.join(" ")));
    let algorithms = algorithms.as_ref().map(|(name, value)| (*name, value.as_str()));
    let members = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut line = String::from(scheme);
    for (name, value) in members.chain(algorithms) {
        line.push_str(if line.len() > scheme.len() { ", " } else { " " });
        line.push_str(name);
        line.push('=');
        quote(&mut line, value);
    }
    line
}

/// A client that showed nothing gets no error code. Source: RFC 6750, section 3.1.
fn error(refused: Refused) -> Option<&'static str> {
    match refused {
        Refused::Invalid(_) => Some("invalid_token"),
        Refused::Double | Refused::InQuery | Refused::Malformed => Some("invalid_request"),
        Refused::Proof(_) => Some("invalid_dpop_proof"),
        Refused::Missing | Refused::TooOften | Refused::Unavailable => None,
    }
}

fn quote(line: &mut String, value: &str) {
    line.push('"');
    for character in value.chars().filter(|&c| c == ' ' || c.is_ascii_graphic()) {
        if matches!(character, '"' | '\\') {
            line.push('\\');
        }
        line.push(character);
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::{Flaw, ProofFlaw};
    use super::*;

    #[test]
    fn says_what_would_do_on_one_line() {
        let url = Some("https://mcp.example.com/.well-known/oauth-protected-resource");
        let caller = |refused, scopes| Complaint::Caller { refused, scopes };
        let cases = [
            (caller(Refused::Missing, &[]), None, "Bearer"),
            (
                caller(Refused::Missing, &["files:read"]),
                url,
                "Bearer resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource\", \
                 scope=\"files:read\"",
            ),
            (
                caller(Refused::Invalid(Flaw::Expired), &[]),
                None,
                "Bearer error=\"invalid_token\", error_description=\"the token has expired\"",
            ),
            (
                caller(Refused::Malformed, &[]),
                None,
                "Bearer error=\"invalid_request\", \
                 error_description=\"the authorization header must be: Bearer <token>\"",
            ),
            (
                caller(Refused::Proof(ProofFlaw::Replay), &[]),
                None,
                "DPoP error=\"invalid_dpop_proof\", \
                 error_description=\"the DPoP proof was used before; make one for each request\", \
                 algs=\"EdDSA ES256 PS256 RS256\"",
            ),
            (
                Complaint::Scopes(&["db:query", "db:\"\\w\r\n\u{e9}"]),
                None,
                "Bearer error=\"insufficient_scope\", scope=\"db:query db:\\\"\\\\w\", \
                 error_description=\"the call needs more scopes\"",
            ),
        ];
        for (complaint, url, line) in cases {
            assert_eq!(challenge(complaint, url), line);
        }
    }
}
