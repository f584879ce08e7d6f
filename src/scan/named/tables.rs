//! Values that are named from afar: by a column, by a segment.
//!
//! A string whose first line names columns is a table: its cells are judged by the names above them. A
//! message of HL7 version 2 names nothing, but its segments say by number what stands where.
//!
//! Source: RFC 4180 for tables; HL7 v2.5.1, chapter 3 (PID, NK1) and chapter 6 (GT1, IN1).

use std::ops::Range;

use super::names::{Class, Tier};
use super::veto;
use crate::scan::Detector;
use crate::scan::sieve::classes::{BLOCK, bits, is, lanes};
use crate::scan::sieve::ground::Ground;
use crate::scan::sieve::sweep::Sweep;
use crate::scan::spelling::edges::{self, End, byte, slashes};

/// Bytes of the shortest table: a first line and one below it.
const TABLE_BYTES_MIN: usize = 12;
/// Bytes of the first line of a table.
const HEADER_BYTES_MAX: usize = 512;
/// Bytes at the start of a string, and behind a table, in which a table may begin.
const REACH: usize = 4096;
/// Lines that are no rows, one after the other, behind which a table has ended.
const OTHERS_MAX: usize = 3;
/// Columns of a table; further ones are left to their forms.
const COLUMNS_MAX: usize = 64;
/// Bytes of one column's name.
const COLUMN_BYTES_MAX: usize = 48;

/// What stands where in a message of HL7: segment, field, kind.
const SEGMENTS: [(&[u8], usize, Detector); 24] = [
    (b"PID", 2, Detector::named("mrn")),
    (b"PID", 3, Detector::named("mrn")),
    (b"PID", 4, Detector::named("mrn")),
    (b"PID", 5, Detector::PERSON),
    (b"PID", 6, Detector::PERSON),
    (b"PID", 7, Detector::named("dob")),
    (b"PID", 9, Detector::PERSON),
    (b"PID", 11, Detector::ADDRESS),
    (b"PID", 13, Detector::PHONE),
    (b"PID", 14, Detector::PHONE),
    (b"PID", 18, Detector::named("bank_account")),
    (b"PID", 19, Detector::US_SSN),
    (b"PID", 20, Detector::named("driver_license")),
    (b"NK1", 2, Detector::PERSON),
    (b"NK1", 4, Detector::ADDRESS),
    (b"NK1", 5, Detector::PHONE),
    (b"GT1", 3, Detector::PERSON),
    (b"GT1", 5, Detector::ADDRESS),
    (b"GT1", 6, Detector::PHONE),
    (b"GT1", 8, Detector::named("dob")),
    (b"GT1", 12, Detector::US_SSN),
    (b"IN1", 16, Detector::PERSON),
    (b"IN1", 18, Detector::named("dob")),
    (b"IN1", 36, Detector::named("health_plan_id")),
];

/// What parts the cells of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Byte(u8),
    /// Two blanks or more.
    Gap,
    /// An escaped tab.
    Tab,
}

/// What may part the columns that a line names: the marks that it has, the surest first. None of a line that is
/// prose: it has a mark that no name of a column has, or the many blanks between their words. Each byte is looked at once.
fn separators(bytes: &[u8], line: Range<usize>) -> [Option<Separator>; 5] {
    let (mut blanks, mut commas, mut semicolons) = (0, 0, 0);
    let (mut bars, mut tabs, mut gaps) = (0, 0, 0);
    let mut last = 0;
    for at in line.clone().step_by(BLOCK) {
        let text = lanes(bytes, at);
        let within = u64::MAX >> BLOCK.saturating_sub(line.end - at);
        let class = |byte: u8| bits(&text, |text| is(text, byte)) & within;
        let ends = b".!?:@".iter().fold(0, |ends, &byte| ends | class(byte));
        if ends != 0 {
            return [None; 5];
        }
        let blank = class(b' ');
        bars |= class(b'|');
        // Perhaps over the edge of a block.
        gaps |= blank & (blank << 1 | u64::from(last == b' '));
        tabs |= class(b't') & (class(b'\\') << 1 | u64::from(last == b'\\'));
        blanks += blank.count_ones();
        commas += class(b',').count_ones();
        semicolons += class(b';').count_ones();
        last = byte(bytes, at + BLOCK - 1);
    }
    let marks = commas + semicolons;
    // Prose has more blanks than the names of columns have between them.
    if bars | tabs | gaps == 0 && (marks == 0 || blanks > 3 * (marks + 1)) {
        return [None; 5];
    }
    [
        (tabs != 0).then_some(Separator::Tab),
        (bars != 0).then_some(Separator::Byte(b'|')),
        (semicolons != 0).then_some(Separator::Byte(b';')),
        (commas != 0).then_some(Separator::Byte(b',')),
        (gaps != 0).then_some(Separator::Gap),
    ]
}

/// How an escape in a string goes on: its bytes, and the letter.
fn escape(bytes: &[u8], at: usize) -> (usize, u8) {
    let run = bytes.get(at..).unwrap_or_default().iter().take(64).take_while(|byte| **byte == b'\\').count();
    (run + 1, byte(bytes, at + run))
}

/// Where the line ends that begins at `from`: at an escaped line end, or at `end`; and where the next begins.
fn line(bytes: &[u8], from: usize, end: usize) -> (usize, usize) {
    let mut at = from;
    while let Some(offset) = bytes.get(at..end).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let slash = at + offset;
        let (length, letter) = escape(bytes, slash);
        at = slash + length;
        if matches!(letter, b'n' | b'r') {
            let mut next = at;
            while byte(bytes, next) == b'\\' && matches!(escape(bytes, next), (_, b'n' | b'r')) {
                next += escape(bytes, next).0;
            }
            return (slash, next.min(end));
        }
    }
    (end, end)
}

/// What the name of each column says.
type Columns = [Option<(Detector, Tier)>; COLUMNS_MAX];

/// The cells of a line, without blanks and quotes; of more than there is room for, only how many.
struct Row {
    cells: [(usize, usize); COLUMNS_MAX],
    width: usize,
}

impl Row {
    fn new(bytes: &[u8], line: Range<usize>, separator: Separator) -> Self {
        let mut row = Self { cells: [(0, 0); COLUMNS_MAX], width: 0 };
        let (mut at, mut from, mut is_quoted) = (line.start, line.start, false);
        while at <= line.end {
            let this = if at < line.end { byte(bytes, at) } else { 0 };
            let (length, letter) = if this == b'\\' { escape(bytes, at) } else { (1, this) };
            is_quoted ^= letter == b'"';
            let parts = match separator {
                Separator::Byte(byte) => this == byte,
                Separator::Tab => this == b'\\' && letter == b't',
                Separator::Gap => {
                    this == b' '
                        && byte(bytes, at + 1) == b' '
                        && byte(bytes, at + 2) != b' '
                        && at > line.start
                }
            };
            if at == line.end || parts && !is_quoted {
                if let Some(slot) = row.cells.get_mut(row.width) {
                    let cell = trimmed(bytes, from..at);
                    *slot = (cell.start, cell.end);
                }
                row.width += 1;
                from = at + length;
            }
            at += length;
        }
        row
    }
}

/// A cell without the blanks and the quotes around it; other escapes stay whole.
fn trimmed(bytes: &[u8], cell: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = cell;
    while start < end {
        start += match byte(bytes, start) {
            b' ' | b'"' | b'\'' => 1,
            b'\\' if escape(bytes, start).1 == b'"' => escape(bytes, start).0,
            _ => break,
        };
    }
    while start < end && matches!(byte(bytes, end - 1), b' ' | b'"' | b'\'') {
        let is_quote = byte(bytes, end - 1) == b'"';
        end -= 1;
        let slashes = slashes(&bytes[start..end], end - start);
        end -= if is_quote { slashes } else { 0 };
    }
    start.min(end)..end
}

impl Sweep<'_> {
    /// Looks whether the string whose content begins at `start` is a table or a message of HL7. `offset` bytes of it
    /// are plain, and an escape follows.
    pub(in crate::scan) fn table(&mut self, start: usize, offset: usize, level: u32) {
        let bytes = self.bytes;
        if offset >= HEADER_BYTES_MAX {
            return;
        }
        let (length, letter) = escape(bytes, start + offset);
        // Inside a string a quote has backslashes of its own.
        let is_closed = letter == b'"' && length == edges::lead(level) + 1;
        if is_closed || offset < 3 && !matches!(letter, b'"' | b't') {
            return;
        }
        // What ends so soon is no table.
        let head = bytes[start..].iter().take(TABLE_BYTES_MIN);
        if offset == 0 || !head.into_iter().any(|byte| *byte == b'"') {
            self.table_at(start, level);
        }
    }

    fn table_at(&mut self, start: usize, level: u32) {
        let bytes = self.bytes;
        if matches!(byte(bytes, start), b'{' | b'[' | b'<') {
            return;
        }
        if bytes[start..].starts_with(b"MSH|") {
            if let End::Closed(end, _) = edges::closing(bytes, start, level) {
                self.segments(start..end);
            }
            return;
        }
        // Lines are judged before the end of the string is looked for, which may be far.
        let window = &bytes[..(start + REACH).min(bytes.len())];
        let near = edges::closing(window, start, level).content();
        let mut end = None;
        let mut at = start;
        while at < near {
            let (header_end, from) = line(bytes, at, near);
            if from > header_end
                && let Some((separator, width, columns)) = self.header(at..header_end, from, near)
            {
                let End::Closed(content, _) = edges::closing(bytes, start, level) else { return };
                let content = *end.get_or_insert(content);
                at = self.rows(from, content, separator, (width, &columns));
                continue;
            }
            at = from.max(header_end + 1);
        }
    }

    /// What a line says as the first of a table, if the line behind it, at `next`, is a row of the same width.
    fn header(
        &mut self,
        header: Range<usize>,
        next: usize,
        end: usize,
    ) -> Option<(Separator, usize, Columns)> {
        let bytes = self.bytes;
        if !(4..=HEADER_BYTES_MAX).contains(&header.len()) {
            return None;
        }
        let found = self.columns(header)?;
        let (below, after) = line(bytes, next, end);
        let is_row = |from, to| Row::new(bytes, from..to, found.0).width == found.1;
        let is_rule = bytes[next..below].iter().all(|byte| b"-+|: =\\t".contains(byte));
        (is_row(next, below) || is_rule && is_row(after, line(bytes, after, end).0)).then_some(found)
    }

    /// Takes the cells of the rows from `from` on; where the table ends.
    fn rows(
        &mut self,
        mut from: usize,
        end: usize,
        separator: Separator,
        (width, columns): (usize, &Columns),
    ) -> usize {
        let bytes = self.bytes;
        let mut others = 0;
        while from < end {
            let (line_end, next) = line(bytes, from, end);
            let row = Row::new(bytes, from..line_end, separator);
            // What is not as wide as the first line is no row of it, and a few such lines end the table.
            if row.width == width {
                others = 0;
                for (column, (from, to)) in columns.iter().zip(row.cells) {
                    if let Some((detector, tier)) = *column {
                        self.cell(detector, tier, from..to);
                    }
                }
            } else {
                others += 1;
                if others == OTHERS_MAX {
                    return line_end;
                }
            }
            from = next.max(line_end + 1);
        }
        from
    }

    /// What parts the columns of a first line, how many there are, and what they say; `None` if it names
    /// none, or is prose.
    fn columns(&mut self, header: Range<usize>) -> Option<(Separator, usize, Columns)> {
        let bytes = self.bytes;
        let separators = separators(bytes, header.clone()).into_iter().flatten();
        let mut rows = separators.map(|one| (one, Row::new(bytes, header.clone(), one)));
        let (separator, row) = rows.find(|(_, row)| row.width > 1)?;
        let is_name = |&(start, end): &(usize, usize)| {
            let text = bytes.get(start..end).unwrap_or_default();
            text.len() <= COLUMN_BYTES_MAX
                && text.iter().filter(|byte| **byte == b' ').count() < 4
                && text.iter().filter(|byte| byte.is_ascii_digit()).count() < 3
        };
        let names = row.cells.get(..row.width)?;
        if !names.iter().all(is_name) {
            return None;
        }
        let mut columns = [None; COLUMNS_MAX];
        for (slot, &(start, end)) in columns.iter_mut().zip(names) {
            *slot = match self.class(start..end) {
                Some(Class::Of(detector, tier)) => Some((detector, tier)),
                Some(Class::Harmless) | None => None,
            };
        }
        let is_told = columns.iter().flatten().any(|(_, tier)| *tier == Tier::Strong);
        if !is_told {
            columns.iter_mut().for_each(|column| *column = column.filter(|(_, tier)| *tier != Tier::Beside));
        }
        columns.iter().any(Option::is_some).then_some((separator, row.width, columns))
    }

    /// Takes the fields of a message of HL7 that hold what tells of a person.
    fn segments(&mut self, content: Range<usize>) {
        let bytes = self.bytes;
        let mut from = content.start;
        while from < content.end {
            let (line_end, next) = line(bytes, from, content.end);
            let rows = SEGMENTS.iter().filter(|row| bytes[from..line_end].starts_with(row.0));
            let fields = Row::new(bytes, from..line_end, Separator::Byte(b'|')).cells;
            for &(_, place, detector) in rows {
                let Some(&(start, end)) = fields.get(place) else { continue };
                // Of a number the first component is the number; the rest says who gave it.
                let whole = &bytes[start..end];
                let is_person = detector == Detector::PERSON || detector == Detector::ADDRESS;
                let length = whole.iter().position(|byte| *byte == b'^' && !is_person).unwrap_or(whole.len());
                self.cell(detector, Tier::Strong, start..start + length);
            }
            from = next.max(line_end + 1);
        }
    }

    /// Takes a cell, unless it is harmless.
    fn cell(&mut self, detector: Detector, tier: Tier, span: Range<usize>) {
        let Some(content) = self.bytes.get(span.clone()).filter(|content| !content.is_empty()) else {
            return;
        };
        if !veto::is_harmless(detector, tier, content) {
            self.part_by(Ground::of_field(tier), detector, span);
        }
    }
}

#[cfg(test)]
mod tests;
