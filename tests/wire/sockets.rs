//! A server that listens on a Unix socket, where nothing but the gate reaches it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;

use crate::support::PATIENCE;
use crate::support::bundle::{self, ALICE};
use crate::support::gate::{Gate, call};
use crate::support::upstream::result;

/// Answers one request after the other, and tells each one's head.
fn attend(stream: UnixStream, told: &mpsc::Sender<String>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length?];
        reader.read_exact(&mut body).ok()?;
        told.send(head).ok()?;
        let answer = result(
            &String::from_utf8_lossy(&body),
            r#"{"content":[{"type":"text","text":"ssn 536-22-8726"}]}"#,
        );
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        writer.write_all(format!("{head}{answer}").as_bytes()).ok()?;
    }
}

#[test]
fn reaches_a_server_on_a_unix_socket_and_judges_it_as_any_other() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let socket = directory.path().join("mcp.sock");
    let listener = UnixListener::bind(&socket).expect("the socket can be bound");
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            std::thread::spawn(move || attend(stream, &tell));
        }
    });
    let gate = Gate::start(&bundle::clinic(), &format!("unix:{}:/x/mcp", socket.display()));
    let mut wire = gate.connect();
    for id in 0..3 {
        let answer = wire.post(ALICE, &[], &call(id, "echo", "{}"));
        assert_eq!((answer.status(), &answer.json()["id"]), (200, &id.into()));
        assert!(!answer.text().contains("536-22"), "{}", answer.text());
    }
    assert!(wire.post(ALICE, &[], &call(4, "delete_all", "{}")).tool_error().is_some());
    let heads: Vec<String> = (0..3).map(|_| told.recv_timeout(PATIENCE).expect("it was called")).collect();
    assert!(
        heads.iter().all(|head| head.starts_with("POST /x/mcp HTTP/1.1\r\nhost: localhost\r\n")),
        "{heads:?}"
    );
    assert!(told.try_recv().is_err(), "nothing else came");
    std::fs::remove_file(&socket).expect("it is there");
}
