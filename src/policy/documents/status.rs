//! What the controller says of a document in its `status`. Nothing is decided by it.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{Count, Time, choice};
use super::profile::ProfileSpec;

/// What is said of a Tenant.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantStatus {
    /// The generation of the document of which this is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`: all that the document says is in force. `Sealed`: each namespace has its objects.
    /// `Isolated`: it is proven that no other tenant is reached, or reaches this one, without a Grant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_owned()]))]
    pub conditions: Vec<Condition>,
    /// How many namespaces the tenant has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Count>,
    /// How many of them are sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Count>,
    /// The names of those that are not, the first 20 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsealed: Vec<String>,
    /// The names of the Grants in force from or to the tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// The names of the tenant's Exemptions in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemptions: Vec<String>,
    /// What the tenant is held to: its profile with its own sections over it and every absent value, as
    /// a Profile would say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_profile: Option<ProfileSpec>,
}

/// How many names of unsealed namespaces are told.
const MOST_UNSEALED: usize = 20;

impl TenantStatus {
    /// Says how many namespaces there are, and which are not sealed.
    pub fn count_namespaces(&mut self, all: usize, mut unsealed: Vec<String>) {
        let count = |number: usize| Some(Count(u32::try_from(number).unwrap_or(u32::MAX)));
        self.namespaces = count(all);
        self.sealed = count(all.saturating_sub(unsealed.len()));
        unsealed.sort_unstable();
        unsealed.truncate(MOST_UNSEALED);
        self.unsealed = unsealed;
    }
}

/// What is said of a Platform or a Profile.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentStatus {
    /// The generation of the document of which this is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`: all that the document says is in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_owned()]))]
    pub conditions: Vec<Condition>,
}

/// What is said of what permits something until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionStatus {
    /// The generation of the document of which this is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The conditions in one word: `Active`, `Expiring`, `Expired`, or `Ineffective` for what has not
    /// ended and permits nothing all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The days until it ends, the last one counted; 0 once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// `Active`: it permits what it says. `Expiring`: it ends within 14 days. `Expired`: it has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".to_owned()]))]
    pub conditions: Vec<Condition>,
}

/// Where a permission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It permits what it says.
    Active,
    /// It does, and ends soon.
    Expiring,
    /// It has ended.
    Expired,
    /// It has not ended and permits nothing all the same.
    Ineffective,
}

choice!(State { Active, Expiring, Expired, Ineffective });

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody can tell.
    Unknown,
}

choice!(Truth { True, False, Unknown });

/// A condition, as `metav1.Condition` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds: `True`, `False` or `Unknown`.
    pub status: Truth,
    /// The generation of the document of which this is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When `status` last changed.
    pub last_transition_time: Time,
    /// Why, in one word for programs.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}
