//! What holds of the barriers of every set of documents.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::documents::{NOW, TENANTS, orders, sets, text};
use super::evaluate::{End, Labels, selects};
use super::laws::{PORTS, Permitted, others, pod, tenant_of, tenants_pods};
use super::{SET, at, now, tenants};
use crate::domain::{MANAGED_LABEL, TenantName};
use crate::policy::Tenants;
use crate::policy::documents::{GrantSpec, Party};
use crate::seal::{Barrier, Dialect, barrier, tier};

const OF_NAMESPACE: &str = "k8s:io.cilium.k8s.namespace.labels.";

fn of(set: &Tenants, tenant: &str, dialect: Dialect) -> Barrier {
    barrier(set, set.tenant(tenant).unwrap(), dialect, at(NOW))
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What a ClusterNetworkPolicy says of a connection between pods: the action of the first rule that it meets,
/// as the fields' documentation has it. None where it says nothing.
fn action(spec: &Value, way: &str, here: &End, there: &End, port: (&str, u16)) -> Option<String> {
    let ((_, own), (_, other)) = (here.namespace.as_ref()?, there.namespace.as_ref()?);
    let peer = |peer: &Value| match peer.get("pods") {
        Some(pods) => {
            selects(&pods["namespaceSelector"], other)
                && selects(&pods["podSelector"], &there.labels)
        }
        None => selects(&peer["namespaces"], other),
    };
    let on = |own: &Value| {
        let asked = &own[port.0.to_lowercase()]["destinationPort"];
        let number = u64::from(port.1);
        let range = &asked["range"];
        asked["number"] == number
            || range["start"]
                .as_u64()
                .is_some_and(|start| start <= number && number <= range["end"].as_u64().unwrap())
    };
    let side = if way == "ingress" { "from" } else { "to" };
    let meets = |rule: &&Value| {
        items(&rule[side]).iter().any(peer)
            && (rule.get("protocols").is_none() || items(&rule["protocols"]).iter().any(on))
    };
    let subject = selects(&spec["subject"]["namespaces"], own);
    let met = items(&spec[way]).iter().find(meets).filter(|_| subject)?;
    Some(met["action"].as_str().unwrap().to_owned())
}

/// Whether a CiliumClusterwideNetworkPolicy denies connections between pods.
fn denies(spec: &Value, way: &str, here: &End, there: &End) -> bool {
    let labels = |end: &End| -> Labels {
        let namespace = end.namespace.iter().flat_map(|(_, labels)| labels);
        namespace.map(|(key, value)| (format!("{OF_NAMESPACE}{key}"), value.clone())).collect()
    };
    let (rules, side) = if way == "ingress" {
        ("ingressDeny", "fromEndpoints")
    } else {
        ("egressDeny", "toEndpoints")
    };
    let meets = |rule: &Value| items(&rule[side]).iter().any(|own| selects(own, &labels(there)));
    selects(&spec["endpointSelector"], &labels(here)) && items(&spec[rules]).iter().any(meets)
}

/// Whether a selector of Calico's matches labels: no more of its language than is written (docs.tigera.io,
/// Selectors).
fn matches(selector: &str, labels: &Labels) -> bool {
    let quoted = |text: &str| text.trim_matches(|it| "{}\"".contains(it)).to_owned();
    let listed = |key: &str, set: &str| {
        labels.get(key).is_some_and(|own| set.split(", ").any(|one| quoted(one) == *own))
    };
    let holds = |term: &str| {
        let inside = |open| term.strip_prefix(open)?.strip_suffix(')');
        if let Some(key) = inside("has(") {
            return labels.contains_key(key);
        }
        if let Some(key) = inside("!has(") {
            return !labels.contains_key(key);
        }
        if let Some((key, set)) = term.split_once(" not in ") {
            return !listed(key, set);
        }
        let (key, set) = term.split_once(" == ").or_else(|| term.split_once(" in ")).unwrap();
        listed(key, set)
    };
    selector.split(" && ").all(holds)
}

/// Something that Calico knows: labels of its own, and of its namespace if it has one.
#[derive(Debug)]
struct Known {
    own: Labels,
    namespace: Labels,
}

impl Known {
    /// A pod, which has a label that it cannot choose; or something outside, which has none.
    fn of(end: &End) -> Self {
        let mut own = end.labels.clone();
        let pod = end
            .namespace
            .iter()
            .map(|_| ("projectcalico.org/orchestrator".to_owned(), "k8s".to_owned()));
        own.extend(pod);
        Self {
            own,
            namespace: end.namespace.iter().flat_map(|(_, labels)| labels.clone()).collect(),
        }
    }

    fn is(&self, entity: &Value) -> bool {
        [("selector", &self.own), ("namespaceSelector", &self.namespace)].iter().all(
            |(field, labels)| entity[*field].as_str().is_none_or(|asked| matches(asked, labels)),
        )
    }
}

/// What a GlobalNetworkPolicy says of a connection: the action of the first rule that it meets. None where it is
/// not for this side.
fn first(
    spec: &Value,
    way: &str,
    here: &Known,
    there: &Known,
    port: (&str, u16),
) -> Option<String> {
    let (from, to) = if way == "ingress" { (there, here) } else { (here, there) };
    let on = |own: &Value| match own.as_str() {
        Some(range) => {
            let (start, end) = range.split_once(':').unwrap();
            (start.parse().unwrap()..=end.parse().unwrap()).contains(&port.1)
        }
        None => own == port.1,
    };
    let meets = |rule: &&Value| {
        let ports = &rule["destination"]["ports"];
        from.is(&rule["source"])
            && to.is(&rule["destination"])
            && (rule.get("protocol").is_none() || rule["protocol"] == port.0)
            && (ports.is_null() || items(ports).iter().any(on))
    };
    let met = items(&spec[way]).iter().find(meets).filter(|_| here.is(spec))?;
    Some(met["action"].as_str().unwrap().to_owned())
}

/// Whether a grant in force leads from one tenant to another, whatever its ports and pods.
fn leads(set: &Tenants, from: &str, to: &str) -> bool {
    set.grants.iter().map(|grant| &grant.spec).any(|grant| {
        let is =
            |own: &Option<TenantName>, name| own.as_ref().is_some_and(|own| own.as_str() == name);
        at(NOW) < grant.expires_at.0 && is(&grant.from.tenant, from) && is(&grant.to.tenant, to)
    })
}

/// The set where one side of each grant is a whole tenant.
fn widened(set: &Tenants, side: fn(&mut GrantSpec) -> &mut Party) -> Tenants {
    let mut set = set.clone();
    for grant in &mut set.grants {
        let party = side(&mut grant.spec);
        (party.namespaces, party.pod_selector) = (None, None);
    }
    set
}

/// Pods that a barrier may be asked about: of tenants, of one that is gone, of the platform, outside.
fn ends() -> Vec<End> {
    let gone = pod("gone-1", Some("gone"), &[]);
    tenants_pods().into_iter().chain(others()).chain([gone]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Between two tenants everything is denied but what a grant in force lets through from or to the other:
    /// that is handed on, and never accepted. Of whatever else nothing is said.
    #[test]
    fn a_barrier_denies_other_tenants_what_no_grant_permits(set in sets()) {
        let set = tenants(&text(&set));
        // Its own side of a grant is the whole tenant: such a policy has one subject.
        let (into, out) = (widened(&set, |grant| &mut grant.to), widened(&set, |grant| &mut grant.from));
        let (into, out) = (Permitted { set: &into, now: at(NOW) }, Permitted { set: &out, now: at(NOW) });
        for name in TENANTS {
            let Barrier { policy, left } = of(&set, name, Dialect::Admin);
            prop_assert_eq!(left, BTreeSet::new());
            let spec = policy.to_value()["spec"].take();
            for here in tenants_pods().iter().filter(|here| tenant_of(here) == Some(name)) {
                for (there, port) in ends().iter().flat_map(|end| PORTS.map(|port| (end, port))) {
                    let found = ["ingress", "egress"].map(|way| action(&spec, way, here, there, port));
                    let word = |granted| Some(if granted { "Pass" } else { "Deny" }.to_owned());
                    let expect = match tenant_of(there).filter(|other| *other != name) {
                        Some(_) => [into.granted(there, here, port), out.granted(here, there, port)].map(word),
                        None => [None, None],
                    };
                    prop_assert_eq!(found, expect, "{:?} and {:?} on {:?}", here, there, port);
                }
            }
        }
    }

    /// The same of Calico: of whatever else it is said in so many words that it passes, to what comes after.
    #[test]
    fn of_calico_a_barrier_denies_other_tenants_what_no_grant_permits(set in sets()) {
        let set = tenants(&text(&set));
        let (into, out) = (widened(&set, |grant| &mut grant.to), widened(&set, |grant| &mut grant.from));
        let (into, out) = (Permitted { set: &into, now: at(NOW) }, Permitted { set: &out, now: at(NOW) });
        for name in TENANTS {
            let Barrier { policy, left } = of(&set, name, Dialect::Calico);
            prop_assert_eq!(left, BTreeSet::new());
            let spec = policy.to_value()["spec"].take();
            for here in ends() {
                let is_its = tenant_of(&here) == Some(name);
                for (there, port) in ends().iter().flat_map(|end| PORTS.map(|port| (end, port))) {
                    let found = ["ingress", "egress"]
                        .map(|way| first(&spec, way, &Known::of(&here), &Known::of(there), port));
                    let word = |passes| Some(if passes { "Pass" } else { "Deny" }.to_owned());
                    let expect = match tenant_of(there).filter(|other| *other != name) {
                        _ if !is_its => [None, None],
                        Some(_) => [into.granted(there, &here, port), out.granted(&here, there, port)].map(word),
                        None => [word(true), word(true)],
                    };
                    prop_assert_eq!(found, expect, "{:?} and {:?} on {:?}", here, there, port);
                }
            }
        }
    }

    /// A denial of Cilium's cannot be let out of: where any grant leads, none stands.
    #[test]
    fn of_cilium_a_barrier_leaves_out_whom_a_grant_names(set in sets()) {
        let set = tenants(&text(&set));
        for name in TENANTS {
            let Barrier { policy, left } = of(&set, name, Dialect::Cilium);
            let spec = policy.to_value()["spec"].take();
            let others = TENANTS.into_iter().filter(|other| *other != name);
            let granted = |other: &&str| leads(&set, name, other) || leads(&set, other, name);
            prop_assert_eq!(left, others.filter(granted).map(str::to_owned).collect());
            for here in tenants_pods().iter().filter(|here| tenant_of(here) == Some(name)) {
                for there in &ends() {
                    let foreign = tenant_of(there).filter(|other| *other != name);
                    let expect = |open: bool| foreign.is_some() && !open;
                    let (into, out) = (
                        foreign.is_some_and(|other| leads(&set, other, name)),
                        foreign.is_some_and(|other| leads(&set, name, other)),
                    );
                    prop_assert_eq!(denies(&spec, "ingress", here, there), expect(into));
                    prop_assert_eq!(denies(&spec, "egress", here, there), expect(out));
                }
            }
        }
    }

    #[test]
    fn the_order_of_documents_is_none_of_a_barriers_concern((one, other) in orders()) {
        let (one, other) = (tenants(&text(&one)), tenants(&text(&other)));
        for (name, dialect) in TENANTS.iter().flat_map(|name| Dialect::ALL.map(|it| (name, it))) {
            prop_assert_eq!(of(&one, name, dialect), of(&other, name, dialect));
        }
    }
}

/// The set with as many grants more from beta to alpha, each on so many ports, and one from gamma.
fn with_grants(count: usize, ports: usize) -> std::sync::Arc<Tenants> {
    let grant = |name: String, from: &str, ports: usize| {
        let ports: Vec<Value> = (0..ports).map(|port| json!({"port": 1000 + 2 * port})).collect();
        let spec = json!({"from": {"tenant": from}, "to": {"tenant": "alpha"}, "ports": ports,
            "owner": "jo", "reason": "because", "expiresAt": "2027-03-01T00:00:00Z"});
        json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": "Grant", "metadata": {"name": name},
            "spec": spec})
        .to_string()
    };
    let more = (0..count).map(|number| grant(format!("more-{number:02}"), "beta", ports));
    let all: Vec<String> = more.chain([grant("one".to_owned(), "gamma", 1)]).collect();
    tenants(&format!("{SET}\n---\n{}", all.join("\n---\n")))
}

/// The actions of alpha's ingress, and whom its barrier leaves.
fn ingress(set: &Tenants) -> (Vec<Value>, Vec<String>) {
    let own = barrier(set, set.tenant("alpha").unwrap(), Dialect::Admin, now());
    let value = own.policy.to_value();
    let rules = items(&value["spec"]["ingress"]).to_vec();
    assert!(rules.len() <= 25 && rules.iter().all(|rule| items(&rule["protocols"]).len() <= 25));
    assert_eq!(rules.last().unwrap()["action"], "Deny");
    (rules, own.left.into_iter().collect())
}

#[test]
fn grants_that_do_not_fit_leave_their_tenant_to_its_namespaces() {
    // Beside one of the set's own from beta, and the denial: as many as there is room for.
    let (rules, left) = ingress(&with_grants(22, 1));
    assert_eq!((rules.len(), left), (25, Vec::new()));
    let (rules, left) = ingress(&with_grants(24, 1));
    let passes: Vec<&Value> = rules.iter().filter(|rule| rule["action"] == "Pass").collect();
    assert_eq!(
        (passes.len(), &passes[0]["name"], left),
        (1, &json!("one"), vec!["beta".to_owned()])
    );
    // Whom it leaves it does not deny, and everybody else it does.
    let spared = &rules[1]["from"][0]["namespaces"]["matchExpressions"][1]["values"];
    assert_eq!(*spared, json!(["alpha", "beta"]));
    let (rules, left) = ingress(&with_grants(3, 51));
    let ports: usize = rules.iter().map(|rule| items(&rule["protocols"]).len()).sum();
    assert_eq!((ports, left), (3 * 51 + 2, Vec::new()));
}

#[test]
fn of_calico_too_grants_that_do_not_fit_leave_their_tenant_to_its_namespaces() {
    let rules = |set: &Tenants| {
        let own = barrier(set, set.tenant("alpha").unwrap(), Dialect::Calico, now());
        let rules = items(&own.policy.to_value()["spec"]["ingress"]).to_vec();
        let fits = |rule: &Value| items(&rule["destination"]["ports"]).len() <= 50;
        assert!(rules.len() <= 1024 && rules.iter().all(fits));
        (rules, own.left.into_iter().collect::<Vec<_>>())
    };
    // Beside one of the set's own from beta, and one from gamma, the denial and what ends it.
    let (all, left) = rules(&with_grants(1020, 1));
    assert_eq!((all.len(), left), (1024, Vec::new()));
    let (all, left) = rules(&with_grants(1021, 1));
    assert_eq!((all.len(), left), (4, vec!["beta".to_owned()]));
    assert_eq!(all[0]["source"]["namespaceSelector"], "ringfence.dev/tenant == \"beta\"");
    assert_eq!((&all[0]["action"], all[0].get("protocol")), (&json!("Pass"), None));
    let (all, left) = rules(&with_grants(3, 51));
    let ports: usize = all.iter().map(|rule| items(&rule["destination"]["ports"]).len()).sum();
    assert_eq!((ports, all.len(), left), (3 * 51 + 2, 3 * 2 + 4, Vec::new()));
    // Selectors that are longer than one may be.
    let names: Vec<String> = (0..18).map(|number| format!("{number:060}")).collect();
    let of_many = |set: &mut Tenants| {
        set.grants[1].spec.from.namespaces =
            Some(names.iter().map(|name| name.parse().unwrap()).collect())
    };
    let mut set = Tenants::clone(&tenants(SET));
    of_many(&mut set);
    assert_eq!(rules(&set).1, ["beta"]);
}

#[test]
fn of_calico_a_barrier_speaks_of_pods_alone() {
    let set = tenants(SET);
    let spec = of(&set, "alpha", Dialect::Calico).policy.to_value()["spec"].take();
    let labels = |own: &[(&str, &str)]| -> Labels {
        own.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let tenant = |name| labels(&[("ringfence.dev/tenant", name)]);
    let pod = Known::of(&pod("alpha-web", Some("alpha"), &[]));
    // A node whose host endpoint says that it is a tenant's, and the addresses of a NetworkSet of another tenant.
    let node = |name| Known { own: tenant(name), namespace: Labels::new() };
    let addresses = Known { own: labels(&[("app", "x")]), namespace: tenant("beta") };
    let says = |way, here: &Known, there: &Known| first(&spec, way, here, there, ("TCP", 80));
    for way in ["ingress", "egress"] {
        for there in [&node("beta"), &addresses] {
            assert_eq!(says(way, &pod, there).as_deref(), Some("Pass"), "{there:?}");
        }
        assert_eq!(says(way, &node("alpha"), &addresses), None);
    }
}

#[test]
fn the_tier_comes_right_before_that_of_network_policies_and_denies_nothing_itself() {
    let own = tier();
    assert_eq!((own.kind(), own.name(), own.namespace()), ("Tier", "ringfence-tenants", None));
    assert_eq!(own.to_value()["spec"], json!({"order": 999_999, "defaultAction": "Pass"}));
    assert_eq!(own.to_value()["metadata"]["labels"][MANAGED_LABEL], "true");
    let policy = of(&tenants(SET), "alpha", Dialect::Calico).policy.to_value();
    assert_eq!(policy["metadata"]["labels"]["projectcalico.org/tier"], own.name());
    assert_eq!(policy["spec"]["tier"], own.name());
    assert_eq!(policy["metadata"]["name"], "ringfence-tenants.alpha");
}

#[test]
fn the_platform_says_where_barriers_stand_in_their_tier() {
    let priority = |set: &str| {
        let set = tenants(set);
        let own = barrier(&set, set.tenant("alpha").unwrap(), Dialect::Admin, now());
        own.policy.to_value()["spec"]["priority"].clone()
    };
    assert_eq!(priority(SET), 1000);
    let given = "spec:\n  clusterNetworkPolicies: {priority: 7}\n  shared:\n";
    assert_eq!(priority(&SET.replacen("spec:\n  shared:\n", given, 1)), 7);
}

#[test]
fn a_barrier_is_called_by_its_tenant_and_marked() {
    let set = tenants(SET);
    for dialect in Dialect::ALL {
        let own = barrier(&set, set.tenant("beta").unwrap(), dialect, now()).policy;
        assert_eq!(own.name(), dialect.name_for("beta"));
        assert_eq!(dialect.tenant_of(own.name()), Some("beta"));
        assert_eq!((own.namespace(), own.kind()), (None, dialect.kind().name));
        assert_eq!(own.to_value()["metadata"]["labels"][MANAGED_LABEL], "true");
        assert_eq!(own.hash().len(), 32);
    }
}
