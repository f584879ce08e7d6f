//! Tells the program which compiler made it, for `sluicegate_build_info`.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(compiler).arg("--version").output().map(|said| said.stdout).unwrap_or_default();
    // `rustc 1.95.0 (...)`; where nothing comes, the program says that it does not know.
    if let Some(version) = String::from_utf8_lossy(&said).split_whitespace().nth(1) {
        println!("cargo::rustc-env=SLUICEGATE_RUSTC={version}");
    }
}
