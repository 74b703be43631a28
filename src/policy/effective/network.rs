//! The `network` section: what the seal opens, and what tenants' own policies may open.

use super::images::listed;
use super::{EffectiveProfile, Tightener};
use crate::domain::{Cidr, Code, Mode};
use crate::policy::documents::{Network, OneSided, OutsideRange, PortRange, Protocol, Within};

/// What a tenant's pods may reach and be reached by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRules {
    /// What the seal opens inside.
    pub intra_tenant: Within,
    /// The names of the shared services that the seal opens.
    pub shared: Vec<String>,
    /// Addresses that tenants' own policies may open.
    pub outside: Vec<Outside>,
    /// What is done about a tenant's policy that allows more than its own side may.
    pub one_sided: OneSided,
}

/// Addresses outside, and the ports there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The addresses.
    pub cidr: Cidr,
    /// Their ports.
    pub ports: Ports,
}

/// Ports by protocol, each with its first and its last; in order, none meeting the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports(Vec<Span>);

type Span = (Protocol, u16, u16);

const EVERY: (u16, u16) = (1, u16::MAX);

impl Ports {
    /// Every port of every protocol.
    #[must_use]
    pub fn all() -> Self {
        let (first, last) = EVERY;
        Self(vec![
            (Protocol::Tcp, first, last),
            (Protocol::Udp, first, last),
            (Protocol::Sctp, first, last),
        ])
    }

    /// The ranges, each with its protocol, its first port and its last.
    pub fn spans(&self) -> impl Iterator<Item = (Protocol, u16, u16)> {
        self.0.iter().copied()
    }

    /// Whether every port of every protocol is among them.
    #[must_use]
    pub fn are_all(&self) -> bool {
        *self == Self::all()
    }

    /// The ports as a document writes them; none written are all.
    pub(in crate::policy) fn of(written: Option<&Vec<PortRange>>) -> Self {
        written.map_or_else(Self::all, |ranges| Self::merged(ranges.iter().map(span).collect()))
    }

    fn merged(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
        for (protocol, first, last) in spans {
            match merged.last_mut() {
                // One that begins right behind the last belongs to it.
                Some((own, _, end)) if *own == protocol && first <= end.saturating_add(1) => {
                    *end = last.max(*end);
                }
                _ => merged.push((protocol, first, last)),
            }
        }
        Self(merged)
    }

    /// Whether each of these ports is one of `other`.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.0.iter().all(|(protocol, first, last)| {
            other.0.iter().any(|(own, from, to)| own == protocol && from <= first && last <= to)
        })
    }

    fn both(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|own| other.0.iter().map(move |other| (own, other)));
        let spans = pairs.filter_map(|((protocol, first, last), (other, from, to))| {
            let (first, last) = (*first.max(from), *last.min(to));
            (protocol == other && first <= last).then_some((*protocol, first, last))
        });
        Self::merged(spans.collect())
    }

    /// As ranges of a document.
    pub(in crate::policy) fn to_ranges(&self) -> Vec<PortRange> {
        use crate::policy::values::Port;
        let range = |(protocol, first, last): &Span| {
            let every = (*first, *last) == EVERY;
            PortRange {
                protocol: Some(*protocol),
                port: (!every).then_some(Port(*first)),
                end_port: (!every && first != last).then_some(Port(*last)),
            }
        };
        self.0.iter().map(range).collect()
    }
}

/// An absent protocol is TCP, an absent port every port of it.
fn span(range: &PortRange) -> Span {
    let (first, last) = range.port.map_or(EVERY, |port| {
        let end = range.end_port.unwrap_or(port);
        (port.0, end.0)
    });
    (range.protocol.unwrap_or(Protocol::Tcp), first, last)
}

impl Outside {
    fn of(written: &OutsideRange) -> Self {
        Self { cidr: written.cidr, ports: Ports::of(written.ports.as_ref()) }
    }

    fn within(&self, other: &Self) -> bool {
        other.cidr.contains(&self.cidr) && self.ports.within(&other.ports)
    }

    /// What lies in both, if anything does.
    fn both(&self, other: &Self) -> Option<Self> {
        let narrower = if other.cidr.contains(&self.cidr) {
            self.cidr
        } else if self.cidr.contains(&other.cidr) {
            other.cidr
        } else {
            return None;
        };
        let ports = self.ports.both(&other.ports);
        (!ports.0.is_empty()).then_some(Self { cidr: narrower, ports })
    }
}

impl EffectiveProfile {
    /// What is done about a breach of this rule.
    #[must_use]
    pub fn mode(&self, code: Code) -> Mode {
        match code {
            Code::OneSided => match self.network.one_sided {
                OneSided::Ignore => Mode::Ignore,
                OneSided::Warn => Mode::Warn,
                OneSided::Enforce => Mode::Enforce,
            },
            _ => self.modes.of(code),
        }
    }
}

/// What a profile's section comes to by itself.
pub(super) fn network(own: Option<&Network>) -> NetworkRules {
    let own = own.cloned().unwrap_or_default();
    NetworkRules {
        intra_tenant: own.intra_tenant.unwrap_or(Within::Namespace),
        shared: own.shared.iter().flatten().map(ToString::to_string).collect(),
        outside: own.outside.iter().flatten().map(Outside::of).collect(),
        one_sided: own.one_sided.unwrap_or(OneSided::Enforce),
    }
}

impl Tightener<'_> {
    /// A tenant's section over its profile's. Here an absent list opens nothing, so that a tenant's
    /// list lies within an empty one only where it is empty too.
    pub(super) fn network(&mut self, base: &NetworkRules, own: Option<&Network>) -> NetworkRules {
        let Some(own) = own else { return base.clone() };
        NetworkRules {
            intra_tenant: self.later("network.intraTenant", base.intra_tenant, own.intra_tenant),
            shared: own.shared.as_ref().map_or_else(
                || base.shared.clone(),
                |own| self.shared(&base.shared, own.iter().map(ToString::to_string).collect()),
            ),
            outside: own.outside.as_ref().map_or_else(
                || base.outside.clone(),
                |own| self.outside(&base.outside, own.iter().map(Outside::of).collect()),
            ),
            one_sided: self.later("network.oneSided", base.one_sided, own.one_sided),
        }
    }

    fn shared(&mut self, held: &[String], own: Vec<String>) -> Vec<String> {
        let field = "network.shared";
        if self.field_may_loosen(field) {
            return own;
        }
        for (index, name) in own.iter().enumerate().filter(|(_, name)| !held.contains(name)) {
            let message = format!("`{name}` is not within {}", listed(held));
            self.loosens_item(field, index, message);
        }
        own.into_iter().filter(|name| held.contains(name)).collect()
    }

    fn outside(&mut self, held: &[Outside], own: Vec<Outside>) -> Vec<Outside> {
        let field = "network.outside";
        if self.field_may_loosen(field) {
            return own;
        }
        let mut effective = Vec::new();
        for (index, own) in own.into_iter().enumerate() {
            if held.iter().any(|held| own.within(held)) {
                effective.push(own);
                continue;
            }
            let ranges: Vec<Cidr> = held.iter().map(|held| held.cidr).collect();
            let message = if ranges.iter().any(|range| range.contains(&own.cidr)) {
                format!("ports of `{}` are not within those of {}", own.cidr, listed(&ranges))
            } else {
                format!("`{}` is not within {}", own.cidr, listed(&ranges))
            };
            self.loosens_item(field, index, message);
            effective.extend(held.iter().filter_map(|held| own.both(held)));
        }
        effective
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(text: &str) -> Ports {
        let written: Option<Vec<PortRange>> = serde_json::from_str(text).unwrap();
        Ports::of(written.as_ref())
    }

    #[test]
    fn ports_lie_within_others_by_protocol_and_number() {
        let check = |inner: &str, outer: &str, expect: bool| {
            assert_eq!(ports(inner).within(&ports(outer)), expect, "{inner} in {outer}");
        };
        let tcp = r#"[{"protocol": "TCP"}]"#;
        let web = r#"[{"port": 80}, {"port": 443}]"#;
        check("null", "null", true);
        check(tcp, "null", true);
        check("null", tcp, false);
        check(web, tcp, true);
        check(tcp, web, false);
        check(r#"[{"port": 443}]"#, web, true);
        check(r#"[{"protocol": "UDP", "port": 443}]"#, web, false);
        check(r#"[{"port": 80, "endPort": 443}]"#, web, false);
        check(r#"[{"port": 81, "endPort": 90}]"#, r#"[{"port": 80, "endPort": 100}]"#, true);
        check(r#"[{"port": 85, "endPort": 101}]"#, r#"[{"port": 80, "endPort": 100}]"#, false);
        // Two that touch are one.
        let touching = r#"[{"port": 91, "endPort": 100}, {"port": 80, "endPort": 90}]"#;
        check(r#"[{"port": 85, "endPort": 95}]"#, touching, true);
        let gap = r#"[{"port": 92, "endPort": 100}, {"port": 80, "endPort": 90}]"#;
        check(r#"[{"port": 85, "endPort": 95}]"#, gap, false);
        let every = r#"[{"protocol": "UDP"}, {"protocol": "SCTP"}, {"port": 1, "endPort": 65535}]"#;
        check("null", every, true);
    }

    #[test]
    fn of_two_what_lies_in_both_stays() {
        let check = |one: &str, other: &str, expect: &str| {
            let both = ports(one).both(&ports(other));
            assert_eq!(both, ports(expect), "{one} and {other}");
            assert_eq!(ports(other).both(&ports(one)), both);
        };
        let web = r#"[{"port": 80}, {"port": 443}]"#;
        check("null", web, web);
        check(r#"[{"port": 100, "endPort": 500}]"#, web, r#"[{"port": 443}]"#);
        check(r#"[{"protocol": "UDP"}]"#, web, "[]");
    }
}
