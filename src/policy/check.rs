//! What one document says that no schema of a field can see. The CRDs say the same in CEL.

use std::collections::BTreeMap;

use super::bounds;
use super::documents::{
    Dns, ExemptionSpec, GrantPort, GrantSpec, LabelKeys, Limits, Operator, Party, PlatformSpec,
    PortRange, ProfileSpec, Requirement, Rules, Selector, SharedService, Subject, SubjectKind,
    TenantSpec,
};
use super::problems::Problems;
use super::ranges::ClusterRanges;
use super::read::Loaded;
use super::values::{Port, Quantity, container_mistake, quota_mistake};
use crate::domain::{Code, Family, RuleKey, SYSTEM_NAMESPACES};

/// Where a check stands in a document.
pub(super) struct Checker<'a, 'p, T> {
    loaded: &'a Loaded<T>,
    problems: &'a mut Problems<'p>,
}

impl<'a, 'p, T> Checker<'a, 'p, T> {
    pub(super) fn of(loaded: &'a Loaded<T>, problems: &'a mut Problems<'p>) -> Self {
        Self { loaded, problems }
    }

    fn wrong(&mut self, at: &str, message: impl Into<String>) {
        self.problems.add(self.loaded.source, &self.loaded.place(at), message);
    }

    fn wrong_key(&mut self, at: &str, message: impl Into<String>) {
        self.problems.add(self.loaded.source, &self.loaded.key_place(at), message);
    }

    fn bounds(&mut self, kind: &str) {
        let spec = self.loaded.tree();
        for (place, message) in spec.into_iter().flat_map(|spec| bounds::broken(kind, spec)) {
            self.problems.add(self.loaded.source, &place, message);
        }
    }

    fn subject(&mut self, at: &str, subject: &Subject) {
        match (subject.kind, &subject.namespace) {
            (SubjectKind::ServiceAccount, None) => {
                self.wrong(at, "`namespace` of this ServiceAccount is missing");
            }
            (SubjectKind::User | SubjectKind::Group, Some(_)) => {
                self.wrong_key(&format!("{at}/namespace"), "only a ServiceAccount has a namespace");
            }
            (SubjectKind::ServiceAccount, Some(_))
            | (SubjectKind::User | SubjectKind::Group, None) => {}
        }
    }

    fn rules(&mut self, at: &str, rules: Option<&Rules>) {
        for key in rules.iter().flat_map(|rules| rules.0.keys()) {
            if let Some(family) = always_enforced(*key) {
                let message = format!("{family} is always enforced: it cannot be set");
                self.wrong_key(&format!("{at}/{key}"), message);
            }
            if let Some(message) = set_elsewhere(*key) {
                self.wrong_key(&format!("{at}/{key}"), message);
            }
        }
    }

    fn range(&mut self, at: &str, port: Option<Port>, end: Option<Port>) {
        let Some(end) = end else { return };
        match port {
            None => self.wrong(&format!("{at}/endPort"), "`endPort` needs a `port` before it"),
            Some(port) if end < port => {
                let message = format!("`endPort` {} lies before `port` {}", end.0, port.0);
                self.wrong(&format!("{at}/endPort"), message);
            }
            Some(_) => {}
        }
    }

    fn ports(&mut self, at: &str, ports: Option<&Vec<PortRange>>) {
        for (index, range) in ports.into_iter().flatten().enumerate() {
            self.range(&format!("{at}/{index}"), range.port, range.end_port);
        }
    }

    /// What the API server would refuse the whole ResourceQuota or LimitRange for.
    fn amounts(&mut self, quota: Option<&BTreeMap<String, Quantity>>, limits: Option<&Limits>) {
        let key = |name: &str| name.replace('~', "~0").replace('/', "~1");
        for (name, amount) in quota.into_iter().flatten() {
            if let Some(message) = quota_mistake(name, amount) {
                self.wrong_key(&format!("/quota/{}", key(name)), message);
            }
        }
        let default = limits.iter().flat_map(|own| own.default.iter().flatten());
        let request = limits.iter().flat_map(|own| own.default_request.iter().flatten());
        let default = default.map(|(name, _)| ("default", name));
        for (field, name) in default.chain(request.map(|(name, _)| ("defaultRequest", name))) {
            if let Some(message) = container_mistake(name) {
                self.wrong_key(&format!("/limits/{field}/{}", key(name)), message);
            }
        }
    }

    fn label_keys(&mut self, at: &str, keys: Option<&LabelKeys>) {
        if let Some(keys) = keys
            && keys.allow.is_some() == keys.deny.is_some()
        {
            self.wrong(at, "`labelKeys` has either `allow` or `deny`");
        }
    }

    fn selector(&mut self, at: &str, selector: Option<&Selector>) {
        let expressions = selector.and_then(|selector| selector.match_expressions.as_ref());
        for (index, Requirement { operator, values, .. }) in
            expressions.into_iter().flatten().enumerate()
        {
            let at = format!("{at}/matchExpressions/{index}");
            let some = values.as_ref().is_some_and(|values| !values.is_empty());
            match operator {
                Operator::In | Operator::NotIn if !some => {
                    self.wrong(&at, "`In` and `NotIn` need `values`");
                }
                Operator::Exists | Operator::DoesNotExist if some => {
                    self.wrong(
                        &format!("{at}/values"),
                        "`Exists` and `DoesNotExist` have no `values`",
                    );
                }
                Operator::In | Operator::NotIn | Operator::Exists | Operator::DoesNotExist => {}
            }
        }
    }

    /// A namespace with pods, or addresses.
    fn place(&mut self, at: &str, what: Place<'_>) {
        if what.namespace == what.cidrs {
            self.wrong(at, "there must be either `namespace` or `cidrs`");
        } else if what.selector.is_some() && !what.namespace {
            self.wrong_key(&format!("{at}/podSelector"), "`podSelector` goes with `namespace`");
        }
        self.selector(&format!("{at}/podSelector"), what.selector);
    }
}

struct Place<'a> {
    namespace: bool,
    cidrs: bool,
    selector: Option<&'a Selector>,
}

/// The family that a key is of, if nothing can be said about it.
fn always_enforced(key: RuleKey) -> Option<Family> {
    let family = match key {
        RuleKey::All | RuleKey::Held(_) => return None,
        RuleKey::Family(family) => family,
        RuleKey::Rule(code) => code.family(),
    };
    family.always_enforced().then_some(family)
}

/// Why a rule outside those families has no mode that `rules` could set.
fn set_elsewhere(key: RuleKey) -> Option<String> {
    match key {
        RuleKey::Rule(Code::OneSided) => Some(format!("{key} is set by `network.oneSided`")),
        RuleKey::Rule(code) if !code.family().always_enforced() => {
            code.fixed_mode().map(|mode| format!("{key} is always {mode}"))
        }
        _ => None,
    }
}

impl Checker<'_, '_, PlatformSpec> {
    pub(super) fn platform(&mut self) {
        self.bounds("Platform");
        let spec = &self.loaded.spec;
        for (index, subject) in spec.administrators.iter().flatten().enumerate() {
            self.subject(&format!("/administrators/{index}"), subject);
        }
        let shared = || spec.shared.iter().flatten().enumerate();
        for (index, service) in shared() {
            let at = format!("/shared/{index}");
            if shared().take(index).any(|(_, earlier)| earlier.name == service.name) {
                let message = format!("there is another shared service `{}`", service.name);
                self.wrong(&format!("{at}/name"), message);
            }
            let SharedService { namespace, cidrs, pod_selector, ports, .. } = service;
            let selector = pod_selector.as_ref();
            let (namespace, cidrs) = (namespace.is_some(), cidrs.is_some());
            self.place(&at, Place { namespace, cidrs, selector });
            self.ports(&format!("{at}/ports"), ports.as_ref());
        }
        let dns = spec.cluster.iter().flat_map(|cluster| cluster.dns.iter().flatten());
        for (index, Dns { namespace, pod_selector, cidrs, .. }) in dns.enumerate() {
            let at = format!("/cluster/dns/{index}");
            let selector = pod_selector.as_ref();
            let (namespace, cidrs) = (namespace.is_some(), cidrs.is_some());
            self.place(&at, Place { namespace, cidrs, selector });
        }
        self.addresses();
    }

    /// A shared service in the pods' or the Services' ranges would open what seals close.
    fn addresses(&mut self) {
        let spec = &self.loaded.spec;
        let ranges = ClusterRanges::of(spec.cluster.as_ref());
        for (index, service) in spec.shared.iter().flatten().enumerate() {
            for (position, cidr) in service.cidrs.iter().flatten().enumerate() {
                if let Some((message, help)) = ranges.met_by(cidr) {
                    let place = self.loaded.place(&format!("/shared/{index}/cidrs/{position}"));
                    self.problems.help(self.loaded.source, &place, message, help);
                }
            }
        }
    }
}

impl Checker<'_, '_, ProfileSpec> {
    pub(super) fn profile(&mut self) {
        self.bounds("Profile");
        let spec = &self.loaded.spec;
        self.rules("/rules", spec.rules.as_ref());
        let overridable = spec.overridable.iter().flat_map(|own| own.rules.iter().flatten());
        for (index, key) in overridable.enumerate() {
            if let Some(family) = always_enforced(*key) {
                let message = format!("{family} is always enforced: nobody can loosen it");
                self.wrong(&format!("/overridable/rules/{index}"), message);
            }
            if let Some(message) = set_elsewhere(*key) {
                self.wrong(&format!("/overridable/rules/{index}"), message);
            }
        }
        let keys = spec.namespaces.as_ref().and_then(|own| own.label_keys.as_ref());
        self.label_keys("/namespaces/labelKeys", keys);
        self.amounts(spec.quota.as_ref(), spec.limits.as_ref());
        let outside = spec.network.iter().flat_map(|own| own.outside.iter().flatten());
        for (index, range) in outside.enumerate() {
            self.ports(&format!("/network/outside/{index}/ports"), range.ports.as_ref());
        }
    }
}

impl Checker<'_, '_, TenantSpec> {
    pub(super) fn tenant(&mut self) {
        self.bounds("Tenant");
        let spec = &self.loaded.spec;
        for (index, owner) in spec.owners.iter().flatten().enumerate() {
            self.subject(&format!("/owners/{index}"), &owner.subject());
        }
        for (index, member) in spec.members.iter().flatten().enumerate() {
            self.subject(&format!("/members/{index}"), member);
        }
        self.rules("/rules", spec.rules.as_ref());
        let namespaces = spec.namespaces.as_ref();
        let keys = namespaces.and_then(|own| own.label_keys.as_ref());
        self.label_keys("/namespaces/labelKeys", keys);
        self.amounts(spec.quota.as_ref(), spec.limits.as_ref());
        let labels =
            namespaces.iter().flat_map(|own| own.labels.iter().flat_map(|labels| labels.keys()));
        for key in labels {
            let (prefix, _) = key.as_str().split_once('/').unwrap_or_default();
            if prefix == "ringfence.dev" || prefix.ends_with(".ringfence.dev") {
                let at = format!("/namespaces/labels/{}", key.as_str().replace('/', "~1"));
                self.wrong_key(&at, format!("`{key}` is ringfence's own"));
            }
        }
        let names = namespaces.iter().flat_map(|own| own.names.iter().flatten());
        for (index, name) in names.enumerate() {
            if SYSTEM_NAMESPACES.contains(&name.as_str()) {
                let message = format!("`{name}` is the cluster's own: no tenant can be there");
                self.wrong(&format!("/namespaces/names/{index}"), message);
            }
        }
        let outside = spec.network.iter().flat_map(|own| own.outside.iter().flatten());
        for (index, range) in outside.enumerate() {
            self.ports(&format!("/network/outside/{index}/ports"), range.ports.as_ref());
        }
    }
}

impl Checker<'_, '_, ExemptionSpec> {
    pub(super) fn exemption(&mut self) {
        self.bounds("Exemption");
        for (index, key) in self.loaded.spec.rules.iter().enumerate() {
            if let Some(family) = always_enforced(*key) {
                let message = format!("{family} is always enforced: there is no exemption from it");
                self.wrong(&format!("/rules/{index}"), message);
            }
            if *key == RuleKey::Rule(Code::OneSided) {
                let message = format!("there is no exemption from {key}: write a Grant");
                self.wrong(&format!("/rules/{index}"), message);
            }
        }
    }
}

impl Checker<'_, '_, GrantSpec> {
    pub(super) fn grant(&mut self) {
        self.bounds("Grant");
        let spec = &self.loaded.spec;
        self.party("/from", &spec.from);
        self.party("/to", &spec.to);
        if spec.from.tenant.is_none() && spec.to.tenant.is_none() {
            self.wrong("", "one side of a Grant must be a tenant");
        }
        for (index, GrantPort { port, end_port, .. }) in spec.ports.iter().enumerate() {
            self.range(&format!("/ports/{index}"), Some(*port), *end_port);
        }
    }

    fn party(&mut self, at: &str, party: &Party) {
        if party.tenant.is_some() == party.cidrs.is_some() {
            self.wrong(at, "there must be either `tenant` or `cidrs`");
        } else if party.tenant.is_none()
            && (party.namespaces.is_some() || party.pod_selector.is_some())
        {
            self.wrong(at, "`namespaces` and `podSelector` go with `tenant`");
        }
        self.selector(&format!("{at}/podSelector"), party.pod_selector.as_ref());
    }
}
