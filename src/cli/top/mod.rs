//! `sluicegate top`: a running gate on one screen, again every second.
//!
//! One thread asks, the other draws and listens for keys, so that a gate that does not answer leaves the keys alive.

mod screen;
mod sheet;

use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Size;
use serde_json::Value;

use super::Exit;
use super::desk::{DeskOptions, Told, block_on};

/// Options of `top`.
#[derive(Debug, Args)]
#[command(
    after_help = "Keys: q or Esc ends it. Exit codes: 0 ended by a key, 2 usage, 3 it could not be shown."
)]
pub struct Options {
    #[command(flatten)]
    desk: DeskOptions,
    /// Print one screen as text and end
    #[arg(long)]
    once: bool,
    /// The size of that screen
    #[arg(long, value_name = "COLUMNSxROWS", default_value = "100x34", value_parser = size, requires = "once")]
    size: Size,
}

/// What is known of the gate.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Where it is.
    pub address: String,
    /// What it told last.
    pub told: Option<Told>,
    /// Its last decisions, oldest first.
    pub decisions: Vec<Value>,
    /// Messages within each second, as far as they were seen, oldest first.
    pub rates: Vec<u64>,
    /// Why it told nothing the last time.
    pub fault: Option<String>,
    messages: Option<u64>,
}

/// One look at the gate.
type Look = Result<(Told, Vec<Value>), String>;

const PAUSE: Duration = Duration::from_secs(1);
const KEYS_PAUSE: Duration = Duration::from_millis(100);
const RATES_MAX: usize = 120;
const DECISIONS: usize = 40;

fn size(text: &str) -> Result<Size, String> {
    let sides =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let fits = |side: &u16| (10..=500).contains(side);
    match sides.filter(|(width, height)| fits(width) && fits(height)) {
        Some((width, height)) => Ok(Size::new(width, height)),
        None => Err(format!("`{text}` is no size; write 100x34, with 10 to 500 of each")),
    }
}

/// Shows a gate until a key ends it.
pub fn top(options: &Options) -> Exit {
    let shown = if options.once { once(options) } else { watch(options) };
    match shown {
        Ok(()) => Exit::Fine,
        Err(fault) => {
            anstream::eprintln!("sluicegate: {fault}");
            Exit::Unable
        }
    }
}

/// Prints one screen.
fn once(options: &Options) -> io::Result<()> {
    let mut view = View { address: options.desk.admin.clone(), ..View::default() };
    view.take(look(&options.desk)?);
    if let Some(fault) = view.fault {
        return Err(io::Error::other(fault));
    }
    let backend = TestBackend::new(options.size.width, options.size.height);
    let mut terminal = Terminal::new(backend).map_err(io::Error::other)?;
    terminal.draw(|frame| screen::draw(frame, &view)).map_err(io::Error::other)?;
    anstream::print!("{}", sheet::text(terminal.backend().buffer()));
    Ok(())
}

fn watch(options: &Options) -> io::Result<()> {
    let (sender, looks) = channel();
    let desk = options.desk.clone();
    thread::Builder::new().name("looks".into()).spawn(move || keep_looking(&desk, &sender))?;
    let mut view = View { address: options.desk.admin.clone(), ..View::default() };
    let mut terminal = ratatui::try_init()?;
    let shown = show(&mut terminal, &mut view, &looks);
    ratatui::try_restore()?;
    shown
}

fn show(terminal: &mut ratatui::DefaultTerminal, view: &mut View, looks: &Receiver<Look>) -> io::Result<()> {
    loop {
        terminal.draw(|frame| screen::draw(frame, view))?;
        loop {
            match looks.try_recv() {
                Ok(look) => {
                    view.take(look);
                    break;
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return Err(io::Error::other("nobody looks any longer")),
            }
            if event::poll(KEYS_PAUSE)? {
                match event::read()? {
                    Event::Key(key) if is_end(&key) => return Ok(()),
                    Event::Resize(..) => break,
                    Event::FocusGained
                    | Event::FocusLost
                    | Event::Key(_)
                    | Event::Mouse(_)
                    | Event::Paste(_) => {}
                }
            }
        }
    }
}

fn is_end(key: &KeyEvent) -> bool {
    let is_interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press && (is_interrupt || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc))
}

fn keep_looking(desk: &DeskOptions, sender: &Sender<Look>) {
    loop {
        let begun = Instant::now();
        let look = look(desk).unwrap_or_else(|fault| Err(fault.to_string()));
        if sender.send(look).is_err() {
            return;
        }
        thread::sleep(PAUSE.saturating_sub(begun.elapsed()));
    }
}

fn look(desk: &DeskOptions) -> io::Result<Look> {
    block_on(async {
        let told = desk.told().await.map_err(|fault| fault.to_string())?;
        let asked = desk.json(&format!("/decisions?limit={DECISIONS}")).await;
        let decisions = asked.map_err(|fault| fault.to_string())?["decisions"].as_array().cloned();
        Ok((told, decisions.unwrap_or_default()))
    })
}

impl View {
    /// Takes what was seen, or why nothing was.
    pub fn take(&mut self, look: Look) {
        match look {
            Ok((told, decisions)) => {
                let messages = told.number("/last");
                if let Some(before) = self.messages.replace(messages) {
                    self.rates.push(messages.saturating_sub(before));
                    let spare = self.rates.len().saturating_sub(RATES_MAX);
                    self.rates.drain(..spare);
                }
                (self.told, self.decisions, self.fault) = (Some(told), decisions, None);
            }
            Err(fault) => self.fault = Some(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_a_size_and_says_what_one_is() {
        assert_eq!(size("100x34"), Ok(Size::new(100, 34)));
        for text in ["", "100", "9x34", "100x501", "axb", "100x34x2"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keeps_what_was_seen_while_the_gate_is_silent() {
        let mut view = View::default();
        for last in [10, 15, 15] {
            view.take(Ok((Told(json!({ "last": last })), Vec::new())));
        }
        view.take(Err("gone".into()));
        assert_eq!((view.rates.as_slice(), view.fault.as_deref()), (&[5, 0][..], Some("gone")));
        assert!(view.told.is_some());
    }

    #[test]
    fn ends_by_the_keys_that_people_try() {
        let press = |code, modifiers| is_end(&KeyEvent::new(code, modifiers));
        assert!(press(KeyCode::Char('q'), KeyModifiers::NONE) && press(KeyCode::Esc, KeyModifiers::NONE));
        assert!(
            press(KeyCode::Char('c'), KeyModifiers::CONTROL)
                && !press(KeyCode::Char('c'), KeyModifiers::NONE)
        );
    }
}
