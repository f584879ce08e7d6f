//! Where a finding stands, counted in the units of those who read it.

use crate::policy::{Fault, Faults};

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Unicode scalar values.
    Characters,
    /// UTF-16 code units.
    Utf16,
}

/// A range on one line; columns from 1, the end behind the last unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
    pub end_column: usize,
}

/// Where a fault stands.
pub(super) fn of_fault(faults: &Faults, fault: &Fault, unit: Unit) -> Place {
    range(faults, fault, (fault.start, fault.end), unit)
}

/// Where the change would be made that a fault suggests, and what it writes there.
pub(super) fn of_suggestion<'f>(faults: &Faults, fault: &'f Fault, unit: Unit) -> Option<(Place, &'f str)> {
    let change = fault.suggestion.as_ref()?;
    Some((range(faults, fault, (change.start, change.end), unit), &change.replacement))
}

/// Places `(start, end)`, which lie in the file of the fault and on its line.
fn range(faults: &Faults, fault: &Fault, (start, end): (usize, usize), unit: Unit) -> Place {
    let line = faults.line_of(fault);
    // The column of a fault counts characters, so as many of them lie before it.
    let before: usize = line.chars().take(fault.column - 1).map(char::len_utf8).sum();
    let line_start = fault.start.saturating_sub(before);
    let column = |at: usize| {
        let text = line.get(..at.saturating_sub(line_start)).unwrap_or(line);
        1 + match unit {
            Unit::Characters => text.chars().count(),
            Unit::Utf16 => text.encode_utf16().count(),
        }
    };
    Place { line: fault.line, column: column(start), end_column: column(end) }
}
