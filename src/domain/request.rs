//! Who asks, and for what.

use std::fmt;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of one.
    Update,
    /// Its end.
    Delete,
    /// A stream to it: exec, attach, port-forward, proxy.
    Connect,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Connect];

    /// As in an AdmissionReview.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who asks, as the API server authenticated them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Requester {
    /// The user's name; a service account's is `system:serviceaccount:NAMESPACE:NAME`.
    pub name: String,
    /// The groups that the user is in.
    pub groups: Vec<String>,
}

/// What a requester is to Kubernetes and to the platform. Whose people they are is another question:
/// owning a tenant only adds rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A part of Kubernetes itself.
    ControlPlane,
    /// Who runs the cluster.
    Platform,
    /// Everyone else.
    Subject,
}

impl Requester {
    /// The namespace and the name of a service account, for a requester that is one.
    #[must_use]
    pub fn service_account(&self) -> Option<(&str, &str)> {
        self.name.strip_prefix("system:serviceaccount:")?.split_once(':')
    }

    /// Whether this is a part of Kubernetes: its API server, controllers and scheduler, a node, or an
    /// account of kube-system.
    #[must_use]
    pub fn is_control_plane(&self) -> bool {
        const COMPONENTS: [&str; 3] =
            ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"];
        COMPONENTS.contains(&self.name.as_str())
            || self.service_account().is_some_and(|(namespace, _)| namespace == "kube-system")
            || (self.name.starts_with("system:node:") && self.is_in("system:nodes"))
    }

    /// Whether this is a member of a group.
    #[must_use]
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_plane_is_known_by_name() {
        let check = |name: &str, groups: &[&str], expect: bool| {
            let groups = groups.iter().map(ToString::to_string).collect();
            let requester = Requester { name: name.to_owned(), groups };
            assert_eq!(requester.is_control_plane(), expect, "{requester:?}");
        };
        check("system:apiserver", &[], true);
        check("system:kube-controller-manager", &[], true);
        check("system:kube-scheduler", &[], true);
        check("system:kube-scheduler2", &[], false);
        check("system:serviceaccount:kube-system:namespace-controller", &[], true);
        check("system:serviceaccount:kube-system2:a", &[], false);
        check("system:serviceaccount:kube-system", &[], false);
        check("system:serviceaccount:alpha:kube-system:a", &[], false);
        check("system:node:one", &["system:nodes"], true);
        check("system:node:one", &["system:authenticated"], false);
        check("one", &["system:nodes"], false);
        check("", &[], false);
    }
}
