//! Logs: for people on a terminal, as JSON lines elsewhere; always on standard error.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::{EnvFilter, reload};

use crate::serve::LogDial;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// One line of text.
    Text,
}

/// Starts logging, and gives the dial that sets how much while the process runs. `RUST_LOG` chooses at start; by default
/// it is what an operator must know.
pub fn start(format: Option<LogFormat>) -> LogDial {
    let is_terminal = std::io::stderr().is_terminal();
    let format = format.unwrap_or(if is_terminal { LogFormat::Text } else { LogFormat::Json });
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| filter(LevelFilter::INFO));
    let lines =
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_env_filter(filter);
    // A second start, in tests, keeps the first.
    match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_filter_reloading();
            let handle = lines.reload_handle();
            let _ = lines.try_init();
            dial(move |filter| handle.reload(filter))
        }
        LogFormat::Text => {
            let lines = lines.with_ansi(is_terminal).with_filter_reloading();
            let handle = lines.reload_handle();
            let _ = lines.try_init();
            dial(move |filter| handle.reload(filter))
        }
    }
}

fn dial(reload: impl Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync + 'static) -> LogDial {
    LogDial::new(move |level| {
        let level = parse(level)?;
        reload(filter(level)).map_err(|fault| format!("the log cannot be set: {fault}"))
    })
}

fn parse(level: &str) -> Result<LevelFilter, String> {
    let known = ["error", "warn", "info", "debug", "trace"];
    let level = known.contains(&level).then(|| level.parse().ok()).flatten();
    level.ok_or_else(|| format!("a level is one of {}", known.join(", ")))
}

/// What is logged at `level`. Of the libraries no more than usual: some would write down what they carry.
fn filter(level: LevelFilter) -> EnvFilter {
    let (libraries, servers) = (level.min(LevelFilter::INFO), level.min(LevelFilter::WARN));
    EnvFilter::new(format!(
        "{libraries},sluicegate={level},pingora={servers},pingora_core={servers},pingora_runtime={servers}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_up_the_gate_and_no_library() {
        let text = filter(LevelFilter::TRACE).to_string();
        assert!(text.contains("sluicegate=trace") && text.contains("pingora=warn"), "{text}");
        assert!(text.split(',').any(|part| part == "info"), "{text}");
        let text = filter(LevelFilter::ERROR).to_string();
        assert!(text.contains("sluicegate=error") && text.contains("pingora=error"), "{text}");
    }

    #[test]
    fn names_the_levels_that_there_are() {
        assert_eq!(parse("debug"), Ok(LevelFilter::DEBUG));
        for text in ["", "verbose", "3", "off", "hyper=trace"] {
            assert!(parse(text).is_err_and(|why| why.contains("trace")), "{text}");
        }
    }
}
