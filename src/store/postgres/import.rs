//! Putting rows in: of a bundle that somebody approved, or of an export.

use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

use super::ReadFault;
use super::rows::get;
use crate::policy::Registry;
use crate::policy::registry::{ACTIVE, DRAFT, VersionRow};
use crate::store::unix_ms;

/// What is written by an import.
#[derive(Debug, Clone, Copy)]
pub struct Import<'i> {
    /// What is put in; `epoch` and `revision` say nothing.
    pub registry: &'i Registry,
    /// Who approves what comes as active, and who wrote the bundle.
    pub author: &'i str,
    /// Whether versions, tenants and aliases that are not in it go.
    pub is_whole: bool,
}

/// Puts rows in.
pub(super) async fn put_in(transaction: &Transaction<'_>, import: Import<'_>) -> Result<(), ReadFault> {
    let Import { registry, author, is_whole } = import;
    let server = &*registry.server;
    transaction
        .execute("INSERT INTO tool_server (id) VALUES ($1) ON CONFLICT DO NOTHING", &[&server])
        .await?;
    if is_whole {
        for table in ["tenant_tool", "tool_alias", "tool_version"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE server = $1"), &[&server]).await?;
        }
    }
    for row in &registry.versions {
        if is_whole {
            put_row(transaction, server, row).await?;
        } else {
            put_version(transaction, (server, author), row).await?;
        }
    }
    for row in &registry.aliases {
        let question = "INSERT INTO tool_alias (server, alias, name, version, expires_at) \
             VALUES ($1, $2, $3, $4, to_timestamp($5::bigint / 1000.0)) ON CONFLICT (server, alias) DO UPDATE \
             SET name = excluded.name, version = excluded.version, expires_at = excluded.expires_at";
        let (alias, name) = (&*row.alias, &*row.name);
        transaction.execute(question, &[&server, &alias, &name, &row.version, &row.expires_unix_ms]).await?;
    }
    if is_whole && registry.bundle.is_none() {
        let question = "UPDATE policy_bundle SET active = false WHERE server = $1 AND active";
        transaction.execute(question, &[&server]).await?;
    }
    put_bundle(transaction, (server, author), registry).await?;
    put_tenants(transaction, registry).await
}

/// A version as it was exported.
async fn put_row(transaction: &Transaction<'_>, server: &str, row: &VersionRow) -> Result<(), ReadFault> {
    let question = "INSERT INTO tool_version (server, name, version, state, definition, definition_sha256, approved_by, \
         approved_at, deprecated_at, sunset_at, successor, transform) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, \
         to_timestamp($8::bigint / 1000.0), to_timestamp($9::bigint / 1000.0), to_timestamp($10::bigint / 1000.0), \
         $11, $12::text::jsonb)";
    let (name, state, definition) = (&*row.name, &*row.state, &*row.definition);
    let (sha256, by, transform) = (&*row.sha256, row.approved_by.as_deref(), row.transform.as_deref());
    let values: [&(dyn ToSql + Sync); 12] = [
        &server,
        &name,
        &row.version,
        &state,
        &definition,
        &sha256,
        &by,
        &row.approved_unix_ms,
        &row.deprecated_unix_ms,
        &row.sunset_unix_ms,
        &row.successor,
        &transform,
    ];
    transaction.execute(question, &values).await?;
    Ok(())
}

/// A definition as somebody approved it now, or wants it looked at: it becomes the version whose number it has, or else
/// the next, unless it is there.
async fn put_version(
    transaction: &Transaction<'_>,
    (server, author): (&str, &str),
    row: &VersionRow,
) -> Result<(), ReadFault> {
    const TABLE: &str = "tool_version";
    let question = "SELECT version, state, definition_sha256 FROM tool_version WHERE server = $1 AND name = $2 \
                    ORDER BY version DESC FOR UPDATE";
    let known = transaction.query(question, &[&server, &&*row.name]).await?;
    let (mut next, mut numbers) = (1, Vec::new());
    let mut same = None;
    for found in &known {
        let version: i32 = get(found, TABLE, "version")?;
        next = next.max(version.saturating_add(1));
        numbers.push(version);
        if get::<&[u8]>(found, TABLE, "definition_sha256")? == &*row.sha256 && same.is_none() {
            same = Some((version, get::<String>(found, TABLE, "state")?));
        }
    }
    let is_active = *row.state == *ACTIVE;
    // The number that the files give it, where it is free.
    if row.version > 0 && !numbers.contains(&row.version) {
        next = row.version;
    }
    match same {
        Some((_, state)) if state == ACTIVE || !is_active => Ok(()),
        Some((version, _)) => {
            retire(transaction, server, &row.name, version).await?;
            let question = "UPDATE tool_version SET state = 'active', approved_by = $4, approved_at = now(), \
                 deprecated_at = NULL, sunset_at = NULL, successor = NULL, \
                 transform = CASE WHEN transform ? 'upstream' THEN transform END WHERE server = $1 AND name = $2 AND version = $3";
            transaction.execute(question, &[&server, &&*row.name, &version, &author]).await?;
            Ok(())
        }
        None => {
            if is_active {
                retire(transaction, server, &row.name, next).await?;
            }
            let by = (*row.state != *DRAFT).then(|| author.into());
            let approved_unix_ms = by.is_some().then(|| i64::try_from(unix_ms()).unwrap_or(i64::MAX));
            let row = VersionRow { version: next, approved_by: by, approved_unix_ms, ..row.clone() };
            put_row(transaction, server, &row).await
        }
    }
}

/// Deprecates what is active of a tool, in favour of `successor`.
pub(super) async fn retire(
    transaction: &Transaction<'_>,
    server: &str,
    name: &str,
    successor: i32,
) -> Result<(), ReadFault> {
    let question = "UPDATE tool_version SET state = 'deprecated', deprecated_at = now(), successor = $3 \
                    WHERE server = $1 AND name = $2 AND state = 'active' AND version <> $3";
    transaction.execute(question, &[&server, &name, &successor]).await?;
    Ok(())
}

async fn put_bundle(
    transaction: &Transaction<'_>,
    (server, author): (&str, &str),
    registry: &Registry,
) -> Result<(), ReadFault> {
    let Some(bundle) = &registry.bundle else { return Ok(()) };
    let sha256 = &*bundle.sha256;
    let question = "SELECT 1 FROM policy_bundle WHERE server = $1 AND active AND sha256 = $2";
    if transaction.query_opt(question, &[&server, &sha256]).await?.is_some() {
        return Ok(());
    }
    transaction
        .execute("UPDATE policy_bundle SET active = false WHERE server = $1 AND active", &[&server])
        .await?;
    let files: serde_json::Map<String, serde_json::Value> =
        bundle.files.iter().map(|(name, text)| (name.to_string(), text.to_string().into())).collect();
    let files = serde_json::Value::from(files).to_string();
    let question = "INSERT INTO policy_bundle (server, files, sha256, author, active) \
                    VALUES ($1, $2::text::jsonb, $3, $4, true)";
    transaction.execute(question, &[&server, &files, &sha256, &author]).await?;
    Ok(())
}

async fn put_tenants(transaction: &Transaction<'_>, registry: &Registry) -> Result<(), ReadFault> {
    let (server, grid) = (&*registry.server, &registry.grid);
    let question = "INSERT INTO tenant_tool (server, tenant, name, enabled, version, limits, expires_at) \
         SELECT $1, tenant, $2, enabled, version, limits::jsonb, to_timestamp(expires / 1000.0) \
         FROM unnest($3::text[], $4::boolean[], $5::int[], $6::text[], $7::bigint[]) \
         AS row (tenant, enabled, version, limits, expires) \
         ON CONFLICT (server, tenant, name) DO UPDATE SET enabled = excluded.enabled, version = excluded.version, \
         limits = excluded.limits, expires_at = excluded.expires_at";
    for (column, tool) in grid.tools().iter().enumerate() {
        let (mut tenants, mut enabled) = (Vec::new(), Vec::new());
        let (mut versions, mut limits, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for (row, tenant) in grid.tenants().iter().enumerate() {
            let Some(cell) = grid.cell(row, column) else { continue };
            tenants.push(&**tenant);
            enabled.push(cell.is_enabled);
            versions.push(cell.extra.version);
            limits.push(cell.extra.limits.map(String::from));
            ends.push(cell.extra.until_unix_ms.and_then(|until| i64::try_from(until).ok()));
        }
        transaction
            .execute(question, &[&server, &&**tool, &tenants, &enabled, &versions, &limits, &ends])
            .await?;
    }
    Ok(())
}
