//! A question, with what is looked up in it again and again.

use std::collections::{BTreeMap, HashMap};

use super::formula::{Case, Formula, GivenUp, Range};
use super::side::Side;
use super::{Inquiry, Site};
use crate::reach::model::{Direction, Namespaces, Policy};
use crate::reach::ports::PortSet;
use crate::reach::sides::Book;

#[derive(Debug)]
pub(super) struct Ground<'q> {
    pub(super) question: &'q Inquiry<'q>,
    pub(super) book: Book<'q>,
    /// The namespaces by their names.
    pub(super) numbers: HashMap<&'q str, usize>,
    policies: Vec<OfSite<'q>>,
}

/// The policies that could have pods of a namespace as subject, in the order in which they are asked.
#[derive(Debug)]
struct OfSite<'q> {
    egress: Vec<&'q Policy>,
    ingress: Vec<&'q Policy>,
}

impl<'q> Ground<'q> {
    pub(super) fn of(question: &'q Inquiry<'q>) -> Self {
        let book = Book::of_policies(question.policies.iter().copied(), true);
        let sites = question.sites.iter();
        let policies = sites.clone().map(|site| OfSite {
            egress: policies(&book, Direction::Egress, site),
            ingress: policies(&book, Direction::Ingress, site),
        });
        Self {
            question,
            policies: policies.collect(),
            numbers: sites.enumerate().map(|(number, site)| (site.name.as_str(), number)).collect(),
            book,
        }
    }

    /// One side of connections between two namespaces.
    pub(super) fn side(
        &self,
        direction: Direction,
        own: usize,
        other: usize,
    ) -> Option<Side<'_, 'q>> {
        let of_site = self.policies.get(own)?;
        let policies = match direction {
            Direction::Egress => &of_site.egress,
            Direction::Ingress => &of_site.ingress,
        };
        let sites = &self.question.sites;
        Some(Side { direction, own: sites.get(own)?, other: sites.get(other)?, policies })
    }

    /// The second of two namespaces, where they can be there at once.
    pub(super) fn differ(&self, one: usize, other: usize) -> Option<&'q Site> {
        let (one, other) = (self.question.sites.get(one)?, self.question.sites.get(other)?);
        (one.name != other.name).then_some(other)
    }

    /// A case in which a formula holds of connections between two namespaces.
    pub(super) fn search(
        &self,
        formula: &Formula<'_>,
        source: &Site,
        destination: &Site,
    ) -> Result<Option<Case>, GivenUp> {
        // A connection is between addresses of one family.
        for addresses in self.question.addresses.by_family() {
            if addresses.is_empty() {
                continue;
            }
            let range = |site: &Site| Range {
                namespace: site.labels.clone(),
                pod: site.pods.clone(),
                addresses: addresses.clone(),
            };
            let case = Case {
                source: range(source),
                destination: range(destination),
                ports: PortSet::all(),
                names: BTreeMap::new(),
            };
            if let Some(found) = formula.within(&case)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn policies<'q>(book: &Book<'q>, direction: Direction, site: &Site) -> Vec<&'q Policy> {
    let concerns = |policy: &&Policy| {
        policy.side(direction).is_some()
            && match &policy.subject.namespaces {
                Namespaces::Named(name) => *name == site.name,
                Namespaces::Chosen(selector) => site.could_be(selector),
            }
    };
    let mut own: Vec<&Policy> = book.of(&site.name).filter(concerns).collect();
    own.sort_by_key(|policy| policy.order());
    own
}
