//! How clients read a stream of events: three independent readers, each as simple as it can be.
//!
//! They differ in what ends a line. What the gate writes must be the same events to all of them.

/// The data of every event that a reader dispatches whose lines `is_end` ends.
fn read(text: &str, is_end: impl Fn(char) -> bool) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A line feed behind a carriage return ends the same line.
    let text = if is_end('\r') { text.replace("\r\n", "\n") } else { text.to_owned() };
    let (mut events, mut data): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut lines: Vec<&str> = text.split(&is_end).collect();
    // What no line end follows is no line.
    lines.pop();
    for line in lines {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            events.extend(data.take().filter(|data| !data.is_empty()));
        } else if let Some(value) = line.strip_prefix("data:") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            data = Some(data.map_or_else(|| value.to_owned(), |data| format!("{data}\n{value}")));
        }
    }
    events
}

/// As the standard says: lines end at CR, LF or CRLF.
pub fn standard(text: &str) -> Vec<String> {
    read(text, |c| matches!(c, '\n' | '\r'))
}

/// As one who knows LF only, and trims a CR before it.
pub fn line_feeds(text: &str) -> Vec<String> {
    read(text, |c| c == '\n')
}

/// As one who splits at everything that Unicode calls a line break.
pub fn every_break(text: &str) -> Vec<String> {
    read(text, |c| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    })
}

#[test]
fn the_readers_differ_where_they_should() {
    let text = ": hi\rdata: 1\r\rx\n\ndata: 2\u{2028}\n\ndata: 3\u{2028}data: 4\u{2028}\u{2028}\n";
    assert_eq!(standard(text), ["1", "2\u{2028}", "3\u{2028}data: 4\u{2028}\u{2028}"][..2]);
    assert_eq!(line_feeds(text), ["2\u{2028}"]);
    assert_eq!(every_break(text), ["1", "2", "3\n4"]);
    assert_eq!(standard("data: a\r\ndata: b\r\n\r\n"), ["a\nb"]);
}
