//! What is refused before a server starts, with a number, the cause and what to do.

use std::process::Command;

use super::support::bundle::{Bundle, clinic};
use super::support::gate::sluicegate;

const SCRIPT: &str = "import sys\nfor line in sys.stdin: pass\n";

/// What the gate says of a command line that it does not start with.
#[track_caller]
fn refused(mut command: Command, words: &[&str]) -> String {
    let bundle = Bundle::new(&clinic());
    command.args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--audit", "-", "--policy"]);
    let said = command.arg(bundle.path()).args(words).output().expect("it can be started");
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(3), "{text}");
    text
}

#[test]
fn refuses_a_program_that_changed() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("server");
    std::fs::copy("/bin/cat", &program).unwrap();
    let program = program.to_str().unwrap();
    let digest = {
        let said = Command::new("sha256sum").arg(program).output().unwrap();
        String::from_utf8_lossy(&said.stdout)[..64].to_owned()
    };
    let pin = format!("--digest={digest}");
    let started = |word: &str| {
        let mut server = super::probes::launcher(&[word]);
        server.arg(program).stdin(std::process::Stdio::null()).output().unwrap()
    };
    let fine = started(&pin);
    assert!(fine.status.success(), "{fine:?}");
    std::fs::copy("/bin/true", program).unwrap();
    let changed = started(&pin);
    assert_eq!(changed.status.code(), Some(3), "the launcher refuses it");
    assert!(String::from_utf8_lossy(&changed.stderr).starts_with("SG0435: "), "{changed:?}");
    let words = ["--sandbox=strict", "--sandbox-sha256", &digest, "--", program];
    let text = refused(sluicegate(), &words);
    assert!(text.contains("SG0435") && text.contains("approve it by its new SHA-256"), "{text}");
    let words = ["--sandbox=strict", "--sandbox-sha256", &digest, "--", "cat"];
    assert!(refused(sluicegate(), &words).contains("absolute path"));
}

#[test]
fn refuses_paths_that_do_not_exist() {
    let words = ["--sandbox=strict", "--sandbox-read", "/no/such/path", "--", "cat"];
    let text = refused(sluicegate(), &words);
    assert!(text.contains("SG0436") && text.contains("/no/such/path"), "{text}");
}

#[test]
fn refuses_a_machine_without_namespaces_unless_told() {
    if !super::probes::can_be(super::probes::Who::Root) {
        return;
    }
    // A namespace of users in which no other may be made.
    let below = |script: &str| {
        let mut command = Command::new("unshare");
        let script = format!("echo 0 > /proc/sys/user/max_user_namespaces && {script}");
        command.args(["-Ur", "sh", "-c", &script, env!("CARGO_BIN_EXE_sluicegate")]);
        command
    };
    let text = refused(below(r#"exec "$0" "$@""#), &["--sandbox=strict", "--", "cat"]);
    assert!(text.contains("SG0430") && text.contains("max_user_namespaces"), "{text}");
    let said = below(r#"exec "$0" sandboxed --parent=$PPID --best-effort"#).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success() && text.trim_end().ends_with("missing=SG0430"), "{said:?}");
}

#[test]
fn tells_which_argument_is_hidden() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = folder.path().join("server.py");
    std::fs::write(&script, SCRIPT).unwrap();
    let mut server = super::probes::launcher(&[]);
    let said = server.arg("cat").arg(&script).output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("SG0439") && text.contains("--sandbox-read"), "{text}");
    assert!(text.contains(script.to_str().unwrap()) && !said.status.success(), "{text}");
}

#[test]
fn refuses_a_program_that_is_not_there_before_it_is_ready() {
    for program in ["/no/such/server", "no-such-server", "/etc/passwd"] {
        let text = refused(sluicegate(), &["--sandbox=strict", "--", program]);
        assert!(text.contains("SG0434") && text.contains(program), "{text}");
    }
}
