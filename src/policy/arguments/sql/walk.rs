//! The walk over a query: each node must be known to read only.
//!
//! The derived visitor of `sqlparser` leads to every expression, table and query wherever it stands; the
//! lists here say which of them may stand there. What a newer grammar adds is refused until it is listed.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    Ident, ObjectNamePart, Query, Select, SelectFlavor, SetExpr, TableFactor, UnaryOperator, Value,
    ValueWithSpan, Visit, Visitor,
};

use super::functions::{is_known, is_plain_type};
use super::tables::{Frames, may_read};
use super::{Dialect, SqlTest};

/// Whether nothing in `query` is outside of what `test` lets it do.
pub(super) fn stays_inside(test: &SqlTest, query: &Query) -> bool {
    let mut walker = Walker { test, frames: Frames::default() };
    query.visit(&mut walker).is_continue()
}

struct Walker<'t> {
    test: &'t SqlTest,
    frames: Frames,
}

/// Something is not on the lists.
struct Outside;

fn require(is_inside: bool) -> ControlFlow<Outside> {
    if is_inside { ControlFlow::Continue(()) } else { ControlFlow::Break(Outside) }
}

impl Visitor for Walker<'_> {
    type Break = Outside;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Outside> {
        self.frames.enter(query, self.test.dialect);
        require(is_plain_query(query))
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<Outside> {
        self.frames.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Outside> {
        require(is_plain_select(select))
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Outside> {
        require(match table {
            TableFactor::Table {
                name,
                alias: _,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } => {
                with_hints.is_empty()
                    && partitions.is_empty()
                    && index_hints.is_empty()
                    && may_read(self.test, name, &self.frames)
            }
            TableFactor::Derived { sample: None, .. } | TableFactor::NestedJoin { .. } => true,
            _ => false,
        })
    }

    fn pre_visit_ident(&mut self, name: &Ident) -> ControlFlow<Outside> {
        // `@x` is a variable of the session, `@@x` a setting of the server; to one dialect a parameter.
        let is_parameter = self.test.dialect == Dialect::Mssql && !name.value.starts_with("@@");
        require(!name.value.starts_with('@') || name.quote_style.is_some() || is_parameter)
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Outside> {
        require(self.is_plain(expression))
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Outside> {
        require(match &value.value {
            Value::Number(..) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => true,
            Value::DoubleQuotedString(_) => matches!(self.test.dialect, Dialect::Mysql | Dialect::Sqlite),
            Value::Placeholder(name) => name.starts_with(['?', '$', ':']),
            _ => false,
        })
    }
}

/// A query without locks, outputs, settings or pipes, over what is a query again.
fn is_plain_query(query: &Query) -> bool {
    query.locks.is_empty()
        && query.for_clause.is_none()
        && query.settings.is_none()
        && query.format_clause.is_none()
        && query.pipe_operators.is_empty()
        && query.order_by.as_ref().is_none_or(|order| order.interpolate.is_none())
        && is_plain_body(&query.body)
}

fn is_plain_body(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => true,
        SetExpr::SetOperation { left, right, .. } => is_plain_body(left) && is_plain_body(right),
        SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_)
        | SetExpr::Table(_) => false,
    }
}

fn is_plain_select(select: &Select) -> bool {
    select.into.is_none()
        && select.optimizer_hints.is_empty()
        && select.select_modifiers.is_none()
        && select.exclude.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.connect_by.is_empty()
        && select.cluster_by.is_empty()
        && select.distribute_by.is_empty()
        && select.sort_by.is_empty()
        && select.value_table_mode.is_none()
        && matches!(select.flavor, SelectFlavor::Standard)
        && matches!(select.group_by, GroupByExpr::Expressions(..))
}

impl Walker<'_> {
    fn is_plain(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::SimilarTo { .. }
            | Expr::RLike { .. }
            | Expr::AtTimeZone { .. }
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Overlay { .. }
            | Expr::Collate { .. }
            | Expr::Nested(_)
            | Expr::Value(_)
            | Expr::Case { .. }
            | Expr::Exists { .. }
            | Expr::Subquery(_)
            | Expr::GroupingSets(_)
            | Expr::Cube(_)
            | Expr::Rollup(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
            | Expr::Interval(_)
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..) => true,
            Expr::CompoundFieldAccess { access_chain, .. } => {
                access_chain.iter().all(|access| matches!(access, AccessExpr::Subscript(_)))
            }
            Expr::BinaryOp { op, .. }
            | Expr::AnyOp { compare_op: op, .. }
            | Expr::AllOp { compare_op: op, .. } => is_plain_operator(op),
            Expr::UnaryOp { op, .. } => {
                matches!(
                    op,
                    UnaryOperator::Plus
                        | UnaryOperator::Minus
                        | UnaryOperator::Not
                        | UnaryOperator::BitwiseNot
                )
            }
            Expr::Cast { data_type, format: None, .. }
            | Expr::Convert { data_type: Some(data_type), charset: None, .. } => is_plain_type(data_type),
            Expr::TypedString(typed) => is_plain_type(&typed.data_type),
            Expr::Function(function) => self.is_plain_function(function),
            _ => false,
        }
    }

    fn is_plain_function(&self, function: &Function) -> bool {
        let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return false };
        let lower = name.value.to_lowercase();
        let is_known = is_known(&lower) || self.test.functions.iter().any(|known| **known == *lower);
        let is_plain_argument = |argument: &FunctionArg| {
            let (FunctionArg::Named { arg, .. }
            | FunctionArg::ExprNamed { arg, .. }
            | FunctionArg::Unnamed(arg)) = argument;
            matches!(
                arg,
                FunctionArgExpr::Expr(_) | FunctionArgExpr::Wildcard | FunctionArgExpr::QualifiedWildcard(_)
            )
        };
        let are_plain = match &function.args {
            FunctionArguments::None | FunctionArguments::Subquery(_) => true,
            FunctionArguments::List(list) => list.args.iter().all(is_plain_argument),
        };
        is_known
            && are_plain
            && name.quote_style.is_none()
            && !function.uses_odbc_syntax
            && matches!(function.parameters, FunctionArguments::None)
    }
}

/// Operators of the languages themselves. What users may define under the same signs cannot be seen.
fn is_plain_operator(operator: &BinaryOperator) -> bool {
    matches!(
        operator,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::StringConcat
            | BinaryOperator::Gt
            | BinaryOperator::Lt
            | BinaryOperator::GtEq
            | BinaryOperator::LtEq
            | BinaryOperator::Spaceship
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Xor
            | BinaryOperator::BitwiseOr
            | BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseXor
            | BinaryOperator::MyIntegerDivide
            | BinaryOperator::Match
            | BinaryOperator::Regexp
            | BinaryOperator::Glob
            | BinaryOperator::PGBitwiseXor
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight
            | BinaryOperator::PGExp
            | BinaryOperator::PGOverlap
            | BinaryOperator::PGRegexMatch
            | BinaryOperator::PGRegexIMatch
            | BinaryOperator::PGRegexNotMatch
            | BinaryOperator::PGRegexNotIMatch
            | BinaryOperator::PGLikeMatch
            | BinaryOperator::PGILikeMatch
            | BinaryOperator::PGNotLikeMatch
            | BinaryOperator::PGNotILikeMatch
            | BinaryOperator::PGStartsWith
            | BinaryOperator::Arrow
            | BinaryOperator::LongArrow
            | BinaryOperator::HashArrow
            | BinaryOperator::HashLongArrow
            | BinaryOperator::AtArrow
            | BinaryOperator::ArrowAt
            | BinaryOperator::AtAt
            | BinaryOperator::Overlaps
    )
}
