//! Who reaches whom, by groups of pods.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::matrix::{Connection, Matrix};
use super::model::Direction;

/// Pods that are shown as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they are called.
    pub name: String,
    /// Their numbers in the world.
    pub pods: Vec<usize>,
}

/// One side of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A group of pods.
    Group(String),
    /// Addresses outside, the first and the last of a range.
    Outside(IpAddr, IpAddr),
    /// Pods that are not there, in words.
    Future(String),
}

/// The name, `a.b.c.d-e.f.g.h` or the words.
impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(text) | Self::Future(text) => f.write_str(text),
            Self::Outside(first, last) => write!(f, "{first}-{last}"),
        }
    }
}

/// Something that may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Who opens it.
    pub src: Party,
    /// Who takes it.
    pub dst: Party,
    /// What some of the one may open to some of the other.
    pub connection: Connection,
}

/// The classes of a group's pods, and how many of each there are.
pub(super) type Classes = BTreeMap<usize, usize>;

pub(super) fn classes(matrix: &Matrix<'_>, group: &Group) -> Classes {
    let mut classes = Classes::new();
    for class in group.pods.iter().filter_map(|pod| matrix.class(*pod)) {
        *classes.entry(class).or_default() += 1;
    }
    classes
}

/// All that may pass between groups, and between each and addresses outside, in the order of the names.
/// `within`: what passes between different pods of one group too.
#[must_use]
pub fn flows(matrix: &Matrix<'_>, groups: &[Group], within: bool) -> Vec<Flow> {
    let held: Vec<(&Group, Classes)> =
        groups.iter().map(|group| (group, classes(matrix, group))).collect();
    let mut found = Vec::new();
    for (src, from) in &held {
        for (dst, to) in &held {
            let itself = src.name == dst.name;
            if itself && !within {
                continue;
            }
            let pairs = from.iter().flat_map(|(own, count)| {
                to.keys()
                    .filter(move |other| !itself || *other != own || *count > 1)
                    .map(move |other| (*own, *other))
            });
            let connection = pairs.fold(Connection::none(), |all, (own, other)| {
                all.or(&matrix.between_classes(own, other))
            });
            push(
                &mut found,
                Party::Group(src.name.clone()),
                Party::Group(dst.name.clone()),
                connection,
            );
        }
    }
    found.extend(outside(matrix, groups, Direction::Egress));
    found.extend(outside(matrix, groups, Direction::Ingress));
    sort(&mut found);
    found
}

/// What may pass between groups and addresses outside, in one direction as the groups see it.
pub(super) fn outside(matrix: &Matrix<'_>, groups: &[Group], direction: Direction) -> Vec<Flow> {
    let mut found = Vec::new();
    let ranges = matrix.ranges(direction);
    for group in groups {
        let classes = classes(matrix, group);
        for (first, last) in &ranges {
            let connection = classes.keys().fold(Connection::none(), |all, class| {
                all.or(&matrix.with_outside(*class, *first, direction))
            });
            let (own, other) = (Party::Group(group.name.clone()), Party::Outside(*first, *last));
            match direction {
                Direction::Egress => push(&mut found, own, other, connection),
                Direction::Ingress => push(&mut found, other, own, connection),
            }
        }
    }
    found
}

pub(super) fn push(found: &mut Vec<Flow>, src: Party, dst: Party, connection: Connection) {
    if !connection.ports.is_empty() {
        found.push(Flow { src, dst, connection });
    }
}

pub(super) fn sort(found: &mut [Flow]) {
    found.sort_by_cached_key(|own| (own.src.to_string(), own.dst.to_string()));
}
