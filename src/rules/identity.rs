//! RF6: who may reach into what. Of the family there is one rule yet; roles, bindings and tokens are to
//! come.

use super::{Concern, Rule};
use crate::domain::{Code, Severity};

/// The rules of RF6, in the order of their codes.
pub static RULES: &[Rule] = &[Rule {
    code: Code::Connect,
    name: "connect",
    title: "exec, attach, port-forward and proxy are for a tenant's own people",
    reason: "who has a stream into a pod has its files, its tokens and its place in the network",
    remedy: "ask the tenant's own people, or the platform team to make you one of its members",
    severity: Severity::High,
    references: &[
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
        "MITRE ATT&CK T1609: Container Administration Command",
        "NSA/CISA Kubernetes Hardening Guide 1.2: authentication and authorization",
    ],
    concern: Concern::Stream,
}];
