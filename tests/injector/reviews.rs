//! What becomes of reviews: a table of them, each answered by the real binary.

use serde_json::{Value, json};

use crate::stage::{IMAGE, Stage, asking, image_of, patch, pod, response, review, settings};

/// One review, and what must come of it.
struct Row {
    what: &'static str,
    review: Value,
    /// The labels of the metric.
    counted: [&'static str; 2],
    /// What the message of a refusal, or a warning, says.
    says: &'static str,
}

fn row(what: &'static str, review: Value, counted: [&'static str; 2], says: &'static str) -> Row {
    Row { what, review, counted, says }
}

/// A review with another value at a place of its request.
fn with(place: &str, value: Value, mut review: Value) -> Value {
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    let parent = review["request"].pointer_mut(parent).expect("there is such a place");
    parent[name] = value;
    review
}

fn asked() -> Value {
    review("tools", &asking())
}

fn in_pod(place: &str, value: Value) -> Value {
    with(&format!("/object{place}"), value, asked())
}

fn by(user: &str) -> Value {
    with("/userInfo/username", user.into(), asked())
}

fn of_pods() -> Vec<Row> {
    let disabled = pod(&[("sluicegate.dev/inject", "disabled")]);
    let silent = pod(&[]);
    let elsewhere = in_pod("/metadata/namespace", "kube-system".into());
    let pods = with("/resource/resource", "deployments".into(), asked());
    vec![
        row("asks", asked(), ["patched", "none"], ""),
        row("asks, for show", with("/dryRun", true.into(), asked()), ["patched", "none"], ""),
        row("names another namespace itself", elsewhere, ["patched", "none"], ""),
        row("by a person who may ask", by("kubernetes-admin"), ["patched", "none"], ""),
        row("silent, enrolled", review("closed", &silent), ["patched", "none"], ""),
        row("silent, where pods must ask", review("tools", &silent), ["skipped", "not_asked"], ""),
        row("opts out where it may", review("open", &disabled), ["skipped", "opted_out"], ""),
        row(
            "in a namespace of the cluster",
            review("kube-system", &asking()),
            ["skipped", "control_plane"],
            "",
        ),
        row(
            "opts out where it may not",
            review("closed", &disabled),
            ["refused", "opt_out_refused"],
            "SG0420",
        ),
        row(
            "on the node's network",
            in_pod("/spec/hostNetwork", true.into()),
            ["refused", "host_network"],
            "SG0401",
        ),
        row(
            "a typo in an annotation",
            review(
                "tools",
                &pod(&[("sluicegate.dev/inject", "enabled"), ("sluicegate.dev/mdoe", "redirect")]),
            ),
            ["refused", "unknown_annotation"],
            "did you mean",
        ),
        row(
            "by somebody who may not ask",
            by("system:serviceaccount:tools:default"),
            ["refused", "asker_not_allowed"],
            "SG0421",
        ),
        row(
            "by a name that only begins like one",
            by("kubernetes-admin2"),
            ["refused", "asker_not_allowed"],
            "SG0421",
        ),
        row("by nobody", by(""), ["refused", "asker_not_allowed"], "SG0421"),
        row("an update", with("/operation", "UPDATE".into(), asked()), ["passed", "none"], "`UPDATE pods`"),
        row("a deletion", with("/operation", "DELETE".into(), asked()), ["passed", "none"], "`DELETE pods`"),
        row(
            "something within a pod",
            with("/subResource", "exec".into(), asked()),
            ["passed", "none"],
            "pods/exec",
        ),
        row("something else", pods, ["passed", "none"], "`CREATE deployments`"),
    ]
}

#[test]
fn answers_each_review_as_it_must() {
    let stage = Stage::new(&settings(""), &[]);
    for (turn, Row { what, review, counted: [result, reason], says }) in of_pods().into_iter().enumerate() {
        let before = stage.count(result, reason);
        let uid = format!("uid-{turn}");
        let review = with("/uid", uid.as_str().into(), review);
        let response = response(&stage.post(review.to_string().as_bytes()));
        assert_eq!(response["uid"], uid, "{what}");
        assert_eq!(stage.count(result, reason), before + 1.0, "{what}: {response}");
        assert_eq!(response["auditAnnotations"]["result"], result, "{what}");
        match result {
            "refused" => {
                assert_eq!(
                    (&response["allowed"], &response["status"]["code"]),
                    (&json!(false), &json!(403)),
                    "{what}"
                );
                let message = response["status"]["message"].as_str().unwrap_or_default();
                assert!(message.contains(says), "{what}: {message}");
            }
            "patched" => {
                assert_eq!(image_of(&patch(&response)).as_deref(), Some(IMAGE), "{what}");
            }
            _ => {
                assert_eq!(response["allowed"], true, "{what}");
                assert!(response.get("patch").is_none(), "{what}");
                assert!(response["warnings"].to_string().contains(says), "{what}: {response}");
            }
        }
    }
    let log = stage.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let decisions: Vec<_> = lines.iter().filter(|line| line["message"] == "reviewed").collect();
    assert_eq!(decisions.len(), of_pods().len(), "one line for each:\n{log}");
    let refused = decisions.iter().find(|line| line["code"] == "SG0401").expect("the refusal has its line");
    assert_eq!((&refused["namespace"], &refused["pod"]), (&json!("tools"), &json!("weather-7d4b9-")));
    let count = stage.metric("sluicegate_injector_request_duration_seconds_count");
    assert_eq!(count, of_pods().len() as f64);
}

/// Whether a response repeats the patch that was made, applied by a program of others.
#[test]
fn leaves_a_pod_alone_that_it_has_patched() {
    let stage = Stage::new(&settings(""), &[]);
    let Some(kubectl) = crate::stage::kubectl() else { return };
    let patched = kubectl.patch(&asking(), &patch(&stage.ask("tools", &asking())));
    assert!(image_of(std::slice::from_ref(&patched)).is_some(), "{patched}");
    let again = stage.ask("tools", &patched);
    assert_eq!((&again["allowed"], again.get("patch")), (&json!(true), None), "{again}");
    assert_eq!(stage.count("skipped", "current"), 1.0);
}

#[test]
fn turns_away_what_is_no_review() {
    let stage = Stage::new(&settings(""), &[]);
    let asked = asked().to_string();
    let twice = asked.replacen(r#""uid":"#, r#""uid":"other","uid":"#, 1);
    let hidden = asked.replacen(r#""name":"server""#, r#""name":"server","n\u0061me":"sluicegate""#, 1);
    let beta = asked.replacen("admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1);
    let deep = asked.replacen(r#""env":"#, &format!(r#""x":{}{},"env":"#, "[".repeat(80), "]".repeat(80)), 1);
    for (what, body, reason, says) in [
        ("garbage", "\u{1}\u{2}garbage".to_owned(), "json", "no plain JSON"),
        ("nothing", String::new(), "json", "no plain JSON"),
        ("half a review", asked[..asked.len() / 2].to_owned(), "json", "no plain JSON"),
        ("two values", format!("{asked}{asked}"), "json", "no plain JSON"),
        ("a key that stands twice", twice, "json", "no plain JSON"),
        ("a key that stands twice, once escaped", hidden, "json", "no plain JSON"),
        ("a byte-order mark", format!("\u{feff}{asked}"), "json", "no plain JSON"),
        ("too deep", deep, "json", "no plain JSON"),
        ("an older version", beta, "version", "admissionReviewVersions: [v1]"),
        ("a list", "[]".to_owned(), "words", "`kind`"),
        ("another object", r#"{"kind":"Status","apiVersion":"v1"}"#.to_owned(), "words", "`kind`"),
        ("no request", asked.replacen(r#""request""#, r#""response""#, 1), "words", "no `request`"),
        ("no pod", asked.replacen(r#""object":"#, r#""objekt":"#, 1), "words", "no pod"),
    ] {
        let before = stage.count("rejected", reason);
        let answer = stage.post(body.as_bytes());
        assert_eq!(answer.status(), 400, "{what}: {}", answer.text());
        assert!(answer.text().contains(says), "{what}: {}", answer.text());
        assert_eq!(stage.count("rejected", reason), before + 1.0, "{what}");
    }
    assert!(stage.ask("tools", &asking())["allowed"] == true, "it goes on answering");
}
