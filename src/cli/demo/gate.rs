//! The gate of the demo: this very program, started with `run` in front of the clinic.

use std::fs::{self, DirBuilder};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::Fault;

/// The running gate, and where it is.
#[derive(Debug)]
pub(super) struct Gate {
    /// Where clients connect.
    pub endpoint: SocketAddr,
    /// Where operators look.
    pub admin: SocketAddr,
    process: Child,
    // Held open: a gate that finds nobody reading its output is a different test.
    _said: Lines<BufReader<ChildStdout>>,
}

/// A private folder for the demo's files; removed with everything in it when dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// The bundle as it is in the project, so that the demo works from anywhere.
const STORY: [(&str, &str); 4] = [
    ("policy.yaml", include_str!("../../../policies/stories/clinic/policy.yaml")),
    ("limits.yaml", include_str!("../../../policies/stories/clinic/limits.yaml")),
    ("redaction.yaml", include_str!("../../../policies/stories/clinic/redaction.yaml")),
    ("idp.jwks.json", include_str!("../../../policies/stories/clinic/idp.jwks.json")),
];

const START_WAIT: Duration = Duration::from_secs(20);
const STOP_WAIT: Duration = Duration::from_secs(3);

impl Folder {
    /// Makes the folder, for nobody else to read, and writes the policy into it.
    pub(super) fn make() -> io::Result<Self> {
        let nonce = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let name = format!("sluicegate-demo-{}-{}", std::process::id(), nonce.as_nanos());
        let folder = Self(std::env::temp_dir().join(name));
        // Fails where the name exists already, whoever made it.
        DirBuilder::new().mode(0o700).create(&folder.0)?;
        fs::create_dir(folder.policy())?;
        for (name, text) in STORY {
            fs::write(folder.policy().join(name), text)?;
        }
        Ok(folder)
    }

    /// The policy bundle.
    pub(super) fn policy(&self) -> PathBuf {
        self.0.join("policy")
    }

    /// The audit records.
    pub(super) fn audit(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }

    /// The gate's log.
    pub(super) fn log(&self) -> PathBuf {
        self.0.join("gate.log")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever cleans the temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Gate {
    /// Starts the gate before `server` and waits until it is ready.
    pub(super) async fn start(server: SocketAddr, folder: &Folder) -> Result<Self, Fault> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .arg("--upstream")
            .arg(format!("http://{server}/mcp"))
            .arg("--policy")
            .arg(folder.policy())
            .arg("--audit")
            .arg(folder.audit())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.log())?)
            .kill_on_drop(true)
            .spawn()?;
        let Some(output) = process.stdout.take() else { return Err(Fault::Odd("no output".into())) };
        let mut said = BufReader::new(output).lines();
        let ready = async {
            while let Some(line) = said.next_line().await? {
                if let Some(addresses) = ready(&line) {
                    return Ok(Some(addresses));
                }
            }
            io::Result::Ok(None)
        };
        match timeout(START_WAIT, ready).await {
            Ok(found) => match found? {
                Some((endpoint, admin)) => Ok(Self { endpoint, admin, process, _said: said }),
                None => Err(Fault::Start(logged(&folder.log()))),
            },
            Err(_) => Err(Fault::Start(logged(&folder.log()))),
        }
    }

    /// Waits for a gate that was told to stop, and ends it if it does not.
    pub(super) async fn leave(mut self) -> io::Result<()> {
        if timeout(STOP_WAIT, self.process.wait()).await.is_err() {
            self.process.kill().await?;
        }
        Ok(())
    }

    /// Ends the gate.
    pub(super) async fn stop(mut self) -> io::Result<()> {
        self.process.kill().await
    }
}

/// The two addresses in `sluicegate ready listen=http://A/mcp admin=http://B`.
fn ready(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let mut words = line.strip_prefix("sluicegate ready ")?.split(' ');
    let endpoint = words.next()?.strip_prefix("listen=http://")?.strip_suffix("/mcp")?;
    let admin = words.next()?.strip_prefix("admin=http://")?;
    Some((endpoint.parse().ok()?, admin.parse().ok()?))
}

fn logged(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_where_the_gate_is() {
        let line = "sluicegate ready listen=http://127.0.0.1:4001/mcp admin=http://127.0.0.1:4002";
        let found = ready(line).map(|(endpoint, admin)| (endpoint.port(), admin.port()));
        assert_eq!(found, Some((4001, 4002)));
        for line in ["", "sluicegate ready", "sluicegate ready listen=http://x/mcp admin=http://127.0.0.1:1"]
        {
            assert_eq!(ready(line), None, "{line}");
        }
    }

    #[test]
    fn keeps_its_folder_private_and_removes_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::make().unwrap();
        let path = folder.0.clone();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(folder.policy().join("policy.yaml").exists());
        drop(folder);
        assert!(!path.exists());
    }
}
