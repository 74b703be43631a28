//! The five kinds of document, as people write them and as custom resources: `ringfence.dev/v1alpha1`,
//! all cluster-scoped, all the platform's to write.
//!
//! An absent field is `None` here; what it then stands for is `effective`'s to say. The CRDs carry
//! no defaults, because they would show up as differences in GitOps tools.

mod definitions;
mod exemption;
mod grant;
mod platform;
mod profile;
mod shared;
mod status;
mod tenant;

pub use definitions::definitions;
pub use exemption::{Exemption, ExemptionSpec, Workload};
pub use grant::{Grant, GrantSpec, Party};
pub use platform::{
    Cluster, ClusterNetworkPolicies, Direction, Dns, IpBlocks, Platform, PlatformSpec,
    SharedService, Unowned,
};
pub use profile::{
    Images, LabelKeys, Limits, Network, NewNamespaces, OneSided, OutsideRange, Overridable,
    PodDefault, PodDefaultsSpec, PodSecuritySpec, Profile, ProfileSpec, PullPolicy, Rules, Seal,
    Seccomp, ServiceAccounts, Within,
};
pub use shared::{
    GrantPort, Operator, PortRange, Protocol, Requirement, Selector, Subject, SubjectKind,
};
pub use status::{Condition, DocumentStatus, PermissionStatus, State, TenantStatus, Truth};
pub use tenant::{Owner, Tenant, TenantNamespaces, TenantSpec};

/// The API version of all kinds.
pub const API_VERSION: &str = "ringfence.dev/v1alpha1";
