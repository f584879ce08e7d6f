//! Which tenants may use which tools: three bits for each pair, for ten thousand tenants and more.
//!
//! ```text
//! tenant ──hash──▶ row ─┐
//! tool ──at compile──▶ column ─┴─▶ said? enabled? more? ──more──▶ until, version, limits (by halving)
//! ```
//!
//! A megabyte for 10,000 tenants and 50 tools; a look at it is one hash of the tenant's name and three bits, and
//! allocates nothing. What few rows have is often the same: each kind of it is kept once, so that a pin of every
//! tenant on every tool takes 12 bytes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::policy::switches::Availability;

/// What the registry says of tenants and tools; immutable once it is in a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid {
    tools: Vec<Box<str>>,
    columns: HashMap<Box<str>, usize>,
    tenants: Vec<Arc<str>>,
    rows: HashMap<Arc<str>, usize>,
    /// Words of 64 columns that one plane of a row has.
    words: usize,
    /// For each row three planes of `words`: said, enabled, more.
    bits: Vec<u64>,
    /// Row, column, and the kind of what few rows have, in order.
    extras: Vec<((u32, u32), u32)>,
    /// Each once.
    kinds: Vec<Extra>,
    kind_places: HashMap<Extra, u32>,
    /// The first row of each column and kind, in order: few where tenants are alike.
    firsts: Vec<((u32, u32), u32)>,
}

/// One row of `tenant_tool`, without its names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Whether the tenant may use the tool.
    pub is_enabled: bool,
    /// What few rows have.
    pub extra: Extra,
}

/// What few rows have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Extra {
    /// When it ends, in milliseconds since 1970: what was enabled is disabled then; of what was disabled nothing is
    /// said any more.
    pub until_unix_ms: Option<u64>,
    /// The version that the tenant has of the tool.
    pub version: Option<i32>,
    /// The limits of the tenant for the tool, as JSON text.
    pub limits: Option<Box<str>>,
}

impl Extra {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which of the three bits.
#[derive(Debug, Clone, Copy)]
enum Plane {
    Said,
    Enabled,
    More,
}

const PLANES: usize = 3;

impl Grid {
    /// Notes what a row says. The later one counts where there are two.
    ///
    /// Rows with an [`Extra`] are sorted in by [`Grid::settle`], which has to be called once at the end.
    pub fn put(&mut self, tenant: &str, tool: &str, cell: Cell) {
        let (row, column) = (self.row_for(tenant), self.column_for(tool));
        self.set(row, column, Plane::Said, true);
        self.set(row, column, Plane::Enabled, cell.is_enabled);
        self.set(row, column, Plane::More, !cell.extra.is_empty());
        if !cell.extra.is_empty() {
            let kind = self.kind_for(cell.extra);
            self.extras.push((place(row, column), kind));
        }
    }

    /// Puts everything in order, for looking up.
    pub fn settle(&mut self) {
        self.extras.shrink_to_fit();
        // Stable, so that of two with the same place the later one stands behind, and is kept.
        self.extras.sort_by_key(|(place, _)| *place);
        self.extras.dedup_by(|later, earlier| {
            let is_same = later.0 == earlier.0;
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same
        });
        self.firsts.clear();
        let mut seen: HashSet<(u32, u32)> = HashSet::new();
        for ((row, column), kind) in &self.extras {
            if seen.insert((*column, *kind)) {
                self.firsts.push(((*row, *column), *kind));
            }
        }
    }

    /// Forgets what is said of a tenant, for its rows to be put in anew.
    pub fn clear(&mut self, tenant: &str) {
        let Some(&row) = self.rows.get(tenant) else { return };
        let from = row * PLANES * self.words;
        self.bits.iter_mut().skip(from).take(PLANES * self.words).for_each(|word| *word = 0);
        let (row, _) = place(row, 0);
        self.extras.retain(|((other, _), _)| *other != row);
    }

    /// The tools that rows name, by column.
    pub fn tools(&self) -> &[Box<str>] {
        &self.tools
    }

    /// The tenants that rows name, by row; of one that was cleared nothing may be said.
    pub fn tenants(&self) -> &[Arc<str>] {
        &self.tenants
    }

    /// The row of a tenant.
    pub fn row(&self, tenant: &str) -> Option<usize> {
        self.rows.get(tenant).copied()
    }

    /// The column of a tool.
    pub fn column(&self, tool: &str) -> Option<usize> {
        self.columns.get(tool).copied()
    }

    /// What is said for a tenant and a tool at a time. Allocates nothing.
    pub(in crate::policy) fn at(&self, row: usize, column: usize, unix_ms: u64) -> Option<Availability> {
        if !self.get(row, column, Plane::Said) {
            return None;
        }
        let is_enabled = self.get(row, column, Plane::Enabled);
        let until = self.extra(row, column).and_then(|extra| extra.until_unix_ms);
        let is_over = until.is_some_and(|end| end <= unix_ms);
        match (is_enabled, is_over) {
            (true, false) => Some(Availability::Enabled),
            (true, true) | (false, false) => Some(Availability::Disabled),
            (false, true) => None,
        }
    }

    /// The version that a row pins its tenant to, while the row says anything. Allocates nothing.
    pub(in crate::policy) fn pin(&self, row: usize, column: usize, unix_ms: u64) -> Option<i32> {
        let (_, extra) = self.more(row, column)?;
        let is_over = extra.until_unix_ms.is_some_and(|end| end <= unix_ms);
        extra.version.filter(|_| !is_over)
    }

    /// The kind of what a row has more, by its place in [`Grid::kinds`], while the row says anything.
    pub(in crate::policy) fn kind(&self, row: usize, column: usize, unix_ms: u64) -> Option<usize> {
        let (kind, extra) = self.more(row, column)?;
        (extra.until_unix_ms.is_none_or(|end| end > unix_ms)).then_some(kind)
    }

    /// What some rows have more, each kind of it once; also of rows that are gone.
    pub(in crate::policy) fn kinds(&self) -> &[Extra] {
        &self.kinds
    }

    /// The row of `tenant_tool` at a place, if there is one. Copies what few rows have.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        self.get(row, column, Plane::Said).then(|| Cell {
            is_enabled: self.get(row, column, Plane::Enabled),
            extra: self.extra(row, column).cloned().unwrap_or_default(),
        })
    }

    /// The rows that say more than yes or no: by row, column.
    pub fn extras(&self) -> impl Iterator<Item = (usize, usize, &Extra)> {
        self.extras
            .iter()
            .filter_map(|((row, column), kind)| Some((at(*row), at(*column), self.kinds.get(at(*kind))?)))
    }

    /// For each column and kind of [`Grid::kinds`] the first row that has it: row, column, kind.
    pub(in crate::policy) fn firsts(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.firsts.iter().map(|((row, column), kind)| (at(*row), at(*column), at(*kind)))
    }

    /// How many pairs something is said of.
    pub fn len(&self) -> usize {
        let said =
            |row: &[u64]| row.iter().take(self.words).map(|word| word.count_ones() as usize).sum::<usize>();
        self.bits.chunks((PLANES * self.words).max(1)).map(said).sum()
    }

    /// Whether nothing is said at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn extra(&self, row: usize, column: usize) -> Option<&Extra> {
        self.more(row, column).map(|(_, extra)| extra)
    }

    fn more(&self, row: usize, column: usize) -> Option<(usize, &Extra)> {
        if !self.get(row, column, Plane::More) {
            return None;
        }
        let found = self.extras.binary_search_by_key(&place(row, column), |(place, _)| *place).ok()?;
        let kind = at(self.extras.get(found)?.1);
        Some((kind, self.kinds.get(kind)?))
    }

    fn kind_for(&mut self, extra: Extra) -> u32 {
        if let Some(&kind) = self.kind_places.get(&extra) {
            return kind;
        }
        let kind = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        self.kind_places.insert(extra.clone(), kind);
        self.kinds.push(extra);
        kind
    }

    fn row_for(&mut self, tenant: &str) -> usize {
        if let Some(&row) = self.rows.get(tenant) {
            return row;
        }
        let name: Arc<str> = tenant.into();
        self.rows.insert(Arc::clone(&name), self.tenants.len());
        self.tenants.push(name);
        self.bits.resize(self.tenants.len() * PLANES * self.words, 0);
        self.tenants.len() - 1
    }

    fn column_for(&mut self, tool: &str) -> usize {
        if let Some(&column) = self.columns.get(tool) {
            return column;
        }
        self.columns.insert(tool.into(), self.tools.len());
        self.tools.push(tool.into());
        let words = self.tools.len().div_ceil(64);
        if words > self.words {
            self.widen(words);
        }
        self.tools.len() - 1
    }

    /// Gives every plane so many words.
    fn widen(&mut self, words: usize) {
        let mut wider = vec![0; self.tenants.len() * PLANES * words];
        if self.words > 0 {
            for (to, from) in wider.chunks_mut(words).zip(self.bits.chunks(self.words)) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
        (self.bits, self.words) = (wider, words);
    }

    fn word(&self, row: usize, column: usize, plane: Plane) -> usize {
        let plane = match plane {
            Plane::Said => 0,
            Plane::Enabled => 1,
            Plane::More => 2,
        };
        (row * PLANES + plane) * self.words + column / 64
    }

    fn get(&self, row: usize, column: usize, plane: Plane) -> bool {
        let word = self.bits.get(self.word(row, column, plane)).copied().unwrap_or_default();
        column / 64 < self.words && word >> (column % 64) & 1 == 1
    }

    fn set(&mut self, row: usize, column: usize, plane: Plane, to: bool) {
        let at = self.word(row, column, plane);
        if let Some(word) = self.bits.get_mut(at) {
            let bit = 1 << (column % 64);
            *word = if to { *word | bit } else { *word & !bit };
        }
    }
}

/// A place in as few bytes as the bounds of a registry need.
fn place(row: usize, column: usize) -> (u32, u32) {
    (u32::try_from(row).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(is_enabled: bool) -> Cell {
        Cell { is_enabled, extra: Extra::default() }
    }

    fn until(is_enabled: bool, end: u64) -> Cell {
        Cell { is_enabled, extra: Extra { until_unix_ms: Some(end), ..Extra::default() } }
    }

    #[test]
    fn remembers_every_pair_though_tools_and_tenants_come_mixed() {
        let mut grid = Grid::default();
        let is_enabled = |tenant: usize, tool: usize| (tenant * 7 + tool).is_multiple_of(3);
        let is_said = |tenant: usize, tool: usize| !(tenant + tool).is_multiple_of(5);
        for tenant in 0..40 {
            for tool in (0..=tenant * 4).filter(|&tool| is_said(tenant, tool)) {
                grid.put(&format!("t{tenant}"), &format!("x{tool}"), plain(is_enabled(tenant, tool)));
            }
        }
        grid.settle();
        let mut count = 0;
        for tenant in 0..40 {
            for tool in 0..=39 * 4 {
                let at = grid.row(&format!("t{tenant}")).zip(grid.column(&format!("x{tool}")));
                let found = at.and_then(|(row, column)| grid.at(row, column, 0));
                let is_there = tool <= tenant * 4 && is_said(tenant, tool);
                let wanted =
                    if is_enabled(tenant, tool) { Availability::Enabled } else { Availability::Disabled };
                assert_eq!(found, is_there.then_some(wanted), "t{tenant} x{tool}");
                count += usize::from(is_there);
            }
        }
        assert_eq!(grid.len(), count);
    }

    #[test]
    fn ends_what_has_an_end_and_the_later_row_counts() {
        let mut grid = Grid::default();
        grid.put("acme", "search", until(true, 9));
        grid.put("acme", "refund", until(false, 9));
        grid.put("acme", "search", until(true, 7));
        grid.settle();
        let at = |tool: &str, unix_ms| grid.at(0, grid.column(tool).unwrap(), unix_ms);
        assert_eq!(at("search", 6), Some(Availability::Enabled));
        assert_eq!(at("search", 7), Some(Availability::Disabled), "what was granted is over");
        assert_eq!(at("refund", 8), Some(Availability::Disabled));
        assert_eq!(at("refund", 9), None, "of what was taken nothing is said any more");
        grid.clear("acme");
        grid.put("acme", "search", plain(true));
        grid.settle();
        assert_eq!((grid.len(), grid.extras().count()), (1, 0));
        assert_eq!(grid.at(0, 0, 99), Some(Availability::Enabled));
        assert_eq!(grid.row("globex"), None);
    }
}
