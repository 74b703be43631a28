//! What a profile comes to, with a tenant's sections over it.
//!
//! A tenant may only tighten. What loosens is a [`Loosening`], unless the profile's `overridable`
//! names the rule or the field. Of a list that reaches further, what lies in both holds.

mod images;
mod namespaces;
mod network;
mod resources;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use images::ImagePolicy;
pub use namespaces::{LabelKeyRules, NamespaceRules};
pub use network::{NetworkRules, Outside, Ports};
pub use resources::{Amounts, ContainerLimits};

use super::documents::{
    Overridable, PodDefault, PodDefaultsSpec, PodSecuritySpec, ProfileSpec, Rules, Seal, Seccomp,
    TenantSpec,
};
use crate::domain::{Code, Level, Mode, PolicyVersion, RuleKey};

/// What a tenant's objects are held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveProfile {
    /// What is done about a breach.
    pub modes: Modes,
    /// The standard that pods are held to.
    pub pod_security: PodSecurity,
    /// What is filled in on pods.
    pub pod_defaults: PodDefaults,
    /// What `automountServiceAccountToken` of service accounts is filled in with.
    pub automount_token: bool,
    /// What images are held to.
    pub images: ImagePolicy,
    /// What a tenant's owners may make of namespaces.
    pub namespaces: NamespaceRules,
    /// What its pods may reach and be reached by.
    pub network: NetworkRules,
    /// Whether its namespaces are sealed.
    pub seal: Seal,
    /// The `hard` of each namespace's ResourceQuota, over the built-in figures.
    pub quota: Amounts,
    /// Each namespace's LimitRange, over the built-in figures.
    pub limits: ContainerLimits,
}

/// What is done about a breach, by rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Modes(BTreeMap<Code, Mode>);

impl Modes {
    /// What is done about a breach of this rule.
    #[must_use]
    pub fn of(&self, code: Code) -> Mode {
        let own = || self.0.get(&code).copied().unwrap_or(Mode::Enforce);
        code.fixed_mode().unwrap_or_else(own)
    }
}

/// The rules whose modes are for a profile's `rules` to say; the one-sided rule has a field of its own.
fn settable() -> impl Iterator<Item = Code> {
    Code::ALL.iter().copied().filter(|it| it.fixed_mode().is_none() && *it != Code::OneSided)
}

/// A level and a version of the Pod Security Standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodSecurity {
    /// The level.
    pub level: Level,
    /// The version.
    pub version: PolicyVersion,
}

/// What is filled in on pods. `None`, `false` and an empty list are not filled in; so is `true` of
/// `allow_privilege_escalation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDefaults {
    /// Whether `runAsNonRoot: true` is filled in.
    pub run_as_non_root: bool,
    /// `runAsUser`
    pub run_as_user: Option<i64>,
    /// `runAsGroup`
    pub run_as_group: Option<i64>,
    /// `fsGroup`
    pub fs_group: Option<i64>,
    /// The type of `seccompProfile`.
    pub seccomp_profile: Option<Seccomp>,
    /// Whether escalation is left as it is; where it is not, `allowPrivilegeEscalation: false` is
    /// filled in.
    pub allow_privilege_escalation: bool,
    /// `capabilities.drop`
    pub drop_capabilities: Vec<String>,
}

impl Seccomp {
    /// As in a pod.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RuntimeDefault => "RuntimeDefault",
        }
    }
}

/// A tenant's field that would loosen its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loosening {
    /// The field below the tenant's `spec`, as an RFC 6901 pointer.
    pub(super) tenant: String,
    /// The field of the profile's `spec`, or the nearest that is there, as pointers in order of
    /// preference.
    pub(super) profile: Vec<String>,
    /// What is wrong, less the profile's name.
    pub(super) message: String,
    /// What `overridable` would have to name.
    pub(super) permit: Permit,
}

/// What would permit a loosening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Permit {
    /// An entry of `overridable.rules`.
    Rule(RuleKey),
    /// An entry of `overridable.fields`.
    Field(&'static str),
}

/// What a profile comes to by itself.
pub(super) fn profile(spec: &ProfileSpec) -> EffectiveProfile {
    let modes = |code| {
        mode(spec.rules.as_ref(), RuleKey::Rule(code)).map_or(Mode::Enforce, |(_, mode)| mode)
    };
    let security = spec.pod_security.as_ref();
    EffectiveProfile {
        modes: Modes(settable().map(|code| (code, modes(code))).collect()),
        pod_security: PodSecurity {
            level: security.and_then(|own| own.level).unwrap_or(Level::Restricted),
            version: security.and_then(|own| own.version).unwrap_or(PolicyVersion::Latest),
        },
        pod_defaults: pod_defaults(spec.pod_defaults.as_ref(), None),
        automount_token: spec
            .service_accounts
            .as_ref()
            .and_then(|own| own.automount_token)
            .unwrap_or(false),
        images: images::images(spec.images.as_ref()),
        namespaces: namespaces::profile(spec.namespaces.as_ref()),
        network: network::network(spec.network.as_ref()),
        seal: spec.seal.unwrap_or(Seal::Keep),
        quota: spec.quota.clone().unwrap_or_default(),
        limits: resources::limits(spec.limits.as_ref()),
    }
}

/// What a profile comes to with a tenant's sections over it, and what in them loosens it. What
/// loosens has no effect.
pub(super) fn tenant(
    spec: &ProfileSpec,
    tenant: &TenantSpec,
) -> (EffectiveProfile, Vec<Loosening>) {
    let mut tightener = Tightener { spec, found: Vec::new() };
    let base = profile(spec);
    let effective = EffectiveProfile {
        modes: tightener.modes(&base.modes, tenant.rules.as_ref()),
        pod_security: tightener.pod_security(base.pod_security, tenant.pod_security.as_ref()),
        pod_defaults: tightener.pod_defaults(&base.pod_defaults, tenant.pod_defaults.as_ref()),
        automount_token: tightener.automount(
            base.automount_token,
            tenant.service_accounts.as_ref().and_then(|own| own.automount_token),
        ),
        images: tightener.images(&base.images, tenant.images.as_ref()),
        namespaces: tightener.namespaces(&base.namespaces, tenant.namespaces.as_ref()),
        network: tightener.network(&base.network, tenant.network.as_ref()),
        seal: tightener.later("seal", base.seal, tenant.seal),
        quota: tightener.amounts("quota", "", &base.quota, tenant.quota.as_ref()),
        limits: tightener.limits(&base.limits, tenant.limits.as_ref()),
    };
    (effective, tightener.found)
}

/// A rule key and those that stand for it too, the longest first.
fn chain(key: RuleKey) -> Vec<RuleKey> {
    let family = match key {
        RuleKey::All | RuleKey::Family(_) => None,
        RuleKey::Rule(code) => Some(RuleKey::Family(code.family())),
        RuleKey::Held(number) => format!("RF{}", number / 1000).parse().ok(),
    };
    let mut chain = vec![key];
    chain.extend(family);
    if key != RuleKey::All {
        chain.push(RuleKey::All);
    }
    chain
}

/// The mode that a document gives a rule, and the key by which it does.
fn mode(rules: Option<&Rules>, key: RuleKey) -> Option<(RuleKey, Mode)> {
    let rules = &rules?.0;
    chain(key).into_iter().find_map(|key| rules.get(&key).map(|mode| (key, *mode)))
}

/// The key by which a document gives a rule its mode, and the mode.
pub(super) fn mode_key(rules: Option<&Rules>, code: Code) -> Option<(RuleKey, Mode)> {
    mode(rules, RuleKey::Rule(code))
}

struct Tightener<'a> {
    spec: &'a ProfileSpec,
    found: Vec<Loosening>,
}

impl Tightener<'_> {
    fn overridable(&self) -> Option<&Overridable> {
        self.spec.overridable.as_ref()
    }

    fn rule_may_loosen(&self, key: RuleKey) -> bool {
        let named = self.overridable().and_then(|own| own.rules.as_ref());
        named.is_some_and(|named| chain(key).iter().any(|key| named.contains(key)))
    }

    fn field_may_loosen(&self, field: &str) -> bool {
        let section = field.split('.').next().unwrap_or(field);
        let named = self.overridable().and_then(|own| own.fields.as_ref());
        named.is_some_and(|named| named.iter().any(|own| [field, section].contains(&own.as_str())))
    }

    fn loosens(&mut self, field: &'static str, message: String) {
        let pointer = format!("/{}", field.replace('.', "/"));
        let section = pointer.rsplit_once('/').map_or("", |(section, _)| section).to_owned();
        let profile = vec![pointer.clone(), section];
        self.found.push(Loosening {
            tenant: pointer,
            profile,
            message,
            permit: Permit::Field(field),
        });
    }

    /// A word of which the later is the tighter.
    fn later<T: Ord + Serialize>(&mut self, field: &'static str, base: T, own: Option<T>) -> T {
        match own {
            Some(own) if own < base && !self.field_may_loosen(field) => {
                self.loosens(field, format!("{} is looser than {}", show(&own), show(&base)));
                base
            }
            Some(own) => own,
            None => base,
        }
    }

    fn modes(&mut self, base: &Modes, rules: Option<&Rules>) -> Modes {
        for (key, wanted) in rules.iter().flat_map(|rules| &rules.0) {
            let (by, held) = mode(self.spec.rules.as_ref(), *key)
                .map_or((None, Mode::Enforce), |(by, held)| (Some(by), held));
            if *wanted < held && !self.rule_may_loosen(*key) {
                self.found.push(Loosening {
                    tenant: format!("/rules/{key}"),
                    profile: by
                        .map(|by| format!("/rules/{by}"))
                        .into_iter()
                        .chain(["/rules".to_owned()])
                        .collect(),
                    message: format!("`{wanted}` for {key} is looser than `{held}`"),
                    permit: Permit::Rule(*key),
                });
            }
        }
        let tightened = |code: Code| {
            let held = base.of(code);
            let effective = match mode(rules, RuleKey::Rule(code)) {
                Some((key, wanted)) if self.rule_may_loosen(key) => wanted,
                Some((_, wanted)) => wanted.max(held),
                None => held,
            };
            (code, effective)
        };
        Modes(settable().map(tightened).collect())
    }

    fn pod_security(&mut self, base: PodSecurity, own: Option<&PodSecuritySpec>) -> PodSecurity {
        let mut effective = base;
        if let Some(level) = own.and_then(|own| own.level) {
            if level >= base.level || self.field_may_loosen("podSecurity.level") {
                effective.level = level;
            } else {
                let message = format!("level `{level}` is looser than `{}`", base.level);
                self.loosens("podSecurity.level", message);
            }
        }
        if let Some(version) = own.and_then(|own| own.version) {
            if version == base.version || self.field_may_loosen("podSecurity.version") {
                effective.version = version;
            } else {
                let message = format!("version `{version}` is not `{}`", base.version);
                self.loosens("podSecurity.version", message);
            }
        }
        effective
    }

    fn automount(&mut self, base: bool, own: Option<bool>) -> bool {
        let field = "serviceAccounts.automountToken";
        match own {
            Some(true) if !base && !self.field_may_loosen(field) => {
                self.loosens(field, "`true` is looser than `false`".to_owned());
                false
            }
            Some(own) => own,
            None => base,
        }
    }

    /// Nobody can say which of two users is tighter, so any difference counts.
    fn pod_defaults(&mut self, base: &PodDefaults, own: Option<&PodDefaultsSpec>) -> PodDefaults {
        let Some(own) = own else { return base.clone() };
        let wanted = pod_defaults(self.spec.pod_defaults.as_ref(), Some(own));
        let mut effective = base.clone();
        macro_rules! field {
            ($name:literal, $field:ident) => {
                let name = concat!("podDefaults.", $name);
                let (wanted, held) = (&wanted.$field, &base.$field);
                if wanted == held || self.field_may_loosen(name) {
                    effective.$field.clone_from(wanted);
                } else {
                    let what = format!("{} is not {}", show(wanted), show(held));
                    self.loosens(name, what);
                    // A tenant that omits a field has no value to point at.
                    if own.$field.is_none()
                        && let Some(last) = self.found.last_mut()
                    {
                        last.tenant = "/podDefaults/omit".to_owned();
                        last.message = format!("`{}` is left out and not {}", $name, show(held));
                    }
                }
            };
        }
        field!("runAsNonRoot", run_as_non_root);
        field!("runAsUser", run_as_user);
        field!("runAsGroup", run_as_group);
        field!("fsGroup", fs_group);
        field!("seccompProfile", seccomp_profile);
        field!("allowPrivilegeEscalation", allow_privilege_escalation);
        field!("dropCapabilities", drop_capabilities);
        effective
    }
}

/// A value as it would stand in a document.
fn show(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Null) | Err(_) => "left out".to_owned(),
        Ok(serde_json::Value::String(text)) => format!("`{text}`"),
        Ok(value) => format!("`{value}`"),
    }
}

/// What a profile's section fills in, where a tenant's section stands over it field by field.
fn pod_defaults(
    profile: Option<&PodDefaultsSpec>,
    tenant: Option<&PodDefaultsSpec>,
) -> PodDefaults {
    let sections = || [tenant, profile].into_iter().flatten();
    let omitted: BTreeSet<PodDefault> =
        sections().find_map(|own| own.omit.clone()).unwrap_or_default().into_iter().collect();
    // The value to fill in; none where the field is left out.
    macro_rules! value {
        ($field:ident, $omit:ident, $absent:expr) => {
            (!omitted.contains(&PodDefault::$omit))
                .then(|| sections().find_map(|own| own.$field.clone()).unwrap_or($absent))
        };
    }
    use super::values::UserId;
    let drop = value!(drop_capabilities, DropCapabilities, Vec::new());
    let drop_given = sections().any(|own| own.drop_capabilities.is_some());
    let drop = drop.map(|drop| if drop_given { texts(&drop) } else { vec!["ALL".to_owned()] });
    PodDefaults {
        run_as_non_root: value!(run_as_non_root, RunAsNonRoot, true).unwrap_or(false),
        run_as_user: value!(run_as_user, RunAsUser, UserId(1000)).map(|id| id.0),
        run_as_group: value!(run_as_group, RunAsGroup, UserId(3000)).map(|id| id.0),
        fs_group: value!(fs_group, FsGroup, UserId(2000)).map(|id| id.0),
        seccomp_profile: value!(seccomp_profile, SeccompProfile, Seccomp::RuntimeDefault),
        allow_privilege_escalation: value!(
            allow_privilege_escalation,
            AllowPrivilegeEscalation,
            false
        )
        .unwrap_or(true),
        drop_capabilities: drop.unwrap_or_default(),
    }
}

fn texts(values: &[super::values::Capability]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
