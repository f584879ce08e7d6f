//! Settings that change while the injector answers.

use crate::stage::{IMAGE, Stage, asking, image_of, patch, settings};
use crate::support::gate::sluicegate;
use crate::support::wait_for;

const SUCCESSES: &str = r#"sluicegate_injector_reloads_total{result="success",subject="settings"}"#;
const FAILURES: &str = r#"sluicegate_injector_reloads_total{result="failure",subject="settings"}"#;
const SUCCESSFUL: &str = r#"sluicegate_injector_last_reload_successful{subject="settings"}"#;
const AT: &str = r#"sluicegate_injector_last_reload_success_timestamp_seconds{subject="settings"}"#;

fn image(stage: &Stage) -> Option<String> {
    image_of(&patch(&stage.ask("tools", &asking())))
}

#[test]
fn takes_over_good_settings_and_refuses_bad_ones() {
    let stage = Stage::new(&settings(""), &[]);
    assert_eq!(image(&stage).as_deref(), Some(IMAGE));
    let next = IMAGE.replace("0000", "1111");
    stage.settings.swap(&[("settings.yaml", &settings("").replace(IMAGE, &next))]);
    wait_for("the other image", || image(&stage).filter(|image| *image == next));
    assert_eq!((stage.metric(SUCCESSES), stage.metric(FAILURES)), (1.0, 0.0));
    assert!(stage.metric(AT) > 0.0);
    stage.settings.swap(&[("settings.yaml", &settings("namespcaes: {}\n"))]);
    wait_for("the refusal", || (stage.metric(FAILURES) == 1.0).then_some(()));
    assert_eq!(image(&stage).as_deref(), Some(next.as_str()), "the last good ones stay");
    assert_eq!(stage.metric(SUCCESSFUL), 0.0);
    let ready = stage.page("/readyz");
    assert_eq!(ready.status(), 200);
    assert!(ready.text().contains("settings: changed files are refused"), "{}", ready.text());
    assert!(ready.text().contains("did you mean `namespaces`?"), "{}", ready.text());
    assert!(stage.log().contains("did you mean `namespaces`?"), "{}", stage.log());
    stage.settings.swap(&[("settings.yaml", &settings(""))]);
    wait_for("the first image", || image(&stage).filter(|image| image == IMAGE));
    assert_eq!(stage.metric(SUCCESSFUL), 1.0);
    assert!(stage.page("/readyz").text().contains("settings: ok"));
}

#[test]
fn looks_again_when_it_is_told_to() {
    let stage = Stage::new(&settings(""), &[]);
    stage.signal("HUP");
    assert_eq!(stage.ask("tools", &asking())["allowed"], true, "it goes on");
    assert_eq!(stage.metric(FAILURES), 0.0);
}

#[test]
fn does_not_start_with_what_it_cannot_go_by() {
    let files = tempfile::tempdir().expect("a temporary directory can be made");
    let at = |name: &str| files.path().join(name).display().to_string();
    std::fs::write(at("bad.yaml"), settings("mdoe: auto\n")).expect("a file can be written");
    std::fs::write(at("good.yaml"), settings("")).expect("a file can be written");
    std::fs::write(at("tls.crt"), "no PEM").expect("a file can be written");
    for (settings, says) in [
        (at("bad.yaml"), "did you mean `mode`?"),
        (at("good.yaml"), "it holds no certificate in PEM"),
        (at("absent.yaml"), "cannot read"),
    ] {
        let mut command = sluicegate();
        command.args([
            "injector",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--settings",
            &settings,
        ]);
        let done = command.args(["--tls-cert", &at("tls.crt"), "--tls-key", &at("tls.crt")]).output();
        let done = done.expect("it starts");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(3), "{said}");
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn answers_operators_and_changes_nothing_for_them() {
    let stage = Stage::new(&settings(""), &[]);
    for path in ["/livez", "/readyz", "/startupz", "/metrics"] {
        assert_eq!(stage.page(path).status(), 200, "{path}");
    }
    assert_eq!(stage.page("/inject").status(), 404);
    let metrics = stage.page("/metrics");
    assert_eq!(metrics.head.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(metrics.text().contains("sluicegate_build_info{"));
    let mut wire = crate::support::wire::Wire::connect(stage.admin);
    wire.send(b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!(wire.answer().status(), 405);
}
