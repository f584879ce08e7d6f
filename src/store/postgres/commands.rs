//! What people do to the registry by the command line; the gate itself only ever reads.

use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::Client;

use super::import::{Import, put_in, retire};
use super::read::read;
use super::rows::get;
use super::{DriftRow, ReadFault, RegistrySite, drifts, follow, link};
use crate::bounds::{REGISTRY_COMMAND_WAIT, REGISTRY_DRIFTS_SHOWN_MAX};
use crate::policy::Registry;
use crate::policy::registry::VersionRow;

/// The steps from an empty database to one with a registry; each is run once, in its order, and never changed.
mod steps {
    refinery::embed_migrations!("src/store/postgres/migrations");
}

/// A connection for one command. Blocks.
pub struct Commands {
    runtime: Runtime,
    client: Client,
}

/// Why a command did nothing: all of them are one transaction.
#[derive(Debug, thiserror::Error)]
pub enum CommandFault {
    /// What is named is not there, or is there otherwise; in words for whoever typed it.
    #[error("{0}")]
    Asked(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] ReadFault),
    /// The steps cannot be taken.
    #[error("the tables cannot be made: {0}")]
    Migration(String),
    /// The system gives no runtime.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

/// One row of `tenant_tool` as somebody wants it.
#[derive(Debug, Clone)]
pub struct Setting<'s> {
    /// The server.
    pub server: &'s str,
    /// The tenant.
    pub tenant: &'s str,
    /// The tool.
    pub tool: &'s str,
    /// Whether the tenant may use it.
    pub is_enabled: bool,
    /// When that ends, in milliseconds since 1970.
    pub until_unix_ms: Option<i64>,
    /// The version that the tenant has.
    pub version: Option<i32>,
    /// The limits that the tenant has, as JSON, or that it has none; without, they stay as they are.
    pub limits: Option<Option<&'s str>>,
}

/// What there is, for people.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// The steps that have been taken, and how many this program knows.
    pub steps: (usize, usize),
    /// The revision.
    pub revision: i64,
    /// How many gates listen.
    pub listeners: i64,
    /// The servers, by name.
    pub servers: Vec<ServerRow>,
    /// The latest drift that was brought in, newest first.
    pub drifts: Vec<DriftRow>,
}

/// One server of the registry.
#[derive(Debug, Clone, Default)]
pub struct ServerRow {
    /// Its name.
    pub id: String,
    /// Active versions of tools.
    pub active: i64,
    /// Versions that wait for somebody to approve them.
    pub drafts: i64,
    /// Tenants with rows.
    pub tenants: i64,
    /// Rows of tenants.
    pub rows: i64,
    /// The number of the active bundle.
    pub bundle: Option<i64>,
    /// Drift that was written down.
    pub drifts: i64,
}

impl Commands {
    /// Connects.
    ///
    /// # Errors
    /// [`CommandFault::Database`], where nobody answers.
    pub fn connect(site: &RegistrySite) -> Result<Self, CommandFault> {
        let runtime = follow::runtime().map_err(CommandFault::Runtime)?;
        let client = runtime.block_on(site.client())?;
        Ok(Self { runtime, client })
    }

    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, CommandFault>,
    ) -> Result<T, CommandFault> {
        let (runtime, client) = (&self.runtime, &mut self.client);
        runtime.block_on(async {
            timeout(REGISTRY_COMMAND_WAIT, work(client))
                .await
                .unwrap_or_else(|_| Err(ReadFault::Unreachable("no answer in time".to_owned()).into()))
        })
    }

    /// Makes the tables, or brings them up to date; lets `reader` read them and nothing else, and `reporter` write down
    /// drift and nothing else. Says which steps it took.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub fn migrate(
        &mut self,
        (reader, reporter): (Option<&str>, Option<&str>),
    ) -> Result<Vec<String>, CommandFault> {
        self.run(async |client| {
            // Two at once would each find no table.
            client
                .batch_execute("SELECT pg_advisory_lock(7318349394477056)")
                .await
                .map_err(ReadFault::from)?;
            let report = steps::migrations::runner().run_async(client).await;
            let report = report.map_err(|fault| CommandFault::Migration(migration_words(&fault)))?;
            if let Some(reader) = reader {
                grant(client, reader, "SELECT", TABLES).await?;
            }
            if let Some(reporter) = reporter {
                grant(client, reporter, "SELECT, INSERT", "drift_event").await?;
            }
            Ok(report.applied_migrations().iter().map(ToString::to_string).collect())
        })
    }

    /// What there is.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub fn overview(&mut self) -> Result<Overview, CommandFault> {
        self.run(async |client| Ok(overview(client).await?))
    }

    /// The server that is meant: the one that is named, or the only one.
    ///
    /// # Errors
    /// [`CommandFault::Asked`] says which there are.
    pub fn server(&mut self, named: Option<&str>) -> Result<String, CommandFault> {
        let servers: Vec<String> = self.overview()?.servers.into_iter().map(|server| server.id).collect();
        let known = servers.join("`, `");
        match (named, servers.as_slice()) {
            (Some(named), _) if servers.iter().any(|server| server == named) => Ok(named.to_owned()),
            (None, [only]) => Ok(only.clone()),
            (_, []) => {
                Err(CommandFault::Asked("the registry is empty; run `sluicegate registry import`".to_owned()))
            }
            (Some(named), _) => {
                Err(CommandFault::Asked(format!("there is no server `{named}`; there is `{known}`")))
            }
            (None, _) => Err(CommandFault::Asked(format!(
                "there are several servers; name one by `--server`: `{known}`"
            ))),
        }
    }

    /// All rows about a server.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub fn export(&mut self, server: &str) -> Result<Registry, CommandFault> {
        self.run(async |client| Ok(read(client, server, None).await?))
    }

    /// Puts rows in. A definition that is there already stays as it is; another one becomes the next version.
    ///
    /// # Errors
    /// [`CommandFault`]; nothing is in then.
    pub fn import(&mut self, import: Import<'_>) -> Result<(), CommandFault> {
        self.run(async |client| {
            let transaction = client.transaction().await.map_err(ReadFault::from)?;
            put_in(&transaction, import).await?;
            transaction.commit().await.map_err(ReadFault::from)?;
            Ok(())
        })
    }

    /// Says whether a tenant may use a tool.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub fn set(&mut self, setting: &Setting<'_>) -> Result<(), CommandFault> {
        let Setting { server, tenant, tool, is_enabled, until_unix_ms, version, limits } = setting.clone();
        self.run(async |client| {
            let question = "INSERT INTO tenant_tool (server, tenant, name, enabled, expires_at, version, limits) \
                 VALUES ($1, $2, $3, $4, to_timestamp($5::bigint / 1000.0), $6, $7::text::jsonb) \
                 ON CONFLICT (server, tenant, name) DO UPDATE SET enabled = excluded.enabled, \
                 expires_at = excluded.expires_at, version = excluded.version, \
                 limits = CASE WHEN $8 THEN excluded.limits ELSE tenant_tool.limits END";
            let is_told = limits.is_some();
            let limits = limits.flatten();
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
                [&server, &tenant, &tool, &is_enabled, &until_unix_ms, &version, &limits, &is_told];
            client.execute(question, &values).await.map_err(ReadFault::from)?;
            Ok(())
        })
    }

    /// Writes down drift that is not there yet; how much that is.
    ///
    /// # Errors
    /// [`CommandFault`]; nothing is in then.
    pub fn report(&mut self, rows: &[DriftRow]) -> Result<u64, CommandFault> {
        self.run(async |client| Ok(drifts::put_in(client, rows).await?))
    }

    /// Makes a version the active one, in the name of `author`; the one that was is deprecated.
    ///
    /// # Errors
    /// [`CommandFault::Asked`] where there is no such version.
    pub fn approve(&mut self, server: &str, row: &VersionRow, author: &str) -> Result<(), CommandFault> {
        self.run(async |client| {
            let transaction = client.transaction().await.map_err(ReadFault::from)?;
            retire(&transaction, server, &row.name, row.version).await?;
            let question = "UPDATE tool_version SET state = 'active', approved_by = $4, approved_at = now(), \
                 deprecated_at = NULL, sunset_at = NULL, successor = NULL, \
                 transform = CASE WHEN transform ? 'upstream' THEN transform END \
                 WHERE server = $1 AND name = $2 AND version = $3 AND definition_sha256 = $5";
            let changed = transaction
                .execute(question, &[&server, &&*row.name, &row.version, &author, &&*row.sha256])
                .await
                .map_err(ReadFault::from)?;
            if changed == 0 {
                let message =
                    format!("`{}@{}` was changed meanwhile; look at it again", row.name, row.version);
                return Err(CommandFault::Asked(message));
            }
            transaction.commit().await.map_err(ReadFault::from)?;
            Ok(())
        })
    }
}

/// All that there are.
const TABLES: &str = "tool_server, tool_version, tool_alias, tenant_tool, policy_bundle, drift_event, registry_revision, \
                      tenant_change, refinery_schema_history";

/// Gives a role these rights on `tables`, and none on any other.
async fn grant(client: &Client, role: &str, rights: &str, tables: &str) -> Result<(), CommandFault> {
    let known = client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&role]).await;
    if known.map_err(ReadFault::from)?.is_none() {
        let message =
            format!("there is no role `{role}`; run `CREATE ROLE \"{role}\" LOGIN PASSWORD '...'` first");
        return Err(CommandFault::Asked(message));
    }
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    let schema: String = client
        .query_one("SELECT quote_ident(current_schema())", &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(ReadFault::from)?;
    let words = format!(
        "BEGIN; REVOKE ALL ON {TABLES} FROM {quoted}; GRANT USAGE ON SCHEMA {schema} TO {quoted}; \
         GRANT {rights} ON {tables} TO {quoted}; COMMIT"
    );
    client.batch_execute(&words).await.map_err(ReadFault::from)?;
    Ok(())
}

async fn overview(client: &Client) -> Result<Overview, ReadFault> {
    const TABLE: &str = "tool_server";
    let taken = client.query_one("SELECT count(*) FROM refinery_schema_history", &[]).await?;
    let taken: i64 = get(&taken, "refinery_schema_history", "count")?;
    let row = client
        .query_one(
            "SELECT revision, (SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN sluicegate_registry') \
             AS listeners FROM registry_revision",
            &[],
        )
        .await?;
    let servers = client
        .query(
            "SELECT id, \
             (SELECT count(*) FROM tool_version v WHERE v.server = id AND state = 'active') AS active, \
             (SELECT count(*) FROM tool_version v WHERE v.server = id AND state = 'draft') AS drafts, \
             (SELECT count(DISTINCT tenant) FROM tenant_tool t WHERE t.server = id) AS tenants, \
             (SELECT count(*) FROM tenant_tool t WHERE t.server = id) AS rows, \
             (SELECT max(revision) FROM policy_bundle b WHERE b.server = id AND active) AS bundle, \
             (SELECT count(*) FROM drift_event d WHERE d.server = id) AS drifts \
             FROM tool_server ORDER BY id",
            &[],
        )
        .await?;
    let server = |row: &tokio_postgres::Row| {
        Ok(ServerRow {
            id: get(row, TABLE, "id")?,
            active: get(row, TABLE, "active")?,
            drafts: get(row, TABLE, "drafts")?,
            tenants: get(row, TABLE, "tenants")?,
            rows: get(row, TABLE, "rows")?,
            bundle: get(row, TABLE, "bundle")?,
            drifts: get(row, TABLE, "drifts")?,
        })
    };
    Ok(Overview {
        steps: (usize::try_from(taken).unwrap_or(0), steps::migrations::runner().get_migrations().len()),
        revision: get(&row, "registry_revision", "revision")?,
        listeners: get(&row, "registry_revision", "listeners")?,
        servers: servers.iter().map(server).collect::<Result<_, ReadFault>>()?,
        drifts: drifts::latest(client, REGISTRY_DRIFTS_SHOWN_MAX).await?,
    })
}

fn migration_words(fault: &refinery::Error) -> String {
    let mut cause = std::error::Error::source(fault);
    while let Some(next) = cause {
        if let Some(database) = next.downcast_ref::<tokio_postgres::Error>() {
            return link::words(database);
        }
        cause = next.source();
    }
    fault.to_string()
}
