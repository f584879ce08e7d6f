//! What is read of a replica, and what is warned of.

use super::*;

#[test]
fn writes_the_url_of_a_replica_as_every_reader_takes_it() {
    for text in ["http://127.0.0.1:8081/mcp", "http:127.0.0.1:8081/mcp", "' http://127.0.0.1:8081/mcp'"] {
        let policy = compiled(&format!("upstream: {{ replica: {{ url: {text}, for: [read] }} }}\n"));
        let url = policy.upstream.care.replica.as_ref().map(|replica| &*replica.url);
        assert_eq!(url, Some("http://127.0.0.1:8081/mcp"), "{text}");
    }
}

#[test]
fn warns_of_a_replica_for_sql_that_only_a_deny_asks_about() {
    let replica = "upstream: { db_boundary: declared, replica: { url: 'http://h/mcp', for: [sql] } }\n";
    let warns = |rule: &str| {
        let policy = compiled(&format!("{replica}{rule}"));
        policy.warnings().iter().any(|fault| fault.code == Code::ReplicaOfNothing)
    };
    let rule = |key: &str| {
        format!(
            "{key}: [{{ id: x, owner: o, tools: [read], args: {{ read: {{ q: {{ sql: {{ dialect: postgres, read_only: true }} }} }} }} }}]\n"
        )
    };
    assert!(warns(&rule("deny")));
    assert!(!warns(&rule("allow").replace("owner: o, ", "")));
}
