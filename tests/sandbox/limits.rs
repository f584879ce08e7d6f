//! What all of a server may use together: memory, processes, time. Held by the kernel, in groups of its own.

use std::io::Read as _;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::policy;
use super::probes::{Who, as_who, can_be, launcher};
use super::support::bundle::{ALICE, Bundle};
use super::support::gate::Gate;
use super::support::peers::{Client, python_stdio};
use super::support::wait_for;

/// Whether this machine lets us make groups: root where the controllers have hierarchies of their own, else whoever
/// was given a group. A test that cannot be made says so in one line.
fn can_limit() -> bool {
    let groups = std::fs::read_to_string("/proc/self/cgroup").expect("Linux says it");
    let is_root = rustix::process::getuid().is_root();
    let has_own = |name: &str| groups.lines().any(|line| line.contains(&format!(":{name}:")));
    if is_root && ["cpu", "memory", "pids"].into_iter().all(has_own) {
        return true;
    }
    let tried = launcher(&["--trial", "--memory=64", "--cpu-percent=50", "--processes=9"]).output();
    let is_given = tried.expect("it can be started").status.success();
    if !is_given {
        eprintln!("skipped: nobody has given us a control group");
    }
    is_given
}

const NONE: [PathBuf; 0] = [];

/// The groups of one launcher that are there, in whatever hierarchy.
fn groups_of(launcher: u32) -> Vec<PathBuf> {
    let (mut found, mut to_see) = (Vec::new(), vec![PathBuf::from("/sys/fs/cgroup")]);
    while let Some(folder) = to_see.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if entry.file_name().to_string_lossy().starts_with(&format!("sluicegate-{launcher}-")) {
                found.push(entry.path());
            }
            to_see.push(entry.path());
        }
    }
    found
}

struct Ended {
    launcher: u32,
    code: Option<i32>,
    output: String,
    errors: String,
}

/// Runs a server to its end.
fn run(options: &[&str], words: &[&str]) -> Ended {
    let mut server = launcher(options);
    server.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let server = server.spawn().expect("it can be started");
    let launcher = server.id();
    let said = server.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { launcher, code: said.status.code(), output: text(&said.stdout), errors: text(&said.stderr) }
}

/// A server that has said `ready`, with a limit that it does not meet.
fn started(command: &mut Command) -> Child {
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it can be started");
    server.stdout.as_mut().expect("it is piped").read_exact(&mut [0; 6]).expect("it says that it is ready");
    server
}

const GREEDY: &str = "block = b'x' * (200 << 20); print('done')";

#[test]
fn memory_is_held() {
    if !can_limit() {
        return;
    }
    let words = ["/usr/bin/python3", "-c", GREEDY];
    assert_eq!(run(&["--memory=400"], &words).output, "done\n");
    let held = run(&["--memory=64"], &words);
    assert_eq!((held.code, &*held.output), (Some(137), ""), "{}", held.errors);
    assert!(held.errors.contains("SG0441: ") && held.errors.contains("memory_mib"), "{}", held.errors);
    assert_eq!(groups_of(held.launcher), NONE);
}

#[test]
fn processes_are_held_for_root_too() {
    if !can_limit() {
        return;
    }
    let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.2 & done; wait; echo done";
    let words = ["bash", "-c", script];
    let free = run(&["--processes=40"], &words);
    assert_eq!((&*free.output, &*free.errors), ("done\n", ""));
    let held = run(&["--processes=6"], &words);
    assert!(held.errors.contains("fork"), "{}", held.errors);
    assert!(held.errors.contains("SG0442: "), "{}", held.errors);
    assert_eq!(groups_of(held.launcher), NONE);
}

#[test]
fn time_on_processors_is_held() {
    if !can_limit() {
        return;
    }
    let script = "import time\nwhile time.process_time() < 0.3: pass\n";
    let before = Instant::now();
    let held = run(&["--cpu-percent=10"], &["/usr/bin/python3", "-c", script]);
    assert_eq!(held.code, Some(0), "{}", held.errors);
    // A tenth of a processor takes three seconds for it; the first of them may be given in advance.
    assert!(before.elapsed().as_secs_f32() > 2.0, "{:?}", before.elapsed());
}

#[test]
fn a_server_is_in_its_group_from_the_first_on() {
    if !can_limit() {
        return;
    }
    let inside = run(&["--memory=64", "--processes=20"], &["cat", "/proc/self/cgroup"]);
    let name = format!("/sluicegate-{}-", inside.launcher);
    assert!(inside.output.contains(&name), "{}", inside.output);
    let free = run(&[], &["cat", "/proc/self/cgroup"]);
    assert!(!free.output.contains("/sluicegate-"), "{}", free.output);
    assert_eq!(groups_of(inside.launcher), NONE);
}

#[test]
fn a_group_is_removed_when_the_gate_is_killed() {
    if !can_limit() {
        return;
    }
    // A shell in the place of the gate.
    let script = r#""$0" sandboxed --parent=$$ --memory=64 -- sh -c 'setsid sleep 600 & echo ready; exec sleep 600' & echo $! >&2; wait"#;
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_sluicegate")]).stderr(Stdio::piped());
    let mut gate = started(&mut command);
    let mut errors = std::io::BufReader::new(gate.stderr.take().expect("it is piped"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut errors, &mut line).expect("it names the launcher");
    let launcher = line.trim().parse().expect("it is a number");
    assert_ne!(groups_of(launcher), NONE);
    gate.kill().expect("it runs");
    gate.wait().expect("it ends");
    wait_for("the end of the group", || groups_of(launcher).is_empty().then_some(()));
    // Whoever was in there held the other end.
    let mut rest = String::new();
    gate.stdout.take().expect("it is piped").read_to_string(&mut rest).expect("it ends");
}

#[test]
fn a_group_is_removed_when_a_server_that_hears_nothing_is_killed() {
    if !can_limit() {
        return;
    }
    let mut server = launcher(&["--memory=64"]);
    server.args(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 60; done"]).process_group(0);
    let mut server = started(&mut server);
    let group = rustix::process::Pid::from_child(&server);
    // The launcher has left the group as soon as all has been started.
    let left = || {
        let own = rustix::process::getpgid(Some(group)).expect("it runs");
        (own != group).then_some(())
    };
    wait_for("the launcher to be out of the way", left);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).expect("somebody is in it");
    assert_eq!(server.wait().expect("it ends").code(), Some(137));
    assert_eq!(groups_of(server.id()), NONE);
}

#[test]
fn a_limit_that_nothing_holds_is_refused_unless_told() {
    if !can_be(Who::Root) {
        return;
    }
    let said = |options: &[&str]| {
        let mut server = launcher(options);
        as_who(&mut server, Who::Nobody);
        let said = server.arg("true").output().expect("it can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (said.status.code(), text(&said.stdout), text(&said.stderr))
    };
    for (option, key) in [("--memory=64", "`memory_mib`"), ("--cpu-percent=50", "`cpu_percent`")] {
        let (code, _, errors) = said(&[option]);
        assert_eq!(code, Some(3), "{errors}");
        assert!(errors.starts_with("SG0440: ") && errors.contains(key), "{errors}");
        assert!(errors.contains("--sandbox-group DIR"), "{errors}");
    }
    let (code, output, errors) = said(&["--memory=64", "--best-effort", "--trial"]);
    assert_eq!(code, Some(0), "{errors}");
    assert!(output.trim_end().ends_with("missing=SG0440"), "{output}");
    // A limit of each user bounds the processes of all but root.
    let (code, _, errors) = said(&["--processes=20"]);
    assert_eq!((code, &*errors), (Some(0), ""));
}

#[test]
fn a_folder_that_holds_no_limits_is_refused() {
    let refused = |folder: &str| run(&["--memory=64", &format!("--group-in={folder}")], &["true"]);
    for folder in ["/tmp", "/no/such/folder"] {
        let ended = refused(folder);
        assert_eq!(ended.code, Some(3), "{}", ended.errors);
        assert!(ended.errors.contains("SG0440: ") && ended.errors.contains(folder), "{}", ended.errors);
    }
}

#[test]
fn the_gate_holds_the_limits_of_its_policy_and_tells_of_them() {
    if !can_limit() {
        return;
    }
    let folder =
        std::fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers")).expect("it is there");
    let sandbox = format!(
        "sandbox: {{ mode: strict, read: [\"{}\"], memory_mib: 128, processes: 40, cpu_percent: 150 }}\n",
        folder.display()
    );
    // It takes too much once it has been asked to go on.
    let script = format!(
        "import sys, runpy, threading\n\
         threading.Timer(2, lambda: b'x' * (400 << 20)).start()\n\
         sys.argv = sys.argv[1:]\nsys.path.insert(0, '{}')\n\
         runpy.run_path(sys.argv[0], run_name='__main__')\n",
        folder.display()
    );
    let server = python_stdio();
    let words = ["--", &server[0], "-c", &script, &server[1], "stdio"];
    let gate = Gate::with(Bundle::new(&format!("{}{sandbox}", policy(&["echo"], &[]))), &words);
    let steps = json!([{"call": "echo", "args": {"message": "from inside"}}]);
    let outcome = Client::PythonLegacy.run(&gate.url(), ALICE, &steps);
    assert!(outcome["steps"][0].to_string().contains("from inside"), "{outcome}\n{}", gate.log());
    let status: Value = serde_json::from_str(&gate.page("/status").text()).expect("it is JSON");
    assert_eq!(status["sandbox"]["server"]["missing"], json!([]), "{status}");
    wait_for("the word of its end", || gate.log().contains("SG0441").then_some(()));
}
