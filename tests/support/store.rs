//! A store of shared limits: Redis or Valkey, started for one test and ended by its process id, and a way to it
//! that can be slowed or cut.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::wait_for;

/// Programs that are such a store.
const PROGRAMS: &[&str] = &["redis-server", "valkey-server"];

/// A running store. Dropping it ends it.
#[derive(Debug)]
pub struct Store {
    child: Child,
    program: &'static str,
    words: Vec<String>,
    directory: TempDir,
}

/// The programs on this machine: one at least.
#[track_caller]
pub fn programs() -> Vec<&'static str> {
    let is_there = |program: &&&str| {
        Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let found: Vec<_> = PROGRAMS.iter().filter(is_there).copied().collect();
    assert!(!found.is_empty(), "no store of limits on this machine; run: tests/setup.sh test");
    found
}

impl Store {
    /// Starts the first program that is there.
    pub fn start() -> Self {
        Self::of(programs()[0], &[])
    }

    /// Starts `program` on a Unix socket, with more words on its command line.
    pub fn of(program: &'static str, words: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let child = spawn(program, directory.path(), &words);
        let store = Self { child, program, words, directory };
        store.wait();
        store
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("store.sock")
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A directory that lives as long as it does.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(self.socket());
    }

    /// Starts it again, empty.
    pub fn restart(&mut self) {
        self.child = spawn(self.program, self.directory.path(), &self.words);
        self.wait();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "the store could not be signalled");
    }

    /// A connection to it.
    pub fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).expect("the URL is one");
        client.get_connection().expect("the store answers")
    }

    fn wait(&self) {
        wait_for("the store", || {
            let mut stream = UnixStream::connect(self.socket()).ok()?;
            stream.write_all(b"PING\r\n").ok()?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).ok()?;
            (&answer == b"+PONG" || &answer == b"-NOAU").then_some(())
        });
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &str, directory: &Path, words: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]);
    command.arg(directory.join("store.sock")).arg("--dir").arg(directory).args(words);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the store can be started")
}

/// A port that nobody listens on, and whose neighbour 10,000 above is one, too.
pub fn free_port() -> u16 {
    wait_for("a free port", || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").ok()?;
        let port = listener.local_addr().ok()?.port();
        (port < u16::MAX - 10_000).then_some(port)
    })
}

/// A way to a store that takes its time: each piece of an answer comes so much later.
#[derive(Debug)]
pub struct Detour {
    socket: PathBuf,
    delay_ms: Arc<AtomicU64>,
}

impl Detour {
    /// Opens a way to `store`.
    pub fn to(store: &Store) -> Self {
        let socket = store.directory().join("detour.sock");
        let listener = UnixListener::bind(&socket).expect("a socket can be bound");
        let (delay_ms, target) = (Arc::new(AtomicU64::new(0)), store.socket());
        let delay = Arc::clone(&delay_ms);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = UnixStream::connect(&target) else { continue };
                let ends = (client.try_clone(), server.try_clone());
                let (Ok(client_end), Ok(server_end)) = ends else { continue };
                pass(client, server, Arc::default());
                pass(server_end, client_end, Arc::clone(&delay));
            }
        });
        Self { socket, delay_ms }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Makes every answer come so much later from now on.
    pub fn slow_down(&self, delay: Duration) {
        let delay = u64::try_from(delay.as_millis()).expect("a short delay");
        self.delay_ms.store(delay, Ordering::Relaxed);
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, delay_ms: Arc<AtomicU64>) {
    std::thread::spawn(move || {
        let mut chunk = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            // The delay is what is tested, and nothing waits for it in the hope that it is enough.
            std::thread::sleep(Duration::from_millis(delay_ms.load(Ordering::Relaxed)));
            if to.write_all(&chunk[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
        let _ = from.shutdown(std::net::Shutdown::Both);
    });
}
