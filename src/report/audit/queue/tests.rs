//! The queue by itself: its bound, its order, and who waits for what.

use super::*;
use crate::report::{AuditSink, Metrics};

fn queue() -> Queue {
    Queue::new(Metrics::new().audit_meters(&AuditSink::Stdout))
}

fn frame(body: &[u8]) -> Frame<'_> {
    Frame { unix_ms: 7, id: 9, body }
}

#[test]
fn hands_over_what_was_pushed_in_order() {
    let queue = queue();
    let mut batch = Vec::new();
    for body in [&b"one"[..], b"", b"three"] {
        queue.push(&frame(body)).unwrap();
    }
    queue.take(&mut batch, None);
    let mut rest = batch.as_slice();
    let bodies: Vec<_> = std::iter::from_fn(|| Frame::cut(&mut rest)).map(|frame| frame.body).collect();
    assert_eq!(bodies, [&b"one"[..], b"", b"three"]);
    assert!(rest.is_empty());
}

#[test]
fn counts_what_waits_and_what_is_being_written_against_the_bound() {
    let queue = queue();
    let body = vec![b'x'; AUDIT_QUEUE_BYTES_MAX / 2 - HEAD_BYTES];
    let mut batch = Vec::new();
    queue.push(&frame(&body)).unwrap();
    queue.take(&mut batch, None);
    assert!(queue.is_healthy());
    assert_eq!(queue.push(&frame(&[&body[..], b"x"].concat())), Err(Full), "one more");
    assert!(!queue.is_healthy());
    assert_eq!(queue.push(&frame(&body)), Ok(()), "exactly");
    assert_eq!(queue.push(&frame(b"")), Err(Full));
    assert_eq!(queue.meters.dropped.get(), 2);
    queue.written(1, Flush::Later);
    assert!(queue.is_healthy());
    assert_eq!(queue.push(&frame(b"")), Ok(()));
}

#[test]
fn what_is_written_is_durable_only_after_a_sync() {
    let queue = queue();
    queue.push_awaited(&frame(b"x")).unwrap();
    queue.written(1, Flush::Later);
    assert!(queue.flush(Instant::now()).is_err() && queue.lock().durable == 0);
    queue.written(0, Flush::Asked);
    assert_eq!((queue.flush(Instant::now()), queue.lock().durable), (Ok(()), 1));
}

#[test]
fn a_flush_ends_with_its_patience() {
    let queue = queue();
    assert_eq!(queue.flush(Instant::now()), Ok(()), "nothing to wait for");
    queue.push(&frame(b"x")).unwrap();
    assert_eq!(queue.flush(Instant::now() + AUDIT_TICK), Err(Unflushed { records: 1 }));
}

#[test]
fn in_a_hurry_every_record_is_waited_for() {
    let queue = queue();
    let mut batch = Vec::new();
    queue.push(&frame(b"before")).unwrap();
    queue.hurry();
    assert_eq!(queue.take(&mut batch, None).flush, Flush::Asked);
    queue.written(1, Flush::Asked);
    queue.push(&frame(b"after")).unwrap();
    batch.clear();
    assert_eq!(queue.take(&mut batch, None).flush, Flush::Asked);
}
