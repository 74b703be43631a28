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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requester {
    /// The user's name; a service account's is `system:serviceaccount:NAMESPACE:NAME`.
    pub name: String,
    /// The groups that the user is in.
    pub groups: Vec<String>,
}
