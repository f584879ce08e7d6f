//! `sluicegate demo`: the gate at work, scene by scene, on one machine and with nothing to install.
//!
//! Opens an unprotected sample server (a clinic), starts this program's own `run` in front of it with
//! the story's policy, and plays the parts of three users. Each scene says beforehand what must come
//! out and checks it, so the demo is a test of the real binary, too: it fails when the gate does.

mod client;
mod clinic;
mod gate;
mod scenes;
mod stage;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use clinic::Clinic;
use gate::{Folder, Gate};
use stage::Stage;

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct Options {
    /// Leave everything running until Ctrl-C, and say how to connect a client of your own
    #[arg(long)]
    keep: bool,
    /// Only open the sample server, at this address, until it is told to stop; its endpoint is at /mcp
    #[arg(long, value_name = "ADDRESS", conflicts_with = "keep")]
    serve: Option<SocketAddr>,
}

/// Why the demo could not be played.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("{0}")]
    Odd(String),
    #[error("the gate did not start\n{0}")]
    Start(String),
}

/// Everybody who is on stage.
#[derive(Debug)]
struct Cast {
    clinic: Clinic,
    gate: Gate,
    folder: Folder,
}

const NURSE_KEY: &str = "demo-nurse-key";
const BILLING_KEY: &str = "demo-billing-key";
const AUDITOR_KEY: &str = "demo-auditor-key";

const EXIT_FINDINGS: u8 = 1;
const EXIT_UNABLE: u8 = 3;

/// Plays the demo. Exit codes: 0 as told, 1 some scene came out otherwise, 3 it could not be played.
pub fn run(options: &Options) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(fault) => return unable(&fault.into()),
    };
    let performed = match options.serve {
        Some(address) => runtime.block_on(serve(address)),
        None => runtime.block_on(perform(options)),
    };
    match performed {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => EXIT_FINDINGS.into(),
        Err(fault) => unable(&fault),
    }
}

fn unable(fault: &Fault) -> ExitCode {
    anstream::eprintln!("sluicegate: {fault}");
    EXIT_UNABLE.into()
}

/// Opens the clinic for a gate of somebody's own, such as the one beside it in a pod.
async fn serve(address: SocketAddr) -> Result<usize, Fault> {
    let clinic = Clinic::open(address).await?;
    let mut out = io::stdout().lock();
    // Nobody may be reading; the clinic is open all the same.
    let _ = writeln!(out, "clinic ready listen=http://{}/mcp", clinic.address()).and_then(|()| out.flush());
    drop(out);
    told_to_stop().await?;
    Ok(0)
}

/// Waits for Ctrl-C or SIGTERM.
async fn told_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

async fn perform(options: &Options) -> Result<usize, Fault> {
    let clinic = Clinic::open((Ipv4Addr::LOCALHOST, 0).into()).await?;
    let folder = Folder::make()?;
    let gate = Gate::start(clinic.address(), &folder).await?;
    let cast = Cast { clinic, gate, folder };
    let mut stage = Stage::default();
    Stage::tell(&format!(
        "A clinic's MCP server is at http://{}/mcp: it asks nobody who they are and hides nothing.\n\
         sluicegate is in front of it at http://{}/mcp, with the policy of policies/stories/clinic.",
        cast.clinic.address(),
        cast.gate.endpoint,
    ));
    let played = scenes::play(&mut stage, &cast).await;
    if let Err(fault) = played {
        cast.gate.stop().await?;
        return Err(fault);
    }
    stage.close();
    if options.keep {
        Stage::tell(&directions(&cast));
        told_to_stop().await?;
        cast.gate.leave().await?;
    } else {
        cast.gate.stop().await?;
    }
    Ok(stage.failures)
}

/// How to go on by hand.
fn directions(cast: &Cast) -> String {
    let (endpoint, admin) = (cast.gate.endpoint, cast.gate.admin);
    format!(
        r#"
It all stays up until Ctrl-C.

  endpoint   http://{endpoint}/mcp
  keys       {NURSE_KEY}  {BILLING_KEY}  {AUDITOR_KEY}   (Authorization: Bearer KEY)
  page       http://{admin}/   (or: sluicegate top --admin {admin})
  metrics    curl -s http://{admin}/metrics
  audit      tail -f {audit}
  policy     {policy}   (edit it: it is reloaded)
  inspector  npx @modelcontextprotocol/inspector --cli http://{endpoint}/mcp --transport http --method tools/list --header "Authorization: Bearer {NURSE_KEY}"

For the configuration of an MCP client:

  {{ "mcpServers": {{ "clinic": {{
      "type": "http", "url": "http://{endpoint}/mcp",
      "headers": {{ "Authorization": "Bearer {NURSE_KEY}" }} }} }} }}"#,
        audit = cast.folder.audit().display(),
        policy = cast.folder.policy().display(),
    )
}
