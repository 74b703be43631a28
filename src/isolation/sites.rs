//! The namespaces that tenants have, and those that they could make.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Asked;
use super::spoken::Spoken;
use crate::defaults::DEFAULT_DENY_LABEL;
use crate::domain::{NAME_LABEL, TENANT_LABEL};
use crate::policy::Tenant;
use crate::reach::{Labels, Namespaces, Permit, Pod, Policy, Selector, Site, Wanted};
use crate::rules::tenancy::{may_label, may_name};
use crate::seal::network_policies;

/// Namespaces, and the policies of those that are not there.
pub(super) struct Sites {
    /// Those that are there come first.
    pub(super) sites: Vec<Site>,
    pub(super) seals: Vec<Policy>,
}

impl Sites {
    pub(super) fn of(asked: &Asked<'_>, all: &[&Tenant], permits: &[Permit]) -> Self {
        let names: Vec<&str> = all.iter().map(|tenant| tenant.name.as_str()).collect();
        let spoken = Spoken::of(&asked.policies, permits, &names);
        let mut survey = Survey::new(asked, all, &spoken);
        survey.there();
        if !asked.as_is {
            survey.possible();
        }
        Self { sites: survey.sites, seals: survey.seals }
    }
}

struct Survey<'a> {
    asked: &'a Asked<'a>,
    all: &'a [&'a Tenant],
    spoken: &'a Spoken<'a>,
    /// The names that are taken.
    taken: HashSet<&'a str>,
    /// Those that are spoken of.
    names: HashSet<&'a str>,
    /// How many the documents claim or reserve.
    claims: usize,
    /// By namespace the pods that have a label which the Platform reserves.
    reserved: BTreeMap<&'a str, Vec<&'a Pod>>,
    /// The keys that the Platform reserves, of those that are spoken of.
    reserved_keys: Vec<&'a str>,
    sites: Vec<Site>,
    seals: Vec<Policy>,
}

impl<'a> Survey<'a> {
    fn new(asked: &'a Asked<'a>, all: &'a [&'a Tenant], spoken: &'a Spoken<'a>) -> Self {
        let patterns = asked.tenants.platform.spec.reserved_pod_labels.as_ref();
        let is_reserved = |key: &str| patterns.into_iter().flatten().any(|own| own.matches(key));
        let reserved_keys: Vec<&str> =
            spoken.pod_keys.iter().copied().filter(|key| is_reserved(key)).collect();
        let mut reserved: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
        for pod in asked.pods {
            if reserved_keys.iter().any(|key| pod.labels.contains_key(*key)) {
                reserved.entry(&pod.namespace).or_default().push(pod);
            }
        }
        let reserved_names =
            asked.tenants.platform.spec.reserved_names.as_ref().map_or(0, Vec::len);
        Self {
            asked,
            all,
            spoken,
            names: spoken.names.iter().map(|(_, name)| *name).collect(),
            claims: reserved_names + all.iter().map(|own| own.namespaces.len()).sum::<usize>(),
            taken: asked.namespaces.iter().map(|own| own.name.as_str()).collect(),
            reserved,
            reserved_keys,
            sites: Vec::new(),
            seals: Vec::new(),
        }
    }

    /// The namespaces that tenants have.
    fn there(&mut self) {
        let numbers: BTreeMap<&str, usize> =
            self.all.iter().enumerate().map(|(number, own)| (own.name.as_str(), number)).collect();
        for namespace in &self.asked.namespaces {
            let label = namespace.tenant();
            let Some(tenant) = self.asked.tenants.of_namespace(&namespace.name, label) else {
                continue;
            };
            let Some(number) = numbers.get(tenant.name.as_str()) else { continue };
            let site = self.site(*number, tenant, (&namespace.name, &namespace.labels), true);
            self.sites.push(site);
        }
    }

    /// The namespaces that tenants could make: of each name that policies can tell from others one, and one
    /// of all others.
    fn possible(&mut self) {
        let mut of_tenant: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut of_any: BTreeSet<&str> = BTreeSet::new();
        for (tenant, name) in &self.spoken.names {
            if self.taken.contains(name) {
                continue;
            }
            match tenant {
                Some(tenant) => of_tenant.entry(tenant).or_default().insert(name),
                None => of_any.insert(name),
            };
        }
        let all = self.all;
        let mut made: Vec<(usize, &Tenant, String)> = Vec::new();
        for (number, tenant) in all.iter().enumerate() {
            let own = of_tenant.get(tenant.name.as_str()).into_iter().flatten().copied();
            let names: BTreeSet<&str> = own.chain(of_any.iter().copied()).collect();
            let may = |name: &&str| may_name(self.asked.tenants, tenant, name);
            let names = names.into_iter().filter(may).map(ToOwned::to_owned);
            let names = names.chain(self.other_name(tenant));
            made.extend(names.map(|name| (number, *tenant, name)));
        }
        let mut takers: HashMap<&str, usize> = HashMap::new();
        made.iter().for_each(|(.., name)| *takers.entry(name).or_default() += 1);
        for (number, tenant, name) in &made {
            self.make(*number, tenant, name, takers.get(name.as_str()) > Some(&1));
        }
    }

    /// A name that a tenant could choose and that nothing tells from others; none where it can choose none.
    fn other_name(&self, tenant: &Tenant) -> Option<String> {
        let own = format!("{}-", tenant.name);
        let prefix = tenant.prefix.as_deref().unwrap_or(&own);
        let first = format!("{prefix}new");
        let numbered = (2_usize..).map(|number| format!("{prefix}new-{number}"));
        // One of so many is not among those that are taken, spoken of or claimed.
        let enough = self.taken.len() + self.names.len() + self.claims + 1;
        let names = std::iter::once(first).chain(numbered).take(enough);
        let mut free = names.filter(|name| {
            !self.taken.contains(name.as_str())
                && !self.names.contains(name.as_str())
                && may_name(self.asked.tenants, tenant, name)
        });
        free.next()
    }

    /// A namespace as the door and the controller would make it. Of a name that several could take it depends
    /// on who does what stands there.
    fn make(&mut self, number: usize, tenant: &Tenant, name: &str, contested: bool) {
        let own = tenant.labels.iter().map(|(key, value)| (key.into(), value.into()));
        let labels: Labels = own.chain([(DEFAULT_DENY_LABEL.into(), "enabled".into())]).collect();
        let site = self.site(number, tenant, (name, &labels), false);
        self.sites.push(site);
        let Asked { tenants, now, .. } = self.asked;
        for own in network_policies(tenants, tenant, name, *now) {
            let source = format!("the seal of tenant {}", tenant.name);
            let Some(mut policy) = own.read(&source).map(|read| read.policy) else { continue };
            if contested {
                policy.subject.namespaces = Namespaces::Chosen(identity(tenant, name));
            }
            self.seals.push(policy);
        }
    }

    fn site(
        &self,
        number: usize,
        tenant: &Tenant,
        (name, labels): (&str, &Labels),
        exists: bool,
    ) -> Site {
        let held = self.spoken.namespace_keys.iter().filter(|key| {
            **key != NAME_LABEL
                && **key != TENANT_LABEL
                && !may_label(self.asked.tenants, tenant, key)
        });
        let labels = held.fold(identity(tenant, name), |all, key| {
            let stands = labels.get(*key).map(ToString::to_string);
            all.with(key, stands.map_or_else(Wanted::absent, |value| Wanted::one_of([value])))
        });
        let pods = self.reserved_keys.iter().fold(Selector::everything(), |all, key| {
            let pods = self.reserved.get(name).into_iter().flatten();
            all.with(
                key,
                Wanted::absent_or(
                    pods.filter_map(|pod| pod.labels.get(*key).map(ToString::to_string)),
                ),
            )
        });
        Site { tenant: number, name: name.to_owned(), labels, pods, exists }
    }
}

/// What no tenant can change of a namespace.
fn identity(tenant: &Tenant, name: &str) -> Selector {
    Selector::everything()
        .with(NAME_LABEL, Wanted::one_of([name.to_owned()]))
        .with(TENANT_LABEL, Wanted::one_of([tenant.name.to_string()]))
}
