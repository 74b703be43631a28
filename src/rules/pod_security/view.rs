//! A pod as the rules look at it.

use crate::domain::{FieldPath, Version};
use crate::objects::{Container, ContainerList, Pod, PodSecurity};

/// A pod, where it stands in its object, and the version that it is judged by.
pub struct PodView<'a> {
    /// The pod, or the pod of a template.
    pub pod: &'a Pod<'a>,
    /// The path to it: the root, or to the template.
    pub at: FieldPath,
    /// The version of the standards.
    pub version: Version,
}

/// A container and where it stands.
#[derive(Clone, Copy)]
pub struct ContainerView<'a> {
    /// The list that it is in.
    pub list: ContainerList,
    /// Its place in the list.
    pub index: usize,
    /// The container.
    pub container: &'a Container<'a>,
}

impl<'a> PodView<'a> {
    /// Every container, in the order that upstream visits them.
    pub fn containers(&self) -> impl Iterator<Item = ContainerView<'a>> {
        let pod = self.pod;
        ContainerList::ALL.into_iter().flat_map(move |list| {
            let containers = list.of(&pod.spec);
            let numbered = containers.iter().enumerate();
            numbered.map(move |(index, container)| ContainerView { list, index, container })
        })
    }

    /// The path to a field of the pod's spec.
    #[must_use]
    pub fn spec(&self, field: &'static str) -> FieldPath {
        self.at.down(&["spec", field])
    }

    /// The path to a field of the pod's security context.
    #[must_use]
    pub fn security(&self, field: &'static str) -> FieldPath {
        self.at.down(&["spec", "securityContext", field])
    }

    /// The path to one of the pod's annotations.
    #[must_use]
    pub fn annotation(&self, key: &str) -> FieldPath {
        self.at.down(&["metadata", "annotations"]).key(key)
    }

    /// The path to a container.
    #[must_use]
    pub fn container(&self, of: ContainerView<'_>) -> FieldPath {
        self.spec(of.list.field()).then_item(of.index, &of.container.name)
    }

    /// The path to a field of a container's security context.
    #[must_use]
    pub fn container_security(&self, of: ContainerView<'_>, field: &'static str) -> FieldPath {
        self.container(of).then(&["securityContext", field])
    }

    /// The pod's security context.
    #[must_use]
    pub fn pod_security(&self) -> Option<&'a PodSecurity<'a>> {
        self.pod.spec.security.as_ref()
    }

    /// Whether the pod has a user namespace of its own (`hostUsers: false`, KEP-127).
    #[must_use]
    pub fn in_user_namespace(&self) -> bool {
        self.pod.spec.host_users == Some(false)
    }
}
