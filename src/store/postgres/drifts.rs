//! What gates saw of servers that say something else than was approved.
//!
//! A gate reads the registry and writes nothing, so that whoever takes it over cannot approve anything. What it saw
//! stands in its audit trail; who keeps that brings it here, as a role that may write into this one table.

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::ReadFault;
use super::rows::get;

/// Something that a gate saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftRow {
    /// When, in milliseconds since 1970.
    pub at_unix_ms: i64,
    /// The server.
    pub server: String,
    /// The tool.
    pub name: String,
    /// The digest of what was approved.
    pub old_sha256: Option<Vec<u8>>,
    /// The digest of what was shown.
    pub new_sha256: Option<Vec<u8>>,
    /// What happened, in the word of records.
    pub class: String,
    /// What was done about it, in the word of records.
    pub action: String,
}

/// Puts in what is not there yet; how many that were.
pub(super) async fn put_in(client: &mut Client, rows: &[DriftRow]) -> Result<u64, ReadFault> {
    let question = "INSERT INTO drift_event (at, server, name, old_sha256, new_sha256, class, action) \
         SELECT to_timestamp($1::bigint / 1000.0), $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT FROM drift_event \
         WHERE at = to_timestamp($1::bigint / 1000.0) AND server = $2 AND name = $3 AND class = $6)";
    let transaction = client.transaction().await?;
    let mut count = 0;
    for row in rows {
        let values: [&(dyn ToSql + Sync); 7] = [
            &row.at_unix_ms,
            &row.server,
            &row.name,
            &row.old_sha256,
            &row.new_sha256,
            &row.class,
            &row.action,
        ];
        count += transaction.execute(question, &values).await?;
    }
    transaction.commit().await?;
    Ok(count)
}

/// The latest, newest first.
pub(super) async fn latest(client: &Client, most: i64) -> Result<Vec<DriftRow>, ReadFault> {
    const TABLE: &str = "drift_event";
    let question = "SELECT (extract(epoch FROM at) * 1000)::bigint AS at, server, name, old_sha256, new_sha256, class, \
                    action FROM drift_event ORDER BY at DESC, server, name LIMIT $1";
    let rows = client.query(question, &[&most]).await?;
    let row = |row: &tokio_postgres::Row| {
        Ok(DriftRow {
            at_unix_ms: get(row, TABLE, "at")?,
            server: get(row, TABLE, "server")?,
            name: get(row, TABLE, "name")?,
            old_sha256: get(row, TABLE, "old_sha256")?,
            new_sha256: get(row, TABLE, "new_sha256")?,
            class: get(row, TABLE, "class")?,
            action: get(row, TABLE, "action")?,
        })
    };
    rows.iter().map(row).collect()
}
