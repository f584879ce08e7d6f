//! `sluicegate codes`: what the number of a finding means.

use clap::Args;

use super::Exit;
use crate::{inject, lint, policy};

/// Options of `codes`.
#[derive(Debug, Args)]
pub struct Options {
    /// The codes to explain, such as SG0013; all of them in a line each where none is given
    #[arg(value_name = "CODE", value_parser = parse)]
    codes: Vec<Code>,
}

/// A number of one of the tables, which share their numbers.
#[derive(Debug, Clone, Copy)]
enum Code {
    Inject(inject::Code),
    Lint(lint::Rule),
    Policy(policy::Code),
}

fn parse(text: &str) -> Result<Code, &'static str> {
    let of_policy = policy::Code::parse(text).map(Code::Policy);
    let code = of_policy.or_else(|| inject::Code::parse(text).map(Code::Inject));
    let code = code.or_else(|| lint::Rule::parse(text).map(Code::Lint));
    code.ok_or("there is no such code; `sluicegate codes` lists all")
}

impl Code {
    /// Number, weight, meaning and text.
    fn told(self) -> [String; 4] {
        let told = match self {
            Self::Inject(code) => [code.as_str(), code.kind().as_str(), code.meaning(), code.explanation()],
            Self::Lint(rule) => [rule.as_str(), rule.severity().as_str(), rule.meaning(), rule.explanation()],
            Self::Policy(code) => {
                let severity = code.severity().to_string();
                return [code.as_str(), &severity, code.meaning(), code.explanation()].map(str::to_owned);
            }
        };
        told.map(str::to_owned)
    }
}

/// Prints what the codes mean.
pub fn codes(options: &Options) -> Exit {
    if options.codes.is_empty() {
        let of_policy = policy::Code::ALL.iter().copied().map(Code::Policy);
        let of_inject = inject::Code::ALL.iter().copied().map(Code::Inject);
        let of_lint = lint::Rule::ALL.iter().copied().map(Code::Lint);
        for code in of_policy.chain(of_inject).chain(of_lint) {
            let [number, weight, meaning, _] = code.told();
            anstream::println!("{number}  {weight:7}  {meaning}");
        }
        return Exit::Fine;
    }
    let told = options.codes.iter().map(|code| {
        let [number, weight, meaning, explanation] = code.told();
        format!("# {number} ({weight}): {meaning}\n\n{explanation}\n")
    });
    anstream::print!("{}", told.collect::<Vec<_>>().join("\n"));
    Exit::Fine
}
