//! The vocabulary: small types that cannot be wrong, and no I/O.
//!
//! A [`Finding`] is one breach of a rule ([`Code`]) at a [`FieldPath`], with the [`Fix`] that
//! ends it. A [`Verdict`] is every finding of a request, each with the [`Mode`] that the tenant's
//! profile gives its rule; from the modes follows the [`Decision`]. Names that people choose are
//! parsed where they enter ([`TenantName`], [`Pattern`], [`RuleKey`], [`Reference`]); inside, no string
//! carries meaning.
//!
//! Deliberately absent: JSON, Kubernetes objects, clocks.

mod code;
mod filled;
mod finding;
mod fingerprint;
mod image;
mod net;
mod path;
mod pattern;
mod place;
mod podsecurity;
mod request;
mod tenant;
mod text;
mod verdict;

pub use code::{Code, Family, InvalidRuleKey, RuleKey};
pub use filled::{FILLED_IN, FilledIn};
pub use finding::{Edit, EditValue, Finding, Fix, Severity};
pub use fingerprint::fingerprint;
pub use image::{ImagePattern, InvalidImagePattern, InvalidReference, Reference};
pub use net::{Cidr, InvalidCidr};
pub use path::{FieldPath, Segment};
pub use pattern::{InvalidPattern, Pattern};
pub use place::{Place, Rewrite};
pub use podsecurity::{InvalidPodSecurity, Level, PolicyVersion, Version};
pub use request::{Class, Operation, Requester};
pub use tenant::{
    InvalidName, MANAGED_LABEL, MANAGED_PREFIX, NAME_LABEL, OUR_NAMESPACE, POD_SECURITY_PREFIX,
    SYSTEM_NAMESPACES, TENANT_LABEL, TenantName,
};
pub use text::{counted, first_of, sanitise};
pub use verdict::{Decision, Exempted, InvalidMode, Judged, Mode, Verdict};
