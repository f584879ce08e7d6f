//! What a server says otherwise than was approved, for people and for programs.
//!
//! Everything of the server is spelled out where it would not show, or would steer a terminal.

use std::path::Path;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::json::{Document, compact, decode, quote};
use crate::names::hex;
use crate::policy::{Change, Definition, Drift, DriftClass, LOCK_FILE, Lock, LockedServer, visible};

/// What was approved beside what is offered.
#[derive(Debug)]
pub(super) struct Comparison<'c> {
    /// What was approved.
    pub lock: &'c Lock,
    /// What the server calls itself.
    pub server: Option<&'c LockedServer>,
    /// What it offers.
    pub offered: &'c [Arc<Definition>],
    /// In what they differ.
    pub drifts: &'c [Drift],
}

/// Characters of a value that are shown of it; a text is shown whole.
const VALUE_CHARACTERS: usize = 240;

const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const HEAD: Style = Style::new().bold();

impl Comparison<'_> {
    /// Whether the server says what was approved, and nobody edited that.
    pub(super) fn is_same(&self) -> bool {
        self.drifts.is_empty() && !self.lock.is_list_edited && self.edited().next().is_none()
    }

    fn edited(&self) -> impl Iterator<Item = &str> {
        self.lock.tools.iter().filter(|tool| tool.is_edited).map(|tool| tool.name.as_str())
    }

    /// The difference as text with colours, a line for each thing; ends in a line feed.
    pub(super) fn human(&self) -> String {
        let mut out = String::new();
        for name in self.edited() {
            out.push_str(&format!("! {name}: its definition in {LOCK_FILE} was edited by hand\n"));
        }
        if self.lock.is_list_edited {
            out.push_str(&format!("! the list of tools in {LOCK_FILE} was edited by hand\n"));
        }
        self.drifts.iter().for_each(|drift| write_drift(drift, &mut out));
        let server = self.server.map_or_else(|| "the server".to_owned(), called);
        let offered = count(self.offered.len());
        out.push_str(&match self.drifts.len() {
            0 => format!("{server} says of {offered} what was approved\n"),
            differing => format!(
                "{server}: {offered}, {} approved, {differing} otherwise than approved\n",
                self.lock.tools.len()
            ),
        });
        out
    }

    /// The difference as one JSON object on one line, all of it ASCII.
    pub(super) fn json(&self) -> String {
        let edited: Vec<String> = self.edited().map(quote).collect();
        let drifts: Vec<String> = self.drifts.iter().map(|drift| self.json_of(drift)).collect();
        let text = format!(
            r#"{{"server":{},"approved":{},"offered":{},"edited":[{}],"list_edited":{},"drift":[{}]}}"#,
            self.server.map_or_else(|| "null".to_owned(), json_of_server),
            self.lock.tools.len(),
            self.offered.len(),
            edited.join(","),
            self.lock.is_list_edited,
            drifts.join(",")
        );
        match Document::parse(text.as_bytes()) {
            Ok(document) => String::from_utf8_lossy(&compact(&document)).into_owned(),
            // More than one message may hold; every part of it is JSON, though not all of it ASCII.
            Err(_) => text,
        }
    }

    fn json_of(&self, drift: &Drift) -> String {
        let name = drift.name();
        let approved = self
            .lock
            .tools
            .iter()
            .find(|tool| tool.version.is_none() && tool.name == *name)
            .and_then(|tool| tool.sha256);
        let offered = self.offered.iter().find(|now| now.name == *name).map(|now| now.sha256);
        let digest = |sha256: Option<[u8; 32]>| optional(sha256.map(|sha256| quote(&hex(&sha256))));
        let changes: Vec<String> = match drift {
            Drift::Added(_) | Drift::Gone(_) => Vec::new(),
            Drift::Changed { changes, .. } => changes.iter().map(json_of_change).collect(),
        };
        format!(
            r#"{{"tool":{},"kind":"{}","class":{},"approved_sha256":{},"offered_sha256":{},"changes":[{}]}}"#,
            quote(name.as_str()),
            drift.kind(),
            optional(drift.class().map(|class| quote(class.as_str()))),
            digest(approved),
            digest(offered),
            changes.join(",")
        )
    }
}

/// What was written, and where.
pub(super) fn written(lock: &Lock, path: &Path, is_changed: bool) -> String {
    let done = if is_changed { "written" } else { "unchanged" };
    let server = lock.server.as_ref().map(|server| format!(" of {}", called(server))).unwrap_or_default();
    let mut out = format!("{}: {done}, {}{server}\n", path.display(), count(lock.tools.len()));
    let mut tools: Vec<_> = lock.tools.iter().collect();
    tools.sort_unstable_by_key(|tool| (&tool.name, tool.version));
    for tool in tools {
        let class = tool.class.or_else(|| tool.definition.as_ref()?.class());
        let from = match (tool.class, class) {
            (Some(_), _) => "written down",
            (None, Some(_)) => "by its annotations",
            (None, None) => "no class: it has no annotations",
        };
        let class = class.map(|class| format!("{}, ", class.as_str())).unwrap_or_default();
        out.push_str(&format!("  {} ({class}{from})\n", tool.called()));
    }
    out
}

fn count(tools: usize) -> String {
    if tools == 1 { "1 tool".to_owned() } else { format!("{tools} tools") }
}

fn called(server: &LockedServer) -> String {
    let version = server.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    visible(&format!("{}{version}", server.name)).replace('\n', " ")
}

fn json_of_server(server: &LockedServer) -> String {
    let version = optional(server.version.as_deref().map(quote));
    format!(r#"{{"name":{},"version":{version}}}"#, quote(&server.name))
}

fn json_of_change(change: &Change) -> String {
    let value = |text: &Option<String>| optional(text.clone());
    format!(
        r#"{{"path":{},"class":"{}","before":{},"after":{}}}"#,
        quote(&change.path),
        change.class.as_str(),
        value(&change.before),
        value(&change.after)
    )
}

fn optional(text: Option<String>) -> String {
    text.unwrap_or_else(|| "null".to_owned())
}

/// Differences as text with colours.
#[cfg(feature = "postgres")]
pub(super) fn drift_text(drifts: &[Drift]) -> String {
    let mut out = String::new();
    drifts.iter().for_each(|drift| write_drift(drift, &mut out));
    out
}

fn write_drift(drift: &Drift, out: &mut String) {
    let name = drift.name();
    match drift {
        Drift::Gone(_) => {
            out.push_str(&format!("{GONE}- {name}{GONE:#}: gone; the server has it no more\n"));
        }
        Drift::Added(definition) => {
            out.push_str(&format!("{NEW}+ {name}{NEW:#}: added; nobody approved it\n"));
            write_added(definition, out);
        }
        Drift::Changed { changes, .. } => {
            let class = drift.class().map_or("", DriftClass::as_str);
            out.push_str(&format!("{HEAD}~ {name}{HEAD:#}: changed ({class})\n"));
            changes.iter().for_each(|change| write_change(change, out));
        }
    }
}

/// What there is to know of a tool before it is approved.
fn write_added(definition: &Definition, out: &mut String) {
    let class = definition.class().map_or("none; it has no annotations", |class| class.as_str());
    out.push_str(&format!("    class {class}\n"));
    for (member, text) in [("title", &definition.title), ("description", &definition.description)] {
        if let Some(text) = text {
            out.push_str(&format!("    {member}\n"));
            text.split('\n').for_each(|line| write_line('+', NEW, line, out));
        }
    }
    for (member, text) in [
        ("inputSchema", &definition.input_schema),
        ("outputSchema", &definition.output_schema),
        ("annotations", &definition.annotations.text),
    ] {
        if let Some(text) = text {
            out.push_str(&format!("    {member}\n"));
            write_line('+', NEW, &cut(text), out);
        }
    }
}

fn write_change(change: &Change, out: &mut String) {
    if change.path.is_empty() {
        out.push_str("    its digest; the lock file has no more of it, so what changed is not known\n");
        return;
    }
    out.push_str(&format!("    {} ({})\n", visible(&change.path), change.class.as_str()));
    match (text(change.before.as_deref()), text(change.after.as_deref())) {
        (Some(before), Some(after)) => {
            let before: Vec<&str> = before.split('\n').collect();
            let after: Vec<&str> = after.split('\n').collect();
            for line in TextDiff::from_slices(&before, &after).iter_all_changes() {
                let (sign, style) = match line.tag() {
                    ChangeTag::Delete => ('-', GONE),
                    ChangeTag::Equal => (' ', Style::new()),
                    ChangeTag::Insert => ('+', NEW),
                };
                write_line(sign, style, line.value(), out);
            }
        }
        _ => {
            let values = [('-', GONE, &change.before), ('+', NEW, &change.after)];
            for (sign, style, value) in values {
                if let Some(value) = value {
                    write_line(sign, style, &cut(value), out);
                }
            }
        }
    }
}

/// The text that a JSON string spells; `None` for other values, and for none.
fn text(json: Option<&str>) -> Option<String> {
    let content = json?.strip_prefix('"')?.strip_suffix('"')?;
    Some(decode(content).into_owned())
}

fn write_line(sign: char, style: Style, line: &str, out: &mut String) {
    out.push_str(&format!("      {style}{sign} {}{style:#}\n", visible(line)));
}

/// The beginning of a value, on one line.
fn cut(value: &str) -> String {
    let words: Vec<&str> = value.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(VALUE_CHARACTERS) {
        Some((at, _)) => format!("{}...", line.get(..at).unwrap_or("")),
        None => line,
    }
}
