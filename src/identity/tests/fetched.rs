//! Keys that are fetched: who may ask for them, when, and what a change of them does.

use super::*;
use crate::bounds::{KEYS_ASK_PAUSE, KEYS_ROUND_MAX, KEYS_STALE_MAX, KID_STRANGER_LIFE};

/// A directory with one issuer whose keys are fetched, and their ring.
fn fetched(seed: Option<&str>) -> (Directory, Arc<Ring>) {
    let at = Endpoint::parse("https://idp.example.com/jwks").expect("a URL");
    let name = "https://idp.example.com".into();
    let place = KeyPlace { issuer: name, at: KeysAt::Url(at), bearer_file: None, ca_file: None };
    let keys = KeySource::Fetched { place, seed: seed.map(|jwk| set(&[jwk]).into()) };
    let issuers = vec![Issuer { keys, ..issuer(Algorithm::ALL, "") }];
    let mut directory = Directory::new(Settings { issuers, ..Settings::default() }).expect("a directory");
    let ring = directory.places().map(|(_, ring)| Arc::clone(ring)).next().expect("it is fetched");
    (directory, ring)
}

fn set(jwks: &[&str]) -> String {
    format!(r#"{{"keys":[{}]}}"#, jwks.join(","))
}

fn bearer(pen: &Pen, kid: &str, user: &str) -> String {
    let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#);
    let claims = claims(&[("sub", &format!("\"{user}\"")), ("exp", &(SECONDS + 80_000).to_string())]);
    format!("Bearer {}", token(&header, &claims, |message| pen.sign(Algorithm::EdDsa, message)))
}

/// One word for what the directory says at a time: only the steady clock goes on, since the token does not
/// matter here.
fn word(directory: &Directory, bearer: &str, steady: Duration) -> &'static str {
    let now = Now { steady, unix_ms: NOW.unix_ms };
    match directory.verify(&Evidence::header(Some(bearer)), now) {
        Finding::Caller(_) => "caller",
        Finding::Pending(_) => "ask",
        Finding::Refused(Refused::Invalid(Flaw::Key)) => "no key",
        Finding::Refused(Refused::Unavailable) => "unavailable",
        Finding::Refused(_) => "refused",
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn asks_once_and_lets_others_wait_for_the_same_answer() {
    let (old, new) = (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::EdDsa));
    let (directory, ring) = fetched(None);
    let (first, second) = (bearer(&old, "k1", "alice"), bearer(&new, "k2", "alice"));
    assert_eq!(word(&directory, &first, SECOND), "ask", "there are no keys at all");
    ring.learn(&set(&[&old.jwk("k1")]), SECOND).expect("keys");
    assert_eq!(word(&directory, &first, SECOND), "caller");
    let rotated = SECOND * 100;
    for user in ["bob", "carol", "dave"] {
        assert_eq!(word(&directory, &bearer(&new, "k2", user), rotated), "ask", "{user} waits");
    }
    assert_eq!(word(&directory, &first, rotated), "caller", "who has a known key does not");
    assert_eq!(ring.learn(&set(&[&old.jwk("k1"), &new.jwk("k2")]), rotated), Ok(Learned::Added));
    assert_eq!(word(&directory, &second, rotated), "caller");
    assert!(!ring.is_wanted());
}

#[test]
fn asks_for_junk_once_in_a_while_only() {
    let (pen, junk) = (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::EdDsa));
    let (directory, ring) = fetched(None);
    ring.learn(&set(&[&pen.jwk("k1")]), SECOND).expect("keys");
    let (start, tick) = (SECOND * 10, Duration::from_millis(1));
    let ask = |kid: &str, at: Duration| {
        let found = word(&directory, &bearer(&junk, kid, "eve"), at);
        if found == "ask" {
            ring.learn(&set(&[&pen.jwk("k1")]), at).expect("keys");
        }
        found
    };
    assert_eq!(ask("x1", start), "ask");
    for number in 2..50 {
        assert_eq!(ask(&format!("x{number}"), start + tick * number), "no key");
    }
    assert_eq!(ask("y0", start + KEYS_ASK_PAUSE - tick), "no key");
    assert_eq!(ask("x1", start + KEYS_ASK_PAUSE), "no key", "its issuer did not know it");
    assert_eq!(ask("y1", start + KEYS_ASK_PAUSE), "ask");
    assert_eq!(ask("x1", start + KID_STRANGER_LIFE - tick), "no key");
    assert_eq!(ask("x1", start + KID_STRANGER_LIFE), "ask");
    // One that comes to be known is known at once.
    let known = bearer(&junk, "y1", "bob");
    ring.learn(&set(&[&pen.jwk("k1"), &junk.jwk("y1")]), start).expect("keys");
    assert_eq!(word(&directory, &known, start), "caller");
    assert_eq!(word(&directory, &bearer(&junk, "k1", "eve"), start), "refused");
}

#[test]
fn loses_no_caller_while_a_key_endpoint_is_down_for_a_day() {
    let (pen, new) = (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::EdDsa));
    let (directory, ring) = fetched(None);
    ring.learn(&set(&[&pen.jwk("k1")]), Duration::ZERO).expect("keys");
    for minute in 0..24 * 60 {
        let now = SECOND * 60 * minute;
        ring.begin(now);
        assert_eq!(word(&directory, &bearer(&pen, "k1", &format!("user-{minute}")), now), "caller");
        ring.failed();
    }
    let (late, last) = (KEYS_STALE_MAX, KEYS_STALE_MAX - Duration::from_millis(1));
    assert_eq!(word(&directory, &bearer(&pen, "k1", "alice"), last), "caller");
    assert_eq!(word(&directory, &bearer(&new, "k2", "alice"), last), "ask");
    ring.failed();
    assert_eq!(word(&directory, &bearer(&new, "k2", "bob"), last), "unavailable", "nobody can tell");
    assert_eq!(word(&directory, &bearer(&pen, "k1", "bob"), late), "unavailable", "a day is the most");
    ring.learn("{}", late).expect_err("no set");
    assert_eq!(word(&directory, &bearer(&pen, "k1", "carol"), late), "unavailable");
    ring.learn(&set(&[&pen.jwk("k1")]), late).expect("keys");
    assert_eq!(word(&directory, &bearer(&pen, "k1", "carol"), late), "caller");
}

#[test]
fn forgets_callers_whose_key_is_gone_and_no_others() {
    let (old, new) = (Pen::new(Algorithm::EdDsa), Pen::new(Algorithm::EdDsa));
    let (directory, ring) = fetched(None);
    ring.learn(&set(&[&old.jwk("k1")]), SECOND).expect("keys");
    let bearer = bearer(&old, "k1", "alice");
    assert_eq!(word(&directory, &bearer, SECOND), "caller");
    let is_known = || {
        let now = Now { steady: SECOND, unix_ms: NOW.unix_ms };
        directory.recollect(&Evidence::header(Some(&bearer)), now).is_some()
    };
    let respelled = old.jwk("k1").replace(r#""use":"sig","#, r#""x5t":"a", "use" : "sig","#);
    assert_eq!(ring.learn(&set(&[&respelled]), SECOND), Ok(Learned::Nothing));
    assert_eq!(ring.learn(&set(&[&new.jwk("k2"), &old.jwk("k1")]), SECOND), Ok(Learned::Added));
    assert!(is_known(), "its key is there");
    assert_eq!(ring.learn(&set(&[&new.jwk("k2")]), SECOND), Ok(Learned::Removed));
    assert!(!is_known(), "its key is gone");
    assert_eq!(word(&directory, &bearer, SECOND), "ask");
    assert_eq!(ring.learn(&set(&[&new.jwk("k2"), &new.jwk("k1")]), SECOND), Ok(Learned::Added));
    assert_eq!(word(&directory, &bearer, SECOND), "refused", "another key by the old name");
}

#[test]
fn passes_over_single_keys_that_are_no_good_but_no_private_ones() {
    let pen = Pen::new(Algorithm::EdDsa);
    let good = pen.jwk("k1");
    let (directory, ring) = fetched(None);
    let tiny = r#"{"kid":"r","kty":"RSA","n":"AQAB","e":"AQAB"}"#;
    let twin = Pen::new(Algorithm::EdDsa).jwk("k1");
    let rest = [&*good, tiny, r#"{"kid":"x"}"#, r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, &twin];
    ring.learn(&set(&rest), SECOND).expect("keys");
    assert_eq!(word(&directory, &bearer(&pen, "k1", "alice"), SECOND), "caller");
    let leaked = good.replace(r#""use":"sig""#, r#""d":"AAAA""#);
    assert_eq!(ring.learn(&set(&[&leaked]), SECOND), Err(KeyFaultKind::Private(0)));
    assert_eq!(ring.learn(&set(&[tiny]), SECOND), Err(KeyFaultKind::NoKey));
    assert_eq!(word(&directory, &bearer(&pen, "k1", "bob"), SECOND), "caller", "the set before stays");
}

#[test]
fn begins_with_the_seed_and_gives_up_on_answers_that_never_come() {
    let pen = Pen::new(Algorithm::EdDsa);
    let (directory, ring) = fetched(Some(&pen.jwk("k1")));
    assert!(ring.was_filled());
    assert_eq!(word(&directory, &bearer(&pen, "k1", "alice"), KEYS_STALE_MAX * 3), "caller");
    let (empty, ring) = fetched(None);
    assert!(!ring.was_filled());
    let stranger = bearer(&pen, "k1", "alice");
    assert_eq!(word(&empty, &stranger, KEYS_STALE_MAX), "ask", "the first answer is always due");
    ring.failed();
    assert_eq!(word(&empty, &stranger, KEYS_STALE_MAX), "unavailable", "it did not come");
    ring.begin(SECOND);
    for (late, wanted) in [(KEYS_ROUND_MAX - SECOND, "ask"), (KEYS_ROUND_MAX, "unavailable")] {
        assert_eq!(word(&empty, &stranger, SECOND + late), wanted, "{late:?} after it was asked for");
    }
}

#[test]
fn shares_what_is_known_between_policies_that_name_the_same_place() {
    let pen = Pen::new(Algorithm::EdDsa);
    let ((_, ring), (mut next, _)) = (fetched(None), fetched(None));
    ring.learn(&set(&[&pen.jwk("k1")]), SECOND).expect("keys");
    next.places().for_each(|(_, own)| *own = Arc::clone(&ring));
    assert_eq!(word(&next, &bearer(&pen, "k1", "alice"), SECOND), "caller");
}
