//! Servers on pipes: what they speak is found out, however they take the first question.

use super::{Bundle, owned};

/// A server on pipes that answers each question by `sh`; `$id` is that of the question.
fn shell(discover: &str) -> Vec<String> {
    let script = format!(
        r#"
        while read -r line; do
            id=$(printf %s "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
            case "$line" in
                *server/discover*) {discover} ;;
                *notifications/*) ;;
                *initialize*) echo noise; printf '{{"jsonrpc":"2.0","id":%s,"result":{{"protocolVersion":"2025-11-25","capabilities":{{"tools":{{}}}}}}}}\n' "$id" ;;
                *tools/list*) printf '{{"jsonrpc":"2.0","id":"p","method":"ping"}}\n'; read -r pong
                    case "$pong" in
                        *'"id":"p"'*result*) printf '{{"jsonrpc":"2.0","id":%s,"result":{{"tools":[{{"name":"add"}}]}}}}\n' "$id" ;;
                        *) exit 1 ;;
                    esac ;;
            esac
        done"#
    );
    vec!["--".into(), "sh".into(), "-c".into(), script]
}

#[test]
fn finds_out_what_a_server_on_pipes_speaks() {
    let refusing =
        r#"printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32600,"message":"first initialize"}}\n' "$id""#;
    for (name, discover) in [("refusing", refusing), ("dying", "exit 7"), ("silent", ":")] {
        let bundle = Bundle::new();
        let said = bundle.pin(&owned(&shell(discover)));
        assert_eq!(said.code, Some(0), "{name}: {}", said.text);
        bundle.holds(1);
    }
}

#[test]
fn repeats_the_last_words_of_a_server_that_ends() {
    let bundle = Bundle::new();
    let words = ["--", "sh", "-c", "echo one >&2; printf 'no \\033[31mlicence\\n' >&2; exit 1"];
    bundle.pin(&words).ends(3, &["ended before it had answered; it said: one | no \\u{1b}[31mlicence"]);
}
