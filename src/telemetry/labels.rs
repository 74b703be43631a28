//! The closed sets that labels come from.

use std::borrow::Cow;

use super::series::Label;
use crate::domain::{Code, Decision, Mode};

macro_rules! closed {
    ($(#[$doc:meta])* $name:ident, $key:literal, $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As in labels.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl Label for $name {
            const KEY: &'static str = $key;
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            fn index(self) -> usize {
                self as usize
            }
            fn text(self) -> Cow<'static, str> {
                self.as_str().into()
            }
        }
    };
}

closed! {
    /// Which of the two admission paths.
    Endpoint, "endpoint",
    /// `POST /validate`
    Validate = "validate",
    /// `POST /mutate`
    Mutate = "mutate",
}

closed! {
    /// How an attempt ended.
    Outcome, "result",
    /// It is in force.
    Success = "success",
    /// The last good state stays in force.
    Failure = "failure",
}

closed! {
    /// Why a connection or a request was turned away before it reached the rules, or cut off after.
    Rejection, "reason",
    /// The body, or what it says of its length, is over the limit.
    BodyTooLarge = "body_too_large",
    /// The body did not come in time.
    BodyTimeout = "body_timeout",
    /// The body ended early, or its framing was wrong.
    BodyBroken = "body_broken",
    /// A content encoding or content type that we do not read.
    UnsupportedEncoding = "unsupported_encoding",
    /// Too many requests in flight.
    Busy = "busy",
    /// Too many bytes in flight.
    BudgetExhausted = "budget_exhausted",
    /// The API server's deadline passed before there was an answer.
    Deadline = "deadline",
    /// The request's head did not come in time.
    HeaderTimeout = "header_timeout",
    /// The request's head is over the limit.
    HeaderTooLarge = "header_too_large",
    /// The bytes are no HTTP/1.1.
    BadRequest = "bad_request",
    /// No such path, or not with this method.
    NotFound = "not_found",
    /// The review could not be read and has no uid to answer to.
    Unreadable = "unreadable",
    /// The TLS handshake did not end in time.
    HandshakeTimeout = "handshake_timeout",
    /// The TLS handshake failed.
    HandshakeFailed = "handshake_failed",
    /// The client did not take the response in time.
    WriteTimeout = "write_timeout",
}

closed! {
    /// A kind of which seals consist.
    SealKind, "kind",
    /// What pods may reach and be reached by.
    NetworkPolicy = "NetworkPolicy",
    /// How much there may be.
    ResourceQuota = "ResourceQuota",
    /// What a container gets that does not say.
    LimitRange = "LimitRange",
    /// Who has rights in a namespace.
    RoleBinding = "RoleBinding",
    /// Who has rights everywhere.
    ClusterRoleBinding = "ClusterRoleBinding",
    /// A tenant's barrier, in the kind of network-policy-api.
    ClusterNetworkPolicy = "ClusterNetworkPolicy",
    /// The same in Cilium's.
    CiliumClusterwideNetworkPolicy = "CiliumClusterwideNetworkPolicy",
    /// The same in Calico's.
    GlobalNetworkPolicy = "GlobalNetworkPolicy",
    /// What those stand in.
    Tier = "Tier",
    /// Any other.
    Other = "other",
}

impl SealKind {
    /// The one of this name.
    #[must_use]
    pub fn named(kind: &str) -> Self {
        Self::ALL.iter().copied().find(|own| own.as_str() == kind).unwrap_or(Self::Other)
    }
}

closed! {
    /// Why an object of a seal could not be kept.
    SealFailure, "reason",
    /// An object of its name is there that is not ours.
    NameTaken = "name_taken",
    /// It does not stay as it is written.
    Unruly = "unruly",
    /// The API server does not answer.
    Timeout = "timeout",
    /// The API server refuses, or cannot be reached.
    Refused = "refused",
    /// A mistake of ours.
    Panic = "panic",
}

closed! {
    /// Whether a tenant's namespace is sealed.
    Sealing, "seal",
    /// Every object has been seen as it must be.
    Sealed = "sealed",
    /// Not yet, or not any more.
    Unsealed = "unsealed",
}

closed! {
    /// Whether a tenant is isolated from all others.
    Isolation, "isolated",
    /// It is proven.
    True = "true",
    /// Something could pass.
    False = "false",
    /// Neither is known.
    Unknown = "unknown",
}

impl Label for Decision {
    const KEY: &'static str = "decision";
    const ALL: &'static [Self] = &[Self::Admit, Self::Warn, Self::Deny];
    fn index(self) -> usize {
        self as usize
    }
    fn text(self) -> Cow<'static, str> {
        match self {
            Self::Admit => "admit",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
        .into()
    }
}

impl Label for Mode {
    const KEY: &'static str = "mode";
    /// Ignored rules have no findings.
    const ALL: &'static [Self] = &[Self::Audit, Self::Warn, Self::Enforce];
    fn index(self) -> usize {
        match self {
            Self::Ignore => usize::MAX,
            Self::Audit => 0,
            Self::Warn => 1,
            Self::Enforce => 2,
        }
    }
    fn text(self) -> Cow<'static, str> {
        self.as_str().into()
    }
}

impl Label for Code {
    const KEY: &'static str = "rule";
    const ALL: &'static [Self] = Code::ALL;
    fn index(self) -> usize {
        Code::ALL.binary_search(&self).unwrap_or(usize::MAX)
    }
    fn text(self) -> Cow<'static, str> {
        self.to_string().into()
    }
}
