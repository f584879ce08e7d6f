//! Faults of a bundle: collected while reading, all of them, and shown with the line they stand in.
//!
//! **How.** Readers raise into [`Findings`] and go on; at the end they become [`Faults`], which own
//! the texts of the files concerned and so can render themselves anywhere.

use std::fmt;
use std::sync::Arc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError, NamedSource,
    SourceCode, SourceSpan, SpanContents,
};

use super::Source;
use super::advice::{Help, Suggestion};
use super::code::{Code, Severity};

pub(crate) use super::advice::{did_you_mean, shown};
pub(super) use super::advice::{nearest, quoted};

/// A place in a bundle, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Index among the sources.
    pub file: usize,
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// Whether the two have a byte in common, or the other one is an empty place inside.
    fn meets(self, other: Self) -> bool {
        self.file == other.file && self.start < other.end.max(other.start + 1) && other.start < self.end
    }
}

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(crate) struct Spanned<T> {
    pub span: Span,
    pub value: T,
}

/// One thing that is wrong with a bundle, or that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which kind.
    pub code: Code,
    /// The file, relative to the bundle.
    pub file: Arc<str>,
    /// First byte of the text concerned.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// What is wrong: lower case, user text in backticks.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The change that would do it, where it is known.
    pub suggestion: Option<Suggestion>,
}

/// Everything that was found in a bundle, in the order of files and lines.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    faults: Vec<Fault>,
    texts: Vec<(Arc<str>, Arc<str>)>,
}

/// How a rendering looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// With terminal colours.
    Colour,
    /// Text only, for files, pipes and tests.
    Plain,
}

/// What is found while reading, before it is known whether it matters.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<Finding>,
    /// Places that are never shown, whatever fault stands in their line.
    hidden: Vec<Span>,
}

#[derive(Debug)]
pub(super) struct Finding {
    code: Code,
    span: Span,
    message: String,
    help: Option<Help>,
    /// The other place that it is about.
    twin: Option<Span>,
}

const RENDER_COLUMNS: usize = 110;

impl Findings {
    /// Notes a fault and goes on.
    pub fn raise(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.found.push(Finding { code, span, message: message.into(), help: None, twin: None });
    }

    /// Notes that something at `span` is there already, at `twin`.
    pub fn raise_twin(&mut self, code: Code, span: Span, twin: Span, message: impl Into<String>) {
        self.found.push(Finding { code, span, message: message.into(), help: None, twin: Some(twin) });
    }

    /// Notes a fault with advice and goes on.
    pub fn advise(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<Help>) {
        self.found.push(Finding { code, span, message: message.into(), help: Some(help.into()), twin: None });
    }

    /// Keeps the text at `span` out of whatever is drawn, and offers no change of it: it may be a secret.
    pub fn hide(&mut self, span: Span) {
        self.hidden.push(span);
    }

    /// How many there are so far.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether anything keeps the bundle from taking effect.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|finding| finding.code.severity() == Severity::Error)
    }

    /// Puts the findings in order and gives them the texts they stand in.
    pub fn settle(mut self, sources: &[Source]) -> Faults {
        self.found.sort_by_key(|finding| (finding.span.file, finding.span.start, finding.code));
        // What a case hands down to others is read with each of them.
        self.found.dedup_by(|one, other| {
            (one.code, one.span, &one.message) == (other.code, other.span, &other.message)
        });
        let mut faults = Faults::default();
        for mut finding in self.found {
            if let Some(twin) = finding.twin
                && let Some(source) = sources.get(twin.file)
            {
                let (_, line, column) = place(&source.text, twin.start);
                let help =
                    format!("the other one is at {}:{line}:{column}; keep one of the two", source.name);
                finding.help = Some(Help::from(help));
            }
            if self.hidden.iter().any(|span| span.meets(finding.span)) {
                finding.help = finding.help.map(|help| Help::from(help.into_text()));
            }
            if let Some(source) = sources.get(finding.span.file) {
                faults.push(source, finding);
            }
        }
        for span in &self.hidden {
            if let Some(source) = sources.get(span.file) {
                faults.hide(&source.name, *span);
            }
        }
        faults
    }
}

impl Faults {
    fn push(&mut self, source: &Source, finding: Finding) {
        let file: Arc<str> = match self.texts.last() {
            Some((name, _)) if **name == *source.name => Arc::clone(name),
            _ => {
                let name: Arc<str> = Arc::from(&*source.name);
                self.texts.push((Arc::clone(&name), Arc::from(source.text.as_str())));
                name
            }
        };
        let (start, end) = clip(&source.text, finding.span);
        let (_, line, column) = place(&source.text, start);
        let suggestion = finding.help.as_ref().and_then(|help| help.suggest(&source.text, finding.span));
        self.faults.push(Fault {
            code: finding.code,
            file,
            start,
            end,
            line,
            column,
            message: finding.message,
            help: finding.help.map(Help::into_text),
            suggestion,
        });
    }

    /// Puts a mark in the place of each character of `span`, so that all places stay where they are.
    fn hide(&mut self, name: &str, span: Span) {
        let Some((_, text)) = self.texts.iter_mut().find(|(known, _)| **known == *name) else { return };
        let (start, end) = (floor(text, span.start), floor(text, span.end));
        let (before, rest) = text.split_at(start);
        let (secret, after) = rest.split_at(end.saturating_sub(start));
        let marks: String = secret.chars().map(mark).collect();
        *text = [before, &marks, after].concat().into();
    }

    /// The faults, by file and position.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// The line in which a fault begins, without its end.
    pub fn line_of(&self, fault: &Fault) -> &str {
        let text = self.texts.iter().find(|(name, _)| *name == fault.file).map_or("", |(_, text)| text);
        let (start, ..) = place(text, fault.start);
        let rest = text.get(start..).unwrap_or("");
        rest.lines().next().unwrap_or("")
    }

    /// The same faults with their files named as `rename` says, such as from another directory.
    pub fn renamed(&self, rename: impl Fn(&str) -> String) -> Self {
        let mut faults = self.clone();
        for (name, _) in &mut faults.texts {
            *name = rename(name).into();
        }
        for fault in &mut faults.faults {
            fault.file = rename(&fault.file).into();
        }
        faults
    }

    /// How many there are, warnings included.
    pub fn len(&self) -> usize {
        self.faults.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// How many of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.faults.iter().filter(|fault| fault.code.severity() == severity).count()
    }

    /// Draws every fault for people: code, message, `file:line:column`, the line itself with the
    /// place marked, and what to do.
    pub fn render(&self, paint: Paint) -> String {
        let theme = match paint {
            Paint::Colour => GraphicalTheme::unicode(),
            Paint::Plain => GraphicalTheme::unicode_nocolor(),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(RENDER_COLUMNS)
            .with_context_lines(WHOLE_LINE)
            .with_links(false);
        let drawn = self.faults.iter().map(|fault| self.draw(&handler, fault));
        drawn.collect::<Vec<_>>().join("\n")
    }

    fn draw(&self, handler: &GraphicalReportHandler, fault: &Fault) -> String {
        let severity = match fault.code.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        };
        let label = LabeledSpan::new_primary_with_span(None, (fault.start, fault.end - fault.start));
        let mut diagnostic = MietteDiagnostic::new(fault.message.clone())
            .with_code(fault.code.as_str())
            .with_severity(severity)
            .with_label(label);
        if let Some(help) = &fault.help {
            diagnostic = diagnostic.with_help(help.clone());
        }
        let text = self.texts.iter().find(|(name, _)| *name == fault.file).map(|(_, text)| Arc::clone(text));
        let source = NamedSource::new(&*fault.file, Lines(text.unwrap_or_else(|| Arc::from(""))));
        let report = miette::Report::new(diagnostic).with_source_code(source);
        let mut drawn = String::new();
        match handler.render_report(&mut drawn, report.as_ref()) {
            Ok(()) => drawn,
            Err(fmt::Error) => format!("{fault}\n"),
        }
    }
}

/// Asks [`Lines`] for the whole line of a place, and nothing around it.
const WHOLE_LINE: usize = 1;

/// A text that is shown line by line: no neighbours, for files of rules look all alike.
#[derive(Debug)]
struct Lines(Arc<str>);

impl SourceCode for Lines {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        _context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if context_lines_before == 0 {
            return self.0.read_span(span, 0, 0);
        }
        let (start, ..) = place(&self.0, span.offset());
        let rest = self.0.get(start..).unwrap_or("");
        let length = rest.find('\n').unwrap_or(rest.len());
        self.0.read_span(&(start, length).into(), 0, 0)
    }
}

/// What is drawn for a hidden character: as long as it in UTF-8 and in UTF-16.
fn mark(hidden: char) -> char {
    match (hidden, hidden.len_utf8()) {
        ('\n' | '\r', _) => hidden,
        (_, 1) => '*',
        (_, 2) => '·',
        (_, 3) => '∗',
        _ => '🔒',
    }
}

/// Where the line of an offset begins, its number and the column in it, both from 1.
fn place(text: &str, at: usize) -> (usize, usize, usize) {
    let before = text.get(..at).unwrap_or("");
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(start..).unwrap_or("").chars().count() + 1;
    (start, before.matches('\n').count() + 1, column)
}

/// Keeps a span inside the text, on one line and on character boundaries.
fn clip(text: &str, span: Span) -> (usize, usize) {
    let start = floor(text, span.start);
    let end = floor(text, span.end.max(start));
    let line = text.get(start..end).unwrap_or("");
    (start, start + line.find('\n').unwrap_or(line.len()))
}

/// The last boundary between characters that is not behind `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Fault {
    /// One line, as compilers write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, file, line, column, message, .. } = self;
        write!(f, "{file}:{line}:{column}: {} {}: {message}", code.severity(), code.as_str())?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

impl fmt::Display for Faults {
    /// One line for each fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests;
