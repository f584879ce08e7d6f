//! A directory whose files are delivered as the kubelet delivers them: all of one version at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A mounted ConfigMap or Secret.
#[derive(Debug)]
pub struct Mount {
    directory: PathBuf,
    version: AtomicU32,
}

impl Mount {
    /// Mounts these files at `directory`.
    pub fn new(directory: &Path, files: &[(&str, &str)]) -> Self {
        fs::create_dir(directory).expect("a folder can be made");
        for (name, _) in files {
            symlink(format!("..data/{name}"), directory.join(name)).expect("a link can be made");
        }
        let mount = Self { directory: directory.into(), version: AtomicU32::new(0) };
        mount.swap(files);
        mount
    }

    /// Puts another version in the place of the one that is there.
    pub fn swap(&self, files: &[(&str, &str)]) {
        let number = self.version.fetch_add(1, Ordering::Relaxed);
        let name = format!("..version-{number}");
        let at = |name: &str| self.directory.join(name);
        fs::create_dir(at(&name)).expect("a folder can be made");
        for (file, text) in files {
            fs::write(at(&name).join(file), text).expect("a file can be written");
        }
        symlink(&name, at("..data_tmp")).expect("a link can be made");
        fs::rename(at("..data_tmp"), at("..data")).expect("a link can be replaced");
        if let Some(before) = number.checked_sub(1) {
            fs::remove_dir_all(at(&format!("..version-{before}"))).expect("a folder can be removed");
        }
    }

    /// The path of a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}
