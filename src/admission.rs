//! One request on one snapshot: what is filled in, what is found. Pure and synchronous; the server
//! and `ringfence review` both ask here, so that they cannot differ.
//!
//! ```text
//!  Request ── resource known? operation known? ──► what it holds ──┬─ fill:  defaults → Patch
//!                    │ no: RF9002                  (Shape)         └─ judge: defaults in memory for
//!                    ▼                                                       templates → rules
//!                 refused                                                    → Verdict
//! ```

mod asker;
mod case;
mod document;
mod exempt;
mod farewell;
mod fill;
mod judge;
mod kept;
mod network;
mod pod_metadata;
mod stream;
mod tenancy;

pub use asker::{Asker, may_administer};
pub use case::{Case, Fault, Stage, needs_namespace};
pub use fill::fill;
pub use judge::judge;
pub use tenancy::tenant_told;
