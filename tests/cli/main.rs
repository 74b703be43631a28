//! The program as people and scripts meet it: arguments in; exit code, stdout and stderr out.
#![cfg(test)]

#[path = "../support/installation.rs"]
mod installation;

mod articles;
mod certs;
mod crds;
mod ending;
mod explain;
mod fix;
mod formats;
mod help;
mod hostile;
mod image;
mod kustomize;
mod manual;
mod papers;
mod pipes;
mod plan;
mod policies;
mod program;
mod prove;
mod reach;
mod review;
mod rules;
mod serve;
mod server;
mod steady;
mod tenant;
mod webhooks;
