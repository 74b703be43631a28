//! Whole seals, as they are applied.

use super::{SET, at, names, now, of, tenants, values};
use crate::seal::{
    Dialect, FIELD_MANAGER, Managed, Plan, barrier, clusterwide, next_end, plan, tier,
};

fn text(objects: &[Managed]) -> String {
    let texts = values(objects).into_iter().map(|value| serde_saphyr::to_string(&value).unwrap());
    texts.collect::<Vec<_>>().join("---\n")
}

#[test]
fn a_tenant_with_grants_and_shared_services() {
    insta::assert_snapshot!(text(&of(&tenants(SET), "alpha", "alpha-web", now())));
}

#[test]
fn a_tenant_that_says_nothing() {
    insta::assert_snapshot!(text(&of(&tenants(SET), "beta", "beta-api", now())));
}

#[test]
fn what_stands_beside_the_seals() {
    insta::assert_snapshot!(text(&clusterwide(&tenants(SET))));
    assert_eq!(FIELD_MANAGER, "ringfence");
}

#[test]
fn what_denies_a_tenant_every_other_one() {
    let set = tenants(SET);
    let alpha = set.tenant("alpha").unwrap();
    let dialects =
        [(Dialect::Admin, &[][..]), (Dialect::Cilium, &["beta"]), (Dialect::Calico, &[])];
    for (dialect, left) in dialects {
        let own = barrier(&set, alpha, dialect, now());
        assert_eq!(own.left.into_iter().collect::<Vec<_>>(), left);
        insta::assert_snapshot!(dialect.kind().name, text(&[own.policy]));
    }
    insta::assert_snapshot!("Tier", text(&[tier()]));
}

#[test]
fn a_namespace_that_a_grant_does_not_name_has_nothing_of_it() {
    let expect = "\
NetworkPolicy ringfence-default-deny
NetworkPolicy ringfence-dns
NetworkPolicy ringfence-intra-tenant
NetworkPolicy ringfence-shared-api
NetworkPolicy ringfence-shared-ingress
NetworkPolicy ringfence-shared-metrics
NetworkPolicy ringfence-grant-egress-mail
NetworkPolicy ringfence-grant-ingress-partner
ResourceQuota ringfence-quota
LimitRange ringfence-limits
RoleBinding ringfence-owners-admin
RoleBinding ringfence-owners-edit
RoleBinding ringfence-namespace-owner
RoleBinding ringfence-owners-system-aggregate-to-view--";
    let found = names(&of(&tenants(SET), "alpha", "alpha-ci", now())).join("\n");
    assert!(found.starts_with(expect) && found.len() == expect.len() + 16, "{found}");
}

#[test]
fn where_the_seal_is_planned_nothing_is_laid_and_all_is_shown() {
    let set = tenants(SET);
    let gamma = set.tenant("gamma").unwrap();
    assert_eq!(of(&set, "gamma", "gamma-one", now()), []);
    let Plan::Planned(objects) = plan(&set, gamma, "gamma-one", now()) else { panic!("kept") };
    let kept = tenants(&SET.replace("profile: audit-only", "profile: restricted"));
    assert_eq!(objects, of(&kept, "gamma", "gamma-one", now()));
    assert!(objects.len() > 5);
}

#[test]
fn the_next_end_is_that_of_the_first_grant_to_end() {
    let check = |now: &str, expect: Option<&str>| {
        assert_eq!(next_end(&tenants(SET), at(now)), expect.map(at), "{now}");
    };
    check("2026-10-01T00:00:00Z", Some("2026-11-01T00:00:00Z"));
    check("2026-11-01T00:00:00Z", Some("2027-01-01T00:00:00Z"));
    check("2027-02-28T23:59:59Z", Some("2027-03-01T00:00:00Z"));
    check("2027-03-01T00:00:00Z", None);
}
