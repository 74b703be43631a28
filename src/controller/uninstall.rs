//! Takes out of a cluster what refuses, and where asked what closes namespaces.
//!
//! It begins only where all of it may be done. First our account loses its rights, so that nothing of
//! what goes is made anew; then what refuses goes, and only then what closes: a namespace that opens is
//! never one in which nothing works. What remains at the end is told; doing it again goes on from there.

use std::fmt::Debug;

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
    PostParams,
};
use kube::{Api, ResourceExt as _};

use super::Cluster;
use super::keeper::{KINDS, PLUGIN_KINDS, api, ours};
use super::marks::Marks;
use super::served::{Kind, is_served, resource};
use crate::domain::{OUR_NAMESPACE, TENANT_LABEL};

/// What gives our account its rights, and what refuses: the API group, the kind, the plural, the name and
/// the namespace, in the order in which they go.
const ADMISSION: [[&str; 5]; 8] = [
    ["rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", "ringfence", ""],
    ["rbac.authorization.k8s.io", "RoleBinding", "rolebindings", "ringfence", OUR_NAMESPACE],
    [
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        "ringfence",
        "",
    ],
    [
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        "ringfence",
        "",
    ],
    [
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        "namespaces.ringfence.dev",
        "",
    ],
    [
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        "managed.ringfence.dev",
        "",
    ],
    [
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        "namespaces.ringfence.dev",
        "",
    ],
    [
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        "managed.ringfence.dev",
        "",
    ],
];

/// How often it is looked for what is left, in case somebody makes it anew.
const ROUNDS: usize = 3;

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What is gone, in order.
    pub gone: Vec<String>,
    /// What is still there, and why.
    pub left: Vec<String>,
}

/// It was not begun.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// You may not do all of it.
    #[error("nothing was changed: you may not {}", .0.join(", nor "))]
    Forbidden(Vec<String>),
    /// The API server does not say what you may.
    #[error("nothing was changed")]
    Unknown(#[from] kube::Error),
}

/// Takes out what refuses, and with `seals` also what closes namespaces and the labels of those.
///
/// # Errors
/// [`NotBegun`]
pub async fn uninstall(cluster: &Cluster, seals: bool) -> Result<Taken, NotBegun> {
    let kinds = if seals { kinds(cluster).await? } else { Vec::new() };
    let forbidden = forbidden(cluster, &kinds).await?;
    if !forbidden.is_empty() {
        return Err(NotBegun::Forbidden(forbidden));
    }
    let mut work = Work { cluster, taken: Taken::default() };
    for [group, kind, plural, name, namespace] in ADMISSION {
        let gvk = GroupVersionKind::gvk(group, "v1", kind);
        let resource = ApiResource::from_gvk_with_plural(&gvk, plural);
        work.delete(&resource, namespace, name).await;
    }
    // While anything still refuses, or our account may still write, no namespace is opened.
    if seals && work.taken.left.is_empty() {
        work.open(&kinds).await;
    }
    Ok(work.taken)
}

/// The kinds of what closes namespaces, and of barriers and their tier where the cluster has them.
async fn kinds(cluster: &Cluster) -> Result<Vec<Kind>, kube::Error> {
    let mut kinds = KINDS.to_vec();
    for kind in PLUGIN_KINDS {
        if is_served(&cluster.client, kind).await? {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// What is needed and not allowed, where these kinds go too.
async fn forbidden(cluster: &Cluster, kinds: &[Kind]) -> Result<Vec<String>, kube::Error> {
    let admission = ADMISSION.iter().map(|[group, _, plural, _, namespace]| {
        ("delete", *group, *plural, (!namespace.is_empty()).then_some(*namespace))
    });
    let of_seals = kinds.iter().flat_map(|(_, group, _, plural)| {
        ["list", "delete"].map(|verb| (verb, *group, *plural, None))
    });
    let namespaces = ["list", "patch"].map(|verb| (verb, "", "namespaces", None));
    let mut needed: Vec<_> = admission.collect();
    if !kinds.is_empty() {
        needed.extend(of_seals.chain(namespaces));
    }
    needed.dedup();
    let reviews: Api<SelfSubjectAccessReview> = Api::all(cluster.client.clone());
    let mut forbidden = Vec::new();
    for (verb, group, plural, namespace) in needed {
        let attributes = ResourceAttributes {
            verb: Some(verb.to_owned()),
            group: Some(group.to_owned()),
            resource: Some(plural.to_owned()),
            namespace: namespace.map(str::to_owned),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let answer = reviews.create(&PostParams::default(), &review).await?;
        if !answer.status.is_some_and(|status| status.allowed) {
            forbidden.push(format!("{verb} {plural}"));
        }
    }
    Ok(forbidden)
}

struct Work<'a> {
    cluster: &'a Cluster,
    taken: Taken,
}

impl Work<'_> {
    async fn delete(&mut self, resource: &ApiResource, namespace: &str, name: &str) {
        let deleted = api(&self.cluster.client, resource, namespace)
            .delete(name, &DeleteParams::default())
            .await;
        let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        self.note(format!("{} {place}{name}", resource.kind), deleted);
    }

    fn note(&mut self, what: String, done: Result<impl Debug, kube::Error>) {
        match done {
            Ok(_) => self.taken.gone.push(what),
            // It was not there.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => self.taken.left.push(format!("{what}: {error}")),
        }
    }

    /// Takes away every object of these kinds that is ours, and then the labels of namespaces.
    async fn open(&mut self, kinds: &[Kind]) {
        for _ in 0..ROUNDS {
            let (before, mut there) = (self.taken.gone.len(), 0);
            self.taken.left.clear();
            for kind in kinds {
                let resource = resource(*kind);
                let ours = ListParams::default().labels(&ours(kind.0));
                match api(&self.cluster.client, &resource, "").list(&ours).await {
                    // A kind that this cluster has no more.
                    Err(kube::Error::Api(status)) if status.code == 404 => {}
                    Err(error) => self.taken.left.push(format!("{}: {error}", resource.kind)),
                    Ok(listed) => {
                        // One that is being deleted goes when whoever holds it lets it.
                        let staying =
                            |own: &DynamicObject| own.metadata.deletion_timestamp.is_none();
                        for object in listed.into_iter().filter(staying) {
                            there += 1;
                            let namespace = object.namespace().unwrap_or_default();
                            self.delete(&resource, &namespace, &object.name_any()).await;
                        }
                    }
                }
            }
            if there == 0 && self.taken.left.is_empty() {
                return self.unlabel().await;
            }
            if self.taken.gone.len() == before {
                return;
            }
        }
        let again = "what closes namespaces is made anew: end every `ringfence serve` first";
        self.taken.left.push(again.to_owned());
    }

    async fn unlabel(&mut self) {
        let namespaces: Api<Namespace> = Api::all(self.cluster.client.clone());
        let listed = match namespaces
            .list_metadata(&ListParams::default().labels(TENANT_LABEL))
            .await
        {
            Ok(listed) => listed,
            Err(error) => return self.taken.left.push(format!("labels of namespaces: {error}")),
        };
        for namespace in listed {
            let name = namespace.name_any();
            let patch =
                Patch::Merge(Marks::of(&namespace).gone(&namespace.uid().unwrap_or_default()));
            let patched = namespaces.patch_metadata(&name, &PatchParams::default(), &patch).await;
            self.note(format!("labels of namespace {name}"), patched);
        }
    }
}
