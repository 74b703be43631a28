//! What holds of the seals of every set of documents.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::comparing::seen;
use super::documents::{NAMESPACES, NOW, TENANTS, orders, sets, text};
use super::evaluate::{End, Labels, egress, ingress, selects};
use super::{at, names, of, tenants, values};
use crate::domain::Cidr;
use crate::policy::Tenants;
use crate::policy::documents::{
    Direction, GrantPort, GrantSpec, Party, PortRange, Protocol, Selector, SharedService, Within,
};
use crate::seal::{Managed, clusterwide, plan};

const TENANT: &str = "ringfence.dev/tenant";
const NAME: &str = "kubernetes.io/metadata.name";

pub(super) const PORTS: [(&str, u16); 8] = [
    ("TCP", 80),
    ("TCP", 81),
    ("TCP", 53),
    ("UDP", 53),
    ("SCTP", 80),
    ("UDP", 5353),
    ("TCP", 5353),
    ("TCP", 9),
];

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn pod(namespace: &str, tenant: Option<&str>, own: &[(&str, &str)]) -> End {
    let mut of_namespace = labels(&[(NAME, namespace)]);
    of_namespace.extend(tenant.map(|tenant| (TENANT.to_owned(), tenant.to_owned())));
    End {
        namespace: Some((namespace.to_owned(), of_namespace)),
        labels: labels(own),
        address: "10.244.0.9".parse().unwrap(),
    }
}

pub(super) fn tenants_pods() -> Vec<End> {
    let apps = [&[("app", "x")][..], &[("app", "y")], &[]];
    let each =
        NAMESPACES.iter().flat_map(|(name, tenant)| apps.map(|own| pod(name, Some(tenant), own)));
    each.collect()
}

pub(super) fn others() -> Vec<End> {
    let outside = |address: &str| End {
        namespace: None,
        labels: Labels::new(),
        address: address.parse().unwrap(),
    };
    let addresses =
        ["203.0.113.9", "203.0.113.1", "198.51.100.1", "2001:db8::1", "169.254.20.10", "8.8.8.8"];
    let pods = [
        pod("front", None, &[("app", "x")]),
        pod("front", None, &[]),
        // The platform's name on a namespace that a tenant has got, and a tenant's on one that has none.
        pod("front", Some("c"), &[("app", "x")]),
        pod("b-1", None, &[("app", "x")]),
        pod("other", Some("a"), &[]),
        pod("kube-system", None, &[("k8s-app", "kube-dns")]),
        pod("kube-system", Some("c"), &[("k8s-app", "kube-dns")]),
        pod("kube-system", None, &[]),
        pod("dns", None, &[]),
    ];
    pods.into_iter().chain(addresses.map(outside)).collect()
}

/// What a set of documents permits, by what its pages say and not by policies.
pub(super) struct Permitted<'a> {
    pub(super) set: &'a Tenants,
    pub(super) now: Timestamp,
}

pub(super) fn tenant_of(end: &End) -> Option<&str> {
    end.namespace.as_ref()?.1.get(TENANT).map(String::as_str)
}

fn is_in(end: &End, namespace: &str) -> bool {
    end.namespace.as_ref().is_some_and(|(name, _)| name == namespace)
}

fn is_at(end: &End, cidrs: &[Cidr]) -> bool {
    let within = |address: IpAddr| {
        let width = if address.is_ipv4() { 32 } else { 128 };
        let one: Cidr = format!("{address}/{width}").parse().unwrap();
        cidrs.iter().any(|cidr| cidr.contains(&one))
    };
    within(end.address)
}

fn chosen(end: &End, selector: Option<&Selector>) -> bool {
    selector.is_none_or(|own| selects(&serde_json::to_value(own).unwrap(), &end.labels))
}

fn named(protocol: Option<Protocol>) -> &'static str {
    match protocol {
        None | Some(Protocol::Tcp) => "TCP",
        Some(Protocol::Udp) => "UDP",
        Some(Protocol::Sctp) => "SCTP",
    }
}

impl Permitted<'_> {
    fn party(&self, party: &Party, end: &End) -> bool {
        match (&party.tenant, &party.cidrs) {
            (Some(tenant), None) => {
                let names = party.namespaces.as_ref();
                tenant_of(end) == Some(tenant.as_str())
                    && names.is_none_or(|names| names.iter().any(|own| is_in(end, own.as_str())))
                    && chosen(end, party.pod_selector.as_ref())
            }
            (None, Some(cidrs)) => is_at(end, cidrs),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn granted(&self, from: &End, to: &End, (protocol, number): (&str, u16)) -> bool {
        let on = |own: &GrantPort| {
            let last = own.end_port.unwrap_or(own.port).0;
            named(own.protocol) == protocol && (own.port.0..=last).contains(&number)
        };
        let permits = |grant: &GrantSpec| {
            self.now < grant.expires_at.0
                && self.party(&grant.from, from)
                && self.party(&grant.to, to)
                && grant.ports.iter().any(on)
        };
        self.set.grants.iter().any(|grant| permits(&grant.spec))
    }

    fn inside(&self, here: &End, there: &End) -> bool {
        let tenant = self.set.tenant(tenant_of(here).unwrap()).unwrap();
        match tenant.profile.network.intra_tenant {
            Within::Tenant => tenant_of(here) == tenant_of(there),
            Within::Namespace => {
                there.namespace.as_ref().map(|(name, _)| name)
                    == here.namespace.as_ref().map(|(name, _)| name)
            }
            Within::None => false,
        }
    }

    fn shared(
        &self,
        here: &End,
        there: &End,
        way: Direction,
        (protocol, number): (&str, u16),
    ) -> bool {
        let wanted = &self.set.tenant(tenant_of(here).unwrap()).unwrap().profile.network.shared;
        let on = |own: &PortRange| {
            let numbers =
                own.port.map_or(1..=u16::MAX, |port| port.0..=own.end_port.unwrap_or(port).0);
            named(own.protocol) == protocol && numbers.contains(&number)
        };
        let opens = |service: &SharedService| {
            let place = match (&service.namespace, &service.cidrs) {
                (Some(namespace), None) => {
                    is_in(there, namespace.as_str())
                        && tenant_of(there).is_none()
                        && chosen(there, service.pod_selector.as_ref())
                }
                (None, Some(cidrs)) => is_at(there, cidrs),
                other => panic!("{other:?}"),
            };
            wanted.iter().any(|name| *name == service.name.to_string())
                && service.direction == way
                && place
                && service.ports.as_ref().is_none_or(|ports| ports.iter().any(on))
        };
        self.set.platform.spec.shared.iter().flatten().any(opens)
    }

    fn dns(&self, there: &End, (protocol, number): (&str, u16)) -> bool {
        let cluster = self.set.platform.spec.cluster.as_ref().unwrap();
        let asked = |port: u16| number == port && protocol != "SCTP";
        let ours = tenant_of(there).is_none();
        match &cluster.dns {
            None => {
                let label = there.labels.get("k8s-app").is_some_and(|own| own == "kube-dns");
                is_in(there, "kube-system") && ours && label && asked(53)
            }
            Some(list) if list.is_empty() => false,
            Some(_) => {
                (is_in(there, "dns") && ours && asked(5353))
                    || (there.address.to_string() == "169.254.20.10" && asked(53))
            }
        }
    }
}

fn network_policies(objects: &[Managed]) -> Vec<Value> {
    values(objects).into_iter().filter(|value| value["kind"] == "NetworkPolicy").collect()
}

/// All that stands in the tenants' namespaces.
fn seals(set: &Tenants, now: Timestamp) -> Vec<Vec<Managed>> {
    NAMESPACES.iter().map(|(namespace, tenant)| of(set, tenant, namespace, now)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No half of a path is open that the documents do not permit, and each that they permit is: so none
    /// leads to another tenant but by a grant in force.
    #[test]
    fn policies_let_through_what_is_permitted_and_nothing_else(set in sets()) {
        let set = tenants(&text(&set));
        let permitted = Permitted { set: &set, now: at(NOW) };
        let all: Vec<Vec<Value>> =
            seals(&set, at(NOW)).iter().map(|seal| network_policies(seal)).collect();
        let pods = tenants_pods();
        let ends: Vec<End> = pods.iter().cloned().chain(others()).collect();
        for here in &pods {
            let index = NAMESPACES.iter().position(|(name, _)| is_in(here, name)).unwrap();
            for (there, port) in ends.iter().flat_map(|there| PORTS.map(|port| (there, port))) {
                let granted = permitted.granted(here, there, port);
                let own = permitted.inside(here, there)
                    || permitted.shared(here, there, Direction::Egress, port)
                    || permitted.dns(there, port);
                let out = egress(&all[index], here, there, port);
                prop_assert_eq!(out, granted || own, "{:?} to {:?} on {:?}", here, there, port);
                let foreign = tenant_of(there).is_some_and(|own| Some(own) != tenant_of(here));
                prop_assert!(!foreign || !out || granted);

                let granted = permitted.granted(there, here, port);
                let own = permitted.inside(here, there)
                    || permitted.shared(here, there, Direction::Ingress, port);
                let back = ingress(&all[index], here, there, port);
                prop_assert_eq!(back, granted || own, "{:?} from {:?} on {:?}", here, there, port);
                prop_assert!(!foreign || !back || granted);
            }
        }
    }

    #[test]
    fn the_order_of_documents_is_none_of_its_concern((one, other) in orders()) {
        let (one, other) = (tenants(&text(&one)), tenants(&text(&other)));
        prop_assert_eq!(seals(&one, at(NOW)), seals(&other, at(NOW)));
        prop_assert_eq!(seals(&one, at(NOW)), seals(&one, at(NOW)));
        prop_assert_eq!(clusterwide(&one), clusterwide(&other));
    }

    #[test]
    fn names_are_labels_and_differ(set in sets()) {
        let set = tenants(&text(&set));
        for (seal, (namespace, _)) in seals(&set, at(NOW)).iter().zip(NAMESPACES) {
            let names = names(seal);
            let different: BTreeSet<&String> = names.iter().collect();
            prop_assert_eq!(different.len(), names.len(), "{:?}", &names);
            for own in seal {
                let label = own.name().parse::<crate::policy::values::Label1123>();
                prop_assert!(label.is_ok() && own.name().starts_with("ringfence-"), "{}", own.name());
                prop_assert_eq!(own.namespace(), Some(namespace));
            }
            // Nothing else may happen before the namespace is closed.
            prop_assert_eq!(seal[0].name(), "ringfence-default-deny");
        }
    }

    /// What ends takes away what it opened and touches nothing else.
    #[test]
    fn a_grant_that_ends_takes_its_policies_away(set in sets()) {
        let all = tenants(&text(&set));
        let before = seals(&all, at("2026-11-30T23:59:59Z"));
        let without_ended: Vec<Value> = set
            .iter()
            .filter(|document| document["spec"]["expiresAt"] != NOW)
            .cloned()
            .collect();
        let after = seals(&all, at(NOW));
        prop_assert_eq!(&after, &seals(&tenants(&text(&without_ended)), at("2026-11-30T23:59:59Z")));
        for (before, after) in before.iter().zip(&after) {
            let gone = before.iter().filter(|own| !after.contains(own));
            prop_assert!(gone.into_iter().all(|own| own.name().starts_with("ringfence-grant-")));
            prop_assert!(after.iter().all(|own| before.contains(own)));
        }
        let last = seals(&all, at("2027-03-01T00:00:00Z"));
        prop_assert!(last.iter().flatten().all(|own| !own.name().starts_with("ringfence-grant-")));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn every_change_of_what_an_object_says_is_seen(set in sets()) {
        let set = tenants(&text(&set));
        for tenant in TENANTS.map(|name| set.tenant(name).unwrap()) {
            let plan = plan(&set, tenant, "n", at(NOW));
            for own in plan.objects() {
                prop_assert_eq!(seen(own).err(), None);
            }
        }
    }
}
