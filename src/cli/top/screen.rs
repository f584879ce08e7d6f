//! How a gate looks on a terminal.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Row, Sparkline, Table};
use serde_json::Value;

use super::View;
use crate::cli::desk::{Told, number, share, text};
use crate::cli::tap::clock;
use crate::report::{grouped, percent, rate, span_ms, span_us};

const DIM: Style = Style::new().fg(Color::DarkGray);
const GOOD: Style = Style::new().fg(Color::Green);
const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
const WARN: Style = Style::new().fg(Color::Yellow);
const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);

/// Draws the whole screen.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View) {
    let [head, numbers, tables, decisions, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(5),
        Constraint::Fill(3),
        Constraint::Fill(4),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title(view), head);
    frame.render_widget(footer(view), foot);
    let Some(told) = &view.told else { return };
    traffic(frame, told, &view.rates, numbers);
    let [left, right] = Layout::horizontal([Constraint::Fill(5), Constraint::Fill(4)]).areas(tables);
    frame.render_widget(tools(told), left);
    let resting = told.rows("/breakers/resting").len() as u16;
    let [upper, lower] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length((resting + 2).clamp(3, 7))]).areas(right);
    frame.render_widget(limits(told), upper);
    frame.render_widget(breakers(told), lower);
    frame.render_widget(recent(&view.decisions, decisions), decisions);
}

fn block(title: &'static str) -> Block<'static> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(DIM)
        .title(Span::styled(format!(" {title} "), STRONG))
}

fn title(view: &View) -> Line<'static> {
    let Some(told) = &view.told else { return Line::from(vec![Span::styled(" sluicegate ", STRONG)]) };
    let (ready, style) = if told.is("/is_ready") { ("ready", GOOD) } else { ("not ready", BAD) };
    let (mode, mode_style) =
        if told.text("/policy/mode") == "enforce" { ("enforcing", GOOD) } else { ("shadow", WARN) };
    let sha256: String = told.text("/policy/sha256").chars().take(8).collect();
    let mut spans = vec![
        Span::styled(format!(" {} ", told.text("/server")), STRONG),
        Span::styled(format!(" {ready} "), style),
        Span::styled(format!(" {mode} "), mode_style),
    ];
    if told.text("/phase") != "serving" {
        spans.push(Span::styled(format!(" {} ", told.text("/phase")), WARN));
    }
    let age = span_ms(told.number("/policy/age_ms"));
    spans.push(Span::styled(format!(" policy {sha256}, {age} old "), DIM));
    if !told.text("/policy/error").is_empty() {
        spans.push(Span::styled(" the last reload was refused ", BAD));
    }
    spans.push(Span::styled(format!(" up {} ", span_ms(told.number("/uptime_ms"))), DIM));
    Line::from(spans)
}

fn footer(view: &View) -> Line<'static> {
    match &view.fault {
        Some(fault) => Line::styled(format!(" {fault}"), BAD),
        None => Line::styled(format!(" q ends it    http://{}", view.address), DIM),
    }
}

/// The last minute in numbers, and the rate of each second as a line.
fn traffic(frame: &mut Frame<'_>, told: &Told, rates: &[u64], area: Rect) {
    let frame_block = block("last minute");
    let inner = frame_block.inner(area);
    frame.render_widget(frame_block, area);
    let line_width = if inner.width > 110 { inner.width - 96 } else { 0 };
    let [figures, line] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(line_width)]).areas(inner);
    let per_second = told.0.pointer("/traffic/window/rate").and_then(Value::as_f64).unwrap_or_default();
    let of = |part: &str| format!("{} %", percent(told.percent(part)));
    let place = told.rows("/upstream/places").first();
    let under_way = place.map_or(0, |place| number(place.get("taken")));
    let room = place.map_or(0, |place| number(place.get("limit")));
    let audit = if told.is("/audit/is_healthy") { Style::new() } else { BAD };
    let figure = |name: &'static str, value: String, style: Style| (name, value, style);
    let colour = |part: &str, style: Style| if told.percent(part) > 0.0 { style } else { Style::new() };
    let all = [
        figure("messages/s", rate(per_second), STRONG),
        figure("denied", of("deny"), colour("deny", BAD)),
        figure("would be", of("shadow_deny"), colour("shadow_deny", WARN)),
        figure("failed", of("error"), colour("error", BAD)),
        figure("added p99", span_us(told.number("/traffic/window/overhead_p99_us")), STRONG),
        figure("server", format!("{under_way}/{room}"), if told.is("/upstream/is_up") { GOOD } else { BAD }),
        figure("audit queue", grouped(told.number("/audit/queue_records")), audit),
    ];
    let widths = all.iter().map(|_| Constraint::Fill(1));
    let names = Row::new(all.iter().map(|(name, _, _)| Span::styled(*name, DIM)).collect::<Vec<_>>());
    let values =
        Row::new(all.iter().map(|(_, value, style)| Span::styled(value.clone(), *style)).collect::<Vec<_>>());
    frame.render_widget(Table::new([names, values], widths), figures);
    if line_width > 0 {
        let shown = rates.len().saturating_sub(usize::from(line_width));
        let newest = rates.get(shown..).unwrap_or_default();
        frame.render_widget(Sparkline::default().data(newest).style(GOOD), line);
    }
}

fn tools(told: &Told) -> Table<'static> {
    let row = |tool: &Value| {
        let name = tool
            .get("name")
            .and_then(Value::as_str)
            .map_or("(unknown to the policy)".into(), |_| text(tool.get("name")));
        let denied = share(tool, "deny");
        Row::new(vec![
            Line::raw(name),
            right(rate(tool.get("rate").and_then(Value::as_f64).unwrap_or_default()), Style::new()),
            right(format!("{} %", percent(denied)), if denied > 0.0 { BAD } else { DIM }),
            right(span_us(number(tool.get("duration_p99_us"))), Style::new()),
        ])
    };
    let widths = [Constraint::Fill(1), Constraint::Length(8), Constraint::Length(8), Constraint::Length(9)];
    let head = Row::new(vec![
        Line::raw("tool"),
        Line::raw("rate/s").right_aligned(),
        Line::raw("denied").right_aligned(),
        Line::raw("p99").right_aligned(),
    ]);
    Table::new(told.rows("/tools").iter().map(row), widths).header(head.style(DIM)).block(block("tools"))
}

fn right(text: String, style: Style) -> Line<'static> {
    Line::styled(text, style).right_aligned()
}

fn limits(told: &Told) -> Table<'static> {
    let row = |limit: &Value| {
        let used = number(limit.get("used_permille")).min(1000);
        let style = match used {
            0..800 => GOOD,
            800..950 => WARN,
            950.. => BAD,
        };
        let full = used as usize * BAR / 1000;
        let bar = Line::from(vec![
            Span::styled("█".repeat(full), style),
            Span::styled("░".repeat(BAR - full), DIM),
            Span::raw(format!(" {:>3} %", used / 10)),
        ]);
        Row::new(vec![Line::raw(text(limit.get("id"))), Line::styled(text(limit.get("terms")), DIM), bar])
    };
    let widths = [Constraint::Fill(4), Constraint::Fill(5), Constraint::Length(BAR as u16 + 6)];
    Table::new(told.rows("/limits").iter().map(row), widths).block(block("limits"))
}

const BAR: usize = 10;

fn breakers(told: &Told) -> Paragraph<'static> {
    let rows = told.rows("/breakers/resting");
    let line = |breaker: &Value| {
        let tool = text(breaker.get("tool"));
        let what = if tool.is_empty() { "the whole server".into() } else { tool };
        let rest = span_ms(number(breaker.get("rest_ms")));
        Line::from(vec![
            Span::styled(what, BAD),
            Span::raw(format!(" {}, rests {rest}", text(breaker.get("state")))),
        ])
    };
    let lines: Vec<Line<'static>> = if rows.is_empty() {
        vec![Line::styled(format!("all {} closed", told.number("/breakers/used")), DIM)]
    } else {
        rows.iter().map(line).collect()
    };
    Paragraph::new(lines).block(block("breakers"))
}

/// The last decisions, as many as there is room for, the newest below.
fn recent(decisions: &[Value], area: Rect) -> Paragraph<'static> {
    let room = usize::from(area.height.saturating_sub(2));
    let newest = decisions.get(decisions.len().saturating_sub(room)..).unwrap_or_default();
    let lines: Vec<Line<'static>> = newest.iter().map(decision).collect();
    Paragraph::new(lines).block(block("decisions"))
}

fn decision(decision: &Value) -> Line<'static> {
    let word = |name: &str| text(decision.get(name));
    let verdict = word("verdict");
    let (label, style) = match verdict.as_str() {
        "deny" => ("DENY  ", BAD),
        "error" => ("ERROR ", BAD),
        "redact" => ("REDACT", Style::new().fg(Color::Magenta)),
        "shadow_deny" => ("WOULD ", WARN),
        _ => ("ALLOW ", GOOD),
    };
    let user: String = word("user").chars().take(13).collect();
    let why = match (word("rule"), word("reason")) {
        (rule, _) if !rule.is_empty() && verdict.ends_with("deny") => format!(" {rule}"),
        (_, reason) if reason != "none" => format!(" {reason}"),
        _ => String::new(),
    };
    Line::from(vec![
        Span::styled(format!("{} ", clock(number(decision.get("unix_ms")))), DIM),
        Span::styled(format!("{label} "), style),
        Span::raw(format!("{} {}", word("method"), word("target"))),
        Span::styled(why, style),
        Span::styled(format!("  {user} {}", span_us(number(decision.get("overhead_us")))), DIM),
    ])
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::json;

    use super::*;

    fn seen() -> View {
        let told = json!({
            "server": "payments", "is_ready": true, "phase": "serving", "uptime_ms": 60_000, "last": 9,
            "policy": { "sha256": "9f2b1c44aa", "mode": "enforce", "age_ms": 5_000 },
            "audit": { "is_healthy": true, "queue_records": 3 },
            "upstream": { "is_up": true, "places": [{ "taken": 2, "limit": 64 }] },
            "traffic": { "window": { "messages": 10, "deny": 1, "rate": 12.5, "overhead_p99_us": 118 } },
            "tools": [{ "name": "refund", "messages": 4, "deny": 1, "rate": 2.0, "duration_p99_us": 2300 },
                      { "name": null, "messages": 1, "deny": 1, "rate": 0.1, "duration_p99_us": 9 }],
            "limits": [{ "id": "calls", "terms": "60/min", "used_permille": 930 }],
            "breakers": { "used": 2, "resting": [{ "tool": "slow\u{1b}[2J", "state": "open", "rest_ms": 4000 }] },
        });
        let decision = json!({ "verdict": "deny", "method": "tools/call", "target": "refund", "rule": "refund-limit",
            "reason": "argument", "user": "alice", "unix_ms": 43_424_000, "overhead_us": 118 });
        View {
            address: "127.0.0.1:15820".into(),
            told: Some(Told(told)),
            decisions: vec![decision],
            rates: vec![1, 5, 2],
            ..View::default()
        }
    }

    fn drawn(view: &View, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, view)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn shows_all_that_there_is_to_know() {
        let screen = drawn(&seen(), 120, 30);
        for part in [
            "payments",
            "ready",
            "enforcing",
            "9f2b1c44,",
            "12",
            "10 %",
            "118 µs",
            "2/64",
            "refund",
            "2.3 ms",
            "(unknown to the policy)",
            "█░ ",
            " 93 %",
            "slow�[2J open, rests 4 s",
            "12:03:44 DENY",
            "refund-limit",
            "q ends it",
        ] {
            assert!(screen.contains(part), "{part} is missing:\n{screen}");
        }
    }

    #[test]
    fn fits_every_size_and_says_when_the_gate_is_gone() {
        let mut view = seen();
        view.fault = Some("the gate cannot be reached".into());
        for (width, height) in [(10, 10), (40, 12), (80, 24), (300, 100)] {
            let screen = drawn(&view, width, height);
            assert!(screen.contains("the gate"), "{width}x{height}:\n{screen}");
        }
        assert!(drawn(&View { fault: view.fault, ..View::default() }, 80, 24).contains("cannot be reached"));
    }
}
