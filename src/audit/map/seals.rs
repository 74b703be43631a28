//! What documents make of namespaces.

use std::collections::{HashMap, HashSet};

use smol_str::SmolStr;

use super::draft::{Draft, Held};
use crate::audit::object::Note;
use crate::defaults::DEFAULT_DENY_LABEL;
use crate::domain::{TENANT_LABEL, sanitise};
use crate::policy::Tenant;
use crate::seal::network_policies;

impl<'a> Draft<'a> {
    /// Gives the namespaces that are tenants' their labels: the tenant's name in any case, and what the
    /// controller would put there unless things are taken as they stand.
    pub(super) fn complete(&mut self) {
        let (tenants, as_is) = (self.drawing.tenants, self.drawing.as_is);
        for namespace in self.namespaces.values_mut() {
            let label = namespace.tenant();
            let Some(tenant) = tenants.of_namespace(&namespace.name, label) else {
                if let Some(label) = label.filter(|_| tenants.iter().next().is_some()) {
                    let source = format!("namespace {}", namespace.name);
                    let name = sanitise(label, 63);
                    let text = format!("its label says tenant {name}, and there is no such Tenant");
                    self.notes.push(Note { source, text });
                }
                continue;
            };
            let mut put = |key: &str, value: &str| {
                namespace.labels.entry(key.into()).or_insert_with(|| value.into());
            };
            put(TENANT_LABEL, tenant.name.as_str());
            if !as_is {
                put(DEFAULT_DENY_LABEL, "enabled");
                tenant.labels.iter().for_each(|(key, value)| put(key, value));
            }
        }
    }

    /// Puts what the controller keeps in place of what stands under its name. What it made once and does
    /// not keep any more goes; what is not its own stays.
    pub(super) fn seal(&mut self) {
        if self.drawing.as_is {
            return;
        }
        let owned = self.owned();
        let strangers: HashMap<(SmolStr, SmolStr), SmolStr> = self
            .policies
            .iter()
            .filter(|held| !held.is_ours)
            .map(|held| &held.read.policy.origin)
            .filter(|own| own.kind == "NetworkPolicy")
            .map(|own| {
                ((own.namespace.clone().unwrap_or_default(), own.name.clone()), own.source.clone())
            })
            .collect();
        let names: HashSet<&str> = owned.iter().map(|(name, _)| name.as_str()).collect();
        let of_tenant = |held: &Held| {
            let namespace = held.read.policy.origin.namespace.as_deref();
            namespace.is_some_and(|own| names.contains(own))
        };
        self.policies.retain(|held| !held.is_ours || !of_tenant(held));
        for (namespace, tenant) in owned {
            let drawing = self.drawing;
            for own in network_policies(drawing.tenants, tenant, &namespace, drawing.now) {
                let source = format!("the seal of tenant {}", tenant.name);
                let Some(read) = own.read(&source) else { continue };
                match strangers.get(&(namespace.clone(), own.name().into())) {
                    Some(source) => self.notes.push(Note {
                        source: source.to_string(),
                        text: format!(
                            "NetworkPolicy {namespace}/{} is not the controller's: it keeps none of this name, and the namespace stays unsealed",
                            own.name()
                        ),
                    }),
                    None => self.hold(read, true),
                }
            }
        }
    }

    /// The namespaces of tenants.
    fn owned(&self) -> Vec<(SmolStr, &'a Tenant)> {
        let tenants = self.drawing.tenants;
        let namespaces = self.namespaces.values();
        namespaces
            .filter_map(|own| {
                Some((own.name.clone(), tenants.of_namespace(&own.name, own.tenant())?))
            })
            .collect()
    }
}
