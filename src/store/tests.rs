//! A bundle changes in all the ways that people and kubelets change it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::bounds::{POLICY_BYTES_MAX, POLICY_FILES_MAX};
use crate::names::Mode;

fn text(server: &str) -> String {
    format!("version: 1\nserver: {{ id: {server} }}\n")
}

const BROKEN: &str = "version: 1\nserver: { id: a }\nserrver: 1\n";

/// Writes a version as the kubelet's AtomicWriter does, and swaps `..data` over to it.
fn deliver(mount: &Path, version: &str, files: &[(&str, &str)]) {
    let fresh = mount.join(version);
    fs::create_dir(&fresh).unwrap();
    for (name, text) in files {
        fs::write(fresh.join(name), text).unwrap();
    }
    let previous = fs::read_link(mount.join("..data")).ok();
    symlink(version, mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    for (name, _) in files {
        if fs::symlink_metadata(mount.join(name)).is_err() {
            symlink(Path::new("..data").join(name), mount.join(name)).unwrap();
        }
    }
    if let Some(previous) = previous {
        fs::remove_dir_all(mount.join(previous)).unwrap();
    }
}

fn poll(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(8);
    while !condition() {
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

struct Watched {
    live: Arc<Live>,
    published: Arc<AtomicUsize>,
    _watch: Watch,
}

impl Watched {
    fn start(directory: impl Into<PathBuf>) -> Self {
        let published = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&published);
        // Not the refusals: on a slow machine a file may be seen between its truncation and its text.
        let tell = move |reloaded: &Reloaded<'_>| {
            count.fetch_add(usize::from(matches!(reloaded, Reloaded::Published { .. })), Ordering::Relaxed);
        };
        let live = Arc::new(Live::open(directory, Mode::Enforce, Followers::default(), tell).unwrap());
        let _watch = Watch::start(Arc::clone(&live)).unwrap();
        Self { live, published, _watch }
    }

    fn server(&self) -> String {
        self.live.policy().server.to_string()
    }

    fn becomes(&self, server: &str) {
        poll(server, || self.server() == server);
    }
}

fn kind_of(directory: &Path) -> String {
    read(directory).expect_err("refused").to_string()
}

#[test]
fn reads_visible_policy_and_key_files_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for name in ["b.yaml", "a.yaml", "keys.json", "a.test.yaml", ".hidden.yaml", "README.md", "c.yaml~"] {
        fs::write(path.join(name), name).unwrap();
    }
    fs::create_dir(path.join("more")).unwrap();
    let names = |sources: Vec<crate::policy::Source>| {
        sources.into_iter().map(|source| source.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(read(path).unwrap()), ["a.yaml", "b.yaml", "keys.json"]);
    assert_eq!(names(read_tests(path).unwrap()), ["a.test.yaml"]);
}

#[test]
fn refuses_a_bundle_it_cannot_read_whole() {
    let cases: [(&str, &[u8], &str); 5] = [
        ("b.yml", b"", "rename this one"),
        ("b.YAML", b"", "rename this one"),
        ("b.yaml", b"ab\xff", "not UTF-8 at byte 2"),
        ("b.json", &vec![b' '; POLICY_BYTES_MAX], "larger than"),
        ("keys.txt", b"", ""),
    ];
    for (name, bytes, wanted) in cases {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.yaml"), text("a")).unwrap();
        fs::write(directory.path().join(name), bytes).unwrap();
        let found = read(directory.path()).err().map(|fault| fault.to_string()).unwrap_or_default();
        assert!(found.contains(wanted) && found.is_empty() == wanted.is_empty(), "{name}: {found}");
        assert!(wanted.is_empty() || found.contains(name) || wanted == "larger than", "{found}");
    }
    let directory = tempfile::tempdir().unwrap();
    assert!(kind_of(directory.path()).contains("no `*.yaml` file"));
    assert!(kind_of(&directory.path().join("absent")).contains("No such file"));
    fs::create_dir(directory.path().join("a.yaml")).unwrap();
    assert!(kind_of(directory.path()).contains("not a regular file"));
}

#[test]
fn bounds_files_and_bytes() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), vec![b' '; POLICY_BYTES_MAX]).unwrap();
    assert!(read(directory.path()).is_ok());
    for number in 1..POLICY_FILES_MAX {
        fs::write(directory.path().join(format!("k{number}.json")), "").unwrap();
    }
    assert_eq!(read(directory.path()).unwrap().len(), POLICY_FILES_MAX);
    fs::write(directory.path().join("one-more.json"), "").unwrap();
    assert!(kind_of(directory.path()).contains("more than"));
}

#[test]
fn reads_a_mount_once_and_from_one_version() {
    let mount = tempfile::tempdir().unwrap();
    let path = mount.path().to_path_buf();
    deliver(&path, "..v0", &[("a.yaml", "0"), ("b.yaml", "0")]);
    assert_eq!(read(&path).unwrap().len(), 2);
    let is_over = Arc::new(Mutex::new(false));
    let over = Arc::clone(&is_over);
    let mount_path = path.clone();
    let kubelet = std::thread::spawn(move || {
        for number in 1..300 {
            let text = number.to_string();
            deliver(&mount_path, &format!("..v{number}"), &[("a.yaml", &text), ("b.yaml", &text)]);
        }
        *over.lock().unwrap() = true;
    });
    let mut versions_seen = 0;
    while !*is_over.lock().unwrap() {
        match read(&path) {
            Ok(sources) => assert_eq!(sources[0].text, sources[1].text, "two versions mixed"),
            Err(fault) => assert!(fault.to_string().contains("stop changing"), "{fault}"),
        }
        versions_seen += 1;
    }
    kubelet.join().unwrap();
    assert!(versions_seen > 0 && read(&path).unwrap()[0].text == "299");
}

#[test]
fn reload_publishes_or_keeps_the_last_good_policy() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.yaml");
    fs::write(&file, BROKEN).unwrap();
    assert!(
        Live::open(directory.path(), Mode::Enforce, Followers::default(), |_| {}).is_err(),
        "does not start on a broken bundle"
    );
    fs::write(&file, text("a")).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let live = Live::open(directory.path(), Mode::Enforce, Followers::default(), move |reloaded| {
        hear.lock().unwrap().push(match reloaded {
            Reloaded::Kept { policy, .. } => format!("kept {}", policy.server),
            Reloaded::Published { previous, current } => format!("{} {}", previous.server, current.server),
        });
    })
    .unwrap();
    assert_eq!(live.reload_if_changed(), Reload::Unchanged);
    fs::write(&file, BROKEN).unwrap();
    assert!(matches!(live.reload_if_changed(), Reload::Kept(_)));
    let status = live.status();
    assert!(status.error.as_ref().is_some_and(|error| error.contains("serrver")), "{status:?}");
    assert_eq!((live.policy().server.as_str(), status.sha256), ("a", live.policy().sha256));
    assert_eq!(live.reload_if_changed(), Reload::Unchanged, "the same trouble is no news");
    assert!(matches!(live.reload(), Reload::Kept(_)), "asked for, it answers");
    fs::write(&file, text("b")).unwrap();
    assert_eq!(live.reload_if_changed(), Reload::Published);
    assert_eq!((live.policy().server.as_str(), &live.status().error), ("b", &None));
    assert_eq!(*told.lock().unwrap(), ["kept a", "kept a", "a b"]);
}

#[test]
fn sees_a_rewrite_in_place_and_a_rename_over() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.yaml");
    fs::write(&file, text("a")).unwrap();
    let watched = Watched::start(directory.path());
    fs::write(&file, text("b")).unwrap();
    watched.becomes("b");
    fs::write(directory.path().join(".a.yaml.swp"), text("c")).unwrap();
    fs::rename(directory.path().join(".a.yaml.swp"), &file).unwrap();
    watched.becomes("c");
    // A reload is told of after it is in force.
    poll("told", || watched.published.load(Ordering::Relaxed) >= 2);
    assert_eq!(watched.published.load(Ordering::Relaxed), 2, "each published once");
}

#[test]
fn sees_the_kubelet_swap_twice() {
    let mount = tempfile::tempdir().unwrap();
    deliver(mount.path(), "..v0", &[("a.yaml", &text("a"))]);
    let watched = Watched::start(mount.path());
    for (version, server) in [("..v1", "b"), ("..v2", "c"), ("..v3", "d")] {
        deliver(mount.path(), version, &[("a.yaml", &text(server))]);
        watched.becomes(server);
    }
    fs::write(mount.path().join("..v3/a.yaml"), text("e")).unwrap();
    watched.becomes("e");
}

#[test]
fn sees_a_link_to_the_whole_bundle_swapped() {
    let root = tempfile::tempdir().unwrap();
    for server in ["a", "b"] {
        fs::create_dir(root.path().join(server)).unwrap();
        fs::write(root.path().join(server).join("x.yaml"), text(server)).unwrap();
    }
    symlink("a", root.path().join("current")).unwrap();
    let watched = Watched::start(root.path().join("current"));
    symlink("b", root.path().join("next")).unwrap();
    fs::rename(root.path().join("next"), root.path().join("current")).unwrap();
    watched.becomes("b");
    fs::write(root.path().join("b/x.yaml"), text("c")).unwrap();
    watched.becomes("c");
}

#[test]
fn a_broken_file_keeps_the_old_policy_until_it_is_mended() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), text("a")).unwrap();
    let watched = Watched::start(directory.path());
    fs::write(directory.path().join("b.yaml"), BROKEN).unwrap();
    poll("refused", || watched.live.status().error.is_some());
    assert_eq!(watched.server(), "a");
    fs::remove_file(directory.path().join("b.yaml")).unwrap();
    poll("mended", || watched.live.status().error.is_none());
    assert_eq!(watched.server(), "a");
}

#[test]
fn survives_fifty_reloads_in_a_row() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.yaml");
    fs::write(&file, text("s")).unwrap();
    let watched = Watched::start(directory.path());
    for number in 0..50 {
        fs::write(&file, text(&format!("s{number}"))).unwrap();
        assert!(watched.live.reload() == Reload::Published);
        assert_eq!(watched.server(), format!("s{number}"));
    }
    fs::write(&file, text("last")).unwrap();
    watched.becomes("last");
}

#[test]
fn the_organisations_folder_is_a_layer_with_a_mount_of_its_own() {
    let bundle = tempfile::tempdir().unwrap();
    let layer = bundle.path().join("organisation");
    fs::write(bundle.path().join("team.yaml"), "version: 1\n").unwrap();
    fs::create_dir(&layer).unwrap();
    assert!(kind_of(bundle.path()).contains("no `*.yaml`"), "an empty mount would drop every deny of it");
    deliver(&layer, "..v0", &[("base.yaml", &text("a"))]);
    let names: Vec<_> = read(bundle.path()).unwrap().into_iter().map(|source| source.name).collect();
    assert_eq!(names, ["team.yaml", "organisation/base.yaml"].map(Box::<str>::from));
    let watched = Watched::start(bundle.path());
    deliver(&layer, "..v1", &[("base.yaml", &text("b"))]);
    watched.becomes("b");
    fs::write(bundle.path().join("team.yaml"), BROKEN).unwrap();
    deliver(&layer, "..v2", &[("base.yaml", &text("c"))]);
    fs::write(bundle.path().join("team.yaml"), "version: 1\n").unwrap();
    watched.becomes("c");
}
