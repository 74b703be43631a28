//! Network reachability: what policies let through.
//!
//! Every kind of policy is written in one **normal form**, a [`Policy`]:
//!
//! - a *tier* ([`Tier`]): the tiers are asked one after the other;
//! - a *priority* in it: the rules of the policy with the lower number come first;
//! - a *subject* ([`Scope`]): the pods that it is about, by their namespace and their labels;
//! - for each direction that it concerns a [`Side`]: whether it *isolates* its subject, and rules in
//!   order, each an [`Action`] for some [`Peer`]s on some [`Ports`].
//!
//! A connection passes where the egress of the pod that opens it and the ingress of the pod that takes it
//! both allow it, each from the policies that have the pod as subject. In a tier the first rule that matches
//! decides: *accept* and *deny* for good, *pass* leaves it to the next tier. Where none matches, the tier
//! denies if one of its policies isolates the pod, and else the next tier is asked; behind the last one
//! everything is allowed. So:
//!
//! | kind | tier | priority | isolates | actions |
//! |---|---|---|---|---|
//! | NetworkPolicy | `Namespaced` | one for all | yes | accept |
//! | ClusterNetworkPolicy, AdminNetworkPolicy | `Admin` or `Baseline` | as written | no | all three |
//! | BaselineAdminNetworkPolicy | `Baseline` | one | no | accept, deny |
//!
//! Policies in which an explicit deny beats every allow have two priorities; tiers that others define are
//! further [`Tier`]s. What of a policy is not understood becomes an [`Unclear`] and, in its place, a policy
//! that allows all it could have allowed ([`Policy::open`]): it is reported, and counts as open.
//!
//! Selectors are sets ([`Selector`]): for each key, which values the label may have, and whether it may be
//! absent. That form is closed under *and*, its complement is a list of such sets, and whether any labels at all fit is
//! plain to see. Ports and addresses are sets of numbers likewise.
//!
//! [`Matrix`] tells which of the pods that are there, and which addresses outside, reach each other,
//! [`flows()`] the same of groups of pods, and [`exposure()`] what is open to pods that are not there yet;
//! [`Sides::decide`] what decided about a connection in one direction, [`ask()`] in both, and [`edits()`]
//! what would make it another. [`Prover`] tells whether pods that two tenants could
//! have ever reach each other by a path that nothing permits.
//!
//! Deliberately absent: JSON, Kubernetes objects, clocks; Services, which choose among pods before
//! policies are asked.

mod addresses;
mod ask;
mod edits;
mod exposure;
mod flows;
mod labels;
mod matrix;
mod model;
mod ports;
mod proof;
mod sides;
mod spans;

pub use addresses::AddressSet;
pub use ask::{Answer, Point, Question, Why, ask};
pub use edits::{Change, Edit, Grantee, Other, edits};
pub use exposure::exposure;
pub use flows::{Flow, Group, Party, flows};
pub use labels::{Labels, Selector, Selectors, Wanted};
pub use matrix::{Connection, Matrix};
pub use model::{
    Action, Direction, Namespace, Namespaces, Origin, Peer, Pod, PodPort, Policy, Rule, Scope,
    Side, Tier, Unclear, World,
};
pub use ports::{PortSet, Ports, Protocol};
pub use proof::{
    Cause, Endpoint, Inquiry, Pair, Permit, Permitted, Prover, Site, Verdict, Witness,
};
pub use sides::{Book, Decision, End, Sides, Step};
