//! Grants and Exemptions: in force, near their end, past it, and of no effect.

use serde_json::json;

use super::{PATIENCE, Walls, in_seconds};
use crate::harness::wait_until;

fn grant(name: &str, to: &str, ends: &str) -> String {
    format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Grant\nmetadata: {{name: {name}}}\nspec:\n  from: {{tenant: calls}}\n  to: {to}\n  ports: [{{protocol: TCP, port: 8443}}]\n  owner: jo\n  reason: a test\n  expiresAt: {ends}\n"
    )
}

fn exemption(name: &str, tenant: &str, ends: &str) -> String {
    format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Exemption\nmetadata: {{name: {name}}}\nspec: {{tenant: {tenant}, rules: [RF2003], namespaces: [{name}-one], owner: jo, reason: a test, expiresAt: {ends}}}\n"
    )
}

#[test]
fn a_permission_ends_at_its_moment() {
    let walls = Walls::shared();
    walls.tenant("calls", "{}");
    walls.tenant("answers", "{}");
    let soon = in_seconds(10);
    walls.apply(&grant("told-ends", "{tenant: answers}", &soon));
    walls.apply(&exemption("told-ends", "calls", &soon));
    walls.apply(&grant("told-stays", "{tenant: answers}", "2099-01-01T00:00:00Z"));
    for of in ["grant/told-ends", "exemption/told-ends"] {
        let (near, _) = walls.wait_condition(of, "Active", "True InForce");
        assert_eq!(
            (&near["status"]["state"], &near["status"]["daysLeft"]),
            (&json!("Expiring"), &json!(1))
        );
        walls.wait_condition(of, "Expiring", "True EndsSoon");
    }
    walls.wait_condition("grant/told-stays", "Expiring", "False EndsLater");
    let (tenant, _) = walls.wait_condition("tenant/calls", "Ready", "True");
    assert_eq!(tenant["status"]["grants"], json!(["told-ends", "told-stays"]));
    assert_eq!(tenant["status"]["exemptions"], json!(["told-ends"]));
    for of in ["grant/told-ends", "exemption/told-ends"] {
        walls.admin().kubectl(&["wait", "--for=condition=Expired", of, "--timeout=60s"]).success();
        let over = walls.document(of)["status"].clone();
        assert_eq!((&over["state"], &over["daysLeft"]), (&json!("Expired"), &json!(0)));
        walls.wait_condition(of, "Active", "False Ended");
    }
    wait_until(PATIENCE, "the tenants to have lost it", || {
        let of = |name: &str| walls.document(&format!("tenant/{name}"))["status"].clone();
        of("calls")["grants"] == json!(["told-stays"])
            && of("answers")["grants"] == json!(["told-stays"])
            && of("calls").get("exemptions").is_none()
    });
}

#[test]
fn what_has_no_effect_says_why() {
    let walls = Walls::shared();
    walls.tenant("calls", "{}");
    let later = "2099-01-01T00:00:00Z";
    walls.apply(&exemption("told-nobodys", "nobody", later));
    walls.apply(&grant("told-inside", "{cidrs: [10.1.0.0/16]}", later));
    let (document, why) =
        walls.wait_condition("exemption/told-nobodys", "Active", "False UnknownTenant");
    assert_eq!(document["status"]["state"], "Ineffective");
    assert_eq!(why, "there is no tenant `nobody`");
    let (_, why) = walls.wait_condition("grant/told-inside", "Active", "False ClusterAddresses");
    assert!(why.contains("10.1.0.0/16"), "{why}");
    // It comes into force with the tenant.
    walls.tenant("nobody", "{}");
    walls.wait_condition("exemption/told-nobodys", "Active", "True InForce");
}
