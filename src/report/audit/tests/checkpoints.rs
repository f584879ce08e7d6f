//! A checkpoint shows what a chain cannot: that all of it was written anew, or its end taken away.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::super::chain;
use super::super::checkpoint::{Signer, root};
use super::*;
use crate::bounds::{AUDIT_CHECKPOINT_PAUSE, AUDIT_CHECKPOINT_RECORDS};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// Two files: a private key and its public half.
fn keys(directory: &Path, name: &str) -> (PathBuf, CheckpointKey) {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let (private, public) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.pub")));
    fs::write(&private, pem("PRIVATE KEY", pkcs8.as_ref())).unwrap();
    // RFC 8410: the head of a SubjectPublicKeyInfo of Ed25519.
    let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    fs::write(&public, pem("PUBLIC KEY", &[&head, pair.public_key().as_ref()].concat())).unwrap();
    (private, CheckpointKey::read(&public).unwrap())
}

fn signed(path: &Path, key: &Path) -> Audit {
    let sink = AuditSink::File(path.into());
    let settings = AuditSettings { signing_key: Some(key.into()), ..AuditSettings::new(sink, Actors::Plain) };
    Audit::open(settings, &Metrics::new()).unwrap()
}

fn verified_by(key: &CheckpointKey, text: &str) -> Result<Verified, String> {
    let mut verifier = Verifier::new(Some(key.clone()));
    let outcome = verifier.file(text.as_bytes()).and_then(|()| verifier.finish());
    outcome.map_err(|broken| broken.to_string())
}

/// A run of `records` and its end, under checkpoints of `key`.
fn run(path: &Path, key: &Path, records: usize) -> String {
    let audit = signed(path, key);
    (0..records).for_each(|_| audit.offer(&sample::record()).unwrap());
    audit.close().unwrap();
    fs::read_to_string(path).unwrap()
}

/// The lines with numbers and hashes made anew, as whoever holds the whole file can do.
fn forged<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let (mut text, mut prev) = (String::new(), [0; 32]);
    for (index, line) in lines.enumerate() {
        let (head, rest) = line.split_once(",\"seq\":").unwrap();
        let (_, rest) = rest.split_once(',').unwrap();
        let (open, _) = rest.split_once(",\"prev\":\"").unwrap();
        let open = format!("{head},\"seq\":{},{open},\"prev\":\"{}\"", index + 1, crate::names::hex(&prev));
        prev = chain::hash(&prev, open.as_bytes());
        text += &format!("{open},\"hash\":\"{}\"}}\n", crate::names::hex(&prev));
    }
    text
}

#[test]
fn covers_every_record_with_signatures_of_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let (private, key) = keys(directory.path(), "key");
    let text = run(&directory.path().join("audit.jsonl"), &private, 5);
    let sound = verified_by(&key, &text).unwrap();
    assert_eq!((sound.records, sound.checkpoints, sound.uncovered), (8, 1, 0));
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["stage"], &last["key"]), (&json!("audit.checkpoint"), &json!(key.id())));
    let point = Checkpoint::parse(last["checkpoint"].as_str().unwrap()).unwrap();
    assert_eq!((point.from, point.to), (1, 7), "start, five records, stop");
    let (_, other) = keys(directory.path(), "other");
    assert!(point.is_signed_by(&key) && !point.is_signed_by(&other));
    assert_eq!(verified_by(&other, &text), Err("line 8: the checkpoint is not signed by this key".into()));
    // A run that ended in a crash leaves records that no checkpoint covers, and says how many.
    let cut: String = text.split_inclusive('\n').take(5).collect();
    assert_eq!(verified_by(&key, &cut).unwrap().uncovered, 5);
}

#[test]
fn comes_after_a_thousand_records() {
    let directory = tempfile::tempdir().unwrap();
    let (private, key) = keys(directory.path(), "key");
    let mut signer = Signer::read(&private, 7).unwrap();
    assert!(signer.due_in().is_none() && signer.sign().is_none(), "silence needs none");
    for number in 1..AUDIT_CHECKPOINT_RECORDS as u64 {
        signer.add(number, [7; 32]);
    }
    let due = signer.due_in().unwrap();
    assert!(due > Duration::ZERO && due <= AUDIT_CHECKPOINT_PAUSE, "one below");
    signer.add(AUDIT_CHECKPOINT_RECORDS as u64, [8; 32]);
    assert_eq!(signer.due_in(), Some(Duration::ZERO));
    let point = Checkpoint::parse(&signer.sign().unwrap()).unwrap();
    assert_eq!((point.from, point.to, point.head), (1, AUDIT_CHECKPOINT_RECORDS as u64, [8; 32]));
    assert!(point.is_signed_by(&key));
    // With the start of the run, 2,500 records are two full ones and a rest.
    let text = run(&directory.path().join("audit.jsonl"), &private, 2500);
    let sound = verified_by(&key, &text).unwrap();
    assert_eq!((sound.checkpoints, sound.uncovered), (3, 0));
}

#[test]
fn shows_a_forged_trail() {
    let directory = tempfile::tempdir().unwrap();
    let (private, key) = keys(directory.path(), "key");
    let text = run(&directory.path().join("audit.jsonl"), &private, 1200);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(forged(lines.iter().copied()), text, "what is forged without a change is the same");
    let edited = lines[3].replacen("\"id\":\"alice\"", "\"id\":\"bob\"", 1);
    assert_ne!(edited, lines[3]);
    let edited =
        forged(lines.iter().enumerate().map(|(at, line)| if at == 3 { edited.as_str() } else { *line }));
    let bare = forged(lines.iter().copied().filter(|line| !line.contains("audit.checkpoint")));
    for (name, text, wanted) in [
        ("edited", &edited, "line 1001: the checkpoint has another hash than the record before it"),
        ("without checkpoints", &bare, "line 1001: 1000 records before it have no checkpoint"),
    ] {
        assert_eq!(verified_by(&key, text), Err(wanted.to_owned()), "{name}");
    }
    assert!(verify_chain(bare.as_bytes()).is_ok(), "the chain alone does not show it");
}

#[test]
fn a_copy_elsewhere_shows_that_the_end_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let (private, key) = keys(directory.path(), "key");
    let path = directory.path().join("audit.jsonl");
    let text = [run(&path, &private, 3), String::new()].concat();
    let first = text.lines().count();
    let text = run(&path, &private, 3);
    let word = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["checkpoint"].as_str().map(str::to_owned)
    };
    let words: Vec<_> = text.lines().filter_map(word).collect();
    let log =
        format!("INFO audit checkpoint checkpoint=\"{}\"\n{{\"checkpoint\":\"{}\"}}", words[0], words[1]);
    let copies = |log: &str| Checkpoint::all_in(log).collect::<Vec<_>>();
    assert_eq!(copies(&log).len(), 2);
    let compared = |text: &str, copies: Vec<Checkpoint>| {
        let mut verifier = Verifier::new(Some(key.clone()));
        verifier.file(text.as_bytes()).unwrap();
        verifier.compare(copies.into_iter()).map_err(|missing| missing.to_string())
    };
    assert_eq!(compared(&text, copies(&log)), Ok(2));
    let cut: String = text.split_inclusive('\n').take(first).collect();
    assert!(verified_by(&key, &cut).is_ok(), "the trail alone does not show it");
    let missing = compared(&cut, copies(&log)).unwrap_err();
    assert!(missing.contains("over records 1 to 5 is missing"), "{missing}");
    let late: String = text.split_inclusive('\n').skip(first).collect();
    assert_eq!(compared(&late, copies(&log)), Ok(1), "old files may have been removed");
    // One in their midst that the trail does not have is missing, whatever comes after it.
    let third = run(&directory.path().join("third.jsonl"), &private, 3);
    let third = third.lines().find_map(word).unwrap();
    let missing = compared(&text, copies(&format!("{} {third} {}", words[0], words[1])));
    assert!(missing.is_err(), "{missing:?}");
    // Words that somebody else signed, or nobody, prove nothing against the trail.
    let (other, _) = keys(directory.path(), "other");
    let foreign = run(&directory.path().join("other.jsonl"), &other, 3);
    let foreign = format!("{log} {}", foreign.lines().filter_map(word).next().unwrap());
    assert_eq!(compared(&text, copies(&foreign)), Ok(2));
}

#[test]
fn reads_no_word_that_it_would_not_write() {
    let directory = tempfile::tempdir().unwrap();
    let (private, _) = keys(directory.path(), "key");
    let mut signer = Signer::read(&private, 7).unwrap();
    (3..6).for_each(|number| signer.add(number, [7; 32]));
    let word = signer.sign().unwrap();
    assert!(Checkpoint::parse(&word).is_some() && word.starts_with("sgc1.000000000007.3.5."));
    for (name, other) in [
        ("another kind", word.replace("sgc1.", "sgc2.")),
        ("no boot", word.replace("000000000007", "00000000000g")),
        ("the wrong way round", word.replace(".3.5.", ".5.3.")),
        ("no number", word.replace(".3.5.", ".3.x.")),
        ("a short hash", word.replacen("07.", ".", 3)),
        ("one more", format!("{word}.x")),
        ("no base64", format!("{word}*")),
        ("nothing", String::new()),
    ] {
        assert_eq!(Checkpoint::parse(&other), None, "{name}: {other}");
    }
}

#[test]
fn does_not_begin_with_a_key_of_another_kind() {
    let directory = tempfile::tempdir().unwrap();
    let (file, sink) = (directory.path().join("key.pem"), directory.path().join("audit.jsonl"));
    for text in ["", "no key", &pem("PRIVATE KEY", b"short"), &pem("PUBLIC KEY", b"short")] {
        fs::write(&file, text).unwrap();
        let sink = AuditSink::File(sink.clone());
        let settings =
            AuditSettings { signing_key: Some(file.clone()), ..AuditSettings::new(sink, Actors::Plain) };
        let fault = Audit::open(settings, &Metrics::new()).unwrap_err().to_string();
        assert!(fault.contains("openssl genpkey -algorithm ed25519"), "{fault}");
        assert!(CheckpointKey::read(&file).unwrap_err().to_string().contains("openssl pkey -pubout"));
    }
    assert!(CheckpointKey::read(Path::new("/nowhere")).is_err());
}

/// The tree as RFC 6962, section 2.1, defines it: split at the largest power of two below the number.
fn defined(leaves: &[[u8; 32]]) -> [u8; 32] {
    let sum = |parts: &[&[u8]]| {
        let digest = ring::digest::digest(&ring::digest::SHA256, &parts.concat());
        <[u8; 32]>::try_from(digest.as_ref()).unwrap()
    };
    match leaves {
        [] => sum(&[]),
        [leaf] => sum(&[&[0], leaf]),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            sum(&[&[1], &defined(left), &defined(right)])
        }
    }
}

#[test]
fn the_root_is_that_of_the_tree_of_certificate_transparency() {
    let leaves: Vec<_> = (0..70).map(|number| [number; 32]).collect();
    for count in (0..20).chain([31, 32, 33, 63, 64, 65, 70]) {
        assert_eq!(root(&leaves[..count]), defined(&leaves[..count]), "{count}");
    }
}
