//! Certificates: taken over while connections are open, refused where they do not fit, and made by the command line.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::stage::{SERVICE, Stage, asking, certify, request, response, review, settings};
use crate::support::authority::Authority;
use crate::support::gate::sluicegate;
use crate::support::wait_for;

const EXPIRY: &str = r#"sluicegate_tls_certificate_expiry_timestamp_seconds{purpose="webhook"}"#;
const SUCCESSES: &str = r#"sluicegate_injector_reloads_total{result="success",subject="certificate"}"#;
const FAILURES: &str = r#"sluicegate_injector_reloads_total{result="failure",subject="certificate"}"#;
const SUCCESSFUL: &str = r#"sluicegate_injector_last_reload_successful{subject="certificate"}"#;

#[test]
fn takes_over_a_certificate_and_cuts_nobody_off() {
    let stage = Stage::new(&settings(""), &[]);
    let body = request(&[], review("tools", &asking()).to_string().as_bytes());
    let next = Authority::new("next");
    assert_eq!(stage.metric(EXPIRY), 2_208_988_800.0, "2040");
    let (mut open, before) = stage.connect_as(&[&stage.authority]).expect("it connects");
    open.send(&body);
    assert_eq!(response(&open.answer())["allowed"], true);
    let made = certify(&next, 2041);
    stage.tls.swap(&[("tls.crt", &made.pem), ("tls.key", &made.key)]);
    wait_for("the other certificate", || {
        let (_, shown) = stage.connect_as(&[&stage.authority, &next])?;
        (shown != before && shown == made.der).then_some(())
    });
    open.send(&body);
    assert_eq!(response(&open.answer())["allowed"], true, "the open connection goes on");
    wait_for("the metric", || (stage.metric(EXPIRY) == 2_240_611_200.0).then_some(()));
    assert_eq!((stage.metric(SUCCESSES), stage.metric(FAILURES)), (1.0, 0.0));
}

#[test]
fn answers_everybody_while_certificates_change() {
    let stage = Stage::new(&settings(""), &[]);
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let body = request(&[], review("tools", &asking()).to_string().as_bytes());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let mut wire = stage.connect();
                wire.send(&body);
                assert_eq!(response(&wire.answer())["allowed"], true);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        for turn in 0..4 {
            let made = certify(&stage.authority, 2050 + turn);
            stage.tls.swap(&[("tls.crt", &made.pem), ("tls.key", &made.key)]);
            wait_for("the swap to be seen", || {
                (stage.metric(SUCCESSES) == f64::from(turn + 1)).then_some(())
            });
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(answered.into_inner() > 4);
    assert_eq!(stage.metric(FAILURES), 0.0, "no key was read beside another's certificate");
}

#[test]
fn keeps_its_certificate_where_the_next_is_none() {
    let stage = Stage::new(&settings(""), &[]);
    let [one, other] = [2041, 2042].map(|until| certify(&stage.authority, until));
    for (turn, (chain, key, says)) in [
        (one.pem.as_str(), other.key.as_str(), "keys may not be consistent"),
        ("no PEM", one.key.as_str(), "it holds no certificate in PEM"),
        (one.pem.as_str(), "no PEM", "it holds no private key in PEM"),
    ]
    .into_iter()
    .enumerate()
    {
        stage.tls.swap(&[("tls.crt", chain), ("tls.key", key)]);
        wait_for("the refusal", || (stage.metric(FAILURES) == (turn + 1) as f64).then_some(()));
        assert_eq!((stage.metric(SUCCESSFUL), stage.metric(EXPIRY)), (0.0, 2_208_988_800.0));
        let ready = stage.page("/readyz");
        assert_eq!(ready.status(), 200, "it still answers");
        let told = ready.text().to_lowercase();
        assert!(
            told.contains("certificate: changed files are refused") && told.contains(&says.to_lowercase()),
            "{told}"
        );
        assert_eq!(stage.ask("tools", &asking())["allowed"], true);
    }
    assert!(stage.log().contains("changed files are refused, those before stay in use"));
    stage.tls.swap(&[("tls.crt", &one.pem), ("tls.key", &one.key)]);
    wait_for("the good one", || (stage.metric(SUCCESSFUL) == 1.0).then_some(()));
    assert!(stage.page("/readyz").text().contains("certificate: ok"));
}

#[test]
fn is_not_ready_with_a_certificate_that_has_ended() {
    let stage = Stage::new(&settings(""), &[]);
    let ended = certify(&stage.authority, 2021);
    stage.tls.swap(&[("tls.crt", &ended.pem), ("tls.key", &ended.key)]);
    let ready =
        wait_for("the end of readiness", || Some(stage.page("/readyz")).filter(|page| page.status() == 503));
    assert!(ready.text().contains("the certificate is no longer valid"), "{}", ready.text());
}

/// The Secret of the command line, mounted, makes an injector that an API server with its caBundle believes.
#[test]
fn serves_with_what_the_command_line_makes() {
    let made = |words: &[&str]| sluicegate().arg("certificate").args(words).output().expect("it starts");
    let words = ["--service", "sluicegate-injector", "--namespace", "sluicegate-system", "--days", "30"];
    let made_one = made(&words);
    let manifest = String::from_utf8(made_one.stdout).expect("it is text");
    let field = |name: &str| {
        let value =
            manifest.lines().find_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_else(|| panic!("no {name} in:\n{manifest}")).to_owned()
    };
    assert_eq!((field("kind"), field("type")), ("Secret".into(), "kubernetes.io/tls".into()));
    assert_eq!(
        (field("name"), field("namespace")),
        ("sluicegate-injector-tls".into(), "sluicegate-system".into())
    );
    assert_eq!(field("# caBundle"), field("ca.crt"), "the webhook believes who certified it");
    let pem = |name: &str| {
        let bytes = STANDARD.decode(field(name)).expect("it is base64");
        String::from_utf8(bytes).expect("it is PEM")
    };
    let stage = Stage::new(&settings(""), &[]);
    stage.tls.swap(&[("tls.crt", &pem("tls.crt")), ("tls.key", &pem("tls.key"))]);
    wait_for("the swap", || (stage.metric(SUCCESSES) == 1.0).then_some(()));
    let left = stage.metric(EXPIRY) - stage.metric("process_start_time_seconds");
    assert!((29.0..31.0).contains(&(left / 86_400.0)), "30 days are left, not {left} s");
    let files = tempfile::tempdir().expect("a temporary directory can be made");
    std::fs::write(files.path().join("ca.pem"), pem("ca.crt")).expect("a file can be written");
    let port = stage.listen.port();
    for (name, is_believed) in [(SERVICE, true), ("sluicegate-injector.other.svc", false)] {
        let mut curl = std::process::Command::new("curl");
        curl.args(["-sS", "--max-time", "20", "--cacert"]).arg(files.path().join("ca.pem"));
        curl.args([
            "--resolve",
            &format!("{name}:{port}:127.0.0.1"),
            &format!("https://{name}:{port}/inject"),
        ]);
        let done = curl.output().expect("curl can be started");
        assert_eq!(done.status.success(), is_believed, "{name}: {done:?}");
    }
    for (words, says) in [
        (&["--service", "a b", "--namespace", "x"][..], "a name has 1 to 63"),
        (&["--service", "a", "--namespace", "x", "--days", "0"], "0 is not in 1..=3650"),
        (&["--service", "a", "--namespace", "x", "--days", "3651"], "3651 is not in 1..=3650"),
        (&["--service", "a"], "--namespace"),
    ] {
        let done = made(words);
        assert_eq!(done.status.code(), Some(2), "{words:?}");
        assert!(String::from_utf8_lossy(&done.stderr).contains(says), "{words:?}: {done:?}");
    }
    assert!(made(&["--service", "a", "--namespace", "x", "--days", "3650"]).status.success(), "at the bound");
}
