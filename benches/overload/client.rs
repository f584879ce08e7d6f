//! Clients that call one after the other, or by the clock.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered.
    Admitted,
    /// No answer of the protocol.
    Failed,
    /// The gate refused it.
    Refused,
}

/// What came of all calls, and how long each took.
#[derive(Debug, Default)]
pub struct Tally(Vec<(Outcome, Duration)>);

impl Tally {
    pub fn count(&self, outcome: Outcome) -> usize {
        self.0.iter().filter(|(found, _)| *found == outcome).count()
    }

    /// The time that this share (0 to 1) of the calls with this outcome did not exceed.
    pub fn quantile(&self, outcome: Outcome, share: f64) -> Duration {
        let of_outcome = self.0.iter().filter(|(found, _)| *found == outcome);
        let mut times: Vec<Duration> = of_outcome.map(|(_, took)| *took).collect();
        times.sort_unstable();
        let rank = (times.len() as f64 * share).ceil() as usize;
        times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// So many clients, each of which calls again when it has its answer.
pub fn closed(gate: SocketAddr, clients: usize, time: Duration) -> Tally {
    let end = Instant::now() + time;
    gather(clients, |_| {
        let (mut line, mut found) = (Line::open(gate), Vec::new());
        while Instant::now() < end {
            let started = Instant::now();
            found.push((line.call(), started.elapsed()));
        }
        found
    })
}

/// So many calls a second over so many connections, by the clock; a time counts from when the call was due.
pub fn open(gate: SocketAddr, clients: usize, rate: f64, time: Duration) -> Tally {
    let start = Instant::now();
    let pause = Duration::from_secs_f64(clients as f64 / rate.max(1.0));
    gather(clients, |client| {
        let (mut line, mut found) = (Line::open(gate), Vec::new());
        let mut due = start + pause.mul_f64(client as f64 / clients as f64);
        while due < start + time {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let sent = Instant::now();
            let outcome = line.call();
            found.push((outcome, sent.elapsed()));
            due += pause;
        }
        found
    })
}

fn gather(clients: usize, run: impl Fn(usize) -> Vec<(Outcome, Duration)> + Sync) -> Tally {
    let found = thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..clients).map(|client| scope.spawn(move || run(client))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a client ends well")).collect()
    });
    Tally(found)
}

/// A connection to the gate, opened anew where it ended.
struct Line {
    gate: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Line {
    fn open(gate: SocketAddr) -> Self {
        Self { gate, stream: None }
    }

    fn call(&mut self) -> Outcome {
        if self.stream.is_none() {
            self.stream = TcpStream::connect(self.gate).ok().map(|stream| {
                let _ = stream.set_nodelay(true);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
                BufReader::new(stream)
            });
        }
        let answer = self.stream.as_mut().and_then(exchange);
        match answer {
            Some(body) if body.contains("\"text\":\"ok\"") => Outcome::Admitted,
            Some(_) => Outcome::Refused,
            None => {
                self.stream = None;
                Outcome::Failed
            }
        }
    }
}

/// One call and its answer.
fn exchange(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"work","arguments":{}}}"#;
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(request.as_bytes()).ok()?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(String::from_utf8_lossy(&body).into_owned())
}
