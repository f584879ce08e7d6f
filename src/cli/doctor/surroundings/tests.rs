use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use super::*;
use crate::cli::desk::block_on;

/// An address at which nothing listens any longer.
fn closed() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn told(value: serde_json::Value) -> Told {
    Told(value)
}

#[test]
fn finds_a_way_around_the_gate() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [closed(), open.local_addr().unwrap().to_string(), "nowhere".into()];
    let findings = block_on(around(&addresses, None)).unwrap();
    let marks: Vec<Mark> = findings.iter().map(|finding| finding.mark).collect();
    assert_eq!(marks, [Mark::Fine, Mark::Warning, Mark::Unchecked], "{findings:?}");
    assert!(
        findings[1].text.contains("from this machine"),
        "loopback is open to neighbours alone: {findings:?}"
    );
    assert_eq!(block_on(around(&[], None)).unwrap()[0].mark, Mark::Unchecked);
}

#[test]
fn tells_the_gate_from_a_way_around_it() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = open.local_addr().unwrap();
    let port = address.port();
    for (listen, is_redirected, mark) in [
        (format!("0.0.0.0:{port}"), false, Mark::Fine),
        (address.to_string(), false, Mark::Fine),
        (format!("127.0.0.2:{port}"), false, Mark::Warning),
        ("0.0.0.0:1".into(), false, Mark::Warning),
        // The gate's own connections over loopback go to the server.
        ("0.0.0.0:1".into(), true, Mark::Warning),
    ] {
        let told = told(json!({ "listen": { "address": listen, "is_redirected": is_redirected } }));
        let findings = block_on(around(&[address.to_string()], Some(&told))).unwrap();
        assert_eq!(findings[0].mark, mark, "{listen}: {findings:?}");
    }
}

#[test]
fn asks_no_clock_where_there_is_no_issuer() {
    let nowhere = Path::new("/nowhere.pem");
    assert!(block_on(issuer_clocks(&told(json!({ "keys": [] })), Some(nowhere))).unwrap().is_empty());
    let one =
        json!({ "keys": [{ "issuer": "https://idp.example.com", "url": "https://idp.example.com/jwks" }] });
    let findings = block_on(issuer_clocks(&told(one), Some(nowhere))).unwrap();
    assert_eq!(findings[0].mark, Mark::Unchecked, "{findings:?}");
}

#[test]
fn finds_a_server_that_does_not_answer() {
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = |address: &str| Target::parse(&format!("http://{address}/mcp")).unwrap();
    for (address, mark) in [(open.local_addr().unwrap().to_string(), Mark::Fine), (closed(), Mark::Failure)] {
        let findings = block_on(upstream(Some(&target(&address)), None)).unwrap();
        assert_eq!(findings[0].mark, mark, "{findings:?}");
    }
    let socket = Target::parse("unix:/nowhere.sock").unwrap();
    assert_eq!(block_on(upstream(Some(&socket), None)).unwrap()[0].mark, Mark::Failure);
}

#[test]
fn tells_a_server_that_is_down_from_one_that_nobody_asked() {
    for (is_up, failed, mark) in
        [(true, 1, Mark::Fine), (false, 1, Mark::Failure), (false, 0, Mark::Unchecked)]
    {
        let told =
            told(json!({ "upstream": { "is_up": is_up }, "traffic": { "total": { "error": failed } } }));
        assert_eq!(as_the_gate_saw(&told).mark, mark, "{is_up} {failed}");
    }
}

#[test]
fn compares_clocks() {
    for (apart, mark) in [
        (0, Mark::Fine),
        (SKEW_MS_WARNING, Mark::Fine),
        (SKEW_MS_WARNING + 1, Mark::Warning),
        (SKEW_MS_FAILURE, Mark::Warning),
        (SKEW_MS_FAILURE + 1, Mark::Failure),
    ] {
        let told = told(json!({ "now_unix_ms": 1_000_000 }));
        assert_eq!(clock(&told, 1_000_000 + apart).mark, mark, "{apart} ms later");
        assert_eq!(clock(&told, 1_000_000 - apart).mark, mark, "{apart} ms earlier");
    }
}

/// Answers one request with `date`, and says where.
fn issuer(date: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\n{date}content-length: 2\r\nconnection: close\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    format!("http://{address}/jwks")
}

#[test]
fn asks_issuers_for_the_time() {
    let noon = 784_111_777_000_u64;
    for (date, now_ms, mark) in [
        ("date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", noon, Mark::Fine),
        ("date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", noon + 30_000, Mark::Warning),
        ("date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", noon + 600_000, Mark::Failure),
        ("", noon, Mark::Unchecked),
    ] {
        let told = told(json!({ "now_unix_ms": now_ms, "keys": [{ "issuer": "i", "url": issuer(date) }] }));
        let findings = block_on(issuer_clocks(&told, None)).unwrap();
        assert_eq!(findings[0].mark, mark, "{findings:?}");
    }
    for url in [format!("http://{}/jwks", closed()), "nonsense".into()] {
        let told = told(json!({ "keys": [{ "issuer": "i", "url": url }] }));
        assert_eq!(block_on(issuer_clocks(&told, None)).unwrap()[0].mark, Mark::Unchecked);
    }
}

#[test]
fn compares_the_files_with_what_is_in_force() {
    let bundle = tempfile::tempdir().unwrap();
    let policy = "version: 1\nserver: { id: a }\ncallers: { anonymous: allow }\n";
    std::fs::write(bundle.path().join("policy.yaml"), policy).unwrap();
    let sha256 = hex(&check::load(bundle.path(), None).unwrap().policy.sha256);
    let found = |sha256: &str| {
        let told = told(json!({ "policy": { "sha256": sha256 } }));
        files(Some(bundle.path()), Some(&told)).unwrap()
    };
    assert_eq!(found(&sha256).mark, Mark::Fine);
    assert_eq!(found("00").mark, Mark::Warning);
    std::fs::write(bundle.path().join("policy.yaml"), "version: 2\n").unwrap();
    assert_eq!(found(&sha256).mark, Mark::Failure);
    assert_eq!(files(None, None), None);
}

#[test]
fn looks_for_room_on_the_disk() {
    const GIB: u64 = 1 << 30;
    for (free, mark) in [
        (GIB, Mark::Fine),
        (GIB - 1, Mark::Warning),
        (DISK_BYTES_FAILURE, Mark::Warning),
        (DISK_BYTES_FAILURE - 1, Mark::Failure),
    ] {
        assert_eq!(judge_disk(free, 10 * GIB).mark, mark, "{free} bytes");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let seen = disk(&told(json!({ "audit": { "file": file.path() } })));
    assert_ne!(seen.mark, Mark::Unchecked, "{seen:?}");
    for place in ["", "relative.jsonl", "/nowhere/audit.jsonl"] {
        assert_eq!(disk(&told(json!({ "audit": { "file": place } }))).mark, Mark::Unchecked, "{place}");
    }
}

#[test]
fn says_what_to_run_in_a_pod() {
    let finding = pod();
    assert_eq!(finding.mark, Mark::Unchecked);
    assert!(finding.remedy.contains("targetPort"));
}
