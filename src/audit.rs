//! Judges manifests and recorded AdmissionReviews by the same rules as the webhook.
//!
//! An input is a text with any number of documents, Lists among them; every object in it is one
//! [`Record`]. A manifest is judged as the API server would have stored it and as we would have
//! completed it; with [`Asked::Standards`] as it stands, by the Pod Security Standards alone.

mod object;
mod standards;
mod verdicts;

pub use object::{Input, Item, Problem, items};
pub use standards::{standards, standards_of};
pub use verdicts::{Asked, Record, Settings, review};
