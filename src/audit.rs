//! Judges manifests and recorded AdmissionReviews by the same rules as the webhook.
//!
//! An input is a text with any number of documents, Lists among them; every object in it is one
//! [`Record`]. A manifest is judged as the API server would have stored it and as we would have
//! completed it; with [`Asked::Standards`] as it stands, by the Pod Security Standards alone. What
//! kustomize makes objects of is passed over. [`fix()`] makes the edits that the findings ask for.
//! [`Running`] judges the pods of a cluster.
//!
//! [`draw()`] reads the same objects, or those of a cluster, for the map: what reaches what.

mod fix;
mod kustomize;
mod map;
mod object;
mod place;
mod review;
mod running;
mod standards;
mod verdicts;

pub use fix::{Fixed, fix, rewrites};
pub use map::{Drawing, Known, Map, POLICY_GROUPS, Sketch, draw};
pub use object::{Input, Item, Note, Problem, items};
pub use review::{Asked, Progress, Record, Reviewed, Settings, review};
pub use running::{Breach, BreachKey, Breaches, Inhabitants, Running};
pub use standards::{standards, standards_of};
