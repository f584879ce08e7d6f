//! What README and pages say holds: commands print what is shown, policies load, links lead somewhere.

mod commands;
mod links;
mod pages;
mod samples;
