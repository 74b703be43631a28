//! The kinds that exist, where each keeps its pod, and how its requests are told apart.

use crate::objects::TemplateKind;

/// A resource or subresource that the API server may ask about.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group; the core group is empty.
    pub group: &'static str,
    /// API version; `*` for all, where no rule reads more than metadata.
    pub version: &'static str,
    /// Plural name.
    pub resource: &'static str,
    /// Empty for the resource itself.
    pub subresource: &'static str,
    /// The kind of the objects in manifests; empty for subresources.
    pub kind: &'static str,
    /// What it holds.
    pub shape: Shape,
}

/// What the objects of a resource hold, as far as rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A pod.
    Pod,
    /// What is known of a pod that runs; its metadata may change with it.
    PodStatus,
    /// A template of pods.
    Template(TemplateKind),
    /// A namespace.
    Namespace,
    /// A service account.
    ServiceAccount,
    /// A document of ours.
    Document,
    /// What the controller keeps some of in tenants' namespaces.
    Kept,
    /// What some of ours is of that stands once in a cluster.
    KeptClusterwide,
    /// A policy in a network plugin's own kind.
    PluginPolicy,
    /// The same, once in a cluster.
    PluginPolicyClusterwide,
    /// The same, of which some is ours.
    KeptPolicyClusterwide,
    /// A stream to a pod, or to what stands before pods: exec, attach, port-forward, proxy.
    Stream,
    /// A stream to a node, by which every pod there is reached.
    NodeStream,
    /// Nothing inside which a rule in force looks; that it changes at all matters where a tenant is
    /// cut off.
    Cordoned,
    /// Nothing that matters: what the control plane writes.
    Passed,
}

impl Resource {
    /// `pods/resize`
    #[must_use]
    pub fn full_name(&self) -> String {
        match self.subresource {
            "" => self.resource.to_owned(),
            subresource => format!("{}/{subresource}", self.resource),
        }
    }

    /// Whether its objects belong to no namespace.
    #[must_use]
    pub fn cluster_scoped(&self) -> bool {
        matches!(
            self.shape,
            Shape::Namespace
                | Shape::Document
                | Shape::KeptClusterwide
                | Shape::PluginPolicyClusterwide
                | Shape::KeptPolicyClusterwide
                | Shape::NodeStream
        )
    }

    const fn of(
        group: &'static str,
        version: &'static str,
        names: (&'static str, &'static str),
        shape: Shape,
    ) -> Self {
        Self { group, version, resource: names.0, subresource: "", kind: names.1, shape }
    }

    /// A policy in a network plugin's own kind, whose versions are the plugin's to count.
    const fn plugins(
        group: &'static str,
        names: (&'static str, &'static str),
        shape: Shape,
    ) -> Self {
        Self::of(group, "*", names, shape)
    }

    fn is_of(&self, group: &str, version: &str) -> bool {
        self.group == group && (self.version == "*" || self.version == version)
    }

    const fn sub(
        group: &'static str,
        version: &'static str,
        names: (&'static str, &'static str),
        shape: Shape,
    ) -> Self {
        Self { group, version, resource: names.0, subresource: names.1, kind: "", shape }
    }
}

/// Every resource that we know; a request for another is refused (RF9002).
pub static RESOURCES: &[Resource] = &[
    Resource::of("", "v1", ("pods", "Pod"), Shape::Pod),
    Resource::sub("", "v1", ("pods", "ephemeralcontainers"), Shape::Pod),
    Resource::sub("", "v1", ("pods", "resize"), Shape::Pod),
    Resource::sub("", "v1", ("pods", "status"), Shape::PodStatus),
    Resource::sub("", "v1", ("pods", "binding"), Shape::Passed),
    Resource::sub("", "v1", ("pods", "eviction"), Shape::Passed),
    Resource::sub("", "v1", ("pods", "log"), Shape::Passed),
    Resource::sub("", "v1", ("pods", "exec"), Shape::Stream),
    Resource::sub("", "v1", ("pods", "attach"), Shape::Stream),
    Resource::sub("", "v1", ("pods", "portforward"), Shape::Stream),
    Resource::sub("", "v1", ("pods", "proxy"), Shape::Stream),
    Resource::of("", "v1", ("podtemplates", "PodTemplate"), Shape::Template(TemplateKind::Top)),
    Resource::of(
        "",
        "v1",
        ("replicationcontrollers", "ReplicationController"),
        Shape::Template(TemplateKind::Spec),
    ),
    Resource::sub("", "v1", ("replicationcontrollers", "scale"), Shape::Cordoned),
    Resource::sub("", "v1", ("replicationcontrollers", "status"), Shape::Passed),
    Resource::of("apps", "v1", ("deployments", "Deployment"), Shape::Template(TemplateKind::Spec)),
    Resource::sub("apps", "v1", ("deployments", "scale"), Shape::Cordoned),
    Resource::sub("apps", "v1", ("deployments", "status"), Shape::Passed),
    Resource::of("apps", "v1", ("replicasets", "ReplicaSet"), Shape::Template(TemplateKind::Spec)),
    Resource::sub("apps", "v1", ("replicasets", "scale"), Shape::Cordoned),
    Resource::sub("apps", "v1", ("replicasets", "status"), Shape::Passed),
    Resource::of(
        "apps",
        "v1",
        ("statefulsets", "StatefulSet"),
        Shape::Template(TemplateKind::Spec),
    ),
    Resource::sub("apps", "v1", ("statefulsets", "scale"), Shape::Cordoned),
    Resource::sub("apps", "v1", ("statefulsets", "status"), Shape::Passed),
    Resource::of("apps", "v1", ("daemonsets", "DaemonSet"), Shape::Template(TemplateKind::Spec)),
    Resource::sub("apps", "v1", ("daemonsets", "status"), Shape::Passed),
    Resource::of("batch", "v1", ("jobs", "Job"), Shape::Template(TemplateKind::Spec)),
    Resource::sub("batch", "v1", ("jobs", "status"), Shape::Passed),
    Resource::of(
        "batch",
        "v1",
        ("cronjobs", "CronJob"),
        Shape::Template(TemplateKind::JobTemplate),
    ),
    Resource::sub("batch", "v1", ("cronjobs", "status"), Shape::Passed),
    Resource::of("", "v1", ("namespaces", "Namespace"), Shape::Namespace),
    Resource::sub("", "v1", ("namespaces", "status"), Shape::Namespace),
    Resource::sub("", "v1", ("namespaces", "finalize"), Shape::Namespace),
    Resource::of("", "v1", ("serviceaccounts", "ServiceAccount"), Shape::ServiceAccount),
    Resource::sub("", "v1", ("serviceaccounts", "token"), Shape::Passed),
    Resource::of("", "v1", ("configmaps", "ConfigMap"), Shape::Cordoned),
    Resource::of("", "v1", ("secrets", "Secret"), Shape::Cordoned),
    Resource::of("", "v1", ("services", "Service"), Shape::Cordoned),
    Resource::sub("", "v1", ("services", "status"), Shape::Passed),
    Resource::sub("", "v1", ("services", "proxy"), Shape::Stream),
    Resource::of("", "v1", ("endpoints", "Endpoints"), Shape::Passed),
    Resource::of("", "v1", ("events", "Event"), Shape::Passed),
    Resource::of("", "v1", ("limitranges", "LimitRange"), Shape::Kept),
    Resource::of("", "v1", ("resourcequotas", "ResourceQuota"), Shape::Kept),
    Resource::sub("", "v1", ("resourcequotas", "status"), Shape::Kept),
    Resource::of("", "v1", ("persistentvolumeclaims", "PersistentVolumeClaim"), Shape::Cordoned),
    Resource::sub("", "v1", ("persistentvolumeclaims", "status"), Shape::Passed),
    Resource::of("", "v1", ("bindings", "Binding"), Shape::Passed),
    Resource::sub("", "v1", ("nodes", "proxy"), Shape::NodeStream),
    Resource::of("apps", "v1", ("controllerrevisions", "ControllerRevision"), Shape::Passed),
    Resource::of(
        "autoscaling",
        "v2",
        ("horizontalpodautoscalers", "HorizontalPodAutoscaler"),
        Shape::Cordoned,
    ),
    Resource::sub("autoscaling", "v2", ("horizontalpodautoscalers", "status"), Shape::Passed),
    Resource::of("coordination.k8s.io", "v1", ("leases", "Lease"), Shape::Passed),
    Resource::of("discovery.k8s.io", "v1", ("endpointslices", "EndpointSlice"), Shape::Passed),
    Resource::of("networking.k8s.io", "v1", ("ingresses", "Ingress"), Shape::Cordoned),
    Resource::sub("networking.k8s.io", "v1", ("ingresses", "status"), Shape::Passed),
    Resource::of("networking.k8s.io", "v1", ("networkpolicies", "NetworkPolicy"), Shape::Kept),
    Resource::of("policy", "v1", ("poddisruptionbudgets", "PodDisruptionBudget"), Shape::Cordoned),
    Resource::sub("policy", "v1", ("poddisruptionbudgets", "status"), Shape::Passed),
    Resource::of("rbac.authorization.k8s.io", "v1", ("roles", "Role"), Shape::Cordoned),
    Resource::of("rbac.authorization.k8s.io", "v1", ("rolebindings", "RoleBinding"), Shape::Kept),
    Resource::of(
        "rbac.authorization.k8s.io",
        "v1",
        ("clusterroles", "ClusterRole"),
        Shape::KeptClusterwide,
    ),
    Resource::of(
        "rbac.authorization.k8s.io",
        "v1",
        ("clusterrolebindings", "ClusterRoleBinding"),
        Shape::KeptClusterwide,
    ),
    Resource::of(
        "policy.networking.k8s.io",
        "v1alpha2",
        ("clusternetworkpolicies", "ClusterNetworkPolicy"),
        Shape::KeptPolicyClusterwide,
    ),
    Resource::of(
        "cilium.io",
        "v2",
        ("ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy"),
        Shape::KeptPolicyClusterwide,
    ),
    Resource::plugins(
        "policy.networking.k8s.io",
        ("adminnetworkpolicies", "AdminNetworkPolicy"),
        Shape::PluginPolicyClusterwide,
    ),
    Resource::plugins(
        "policy.networking.k8s.io",
        ("baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy"),
        Shape::PluginPolicyClusterwide,
    ),
    Resource::plugins(
        "cilium.io",
        ("ciliumnetworkpolicies", "CiliumNetworkPolicy"),
        Shape::PluginPolicy,
    ),
    Resource::plugins(
        "cilium.io",
        ("ciliumlocalredirectpolicies", "CiliumLocalRedirectPolicy"),
        Shape::PluginPolicy,
    ),
    Resource::plugins(
        "cilium.io",
        ("ciliumenvoyconfigs", "CiliumEnvoyConfig"),
        Shape::PluginPolicy,
    ),
    Resource::plugins(
        "cilium.io",
        ("ciliumclusterwideenvoyconfigs", "CiliumClusterwideEnvoyConfig"),
        Shape::PluginPolicyClusterwide,
    ),
    Resource::plugins(
        "cilium.io",
        ("ciliumegressgatewaypolicies", "CiliumEgressGatewayPolicy"),
        Shape::PluginPolicyClusterwide,
    ),
    Resource::plugins(
        "crd.projectcalico.org",
        ("networkpolicies", "NetworkPolicy"),
        Shape::PluginPolicy,
    ),
    Resource::plugins(
        "crd.projectcalico.org",
        ("globalnetworkpolicies", "GlobalNetworkPolicy"),
        Shape::PluginPolicyClusterwide,
    ),
    Resource::plugins("crd.projectcalico.org", ("tiers", "Tier"), Shape::PluginPolicyClusterwide),
    Resource::plugins(
        "projectcalico.org",
        ("networkpolicies", "NetworkPolicy"),
        Shape::PluginPolicy,
    ),
    Resource::plugins("crd.antrea.io", ("networkpolicies", "NetworkPolicy"), Shape::PluginPolicy),
    Resource::plugins(
        "crd.antrea.io",
        ("clusternetworkpolicies", "ClusterNetworkPolicy"),
        Shape::PluginPolicyClusterwide,
    ),
    Resource::plugins(
        "k8s.cni.cncf.io",
        ("multi-networkpolicies", "MultiNetworkPolicy"),
        Shape::PluginPolicy,
    ),
    Resource::of(
        "projectcalico.org",
        "v3",
        ("globalnetworkpolicies", "GlobalNetworkPolicy"),
        Shape::KeptPolicyClusterwide,
    ),
    Resource::of("projectcalico.org", "v3", ("tiers", "Tier"), Shape::KeptPolicyClusterwide),
    Resource::of("ringfence.dev", "v1alpha1", ("platforms", "Platform"), Shape::Document),
    Resource::sub("ringfence.dev", "v1alpha1", ("platforms", "status"), Shape::Document),
    Resource::of("ringfence.dev", "v1alpha1", ("profiles", "Profile"), Shape::Document),
    Resource::sub("ringfence.dev", "v1alpha1", ("profiles", "status"), Shape::Document),
    Resource::of("ringfence.dev", "v1alpha1", ("tenants", "Tenant"), Shape::Document),
    Resource::sub("ringfence.dev", "v1alpha1", ("tenants", "status"), Shape::Document),
    Resource::of("ringfence.dev", "v1alpha1", ("exemptions", "Exemption"), Shape::Document),
    Resource::sub("ringfence.dev", "v1alpha1", ("exemptions", "status"), Shape::Document),
    Resource::of("ringfence.dev", "v1alpha1", ("grants", "Grant"), Shape::Document),
    Resource::sub("ringfence.dev", "v1alpha1", ("grants", "status"), Shape::Document),
];

/// The resource that a request names.
#[must_use]
pub fn find_resource(
    group: &str,
    version: &str,
    resource: &str,
    subresource: &str,
) -> Option<&'static Resource> {
    RESOURCES.iter().find(|known| {
        (known.resource, known.subresource) == (resource, subresource)
            && known.is_of(group, version)
    })
}

/// The resource of a manifest.
#[must_use]
pub fn find_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    RESOURCES
        .iter()
        .find(|known| !known.kind.is_empty() && known.kind == kind && known.is_of(group, version))
}
