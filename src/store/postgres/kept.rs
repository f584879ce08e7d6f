//! The last good registry, in a file of this gate: for a start without the database.
//!
//! One line that says what it is and the SHA-256 of the rest, then the document. Another digest means that the file
//! was cut or changed, and it is not believed: who may use what is in it. Whoever may write the file may write digests
//! that agree with it, so it is readable and writable for the gate alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::bounds::REGISTRY_KEPT_BYTES_MAX;
use crate::names::hex;
use crate::policy::Registry;

/// Why a kept registry is not taken; the operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum KeptRegistryFault {
    /// It is another than the gate wrote.
    #[error("{path} was changed or cut since it was written, so it is not believed", path = path.display())]
    Digest {
        /// The file.
        path: PathBuf,
    },
    /// It is no document of a registry.
    #[error("{path} holds no registry: {cause}", path = path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The system says no.
    #[error("cannot read {path}: {cause}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it says.
        cause: io::Error,
    },
    /// Others than the gate may write it.
    #[error("others may write {path}, so it is not believed; run `chmod 600 {path}`", path = path.display())]
    Mode {
        /// The file.
        path: PathBuf,
    },
    /// It is about another server.
    #[error("{path} is about the server `{server}`", path = path.display())]
    Server {
        /// The file.
        path: PathBuf,
        /// Its server.
        server: Box<str>,
    },
}

const HEAD: &str = "sluicegate registry 1 ";

/// Reads what was kept about `server`.
///
/// # Errors
/// [`KeptRegistryFault`].
pub fn read_kept(path: &Path, server: &str) -> Result<Registry, KeptRegistryFault> {
    let io = |cause| KeptRegistryFault::Io { path: path.into(), cause };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.permissions().mode() & 0o022 != 0 {
        return Err(KeptRegistryFault::Mode { path: path.into() });
    }
    let mut text = String::new();
    let limit = u64::try_from(REGISTRY_KEPT_BYTES_MAX).unwrap_or(u64::MAX);
    file.take(limit).read_to_string(&mut text).map_err(io)?;
    let document = text
        .split_once('\n')
        .filter(|(head, document)| head.strip_prefix(HEAD) == Some(&sha256(document)))
        .map(|(_, document)| document)
        .ok_or_else(|| KeptRegistryFault::Digest { path: path.into() })?;
    let registry = Registry::from_document(document)
        .map_err(|fault| KeptRegistryFault::Document { path: path.into(), cause: fault.to_string() })?;
    match *registry.server == *server {
        true => Ok(registry),
        false => Err(KeptRegistryFault::Server { path: path.into(), server: registry.server }),
    }
}

/// Keeps `registry`: who reads at the same time sees the old file or the new one, after a crash, too.
///
/// # Errors
/// What the system says; the old file is still there then.
pub fn write_kept(path: &Path, registry: &Registry) -> io::Result<()> {
    let document = registry.to_document().to_string();
    let text = format!("{HEAD}{}\n{document}", sha256(&document));
    let aside = path.with_file_name(format!(
        ".{}.{}.new",
        path.file_name().unwrap_or_default().to_string_lossy(),
        std::process::id()
    ));
    // What a crash left over of an earlier process with this number.
    let _ = fs::remove_file(&aside);
    let written = fill(&aside, &text).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // Nothing else may be done about what is left over.
        let _ = fs::remove_file(&aside);
        written?;
    }
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn fill(aside: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sha256(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_kept_and_nothing_that_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.kept");
        assert!(matches!(read_kept(&path, "db"), Err(KeptRegistryFault::Io { .. })));
        let registry =
            Registry { server: "db".into(), epoch: "e".into(), revision: 3, ..Registry::default() };
        for _ in 0..2 {
            write_kept(&path, &registry).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_kept(&path, "db").unwrap(), registry);
        assert!(matches!(read_kept(&path, "web"), Err(KeptRegistryFault::Server { .. })));
        let text = fs::read_to_string(&path).unwrap();
        for (changed, is_digest) in [
            (text.replace("\"revision\":3", "\"revision\":4"), true),
            (text[..text.len() - 1].to_owned(), true),
            (text.replacen("registry 1", "registry 2", 1), true),
            (format!("{HEAD}{}\n[]", sha256("[]")), false),
            (String::new(), true),
        ] {
            fs::write(&path, &changed).unwrap();
            let fault = read_kept(&path, "db").unwrap_err();
            assert_eq!(matches!(fault, KeptRegistryFault::Digest { .. }), is_digest, "{fault}: {changed}");
        }
        fs::write(&path, &text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(matches!(read_kept(&path, "db"), Err(KeptRegistryFault::Mode { .. })));
    }
}
