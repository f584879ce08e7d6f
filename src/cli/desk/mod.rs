//! The operators' listener of a running gate, as the command line asks it.

mod told;

use std::time::Duration;

use clap::Args;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(super) use told::{Told, number, share, text};

use crate::bounds::{DESK_ANSWER_BYTES_MAX, DESK_WAIT};

/// Which gate is asked.
#[derive(Debug, Clone, Args)]
pub(super) struct DeskOptions {
    /// Where the gate serves its operators: its --admin
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:15820", value_parser = address)]
    pub admin: String,
}

/// What the gate answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub body: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskFault {
    #[error("the gate at http://{address} cannot be reached: {cause}; does it run, and is that its --admin?")]
    Unreached { address: String, cause: String },
    #[error("http://{address}{path} answered {status}: {}", .told.trim())]
    Refused { address: String, path: String, status: u16, told: String },
    #[error("what answers at http://{address} is no gate")]
    Foreign { address: String },
}

/// Reads `HOST:PORT`, with or without `http://` before it.
fn address(text: &str) -> Result<String, String> {
    let address = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let is_whole = address
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok());
    if is_whole { Ok(address.into()) } else { Err(format!("`{text}` is no address; write 127.0.0.1:15820")) }
}

impl DeskOptions {
    /// Asks for a page, whatever its status.
    pub async fn get(&self, path: &str) -> Result<Reply, DeskFault> {
        self.ask(Method::GET, path).await
    }

    /// Asks for a change, whatever comes of it.
    pub async fn post(&self, path: &str) -> Result<Reply, DeskFault> {
        self.ask(Method::POST, path).await
    }

    async fn ask(&self, method: Method, path: &str) -> Result<Reply, DeskFault> {
        let asked =
            timeout(DESK_WAIT, self.exchange(method, path)).await.map_err(|_| self.unreached(&LATE))??;
        let status = asked.status().as_u16();
        let body = Limited::new(asked.into_body(), DESK_ANSWER_BYTES_MAX).collect();
        let body = timeout(DESK_WAIT, body).await.map_err(|_| self.unreached(&LATE))?;
        let body = body.map_err(|cause| self.unreached(&cause))?.to_bytes();
        Ok(Reply { status, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Asks for JSON.
    pub async fn json(&self, path: &str) -> Result<Value, DeskFault> {
        let reply = self.get(path).await?;
        if reply.status != 200 {
            return Err(self.refused(path, &reply));
        }
        serde_json::from_str(&reply.body).map_err(|_| DeskFault::Foreign { address: self.admin.clone() })
    }

    /// How the gate stands.
    pub async fn told(&self) -> Result<Told, DeskFault> {
        let told = Told(self.json("/status").await?);
        if told.is_of_a_gate() { Ok(told) } else { Err(DeskFault::Foreign { address: self.admin.clone() }) }
    }

    /// Opens a stream of events.
    pub async fn follow(&self, path: &str) -> Result<Response<Incoming>, DeskFault> {
        let asked = timeout(DESK_WAIT, self.exchange(Method::GET, path))
            .await
            .map_err(|_| self.unreached(&LATE))??;
        if asked.status().is_success() {
            return Ok(asked);
        }
        let status = asked.status().as_u16();
        let body = Limited::new(asked.into_body(), DESK_ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|cause| self.unreached(&cause))?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Err(self.refused(path, &Reply { status, body }))
    }

    async fn exchange(&self, method: Method, path: &str) -> Result<Response<Incoming>, DeskFault> {
        let stream = TcpStream::connect(&self.admin).await.map_err(|cause| self.unreached(&cause))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|cause| self.unreached(&cause))?;
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header(header::HOST, &self.admin);
        let request = request.body(Empty::<Bytes>::new());
        let request = request.map_err(|cause| self.unreached(&cause))?;
        sender.send_request(request).await.map_err(|cause| self.unreached(&cause))
    }

    fn unreached(&self, cause: &dyn std::fmt::Display) -> DeskFault {
        DeskFault::Unreached { address: self.admin.clone(), cause: cause.to_string().to_lowercase() }
    }

    fn refused(&self, path: &str, reply: &Reply) -> DeskFault {
        let told = reply.body.chars().take(TOLD_CHARACTERS_MAX).collect();
        DeskFault::Refused { address: self.admin.clone(), path: path.into(), status: reply.status, told }
    }
}

const LATE: &str = "it does not answer";
const TOLD_CHARACTERS_MAX: usize = 500;

/// Runs `work` on a thread that may wait.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_address_in_both_forms() {
        for text in ["127.0.0.1:15820", "http://127.0.0.1:15820", "http://127.0.0.1:15820/"] {
            assert_eq!(address(text).as_deref(), Ok("127.0.0.1:15820"), "{text}");
        }
        assert_eq!(address("[::1]:80").as_deref(), Ok("[::1]:80"));
        for text in
            ["", "localhost", ":80", "a:b", "https://localhost:80", "localhost:80/x", "localhost:99999"]
        {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
