//! Files that belong together, such as a certificate and its key: all of one version.
//!
//! The kubelet delivers them as links into a directory that it swaps as a whole. Whoever reads them one by one may
//! get one from before a swap and one from behind it; here the version is looked up once, and again at the end.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::policies::{VERSIONS_TRIED_MAX, leads_into_version, version_of};

/// Why a file could not be read; the operator's fault, or the disk's.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`: {kind}", path.display())]
pub struct FileFault {
    path: PathBuf,
    kind: FileFaultKind,
}

#[derive(Debug, thiserror::Error)]
enum FileFaultKind {
    #[error("{0}")]
    Io(io::Error),
    #[error("not a regular file")]
    NotAFile,
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    #[error("its directory does not stop changing")]
    Unsteady,
}

/// Reads `paths`, each of at most `bytes_max`, as they were at one moment where the kubelet delivers them.
///
/// # Errors
/// [`FileFault`], which names the file.
pub fn read_together(paths: &[PathBuf], bytes_max: usize) -> Result<Vec<Vec<u8>>, FileFault> {
    for _ in 0..VERSIONS_TRIED_MAX {
        let versions: Vec<_> = paths.iter().map(|path| version_at(path)).collect();
        let read: Result<Vec<_>, _> = paths
            .iter()
            .zip(&versions)
            .map(|(path, version)| {
                let within = version.as_deref().and_then(|version| Some(version.join(path.file_name()?)));
                bytes(within.as_deref().unwrap_or(path), bytes_max)
                    .map_err(|kind| FileFault { path: path.clone(), kind })
            })
            .collect();
        // A version that was replaced meanwhile may have been half removed while it was read.
        if paths.iter().zip(&versions).all(|(path, version)| version_at(path) == *version) {
            return read;
        }
    }
    Err(FileFault { path: paths.first().cloned().unwrap_or_default(), kind: FileFaultKind::Unsteady })
}

/// The version that the kubelet has put in place for this file; `None` for an ordinary file.
fn version_at(path: &Path) -> Option<PathBuf> {
    leads_into_version(path).then(|| version_of(path.parent()?)).flatten()
}

fn bytes(path: &Path, bytes_max: usize) -> Result<Vec<u8>, FileFaultKind> {
    // Asked before opening: to open a pipe would wait for its other end.
    if !std::fs::metadata(path).map_err(FileFaultKind::Io)?.is_file() {
        return Err(FileFaultKind::NotAFile);
    }
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(FileFaultKind::Io)?;
    file.take(limit).read_to_end(&mut bytes).map_err(FileFaultKind::Io)?;
    if bytes.len() > bytes_max { Err(FileFaultKind::TooLarge(bytes_max)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn reads_what_one_version_holds() {
        let mount = tempfile::tempdir().unwrap();
        let at = |name: &str| mount.path().join(name);
        let paths = [at("tls.crt"), at("tls.key")];
        for name in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{name}"), at(name)).unwrap();
        }
        for (turn, version) in ["..2026_1", "..2026_2"].iter().enumerate() {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("tls.crt"), format!("crt {turn}")).unwrap();
            fs::write(at(version).join("tls.key"), format!("key {turn}")).unwrap();
            symlink(version, at("..tmp")).unwrap();
            fs::rename(at("..tmp"), at("..data")).unwrap();
            let read = read_together(&paths, 5).unwrap();
            assert_eq!(read, [format!("crt {turn}").into_bytes(), format!("key {turn}").into_bytes()]);
        }
    }

    #[test]
    fn names_the_file_at_fault() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("large"), "123456").unwrap();
        for (path, wanted) in [
            (at("large"), "it is larger than 5 bytes"),
            (at("absent"), "No such file or directory (os error 2)"),
            (folder.path().to_path_buf(), "not a regular file"),
        ] {
            let fault = read_together(std::slice::from_ref(&path), 5).unwrap_err();
            assert_eq!(fault.to_string(), format!("cannot read `{}`: {wanted}", path.display()));
        }
        assert!(read_together(&[at("large")], 6).is_ok(), "at the bound");
    }
}
