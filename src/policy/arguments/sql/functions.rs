//! Functions and types that are known to compute and nothing else.
//!
//! Left out on purpose: what waits (`pg_sleep`), reads files or settings (`pg_read_file`,
//! `current_setting`), writes (`nextval`, `lo_import`), runs text as SQL (`query_to_xml`, `dblink`), and
//! what makes a small query large (`repeat`, `lpad`, `generate_series`).

use sqlparser::ast::{ArrayElemTypeDef, DataType};

/// In lower case, sorted, common to the dialects; the database refuses what it does not have.
const FUNCTIONS: &[&str] = &[
    "abs",
    "acos",
    "any_value",
    "array_agg",
    "array_length",
    "asin",
    "atan",
    "atan2",
    "avg",
    "bit_and",
    "bit_length",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "btrim",
    "cardinality",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "charindex",
    "coalesce",
    "concat",
    "concat_ws",
    "corr",
    "cos",
    "count",
    "covar_pop",
    "covar_samp",
    "cume_dist",
    "curdate",
    "current_date",
    "current_time",
    "current_timestamp",
    "curtime",
    "date",
    "date_add",
    "date_bin",
    "date_format",
    "date_part",
    "date_sub",
    "date_trunc",
    "dateadd",
    "datediff",
    "datename",
    "datepart",
    "datetime",
    "day",
    "dayname",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "degrees",
    "dense_rank",
    "eomonth",
    "every",
    "exp",
    "extract",
    "first_value",
    "floor",
    "format",
    "from_unixtime",
    "getdate",
    "getutcdate",
    "greatest",
    "group_concat",
    "grouping",
    "hour",
    "if",
    "ifnull",
    "iif",
    "initcap",
    "instr",
    "isnull",
    "json_agg",
    "json_array",
    "json_array_length",
    "json_build_array",
    "json_build_object",
    "json_extract",
    "json_object",
    "json_object_agg",
    "json_type",
    "json_unquote",
    "json_valid",
    "json_value",
    "jsonb_agg",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_extract_path",
    "jsonb_extract_path_text",
    "jsonb_object_agg",
    "jsonb_typeof",
    "julianday",
    "lag",
    "last_day",
    "last_value",
    "lcase",
    "lead",
    "least",
    "left",
    "len",
    "length",
    "ln",
    "localtime",
    "localtimestamp",
    "locate",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "max",
    "median",
    "mid",
    "min",
    "minute",
    "mod",
    "mode",
    "month",
    "monthname",
    "now",
    "nth_value",
    "ntile",
    "nullif",
    "nvl",
    "octet_length",
    "percent_rank",
    "percentile_cont",
    "percentile_disc",
    "pi",
    "position",
    "pow",
    "power",
    "quarter",
    "radians",
    "rank",
    "regr_slope",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "row_to_json",
    "rtrim",
    "second",
    "sign",
    "sin",
    "split_part",
    "sqrt",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "str_to_date",
    "strftime",
    "string_agg",
    "strpos",
    "substr",
    "substring",
    "sum",
    "tan",
    "time",
    "timestampdiff",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "total",
    "trim",
    "trunc",
    "truncate",
    "typeof",
    "ucase",
    "unix_timestamp",
    "unixepoch",
    "upper",
    "var_pop",
    "var_samp",
    "variance",
    "week",
    "weekday",
    "year",
];

/// Whether a function only computes, by its name in lower case.
pub(super) fn is_known(name: &str) -> bool {
    FUNCTIONS.binary_search(&name).is_ok()
}

/// Whether a type is one of the language, so that a cast to it calls nothing that users wrote.
pub(super) fn is_plain_type(of: &DataType) -> bool {
    match of {
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(inner, _) | ArrayElemTypeDef::AngleBracket(inner),
        ) => is_plain_type(inner),
        DataType::Character(_)
        | DataType::Char(_)
        | DataType::CharacterVarying(_)
        | DataType::CharVarying(_)
        | DataType::Varchar(_)
        | DataType::Nvarchar(_)
        | DataType::Uuid
        | DataType::Numeric(_)
        | DataType::Decimal(_)
        | DataType::Dec(_)
        | DataType::Float(_)
        | DataType::TinyInt(_)
        | DataType::SmallInt(_)
        | DataType::MediumInt(_)
        | DataType::Int(_)
        | DataType::Int2(_)
        | DataType::Int4(_)
        | DataType::Int8(_)
        | DataType::Integer(_)
        | DataType::BigInt(_)
        | DataType::Signed
        | DataType::SignedInteger
        | DataType::Unsigned
        | DataType::UnsignedInteger
        | DataType::Real
        | DataType::Float4
        | DataType::Float8
        | DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::Bool
        | DataType::Boolean
        | DataType::Date
        | DataType::Time(..)
        | DataType::Datetime(_)
        | DataType::Timestamp(..)
        | DataType::TimestampNtz(..)
        | DataType::Interval { .. }
        | DataType::JSON
        | DataType::JSONB
        | DataType::Text => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sorted_for_the_search() {
        assert!(FUNCTIONS.is_sorted_by(|left, right| left < right));
        assert!(is_known("count") && !is_known("pg_sleep") && !is_known("COUNT"));
    }
}
