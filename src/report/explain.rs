//! What `ringfence explain` prints.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::{NAME_LABEL, sanitise};
use crate::reach::{
    Action, Change, Decision, Direction, Edit, Grantee, Labels, Origin, Other, Policy, PortSet,
    Protocol, Step, Tier, Why,
};

/// How many other edits are shown beside the smallest.
const OTHERS: usize = 2;

/// A connection, and all that is to be said of it.
#[derive(Debug)]
pub struct Explained<'a> {
    /// Who opens it: `shop/web[Deployment]`
    pub src: &'a str,
    /// Who takes it.
    pub dst: &'a str,
    /// On which port.
    pub port: (Protocol, u16),
    /// Where no port was asked for, all on which it is allowed.
    pub allowed_on: Option<&'a PortSet>,
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why.
    pub why: &'a Why<'a>,
    /// What would make it otherwise.
    pub edits: &'a [Edit],
    /// The tiers in which the world has policies.
    pub tiers: &'a [Tier],
    /// What else there is to say, a line each.
    pub notes: &'a [String],
}

/// For people.
#[must_use]
pub fn human(own: &Explained<'_>) -> String {
    let (protocol, port) = own.port;
    let verdict = match (own.allowed, own.why) {
        (true, Why::NodeNetwork) => "undefined, counts as allowed",
        (true, _) => "allowed",
        (false, _) => "denied",
    };
    let mut text = format!("{} to {}, {} {port}: {verdict}\n", own.src, own.dst, protocol.as_str());
    if let Some(all) = own.allowed_on.filter(|all| !all.is_empty()) {
        let _ = writeln!(text, "  no port was asked for: it is allowed on {all}");
    }
    for note in own.notes {
        let _ = writeln!(text, "  {note}");
    }
    match own.why {
        Why::Policies { egress, ingress } => {
            side(&mut text, own, ("egress", own.src, Direction::Egress), egress.as_ref());
            side(&mut text, own, ("ingress", own.dst, Direction::Ingress), ingress.as_ref());
            changes(&mut text, own);
        }
        plain => {
            let _ = writeln!(text, "  {}", reason(plain));
        }
    }
    text
}

fn reason(why: &Why<'_>) -> &'static str {
    match why {
        Why::Itself => "a pod reaches itself, whatever policies say",
        Why::NodeNetwork => {
            "a pod has its node's network: Kubernetes leaves it to the network plugin which policies hold"
        }
        Why::NoFamily => {
            "they have no addresses of one family: one has IPv4 alone and the other IPv6"
        }
        Why::Nothing => "policies are about pods, and neither end is one that is known",
        Why::Policies { .. } => "policies",
    }
}

fn side(
    text: &mut String,
    own: &Explained<'_>,
    (named, whose, direction): (&str, &str, Direction),
    decision: Option<&Decision<'_>>,
) {
    let Some(decision) = decision else {
        let _ = writeln!(text, "\n{named} of {whose}: it is no pod, and has no policies");
        return;
    };
    let verdict = if decision.allowed { "allowed" } else { "denied" };
    let _ = writeln!(text, "\n{named} of {whose}: {verdict}");
    for step in &decision.steps {
        if let Some(line) = line(step, own, direction) {
            let _ = writeln!(text, "  {line}");
        }
    }
}

fn line(step: &Step<'_>, own: &Explained<'_>, direction: Direction) -> Option<String> {
    Some(match step {
        Step::Rule { policy, index, action } => {
            let does = match action {
                Action::Accept => "accepts it",
                Action::Deny => "denies it",
                Action::Pass => "passes it on to the next tier",
            };
            let place = policy.origin.place(direction, *index);
            let place = sanitise(place, 1024);
            format!("{}: rule {} at {place} {does}", placed(&policy.origin), index + 1)
        }
        Step::Isolated(policies) => {
            let named: Vec<String> = policies.iter().map(|own| placed(&own.origin)).collect();
            format!("isolated, and no rule lets it pass, by\n    {}", named.join("\n    "))
        }
        Step::Undecided(tier) => match tier {
            Tier::Namespaced => "no NetworkPolicy is about it".to_owned(),
            Tier::Admin if own.tiers.contains(tier) => {
                "no policy of the Admin tier has a rule for it".to_owned()
            }
            Tier::Baseline if own.tiers.contains(tier) => {
                "no policy of the Baseline tier has a rule for it".to_owned()
            }
            Tier::Admin | Tier::Baseline => return None,
        },
        Step::Default => "what no policy denies is allowed".to_owned(),
    })
}

/// `NetworkPolicy shop/db (db.yaml:3)`
fn placed(origin: &Origin) -> String {
    format!("{} ({})", sanitise(&origin.to_string(), 512), sanitise(&origin.source, 1024))
}

fn changes(text: &mut String, own: &Explained<'_>) {
    let verdict = if own.allowed { "deny" } else { "allow" };
    let edits = told(own.edits);
    let Some((first, others)) = edits.split_first() else {
        let _ = writeln!(text, "\nno single edit that is known would {verdict} it");
        return;
    };
    let _ = writeln!(text, "\nthe smallest edit that would {verdict} it:");
    edit(text, first);
    for other in others.iter().take(OTHERS) {
        text.push_str("or:\n");
        edit(text, other);
    }
}

fn edit(text: &mut String, own: &[Said]) {
    for Said { text: said, yaml } in own {
        let _ = writeln!(text, "  {said}");
        for line in yaml.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
}

/// The edits in words, each once: the two sides of what the documents open are opened by one.
fn told(edits: &[Edit]) -> Vec<Vec<Said>> {
    let mut told: Vec<Vec<Said>> = Vec::new();
    for edit in edits {
        let said: Vec<Said> = edit.iter().map(said).collect();
        if !told.contains(&said) {
            told.push(said);
        }
    }
    told
}

/// A change in words, and what is to be written.
#[derive(Debug, PartialEq, Serialize)]
struct Said {
    text: String,
    yaml: String,
}

fn said(change: &Change) -> Said {
    let (text, yaml) = match change {
        Change::Label { whose, key, value, .. } => (
            format!("give the pods of {} the label {key}={value}", sanitise(whose, 512)),
            format!("labels: {{{}: {}}}\n", quoted(key), quoted(value)),
        ),
        Change::Allow { policy, direction, other, port } => {
            let text =
                format!("add to {} of {}, before its rules", field(*direction), placed(policy));
            (
                text,
                if policy.kind == "NetworkPolicy" {
                    rule(*direction, other, *port)
                } else {
                    String::new()
                },
            )
        }
        Change::Open { namespace, pods, direction, other, port } => {
            let rules = format!("{}:\n{}", way(*direction), rule(*direction, other, *port));
            (
                format!("add a NetworkPolicy to namespace {namespace}"),
                policy(("allow-more", namespace), pods, *direction, &rules),
            )
        }
        Change::Close { namespace, pods, direction } => {
            let rules = format!("{}: []\n", way(*direction));
            (
                format!(
                    "add a NetworkPolicy to namespace {namespace}: it closes all that no other opens"
                ),
                policy(("deny", namespace), pods, *direction, &rules),
            )
        }
        Change::Grant { from, to, port } => {
            ("add a Grant to the documents".to_owned(), grant(from, to, *port))
        }
        Change::Remove { policy, direction, rule } => {
            (removal(policy, *direction, *rule), String::new())
        }
    };
    Said { text, yaml }
}

/// What the controller keeps is not removed by hand.
fn removal(policy: &Origin, direction: Direction, rule: usize) -> String {
    let granted = ["ringfence-grant-egress-", "ringfence-grant-ingress-"];
    if let Some(name) = granted.iter().find_map(|own| policy.name.strip_prefix(own)) {
        return format!("delete the Grant {name}");
    }
    let profile = |field: &str| format!("tighten network.{field} of the tenant or its profile");
    match policy.name.as_str() {
        "ringfence-intra-tenant" => profile("intraTenant"),
        "ringfence-dns" => "leave it out of the Platform's cluster.dns".to_owned(),
        name if name.starts_with("ringfence-shared-") => profile("shared"),
        _ => {
            let place = sanitise(policy.place(direction, rule), 1024).into_owned();
            let whose = sanitise(&policy.to_string(), 512).into_owned();
            format!("remove rule {} of {} of {whose}, at {place}", rule + 1, field(direction))
        }
    }
}

fn field(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "spec.egress",
        Direction::Ingress => "spec.ingress",
    }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "egress",
        Direction::Ingress => "ingress",
    }
}

fn rule(direction: Direction, other: &Other, port: (Protocol, u16)) -> String {
    let key = match direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    };
    let peer = match other {
        Other::Address(address) => format!("ipBlock: {{cidr: {}}}", quoted(&cidr(*address))),
        Other::Pods { labels: own, is_own: true, .. } => format!("podSelector: {}", selector(own)),
        Other::Pods { namespace, labels: own, .. } => {
            let name = Labels::from_iter([(NAME_LABEL.into(), namespace.clone())]);
            format!("namespaceSelector: {}\n    podSelector: {}", selector(&name), selector(own))
        }
    };
    format!("- {key}:\n  - {peer}\n  ports:\n  - {}\n", one_port(port))
}

fn one_port((protocol, port): (Protocol, u16)) -> String {
    format!("{{protocol: {}, port: {port}}}", protocol.as_str())
}

fn cidr(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

/// A selector of exactly these labels; of none, everything.
fn selector(own: &Labels) -> String {
    if own.is_empty() { "{}".to_owned() } else { format!("{{matchLabels: {}}}", labels(own)) }
}

fn labels(own: &Labels) -> String {
    let pairs: Vec<String> =
        own.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Plain where YAML takes it for the same text.
fn quoted(text: &str) -> String {
    let mut characters = text.chars();
    let letter = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let plain = characters.all(|own| own.is_ascii_alphanumeric() || "-_./".contains(own));
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let word = words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if letter && plain && !word {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn policy(
    (name, namespace): (&str, &str),
    pods: &Labels,
    direction: Direction,
    rules: &str,
) -> String {
    let kind = match direction {
        Direction::Egress => "Egress",
        Direction::Ingress => "Ingress",
    };
    let rules: String = rules.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}-{}, namespace: {namespace}}}\n\
         spec:\n  podSelector: {}\n  policyTypes: [{kind}]\n{rules}",
        way(direction),
        selector(pods)
    )
}

fn grant(from: &Grantee, to: &Grantee, port: (Protocol, u16)) -> String {
    let side = |own: &Grantee| match own {
        Grantee::Address(address) => format!("{{cidrs: [{}]}}", quoted(&cidr(*address))),
        Grantee::Pods { tenant, namespace, labels: own } => {
            let pods = if own.is_empty() {
                String::new()
            } else {
                format!(", podSelector: {}", selector(own))
            };
            format!("{{tenant: {}, namespaces: [{}]{pods}}}", quoted(tenant), quoted(namespace))
        }
    };
    format!(
        "apiVersion: ringfence.dev/v1alpha1\nkind: Grant\nmetadata: {{name: NAME}}\nspec:\n  from: {}\n  to: {}\n  \
         ports: [{}]\n  owner: WHO\n  reason: WHY\n  expiresAt: WHEN\n",
        side(from),
        side(to),
        one_port(port)
    )
}

/// One object.
#[must_use]
pub fn json(own: &Explained<'_>) -> Value {
    let decision =
        |direction: Direction| own.why.decision(direction).map(|it| steps(it, direction));
    let edits = told(own.edits);
    json!({
        "src": own.src,
        "dst": own.dst,
        "protocol": own.port.0.as_str(),
        "port": own.port.1,
        "allowed": own.allowed,
        "undefined": matches!(own.why, Why::NodeNetwork),
        "allowedOn": own.allowed_on.map(super::reach::ports),
        "why": reason(own.why),
        "egress": decision(Direction::Egress),
        "ingress": decision(Direction::Ingress),
        "edits": edits,
        "notes": own.notes,
    })
}

fn steps(own: &Decision<'_>, direction: Direction) -> Value {
    let named = |policy: &Policy| json!({"policy": policy.origin.to_string(), "place": policy.origin.source});
    let steps = own.steps.iter().map(|step| match step {
        Step::Rule { policy, index, action } => {
            let action = match action {
                Action::Accept => "accept",
                Action::Deny => "deny",
                Action::Pass => "pass",
            };
            json!({
                "tier": tier(policy.tier), "action": action, "rule": index,
                "policy": policy.origin.to_string(), "place": policy.origin.place(direction, *index),
            })
        }
        Step::Isolated(policies) => {
            let by: Vec<Value> = policies.iter().map(|own| named(own)).collect();
            json!({"tier": tier(Tier::Namespaced), "action": "isolate", "by": by})
        }
        Step::Undecided(own) => json!({"tier": tier(*own), "action": "none"}),
        Step::Default => json!({"tier": "default", "action": "accept"}),
    });
    json!({"allowed": own.allowed, "steps": steps.collect::<Vec<_>>()})
}

fn tier(own: Tier) -> &'static str {
    match own {
        Tier::Admin => "admin",
        Tier::Namespaced => "namespaced",
        Tier::Baseline => "baseline",
    }
}
