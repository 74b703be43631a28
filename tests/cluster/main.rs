//! Ringfence beside real Kubernetes: the differential tests against upstream's Pod Security, and the
//! webhook in front of a real API server.
#![cfg(test)]

mod harness;

#[path = "../support/edits.rs"]
mod edits;
#[path = "../support/installation.rs"]
mod installation;
#[path = "../support/openings.rs"]
mod openings;
#[path = "../support/pods.rs"]
mod pods;
#[path = "../support/reviews.rs"]
mod reviews;

mod amounts;
mod chaos;
mod coverage;
mod crds;
mod differential;
mod documents;
mod door;
mod generated;
mod install;
mod kept;
mod leader;
mod manifests;
mod map;
mod network;
mod people;
mod program;
mod references;
mod seal;
mod status;
mod story;
mod walls;
mod yaml;
