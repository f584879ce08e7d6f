//! The product's command, built with the rest of this crate.

fn main() -> std::process::ExitCode {
    sluicegate::cli::main()
}
