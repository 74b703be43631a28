//! What the fuzz targets do with bytes: each body holds one part of the program to its laws, and
//! panics where one is broken. `tests/admission` includes this file and replays the corpora through the
//! same bodies.

mod dice;
mod schema;
#[path = "../../tests/support/styles.rs"]
pub mod styles;
mod tree;

pub mod envelope;
pub mod fast;
pub mod image;
pub mod patch;
pub mod pod_security;
pub mod policies;
pub mod review;
pub mod views;
pub mod yaml;

/// A body.
pub type Body = fn(&[u8]);

/// Every target by its name, which is its corpus' too.
pub const TARGETS: [(&str, Body); 9] = [
    ("envelope", envelope::run),
    ("fast", fast::run),
    ("image", image::run),
    ("patch", patch::run),
    ("pod_security", pod_security::run),
    ("policies", policies::run),
    ("review", review::run),
    ("views", views::run),
    ("yaml", yaml::run),
];
