//! A registry that is laid over a bundle to look at both: read once, and followed by nobody.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::opening::AskOptions;
use crate::policy::{self, Registry, Source};

/// Which registry to lay over a bundle.
#[derive(Debug, Default, Args)]
pub struct OverOptions {
    /// A registry to lay over the policy as a gate does: its database, as for `run`, or a file that `registry export`
    /// wrote
    #[arg(long, value_name = "URL|FILE")]
    registry: Option<String>,
    /// A file with the password of the registry; without, the variable PGPASSWORD
    #[arg(long, value_name = "FILE", requires = "registry")]
    registry_password_file: Option<PathBuf>,
    #[command(flatten)]
    asking: AskOptions,
}

impl OverOptions {
    /// Reads the registry for the server that `sources` name, if there is one to be read. Blocks.
    ///
    /// # Errors
    /// Why it cannot be read, in one line.
    pub(in crate::cli) fn read(&self, sources: &[Source]) -> Result<Option<Registry>, String> {
        let Some(place) = &self.registry else { return Ok(None) };
        let server = policy::server_of(sources).ok_or_else(|| {
            "a registry is about servers, and the policy names none; write `server: { id: NAME }`".to_owned()
        })?;
        let registry = match place.contains("://") {
            true => self.database(place, server.as_str())?,
            false => file(Path::new(place))?,
        };
        if *registry.server != *server.as_str() {
            return Err(format!(
                "the registry is about `{}`, and the policy about `{server}`",
                registry.server
            ));
        }
        Ok(Some(registry))
    }

    #[cfg(feature = "postgres")]
    fn database(&self, url: &str, server: &str) -> Result<Registry, String> {
        use crate::cli::opening::trust;
        use crate::store::postgres::{Commands, RegistrySite};
        let environment = |variable: &str| std::env::var(variable).ok();
        let password = self.registry_password_file.as_deref();
        let site = RegistrySite::new(url, password, &trust(&self.asking), environment);
        let mut commands = Commands::connect(&site.map_err(|fault| fault.to_string())?)
            .map_err(|fault| fault.to_string())?;
        commands.export(server).map_err(|fault| fault.to_string())
    }

    #[cfg(not(feature = "postgres"))]
    fn database(&self, _: &str, _: &str) -> Result<Registry, String> {
        Err(super::following::NOT_BUILT.to_owned())
    }
}

/// Reads what `registry export` wrote.
fn file(path: &Path) -> Result<Registry, String> {
    let fault = |cause: &dyn std::fmt::Display| {
        format!(
            "cannot read a registry from {}: {cause}; a database is named as postgres://USER@HOST/DATABASE",
            path.display()
        )
    };
    let text = std::fs::read_to_string(path).map_err(|cause| fault(&cause))?;
    Registry::from_document(&text).map_err(|cause| fault(&cause))
}
