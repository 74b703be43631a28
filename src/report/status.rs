//! How an installation is, on one screen.

use serde::Serialize;

use super::tenants::columns;
use crate::domain::{first_of, sanitise};

/// How an installation is. Serialized it is the JSON that `status` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Whether nothing is wrong.
    pub well: bool,
    /// What is wrong.
    pub wrong: Vec<String>,
    /// `enforce` or `rehearsal`; none where no replica tells, or not all the same.
    pub mode: Option<String>,
    /// Who writes.
    pub leader: Option<String>,
    /// How many namespaces of tenants are sealed.
    pub sealed: usize,
    /// How many there are.
    pub namespaces: usize,
    /// How many requests were denied since the replicas started.
    pub denials: u64,
    /// How many changes by others were put right since then.
    pub drift: u64,
    /// The replicas.
    pub replicas: Vec<Replica>,
    /// Tenants that are not Ready.
    pub not_ready: Vec<NotReady>,
}

/// A replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replica {
    /// Its name.
    pub name: String,
    /// Whether it writes.
    pub leads: bool,
    /// Whether it has told nothing for too long.
    pub silent: bool,
    /// Its build.
    pub version: Option<String>,
    /// The documents in use.
    pub revision: Option<String>,
    /// Whether most others use others.
    pub differs: bool,
    /// `enforce` or `rehearsal`.
    pub mode: Option<String>,
    /// The days until its certificate ends.
    pub certificate_days: Option<i64>,
}

/// A tenant that is not Ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotReady {
    /// Its name.
    pub tenant: String,
    /// Why, for people.
    pub why: String,
}

/// How many tenants that are not Ready are told: the rest is for `tenant list`.
const SHOWN: usize = 20;

/// On one screen.
#[must_use]
pub fn human(status: &Status) -> String {
    let mode = status.mode.as_deref().unwrap_or("unknown");
    let leader = status.leader.as_deref().unwrap_or("nobody");
    let Status { sealed, namespaces, denials, drift, .. } = status;
    let mut text = format!(
        "mode {mode}, leader {}\n{sealed}/{namespaces} namespaces sealed, {denials} denials and \
         {drift} changes put right since the replicas started\n\n",
        sanitise(leader, 253)
    );
    text.push_str(&replicas(&status.replicas));
    text.push_str(&match status.not_ready.len() {
        0 => "\nevery tenant is ready\n".to_owned(),
        some => format!("\ntenants that are not ready: {some}\n"),
    });
    let line =
        |own: &NotReady| format!("{}: {}", sanitise(&own.tenant, 63), sanitise(&own.why, 512));
    for line in first_of(&status.not_ready, SHOWN, line) {
        text.push_str(&format!("  {line}\n"));
    }
    match status.wrong.is_empty() {
        true => text.push_str("\nall is well\n"),
        false => {
            text.push_str("\nwrong:\n");
            for wrong in &status.wrong {
                text.push_str(&format!("  {}\n", sanitise(wrong, 512)));
            }
        }
    }
    text
}

fn replicas(all: &[Replica]) -> String {
    let head = ["REPLICA", "VERSION", "MODE", "CERTIFICATE", "REVISION", ""];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for own in all {
        let told = |text: &Option<String>| {
            text.as_ref().map_or("-".to_owned(), |text| sanitise(text, 40).into_owned())
        };
        let days = own.certificate_days.map_or("-".to_owned(), |days| {
            format!("{days} day{}", if days == 1 { "" } else { "s" })
        });
        let notes = [(own.leads, "leads"), (own.differs, "differs"), (own.silent, "silent")];
        let notes = notes.iter().filter(|(holds, _)| *holds).map(|(_, note)| *note);
        rows.push(vec![
            sanitise(&own.name, 253).into_owned(),
            told(&own.version),
            told(&own.mode),
            days,
            told(&own.revision),
            notes.collect::<Vec<_>>().join(", "),
        ]);
    }
    columns(&rows)
}
