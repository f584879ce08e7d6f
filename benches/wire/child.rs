//! Processes that the bench starts, each on its core, each ended by its own id.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::meter;
use crate::reply::fault;

/// How long a process may take to say that it is ready: Envoy on a busy machine takes seconds.
const READY_WAIT: Duration = Duration::from_secs(20);
/// How long a process may take to end when asked.
const END_WAIT: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(10);

/// A running process; ends with its descendants when dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program, pinned to one core; what it says goes to `log`.
    ///
    /// If the bench dies without a chance to clean up, the kernel ends the process.
    ///
    /// # Errors
    /// `setpriv` or `taskset` are missing, or the log cannot be written.
    pub fn start(program: &Path, arguments: &[String], core: usize, log: &Path) -> io::Result<Self> {
        let out = File::create(log)?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--", "taskset", "-c", &core.to_string()])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .spawn()
            .map_err(|error| {
                io::Error::new(error.kind(), format!("cannot start setpriv (util-linux): {error}"))
            })?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Its id: `setpriv` and `taskset` turn into the program, so this is the program's own.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process has said a line with `mark` in it, and returns what follows on that line.
    ///
    /// # Errors
    /// It ended, or said nothing of the kind in 20 s; with the end of what it said.
    pub async fn said(&mut self, mark: &str) -> io::Result<String> {
        let end = Instant::now() + READY_WAIT;
        loop {
            let text = fs::read_to_string(&self.log)?;
            // Only whole lines: the last one may still be on its way.
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if let Some(rest) = whole.lines().find_map(|line| line.split_once(mark).map(|(_, rest)| rest)) {
                return Ok(rest.trim().to_owned());
            }
            self.alive()?;
            if Instant::now() > end {
                return Err(fault(&format!("said nothing like `{mark}`: {}", self.last_words())));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the process accepts connections.
    ///
    /// # Errors
    /// It ended, or did not listen within 20 s; with the end of what it said.
    pub async fn listens(&mut self, address: std::net::SocketAddr) -> io::Result<()> {
        let end = Instant::now() + READY_WAIT;
        while tokio::net::TcpStream::connect(address).await.is_err() {
            self.alive()?;
            if Instant::now() > end {
                return Err(fault(&format!("does not listen on {address}: {}", self.last_words())));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    fn alive(&mut self) -> io::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(fault(&format!("ended with {status}: {}", self.last_words()))),
        }
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Process {
    /// Asks first: a master that is killed leaves its workers behind. Then ends what is left.
    fn drop(&mut self) {
        let family = meter::family(self.child.id());
        signal("TERM", self.child.id());
        let end = Instant::now() + END_WAIT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in family.into_iter().filter(|pid| *pid != self.child.id()) {
            if Path::new(&format!("/proc/{pid}")).exists() {
                signal("KILL", pid);
            }
        }
    }
}

/// By the shell's own `kill`: the standard library has none that asks, and every system has a shell.
fn signal(name: &str, pid: u32) {
    let command = format!("kill -{name} {pid} 2>/dev/null");
    let _ = Command::new("sh").args(["-c", &command]).status();
}
