//! Requests that are no posts of reviews, by their heads, their sizes and their pace.

use std::io::Write;

use crate::stage::{SERVICE, Stage, asking, head, request, response, review, settings};

/// As many as a review may have.
const BYTES_MAX: usize = 3 << 20;

#[test]
fn takes_reviews_at_one_place_and_in_one_form() {
    let stage = Stage::new(&settings(""), &[]);
    let body = review("tools", &asking()).to_string();
    let post = request(&[], body.as_bytes());
    let changed = |from: &str, to: &str| String::from_utf8_lossy(&post).replacen(from, to, 1).into_bytes();
    let typed = |content_type: &str| request(&[("Content-Type", content_type)], body.as_bytes());
    let coded = request(&[("Content-Encoding", "gzip")], body.as_bytes());
    let twice =
        request(&[("Content-Type", "application/json"), ("content-type", "text/plain")], body.as_bytes());
    for (what, bytes, status, reason) in [
        ("text", typed("text/plain"), 415, "media_type"),
        ("another JSON", typed("application/json-patch+json"), 415, "media_type"),
        ("another charset", typed("application/json; charset=utf-16"), 415, "media_type"),
        ("protobuf", typed("application/vnd.kubernetes.protobuf"), 415, "media_type"),
        ("no type", changed("Content-Type: application/json\r\n", ""), 415, "media_type"),
        ("a coding", coded, 415, "media_type"),
        ("put", changed("POST /", "PUT /"), 405, "method"),
        ("patch", changed("POST /", "PATCH /"), 405, "method"),
        ("got", format!("GET /inject HTTP/1.1\r\nHost: {SERVICE}\r\n\r\n").into_bytes(), 405, "method"),
        ("elsewhere", changed("/inject", "/mutate"), 404, "path"),
        ("below", changed("/inject", "/inject/x"), 404, "path"),
        ("elsewhere in case", changed("/inject", "/Inject"), 404, "path"),
        ("two types", twice, 400, "head"),
        ("two lengths", changed("Content-Length:", "Content-Length: 3\r\nContent-Length:"), 400, "head"),
        (
            "a length and chunks",
            changed("Content-Length:", "Transfer-Encoding: chunked\r\nContent-Length:"),
            400,
            "head",
        ),
        (
            "a line end of one byte",
            changed("Accept: application/json, */*\r\n", "Accept: */*\n"),
            400,
            "head",
        ),
    ] {
        let before = stage.count("rejected", reason);
        let mut wire = stage.connect();
        wire.send(&bytes);
        let answer = wire.answer();
        assert_eq!(answer.status(), status, "{what}: {}", answer.text());
        assert!(answer.text().starts_with("sluicegate: "), "{what}: {}", answer.text());
        assert_eq!(answer.head.header("allow"), (status == 405).then_some("POST"), "{what}");
        assert_eq!(stage.count("rejected", reason), before + 1.0, "{what}");
    }
    for content_type in ["application/json", "Application/JSON", "application/json; charset=utf-8"] {
        let mut wire = stage.connect();
        wire.send(&typed(content_type));
        assert_eq!(response(&wire.answer())["allowed"], true, "{content_type}");
    }
}

#[test]
fn takes_reviews_up_to_the_bound() {
    let stage = Stage::new(&settings(""), &[]);
    let plain = review("tools", &asking()).to_string();
    for (length, status) in [(BYTES_MAX - 1, 200), (BYTES_MAX, 200), (BYTES_MAX + 1, 413)] {
        let padded = format!("{plain}{}", " ".repeat(length - plain.len()));
        assert_eq!(stage.post(padded.as_bytes()).status(), status, "{length} bytes");
        // As chunks, without a length that tells beforehand.
        let mut wire = stage.connect();
        let told = format!("Content-Length: {length}\r\n");
        wire.send(head(&[], length).replacen(&told, "Transfer-Encoding: chunked\r\n", 1).as_bytes());
        for chunk in padded.as_bytes().chunks(1 << 16) {
            wire.send(format!("{:x}\r\n", chunk.len()).as_bytes());
            wire.send(chunk);
            wire.send(b"\r\n");
        }
        wire.send(b"0\r\n\r\n");
        assert_eq!(wire.answer().status(), status, "{length} bytes in chunks");
    }
    assert_eq!((stage.count("rejected", "too_large"), stage.count("patched", "none")), (2.0, 4.0));
    let mut wire = stage.connect();
    wire.send(head(&[], 1 << 40).as_bytes());
    assert_eq!(wire.answer().status(), 413, "before a byte of the body has come");
}

#[test]
fn cuts_off_who_takes_too_long() {
    let stage = Stage::new(&settings(""), &["--request-timeout", "300ms"]);
    let body = review("tools", &asking()).to_string();
    let head = head(&[], body.len());
    let mut wire = stage.connect();
    wire.send(&head.as_bytes()[..head.len() - 10]);
    assert_eq!(wire.answer().status(), 408, "half a head");
    assert!(wire.try_head().is_none(), "then it is closed");
    let mut wire = stage.connect();
    wire.send(head.as_bytes());
    wire.send(&body.as_bytes()[..10]);
    assert_eq!(wire.answer().status(), 408, "half a body");
    assert_eq!(stage.count("rejected", "too_slow"), 2.0);
    let mut silent = stage.connect();
    assert!(silent.try_head().is_none(), "one that says nothing is closed");
    let mut plain = stage.plain();
    plain.write_all(&[22, 3, 1]).expect("it is taken");
    let end = std::io::Read::read(&mut plain, &mut [0; 16]);
    assert!(!matches!(end, Ok(1..)), "half a handshake is closed: {end:?}");
    let mut cut = stage.connect();
    cut.send(head.as_bytes());
    cut.send(&body.as_bytes()[..10]);
    cut.finish_sending();
    crate::support::wait_for("the cut to be counted", || {
        (stage.count("rejected", "cut") == 1.0).then_some(())
    });
    assert_eq!(stage.ask("tools", &asking())["allowed"], true, "it goes on answering");
}

#[test]
fn speaks_http_2() {
    let stage = Stage::new(&settings(""), &[]);
    let files = tempfile::tempdir().expect("a temporary directory can be made");
    let at = |name: &str| files.path().join(name);
    std::fs::write(at("ca.pem"), stage.authority.pem()).expect("a file can be written");
    std::fs::write(at("review.json"), review("tools", &asking()).to_string()).expect("a file can be written");
    let port = stage.listen.port();
    for version in ["--http2", "--http1.1"] {
        let mut curl = std::process::Command::new("curl");
        curl.args(["-sS", "--max-time", "20", version, "--cacert"]).arg(at("ca.pem"));
        curl.args([
            "--resolve",
            &format!("{SERVICE}:{port}:127.0.0.1"),
            "-H",
            "Content-Type: application/json",
        ]);
        curl.arg("--data-binary").arg(format!("@{}", at("review.json").display()));
        curl.args([
            "-w",
            "\n%{http_version} %{http_code}",
            &format!("https://{SERVICE}:{port}/inject?timeout=5s"),
        ]);
        let done = curl.output().expect("curl can be started");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let spoken = if version == "--http2" { "\n2 200" } else { "\n1.1 200" };
        assert!(said.ends_with(spoken) && said.contains(r#""allowed":true"#), "{version}: {said} {done:?}");
    }
}
