//! Which files a server needs to run at all: those of the system, and those of its program.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// Programs and libraries of the system.
pub(super) const SYSTEM: [&str; 7] = ["/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store"];

/// Files of the system that programs read: none of them is secret.
pub(super) const SETTINGS: [&str; 21] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
];

/// Devices that are no devices.
pub(super) const DEVICES: [&str; 4] = ["/dev/full", "/dev/null", "/dev/random", "/dev/urandom"];

/// The longest chain of links from a name to a program.
const LINKS_MAX: usize = 16;

/// Finds `program` as a shell would: by its path, or in `PATH`.
pub(super) fn find(program: &OsStr, search: Option<&OsStr>) -> Option<PathBuf> {
    let given = Path::new(program);
    if given.components().count() > 1 || given.is_absolute() {
        return std::path::absolute(given).ok().filter(|path| is_program(path));
    }
    std::env::split_paths(search?).map(|folder| folder.join(given)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// What a program needs of where it is installed: its own folder, and for `PREFIX/bin/NAME` the prefix, for
/// each link on the way to it. A folder that holds other things too is not shown, only the file.
pub(super) fn of_program(program: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut shown = Vec::new();
    let mut at = program.to_path_buf();
    for _ in 0..LINKS_MAX {
        shown.push(own_folder(&at, home));
        match std::fs::read_link(&at) {
            Ok(target) => at = at.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => break,
        }
    }
    shown.extend(std::fs::canonicalize(program).map(|path| own_folder(&path, home)));
    // Landlock knows files, not names: a folder on the way may be a link, too.
    shown.iter_mut().for_each(|path| {
        if let Ok(real) = std::fs::canonicalize(&*path) {
            *path = real;
        }
    });
    shown.retain(|path| !SYSTEM.iter().any(|system| path.starts_with(system)));
    shown.sort();
    shown.dedup();
    shown
}

fn own_folder(program: &Path, home: Option<&Path>) -> PathBuf {
    let Some(folder) = program.parent() else { return program.into() };
    if let (Some("bin"), Some(prefix)) = (folder.file_name().and_then(OsStr::to_str), folder.parent())
        && (is_apart(prefix, home, 2) || prefix.join("pyvenv.cfg").is_file())
    {
        return prefix.into();
    }
    if is_apart(folder, home, 1) { folder.into() } else { program.into() }
}

/// Whether a folder is about one thing: neither a root or a home, nor `levels` or less below one.
pub(super) fn is_apart(folder: &Path, home: Option<&Path>, levels: usize) -> bool {
    const CROWDED: [&str; 7] = ["/", "/home", "/root", "/opt", "/srv", "/tmp", "/var"];
    let depth = |base: &Path| {
        folder.strip_prefix(base).ok().map(|rest| {
            rest.components().filter(|component| matches!(component, Component::Normal(_))).count()
        })
    };
    let is_deep = |base: &Path| depth(base).is_none_or(|depth| depth >= levels);
    !CROWDED.iter().any(|crowded| folder == Path::new(crowded))
        && depth(Path::new("/home")).is_none_or(|depth| depth > levels)
        && is_deep(Path::new("/root"))
        && home.is_none_or(is_deep)
        && !folder.ends_with(".local")
        && !home.is_some_and(|home| home.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_belongs_to_a_program_and_no_home() {
        let home = Some(Path::new("/home/ann"));
        for (program, shown) in [
            ("/opt/acme/server", "/opt/acme"),
            ("/opt/acme/bin/server", "/opt/acme"),
            ("/opt/server", "/opt/server"),
            ("/tmp/server", "/tmp/server"),
            ("/server", "/server"),
            ("/home/ann/server", "/home/ann/server"),
            ("/home/server", "/home/server"),
            ("/home/ann/bin/server", "/home/ann/bin"),
            ("/home/ann/.local/bin/server", "/home/ann/.local/bin"),
            ("/home/ann/.nvm/v20/bin/node", "/home/ann/.nvm/v20"),
            ("/root/.pyenv/versions/3.11/bin/python", "/root/.pyenv/versions/3.11"),
            ("/root/bin/server", "/root/bin"),
        ] {
            assert_eq!(own_folder(Path::new(program), home), Path::new(shown), "{program}");
        }
    }

    #[test]
    fn shows_every_step_to_a_linked_program() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        for prefix in ["real", "venv"] {
            std::fs::create_dir_all(base.join(prefix).join("bin")).unwrap();
        }
        std::fs::write(base.join("real/bin/python3"), "").unwrap();
        std::fs::write(base.join("venv/pyvenv.cfg"), "").unwrap();
        std::os::unix::fs::symlink("../../real/bin/python3", base.join("venv/bin/python")).unwrap();
        let shown = of_program(&base.join("venv/bin/python"), None);
        assert_eq!(shown, [base.join("real"), base.join("venv")]);
    }

    #[test]
    fn finds_programs_as_a_shell_does() {
        let search = Some(OsStr::new("/nowhere:/bin:/usr/bin"));
        assert!(find(OsStr::new("sh"), search).is_some_and(|path| path.ends_with("sh")));
        assert_eq!(find(OsStr::new("no-such-program"), search), None);
        assert_eq!(find(OsStr::new("sh"), None), None);
        assert_eq!(find(OsStr::new("/etc/passwd"), search), None, "it is no program");
    }
}
