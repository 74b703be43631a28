//! AdmissionReview v1 on the wire (k8s.io/api admission/v1 `types.go`).
//!
//! [`envelope`] reads a review, its uid before all else, and leaves the objects as the text that they
//! are; [`denial`] says what was found, in the forms that kubectl, controllers and GitOps tools show;
//! [`respond`] writes the answer.

pub mod denial;
pub mod envelope;
pub mod respond;

pub use denial::{Subject, refusal, warnings};
pub use envelope::{Request, Review, Unreadable, read};
pub use respond::{Cause, Details, Response, Status};
