//! Reading a bundle: which files belong to it, all of one version, and no more than the bounds.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::bounds::{POLICY_BYTES_MAX, POLICY_FILES_MAX};
use crate::policy::{LOCK_FILE, Source};

/// Reads the files of the bundle in `directory`: `*.yaml` but its tests, `*.cedar`, and what they name: the key files
/// `*.json` and the authorities `*.pem`.
///
/// Sorted by name. Hidden entries are skipped and links are followed. Where the kubelet delivers, the
/// files come from the one version that `..data` names at the start, so a swap in between mixes nothing.
/// Of sub-directories only `organisation` is part of a bundle: the layer that a team cannot weaken. It may be a
/// mount of its own.
///
/// # Errors
/// [`ReadFault`], which names the file: the operator's fault, or the disk's.
pub fn read(directory: &Path) -> Result<Vec<Source>, ReadFault> {
    let sources =
        read_version(directory, |name| is_named(name) || name.ends_with(".cedar") || is_policy(name))?;
    match sources.iter().any(|source| is_policy(&source.name)) {
        true => Ok(sources),
        false => Err(ReadFault { path: directory.into(), kind: ReadFaultKind::Empty }),
    }
}

/// Reads the tests of the bundle in `directory`, `*.test.yaml`; there may be none.
///
/// # Errors
/// As [`read`].
pub fn read_tests(directory: &Path) -> Result<Vec<Source>, ReadFault> {
    read_version(directory, is_test)
}

/// Reads a lock file that lies elsewhere, under the name that a bundle knows it by.
///
/// # Errors
/// As [`read`].
pub fn read_lock(path: &Path) -> Result<Source, ReadFault> {
    match text(path, POLICY_BYTES_MAX) {
        Ok(text) => Ok(Source { name: LOCK_FILE.into(), text }),
        Err(kind) => Err(ReadFault { path: path.into(), kind }),
    }
}

/// Why a bundle could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read policy `{}`: {kind}", path.display())]
pub struct ReadFault {
    /// The file or directory at fault.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: ReadFaultKind,
}

/// What is wrong with a file of a bundle.
#[derive(Debug, thiserror::Error)]
pub enum ReadFaultKind {
    /// No policy file at all: an empty mount would deny everything without a word.
    #[error("no `*.yaml` file in this directory")]
    Empty,
    /// Looks like a policy and would be ignored, which would drop its deny rules.
    #[error("policy files end in `.yaml`; rename this one or move it away")]
    Extension,
    /// The system says no.
    #[error("{0}")]
    Io(io::Error),
    /// A directory, a socket or a pipe by the name of a policy file.
    #[error("not a regular file")]
    NotAFile,
    /// More than `POLICY_BYTES_MAX` in all files together.
    #[error("the bundle is larger than {POLICY_BYTES_MAX} bytes")]
    TooLarge,
    /// More than `POLICY_FILES_MAX` files.
    #[error("the bundle has more than {POLICY_FILES_MAX} files")]
    TooMany,
    /// Not UTF-8 from this byte on.
    #[error("not UTF-8 at byte {0}")]
    Utf8(usize),
    /// The directory was replaced again and again while it was read.
    #[error("the directory does not stop changing")]
    Unsteady,
}

// The kubelet removes the previous version as soon as the next one is in place; a reader that meets
// this twice in a row is not reading a ConfigMap.
pub(super) const VERSIONS_TRIED_MAX: usize = 5;
const KUBELET_LINK: &str = "..data";

fn is_test(name: &str) -> bool {
    name.ends_with(".test.yaml")
}

fn is_named(name: &str) -> bool {
    name.ends_with(".json") || name.ends_with(".pem")
}

fn is_policy(name: &str) -> bool {
    name.ends_with(".yaml") && !is_test(name)
}

fn read_version(directory: &Path, is_wanted: fn(&str) -> bool) -> Result<Vec<Source>, ReadFault> {
    for _ in 0..VERSIONS_TRIED_MAX {
        let (version, layer) = (version_of(directory), organisation_of(directory));
        let layer_version = layer.as_deref().and_then(version_of);
        let mut room = POLICY_BYTES_MAX;
        let outcome =
            read_once(directory, version.as_deref(), is_wanted, &mut room).and_then(|mut sources| {
                let Some(layer) = &layer else { return Ok(sources) };
                let above = read_once(layer, layer_version.as_deref(), is_wanted, &mut room)?;
                if is_wanted(A_POLICY) && !above.iter().any(|source| is_policy(&source.name)) {
                    return Err(ReadFault { path: layer.clone(), kind: ReadFaultKind::Empty });
                }
                let name = |source: Source| Source {
                    name: format!("{ORGANISATION}/{}", source.name).into(),
                    ..source
                };
                sources.extend(above.into_iter().map(name));
                Ok(sources)
            });
        // A version that was replaced meanwhile may have been half removed while it was read.
        if version_of(directory) == version && layer.as_deref().and_then(version_of) == layer_version {
            return outcome;
        }
    }
    Err(ReadFault { path: directory.into(), kind: ReadFaultKind::Unsteady })
}

/// The folder of the organisation's layer, if the bundle in `directory` has one.
pub(super) fn organisation_of(directory: &Path) -> Option<PathBuf> {
    let folder = directory.join(ORGANISATION);
    folder.is_dir().then_some(folder)
}

const ORGANISATION: &str = "organisation";

/// A name that is wanted wherever policies are read, and not only their tests.
const A_POLICY: &str = "policy.yaml";

/// Resolves the version that the kubelet has put in place; `None` for an ordinary directory.
pub(super) fn version_of(directory: &Path) -> Option<PathBuf> {
    let link = directory.join(KUBELET_LINK);
    fs::symlink_metadata(&link).ok().filter(fs::Metadata::is_symlink)?;
    fs::canonicalize(link).ok()
}

fn read_once(
    directory: &Path,
    version: Option<&Path>,
    is_wanted: fn(&str) -> bool,
    room: &mut usize,
) -> Result<Vec<Source>, ReadFault> {
    let mut entries = entries(directory, version)?;
    entries.retain(|(name, _)| is_wanted(name));
    entries.sort();
    entries.dedup_by(|a, b| a.0 == b.0);
    if entries.len() > POLICY_FILES_MAX {
        return Err(ReadFault { path: directory.into(), kind: ReadFaultKind::TooMany });
    }
    let mut sources = Vec::with_capacity(entries.len());
    for (name, path) in entries {
        match text(&path, *room) {
            Ok(text) => {
                *room -= text.len();
                sources.push(Source { name: name.into(), text });
            }
            Err(kind) => return Err(ReadFault { path, kind }),
        }
    }
    Ok(sources)
}

/// Lists the visible names, each with the path to read it by.
fn entries(directory: &Path, version: Option<&Path>) -> Result<Vec<(String, PathBuf)>, ReadFault> {
    let mut entries = Vec::new();
    for root in version.into_iter().chain([directory]) {
        let fault = |error| ReadFault { path: root.into(), kind: ReadFaultKind::Io(error) };
        for entry in fs::read_dir(root).map_err(fault)? {
            let path = entry.map_err(fault)?.path();
            if version.is_some() && root == directory && leads_into_version(&path) {
                continue;
            }
            match visible_name(&path) {
                Ok(Some(name)) => entries.push((name, path)),
                Ok(None) => {}
                Err(kind) => return Err(ReadFault { path, kind }),
            }
        }
    }
    Ok(entries)
}

/// Whether `path` is one of the kubelet's own links, `NAME -> ..data/NAME`.
pub(super) fn leads_into_version(path: &Path) -> bool {
    fs::read_link(path).is_ok_and(|target| target.starts_with(KUBELET_LINK))
}

fn visible_name(path: &Path) -> Result<Option<String>, ReadFaultKind> {
    let file_name = path.file_name().unwrap_or_default();
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_yaml = extension == "yaml" || extension == "yml";
    let Some(name) = file_name.to_str() else {
        return if is_yaml { Err(ReadFaultKind::Utf8(0)) } else { Ok(None) };
    };
    if name.starts_with('.') {
        return Ok(None);
    }
    if is_yaml && path.extension() != Some(OsStr::new("yaml")) {
        return Err(ReadFaultKind::Extension);
    }
    Ok(Some(name.to_owned()))
}

fn text(path: &Path, room: usize) -> Result<String, ReadFaultKind> {
    // Asked before opening: to open a pipe would wait for its other end.
    if !fs::metadata(path).map_err(ReadFaultKind::Io)?.is_file() {
        return Err(ReadFaultKind::NotAFile);
    }
    let limit = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(ReadFaultKind::Io)?;
    file.take(limit).read_to_end(&mut bytes).map_err(ReadFaultKind::Io)?;
    if bytes.len() > room {
        return Err(ReadFaultKind::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| ReadFaultKind::Utf8(error.utf8_error().valid_up_to()))
}
