//! Sets of documents that fit together, at random.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::seal::name::name;

pub(super) const TENANTS: [&str; 3] = ["a", "b", "c"];

/// The namespaces of tenants, each its tenant's by name.
pub(super) const NAMESPACES: [(&str, &str); 5] =
    [("a-1", "a"), ("a-2", "a"), ("b-1", "b"), ("b-2", "b"), ("c-1", "c")];

/// Every other grant has ended by then.
pub(super) const NOW: &str = "2026-12-01T00:00:00Z";

fn pods() -> impl Strategy<Value = Option<Value>> {
    let some = [
        json!({}),
        json!({"matchLabels": {"app": "x"}}),
        json!({"matchLabels": {}, "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]}),
        json!({"matchExpressions": [{"key": "app", "operator": "Exists"}, {"key": "app", "operator": "In", "values": ["y", "z"]}]}),
        json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist", "values": []}]}),
    ];
    prop::option::of(select(some.to_vec()))
}

/// A party with a tenant, or with addresses.
fn party() -> impl Strategy<Value = Value> {
    let namespaces = NAMESPACES.iter().map(|(name, _)| *name).chain(["other"]);
    let namespaces = prop::option::of(subsequence(namespaces.collect::<Vec<_>>(), 1..=3));
    let tenant = (select(&TENANTS[..]), namespaces, pods()).prop_map(|(tenant, names, pods)| {
        let mut party = json!({"tenant": tenant});
        if let Some(names) = names {
            party["namespaces"] = json!(names);
        }
        if let Some(pods) = pods {
            party["podSelector"] = pods;
        }
        party
    });
    let addresses = [
        json!({"cidrs": ["203.0.113.0/24"]}),
        json!({"cidrs": ["198.51.100.1/32", "2001:db8::/32"]}),
    ];
    prop_oneof![4 => tenant, 1 => select(addresses.to_vec())]
}

fn ports() -> impl Strategy<Value = Value> {
    let one = [
        json!({"port": 80}),
        json!({"protocol": "TCP", "port": 79, "endPort": 81}),
        json!({"protocol": "UDP", "port": 53}),
        json!({"protocol": "SCTP", "port": 80}),
    ];
    subsequence(one.to_vec(), 1..=2).prop_map(|ports| json!(ports))
}

fn grant_names() -> impl Strategy<Value = Vec<String>> {
    // Alike where they are cut off, and one that is called as another's policy ends.
    let label = |end: &str| format!("{}{end}", "g".repeat(50));
    let alike = |end: &str| format!("{}.{}{end}", "g".repeat(60), "g".repeat(60));
    let hashed = name("", "a.b").trim_start_matches('-').to_owned();
    let hard =
        ["g", "a.b", "a-b", "a--b", "a-b--0", "ingress-g", "egress", "0"].map(ToOwned::to_owned);
    let all: Vec<String> = hard
        .into_iter()
        .chain([hashed])
        .chain(["1", "2"].map(label))
        .chain(["1", "2", ".1"].map(alike))
        .collect();
    subsequence(all, 2..=6).prop_shuffle()
}

fn grants() -> impl Strategy<Value = Vec<Value>> {
    let one = (party(), party(), ports(), prop::bool::weighted(0.3));
    let one = one.prop_filter("one side is a tenant", |(from, to, ..)| {
        from.get("tenant").is_some() || to.get("tenant").is_some()
    });
    (grant_names(), prop::collection::vec(one, 6)).prop_map(|(names, grants)| {
        let grants = names.iter().zip(grants).map(|(name, (from, to, ports, ended))| {
            let end = if ended { NOW } else { "2027-03-01T00:00:00Z" };
            document(
                "Grant",
                name,
                json!({
                    "from": from, "to": to, "ports": ports,
                    "owner": "jo", "reason": "because", "expiresAt": end,
                }),
            )
        });
        grants.collect()
    })
}

fn platform() -> impl Strategy<Value = Value> {
    let dns = [
        Value::Null,
        json!([]),
        json!([{"namespace": "dns", "ports": [5353]}, {"cidrs": ["169.254.20.10/32"]}]),
    ];
    select(dns.to_vec()).prop_map(|dns| {
        let mut cluster = json!({"podCIDRs": ["10.244.0.0/16", "fd00:1::/64"], "serviceCIDRs": ["10.96.0.0/12"]});
        if !dns.is_null() {
            cluster["dns"] = dns;
        }
        document("Platform", "default", json!({"cluster": cluster, "shared": [
            {"name": "in-pods", "direction": "ingress", "namespace": "front", "podSelector": {"matchLabels": {"app": "x"}}},
            {"name": "in-port", "direction": "ingress", "namespace": "front", "ports": [{"port": 80}]},
            {"name": "out-all", "direction": "egress", "namespace": "front"},
            {"name": "out-cidr", "direction": "egress", "cidrs": ["203.0.113.9/32"], "ports": [{"protocol": "UDP"}]},
        ]}))
    })
}

fn tenant(name: &'static str) -> impl Strategy<Value = [Value; 2]> {
    let shared = subsequence(vec!["in-pods", "in-port", "out-all", "out-cidr"], 0..=3);
    let owners = [
        json!({"kind": "Group", "name": "devs"}),
        json!({"kind": "User", "name": "Jo: the \"first\"", "clusterRoles": ["edit", "Own.Role"]}),
        json!({"kind": "ServiceAccount", "name": "ci", "namespace": "a-1", "clusterRoles": []}),
        json!({"kind": "ServiceAccount", "name": "not an account", "namespace": "a-1"}),
        json!({"kind": "Group", "name": "odd", "clusterRoles": ["a/b", "..", "ringfence-namespace-owner"]}),
    ];
    let owners = subsequence(owners.to_vec(), 0..=4);
    let amounts = [
        json!({}),
        json!({"pods": "7", "requests.cpu": "1500m"}),
        json!({"limits.memory": "1025Mi"}),
    ];
    let limits = [
        json!({}),
        json!({"default": {"cpu": "10m", "a.b/c": "1"}}),
        json!({"defaultRequest": {"memory": "1Gi"}}),
    ];
    let amounts = (select(amounts.to_vec()), select(limits.to_vec()));
    let within = select(vec!["tenant", "namespace", "none"]);
    (within, shared.prop_shuffle(), owners, amounts).prop_map(
        move |(within, shared, owners, amounts)| {
            let names: Vec<_> =
                NAMESPACES.iter().filter(|(_, own)| *own == name).map(|(ns, _)| ns).collect();
            let profile = json!({
                "network": {"intraTenant": within, "shared": shared},
                "quota": amounts.0, "limits": amounts.1,
            });
            let spec = json!({"profile": name, "owners": owners, "namespaces": {"names": names}});
            [document("Profile", name, profile), document("Tenant", name, spec)]
        },
    )
}

fn document(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "ringfence.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// The documents of a set.
pub(super) fn sets() -> impl Strategy<Value = Vec<Value>> {
    (platform(), tenant("a"), tenant("b"), tenant("c"), grants()).prop_map(
        |(platform, a, b, c, grants)| {
            [vec![platform], a.into(), b.into(), c.into(), grants].into_iter().flatten().collect()
        },
    )
}

/// A set in the order of its documents, and in another.
pub(super) fn orders() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    sets().prop_flat_map(|set| (Just(set.clone()), Just(set).prop_shuffle()))
}

/// The documents as a file.
pub(super) fn text(set: &[Value]) -> String {
    set.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n---\n")
}
