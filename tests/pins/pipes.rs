//! Changed tools of servers that are child processes: behind `run -- COMMAND`, and between pipes.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::bundle::{ALICE, Bundle};
use crate::support::gate::{Gate, call, sluicegate};
use crate::support::pipe::Pipe;
use crate::turncoat::{honest, policy, turned};
use crate::{LIST, Session, drift, names};

/// A server process that reads its tools from a file, and what it was called for.
pub struct Turncoat {
    directory: tempfile::TempDir,
}

impl Turncoat {
    pub fn new() -> Self {
        let turncoat = Self { directory: tempfile::tempdir().expect("a temporary directory can be made") };
        turncoat.say(&[honest()]);
        turncoat
    }

    /// What it says of its tools from now on, page by page.
    pub fn say(&self, pages: &[Vec<Value>]) {
        let (path, aside) = (self.path("tools.json"), self.path("tools.new"));
        std::fs::write(&aside, json!(pages).to_string()).expect("it is ours");
        std::fs::rename(aside, path).expect("it is ours");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    pub fn command(&self) -> Vec<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pins/turncoat.py");
        let paths = [script, self.path("tools.json"), self.path("calls")];
        let words = paths.iter().map(|path| path.to_string_lossy().into_owned());
        ["python3".to_owned()].into_iter().chain(words).collect()
    }

    pub fn called(&self) -> Vec<String> {
        self.lines("calls")
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// How many processes of it were started.
    pub fn started(&self) -> usize {
        self.lines("started").len()
    }

    /// How often it was asked for a page.
    pub fn listed(&self) -> usize {
        self.lines("listed").len()
    }

    /// Has it tell of no list, or of lists again.
    pub fn stall(&self, is_stalled: bool) {
        let path = self.path("stall");
        let done = if is_stalled { std::fs::write(path, "") } else { std::fs::remove_file(path) };
        done.expect("it is ours");
    }

    /// Has its next call say that the list changed.
    pub fn announce(&self) {
        std::fs::write(self.path("announce"), "").expect("it is ours");
    }

    /// Has its next call be its last.
    pub fn die(&self) {
        std::fs::write(self.path("die"), "").expect("it is ours");
    }

    /// The text of a lock file for what it says now.
    pub fn pin(&self, bundle: &Path) {
        let mut command = sluicegate();
        command.args(["pin", "--policy"]).arg(bundle).arg("--").args(self.command());
        let output = command.output().expect("the binary can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

pub fn poisons() -> Vec<(&'static str, Vec<Vec<Value>>)> {
    let text = turned("add", |tool| tool["description"] = json!("poison"));
    let claim = turned("add", |tool| tool["annotations"]["readOnlyHint"] = json!(false));
    let schema = turned("add", |tool| tool["inputSchema"]["required"] = json!(["path"]));
    let mut second = vec![text[..2].to_vec()];
    second.push(text[2..].to_vec());
    vec![("text", vec![text]), ("annotations", vec![claim]), ("schema", vec![schema]), ("text", second)]
}

#[test]
fn no_call_reaches_a_changed_tool_of_a_wrapped_server() {
    for (word, pages) in poisons() {
        let server = Turncoat::new();
        let bundle = Bundle::new(&policy("pins: { before_call: always }"));
        server.pin(bundle.path());
        let command = server.command();
        let words: Vec<&str> = std::iter::once("--").chain(command.iter().map(String::as_str)).collect();
        let gate = Gate::with(bundle, &words);
        let session = Session::begin(&gate, ALICE, "alice");
        let tools = session.post(LIST).json()["result"]["tools"].as_array().cloned().expect("a list");
        assert_eq!(names(&tools).len(), 3);
        assert!(session.post(&call(2, "add", "{}")).tool_error().is_none());
        server.say(&pages);
        assert!(session.post(&call(3, "add", "{}")).tool_error().is_some(), "{word}");
        assert!(session.post(&call(4, "send_mail", "{}")).tool_error().is_none(), "{word}");
        assert_eq!(server.called(), ["add", "send_mail"], "{word}");
        drift(&gate, "add", word);
    }
}

/// A gate on pipes in front of `server`, with what that says now approved.
pub fn pipe(server: &Turncoat, more: &str) -> Pipe {
    pipe_of(server, more, "2025-11-25")
}

/// [`pipe`] in the words of `revision`.
pub fn pipe_of(server: &Turncoat, more: &str, revision: &str) -> Pipe {
    let aside = Bundle::new(&policy(more));
    server.pin(aside.path());
    let lock = std::fs::read_to_string(aside.file("tools.lock.yaml")).expect("it was written");
    // The lock is a part of the policy before the gate starts: it is written beside it.
    let first = format!("{{ cat > \"$3/tools.lock.yaml\" <<'LOCK'\n{lock}LOCK\n}}");
    let mut pipe = Pipe::below(&first, &policy(more), ALICE, &[], &server.command());
    pipe.initialize(revision);
    pipe
}

pub fn said(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

#[test]
fn no_call_reaches_a_changed_tool_between_pipes() {
    for (word, pages) in poisons() {
        let server = Turncoat::new();
        let mut pipe = pipe(&server, "pins: { before_call: always }");
        assert_eq!(said(&pipe.ask(&call(1, "add", "{}"))), "done", "{}", pipe.log());
        server.say(&pages);
        let refused = pipe.ask(&call(2, "add", "{}"));
        assert!(said(&refused).contains("not available"), "{word}: {refused}");
        assert_eq!(said(&pipe.ask(&call(3, "send_mail", "{}"))), "done", "{word}");
        let shown = pipe.ask(LIST).to_string();
        assert!(!shown.contains("\"add\"") && shown.contains("send_mail"), "{word}: {shown}");
        server.say(&[honest()]);
        assert_eq!(said(&pipe.ask(&call(4, "add", "{}"))), "done", "{word}: it has turned back");
        assert_eq!(server.called(), ["add", "send_mail", "add"], "{word}");
        pipe.close();
        assert!(pipe.ended().success());
    }
}

#[test]
fn calls_between_pipes_that_wait_for_the_list_all_go_on_and_the_last_word_waits_for_them() {
    let server = Turncoat::new();
    let mut pipe = pipe(&server, "pins: { before_call: 1hour }");
    for id in 1..=5 {
        pipe.say(&call(id, "add", "{}"));
    }
    pipe.close();
    let mut answered = 0;
    while let Some(message) = pipe.hear() {
        assert_eq!(said(&message), "done", "{message}");
        answered += 1;
    }
    assert_eq!((answered, server.called().len()), (5, 5), "{}", pipe.log());
}
