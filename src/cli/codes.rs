//! `sluicegate codes`: what the number of a finding means.

use clap::Args;

use super::Exit;
use crate::policy::Code;

/// Options of `codes`.
#[derive(Debug, Args)]
pub struct Options {
    /// The codes to explain, such as SG0013; all of them in a line each where none is given
    #[arg(value_name = "CODE", value_parser = parse)]
    codes: Vec<Code>,
}

fn parse(text: &str) -> Result<Code, &'static str> {
    Code::parse(text).ok_or("there is no such code; `sluicegate codes` lists all")
}

/// Prints what the codes mean.
pub fn codes(options: &Options) -> Exit {
    if options.codes.is_empty() {
        for code in Code::ALL {
            anstream::println!("{}  {:7}  {}", code.as_str(), code.severity().to_string(), code.meaning());
        }
        return Exit::Fine;
    }
    let told = options.codes.iter().map(|code| {
        let (number, severity, meaning) = (code.as_str(), code.severity(), code.meaning());
        format!("# {number} ({severity}): {meaning}\n\n{}\n", code.explanation())
    });
    anstream::print!("{}", told.collect::<Vec<_>>().join("\n"));
    Exit::Fine
}
