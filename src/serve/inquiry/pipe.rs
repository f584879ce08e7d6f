//! A server on pipes, started for the question: what it speaks is found out with care, for some servers
//! end at the first word that they do not know, some say nothing, and some take long to start.

use std::collections::VecDeque;

use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::InquiryFault;
use super::speech::{INITIALIZED, Reply, Request, Talk, excerpt};
use crate::bounds::{
    INQUIRY_BYTES_MAX, INQUIRY_PROBE_WAIT, PIPE_DRAIN_WAIT, PIPE_GRACE, STDERR_LINE_BYTES_MAX,
};
use crate::json::{Document, Kind};
use crate::serve::child::ending::{end, reap};
use crate::serve::child::lines::{Line, Lines};
use crate::serve::child::oneline::OneLine;
use crate::serve::child::{Child, Started};

/// A running server.
pub(super) struct Pipe {
    child: Child,
    running: Option<Running>,
}

struct Running {
    process: tokio::process::Child,
    input: ChildStdin,
    output: Lines<ChildStdout>,
    errors: JoinHandle<()>,
    last_words: oneshot::Receiver<String>,
}

/// Lines of standard error that are repeated when a server ends too early: the end of a trace.
const LAST_LINES: usize = 3;

impl Pipe {
    /// Starts the server.
    pub(super) fn start(child: Child) -> Result<Self, InquiryFault> {
        let running = Running::start(&child)?;
        Ok(Self { child, running: Some(running) })
    }

    /// Learns what the server speaks. One that ends at the first question is started once more; one that
    /// is silent is asked the second, too, and whichever answer comes first counts.
    pub(super) async fn open(&mut self) -> Result<Talk, InquiryFault> {
        let (discover, initialize) = (Request::discover(), Request::initialize());
        let talk = match timeout(INQUIRY_PROBE_WAIT, self.ask(&discover)).await {
            Ok(Ok(reply)) => match reply.discovered() {
                Some(talk) => return Ok(talk),
                None => self.ask(&initialize).await?.initialized()?,
            },
            Ok(Err(InquiryFault::Ended(_))) => {
                self.stop().await;
                self.running = Some(Running::start(&self.child)?);
                self.ask(&initialize).await?.initialized()?
            }
            Ok(Err(fault)) => return Err(fault),
            Err(_) => match self.ask_late(&discover, &initialize).await? {
                (talk, true) => return Ok(talk),
                (talk, false) => talk,
            },
        };
        self.say(INITIALIZED).await?;
        Ok(talk)
    }

    /// Asks, and reads until the answer has come.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply, InquiryFault> {
        self.say(&request.body).await?;
        loop {
            let line = self.hear().await?;
            if let Some(reply) = Reply::read(&line, request)? {
                return Ok(reply);
            }
            self.decline(&line).await?;
        }
    }

    /// Asks the second question while the first is open; `true` when the first was answered well.
    async fn ask_late(&mut self, first: &Request, second: &Request) -> Result<(Talk, bool), InquiryFault> {
        self.say(&second.body).await?;
        loop {
            let line = self.hear().await?;
            if let Some(talk) = Reply::read(&line, first)?.and_then(|reply| reply.discovered()) {
                return Ok((talk, true));
            }
            match Reply::read(&line, second)? {
                Some(reply @ Reply::Result(_)) => return Ok((reply.initialized()?, false)),
                // An error may belong to either question; with an id it says to which.
                Some(reply) if has_id(&line) => return Ok((reply.initialized()?, false)),
                Some(_) | None => self.decline(&line).await?,
            }
        }
    }

    /// Tells the server that we do nothing for it, if it asked.
    async fn decline(&mut self, line: &[u8]) -> Result<(), InquiryFault> {
        let Ok(document) = Document::parse(line) else { return Ok(()) };
        let (id, method) = (document.root().get("id"), document.root().get("method"));
        let Some(id) = id.filter(|_| method.is_some()) else { return Ok(()) };
        let answer = match method.and_then(|method| method.string()).as_deref() {
            Some("ping") => r#""result":{}"#,
            _ => r#""error":{"code":-32601,"message":"this client only lists tools"}"#,
        };
        self.say(&format!(r#"{{"jsonrpc":"2.0","id":{},{answer}}}"#, id.raw())).await
    }

    async fn say(&mut self, message: &str) -> Result<(), InquiryFault> {
        let Some(running) = &mut self.running else { return Err(InquiryFault::Ended(String::new())) };
        // INVARIANT: what we say is JSON, and an id of a server has been read as such.
        let line = OneLine::parse(message.as_bytes()).expect("our own words are JSON");
        let written = async {
            running.input.write_all(line.as_bytes()).await?;
            running.input.flush().await
        };
        match written.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.ended().await),
        }
    }

    /// The next line that is JSON. Others are noise, as from a banner.
    async fn hear(&mut self) -> Result<Vec<u8>, InquiryFault> {
        loop {
            let Some(running) = &mut self.running else { return Err(InquiryFault::Ended(String::new())) };
            match running.output.next().await {
                Ok(Some(Line::Whole(line))) => {
                    let is_object = line.trim_ascii().first() == Some(&b'{');
                    if is_object {
                        return Ok(line.to_vec());
                    }
                }
                Ok(Some(Line::Cut(_))) => return Err(InquiryFault::TooMuch(super::BYTES)),
                Ok(None) | Err(_) => return Err(self.ended().await),
            }
        }
    }

    /// Why nothing more is heard: with what the server wrote last.
    async fn ended(&mut self) -> InquiryFault {
        let words = match &mut self.running {
            Some(running) => timeout(PIPE_DRAIN_WAIT, &mut running.last_words).await,
            None => return InquiryFault::Ended(String::new()),
        };
        InquiryFault::Ended(words.ok().and_then(Result::ok).unwrap_or_default())
    }

    /// Ends the server, and all that it started.
    pub(super) async fn close(mut self) {
        self.stop().await;
    }

    async fn stop(&mut self) {
        let Some(Running { mut process, input, output, errors, .. }) = self.running.take() else { return };
        drop((input, output));
        let ended = end(&mut process, PIPE_GRACE).await;
        if let Err(fault) = ended.and(reap(&mut process).await) {
            tracing::debug!(%fault, "a server could not be reaped");
        }
        errors.abort();
    }
}

impl Running {
    fn start(child: &Child) -> Result<Self, InquiryFault> {
        let Started { process, input, output, errors } = child.start().map_err(InquiryFault::Start)?;
        let (tell, last_words) = oneshot::channel();
        let errors = tokio::spawn(async move {
            // Nobody may wait for them any more.
            let _ = tell.send(last_lines(errors).await);
        });
        Ok(Self { process, input, output: Lines::new(output, INQUIRY_BYTES_MAX), errors, last_words })
    }
}

/// Reads standard error to its end, and keeps its last lines.
async fn last_lines(errors: ChildStderr) -> String {
    let mut lines = Lines::new(errors, STDERR_LINE_BYTES_MAX);
    let mut kept = VecDeque::new();
    while let Ok(Some(line)) = lines.next().await {
        let (Line::Whole(line) | Line::Cut(line)) = line;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if kept.len() == LAST_LINES {
            kept.pop_front();
        }
        kept.push_back(excerpt(&String::from_utf8_lossy(line)));
    }
    Vec::from(kept).join(" | ")
}

fn has_id(line: &[u8]) -> bool {
    let Ok(document) = Document::parse(line) else { return false };
    document.root().get("id").is_some_and(|id| id.kind() != Kind::Null)
}
