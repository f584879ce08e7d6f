//! Who asks for keys, how often, and what becomes of it in an hour that takes no time.

use std::sync::atomic::AtomicUsize;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::{Instant, sleep};

use super::*;
use crate::identity::{
    Algorithm, ClaimNames, Endpoint, Evidence, Finding, Issuer, KeySource, KeysAt, Settings, Terms,
};

/// An endpoint whose key set is what it is told to be, or nothing.
#[derive(Clone, Default)]
struct Provider {
    set: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    fn publish(&self, kids: Option<&[&str]>) {
        let jwk = |kid: &&str| {
            let x = URL_SAFE_NO_PAD.encode([kid.len() as u8; 32]);
            format!(r#"{{"kid":"{kid}","kty":"OKP","crv":"Ed25519","x":"{x}"}}"#)
        };
        let set = kids.map(|kids| kids.iter().map(jwk).collect::<Vec<_>>().join(","));
        *self.set.lock().unwrap() = set.map(|keys| format!(r#"{{"keys":[{keys}]}}"#));
    }

    fn sources(&self) -> Arc<KeySources> {
        let (start, own) = (Instant::now(), self.clone());
        let clock = move || Now { steady: start.elapsed(), unix_ms: 1_800_000_000_000 };
        let ask = move |_| {
            let own = own.clone();
            Box::pin(async move {
                own.asked.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(100)).await;
                let set = own.set.lock().unwrap().clone();
                set.map(|jwks| KeySet { jwks, max_age: Some(Duration::from_mins(10)) })
                    .ok_or(PlaceFault::Utf8)
            }) as _
        };
        Arc::new(KeySources::new(clock, ask, |_| {}))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn directory(url: &str) -> Directory {
    let at = KeysAt::Url(Endpoint::parse(url).unwrap());
    let name = "https://idp.example.com";
    let place = KeyPlace { issuer: name.into(), at, bearer_file: None, ca_file: None };
    let issuer = Issuer {
        introspection: None,
        issuer: name.into(),
        audiences: vec!["mcp".into()],
        algorithms: Algorithm::ALL.to_vec(),
        keys: KeySource::Fetched { place, seed: None },
        claims: ClaimNames::default(),
        terms: Terms::default(),
    };
    Directory::new(Settings { issuers: vec![issuer], ..Settings::default() }).unwrap()
}

/// A token that nobody signed: what is found of its key shows in how it is refused.
fn bearer(kid: &str, number: usize) -> String {
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#));
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"iss":"https://idp.example.com","sub":"{number}"}}"#));
    format!("Bearer {header}.{claims}.AAAA")
}

/// What comes of a token as the shell looks at it: `Signature` where its key was found.
async fn look(sources: &KeySources, directory: &Directory, bearer: &str) -> String {
    for _ in 0..2 {
        match directory.verify(&Evidence::header(Some(bearer)), (sources.clock)()) {
            Finding::Pending(inquiry) => sources.settle(directory, &inquiry).await,
            Finding::Caller(_) => return "a caller".into(),
            Finding::Refused(refused) => return format!("{refused:?}"),
        }
    }
    "still pending".into()
}

const FOUND: &str = "Invalid(Signature)";
const MISSING: &str = "Invalid(Key)";
const URL: &str = "https://idp.example.com/jwks";

#[tokio::test(start_paused = true)]
async fn a_storm_of_rotated_tokens_asks_once() {
    let provider = Provider::default();
    provider.publish(Some(&["k1"]));
    let (sources, mut directory) = (provider.sources(), directory(URL));
    sources.furnish(&mut directory);
    let worker = tokio::spawn(Arc::clone(&sources).run());
    assert_eq!(look(&sources, &directory, &bearer("k1", 0)).await, FOUND, "it waits for the first answer");
    assert_eq!(provider.asked(), 1);
    sleep(Duration::from_secs(10)).await;
    provider.publish(Some(&["k1", "k22"]));
    let directory = Arc::new(directory);
    let storm: Vec<_> = (0..1000)
        .map(|number| {
            let (sources, directory) = (Arc::clone(&sources), Arc::clone(&directory));
            tokio::spawn(async move { look(&sources, &directory, &bearer("k22", number)).await })
        })
        .collect();
    for one in storm {
        assert_eq!(one.await.unwrap(), FOUND);
    }
    assert_eq!(provider.asked(), 2);
    for number in 0..1000 {
        let found = look(&sources, &directory, &bearer(&format!("junk-{number}"), number)).await;
        assert_eq!(found, MISSING);
    }
    assert_eq!(provider.asked(), 2, "junk right after a question makes nobody ask");
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_ten_minutes_loses_nobody_and_ends_by_itself() {
    let provider = Provider::default();
    provider.publish(Some(&["k1"]));
    let (sources, mut directory) = (provider.sources(), directory(URL));
    sources.furnish(&mut directory);
    let worker = tokio::spawn(Arc::clone(&sources).run());
    assert_eq!(look(&sources, &directory, &bearer("k1", 0)).await, FOUND);
    sleep(Duration::from_mins(1)).await;
    provider.publish(None);
    for second in 1..=600 {
        let before = Instant::now();
        assert_eq!(look(&sources, &directory, &bearer("k1", second)).await, FOUND, "second {second}");
        assert_eq!(before.elapsed(), Duration::ZERO, "nobody waits for an endpoint that is down");
        sleep(Duration::from_secs(1)).await;
    }
    let during = provider.asked();
    assert!((8..=20).contains(&during), "asked {during} times, ever more slowly");
    assert_eq!(look(&sources, &directory, &bearer("k22", 0)).await, "Unavailable", "nobody can tell");
    provider.publish(Some(&["k1", "k22"]));
    sleep(Duration::from_mins(2)).await;
    assert_eq!(look(&sources, &directory, &bearer("k22", 1)).await, FOUND);
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn asks_in_its_own_pace_and_forgets_nothing_over_a_reload() {
    let provider = Provider::default();
    provider.publish(Some(&["k1"]));
    let (sources, mut first) = (provider.sources(), directory(URL));
    sources.furnish(&mut first);
    assert_eq!(sources.waiting(), ["https://idp.example.com"].map(Box::<str>::from));
    assert_eq!(sources.oldest(), Some(0));
    let worker = tokio::spawn(Arc::clone(&sources).run());
    sleep(Duration::from_secs(1)).await;
    assert_eq!((sources.waiting().len(), sources.oldest()), (0, Some(1_800_000_000)));
    provider.publish(None);
    let mut second = directory(URL);
    sources.furnish(&mut second);
    assert_eq!(look(&sources, &second, &bearer("k1", 0)).await, FOUND);
    assert_eq!(provider.asked(), 1, "the keys were there");
    provider.publish(Some(&["k1"]));
    // 0.8 of ten minutes, less up to a quarter.
    sleep(Duration::from_mins(80)).await;
    assert!((9..=15).contains(&provider.asked()), "asked {} times", provider.asked());
    let mut other = directory("https://idp.example.com/other");
    sources.furnish(&mut other);
    assert_eq!(sources.waiting().len(), 1, "another place has other keys");
    sources.furnish(&mut Directory::new(Settings::default()).unwrap());
    assert_eq!((sources.waiting().len(), sources.oldest()), (0, None));
    let asked = provider.asked();
    sleep(Duration::from_hours(5)).await;
    assert!(provider.asked() <= asked + 1, "nobody asks for what no policy names");
    worker.abort();
}

#[tokio::test(start_paused = true)]
async fn waits_for_a_silent_endpoint_three_seconds_and_only_where_it_must() {
    let provider = Provider::default();
    let (sources, mut directory) = (provider.sources(), directory(URL));
    sources.furnish(&mut directory);
    // Nobody asks: what is pending stays so.
    let before = Instant::now();
    assert_eq!(look(&sources, &directory, &bearer("k1", 0)).await, "still pending");
    assert_eq!(before.elapsed(), FETCH_WAIT * 2);
}
