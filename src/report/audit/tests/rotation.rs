//! Files are put aside by size and age, old ones go, and the chain goes through all that are left.

use super::super::files;
use super::super::sink::Outlet;
use super::*;

/// Verifies all files of the trail at `path`.
pub(super) fn verified_trail(path: &Path) -> Result<Verified, BrokenChain> {
    let mut verifier = Verifier::default();
    for file in trail(path).unwrap() {
        verifier.file(fs::read(file).unwrap().as_slice())?;
    }
    verifier.finish()
}

fn outlet(path: &Path, rotation: &Rotation) -> Outlet {
    AuditSink::File(path.into()).open(rotation).unwrap()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn a_file_is_full_at_its_size_and_old_at_its_age_but_never_while_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let sized = |bytes| Rotation { bytes_max: Some(bytes), ..Rotation::default() };
    let aged = |age| Rotation { age_max: Some(age), ..Rotation::default() };
    let is_due = |rotation| outlet(&path, &rotation).is_full_or_old();
    assert!(!is_due(sized(0)) && !is_due(aged(Duration::ZERO)), "empty");
    fs::write(&path, b"x\n").unwrap();
    for (bytes, wanted) in [(1, true), (2, true), (3, false)] {
        assert_eq!(is_due(sized(bytes)), wanted, "{bytes}");
    }
    assert!(is_due(aged(Duration::ZERO)) && !is_due(aged(Duration::from_secs(3600))));
    assert!(!is_due(Rotation::default()), "by default never");
    let mut growing = outlet(&path, &sized(4));
    assert_eq!((growing.write(b"y").unwrap(), growing.is_full_or_old()), (1, false));
    assert_eq!((growing.write(b"\n").unwrap(), growing.is_full_or_old()), (1, true));
    let pipe = outlet(Path::new("/dev/null"), &sized(0));
    assert!(!pipe.is_full_or_old(), "a device is never put aside");
}

#[test]
fn keeps_so_many_files_and_removes_the_oldest() {
    for kept in [None, Some(0), Some(1), Some(3)] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        let mut outlet = outlet(&path, &Rotation { kept, ..Rotation::default() });
        for round in 1..=3_u64 {
            outlet.write(format!("{round}\n").as_bytes()).unwrap();
            outlet.put_aside(round * 1000).unwrap().expect("a file");
        }
        let texts: Vec<_> =
            files::put_aside(&path).unwrap().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let all = ["1\n", "2\n", "3\n"];
        assert_eq!(texts, all[all.len() - kept.unwrap_or(3)..], "{kept:?}");
        assert_eq!(fs::read(&path).unwrap(), b"", "{kept:?}");
    }
}

#[test]
fn names_sort_by_time_never_clash_and_are_told_from_others() {
    let directory = tempfile::tempdir().unwrap();
    for (file, wanted) in [
        ("audit.jsonl", "audit.20261122T130512.482Z.jsonl"),
        ("audit", "audit.20261122T130512.482Z"),
        ("a.b.log", "a.b.20261122T130512.482Z.log"),
    ] {
        let path = directory.path().join(file);
        let first = files::free_name(&path, 1_795_352_712_482).unwrap();
        assert_eq!(name(&first), wanted);
        fs::write(&first, "").unwrap();
        let second = files::free_name(&path, 1_795_352_712_482).unwrap();
        assert_eq!(name(&second), wanted.replace("482Z", "483Z"));
        for other in [format!("{file}.20261122T130512.482Z"), format!("x{wanted}"), wanted.replace('T', "t")]
        {
            fs::write(directory.path().join(other), "").unwrap();
        }
        let others = [wanted.replace("20261122", "2026112x"), wanted.replace(".482", "-482")];
        others.iter().for_each(|other| fs::write(directory.path().join(other), "").unwrap());
        assert_eq!(trail(&path).unwrap(), std::slice::from_ref(&first), "{file}");
        fs::write(&path, "").unwrap();
        assert_eq!(trail(&path).unwrap(), [first, path], "{file}");
    }
}

#[test]
fn one_chain_goes_through_all_files_each_of_which_names_the_one_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let rotation = Rotation { bytes_max: Some(2048), ..Rotation::default() };
    let settings =
        AuditSettings { rotation, ..AuditSettings::new(AuditSink::File(path.clone()), Actors::Plain) };
    let audit = Audit::open(settings, &Metrics::new()).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut offered = 0;
    while trail(&path).unwrap().len() < 3 {
        assert!(Instant::now() < deadline, "never put aside");
        audit.offer(&sample::record()).unwrap();
        offered += 1;
        audit.flush(PATIENCE).unwrap();
    }
    audit.close().unwrap();
    let files = trail(&path).unwrap();
    let sound = verified_trail(&path).unwrap();
    assert_eq!((sound.records, sound.starts), (offered + 2 + 2, 1), "and a line at the head of two files");
    for pair in files.windows(2) {
        assert!(fs::metadata(&pair[0]).unwrap().len() >= 2048);
        let first = lines(&pair[1]).remove(0);
        let told = (first["stage"].as_str(), first["previous"].as_str());
        assert_eq!(told, (Some("audit.file"), Some(name(&pair[0]).as_str())));
    }
    // Without the oldest the trail begins later and still holds; without one in the middle it does not.
    fs::remove_file(&files[1]).unwrap();
    assert!(matches!(verified_trail(&path).unwrap_err().fault, ChainFault::Unlinked));
    fs::remove_file(&files[0]).unwrap();
    assert_ne!(verified_trail(&path).unwrap().first_prev, [0; 32]);
}

#[test]
fn a_run_after_a_file_was_put_aside_goes_on_from_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    plain(&path).close().unwrap();
    fs::rename(&path, files::free_name(&path, 7).unwrap()).unwrap();
    plain(&path).close().unwrap();
    let sound = verified_trail(&path).unwrap();
    assert_eq!((sound.records, sound.starts, sound.first_prev), (4, 2, [0; 32]));
}
