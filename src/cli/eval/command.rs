//! A program that chooses: one process for each question, JSON in, JSON out.
//!
//! It reads `{ "ask": "...", "instructions": "...", "tools": [{ "name", "description", "inputSchema" }] }` and writes
//! `{ "tool": "NAME" or null, "arguments": { }, "usage": { "input_tokens": 1, "output_tokens": 1 } }`.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::chooser::Pick;
use super::wire;
use crate::bounds::EVAL_ANSWER_BYTES_MAX;
use crate::cli::opening::{Fault, unable};
use crate::lint::Listing;

/// How it is started, and what it is told of the tools.
pub(super) struct Command {
    program: String,
    arguments: Vec<String>,
    wait: Duration,
    tools: Vec<Value>,
    instructions: Option<String>,
}

impl Command {
    /// Takes the words of a command line, parted by blanks; no shell looks at them.
    pub fn new(words: &str, wait: Duration, listing: &Listing) -> Result<Self, Fault> {
        let mut words = words.split_whitespace().map(str::to_owned);
        Ok(Self {
            program: words.next().ok_or_else(|| unable("--chooser names no program"))?,
            arguments: words.collect(),
            wait,
            tools: listing.tools().map(wire::plain_tool).collect(),
            instructions: wire::instructions(listing),
        })
    }

    /// Starts it for one question.
    pub async fn choose(&self, ask: &str) -> Result<Pick, String> {
        let question =
            json!({ "ask": ask, "instructions": self.instructions, "tools": self.tools }).to_string();
        let answer = tokio::time::timeout(self.wait, self.run(&question)).await;
        let answer = answer
            .map_err(|_| format!("`{}` took more than {} s", self.program, self.wait.as_secs_f32()))??;
        let answer: Value = serde_json::from_slice(&answer)
            .map_err(|cause| format!("`{}` writes something else than JSON: {cause}", self.program))?;
        let tool = answer.get("tool").ok_or_else(|| format!("`{}` says nothing of `tool`", self.program))?;
        let tokens = |key: &str| answer.get("usage").and_then(|usage| usage.get(key)?.as_u64()).unwrap_or(0);
        Ok(Pick {
            tool: tool.as_str().map(str::to_owned),
            arguments: answer.get("arguments").filter(|arguments| !arguments.is_null()).cloned(),
            input_tokens: tokens("input_tokens"),
            output_tokens: tokens("output_tokens"),
        })
    }

    async fn run(&self, question: &str) -> Result<Vec<u8>, String> {
        let told = |cause: std::io::Error| format!("`{}`: {cause}", self.program);
        let mut child = tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(told)?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let write = async {
            if let Some(mut input) = input {
                // A program that answers without reading to the end closes its pipe, and that is its right.
                let _ = input.write_all(question.as_bytes()).await;
            }
        };
        let read = async {
            let mut answer = Vec::new();
            if let Some(output) = output {
                output.take(EVAL_ANSWER_BYTES_MAX + 1).read_to_end(&mut answer).await?;
            }
            Ok::<_, std::io::Error>(answer)
        };
        let ((), answer) = tokio::join!(write, read);
        let answer = answer.map_err(told)?;
        if answer.len() as u64 > EVAL_ANSWER_BYTES_MAX {
            return Err(format!("`{}` writes more than {EVAL_ANSWER_BYTES_MAX} bytes", self.program));
        }
        let status = child.wait().await.map_err(told)?;
        if status.success() { Ok(answer) } else { Err(format!("`{}` ended with {status}", self.program)) }
    }
}
