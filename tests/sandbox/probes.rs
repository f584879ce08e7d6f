//! What a hostile server tries, in the sandbox and outside, as root and as nobody.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The user without rights.
pub const NOBODY: u32 = 65_534;

/// Who a probe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Root,
}

/// What is tried, and whether root's own rights are needed for it.
pub const PROBES: [&str; 9] =
    ["shadow", "home", "write", "tcp_connect", "tcp_bind", "signal", "ptrace", "unshare", "udp"];

/// What else a server must not do: reach an engine or an agent by its socket, make a namespace by another call,
/// start what it has written, speak a family of sockets that knows no namespace.
pub const MORE: [&str; 3] = ["unix_socket", "written_program", "vsock"];

/// What probes try to get at; everything that does not matter to who they are.
pub struct Prey {
    _listener: TcpListener,
    _socket: UnixListener,
    victim: Child,
    folder: tempfile::TempDir,
    port: u16,
    udp: UdpSocket,
}

impl Prey {
    pub fn new(who: Who) -> Self {
        // Not below /tmp, which a sandbox hides behind a folder of its own.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
        let path = folder.path();
        open_to_all(path);
        std::fs::create_dir(path.join("home")).expect("it can be made");
        std::fs::create_dir(path.join("outside")).expect("it can be made");
        std::fs::write(path.join("home/secret-1"), "secret-1").expect("it can be written");
        open_to_all(&path.join("home"));
        open_to_all(&path.join("outside"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let socket = UnixListener::bind(path.join("socket")).expect("a socket can be bound");
        open_to_all(&path.join("socket"));
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        udp.set_read_timeout(Some(std::time::Duration::from_millis(200))).expect("it is not zero");
        let mut victim = Command::new("sleep");
        victim.arg("600");
        as_who(&mut victim, who);
        let victim = victim.spawn().expect("it can be started");
        Self { _listener: listener, _socket: socket, victim, folder, port, udp }
    }

    /// Lets a process know what to try.
    pub fn tell(&self, command: &mut Command, probes: &[&str]) {
        let udp = self.udp.local_addr().expect("a bound socket has an address").port();
        command
            .env("PROBES", probes.join(","))
            .env("PROBE_FOLDER", self.folder.path())
            .env("PROBE_PORT", self.port.to_string())
            .env("PROBE_UDP", udp.to_string())
            .env("PROBE_VICTIM", self.victim.id().to_string());
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether a datagram has come, whatever its sender believes.
    pub fn has_heard(&self) -> bool {
        self.udp.recv(&mut [0; 8]).is_ok()
    }
}

impl Drop for Prey {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
    }
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("it is ours");
}

pub fn as_who(command: &mut Command, who: Who) {
    match who {
        Who::Nobody => command.uid(NOBODY).gid(NOBODY).env("HOME", "/nonexistent"),
        Who::Root => command,
    };
}

/// Whether we may become who a test needs us to be; a test that cannot be made says so in one line.
pub fn can_be(who: Who) -> bool {
    let is_root = rustix::process::getuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can try it as {who:?}");
    }
    is_root
}

/// This very program, told to try what its environment names.
pub fn words_of_probe(test: &str) -> Vec<String> {
    let own = std::env::current_exe().expect("we have a name");
    vec![
        own.to_string_lossy().into_owned(),
        test.into(),
        "--exact".into(),
        "--ignored".into(),
        "--nocapture".into(),
    ]
}

/// What each probe met: nothing where it succeeded.
pub fn outcomes(mut command: Command) -> BTreeMap<String, Option<String>> {
    let said = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().expect("it can be started");
    let (text, errors) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    let mut found = BTreeMap::new();
    for line in text.lines().chain(errors.lines()) {
        let Some((_, line)) = line.split_once("PROBE ") else { continue };
        let (name, outcome) = line.split_once(' ').expect("a name and how it went");
        found.insert(name.to_owned(), (outcome != "done").then(|| outcome.to_owned()));
    }
    assert!(!found.is_empty(), "{text}{errors}");
    found
}

/// Tries what the environment names, and says how it went. Not a test: the others start it.
#[test]
#[ignore = "is started by the other tests, in the sandbox and outside"]
fn tries_what_it_is_told() {
    for name in std::env::var("PROBES").unwrap().split(',') {
        let outcome = attempt(name).map_or_else(|fault| fault.to_string(), |()| "done".to_owned());
        // In one piece, and not by the harness, which has a thread of its own.
        writeln!(std::io::stderr(), "PROBE {name} {outcome}").unwrap();
    }
}

pub fn attempt(name: &str) -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::var_os("PROBE_FOLDER").expect("the test names it"));
    let number = |name: &str| {
        std::env::var(name).expect("the test names it").parse::<u16>().expect("it is well formed")
    };
    let victim = || {
        Pid::from_raw(
            std::env::var("PROBE_VICTIM").expect("the test names it").parse().expect("it is well formed"),
        )
    };
    match name {
        "home" => std::fs::read(folder.join("home/secret-1")).map(drop),
        "ptrace" => {
            ptrace::seize(victim(), ptrace::Options::empty())?;
            ptrace::interrupt(victim())?;
            nix_wait(victim());
            Ok(ptrace::detach(victim(), None)?)
        }
        "shadow" => std::fs::read("/etc/shadow").map(drop),
        "signal" => Ok(kill(victim(), Signal::SIGWINCH)?),
        "start" => Command::new("/bin/true").status().map(drop),
        "tcp_bind" => TcpListener::bind("127.0.0.1:0").map(drop),
        "tcp_connect" => TcpStream::connect(("127.0.0.1", number("PROBE_PORT"))).map(drop),
        "udp" => {
            let socket = UdpSocket::bind("0.0.0.0:0")?;
            socket.send_to(b"secret-1", ("127.0.0.1", number("PROBE_UDP"))).map(drop)
        }
        "unix_socket" => UnixStream::connect(folder.join("socket")).map(drop),
        // A process of threads may not, sandbox or no sandbox; a program of its own may.
        "unshare" => {
            match Command::new("unshare").args(["-U", "true"]).stderr(Stdio::null()).status()?.success() {
                true => Ok(()),
                false => Err(std::io::ErrorKind::PermissionDenied.into()),
            }
        }
        // Nothing that needs rights: in the open, it succeeds for everybody.
        "unshare_here" => Ok(unshare(CloneFlags::CLONE_FS)?),
        "vsock" => {
            let family = rustix::net::AddressFamily::from_raw(40);
            Ok(rustix::net::socket(family, rustix::net::SocketType::STREAM, None).map(drop)?)
        }
        "write" => std::fs::write(folder.join("outside/file"), "x"),
        "loaded_program" | "written_program" => {
            let work = std::env::var_os("TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
            let program = work.join(format!("{name}-{}", std::process::id()));
            std::fs::copy("/bin/true", &program)?;
            // By its name, or by the loader, which may be started and would map it.
            let ended = match name {
                "loaded_program" => Command::new("/lib64/ld-linux-x86-64.so.2").arg(&program).status(),
                _ => Command::new(&program).status(),
            };
            let _ = std::fs::remove_file(&program);
            if ended?.success() { Ok(()) } else { Err(std::io::ErrorKind::PermissionDenied.into()) }
        }
        other => panic!("no probe is called {other}"),
    }
}

fn nix_wait(pid: Pid) {
    let pid = rustix::process::Pid::from_raw(pid.as_raw());
    let _ = rustix::process::waitpid(pid, rustix::process::WaitOptions::UNTRACED);
}

/// The launcher, as the gate starts it.
pub fn launcher(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
    command.arg("sandboxed").arg(format!("--parent={}", std::process::id())).args(words).arg("--");
    command
}

fn all() -> Vec<&'static str> {
    PROBES.into_iter().chain(MORE).collect()
}

#[track_caller]
fn holds_for(who: Who) {
    if !can_be(who) {
        return;
    }
    let prey = Prey::new(who);
    let words = words_of_probe("probes::tries_what_it_is_told");
    let mut free = Command::new(&words[0]);
    free.args(&words[1..]);
    prey.tell(&mut free, &all());
    as_who(&mut free, who);
    let free = outcomes(free);
    // The probes are worth something: without the sandbox they get what they want.
    for (name, outcome) in &free {
        let needs_root = *name == "shadow" && who == Who::Nobody;
        let needs_kernel = *name == "vsock";
        assert!(outcome.is_none() || needs_root || needs_kernel, "{who:?} {name}: {outcome:?}");
    }
    assert!(prey.has_heard(), "the datagram came");
    assert!(std::fs::remove_file(prey.folder().join("outside/file")).is_ok());

    let mut held = launcher(&[]);
    held.args(&words);
    prey.tell(&mut held, &all());
    as_who(&mut held, who);
    let held = outcomes(held);
    assert_eq!(held.len(), all().len(), "{held:?}");
    for (name, outcome) in &held {
        assert!(outcome.is_some(), "{who:?}: {name} succeeded in the sandbox");
    }
    assert!(!prey.has_heard(), "a datagram left the sandbox");
    assert!(!prey.folder().join("outside/file").exists());
    eprintln!("{who:?}: {held:#?}");
}

#[test]
fn nine_probes_fail_as_root() {
    holds_for(Who::Root);
}

#[test]
fn nine_probes_fail_as_nobody() {
    holds_for(Who::Nobody);
}

#[test]
fn what_was_allowed_succeeds() {
    let prey = Prey::new(Who::Root);
    let folder = prey.folder().to_str().unwrap();
    let (read, work) = (format!("--read={folder}/home"), format!("--work={folder}/outside"));
    let mut held = launcher(&[&read, &work]);
    held.args(words_of_probe("probes::tries_what_it_is_told"));
    prey.tell(&mut held, &["home", "write", "shadow", "written_program", "loaded_program"]);
    let held = outcomes(held);
    assert_eq!((&held["home"], &held["write"]), (&None, &None));
    for refused in ["shadow", "written_program", "loaded_program"] {
        assert!(held[refused].is_some(), "{refused} in a folder of the operator's choice");
    }
    assert!(
        std::fs::read_dir(prey.folder().join("outside")).unwrap().count() >= 1,
        "it is the folder itself"
    );
}
