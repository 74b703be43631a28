//! Policies, and parts of policies, that do nothing.

use super::{NetworkView, fields};
use crate::domain::{Edit, EditValue, FieldPath, Fix};
use crate::reach::{Direction, Namespaces, Peer, Scope};
use crate::rules::Report;

const UNMET: &str = "what excludes itself, so that nothing meets it";

pub(super) fn idle(view: &NetworkView<'_>, report: &mut Report<'_>) {
    if view.policy.subject.pods.is_nothing() {
        let at = FieldPath::fields(&["spec", "podSelector"]);
        let fix = Fix::advice("correct it: without it the policy is for all pods");
        report.add(at, UNMET, "a policy is for pods that there can be", fix);
    }
    for direction in [Direction::Ingress, Direction::Egress] {
        unlisted(view, direction, report);
        let (list, peers) = fields(direction);
        let rules = view.policy.side(direction).into_iter().flat_map(|side| &side.rules);
        for (number, rule) in rules.enumerate() {
            let at = FieldPath::fields(&["spec", list]).item(number, "").field(peers);
            for (index, _) in rule.peers.iter().enumerate().filter(|(_, peer)| is_nobody(peer)) {
                let at = at.item(index, "");
                let fix = Fix::advice(format!("correct {at}, or take it out"));
                report.add(at, UNMET, "a rule is for peers that there can be", fix);
            }
        }
    }
}

/// Rules of a direction that the policy's types leave out.
fn unlisted(view: &NetworkView<'_>, direction: Direction, report: &mut Report<'_>) {
    let (name, written) = match direction {
        Direction::Ingress => ("Ingress", view.written.ingress.len()),
        Direction::Egress => ("Egress", view.written.egress.len()),
    };
    let types = &view.written.types;
    if written == 0 || types.is_empty() || types.iter().any(|own| own == name) {
        return;
    }
    let (list, _) = fields(direction);
    let at = FieldPath::fields(&["spec", "policyTypes"]);
    let both = EditValue::List(vec!["Ingress".into(), "Egress".into()]);
    report.add(
        at.clone(),
        format!("no {name}, although there is `{list}`"),
        "a policy says nothing of a direction that it does not list",
        Fix::edit(Edit::Set(at, both)),
    );
}

fn is_nobody(peer: &Peer) -> bool {
    match peer {
        Peer::Pods(Scope { namespaces, pods }) => {
            pods.is_nothing() || matches!(namespaces, Namespaces::Chosen(own) if own.is_nothing())
        }
        Peer::Addresses(addresses) => addresses.is_empty(),
        Peer::Everyone => false,
    }
}
