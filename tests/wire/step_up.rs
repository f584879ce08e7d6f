//! A client that gets its tokens by the OAuth code of its SDK, and more scopes when it needs them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::bundle::Bundle;
use crate::support::gate::Gate;
use crate::support::peers::{Client, Server};
use crate::support::{consent, wait_for};

/// A policy for the server that clients reach at `resource`.
fn policy(issuer: &str, resource: &str) -> String {
    format!(
        "version: 1
server: {{ id: clinic }}
callers:
  resource: {resource}
  first_scopes: [read]
  issuers:
    - {{ issuer: \"{issuer}\", discovery: \"{issuer}\", algorithms: [ES256], typ: strict, claims: {{ tenant: org_id }} }}
roles:
  reader: {{ scopes: [read] }}
  eraser: {{ scopes: [erase] }}
tools:
  echo: {{ class: read }}
  delete_all: {{ class: destructive }}
allow:
  - {{ id: read, roles: [reader], classes: [read] }}
  - {{ id: erase, roles: [eraser], classes: [destructive] }}
"
    )
}

#[test]
fn gets_the_scope_that_a_call_needs_and_goes_on() {
    let server = Server::typescript();
    for client in Client::ALL {
        let authority = consent::start();
        // The port is known only once the gate listens, and clients compare the resource with it.
        let bundle = Bundle::new(&policy(&authority.issuer, "https://mcp.example.com/mcp"));
        let gate = Gate::with(bundle, &["--upstream", &server.url]);
        gate.bundle.write("policy.yaml", &policy(&authority.issuer, &gate.url()));
        wait_for("the reload", || {
            (gate.metric("sluicegate_policy_reloads_total", "success") > 0.0).then_some(())
        });
        server.forget();
        let outcome = client.consent(&gate.url());
        let scopes = |value: &Value| -> BTreeSet<String> {
            value.as_str().unwrap_or_default().split(' ').map(str::to_owned).collect()
        };
        let asked: Vec<_> = outcome["asked"].as_array().into_iter().flatten().map(scopes).collect();
        let wanted = [["read"].map(str::to_owned).into(), ["erase", "read"].map(str::to_owned).into()];
        assert_eq!(asked, wanted, "{client:?}: {outcome}");
        let failed: Vec<_> =
            outcome["results"].as_array().into_iter().flatten().map(|one| &one["failed"]).collect();
        assert_eq!(failed, [&json!(false); 3], "{client:?}: {outcome}");
        assert!(server.was_deleted(), "{client:?}");
        gate.record("the refusal", |record| record["decision"]["reason"] == "scope");
        gate.record("the call", |record| {
            record["action"]["target"] == "delete_all" && record["decision"]["verdict"] == "allow"
        });
        assert!(!gate.log().contains("eyJ"), "no token is logged");
    }
}
