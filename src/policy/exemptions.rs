//! Permitted breaches, ready for decisions. An end is compared with the time of each decision, so that
//! nothing need be published anew when it comes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::documents::ExemptionSpec;
use super::effective::EffectiveProfile;
use super::tenants::Named;
use crate::domain::{Code, Mode, RuleKey, TenantName};

/// A permitted breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// The document's name.
    pub name: String,
    rules: Vec<RuleKey>,
    /// Kind and name; `None` is every workload.
    workloads: Option<Vec<(String, String)>>,
    /// `None` is every container, and the pod itself.
    containers: Option<Vec<String>>,
    expires: Timestamp,
}

impl Exemption {
    fn of(named: &Named<ExemptionSpec>) -> Self {
        let Named { name, spec } = named;
        let workloads = spec.workloads.as_ref().map(|workloads| {
            workloads.iter().map(|it| (it.kind.to_string(), it.name.to_string())).collect()
        });
        let containers = spec.containers.as_ref();
        Self {
            name: name.clone(),
            rules: spec.rules.clone(),
            workloads,
            containers: containers.map(|own| own.iter().map(ToString::to_string).collect()),
            expires: spec.expires_at.0,
        }
    }

    /// Whether it is in force.
    #[must_use]
    pub fn active(&self, now: Timestamp) -> bool {
        now < self.expires
    }

    /// Whether it names a rule; RF1, RF9 and the one-sided rule cannot be named.
    #[must_use]
    pub fn names(&self, code: Code) -> bool {
        let family = code.family();
        !family.always_enforced()
            && code != Code::OneSided
            && self.rules.iter().any(|key| match key {
                RuleKey::All => true,
                RuleKey::Family(own) => *own == family,
                RuleKey::Rule(own) => *own == code,
                RuleKey::Held(_) => false,
            })
    }

    /// Whether it is for one of these workloads (kind and name: an object, and what made it).
    #[must_use]
    pub fn is_for(&self, workloads: &[(String, String)]) -> bool {
        let named = |own: &Vec<_>| own.iter().any(|named| workloads.contains(named));
        self.workloads.as_ref().is_none_or(named)
    }

    /// Whether a breach of a rule is permitted in what it is for, and in this container, if it is one of
    /// a container.
    #[must_use]
    pub fn covers(&self, code: Code, container: Option<&str>) -> bool {
        let named = |own: &Vec<String>| {
            container.is_some_and(|container| own.iter().any(|named| named == container))
        };
        self.names(code) && self.containers.as_ref().is_none_or(named)
    }

    /// The days that are left, the last one counted.
    #[must_use]
    pub fn days_left(&self, now: Timestamp) -> i64 {
        days_left(self.expires, now)
    }
}

/// The mode that every breach of a rule meets at least, where these exemptions are in force.
#[must_use]
pub fn least_mode(profile: &EffectiveProfile, exemptions: &[&Exemption], code: Code) -> Mode {
    let mode = profile.modes.of(code);
    let named = exemptions.iter().any(|exemption| exemption.names(code));
    if named { mode.min(Mode::Audit) } else { mode }
}

/// The days until an end, the last one counted.
pub fn days_left(end: Timestamp, now: Timestamp) -> i64 {
    const DAY: i64 = 24 * 60 * 60;
    let left = end.duration_since(now);
    let left = (left.as_secs() + i64::from(left.subsec_nanos() > 0)).max(1);
    left / DAY + i64::from(left % DAY > 0)
}

/// All exemptions, by tenant and namespace.
#[derive(Debug, Clone, Default)]
pub struct Exemptions(HashMap<(String, String), Vec<Arc<Exemption>>>);

impl Exemptions {
    pub(super) fn of(documents: &[Named<ExemptionSpec>]) -> Self {
        let mut all = Self::default();
        for document in documents {
            let exemption = Arc::new(Exemption::of(document));
            for namespace in &document.spec.namespaces {
                let key = (document.spec.tenant.to_string(), namespace.to_string());
                all.0.entry(key).or_default().push(Arc::clone(&exemption));
            }
        }
        all
    }

    /// When one ends next.
    #[must_use]
    pub fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.values().flatten().map(|own| own.expires).filter(|end| now < *end).min()
    }

    /// The tenants of which a breach of a rule is permitted anywhere, each by the name of an exemption in
    /// force.
    #[must_use]
    pub fn naming(&self, code: Code, now: Timestamp) -> BTreeMap<&str, &str> {
        let all =
            self.0.iter().flat_map(|((tenant, _), own)| own.iter().map(move |it| (tenant, it)));
        let naming = all.filter(|(_, it)| it.active(now) && it.names(code));
        let mut named: BTreeMap<&str, &str> = BTreeMap::new();
        for (tenant, it) in naming {
            // Of several the first by name, however they are held.
            let own = named.entry(tenant).or_insert(&it.name);
            *own = (*own).min(&it.name);
        }
        named
    }

    /// Those in force in a namespace of a tenant.
    pub fn active<'a>(
        &'a self,
        tenant: &TenantName,
        namespace: &str,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Exemption> + use<'a> {
        // Where there is none, nothing is copied for the question.
        let key = (!self.0.is_empty()).then(|| (tenant.to_string(), namespace.to_owned()));
        let found = key.and_then(|key| self.0.get(&key));
        found.into_iter().flatten().map(AsRef::as_ref).filter(move |it| it.active(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exemption(
        rules: &[&str],
        workload: Option<(&str, &str)>,
        container: Option<&str>,
    ) -> Exemption {
        Exemption {
            name: "e".to_owned(),
            rules: rules.iter().map(|key| key.parse().unwrap()).collect(),
            workloads: workload.map(|(kind, name)| vec![(kind.to_owned(), name.to_owned())]),
            containers: container.map(|name| vec![name.to_owned()]),
            expires: "2027-03-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn rules_workloads_and_containers_must_all_be_named() {
        let made_by = [
            ("Pod".to_owned(), "driver-x".to_owned()),
            ("DaemonSet".to_owned(), "driver".to_owned()),
        ];
        let check = |exemption: Exemption, code: Code, container: Option<&str>, expect: bool| {
            let covers = exemption.is_for(&made_by) && exemption.covers(code, container);
            assert_eq!(covers, expect, "{exemption:?} {code}");
        };
        let all = || exemption(&["*"], None, None);
        check(all(), Code::Privileged, None, true);
        check(all(), Code::TenantLabel, None, false);
        check(all(), Code::Malformed, None, false);
        check(exemption(&["RF2"], None, None), Code::Privileged, None, true);
        check(exemption(&["RF3"], None, None), Code::Privileged, None, false);
        check(exemption(&["RF2003"], None, None), Code::Privileged, Some("a"), true);
        check(exemption(&["RF2003"], None, None), Code::HostPorts, Some("a"), false);
        let workload = |kind, name| exemption(&["*"], Some((kind, name)), None);
        check(workload("DaemonSet", "driver"), Code::Privileged, None, true);
        check(workload("Pod", "driver-x"), Code::Privileged, None, true);
        check(workload("Deployment", "driver"), Code::Privileged, None, false);
        check(workload("DaemonSet", "other"), Code::Privileged, None, false);
        let container = exemption(&["*"], None, Some("app"));
        check(container.clone(), Code::Privileged, Some("app"), true);
        check(container.clone(), Code::Privileged, Some("other"), false);
        check(container, Code::HostNamespaces, None, false);
    }

    #[test]
    fn it_ends_when_it_says_so() {
        let exemption = exemption(&["*"], None, None);
        let check = |now: &str, active: bool, days: i64| {
            let now = now.parse().unwrap();
            assert_eq!((exemption.active(now), exemption.days_left(now)), (active, days), "{now}");
        };
        check("2027-02-28T23:59:59Z", true, 1);
        check("2027-03-01T00:00:00Z", false, 1);
        check("2027-02-28T00:00:00Z", true, 1);
        check("2027-02-27T22:00:00Z", true, 2);
        check("2027-02-15T00:00:00Z", true, 14);
        check("2027-02-14T23:59:59Z", true, 15);
        check("2026-03-01T00:00:00Z", true, 365);
    }
}
