//! The gate's own sandbox, as the command line has it.

use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use super::opening::{Fault, unable};
use super::run::Options;
use crate::serve::Target;
use crate::serve::sandbox::own::{self, Needs};
use crate::serve::sandbox::{Fault as Unfit, Held};

/// Options of the gate's own sandbox.
#[derive(Debug, Args)]
pub struct OwnOptions {
    /// Give up what the gate does not need, before it serves: other files, programs, ports, and calls of the system.
    /// Not by default, for a policy may name files anywhere
    #[arg(long, conflicts_with = "command")]
    self_sandbox: bool,
    /// A file or a folder that the gate reads beside those on its command line, such as one that the policy names by
    /// an absolute path; may be repeated
    #[arg(long, value_name = "PATH", requires = "self_sandbox")]
    self_sandbox_read: Vec<PathBuf>,
    /// A port that the gate connects to beside those in URLs of the command line and the policy; may be repeated
    #[arg(long, value_name = "PORT", requires = "self_sandbox")]
    self_sandbox_connect: Vec<u16>,
}

/// Where a URL without a port leads, beside http and https.
const STORE_PORT: u16 = 6379;

/// Names are looked up over TCP where an answer is long.
const NAMES_PORT: u16 = 53;

/// Collectors of spans are asked at this port by default.
const COLLECTOR_PORT: u16 = 4318;

/// The sandbox of a gate that has given up the first half.
pub(super) struct Own {
    needs: Needs,
    /// What holds of it.
    pub held: Held,
}

impl Own {
    /// Gives up files and addresses, where it was asked for. To be called before any thread is started.
    ///
    /// # Errors
    /// What the kernel does not have.
    pub fn begin(options: &Options) -> Result<Option<Self>, Fault> {
        if !options.own.self_sandbox {
            return Ok(None);
        }
        let needs = needs(options);
        own::lock(&needs).map(|held| Some(Self { needs, held })).map_err(|fault| refused(&fault))
    }

    /// Gives up the rest, when all ports are bound.
    ///
    /// # Errors
    /// What the kernel does not have.
    pub fn end(&self) -> Result<(), Fault> {
        own::close(&self.needs).map_err(|fault| refused(&fault))?;
        let refused_calls = own::refused_calls();
        let landlock_abi = self.held.landlock_abi;
        tracing::info!(landlock_abi, refused_calls, "the gate runs in a sandbox of its own");
        Ok(())
    }
}

fn refused(fault: &Unfit) -> Fault {
    unable(format!("{fault}, or start without --self-sandbox"))
}

fn needs(options: &Options) -> Needs {
    let mut read = options.own.self_sandbox_read.clone();
    let bundles = [Some(&options.policy), options.trial.candidate.as_ref()];
    for bundle in bundles.into_iter().flatten() {
        read.push(bundle.clone());
        // One that is a link is put in place anew beside itself.
        if bundle.is_symlink() {
            read.extend(std::path::absolute(bundle).ok().and_then(|path| path.parent().map(Into::into)));
        }
    }
    let files = [
        &options.seal_key,
        &options.tls_cert,
        &options.tls_key,
        &options.tls_client_ca,
        &options.asking.ca_file,
        &options.actors.actor_key,
        &options.trail.audit_sign_key,
    ];
    read.extend(files.into_iter().flatten().map(|file| own::around(file)));
    read.extend(options.reading.ner.clone());
    let mut write = Vec::new();
    if options.audit != "-" {
        // Files are put aside beside it.
        let folder = std::path::absolute(&options.audit).ok().and_then(|path| path.parent().map(Into::into));
        write.extend(folder);
    }
    let mut connect = options.own.self_sandbox_connect.clone();
    connect.extend([NAMES_PORT, COLLECTOR_PORT]);
    for target in [&options.upstream, &options.upstream_sse].into_iter().flatten() {
        match target {
            Target::Network { port, .. } => connect.push(*port),
            Target::Unix { socket, .. } => read.push(own::around(socket.as_ref())),
        }
    }
    connect.extend(bundles.into_iter().flatten().flat_map(|bundle| ports(bundle)));
    connect.extend(std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").iter().flat_map(|url| ports_of(url)));
    Needs { read, write, connect, bind: vec![options.listen.port(), options.admin.port()] }
}

/// The ports of all URLs in the files of a bundle.
fn ports(bundle: &Path) -> Vec<u16> {
    let files = std::fs::read_dir(bundle).into_iter().flatten().flatten();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    texts.flat_map(|text| ports_of(&text)).collect()
}

/// The ports of all URLs in a text; more than are used, in a comment for one, but none that nobody wrote down.
fn ports_of(text: &str) -> Vec<u16> {
    let words = text.split(|c: char| c.is_whitespace() || "\"'`,{}[]()<>".contains(c));
    let urls = words.filter(|word| word.contains("://")).filter_map(|word| Url::parse(word).ok());
    urls.map(|url| url.port_or_known_default().unwrap_or(STORE_PORT)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_ports_of_urls() {
        let text = "jwks: https://idp.example.com/jwks # http://localhost:8080\nshared: {url: redis://store, x: \"a:1\"}";
        assert_eq!(ports_of(text), [443, 8080, STORE_PORT]);
        assert_eq!(ports_of("http://127.0.0.1:4318"), [4318]);
    }
}
