//! GlobalNetworkPolicy: in a tier of our own, which comes right before the one in which NetworkPolicies are
//! (`DefaultTierOrder` in api/pkg/apis/projectcalico/v3 of projectcalico/calico), so after all that
//! administrators have in tiers of theirs.
//!
//! In a tier the first rule that a connection meets decides. `Pass` hands on to the next tier (docs.tigera.io,
//! Tier), `Deny` ends the matter, and `Allow` would too: it is never said. What no rule meets is denied where a
//! policy of the tier selects the pod, unless the tier says otherwise. It does, and each policy passes
//! everything at its end all the same, so that nothing breaks while somebody has changed the tier.
//!
//! What selects namespaces selects pods alone on the side of a policy: neither nodes (host endpoints) nor pods
//! in their network have a namespace there. On the side of a rule it would also select addresses that a
//! NetworkSet in such a namespace names, which [`PODS`] leaves out.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::NetworkPolicyPort;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, LabelSelectorRequirement, ObjectMeta,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::super::managed::Managed;
use super::super::peers::{Way, label, of_tenant};
use super::{Granted, Paths, PluginKind, PluginObject, all_but};
use crate::domain::TENANT_LABEL;
use crate::policy::{Tenant, Tenants};

pub(super) const KIND: PluginKind = PluginKind {
    name: "GlobalNetworkPolicy",
    group: "projectcalico.org",
    version: "v3",
    api_version: "projectcalico.org/v3",
    plural: "globalnetworkpolicies",
};

/// What policies stand in.
pub(super) const TIER: PluginKind = PluginKind {
    name: "Tier",
    group: "projectcalico.org",
    version: "v3",
    api_version: "projectcalico.org/v3",
    plural: "tiers",
};

/// What begins the names of policies in our tier: up to 3.31 they must be `TIER.NAME` (`BackendTieredPolicyName`
/// in libcalico-go/lib/names).
pub(super) const PREFIX: &str = "ringfence-tenants.";

/// Our tier.
const OURS: &str = "ringfence-tenants";
/// The last place before the tier `default`, at 1,000,000.
const ORDER: u32 = 999_999;
/// The label by which policies of a tier are listed. Calico sets it itself; who may not see all tiers is told
/// nothing without it (`EnsureTierSelector` in apiserver/pkg/registry/projectcalico/util).
const TIER_LABEL: &str = "projectcalico.org/tier";
/// Pods, and nothing else that has labels: Calico gives this label to each, whatever labels it has.
const PODS: &str = "projectcalico.org/orchestrator == \"k8s\"";
/// How many rules a direction takes (api/config/crd/projectcalico.org_globalnetworkpolicies.yaml).
const RULES: usize = 1024;
/// How many ports a rule takes (the same).
const PORTS: usize = 50;
/// How long a selector may be (the same).
const SELECTOR: usize = 1024;

/// The tier that policies of tenants stand in.
pub(super) fn tier() -> Managed {
    let metadata = ObjectMeta { name: Some(OURS.to_owned()), ..ObjectMeta::default() };
    let spec = json!({"order": ORDER, "defaultAction": "Pass"});
    Managed::Plugin(Box::new(PluginObject { kind: TIER, metadata, spec })).marked()
}

/// The label of policies in our tier, and its value.
pub(super) fn labels() -> BTreeMap<String, String> {
    label(TIER_LABEL, OURS)
}

pub(super) fn spec(
    _: &Tenants,
    tenant: &Tenant,
    ingress: &Paths<'_>,
    egress: &Paths<'_>,
) -> (Value, BTreeSet<String>) {
    let (ingress, mut left) = rules(tenant, Way::In, ingress);
    let (egress, more) = rules(tenant, Way::Out, egress);
    left.extend(more);
    let spec = json!({
        "tier": OURS,
        "namespaceSelector": of(tenant.name.as_str()),
        "types": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": egress,
    });
    (spec, left)
}

/// The rules of a direction, and the tenants whose grants do not fit into it: all of theirs passes.
fn rules(tenant: &Tenant, way: Way, paths: &Paths<'_>) -> (Vec<Value>, BTreeSet<String>) {
    let (mut rules, mut left) = (Vec::new(), BTreeSet::new());
    for (after, (other, granted)) in (0..paths.len()).rev().zip(paths) {
        let passes: Option<Vec<Vec<Value>>> = granted.iter().map(|own| passes(way, own)).collect();
        let passes = passes.map(|all| all.concat());
        // Those of the tenants that follow need one each at least, and two end it.
        let fits = |own: &Vec<Value>| rules.len() + own.len() + after + 2 <= RULES;
        if let Some(passes) = passes.filter(fits) {
            rules.extend(passes);
        } else {
            left.insert((*other).to_owned());
            rules.push(rule("Pass", way, &of(other)));
        }
    }
    let others = Some(all_but(TENANT_LABEL, tenant, []));
    let others = LabelSelector { match_expressions: others, ..LabelSelector::default() };
    rules.push(rule("Deny", way, &text(&others)));
    rules.push(json!({"action": "Pass"}));
    (rules, left)
}

/// What passes by a grant: so many ports of a protocol in a rule. None where its selectors are too long.
fn passes(way: Way, own: &Granted<'_>) -> Option<Vec<Value>> {
    let party = own.there;
    let peer =
        of_tenant(party.tenant.as_ref()?, party.namespaces.as_ref(), party.pod_selector.as_ref());
    let namespaces = text(&peer.namespace_selector.unwrap_or_default());
    let chosen = text(&peer.pod_selector.unwrap_or_default());
    let terms = [PODS, &chosen].into_iter().filter(|term| !term.is_empty());
    let chosen = terms.collect::<Vec<_>>().join(" && ");
    if namespaces.len() > SELECTOR || chosen.len() > SELECTOR {
        return None;
    }
    let mut by_protocol: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for own in &own.ports {
        let protocol = own.protocol.as_deref().unwrap_or("TCP");
        by_protocol.entry(protocol).or_default().extend(port(own));
    }
    let chunks = by_protocol
        .iter()
        .flat_map(|(protocol, ports)| ports.chunks(PORTS).map(move |ports| (*protocol, ports)));
    Some(chunks.map(|on| pass(way, &namespaces, &chosen, on)).collect())
}

/// That pods on the other side pass, on ports that are always those of where a connection ends.
fn pass(way: Way, namespaces: &str, chosen: &str, (protocol, ports): (&str, &[Value])) -> Value {
    match way {
        Way::In => json!({
            "action": "Pass",
            "protocol": protocol,
            "source": {"namespaceSelector": namespaces, "selector": chosen},
            "destination": {"ports": ports},
        }),
        Way::Out => json!({
            "action": "Pass",
            "protocol": protocol,
            "destination": {"namespaceSelector": namespaces, "selector": chosen, "ports": ports},
        }),
    }
}

/// A port or several, as these policies write them.
fn port(own: &NetworkPolicyPort) -> Option<Value> {
    // A Grant's ports are numbers.
    let Some(IntOrString::Int(first)) = own.port else { return None };
    Some(match own.end_port {
        Some(last) if last > first => json!(format!("{first}:{last}")),
        _ => json!(first),
    })
}

/// The namespaces of a tenant.
fn of(tenant: &str) -> String {
    let labels = Some(label(TENANT_LABEL, tenant));
    text(&LabelSelector { match_labels: labels, ..LabelSelector::default() })
}

/// A rule about all pods of namespaces.
fn rule(action: &str, way: Way, namespaces: &str) -> Value {
    let side = match way {
        Way::In => "source",
        Way::Out => "destination",
    };
    json!({"action": action, side: {"namespaceSelector": namespaces, "selector": PODS}})
}

/// A selector in Calico's language, as Calico itself writes those of NetworkPolicies (`k8sSelectorToCalico` in
/// libcalico-go/lib/backend/k8s/conversion); one that selects all is empty.
fn text(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().flatten();
    let equal = equal.map(|(key, value)| format!("{key} == \"{value}\""));
    let asked = selector.match_expressions.iter().flatten().map(term);
    equal.chain(asked).collect::<Vec<_>>().join(" && ")
}

fn term(asked: &LabelSelectorRequirement) -> String {
    let LabelSelectorRequirement { key, operator, values } = asked;
    let values = values.iter().flatten().map(|value| format!("\"{value}\""));
    let values = values.collect::<Vec<_>>().join(", ");
    match operator.as_str() {
        "In" => format!("{key} in {{{values}}}"),
        "NotIn" => format!("{key} not in {{{values}}}"),
        "DoesNotExist" => format!("!has({key})"),
        _ => format!("has({key})"),
    }
}
