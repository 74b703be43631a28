//! What `ringfence prove` prints.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{TenantName, sanitise};
use crate::isolation::{Leak, Pair, Proof, Verdict};
use crate::reach::{Cause, Direction, Endpoint, Labels, Witness};

/// Of so many pairs those that are proven are listed too.
const LISTED: usize = 100;

/// What a proof rests on, beside what it was asked.
#[derive(Debug, Clone)]
pub struct Assumed {
    /// Whether things were taken as they stand.
    pub as_is: bool,
    /// The ranges of pods' addresses.
    pub ranges: Vec<String>,
    /// The keys of pods' labels that no pod of a tenant has, although not each is refused them.
    pub reserved: Vec<String>,
}

/// For people: the verdicts, each open pair in words, what was assumed.
#[must_use]
pub fn human(proof: &Proof, assumed: &Assumed) -> String {
    let pairs: Vec<_> = proof.iter().collect();
    let mut text = table(proof);
    for (from, to, pair) in &pairs {
        match &pair.verdict {
            Verdict::Open(witness) => {
                let _ = write!(text, "\n{from} → {to} is open:\n");
                words(&mut text, (from.as_str(), to.as_str()), witness);
            }
            Verdict::Unknown(doubts) => {
                let _ = write!(text, "\n{from} → {to} is unknown:\n");
                for doubt in doubts {
                    let _ = writeln!(text, "  {doubt}");
                }
            }
            Verdict::Proven | Verdict::Granted => {}
        }
    }
    let count = |name: &str| {
        let own = pairs.iter().filter(|(_, _, pair)| pair.verdict.as_str() == name).count();
        format!("{own} {name}")
    };
    let counts = ["proven", "granted", "open", "unknown"].map(count).join(", ");
    let _ = write!(text, "\n{} pairs of tenants: {counts}\n\n", pairs.len());
    assumptions(&mut text, assumed);
    text.split('\n').map(|line| sanitise(line, 2048)).collect::<Vec<_>>().join("\n")
}

fn table(proof: &Proof) -> String {
    let all: Vec<_> = proof.iter().collect();
    let listed = |pair: &Pair| all.len() <= LISTED || pair.verdict != Verdict::Proven;
    let row = |from: &str, to: &str, pair: &Pair| {
        let grants = if pair.grants.is_empty() { "-".to_owned() } else { pair.grants.join(", ") };
        [from.to_owned(), to.to_owned(), pair.verdict.as_str().to_owned(), grants]
    };
    let head = ["FROM", "TO", "VERDICT", "GRANTS"].map(str::to_owned);
    let own = all.iter().filter(|(_, _, pair)| listed(pair));
    let rows: Vec<[String; 4]> = std::iter::once(head)
        .chain(own.map(|(from, to, pair)| row(from.as_str(), to.as_str(), pair)))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (from, to, verdict) = (width(0), width(1), width(2));
    let line = |[one, other, said, grants]: &[String; 4]| {
        format!("{one:from$}  {other:to$}  {said:verdict$}  {grants}\n")
    };
    rows.iter().map(line).collect()
}

/// A leak in a sentence.
#[must_use]
pub fn sentence(leak: &Leak) -> String {
    let Leak { from, to, witness } = leak;
    let Witness { source, destination, protocol, port, egress, ingress } = witness;
    let pod = |tenant: &TenantName, end: &Endpoint| {
        let labels = &end.pod.labels;
        let labels = if labels.is_empty() { String::new() } else { format!(" ({})", list(labels)) };
        format!("a pod of namespace {}{labels} of tenant {tenant}", end.namespace.name)
    };
    let half = |direction, cause: &Cause| match cause {
        Cause::Rule { origin, index } => format!("{origin}, {}", rule(direction, *index)),
        Cause::NotIsolated => "no policy that closes it".to_owned(),
    };
    let text = format!(
        "{} could open {} {port} to {}, which no Grant permits: it leaves by {} and is taken by {}",
        pod(from, source),
        protocol.as_str(),
        pod(to, destination),
        half(Direction::Egress, egress),
        half(Direction::Ingress, ingress),
    );
    sanitise(&text, 2048).into_owned()
}

/// A witness as sentences.
fn words(text: &mut String, (from, to): (&str, &str), witness: &Witness) {
    let Witness { source, destination, protocol, port, egress, ingress } = witness;
    let _ = writeln!(text, "  {}", pod(from, source));
    let _ = writeln!(text, "  could open {} {port} to", protocol.as_str());
    let _ = writeln!(text, "  {}", pod(to, destination));
    let halves = [("leaves", Direction::Egress, egress), ("is taken", Direction::Ingress, ingress)];
    for (verb, direction, cause) in halves {
        let _ = match cause {
            Cause::Rule { origin, index } => writeln!(
                text,
                "    it {verb} by {origin}, {} ({})",
                rule(direction, *index),
                origin.place(direction, *index)
            ),
            Cause::NotIsolated => {
                writeln!(text, "    it {verb} because no policy closes the pod in that direction")
            }
        };
    }
}

fn pod(tenant: &str, end: &Endpoint) -> String {
    let Endpoint { namespace, pod, exists } = end;
    let labels = if pod.labels.is_empty() {
        "any labels".to_owned()
    } else {
        format!("the labels {}", list(&pod.labels))
    };
    let address = pod.addresses.first().map(|own| format!(" at {own}")).unwrap_or_default();
    let place = if *exists { "namespace" } else { "a namespace that it could make," };
    let own = list(&namespace.labels);
    format!("a pod of {tenant} with {labels}{address}, in {place} {} ({own}),", namespace.name)
}

fn list(labels: &Labels) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// `egress[0]`
fn rule(direction: Direction, index: usize) -> String {
    let direction = match direction {
        Direction::Egress => "egress",
        Direction::Ingress => "ingress",
    };
    format!("{direction}[{index}]")
}

fn assumptions(text: &mut String, assumed: &Assumed) {
    let Assumed { as_is, ranges, reserved } = assumed;
    text.push_str("This holds for every pod that the tenants could have, and rests on this:\n");
    let mut say = |line: &str| {
        let _ = writeln!(text, "- {line}");
    };
    say(
        "the network plugin enforces NetworkPolicy, in both directions, as Kubernetes describes it",
    );
    say(
        "Ringfence's webhook is in force: tenants change no label that is guarded, and nothing that the \
         controller keeps; what policies of their own they could still write is for the webhook to judge",
    );
    say(if *as_is {
        "things are as they stand (--as-is): namespaces that tenants could still make are left out"
    } else {
        "the controller keeps in each tenant's namespace what `ringfence plan` shows, before any pod \
         runs there; in namespaces that tenants could still make, too"
    });
    say(&format!(
        "pods have addresses of {}; an ipBlock matches pods that have them",
        ranges.join(", ")
    ));
    if !reserved.is_empty() {
        say(&format!(
            "no pod of a tenant gets a label that is reserved, which RF4004 does not refuse to all of them: {}",
            reserved.join(", ")
        ));
    }
    say(
        "what tenants reach by way of others (shared services, load balancers, proxies outside) is not judged",
    );
}

#[derive(Serialize)]
struct Line<'a> {
    from: &'a str,
    to: &'a str,
    verdict: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Value>,
    grants: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

/// One object: `{"pairs": [{"from", "to", "verdict", "witness", "grants"}]}`, a pair a line.
#[must_use]
pub fn json(proof: &Proof) -> String {
    let mut text = String::from("{\"pairs\":[\n");
    let mut separator = "";
    for (from, to, Pair { verdict, grants }) in proof.iter() {
        let (witness, reasons) = match verdict {
            Verdict::Open(own) => (Some(shown(own)), Vec::new()),
            Verdict::Unknown(doubts) => (None, doubts.iter().map(ToString::to_string).collect()),
            Verdict::Proven | Verdict::Granted => (None, Vec::new()),
        };
        let (from, to) = (from.as_str(), to.as_str());
        let line = Line { from, to, verdict: verdict.as_str(), witness, grants, reasons };
        // These types always serialize.
        text.push_str(separator);
        text.push_str(&serde_json::to_string(&line).unwrap_or_default());
        separator = ",\n";
    }
    text.push_str("\n]}\n");
    text
}

fn shown(witness: &Witness) -> Value {
    let Witness { source, destination, protocol, port, egress, ingress } = witness;
    json!({
        "src": end(source),
        "dst": end(destination),
        "protocol": protocol.as_str(),
        "port": port,
        "egress": half(Direction::Egress, egress),
        "ingress": half(Direction::Ingress, ingress),
    })
}

fn end(own: &Endpoint) -> Value {
    let names: Vec<&str> = own.pod.ports.iter().map(|port| port.name.as_str()).collect();
    let labels = |own: &Labels| -> BTreeMap<String, String> {
        own.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    };
    json!({
        "namespace": own.namespace.name,
        "labels": labels(&own.pod.labels),
        "namespaceLabels": labels(&own.namespace.labels),
        "namespaceExists": own.exists,
        "address": own.pod.addresses.first(),
        "portNames": names,
    })
}

/// The policy and the rule; null where no policy closes the pod in the direction.
fn half(direction: Direction, cause: &Cause) -> Value {
    match cause {
        Cause::Rule { origin, index } => json!({
            "policy": origin.to_string(),
            "rule": rule(direction, *index),
            "place": origin.place(direction, *index),
        }),
        Cause::NotIsolated => Value::Null,
    }
}
