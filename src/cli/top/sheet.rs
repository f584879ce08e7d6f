//! A screen as text, with the colours of a terminal.

use anstyle::{AnsiColor, Style};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// The rows of a screen; whoever prints it strips the colours where nobody sees them.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content().chunks(usize::from(buffer.area.width).max(1)) {
        let mut last = Style::new();
        for cell in row {
            let style = style(cell.fg, cell.modifier);
            if style != last {
                text.push_str(&format!("{last:#}{style}"));
                last = style;
            }
            text.push_str(cell.symbol());
        }
        text.push_str(&format!("{last:#}\n"));
    }
    text
}

fn style(colour: Color, modifier: Modifier) -> Style {
    let colour = match colour {
        Color::DarkGray => Some(AnsiColor::BrightBlack),
        Color::Green => Some(AnsiColor::Green),
        Color::Magenta => Some(AnsiColor::Magenta),
        Color::Red => Some(AnsiColor::Red),
        Color::Yellow => Some(AnsiColor::Yellow),
        _ => None,
    };
    let style = Style::new().fg_color(colour.map(Into::into));
    if modifier.contains(Modifier::BOLD) { style.bold() } else { style }
}
