//! The five kinds of document, as people write them and as custom resources: `ringfence.dev/v1alpha1`,
//! all cluster-scoped, all the platform's to write.
//!
//! An absent field is `None` here; what it then stands for is `effective`'s to say. The CRDs carry
//! no defaults, because they would show up as differences in GitOps tools.

mod exemption;
mod grant;
mod platform;
mod profile;
mod shared;
mod tenant;

use kube::CustomResourceExt as _;
use serde_json::Value;

pub use exemption::{Exemption, ExemptionSpec, Workload};
pub use grant::{Grant, GrantSpec, Party};
pub use platform::{
    Cluster, Direction, Dns, IpBlocks, Platform, PlatformSpec, SharedService, Unowned,
};
pub use profile::{
    Images, LabelKeys, Limits, Network, NewNamespaces, OneSided, OutsideRange, Overridable,
    PodDefault, PodDefaultsSpec, PodSecuritySpec, Profile, ProfileSpec, PullPolicy, Rules, Seal,
    Seccomp, ServiceAccounts, Within,
};
pub use shared::{
    GrantPort, Operator, PortRange, Protocol, Requirement, Selector, Subject, SubjectKind,
};
pub use tenant::{Owner, Tenant, TenantNamespaces, TenantSpec};

/// The API version of all kinds.
pub const API_VERSION: &str = "ringfence.dev/v1alpha1";

/// The CustomResourceDefinitions of all kinds, as JSON.
#[must_use]
pub fn definitions() -> Vec<Value> {
    let all = [Platform::crd(), Profile::crd(), Tenant::crd(), Exemption::crd(), Grant::crd()];
    all.iter()
        .map(|crd| {
            // A definition always serializes.
            let mut crd = serde_json::to_value(crd).unwrap_or_default();
            without_nulls(&mut crd);
            crd
        })
        .collect()
}

/// An optional enumeration comes with `null` among its values, which kubectl does not take, and which
/// could carry no meaning: an absent field is left out.
fn without_nulls(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(values)) = map.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            map.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
