//! Servers that misbehave, behind the bridge: they die, hang, fork, fall silent, and come too often.
//!
//! On a busy machine an answer may have begun as a stream before it is lost, so its text counts here
//! and not its status.

use std::time::Duration;

use tokio::time::timeout;

use super::tests::*;
use super::*;

const CALLER: &str = CALLER_HEADER;

async fn post(bridge: &Arc<Bridge>, caller: &str, body: String) -> (u16, String) {
    read(send(bridge, "POST", &[(CALLER, caller)], body).await).await
}

fn listen(id: &str, notifications: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"subscriptions/listen","params":{{"notifications":{notifications},{MODERN}}}}}}}"#
    )
}

#[tokio::test]
async fn starts_a_dying_server_ever_more_slowly_for_the_caller_whose_it_is() {
    let bridge = Bridge::new(wrap(&["dying"]), None);
    let resting = async {
        loop {
            let response = send(&bridge, "POST", &[(CALLER, "alice")], modern("1", "count")).await;
            let seconds =
                response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            let (status, text) = read(response).await;
            match seconds {
                Some(seconds) => break (status, text, seconds),
                None => assert!(text.contains("-32603"), "{status} {text}"),
            }
        }
    };
    let (status, text, seconds) = timeout(DEADLINE, resting).await.expect("it is told to wait");
    assert_eq!(status, 503);
    assert!(text.contains("5 time(s) in a row") && text.contains(&format!("retry in {seconds} s")), "{text}");
    assert!(matches!(&*seconds, "1" | "2"), "{seconds}");
    let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
    assert_eq!(post(&bridge, "alice", body.into()).await.0, 503, "a session is a start, too");
    let (_, text) = post(&bridge, "bob", modern("1", "count")).await;
    assert!(text.contains("-32603") && !text.contains("retry in"), "others start afresh: {text}");
    let gone = Bridge::new(Child { program: "/nonexistent/server".into(), ..wrap(&[]) }, None);
    let unstartable = async { while post(&gone, "alice", modern("4", "count")).await.0 == 502 {} };
    timeout(DEADLINE, unstartable).await.expect("what cannot be started rests, too");
    bridge.stop().await;
}

#[tokio::test]
async fn asks_the_next_child_what_a_listener_asked_of_the_last() {
    let bridge = Bridge::new(wrap(&["modern", "listened"]), None);
    let wanted = r#"{"toolsListChanged":true,"resourceSubscriptions":["file:///a"]}"#;
    let response = send(&bridge, "POST", &[(CALLER, "alice")], listen("\"l\"", wanted)).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body();
    let first = read_until(&mut stream, "\n\n").await;
    assert!(first.contains("subscriptions/acknowledged") && first.contains(r#""l""#), "{first}");
    for _ in 0..2 {
        assert!(post(&bridge, "alice", modern("1", "crash")).await.1.contains("-32603"));
        let told = read_until(&mut stream, "resources/updated").await;
        assert!(told.contains("tools/list_changed") && told.contains("file:///a"), "{told}");
        assert!(!told.contains("acknowledged") && !told.contains("-32603"), "{told}");
        let (status, text) = post(&bridge, "alice", modern("2", "seen")).await;
        assert!(status == 200 && text.contains("subscriptions/listen"), "{text}");
    }
    bridge.stop().await;
    read_until(&mut stream, "-32603").await;
}

#[tokio::test]
async fn gives_a_listener_up_whose_request_ends_every_child() {
    let bridge = Bridge::new(wrap(&["modern", "listened"]), None);
    // The server cannot read this one, and ends.
    let mut stream =
        send(&bridge, "POST", &[], listen("1", r#"{"a":1}"#).replace("notifications", "n")).await;
    if stream.status() == 200 {
        read_until(stream.body_mut(), "-32603").await;
    } else {
        assert_eq!(stream.status(), 502);
    }
    bridge.stop().await;
}

#[tokio::test]
async fn tells_the_child_of_a_call_that_took_too_long() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let headers = [("mcp-session-id", &*session), (TIMEOUT_HEADER, "100")];
    let response = send(&bridge, "POST", &headers, call("7", "hang", "")).await;
    let (status, text) = read(response).await;
    assert!(status == 504 && text.contains(r#""id":7,"#) && text.contains("-31504"), "{status} {text}");
    // What has begun to answer is given up when it falls silent.
    let mut stream = send(&bridge, "POST", &headers, call("8", "ask", "")).await;
    assert_eq!(stream.status(), 200);
    let text = read_until(stream.body_mut(), "-31504").await;
    assert!(text.contains("sampling/createMessage"), "{text}");
    let (_, text) = ask(&bridge, &session, call("9", "cancelled", "")).await;
    assert!(text.contains("[2, 3]"), "{text}");
    bridge.stop().await;
}

#[tokio::test]
async fn writes_canonical_lines_to_the_child_whatever_its_own_ids_look_like() {
    let bridge = bridge();
    // Nobody can be asked in the modern era, so the bridge answers: with the child's own strange id.
    let (_, text) = post(&bridge, "alice", modern("1", "ask strangely")).await;
    assert!(text.contains("answered"), "{text}");
    let (_, text) = post(&bridge, "alice", modern("\"\u{e9}\u{2028}\"", "unclean")).await;
    assert!(text.contains(r#""text": "[]""#), "{text}");
    bridge.stop().await;
}

#[tokio::test]
async fn leaves_nothing_behind_of_a_child_that_forks_and_dies() {
    let bridge = bridge();
    let session = begin(&bridge).await;
    let (_, text) = ask(&bridge, &session, call("1", "fork", "")).await;
    let number: String =
        text.split(r#""text": ""#).nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    let grandchild = rustix::process::Pid::from_raw(number.parse().unwrap()).unwrap();
    assert!(rustix::process::test_kill_process(grandchild).is_ok(), "{number} runs");
    let child = bridge.session(&session, "").unwrap();
    assert!(ask(&bridge, &session, call("2", "crash", "")).await.1.contains("-32603"));
    timeout(DEADLINE, child.gone()).await.expect("the child is reaped although its pipe is held open");
    let gone = async {
        while is_running(&number) {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, gone).await.expect("the grandchild was killed");
    bridge.stop().await;
}

/// Whether a process runs; one that only waits to be reaped, by whoever inherited it, does not.
fn is_running(number: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[tokio::test]
async fn ends_a_child_that_closes_its_output_alone() {
    let times = Times { grace: Duration::from_millis(50), ..Times::default() };
    let bridge = Bridge::with_times(wrap(&["deaf"]), None, times);
    let session = begin(&bridge).await;
    let child = bridge.session(&session, "").unwrap();
    let (status, text) = ask(&bridge, &session, call("1", "mute", "")).await;
    assert!(text.contains("-32603"), "{status} {text}");
    timeout(DEADLINE, child.gone()).await.expect("it is ended");
    bridge.stop().await;
}

#[tokio::test]
async fn bounds_the_children_of_one_caller_and_ends_a_silent_one_first() {
    let crowd = async |times: Times| {
        let bridge = Bridge::with_times(wrap(&["modern"]), None, times);
        let session = begin(&bridge).await;
        let child = bridge.session(&session, "").unwrap();
        for number in 1..BRIDGE_CHILDREN_PER_CALLER_MAX {
            bridge.children().sessions.insert(number.to_string().into(), Arc::clone(&child));
        }
        (bridge, child)
    };
    let (bridge, _) = crowd(Times::default()).await;
    let (status, text) = post(&bridge, "", modern("1", "count")).await;
    assert!(status == 503 && text.contains("run for you"), "{status} {text}");
    assert_eq!(post(&bridge, "bob", modern("1", "count")).await.0, 200, "others are not concerned");
    bridge.stop().await;
    let (bridge, child) = crowd(Times { yields: Duration::ZERO, ..Times::default() }).await;
    assert_eq!(post(&bridge, "", modern("1", "count")).await.0, 200);
    timeout(DEADLINE, child.gone()).await.expect("the silent one was ended");
    bridge.stop().await;
}
