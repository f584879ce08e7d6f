//! How the demo looks: scenes, what was said in them, and whether they came out as told.

use anstream::println;
use anstyle::{AnsiColor, Style};
use serde_json::Value;

/// The transcript so far: how many checks there were, and how many failed.
#[derive(Debug, Default)]
pub(super) struct Stage {
    scenes: usize,
    checks: usize,
    /// Checks that did not come out as told.
    pub failures: usize,
}

const TITLE: Style = AnsiColor::Cyan.on_default().bold();
const SMALL: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default();
const GOOD: Style = AnsiColor::Green.on_default();
const HIDDEN: Style = AnsiColor::Yellow.on_default().bold();

/// Where one word ends and the next begins, in prose and in JSON.
const ENDS: [char; 2] = [' ', ','];

/// How much of a text is shown: a line or two on most terminals.
const TEXT_CHARACTERS_MAX: usize = 230;

impl Stage {
    /// Says something between scenes.
    pub(super) fn tell(text: &str) {
        println!("{text}");
    }

    /// Begins a scene.
    pub(super) fn scene(&mut self, title: &str) {
        self.scenes += 1;
        println!("\n{TITLE}{}. {title}{TITLE:#}", self.scenes);
    }

    /// Shows what a user's model asked for.
    pub(super) fn ask(who: &str, tool: &str, arguments: &Value) {
        println!("   {SMALL}asked   {SMALL:#} {who} -> {tool} {arguments}");
    }

    /// Shows one line under a heading of at most eight letters.
    pub(super) fn line(heading: &str, text: &str) {
        println!("   {SMALL}{heading:8}{SMALL:#} {}", cut(text));
    }

    /// Shows the server's text above what the model got, and marks the words that differ.
    pub(super) fn compare(before: &str, after: &str) {
        let (before, after) = (cut(before), cut(after));
        let pairs = before.split_inclusive(ENDS).zip(after.split_inclusive(ENDS));
        let (shown, got): (Vec<_>, Vec<_>) = pairs
            .map(|(one, other)| {
                if one == other { (one.into(), one.into()) } else { (paint(BAD, one), paint(HIDDEN, other)) }
            })
            .unzip();
        println!("   {SMALL}server  {SMALL:#} {}", shown.concat());
        println!("   {SMALL}model   {SMALL:#} {}", got.concat());
    }

    /// Shows the members of an object that differ, before and after.
    pub(super) fn compare_fields(before: &Value, after: &Value) {
        for (name, value) in before.as_object().into_iter().flatten() {
            if after[name] != *value {
                println!(
                    "          {name:12} {} -> {}",
                    paint(BAD, &plain(value)),
                    paint(HIDDEN, &plain(&after[name]))
                );
            }
        }
    }

    /// Says what was to be expected, and whether it came so.
    pub(super) fn expect(&mut self, told: &str, came: Came) {
        self.checks += 1;
        match came {
            Came::AsTold => println!("   {GOOD}  ok    {GOOD:#} {told}"),
            Came::Otherwise => {
                self.failures += 1;
                println!("   {BAD}FAILED  {BAD:#} {told}");
            }
        }
    }

    /// Sums up.
    pub(super) fn close(&self) {
        let (style, word) = if self.failures == 0 { (GOOD, "all as told") } else { (BAD, "NOT as told") };
        let told = self.checks - self.failures;
        println!(
            "\n{style}{word}{style:#}: {told} of {} expectations in {} scenes",
            self.checks, self.scenes
        );
    }
}

/// Whether something came out as told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    AsTold,
    Otherwise,
}

impl From<bool> for Came {
    fn from(is_so: bool) -> Self {
        if is_so { Self::AsTold } else { Self::Otherwise }
    }
}

fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

fn cut(text: &str) -> String {
    let line = text.replace('\n', " | ");
    match line.char_indices().nth(TEXT_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
