//! Ports of the three protocols that policies speak of.

use std::fmt;

use super::spans::Spans;

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
    /// SCTP
    Sctp,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// As Kubernetes writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }

    /// The protocol that Kubernetes writes so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.as_str() == text)
    }
}

/// The ports that there are: 0 is none.
const EVERY: (u16, u16) = (1, u16::MAX);

/// A set of ports, by protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortSet {
    tcp: Spans<u16>,
    udp: Spans<u16>,
    sctp: Spans<u16>,
}

impl PortSet {
    /// Every port of every protocol.
    #[must_use]
    pub fn all() -> Self {
        Self::each(|_| Spans::range(EVERY.0, EVERY.1))
    }

    /// Every port of one protocol.
    #[must_use]
    pub fn of(protocol: Protocol) -> Self {
        Self::range(protocol, EVERY.0, EVERY.1)
    }

    /// The ports of a range.
    #[must_use]
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let own = |it| if it == protocol { Spans::range(first, last) } else { Spans::default() };
        Self::each(own)
    }

    fn each(of: impl Fn(Protocol) -> Spans<u16>) -> Self {
        Self { tcp: of(Protocol::Tcp), udp: of(Protocol::Udp), sctp: of(Protocol::Sctp) }
    }

    fn spans(&self, protocol: Protocol) -> &Spans<u16> {
        match protocol {
            Protocol::Tcp => &self.tcp,
            Protocol::Udp => &self.udp,
            Protocol::Sctp => &self.sctp,
        }
    }

    /// The ranges of a protocol, each with its first and its last, in order.
    #[must_use]
    pub fn ranges(&self, protocol: Protocol) -> &[(u16, u16)] {
        self.spans(protocol).ranges()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        Protocol::ALL.into_iter().all(|protocol| self.spans(protocol).is_empty())
    }

    /// Whether there is every one.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// Whether a port is among them.
    #[must_use]
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        self.spans(protocol).contains(port)
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> Option<(Protocol, u16)> {
        Protocol::ALL.into_iter().find_map(|own| Some((own, self.spans(own).first()?)))
    }

    /// Those that are in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self::each(|own| self.spans(own).or(other.spans(own)))
    }

    /// Those of any of some sets.
    #[must_use]
    pub fn union(sets: &[Self]) -> Self {
        Self::each(|own| Spans::union(sets.iter().map(|set| set.spans(own))))
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::each(|own| self.spans(own).and(other.spans(own)))
    }

    /// Those that are not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self::each(|own| self.spans(own).without(other.spans(own)))
    }
}

/// `all ports`, or `TCP 80, 443-445; UDP 53`
impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("all ports");
        }
        if self.is_empty() {
            return f.write_str("no port");
        }
        let of = |protocol: Protocol| {
            let ranges = self.ranges(protocol);
            let own = protocol.as_str();
            match ranges {
                [] => None,
                [every] if *every == EVERY => Some(own.to_owned()),
                _ => {
                    let texts: Vec<String> = ranges.iter().map(|it| range_text(*it)).collect();
                    Some(format!("{own} {}", texts.join(", ")))
                }
            }
        };
        let texts: Vec<String> = Protocol::ALL.into_iter().filter_map(of).collect();
        f.write_str(&texts.join("; "))
    }
}

/// `80` or `443-445`
#[must_use]
pub(super) fn range_text((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// The ports of a rule: numbers, and names, which each destination gives numbers of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// The ports that are given by number.
    pub numbers: PortSet,
    /// The ports that are given by name; the name stands for a port of this protocol.
    pub names: Vec<(Protocol, String)>,
}

impl Ports {
    /// Every port.
    #[must_use]
    pub fn all() -> Self {
        Self { numbers: PortSet::all(), names: Vec::new() }
    }

    /// The ports of any of some lists.
    #[must_use]
    pub fn union(lists: Vec<Self>) -> Self {
        let (numbers, names): (Vec<PortSet>, Vec<_>) =
            lists.into_iter().map(|own| (own.numbers, own.names)).unzip();
        Self { numbers: PortSet::union(&numbers), names: names.concat() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_written_by_protocol() {
        let range = PortSet::range;
        let check = |set: PortSet, expect: &str| assert_eq!(set.to_string(), expect);
        check(PortSet::all(), "all ports");
        check(PortSet::default(), "no port");
        check(PortSet::of(Protocol::Sctp), "SCTP");
        let some = [
            range(Protocol::Udp, 53, 53),
            range(Protocol::Tcp, 443, 445),
            range(Protocol::Tcp, 80, 80),
        ];
        check(PortSet::union(&some), "TCP 80, 443-445; UDP 53");
    }
}
