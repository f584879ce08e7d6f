//! `sluicegate redirect`: brings a pod's connections to the gate.

use clap::Args;

use super::Exit;
use crate::serve::redirect::{self, Table};

/// Options of `redirect`.
#[derive(Debug, Args)]
pub struct Options {
    /// A port of the server; may be repeated
    #[arg(long, value_name = "PORT", required = true, value_parser = clap::value_parser!(u16).range(1..))]
    port: Vec<u16>,
    /// The port of the gate, which runs with `run --original-destination --listen [::]:PORT`
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    to: u16,
    /// A port that is left alone, such as that of the gate's operators; may be repeated
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    except: Vec<u16>,
    /// The user that the gate runs as, and nobody else in the pod: its connections reach the server
    #[arg(long, value_name = "UID")]
    uid: u32,
    /// Change nothing, and print the table in the language of nft
    #[arg(long)]
    print: bool,
}

/// Loads the table, or prints it.
pub fn redirect(options: &Options) -> Exit {
    let table = match Table::new(&options.port, options.to, &options.except, options.uid) {
        Ok(table) => table,
        Err(fault) => {
            anstream::eprintln!("sluicegate: {fault}");
            return Exit::Unable;
        }
    };
    if options.print {
        anstream::print!("{table}");
        return Exit::Fine;
    }
    match redirect::load(&table) {
        Ok(()) => {
            anstream::println!(
                "table inet sluicegate is loaded: TCP connections to this pod come to port {}",
                options.to
            );
            Exit::Fine
        }
        Err(fault) => {
            anstream::eprintln!("sluicegate: {fault}");
            Exit::Unable
        }
    }
}
