//! What is a review, and what is none.

use super::*;

fn review(request: &str) -> String {
    format!(r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#)
}

const POD: &str = r#"{"uid":"u-1","operation":"CREATE","resource":{"group":"","version":"v1","resource":"pods"},
    "namespace":"tools","userInfo":{"username":"ann"},"object":{"metadata":{"generateName":"web-","namespace":"other"}}}"#;

#[test]
fn reads_the_creation_of_a_pod() {
    let read = read(review(POD).as_bytes()).unwrap();
    assert_eq!((&*read.uid, &*read.namespace, &*read.name, &*read.user), ("u-1", "tools", "web-", "ann"));
    assert_eq!(read.run, Run::Real);
    assert!(matches!(read.subject, Subject::Pod(pod) if pod["metadata"]["generateName"] == "web-"));
    let dry = POD.replace(r#""uid""#, r#""dryRun":true,"uid""#);
    assert_eq!(super::read(review(&dry).as_bytes()).unwrap().run, Run::Dry);
}

#[test]
fn leaves_everything_else_alone() {
    for (from, to, wanted) in [
        ("CREATE", "UPDATE", "UPDATE pods"),
        (r#""version":"v1""#, r#""version":"v2""#, "CREATE pods"),
        (r#""group":"""#, r#""group":"apps""#, "CREATE pods/apps"),
        (r#""uid""#, r#""subResource":"binding","uid""#, "CREATE pods/binding"),
        (r#""resource":"pods""#, r#""resource":"podtemplates""#, "CREATE podtemplates"),
    ] {
        let read = read(review(&POD.replace(from, to)).as_bytes()).unwrap();
        assert_eq!(read.subject, Subject::Other(wanted.into()), "{to}");
    }
}

#[test]
fn refuses_what_is_no_review() {
    let long = format!(r#""uid":"{}""#, "u".repeat(REVIEW_UID_BYTES_MAX + 1));
    for (from, to, wanted) in [
        ("/v1\"", "/v1beta1\"", "is not of admission.k8s.io/v1"),
        ("AdmissionReview", "Status", "`kind`"),
        (r#""request""#, r#""response""#, "no `request`"),
        (r#""uid":"u-1""#, r#""uid":"""#, "`request.uid`"),
        (r#""uid":"u-1""#, r#""uid":"u 1""#, "`request.uid`"),
        (r#""uid":"u-1""#, &long, "`request.uid`"),
        (r#""uid":"u-1""#, r#""uid":"u-1","uid":"u-2""#, "no plain JSON"),
        (r#""metadata":{"#, r#""metadata":{"generateName":"x-","#, "no plain JSON"),
        (r#""uid""#, r#""dryRun":"yes","uid""#, "dryRun"),
        (r#""username":"ann""#, r#""username":7"#, "username"),
        (r#""namespace":"tools""#, r#""namespace":"..""#, "namespace"),
        (r#""namespace":"tools","#, "", "namespace"),
        (r#""object":{"#, r#""old":{"#, "no pod"),
        (r#""operation":"CREATE","#, "", "operation"),
    ] {
        let fault = read(review(POD).replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(fault.contains(wanted), "{to}: {fault}");
    }
}

#[test]
fn knows_labels_at_their_bound() {
    let longest = "a".repeat(63);
    for (text, is_one) in [
        ("a", true),
        ("a-1", true),
        (longest.as_str(), true),
        (&format!("{longest}a"), false),
        ("", false),
        ("-a", false),
        ("a-", false),
        ("A", false),
        ("a.b", false),
        ("a_b", false),
    ] {
        assert_eq!(is_label(text), is_one, "{text}");
    }
}

#[test]
fn writes_answers_that_repeat_the_uid() {
    let patch = json!([{ "op": "add", "path": "/x", "value": 1 }]);
    let allowed = Answer::Allowed { patch: Some(patch.clone()), warnings: vec!["a\nb".into()] };
    let written: Tree = serde_json::from_slice(&allowed.write("u-1", ["patched", "none"])).unwrap();
    let response = &written["response"];
    assert_eq!((&response["uid"], &response["allowed"]), (&json!("u-1"), &json!(true)));
    assert_eq!(response["warnings"], json!(["a b"]), "no line breaks");
    let encoded = STANDARD.decode(response["patch"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Tree>(&encoded).unwrap(), patch);
    for (code, reason) in [(403, "Forbidden"), (500, "InternalError")] {
        let refused = Answer::Refused { code, message: "SG0401: no".into() };
        let written: Tree = serde_json::from_slice(&refused.write("u-2", ["refused", "x"])).unwrap();
        let response = &written["response"];
        assert_eq!(response["allowed"], json!(false));
        assert_eq!(
            (&response["status"]["code"], &response["status"]["reason"]),
            (&json!(code), &json!(reason))
        );
        assert!(response.get("patch").is_none() && response.get("warnings").is_none());
    }
}
