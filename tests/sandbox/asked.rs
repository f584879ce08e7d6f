//! Verbs that start a server to ask it something do so in the sandbox that the policy asks for.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::policy;
use super::support::bundle::Bundle;
use super::support::gate::sluicegate;

/// A server of one tool that says in its description whether it can read a file.
const SERVER: &str = r#"
import json, sys
try:
    open(sys.argv[1]).read()
    seen = 'open'
except OSError:
    seen = 'closed'
tool = {'name': 'echo', 'description': 'Says back what it is told; the file is %s.' % seen,
        'inputSchema': {'type': 'object', 'properties': {'message': {'type': 'string', 'description': 'What to say.'}}}}
for line in sys.stdin:
    asked = json.loads(line)
    if 'id' not in asked: continue
    answer = {'jsonrpc': '2.0', 'id': asked['id']}
    if asked['method'] == 'initialize':
        answer['result'] = {'protocolVersion': asked['params']['protocolVersion'], 'capabilities': {'tools': {}},
                            'serverInfo': {'name': 'acme', 'version': '1'}}
    elif asked['method'] == 'tools/list':
        answer['result'] = {'tools': [tool]}
    else:
        answer['error'] = {'code': -32601, 'message': 'no such method'}
    print(json.dumps(answer), flush=True)
"#;

struct Scene {
    bundle: Bundle,
    _folder: tempfile::TempDir,
    secret: PathBuf,
}

impl Scene {
    /// A bundle that ends in `sandbox`, and a file that its server has no business with.
    fn with(sandbox: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
        let secret = folder.path().join("secret-1");
        std::fs::write(&secret, "secret-1").expect("it can be written");
        let bundle = Bundle::new(&format!("{}{sandbox}", policy(&["echo"], &[])));
        Self { bundle, _folder: folder, secret }
    }

    fn run(&self, words: &[&str], options: &[&str]) -> Output {
        let mut command = sluicegate();
        command.args(words).arg("--policy").arg(self.bundle.path()).args(options);
        command.args(["--", "/usr/bin/python3", "-c", SERVER]).arg(&self.secret);
        command.output().expect("it can be started")
    }

    fn pinned(&self) -> String {
        let lock: &Path = &self.bundle.path().join("tools.lock.yaml");
        std::fs::read_to_string(lock).expect("it was written")
    }
}

fn text(said: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr))
}

#[test]
fn pin_asks_a_server_in_the_sandbox_of_its_bundle() {
    let free = Scene::with("");
    let said = free.run(&["pin"], &[]);
    assert!(said.status.success(), "{}", text(&said));
    assert!(free.pinned().contains("the file is open"), "{}", free.pinned());

    let held = Scene::with("sandbox: { mode: strict }\n");
    let said = held.run(&["pin"], &[]);
    assert!(said.status.success(), "{}", text(&said));
    assert!(held.pinned().contains("the file is closed"), "{}", held.pinned());
    // What is hidden is told where somebody reads it.
    assert!(text(&said).contains("SG0439"), "{}", text(&said));

    let asked = Scene::with("");
    let said = asked.run(&["pin"], &["--sandbox=strict"]);
    assert!(said.status.success() && asked.pinned().contains("the file is closed"), "{}", text(&said));
}

#[test]
fn pin_keeps_to_the_sandbox_of_a_bundle_that_does_not_hold() {
    // Nothing is pinned that the rule could mean, so that the policy would not be taken; the sandbox still is.
    let scene = Scene::with("sandbox: { mode: strict }\nno_such_section: 1\n");
    let said = scene.run(&["pin"], &[]);
    assert!(said.status.success(), "{}", text(&said));
    assert!(scene.pinned().contains("the file is closed"), "{}", scene.pinned());
    for (sandbox, wanted) in [
        ("sandbox: { mode: strickt }\n", "did you mean `strict`"),
        ("sandbox: { mode: strict }\nsandbox: { mode: strict }\n", "policy.yaml"),
        ("sandbox: [\n", "policy.yaml"),
    ] {
        let scene = Scene::with(sandbox);
        let said = scene.run(&["pin"], &[]);
        assert!(!said.status.success() && text(&said).contains(wanted), "{sandbox}: {}", text(&said));
        assert!(!scene.bundle.path().join("tools.lock.yaml").exists(), "{sandbox}");
    }
}

#[test]
fn pin_is_not_milder_than_the_policy() {
    let scene = Scene::with("sandbox: { mode: strict }\n");
    for option in
        [&["--sandbox=off"][..], &["--env", "OTHER=1"], &["--sandbox=strict", "--sandbox-read=/etc"]]
    {
        let said = scene.run(&["pin"], option);
        assert_eq!(said.status.code(), Some(3), "{}", text(&said));
        assert!(text(&said).contains("would let the server have more"), "{}", text(&said));
    }
}

#[test]
fn lint_and_eval_ask_a_server_in_the_sandbox_too() {
    let scene = Scene::with("sandbox: { mode: strict }\n");
    let said = scene.run(&["lint", "--output", "json"], &[]);
    assert!(text(&said).contains("SG0439"), "lint tells of the hidden file: {}", text(&said));
    let milder = scene.run(&["lint"], &["--sandbox=off"]);
    assert!(text(&milder).contains("would let the server have more"), "{}", text(&milder));
    let cases = scene.secret.with_file_name("choice.yaml");
    std::fs::write(&cases, "version: 1\ncases:\n  - { name: one, ask: say hello, tool: echo }\n")
        .expect("it can be written");
    let milder = scene.run(&["eval", cases.to_str().expect("it is text")], &["--sandbox=off"]);
    assert!(text(&milder).contains("would let the server have more"), "{}", text(&milder));
}
