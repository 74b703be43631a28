//! stub
use crate::domain::*;
use std::sync::Arc;
#[derive(Debug, Clone)]
pub struct PodDefaults {
    pub run_as_non_root: bool,
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub fs_group: Option<i64>,
    pub seccomp_profile: Option<String>,
    pub allow_privilege_escalation: bool,
    pub drop_capabilities: Vec<String>,
}
#[derive(Debug, Clone)]
pub struct PodSecurity {
    pub level: Level,
    pub version: PolicyVersion,
}
#[derive(Debug, Clone)]
pub struct Modes;
impl Modes {
    pub fn of(&self, _c: Code) -> Mode {
        Mode::Enforce
    }
}
#[derive(Debug, Clone)]
pub struct EffectiveProfile {
    pub modes: Modes,
    pub pod_security: PodSecurity,
    pub pod_defaults: PodDefaults,
    pub automount_token: bool,
}
#[derive(Debug, Clone)]
pub struct Tenant {
    pub name: TenantName,
    pub profile: Arc<EffectiveProfile>,
    pub labels: std::collections::BTreeMap<String, String>,
}

/// stub
#[derive(Debug, Clone, Default)]
pub struct Tenants {
    pub list: Vec<Arc<Tenant>>,
    pub contact: String,
    pub unowned: Option<Arc<EffectiveProfile>>,
}
impl Tenants {
    pub fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.list.iter().find(|t| t.name.as_str() == name).map(AsRef::as_ref)
    }
    pub fn claim(&self, _namespace: &str) -> Option<&Tenant> {
        None
    }
    pub fn owned_by(&self, _user: &str, _groups: &[String]) -> Vec<&Tenant> {
        vec![]
    }
}
