//! Syncs that fail, disks that are full, files that vanish: nothing that was promised is lost.

use super::super::files;
use super::super::sink::Outlet;
use super::rotation::verified_trail;
use super::*;
use crate::report::metrics::AuditMeters;

/// A writer over `outlet`, and the queue before it.
struct Bench {
    queue: Arc<Queue>,
    names: Arc<Names>,
    meters: AuditMeters,
    writer: Option<JoinHandle<()>>,
}

impl Bench {
    fn over(outlet: Outlet) -> Self {
        let metrics = Metrics::new();
        let sink = AuditSink::Stdout;
        let queue = Arc::new(Queue::new(metrics.audit_meters(&sink)));
        let names = Arc::new(Names { boot: 7, counter: AtomicU64::new(0) });
        let writer = writer::start(Arc::clone(&queue), outlet, None, Arc::clone(&names)).unwrap();
        Self { queue, names, meters: metrics.audit_meters(&sink), writer: Some(writer) }
    }

    fn push(&self) -> Position {
        let body = br#""stage":"admit""#;
        self.queue.push_awaited(&self.names.frame(7, body)).unwrap()
    }

    fn is_durable(&self, position: Position) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.queue.is_durable(position))
    }

    fn flush(&self) {
        self.queue.flush(Instant::now() + PATIENCE).unwrap();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.queue.stop(Instant::now() + PATIENCE);
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

fn outlet(path: &Path, when_full: WhenFull) -> Outlet {
    let rotation = Rotation { when_full, ..Rotation::default() };
    AuditSink::File(path.into()).open(&rotation).unwrap()
}

#[test]
fn after_a_sync_that_failed_lines_are_written_again_to_another_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let outlet = outlet(&path, WhenFull::Refuse);
    outlet.broken_syncs.set(1);
    let bench = Bench::over(outlet);
    let position = bench.push();
    assert!(!bench.is_durable(position), "whoever waits is told at once");
    assert_eq!(bench.meters.failed.get(), 1);
    bench.flush();
    assert!(bench.is_durable(position) && bench.queue.is_healthy());
    let position = bench.push();
    assert!(bench.is_durable(position));
    drop(bench);
    let files = trail(&path).unwrap();
    assert_eq!(files.len(), 2, "{files:?}");
    let texts: Vec<_> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert!(texts[1].starts_with(&texts[0]) && texts[1].lines().count() == 2, "{texts:?}");
    let sound = verified_trail(&path).unwrap();
    assert_eq!((sound.records, sound.repeated), (2, 1));
    // What is said twice is the same twice.
    let swapped = texts[1].replacen("\"id\":\"0", "\"id\":\"1", 1);
    let mut verifier = Verifier::default();
    verifier.file(texts[0].as_bytes()).unwrap();
    let broken = verifier.file(swapped.as_bytes()).unwrap_err();
    assert!(matches!(broken, BrokenChain { line: 1, fault: ChainFault::Changed }), "{broken}");
}

#[test]
fn lines_that_the_first_file_lost_are_no_gap() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let outlet = outlet(&path, WhenFull::Refuse);
    let bench = Bench::over(outlet);
    let [.., last] = [(); 4].map(|()| bench.push());
    assert!(bench.is_durable(last));
    drop(bench);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    for (first, second, wanted) in [
        (lines[..2].concat(), lines[1..].concat(), Some(1)),
        (lines.concat(), lines[1..].concat(), Some(3)),
        (lines[..2].concat(), lines[2..].concat(), Some(0)),
        (format!("{}{}", lines[0], &lines[1][..50]), lines[1..].concat(), Some(0)),
        (lines[..2].concat(), lines[3..].concat(), None),
        (lines.concat(), format!("{}{}", lines[1], lines[3]), None),
    ] {
        let mut verifier = Verifier::default();
        let outcome = verifier.file(first.as_bytes()).and_then(|()| verifier.file(second.as_bytes()));
        let repeated = outcome.and_then(|()| verifier.finish()).ok().map(|sound| sound.repeated);
        assert_eq!(repeated, wanted, "{first}---\n{second}");
    }
}

#[test]
fn a_full_disk_costs_old_files_only_where_the_operator_says_so() {
    for (when_full, full_writes, left, is_complained) in [
        (WhenFull::DropOldest, 0, 3, false),
        (WhenFull::DropOldest, 2, 1, false),
        (WhenFull::DropOldest, 4, 0, true),
        (WhenFull::Refuse, 2, 3, true),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        (1..4).for_each(|ms| fs::write(files::free_name(&path, ms).unwrap(), "").unwrap());
        let youngest = files::put_aside(&path).unwrap().pop().unwrap();
        let outlet = outlet(&path, when_full);
        outlet.full_writes.set(full_writes);
        let bench = Bench::over(outlet);
        let position = bench.push();
        assert_eq!(bench.is_durable(position), !is_complained, "{when_full:?} {full_writes}");
        bench.flush();
        assert_eq!(bench.meters.failed.get() > 0, is_complained, "{when_full:?} {full_writes}");
        let aside = files::put_aside(&path).unwrap();
        assert_eq!(aside.len(), left, "{when_full:?} {full_writes}");
        assert!(left == 0 || aside.contains(&youngest), "the oldest went");
        assert_eq!(lines(&path).len(), 1, "{when_full:?} {full_writes}");
    }
}

#[test]
fn what_is_awaited_does_not_go_into_a_file_that_was_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = plain(&path);
    for _ in 0..3 {
        let Admitted(id) = audit.admit_blocking(&sample::record()).unwrap();
        let mut text = Text::over(Vec::new());
        text.ulid(id);
        let id = String::from_utf8(text.into_bytes()).unwrap();
        let last = lines(&path).pop().expect("a line in the file that has the name");
        assert_eq!((&last["stage"], &last["id"]), (&json!("admit"), &json!(id)));
        assert!(last.get("result").is_none(), "nothing has been done yet");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn what_is_awaited_is_refused_where_the_sink_fails() {
    let audit = plain(Path::new("/dev/full"));
    let deadline = Instant::now() + PATIENCE;
    while audit.is_healthy() {
        assert!(Instant::now() < deadline, "never noticed");
        let _ = audit.flush(Duration::from_millis(5));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let record = sample::record();
    let begin = Instant::now();
    assert_eq!(audit.admit_blocking(&record), Err(NotDurable));
    assert_eq!(runtime.block_on(audit.admit(&record)), Err(NotDurable));
    assert!(begin.elapsed() < AUDIT_STRICT_WAIT, "not even tried");
    assert!(audit.offer(&record).is_ok(), "what needs no vouching is queued");
}

#[test]
fn many_that_wait_share_syncs_and_none_waits_in_vain() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let audit = plain(&path);
    let ids = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let Admitted(id) = audit.admit_blocking(&sample::record()).unwrap();
                    ids.lock().unwrap().push(id);
                }
            });
        }
    });
    // Not closed, not flushed: what was promised is there.
    let admits = lines(&path).iter().filter(|line| line["stage"] == "admit").count();
    let mut ids = ids.into_inner().unwrap();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((admits, ids.len()), (200, 200));
}

#[test]
fn what_is_awaited_is_refused_in_time_where_the_sink_hangs() {
    use std::os::fd::AsRawFd;
    let (_reader, writer) = std::io::pipe().unwrap();
    let audit = plain(Path::new(&format!("/proc/self/fd/{}", writer.as_raw_fd())));
    let mut record = sample::record();
    record.detail = Some("x".repeat(1000).into());
    // More than a pipe holds that nobody reads.
    (0..200).for_each(|_| audit.offer(&record).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(runtime.block_on(audit.admit(&record)), Err(NotDurable));
    assert_eq!(audit.admit_blocking(&record), Err(NotDurable));
    assert!(audit.is_healthy(), "nothing has failed, it only takes too long");
}
