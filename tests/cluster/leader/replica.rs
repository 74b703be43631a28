//! A replica beside others.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::harness::{ControlPlane, Kubeconfig, Server, wait_until};
use super::super::program::{PATIENCE, PROGRAM};
use super::super::walls::ACCOUNT;

/// A process of ours, whose writes the API server can tell from others' by a group of its user.
pub struct Replica {
    pub server: Server,
    pub name: &'static str,
}

/// The account of the manifests, of a replica.
pub fn account(plane: &ControlPlane, replica: &str) -> Kubeconfig {
    let mark = format!("replica:{replica}");
    let groups = ["system:serviceaccounts", "system:serviceaccounts:ringfence-system", &mark];
    plane.user(ACCOUNT, &groups)
}

impl Replica {
    /// Starts it and waits until it is ready.
    pub fn start(plane: &ControlPlane, name: &'static str, more: &[&str]) -> Self {
        let config = account(plane, name).path().display().to_string();
        let pod = format!("POD_NAME={name}");
        let mut args = vec![&*pod, PROGRAM, "serve", "--kubeconfig", &config, "--grace", "0.01"];
        args.extend(["--telemetry-listen", "127.0.0.1:0"]);
        if !more.contains(&"--listen") {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        args.extend(more);
        let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        let mut server =
            Server::spawn_program(plane.scratch(), name, Path::new("/usr/bin/env"), &args);
        let ready = server.wait_ready(|server| server.log().contains("ready: https://"));
        assert_eq!(ready, Ok(()), "{}", server.log_tail());
        Self { server, name }
    }

    /// The program itself, which a shell started.
    fn process(&self) -> String {
        let shell = self.server.id();
        let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
        let is_ours = |id: &&str| {
            fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|exe| exe == Path::new(PROGRAM))
        };
        children.split_whitespace().find(is_ours).unwrap().to_owned()
    }

    /// Sends the program a signal: `KILL`, `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.process()]).status().unwrap();
        assert!(status.success(), "{name}");
    }

    /// Ends the program by a signal and waits for its end.
    pub fn end(self, signal: &str) {
        let process = self.process();
        self.signal(signal);
        let gone = || !Path::new(&format!("/proc/{process}/exe")).exists();
        wait_until(PATIENCE, &format!("{} to end", self.name), gone);
    }
}
