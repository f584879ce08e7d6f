//! A pod and a neighbour, each a network namespace of its own, with a wire between them.
//!
//! A namespace lives as long as a process in it, and each process here is a child that the kernel ends with the test:
//! nothing has a name that could stay behind.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use crate::support::{PATIENCE, wait_for};

/// The pod's addresses.
pub const POD: [&str; 2] = ["10.231.7.2", "fd00:231:7::2"];
const NEIGHBOUR: [&str; 2] = ["10.231.7.1", "fd00:231:7::1"];

/// A process that is ended with the value.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A network namespace, held open by a process that sleeps.
pub struct Namespace(Process);

impl Namespace {
    fn new() -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"]);
        let holder = Process(command.stdin(Stdio::null()).spawn().expect("a namespace can be made"));
        let namespace = Self(holder);
        let own = std::fs::read_link("/proc/self/ns/net").expect("this process has a network");
        wait_for("the namespace", || {
            let other = std::fs::read_link(format!("/proc/{}/ns/net", namespace.id())).ok()?;
            (other != own).then_some(())
        });
        namespace.must(&["ip", "link", "set", "lo", "up"]);
        namespace
    }

    fn id(&self) -> u32 {
        self.0.0.id()
    }

    /// A command line that runs in here, and is ended with the test.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.id()));
        command.args(["setpriv", "--pdeathsig", "KILL"]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The same as another user, who may nothing.
    pub fn command_as(&self, uid: u32, words: &[&str]) -> Command {
        let uid = uid.to_string();
        let user = ["--reuid", &uid, "--regid", &uid, "--clear-groups", "--no-new-privs"];
        self.command(&[&user, words].concat())
    }

    /// Runs a command: whether it went well, and all that it printed.
    pub fn run(&self, words: &[&str]) -> (bool, String) {
        finished(self.command(words))
    }

    /// Runs a command that must go well, and returns what it printed.
    #[track_caller]
    pub fn must(&self, words: &[&str]) -> String {
        let (is_well, text) = self.run(words);
        assert!(is_well, "{words:?}: {text}");
        text
    }
}

/// Runs a command to its end.
pub fn finished(mut command: Command) -> (bool, String) {
    let output = command.output().expect("the command can be started");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// A pod, and a neighbour that reaches it by its addresses.
pub struct Network {
    pub pod: Namespace,
    pub neighbour: Namespace,
}

impl Network {
    pub fn new() -> Self {
        let network = Self { pod: Namespace::new(), neighbour: Namespace::new() };
        let holder = network.neighbour.id().to_string();
        let wire = ["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", &holder];
        network.pod.must(&wire);
        for (namespace, [four, six]) in [(&network.pod, POD), (&network.neighbour, NEIGHBOUR)] {
            namespace.must(&["ip", "address", "add", &format!("{four}/24"), "dev", "eth0"]);
            namespace.must(&["ip", "address", "add", &format!("{six}/64"), "dev", "eth0", "nodad"]);
            namespace.must(&["ip", "link", "set", "eth0", "up"]);
        }
        network
    }
}

/// Starts a process and waits for a line that holds `word`.
#[track_caller]
pub fn start(mut command: Command, word: &'static str) -> Process {
    let mut process = Process(command.spawn().expect("the command can be started"));
    let out = BufReader::new(process.0.stdout.take().expect("standard output is piped"));
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if line.contains(word) {
                let _ = tell.send(());
            }
        }
    });
    if told.recv_timeout(PATIENCE).is_err() {
        let _ = process.0.kill();
        let mut complaints = String::new();
        let _ = process.0.stderr.take().expect("piped").read_to_string(&mut complaints);
        panic!("it does not say `{word}`: {complaints}");
    }
    process
}
