//! What can be used of a cluster's documents.

use super::*;
use crate::policy::usable;

fn object(kind: &str, name: &str, spec: serde_json::Value) -> Source {
    let document = serde_json::json!({
        "apiVersion": "ringfence.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name, "uid": "1", "resourceVersion": "7"}, "spec": spec,
    });
    Source { name: format!("{kind} {name}"), text: document.to_string() }
}

macro_rules! objects {
    ($($kind:ident $name:literal $spec:tt),* $(,)?) => {
        vec![$(object(stringify!($kind), $name, serde_json::json!($spec))),*]
    };
}

/// Each flaw as `source: path`.
fn flaws(usable: &Usable) -> Vec<String> {
    let of_source = |(name, flaws): (&String, &Vec<Flaw>)| {
        flaws.iter().map(|flaw| format!("{name}: {}", flaw.path)).collect::<Vec<_>>()
    };
    usable.flaws.iter().flat_map(of_source).collect()
}

fn names<T>(documents: &[Named<T>]) -> Vec<&str> {
    documents.iter().map(|document| document.name.as_str()).collect()
}

#[test]
fn what_fits_is_used_whole() {
    let objects = objects![
        Platform "default" {"contact": "#platform"},
        Profile "strict" {"images": {"requireDigest": true}},
        Tenant "alpha" {"profile": "strict", "namespaces": {"names": ["alpha-a"]}},
        Exemption "e" {"tenant": "alpha", "rules": ["RF2003"], "namespaces": ["alpha-a"],
            "owner": "jo", "reason": "a driver", "expiresAt": "2027-01-01T00:00:00Z"},
    ];
    let found = usable(&objects);
    assert_eq!(flaws(&found), [""; 0]);
    let tenants = found.documents.resolve();
    assert!(tenants.tenant("alpha").unwrap().profile.images.require_digest);
    assert_eq!(tenants.contact, "#platform");
    assert_eq!(names(&found.documents.exemptions), ["e"]);
}

/// The API server would refuse the whole ResourceQuota or LimitRange, and the namespace would never be
/// sealed.
#[test]
fn a_resource_that_nobody_counts_is_left_out() {
    let objects = objects![
        Profile "strict" {"quota": {"pods": "7", "widgets": "1"}},
        Tenant "alpha" {"quota": {"pods": "5", "pod": "4", "secrets": "1500m"},
            "limits": {"default": {"cpu": "1", "pods": "1"}, "defaultRequest": {"storage": "1"}}},
        Tenant "beta" {"profile": "strict"},
    ];
    let found = usable(&objects);
    let mut told = flaws(&found);
    told.sort();
    assert_eq!(
        told,
        [
            "Profile strict: spec.quota.widgets",
            "Tenant alpha: spec.limits.default.pods",
            "Tenant alpha: spec.limits.defaultRequest.storage",
            "Tenant alpha: spec.quota.pod",
            "Tenant alpha: spec.quota.secrets",
            "Tenant beta: spec.profile",
        ]
    );
    let tenants = found.documents.resolve();
    let keys = |tenant: &str| {
        let profile = &tenants.tenant(tenant).unwrap().profile;
        profile.quota.keys().chain(profile.limits.default.keys()).cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("alpha"), ["pods", "cpu"]);
    assert_eq!(keys("beta"), [""; 0], "it is held to `restricted`");
}

#[test]
fn what_permits_something_and_has_a_mistake_permits_nothing() {
    let objects = objects![
        Tenant "alpha" {},
        Exemption "broken" {"tenant": "alpha", "rules": ["RF1001"], "namespaces": ["alpha-a"],
            "owner": "jo", "reason": "a driver", "expiresAt": "2027-01-01T00:00:00Z"},
        Exemption "dangling" {"tenant": "gamma", "rules": ["RF2003"], "namespaces": ["alpha-a"],
            "owner": "jo", "reason": "a driver", "expiresAt": "2027-01-01T00:00:00Z"},
        Exemption "good" {"tenant": "alpha", "rules": ["RF2003"], "namespaces": ["alpha-a"],
            "owner": "jo", "reason": "a driver", "expiresAt": "2027-01-01T00:00:00Z"},
        Grant "endless" {"from": {"tenant": "alpha"}, "to": {"cidrs": ["203.0.113.7/32"]},
            "ports": [{"port": 443}], "owner": "jo", "reason": "a partner"},
    ];
    let found = usable(&objects);
    assert_eq!(names(&found.documents.exemptions), ["good"]);
    assert_eq!(names(&found.documents.grants), [""; 0]);
    assert_eq!(
        flaws(&found),
        [
            "Exemption broken: spec.rules[0]",
            "Exemption dangling: spec.tenant",
            "Grant endless: spec"
        ]
    );
}

#[test]
fn a_tenant_without_what_is_wrong_is_held_to_its_profile() {
    let objects = objects![
        Profile "strict" {"images": {"registries": ["registry.example.com/*"]}, "namespaces": {"limit": 3}},
        Tenant "alpha" {
            "profile": "strict", "cordoned": true,
            "namespaces": {"limit": 9, "names": ["alpha-a", "no namespace", "alpha-b"]},
            "images": {"registries": ["elsewhere.example/*", "registry.example.com/alpha/*", "!"]},
            "owners": [{"kind": "Group", "name": "devs"}, {"kind": "Robot", "name": "r"}]
        },
        Tenant "beta" {"profile": "missing", "images": {"requireDigest": true}},
    ];
    let found = usable(&objects);
    let tenants = found.documents.resolve();
    let alpha = tenants.tenant("alpha").unwrap();
    assert!(alpha.cordoned);
    assert_eq!(alpha.namespaces, ["alpha-a", "alpha-b"]);
    assert_eq!(alpha.owners.len(), 1);
    assert_eq!(alpha.profile.namespaces.limit, Some(3));
    let registries = alpha.profile.images.registries.as_ref().unwrap();
    assert_eq!(
        registries.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["registry.example.com/alpha/*"]
    );
    let beta = tenants.tenant("beta").unwrap();
    assert_eq!(beta.profile.pod_security.level, Level::Restricted);
    assert!(beta.profile.images.require_digest);
    assert_eq!(found.flaws.keys().collect::<Vec<_>>(), ["Tenant alpha", "Tenant beta"]);
}

#[test]
fn a_profile_never_holds_to_less_for_a_mistake() {
    let check = |spec: serde_json::Value, name: &str| {
        let mut objects = vec![object("Profile", "own", spec)];
        objects.extend(objects![Tenant "alpha" {"profile": "own"}]);
        let found = usable(&objects);
        assert!(found.flaws.contains_key("Profile own"), "{name}");
        found.documents.resolve().tenant("alpha").unwrap().profile.clone()
    };
    let level = serde_json::json!({"podSecurity": {"level": "privilegd"}, "images": {"requireDigest": true}});
    let profile = check(level, "level");
    assert_eq!(profile.pod_security.level, Level::Restricted);
    assert!(profile.images.require_digest);
    let images = serde_json::json!({"podSecurity": {"level": "privileged"}, "images": {"registries": ["!"]}});
    let profile = check(images, "images");
    assert_eq!(profile.pod_security.level, Level::Restricted);
    let shared =
        serde_json::json!({"network": {"shared": ["missing"]}, "images": {"requireDigest": true}});
    let profile = check(shared, "shared");
    assert!(profile.images.require_digest);
}

#[test]
fn a_platform_without_a_section_says_what_an_absent_one_says() {
    let objects = objects![
        Platform "default" {
            "contact": "#platform", "rehearsal": true,
            "cluster": {"podCIDRs": ["10.1.0.0/16", "nowhere"], "serviceCIDRs": ["10.2.0.0/16"]}
        },
    ];
    let found = usable(&objects);
    let tenants = found.documents.resolve();
    assert!(tenants.platform.spec.cluster.is_none());
    assert!(tenants.platform.rehearsal);
    assert_eq!(flaws(&found), ["Platform default: spec.cluster.podCIDRs[1]"]);
}

#[test]
fn two_that_want_one_namespace_are_told_apart_whatever_comes_first() {
    let mut objects = objects![
        Tenant "alpha" {"namespaces": {"names": ["shared"]}},
        Tenant "beta" {"namespaces": {"names": ["shared", "beta-a"]}},
    ];
    for _ in 0..2 {
        let found = usable(&objects);
        assert_eq!(found.documents.resolve().claim("shared").unwrap().name.as_str(), "alpha");
        assert_eq!(flaws(&found), ["Tenant beta: spec.namespaces.names[0]"]);
        objects.reverse();
    }
}

#[test]
fn what_no_document_is_falls_away_and_the_rest_stays() {
    for text in
        ["", "{", "[]", "null", r#"{"kind":"Tenant"}"#, r#"{"kind":"Pod","apiVersion":"v1"}"#]
    {
        let mut objects = objects![Tenant "alpha" {}];
        objects.push(Source { name: "odd".to_owned(), text: text.to_owned() });
        let found = usable(&objects);
        assert!(found.documents.resolve().tenant("alpha").is_some(), "{text}");
    }
}
