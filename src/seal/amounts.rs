//! How much there may be in a namespace, and what a container gets that does not say.

use k8s_openapi::api::core::v1::{
    LimitRange, LimitRangeItem, LimitRangeSpec, ResourceQuota, ResourceQuotaSpec,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Amount;

use super::managed::{Managed, in_namespace};
use crate::policy::values::is_overcommitted;
use crate::policy::{Amounts, ContainerLimits};

/// The `hard` of every namespace, where the documents say nothing of a resource.
const QUOTA: [(&str, &str); 14] = [
    ("pods", "50"),
    ("requests.cpu", "8"),
    ("requests.memory", "16Gi"),
    ("limits.cpu", "16"),
    ("limits.memory", "32Gi"),
    ("requests.ephemeral-storage", "20Gi"),
    ("services", "20"),
    ("services.nodeports", "0"),
    ("services.loadbalancers", "0"),
    ("secrets", "100"),
    ("configmaps", "100"),
    ("persistentvolumeclaims", "20"),
    ("replicationcontrollers", "20"),
    ("resourcequotas", "2"),
];

/// The limits of containers that have none.
const DEFAULT: [(&str, &str); 3] =
    [("cpu", "500m"), ("memory", "512Mi"), ("ephemeral-storage", "1Gi")];

/// The requests of containers that have none.
const REQUEST: [(&str, &str); 3] =
    [("cpu", "50m"), ("memory", "64Mi"), ("ephemeral-storage", "64Mi")];

/// The ResourceQuota, with the documents' figures over the built-in ones.
pub(super) fn quota(namespace: &str, over: &Amounts) -> Managed {
    let mut hard = built_in(&QUOTA);
    hard.extend(over.clone());
    let spec = ResourceQuotaSpec { hard: Some(written(&hard)), ..ResourceQuotaSpec::default() };
    let metadata = in_namespace(namespace, "ringfence-quota");
    let quota = ResourceQuota { metadata, spec: Some(spec), status: None };
    Managed::ResourceQuota(Box::new(quota))
}

/// The LimitRange, with the documents' figures over the built-in ones. It has no `min`: that would refuse
/// pods whose requests are small.
pub(super) fn limits(namespace: &str, over: &ContainerLimits) -> Managed {
    let (default, request) = fitted(over);
    let containers = LimitRangeItem {
        type_: "Container".to_owned(),
        default: Some(written(&default)),
        default_request: Some(written(&request)),
        ..LimitRangeItem::default()
    };
    let metadata = in_namespace(namespace, "ringfence-limits");
    let spec = Some(LimitRangeSpec { limits: vec![containers] });
    Managed::LimitRange(Box::new(LimitRange { metadata, spec }))
}

/// Limits and requests that the API server takes: no request is above its limit, and who has a limit has
/// a request (it would be given the limit). A built-in figure gives way to one of the documents; of two
/// of the documents the limit holds.
fn fitted(over: &ContainerLimits) -> (Amounts, Amounts) {
    let (mut default, mut request) = (built_in(&DEFAULT), built_in(&REQUEST));
    default.extend(over.default.clone());
    request.extend(over.default_request.clone());
    for (resource, limit) in &mut default {
        let asked = request.entry(resource.clone()).or_insert_with(|| limit.clone());
        let given = |amounts: &Amounts| amounts.contains_key(resource);
        // One of which there is no more than what is requested: a GPU, a huge page.
        if !is_overcommitted(resource) {
            asked.clone_from(limit);
        }
        if *asked > *limit {
            match given(&over.default_request) && !given(&over.default) {
                true => limit.clone_from(asked),
                false => asked.clone_from(limit),
            }
        }
    }
    (default, request)
}

fn built_in(figures: &[(&str, &str)]) -> Amounts {
    let parsed =
        |(resource, amount): &(&str, &str)| Some(((*resource).to_owned(), amount.parse().ok()?));
    figures.iter().filter_map(parsed).collect()
}

/// As the API server writes them.
fn written(amounts: &Amounts) -> std::collections::BTreeMap<String, Amount> {
    amounts.iter().map(|(key, amount)| (key.clone(), Amount(amount.canonical()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(text: &str) -> Amounts {
        let pairs = text.split_whitespace().map(|pair| pair.split_once('=').unwrap());
        pairs.map(|(key, amount)| (key.to_owned(), amount.parse().unwrap())).collect()
    }

    #[test]
    fn no_figure_is_lost() {
        for figures in [&QUOTA[..], &DEFAULT[..], &REQUEST[..]] {
            assert_eq!(built_in(figures).len(), figures.len());
        }
    }

    #[test]
    fn no_request_is_above_its_limit() {
        let check = |default: &str, request: &str, expect: (&str, &str)| {
            let over =
                ContainerLimits { default: amounts(default), default_request: amounts(request) };
            let (limits, requests) = fitted(&over);
            let rest = "memory=512Mi ephemeral-storage=1Gi";
            let asked = "memory=64Mi ephemeral-storage=64Mi";
            assert_eq!(limits, amounts(&format!("{rest} {}", expect.0)), "{default} {request}");
            assert_eq!(requests, amounts(&format!("{asked} {}", expect.1)), "{default} {request}");
        };
        check("", "", ("cpu=500m", "cpu=50m"));
        check("cpu=1", "", ("cpu=1", "cpu=50m"));
        check("cpu=20m", "", ("cpu=20m", "cpu=20m"));
        check("", "cpu=2", ("cpu=2", "cpu=2"));
        check("cpu=1", "cpu=2", ("cpu=1", "cpu=1"));
        check("a/b=1", "", ("cpu=500m a/b=1", "cpu=50m a/b=1"));
        check("", "a/b=1", ("cpu=500m", "cpu=50m a/b=1"));
        check("a/b=2", "a/b=1", ("cpu=500m a/b=2", "cpu=50m a/b=2"));
        check(
            "kubernetes.io/b=2",
            "kubernetes.io/b=1",
            ("cpu=500m kubernetes.io/b=2", "cpu=50m kubernetes.io/b=1"),
        );
    }
}
