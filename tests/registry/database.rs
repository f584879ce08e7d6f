//! A PostgreSQL of its own, on a socket in a folder of its own, ended by its process id.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::gate::sluicegate;
use crate::support::wait_for;

/// A running database. Dropping it ends it.
pub struct Database {
    child: Child,
    folder: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Database {
    /// Makes a cluster, and starts it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        // The server runs as somebody else than root, who has to get in.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        let home = folder.path().join("home");
        std::fs::create_dir(&home).expect("a folder can be made");
        if let Some(user) = other_user() {
            let given = Command::new("chown").arg(user).arg(&home).status();
            assert!(given.is_ok_and(|status| status.success()), "the folder could not be given to {user}");
        }
        let made = program("initdb")
            .arg("-D")
            .arg(home.join("data"))
            .args(["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"])
            .current_dir(&home)
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let database = Self { child: spawn(&home), folder };
        database.wait();
        database
    }

    /// [`Database::start`], with tables and what `policy` holds.
    pub fn with(policy: &Path) -> Self {
        let database = Self::start();
        database.run(&["migrate"]).fine();
        database.run(&["import", policy.to_str().expect("a path in UTF-8"), "--by", "ops"]).fine();
        database
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Its URL, for a role and a database.
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={user}", self.home().display())
    }

    /// Its URL for whoever may do anything.
    pub fn url(&self) -> String {
        self.url_of("postgres", "postgres")
    }

    /// Runs `sluicegate registry` against it.
    pub fn run(&self, words: &[&str]) -> Outcome {
        registry(&self.url(), words)
    }

    /// Runs SQL as a role, and gives what it prints.
    pub fn ask(&self, user: &str, sql: &str) -> Outcome {
        let mut command = Command::new(bin("psql"));
        command.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            user,
            "-d",
            "postgres",
            "-c",
            sql,
        ]);
        outcome(command.arg("-h").arg(self.home()))
    }

    /// Runs SQL as whoever may do anything.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        self.ask("postgres", sql).fine()
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, with what it held.
    pub fn restart(&mut self) {
        // What is left of the crashed one may still be ending, and a new one refuses to start beside it.
        wait_for("the database again", || {
            if !matches!(self.child.try_wait(), Ok(None)) {
                self.child = spawn(&self.home());
            }
            self.is_there().then_some(())
        });
    }

    fn is_there(&self) -> bool {
        self.ask("postgres", "SELECT 1").code == 0
    }

    fn wait(&self) {
        wait_for("the database", || self.is_there().then_some(()));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Asked first, so that its children and its shared memory go with it.
        let _ = Command::new("kill").arg("-QUIT").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Outcome {
    /// What it printed; it went well.
    #[track_caller]
    pub fn fine(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// It failed with this code, and said why.
    #[track_caller]
    pub fn refused(&self, code: i32, wanted: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(wanted), "wanted `{wanted}` in {self:?}");
    }
}

/// Runs `sluicegate registry` against a database.
pub fn registry(url: &str, words: &[&str]) -> Outcome {
    outcome(sluicegate().arg("registry").args(words).args(["--registry", url]).env("USER", "tester"))
}

pub fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().expect("the program can be started");
    Outcome {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn spawn(home: &Path) -> Child {
    let mut command = program("postgres");
    command.arg("-D").arg(home.join("data")).arg("-k").arg(home);
    command.args([
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
        "-c",
        "shared_buffers=64MB",
        "-c",
        "log_min_messages=fatal",
    ]);
    command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the database can be started")
}

/// A program of PostgreSQL, run as somebody else where we are root: it refuses to be.
fn program(name: &str) -> Command {
    match other_user() {
        None => Command::new(bin(name)),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]).arg(bin(name));
            command
        }
    }
}

fn other_user() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("postgres")
}

/// Debian keeps the programs of each version apart.
fn bin(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).collect();
    found.sort();
    found.pop().expect("no PostgreSQL on this machine; run: tests/setup.sh test")
}
