//! What several kinds of document hold.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{LabelKey, LabelValue, Line, Port, Subdomain, choice};
use crate::reach;

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SubjectKind {
    /// A user, by the name that the API server authenticates.
    User,
    /// A group of users.
    Group,
    /// A service account of a namespace.
    ServiceAccount,
}

choice!(SubjectKind { User, Group, ServiceAccount });

/// A user, a group or a service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.__namespace__) == (self.kind == 'ServiceAccount')").message("a ServiceAccount has a namespace, and nobody else has"))]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: SubjectKind,
    /// Its name.
    pub name: Line,
    /// The namespace of a ServiceAccount; not for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Subdomain>,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP
    #[serde(rename = "TCP")]
    Tcp,
    /// UDP
    #[serde(rename = "UDP")]
    Udp,
    /// SCTP
    #[serde(rename = "SCTP")]
    Sctp,
}

choice!(Protocol { Tcp, Udp, Sctp });

impl From<Protocol> for reach::Protocol {
    fn from(own: Protocol) -> Self {
        match own {
            Protocol::Tcp => Self::Tcp,
            Protocol::Udp => Self::Udp,
            Protocol::Sctp => Self::Sctp,
        }
    }
}

/// Ports of one protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.endPort) || (has(self.port) && self.endPort >= self.port)").message("endPort is the last port of a range that port begins"))]
pub struct PortRange {
    /// `TCP`, `UDP` or `SCTP`; absent: `TCP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The port, or the first of a range; absent: every port of the protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// The last port of a range; absent: `port` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_port: Option<Port>,
}

/// Ports of one protocol that a Grant opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.endPort) || self.endPort >= self.port").message("endPort is the last port of a range that port begins"))]
pub struct GrantPort {
    /// `TCP`, `UDP` or `SCTP`; absent: `TCP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The port, or the first of a range.
    pub port: Port,
    /// The last port of a range; absent: `port` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_port: Option<Port>,
}

/// Selects by labels, as in Kubernetes: every requirement must hold, and `{}` selects all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selector {
    /// Labels that must have these values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BTreeMap<String, LabelValue>>")]
    pub match_labels: Option<BTreeMap<LabelKey, LabelValue>>,
    /// Further requirements.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub match_expressions: Option<Vec<Requirement>>,
}

impl Selector {
    /// Whether every requirement says what Kubernetes asks of it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.match_expressions.iter().flatten().all(Requirement::is_sound)
    }
}

/// How a requirement compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

choice!(Operator { In, NotIn, Exists, DoesNotExist });

/// One requirement of a selector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)").message("In and NotIn have values, Exists and DoesNotExist have none"))]
pub struct Requirement {
    /// The label's key.
    pub key: LabelKey,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: Operator,
    /// The values of `In` and `NotIn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 64))]
    pub values: Option<Vec<LabelValue>>,
}

impl Requirement {
    /// Whether it has values where its operator needs some, and none where it takes none.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let some = self.values.as_ref().is_some_and(|values| !values.is_empty());
        match self.operator {
            Operator::In | Operator::NotIn => some,
            Operator::Exists | Operator::DoesNotExist => !some,
        }
    }
}
