//! From rows of PostgreSQL to those of a registry, each value asked for by its name.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::ReadFault;
use crate::policy::registry::{AliasRow, BundleRow, Extra, VersionRow};

/// Milliseconds since 1970 of a column; what never ends has none.
macro_rules! unix_ms {
    ($column:literal) => {
        concat!(
            "CASE WHEN ",
            $column,
            " = 'infinity' THEN NULL WHEN ",
            $column,
            " = '-infinity' THEN 0 ",
            "ELSE (extract(epoch FROM ",
            $column,
            ") * 1000)::bigint END"
        )
    };
}

pub(super) const VERSIONS: &str = concat!(
    "SELECT name, version, state, definition::text AS definition, definition_sha256, approved_by, ",
    unix_ms!("approved_at"),
    " AS approved, ",
    unix_ms!("deprecated_at"),
    " AS deprecated, ",
    unix_ms!("sunset_at"),
    " AS sunset, successor, transform::text AS transform ",
    "FROM tool_version WHERE server = $1 ORDER BY name, version"
);

pub(super) const ALIASES: &str = concat!(
    "SELECT alias, name, version, ",
    unix_ms!("expires_at"),
    " AS expires ",
    "FROM tool_alias WHERE server = $1 ORDER BY alias"
);

pub(super) const BUNDLE: &str = "SELECT revision, files::text AS files, sha256, author FROM policy_bundle \
                                 WHERE server = $1 AND active ORDER BY revision DESC LIMIT 1";

/// Half a million plain rows come as some hundred lists of tenants.
pub(super) const PLAIN: &str = "SELECT name, enabled, array_agg(tenant) AS tenants FROM tenant_tool \
                                WHERE server = $1 AND version IS NULL AND limits IS NULL AND expires_at IS NULL \
                                GROUP BY name, enabled";

/// Tenants of one plan have the same rows, which come as lists of tenants too.
pub(super) const SPECIAL: &str = concat!(
    "SELECT name, version, enabled, limits, expires, array_agg(tenant) AS tenants FROM (",
    "SELECT tenant, name, version, enabled, limits::text AS limits, ",
    unix_ms!("expires_at"),
    " AS expires ",
    "FROM tenant_tool WHERE server = $1 AND (version IS NOT NULL OR limits IS NOT NULL OR expires_at IS NOT NULL)",
    ") AS row GROUP BY name, version, enabled, limits, expires"
);

pub(super) const OF_TENANTS: &str = concat!(
    "SELECT tenant, name, version, enabled, limits::text AS limits, ",
    unix_ms!("expires_at"),
    " AS expires ",
    "FROM tenant_tool WHERE server = $1 AND tenant = ANY($2)"
);

/// One column.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, table: &'static str, name: &str) -> Result<T, ReadFault> {
    row.try_get(name).map_err(|fault| ReadFault::Row { table, cause: super::link::words(&fault) })
}

pub(super) fn version(row: &Row) -> Result<VersionRow, ReadFault> {
    const TABLE: &str = "tool_version";
    Ok(VersionRow {
        name: get(row, TABLE, "name")?,
        version: get(row, TABLE, "version")?,
        state: get(row, TABLE, "state")?,
        definition: get(row, TABLE, "definition")?,
        sha256: get::<&[u8]>(row, TABLE, "definition_sha256")?.into(),
        approved_by: get(row, TABLE, "approved_by")?,
        approved_unix_ms: get(row, TABLE, "approved")?,
        deprecated_unix_ms: get(row, TABLE, "deprecated")?,
        sunset_unix_ms: get(row, TABLE, "sunset")?,
        successor: get(row, TABLE, "successor")?,
        transform: get(row, TABLE, "transform")?,
    })
}

pub(super) fn alias(row: &Row) -> Result<AliasRow, ReadFault> {
    const TABLE: &str = "tool_alias";
    Ok(AliasRow {
        alias: get(row, TABLE, "alias")?,
        name: get(row, TABLE, "name")?,
        version: get(row, TABLE, "version")?,
        expires_unix_ms: get(row, TABLE, "expires")?,
    })
}

pub(super) fn bundle(row: &Row) -> Result<BundleRow, ReadFault> {
    const TABLE: &str = "policy_bundle";
    let fault = |cause: &str| ReadFault::Row { table: TABLE, cause: cause.to_owned() };
    let files: serde_json::Value =
        serde_json::from_str(get(row, TABLE, "files")?).map_err(|_| fault("its files are no JSON"))?;
    let files = files.as_object().ok_or_else(|| fault("its files are no object"))?;
    let file = |(name, text): (&String, &serde_json::Value)| {
        let text = text.as_str().ok_or_else(|| fault("a file of it is no text"))?;
        Ok((name.as_str().into(), text.into()))
    };
    let mut files: Vec<(Box<str>, Box<str>)> = files.iter().map(file).collect::<Result<_, ReadFault>>()?;
    files.sort();
    Ok(BundleRow {
        revision: get(row, TABLE, "revision")?,
        author: get(row, TABLE, "author")?,
        sha256: get::<&[u8]>(row, TABLE, "sha256")?.into(),
        files,
    })
}

pub(super) fn extra(row: &Row) -> Result<Extra, ReadFault> {
    const TABLE: &str = "tenant_tool";
    let until: Option<i64> = get(row, TABLE, "expires")?;
    Ok(Extra {
        // What ended before 1970 has ended.
        until_unix_ms: until.map(|until| u64::try_from(until).unwrap_or(0)),
        version: get(row, TABLE, "version")?,
        limits: get(row, TABLE, "limits")?,
    })
}
