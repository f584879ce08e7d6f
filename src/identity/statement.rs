//! What the gate says about a caller to the server behind it: the claims, before they are signed.
//!
//! **Why.** The caller's token ends at the gate, and the server may still have to know for whom it works.
//! So the gate says it in its own name: it is the issuer, and only what it has verified stands there.
//! **What it is not.** No access token: `typ` and audience keep it from being taken for one.
//!
//! Source: RFC 7519, section 4.1; RFC 8725, sections 3.9 and 3.11 (audience, explicit typing); RFC 8693,
//! section 4.2 (`scope`).

use std::fmt::Write as _;

use super::Caller;
use crate::json::quote;

/// The `typ` of a statement. Source: RFC 8725, section 3.11.
pub const STATEMENT_TYPE: &str = "sluicegate-identity+jwt";

/// What is said about a caller, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// About whom.
    pub caller: &'a Caller,
    /// Who says it: the server's name in the policy.
    pub issuer: &'a str,
    /// For whom.
    pub audience: &'a str,
    /// What no other statement has.
    pub id: &'a str,
    /// When it is said, in seconds since 1970.
    pub issued_s: u64,
    /// When it ends, in seconds since 1970.
    pub expires_s: u64,
}

impl Statement<'_> {
    /// The claims as JSON.
    ///
    /// `auth` says how the caller was established, so that nobody takes `anonymous` for a user of that
    /// name; `issuer` says who vouches for the user, since two issuers may know two users by one name.
    pub fn claims(&self) -> String {
        let Self { caller, issuer, audience, id, issued_s, expires_s } = *self;
        let mut json = format!(
            r#"{{"iss":{},"aud":{},"sub":{},"jti":{},"iat":{issued_s},"exp":{expires_s},"auth":{}"#,
            quote(issuer),
            quote(audience),
            quote(caller.user()),
            quote(id),
            quote(caller.proof().as_str()),
        );
        let mut text = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                // Writing to a text never fails.
                let _ = write!(json, r#","{name}":{}"#, quote(value));
            }
        };
        text("issuer", caller.issuer());
        text("tenant", caller.tenant());
        text("agent", caller.agent());
        text("workload", caller.workload());
        if !caller.scopes().is_empty() {
            text("scope", Some(&caller.scopes().join(" ")));
        }
        if !caller.groups().is_empty() {
            let groups: Vec<String> = caller.groups().iter().map(|group| quote(group)).collect();
            let _ = write!(json, r#","groups":[{}]"#, groups.join(","));
        }
        json.push('}');
        json
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::identity::Proof;

    fn said(caller: &Caller) -> Value {
        let statement = Statement {
            caller,
            issuer: "clinic",
            audience: "https://db.internal/mcp",
            id: "1",
            issued_s: 1_000,
            expires_s: 1_060,
        };
        serde_json::from_str(&statement.claims()).unwrap()
    }

    #[test]
    fn says_everything_that_is_known_of_a_caller() {
        let caller = Caller {
            user: "carol \"c\" \u{e9}".into(),
            tenant: Some("acme".into()),
            agent: Some("desk".into()),
            workload: Some("spiffe://acme/desk".into()),
            issuer: Some("https://idp.example.com".into()),
            scopes: Box::new(["read".into(), "write".into()]),
            groups: Box::new(["a b".into(), "dba".into()]),
            kept: Box::default(),
            proof: Proof::Token,
            bond: super::super::Bond::default(),
        };
        let wanted = json!({
            "iss": "clinic", "aud": "https://db.internal/mcp", "sub": "carol \"c\" \u{e9}", "jti": "1",
            "iat": 1_000, "exp": 1_060, "auth": "token", "issuer": "https://idp.example.com",
            "tenant": "acme", "agent": "desk", "workload": "spiffe://acme/desk", "scope": "read write", "groups": ["a b", "dba"],
        });
        assert_eq!(said(&caller), wanted);
    }

    #[test]
    fn says_nothing_that_is_not_known() {
        let wanted = json!({
            "iss": "clinic", "aud": "https://db.internal/mcp", "sub": "anonymous", "jti": "1",
            "iat": 1_000, "exp": 1_060, "auth": "anonymous",
        });
        assert_eq!(said(&Caller::anonymous()), wanted);
    }
}
