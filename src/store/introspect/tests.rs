//! How often an endpoint is asked, whatever becomes of those who asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::*;
use crate::identity::Endpoint;

/// An endpoint that answers only when told to, and counts.
struct Desk {
    introspector: Arc<Introspector>,
    asked: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
    is_well: Arc<std::sync::atomic::AtomicBool>,
    now_s: Arc<AtomicUsize>,
}

impl Desk {
    fn new() -> Self {
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (is_well, now_s) =
            (Arc::new(std::sync::atomic::AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (counted, held, well, clock) =
            (Arc::clone(&asked), Arc::clone(&gate), Arc::clone(&is_well), Arc::clone(&now_s));
        let now =
            move || Now { steady: Duration::from_secs(clock.load(Ordering::Relaxed) as u64), unix_ms: 0 };
        let introspector = Introspector::by(now, move |_, inquiry| {
            counted.fetch_add(1, Ordering::Relaxed);
            let (held, well) = (Arc::clone(&held), Arc::clone(&well));
            Box::pin(async move {
                held.acquire().await.expect("it is never closed").forget();
                if well.load(Ordering::Relaxed) {
                    Ok(Bytes::from(inquiry.token().to_owned()))
                } else {
                    Err(IntrospectFault::Answer)
                }
            })
        });
        Self { introspector, asked, gate, is_well, now_s }
    }

    fn ask(&self, token: &str) -> tokio::task::JoinHandle<Option<Bytes>> {
        let (own, inquiry) = (Arc::clone(&self.introspector), TokenInquiry::new(token));
        tokio::spawn(async move { own.ask(&place(), &inquiry).await })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Lets other tasks go on until `is_so`.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..10_000 {
            if is_so(self) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{what} does not come about");
    }
}

fn place() -> Introspection {
    Introspection {
        endpoint: Endpoint::parse("https://idp.example.com/introspect").expect("a URL"),
        client: "gate".into(),
        secret_file: "/run/secret-1".into(),
    }
}

#[tokio::test]
async fn asks_once_for_all_who_want_to_know() {
    let desk = Desk::new();
    let asking: Vec<_> = (0..50).map(|_| desk.ask("token-1")).collect();
    let other = desk.ask("token-2");
    desk.until("both questions", |desk| desk.asked() == 2).await;
    desk.gate.add_permits(2);
    for asking in asking {
        assert_eq!(asking.await.expect("it ends").as_deref(), Some(&b"token-1"[..]));
    }
    assert_eq!(other.await.expect("it ends").as_deref(), Some(&b"token-2"[..]));
    assert_eq!(desk.asked(), 2);
    desk.gate.add_permits(1);
    assert!(desk.ask("token-1").await.expect("it ends").is_some(), "it remembers nothing");
    assert_eq!(desk.asked(), 3);
}

#[tokio::test]
async fn goes_on_when_whoever_asked_first_has_gone() {
    let desk = Desk::new();
    let first = desk.ask("token-1");
    desk.until("the question", |desk| desk.asked() == 1).await;
    let second = desk.ask("token-1");
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.is_err_and(|ended| ended.is_cancelled()));
    desk.gate.add_permits(1);
    assert!(second.await.expect("it ends").is_some());
    assert_eq!(desk.asked(), 1);
}

#[tokio::test]
async fn leaves_an_endpoint_alone_that_fails() {
    let desk = Desk::new();
    desk.is_well.store(false, Ordering::Relaxed);
    desk.gate.add_permits(100);
    let most = INTROSPECTION_FAILURES_MAX as usize;
    for at in 0..most + 5 {
        assert_eq!(desk.ask(&format!("token-{at}")).await.expect("it ends"), None);
    }
    assert_eq!(desk.asked(), most, "the others were told at once");
    desk.is_well.store(true, Ordering::Relaxed);
    desk.now_s.store(INTROSPECTION_REST.as_secs() as usize, Ordering::Relaxed);
    assert!(desk.ask("token-1").await.expect("it ends").is_some());
    assert!(desk.ask("token-2").await.expect("it ends").is_some());
    assert_eq!(desk.asked(), most + 2);
}

#[tokio::test]
async fn has_no_more_questions_on_their_way_than_the_bound() {
    let desk = Desk::new();
    let asking: Vec<_> = (0..INTROSPECTIONS_MAX).map(|at| desk.ask(&format!("token-{at}"))).collect();
    desk.until("all questions", |desk| desk.asked() == INTROSPECTIONS_MAX).await;
    assert_eq!(desk.ask("one more").await.expect("it ends"), None);
    desk.gate.add_permits(INTROSPECTIONS_MAX);
    for asking in asking {
        assert!(asking.await.expect("it ends").is_some());
    }
    desk.gate.add_permits(1);
    assert!(desk.ask("one more").await.expect("it ends").is_some());
}

#[test]
fn shows_no_token() {
    let inquiry = TokenInquiry::new("secret-1");
    assert!(!format!("{inquiry:?} {:?}", Some(&inquiry)).contains("secret-1"));
}
