//! Wherever a crash cuts a file off, the next run goes on from the last whole line and says what it found.

use super::*;

/// Two runs: `audit.start`, three records, `audit.stop`, and once more.
fn bytes(path: &Path) -> Vec<u8> {
    for _ in 0..2 {
        let audit = plain(path);
        (0..3).for_each(|_| audit.offer(&sample::record()).unwrap());
        audit.close().unwrap();
    }
    fs::read(path).unwrap()
}

/// Runs once on a file that holds `bytes`, and verifies what is there then.
#[track_caller]
fn mended(path: &Path, bytes: &[u8]) -> Verified {
    fs::write(path, bytes).unwrap();
    plain(path).close().unwrap();
    verified(path).unwrap_or_else(|broken| panic!("cut at {}: {broken}", bytes.len()))
}

#[test]
fn goes_on_wherever_a_crash_cuts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let whole = bytes(&path);
    let last = whole[..whole.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    let before = whole[..last - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    let mut cuts: Vec<_> = (before - 2..whole.len()).step_by(41).collect();
    cuts.extend([before - 1, before, before + 1, last - 1, last, last + 1, whole.len() - 1, whole.len()]);
    for cut in cuts {
        let sound = mended(&path, &whole[..cut]);
        // A line that lacks its line feed only is whole.
        let lines = whole[..cut].split(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\"}"));
        let is_torn = !whole[..cut].ends_with(b"\n") && !whole[..cut].ends_with(b"\"}");
        let wanted = (lines.count() as u64 + 2, u64::from(is_torn));
        assert_eq!((sound.records, sound.torn), wanted, "cut at {cut} of {last}, {}", whole.len());
    }
}

#[test]
fn goes_on_after_a_second_crash_before_the_first_was_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let whole = bytes(&path);
    let torn = &whole[..whole.len() - 90];
    for (name, more) in [
        ("the line feed only", &b"\n"[..]),
        ("half a start", b"\n{\"schema\":\"sluice"),
        ("half a start, twice", b"\n{\"schema\":\"sluice\n{\"sch"),
        ("zeros, as a file system leaves them", &[0; 40_000]),
    ] {
        let bytes = [torn, more].concat();
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(verified(&path).unwrap_err().fault, ChainFault::CutOff), "{name}");
        let sound = mended(&path, &bytes);
        assert_eq!((sound.records, sound.starts, sound.torn), (11, 3, 1), "{name}");
    }
}

#[test]
fn what_no_run_has_told_of_is_no_crash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let whole = bytes(&path);
    mended(&path, &whole[..whole.len() - 90]);
    let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    assert!(
        lines[10].contains("\"torn_bytes\":") && !lines[10].contains("\"torn_bytes\":0"),
        "{}",
        lines[10]
    );
    for (name, torn) in [("longer", format!("x{}", lines[9])), ("shorter", lines[9][1..].to_owned())] {
        let text = [&lines[..9], &[torn.as_str()], &lines[10..]].concat().concat();
        let broken = verify_chain(text.as_bytes()).unwrap_err();
        assert_eq!(broken.to_string(), "line 10: not an audit record", "{name}");
    }
}
