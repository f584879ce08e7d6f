//! The proxies that are compared: how each is started, and the proof that it does what its name says.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use memchr::memmem;

use crate::bodies::{SECRET, Shape, TOOL_FORBIDDEN, TOOL_LIMITED};
use crate::child::Process;
use crate::ladder::{Credentials, Rung};
use crate::load::{Aim, Line};
use crate::reply::{self, fault};
use crate::{ladder, meter, origin};

/// The core of the proxy under test.
pub const CORE_PROXY: usize = 0;
/// The core of the generator and the origins.
pub const CORE_LOAD: usize = 1;

/// How long records may take to reach the file, and how often to look.
const AUDIT_WAIT_MAX: Duration = Duration::from_secs(2);
const AUDIT_LOOK: Duration = Duration::from_millis(10);

const NGINX: &str = include_str!("peers/nginx.conf");
const ENVOY: &str = include_str!("peers/envoy.yaml");
const ENVOY_MCP: &str = include_str!("peers/envoy-mcp.yaml");

/// What stands between generator and origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: shows what the generator and the origin can do.
    Direct,
    /// Envoy as a plain proxy.
    Envoy,
    /// Envoy with its MCP filter and an RBAC rule.
    EnvoyMcp,
    /// A sluicegate binary at one rung of the policy ladder.
    Gate {
        /// The binary.
        program: PathBuf,
        /// How much it checks.
        rung: Rung,
    },
    /// nginx as a plain proxy.
    Nginx,
}

/// A row of the record.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name in options and tables.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// A target that is up, with an origin of its own behind it.
pub struct Running {
    /// Which one.
    pub target: Target,
    /// Its processes: what is metered. The origin's for [`Kind::Direct`].
    pub family: Vec<u32>,
    root: u32,
    /// Resident memory before any load, in KiB.
    pub rss_idle_kib: u64,
    /// The audit log, where one is written.
    pub audit: Option<PathBuf>,
    proxy: SocketAddr,
    token: Option<String>,
    // Proxies end before their origins: fields are dropped in this order.
    _process: Option<Process>,
    _origin: Process,
}

/// Every target of the usual run, in the order of the tables.
pub fn usual(gate: &Path) -> Vec<Target> {
    let peers = [
        ("direct", Kind::Direct),
        ("nginx", Kind::Nginx),
        ("envoy", Kind::Envoy),
        ("envoy-mcp", Kind::EnvoyMcp),
    ];
    let rungs = Rung::ALL.map(|rung| (rung.as_str(), Kind::Gate { program: gate.to_owned(), rung }));
    peers.into_iter().chain(rungs).map(|(name, kind)| Target { name: name.to_owned(), kind }).collect()
}

impl Target {
    /// Starts it and its origin, with its files in a folder of its own under `run`.
    ///
    /// # Errors
    /// A program is missing or does not come up.
    pub async fn start(self, run: &Path, credentials: &Credentials) -> io::Result<Running> {
        let directory = run.join(&self.name);
        std::fs::create_dir_all(&directory)?;
        let mut origin = start_origin(&directory)?;
        let origin_address = origin.said(origin::READY).await?.parse().map_err(io::Error::other)?;
        let mut audit = None;
        let (process, proxy) = match &self.kind {
            Kind::Direct => (None, origin_address),
            Kind::Nginx => {
                let proxy = free_address()?;
                let config = directory.join("nginx.conf");
                std::fs::write(&config, filled(NGINX, &directory, proxy, origin_address))?;
                let arguments =
                    ["-e", "stderr", "-p", &text(&directory), "-c", &text(&config)].map(str::to_owned);
                let mut process = start(Path::new(nginx()), &arguments, &directory)?;
                process.listens(proxy).await?;
                (Some(process), proxy)
            }
            Kind::Envoy | Kind::EnvoyMcp => {
                let proxy = free_address()?;
                let config = directory.join("envoy.yaml");
                let filters = if self.kind == Kind::EnvoyMcp { ENVOY_MCP } else { "" };
                let template = ENVOY.replace("@filters@", filters.trim_end());
                std::fs::write(&config, filled(&template, &directory, proxy, origin_address))?;
                let config = text(&config);
                let arguments = ["-c", &config, "--concurrency", "1", "--disable-hot-restart", "-l", "error"];
                let mut process = start(&envoy()?, &arguments.map(str::to_owned), &directory)?;
                process.listens(proxy).await?;
                (Some(process), proxy)
            }
            Kind::Gate { program, rung } => {
                let plan = ladder::plan(*rung, &directory, origin_address, credentials)?;
                let mut process = start(program, &plan.arguments, &directory)?;
                let said = process.said("sluicegate ready listen=http://").await?;
                let address = said.split('/').next().unwrap_or_default();
                audit = plan.audit;
                (Some(process), address.parse().map_err(io::Error::other)?)
            }
        };
        let token = self.kind.rung().filter(|rung| rung.has_callers()).map(|_| credentials.token.clone());
        let root = process.as_ref().map_or(origin.id(), Process::id);
        let family = meter::family(root);
        let rss_idle_kib = meter::rss_kib(&family);
        Ok(Running {
            target: self,
            root,
            family,
            rss_idle_kib,
            audit,
            proxy,
            token,
            _process: process,
            _origin: origin,
        })
    }
}

impl Kind {
    fn rung(&self) -> Option<Rung> {
        match self {
            Self::Gate { rung, .. } => Some(*rung),
            Self::Direct | Self::Envoy | Self::EnvoyMcp | Self::Nginx => None,
        }
    }

    fn forbids(&self) -> bool {
        *self == Self::EnvoyMcp || self.rung().is_some_and(Rung::has_callers)
    }
}

impl Running {
    /// How to call a tool through it.
    pub fn aim(&self, tool: &'static str) -> Aim {
        Aim { proxy: self.proxy, token: self.token.clone(), tool }
    }

    /// Proves with real calls that it passes, refuses, limits and hides what it should, and nothing else.
    ///
    /// # Errors
    /// Says what it did instead. A target that fails is not worth measuring.
    pub async fn prove(&mut self) -> io::Result<()> {
        let rung = self.target.kind.rung();
        for shape in Shape::ALL {
            let hides = rung.is_some_and(Rung::has_redaction);
            let body = self
                .ask(shape.tool())
                .await?
                .map_err(|refusal| fault(&format!("refused `{}`: {refusal}", shape.tool())))?;
            let shows = memmem::find(&body, SECRET.as_bytes()).is_some();
            if shows == hides {
                let verb = if shows { "shows" } else { "hides" };
                return Err(fault(&format!("{verb} the secret of `{}`", shape.as_str())));
            }
        }
        let forbidden = self.ask(TOOL_FORBIDDEN).await?.is_err();
        if forbidden != self.target.kind.forbids() {
            return Err(fault(if forbidden {
                "refuses the forbidden tool"
            } else {
                "passes the forbidden tool"
            }));
        }
        let mut limited = false;
        for _ in 0..=ladder::LIMITED_CALLS {
            limited |= self.ask(TOOL_LIMITED).await?.is_err();
        }
        if limited != rung.is_some_and(Rung::has_limits) {
            return Err(fault(if limited { "limits without a limit" } else { "does not limit" }));
        }
        // A server that forks its workers has done so by now.
        self.family = meter::family(self.root);
        self.prove_audit().await
    }

    /// Waits until every kind of call is in the audit log: records are written in groups.
    async fn prove_audit(&self) -> io::Result<()> {
        let Some(path) = &self.audit else { return Ok(()) };
        let deadline = Instant::now() + AUDIT_WAIT_MAX;
        loop {
            let written = std::fs::read_to_string(path)?;
            let proofs = [TOOL_FORBIDDEN, TOOL_LIMITED, Shape::Prose.tool()];
            let Some(tool) = proofs.into_iter().find(|tool| !written.contains(tool)) else { return Ok(()) };
            if Instant::now() > deadline {
                return Err(fault(&format!("audit log does not mention `{tool}`")));
            }
            tokio::time::sleep(AUDIT_LOOK).await;
        }
    }

    /// The body of the origin's answer, or what came instead of it.
    async fn ask(&self, tool: &'static str) -> io::Result<Result<Vec<u8>, String>> {
        let mut line = Line::open(&self.aim(tool)).await?;
        let (id, reply) = line.probe().await?;
        let body = line.replies.body(&reply);
        Ok(reply::check(&reply, body, id).map(|()| body.to_vec()).map_err(|wrong| wrong.to_string()))
    }
}

fn start_origin(directory: &Path) -> io::Result<Process> {
    let program = std::env::current_exe()?;
    Process::start(&program, &["--origin".to_owned()], CORE_LOAD, &directory.join("origin.log"))
}

fn start(program: &Path, arguments: &[String], directory: &Path) -> io::Result<Process> {
    Process::start(program, arguments, CORE_PROXY, &directory.join("proxy.log"))
}

fn filled(template: &str, directory: &Path, proxy: SocketAddr, origin: SocketAddr) -> String {
    let parts = [
        ("@dir@", text(directory)),
        ("@proxy@", proxy.to_string()),
        ("@proxy-ip@", proxy.ip().to_string()),
        ("@proxy-port@", proxy.port().to_string()),
        ("@origin@", origin.to_string()),
        ("@origin-ip@", origin.ip().to_string()),
        ("@origin-port@", origin.port().to_string()),
        ("@forbidden@", TOOL_FORBIDDEN.to_owned()),
    ];
    parts.iter().fold(template.to_owned(), |filled, (name, value)| filled.replace(name, value))
}

/// A loopback address that nobody listens on. For programs that cannot say which port they were given.
fn free_address() -> io::Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn nginx() -> &'static str {
    // Debian keeps it outside the PATH of ordinary users.
    if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" }
}

fn envoy() -> io::Result<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/run/envoy/envoy");
    if path.exists() { Ok(path) } else { Err(fault("no Envoy in benches/run: run benches/setup.sh first")) }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
