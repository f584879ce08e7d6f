//! One reading: all rows about a server, of one moment.

use std::sync::Arc;

use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::ReadFault;
use super::rows::{self, ALIASES, BUNDLE, OF_TENANTS, PLAIN, SPECIAL, VERSIONS, get};
use crate::bounds::{REGISTRY_EXTRAS_MAX, REGISTRY_TENANTS_MAX};
use crate::policy::Registry;
use crate::policy::registry::{Cell, Extra, Grid};

/// Changed tenants from which on everything is read: it is quicker then.
const TENANTS_APART_MAX: usize = 2_000;

/// Reads what the registry says of `server`. Where `known` is an earlier reading, only tenants that have changed since
/// are read of the many, if the database can say which; the rest is small.
///
/// # Errors
/// [`ReadFault`]; `known` is as good as it was.
pub(super) async fn read(
    client: &mut Client,
    server: &str,
    known: Option<&Registry>,
) -> Result<Registry, ReadFault> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let row = transaction.query_opt("SELECT epoch, revision, whole FROM registry_revision", &[]).await?;
    let row = row.ok_or_else(|| ReadFault::Schema("`registry_revision` is empty".to_owned()))?;
    const TABLE: &str = "registry_revision";
    let (epoch, revision): (Box<str>, i64) = (get(&row, TABLE, "epoch")?, get(&row, TABLE, "revision")?);
    let whole: i64 = get(&row, TABLE, "whole")?;
    if transaction.query_opt("SELECT 1 FROM tool_server WHERE id = $1", &[&server]).await?.is_none() {
        return Err(ReadFault::Server(server.into()));
    }
    let versions = transaction.query(VERSIONS, &[&server]).await?;
    let aliases = transaction.query(ALIASES, &[&server]).await?;
    let bundle = transaction.query_opt(BUNDLE, &[&server]).await?;
    let is_after =
        |known: &&Registry| known.epoch == epoch && known.revision <= revision && known.revision >= whole;
    let grid = match known.filter(is_after) {
        Some(known) => changed(&transaction, server, known).await?,
        None => everything(&transaction, server).await?,
    };
    transaction.commit().await?;
    Ok(Registry {
        epoch,
        revision,
        server: server.into(),
        versions: versions.iter().map(rows::version).collect::<Result<_, _>>()?,
        aliases: aliases.iter().map(rows::alias).collect::<Result<_, _>>()?,
        bundle: bundle.as_ref().map(rows::bundle).transpose()?,
        grid,
    })
}

async fn changed(
    transaction: &Transaction<'_>,
    server: &str,
    known: &Registry,
) -> Result<Arc<Grid>, ReadFault> {
    let question = "SELECT tenant FROM tenant_change WHERE server = $1 AND revision > $2";
    let moved = transaction.query(question, &[&server, &known.revision]).await?;
    if moved.is_empty() {
        return Ok(Arc::clone(&known.grid));
    }
    if moved.len() > TENANTS_APART_MAX {
        return everything(transaction, server).await;
    }
    let tenants: Vec<&str> =
        moved.iter().map(|row| get(row, "tenant_change", "tenant")).collect::<Result<_, _>>()?;
    let found = transaction.query(OF_TENANTS, &[&server, &tenants]).await?;
    let mut grid = Grid::clone(&known.grid);
    tenants.iter().for_each(|tenant| grid.clear(tenant));
    found.iter().try_for_each(|row| put(&mut grid, row))?;
    settled(grid)
}

async fn everything(transaction: &Transaction<'_>, server: &str) -> Result<Arc<Grid>, ReadFault> {
    const TABLE: &str = "tenant_tool";
    let mut grid = Grid::default();
    for row in transaction.query(PLAIN, &[&server]).await? {
        let (tool, is_enabled): (&str, bool) = (get(&row, TABLE, "name")?, get(&row, TABLE, "enabled")?);
        for tenant in get::<Vec<&str>>(&row, TABLE, "tenants")? {
            grid.put(tenant, tool, Cell { is_enabled, extra: Extra::default() });
        }
    }
    for row in transaction.query(SPECIAL, &[&server]).await? {
        let (tool, is_enabled): (&str, bool) = (get(&row, TABLE, "name")?, get(&row, TABLE, "enabled")?);
        let extra = rows::extra(&row)?;
        for tenant in get::<Vec<&str>>(&row, TABLE, "tenants")? {
            grid.put(tenant, tool, Cell { is_enabled, extra: extra.clone() });
        }
    }
    settled(grid)
}

fn put(grid: &mut Grid, row: &tokio_postgres::Row) -> Result<(), ReadFault> {
    const TABLE: &str = "tenant_tool";
    let (tenant, tool): (&str, &str) = (get(row, TABLE, "tenant")?, get(row, TABLE, "name")?);
    grid.put(tenant, tool, Cell { is_enabled: get(row, TABLE, "enabled")?, extra: rows::extra(row)? });
    Ok(())
}

fn settled(mut grid: Grid) -> Result<Arc<Grid>, ReadFault> {
    grid.settle();
    let fault = |cause: String| Err(ReadFault::Row { table: "tenant_tool", cause });
    if grid.tenants().len() > REGISTRY_TENANTS_MAX {
        return fault(format!("there are more than {REGISTRY_TENANTS_MAX} tenants"));
    }
    if grid.extras().count() > REGISTRY_EXTRAS_MAX {
        return fault(format!("more than {REGISTRY_EXTRAS_MAX} rows have a date, a version or limits"));
    }
    Ok(Arc::new(grid))
}
