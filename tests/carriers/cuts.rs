//! Wherever a stream is cut on its way, what leaves the gate is the same.

use bytes::Bytes;
use sluicegate::gate::{Carrier, Release};
use sluicegate::mcp::lines;
use sluicegate::mcp::sse::{self, Decoder, Event};

use crate::stage::Stage;

/// Numbers that look random and are the same in each run. Source: Marsaglia, "Xorshift RNGs".
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).expect("small")).expect("below a usize")
    }
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look","arguments":{},"_meta":{"progressToken":"p"}}}"#;

/// Several events, all three line ends, a byte-order mark, several lines of data, escapes, bytes of several
/// characters, values in each, and a rest that is no event.
const STREAM: &str = concat!(
    "\u{feff}: hello\r\n\r\n",
    "id: a\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":\"p\",\"progress\":1,\"message\":\"\u{fc}ber 123-45-6789\"}}\r\n\r\n",
    ": tick\n\n",
    "retry: 200\rdata: {\"jsonrpc\":\"2.0\",\rdata:  \"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\rdata: \"data\":\"4111 1111 1111 1111 \u{1f600} \\u0031\\u0032\\u0033-45-6789\"}}\r\r",
    "event: other\ndata: user@example.com\n\n",
    "id: b\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"ssn\\\":\\\"123-45-6789\\\",\\n\\\"to\\\":\\\"user@example.com\\\"}\"}]}}\n\n",
    "data: {\"cut",
);

/// What the gate hands over of a stream that comes in `pieces`: as the outflow does, event by event. The second
/// is how much had left when each piece had come.
fn handed<'p>(stage: &Stage, pieces: impl Iterator<Item = &'p [u8]>) -> (Vec<u8>, Vec<usize>) {
    let mut ticket = stage.say(CALL).expect("a ticket");
    let (mut decoder, mut out, mut left) = (Decoder::new(), Vec::new(), Vec::new());
    for piece in pieces {
        decoder.push(piece);
        while let Some(event) = decoder.next_event().expect("events are short") {
            let Some(data) = event.message() else {
                event.write_bare(&mut out);
                continue;
            };
            let data = String::from_utf8(data.to_vec()).expect("UTF-8");
            if let Release::Pass { body, .. } = stage.hear(&mut ticket, &data, Carrier::Event) {
                sse::write(&mut out, &Event { data: Some(&body), ..event });
            }
        }
        left.push(out.len());
    }
    stage.settle(ticket);
    (out, left)
}

/// Without heartbeats, of which a comment may make one or more.
fn events(out: &[u8]) -> Vec<String> {
    let text = String::from_utf8(out.to_vec()).expect("UTF-8");
    text.split("\n\n").filter(|event| !event.is_empty() && *event != ":").map(str::to_owned).collect()
}

#[test]
fn hands_over_the_same_events_wherever_a_stream_is_cut() {
    let stage = Stage::new("");
    let stream = STREAM.as_bytes();
    let (whole, _) = handed(&stage, [stream].into_iter());
    let wanted = events(&whole);
    let text = wanted.concat();
    assert_eq!(wanted.len(), 3, "{text}");
    for told in ["id: a", "retry: 200", "id: b", "***-**-****", "**** **** **** 1111", "u***@example.com"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    for value in ["6789", "4111 1111", "user@", "hello", "tick"] {
        assert!(!text.contains(value), "{value}: {text}");
    }
    for at in 0..=stream.len() {
        let (one, two) = stream.split_at(at);
        assert_eq!(events(&handed(&stage, [one, two].into_iter()).0), wanted, "cut at {at}");
    }
    assert_eq!(events(&handed(&stage, stream.chunks(1)).0), wanted, "cut everywhere");
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    for turn in 0..2_000 {
        let mut cuts: Vec<usize> = (0..1 + dice.below(12)).map(|_| dice.below(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]);
        assert_eq!(events(&handed(&stage, pieces).0), wanted, "turn {turn}: cut at {cuts:?}");
    }
}

#[test]
fn lets_each_event_go_when_its_last_byte_has_come() {
    let stage = Stage::new("");
    let stream = STREAM.as_bytes();
    let (_, left) = handed(&stage, stream.chunks(1));
    let ends = ["6789\"}}\r\n\r", "6789\"}}\r\r", "example.com\\\"}\"}]}}\n\n"];
    for end in ends {
        let at = memchr::memmem::find(stream, end.as_bytes()).expect("it stands there") + end.len() - 1;
        assert!(left[at] > left[at - 1], "{end:?} leaves at once");
    }
    assert_eq!(left.last(), left.get(memchr::memmem::rfind(stream, b"data: {\"cut").expect("a rest")));
}

#[test]
fn hands_over_the_same_lines_wherever_a_pipe_is_cut() {
    let stage = Stage::new("");
    let note = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"\u00fcber 123-45-6789 \ud83d\ude00"}}"#;
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Zürich 4111 1111 1111 1111, user@example.com"}]}}"#;
    let text = format!("{note}\n\n{answer}\r\n{{\"cut");
    let handed = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut ticket = stage.say(CALL).expect("a ticket");
        let (mut decoder, mut out) = (lines::Decoder::new(), Vec::<Bytes>::new());
        for piece in pieces {
            decoder.push(piece);
            while let Some(line) = decoder.next_line().expect("lines are short") {
                let line = String::from_utf8(line.to_vec()).expect("UTF-8");
                if let Release::Pass { body, .. } = stage.hear(&mut ticket, &line, Carrier::Event) {
                    out.push(body);
                }
            }
        }
        stage.settle(ticket);
        out
    };
    let bytes = text.as_bytes();
    let wanted = handed(&mut [bytes].into_iter());
    assert_eq!(wanted.len(), 2);
    let told = String::from_utf8(wanted.concat()).expect("UTF-8");
    assert!(!told.contains("6789") && !told.contains("4111 1111") && !told.contains("user@"), "{told}");
    for at in 0..=bytes.len() {
        let (one, two) = bytes.split_at(at);
        assert_eq!(handed(&mut [one, two].into_iter()), wanted, "cut at {at}");
    }
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for _ in 0..2_000 {
        let (one, two) = (dice.below(bytes.len() + 1), dice.below(bytes.len() + 1));
        let cuts = [0, one.min(two), one.max(two), bytes.len()];
        let mut pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        assert_eq!(handed(&mut pieces), wanted, "cut at {cuts:?}");
    }
}
