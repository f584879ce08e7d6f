//! Names of tables: which are listed, and which are not tables but `WITH` names.
//!
//! `WITH secret AS (...)` makes `secret` harmless inside that query and nowhere else, not even in its
//! own body. So each query has a frame, and a query in a `WITH` sees only the names before it.

use std::ptr;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Query};

use super::{Dialect, SqlTest};

/// The names that `WITH` gave, by query, outermost first.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<Frame>);

#[derive(Debug)]
struct Frame {
    names: Vec<String>,
    /// The queries of `names`; only compared, never followed.
    bodies: Vec<*const Query>,
    is_recursive: bool,
    /// How many names of the frame outside are seen from here.
    outer: usize,
}

impl Frames {
    /// Enters a query.
    pub fn enter(&mut self, query: &Query, dialect: Dialect) {
        let outer = self.0.last().map_or(0, |frame| frame.seen_from(query));
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.push(Frame {
            names: tables.clone().map(|table| with_name(&table.alias.name, dialect)).collect(),
            bodies: tables.map(|table| ptr::from_ref(&*table.query)).collect(),
            is_recursive: query.with.as_ref().is_some_and(|with| with.recursive),
            outer,
        });
    }

    /// Leaves the query that was entered last.
    pub fn leave(&mut self) {
        self.0.pop();
    }

    fn defines(&self, name: &str) -> bool {
        let mut seen = usize::MAX;
        for frame in self.0.iter().rev() {
            if frame.names.iter().take(seen).any(|known| known == name) {
                return true;
            }
            seen = frame.outer;
        }
        false
    }
}

impl Frame {
    fn seen_from(&self, query: &Query) -> usize {
        match self.bodies.iter().position(|body| ptr::eq(*body, query)) {
            Some(index) if self.is_recursive => index + 1,
            Some(index) => index,
            None => self.names.len(),
        }
    }
}

/// Whether a query may read what stands in its `FROM` under this name.
pub(super) fn may_read(test: &SqlTest, name: &ObjectName, frames: &Frames) -> bool {
    let ObjectName(parts) = name;
    let mut identifiers = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            ObjectNamePart::Identifier(identifier) => identifiers.push(identifier),
            ObjectNamePart::Function(_) => return false,
        }
    }
    if let [only] = identifiers.as_slice()
        && frames.defines(&with_name(only, test.dialect))
    {
        return true;
    }
    if identifiers.len() > PARTS_MAX
        || identifiers.iter().any(|identifier| is_system(identifier, test.dialect))
    {
        return false;
    }
    let Some(tables) = &test.tables else { return true };
    let folded: Vec<String> = identifiers.iter().map(|identifier| fold(identifier, test.dialect)).collect();
    // A dot or star inside of quotes must not pass for one between names or in the pattern.
    let is_plain = folded.iter().all(|part| !part.contains(['.', '*']) && !part.is_empty());
    is_plain && tables.iter().any(|table| table.matches(&folded.join(".")))
}

/// Catalogue, schema and table; with more parts it leads to another server.
const PARTS_MAX: usize = 3;

/// Whether a name is one of the system's own, in its dialect; where that is not known, in any.
fn is_system(identifier: &Ident, dialect: Dialect) -> bool {
    let name = identifier.value.to_lowercase();
    let is_of = |of: Dialect| dialect == of || dialect == Dialect::Generic;
    name == "information_schema"
        || (is_of(Dialect::Postgres) && name.starts_with("pg_"))
        || (is_of(Dialect::Sqlite) && name.starts_with("sqlite_"))
        || (is_of(Dialect::Mysql) && matches!(name.as_str(), "mysql" | "performance_schema" | "sys"))
        || (is_of(Dialect::Mssql)
            && (matches!(name.as_str(), "master" | "msdb" | "sys" | "tempdb")
                || name.starts_with("sysobjects")))
}

/// A name as the dialect compares it.
fn fold(identifier: &Ident, dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres if identifier.quote_style.is_some() => identifier.value.clone(),
        Dialect::Mssql | Dialect::Postgres | Dialect::Sqlite => identifier.value.to_lowercase(),
        Dialect::Generic | Dialect::Mysql => identifier.value.clone(),
    }
}

/// A name as `WITH` makes it known; where it is not known whether quotes count, they do.
fn with_name(identifier: &Ident, dialect: Dialect) -> String {
    match (dialect, identifier.quote_style) {
        (Dialect::Generic, Some(quote)) => format!("{quote}{}", identifier.value),
        (Dialect::Generic | Dialect::Mssql | Dialect::Mysql | Dialect::Postgres | Dialect::Sqlite, _) => {
            fold(identifier, dialect)
        }
    }
}
