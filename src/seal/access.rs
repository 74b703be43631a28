//! Which rights a tenant's owners have: in its namespaces, and to make them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::managed::{Managed, in_namespace};
use super::name::name;
use crate::policy::documents::{Owner, Seal, SubjectKind};
use crate::policy::values::Subdomain;
use crate::policy::{Tenant, Tenants};

/// The ClusterRole of all owners, who may create namespaces (the door judges which), and its binding.
pub const OWNERS: &str = "ringfence-owners";

/// The ClusterRole by which owners may read, change and delete the namespace that it is bound in.
pub const NAMESPACE_OWNER: &str = "ringfence-namespace-owner";

/// What an owner gets who does not say.
const ADMIN: &str = "admin";

const RBAC: &str = "rbac.authorization.k8s.io";

/// Kind, name and namespace.
type Who = (SubjectKind, String, Option<String>);

/// What stands beside the seals, once in a cluster.
#[must_use]
pub fn clusterwide(tenants: &Tenants) -> Vec<Managed> {
    // Of a tenant that is only planned nothing is laid, its owners' rights neither.
    let kept = tenants.iter().filter(|tenant| tenant.profile.seal == Seal::Keep);
    let owners: BTreeSet<Who> = kept.flat_map(|tenant| &tenant.owners).filter_map(who).collect();
    let binding = ClusterRoleBinding {
        metadata: ObjectMeta { name: Some(OWNERS.to_owned()), ..ObjectMeta::default() },
        role_ref: cluster_role(OWNERS),
        subjects: Some(owners.into_iter().map(subject).collect()),
    };
    vec![Managed::ClusterRoleBinding(Box::new(binding)).marked()]
}

/// A binding for each role that owners have in a namespace.
pub(super) fn bindings(tenant: &Tenant, namespace: &str) -> Vec<Managed> {
    let mut roles: BTreeMap<&str, BTreeSet<Who>> = BTreeMap::new();
    for (owner, who) in tenant.owners.iter().filter_map(|owner| Some((owner, who(owner)?))) {
        let given = owner.cluster_roles.as_ref();
        let given = given.map(|roles| roles.iter().map(|role| role.as_str()).collect());
        let given: Vec<&str> = given.unwrap_or_else(|| vec![ADMIN]);
        for role in given.into_iter().chain([NAMESPACE_OWNER]).filter(|role| is_role(role)) {
            roles.entry(role).or_default().insert(who.clone());
        }
    }
    let binding = |(role, owners): (&str, BTreeSet<Who>)| {
        let name = match role {
            NAMESPACE_OWNER => NAMESPACE_OWNER.to_owned(),
            other => name(OWNERS, other),
        };
        let binding = RoleBinding {
            metadata: in_namespace(namespace, name),
            role_ref: cluster_role(role),
            subjects: Some(owners.into_iter().map(subject).collect()),
        };
        Managed::RoleBinding(Box::new(binding))
    };
    roles.into_iter().map(binding).collect()
}

/// Who an owner is; none for an account that cannot exist, for which the API server would refuse the
/// whole binding.
fn who(owner: &Owner) -> Option<Who> {
    let namespace = owner.namespace.as_ref().map(ToString::to_string);
    let account = owner.kind == SubjectKind::ServiceAccount;
    let sound = namespace.is_some() == account
        && (!account || owner.name.as_str().parse::<Subdomain>().is_ok());
    sound.then(|| (owner.kind, owner.name.to_string(), namespace))
}

/// Whether a ClusterRole could have this name: a segment of a path.
fn is_role(name: &str) -> bool {
    ![".", ".."].contains(&name) && !name.contains(['/', '%'])
}

fn cluster_role(name: &str) -> RoleRef {
    RoleRef {
        api_group: Some(RBAC.to_owned()),
        kind: "ClusterRole".to_owned(),
        name: name.to_owned(),
    }
}

fn subject((kind, name, namespace): Who) -> Subject {
    let (kind, group) = match kind {
        SubjectKind::User => ("User", Some(RBAC)),
        SubjectKind::Group => ("Group", Some(RBAC)),
        SubjectKind::ServiceAccount => ("ServiceAccount", None),
    };
    Subject { api_group: group.map(ToOwned::to_owned), kind: kind.to_owned(), name, namespace }
}
