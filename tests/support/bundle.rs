//! Policy bundles for tests: a directory that goes away with the test.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use tempfile::TempDir;

/// The keys of the callers in [`callers`]; they must show up in no log and no record.
pub const ALICE: &str = "key-of-alice-7f3a9c";
/// See [`ALICE`]; of another tenant.
pub const BOB: &str = "key-of-bob-52d1e8";
/// See [`ALICE`]; without the scope that the rules want.
pub const EVE: &str = "key-of-eve-90ab44";

/// The `callers` section: alice and bob may read, eve may nothing.
pub fn callers() -> String {
    let mut text = String::from("callers:\n  anonymous: deny\n  keys:\n");
    for (user, tenant, key, scopes) in [
        ("alice", "acme", ALICE, "[read]"),
        ("bob", "globex", BOB, "[read]"),
        ("eve", "acme", EVE, "[write]"),
    ] {
        let sha256 = hex(digest(&SHA256, key.as_bytes()).as_ref());
        let _ = writeln!(
            text,
            "    - {{ id: {user}, sha256: {sha256}, user: {user}, tenant: {tenant}, scopes: {scopes} }}"
        );
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The policy of most tests: `echo`, `lookup` and `slow` may be called, `delete_all` may not.
pub fn clinic() -> String {
    with("")
}

/// [`clinic`] with more sections.
pub fn with(more: &str) -> String {
    let callers = callers();
    format!(
        "version: 1\n\
         server: {{ id: clinic, mode: enforce }}\n\
         {callers}\
         roles:\n  reader: {{ scopes: [read] }}\n\
         tools:\n  \
           echo: {{ class: read }}\n  \
           lookup: {{ class: read }}\n  \
           slow: {{ class: read }}\n  \
           delete_all: {{ class: destructive }}\n\
         allow:\n  \
           - {{ id: read, roles: [reader], classes: [read] }}\n\
         redact:\n  \
           - {{ id: personal, on: results, detectors: [us_ssn, pan, email], action: mask }}\n\
         {more}\n"
    )
}

/// A directory that holds a policy.
#[derive(Debug)]
pub struct Bundle {
    directory: TempDir,
}

impl Bundle {
    /// Writes `policy` into a new directory.
    pub fn new(policy: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let bundle = Self { directory };
        bundle.write("policy.yaml", policy);
        bundle
    }

    /// An empty directory.
    pub fn empty() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory can be made") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Replaces a file.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).expect("the bundle can be written");
    }
}
