//! A value comes back in exactly one cell of tool, argument, kind, origin, caller, tenant and conversation.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::super::{
    Carrier, Ending, Errand, Gate, Origin, Outcome, Overhead, Refusal, Release, Said, SealKey, Ticket,
};
use super::*;
use crate::identity::{Evidence, digest};
use crate::limit::StoreWord;
use crate::names::hex;
use crate::policy::{Paint, Source, compile};

/// The callers: user, tenant and agent.
const CALLERS: &[(&str, &str, &str)] =
    &[("alice", "acme", "a"), ("bob", "acme", "a"), ("alice", "globex", "a"), ("alice", "acme", "b")];
const TOOLS: &[&str] = &["lookup", "mail", "store"];
const PATHS: &[&str] = &["to", "note", "deep.to"];
const VALUES: &[(&str, &str)] = &[("email", "ann@example.com"), ("us_ssn", "123-45-6789")];
const CONVERSATIONS: &[&str] = &["one", "two"];

struct Stage {
    gate: Gate,
    policy: Arc<Policy>,
}

/// What became of a call.
struct Came {
    /// What the server got; `None` where the call was refused.
    sent: Option<String>,
    record: Box<Record>,
    ticket: Option<Ticket>,
    denial: Option<Denial>,
}

impl Stage {
    fn new(rules: &str) -> Self {
        Self::hiding("", rules)
    }

    /// With one more redaction rule.
    fn hiding(rule: &str, rules: &str) -> Self {
        crate::identity::install_crypto();
        let mut text = String::from("version: 1\nserver: { id: s }\ncallers:\n  anonymous: allow\n  keys:\n");
        for (place, (user, tenant, agent)) in CALLERS.iter().enumerate() {
            let sha256 = hex(&digest(&format!("key-{place}")));
            text += &format!(
                "    - {{ id: k{place}, sha256: \"{sha256}\", user: {user}, tenant: {tenant}, agent: {agent} }}\n"
            );
        }
        text += &"tools: { lookup: { class: read }, mail: { class: write }, store: { class: write } }\n\
                 allow: [{ id: any, tools: \"*\" }]\n\
                 redact: [RULE { id: keeps, on: results, detectors: [email, us_ssn], fields: [amount], action: tokenize }]\n"
            .replace("RULE", rule);
        text += rules;
        let source = Source { name: "policy.yaml".into(), text };
        let policy = compile(&[source], 0).unwrap_or_else(|faults| panic!("{}", faults.render(Paint::Plain)));
        // INVARIANT: the literal is long enough.
        let key = SealKey::derive(b"a secret of tests, long enough to be one").unwrap();
        Self { gate: Gate::new(key, Vault::new(&[7; 32])), policy: policy.into() }
    }

    fn call(&self, caller: Option<usize>, conversation: &str, tool: &str, arguments: &str) -> Came {
        let now = Now { steady: Duration::from_secs(60), unix_ms: 0 };
        let bearer = caller.map(|place| format!("Bearer key-{place}"));
        let caller = self.policy.directory.verify(&Evidence::header(bearer.as_deref()), now);
        let caller = caller.settled().unwrap();
        let mut headers = HeaderMap::new();
        if !conversation.is_empty() {
            headers.insert("x-conversation-id", HeaderValue::from_str(conversation).unwrap());
        }
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        );
        let ask = Ask {
            errand: Errand::Say(body.into()),
            headers: &headers,
            origin: Origin::default(),
            way: Way::Streamable,
            now,
            word: StoreWord::Never,
            trace: None,
        };
        match self.gate.admit(&self.policy, &caller, &ask) {
            Ok(ticket) => {
                let sent = String::from_utf8(ticket.body().to_vec()).unwrap();
                let record = Record::open(&self.policy, None, &ask);
                Came { sent: Some(sent), record, ticket: Some(ticket), denial: None }
            }
            Err(Refusal { record, denial }) => {
                Came { sent: None, record, ticket: None, denial: Some(denial) }
            }
        }
    }

    /// What the caller is handed of an answer, and the record of it all.
    fn answer(&self, came: Came, result: &str) -> (String, Box<Record>) {
        let mut ticket = came.ticket.unwrap();
        let now = Now { steady: Duration::from_secs(60), unix_ms: 0 };
        let body = Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":1,{result}}}"#));
        let handed =
            match self.gate.inspect(&self.policy, &mut ticket, &Said::plainly(&body, Carrier::Whole), now) {
                Release::Pass { body, .. } => String::from_utf8(body.to_vec()).unwrap(),
                other => panic!("{other:?}"),
            };
        (handed, self.settle(ticket))
    }

    fn settle(&self, ticket: Ticket) -> Box<Record> {
        let overhead = Overhead::default();
        let ending = Ending {
            outcome: Outcome::Success,
            http_status: 200,
            duration: Duration::ZERO,
            bytes: 0,
            overhead,
        };
        self.gate.settle(ticket, ending)
    }

    /// The token that a caller is shown for what `tool` answers.
    fn shown(&self, caller: usize, conversation: &str, tool: &str, value: &str) -> String {
        let came = self.call(Some(caller), conversation, tool, "{}");
        let (handed, _) = self.answer(came, &format!(r#""result":{{"content":[],"x":{value}}}"#));
        let at = handed.find("PII_").unwrap_or_else(|| panic!("no token in {handed}"));
        handed[at..].split('"').next().unwrap().to_owned()
    }

    /// What became of the tokens of a call that was made.
    fn results(&self, came: Came) -> Vec<(&'static str, String, &'static str, u32)> {
        let record = match came.ticket {
            Some(ticket) => self.settle(ticket),
            None => came.record,
        };
        let each = record.restores.iter();
        each.map(|restore| (restore.kind, restore.path.to_string(), restore.result.as_str(), restore.count))
            .collect()
    }
}

/// Arguments with `text` at a dotted path, which is a JSON value.
fn at(path: &str, text: &str) -> String {
    path.rsplit('.').fold(text.to_owned(), |inner, step| format!("{{\"{step}\":{inner}}}"))
}

#[test]
fn a_token_resolves_in_exactly_one_cell() {
    for (bound_tool, bound_path) in TOOLS.iter().copied().zip(PATHS.iter().copied()) {
        for (kind, value) in VALUES {
            let stage = Stage::new(&format!(
                "restore: {{ rules: [{{ id: back, tool: {bound_tool}, argument: {bound_path}, detectors: [{kind}], from: [lookup] }}] }}\n"
            ));
            let bound = stage.shown(0, "one", "lookup", &format!("\"{value}\""));
            let (_, other_value) = VALUES.iter().find(|(other, _)| other != kind).unwrap();
            let other_kind = stage.shown(0, "one", "lookup", &format!("\"{other_value}\""));
            let other_origin = stage.shown(0, "one", "store", "\"bob@example.com 987-65-4329\"");
            for (place, _) in CALLERS.iter().enumerate() {
                for conversation in CONVERSATIONS {
                    for (tool, path) in
                        TOOLS.iter().flat_map(|tool| PATHS.iter().map(move |path| (*tool, *path)))
                    {
                        for token in [&bound, &other_kind, &other_origin] {
                            let token = token.split(' ').next().unwrap();
                            let is_cell = place == 0
                                && *conversation == "one"
                                && (tool, path, token) == (bound_tool, bound_path, bound.as_str());
                            let came = stage.call(
                                Some(place),
                                conversation,
                                tool,
                                &at(path, &format!("\"{token}\"")),
                            );
                            let shown = if is_cell { *value } else { token };
                            let sent = came.sent.clone().unwrap();
                            assert!(
                                sent.ends_with(&format!(
                                    "\"arguments\":{}}}}}",
                                    at(path, &format!("\"{shown}\""))
                                )),
                                "{bound_tool} {bound_path} {kind}: {place} {conversation} {tool} {path}: {sent}"
                            );
                            let [(_, at, result, 1)] = &stage.results(came)[..] else { panic!("one token") };
                            assert_eq!(
                                (*result == "restored", at.as_str()),
                                (is_cell, &*format!("$.arguments.{path}"))
                            );
                        }
                    }
                }
            }
        }
    }
}

const MAIL: &str = "restore: { rules: [{ id: back, tool: mail, argument: to, detectors: [email] }, \
                    { id: sums, tool: mail, argument: deep.to, rules: [keeps] }, \
                    { id: words, tool: mail, argument: note, detectors: [email], embed: true }] }\n";

#[test]
fn a_value_is_given_back_as_it_was_and_only_whole() {
    let stage = Stage::new(MAIL);
    let mail = stage.shown(0, "one", "lookup", "\"ann@example.com\"");
    let sum = stage.shown(0, "one", "lookup", "{\"amount\":-12.50}");
    let text = stage.shown(0, "one", "lookup", r#"{"amount":"a\"b\\c"}"#);
    for (arguments, wanted) in [
        (format!(r#"{{"to":["x","{mail}"]}}"#), r#"{"to":["x","ann@example.com"]}"#.to_owned()),
        (format!(r#"{{"to":"{}"}}"#, mail.to_lowercase()), r#"{"to":"ann@example.com"}"#.into()),
        (format!(r#"{{"to":"<{mail}>"}}"#), format!(r#"{{"to":"<{mail}>"}}"#)),
        (format!(r#"{{"to":{{"{mail}":1}}}}"#), format!(r#"{{"to":{{"{mail}":1}}}}"#)),
        (format!(r#"{{"deep":{{"to":"{sum}"}}}}"#), r#"{"deep":{"to":-12.50}}"#.into()),
        (format!(r#"{{"deep":[{{"to":"{text}"}}]}}"#), r#"{"deep":[{"to":"a\"b\\c"}]}"#.into()),
        (format!(r#"{{"note":"for {mail}, now"}}"#), r#"{"note":"for ann@example.com, now"}"#.into()),
        (format!(r#"{{"note":"x{mail}"}}"#), format!(r#"{{"note":"x{mail}"}}"#)),
        (format!(r#"{{"note":"for {sum}"}}"#), format!(r#"{{"note":"for {sum}"}}"#)),
    ] {
        let sent = stage.call(Some(0), "one", "mail", &arguments).sent.unwrap();
        assert!(sent.ends_with(&format!("\"arguments\":{wanted}}}}}")), "{arguments}: {sent}");
    }
}

#[test]
fn what_is_put_into_a_text_cannot_end_it() {
    for value in ["O'Neil", "a\"b", "a\\b", "a;b", "a)b", "a--b", "a\nb", "a`b", "a$b", "a%27b"] {
        assert!(!is_plain(value), "{value}");
    }
    for value in ["ann@example.com", "123-45-6789", "+49 30 1234", "J\u{fc}rgen Gro\u{df}", "1.5"] {
        assert!(is_plain(value), "{value}");
    }
}

#[test]
fn an_attempt_is_noted_and_the_caller_hears_nothing_of_it() {
    let stage = Stage::new(MAIL);
    let token = stage.shown(0, "one", "lookup", "\"ann@example.com\"");
    let came = stage.call(
        Some(0),
        "one",
        "store",
        &format!(r#"{{"to":"{token} {token}","x":"PII_EMAIL_00000000000"}}"#),
    );
    assert_eq!(
        stage.results(came),
        [
            ("EMAIL", "$.arguments.to".to_owned(), "unbound", 2),
            ("EMAIL", "$.arguments.x".to_owned(), "unknown", 1),
        ]
    );
    let broken =
        stage.call(Some(0), "one", "mail", r#"{"to":"PII_EMAIL_00000000001","note":"PII_SHOE_00000000000"}"#);
    let told = stage.results(broken);
    assert!(told.iter().all(|(kind, _, result, _)| (*kind, *result) == ("unknown", "unknown")), "{told:?}");
}

#[test]
fn a_policy_may_refuse_them_and_says_the_same_of_all() {
    let stage = Stage::new(&MAIL.replace("{ rules:", "{ on_unbound: block, rules:"));
    let token = stage.shown(0, "one", "lookup", "\"ann@example.com\"");
    assert!(stage.call(Some(0), "one", "mail", &format!(r#"{{"to":"{token}"}}"#)).sent.is_some());
    let refused = [
        (0, "one", "store", token.as_str()),
        (1, "one", "mail", token.as_str()),
        (0, "two", "mail", token.as_str()),
        (0, "one", "mail", "PII_EMAIL_00000000000"),
        (0, "one", "mail", "PII_EMAIL_00000000001"),
    ];
    let words: Vec<String> = refused
        .into_iter()
        .map(|(caller, conversation, tool, token)| {
            let came = stage.call(Some(caller), conversation, tool, &format!(r#"{{"to":"{token}"}}"#));
            assert_eq!(came.record.restores.len(), 1);
            came.denial.unwrap().words("the tool").text
        })
        .collect();
    assert!(words[0].contains("`$.to`") && words[0].contains("stands for nothing"), "{}", words[0]);
    assert!(words.windows(2).all(|pair| pair[0] == pair[1]), "{words:?}");
}

#[test]
fn the_server_gets_the_value_and_the_model_the_token_again() {
    let stage = Stage::new(MAIL);
    let token = stage.shown(0, "one", "lookup", "\"ann@example.com\"");
    let call = || stage.call(Some(0), "one", "mail", &format!(r#"{{"to":"{token}"}}"#));
    for (answer, wanted) in [
        (
            r#""result":{"content":[{"type":"text","text":"sent to ann@example.com"}]}"#,
            format!("sent to {token}"),
        ),
        (r#""error":{"code":-1,"message":"no ann@example.com"}"#, format!("no {token}")),
    ] {
        let (handed, record) = stage.answer(call(), answer);
        assert!(handed.contains(&wanted) && !handed.contains("ann@"), "{handed}");
        assert!(
            record.findings.iter().all(|(_, found)| found.rule.as_str() == "back"),
            "{:?}",
            record.findings
        );
    }
    // Another call of the conversation, and one of another.
    let (handed, _) = stage.answer(
        stage.call(Some(0), "one", "store", "{}"),
        r#""result":{"content":[],"x":"ann@example.com"}"#,
    );
    assert!(handed.contains(&token), "{handed}");
    let (handed, _) = stage.answer(
        stage.call(Some(0), "two", "store", "{}"),
        r#""result":{"content":[],"x":"ann@example.com"}"#,
    );
    assert!(handed.contains("PII_EMAIL_") && !handed.contains(&token), "{handed}");
}

#[test]
fn what_hides_arguments_comes_before_what_restores_them() {
    let stage = Stage::new(&format!(
        "{MAIL}deny: [{{ id: not-ann, tools: [mail], args: {{ mail: {{ to: {{ equals: ann@example.com }} }} }}, when_missing: ignore }}]\n"
    ));
    let token = stage.shown(0, "one", "lookup", "\"ann@example.com\"");
    let by_value = stage.call(Some(0), "one", "mail", r#"{"to":"ann@example.com"}"#);
    assert!(matches!(by_value.denial, Some(Denial::Forbidden { .. })));
    let by_token = stage.call(Some(0), "one", "mail", &format!(r#"{{"to":"{token}"}}"#));
    assert!(by_token.sent.unwrap().contains("ann@example.com"), "rules see the token");
    assert!(stage.policy.warnings().iter().any(|fault| fault.code.as_str() == "SG0132"));
    let stage = Stage::hiding("{ id: hides, on: arguments, fields: [note], action: drop },", MAIL);
    let token = stage.shown(0, "one", "lookup", "\"ann@example.com\"");
    let came = stage.call(Some(0), "one", "mail", &format!(r#"{{"note":"to {token}","to":"{token}"}}"#));
    let sent = came.sent.clone().unwrap();
    assert!(sent.ends_with(r#""arguments":{"note":null,"to":"ann@example.com"}}}"#), "{sent}");
    let told = stage.results(came);
    assert_eq!(told.iter().map(|(_, _, result, _)| *result).collect::<Vec<_>>(), ["unbound", "restored"]);
}

#[test]
fn anonymous_callers_without_a_conversation_keep_nothing() {
    let stage = Stage::new(MAIL);
    let came = stage.call(None, "", "lookup", "{}");
    let (handed, _) = stage.answer(came, r#""result":{"content":[],"x":"ann@example.com"}"#);
    assert!(handed.contains("[EMAIL]") && stage.gate.vault().is_empty(), "{handed}");
    let came = stage.call(None, "one", "lookup", "{}");
    let (handed, _) = stage.answer(came, r#""result":{"content":[],"x":"ann@example.com"}"#);
    assert!(handed.contains("PII_EMAIL_"), "{handed}");
    let came = stage.call(Some(0), "", "lookup", "{}");
    assert!(stage.answer(came, r#""result":{"content":[],"x":"ann@example.com"}"#).0.contains("PII_EMAIL_"));
}

#[test]
fn gives_back_no_more_values_than_a_call_may_have() {
    let stage = Stage::new(MAIL);
    let token = stage.shown(0, "one", "lookup", "\"ann@example.com\"");
    let list = vec![format!("\"{token}\""); RESTORES_PER_CALL_MAX + 1].join(",");
    let came = stage.call(Some(0), "one", "mail", &format!(r#"{{"to":[{list}]}}"#));
    let sent = came.sent.clone().unwrap();
    assert_eq!((sent.matches("ann@").count(), sent.matches("PII_").count()), (RESTORES_PER_CALL_MAX, 1));
    let told = stage.results(came);
    assert_eq!(
        told.iter().map(|(_, _, _, count)| count).sum::<u32>(),
        u32::try_from(RESTORES_PER_CALL_MAX).unwrap() + 1
    );
    assert!(told.len() <= crate::bounds::RECORD_RESTORES_MAX);
}
