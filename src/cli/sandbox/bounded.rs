//! What of a sandbox the policy leaves to the command line: to be stricter, never to be milder.

use std::path::{Path, PathBuf};

use super::{Fault, SandboxOptions, SandboxWord, unable};
use crate::policy::{Hosts, SandboxMode, SandboxPlan};
use crate::serve::Child;

/// What both agree on; `None` where there is to be no sandbox.
///
/// # Errors
/// The first option that would let the server have more than the policy does.
pub(super) fn agreed(
    options: &SandboxOptions,
    child: &Child,
    plan: Option<&SandboxPlan>,
) -> Result<Option<SandboxPlan>, Fault> {
    let Some(plan) = plan else { return Ok(asked(options)) };
    let mode = match options.sandbox {
        Some(SandboxWord::Off) => return Err(milder("--sandbox=off", "wants a sandbox")),
        Some(SandboxWord::Net) if plan.mode == SandboxMode::Strict => {
            return Err(milder("--sandbox=net", "says `mode: strict`"));
        }
        Some(SandboxWord::Strict) => SandboxMode::Strict,
        Some(SandboxWord::Net) | None => plan.mode,
    };
    if options.sandbox_best_effort && !plan.is_best_effort {
        return Err(milder("--sandbox-best-effort", "does not say `best_effort: true`"));
    }
    program(options, child, plan)?;
    for (name, _) in &child.environment {
        if !plan.env.iter().any(|allowed| **allowed == *name.to_string_lossy()) {
            let option = format!("--env {}", name.to_string_lossy());
            return Err(milder(&option, "does not name it under `env`"));
        }
    }
    let shown: Vec<PathBuf> = plan.read.iter().chain(&plan.programs).cloned().collect();
    let hosts = hosts(options, mode, plan)?;
    let least = |asked: Option<u64>, bound: Option<u64>| asked.into_iter().chain(bound).min();
    Ok(Some(SandboxPlan {
        mode,
        is_best_effort: plan.is_best_effort,
        command: plan.command.clone(),
        read: within("--sandbox-read", &options.sandbox_read, &plan.read, &shown)?,
        programs: within("--sandbox-program", &options.sandbox_program, &plan.programs, &plan.programs)?,
        work: work(options.sandbox_work.as_deref(), plan)?,
        env: plan.env.clone(),
        hosts,
        private: if mode == SandboxMode::Net { plan.private.clone() } else { Vec::new() },
        cpu_seconds: least(options.sandbox_cpu, plan.cpu_seconds),
        processes: least(options.sandbox_processes, plan.processes),
        memory_mib: least(options.sandbox_memory, plan.memory_mib),
        cpu_percent: least(options.sandbox_cpu_percent, plan.cpu_percent),
    }))
}

/// What the command line alone says.
fn asked(options: &SandboxOptions) -> Option<SandboxPlan> {
    let mode = match options.sandbox {
        None | Some(SandboxWord::Off) => return None,
        Some(SandboxWord::Net) => SandboxMode::Net,
        Some(SandboxWord::Strict) => SandboxMode::Strict,
    };
    Some(SandboxPlan {
        mode,
        is_best_effort: options.sandbox_best_effort,
        command: None,
        read: options.sandbox_read.clone(),
        programs: options.sandbox_program.clone(),
        work: options.sandbox_work.clone(),
        env: Vec::new(),
        hosts: options.sandbox_host.clone(),
        private: options.sandbox_private.clone(),
        cpu_seconds: options.sandbox_cpu,
        processes: options.sandbox_processes,
        memory_mib: options.sandbox_memory,
        cpu_percent: options.sandbox_cpu_percent,
    })
}

fn milder(option: &str, policy: &str) -> Fault {
    unable(format!(
        "`{option}` would let the server have more than the policy does, which {policy}; remove the option, or change \
         `sandbox` in the policy"
    ))
}

fn program(options: &SandboxOptions, child: &Child, plan: &SandboxPlan) -> Result<(), Fault> {
    let Some((path, digest)) = &plan.command else { return Ok(()) };
    if Path::new(&child.program) != &**path {
        let wanted = path.display();
        return Err(unable(format!(
            "the policy lets no program be started but `{wanted}`, and COMMAND begins with `{}`; write `-- {wanted}`",
            child.program.to_string_lossy()
        )));
    }
    match &options.sandbox_sha256 {
        Some(other) if other != digest => {
            Err(unable("`--sandbox-sha256` is another digest than that in the policy; remove one of them"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The paths of an option, each of which lies within those of the policy; else these.
fn within(
    option: &str,
    asked: &[PathBuf],
    allowed: &[PathBuf],
    bounds: &[PathBuf],
) -> Result<Vec<PathBuf>, Fault> {
    if asked.is_empty() {
        return Ok(allowed.to_vec());
    }
    // By what they are, not by what they are called: a link would lead elsewhere.
    let real = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let bounds: Vec<PathBuf> = bounds.iter().map(real).collect();
    for path in asked {
        if !bounds.iter().any(|bound| real(path).starts_with(bound)) {
            return Err(milder(
                &format!("{option} {}", path.display()),
                "does not name it or a folder above it",
            ));
        }
    }
    Ok(asked.to_vec())
}

fn work(asked: Option<&Path>, plan: &SandboxPlan) -> Result<Option<PathBuf>, Fault> {
    let Some(asked) = asked else { return Ok(plan.work.clone()) };
    let bounds: Vec<PathBuf> = plan.work.iter().cloned().collect();
    within("--sandbox-work", &[asked.into()], &[], &bounds).map(|mut paths| paths.pop())
}

fn hosts(options: &SandboxOptions, mode: SandboxMode, plan: &SandboxPlan) -> Result<Vec<String>, Fault> {
    if let Some(network) = options.sandbox_private.first() {
        let is_within = |bound: &ipnet::IpNet| bound.contains(network);
        if !plan.private.iter().any(is_within) {
            return Err(milder(&format!("--sandbox-private {network}"), "does not name it under `private`"));
        }
    }
    match (mode, options.sandbox_host.is_empty()) {
        (SandboxMode::Strict, _) => Ok(options.sandbox_host.clone()),
        (SandboxMode::Net, true) => Ok(plan.hosts.clone()),
        (SandboxMode::Net, false) => {
            let allowed = Hosts::parse(&plan.hosts, &[]).unwrap_or_default();
            for host in &options.sandbox_host {
                let is_held =
                    Hosts::parse(std::slice::from_ref(host), &[]).is_ok_and(|asked| allowed.hold(&asked));
                if !is_held {
                    return Err(milder(&format!("--sandbox-host {host}"), "does not name it under `hosts`"));
                }
            }
            Ok(options.sandbox_host.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        options: SandboxOptions,
        #[arg(last = true)]
        command: Vec<String>,
    }

    fn plan() -> SandboxPlan {
        SandboxPlan {
            mode: SandboxMode::Net,
            is_best_effort: false,
            command: Some((Path::new("/bin/cat").into(), "00".repeat(32).into())),
            read: vec!["/usr/share".into()],
            programs: vec!["/usr/lib".into()],
            work: None,
            env: vec!["KEY".into()],
            hosts: vec!["*.example.com".into()],
            private: vec!["10.0.0.0/8".parse().unwrap()],
            cpu_seconds: Some(60),
            processes: None,
            memory_mib: Some(256),
            cpu_percent: None,
        }
    }

    fn agree(words: &[&str], plan: Option<&SandboxPlan>) -> Result<Option<SandboxPlan>, String> {
        let words = ["gate"].iter().chain(words).chain(&["--", "/bin/cat"]);
        let read = Words::try_parse_from(words).map_err(|fault| fault.to_string())?;
        let child = Child {
            program: read.command[0].clone().into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            sandbox: None,
        };
        agreed(&read.options, &child, plan).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_command_line_may_be_stricter() {
        let plan = plan();
        assert_eq!(agree(&[], Some(&plan)), Ok(Some(plan.clone())));
        let strict = agree(&["--sandbox=strict"], Some(&plan)).unwrap().unwrap();
        assert_eq!((strict.mode, strict.hosts.len(), strict.private.len()), (SandboxMode::Strict, 0, 0));
        let words = [
            "--sandbox=net",
            "--sandbox-host=a.example.com",
            "--sandbox-read=/usr/share/doc",
            "--sandbox-cpu=9",
            "--sandbox-memory=512",
            "--sandbox-cpu-percent=50",
        ];
        let less = agree(&words, Some(&plan)).unwrap().unwrap();
        assert_eq!(less.hosts, ["a.example.com"]);
        assert_eq!(less.read, [PathBuf::from("/usr/share/doc")]);
        assert_eq!(less.cpu_seconds, Some(9));
        assert_eq!((less.memory_mib, less.cpu_percent), (Some(256), Some(50)), "the lesser of both");
        assert_eq!(
            agree(&["--sandbox=net", "--sandbox-cpu=99"], Some(&plan)).unwrap().unwrap().cpu_seconds,
            Some(60)
        );
    }

    #[test]
    fn a_command_line_may_not_be_milder() {
        let (net, mut strict) = (plan(), plan());
        strict.mode = SandboxMode::Strict;
        for (words, plan) in [
            (&["--sandbox=off"][..], &net),
            (&["--sandbox=net"], &strict),
            (&["--sandbox=net", "--sandbox-best-effort"], &net),
            (&["--sandbox=net", "--sandbox-read=/etc"], &net),
            (&["--sandbox=net", "--sandbox-read=/usr/share/../../etc"], &net),
            (&["--sandbox=net", "--sandbox-program=/usr/share"], &net),
            (&["--sandbox=net", "--sandbox-work=/srv"], &net),
            (&["--sandbox=net", "--sandbox-host=example.com"], &net),
            (&["--sandbox=net", "--sandbox-host=a.example.com", "--sandbox-private=0.0.0.0/0"], &net),
        ] {
            let fault = agree(words, Some(plan)).unwrap_err();
            assert!(fault.contains("more than the policy does"), "{words:?}: {fault}");
        }
        let digest = "11".repeat(32);
        assert!(agree(&["--sandbox=net", "--sandbox-sha256", &digest], Some(&net)).is_err());
        let mut other = plan();
        other.command = Some((Path::new("/bin/dog").into(), "00".repeat(32).into()));
        assert!(agree(&[], Some(&other)).unwrap_err().contains("/bin/dog"));
    }

    #[test]
    fn without_a_policy_the_command_line_decides() {
        assert_eq!(agree(&[], None), Ok(None));
        assert_eq!(agree(&["--sandbox=off"], None), Ok(None));
        assert_eq!(agree(&["--sandbox=strict"], None).unwrap().unwrap().mode, SandboxMode::Strict);
    }
}
