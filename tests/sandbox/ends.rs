//! How a sandbox ends: with its server, with the gate, and never later.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use super::probes::launcher;
use super::support::PATIENCE;

/// Reads to the end, or fails in time.
#[track_caller]
fn ends(mut pipe: impl std::io::Read + Send + 'static) -> String {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = pipe.read_to_string(&mut text);
        let _ = tell.send(text);
    });
    told.recv_timeout(PATIENCE).expect("everything in the sandbox has ended")
}

#[test]
fn all_of_it_dies_with_the_gate() {
    // A shell in the place of the gate; the server has left its session, its group and its parent.
    let script =
        r#""$0" sandboxed --parent=$$ -- sh -c 'setsid sleep 600 & echo ready; exec sleep 600' & wait"#;
    let mut gate = Command::new("sh");
    gate.args(["-c", script, env!("CARGO_BIN_EXE_sluicegate")]).stdout(Stdio::piped());
    let mut gate = gate.spawn().unwrap();
    let mut output = gate.stdout.take().unwrap();
    let mut ready = [0; 6];
    output.read_exact(&mut ready).unwrap();
    assert_eq!(&ready, b"ready\n");
    gate.kill().unwrap();
    gate.wait().unwrap();
    assert_eq!(ends(output), "");
}

#[test]
fn what_a_server_leaves_behind_dies_with_it() {
    let mut server = launcher(&[]);
    server.args(["sh", "-c", "setsid sleep 600 & exit 7"]).stdout(Stdio::piped());
    let mut server = server.spawn().unwrap();
    assert_eq!(ends(server.stdout.take().unwrap()), "");
    assert_eq!(server.wait().unwrap().code(), Some(7), "the exit code is the server's");
}

#[test]
fn a_server_hears_the_signals_of_its_group() {
    for (script, code) in [
        ("trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done", 9),
        ("echo ready; exec sleep 600", 128 + 15),
    ] {
        use std::os::unix::process::CommandExt;
        let mut server = launcher(&[]);
        server.args(["sh", "-c", script]).stdout(Stdio::piped()).process_group(0);
        let mut server = server.spawn().unwrap();
        let mut output = server.stdout.take().unwrap();
        output.read_exact(&mut [0; 6]).unwrap();
        let group = rustix::process::Pid::from_child(&server);
        rustix::process::kill_process_group(group, rustix::process::Signal::TERM).unwrap();
        assert_eq!(ends(output), "");
        assert_eq!(server.wait().unwrap().code(), Some(code), "{script}");
    }
}

#[test]
fn does_not_start_for_a_gate_that_has_gone() {
    let mut orphan = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    let said = orphan.args(["sandboxed", "--parent=1", "--", "true"]).output().unwrap();
    assert_eq!(said.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&said.stderr).starts_with("SG0438: "), "{said:?}");
}

#[test]
fn limits_files_and_descriptors() {
    let limits = "ulimit -n; ulimit -c; ulimit -f; ulimit -t; ls /proc/self/fd | wc -l";
    let mut server = launcher(&["--cpu=7"]);
    let said = server.args(["bash", "-c", limits]).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let lines: Vec<&str> = text.split_whitespace().collect();
    // Beside the three pipes, only that of the listing.
    assert_eq!(lines, ["256", "0", "65536", "7", "4"], "{said:?}");
}
