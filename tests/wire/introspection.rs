//! Tokens that say nothing themselves: the issuer is asked, once, and without it nobody is let in.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::bundle::Bundle;
use crate::support::gate::{Gate, call};
use crate::support::signer::{AUDIENCE, now};
use crate::support::upstream::{After, Got, Upstream, send_json};
use crate::support::wait_for;
use crate::support::wire::Answer;

const SECRET: &str = "secret-of-the-gate-1";

/// What the issuer says of each token; how it fares; and how many questions are on their way.
#[derive(Default)]
struct Desk {
    is_held: Mutex<bool>,
    released: Condvar,
    at_once: AtomicUsize,
    at_once_max: AtomicUsize,
}

impl Desk {
    fn answer(&self, got: &Got, stream: &mut TcpStream) -> After {
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.at_once_max.fetch_max(at_once, Ordering::SeqCst);
        let held = self.is_held.lock().expect("no thread panicked with it");
        drop(self.released.wait_while(held, |held| *held).expect("no thread panicked with it"));
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        let token = got.body.split('&').find_map(|pair| pair.strip_prefix("token=")).unwrap_or_default();
        let active = |more: &str| {
            format!(r#"{{"active":true,"sub":"carol","scope":"read","exp":{}{more}}}"#, now() + 300)
        };
        let said = match token {
            "good" => active(&format!(r#","aud":"{AUDIENCE}""#)),
            "other-audience" => active(r#","aud":"https://other.example.com/mcp""#),
            "no-audience" => active(""),
            "refresh" => active(&format!(r#","aud":"{AUDIENCE}","token_type":"refresh_token""#)),
            "bound" => active(&format!(r#","aud":"{AUDIENCE}","cnf":{{"jkt":"x"}}"#)),
            "ended" => format!(r#"{{"active":true,"sub":"carol","aud":"{AUDIENCE}","exp":{}}}"#, now() - 300),
            "twice" => format!(r#"{{"active":true,"active":true,"sub":"carol","aud":"{AUDIENCE}"}}"#),
            "broken" => "secret-1 <html>".into(),
            "failing" => {
                send_json(stream, 500, "{}");
                return After::Keep;
            }
            "elsewhere" => {
                let to = "Location: http://127.0.0.1:1/\r\n";
                crate::support::upstream::send_head(stream, 307, to, "");
                return After::Keep;
            }
            _ => r#"{"active":false}"#.into(),
        };
        send_json(stream, 200, &said);
        After::Keep
    }

    fn hold(&self, is_held: bool) {
        *self.is_held.lock().expect("no thread panicked with it") = is_held;
        self.released.notify_all();
    }
}

struct Stage {
    gate: Gate,
    desk: Arc<Desk>,
    issuer: Upstream,
    _secret: tempfile::NamedTempFile,
}

impl Stage {
    fn new(upstream: &Upstream) -> Self {
        let desk = Arc::new(Desk::default());
        let answering = Arc::clone(&desk);
        let issuer = Upstream::start(move |got, stream| answering.answer(got, stream));
        let secret = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        std::fs::write(secret.path(), format!("{SECRET}\n")).expect("it can be written");
        let policy = format!(
            "version: 1
server: {{ id: clinic, mode: enforce }}
callers:
  anonymous: deny
  issuers:
    - issuer: https://idp.example.com
      audience: {AUDIENCE}
      introspection: {{ url: 'http://{}/introspect', client_id: gate, client_secret_file: {} }}
roles:
  reader: {{ scopes: [read] }}
tools:
  echo: {{ class: read }}
  delete_all: {{ class: destructive }}
allow:
  - {{ id: read, roles: [reader], classes: [read] }}
",
            issuer.address,
            secret.path().display()
        );
        let gate = Gate::with(Bundle::new(&policy), &["--upstream", &upstream.url()]);
        Self { gate, desk, issuer, _secret: secret }
    }

    fn call(&self, token: &str) -> Answer {
        self.gate.call(token, "echo", "{}")
    }

    fn asked(&self) -> usize {
        self.issuer.got().len()
    }
}

fn is_allowed(answer: &Answer) -> bool {
    answer.status() == 200 && answer.json()["result"]["content"][0]["text"] == "ok"
}

#[test]
fn asks_the_issuer_and_remembers_what_it_said() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream);
    for _ in 0..3 {
        let answer = stage.call("good");
        assert!(is_allowed(&answer), "{}", answer.text());
    }
    let asked = stage.issuer.got();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].head.starts_with("POST /introspect "), "{}", asked[0].head);
    let basic = format!("basic {}", STANDARD.encode(format!("gate:{SECRET}"))).to_ascii_lowercase();
    assert!(asked[0].head.to_ascii_lowercase().contains(&basic), "{}", asked[0].head);
    assert_eq!(asked[0].body, "token=good&token_type_hint=access_token");
    let record = stage.gate.record("the call", |record| record["actor"]["proof"] == "introspection");
    assert_eq!(record["actor"]["issuer"], "https://idp.example.com", "{record}");
    let records = serde_json::to_string(&stage.gate.records()).expect("records are JSON");
    for (place, text) in
        [("log", stage.gate.log()), ("metrics", stage.gate.page("/metrics").text()), ("audit", records)]
    {
        assert!(!text.contains(SECRET), "the {place} holds the secret");
    }
    assert!(upstream.got().iter().all(|got| !got.head.contains("good") && !got.head.contains(SECRET)));
}

#[test]
fn lets_nobody_in_of_whom_the_issuer_says_less() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream);
    let tokens = ["inactive", "other-audience", "no-audience", "refresh", "bound", "ended"];
    for token in tokens {
        for _ in 0..2 {
            let answer = stage.call(token);
            assert_eq!(answer.status(), 401, "{token}: {}", answer.text());
            let challenge = answer.head.header("www-authenticate").unwrap_or_default();
            assert!(challenge.contains("invalid_token"), "{token}: {challenge}");
        }
    }
    assert_eq!(stage.asked(), tokens.len(), "what was refused is remembered, too");
    assert_eq!(upstream.bytes(), 0);
}

#[test]
fn lets_nobody_in_while_the_issuer_does_not_answer() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream);
    for token in ["broken", "failing", "elsewhere"] {
        let answer = stage.call(token);
        assert_eq!(answer.status(), 503, "{token}: {}", answer.text());
        assert_eq!(answer.head.header("www-authenticate"), None, "no reason to get another token");
        assert!(answer.head.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    }
    // Three failures in a row: it is left alone, also with a token that it would know.
    let asked = stage.asked();
    assert_eq!(stage.call("good").status(), 503);
    assert_eq!((stage.asked(), upstream.bytes()), (asked, 0));
    wait_for("the issuer to be asked again", || is_allowed(&stage.call("good")).then_some(()));
    assert!(stage.gate.log().contains("tokens are introspected again"), "{}", stage.gate.log());
    assert!(!stage.gate.log().contains("secret-1"));
}

#[test]
fn asks_once_however_many_want_to_know() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream);
    stage.desk.hold(true);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..16).map(|_| scope.spawn(|| stage.call("good"))).collect();
        wait_for("the question", || (stage.asked() > 0).then_some(()));
        // Whoever else calls is not held up.
        let other =
            stage.gate.connect().post("", &[("Authorization", "Bearer a.b.c")], &call(1, "echo", "{}"));
        assert_eq!(other.status(), 401);
        stage.desk.hold(false);
        for call in calls {
            assert!(is_allowed(&call.join().expect("it does not panic")));
        }
    });
    assert_eq!((stage.asked(), stage.desk.at_once_max.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn waits_for_a_slow_issuer_no_longer_than_the_bound() {
    let upstream = Upstream::echo();
    let stage = Stage::new(&upstream);
    stage.desk.hold(true);
    let answer = stage.call("good");
    assert_eq!(answer.status(), 503, "{}", answer.text());
    stage.desk.hold(false);
    wait_for("the issuer to be asked again", || is_allowed(&stage.call("good")).then_some(()));
    assert_eq!(upstream.got().len(), 1);
}
