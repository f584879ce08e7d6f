//! What spans cost a call, in instructions: nothing is traced, a trace is not kept, a trace is kept.
//!
//! ```sh
//! cargo bench --bench traces --features otel
//! ```
//!
//! Each row is this program under callgrind, once with few calls and once with many: the difference is what calls
//! cost, and no start. A call is judged, answered and settled without sockets, and its record is told; the collector
//! is a port that nobody listens on, and the queue is small, so that most spans are made and dropped as they are when
//! it is full. What the thread does that posts them is not in it.

#[path = "../decide/bundle.rs"]
#[allow(dead_code, reason = "the bench `decide` uses the rest")]
mod bundle;
#[path = "../decide/gate.rs"]
#[allow(dead_code, reason = "the bench `decide` uses the rest")]
mod gate;

use std::process::Command;
use std::time::Instant;

use sluicegate::gate::Wire;
use sluicegate::report::{Metrics, Tracer};

/// The same call with a parent in `_meta`.
const CALL_IN_TRACE: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"db_query","arguments":{"database":"analytics","schema":"public","limit":500,"offset":0,"dry":false,"sql":"SELECT id, name, created_at FROM orders WHERE created_at > now() - interval '7 days' ORDER BY created_at DESC LIMIT 500"},"_meta":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}"#;

/// What is counted, and the sampler of it; the first is what the others are held against.
const ROWS: [(&str, &str, &str); 6] = [
    ("nothing is traced", "", gate::CALL),
    ("a trace that is not kept", "always_off", gate::CALL),
    ("a trace that is kept", "always_on", gate::CALL),
    ("nothing is traced, with a parent in `_meta`", "", CALL_IN_TRACE),
    ("a trace that is not kept, with a parent in `_meta`", "always_off", CALL_IN_TRACE),
    ("a trace that is kept, with a parent in `_meta`", "always_on", CALL_IN_TRACE),
];

const FEW: u64 = 500;
const MANY: u64 = 2_500;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let [_, mode, row, calls] = words.as_slice()
        && mode == "--calls"
    {
        return work(row.parse().expect("a row"), calls.parse().expect("a number"));
    }
    for (row, (name, ..)) in ROWS.iter().enumerate() {
        let calls = instructions(row, MANY) - instructions(row, FEW);
        println!("{:>9} instructions a call: {name}", calls / (MANY - FEW));
    }
}

/// How many instructions the main thread executes for so many calls, start and end included.
fn instructions(row: usize, calls: u64) -> u64 {
    let own = std::env::current_exe().expect("it has a path");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(own);
    let output = valgrind.args(["--calls", &row.to_string(), &calls.to_string()]).output();
    let output = output.expect("valgrind is there: see `benches/setup.sh`");
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| line.split_once("Collected :"));
    let count = line.and_then(|(_, count)| count.trim().parse().ok());
    count.unwrap_or_else(|| panic!("callgrind counted nothing:\n{text}"))
}

fn work(row: usize, calls: u64) {
    sluicegate::identity::install_crypto();
    let (_, sampler, call) = ROWS[row];
    let value = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => (!sampler.is_empty()).then(|| "http://127.0.0.1:9".to_owned()),
        "OTEL_TRACES_SAMPLER" => Some(sampler.to_owned()),
        "OTEL_BSP_MAX_QUEUE_SIZE" => Some("64".to_owned()),
        "OTEL_BSP_SCHEDULE_DELAY" => Some("3600000".to_owned()),
        _ => None,
    };
    let tracer = Tracer::open(value, &Metrics::new());
    let caller = bundle::caller();
    let (_, stage) = gate::rungs(&caller).remove(0);
    let wire = Wire::Http { verb: "POST", version: "1.1" };
    for _ in 0..calls {
        let record = stage.record(call, tracer.seed(Instant::now(), wire));
        tracer.tell(&record);
    }
}
