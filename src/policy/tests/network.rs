//! What a tenant's network, quota and limits come to over its profile's.

use super::*;
use crate::domain::Cidr;
use crate::policy::documents::{Cluster, OneSided, Seal, Within};
use crate::policy::ranges::ClusterRanges;

/// The effective profile of a tenant with these sections over a profile with those.
fn effective(profile: &str, tenant: &str) -> EffectiveProfile {
    let platform = "shared: [{name: web, direction: ingress, namespace: w}, {name: db, direction: egress, namespace: d}]";
    let text = document("Platform", "default", platform)
        + &document("Profile", "own", profile)
        + &document("Tenant", "a", &format!("profile: own\n{tenant}"));
    EffectiveProfile::clone(&tenants(&text).tenant("a").unwrap().profile)
}

/// The rules whose modes `rules` does not set are named nowhere among rules.
#[test]
fn rules_with_a_mode_of_their_own_are_set_where_they_are() {
    let told = |profile: &str| {
        let text = document("Profile", "own", profile);
        let report = load(&[Source { name: "p.yaml".into(), text }]).err();
        report.map_or_else(String::new, |report| report.to_string())
    };
    let own = "RF4001 is set by `network.oneSided`";
    assert!(told("rules: {RF4001: warn}").contains(own));
    assert!(told("overridable: {rules: [RF4001]}").contains(own));
    assert!(told("rules: {RF4002: enforce}").contains("RF4002 is always warn"));
    assert_eq!(told("rules: {RF4: warn, RF4004: warn}\noverridable: {rules: [RF4, RF4004]}"), "");
}

#[test]
fn the_mode_in_force_of_the_one_sided_rule_is_told() {
    let told = |profile: &str| {
        let text = document("Profile", "own", profile) + &document("Tenant", "a", "profile: own");
        let source = Source { name: "p.yaml".into(), text };
        let survey = survey(&[source], &[]).unwrap();
        let fields = survey.tenant("a", jiff::Timestamp::UNIX_EPOCH).unwrap().fields;
        let modes = fields.into_iter().filter(|own| own.field.starts_with("rules.RF4"));
        modes.map(|own| format!("{} {}", own.field, own.value)).collect::<Vec<_>>().join(", ")
    };
    let warned = "rules.RF4002 \"warn\", rules.RF4003 \"warn\"";
    assert_eq!(told("{}"), format!("rules.RF4 \"enforce\", {warned}"));
    let milder = told("network: {oneSided: warn}");
    assert_eq!(milder, format!("rules.RF4 \"enforce\", rules.RF4001 \"warn\", {warned}"));
}

#[test]
fn a_tenants_network_stands_within_the_profiles() {
    let check = |profile: &str, tenant: &str, expect: (Within, &str, &str, OneSided)| {
        let network = effective(profile, tenant).network;
        let outside = network.outside.iter().map(|range| {
            let all = if range.ports.are_all() { "all".to_owned() } else { String::new() };
            let ports: Vec<String> = range.ports.to_ranges().iter().map(ports).collect();
            format!("{} {}", range.cidr, if all.is_empty() { ports.join(",") } else { all })
        });
        let outside = outside.collect::<Vec<_>>().join("; ");
        let found = (network.intra_tenant, network.shared.join(" "), outside, network.one_sided);
        let expect = (expect.0, expect.1.to_owned(), expect.2.to_owned(), expect.3);
        assert_eq!(found, expect, "{profile} {tenant}");
    };
    use OneSided::{Enforce, Ignore, Warn};
    check("{}", "network: {}", (Within::Namespace, "", "", Enforce));
    check("{}", "network: {shared: [], outside: []}", (Within::Namespace, "", "", Enforce));
    let open = "network: {intraTenant: tenant, shared: [web, db], oneSided: ignore, outside: [{cidr: 0.0.0.0/0, ports: [{port: 443}, {port: 8000, endPort: 8099}]}]}";
    let all = "0.0.0.0/0 Tcp 443,Tcp 8000-8099";
    check(open, "cordoned: false", (Within::Tenant, "web db", all, Ignore));
    check(
        open,
        "network: {intraTenant: none, oneSided: warn}",
        (Within::None, "web db", all, Warn),
    );
    check(open, "network: {shared: [db]}", (Within::Tenant, "db", all, Ignore));
    check(open, "network: {shared: []}", (Within::Tenant, "", all, Ignore));
    let narrow =
        "network: {outside: [{cidr: 203.0.113.0/24, ports: [{port: 8001, endPort: 8002}]}]}";
    let expect = "203.0.113.0/24 Tcp 8001-8002";
    check(open, narrow, (Within::Tenant, "web db", expect, Ignore));
    let free = "overridable: {fields: [network]}";
    let wide = "network: {intraTenant: tenant, shared: [web], oneSided: warn, outside: [{cidr: 1.0.0.0/8}]}";
    check(free, wide, (Within::Tenant, "web", "1.0.0.0/8 all", Warn));
}

fn ports(range: &documents::PortRange) -> String {
    let protocol = range.protocol.map(|protocol| format!("{protocol:?}")).unwrap_or_default();
    let port = range.port.map(|port| format!(" {}", port.0)).unwrap_or_default();
    let end = range.end_port.map(|port| format!("-{}", port.0)).unwrap_or_default();
    protocol + &port + &end
}

#[test]
fn a_tenants_amounts_stand_over_the_profiles() {
    let check = |profile: &str, tenant: &str, expect: &str| {
        let EffectiveProfile { seal, quota, limits, .. } = effective(profile, tenant);
        let amounts = |amounts: &Amounts| {
            let each = amounts.iter().map(|(key, amount)| format!("{key}={amount}"));
            each.collect::<Vec<_>>().join(" ")
        };
        let limits = [amounts(&limits.default), amounts(&limits.default_request)];
        let found = format!("{seal:?} [{}] [{}]", amounts(&quota), limits.join("] ["));
        assert_eq!(found, expect, "{profile} {tenant}");
    };
    let own = "seal: plan\nquota: {pods: 100, cpu: 2}\nlimits: {default: {cpu: 1}}";
    check("{}", "cordoned: false", "Keep [] [] []");
    check(own, "cordoned: false", "Plan [cpu=2 pods=100] [cpu=1] []");
    check(
        own,
        "seal: keep\nquota: {pods: \"1e2\", memory: 1Gi}",
        "Keep [cpu=2 memory=1Gi pods=1e2] [cpu=1] []",
    );
    let tenant = "limits: {default: {cpu: 999m}, defaultRequest: {cpu: 50m}}";
    check(own, tenant, "Plan [cpu=2 pods=100] [cpu=999m] [cpu=50m]");
    let free = format!("{own}\noverridable: {{fields: [quota, limits, seal]}}");
    check(
        &free,
        "quota: {pods: 101}\nlimits: {default: {cpu: 2}}",
        "Plan [cpu=2 pods=101] [cpu=2] []",
    );
    check("overridable: {fields: [seal]}", "seal: plan", "Plan [] [] []");
    assert_eq!(effective("{}", "seal: keep").seal, Seal::Keep);
}

#[test]
fn networks_and_amounts_that_loosen_are_told_with_both_places() {
    let files = sources(&[("network.yaml", include_str!("network.yaml"))]);
    insta::assert_snapshot!(load(&files).unwrap_err());
}

#[test]
fn what_lies_in_both_lists_holds_where_a_tenants_reaches_further() {
    let check = |profile: &str, tenant: &str, expect: &str| {
        let spec = |text: &str| serde_json::from_str(text).unwrap();
        let profile = ProfileSpec { network: spec(profile), ..ProfileSpec::default() };
        let tenant = documents::TenantSpec { network: spec(tenant), ..Default::default() };
        let (found, loosenings) = effective::tenant(&profile, &tenant);
        let found: Vec<String> = found
            .network
            .outside
            .iter()
            .map(|range| {
                format!(
                    "{} {:?}",
                    range.cidr,
                    range.ports.to_ranges().iter().map(ports).collect::<Vec<_>>()
                )
            })
            .chain(found.network.shared)
            .collect();
        assert_eq!(found.join(" "), expect, "{profile:?} {tenant:?}");
        assert_eq!(loosenings.len(), 1);
    };
    use documents::ProfileSpec;
    let held = r#"{"outside": [{"cidr": "10.0.0.0/8", "ports": [{"port": 80}]}], "shared": ["a"]}"#;
    check(held, r#"{"outside": [{"cidr": "0.0.0.0/0"}]}"#, r#"10.0.0.0/8 ["Tcp 80"] a"#);
    check(held, r#"{"outside": [{"cidr": "10.1.0.0/16"}]}"#, r#"10.1.0.0/16 ["Tcp 80"] a"#);
    check(held, r#"{"outside": [{"cidr": "11.0.0.0/8"}]}"#, "a");
    check(held, r#"{"outside": [], "shared": ["b", "a"]}"#, "a");
    check("null", r#"{"shared": ["b"]}"#, "");
}

#[test]
fn the_clusters_ranges_are_those_given_and_private_ones_where_none_are() {
    let check = |cluster: &str, cidr: &str, expect: Option<&str>| {
        let cluster: Option<Cluster> = serde_json::from_str(cluster).unwrap();
        let cidr: Cidr = cidr.parse().unwrap();
        let found = ClusterRanges::of(cluster.as_ref()).met_by(&cidr);
        let met = found.map(|(message, _)| message.split('`').nth(3).unwrap().to_owned());
        assert_eq!(met.as_deref(), expect, "{cluster:?} {cidr}");
    };
    let both = r#"{"podCIDRs": ["10.244.0.0/16"], "serviceCIDRs": ["10.96.0.0/12"]}"#;
    check(both, "192.168.10.5/32", None);
    check(both, "10.244.3.0/24", Some("10.244.0.0/16"));
    check(both, "10.0.0.0/8", Some("10.244.0.0/16"));
    check(both, "10.97.0.1/32", Some("10.96.0.0/12"));
    check(both, "2001:db8::/32", None);
    let pods = r#"{"podCIDRs": ["10.244.0.0/16"]}"#;
    for cluster in ["null", "{}", pods, r#"{"podCIDRs": [], "serviceCIDRs": []}"#] {
        check(cluster, "192.168.10.5/32", Some("192.168.0.0/16"));
        check(cluster, "100.64.1.0/24", Some("100.64.0.0/10"));
        check(cluster, "2001:db8::/32", Some("::/0"));
        check(cluster, "203.0.113.0/24", None);
    }
}
