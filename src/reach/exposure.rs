//! What is open to whoever comes: addresses outside, and pods that are not there yet.
//!
//! Pods to come are told apart by what ingress rules speak of: for each peer of one, a pod that has what it
//! asks for and no more, and beside them a pod without labels in a namespace without. A pod in a namespace
//! that is there is held to the egress policies there; of a namespace that is not, to those alone that
//! choose namespaces by labels.

use std::collections::BTreeSet;

use super::flows::{Classes, Flow, Group, Party, classes, outside, push, sort};
use super::labels::Selector;
use super::matrix::{Connection, Matrix};
use super::model::{Direction, Namespace, Namespaces, Peer, Pod, Scope, World};
use super::sides::{Book, End, Sides};
use crate::domain::NAME_LABEL;

/// What a namespace is called that is not there: no namespace can have the name.
const NEW: &str = "(new)";

/// A pod that is not there.
struct Stranger<'w> {
    text: String,
    namespace: Namespace,
    pod: Pod,
    egress: Sides<'w>,
}

/// What may pass to groups from addresses outside and from pods to come, in the order of the names. What any
/// pod of any new namespace may open is not said again of others.
#[must_use]
pub fn exposure(world: &World, matrix: &Matrix<'_>, groups: &[Group]) -> Vec<Flow> {
    let book = Book::new(world);
    let strangers: Vec<Stranger<'_>> =
        scopes(world).iter().filter_map(|scope| stranger(world, &book, scope)).collect();
    let mut found = outside(matrix, groups, Direction::Ingress);
    for group in groups {
        let own = classes(matrix, group);
        let to = |stranger: &Stranger<'_>| stranger.opens(matrix, &own);
        let any = strangers.first().map_or_else(Connection::none, to);
        for (index, stranger) in strangers.iter().enumerate() {
            let mut connection = to(stranger);
            if index > 0 && connection.ports.without(&any.ports).is_empty() {
                connection = Connection::none();
            }
            let src = Party::Future(stranger.text.clone());
            push(&mut found, src, Party::Group(group.name.clone()), connection);
        }
    }
    sort(&mut found);
    found
}

/// Whom ingress rules speak of, everybody first.
fn scopes(world: &World) -> Vec<Scope> {
    let everybody = Scope {
        namespaces: Namespaces::Chosen(Selector::everything()),
        pods: Selector::everything(),
    };
    let sides = world.policies.iter().filter_map(|policy| policy.ingress.as_ref());
    let peers = sides.flat_map(|side| &side.rules).flat_map(|rule| &rule.peers);
    let named: BTreeSet<&Scope> = peers
        .filter_map(|peer| match peer {
            Peer::Pods(scope) => Some(scope),
            Peer::Addresses(_) | Peer::Everyone => None,
        })
        .filter(|scope| **scope != everybody)
        .collect();
    std::iter::once(everybody.clone()).chain(named.into_iter().cloned()).collect()
}

/// A pod of a scope; none where no labels fit.
fn stranger<'w>(world: &World, book: &Book<'w>, scope: &Scope) -> Option<Stranger<'w>> {
    let there = |name: &str| world.namespaces.iter().find(|own| own.name == name).cloned();
    let (namespace, place) = match &scope.namespaces {
        Namespaces::Named(name) => (there(name)?, format!("of namespace {name}")),
        Namespaces::Chosen(selector) => {
            if selector.is_nothing() {
                return None;
            }
            let mut labels = selector.example();
            let name = labels.entry(NAME_LABEL.into()).or_insert_with(|| NEW.into()).clone();
            let new = Namespace { name, labels };
            let found = there(&new.name).filter(|own| selector.selects(&own.labels));
            let place = match selector.is_everything() {
                true => "of a new namespace".to_owned(),
                false => format!("of a namespace with {selector}"),
            };
            (found.unwrap_or(new), place)
        }
    };
    if scope.pods.is_nothing() {
        return None;
    }
    let labels = scope.pods.example();
    let what = match scope.pods.is_everything() {
        true => "any pod".to_owned(),
        false => format!("a pod with {}", scope.pods),
    };
    let egress = book.sides(Direction::Egress, &namespace, &labels);
    let pod = Pod { labels, ..Pod::default() };
    Some(Stranger { text: format!("{what} {place}"), namespace, pod, egress })
}

impl Stranger<'_> {
    /// What it may open to some pod of these classes.
    fn opens(&self, matrix: &Matrix<'_>, to: &Classes) -> Connection {
        let from = End::Pod { namespace: &self.namespace, pod: &self.pod, address: None };
        to.keys().fold(Connection::none(), |all, class| {
            let Some(target) = matrix.example(*class) else { return all };
            let Connection { ports, undefined } = matrix.takes(*class, &from);
            let opens = self.egress.allow(&target, target.ports());
            let ports = if undefined { ports } else { ports.and(&opens) };
            all.or(&Connection { ports, undefined })
        })
    }
}
