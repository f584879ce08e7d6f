//! SQL: whether a text is one query that only reads, and from which tables.
//!
//! **How.** The text is cut into tokens, which are counted before anything else; it is parsed in the
//! dialect that the policy names, with a bound on nesting; then every node of the tree must be on a
//! list of what is known to read only: one `SELECT`, no locks, no `INTO`, no statement in a `WITH`, no
//! table functions, functions and types by name. What cannot be parsed, or is spelled in a way that
//! dialects read differently (backslashes, nested or executable comments, dollar quotes), is unknown.
//!
//! **What it is not: a boundary.** From the text nobody can tell what a view, a trigger, an operator or
//! a function of the same name does, nor whether `a.b` calls a function `b` of the row `a`, nor how long
//! it runs. The boundary is a role of the database that may only read; this keeps honest mistakes and
//! crude attacks from getting there.
//!
//! Source: the reference of policies, section 11.

mod functions;
mod tables;
mod walk;

use std::fmt;

use sqlparser::ast::Statement;
use sqlparser::dialect::{
    Dialect as Grammar, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::{Parser, ParserOptions};
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::literal::Word;
use super::{Standing, show_list};
use crate::bounds::{SQL_BYTES_MAX, SQL_NESTING_MAX, SQL_TOKENS_MAX};
use crate::json::Value;
use crate::policy::glob::Glob;

/// What a rule asks of SQL: that it reads only, and nothing but these tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct SqlTest {
    pub dialect: Dialect,
    /// Tables that may be read, as the dialect folds them; `None` for all but the system's own.
    pub tables: Option<Box<[Glob]>>,
    /// Functions that may be called beside the known ones, in lower case.
    pub functions: Box<[Box<str>]>,
}

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Dialect {
    Generic,
    Mssql,
    Mysql,
    Postgres,
    Sqlite,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: &[Self] = &[Self::Generic, Self::Mssql, Self::Mysql, Self::Postgres, Self::Sqlite];

    /// As a policy spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Mssql => "mssql",
            Self::Mysql => "mysql",
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }

    fn grammar(self) -> &'static dyn Grammar {
        match self {
            Self::Generic => &GenericDialect {},
            Self::Mssql => &MsSqlDialect {},
            Self::Mysql => &MySqlDialect {},
            Self::Postgres => &PostgreSqlDialect {},
            Self::Sqlite => &SQLiteDialect {},
        }
    }
}

/// What was found in the text of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It does more than it may, or nobody knows what it does.
    Exceeds,
    /// It reads what it may.
    Reads,
    /// It may be read in several ways, or not at all.
    Unreadable,
}

impl SqlTest {
    /// Whether a string is one query that stays inside. Allocates; some 10 to 30 us for a usual one.
    pub(super) fn judge(&self, value: Value<'_>) -> Standing {
        let Some(text) = value.string() else { return Standing::Unknown };
        match self.read(&text) {
            Verdict::Exceeds => Standing::Fails,
            Verdict::Reads => Standing::Meets,
            Verdict::Unreadable => Standing::Unknown,
        }
    }

    fn read(&self, text: &str) -> Verdict {
        if text.len() > SQL_BYTES_MAX || text.contains(is_doubtful) {
            return Verdict::Unreadable;
        }
        let grammar = self.dialect.grammar();
        let Ok(tokens) = Tokenizer::new(grammar, text).with_unescape(false).tokenize() else {
            return Verdict::Unreadable;
        };
        let is_word = |token: &&Token| !matches!(token, Token::Whitespace(_));
        if tokens.iter().filter(is_word).count() > SQL_TOKENS_MAX || tokens.iter().any(is_doubtful_token) {
            return Verdict::Unreadable;
        }
        let options = ParserOptions { trailing_commas: false, unescape: false, ..ParserOptions::default() };
        let mut parser = Parser::new(grammar)
            .with_recursion_limit(SQL_NESTING_MAX)
            .with_options(options)
            .with_tokens(tokens);
        match parser.parse_statements() {
            Ok(statements) => self.judge_statements(&statements),
            Err(_) => Verdict::Unreadable,
        }
    }

    fn judge_statements(&self, statements: &[Statement]) -> Verdict {
        let query = match statements {
            [Statement::Query(query)] => query,
            [Statement::Explain { statement, analyze, options, format, .. }] => match &**statement {
                // With options it may run what it explains.
                Statement::Query(query) if !analyze && options.is_none() && format.is_none() => query,
                _ => return Verdict::Exceeds,
            },
            _ => return Verdict::Exceeds,
        };
        if walk::stays_inside(self, query) { Verdict::Reads } else { Verdict::Exceeds }
    }
}

/// Characters that dialects, or readers on the way, do not agree about: escapes, and blanks and line
/// ends that are none to some.
fn is_doubtful(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\\' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => true,
        _ if character.is_ascii() => character.is_control(),
        _ => character.is_control() || character.is_whitespace(),
    }
}

/// Tokens that other dialects, or other settings of the same one, cut otherwise.
fn is_doubtful_token(token: &Token) -> bool {
    match token {
        Token::Whitespace(Whitespace::SingleLineComment { comment, prefix }) => {
            prefix != "--" || !comment.starts_with([' ', '\n'])
        }
        Token::Whitespace(Whitespace::MultiLineComment(comment)) => {
            comment.starts_with(['!', '+', 'M', 'm']) || comment.contains("/*")
        }
        Token::DollarQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_) => true,
        _ => false,
    }
}

/// As a policy spells it.
impl fmt::Display for SqlTest {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{{ read_only: true, dialect: {}", self.dialect.as_str())?;
        if let Some(tables) = &self.tables {
            to.write_str(", tables: ")?;
            show_list(tables.iter().map(|table| Word(table.as_str())), to)?;
        }
        if !self.functions.is_empty() {
            to.write_str(", functions: ")?;
            show_list(self.functions.iter().map(|function| Word(function)), to)?;
        }
        to.write_str(" }")
    }
}

#[cfg(test)]
mod tests;
