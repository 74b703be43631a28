//! What is in force for a tenant, field by field, and which document says so.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::documents::{
    ExemptionSpec, GrantSpec, OutsideRange, PodDefault, ProfileSpec, TenantSpec,
};
use super::effective::{Amounts, EffectiveProfile, LabelKeyRules, Outside, PodDefaults, mode_key};
use super::exemptions::days_left;
use super::read::Loaded;
use super::survey::Survey;
use crate::domain::{Code, Family, Mode};

/// What a tenant is held to. Serialized it is the JSON that `policies check` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InForce {
    /// The tenant.
    pub tenant: String,
    /// Its profile.
    pub profile: String,
    /// The namespaces that are its own by their names.
    pub namespaces: Vec<String>,
    /// Every field, in the order of the reference.
    pub fields: Vec<Field>,
    /// Exemptions that have not ended.
    pub exemptions: Vec<Permission>,
    /// Grants that have not ended, in either direction.
    pub grants: Vec<Permission>,
}

/// A field and its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Its path in a Profile or a Tenant; of `rules` the longest keys that are needed.
    pub field: String,
    /// Its value, as in a document; `null` where there is none.
    pub value: Value,
    /// Who says so.
    pub from: Origin,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// `Tenant`, `Profile`, or `default` where neither says anything.
    pub kind: &'static str,
    /// The document's name.
    pub name: Option<String>,
    /// `file:line:column`
    pub place: Option<String>,
}

/// An Exemption or a Grant in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// The document's name.
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub spec: Map<String, Value>,
    /// The days until it ends, the last one counted.
    pub days_left: i64,
    /// `file:line:column`
    pub place: String,
}

/// Reads a survey at a moment.
pub(super) struct Reader<'a> {
    pub(super) survey: &'a Survey,
    pub(super) now: Timestamp,
}

impl Reader<'_> {
    pub(super) fn tenant(&self, name: &str) -> Option<InForce> {
        let read = &self.survey.read;
        let tenant = read.tenants.iter().find(|tenant| tenant.name == name)?;
        let profile = tenant.spec.profile.as_ref().map_or("restricted", |profile| profile.as_str());
        let base = read.profiles.iter().find(|own| own.name == profile)?;
        let tenants = self.survey.documents.resolve();
        let effective = &tenants.tenant(name)?.profile;
        let mut rows = Rows { survey: self.survey, tenant, base, fields: Vec::new() };
        rows.all(effective);
        let exemptions = read.exemptions.iter();
        let exemptions = exemptions.filter(|own| own.spec.tenant.as_str() == name);
        let party = |own: &GrantSpec| {
            [&own.from, &own.to]
                .iter()
                .any(|party| party.tenant.as_ref().is_some_and(|tenant| tenant.as_str() == name))
        };
        let grants = read.grants.iter().filter(|own| party(&own.spec));
        let names = tenant.spec.namespaces.iter().flat_map(|own| own.names.iter().flatten());
        Some(InForce {
            tenant: name.to_owned(),
            profile: profile.to_owned(),
            namespaces: names.map(ToString::to_string).collect(),
            fields: rows.fields,
            exemptions: exemptions
                .filter_map(|own| {
                    let ExemptionSpec { expires_at, .. } = &own.spec;
                    self.permission(own, expires_at.0, &["tenant"])
                })
                .collect(),
            grants: grants
                .filter_map(|own| self.permission(own, own.spec.expires_at.0, &[]))
                .collect(),
        })
    }

    fn permission<T: Serialize>(
        &self,
        own: &Loaded<T>,
        end: Timestamp,
        less: &[&str],
    ) -> Option<Permission> {
        (self.now < end).then(|| {
            let spec = match json!(&own.spec) {
                Value::Object(mut spec) => {
                    spec.retain(|key, _| !less.contains(&key.as_str()));
                    spec
                }
                _ => Map::new(),
            };
            Permission {
                name: own.name.clone(),
                spec,
                days_left: days_left(end, self.now),
                place: self.survey.place(own.source, &own.name_place()),
            }
        })
    }
}

/// The fields of one tenant.
struct Rows<'a> {
    survey: &'a Survey,
    tenant: &'a Loaded<TenantSpec>,
    base: &'a Loaded<ProfileSpec>,
    fields: Vec<Field>,
}

const DEFAULT: Origin = Origin { kind: "default", name: None, place: None };

impl Rows<'_> {
    fn all(&mut self, effective: &EffectiveProfile) {
        let tenant = &self.tenant.spec;
        let namespaces = tenant.namespaces.clone().unwrap_or_default();
        self.add("contact", &tenant.contact);
        self.add("owners", &tenant.owners.clone().unwrap_or_default());
        self.add("members", &tenant.members.clone().unwrap_or_default());
        self.add("cordoned", &tenant.cordoned.unwrap_or(false));
        self.add("namespaces.names", &namespaces.names.clone().unwrap_or_default());
        self.add("namespaces.prefix", &namespaces.prefix);
        self.add("namespaces.labels", &namespaces.labels.clone().unwrap_or_default());
        self.add("namespaces.limit", &effective.namespaces.limit);
        let keys = effective.namespaces.label_keys.as_ref().map(LabelKeyRules::to_spec);
        self.add("namespaces.labelKeys", &keys);
        self.rules(effective);
        self.add("podSecurity.level", &effective.pod_security.level);
        self.add("podSecurity.version", &effective.pod_security.version);
        self.pod_defaults(&effective.pod_defaults);
        self.add("serviceAccounts.automountToken", &effective.automount_token);
        self.add("images.registries", &effective.images.registries);
        self.add("images.requireDigest", &effective.images.require_digest);
        self.add("images.forbidLatest", &effective.images.forbid_latest);
        self.add("images.pullPolicies", &effective.images.pull_policies);
        self.add("images.forcePullPolicy", &effective.images.force_pull_policy);
        self.add("network.intraTenant", &effective.network.intra_tenant);
        self.add("network.shared", &effective.network.shared);
        let outside: Vec<OutsideRange> =
            effective.network.outside.iter().map(Outside::to_spec).collect();
        self.add("network.outside", &outside);
        self.add("network.oneSided", &effective.network.one_sided);
        self.add("seal", &effective.seal);
        self.amounts("quota", &effective.quota);
        self.amounts("limits.default", &effective.limits.default);
        self.amounts("limits.defaultRequest", &effective.limits.default_request);
    }

    fn add(&mut self, field: &str, value: &impl Serialize) {
        let from = self.origin(&format!("/{}", field.replace('.', "/")));
        self.row(field.to_owned(), json!(value), from);
    }

    fn row(&mut self, field: String, value: Value, from: Origin) {
        self.fields.push(Field { field, value, from });
    }

    /// The document that gives a field; what a tenant gives holds, or it would be a mistake.
    fn origin(&self, pointer: &str) -> Origin {
        if self.tenant.gives(pointer) {
            self.said_by("Tenant", self.tenant, pointer)
        } else if self.base.gives(pointer) {
            self.said_by("Profile", self.base, pointer)
        } else {
            DEFAULT
        }
    }

    fn said_by<T>(&self, kind: &'static str, document: &Loaded<T>, pointer: &str) -> Origin {
        let place = self.survey.place(document.source, &document.place(pointer));
        Origin { kind, name: Some(document.name.clone()), place: Some(place) }
    }

    /// For each family the mode of most of its rules, then the rules that have another, or have it
    /// from elsewhere.
    fn rules(&mut self, effective: &EffectiveProfile) {
        let said: Vec<_> =
            Code::ALL.iter().map(|code| (*code, self.mode(effective, *code))).collect();
        let mut families: Vec<Family> = said.iter().map(|(code, _)| code.family()).collect();
        families.dedup();
        for family in families {
            let of_family = || said.iter().filter(|(code, _)| code.family() == family);
            let shared =
                |wanted: &(Mode, Origin)| of_family().filter(|(_, said)| said == wanted).count();
            // The first of those that are shared by most, so that the order never changes.
            let Some(most) =
                of_family().map(|(_, said)| said).rev().max_by_key(|said| shared(said))
            else {
                continue;
            };
            self.row(format!("rules.{family}"), json!(most.0), most.1.clone());
            for (code, (mode, from)) in of_family().filter(|(_, said)| said != most) {
                self.row(format!("rules.{code}"), json!(mode), from.clone());
            }
        }
    }

    fn mode(&self, effective: &EffectiveProfile, code: Code) -> (Mode, Origin) {
        let mode = effective.mode(code);
        if code == Code::OneSided {
            return (mode, self.origin("/network/oneSided"));
        }
        if code.fixed_mode().is_some() {
            return (mode, DEFAULT);
        }
        let by_tenant = mode_key(self.tenant.spec.rules.as_ref(), code);
        let by_profile = mode_key(self.base.spec.rules.as_ref(), code);
        let from = match (by_tenant, by_profile) {
            (Some((key, wanted)), _) if wanted == mode => {
                self.said_by("Tenant", self.tenant, &format!("/rules/{key}"))
            }
            (_, Some((key, _))) => self.said_by("Profile", self.base, &format!("/rules/{key}")),
            _ => DEFAULT,
        };
        (mode, from)
    }

    fn pod_defaults(&mut self, own: &PodDefaults) {
        let escalation = (!own.allow_privilege_escalation).then_some(false);
        let dropped = (!own.drop_capabilities.is_empty()).then_some(&own.drop_capabilities);
        for (name, field, value) in [
            ("runAsNonRoot", PodDefault::RunAsNonRoot, json!(own.run_as_non_root.then_some(true))),
            ("runAsUser", PodDefault::RunAsUser, json!(own.run_as_user)),
            ("runAsGroup", PodDefault::RunAsGroup, json!(own.run_as_group)),
            ("fsGroup", PodDefault::FsGroup, json!(own.fs_group)),
            ("seccompProfile", PodDefault::SeccompProfile, json!(own.seccomp_profile)),
            ("allowPrivilegeEscalation", PodDefault::AllowPrivilegeEscalation, json!(escalation)),
            ("dropCapabilities", PodDefault::DropCapabilities, json!(dropped)),
        ] {
            let pointer = format!("/podDefaults/{name}");
            let from = self.omission(field).unwrap_or_else(|| self.origin(&pointer));
            self.row(format!("podDefaults.{name}"), value, from);
        }
    }

    /// The list that leaves a field out; a tenant's list stands in place of its profile's.
    fn omission(&self, field: PodDefault) -> Option<Origin> {
        let own = |spec: &Option<super::documents::PodDefaultsSpec>| {
            spec.as_ref().and_then(|own| own.omit.clone())
        };
        let at = |list: &[PodDefault]| {
            let index = list.iter().position(|omitted| *omitted == field)?;
            Some(format!("/podDefaults/omit/{index}"))
        };
        match (own(&self.tenant.spec.pod_defaults), own(&self.base.spec.pod_defaults)) {
            (Some(list), _) => at(&list).map(|at| self.said_by("Tenant", self.tenant, &at)),
            (None, Some(list)) => at(&list).map(|at| self.said_by("Profile", self.base, &at)),
            (None, None) => None,
        }
    }

    /// One row for each resource, or one that says that there is none.
    fn amounts(&mut self, field: &str, amounts: &Amounts) {
        if amounts.is_empty() {
            return self.row(field.to_owned(), Value::Null, DEFAULT);
        }
        for (resource, amount) in amounts {
            let key = resource.replace('~', "~0").replace('/', "~1");
            let from = self.origin(&format!("/{}/{key}", field.replace('.', "/")));
            self.row(format!("{field}.{resource}"), json!(amount), from);
        }
    }
}
