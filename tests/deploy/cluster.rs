//! A stand-in for a cluster: an API server that keeps what helm and kubectl send it, and runs nothing.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::tools::find;

/// Ends with its standard input, so with the test, however that ends.
pub struct Cluster {
    process: Child,
    // Held open: it tells of each request.
    _said: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Cluster {
    /// Starts an empty one.
    pub fn start() -> Self {
        let mut process = Command::new(find("python").expect("looked for before"))
            .args(["-u", "tests/deploy/api_server.py"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut said = BufReader::new(process.stdout.take().expect("piped"));
        let mut port = String::new();
        said.read_line(&mut port).expect("it says its port");
        let folder = tempfile::tempdir().expect("a folder");
        let access = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
             clusters: [{{ name: test, cluster: {{ server: \"http://127.0.0.1:{}\" }} }}]\n\
             contexts: [{{ name: test, context: {{ cluster: test, user: test }} }}]\n\
             users: [{{ name: test, user: {{}} }}]\n",
            port.trim()
        );
        std::fs::write(folder.path().join("config"), access).expect("written");
        Self { process, _said: said, folder }
    }

    /// Runs a line as a person would type it, with the tools of the tests before those of the machine.
    pub fn ask(&self, line: &str) -> (bool, String) {
        let own = ["helm", "kubectl"].map(|program| find(program).expect("looked for before"));
        let mut search: Vec<_> = own.iter().filter_map(|path| path.parent()).map(ToOwned::to_owned).collect();
        search.push(
            std::path::Path::new(env!("CARGO_BIN_EXE_sluicegate")).parent().expect("a folder").to_owned(),
        );
        search.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let home = self.folder.path();
        let output = Command::new("sh")
            .args(["-c", line])
            .env("PATH", std::env::join_paths(search).expect("paths"))
            .env("KUBECONFIG", home.join("config"))
            .env("HOME", home)
            .stdin(Stdio::null())
            .output()
            .expect("there is a shell");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// As [`Cluster::ask`], for a line that must work.
    #[track_caller]
    pub fn run(&self, line: &str) -> String {
        let (is_content, said) = self.ask(line);
        assert!(is_content, "{line}: {said}");
        said
    }

    /// An object, as `kubectl get` names it.
    #[track_caller]
    pub fn get(&self, words: &str) -> Value {
        serde_json::from_str(&self.run(&format!("kubectl get {words} --output json"))).expect("JSON")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It has nobody to serve any more, whatever became of it.
        let _ = self.process.wait();
    }
}
