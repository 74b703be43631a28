//! What policies and permits can tell namespaces and pods apart by.

use std::collections::BTreeSet;

use crate::domain::{NAME_LABEL, TENANT_LABEL};
use crate::reach::{Namespaces, Peer, Permit, Policy, Scope, Selector};

/// Keys of labels, and names.
#[derive(Debug, Default)]
pub(super) struct Spoken<'w> {
    /// The keys of namespaces' labels.
    pub(super) namespace_keys: BTreeSet<&'w str>,
    /// The keys of pods' labels.
    pub(super) pod_keys: BTreeSet<&'w str>,
    /// The names of namespaces, each with the tenant that its namespace has to have; none is any.
    pub(super) names: BTreeSet<(Option<String>, &'w str)>,
}

impl<'w> Spoken<'w> {
    /// In policies and permits; `tenants` are the names of the tenants by their numbers.
    pub(super) fn of(policies: &[&'w Policy], permits: &'w [Permit], tenants: &[&str]) -> Self {
        let mut own = Self::default();
        let mut seen = BTreeSet::new();
        for policy in policies {
            own.scope(&policy.subject, &mut seen);
            let sides = [&policy.egress, &policy.ingress].into_iter().flatten();
            for peer in sides.flat_map(|side| &side.rules).flat_map(|rule| &rule.peers) {
                if let Peer::Pods(scope) = peer {
                    own.scope(scope, &mut seen);
                }
            }
        }
        for end in permits.iter().flat_map(|permit| [&permit.from, &permit.to]) {
            own.pod_keys.extend(end.pods.keys());
            let tenant = tenants.get(end.tenant).map(ToString::to_string);
            let names = end.namespaces.iter().flatten();
            own.names.extend(names.map(|name| (tenant.clone(), name.as_str())));
        }
        own
    }

    fn scope(&mut self, scope: &'w Scope, seen: &mut BTreeSet<&'w Selector>) {
        self.pod_keys.extend(scope.pods.keys());
        match &scope.namespaces {
            Namespaces::Named(name) => {
                self.names.insert((None, name));
            }
            Namespaces::Chosen(selector) => {
                if seen.insert(selector) {
                    self.chosen(selector);
                }
            }
        }
    }

    fn chosen(&mut self, selector: &'w Selector) {
        self.namespace_keys.extend(selector.keys());
        let tenants: Vec<Option<String>> = match selector.listed_of(TENANT_LABEL) {
            Some(tenants) => tenants.iter().cloned().map(Some).collect(),
            None => vec![None],
        };
        for name in selector.values(NAME_LABEL) {
            self.names.extend(tenants.iter().map(|tenant| (tenant.clone(), name)));
        }
    }
}
