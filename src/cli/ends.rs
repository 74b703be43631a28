//! Who is asked about: pods and addresses as people write them, and ports.

use std::net::IpAddr;

use anyhow::{Result, bail};

use crate::audit::Map;
use crate::domain::sanitise;
use crate::reach::{Connection, Direction, Matrix, Pod, Point, PortSet, Protocol};

/// One side of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Side {
    /// Pods of one workload, by their numbers in the world; never none.
    Pods(Vec<usize>),
    /// An address that no pod has.
    Outside(IpAddr),
}

/// A port as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PortAsked {
    Number(Protocol, u16),
    /// What the pods call it.
    Name(String),
}

/// `80`, `53/UDP`, `http`
impl std::str::FromStr for PortAsked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (port, protocol) = text.split_once('/').unwrap_or((text, "TCP"));
        let named = protocol.to_ascii_uppercase();
        let wrong = || "write it as 80, 53/UDP or by its name".to_owned();
        let protocol = Protocol::parse(&named).ok_or_else(wrong)?;
        if port.is_empty() || port.contains(char::is_whitespace) {
            return Err(wrong());
        }
        if port.bytes().any(|byte| !byte.is_ascii_digit()) {
            let name = Self::Name(port.to_owned());
            return if text.contains('/') { Err(wrong()) } else { Ok(name) };
        }
        let number = port.parse().ok().filter(|port| *port != 0);
        number
            .map(|number| Self::Number(protocol, number))
            .ok_or_else(|| "a port is a number from 1 to 65535".to_owned())
    }
}

/// An end with the port behind it: `shop/db:5432`, `[fd00::1]:53/UDP`
pub(super) fn split(text: &str) -> Result<(&str, Option<PortAsked>)> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok((text, None));
    }
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (end, port) = match (bracketed, text.split_once(':')) {
        (Some((address, "")), _) => return Ok((address, None)),
        (Some((address, rest)), _) => match rest.strip_prefix(':') {
            Some(port) => (address, port),
            None => bail!("`{}` is neither a pod nor an address", sanitise(text, 253)),
        },
        (None, Some(parts)) => parts,
        (None, None) => return Ok((text, None)),
    };
    match port.parse() {
        Ok(port) => Ok((end, Some(port))),
        Err(help) => bail!("`{}` is no port\nhelp: {help}", sanitise(port, 63)),
    }
}

/// The side that a text names: an address, `NAMESPACE/NAME`, `NAMESPACE/KIND/NAME` or a name in the given
/// namespace. A name is a workload's or a pod's own.
pub(super) fn find(text: &str, namespace: &str, map: &Map) -> Result<Side> {
    let all = || map.world.pods.iter().enumerate();
    if let Ok(address) = text.parse::<IpAddr>() {
        let of_pod: Vec<usize> = all()
            .filter(|(_, pod)| pod.addresses.contains(&address) && !pod.host_network)
            .map(|(number, _)| number)
            .collect();
        return Ok(if of_pod.is_empty() { Side::Outside(address) } else { Side::Pods(of_pod) });
    }
    let parts: Vec<&str> = text.split('/').collect();
    let (namespace, kind, name) = match *parts.as_slice() {
        [name] => (namespace, None, name),
        [namespace, name] => (namespace, None, name),
        [namespace, kind, name] => (namespace, Some(kind), name),
        _ => bail!(
            "`{}` is neither a pod nor an address\nhelp: write it as namespace/name",
            sanitise(text, 253)
        ),
    };
    let is = |number: usize, pod: &Pod| {
        let own = map.known.get(number).is_some_and(|known| known.name == name);
        let of_kind = kind.is_none_or(|kind| {
            pod.kind.eq_ignore_ascii_case(kind) || own && kind.eq_ignore_ascii_case("pod")
        });
        pod.namespace == namespace && (pod.name == name || own) && of_kind
    };
    let found: Vec<usize> = all().filter(|(number, pod)| is(*number, pod)).map(|it| it.0).collect();
    let mut titles: Vec<String> = found.iter().map(|number| title(map, *number)).collect();
    titles.sort_unstable();
    titles.dedup();
    match titles.as_slice() {
        [] => bail!("{}", missing(text, namespace, map)),
        [_] => Ok(Side::Pods(found)),
        several => bail!(
            "`{}` may be {}\nhelp: say which as namespace/kind/name",
            sanitise(text, 253),
            several.join(" or ")
        ),
    }
}

/// `shop/web[Deployment]`
pub(super) fn title(map: &Map, pod: usize) -> String {
    let pod = map.world.pods.get(pod);
    pod.map(|Pod { namespace, name, kind, .. }| format!("{namespace}/{name}[{kind}]"))
        .unwrap_or_default()
}

fn missing(text: &str, namespace: &str, map: &Map) -> String {
    const SHOWN: usize = 8;
    let there = (0..map.world.pods.len())
        .filter(|number| map.world.pods.get(*number).is_some_and(|pod| pod.namespace == namespace));
    let mut names: Vec<String> = there.map(|number| title(map, number)).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    let listed = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let help = match (names.is_empty(), more) {
        (true, _) => format!("no pod of namespace `{}` is known", sanitise(namespace, 63)),
        (false, 0) => format!("there are {listed}"),
        (false, more) => format!("there are {listed} and {more} more"),
    };
    format!("there is no pod or workload `{}`\nhelp: {help}", sanitise(text, 253))
}

/// The port of the pods that take the connection.
pub(super) fn port(asked: &PortAsked, dst: &Side, map: &Map) -> Result<(Protocol, u16)> {
    let name = match asked {
        PortAsked::Number(protocol, number) => return Ok((*protocol, *number)),
        PortAsked::Name(name) => name,
    };
    let shown = sanitise(name, 63);
    let Side::Pods(pods) = dst else {
        bail!("ports of addresses have no names: `{shown}` is no number");
    };
    let pods = pods.iter().filter_map(|number| map.world.pods.get(*number));
    let mut ports: Vec<_> = pods.flat_map(|pod| &pod.ports).collect();
    ports.sort_unstable();
    ports.dedup();
    let mut numbers: Vec<_> = ports
        .iter()
        .filter(|own| own.name == *name)
        .map(|own| (own.protocol, own.number))
        .collect();
    numbers.dedup();
    match numbers.as_slice() {
        [number] => Ok(*number),
        [] => {
            let named = ports.iter().map(|own| {
                format!("{} ({} {})", sanitise(&own.name, 63), own.protocol.as_str(), own.number)
            });
            let named: Vec<String> = named.collect();
            let has =
                if named.is_empty() { "none has a name".to_owned() } else { named.join(", ") };
            bail!("no port there is called `{shown}`\nhelp: its ports: {has}")
        }
        _ => bail!("`{shown}` is several ports there\nhelp: say the number"),
    }
}

/// The pods that policies may tell apart, each with each, or with an address.
pub(super) fn pairs(map: &Map, src: &Side, dst: &Side) -> Result<Vec<(Point, Point)>> {
    if let (Side::Outside(_), Side::Outside(_)) = (src, dst) {
        bail!("neither end is a pod that is known: policies are about pods");
    }
    let points = |side: &Side| match side {
        Side::Outside(address) => vec![Point::Outside(*address)],
        Side::Pods(pods) => pods.iter().map(|pod| Point::Pod(*pod)).collect(),
    };
    let (from, to) = (points(src), points(dst));
    let mut pairs = Vec::new();
    for src in &from {
        for dst in &to {
            let dst = match (src, dst) {
                (Point::Pod(one), Point::Pod(other)) if one == other => {
                    match map.known.get(*one) {
                        Some(known) if known.is_template => Point::Another(*one),
                        // Of several pods, those that differ are asked about.
                        _ if from.len() > 1 || to.len() > 1 => continue,
                        _ => *dst,
                    }
                }
                _ => *dst,
            };
            pairs.push((*src, dst));
        }
    }
    Ok(pairs)
}

/// What may pass between some pair.
pub(super) fn between(matrix: &Matrix<'_>, pairs: &[(Point, Point)]) -> Connection {
    pairs.iter().fold(Connection::none(), |all, pair| all.or(&connection(matrix, *pair)))
}

fn connection(matrix: &Matrix<'_>, pair: (Point, Point)) -> Connection {
    let class = |point| match point {
        Point::Pod(pod) | Point::Another(pod) => matrix.class(pod),
        Point::Outside(_) => None,
    };
    let outside = |pod, address: IpAddr, direction| {
        matrix.class(pod).map(|class| matrix.with_outside(class, address, direction))
    };
    let found = match pair {
        (Point::Pod(one), Point::Pod(other)) if one == other => {
            Some(Connection { ports: PortSet::all(), undefined: false })
        }
        (Point::Pod(pod) | Point::Another(pod), Point::Outside(address)) => {
            outside(pod, address, Direction::Egress)
        }
        (Point::Outside(address), Point::Pod(pod) | Point::Another(pod)) => {
            outside(pod, address, Direction::Ingress)
        }
        (src, dst) => class(src).zip(class(dst)).map(|(src, dst)| matrix.between_classes(src, dst)),
    };
    found.unwrap_or_else(Connection::none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_people_write_them() {
        let check = |text: &str, expect: Option<PortAsked>| {
            assert_eq!(text.parse::<PortAsked>().ok(), expect, "{text}");
        };
        check("80", Some(PortAsked::Number(Protocol::Tcp, 80)));
        check("53/udp", Some(PortAsked::Number(Protocol::Udp, 53)));
        check("http", Some(PortAsked::Name("http".to_owned())));
        check("0", None);
        check("65536", None);
        check("80/ICMP", None);
        check("http/TCP", None);
        check("", None);
        check("a b", None);
    }

    #[test]
    fn a_port_may_stand_behind_an_end() {
        let number = |port| Some(PortAsked::Number(Protocol::Tcp, port));
        let check = |text: &str, expect: (&str, Option<PortAsked>)| {
            assert_eq!(split(text).unwrap(), expect, "{text}");
        };
        check("shop/web", ("shop/web", None));
        check("shop/web:80", ("shop/web", number(80)));
        check("10.0.0.1:80", ("10.0.0.1", number(80)));
        check("10.0.0.1", ("10.0.0.1", None));
        check("fd00::1", ("fd00::1", None));
        check("[fd00::1]:80", ("fd00::1", number(80)));
        check("[fd00::1]", ("fd00::1", None));
        assert!(split("shop/web:0").is_err());
        assert!(split("[fd00::1]80").is_err());
    }
}
