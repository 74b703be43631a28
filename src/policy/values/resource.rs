//! Names of resources, as the API server takes them in a ResourceQuota and in a LimitRange of containers
//! (`ValidateResourceQuotaSpec` and `ValidateLimitRange` of kubernetes 1.37): it refuses the whole object
//! for one that it does not.

use super::{Quantity, is_label_key, is_subdomain};

/// What a ResourceQuota counts in whole numbers.
const COUNTS: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "services.nodeports",
    "services.loadbalancers",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
];
const COMPUTE: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const PAGES: &str = "hugepages-";
const REQUESTS: &str = "requests.";

/// Why an amount cannot stand in the `hard` of a ResourceQuota.
#[must_use]
pub fn quota_mistake(name: &str, amount: &Quantity) -> Option<String> {
    let known = match name.strip_prefix(REQUESTS).or_else(|| name.strip_prefix("limits.")) {
        Some("storage") => name.starts_with(REQUESTS),
        Some(compute) if COMPUTE.contains(&compute) => true,
        _ => COUNTS.contains(&name) || COMPUTE.contains(&name),
    };
    let pages = name.strip_prefix(REQUESTS).unwrap_or(name).starts_with(PAGES);
    if !is_label_key(name) || !(known || pages || name.contains('/')) {
        return Some(format!("`{name}` is no resource that a ResourceQuota counts"));
    }
    let whole = COUNTS.contains(&name) || is_extended(name);
    (whole && !amount.is_whole()).then(|| format!("`{amount}` of {name} must be a whole number"))
}

/// Why a container cannot have a resource of this name.
#[must_use]
pub fn container_mistake(name: &str) -> Option<String> {
    let known = match name.contains('/') {
        true => is_native(name) || is_extended(name),
        false => COMPUTE.contains(&name) || name.starts_with(PAGES),
    };
    let good = is_label_key(name) && known;
    (!good).then(|| format!("`{name}` is no resource of a container"))
}

/// Whether a container may have a limit of it above what it requests.
#[must_use]
pub fn is_overcommitted(name: &str) -> bool {
    is_native(name) && !name.starts_with(PAGES)
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

fn is_extended(name: &str) -> bool {
    let prefix = name.split_once('/').map(|(prefix, _)| format!("{REQUESTS}{prefix}"));
    !is_native(name)
        && !name.starts_with(REQUESTS)
        && prefix.is_some_and(|prefix| is_subdomain(&prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_quota_counts_is_known() {
        let check = |name: &str, amount: &str, good: bool| {
            let mistake = quota_mistake(name, &amount.parse().unwrap());
            assert_eq!(mistake.is_none(), good, "{name} {amount} {mistake:?}");
        };
        for name in COUNTS.into_iter().chain(COMPUTE) {
            check(name, "1", true);
        }
        for name in ["requests.cpu", "limits.memory", "requests.storage", "hugepages-2Mi"] {
            check(name, "1", true);
        }
        for name in ["requests.hugepages-1Gi", "count/jobs.batch", "requests.a.example/gpu"] {
            check(name, "1", true);
        }
        let long = "a".repeat(64);
        for name in
            ["", "pod", "storage", "limits.storage", "requests.pods", "a.example/", "a b/c", &long]
        {
            check(name, "1", false);
        }
        check("pods", "1500m", false);
        check("a.example/gpu", "0.5", false);
        check("requests.a.example/gpu", "0.5", true);
        check("cpu", "1500m", true);
    }

    #[test]
    fn what_a_container_may_have_is_known() {
        for name in
            ["cpu", "ephemeral-storage", "hugepages-2Mi", "a.example/gpu", "kubernetes.io/a"]
        {
            assert_eq!(container_mistake(name), None);
        }
        for name in ["", "pods", "storage", "requests.a.example/gpu", "a/b/c", "requests.cpu"] {
            assert!(container_mistake(name).is_some(), "{name}");
        }
        assert!(is_overcommitted("cpu") && is_overcommitted("kubernetes.io/a"));
        assert!(!is_overcommitted("hugepages-2Mi") && !is_overcommitted("a.example/gpu"));
    }
}
