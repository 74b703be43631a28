//! The door without a socket: laws that hold for random pods, and what reviews are answered.
#![cfg(test)]

#[path = "../support/edits.rs"]
mod edits;
#[path = "../support/pods.rs"]
mod pods;

mod filling_in;
mod fixes;
