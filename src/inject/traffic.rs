//! How clients get to the gate instead of the server: the mode, the server's port, and what stands against it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::annotations::Wishes;
use super::codes::Code;
use super::outcome::{Mode, Refusal, Warning};
use super::parts::ADMIN_PORT_NAME;
use super::pod::{self, HandlerKind};
use super::settings::{Choice, GateSettings, Permission, Settings};
use crate::bounds::PORT_NAME_CHARACTERS_MAX;
use crate::policy::nearest;

/// Where the server is in its pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// Its container, as an index among those that serve.
    pub container: usize,
    /// The name of the port that Services target.
    pub port_name: Box<str>,
    /// The number that it listens on, or for a server on pipes, that the gate listens on for it.
    pub port: u16,
}

/// What the name of the server's port becomes when the gate takes it over.
pub(super) fn renamed(port_name: &str) -> String {
    const END: &str = "-app";
    let kept = port_name.get(..PORT_NAME_CHARACTERS_MAX - END.len()).unwrap_or(port_name);
    format!("{}{END}", kept.trim_end_matches('-'))
}

fn refusal(code: Code, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into() }
}

/// Chooses how traffic gets to the gate.
///
/// # Errors
/// What the operator does not allow, or that nothing says where the server is: never a guess.
pub(super) fn mode(
    pod: &Value,
    wishes: &Wishes,
    choice: &Choice,
    settings: &Settings,
) -> Result<Mode, Refusal> {
    let asked = wishes.mode.flatten();
    match (choice.mode, asked) {
        (Some(set), Some(asked)) if set != asked => Err(refusal(
            Code::ModeNotAllowed,
            format!(
                "the operator has set the mode `{set}` here; remove the annotation `sluicegate.dev/mode: {asked}`"
            ),
        )),
        (Some(set), _) => Ok(set),
        (None, Some(Mode::Redirect)) if settings.redirect == Permission::Refuse => Err(refusal(
            Code::ModeNotAllowed,
            "the operator does not allow the mode `redirect`; use `named-port`, or ask for `redirect: allow` in the settings of the injector",
        )),
        (None, Some(asked)) => Ok(asked),
        (None, None) => by_pod(pod, wishes, settings),
    }
}

/// The mode `auto`.
fn by_pod(pod: &Value, wishes: &Wishes, settings: &Settings) -> Result<Mode, Refusal> {
    let name = wishes.port.as_deref().unwrap_or(&settings.gate.port_name);
    if wishes.port.is_some() || named(pod, wishes, name).next().is_some() {
        return Ok(Mode::NamedPort);
    }
    let is_one = wishes.upstream_port.is_some() || sole_port(pod, wishes).is_some();
    if is_one && settings.redirect == Permission::Allow {
        return Ok(Mode::Redirect);
    }
    Err(refusal(
        Code::NoPort,
        format!(
            "no container has a port named `{name}`, so nothing says where the server is; name its port `{name}` and \
             let the Service target that name, or add `sluicegate.dev/port: NAME`, or choose another way with `sluicegate.dev/mode`"
        ),
    ))
}

/// The ports of a name, each with the index of its container.
fn named<'p>(
    pod: &'p Value,
    wishes: &'p Wishes,
    name: &'p str,
) -> impl Iterator<Item = (usize, pod::Port<'p>)> {
    candidates(pod, wishes).filter(move |(_, port)| port.name == Some(name))
}

/// The ports of the container that is named, or of all that serve.
fn candidates<'p>(pod: &'p Value, wishes: &'p Wishes) -> impl Iterator<Item = (usize, pod::Port<'p>)> {
    let is_meant =
        |container: &Value| wishes.container.as_deref().is_none_or(|name| name == pod::name(container));
    let containers =
        pod::containers(pod).iter().enumerate().filter(move |(_, container)| is_meant(container));
    containers.flat_map(|(index, container)| pod::ports(container).map(move |port| (index, port)))
}

/// The one TCP port that there is.
fn sole_port(pod: &Value, wishes: &Wishes) -> Option<(usize, u16)> {
    let mut ports = candidates(pod, wishes).filter(|(_, port)| port.is_tcp);
    let (index, port) = ports.next()?;
    ports.all(|(_, other)| other.number == port.number).then_some((index, port.number))
}

/// Finds the server.
///
/// # Errors
/// That it is not there, or might be in two places; with the annotation that says where.
pub(super) fn server(
    pod: &Value,
    mode: Mode,
    wishes: &Wishes,
    gate: &GateSettings,
) -> Result<Server, Refusal> {
    let name = wishes.port.as_deref().unwrap_or(&gate.port_name);
    if let Some(container) = wishes.container.as_deref()
        && !pod::containers(pod).iter().any(|known| pod::name(known) == container)
    {
        let names = pod::containers(pod).iter().map(pod::name);
        let meant = nearest(container, names.clone());
        let help = meant.map_or_else(
            || format!("there are {}", names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        let message =
            format!("there is no container `{container}`, as `sluicegate.dev/container` says; {help}");
        return Err(refusal(Code::ContainerUnclear, message));
    }
    let (container, port) = match mode {
        Mode::NamedPort => by_name(pod, wishes, name)?,
        Mode::Redirect | Mode::Loopback => by_number(pod, wishes, name)?,
        Mode::Stdio => on_pipes(pod, wishes, name, gate)?,
    };
    Ok(Server { container, port_name: name.into(), port })
}

fn by_name(pod: &Value, wishes: &Wishes, name: &str) -> Result<(usize, u16), Refusal> {
    let mut found = named(pod, wishes, name);
    let first = found.next();
    if found.next().is_some() {
        let message = format!(
            "two ports are named `{name}`, and Kubernetes would take the first; rename one, or name the container with `sluicegate.dev/container`"
        );
        return Err(refusal(Code::DuplicatePortName, message));
    }
    match (first, wishes.upstream_port) {
        (Some((_, port)), _) if !port.is_tcp => {
            Err(refusal(Code::PortNotFound, format!("the port `{name}` is not TCP; MCP is spoken over TCP")))
        }
        (Some((_, port)), Some(number)) if port.number != number => {
            Err(two_numbers(name, port.number, number))
        }
        (Some((index, port)), _) => Ok((index, port.number)),
        (None, Some(number)) => {
            let declared = candidates(pod, wishes).find(|(_, port)| port.number == number);
            Ok((declared.map_or(0, |(index, _)| index), number))
        }
        (None, None) => Err(no_such_port(pod, wishes, name)),
    }
}

fn two_numbers(name: &str, declared: u16, said: u16) -> Refusal {
    let message = format!(
        "the port `{name}` has the number {declared}, and `sluicegate.dev/upstream-port` says {said}; remove the annotation, or correct one of them"
    );
    refusal(Code::PortNotFound, message)
}

fn by_number(pod: &Value, wishes: &Wishes, name: &str) -> Result<(usize, u16), Refusal> {
    let by_number = |number: u16| candidates(pod, wishes).find(|(_, port)| port.number == number);
    if let Some(number) = wishes.upstream_port {
        return Ok((by_number(number).map_or(0, |(index, _)| index), number));
    }
    if wishes.port.is_some() || named(pod, wishes, name).next().is_some() {
        return by_name(pod, wishes, name);
    }
    sole_port(pod, wishes).ok_or_else(|| no_such_port(pod, wishes, name))
}

fn on_pipes(pod: &Value, wishes: &Wishes, name: &str, gate: &GateSettings) -> Result<(usize, u16), Refusal> {
    let wanted = wishes.container.as_deref();
    let mut meant = pod::containers(pod).iter().enumerate();
    let found = match wanted {
        Some(wanted) => meant.find(|(_, container)| pod::name(container) == wanted),
        None => meant.next().filter(|_| pod::containers(pod).len() == 1),
    };
    let Some((index, container)) = found else {
        let message = "the pod has several containers, and nothing says which one is the server; add `sluicegate.dev/container: NAME`";
        return Err(refusal(Code::ContainerUnclear, message));
    };
    if pod::items(container, "command").is_empty() {
        let message = format!(
            "the container `{}` names no `command`, and the one of its image cannot be known here; write the whole command into the pod",
            pod::name(container)
        );
        return Err(refusal(Code::NoCommand, message));
    }
    let declared = pod::ports(container).find(|port| port.name == Some(name)).map(|port| port.number);
    match (declared, wishes.upstream_port) {
        (Some(declared), Some(said)) if declared != said => Err(two_numbers(name, declared, said)),
        (declared, said) => Ok((index, declared.or(said).unwrap_or(gate.listen_port))),
    }
}

fn no_such_port(pod: &Value, wishes: &Wishes, name: &str) -> Refusal {
    let names: Vec<&str> = candidates(pod, wishes).filter_map(|(_, port)| port.name).collect();
    let help = nearest(name, names.iter().copied()).map(|meant| format!("did you mean `{meant}`? "));
    let help = help.unwrap_or_default();
    if wishes.port.is_some() {
        let message = format!(
            "no container has a port named `{name}`, as `sluicegate.dev/port` says; {help}give the server's port that name, or add `sluicegate.dev/upstream-port: NUMBER`"
        );
        return refusal(Code::PortNotFound, message);
    }
    let message = format!(
        "nothing says which port the server has; {help}name it `{name}`, or add `sluicegate.dev/upstream-port: NUMBER`"
    );
    refusal(Code::NoPort, message)
}

/// The TCP ports that the pod says it has beside the server's, and those that the kubelet asks, each once.
pub(super) fn other_ports(pod: &Value, server: &Server) -> Vec<u16> {
    let declared =
        pod::all_containers(pod).flat_map(pod::ports).filter(|port| port.is_tcp).map(|port| port.number);
    let numbers =
        pod::all_containers(pod).flat_map(pod::handlers).filter_map(|handler| handler.port.as_u64());
    let asked = numbers.filter_map(|port| u16::try_from(port).ok());
    declared.chain(asked).filter(|port| *port != server.port).collect::<BTreeSet<u16>>().into_iter().collect()
}

/// The ports that the gate opens in a mode, each with the key of the settings that moves it.
fn needed(mode: Mode, server: &Server, gate: &GateSettings) -> Vec<(u16, &'static str)> {
    let admin = (gate.admin_port, "admin_port");
    match mode {
        Mode::Loopback => vec![admin],
        Mode::NamedPort => vec![(gate.listen_port, "listen_port"), admin],
        Mode::Redirect => vec![(gate.redirect_port, "redirect_port"), admin],
        Mode::Stdio if server.port == gate.listen_port => vec![(gate.listen_port, "listen_port"), admin],
        Mode::Stdio => vec![admin],
    }
}

/// Refuses what stands against the gate's ports and names.
pub(super) fn refuse_ports(
    pod: &Value,
    mode: Mode,
    server: &Server,
    gate: &GateSettings,
    refusals: &mut Vec<Refusal>,
) {
    let needed = needed(mode, server, gate);
    for container in pod::all_containers(pod) {
        let name = pod::name(container);
        for port in pod::ports(container) {
            let is_own =
                mode == Mode::Stdio && port.number == server.port && port.name == Some(&*server.port_name);
            if let Some((number, key)) = needed.iter().find(|(number, _)| *number == port.number && !is_own) {
                refusals.push(refusal(
                    Code::PortTaken,
                    format!("the container `{name}` has the port {number}, which the gate needs; give it another, or ask for another `{key}` in the settings of the injector"),
                ));
            }
            if port.name == Some(ADMIN_PORT_NAME) {
                let message = format!(
                    "a port of the container `{name}` is named `{ADMIN_PORT_NAME}`, as the gate's own is; rename it"
                );
                refusals.push(refusal(Code::DuplicatePortName, message));
            }
        }
    }
    let is_declared = pod::all_containers(pod)
        .any(|container| pod::ports(container).any(|port| port.number == server.port));
    if let Some((number, _)) =
        needed.iter().find(|(number, _)| *number == server.port && !is_declared && mode != Mode::Stdio)
    {
        let message = format!(
            "the server cannot have the port {number}, which the gate needs; correct `sluicegate.dev/upstream-port`"
        );
        refusals.push(refusal(Code::PortTaken, message));
    }
    if mode == Mode::NamedPort {
        refuse_names(pod, server, refusals);
    }
}

/// Refuses what stands against taking over a name: whoever else has it, and whoever has the name that the server's
/// port gets.
fn refuse_names(pod: &Value, server: &Server, refusals: &mut Vec<Refusal>) {
    let renamed = renamed(&server.port_name);
    for (index, container) in pod::all_containers(pod).enumerate() {
        let name = pod::name(container);
        for port in pod::ports(container) {
            let is_server = index == server.container && port.number == server.port;
            if port.name == Some(&*server.port_name) && !is_server {
                let message = format!(
                    "the container `{name}` has a port `{}` too, and the gate takes that name; rename one",
                    server.port_name
                );
                refusals.push(refusal(Code::DuplicatePortName, message));
            }
            if port.name == Some(&*renamed) && index == server.container {
                let message = format!(
                    "the server's port is to be renamed `{renamed}`, and the container `{name}` has such a port already; rename that one"
                );
                refusals.push(refusal(Code::DuplicatePortName, message));
            }
            if port.number == server.port && port.is_on_host {
                let message = format!(
                    "the port {} of the container `{name}` is open on the node (`hostPort`), around the gate; remove `hostPort`",
                    server.port
                );
                refusals.push(refusal(Code::HostPort, message));
            }
        }
    }
}

/// What the kubelet would ask the gate in place of the server, in words.
///
/// Where the gate takes a name, or starts the server, the kubelet still gets to whom it means.
fn misled<'p>(
    pod: &'p Value,
    mode: Mode,
    server: &'p Server,
    kind: HandlerKind,
) -> impl Iterator<Item = String> + 'p {
    let is_misled = matches!(mode, Mode::Loopback | Mode::Redirect);
    let containers = pod::all_containers(pod).filter(move |_| is_misled);
    containers.flat_map(move |container| {
        let handlers = pod::handlers(container).filter(move |handler| handler.kind == kind);
        let there = handlers.filter(|handler| handler.goes_to(container, server.port));
        there.map(|handler| format!("`{}` of the container `{}`", handler.place, pod::name(container)))
    })
}

/// Refuses what would get no answer.
pub(super) fn refuse_probes(pod: &Value, mode: Mode, server: &Server, refusals: &mut Vec<Refusal>) {
    for what in misled(pod, mode, server, HandlerKind::Asks) {
        let message = format!(
            "{what} asks the port {}, where the gate answers; give the server another port for it, or use the mode `named-port`",
            server.port
        );
        refusals.push(refusal(Code::ProbeThroughGate, message));
    }
}

/// Warns of what would get the wrong one.
pub(super) fn warn_of_probes(pod: &Value, mode: Mode, server: &Server, warnings: &mut Vec<Warning>) {
    for what in misled(pod, mode, server, HandlerKind::Connects) {
        let message = format!(
            "{what} connects to the port {}, where the gate answers, so it says nothing of the server",
            server.port
        );
        warnings.push(Warning { code: Code::ProbeAsksGate, message });
    }
}

/// Warns of a second name for the server's port, by which a Service would get around the gate.
pub(super) fn aliases(pod: &Value, mode: Mode, server: &Server, warnings: &mut Vec<Warning>) {
    if mode != Mode::NamedPort {
        return;
    }
    for container in pod::all_containers(pod) {
        let others = pod::ports(container).filter(|port| port.number == server.port && port.is_tcp);
        for name in others.filter_map(|port| port.name).filter(|name| *name != &*server.port_name) {
            let message = format!(
                "the port {} is also named `{name}`; a Service that targets this name gets around the gate, so remove the name",
                server.port
            );
            warnings.push(Warning { code: Code::PortAlias, message });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_given_up_stays_short_enough() {
        for (name, wanted) in [
            ("mcp", "mcp-app"),
            ("streamable-http", "streamable--app"),
            ("abcdefghijklmno", "abcdefghijk-app"),
            ("abcdefghij-k", "abcdefghij-app"),
        ] {
            let wanted = wanted.replace("--", "-");
            let renamed = renamed(name);
            assert!(renamed.len() <= PORT_NAME_CHARACTERS_MAX);
            assert_eq!(renamed, wanted);
        }
    }
}
