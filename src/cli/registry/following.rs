//! The registry that a gate follows, as people name it on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::bounds::REGISTRY_POLL;
use crate::cli::time;

/// Which registry a gate follows.
#[derive(Debug, Args)]
pub struct FollowOptions {
    /// A database of tools and tenants to lay over the policy: postgres://USER@HOST/DATABASE, or
    /// postgres:///DATABASE?host=/FOLDER&user=USER for a socket. TLS is verified (also by --ca-file) unless it says
    /// sslmode=disable
    #[arg(long, value_name = "URL", env = "SLUICEGATE_REGISTRY")]
    pub(super) registry: Option<String>,
    /// A file with the password of the registry; without, the variable PGPASSWORD
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub(super) registry_password_file: Option<PathBuf>,
    /// Where to keep the last good content of the registry, for a start without the database
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub(super) registry_kept: Option<PathBuf>,
    /// How often to ask for changes, beside being told; 30s at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = poll)]
    pub(super) registry_poll: Duration,
}

/// What a build without the means says.
#[cfg(not(feature = "postgres"))]
pub(super) const NOT_BUILT: &str = "this build cannot read a registry in PostgreSQL; build it with \
                                    `cargo build --release --features postgres`";

/// The shortest time between two questions for the revision.
const POLL_MIN: Duration = Duration::from_millis(100);

fn poll(text: &str) -> Result<Duration, String> {
    let found = time::parse(text)?;
    match (POLL_MIN..=REGISTRY_POLL).contains(&found) {
        true => Ok(found),
        false => Err("a time from 100ms to 30s".to_owned()),
    }
}

#[cfg(feature = "postgres")]
mod built {
    use std::path::Path;
    use std::sync::Arc;

    use super::FollowOptions;
    use crate::cli::opening::{AskOptions, Fault, trust, unable};
    use crate::policy::{self, Registry};
    use crate::report::Metrics;
    use crate::store::postgres::{RegistryFollower, RegistryOpening, RegistrySite};
    use crate::store::{self, Live, RegistryNews, RegistryStanding};

    /// The thread that follows; it ends when this is dropped.
    pub(in crate::cli) type Follower = RegistryFollower;

    /// A registry that was read once, to be followed.
    pub(in crate::cli) struct Following {
        opening: RegistryOpening,
        /// What it says.
        pub registry: Arc<Registry>,
        /// How it stands.
        pub standing: Arc<RegistryStanding>,
    }

    /// Reads the registry that `options` name, if they do, for the server of the bundle in `directory`; counted by
    /// `metrics`.
    ///
    /// # Errors
    /// What is wrong with the options, or why there is no registry.
    pub(in crate::cli) fn following(
        options: &FollowOptions,
        asking: &AskOptions,
        directory: &Path,
        metrics: &Arc<Metrics>,
    ) -> Result<Option<Following>, Fault> {
        let Some(url) = &options.registry else { return Ok(None) };
        let environment = |variable: &str| std::env::var(variable).ok();
        let site =
            RegistrySite::new(url, options.registry_password_file.as_deref(), &trust(asking), environment);
        let site = site.map_err(unable)?;
        let sources = store::read(directory).map_err(unable)?;
        let server = policy::server_of(&sources).ok_or_else(|| {
            unable("a registry is about servers, and the policy names none; write `server: { id: NAME }`")
        })?;
        let standing = Arc::new(RegistryStanding::new(site.place()));
        let counted = Arc::clone(metrics);
        let tell = move |news: RegistryNews| match news {
            RegistryNews::Agreed(revision) => counted.registry_agreed(revision, store::unix_ms()),
            RegistryNews::Lost => counted.registry_lost(),
            RegistryNews::Published(_) => counted.registry_published(),
            RegistryNews::Refused => counted.registry_refused(),
        };
        let opening = RegistryOpening {
            site,
            server: server.as_str().into(),
            kept: options.registry_kept.clone(),
            poll: options.registry_poll,
            tell: Box::new(tell),
        };
        let registry = opening.first().map_err(unable)?;
        metrics.registry_begun(registry.revision);
        Ok(Some(Following { opening, registry, standing }))
    }

    impl Following {
        /// Begins to follow, for `live`.
        ///
        /// # Errors
        /// The system's.
        pub(in crate::cli) fn follow(self, live: &Arc<Live>) -> Result<RegistryFollower, Fault> {
            self.opening.follow(Arc::clone(live), self.standing).map_err(unable)
        }
    }
}

#[cfg(not(feature = "postgres"))]
mod built {
    use std::path::Path;
    use std::sync::Arc;

    use super::{FollowOptions, NOT_BUILT};
    use crate::cli::opening::{AskOptions, Fault, unable};
    use crate::policy::Registry;
    use crate::report::Metrics;
    use crate::store::{Live, RegistryStanding};

    /// What there never is.
    pub(in crate::cli) type Follower = ();

    /// What there never is.
    pub(in crate::cli) struct Following {
        /// What it says.
        pub registry: Arc<Registry>,
        /// How it stands.
        pub standing: Arc<RegistryStanding>,
    }

    /// Refuses a registry that is named: this build cannot read it.
    ///
    /// # Errors
    /// How to come by a build that can.
    pub(in crate::cli) fn following(
        options: &FollowOptions,
        _: &AskOptions,
        _: &Path,
        _: &Arc<Metrics>,
    ) -> Result<Option<Following>, Fault> {
        if options.registry.is_some() { Err(unable(NOT_BUILT)) } else { Ok(None) }
    }

    impl Following {
        /// Never called.
        pub(in crate::cli) fn follow(self, _: &Arc<Live>) -> Result<(), Fault> {
            Ok(())
        }
    }
}

pub(in crate::cli) use built::{Follower, following};
