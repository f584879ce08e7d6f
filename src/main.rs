//! The `sluicegate` binary; everything is in the library, whose first page is the map.

fn main() -> std::process::ExitCode {
    sluicegate::cli::main()
}
