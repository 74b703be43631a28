//! An effective profile as a document would say it.

use std::collections::BTreeMap;

use super::{
    Amounts, ContainerLimits, EffectiveProfile, ImagePolicy, LabelKeyRules, Modes, NamespaceRules,
    NetworkRules, Outside, PodDefaults,
};
use crate::domain::{Code, Family, Mode, RuleKey};
use crate::policy::documents::{
    Images, LabelKeys, Limits, Network, NewNamespaces, OutsideRange, PodDefault, PodDefaultsSpec,
    PodSecuritySpec, ProfileSpec, Rules, ServiceAccounts,
};
use crate::policy::values::{Count, UserId};

impl EffectiveProfile {
    /// The Profile that comes to this by itself. A tenant can loosen nothing of it any more.
    #[must_use]
    pub fn to_spec(&self) -> ProfileSpec {
        let amounts = |own: &Amounts| (!own.is_empty()).then(|| own.clone());
        let ContainerLimits { default, default_request } = &self.limits;
        let limits =
            Limits { default: amounts(default), default_request: amounts(default_request) };
        ProfileSpec {
            rules: Some(self.modes.to_rules()),
            overridable: None,
            pod_security: Some(PodSecuritySpec {
                level: Some(self.pod_security.level),
                version: Some(self.pod_security.version),
            }),
            pod_defaults: Some(self.pod_defaults.to_spec()),
            service_accounts: Some(ServiceAccounts { automount_token: Some(self.automount_token) }),
            images: Some(self.images.to_spec()),
            namespaces: self.namespaces.to_spec(),
            network: Some(self.network.to_spec()),
            seal: Some(self.seal),
            quota: amounts(&self.quota),
            limits: (limits != Limits::default()).then_some(limits),
        }
    }
}

impl Modes {
    /// For each family the mode of most of its rules, and each rule that has another.
    fn to_rules(&self) -> Rules {
        let mut families: BTreeMap<Family, Vec<(Code, Mode)>> = BTreeMap::new();
        for (code, mode) in &self.0 {
            families.entry(code.family()).or_default().push((*code, *mode));
        }
        let mut rules = BTreeMap::new();
        for (family, said) in families {
            let shared = |mode: Mode| said.iter().filter(|(_, own)| *own == mode).count();
            let modes = said.iter().map(|(_, mode)| *mode);
            let Some(most) = modes.max_by_key(|mode| (shared(*mode), *mode)) else { continue };
            rules.insert(RuleKey::Family(family), most);
            let others = said.iter().filter(|(_, mode)| *mode != most);
            rules.extend(others.map(|(code, mode)| (RuleKey::Rule(*code), *mode)));
        }
        Rules(rules)
    }
}

impl PodDefaults {
    fn to_spec(&self) -> PodDefaultsSpec {
        let user = |id: Option<i64>| id.map(UserId);
        let escalation = (!self.allow_privilege_escalation).then_some(false);
        let drop = self.drop_capabilities.iter().filter_map(|name| name.parse().ok());
        let drop: Vec<_> = drop.collect();
        let drop = (!drop.is_empty()).then_some(drop);
        let mut spec = PodDefaultsSpec {
            omit: None,
            run_as_non_root: self.run_as_non_root.then_some(true),
            run_as_user: user(self.run_as_user),
            run_as_group: user(self.run_as_group),
            fs_group: user(self.fs_group),
            seccomp_profile: self.seccomp_profile,
            allow_privilege_escalation: escalation,
            drop_capabilities: drop,
        };
        let omitted = [
            (PodDefault::RunAsNonRoot, spec.run_as_non_root.is_none()),
            (PodDefault::RunAsUser, spec.run_as_user.is_none()),
            (PodDefault::RunAsGroup, spec.run_as_group.is_none()),
            (PodDefault::FsGroup, spec.fs_group.is_none()),
            (PodDefault::SeccompProfile, spec.seccomp_profile.is_none()),
            (PodDefault::AllowPrivilegeEscalation, spec.allow_privilege_escalation.is_none()),
            (PodDefault::DropCapabilities, spec.drop_capabilities.is_none()),
        ];
        let omitted = omitted.iter().filter(|(_, omitted)| *omitted).map(|(field, _)| *field);
        spec.omit = Some(omitted.collect());
        spec
    }
}

impl ImagePolicy {
    fn to_spec(&self) -> Images {
        Images {
            registries: self.registries.clone(),
            require_digest: Some(self.require_digest),
            forbid_latest: Some(self.forbid_latest),
            pull_policies: self.pull_policies.clone(),
            force_pull_policy: self.force_pull_policy,
        }
    }
}

impl NamespaceRules {
    fn to_spec(&self) -> Option<NewNamespaces> {
        let spec = NewNamespaces {
            limit: self.limit.map(|limit| Count(u32::try_from(limit).unwrap_or(u32::MAX))),
            label_keys: self.label_keys.as_ref().map(LabelKeyRules::to_spec),
        };
        (spec != NewNamespaces::default()).then_some(spec)
    }
}

impl LabelKeyRules {
    /// As a document says it.
    pub(in crate::policy) fn to_spec(&self) -> LabelKeys {
        match self {
            Self::Allow(keys) => LabelKeys { allow: Some(keys.clone()), deny: None },
            Self::Deny(keys) => LabelKeys { allow: None, deny: Some(keys.clone()) },
        }
    }
}

impl NetworkRules {
    fn to_spec(&self) -> Network {
        let shared = self.shared.iter().filter_map(|name| name.parse().ok());
        Network {
            intra_tenant: Some(self.intra_tenant),
            shared: Some(shared.collect()),
            outside: Some(self.outside.iter().map(Outside::to_spec).collect()),
            one_sided: Some(self.one_sided),
        }
    }
}

impl Outside {
    /// As a document says it.
    pub(in crate::policy) fn to_spec(&self) -> OutsideRange {
        let ports = (!self.ports.are_all()).then(|| self.ports.to_ranges());
        OutsideRange { cidr: self.cidr, ports }
    }
}
